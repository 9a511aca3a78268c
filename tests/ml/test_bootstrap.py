import numpy as np
import pytest

from ml import bootstrap
from ml.bootstrap import Estimate
from ml.errors import DataError, MissingPrediction, TooLittleData


def _generator() -> np.random.Generator:
    return np.random.default_rng(1)


def test_the_bootstrap_interval_holds_the_mean_and_repeats() -> None:
    values = np.random.default_rng(0).normal(5, 1, size=400)
    low, high = bootstrap.bootstrap_interval(values, generator=np.random.default_rng(1))
    assert low < values.mean() < high
    assert high - low == pytest.approx(2 * 1.96 / 20, rel=0.2)
    again = bootstrap.bootstrap_interval(values, generator=np.random.default_rng(1))
    assert again == (low, high)


def test_the_bootstrap_weighs_raters() -> None:
    low, high = bootstrap.bootstrap_interval(
        [1.0, 1.0], weights=[1, 9], generator=np.random.default_rng(0)
    )
    assert (low, high) == pytest.approx((1.0, 1.0))


def test_the_bootstrap_refuses_a_missing_value() -> None:
    with pytest.raises(MissingPrediction):
        bootstrap.bootstrap_interval([1.0, np.nan], generator=np.random.default_rng(0))
    with pytest.raises(TooLittleData):
        bootstrap.bootstrap_interval([], generator=np.random.default_rng(0))


def test_a_resample_draws_as_many_raters_as_there_are() -> None:
    drawn = bootstrap.resampled_sums(np.ones((7, 1)), generator=_generator(), n_resamples=20)
    assert drawn.tolist() == [[7.0]] * 20


def test_sums_are_those_of_the_raters_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    sums = np.array([[1.0, 10.0], [2.0, 20.0], [4.0, 40.0]])
    generator = _generator()
    expected = [sums[generator.integers(3, size=3)].sum(axis=0).tolist() for _ in range(50)]
    for cells in (3, 21, 10**6):  # chunks of 1, of 7 with a last one of 1, one chunk
        monkeypatch.setattr(bootstrap, "_CHUNK_CELLS", cells)
        drawn = bootstrap.resampled_sums(sums, generator=_generator(), n_resamples=50)
        assert drawn.tolist() == expected


def test_ratios_are_of_sums_and_missing_where_there_is_nothing() -> None:
    values, drawn = bootstrap.resampled_ratios(
        np.array([[1.0, 0.0], [5.0, 0.0]]),
        np.array([[1.0, 0.0], [2.0, 0.0]]),
        generator=_generator(),
        n_resamples=30,
    )
    assert values[0] == 2
    assert set(drawn[:, 0]) == {1.0, 2.0, 2.5}
    assert np.isnan(values[1])
    assert np.isnan(drawn[:, 1]).all()
    assert bootstrap.estimate(float(values[1]), drawn[:, 1]) is None
    estimate = bootstrap.estimate(float(values[0]), drawn[:, 0])
    assert estimate is not None
    assert estimate.low <= estimate.value <= estimate.high


def test_ratios_of_what_does_not_fit_are_refused() -> None:
    ones = np.ones((2, 1))
    with pytest.raises(DataError):
        bootstrap.resampled_ratios(ones, np.ones((2, 2)), generator=_generator())
    with pytest.raises(MissingPrediction):
        bootstrap.resampled_ratios(ones * np.nan, ones, generator=_generator())
    with pytest.raises(TooLittleData):
        bootstrap.resampled_ratios(ones[:0], ones[:0], generator=_generator())
    with pytest.raises(TooLittleData):
        bootstrap.percentiles(np.array([np.nan]))


def test_an_estimate_survives_json() -> None:
    estimate = Estimate(1.5, 1.0, 2.0)
    assert estimate.to_dict() == {"value": 1.5, "low": 1.0, "high": 2.0}
    assert Estimate.from_dict(estimate.to_dict()) == estimate
