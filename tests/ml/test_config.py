import pytest

from ml.config import RecommenderNetConfig
from ml.errors import ConfigError, MlError


def test_the_defaults_are_the_reference_architecture() -> None:
    config = RecommenderNetConfig()
    assert (config.embedding_dim, config.hidden, config.dropout) == (100, (128, 64), 0.1)


def test_a_configuration_survives_json() -> None:
    import json

    config = RecommenderNetConfig(hidden=(32, 16), seed=7)
    assert RecommenderNetConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config


def test_an_unknown_setting_is_refused_by_name() -> None:
    with pytest.raises(ConfigError, match="learning_rte"):
        RecommenderNetConfig.from_dict({"learning_rte": 0.1})


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("embedding_dim", 0),
        ("hidden", (128,)),
        ("hidden", (128, 0)),
        ("dropout", 1.0),
        ("dropout", float("nan")),
        ("learning_rate", 0.0),
        ("learning_rate", float("inf")),
        ("final_learning_rate_share", 1.5),
        ("embedding_decay", -1.0),
        ("embedding_scale", 0.0),
        ("start_at_mean", 1),
        ("batch_size", 0),
        ("batch_size", 10.5),
        ("min_batches", 0),
        ("n_epochs", 0),
        ("n_epochs", True),
        ("seed", -1),
        ("device", "tpu"),
        ("threads", 0),
        ("embedding_learning_rate", 0.0),
        ("rows_per_rater", 0),
        ("patience", -1),
        ("precision", "float16"),
    ],
)
def test_a_value_out_of_range_is_refused_by_name(field: str, value: object) -> None:
    with pytest.raises(ConfigError, match=field):
        RecommenderNetConfig.from_dict({field: value})


def test_the_error_is_a_value_error_too() -> None:
    assert issubclass(ConfigError, MlError)
    assert issubclass(ConfigError, ValueError)


def test_few_rows_make_smaller_batches() -> None:
    config = RecommenderNetConfig(batch_size=1024, min_batches=64)
    assert [config.rows_per_batch(rows) for rows in (5, 6_400, 1_000_000)] == [1, 100, 1024]


def test_the_reference_settings_keep_the_step_size_and_do_not_decay() -> None:
    config = RecommenderNetConfig.reference(seed=3)
    assert (config.batch_size, config.n_epochs, config.seed) == (1024, 5, 3)
    assert (config.embedding_decay, config.final_learning_rate_share) == (0.0, 1.0)
    assert (config.rows_per_rater, config.patience) == (1, 0)
