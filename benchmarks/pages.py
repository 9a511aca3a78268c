"""Measures how long the server takes for its pages, beside an empty view in the same run.

    RECOMMENDER_DATA=... python -m benchmarks.pages [--folder FOLDER]

:mod:`benchmarks.served_site` says how.
"""

from typing import Final

from benchmarks.served_site import measure

PAGES: Final = {
    "title page": "/anime/{anime}/",
    "browse": "/anime/?page={place}",
    "browse, filtered and sorted": "/anime/?genre=drama&type=TV&sort=score",
    "search": "/anime/?q=shingeki+no+kyoujin",
    "recommendations": "/recommendations/",
    "recommendations by genre and type": "/recommendations/?method=content",
    "home": "/",
    "my list": "/my-list/",
    "statistics of my list": "/my-list/statistics/",
}


if __name__ == "__main__":
    measure("What the pages cost.", PAGES, empty="/empty/")
