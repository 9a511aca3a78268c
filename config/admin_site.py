"""How the admin looks and what its sidebar leads to."""

from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse_lazy


def mark(request: HttpRequest) -> str:
    """The address of the site's mark."""
    return static("catalog/mark.svg")


# The accent of the site, from light to dark.
PRIMARY = {
    "50": "oklch(97.1% .013 30)",
    "100": "oklch(94% .031 30)",
    "200": "oklch(89% .061 30)",
    "300": "oklch(81.5% .112 30)",
    "400": "oklch(71% .17 30)",
    "500": "oklch(62.5% .19 30)",
    "600": "oklch(51.5% .175 30)",
    "700": "oklch(45.5% .16 30)",
    "800": "oklch(40% .135 30)",
    "900": "oklch(36% .11 30)",
    "950": "oklch(25% .08 30)",
}

UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "Osusume",
    "SITE_HEADER": "Osusume",
    "SHOW_HISTORY": True,
    "SITE_ICON": mark,
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": mark}],
    "COLORS": {"primary": PRIMARY},
    "SIDEBAR": {
        "show_search": True,
        "show_all_applications": True,
        "navigation": [
            {
                "title": "Recommender",
                "items": [
                    {
                        "title": "Dashboard",
                        "icon": "monitoring",
                        "link": reverse_lazy("dashboard"),
                    },
                    {
                        "title": "Training runs",
                        "icon": "model_training",
                        "link": reverse_lazy("admin:recommender_trainingrun_changelist"),
                    },
                    {
                        "title": "Model versions",
                        "icon": "deployed_code",
                        "link": reverse_lazy("admin:recommender_modelversion_changelist"),
                    },
                ],
            },
            {
                "title": "Catalogue",
                "items": [
                    {
                        "title": title,
                        "icon": icon,
                        "link": reverse_lazy(f"admin:catalog_{model}_changelist"),
                    }
                    for title, icon, model in (
                        ("Titles", "movie", "anime"),
                        ("Genres", "category", "genre"),
                        ("Raters", "group", "rater"),
                        ("Ratings", "star", "rating"),
                        ("Imports", "upload_file", "importjob"),
                        ("Accounts", "person", "user"),
                        ("API tokens", "key", "apitoken"),
                    )
                ],
            },
        ],
    },
}
