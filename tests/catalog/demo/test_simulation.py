"""The simulated ratings: repeatable, well formed, like real ones, and with tastes in them."""

from functools import cache

import numpy as np
import pytest

from catalog.demo.franchises import predecessors
from catalog.demo.simulation import (
    DEFAULT_RATERS,
    REAL_SCORE_COUNTS,
    SimulatedRatings,
    WatchStatus,
    simulate,
    to_scores,
)
from catalog.demo.titles import DemoTitle, load_titles


@cache
def _simulated(seed: int = 1, n_raters: int = DEFAULT_RATERS) -> SimulatedRatings:
    return simulate(load_titles(), n_raters=n_raters, rng=np.random.default_rng(seed))


def test_the_same_seed_gives_the_same_ratings() -> None:
    again = simulate(load_titles(), n_raters=50, rng=np.random.default_rng(3))
    assert list(again) == list(_simulated(3, 50))


def test_another_seed_gives_other_ratings() -> None:
    assert list(_simulated(3, 50)) != list(_simulated(4, 50))


def test_raters_are_numbered_from_one_and_rows_are_in_order_without_doubles() -> None:
    ratings = _simulated()
    assert set(ratings.rater.tolist()) == set(range(1, DEFAULT_RATERS + 1))
    pairs = list(zip(ratings.rater.tolist(), ratings.anime_id.tolist(), strict=True))
    assert pairs == sorted(set(pairs))


def test_rows_are_plain_values_and_a_missing_score_is_none() -> None:
    rows = list(_simulated(3, 50))
    assert {type(row.anime_id) for row in rows} == {int}
    assert {row.score for row in rows} == {None, *range(1, 11)}
    assert {row.status for row in rows} == set(WatchStatus)
    assert {row.anime_id for row in rows} <= {title.anime_id for title in load_titles()}


def test_the_histogram_of_the_scores_is_like_the_real_one() -> None:
    scores = _simulated().score[_simulated().score > 0]
    shares = np.bincount(scores, minlength=11)[1:] / len(scores)
    assert shares == pytest.approx(np.array(REAL_SCORE_COUNTS) / sum(REAL_SCORE_COUNTS), abs=0.015)
    assert scores.mean() == pytest.approx(7.80, abs=0.1)
    assert scores.std() == pytest.approx(1.58, abs=0.1)


def test_the_lists_have_a_real_size_and_a_real_share_of_missing_scores() -> None:
    ratings = _simulated()
    sizes = np.bincount(ratings.rater)[1:]
    assert 40 <= np.median(sizes) <= 60
    assert sizes.mean() > 1.2 * np.median(sizes)
    assert (ratings.score == 0).mean() == pytest.approx(0.19, abs=0.04)


def test_better_known_titles_are_watched_more_often() -> None:
    titles = load_titles()
    members = np.array([title.members for title in titles])
    watched = np.bincount(_simulated().anime_id, minlength=titles[-1].anime_id + 1)
    counts = watched[[title.anime_id for title in titles]]
    assert np.corrcoef(np.log(members), np.log1p(counts))[0, 1] > 0.7


def test_nobody_watches_a_sequel_without_what_it_continues() -> None:
    titles = load_titles()
    earlier_id = {
        title.anime_id: titles[before].anime_id
        for title, before in zip(titles, predecessors(titles), strict=True)
        if before is not None
    }
    pairs = {(row.rater, row.anime_id) for row in _simulated()}
    skipped = [
        (rater, anime_id)
        for rater, anime_id in pairs
        if anime_id in earlier_id and (rater, earlier_id[anime_id]) not in pairs
    ]
    assert skipped == []


def test_to_scores_uses_the_whole_range_in_order() -> None:
    assert to_scores(np.array([-9.0, -2.0, 0.0, 9.0])).tolist() == [1, 4, 8, 10]


@pytest.mark.parametrize(("n_titles", "n_raters"), [(0, 5), (5, 0)])
def test_a_simulation_of_nothing_is_refused(n_titles: int, n_raters: int) -> None:
    with pytest.raises(ValueError, match="at least one title and one rater"):
        simulate(load_titles()[:n_titles], n_raters=n_raters, rng=np.random.default_rng(1))


def test_a_list_of_one_title_works() -> None:
    title = DemoTitle(7, "Alone", ("Drama",), "TV", 12, 7.0, 10)
    ratings = simulate([title], n_raters=20, rng=np.random.default_rng(1))
    assert ratings.anime_id.tolist() == [7] * 20
