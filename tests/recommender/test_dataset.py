"""Rows become arrays here, and nowhere else."""

from pathlib import Path

import numpy as np
import pytest

from catalog.models import Rater, Rating
from ml.errors import TooLittleData
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


def test_one_simulated_rater_marks_the_data(dataset: Dataset) -> None:
    RatingFactory.create(rater=ImportedRaterFactory.create(source="demo"))
    assert read_dataset().is_simulated


def test_no_ratings_is_a_typed_error() -> None:
    with pytest.raises(TooLittleData, match="There are no ratings to train on"):
        read_dataset()
