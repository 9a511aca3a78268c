import numpy as np
import pytest

from ml.balanced import balanced_subset
from ml.data import Ratings
from ml.errors import TooLittleData
from tests.ml import samples


def test_every_score_is_as_frequent_as_the_rarest() -> None:
    rows = [(u, i, 8) for u in range(5) for i in range(4)]
    rows += [(u, 4, 2) for u in range(3)] + [(u, 5, 10) for u in range(5)] + [(0, 6, 0)]
    subset = balanced_subset(samples.ratings(rows, n_users=5, n_items=7), seed=0)
    assert np.bincount(subset.score, minlength=11).tolist() == [0, 0, 3, 0, 0, 0, 0, 0, 3, 0, 3]
    assert (subset.n_users, subset.n_items) == (5, 7)
    kept = set(
        zip(
            subset.user_index.tolist(),
            subset.item_index.tolist(),
            subset.score.tolist(),
            strict=True,
        )
    )
    assert len(kept) == 9
    assert kept <= set(rows)


def test_the_rows_keep_their_order_and_depend_on_the_seed_alone() -> None:
    ratings = samples.random_ratings(600)
    first, second, other = (balanced_subset(ratings, seed=seed) for seed in (1, 1, 2))
    assert first.fingerprint() == second.fingerprint()
    assert first.fingerprint() != other.fingerprint()
    cells = ratings.user_index.astype(np.int64) * 40 + ratings.item_index
    chosen = first.user_index.astype(np.int64) * 40 + first.item_index
    positions = [int(np.flatnonzero(cells == cell)[0]) for cell in chosen]
    assert positions == sorted(positions)


@pytest.mark.parametrize("rows", [[], [(0, 0, 0)]])
def test_nothing_scored_is_too_little(rows: list[tuple[int, int, int]]) -> None:
    nothing: Ratings = samples.ratings(rows, n_users=1, n_items=1)
    with pytest.raises(TooLittleData):
        balanced_subset(nothing, seed=0)
