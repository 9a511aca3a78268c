"""``python -m ml``: train, evaluate, predict and recommend from CSV files, with no database."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from ml.artifacts import check_name
from ml.config import DEVICE_NAMES, RecommenderNetConfig
from ml.errors import ArtifactError, ConfigError, DataError, DeviceUnavailable, MlError
from ml.implicit_als import ImplicitAlsConfig
from ml.matrix_factorisation_config import MatrixFactorisationConfig
from ml.pipeline import train_suite
from ml.rating_files import (
    read_pairs,
    read_ratings,
    read_titles,
    write_lists,
    write_predictions,
)
from ml.report_table import format_table
from ml.stored_model import METHODS, StoredModel
from ml.suite_config import MODELS, SuiteConfig
from ml.threads import blas_threads

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

    train = commands.add_parser("train", help="fit all models, measure them and store them")
    train.add_argument("ratings", type=Path, metavar="RATINGS.csv", help="user_id,anime_id,rating")
    train.add_argument("--output", type=Path, required=True, metavar="DIR", help="a new folder")
    train.add_argument("--anime", type=Path, metavar="ANIME.csv", help="anime_id,genre,type")
    train.add_argument("--model", choices=MODELS, default="", help="fit this one by itself")
    train.add_argument("--epochs", type=int, default=defaults.n_epochs, help="of RecommenderNet")
    train.add_argument("--batch-size", type=int, default=defaults.batch_size)
    train.add_argument("--learning-rate", type=float, default=defaults.learning_rate)
    train.add_argument("--seed", type=int, default=defaults.seed)
    train.add_argument("--device", choices=DEVICE_NAMES, default=defaults.device)
    train.add_argument(
        "--no-comparisons",
        dest="comparisons",
        action="store_false",
        help="leave out the models that the evaluation only compares with",
    )
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

    recommend = commands.add_parser("recommend", help="make a list for each rater of a file")
    recommend.add_argument("ratings", type=Path, metavar="RATINGS.csv")
    recommend.add_argument("--model", type=Path, required=True, metavar="DIR")
    recommend.add_argument("--method", choices=METHODS, default=METHODS[0])
    recommend.add_argument("-n", type=int, default=10, help="titles in a list")
    recommend.add_argument("--output", type=Path, required=True, metavar="FILE")
    recommend.set_defaults(command=_recommend)
    return parser


def _train(options: argparse.Namespace) -> None:
    config = SuiteConfig(
        model=options.model,
        net=RecommenderNetConfig(
            n_epochs=options.epochs,
            batch_size=options.batch_size,
            learning_rate=options.learning_rate,
            seed=options.seed,
            device=options.device,
        ),
        factorisation=MatrixFactorisationConfig(seed=options.seed),
        als=ImplicitAlsConfig(seed=options.seed),
        comparisons=options.comparisons,
    )
    output = options.output.resolve()
    check_name(output.name)  # before a long training, not after it
    if output.exists():
        raise DataError(f"{output} is there already; give --output a new folder.")
    titles = None if options.anime is None else read_titles(options.anime)
    ratings = read_ratings(options.ratings)
    with blas_threads(config.net.threads):
        trained = train_suite(ratings, config, output=output, titles=titles, tell=_tell)
    if trained is None:  # torchrun starts several of this process; the first one reports
        return
    print(format_table(trained.report), end="")
    if trained.cold_titles is not None:
        print(f"\n{trained.cold_titles.summary()}")


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _evaluate(options: argparse.Namespace) -> None:
    report = StoredModel.load(options.model.resolve()).evaluate(read_ratings(options.ratings))
    if options.json:
        print(json.dumps(report.to_dict(), indent=2))
    else:
        print(format_table(report), end="")


def _predict(options: argparse.Namespace) -> None:
    _check_folder(options.output)
    user_id, anime_id = read_pairs(options.pairs)
    model = StoredModel.load(options.model.resolve())
    write_predictions(options.output, user_id, anime_id, model.predict(user_id, anime_id))
    _tell(f"{len(user_id):,} predictions written to {options.output}")


def _recommend(options: argparse.Namespace) -> None:
    _check_folder(options.output)
    ratings = read_ratings(options.ratings)
    model = StoredModel.load(options.model.resolve())
    lists = model.lists(ratings, method=options.method, n=options.n)
    n_rows = write_lists(options.output, lists)
    _tell(f"{n_rows:,} recommendations written to {options.output}")


def _check_folder(output: Path) -> None:
    if not output.resolve().parent.is_dir():
        raise DataError(f"{output.parent} is no folder; --output must lie in one.")


if __name__ == "__main__":
    sys.exit(main())
