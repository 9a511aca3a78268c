from itertools import pairwise

import numpy as np
import pytest
import torch

from ml.batches import Batch, LabelledRows
from ml.data import Ratings
from tests.ml import samples

RATINGS = samples.random_ratings(500)


def labelled(ratings: Ratings = RATINGS, *, batch: int = 64, together: int = 5) -> LabelledRows:
    return LabelledRows(ratings, rows_per_batch=batch, rows_per_rater=together)


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def triples(batch: Batch) -> list[tuple[int, int, int]]:
    """The rows of a batch as (rater, title, score)."""
    return list(
        zip(
            batch.raters[batch.rater_of_row].tolist(),
            batch.titles[batch.title_of_row].tolist(),
            batch.score.int().tolist(),
            strict=True,
        )
    )


@pytest.mark.parametrize(("batch", "together"), [(64, 5), (64, 1), (7, 3), (4, 100), (1000, 8)])
def test_every_row_comes_once_an_epoch(batch: int, together: int) -> None:
    rows = labelled(batch=batch, together=together)
    batches = [rows.batch(chosen) for chosen in rows.epoch(generator())]
    assert len(batches) == rows.n_batches == -(-500 // batch)
    seen = sorted(triple for one in batches for triple in triples(one))
    columns = (RATINGS.user_index, RATINGS.item_index, RATINGS.score)
    assert seen == sorted(zip(*(column.tolist() for column in columns), strict=True))
    assert all(0 < len(one) <= batch + min(together, batch) for one in batches)


def test_rows_are_grouped_by_rater_and_by_title() -> None:
    rows = labelled()
    batch = rows.batch(next(rows.epoch(generator())))
    user = batch.raters[batch.rater_of_row].tolist()
    assert user == sorted(user)
    assert batch.raters.tolist() == sorted(set(user))
    assert batch.rater_start.tolist() == [user.index(rater) for rater in batch.raters.tolist()]
    item = batch.titles[batch.title_of_row]
    by_title = item[batch.rows_by_title].tolist()
    assert by_title == sorted(item.tolist())
    assert batch.titles.tolist() == sorted(set(by_title))
    assert batch.title_start.tolist() == [by_title.index(title) for title in batch.titles.tolist()]
    assert sorted(batch.rows_by_title.tolist()) == list(range(len(batch)))


def test_few_rows_of_a_rater_stay_together() -> None:
    """Grouped rows have fewer raters a batch, but no rater's rows all come at once."""
    alone, grouped = (
        [rows.batch(chosen) for chosen in rows.epoch(generator())]
        for rows in (labelled(together=1), labelled(together=5))
    )
    raters = [sum(len(batch.raters) for batch in batches) for batches in (alone, grouped)]
    assert raters[1] < 0.6 * raters[0]
    busiest = int(np.bincount(RATINGS.user_index).argmax())
    assert sum(busiest in batch.raters.tolist() for batch in grouped) > 1


def test_the_order_follows_the_generator() -> None:
    rows = labelled()
    first, same, other = (
        [chosen.tolist() for chosen in rows.epoch(generator(seed))] for seed in (1, 1, 2)
    )
    assert first == same != other


def test_a_raters_rows_meet_in_other_groups_each_epoch() -> None:
    ratings = samples.ratings([(0, item, 5) for item in range(12)], n_users=1, n_items=12)
    rows = labelled(ratings, batch=4, together=4)
    one = generator()
    epochs = [{frozenset(chosen.tolist()) for chosen in rows.epoch(one)} for _ in range(3)]
    assert all(len(groups) == 3 for groups in epochs)
    assert all(before != after for before, after in pairwise(epochs))


def test_titles_beyond_sixteen_bits_are_sorted_too() -> None:
    table = [(0, 70_000, 3), (0, 4464, 8), (1, 70_000, 5)]  # 70,000 - 65,536 = 4,464
    rows = labelled(samples.ratings(table, n_users=2, n_items=70_001), batch=3)
    batch = rows.batch(next(rows.epoch(generator())))
    assert batch.titles.tolist() == [4464, 70_000]
    assert sorted(triples(batch)) == sorted(table)
