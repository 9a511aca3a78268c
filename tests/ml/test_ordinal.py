import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml import metrics
from ml.errors import DataError, TooLittleData
from ml.ordinal import OrdinalOutput

Floats = npt.NDArray[np.float64]
THRESHOLDS = np.array([2.0, 2.8, 3.7, 4.5, 5.5, 6.5, 7.4, 8.4, 9.3])
KNOWN = OrdinalOutput(
    {
        "thresholds": THRESHOLDS,
        "scale": np.array([0.1, 0.8]),
        "prior": np.array([0.01, 0.01, 0.02, 0.03, 0.06, 0.12, 0.25, 0.25, 0.15, 0.1]),
        "exponent": np.asarray(0.5),
    }
)


def drawn(n: int, seed: int = 0) -> tuple[Floats, npt.NDArray[np.int64], Floats]:
    """Predictions around 7.5, scores drawn by KNOWN's rule, and the spreads it was told."""
    generator = np.random.default_rng(seed)
    predictions = generator.normal(7.5, 1.2, n)
    spreads = np.exp(generator.normal(0, 0.4, n))
    latent = predictions + np.exp(0.1) * spreads**0.8 * generator.normal(size=n)
    return predictions, np.searchsorted(THRESHOLDS, latent) + 1, spreads


@pytest.fixture(scope="module")
def fitted() -> OrdinalOutput:
    return OrdinalOutput.fit(*drawn(40_000))


def test_known_thresholds_are_recovered(fitted: OrdinalOutput) -> None:
    assert fitted.thresholds[2:] == pytest.approx(THRESHOLDS[2:], abs=0.1)
    assert fitted.thresholds[:2] == pytest.approx(THRESHOLDS[:2], abs=0.4)  # rare scores
    assert fitted.arrays()["scale"] == pytest.approx([0.1, 0.8], abs=0.05)
    _, scores, _ = drawn(40_000)
    shares = np.bincount(scores, minlength=11)[1:] / scores.size
    assert fitted.arrays()["prior"] == pytest.approx(shares, abs=1e-3)


@given(st.lists(st.floats(-20, 30), min_size=1, max_size=20), st.floats(0.01, 20))
def test_every_distribution_sums_to_one(predictions: list[float], spread: float) -> None:
    shares = KNOWN.distribution(predictions, np.full(len(predictions), spread))
    assert shares.shape == (len(predictions), 10)
    assert np.all(shares >= 0)
    assert shares.sum(axis=1) == pytest.approx(np.ones(len(predictions)))


def test_a_wider_spread_spreads_the_scores() -> None:
    narrow, wide = KNOWN.distribution([7.0, 7.0], [0.3, 3.0])
    assert narrow[6] > 0.6
    assert wide[:3].sum() > 0.1 > narrow[:3].sum()


@pytest.mark.parametrize("how", ["prediction", "mean", "balanced"])
@pytest.mark.parametrize("spread", [0.3, 1.0, 3.0])
def test_every_decoding_rises_with_the_prediction(how: str, spread: float) -> None:
    points = np.linspace(-5, 16, 400)
    values = KNOWN.decode(points, np.full(400, spread), how=how)  # type: ignore[arg-type]
    assert np.all(np.diff(values) >= -1e-9)
    assert np.all((values >= 1) & (values <= 10))
    assert values[-1] - values[0] > 6


def test_the_default_is_the_prediction_clipped() -> None:
    assert KNOWN.decode([-1.0, 6.25, 12.0]).tolist() == [1.0, 6.25, 10.0]


def test_the_mean_is_that_of_the_distribution() -> None:
    shares = KNOWN.distribution([6.3], [1.2])[0]
    expected = sum(score * share for score, share in zip(range(1, 11), shares, strict=True))
    assert KNOWN.decode([6.3], [1.2], how="mean")[0] == pytest.approx(expected)


def test_balanced_is_the_median_after_the_prior_is_taken_out() -> None:
    values = KNOWN.decode([4.0, 7.0, 9.5], [1.0, 2.0, 1.0], how="balanced")
    shares = KNOWN.distribution([4.0, 7.0, 9.5], [1.0, 2.0, 1.0])
    weights = shares / np.sqrt(KNOWN.arrays()["prior"])
    weights /= weights.sum(axis=1, keepdims=True)
    medians = (np.cumsum(weights, axis=1) < 0.5).sum(axis=1) + 1
    assert metrics.rounded(values).tolist() == medians.tolist()


def test_balanced_finds_low_scores_without_much_error(fitted: OrdinalOutput) -> None:
    predictions, scores, spreads = drawn(20_000, seed=1)
    plain = fitted.decode(predictions, spreads)
    balanced = fitted.decode(predictions, spreads, how="balanced")
    low = metrics.recall_at_or_below(plain, scores), metrics.recall_at_or_below(balanced, scores)
    assert low[1] > low[0] + 0.15
    assert metrics.macro_mae(balanced, scores) < metrics.macro_mae(plain, scores) - 0.1
    assert metrics.rmse(balanced, scores) < metrics.rmse(plain, scores) * 1.1
    assert 0 < fitted.exponent <= 1


def test_no_added_error_means_hardly_any_balancing() -> None:
    predictions, scores, spreads = drawn(5000)
    mild = OrdinalOutput.fit(predictions, scores, spreads, most_added_error=0.02)
    strong = OrdinalOutput.fit(predictions, scores, spreads, most_added_error=0.5)
    assert mild.exponent < strong.exponent


def test_without_spreads_the_scale_is_one_for_all() -> None:
    predictions, scores, _ = drawn(5000)
    model = OrdinalOutput.fit(predictions, scores)
    assert model.arrays()["scale"][1] == pytest.approx(0)
    assert model.distribution([7.0]).shape == (1, 10)


def test_scores_that_nobody_gave_keep_a_place() -> None:
    model = OrdinalOutput.fit([6.0, 7.0, 8.0, 9.0], [7, 7, 8, 9])
    assert np.all(np.diff(model.thresholds) > 0)
    for how in ("prediction", "mean", "balanced"):
        assert np.isfinite(model.decode([1.0, 10.0], how=how)).all()


def test_fitting_is_repeatable_to_the_bit() -> None:
    first, second = (OrdinalOutput.fit(*drawn(2000)).arrays() for _ in range(2))
    assert all(first[name].tobytes() == second[name].tobytes() for name in first)


def test_arrays_go_out_and_in(fitted: OrdinalOutput) -> None:
    again = OrdinalOutput.from_arrays(fitted.arrays())
    assert again.distribution([5.0, 8.0]).tobytes() == fitted.distribution([5.0, 8.0]).tobytes()
    assert again.exponent == fitted.exponent


def test_what_does_not_fit_is_refused() -> None:
    arrays = KNOWN.arrays()
    for name in arrays:
        with pytest.raises(DataError, match=name):
            OrdinalOutput({key: array for key, array in arrays.items() if key != name})
    with pytest.raises(DataError, match="thresholds"):
        OrdinalOutput({**arrays, "thresholds": THRESHOLDS[1:]})
    with pytest.raises(DataError, match="ascend"):
        OrdinalOutput({**arrays, "thresholds": THRESHOLDS[::-1]})
    with pytest.raises(DataError, match="spreads"):
        KNOWN.distribution([5.0], [1.0, 2.0])
    for points, spread in (([np.nan], [1.0]), ([5.0], [0.0]), ([5.0], [np.inf])):
        with pytest.raises(DataError, match="finite"):
            KNOWN.distribution(points, spread)
    with pytest.raises(DataError, match="how"):
        KNOWN.decode([5.0], how="mode")  # type: ignore[arg-type]
    with pytest.raises(TooLittleData):
        OrdinalOutput.fit([], [])
    for scores in ([0], [11], [5.5]):
        with pytest.raises(DataError, match="Scores"):
            OrdinalOutput.fit([5.0], scores)
    with pytest.raises(DataError, match="shape"):
        OrdinalOutput.fit([5.0], [5, 6])


def test_the_likely_range_is_the_narrowest_run_of_scores() -> None:
    predictions, spreads = [7.0, 2.5, 30.0, 7.0], [0.5, 1.0, 1.0, 4.0]
    distribution = KNOWN.distribution(predictions, spreads)
    found = KNOWN.likely_range(predictions, spreads, share=0.8)
    for shares, (low, high) in zip(distribution, found.tolist(), strict=True):
        runs = [
            (end - start, -shares[start:end].sum(), start + 1, end)
            for start in range(10)
            for end in range(start + 1, 11)
            if shares[start:end].sum() >= 0.8
        ]
        assert (low, high) == min(runs)[2:]


def test_the_likely_range_holds_at_least_its_share_of_the_scores() -> None:
    predictions, scores, spreads = drawn(20_000, seed=3)
    for share in (0.5, 0.8, 0.95):
        low, high = KNOWN.likely_range(predictions, spreads, share=share).T
        covered = np.mean((low <= scores) & (scores <= high))
        assert share - 0.01 < covered < share + 0.2


def test_the_likely_range_of_nothing_is_empty() -> None:
    assert KNOWN.likely_range([]).shape == (0, 2)


@pytest.mark.parametrize("share", [0.0, 1.0, -1.0])
def test_a_share_that_cannot_be_is_refused(share: float) -> None:
    with pytest.raises(DataError, match="between 0 and 1"):
        KNOWN.likely_range([7.0], share=share)
