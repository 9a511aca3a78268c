import json

import pytest

from ml.config import RecommenderNetConfig
from ml.errors import ConfigError
from ml.suite_config import COLLABORATIVE, MODELS, RECOMMENDER_NET, SuiteConfig
from tests.ml.samples import quick_suite_config


@pytest.mark.parametrize("model", ["for-you", "Collaborative", "recommender_net", " "])
def test_a_model_that_there_is_not_is_refused(model: str) -> None:
    with pytest.raises(ConfigError, match=r"Models: recommender-net, collaborative\."):
        SuiteConfig(model=model)


def test_without_a_name_every_model_is_fitted_and_with_one_that_alone() -> None:
    fits = {
        model: [each for each in MODELS if SuiteConfig(model=model).fits(each)]
        for model in ("", *MODELS)
    }
    assert fits == {
        "": [RECOMMENDER_NET, COLLABORATIVE],
        RECOMMENDER_NET: [RECOMMENDER_NET],
        COLLABORATIVE: [COLLABORATIVE],
    }


def test_it_is_built_from_the_settings_of_a_run() -> None:
    config = SuiteConfig.of(RECOMMENDER_NET, {"n_epochs": 3, "hidden": [8, 4]}, comparisons=False)
    assert config.model == RECOMMENDER_NET
    assert config.net == RecommenderNetConfig(n_epochs=3, hidden=(8, 4))
    assert not config.comparisons
    assert config.ease == SuiteConfig().ease


@pytest.mark.parametrize("values", [{"epochs": 3}, {"n_epochs": 0}, {"n_epochs": "3"}])
def test_settings_that_cannot_be_are_refused(values: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match="epochs"):
        SuiteConfig.of("", values)


def test_a_refit_has_the_epochs_it_is_told_and_nothing_else_changes() -> None:
    config = quick_suite_config()
    changed = config.with_epochs(7, 9)
    assert (changed.net.n_epochs, changed.factorisation.n_epochs) == (7, 9)
    assert changed.with_epochs(config.net.n_epochs, config.factorisation.n_epochs) == config
    assert config.with_epochs(None, None) == config


def test_a_manifest_can_hold_every_setting() -> None:
    config = quick_suite_config(model=COLLABORATIVE)
    stored = json.loads(json.dumps(config.to_dict(), allow_nan=False))
    assert list(stored) == [
        "model",
        "net",
        "factorisation",
        "neighbours",
        "ease",
        "ease_broad",
        "als",
        "blend",
        "comparisons",
    ]
    assert stored["model"] == COLLABORATIVE
    assert stored["ease"]["weights_per_title"] == 8
    assert stored["ease_broad"]["weights_per_title"] == 30
    assert RecommenderNetConfig.from_dict(stored["net"]) == config.net
