"""Importing anime.csv: what is stored, what a repeat and a newer file change."""

from pathlib import Path

import pytest

from catalog.models import Anime, CatalogueState, Genre, ImportJob
from catalog.services.import_errors import ImportFailed
from tests.catalog.services.csv_samples import (
    import_titles,
    tables,
    write_lines,
    write_titles,
)

pytestmark = pytest.mark.django_db(transaction=True)

BEBOP = '1,Cowboy Bebop,"Action, Sci-Fi",TV,26,8.82,486824'
GINTAMA = "2,Gintama&#039;: Enchousen,Comedy,TV,13,9.11,81109"
UNKNOWN = "3,Coming Soon,,,Unknown,,10"


def genres_of(anime_id: int) -> list[str]:
    return [genre.name for genre in Anime.objects.get(pk=anime_id).genres.all()]


def catalogue_revision() -> int:
    state = CatalogueState.objects.first()
    return state.revision if state else 0


def test_titles_are_stored(tmp_path: Path) -> None:
    job = import_titles(write_titles(tmp_path, BEBOP, GINTAMA, UNKNOWN))
    (stored,) = tables(Anime)
    assert stored == [
        (1, "Cowboy Bebop", "cowboy bebop", "cowboy bebop", "TV", 26, 8.82, 486824, False),
        (2, "Gintama': Enchousen", "gintama enchousen", "gintama", "TV", 13, 9.11, 81109, False),
        (3, "Coming Soon", "coming soon", "coming soon", None, None, None, 10, False),
    ]
    assert [genres_of(number) for number in (1, 2, 3)] == [["Action", "Sci-Fi"], ["Comedy"], []]
    assert list(Genre.objects.values_list("name", "slug")) == [
        ("Action", "action"),
        ("Comedy", "comedy"),
        ("Sci-Fi", "sci-fi"),
    ]
    assert job.summary == {"titles": 3, "complete": 2, "genres": 3}
    assert (job.rows_read, job.rows_created) == (3, 3)


def test_adult_titles_are_marked(tmp_path: Path) -> None:
    import_titles(write_titles(tmp_path, '1,A,"Drama, Hentai",OVA,1,6,9', "2,B,Ecchi,OVA,1,6,9"))
    assert list(Anime.objects.order_by("pk").values_list("is_adult", flat=True)) == [True, False]


def test_same_file_twice_changes_nothing(tmp_path: Path) -> None:
    path = write_titles(tmp_path, BEBOP, GINTAMA, UNKNOWN)
    import_titles(path)
    before, revision = tables(), catalogue_revision()
    job = import_titles(path)
    assert tables() == before
    assert catalogue_revision() == revision == 1
    assert (job.rows_created, job.rows_updated, job.rows_unchanged) == (0, 0, 3)


def test_newer_file_updates_and_forgets_nothing(tmp_path: Path) -> None:
    import_titles(write_titles(tmp_path, BEBOP, GINTAMA, UNKNOWN))
    newer = UNKNOWN.replace("Coming Soon,,,Unknown,,", 'Here Now,"Drama, Comedy",OVA,4,7.5,')
    relinked = GINTAMA.replace("Comedy", "Parody")
    job = import_titles(write_titles(tmp_path, newer, relinked, "4,New,Drama,TV,1,5,5"))
    assert (job.rows_created, job.rows_updated, job.rows_unchanged) == (1, 2, 0)
    assert genres_of(1) == ["Action", "Sci-Fi"]
    assert genres_of(2) == ["Parody"]
    assert genres_of(3) == ["Comedy", "Drama"]
    anime = Anime.objects.get(pk=3)
    assert (anime.title, anime.search_title, anime.type, anime.episodes, anime.mean_score) == (
        "Here Now",
        "here now",
        "OVA",
        4,
        7.5,
    )
    assert catalogue_revision() == 2


def test_field_that_becomes_unknown(tmp_path: Path) -> None:
    import_titles(write_titles(tmp_path, BEBOP))
    import_titles(write_titles(tmp_path, "1,Cowboy Bebop,,,Unknown,,486824"))
    anime = Anime.objects.get()
    assert (anime.type, anime.episodes, anime.mean_score) == (None, None, None)
    assert genres_of(1) == []


def test_last_row_of_an_id_counts(tmp_path: Path) -> None:
    job = import_titles(write_titles(tmp_path, BEBOP, GINTAMA, BEBOP.replace("26", "27")))
    assert Anime.objects.get(pk=1).episodes == 27
    assert job.rejects == {"repeated further down (the last row counts)": 1}
    assert list(job.reject_samples.values()) == [[[2, BEBOP]]]


def test_genres_with_the_same_slug(tmp_path: Path) -> None:
    import_titles(write_titles(tmp_path, '1,A,"Sci-Fi, Sci Fi, 音楽, 映画",TV,1,5,5'))
    assert dict(Genre.objects.values_list("name", "slug")) == {
        "Sci-Fi": "sci-fi-2",
        "Sci Fi": "sci-fi",
        "映画": "genre",
        "音楽": "genre-2",
    }


def test_title_whose_folded_text_is_longer_than_the_column(tmp_path: Path) -> None:
    import_titles(write_titles(tmp_path, f"1,{'ß' * 200},,TV,1,5,5"))
    anime = Anime.objects.get()
    assert anime.title == "ß" * 200
    assert anime.search_title == "s" * 255


def test_batches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("catalog.services.csv_merge_titles.BATCH_ROWS", 3)
    monkeypatch.setattr("catalog.services.csv_import.STAGE_ROWS", 2)
    lines = [f"{n},Title {n},Drama,TV,{n},5.5,{n}" for n in range(1, 11)]
    job = import_titles(write_titles(tmp_path, *reversed(lines)))
    assert [
        f"{anime.pk},{anime.title},Drama,{anime.type},{anime.episodes},5.5,{anime.members}"
        for anime in Anime.objects.order_by("pk")
    ] == lines
    assert (job.position, job.rows_created, job.rows_read) == (10, 10, 10)


def test_wrong_header_writes_nothing(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "anime.csv", "user_id,anime_id,rating", "1,2,3")
    with pytest.raises(ImportFailed, match="the header should be anime_id,name,genre"):
        import_titles(path)
    assert not Anime.objects.exists()
    assert not ImportJob.objects.exists()
