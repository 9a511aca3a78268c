"""Hidden titles are found again by their features, or it is said that nothing can be hidden."""

import json

import numpy as np
import pytest

from ml.bootstrap import Estimate
from ml.cold_check import MINIMUM_RATINGS, ColdTitleReport, check_cold_titles
from ml.data import Ratings
from ml.implicit_als import ImplicitAlsConfig
from tests.ml import samples

ALS = ImplicitAlsConfig(factors=4, regularisation=1.0, n_iterations=4)
N_RATERS, N_TITLES = 24, 150
FEATURES = samples.colours(N_TITLES)


def wide_board(n_raters: int = N_RATERS, n_titles: int = N_TITLES, *, high: int = 9) -> Ratings:
    """A checkerboard of many titles, with a good part of the pairs missing."""
    user, item = (grid.ravel() for grid in np.mgrid[:n_raters, :n_titles])
    score = np.where((user + item) % 2 == 0, high, 2).astype(np.int8)
    board = Ratings(user.astype(np.int32), item.astype(np.int32), score, n_raters, n_titles)
    return board.take(np.random.default_rng(0).random(len(board)) < 0.95)


@pytest.fixture(scope="module")
def report() -> ColdTitleReport | None:
    return check_cold_titles(wide_board(), FEATURES, ALS, seed=0)


def test_hidden_titles_are_found_by_their_colour(report: ColdTitleReport | None) -> None:
    assert report is not None
    ratings = wide_board()
    known = np.bincount(ratings.item_index) >= MINIMUM_RATINGS
    assert report.n_titles == known.sum() // 10
    assert report.n_raters == N_RATERS
    assert report.guessed.value > report.chance.value + 0.2
    assert report.guessed.low > report.chance.high
    assert report.content.value > report.chance.value
    for estimate in (report.guessed, report.content, report.chance):
        assert 0 <= estimate.low <= estimate.value <= estimate.high <= 1


def test_features_that_say_nothing_are_no_better_than_chance() -> None:
    features = FEATURES[np.random.default_rng(1).permutation(N_TITLES)]
    report = check_cold_titles(wide_board(), features, ALS, seed=0)
    assert report is not None
    assert report.guessed.value < report.chance.value + 0.2


def test_the_same_seed_hides_the_same_titles(report: ColdTitleReport | None) -> None:
    assert report == check_cold_titles(wide_board(), FEATURES, ALS, seed=0)
    other = check_cold_titles(wide_board(), FEATURES, ALS, seed=1)
    assert other is not None
    assert report is not None
    assert other.chance != report.chance


def test_a_manifest_can_hold_it(report: ColdTitleReport | None) -> None:
    assert report is not None
    stored = json.loads(json.dumps(report.to_dict(), allow_nan=False))
    assert list(stored) == ["n_titles", "n_raters", "guessed", "content", "chance"]
    assert stored["guessed"]["value"] == report.guessed.value


@pytest.mark.parametrize(
    "ratings",
    [
        samples.ratings([], n_users=0, n_items=0),
        samples.ratings([(0, 0, 9)], n_users=1, n_items=1),
        wide_board(n_titles=100),  # a tenth of them makes no list of ten with a choice
        wide_board(n_raters=MINIMUM_RATINGS - 1),
        wide_board(high=7),
    ],
    ids=["nothing", "one row", "few titles", "few raters", "nobody likes one"],
)
def test_too_little_to_hide_is_none(ratings: Ratings) -> None:
    features = samples.colours(ratings.n_items)
    assert check_cold_titles(ratings, features, ALS, seed=0) is None


def test_it_can_be_said_in_a_sentence() -> None:
    report = ColdTitleReport(
        12, 1000, Estimate(0.5, 0.4, 0.6), Estimate(0.3, 0.2, 0.4), Estimate(0.1, 0.05, 0.15)
    )
    assert report.summary() == (
        "NDCG@10 over 12 titles hidden from training, of 1,000 raters: "
        "0.5000 [0.4000, 0.6000] by vectors guessed from features, "
        "0.3000 [0.2000, 0.4000] by the content profile, "
        "0.1000 [0.0500, 0.1500] in random order."
    )
