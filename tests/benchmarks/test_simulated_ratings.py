"""The simulated file of the import benchmark has the promised size and no repeated pair."""

from pathlib import Path

import numpy as np

from benchmarks.simulated_ratings import rescaled, write_simulated


def test_file(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    real, target = tmp_path / "real.csv", tmp_path / "simulated.csv"
    pairs = {(int(user), int(anime)) for user, anime in rng.integers(1, 40, (600, 2))}
    rows = [f"{user},{anime},{rng.choice([-1, 7, 8])}" for user, anime in sorted(pairs)]
    real.write_text("\n".join(["user_id,anime_id,rating", *rows]))
    write_simulated(target, real=real, n_rows=2000, n_raters=120, rng=rng)
    lines = target.read_text().splitlines()
    assert lines[0] == "user_id,anime_id,rating"
    table = np.loadtxt(lines[1:], delimiter=",", dtype=np.int64)
    assert len(table) == 2000
    assert len(np.unique(table[:, :2], axis=0)) == 2000
    assert np.unique(table[:, 0]).tolist() == list(range(1, 121))
    assert set(table[:, 2].tolist()) == {-1, 7, 8}
    assert (np.diff(table[:, 0] * 1000 + table[:, 1]) > 0).all()


def test_more_titles_are_rated_now_and_then(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    real, target = tmp_path / "real.csv", tmp_path / "simulated.csv"
    rows = [f"{user},{anime},7" for user in range(1, 31) for anime in (2, 4, 6, 8)]
    real.write_text("\n".join(["user_id,anime_id,rating", *rows]))
    sizes = {"n_rows": 2000, "n_raters": 400}
    write_simulated(target, real=real, rng=rng, more_titles=np.array([9, 1, 5]), **sizes)
    table = np.loadtxt(target, delimiter=",", skiprows=1, dtype=np.int64)
    assert len(np.unique(table[:, :2], axis=0)) == len(table) == 2000
    counts = np.bincount(table[:, 1], minlength=10)
    assert np.flatnonzero(counts).tolist() == [1, 2, 4, 5, 6, 8, 9]
    assert counts[[1, 5, 9]].max() < counts[[2, 4, 6, 8]].min()


def test_sizes_keep_their_limits() -> None:
    rng = np.random.default_rng(5)
    sizes = rescaled(np.array([1, 1, 100]), total=500, size=60, most=20, rng=rng)
    assert sizes.sum() == 500
    assert (sizes.min(), sizes.max()) >= (1, 1)
    assert sizes.max() <= 20
