"""The ASGI entry point."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
# A request's matrix products are small: more threads would only wait for each other, and a busy
# machine makes them wait long (seen: 1.1 s instead of 7 ms).
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

application = get_asgi_application()
