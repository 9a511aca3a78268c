"""What every ranker must do, whatever it has learnt."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from ml.artifacts import load_arrays, write_artifact
from ml.cold_titles import ColdTitles
from ml.content_ranker import ContentProfile
from ml.data import Ratings
from ml.ease import Ease, EaseConfig
from ml.errors import DataError, TooLittleData
from ml.histories import Histories
from ml.implicit_als import ImplicitAls, ImplicitAlsConfig
from ml.item_neighbours import ItemNeighbours, ItemNeighboursConfig
from ml.protocols import Ranker
from ml.ranking import Popularity
from tests.ml import samples


def features(n_items: int) -> np.ndarray:
    """The colour of a title, and a feature that says nothing of it."""
    item = np.arange(n_items)
    columns = [item % 2 == 0, item % 2 == 1, item // 2 % 2 == 0]
    return np.stack(columns, axis=1).astype(np.float32)


def fit_ease(ratings: Ratings) -> Ease:
    return Ease.fit(ratings, EaseConfig(regularisation=5.0))


def fit_watched_ease(ratings: Ratings) -> Ease:
    return Ease.fit(ratings, EaseConfig(regularisation=5.0, weighting="watched"))


def fit_als(ratings: Ratings) -> ImplicitAls:
    return ImplicitAls.fit(ratings, ImplicitAlsConfig(factors=4, regularisation=1.0))


def fit_neighbours(ratings: Ratings) -> ItemNeighbours:
    return ItemNeighbours.fit(ratings, ItemNeighboursConfig(shrinkage=1.0))


def fit_cold_titles(ratings: Ratings) -> ColdTitles:
    n_raters = np.bincount(ratings.item_index, minlength=ratings.n_items)
    return ColdTitles.fit(fit_als(ratings), features(ratings.n_items), n_raters)


def fit_content(ratings: Ratings) -> ContentProfile:
    return ContentProfile(features(ratings.n_items))


@dataclass(frozen=True)
class Case:
    """How a ranker is fitted, and what can be asked of it."""

    fit: Callable[[Ratings], Ranker]
    exact: bool = True  # a contribution is what the relevance loses without the title
    knows_scores: bool = True
    learns: bool = True


CASES = {
    "ease": Case(fit_ease),
    "watched ease": Case(fit_watched_ease, knows_scores=False),
    "als": Case(fit_als, exact=False),
    "neighbours": Case(fit_neighbours),
    "popularity": Case(Popularity.fit, knows_scores=False, learns=False),
    "content": Case(fit_content, learns=False),
    "cold titles": Case(fit_cold_titles, exact=False),
}


@pytest.fixture(params=list(CASES))
def case(request: pytest.FixtureRequest) -> Case:
    return CASES[request.param]


@pytest.fixture
def ratings() -> Ratings:
    return samples.random_ratings(500, lowest=0)


def test_arrays_come_back_from_an_artifact_to_the_bit(
    case: Case, ratings: Ratings, tmp_path: Path
) -> None:
    ranker = case.fit(ratings)
    path = write_artifact(tmp_path, "one", arrays={"ranker": ranker.arrays()}, manifest={})
    mapped = load_arrays(path, "ranker")
    again = type(ranker).from_arrays(mapped)  # type: ignore[attr-defined]
    histories = Histories.of_ratings(ratings)
    assert np.array_equal(again.relevance(histories), ranker.relevance(histories))
    assert all(
        np.shares_memory(array, mapped[name])
        for name, array in again.arrays().items()
        if array.size
    )
    for name, array in ranker.arrays().items():
        assert array.dtype == mapped[name].dtype
        assert np.array_equal(array, mapped[name])


def test_relevance_is_one_finite_row_for_each_rater(case: Case, ratings: Ratings) -> None:
    ranker = case.fit(ratings)
    relevance = ranker.relevance(Histories.of_ratings(ratings))
    assert ranker.n_items == 40
    assert relevance.dtype == np.float32
    assert relevance.shape == (30, 40)
    assert np.isfinite(relevance).all()


def test_nobody_is_nobody(case: Case, ratings: Ratings) -> None:
    relevance = case.fit(ratings).relevance(Histories.of_ratings(ratings).take(slice(0, 0)))
    assert relevance.dtype == np.float32
    assert relevance.shape == (0, 40)


def test_an_empty_history_says_nothing(case: Case, ratings: Ratings) -> None:
    ranker = case.fit(ratings)
    relevance = ranker.relevance(Histories.of_one([], [], 40))[0]
    expected = (
        np.log1p(ranker.scores()).astype(np.float32)
        if isinstance(ranker, Popularity)
        else np.zeros(40)
    )
    assert relevance.tolist() == expected.tolist()
    empty = np.empty(0, dtype=np.int64)
    assert ranker.contributions(empty, empty, np.array([1, 2])).shape == (0, 2)


def test_raters_are_ranked_alike_alone_and_together(case: Case, ratings: Ratings) -> None:
    ranker, histories = case.fit(ratings), Histories.of_ratings(ratings)
    together = ranker.relevance(histories)
    alone = [ranker.relevance(histories.take(slice(r, r + 1)))[0] for r in range(len(histories))]
    assert np.allclose(together, alone, atol=1e-6)


def test_contributions_are_what_the_relevance_loses(case: Case, ratings: Ratings) -> None:
    ranker = case.fit(ratings)
    items, scores = Histories.of_ratings(ratings).one(3)
    targets = np.array([7, 0, 7, 39, *items[:3]])
    parts = ranker.contributions(items, scores, targets)
    assert parts.dtype == np.float32
    assert parts.shape == (items.size, targets.size)
    whole = ranker.relevance(Histories.of_one(items, scores, 40))[0, targets]
    without = [
        ranker.relevance(Histories.of_one(np.delete(items, i), np.delete(scores, i), 40))
        for i in range(items.size)
    ]
    lost = whole - np.concatenate(without)[:, targets]
    if case.exact:
        assert np.allclose(parts, lost, atol=1e-5)
    else:
        assert np.allclose(parts.sum(axis=0), whole, atol=1e-4)
        strongest = np.unravel_index(np.argsort(-np.abs(parts), axis=None)[:10], parts.shape)
        assert np.array_equal(np.sign(parts[strongest]), np.sign(lost[strongest]))
        assert np.corrcoef(parts.ravel(), lost.ravel())[0, 1] > 0.8


def test_contributions_follow_the_order_of_titles_and_targets(case: Case, ratings: Ratings) -> None:
    ranker = case.fit(ratings)
    items, scores = Histories.of_ratings(ratings).one(5)
    targets = np.array([3, 11, 20])
    parts = ranker.contributions(items, scores, targets)
    turned = ranker.contributions(items[::-1], scores[::-1], targets[::-1])
    assert np.allclose(turned, parts[::-1, ::-1], atol=1e-6)


def test_titles_of_the_liked_colour_come_first(case: Case) -> None:
    if isinstance(case.fit(samples.checkerboard(2)), Popularity):
        pytest.skip("Popularity is the same for everybody.")
    board = samples.checkerboard()
    if not case.knows_scores:
        board = board.take(board.score > 5)
    ranker = case.fit(board)
    for colour in (0, 1):
        items = np.arange(14) if case.knows_scores else np.arange(colour, 14, 2)
        scores = np.where(items % 2 == colour, 9, 2)
        relevance = ranker.relevance(Histories.of_one(items, scores, 30))[0, 14:]
        same = np.arange(14, 30) % 2 == colour
        assert relevance[same].min() > relevance[~same].max()


def test_one_rater_and_one_title_are_enough(case: Case) -> None:
    ratings = samples.ratings([(0, 0, 8)], n_users=1, n_items=1)
    relevance = case.fit(ratings).relevance(Histories.of_ratings(ratings))
    assert relevance.shape == (1, 1)
    assert np.isfinite(relevance).all()


def test_titles_that_nobody_rated_have_a_row(case: Case) -> None:
    ratings = samples.ratings([(0, 0, 8), (0, 2, 9), (1, 2, 7)], n_users=3, n_items=5)
    relevance = case.fit(ratings).relevance(Histories.of_ratings(ratings))
    assert relevance.shape == (3, 5)
    assert np.isfinite(relevance).all()


def test_no_ratings_are_refused(case: Case) -> None:
    if not case.learns:
        pytest.skip("It needs no ratings.")
    for n_users, n_items in ((3, 4), (0, 0)):
        with pytest.raises(TooLittleData):
            case.fit(samples.ratings([], n_users=n_users, n_items=n_items))


def test_the_same_ratings_give_the_same_bits(case: Case, ratings: Ratings) -> None:
    first, second = case.fit(ratings).arrays(), case.fit(ratings).arrays()
    assert list(first) == list(second)
    assert all(np.array_equal(first[name], second[name]) for name in first)


def test_what_does_not_fit_is_refused(case: Case, ratings: Ratings) -> None:
    ranker = case.fit(ratings)
    with pytest.raises(DataError):
        ranker.relevance(Histories.of_one([0], [5], 41))
    rows = np.array([1, 2])
    with pytest.raises(DataError):
        ranker.contributions(np.array([1, 40]), [5, 5], rows)
    with pytest.raises(DataError):
        ranker.contributions(rows, [5, 5], np.array([-1]))
    with pytest.raises(DataError):
        ranker.contributions(rows, [5], rows)
