"""What the costs of a personal list are measured on is of the promised size and kind."""

from pathlib import Path

import numpy as np

from benchmarks.fold_in import Stopwatch, random_histories, with_all_titles
from tests.ml import samples


def test_titles_that_the_file_lacks_are_added_with_ratings(tmp_path: Path) -> None:
    rows = [f"{user},{anime},{user % 10 + 1}" for user in range(20) for anime in (30, 10 + user)]
    real = tmp_path / "rating.csv"
    real.write_text("\n".join(["user_id,anime_id,rating", *rows]))
    known = len({int(row.split(",")[1]) for row in rows})
    ratings = with_all_titles(real, 40, np.random.default_rng(0))
    assert (ratings.n_users, ratings.n_items) == (20, 40)
    assert len(ratings) == len(rows) + 5 * (40 - known)
    pairs = np.column_stack([ratings.user_index, ratings.item_index])
    assert len(np.unique(pairs, axis=0)) == len(pairs)
    counts = np.bincount(ratings.item_index, minlength=40)
    assert counts[known:].tolist() == [5] * (40 - known)
    assert counts[:known].tolist() == [20 if title == known - 1 else 1 for title in range(known)]


def test_histories_have_the_length_and_go_by_frequency() -> None:
    often = [(rater, title, 8) for rater in range(30) for title in range(5)]
    ratings = samples.ratings([*often, (0, 9, 8)], n_users=30, n_items=10)
    histories = random_histories(ratings, 4, 50, np.random.default_rng(0))
    assert [history.item_index.size for history in histories] == [4] * 50
    assert {float(score) for history in histories for score in history.score} == {8.0}
    drawn = np.bincount(np.concatenate([history.item_index for history in histories]), minlength=10)
    assert drawn[:5].min() > drawn[5:].max()


def test_stopwatch_hands_on_results_and_keeps_the_order() -> None:
    watch = Stopwatch()
    assert watch.time("second", divmod, 7, 2) == (3, 1)
    assert watch.time("first", abs, -1) == 1
    watch.time("second", divmod, 7, 2)
    assert {name: len(values) for name, values in watch.seconds.items()} == {
        "second": 2,
        "first": 1,
    }
    assert list(watch.seconds) == ["second", "first"]
