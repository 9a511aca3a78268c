import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.errors import DataError
from ml.fold_in import GaussianPrior, most_probable
from ml.metrics import rmse
from ml.serving import RecommenderNetScorer
from ml.train import fit
from tests.ml import samples

RANDOM = RecommenderNetScorer.from_weights(samples.random_weights())


@pytest.fixture(scope="module")
def board() -> RecommenderNetScorer:
    """A network that knows the checkerboard's two kinds of titles."""
    result = fit(samples.checkerboard(), None, samples.checkerboard_config())
    return RecommenderNetScorer.from_weights(result.weights)


def _objective(
    scorer: RecommenderNetScorer,
    vector: npt.NDArray[np.float32],
    items: npt.NDArray[np.int64],
    scores: npt.NDArray[np.int64],
) -> float:
    errors = scorer.predict(vector, items).astype(np.float64) - scores
    penalty = scorer._prior.penalty(vector.astype(np.float64))
    return float(errors @ errors) / scorer._noise_variance + penalty


@settings(deadline=None)  # a busy machine is not a failure
@given(st.integers(1, 30), st.integers(0, 1000), st.integers(0, 12))
def test_it_is_never_worse_than_the_prior(n_titles: int, seed: int, n_steps: int) -> None:
    generator = np.random.default_rng(seed)
    items = generator.choice(30, size=n_titles, replace=False)
    scores = generator.integers(1, 11, size=n_titles)
    vector = RANDOM.fold_in(items, scores, n_steps=n_steps)
    before = _objective(RANDOM, RANDOM.prior_vector, items, scores)
    # The result is rounded to float32 once.
    assert _objective(RANDOM, vector, items, scores) <= before * (1 + 1e-5) + 1e-5


def test_a_linear_model_is_solved_exactly() -> None:
    generator = np.random.default_rng(0)
    design, targets = generator.normal(size=(8, 3)), generator.normal(size=8)
    prior = GaussianPrior(np.array([1.0, 2.0, 3.0]), np.diag([1.0, 2.0, 0.5]))
    found = most_probable(
        lambda vector: (design @ vector, design),
        targets,
        prior=prior,
        noise_variance=0.5,
        n_steps=20,
    )
    curvature = design.T @ design / 0.5 + prior.precision
    exact = np.linalg.solve(curvature, design.T @ targets / 0.5 + prior.precision @ prior.mean)
    assert found == pytest.approx(exact, abs=1e-2)


def test_the_jacobian_is_the_slope() -> None:
    titles = RANDOM._hidden_of_items(np.arange(30)).astype(np.float64)
    vector = np.random.default_rng(1).normal(size=6)
    values, jacobian = RANDOM._linearise(vector, titles)
    for axis in range(6):
        moved = vector.copy()
        moved[axis] += 1e-6
        slope = (RANDOM._linearise(moved, titles)[0] - values) / 1e-6
        assert slope == pytest.approx(jacobian[:, axis], abs=1e-3)


def test_no_scores_give_the_prior() -> None:
    empty = np.array([], dtype=np.int64)
    assert RANDOM.fold_in(empty, []).tolist() == RANDOM.prior_vector.tolist()
    start = RANDOM.user_vector(3)
    assert RANDOM.fold_in(empty, [], start=start).tolist() == start.tolist()


def test_titles_without_a_score_change_nothing() -> None:
    alone = RANDOM.fold_in(np.array([1, 4]), [2, 9])
    assert RANDOM.fold_in(np.array([3, 1, 4, 7]), [0, 2, 9, 0]).tobytes() == alone.tobytes()
    assert RANDOM.fold_in(np.array([3]), [0]).tolist() == RANDOM.prior_vector.tolist()


def test_the_same_scores_give_the_same_vector() -> None:
    items, scores = np.array([1, 4, 9]), [2, 9, 5]
    first, second = (RANDOM.fold_in(items, scores) for _ in range(2))
    assert first.tobytes() == second.tobytes()


def test_one_title_moves_the_list_its_own_way(board: RecommenderNetScorer) -> None:
    high = board.predict(board.fold_in(np.array([0]), [9]))
    low = board.predict(board.fold_in(np.array([0]), [2]))
    assert high[0] > low[0] + 1
    # Titles of the same kind follow, those of the other kind go the other way.
    assert high[2::2].mean() > low[2::2].mean() + 1
    assert high[1::2].mean() < low[1::2].mean() - 1


def test_opposite_scores_give_opposite_lists(board: RecommenderNetScorer) -> None:
    items = np.arange(6)
    even = board.predict(board.fold_in(items, [9, 2, 9, 2, 9, 2]))
    odd = board.predict(board.fold_in(items, [2, 9, 2, 9, 2, 9]))
    assert set(np.argsort(-even)[:10] % 2) == {0}
    assert set(np.argsort(-odd)[:10] % 2) == {1}


def test_a_rater_who_was_not_trained_on_is_predicted(board: RecommenderNetScorer) -> None:
    items = np.arange(8)
    vector = board.fold_in(items, np.where(items % 2 == 0, 9, 2))
    rest = np.arange(8, 30)
    assert rmse(board.predict(vector, rest), np.where(rest % 2 == 0, 9, 2)) < 1.0


def test_it_starts_from_the_vector_it_is_given(board: RecommenderNetScorer) -> None:
    even, odd = board.user_vector(0), board.user_vector(1)
    kept = board.predict(board.fold_in(np.array([0]), [9], start=even))
    assert kept[::2].mean() > kept[1::2].mean() + 3
    distance = [np.linalg.norm(board.fold_in(np.array([0]), [9], start=v) - v) for v in (even, odd)]
    assert distance[0] < distance[1]


def test_titles_without_a_row_can_be_scored_too() -> None:
    assert np.isfinite(RANDOM.fold_in(np.array([-1, 3]), [4, 8])).all()


@pytest.mark.parametrize(
    ("items", "scores"),
    [
        ([0], [0.5]),
        ([0], [-1]),
        ([0], [11]),
        ([0], [np.nan]),
        ([0, 1], [5]),
        ([30], [5]),
        ([0.5], [5]),
    ],
)
def test_what_does_not_fit_is_refused(items: list[float], scores: list[float]) -> None:
    with pytest.raises(DataError):
        RANDOM.fold_in(np.array(items), scores)


def test_a_prior_of_few_vectors_is_drawn_towards_the_identity() -> None:
    none = GaussianPrior.of_sample(np.empty((0, 3)))
    assert (none.mean.tolist(), none.precision.tolist()) == ([0, 0, 0], np.eye(3).tolist())
    one = GaussianPrior.of_sample(np.array([[1.0, 2.0, 3.0]]))
    assert one.mean.tolist() == [1, 2, 3]
    assert np.isfinite(one.precision).all()


def test_a_prior_of_many_vectors_has_their_covariance() -> None:
    generator = np.random.default_rng(0)
    covariance = np.array([[2.0, 0.8], [0.8, 1.0]])
    prior = GaussianPrior.of_sample(generator.multivariate_normal([1, -1], covariance, 50_000))
    assert prior.mean == pytest.approx([1, -1], abs=0.05)
    assert np.linalg.inv(prior.precision) == pytest.approx(covariance, abs=0.05)
