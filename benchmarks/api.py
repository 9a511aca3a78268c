"""Measures how long the server takes for the API's lists, beside an empty view of REST framework.

    RECOMMENDER_DATA=... python -m benchmarks.api [--folder FOLDER]

The empty view has the same authentication, permissions and limits, and answers an empty object.
:mod:`benchmarks.served_site` says how it is measured.
"""

from typing import Final

from benchmarks.served_site import measure

ADDRESSES: Final = {
    "50 titles": "/api/v1/anime/?limit=50",
    "50 titles, searched": "/api/v1/anime/?limit=50&search=no",
    "50 titles of a genre by score": "/api/v1/anime/?limit=50&genre=drama&ordering=score",
    "one title": "/api/v1/anime/{anime}/",
    "50 similar titles": "/api/v1/anime/{anime}/similar/?limit=50",
    "50 recommendations": "/api/v1/me/recommendations/?limit=50",
    "50 ratings": "/api/v1/me/ratings/?limit=50",
    "genres": "/api/v1/genres/",
}

if __name__ == "__main__":
    measure("What the API costs.", ADDRESSES, empty="/api/v1/empty/")
