"""What the API's schema says beyond what the views say, and how its page is served."""

from typing import Any

SPECTACULAR: dict[str, Any] = {
    "TITLE": "Osusume API",
    "VERSION": "1.0.0",
    "DESCRIPTION": (
        "Anime titles, your ratings and your recommendations.\n\n"
        "Errors are problem details (RFC 9457) with a stable `code`. What a request does not "
        "know, a query parameter or a field, is refused. Long lists come in pages: follow "
        "`next` until it is null. Times are in UTC."
    ),
    "OAS_VERSION": "3.1.0",
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    "SERVE_INCLUDE_SCHEMA": False,
    # Whoever asks, and with whatever token: the schema is the same.
    "SERVE_AUTHENTICATION": [],
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "COMPONENT_SPLIT_REQUEST": True,
    "PATH_CONVERTER_OVERRIDES": {
        "id": {"type": "integer", "minimum": 0, "maximum": 999_999_999},
        "list_file": {"type": "string", "enum": ["xml", "xml.gz", "csv", "json"]},
        "token_key": {"type": "string", "pattern": "^[0-9a-f]{15}$"},
    },
    "ENUM_NAME_OVERRIDES": {
        "AnimeType": "catalog.models.Anime.Type",
        "RatingStatus": "catalog.api.serializers.STATUSES",
        "ImportState": "catalog.models.ImportJob.State",
        "TokenScope": "catalog.api.serializers.SCOPES",
        "TrainingRunState": "recommender.models.TrainingRun.State",
    },
    "TAGS": [
        {"name": "Titles", "description": "The catalogue. Readable without an account."},
        {"name": "My account", "description": "Your settings, your data, and their end."},
        {"name": "My list", "description": "What you have watched, and what you do not want."},
        {"name": "My files", "description": "Lists from elsewhere, and your list for elsewhere."},
        {"name": "Recommendations", "description": "What to watch next."},
        {"name": "Groups", "description": "Watching together."},
        {"name": "Tokens", "description": "How a program logs in."},
        {"name": "Imports", "description": "For administrators."},
        {"name": "Training runs", "description": "For administrators."},
        {"name": "Models", "description": "For administrators."},
    ],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    # The validator is another host's.
    "SWAGGER_UI_SETTINGS": {"deepLinking": True, "validatorUrl": None},
    "REDOC_DIST": "SIDECAR",
}
