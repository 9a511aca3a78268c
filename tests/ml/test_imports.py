import subprocess
import sys

import pytest

TORCH_FREE = [
    "ml",
    "ml.artifacts",
    "ml.balanced",
    "ml.biases",
    "ml.bootstrap",
    "ml.breakdowns",
    "ml.cold_check",
    "ml.cold_titles",
    "ml.comparisons",
    "ml.config",
    "ml.content",
    "ml.content_ranker",
    "ml.data",
    "ml.diversity",
    "ml.ease",
    "ml.entry_weighting",
    "ml.errors",
    "ml.fold_in",
    "ml.held_out",
    "ml.history",
    "ml.implicit_als",
    "ml.implicit_features",
    "ml.item_neighbours",
    "ml.item_weights",
    "ml.list_report",
    "ml.matrix_factorisation",
    "ml.matrix_factorisation_config",
    "ml.metrics",
    "ml.ordinal",
    "ml.pipeline",
    "ml.predictor_inputs",
    "ml.ranking",
    "ml.ranking_metrics",
    "ml.rating_files",
    "ml.report",
    "ml.report_table",
    "ml.safetensors_map",
    "ml.score_blend",
    "ml.score_neighbours",
    "ml.score_report",
    "ml.serving",
    "ml.sgd_factorisation",
    "ml.sgd_factorisation_config",
    "ml.stored_model",
    "ml.suite",
    "ml.suite_config",
    "ml.suite_fit",
    "ml.weights",
    "ml.__main__",
]
HEAVY = ("torch", "matplotlib", "numba", "wordcloud", "django")


def _loaded_by(*modules: str, wanted: tuple[str, ...] = HEAVY) -> list[str]:
    program = (
        "import importlib, sys\n"
        f"for name in {modules!r}: importlib.import_module(name)\n"
        f"print(*(name for name in {wanted!r} if name in sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    return done.stdout.split()


def test_what_a_web_process_imports_is_light() -> None:
    assert _loaded_by(*TORCH_FREE) == []


def test_serving_a_suite_needs_numpy_and_scipy_alone() -> None:
    assert _loaded_by("ml.suite", "ml.suite_config", wanted=(*HEAVY, "pandas")) == []


@pytest.mark.parametrize("module", ["ml.train", "ml.plots", "ml.report_plots"])
def test_training_and_figures_need_no_django(module: str) -> None:
    assert "django" not in _loaded_by(module)
