"""Fits every score predictor on the real file and measures it on the test part.

    RECOMMENDER_DATA=... python -m benchmarks.score_predictors [--network]

Settings, the number of epochs, the weights of the blend and the ordinal output come from the
validation part. Then 1,000 raters are left out of a second fit and folded in from the same rows;
their errors stand beside those of the fit that knew them. ``--network`` adds RecommenderNet, on
all training rows and on a subset in which every score is as frequent: a few minutes more.
"""

import argparse
import time
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.real_files import folder_of_data, read_real_ratings
from ml import matrix_factorisation_fit, metrics, score_neighbours_fit
from ml.balanced import balanced_subset
from ml.biases import Biases
from ml.config import RecommenderNetConfig
from ml.data import Ratings
from ml.histories import Histories
from ml.matrix_factorisation_config import MatrixFactorisationConfig
from ml.ordinal import DECODINGS, OrdinalOutput
from ml.protocols import ScorePredictor
from ml.score_blend import ScoreBlend
from ml.score_neighbours import ScoreNeighbours, ScoreNeighboursConfig
from ml.serving import RecommenderNetScorer, clip_score

LEFT_OUT = 1000


def main() -> None:
    """Fit, measure, print."""
    parser = argparse.ArgumentParser(description="Errors of the score predictors.")
    parser.add_argument("--network", action="store_true", help="train RecommenderNet too")
    options = parser.parse_args()
    train, validation, test = read_parts(folder_of_data())
    print(f"{len(train)} training rows, {len(validation)} validation, {len(test)} test")
    parts: dict[str, ScorePredictor] = {"biases": Biases.fit(train)}
    neighbours = fit_neighbours(train, validation, tell=True)
    parts["matrix_factorisation"] = neighbours.base
    parts["score_neighbours"] = neighbours
    if options.network:
        parts["recommender_net"] = fit_network(train, validation)
        print_errors(
            "network, balanced rows",
            predicted(fit_network(balanced_subset(train, seed=0), validation), test),
            test,
        )
    for name, part in parts.items():
        print_errors(name, predicted(part, test), test)
    blend = ScoreBlend.fit(parts, validation)
    print_errors(f"blend of {', '.join(blend.parts)}", predicted(blend, test), test)
    print_decodings(blend, validation, test)
    print_fold_in(parts, train, validation, test)


def read_parts(folder: Path) -> tuple[Ratings, Ratings, Ratings]:
    """Return the train, validation and test rows of the real file, split as the platform does."""
    ratings, parts, _ = read_real_ratings(folder)
    return ratings.take(parts.train), ratings.take(parts.validation), ratings.take(parts.test)


def fit_neighbours(train: Ratings, validation: Ratings, *, tell: bool = False) -> ScoreNeighbours:
    """Fit the factorisation and its neighbours, and say how long that took."""
    started = time.perf_counter(), time.process_time()
    result = matrix_factorisation_fit.fit(train, validation, MatrixFactorisationConfig())
    half = time.perf_counter(), time.process_time()
    found = score_neighbours_fit.fit(train, validation, result.model, ScoreNeighboursConfig())
    done = time.perf_counter(), time.process_time()
    if tell:
        for name, first, last in (("factorisation", started, half), ("neighbours", half, done)):
            wall, busy = (after - before for before, after in zip(first, last, strict=True))
            print(f"{name}: {wall:.1f} s, {busy:.1f} s of a processor")
        print(f"epochs: {len(result.history)}, best {result.best_epoch}; gain {found.gain:.2f}")
    return found


def fit_network(train: Ratings, validation: Ratings) -> RecommenderNetScorer:
    """Train RecommenderNet with its default settings on the CPU."""
    from ml.train import fit

    config = RecommenderNetConfig(device="cpu")
    return RecommenderNetScorer.from_weights(fit(train.scored(), validation, config).weights)


def predicted(model: ScorePredictor, rows: Ratings) -> npt.NDArray[np.float32]:
    """Return the clipped predictions of rows."""
    return clip_score(model.predict_pairs(rows.user_index, rows.item_index))


def print_errors(name: str, values: npt.NDArray[np.floating], rows: Ratings) -> None:
    """Print one line of error measures."""
    measured = [
        measure(values, rows.score)
        for measure in (metrics.rmse, metrics.mae, metrics.macro_mae, metrics.recall_at_or_below)
    ]
    figures = " ".join(f"{figure:.4f}" for figure in measured)
    print(f"{name}: RMSE, MAE, macro MAE, recall of low scores: {figures}", flush=True)


def print_decodings(blend: ScoreBlend, validation: Ratings, test: Ratings) -> None:
    """Fit the ordinal output on validation rows and print what each decoding reaches."""
    pairs = validation.user_index, validation.item_index
    output = OrdinalOutput.fit(
        blend.predict_pairs(*pairs), validation.score, blend.spread_pairs(*pairs)
    )
    pairs = test.user_index, test.item_index
    points, spreads = blend.predict_pairs(*pairs), blend.spread_pairs(*pairs)
    for how in DECODINGS:
        print_errors(f"decoded as {how}", output.decode(points, spreads, how=how), test)
    shares = output.distribution(points, spreads)[np.arange(len(test)), test.score - 1]
    print(f"log likelihood a row {np.log(shares).mean():.4f}, exponent {output.exponent}")


def print_fold_in(
    known: dict[str, ScorePredictor], train: Ratings, validation: Ratings, test: Ratings
) -> None:
    """Print the error on raters left out of a fit over that of the fit that knew them."""
    left_out = np.zeros(train.n_users, dtype=bool)
    left_out[np.random.default_rng(0).choice(train.n_users, LEFT_OUT, replace=False)] = True
    rest = train.take(~left_out[train.user_index])
    neighbours = fit_neighbours(rest, validation.take(~left_out[validation.user_index]))
    models: dict[str, ScorePredictor] = {
        "biases": Biases.fit(rest),
        "matrix_factorisation": neighbours.base,
        "score_neighbours": neighbours,
    }
    rows = test.take(left_out[test.user_index])
    histories = Histories.of_ratings(train)
    for name, model in models.items():
        values = np.empty(len(rows), dtype=np.float32)
        for rater in np.unique(rows.user_index):
            own = np.flatnonzero(rows.user_index == rater)
            vector = model.fold_in(*histories.one(int(rater)))
            values[own] = model.predict(vector, rows.item_index[own])
        folded = metrics.rmse(clip_score(values), rows.score)
        trained = metrics.rmse(predicted(known[name], rows), rows.score)
        print(f"{name} folded in: {folded:.4f} against {trained:.4f}, {folded / trained:.4f}")


if __name__ == "__main__":
    main()
