import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.diversity import by_popularity, maximal_marginal_relevance, moved_down
from ml.errors import DataError

# Two kinds of titles: three of the first kind lead the list.
KINDS = np.array([[1, 0], [1, 0], [1, 0], [0, 1], [0, 1]])


def test_each_kind_comes_in_turn_at_a_high_trade_off() -> None:
    assert maximal_marginal_relevance(KINDS, 0.5, 5).tolist()[:2] == [0, 3]


def test_a_small_trade_off_leaves_clear_differences() -> None:
    assert maximal_marginal_relevance(KINDS, 0.1, 5).tolist() == [0, 1, 2, 3, 4]


def test_values_are_those_of_the_formula() -> None:
    """By hand: after title 0 the cosines are 1, 0.5 and 0, and t = 0.5."""
    features = np.array([[1, 1, 0], [1, 1, 0], [1, 0, 1], [0, 0, 1]])
    # r = 1, 0.75, 0.5, 0.25. Then 1: 0.375 - 0.5, 2: 0.25 - 0.25, 3: 0.125 - 0.
    # With 3 chosen, 2 is nearest to it: 0.25 - 0.5 · 0.7071; 1: 0.375 - 0.5 = -0.125 is lower.
    assert maximal_marginal_relevance(features, 0.5, 4).tolist() == [0, 3, 2, 1]


def test_titles_behind_the_places_stay() -> None:
    assert maximal_marginal_relevance(KINDS, 0.9, 3).tolist() == [0, 1, 2, 3, 4]
    assert maximal_marginal_relevance(KINDS, 0.9, 4).tolist() == [0, 3, 1, 2, 4]


def test_titles_without_features_are_like_none() -> None:
    features = np.array([[1, 0], [1, 0], [0, 0], [0, 0]])
    assert maximal_marginal_relevance(features, 0.5, 4).tolist() == [0, 2, 3, 1]


@given(st.integers(0, 40), st.floats(0, 1), st.integers(0, 60), st.integers(0, 5))
def test_nothing_is_lost_or_doubled(n: int, trade_off: float, n_places: int, seed: int) -> None:
    features = np.random.default_rng(seed).integers(0, 2, (n, 4))
    order = maximal_marginal_relevance(features, trade_off, n_places)
    assert sorted(order.tolist()) == list(range(n))
    assert order.tolist()[n_places:] == list(range(n))[n_places:]
    if n and n_places:
        assert order[0] == 0, "the first title has nothing before it that it could be like"


@pytest.mark.parametrize(("trade_off", "n_places"), [(-0.1, 3), (1.1, 3), (0.5, -1)])
def test_what_is_out_of_range_is_refused(trade_off: float, n_places: int) -> None:
    with pytest.raises(DataError):
        maximal_marginal_relevance(KINDS, trade_off, n_places)


def test_popular_titles_move_up_or_down() -> None:
    members = np.array([10, 100, 1_000, 10_000, 100_000])
    assert by_popularity(members, 0.0).tolist() == [0, 1, 2, 3, 4]
    assert by_popularity(members, 3.0).tolist() == [4, 3, 2, 1, 0]
    assert by_popularity(members[::-1], -3.0).tolist() == [4, 3, 2, 1, 0]
    assert by_popularity(members, -1.0).tolist() == [0, 1, 2, 3, 4]


def test_at_a_weight_of_one_both_have_the_same_say() -> None:
    """A list in the order of its members reversed: the two parts cancel out."""
    generator = np.random.default_rng(1)
    members = np.exp(np.sort(generator.normal(8, 1, 1_001)))
    place = np.argsort(by_popularity(members, 1.0))
    assert abs(np.corrcoef(place, np.arange(1_001))[0, 1]) < 0.5
    assert np.corrcoef(np.argsort(by_popularity(members, 0.5)), np.arange(1_001))[0, 1] > 0.9
    assert np.corrcoef(np.argsort(by_popularity(members, 2.0)), np.arange(1_001))[0, 1] < -0.9


@pytest.mark.parametrize("members", [[], [5], [7, 7, 7]])
def test_without_a_difference_nothing_moves(members: list[int]) -> None:
    assert by_popularity(np.array(members), -1.0).tolist() == list(range(len(members)))


def test_a_title_comes_behind_as_many_as_it_is_moved_down() -> None:
    assert moved_down(np.array([2, 0, 0, 0])).tolist() == [1, 2, 0, 3]
    assert moved_down(np.array([9, 0, 0])).tolist() == [1, 2, 0]
    assert moved_down(np.array([0, 0])).tolist() == [0, 1]
    assert moved_down(np.array([2, 2, 0, 0, 0])).tolist() == [2, 0, 3, 1, 4]
