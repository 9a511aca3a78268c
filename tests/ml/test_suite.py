"""A suite goes to an artifact and back to the bit, and damage is told by type."""

from pathlib import Path

import numpy as np
import pytest

from ml.artifacts import load_arrays, verify_artifact, write_artifact
from ml.errors import ArtifactDamaged, ArtifactMissing, DataError
from ml.histories import Histories
from ml.ranking import top_k_rows
from ml.suite import IMPLICIT_ALS, RANKERS, Suite
from ml.suite_config import COLLABORATIVE, MODELS, RECOMMENDER_NET
from ml.suite_fit import fit_held_out, refit
from tests.ml import samples

RATINGS, PARTS = samples.thinned_checkerboard()
FEATURES = samples.colours(30)
PAIRS = np.array([-1, 0, 3, 29, 5]), np.array([4, -1, 7, 29, 0])
HISTORIES = Histories.of_ratings(RATINGS)


@pytest.fixture(scope="module")
def both() -> dict[bool, Suite]:
    """The held-out fit and the served one."""
    config = samples.quick_suite_config()
    held_out = fit_held_out(RATINGS, PARTS, config, features=FEATURES)
    return {
        True: held_out.suite,
        False: refit(RATINGS, held_out, config, features=FEATURES),
    }


@pytest.fixture
def stored(both: dict[bool, Suite], tmp_path: Path) -> Path:
    """Both in one artifact."""
    groups = {**both[False].groups(), **both[True].groups(held_out=True)}
    return write_artifact(tmp_path, "both", arrays=groups, manifest={})


@pytest.mark.parametrize("held_out", [False, True])
def test_both_fits_come_back_from_one_artifact_to_the_bit(
    both: dict[bool, Suite], stored: Path, held_out: bool
) -> None:
    verify_artifact(stored)
    before, after = both[held_out], Suite.load(stored, held_out=held_out)
    assert before.best
    assert after.best
    assert before.net
    assert after.net
    history = np.array([2, 3, 8]), [9, 0, 2]
    for one, other in ((before.best, after.best), (before.net, after.net)):
        assert other.predict_pairs(*PAIRS).tobytes() == one.predict_pairs(*PAIRS).tobytes()
        vector = other.fold_in(*history)
        assert vector.tobytes() == one.fold_in(*history).tobytes()
        assert other.predict(vector).tobytes() == one.predict(vector).tobytes()
    assert before.ordinal
    assert after.ordinal
    points, spreads = before.best.predict_pairs(*PAIRS), before.best.spread_pairs(*PAIRS)
    decoded = after.ordinal.decode(points, after.best.spread_pairs(*PAIRS), how="balanced")
    assert decoded.tobytes() == before.ordinal.decode(points, spreads, how="balanced").tobytes()
    assert list(after.rankers) == list(RANKERS)
    for name, ranker in before.rankers.items():
        relevance = after.rankers[name].relevance(HISTORIES)
        assert relevance.tobytes() == ranker.relevance(HISTORIES).tobytes(), name
    assert before.for_you
    assert after.for_you
    assert after.for_you.weights == before.for_you.weights
    relevance = after.for_you.relevance(HISTORIES)
    assert relevance.tobytes() == before.for_you.relevance(HISTORIES).tobytes()


def test_the_two_fits_are_told_apart(both: dict[bool, Suite], stored: Path) -> None:
    counts = [
        Suite.load(stored, held_out=each).rankers["popular"].arrays() for each in (True, False)
    ]
    held_out, served = (each["n_raters"].sum() for each in counts)
    assert (held_out, served) == (PARTS.train.sum(), len(RATINGS))
    assert both[True].groups().keys() == both[False].groups().keys()
    assert all(name.startswith("held-out.") for name in both[True].groups(held_out=True))


def test_arrays_are_mapped_and_the_blend_shares_the_rankers(stored: Path) -> None:
    suite = Suite.load(stored)
    assert suite.for_you
    for name, ranker in suite.for_you.rankers.items():
        assert ranker is suite.rankers[name]
    vectors = suite.rankers[IMPLICIT_ALS].arrays()["item_vectors"]
    assert not vectors.flags.writeable
    assert vectors.tobytes() == load_arrays(stored, IMPLICIT_ALS)["item_vectors"].tobytes()


@pytest.mark.parametrize("model", MODELS)
def test_what_was_not_fitted_is_none(model: str, tmp_path: Path) -> None:
    config = samples.quick_suite_config(model=model)
    suite = fit_held_out(RATINGS, PARTS, config, features=FEATURES).suite
    path = write_artifact(tmp_path, "one", arrays=suite.groups(), manifest={})
    loaded = Suite.load(path)
    assert [loaded.best, loaded.ordinal, loaded.for_you, loaded.guess] == [None] * 4
    assert (loaded.net is None) == (model == COLLABORATIVE)
    assert loaded.predictor is loaded.net
    assert set(loaded.rankers) == {"popular"} | ({model} - {RECOMMENDER_NET})
    assert loaded.guessed_vectors(FEATURES) is None


def test_an_artifact_without_such_models_says_so(both: dict[bool, Suite], tmp_path: Path) -> None:
    served = write_artifact(tmp_path, "served", arrays=both[False].groups(), manifest={})
    with pytest.raises(ArtifactMissing, match="no held-out models"):
        Suite.load(served, held_out=True)
    other = write_artifact(tmp_path, "other", arrays={"ids": {"ids": np.arange(3)}}, manifest={})
    with pytest.raises(ArtifactMissing, match="no models"):
        Suite.load(other)
    with pytest.raises(ArtifactMissing):
        Suite.load(tmp_path / "none")


def test_a_blend_without_one_of_its_rankers_is_damaged(
    both: dict[bool, Suite], tmp_path: Path
) -> None:
    groups, for_you = both[False].groups(), both[False].for_you
    assert for_you
    del groups[for_you.lead]
    path = write_artifact(tmp_path, "less", arrays=groups, manifest={})
    with pytest.raises(ArtifactDamaged, match="no set of models"):
        Suite.load(path)


@pytest.mark.parametrize(
    ("group", "name"),
    [
        ("recommender_net", "output_bias"),
        ("predictor", "intercept"),
        ("ordinal", "prior"),
        ("guess", "pairs"),
        ("popular", "n_raters"),
        (COLLABORATIVE, "weight_of_score"),
        (IMPLICIT_ALS, "system"),
    ],
)
def test_a_group_without_one_of_its_arrays_is_damaged(
    both: dict[bool, Suite], tmp_path: Path, group: str, name: str
) -> None:
    groups = both[False].groups()
    del groups[group][name]
    path = write_artifact(tmp_path, "less", arrays=groups, manifest={})
    with pytest.raises(ArtifactDamaged, match="no set of models"):
        Suite.load(path)


def test_a_group_whose_file_is_gone_is_missing(stored: Path) -> None:
    (stored / "held-out.guess.safetensors").unlink()
    with pytest.raises(ArtifactMissing):
        Suite.load(stored, held_out=True)
    assert Suite.load(stored).guess


@pytest.mark.parametrize("held_out", [False, True])
def test_a_damaged_byte_of_any_group_is_found(
    both: dict[bool, Suite], stored: Path, held_out: bool
) -> None:
    for group in both[held_out].groups(held_out=held_out):
        file = stored / f"{group}.safetensors"
        whole = file.read_bytes()
        file.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
        with pytest.raises(ArtifactDamaged, match=group):
            verify_artifact(stored)
        file.write_bytes(whole)
    verify_artifact(stored)


def test_unrated_titles_are_ranked_by_their_colour(both: dict[bool, Suite], stored: Path) -> None:
    items = np.arange(10)
    histories = Histories.of_one(items, np.where(items % 2 == 0, 9, 2), 30)
    suite = Suite.load(stored)
    vectors = suite.guessed_vectors(samples.colours(7))
    assert vectors is not None
    assert vectors.shape == (7, 4)
    relevance = suite.relevance_of_guessed(histories, vectors)
    assert relevance.dtype == np.float32
    assert relevance.shape == (1, 7)
    assert set(top_k_rows(relevance, None, 4)[0]) == {0, 2, 4, 6}
    before = both[False].guessed_vectors(samples.colours(7))
    assert before is not None
    assert vectors.tobytes() == before.tobytes()
    assert both[False].relevance_of_guessed(histories, before).tobytes() == relevance.tobytes()
    assert suite.relevance_of_guessed(histories, vectors[:0]).shape == (1, 0)
    with pytest.raises(DataError, match="Expected 3 features"):
        suite.guessed_vectors(FEATURES[:, :2])


def test_without_factors_nothing_is_guessed(both: dict[bool, Suite]) -> None:
    rankers = {name: each for name, each in both[False].rankers.items() if name != IMPLICIT_ALS}
    suite = Suite(rankers=rankers, guess=both[False].guess)
    assert suite.guessed_vectors(FEATURES) is None
    with pytest.raises(DataError, match="implicit factors"):
        suite.relevance_of_guessed(HISTORIES, np.zeros((3, 4), np.float32))


def test_an_empty_suite_predicts_and_ranks_nothing() -> None:
    suite = Suite()
    assert suite.predictor is None
    assert suite.groups() == {}
    assert suite.guessed_vectors(FEATURES) is None
