from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.data import TEST, TRAIN, IdMap, Ratings, Split, split
from ml.errors import DataError
from ml.rating_files import read_ratings
from tests.ml import samples

_USERS, _ITEMS = 12, 60


def _split(rows: Ratings, seed: int = 1) -> Split:
    return split(
        rows,
        user_keys=np.arange(rows.n_users, dtype=np.uint64) * np.uint64(7) + np.uint64(3),
        item_ids=np.arange(rows.n_items, dtype=np.int64) * 11 + 5,
        seed=seed,
    )


def _by_pair(rows: Ratings, parts: Split) -> dict[tuple[int, int], int]:
    pairs = zip(rows.user_index.tolist(), rows.item_index.tolist(), strict=True)
    return dict(zip(pairs, parts.part.tolist(), strict=True))


@settings(deadline=None)  # a busy machine is not a failure
@given(st.integers(5, _USERS * _ITEMS), st.integers(0, 2**32), st.integers(0, 2**63 - 1))
def test_the_order_of_the_rows_is_of_no_account(n_rows: int, order: int, seed: int) -> None:
    rows = samples.random_ratings(n_rows, n_users=_USERS, n_items=_ITEMS, lowest=0)
    shuffled = rows.take(np.random.default_rng(order).permutation(n_rows))
    assert _by_pair(rows, _split(rows, seed)) == _by_pair(shuffled, _split(shuffled, seed))


@settings(deadline=None)  # a busy machine is not a failure
@given(st.integers(1, _USERS * _ITEMS), st.integers(0, 100))
def test_a_pair_keeps_its_part_when_rows_are_added(n_rows: int, seed: int) -> None:
    every = samples.random_ratings(_USERS * _ITEMS, n_users=_USERS, n_items=_ITEMS, seed=seed)
    before = every.take(np.arange(n_rows))
    old, new = _by_pair(before, _split(before)), _by_pair(every, _split(every))
    counts = np.bincount(before.user_index, minlength=_USERS)
    # The stated exceptions: raters who had fewer than five scores, and the one test row of a
    # rater who had no other.
    n_test = np.bincount(before.user_index[_split(before).test], minlength=_USERS)
    for (user, item), part in old.items():
        if counts[user] >= 5 and not (part == TEST and n_test[user] == 1):
            assert new[user, item] == part


@settings(deadline=None)  # a busy machine is not a failure
@given(st.integers(1, _USERS * _ITEMS), st.integers(0, 100))
def test_raters_with_five_scores_have_a_test_title_and_others_none(n_rows: int, seed: int) -> None:
    rows = samples.random_ratings(n_rows, n_users=_USERS, n_items=_ITEMS, seed=seed, lowest=0)
    parts = _split(rows, seed)
    counts = np.bincount(rows.user_index[rows.score > 0], minlength=_USERS)
    n_test = np.bincount(rows.user_index[parts.test], minlength=_USERS)
    assert np.array_equal(n_test > 0, counts >= 5)
    assert (parts.part[rows.score == 0] == TRAIN).all()
    assert (parts.part[counts[rows.user_index] < 5] == TRAIN).all()


def test_every_row_is_in_one_part() -> None:
    parts = _split(samples.random_ratings(500))
    total = parts.train.astype(int) + parts.validation.astype(int) + parts.test.astype(int)
    assert (total == 1).all()


def test_another_seed_gives_another_split() -> None:
    rows = samples.random_ratings(600)
    assert not np.array_equal(_split(rows, 1).part, _split(rows, 2).part)


def test_about_a_tenth_each_is_held_out() -> None:
    rows = samples.random_ratings(30_000, n_users=100, n_items=400)
    parts = _split(rows)
    assert parts.test.mean() == pytest.approx(0.1, abs=0.01)
    assert parts.validation.mean() == pytest.approx(0.1, abs=0.01)


def test_keys_that_do_not_fit_are_refused() -> None:
    rows = samples.random_ratings(10)
    with pytest.raises(DataError, match="rater keys"):
        split(rows, user_keys=np.zeros(3, np.uint64), item_ids=np.zeros(40, np.int64), seed=0)


def test_no_rows_are_no_parts() -> None:
    assert _split(samples.ratings([], n_users=0, n_items=0)).part.tolist() == []


def test_the_real_file_is_divided_in_the_usual_proportions(real_data: Path) -> None:
    table = read_ratings(real_data / "rating.csv")
    users, items = IdMap.of(table.user_id), IdMap.of(table.anime_id)
    rows = table.indexed(users, items)
    parts = split(rows, user_keys=users.ids.view(np.uint64), item_ids=items.ids, seed=0)
    scored = rows.score > 0
    sizes = [int((mask & scored).sum()) for mask in (parts.train, parts.validation, parts.test)]
    assert sizes == pytest.approx([335_993, 41_975, 41_975], rel=0.02)
