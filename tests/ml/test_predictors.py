"""What every score predictor must do, whatever it has learnt."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from ml import matrix_factorisation_fit, score_neighbours_fit, sgd_factorisation_fit, train
from ml.artifacts import load_arrays, write_artifact
from ml.biases import Biases, BiasesConfig
from ml.data import Ratings
from ml.errors import DataError, TooLittleData
from ml.histories import Histories
from ml.matrix_factorisation import MatrixFactorisation
from ml.matrix_factorisation_config import MatrixFactorisationConfig
from ml.metrics import rmse
from ml.predictor_inputs import UNKNOWN
from ml.protocols import ScorePredictor
from ml.score_blend import ScoreBlend
from ml.score_neighbours import ScoreNeighbours, ScoreNeighboursConfig
from ml.serving import RecommenderNetScorer
from ml.sgd_factorisation import SgdFactorisation
from ml.sgd_factorisation_config import SgdFactorisationConfig
from tests.ml import samples

EMPTY = np.array([], dtype=np.int64)


def fit_biases(ratings: Ratings) -> Biases:
    return Biases.fit(ratings, BiasesConfig(rater_damping=0.1, title_damping=0.1))


def fit_factorisation(ratings: Ratings) -> MatrixFactorisation:
    config = MatrixFactorisationConfig(n_factors=4, n_implicit=6, n_epochs=25)
    return matrix_factorisation_fit.fit(ratings, None, config).model


def fit_net(ratings: Ratings) -> RecommenderNetScorer:
    result = train.fit(ratings.scored(), None, samples.checkerboard_config())
    return RecommenderNetScorer.from_weights(result.weights)


def fit_by_steps(ratings: Ratings) -> SgdFactorisation:
    config = SgdFactorisationConfig(
        rate_decay=0.99,
        rater_weight_decay=0.02,
        title_weight_decay=0.02,
        fold_in_rows=1.0,
        n_epochs=200,
    )
    return sgd_factorisation_fit.fit(ratings, None, config).model


def fit_neighbours(ratings: Ratings) -> ScoreNeighbours:
    config = ScoreNeighboursConfig(n_neighbours=5, shrinkage=1.0)
    return score_neighbours_fit.fit(ratings, None, fit_factorisation(ratings), config, gain=0.7)


def fit_blend(ratings: Ratings) -> ScoreBlend:
    parts: dict[str, ScorePredictor] = {
        "biases": fit_biases(ratings),
        "score_neighbours": fit_neighbours(ratings),
    }
    return ScoreBlend(parts, {"biases": 0.1, "score_neighbours": 0.9}, 0.01)


@dataclass(frozen=True)
class Case:
    """How a predictor is fitted, and what can be asked of it."""

    fit: Callable[[Ratings], ScorePredictor]
    learns_tastes: bool = True
    trained_vectors_are_folded_in: bool = True


CASES = {
    "biases": Case(fit_biases, learns_tastes=False),
    "matrix_factorisation": Case(fit_factorisation),
    "recommender_net": Case(fit_net, trained_vectors_are_folded_in=False),
    "score_neighbours": Case(fit_neighbours),
    "sgd_factorisation": Case(fit_by_steps, trained_vectors_are_folded_in=False),
    "score_blend": Case(fit_blend),
}
N_USERS, N_ITEMS = 30, 40
RATINGS = samples.random_ratings(500, n_users=N_USERS, n_items=N_ITEMS, lowest=0)


@pytest.fixture(scope="module", params=list(CASES))
def case(request: pytest.FixtureRequest) -> Case:
    return CASES[str(request.param)]


@pytest.fixture(scope="module")
def model(case: Case) -> ScorePredictor:
    """Fitted on random scores of 30 raters for 40 titles, some watched without a score."""
    return case.fit(RATINGS)


@pytest.fixture(scope="module")
def board(case: Case) -> ScorePredictor:
    """Fitted on the checkerboard."""
    return case.fit(samples.checkerboard())


def every_pair(n_users: int, n_items: int) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    return np.repeat(np.arange(n_users), n_items), np.tile(np.arange(n_items), n_users)


def test_sizes_and_types_are_those_of_the_protocol(model: ScorePredictor) -> None:
    assert (model.n_users, model.n_items) == (N_USERS, N_ITEMS)
    vector = model.user_vector(3)
    assert vector.dtype == model.prior_vector.dtype == np.float32
    assert vector.shape == model.prior_vector.shape
    predictions = model.predict(vector)
    assert predictions.dtype == np.float32
    assert predictions.shape == (N_ITEMS,)


def test_one_rater_is_predicted_as_pairs_are(model: ScorePredictor) -> None:
    pairs = model.predict_pairs(*every_pair(N_USERS, N_ITEMS)).reshape(N_USERS, N_ITEMS)
    alone = [model.predict(model.user_vector(rater)) for rater in range(N_USERS)]
    assert np.allclose(pairs, alone, atol=1e-4)


def test_some_titles_are_predicted_as_all_are(model: ScorePredictor) -> None:
    some = np.array([7, 3, 3, 39])
    vector = model.user_vector(2)
    assert np.allclose(model.predict(vector, some), model.predict(vector)[some], atol=1e-5)


def test_pairs_come_back_in_their_order(model: ScorePredictor) -> None:
    user, item = every_pair(N_USERS, N_ITEMS)
    order = np.random.default_rng(0).permutation(user.size)
    shuffled = model.predict_pairs(user[order], item[order])
    assert np.allclose(shuffled, model.predict_pairs(user, item)[order], atol=1e-5)


def test_an_unknown_rater_is_predicted_by_the_prior(model: ScorePredictor) -> None:
    items = np.arange(N_ITEMS)
    unknown = model.predict_pairs(np.full(N_ITEMS, UNKNOWN), items)
    assert np.allclose(unknown, model.predict(model.prior_vector), atol=1e-4)


def test_an_unknown_title_is_predicted_alike_both_ways(model: ScorePredictor) -> None:
    alone = model.predict(model.user_vector(4), np.array([UNKNOWN, 2]))
    pairs = model.predict_pairs(np.array([4, 4]), np.array([UNKNOWN, 2]))
    assert np.isfinite(alone).all()
    assert np.allclose(alone, pairs, atol=1e-4)
    neither = model.predict_pairs(np.array([UNKNOWN]), np.array([UNKNOWN]))
    assert 1 < neither[0] < 10


def test_nobody_and_nothing_are_no_pairs(model: ScorePredictor) -> None:
    assert model.predict_pairs(EMPTY, EMPTY).shape == (0,)
    assert model.predict(model.prior_vector, EMPTY).shape == (0,)


def test_an_empty_history_gives_the_prior(model: ScorePredictor) -> None:
    assert model.fold_in(EMPTY, []).tolist() == model.prior_vector.tolist()


def test_a_history_gives_the_vector_of_training(case: Case, model: ScorePredictor) -> None:
    if not case.trained_vectors_are_folded_in:
        pytest.skip("trained by steps: folding in finds a better vector than training did")
    histories = Histories.of_ratings(RATINGS)
    for rater in range(N_USERS):
        folded = model.predict(model.fold_in(*histories.one(rater)))
        assert np.allclose(folded, model.predict(model.user_vector(rater)), atol=1e-3)


def test_the_order_of_a_history_is_of_no_account(model: ScorePredictor) -> None:
    items, scores = np.array([1, 4, 9, 20]), np.array([2, 9, 0, 7])
    turned = model.fold_in(items[::-1], scores[::-1])
    assert np.allclose(model.fold_in(items, scores), turned, atol=1e-4)


def test_folding_in_is_repeatable_to_the_bit(model: ScorePredictor) -> None:
    history = np.array([1, 4, 9]), [2, 9, 0]
    assert model.fold_in(*history).tobytes() == model.fold_in(*history).tobytes()


def test_scores_move_predictions_their_way(model: ScorePredictor) -> None:
    items = np.arange(12)
    high = model.predict(model.fold_in(items, np.full(12, 10)), items)
    low = model.predict(model.fold_in(items, np.full(12, 1)), items)
    assert high.mean() > low.mean() + 0.3


def test_fitting_is_repeatable_to_the_bit(case: Case, model: ScorePredictor) -> None:
    again = case.fit(RATINGS).arrays()
    for name, array in model.arrays().items():
        assert array.tobytes() == again[name].tobytes(), name


def test_arrays_go_to_disk_and_back_to_the_bit(tmp_path: Path, model: ScorePredictor) -> None:
    path = write_artifact(tmp_path, "m", arrays={"model": model.arrays()}, manifest={})
    again = type(model).from_arrays(load_arrays(path, "model"))  # type: ignore[attr-defined]
    pairs = np.array([UNKNOWN, 3, 5]), np.array([2, UNKNOWN, 7])
    assert again.predict_pairs(*pairs).tobytes() == model.predict_pairs(*pairs).tobytes()
    vector = model.fold_in(np.array([1, 2]), [9, 0])
    assert again.fold_in(np.array([1, 2]), [9, 0]).tobytes() == vector.tobytes()
    assert again.predict(vector).tobytes() == model.predict(vector).tobytes()


def test_a_missing_array_is_refused(model: ScorePredictor) -> None:
    arrays = model.arrays()
    for name in arrays:
        fewer = {key: array for key, array in arrays.items() if key != name}
        with pytest.raises(DataError):
            type(model).from_arrays(fewer)  # type: ignore[attr-defined]


def test_a_vector_handed_out_is_the_callers_own(model: ScorePredictor) -> None:
    before = model.user_vector(0)
    model.user_vector(0)[:] = 0
    model.prior_vector[:] = 7
    assert model.user_vector(0).tolist() == before.tolist()
    assert model.fold_in(EMPTY, []).tolist() == model.prior_vector.tolist()


def test_rows_that_are_not_there_are_refused(model: ScorePredictor) -> None:
    vector = model.prior_vector
    one = np.array([0])
    for row in (-1, N_USERS):
        with pytest.raises(DataError):
            model.user_vector(row)
    with pytest.raises(DataError, match="title"):
        model.predict(vector, np.array([N_ITEMS]))
    with pytest.raises(DataError, match="rater"):
        model.predict_pairs(np.array([N_USERS]), one)
    with pytest.raises(DataError, match="pairs"):
        model.predict_pairs(np.array([0, 1]), one)
    with pytest.raises(DataError):
        model.predict(np.append(vector, vector))
    with pytest.raises(DataError):
        model.predict(np.full_like(vector, np.nan))


@pytest.mark.parametrize(
    ("items", "scores"),
    [([0], [11]), ([0], [0.5]), ([0], [np.nan]), ([0, 1], [5]), ([N_ITEMS], [5]), ([0.5], [5])],
)
def test_a_history_that_does_not_fit_is_refused(
    model: ScorePredictor, items: list[float], scores: list[float]
) -> None:
    with pytest.raises(DataError):
        model.fold_in(np.array(items), scores)


def test_the_checkerboard_is_learnt(case: Case, board: ScorePredictor) -> None:
    if not case.learns_tastes:
        pytest.skip("knows no tastes")
    ratings = samples.checkerboard()
    assert rmse(board.predict_pairs(ratings.user_index, ratings.item_index), ratings.score) < 1


def test_a_new_rater_of_the_checkerboard_is_told(case: Case, board: ScorePredictor) -> None:
    if not case.learns_tastes:
        pytest.skip("knows no tastes")
    seen, rest = np.arange(8), np.arange(8, 30)
    vector = board.fold_in(seen, np.where(seen % 2 == 0, 9, 2))
    assert rmse(board.predict(vector, rest), np.where(rest % 2 == 0, 9, 2)) < 1.5


def test_few_rows_are_fitted_closely(case: Case) -> None:
    rows = [(u, i, 10 if u == 0 else 3) for u in range(2) for i in range(20)]
    ratings = samples.ratings(rows, n_users=2, n_items=20)
    predictions = case.fit(ratings).predict_pairs(ratings.user_index, ratings.item_index)
    assert rmse(predictions, ratings.score) < 1


def test_one_rater_and_one_title_are_enough(case: Case) -> None:
    only = case.fit(samples.ratings([(0, 0, 7)], n_users=1, n_items=1))
    assert 6 < only.predict(only.user_vector(0))[0] < 8
    assert np.isfinite(only.predict_pairs(np.array([-1, 0]), np.array([-1, -1]))).all()


def test_raters_and_titles_without_rows_are_predicted(case: Case) -> None:
    rows = [(u, i, 5 + (u + i) % 3) for u in range(6) for i in range(6)]
    sparse = case.fit(samples.ratings(rows, n_users=8, n_items=9))
    predictions = sparse.predict_pairs(*every_pair(8, 9))
    assert np.all((predictions > 1) & (predictions < 10))
    unseen = sparse.predict(sparse.user_vector(7))
    assert np.allclose(unseen, sparse.predict(sparse.prior_vector), atol=1e-3)


@pytest.mark.parametrize("rows", [[], [(0, 0, 0)]])
def test_nothing_scored_is_too_little(case: Case, rows: list[tuple[int, int, int]]) -> None:
    with pytest.raises(TooLittleData):
        case.fit(samples.ratings(rows, n_users=1, n_items=1))
