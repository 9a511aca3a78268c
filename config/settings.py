"""The only settings module: safe defaults, everything else from the environment.

Each variable is described in ``.env.example``. A value may also come from a file: for ``NAME``,
set ``NAME_FILE`` to the file's path (Docker and systemd secrets).
"""

from datetime import timedelta
from pathlib import Path
from typing import Any

from csp.constants import NONE, SELF, UNSAFE_EVAL, UNSAFE_INLINE
from django.core.exceptions import ImproperlyConfigured

from config import admin_site, api_schema
from config.environment import (
    Environment,
    celery_broker,
    database,
    is_loopback_host,
    secret_key,
    throttle_rate,
)

BASE_DIR = Path(__file__).resolve().parent.parent

env = Environment()
# Not for the demo and the tests, which must not depend on how this tree is configured.
Environment.read_env(env.str("DJANGO_ENV_FILE", default=str(BASE_DIR / ".env")))

# Everything that a process writes lies under this folder.
VAR_DIR = Path(env.str("RECOMMENDER_VAR_DIR", default=str(BASE_DIR / "var"))).resolve()
VAR_DIR.mkdir(parents=True, exist_ok=True)

# --- Security -------------------------------------------------------------------------------

DEBUG = env.bool("DJANGO_DEBUG", default=False)
SECRET_KEY = env.str("DJANGO_SECRET_KEY", default="") or secret_key(VAR_DIR / "secret_key")
ALLOWED_HOSTS = env.list("DJANGO_ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("DJANGO_CSRF_TRUSTED_ORIGINS", default=[])

# Plain HTTP is for one person's own machine: cookies without "secure", no redirect to HTTPS.
PLAIN_HTTP = env.bool("DJANGO_PLAIN_HTTP", default=False)
if PLAIN_HTTP and not env.bool("DJANGO_PLAIN_HTTP_FORCE", default=False):
    exposed = [host for host in ALLOWED_HOSTS if not is_loopback_host(host)]
    if exposed:
        raise ImproperlyConfigured(
            f"DJANGO_PLAIN_HTTP is set, but DJANGO_ALLOWED_HOSTS names {', '.join(exposed)}, "
            "which is not a loopback address: passwords would travel unencrypted. Serve over "
            "HTTPS and unset DJANGO_PLAIN_HTTP, or set DJANGO_PLAIN_HTTP_FORCE=true if a "
            "trusted network is all that can reach this server."
        )

SECURE_SSL_REDIRECT = not PLAIN_HTTP
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
SESSION_COOKIE_SECURE = not PLAIN_HTTP
CSRF_COOKIE_SECURE = not PLAIN_HTTP
SECURE_HSTS_SECONDS = 0 if PLAIN_HTTP else env.int("DJANGO_HSTS_SECONDS", default=31_536_000)
SECURE_HSTS_INCLUDE_SUBDOMAINS = not PLAIN_HTTP
SECURE_HSTS_PRELOAD = not PLAIN_HTTP
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_HTTPONLY = True
X_FRAME_OPTIONS = "DENY"

# The number of reverse proxies whose X-Forwarded-* headers are believed; 0 believes none.
TRUSTED_PROXIES = env.int("RECOMMENDER_TRUSTED_PROXIES", default=0)
if TRUSTED_PROXIES:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

CONTENT_SECURITY_POLICY: dict[str, Any] = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [SELF],
        "manifest-src": [SELF],
    }
}
# django-unfold runs Alpine, which evaluates expressions, and writes style attributes.
ADMIN_CONTENT_SECURITY_POLICY: dict[str, list[str]] = {
    **CONTENT_SECURITY_POLICY["DIRECTIVES"],
    "script-src": [SELF, UNSAFE_EVAL, UNSAFE_INLINE],
    "style-src": [SELF, UNSAFE_INLINE],
}

# --- Applications ---------------------------------------------------------------------------

INSTALLED_APPS = [
    "recommender",
    "catalog",
    "unfold",
    "unfold.contrib.filters",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "axes",
    "corsheaders",
    "csp",
    "django_celery_beat",
    "django_filters",
    "django_htmx",
    "django_prometheus",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "knox",
    "rest_framework",
]

MIDDLEWARE = [
    "django_prometheus.middleware.PrometheusBeforeMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "config.middleware.ContentSecurityPolicyMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    # Pages; static files are compressed ahead. Django pads the answers against BREACH.
    "django.middleware.gzip.GZipMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "config.middleware.explain_405",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "axes.middleware.AxesMiddleware",
    "django_prometheus.middleware.PrometheusAfterMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
ASGI_APPLICATION = "config.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]

# --- Database, cache, broker ----------------------------------------------------------------

DATABASES = {"default": database(env, VAR_DIR / "db.sqlite3")}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.str("REDIS_URL", default="")
# "lists" has arrays of a hundred kilobytes and more: without Redis, in the memory of the process.
CACHES: dict[str, dict[str, Any]] = {
    alias: (
        {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": REDIS_URL,
            "KEY_PREFIX": alias,
        }
        if REDIS_URL
        else {
            "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
            "LOCATION": alias,
            "OPTIONS": {"MAX_ENTRIES": entries},
        }
    )
    for alias, entries in (("default", 5_000), ("lists", 500))
}

CELERY_BROKER_URL, CELERY_BROKER_TRANSPORT_OPTIONS = celery_broker(
    env.str("CELERY_BROKER_URL", default="") or REDIS_URL, VAR_DIR / "broker"
)
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_ROUTES = {"recommender.tasks.look_for_training": {"queue": "training"}}
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TIMEZONE = "UTC"
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"
CELERY_BEAT_SCHEDULE = {
    "look for training": {
        "task": "recommender.tasks.look_for_training",
        "schedule": 30.0,
        "options": {"expires": 25},
    },
    "look for imports": {
        "task": "catalog.tasks.look_for_imports",
        "schedule": 30.0,
        "options": {"expires": 25},
    },
    "look for scores": {
        "task": "catalog.tasks.look_for_scores",
        "schedule": 300.0,
        "options": {"expires": 290},
    },
    "forget old lists": {
        "task": "catalog.tasks.forget_old_lists",
        "schedule": 3600.0,
        "options": {"expires": 3500},
    },
    "forget old requests": {
        "task": "catalog.tasks.forget_old_requests",
        "schedule": 3600.0,
        "options": {"expires": 3500},
    },
    "look for similar titles": {
        "task": "recommender.tasks.look_for_similar_titles",
        "schedule": 60.0,
        "options": {"expires": 55},
    },
    "delete expired lists": {
        "task": "recommender.tasks.delete_expired_lists",
        "schedule": 300.0,
        "options": {"expires": 290},
    },
}

# --- Accounts -------------------------------------------------------------------------------

AUTH_USER_MODEL = "catalog.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "config.authentication.AccountBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "home"
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_PREVENT_ENUMERATION = True
# django-axes is the one login limit; allauth's limits on sign-up and on mails stay.
ACCOUNT_RATE_LIMITS = {"login": None, "login_failed": None}
ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED_PROXIES
ACCOUNT_LOGOUT_REDIRECT_URL = "home"
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = "Osusume: "
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "http" if PLAIN_HTTP else "https"

AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = timedelta(minutes=15)
# Attempts while locked out do not prolong it: who waits as long as the page says gets in.
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
# By name and address together, so that nobody can lock another person out.
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_USERNAME_FORM_FIELD = "login"
AXES_USERNAME_CALLABLE = "config.login_limit.attempted_name"
AXES_CLIENT_IP_CALLABLE = "config.login_limit.client_address"
AXES_LOCKOUT_CALLABLE = "config.login_limit.locked_out"
AXES_RESET_ON_SUCCESS = True
AXES_DISABLE_ACCESS_LOG = True
AXES_HTTP_RESPONSE_CODE = 429
AXES_ENABLE_ADMIN = True

EMAIL_CONFIG = env.email("DJANGO_EMAIL_URL", default="consolemail://")
vars().update(EMAIL_CONFIG)
DEFAULT_FROM_EMAIL = env.str("DJANGO_FROM_EMAIL", default="osusume@localhost")

# --- API ------------------------------------------------------------------------------------

KNOX_TOKEN_MODEL = "catalog.ApiToken"  # noqa: S105 - a model, no secret
# Knox's own migrations make a table for its own model, which is not used. Nothing empties it, and
# its reference to the users keeps PostgreSQL from emptying theirs.
MIGRATION_MODULES = {"knox": None}
REST_KNOX = {
    "TOKEN_TTL": timedelta(days=90),
    "TOKEN_LIMIT_PER_USER": 50,
    "AUTO_REFRESH": False,
}
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "catalog.api.authentication.TokenAuthentication",
        "catalog.api.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["catalog.api.permissions.HasScope"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["catalog.api.parsers.JSONParser"],
    "DEFAULT_FILTER_BACKENDS": [],
    "DEFAULT_METADATA_CLASS": None,
    "DEFAULT_SCHEMA_CLASS": "catalog.api.schema.ApiSchema",
    "DEFAULT_THROTTLE_CLASSES": [
        f"catalog.api.throttling.{kind}Throttle" for kind in ("Address", "User", "Token", "Costly")
    ],
    "NUM_PROXIES": TRUSTED_PROXIES,
    "DEFAULT_VERSIONING_CLASS": None,
    "EXCEPTION_HANDLER": "catalog.api.problems.exception_handler",
    # Without these two, ?format=... would be a query parameter of every address.
    "URL_FORMAT_OVERRIDE": None,
    "FORMAT_SUFFIX_KWARG": None,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
    "TEST_REQUEST_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
}
# Requests and seconds by limit; catalog.api.throttling says what each counts.
API_THROTTLE_RATES = {
    scope: throttle_rate(env, f"RECOMMENDER_API_{scope.upper()}_RATE", default)
    for scope, default in {
        "address": "600/min",
        "user": "3000/min",
        "token": "2000/min",
        "login": "60/min",
        "import": "30/hour",
        "training": "30/hour",
    }.items()
}
# Pages of other sites that may use the API, with a token; never with the site's cookies.
CORS_ALLOWED_ORIGINS = env.list("DJANGO_CORS_ORIGINS", default=[])
CORS_URLS_REGEX = r"^/api/"
CORS_ALLOW_CREDENTIALS = False
CORS_ALLOW_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
CORS_ALLOW_HEADERS = [
    *("accept", "authorization", "content-type"),
    *("if-match", "if-none-match", "idempotency-key"),
]
CORS_EXPOSE_HEADERS = ["Deprecation", "ETag", "Link", "Location", "Retry-After", "Sunset"]
SPECTACULAR_SETTINGS = api_schema.SPECTACULAR

# --- Pages ----------------------------------------------------------------------------------

LANGUAGE_CODE = "en"
# One language, so that allauth's and Django's translations do not mix with our texts.
LANGUAGES = [("en", "English")]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"
STATIC_URL = "static/"
STATIC_ROOT = VAR_DIR / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": env.str(
            "RECOMMENDER_STATICFILES",
            default="whitenoise.storage.CompressedManifestStaticFilesStorage",
        )
    },
}
MEDIA_ROOT = VAR_DIR / "uploads"
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_621_440
WHITENOISE_MAX_AGE = 31_536_000
SESSION_ENGINE = "catalog.sessions"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

UNFOLD = admin_site.UNFOLD

PROMETHEUS_EXPORT_MIGRATIONS = False

# --- Recommender ----------------------------------------------------------------------------

RECOMMENDER_ARTIFACT_ROOT = Path(
    env.str("RECOMMENDER_ARTIFACT_ROOT", default=str(VAR_DIR / "artifacts"))
)
# Where a run keeps its data snapshot and its checkpoints until it ends.
RECOMMENDER_CHECKPOINT_ROOT = VAR_DIR / "checkpoints"
# Whether a training also fits the models that its report compares with, and draws the figures.
RECOMMENDER_FULL_REPORT = env.bool("RECOMMENDER_FULL_REPORT", default=True)
# A run or a worker is stale when its last heartbeat is older than this.
RECOMMENDER_STALE_AFTER = timedelta(seconds=env.float("RECOMMENDER_STALE_SECONDS", default=30.0))
RECOMMENDER_HEARTBEAT_SECONDS = env.float("RECOMMENDER_HEARTBEAT_SECONDS", default=5.0)
# How long one can page through a list as it was when its first page was shown.
RECOMMENDER_SNAPSHOT_SECONDS = env.float("RECOMMENDER_SNAPSHOT_SECONDS", default=1800.0)

# --- Logging --------------------------------------------------------------------------------

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"format": "%(asctime)s %(levelname)-7s %(name)s: %(message)s"},
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.str("DJANGO_LOG_LEVEL", default="INFO")},
    "loggers": {
        "axes": {"level": "WARNING"},
        "django.request": {"level": "ERROR"},
    },
}
