"""What continues or accompanies a franchise that somebody has not begun can be left out."""

import numpy as np
import pytest

from recommender.services.catalogue import CatalogueArrays, catalogue_arrays
from recommender.services.franchises import sequels_to_hide
from recommender.services.history import History
from tests.factories import AnimeFactory


@pytest.fixture
def catalogue(db: None) -> CatalogueArrays:
    AnimeFactory.create(id=1, title="Code Geass: Hangyaku no Lelouch", members=900)
    AnimeFactory.create(id=2, title="Code Geass: Hangyaku no Lelouch R2", members=800)
    AnimeFactory.create(id=3, title="Clannad", members=500)
    AnimeFactory.create(id=4, title="Clannad: After Story", members=400)
    AnimeFactory.create(id=5, title="Monster", members=10)
    return catalogue_arrays()


def hidden_ids(catalogue: CatalogueArrays, history: History) -> list[int]:
    hidden = sequels_to_hide(catalogue=catalogue, history=history)
    return [int(pk) for pk in catalogue.items.ids[hidden]]


def test_of_what_nobody_has_begun_only_the_entry_points_stay(catalogue: CatalogueArrays) -> None:
    assert hidden_ids(catalogue, History.of_scores({})) == [2, 4]


def test_a_franchise_that_was_begun_is_allowed_whole(catalogue: CatalogueArrays) -> None:
    assert hidden_ids(catalogue, History.of_scores({1: 9})) == [4]
    # Wherever it was begun.
    assert hidden_ids(catalogue, History.of_scores({4: 9})) == [2]


def test_a_plan_begins_nothing(catalogue: CatalogueArrays) -> None:
    nothing = np.empty(0, dtype=np.int64)
    planned = History(np.array([3]), nothing, nothing, np.empty(0))
    assert hidden_ids(catalogue, planned) == [2, 4]


def test_titles_that_the_catalogue_lacks_are_passed_over(catalogue: CatalogueArrays) -> None:
    assert hidden_ids(catalogue, History.of_scores({3: 7, 999: 7})) == [2]
