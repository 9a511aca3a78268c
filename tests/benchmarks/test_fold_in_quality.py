"""Raters who are left out of training are left out whole, and asked for what was not given."""

import numpy as np
import pytest

from benchmarks.fold_in_quality import (
    LeftOut,
    compare,
    joined,
    leave_out,
    ndcg_by_rater,
    predict_folded_in,
)
from ml.biases import Biases
from ml.data import Ratings
from ml.rank_blend import RankBlend
from ml.ranking import Popularity
from ml.score_blend import ScoreBlend
from ml.suite import Suite
from tests.ml import samples


def rows_of(ratings: Ratings) -> list[tuple[int, int, int]]:
    columns = (ratings.user_index, ratings.item_index, ratings.score)
    return list(zip(*(column.tolist() for column in columns), strict=True))


@pytest.fixture
def ratings() -> Ratings:
    return samples.random_ratings(600, lowest=0)


@pytest.fixture
def left_out(ratings: Ratings) -> LeftOut:
    return leave_out(ratings, 12, seed=3)


def test_those_left_out_have_no_row_in_the_rest(ratings: Ratings, left_out: LeftOut) -> None:
    assert len(np.unique(left_out.raters)) == 12
    scored = np.bincount(ratings.scored().user_index, minlength=30)
    assert (scored[left_out.raters] >= 10).all()
    assert not np.isin(left_out.rest.user_index, left_out.raters).any()
    assert rows_of(ratings.take(left_out.is_rest)) == rows_of(left_out.rest)


def test_half_is_given_and_the_scored_rows_of_the_other_half_are_asked(
    ratings: Ratings, left_out: LeftOut
) -> None:
    given, asked = set(rows_of(left_out.given)), set(rows_of(left_out.asked))
    for rater in left_out.raters.tolist():
        own = {row for row in rows_of(ratings) if row[0] == rater}
        assert len([row for row in given if row[0] == rater]) == len(own) // 2
        assert {row for row in asked if row[0] == rater} == {
            row for row in own - given if row[2] > 0
        }
    assert any(score == 0 for *_, score in given)
    everything = given | asked | set(rows_of(left_out.rest))
    assert all(score == 0 for *_, score in set(rows_of(ratings)) - everything)


def test_the_choice_is_repeatable(ratings: Ratings, left_out: LeftOut) -> None:
    assert rows_of(leave_out(ratings, 12, seed=3).given) == rows_of(left_out.given)
    assert rows_of(leave_out(ratings, 12, seed=4).given) != rows_of(left_out.given)


def test_too_many_raters_cannot_be_left_out(ratings: Ratings) -> None:
    with pytest.raises(ValueError, match="larger sample than population"):
        leave_out(ratings, 31, seed=0)


def test_joined_rows_are_sorted_and_complete(ratings: Ratings, left_out: LeftOut) -> None:
    both = joined(left_out.rest, left_out.given)
    assert rows_of(both) == sorted(rows_of(left_out.rest) + rows_of(left_out.given))
    assert (both.n_users, both.n_items) == (ratings.n_users, ratings.n_items)


def test_lists_leave_out_what_is_given_and_nothing_else() -> None:
    """The only given title is the most popular; what is asked for comes next in the order."""
    rest = samples.ratings(
        [(0, 0, 8), (1, 0, 8), (2, 0, 8), (0, 1, 8), (1, 1, 8), (0, 2, 8)], n_users=5, n_items=4
    )
    given = samples.ratings([(3, 0, 9), (4, 0, 9)], n_users=5, n_items=4)
    asked = samples.ratings([(3, 1, 8), (3, 3, 7), (4, 2, 10)], n_users=5, n_items=4)
    left_out = LeftOut(rest, given, asked, np.array([3, 4]), np.ones(6, dtype=bool))
    values = ndcg_by_rater(Popularity.fit(rest), left_out)
    assert values.tolist() == pytest.approx([1.0, 1 / np.log2(3)])


def test_predictions_are_made_from_what_is_given(left_out: LeftOut) -> None:
    biases = Biases.fit(left_out.rest)
    values = predict_folded_in(biases, left_out)
    for row, (rater, item, _) in enumerate(rows_of(left_out.asked)):
        own = left_out.given.user_index == rater
        vector = biases.fold_in(left_out.given.item_index[own], left_out.given.score[own])
        assert values[row] == biases.predict(vector, np.array([item]))[0]


def test_who_was_trained_on_just_that_is_served_the_same(left_out: LeftOut) -> None:
    """Popularity knows nobody, and a bias is folded in as it is trained."""
    suite = fitted(joined(left_out.rest, left_out.given))
    measured = compare(suite, suite, left_out, seed=0)
    assert list(measured) == [
        "for-you: NDCG@10",
        "popular: NDCG@10",
        "best: RMSE",
        "  part biases: RMSE",
    ]
    for each in measured.values():
        assert each.folded_in == pytest.approx(each.trained)
        ends = (each.ratio.value, each.ratio.low, each.ratio.high)
        assert ends == pytest.approx((1.0, 1.0, 1.0))


def test_a_ratio_has_an_interval_over_raters(left_out: LeftOut) -> None:
    both = joined(left_out.rest, left_out.given)
    error = compare(fitted(left_out.rest), fitted(both), left_out, seed=0)["best: RMSE"]
    assert error.ratio.value == pytest.approx(error.folded_in / error.trained)
    assert error.ratio.low < error.ratio.value < error.ratio.high


def fitted(train: Ratings) -> Suite:
    popular, biases = Popularity.fit(train), Biases.fit(train)
    return Suite(
        best=ScoreBlend({"biases": biases}, {"biases": 1.0}, 0.0),
        rankers={"popular": popular},
        for_you=RankBlend({"popular": popular}, {"popular": 1.0}, "popular", 20),
    )
