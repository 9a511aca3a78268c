"""The targets of the score predictors, on the test part of the real file."""

from pathlib import Path

import pytest

from benchmarks.score_predictors import fit_neighbours, predicted, read_parts
from ml.biases import Biases
from ml.metrics import macro_mae, recall_at_or_below, rmse
from ml.ordinal import OrdinalOutput
from ml.protocols import ScorePredictor
from ml.score_blend import ScoreBlend


@pytest.mark.slow
def test_the_targets_are_reached(real_data: Path) -> None:
    train, validation, test = read_parts(real_data)
    neighbours = fit_neighbours(train, validation)
    assert rmse(predicted(neighbours.base, test), test.score) <= 1.14
    parts: dict[str, ScorePredictor] = {
        "biases": Biases.fit(train),
        "score_neighbours": neighbours,
    }
    blend = ScoreBlend.fit(parts, validation)
    pairs = validation.user_index, validation.item_index
    output = OrdinalOutput.fit(
        blend.predict_pairs(*pairs), validation.score, blend.spread_pairs(*pairs)
    )
    pairs = test.user_index, test.item_index
    points, spreads = blend.predict_pairs(*pairs), blend.spread_pairs(*pairs)
    default = rmse(output.decode(points, spreads), test.score)
    assert default <= rmse(predicted(blend, test), test.score) + 1e-6
    assert default <= 1.09
    balanced = output.decode(points, spreads, how="balanced")
    assert macro_mae(balanced, test.score) <= 1.42
    assert recall_at_or_below(balanced, test.score) >= 0.45
    assert rmse(balanced, test.score) <= 1.26
