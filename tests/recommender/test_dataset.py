"""Rows become arrays here, and nowhere else."""

import hashlib
from pathlib import Path

import numpy as np
import pytest

from catalog.models import Anime, Rater, Rating
from ml.errors import TooLittleData
from recommender.services import dataset as dataset_module
from recommender.services import rating_rows
from recommender.services.dataset import Dataset, read_dataset
from tests.factories import (
    AccountRaterFactory,
    AnimeFactory,
    ImportedRaterFactory,
    RatingFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def dataset() -> Dataset:
    first = ImportedRaterFactory.create(source_id=70, revision=4)
    second = AccountRaterFactory.create()
    ImportedRaterFactory.create(source_id=71)  # has watched nothing
    anime = [AnimeFactory.create(id=n) for n in (5, 3, 9)]
    RatingFactory.create(rater=second, anime=anime[2], score=None)
    RatingFactory.create(rater=first, anime=anime[0], score=7)
    RatingFactory.create(rater=first, anime=anime[1], score=10, status=Rating.Status.DROPPED)
    RatingFactory.create(
        rater=second, anime=anime[0], score=None, status=Rating.Status.PLAN_TO_WATCH
    )
    return read_dataset()


def test_rows_are_sorted_by_rater_and_title(dataset: Dataset) -> None:
    assert dataset.items.ids.tolist() == [3, 5, 9]
    rows = zip(
        dataset.ratings.user_index, dataset.ratings.item_index, dataset.ratings.score, strict=True
    )
    assert [tuple(int(value) for value in row) for row in rows] == [
        (0, 0, 10),
        (0, 1, 7),
        (1, 2, 0),
    ]


def test_raters_are_known_by_id_key_and_revision(dataset: Dataset) -> None:
    first, second = Rater.objects.get(source_id=70), Rater.objects.get(source="account")
    assert dataset.users.ids.tolist() == [first.pk, second.pk]
    assert dataset.user_revisions.tolist() == [4, 0]
    assert dataset.user_keys.tolist() == [(1 << 56) + 70, (3 << 56) + int(second.user_id or 0)]
    assert not dataset.is_simulated


def test_a_snapshot_comes_back_to_the_bit(dataset: Dataset, tmp_path: Path) -> None:
    again = Dataset.load(dataset.save(root=tmp_path, name="snapshot"))
    for name in ("user_index", "item_index", "score"):
        assert np.array_equal(getattr(again.ratings, name), getattr(dataset.ratings, name))
    assert again.fingerprint == dataset.fingerprint
    assert np.array_equal(again.user_keys, dataset.user_keys)


def test_the_fingerprint_follows_the_scores_and_not_the_ids_of_rows(dataset: Dataset) -> None:
    assert read_dataset().fingerprint == dataset.fingerprint
    Rating.objects.filter(score=7).update(score=8)
    assert read_dataset().fingerprint != dataset.fingerprint


def test_the_fingerprint_is_of_the_rows_by_key_and_title(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(dataset_module, "_CHUNK_RATERS", 2)
    monkeypatch.setattr(dataset_module, "_CHUNK_ROWS", 3)
    monkeypatch.setattr(rating_rows, "_RATERS_A_BLOCK", 2)
    rows = []
    for source_id in (30, 10, 40, 20, 50):  # the order of the keys is not that of the ids
        rater = ImportedRaterFactory.create(source_id=source_id)
        for number in range(1 + source_id // 10):
            anime_id = (number * 7 + source_id) % 11 + 1
            anime = Anime.objects.filter(pk=anime_id).first() or AnimeFactory.create(id=anime_id)
            score = 1 + number if number else None
            RatingFactory.create(rater=rater, anime=anime, score=score)
            rows.append(((1 << 56) + source_id, anime_id, score or 0))
    keys, anime_ids, scores = zip(*sorted(rows), strict=True)
    expected = hashlib.sha256()
    for values, dtype in ((keys, np.uint64), (anime_ids, np.int64), (scores, np.int8)):
        expected.update(np.array(values, dtype=dtype).tobytes())
    assert read_dataset().fingerprint == expected.hexdigest()


def test_ratings_of_somebody_who_has_just_come_are_left_out(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    raters = dataset_module._raters()
    RatingFactory.create(rater=ImportedRaterFactory.create(), anime_id=3, anime=None)
    RatingFactory.create(rater=Rater.objects.get(source_id=71), anime=AnimeFactory.create(id=4))
    monkeypatch.setattr(dataset_module, "_raters", lambda: raters)
    again = read_dataset()
    assert len(again.users) == 3
    assert len(again.ratings) == len(dataset.ratings) + 1
    assert again.items.ids.tolist() == [3, 4, 5, 9]


def test_one_simulated_rater_marks_the_data(dataset: Dataset) -> None:
    RatingFactory.create(rater=ImportedRaterFactory.create(source="demo"))
    assert read_dataset().is_simulated


def test_no_ratings_is_a_typed_error() -> None:
    with pytest.raises(TooLittleData, match="There are no ratings to train on"):
        read_dataset()
