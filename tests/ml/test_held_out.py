import numpy as np
import pytest

from ml import held_out as held_out_module
from ml.data import Split
from ml.errors import DataError, NonFiniteData, TooLittleData
from ml.held_out import HeldOut
from ml.histories import Histories
from tests.ml.samples import divided_ratings

RATINGS, SPLIT = divided_ratings()


def _ascending(histories: Histories) -> np.ndarray:
    """The higher a title's row, the better, for everybody."""
    return np.tile(np.arange(6, dtype=np.float32), (len(histories), 1))


def test_the_test_part_leaves_out_training_and_validation() -> None:
    held_out = HeldOut.of(RATINGS, SPLIT)
    assert held_out.raters.tolist() == [0, 1]
    assert held_out.ratings.score.tolist() == [8, 5, 10, 4]
    assert held_out.relevant.toarray().astype(int).tolist() == [[0, 0, 0, 1, 0, 0], [0] * 5 + [1]]
    assert held_out.left_out.toarray().astype(int).tolist() == [[1, 1, 1, 0, 0, 0], [1] + [0] * 5]
    assert held_out.histories.one(0)[0].tolist() == [0, 1]
    assert held_out.histories.one(0)[1].tolist() == [8, 0]
    assert held_out.n_watchers.tolist() == [2, 2, 0, 0, 0, 0]
    assert held_out.n_watched.tolist() == [2, 1, 1]


def test_the_validation_part_leaves_out_training_alone() -> None:
    held_out = HeldOut.of(RATINGS, SPLIT, "validation")
    assert held_out.raters.tolist() == [0]
    assert held_out.relevant.indices.tolist() == [2]
    assert held_out.left_out.indices.tolist() == [0, 1]


@pytest.mark.parametrize("cells", [6, 10**6])
def test_lists_hold_what_is_not_left_out(cells: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(held_out_module, "_BATCH_CELLS", cells)
    lists = HeldOut.of(RATINGS, SPLIT).top_lists(_ascending, 4)
    assert lists.tolist() == [[5, 4, 3, -1], [5, 4, 3, 2]]


def test_lists_made_elsewhere_are_taken_as_they_are() -> None:
    lists = np.array([[4, 3, -1], [2, 1, 5]], dtype=np.int32)
    assert HeldOut.of(RATINGS, SPLIT).checked_lists(lists).tolist() == lists.tolist()


@pytest.mark.parametrize(
    ("lists", "message"),
    [
        ([[3, 4]], "Expected 2 lists"),
        ([[3.0, 4.0], [1.0, 2.0]], "Expected 2 lists"),
        ([[3, 6], [1, 2]], "not in"),
        ([[-1, 3], [1, 2]], "gap"),
        ([[3, 3], [1, 2]], "twice"),
        ([[3, 2], [1, 2]], "known to have watched"),
    ],
)
def test_lists_that_break_the_convention_are_refused(lists: list[object], message: str) -> None:
    with pytest.raises(DataError, match=message):
        HeldOut.of(RATINGS, SPLIT).checked_lists(np.array(lists))


def test_relevances_of_another_shape_are_refused() -> None:
    with pytest.raises(DataError):
        HeldOut.of(RATINGS, SPLIT).top_lists(lambda histories: np.zeros((1, 6)), 4)


def test_another_split_or_part_is_refused() -> None:
    with pytest.raises(DataError, match="split of 2 rows"):
        HeldOut.of(RATINGS, Split(np.zeros(2, dtype=np.int8)))
    with pytest.raises(DataError, match="not on 'train'"):
        HeldOut.of(RATINGS, SPLIT, "train")  # type: ignore[arg-type]


def test_nothing_may_be_held_out() -> None:
    held_out = HeldOut.of(RATINGS, Split(np.zeros(len(RATINGS), dtype=np.int8)))
    assert len(held_out) == len(held_out.ratings) == 0
    assert held_out.top_lists(_ascending, 4).shape == (0, 4)
    assert held_out.relevant.shape == (0, 6)


def test_mean_ndcg_is_the_mean_over_the_ranked_raters() -> None:
    held_out = HeldOut.of(RATINGS, SPLIT)
    # Rater 0 has the relevant title in the third place of 5, 4, 3; rater 1 in the first.
    assert held_out.mean_ndcg(_ascending) == pytest.approx((1 / np.log2(4) + 1) / 2)
    assert held_out.mean_ndcg(_ascending, k=2) == pytest.approx(1 / 2)


def test_there_is_no_mean_of_nobody_or_of_nothing() -> None:
    nobody = HeldOut.of(RATINGS, Split(np.zeros(len(RATINGS), dtype=np.int8)), "validation")
    with pytest.raises(TooLittleData, match="relevant validation title"):
        nobody.mean_ndcg(_ascending)
    with pytest.raises(NonFiniteData):
        HeldOut.of(RATINGS, SPLIT).mean_ndcg(lambda histories: np.full((2, 6), np.nan))
