"""What an entry counts follows from its score alone."""

import pytest

from ml.entry_weighting import EntryWeighting, weights_of
from ml.errors import DataError


def test_watched_entries_all_count_the_same() -> None:
    assert EntryWeighting(weighting="watched").weight_of_score().tolist() == [1] * 11


def test_scored_entries_count_by_their_score() -> None:
    config = EntryWeighting(
        score_slope=0.5, neutral_score=7.0, lowest_weight=-1.0, unscored_weight=0.25
    )
    table = config.weight_of_score()
    assert table.tolist() == [0.25, -1, -1, -1, -0.5, 0, 0.5, 1, 1.5, 2, 2.5]
    assert weights_of([0, 7, 10, 4, 7.5], table).tolist() == [0.25, 1, 2.5, -0.5, 1.25]


@pytest.mark.parametrize("score", [-1, 11, float("nan")])
def test_what_is_no_score_is_refused(score: float) -> None:
    with pytest.raises(DataError):
        weights_of([score], EntryWeighting().weight_of_score())
