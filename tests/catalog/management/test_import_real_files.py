"""The real files, with the figures that their publisher's description gives."""

import io
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db.models import Count

from catalog.models import Anime, Genre, Rater, Rating
from tests.catalog.services.csv_samples import tables

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def run(command: str, path: Path) -> str:
    output = io.StringIO()
    call_command(command, str(path), "--no-progress", stdout=output)
    return output.getvalue().splitlines()[-1]


def test_both_files_twice(real_data: Path) -> None:
    titles, ratings = real_data / "anime.csv", real_data / "rating.csv"
    expected_titles = "12,294 titles, 11,830 of them complete, 43 genres"
    expected_ratings = "520,609 rows, 5,000 raters, 100,666 of them not scored, 0 rejected"
    assert run("import_anime", titles) == expected_titles
    assert run("import_ratings", ratings) == expected_ratings

    types = dict(Anime.objects.exclude(type=None).values_list("type").annotate(Count("pk")))
    assert types == {
        "TV": 3787,
        "OVA": 3311,
        "Movie": 2348,
        "Special": 1676,
        "ONA": 659,
        "Music": 488,
    }
    assert Anime.objects.filter(is_adult=True).count() == 1141
    assert Anime.objects.filter(episodes=None).count() == 340
    assert Anime.objects.filter(mean_score=None).count() == 230
    assert Anime.objects.filter(genres=None).count() == 62
    assert not Anime.objects.filter(title__contains="&#").exists()
    scores = dict(Rating.objects.scored().values_list("score").annotate(Count("pk")))
    assert [scores[score] for score in range(1, 11)] == [
        1278,
        1702,
        2889,
        6847,
        19077,
        42433,
        91136,
        108782,
        83242,
        62557,
    ]
    assert Rating.objects.values("anime").distinct().count() == 7390

    before = tables(Genre, Anime, Anime.genres.through, Rater, Rating)
    assert run("import_anime", titles) == expected_titles
    assert run("import_ratings", ratings) == expected_ratings
    assert tables(Genre, Anime, Anime.genres.through, Rater, Rating) == before
