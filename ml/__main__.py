"""``python -m ml``: train, evaluate and predict on CSV files, with no Django and no database."""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from ml.artifacts import check_name
from ml.config import DEVICE_NAMES, RecommenderNetConfig
from ml.errors import ArtifactError, ConfigError, DataError, DeviceUnavailable, MlError
from ml.history import EpochResult
from ml.pipeline import StoredModel, format_metrics, train_model
from ml.rating_files import read_pairs, read_ratings, write_predictions

_INPUT_ERRORS = (ArtifactError, ConfigError, DataError, DeviceUnavailable)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return 0, 1 when it failed, or 2 when what was given cannot be used."""
    options = _parser().parse_args(arguments)
    try:
        options.command(options)
    except _INPUT_ERRORS as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except (FileNotFoundError, IsADirectoryError, PermissionError) as error:
        print(f"error: {error.filename}: {error.strerror}", file=sys.stderr)
        return 2
    except (MlError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    defaults = RecommenderNetConfig()
    parser = argparse.ArgumentParser(prog="python -m ml", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    train = commands.add_parser("train", help="fit RecommenderNet, measure it and store it")
    train.add_argument("ratings", type=Path, metavar="RATINGS.csv", help="user_id,anime_id,rating")
    train.add_argument("--output", type=Path, required=True, metavar="DIR", help="a new folder")
    train.add_argument("--epochs", type=int, default=defaults.n_epochs)
    train.add_argument("--batch-size", type=int, default=defaults.batch_size)
    train.add_argument("--learning-rate", type=float, default=defaults.learning_rate)
    train.add_argument("--seed", type=int, default=defaults.seed)
    train.add_argument("--device", choices=DEVICE_NAMES, default=defaults.device)
    train.set_defaults(command=_train)

    evaluate = commands.add_parser("evaluate", help="measure a stored model on the test part")
    evaluate.add_argument("ratings", type=Path, metavar="RATINGS.csv")
    evaluate.add_argument("--model", type=Path, required=True, metavar="DIR")
    evaluate.add_argument("--json", action="store_true", help="print JSON instead of a table")
    evaluate.set_defaults(command=_evaluate)

    predict = commands.add_parser("predict", help="predict the score of each pair of a file")
    predict.add_argument("pairs", type=Path, metavar="PAIRS.csv", help="user_id,anime_id")
    predict.add_argument("--model", type=Path, required=True, metavar="DIR")
    predict.add_argument("--output", type=Path, required=True, metavar="FILE")
    predict.set_defaults(command=_predict)
    return parser


def _train(options: argparse.Namespace) -> None:
    config = RecommenderNetConfig(
        n_epochs=options.epochs,
        batch_size=options.batch_size,
        learning_rate=options.learning_rate,
        seed=options.seed,
        device=options.device,
    )
    output = options.output.resolve()
    check_name(output.name)  # before a long training, not after it
    if output.exists():
        raise DataError(f"{output} is there already; give --output a new folder.")
    measured = train_model(read_ratings(options.ratings), config, output=output, on_epoch=_report)
    if os.environ.get("RANK", "0") == "0":  # torchrun starts several of this process
        print(format_metrics(measured))


def _report(stage: str, result: EpochResult) -> None:
    validation = (
        "" if result.validation_rmse is None else f" validation {result.validation_rmse:.4f}"
    )
    print(
        f"{stage}: epoch {result.epoch}/{result.n_epochs} RMSE train {result.train_rmse:.4f}"
        f"{validation} ({result.seconds:.1f} s, {result.rows_per_second:,.0f} rows/s)",
        file=sys.stderr,
    )


def _evaluate(options: argparse.Namespace) -> None:
    measured = StoredModel.load(options.model.resolve()).evaluate(read_ratings(options.ratings))
    print(json.dumps(measured, indent=2) if options.json else format_metrics(measured))


def _predict(options: argparse.Namespace) -> None:
    if not options.output.resolve().parent.is_dir():
        raise DataError(f"{options.output.parent} is no folder; --output must lie in one.")
    user_id, anime_id = read_pairs(options.pairs)
    model = StoredModel.load(options.model.resolve())
    write_predictions(options.output, user_id, anime_id, model.predict(user_id, anime_id))
    print(f"{len(user_id):,} predictions written to {options.output}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
