import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from ml.artifacts import load_arrays, write_artifact
from ml.errors import DataError, NonFiniteData
from ml.scorer_arrays import scorer_arrays
from ml.serving import UNKNOWN, RecommenderNetScorer, clip_score
from ml.weights import PARAMETER_NAMES, RecommenderNetWeights
from tests.ml import samples

WEIGHTS = samples.random_weights()
N_USERS, N_ITEMS = 20, 30


@pytest.fixture
def scorer() -> RecommenderNetScorer:
    return RecommenderNetScorer.from_weights(WEIGHTS)


def _by_the_formula(user: int, item: int) -> float:
    joined = np.concatenate(
        [WEIGHTS["user_embedding.weight"][user], WEIGHTS["item_embedding.weight"][item]]
    )
    first = np.maximum(WEIGHTS["hl1.weight"] @ joined + WEIGHTS["hl1.bias"], 0)
    second = np.maximum(WEIGHTS["hl2.weight"] @ first + WEIGHTS["hl2.bias"], 0)
    return float((WEIGHTS["hl3.weight"] @ second + WEIGHTS["hl3.bias"])[0])


def test_predictions_are_those_of_the_network(scorer: RecommenderNetScorer) -> None:
    user = np.repeat(np.arange(N_USERS), N_ITEMS)
    item = np.tile(np.arange(N_ITEMS), N_USERS)
    expected = [_by_the_formula(u, i) for u in range(N_USERS) for i in range(N_ITEMS)]
    assert scorer.predict_pairs(user, item) == pytest.approx(expected, abs=1e-4)
    for row in range(N_USERS):
        alone = scorer.predict(scorer.user_vector(row))
        assert alone == pytest.approx(expected[row * N_ITEMS : (row + 1) * N_ITEMS], abs=1e-4)


def test_some_titles_are_predicted_as_all_are(scorer: RecommenderNetScorer) -> None:
    vector = scorer.user_vector(2)
    some = np.array([7, 3, 3])
    assert scorer.predict(vector, some) == pytest.approx(scorer.predict(vector)[some], abs=1e-5)


def test_all_titles_are_predicted_as_their_rows_are_to_the_bit() -> None:
    scorer = RecommenderNetScorer.from_weights(samples.random_weights(n_items=2_500))
    vector = scorer.user_vector(2)
    assert scorer.predict(vector, np.arange(2_500)).tobytes() == scorer.predict(vector).tobytes()


def test_threads_share_a_scorer() -> None:
    scorer = RecommenderNetScorer.from_weights(samples.random_weights(n_items=2_500))
    vectors = [scorer.user_vector(row) for row in range(N_USERS)] * 5
    alone = [scorer.predict(vector).tobytes() for vector in vectors]
    with ThreadPoolExecutor(4) as pool:
        together = [found.tobytes() for found in pool.map(scorer.predict, vectors)]
    assert together == alone


def test_a_vector_far_out_is_predicted_as_exactly() -> None:
    scorer = RecommenderNetScorer.from_weights(WEIGHTS)
    vector = 100 * scorer.user_vector(2)
    arrays = {name: array.astype(np.float64) for name, array in scorer.arrays().items()}
    first = np.maximum(arrays["item_hidden"] + arrays["user_to_hidden"] @ vector, 0)
    second = np.maximum(first @ arrays["hidden_weight"].T + arrays["hidden_bias"], 0)
    expected = second @ arrays["output_weight"] + arrays["output_bias"]
    largest = np.abs(second * arrays["output_weight"]).max()
    assert scorer.predict(vector) == pytest.approx(expected, abs=1e-5 * largest)


def test_many_pairs_are_worked_off_in_chunks(scorer: RecommenderNetScorer) -> None:
    generator = np.random.default_rng(0)
    user = generator.integers(0, N_USERS, 10_000)
    item = generator.integers(0, N_ITEMS, 10_000)
    whole = scorer.predict_pairs(user, item)
    assert whole[9_990:] == pytest.approx(
        scorer.predict_pairs(user[9_990:], item[9_990:]), abs=1e-5
    )


def test_an_unknown_rater_is_the_average_one(scorer: RecommenderNetScorer) -> None:
    item = np.arange(N_ITEMS)
    unknown = scorer.predict_pairs(np.full(N_ITEMS, UNKNOWN), item)
    assert unknown == pytest.approx(scorer.predict(scorer.prior_vector), abs=1e-4)
    mean = WEIGHTS["user_embedding.weight"].mean(axis=0)
    assert scorer.prior_vector == pytest.approx(mean, abs=1e-6)


def test_an_unknown_title_is_the_average_one(scorer: RecommenderNetScorer) -> None:
    parameters = dict(WEIGHTS.parameters)
    items = parameters["item_embedding.weight"].copy()
    items[0] = items.mean(axis=0)
    parameters["item_embedding.weight"] = items
    counts = WEIGHTS.item_count.copy()
    with_mean = RecommenderNetWeights(parameters, WEIGHTS.user_count, counts, 1.0)
    other = RecommenderNetScorer.from_weights(with_mean)
    expected = other.predict(scorer.user_vector(4), np.array([0]))
    assert scorer.predict(scorer.user_vector(4), np.array([UNKNOWN])) == pytest.approx(
        expected, abs=1e-4
    )


def test_raters_without_labels_do_not_count_for_the_average() -> None:
    counts = np.zeros(N_USERS, dtype=np.int64)
    counts[:2] = 5
    weights = RecommenderNetWeights(WEIGHTS.parameters, counts, WEIGHTS.item_count, 1.0)
    expected = WEIGHTS["user_embedding.weight"][:2].mean(axis=0)
    assert RecommenderNetScorer.from_weights(weights).prior_vector == pytest.approx(expected)


def test_arrays_from_a_read_only_map_are_never_written_to(
    tmp_path: Path, scorer: RecommenderNetScorer
) -> None:
    path = write_artifact(tmp_path, "m", arrays={"net": scorer_arrays(WEIGHTS)}, manifest={})
    before = (path / "net.safetensors").read_bytes()
    mapped = RecommenderNetScorer.from_arrays(load_arrays(path, "net"))
    vector = mapped.fold_in(np.array([1, 2]), [9, 3])
    assert mapped.predict(vector).tobytes() == scorer.predict(vector).tobytes()
    pairs = np.array([UNKNOWN, 3]), np.array([2, UNKNOWN])
    assert mapped.predict_pairs(*pairs).tobytes() == scorer.predict_pairs(*pairs).tobytes()
    assert (path / "net.safetensors").read_bytes() == before


def test_a_vector_handed_out_is_the_callers_own(scorer: RecommenderNetScorer) -> None:
    scorer.user_vector(0)[:] = 0
    assert scorer.user_vector(0).any()


def test_predicting_for_all_titles_needs_memory_for_a_chunk_only() -> None:
    scorer = RecommenderNetScorer.from_weights(samples.random_weights(n_items=200_000))
    vector = scorer.prior_vector
    tracemalloc.start()
    scorer.predict(vector)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # The output alone is 0.8 MB; a first layer for all titles would be 8 MB.
    assert peak < 3_000_000


def test_arrays_go_out_and_in(scorer: RecommenderNetScorer) -> None:
    again = RecommenderNetScorer.from_arrays(scorer.arrays())
    assert (again.n_users, again.n_items) == (N_USERS, N_ITEMS)
    assert again.predict(again.prior_vector).tobytes() == (
        scorer.predict(scorer.prior_vector).tobytes()
    )


def test_arrays_that_do_not_fit_are_refused(scorer: RecommenderNetScorer) -> None:
    arrays = scorer.arrays()
    with pytest.raises(DataError, match="hidden_bias"):
        RecommenderNetScorer({k: v for k, v in arrays.items() if k != "hidden_bias"})
    with pytest.raises(DataError, match="item_hidden"):
        RecommenderNetScorer({**arrays, "item_hidden": arrays["item_hidden"][:, :3]})


def test_rows_that_are_not_there_are_refused(scorer: RecommenderNetScorer) -> None:
    vector = scorer.prior_vector
    with pytest.raises(DataError):
        scorer.user_vector(N_USERS)
    with pytest.raises(DataError):
        scorer.user_vector(-1)
    with pytest.raises(DataError, match="title"):
        scorer.predict(vector, np.array([N_ITEMS]))
    with pytest.raises(DataError, match="rater"):
        scorer.predict_pairs(np.array([N_USERS]), np.array([0]))
    with pytest.raises(DataError, match="pairs"):
        scorer.predict_pairs(np.array([0, 1]), np.array([0]))
    with pytest.raises(DataError):
        scorer.predict(vector[:-1])
    with pytest.raises(DataError):
        scorer.predict(np.full_like(vector, np.nan))


def test_scores_are_clipped_to_their_range() -> None:
    assert clip_score([-3.0, 5.5, 11.0]).tolist() == [1.0, 5.5, 10.0]


def test_weights_that_do_not_fit_are_refused() -> None:
    arrays = WEIGHTS.arrays()
    with pytest.raises(DataError, match=r"hl2\.bias"):
        RecommenderNetWeights.from_arrays({k: v for k, v in arrays.items() if k != "hl2.bias"})
    with pytest.raises(DataError, match=r"hl1\.weight"):
        RecommenderNetWeights.from_arrays({**arrays, "hl1.weight": arrays["hl1.weight"][:, 1:]})
    with pytest.raises(DataError, match="user_count"):
        RecommenderNetWeights.from_arrays({**arrays, "user_count": arrays["user_count"][1:]})
    broken = arrays["hl1.bias"].copy()
    broken[0] = np.nan
    with pytest.raises(NonFiniteData, match=r"hl1\.bias"):
        RecommenderNetWeights.from_arrays({**arrays, "hl1.bias": broken})


def test_weights_go_out_and_in() -> None:
    again = RecommenderNetWeights.from_arrays(WEIGHTS.arrays())
    assert all(again[name].tobytes() == WEIGHTS[name].tobytes() for name in PARAMETER_NAMES)
    assert again.residual_variance == WEIGHTS.residual_variance
