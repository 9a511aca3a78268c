"""All models of a suite are fitted twice; the second fit keeps to what the first has chosen."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ml.data import Ratings, Split
from ml.errors import Cancelled, DataError, NonFiniteData, TooLittleData
from ml.held_out import HeldOut
from ml.histories import Histories
from ml.history import EpochResult
from ml.ranking import top_k_rows
from ml.score_neighbours import ScoreNeighbours
from ml.suite import Suite
from ml.suite_config import COLLABORATIVE, MODELS, RECOMMENDER_NET
from ml.suite_fit import Follower, HeldOutFit, fit_held_out, refit
from tests.ml import samples

RATINGS, PARTS = samples.thinned_checkerboard()
FEATURES = samples.colours(30)
CONFIG = samples.quick_suite_config()
STEPS = [
    "RecommenderNet",
    "Matrix factorisation",
    "Errors on similar titles",
    "Weighing the predictors",
    "EASE",
    "EASE with many weights",
    "Implicit factors",
    "Weighing the rankers",
]
REFIT_STEPS = [step for step in STEPS if not step.startswith("Weighing")]


def bits(suite: Suite) -> dict[str, bytes]:
    """Every byte of a suite, by group and name."""
    return {
        f"{group}.{name}": array.tobytes()
        for group, arrays in suite.groups().items()
        for name, array in arrays.items()
    }


def told(steps: list[str], epochs: list[tuple[str, EpochResult]] | None = None) -> Follower:
    """A follower that writes down what it is told."""
    heard: list[tuple[str, EpochResult]] = [] if epochs is None else epochs
    return Follower(step=steps.append, epoch=lambda model, result: heard.append((model, result)))


@pytest.fixture(scope="module")
def held_out() -> HeldOutFit:
    return fit_held_out(RATINGS, PARTS, CONFIG, features=FEATURES)


@pytest.fixture(scope="module")
def served(held_out: HeldOutFit) -> Suite:
    return refit(RATINGS, held_out, CONFIG, features=FEATURES)


def test_every_part_is_fitted_in_order(held_out: HeldOutFit) -> None:
    steps: list[str] = []
    epochs: list[tuple[str, EpochResult]] = []
    again = fit_held_out(RATINGS, PARTS, CONFIG, features=FEATURES, follower=told(steps, epochs))
    assert steps == STEPS
    assert [(model, result.epoch) for model, result in epochs[:3]] == [
        (RECOMMENDER_NET, 1),
        (RECOMMENDER_NET, 2),
        (RECOMMENDER_NET, 3),
    ]
    assert {model for model, _ in epochs[3:]} == {"matrix-factorisation"}
    assert [result.epoch for result in again.history] == [1, 2, 3]
    assert bits(again.suite) == bits(held_out.suite)  # the same seed, the same bits


def test_every_part_is_there(held_out: HeldOutFit, served: Suite) -> None:
    for suite in (held_out.suite, served):
        assert set(suite.groups()) == {
            "recommender_net",
            "predictor",
            "ordinal",
            "for-you",
            "guess",
            "popular",
            "collaborative",
            "ease-broad",
            "implicit-als",
        }
        assert suite.predictor is suite.best


def test_a_refit_takes_over_what_was_chosen(held_out: HeldOutFit, served: Suite) -> None:
    steps: list[str] = []
    epochs: list[tuple[str, EpochResult]] = []
    again = refit(RATINGS, held_out, CONFIG, features=FEATURES, follower=told(steps, epochs))
    assert bits(again) == bits(served)
    assert steps == REFIT_STEPS
    for model, n_epochs in (
        (RECOMMENDER_NET, held_out.net_epochs),
        ("matrix-factorisation", held_out.factorisation_epochs),
    ):
        own = [result for name, result in epochs if name == model]
        assert [result.epoch for result in own] == list(range(1, (n_epochs or 0) + 1))
        assert all(result.validation_rmse is None for result in own)
    before = held_out.suite
    assert served.best
    assert before.best
    assert served.for_you
    assert before.for_you
    assert served.best.weights == before.best.weights
    assert served.best.intercept == before.best.intercept
    assert served.ordinal is before.ordinal
    assert served.for_you.weights == before.for_you.weights
    assert served.for_you.lead == before.for_you.lead
    neighbours = served.best.parts["score_neighbours"]
    assert isinstance(neighbours, ScoreNeighbours)
    assert neighbours.gain == held_out.gain
    assert held_out.gain not in (0.0, 1.0)


def test_a_refit_learns_from_all_rows(held_out: HeldOutFit, served: Suite) -> None:
    popular = served.rankers["popular"].arrays()["n_raters"]
    assert popular.tolist() == np.bincount(RATINGS.item_index).tolist()
    train = RATINGS.take(PARTS.train)
    before = held_out.suite.rankers["popular"].arrays()["n_raters"]
    assert before.tolist() == np.bincount(train.item_index).tolist()
    # The blend asks the rankers that the suite has, not those of the other fit.
    assert served.for_you is not None
    for name, ranker in served.for_you.rankers.items():
        assert ranker is served.rankers[name]


def test_a_held_out_fit_never_sees_the_test_rows(held_out: HeldOutFit) -> None:
    turned = np.where(PARTS.test, 11 - RATINGS.score, RATINGS.score).astype(np.int8)
    other = fit_held_out(replace(RATINGS, score=turned), PARTS, CONFIG, features=FEATURES)
    assert bits(other.suite) == bits(held_out.suite)
    fewer = ~PARTS.test
    without = fit_held_out(RATINGS.take(fewer), Split(PARTS.part[fewer]), CONFIG, features=FEATURES)
    assert bits(without.suite) == bits(held_out.suite)


def test_the_best_ranker_on_validation_leads(held_out: HeldOutFit) -> None:
    validation = HeldOut.of(RATINGS, PARTS, "validation")
    ndcg = {
        name: validation.mean_ndcg(ranker.relevance)
        for name, ranker in held_out.suite.rankers.items()
    }
    assert held_out.suite.for_you is not None
    assert ndcg[held_out.suite.for_you.lead] == max(ndcg.values())


def test_another_seed_is_another_fit(held_out: HeldOutFit) -> None:
    config = replace(CONFIG, model=RECOMMENDER_NET, net=replace(CONFIG.net, seed=1))
    net = fit_held_out(RATINGS, PARTS, config).suite.net
    assert net
    assert held_out.suite.net
    pairs = RATINGS.user_index, RATINGS.item_index
    assert not np.allclose(net.predict_pairs(*pairs), held_out.suite.net.predict_pairs(*pairs))


@pytest.mark.parametrize(
    ("model", "steps", "groups"),
    [
        (RECOMMENDER_NET, ["RecommenderNet"], {"recommender_net", "popular"}),
        (COLLABORATIVE, ["EASE"], {"collaborative", "popular"}),
    ],
)
def test_one_model_by_itself_is_as_in_the_suite(
    held_out: HeldOutFit, model: str, steps: list[str], groups: set[str]
) -> None:
    heard: list[str] = []
    config = replace(CONFIG, model=model)
    alone = fit_held_out(RATINGS, PARTS, config, features=FEATURES, follower=told(heard))
    assert heard == steps
    assert set(alone.suite.groups()) == groups
    all_bits = bits(held_out.suite)
    assert all(all_bits[name] == own for name, own in bits(alone.suite).items())
    assert set(refit(RATINGS, alone, config).groups()) == groups
    assert alone.factorisation_epochs is None
    assert (alone.net_epochs is None) == (model == COLLABORATIVE)


def test_without_features_there_is_no_guess() -> None:
    suite = fit_held_out(RATINGS, PARTS, CONFIG).suite
    assert suite.guess is None
    assert suite.for_you is not None


@pytest.mark.parametrize("n_steps", range(len(STEPS)))
def test_a_fit_can_be_stopped_at_every_step(n_steps: int) -> None:
    steps: list[str] = []
    follower = replace(told(steps), should_stop=lambda: len(steps) == n_steps)
    with pytest.raises(Cancelled):
        fit_held_out(RATINGS, PARTS, CONFIG, features=FEATURES, follower=follower)
    assert steps == STEPS[:n_steps]


@pytest.mark.parametrize("n_steps", range(len(REFIT_STEPS)))
def test_a_refit_can_be_stopped_at_every_step(held_out: HeldOutFit, n_steps: int) -> None:
    steps: list[str] = []
    follower = replace(told(steps), should_stop=lambda: len(steps) == n_steps)
    with pytest.raises(Cancelled):
        refit(RATINGS, held_out, CONFIG, features=FEATURES, follower=follower)
    assert steps == REFIT_STEPS[:n_steps]


def stopped_after_an_epoch(checkpoint: Path) -> None:
    """Leave the checkpoint of a fit that was stopped after its first epoch."""
    epochs: list[tuple[str, EpochResult]] = []
    follower = replace(told([], epochs), should_stop=lambda: bool(epochs), checkpoint=checkpoint)
    with pytest.raises(Cancelled):
        fit_held_out(RATINGS, PARTS, CONFIG, features=FEATURES, follower=follower)
    assert [result.epoch for _, result in epochs] == [1]


def test_a_fit_goes_on_from_its_checkpoint(held_out: HeldOutFit, tmp_path: Path) -> None:
    stopped_after_an_epoch(tmp_path / "state")
    epochs: list[tuple[str, EpochResult]] = []
    notes: list[str] = []
    follower = replace(told([], epochs), checkpoint=tmp_path / "state", note=notes.append)
    resumed = fit_held_out(RATINGS, PARTS, CONFIG, features=FEATURES, follower=follower)
    own = [result.epoch for model, result in epochs if model == RECOMMENDER_NET]
    assert own == [2, 3]
    assert [result.epoch for result in resumed.history] == [1, 2, 3]
    assert notes == []
    assert bits(resumed.suite) == bits(held_out.suite)


def damage(checkpoint: Path) -> Ratings:
    """Spoil the state's tensors."""
    file = next(checkpoint.glob("*.safetensors"))
    file.write_bytes(file.read_bytes()[:-1])
    return RATINGS


def grow(checkpoint: Path) -> Ratings:
    """Change the data meanwhile."""
    rows = np.flatnonzero(PARTS.train)[:1]
    changed = RATINGS.score.copy()
    changed[rows] = 1 + changed[rows] % 10
    return replace(RATINGS, score=changed)


@pytest.mark.parametrize("change", [damage, grow])
def test_a_checkpoint_that_is_of_no_use_is_told_of_and_left(
    tmp_path: Path, change: Callable[[Path], Ratings]
) -> None:
    stopped_after_an_epoch(tmp_path / "state")
    ratings = change(tmp_path / "state")
    epochs: list[tuple[str, EpochResult]] = []
    notes: list[str] = []
    follower = replace(told([], epochs), checkpoint=tmp_path / "state", note=notes.append)
    config = replace(CONFIG, model=RECOMMENDER_NET)
    anew = fit_held_out(ratings, PARTS, config, follower=follower)
    assert [result.epoch for _, result in epochs] == [1, 2, 3]
    assert len(notes) == 1
    assert notes[0].startswith("Starting anew: ")
    assert bits(anew.suite) == bits(fit_held_out(ratings, PARTS, config).suite)


ONE_ROW = samples.ratings([(0, 0, 7)], n_users=1, n_items=1)
FEW_ROWS = samples.ratings(
    [(0, 0, 7), (0, 1, 0), (1, 1, 3), (1, 2, 9), (2, 0, 1)], n_users=4, n_items=5
)


@pytest.mark.parametrize("ratings", [ONE_ROW, FEW_ROWS], ids=["one row", "few rows"])
def test_data_too_small_to_hold_rows_back_is_served_all_the_same(ratings: Ratings) -> None:
    parts = samples.split_of(ratings)
    assert not parts.validation.any()
    features = samples.colours(ratings.n_items)
    first = fit_held_out(ratings, parts, CONFIG, features=features)
    suite = refit(ratings, first, CONFIG, features=features)
    assert suite.best
    assert suite.for_you
    assert suite.best.weights == {"score_neighbours": 1.0}
    assert suite.ordinal is None
    assert suite.for_you.weights == {COLLABORATIVE: 1.0}
    vector = suite.best.fold_in(np.array([0]), [7])
    assert np.isfinite(suite.best.predict(vector)).all()
    nobody = Histories.of_one([], [], ratings.n_items)
    relevance = suite.for_you.relevance(nobody)
    assert sorted(top_k_rows(relevance, None, 9)[0])[-ratings.n_items :] == list(
        range(ratings.n_items)
    )


@pytest.mark.parametrize("model", ["", *MODELS])
@pytest.mark.parametrize(("n_users", "n_items"), [(0, 0), (3, 2)])
def test_no_rows_are_too_little(model: str, n_users: int, n_items: int) -> None:
    nothing = samples.ratings([], n_users=n_users, n_items=n_items)
    config = samples.quick_suite_config(model=model)
    with pytest.raises(TooLittleData):
        fit_held_out(nothing, samples.split_of(nothing), config)


def test_without_a_score_titles_can_be_ranked_but_no_score_predicted() -> None:
    watched = replace(RATINGS, score=np.zeros_like(RATINGS.score))
    parts = samples.split_of(watched)
    for model in ("", RECOMMENDER_NET):
        with pytest.raises(TooLittleData):
            fit_held_out(watched, parts, samples.quick_suite_config(model=model))
    config = samples.quick_suite_config(model=COLLABORATIVE)
    suite = fit_held_out(watched, parts, config).suite
    assert suite.predictor is None
    assert set(suite.rankers) == {COLLABORATIVE, "popular"}


def test_numbers_that_are_none_do_not_get_in() -> None:
    score = np.where(np.arange(len(RATINGS)) == 5, np.nan, 7.0)
    with pytest.raises(NonFiniteData):
        replace(RATINGS, score=score)
    for wrong in (np.nan, np.inf, 2, -1):
        features = FEATURES.copy()
        features[3, 1] = wrong
        refused_before_the_first_step(features, "0 or 1")


@pytest.mark.parametrize("shape", [(30,), (29, 3), (30, 3, 1)])
def test_features_of_other_titles_are_refused_at_once(shape: tuple[int, ...]) -> None:
    refused_before_the_first_step(np.zeros(shape), "30 titles need a row each")


def refused_before_the_first_step(features: np.ndarray, message: str) -> None:
    steps: list[str] = []
    nothing = HeldOutFit(Suite(), None, None, 1.0, [])
    with pytest.raises(DataError, match=message):
        fit_held_out(RATINGS, PARTS, CONFIG, features=features, follower=told(steps))
    with pytest.raises(DataError, match=message):
        refit(RATINGS, nothing, CONFIG, features=features, follower=told(steps))
    assert steps == []
