"""Staged ratings: one row a pair, sorted, handed out in batches of whole raters."""

from collections.abc import Iterator

import numpy as np
import pytest

from catalog.services.csv_rating_rows import RatingRows
from catalog.services.csv_staged_ratings import Batch, StagedCounts, StagedRatings
from catalog.services.csv_staging import staging_database


@pytest.fixture
def staged() -> Iterator[StagedRatings]:
    with staging_database() as database:
        yield StagedRatings(database)


def rows(first_line: int, *triples: tuple[int, int, int]) -> RatingRows:
    """Rows with consecutive line numbers from (user_id, anime_id, score)."""
    table = np.array(triples, dtype=np.int64).reshape(-1, 3)
    line = np.arange(first_line, first_line + len(table))
    return RatingRows(line, table[:, 0], table[:, 1], table[:, 2])


def rejects(staged: StagedRatings) -> list[tuple[int, str]]:
    return staged.database.connection.execute(
        "SELECT line, text FROM reject ORDER BY line"
    ).fetchall()


def everything(staged: StagedRatings) -> list[list[int]]:
    staged.finish()
    return [
        row
        for batch in staged.batches(skip=0, size=lambda: 10**6)
        for row in staged.rows(batch)[:, :3].tolist()
    ]


def test_unsorted_rows_are_sorted(staged: StagedRatings) -> None:
    staged.add(rows(2, (2, 1, 5), (1, 9, 6), (1, 2, 7)))
    staged.add(rows(5, (1, 5, 8)))
    assert everything(staged) == [[1, 2, 7], [1, 5, 8], [1, 9, 6], [2, 1, 5]]
    assert rejects(staged) == []


def test_last_row_of_a_pair_stays_within_a_block(staged: StagedRatings) -> None:
    staged.add(rows(2, (1, 1, 5), (1, 1, 0), (2, 1, 3), (1, 1, 7)))
    assert everything(staged) == [[1, 1, 7], [2, 1, 3]]
    assert rejects(staged) == [(2, "1,1,5"), (3, "1,1,-1")]


def test_last_row_of_a_pair_stays_across_blocks(staged: StagedRatings) -> None:
    staged.add(rows(2, (1, 1, 5), (2, 1, 3)))
    staged.add(rows(4, (1, 1, 6), (3, 1, 4)))
    staged.add(rows(6, (1, 1, 7)))
    assert everything(staged) == [[1, 1, 7], [2, 1, 3], [3, 1, 4]]
    assert rejects(staged) == [(2, "1,1,5"), (4, "1,1,6")]


def test_counts(staged: StagedRatings) -> None:
    staged.add(rows(2, (1, 1, 5), (1, 2, 0), (2, 1, 3)))
    assert staged.finish() == StagedCounts(rows=3, raters=2, not_scored=1)


def test_counts_of_nothing(staged: StagedRatings) -> None:
    assert staged.finish() == StagedCounts(rows=0, raters=0, not_scored=0)


def test_batches_hold_whole_raters(staged: StagedRatings) -> None:
    staged.add(rows(2, (1, 1, 5), (1, 2, 5), (1, 3, 5), (4, 1, 5), (6, 1, 5), (9, 1, 5)))
    staged.finish()
    assert list(staged.batches(skip=0, size=lambda: 2)) == [
        Batch(1, 1, 3),
        Batch(4, 6, 2),
        Batch(9, 9, 1),
    ]


def test_batches_go_on_behind_a_position(staged: StagedRatings) -> None:
    staged.add(rows(2, (1, 1, 5), (1, 2, 5), (4, 1, 5), (6, 1, 5)))
    staged.finish()
    assert list(staged.batches(skip=3, size=lambda: 2)) == [Batch(6, 6, 1)]
    assert list(staged.batches(skip=4, size=lambda: 2)) == []


def test_many_raters_are_read_in_parts(
    staged: StagedRatings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("catalog.services.csv_staged_ratings._RATERS_A_READ", 2)
    staged.add(rows(2, *((user, 1, 5) for user in range(1, 8))))
    staged.finish()
    assert [batch.last_user for batch in staged.batches(skip=0, size=lambda: 3)] == [3, 6, 7]
