"""A pytest plugin that sets the environment before the settings are read.

Everything that a test process writes goes to a folder of its own.
"""

import os
import tempfile

os.environ.setdefault("DJANGO_PLAIN_HTTP", "true")
os.environ.setdefault("DJANGO_SECRET_KEY", "only-for-tests")
os.environ["RECOMMENDER_STATICFILES"] = "django.contrib.staticfiles.storage.StaticFilesStorage"
os.environ["RECOMMENDER_VAR_DIR"] = tempfile.mkdtemp(prefix="osusume-tests-")
