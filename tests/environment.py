"""A pytest plugin that sets the environment before the settings are read.

Everything that a test process writes goes to a folder of its own.
"""

import os
import tempfile
from pathlib import Path

os.environ["DJANGO_ENV_FILE"] = ""
os.environ.setdefault("DJANGO_PLAIN_HTTP", "true")
os.environ.setdefault("DJANGO_SECRET_KEY", "only-for-tests")
# Small tensors are faster on one thread, and many threads starve each other on a busy machine.
os.environ.setdefault("OMP_NUM_THREADS", "1")
# Most trainings in tests are for what they serve; drawing alone would take seconds each.
os.environ["RECOMMENDER_FULL_REPORT"] = "false"
os.environ["RECOMMENDER_STATICFILES"] = "django.contrib.staticfiles.storage.StaticFilesStorage"
os.environ["RECOMMENDER_VAR_DIR"] = tempfile.mkdtemp(prefix="osusume-tests-")
# WhiteNoise warns of a missing folder, and warnings are errors.
(Path(os.environ["RECOMMENDER_VAR_DIR"]) / "static").mkdir()

# Of several test processes each has a Redis database of its own, counted on from the one named.
_worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0")
if redis_url := os.environ.get("REDIS_URL"):
    _server, _, _number = redis_url.rpartition("/")
    os.environ["REDIS_URL"] = f"{_server}/{int(_number) + int(_worker.removeprefix('gw'))}"
