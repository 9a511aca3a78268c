"""Similar titles are the same with and without the cache, and the cache is of this catalogue."""

import logging
from pathlib import Path

import numpy as np
import pytest
from pytest_django import Settings

from catalog.models import Anime
from catalog.services.catalogue import catalogue_changed
from ml.artifacts import read_manifest
from ml.content import ContentModel
from recommender.services import serving, similarity
from recommender.services.catalogue import catalogue_arrays
from recommender.services.similarity import forget_similarities, refresh, similar_rows
from tests.factories import AnimeFactory

pytestmark = pytest.mark.django_db
GENRES = ["Action", "Comedy", "Drama", "Mecha", "Sci-Fi"]
TYPES = ["TV", "OVA", "Movie"]


@pytest.fixture
def titles() -> list[Anime]:
    """Ninety titles with few features, so with many ties; some are adult, some incomplete."""
    generator = np.random.default_rng(11)
    return [
        AnimeFactory.create(
            id=n,
            genres=[*generator.choice(GENRES, generator.integers(1, 4), replace=False)],
            type=generator.choice(TYPES),
            is_adult=bool(generator.random() < 0.3),
            episodes=None if generator.random() < 0.1 else 12,
        )
        for n in range(3, 183, 2)
    ]


def caches(settings: Settings) -> list[Path]:
    return sorted(settings.RECOMMENDER_ARTIFACT_ROOT.glob("similar-*"))


def fail_to_compute(monkeypatch: pytest.MonkeyPatch) -> None:
    def computed(*arguments: object, **options: object) -> None:
        pytest.fail("The cache was not used.")

    monkeypatch.setattr(similarity, "_computed", computed)


def everything(n: int, *, show_adult: bool) -> list[tuple[list[int], list[float]]]:
    catalogue = catalogue_arrays()
    answers = [
        similar_rows(catalogue=catalogue, row=row, n=n, show_adult=show_adult)
        for row in range(len(catalogue.items))
    ]
    return [(rows.tolist(), cosines.tolist()) for rows, cosines in answers]


def test_the_cache_holds_what_the_content_model_says(titles: list[Anime]) -> None:
    assert refresh()
    catalogue = catalogue_arrays()
    complete = catalogue.is_complete
    ids = catalogue.items.ids[complete]
    model = ContentModel(ids, catalogue.content.feature_names, catalogue.content.features[complete])
    for item in range(len(ids)):
        rows, cosines = model.similar_items(item, 20)
        shared = cosines > 0
        found, sims = similar_rows(
            catalogue=catalogue,
            row=int(catalogue.items.index(ids[item])),
            n=20,
            show_adult=True,
        )
        assert catalogue.items.ids[found].tolist() == ids[rows[shared]].tolist()
        assert sims.tolist() == cosines[shared].astype(np.float32).tolist()


@pytest.mark.parametrize("show_adult", [False, True])
@pytest.mark.parametrize("n", [1, 12, 60])
def test_answers_are_the_same_with_and_without_a_cache(
    titles: list[Anime], n: int, show_adult: bool
) -> None:
    alone = everything(n, show_adult=show_adult)
    refresh()
    assert everything(n, show_adult=show_adult) == alone


def test_the_cache_is_used_and_adult_titles_are_left_out_of_it(
    titles: list[Anime], monkeypatch: pytest.MonkeyPatch
) -> None:
    refresh()
    fail_to_compute(monkeypatch)
    catalogue = catalogue_arrays()
    row = int(np.flatnonzero(catalogue.is_complete)[0])
    rows, _ = similar_rows(catalogue=catalogue, row=row, n=12, show_adult=False)
    assert len(rows) == 12
    assert not catalogue.is_adult[rows].any()
    rows, _ = similar_rows(catalogue=catalogue, row=row, n=50, show_adult=True)
    assert catalogue.is_adult[rows].any()
    assert row not in rows


def test_a_title_is_computed_where_the_cache_does_not_reach(
    titles: list[Anime], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(similarity, "N_SIMILAR", 4)
    alone = everything(4, show_adult=False)
    refresh()
    assert everything(4, show_adult=False) == alone
    assert len(everything(9, show_adult=True)[0][0]) == 9


def test_the_service_answers_the_same_from_the_cache(titles: list[Anime]) -> None:
    alone = [serving.similar(anime=anime) for anime in titles[:10]]
    refresh()
    assert [serving.similar(anime=anime) for anime in titles[:10]] == alone


def test_a_cache_of_an_older_catalogue_is_not_used(
    titles: list[Anime], settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    refresh()
    everything(3, show_adult=True)
    titles[0].genres.clear()
    catalogue_changed()
    alone = everything(3, show_adult=True)
    assert titles[0].pk not in {
        catalogue_arrays().items.ids[row] for rows, _ in alone for row in rows
    }
    (old,) = caches(settings)
    assert refresh()
    (new,) = caches(settings)
    assert new != old
    assert everything(3, show_adult=True) == alone


def test_the_cache_says_what_it_is_of(titles: list[Anime], settings: Settings) -> None:
    catalogue_changed()
    refresh()
    (path,) = caches(settings)
    catalogue = catalogue_arrays()
    assert path.name == f"similar-{catalogue.revision}-{catalogue.fingerprint[:16]}"
    manifest = read_manifest(path)
    assert manifest["catalogue_revision"] == catalogue.revision
    assert manifest["features_fingerprint"] == catalogue.fingerprint
    assert manifest["n_titles"] == int(catalogue.is_complete.sum())


def test_nothing_is_written_twice(titles: list[Anime], settings: Settings) -> None:
    assert refresh()
    (path,) = caches(settings)
    written = path.stat().st_mtime_ns
    assert not refresh()
    assert caches(settings)[0].stat().st_mtime_ns == written


def test_what_is_not_of_this_catalogue_is_removed(
    titles: list[Anime], settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = settings.RECOMMENDER_ARTIFACT_ROOT
    for name in ("similar-99-0123456789abcdef", "run-1-abcd", "similar-titles"):
        (root / name).mkdir(parents=True)
    refresh()
    names = {path.name for path in root.iterdir()}
    assert {name for name in names if name.startswith("similar-")} == {
        similarity._name_of(catalogue_arrays()),
        "similar-titles",
    }
    assert "run-1-abcd" in names


def test_a_worker_that_was_overtaken_removes_nothing(
    titles: list[Anime], settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    newer = settings.RECOMMENDER_ARTIFACT_ROOT / "similar-99-0123456789abcdef"
    newer.mkdir(parents=True)
    monkeypatch.setattr(similarity, "catalogue_revision", lambda: 99)
    refresh()
    assert newer in caches(settings)


def test_a_damaged_cache_is_told_of_once_and_written_anew(
    titles: list[Anime], settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    alone = everything(5, show_adult=False)
    refresh()
    (path,) = caches(settings)
    file = path / "similar.safetensors"
    content = bytearray(file.read_bytes())
    content[-7] ^= 1
    file.write_bytes(content)
    forget_similarities()
    with caplog.at_level(logging.WARNING):
        assert everything(5, show_adult=False) == alone
    assert caplog.text.count("is not as it was written") == 1
    assert refresh()
    forget_similarities()
    assert everything(5, show_adult=False) == alone


def test_an_empty_catalogue_has_an_empty_cache() -> None:
    assert refresh()
    assert everything(5, show_adult=True) == []
    AnimeFactory.create(id=1)
    catalogue_changed()
    assert refresh()
    assert everything(5, show_adult=True) == [([], [])]
