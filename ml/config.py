"""Settings of a training run, checked once, at the border.

Free of torch, so that a form, an API or a command can check settings in a web process.
"""

from dataclasses import dataclass
from typing import Any, Literal, Self, get_args

from ml.checks import real_number, whole_number
from ml.errors import ConfigError
from ml.settings import Settings

DeviceName = Literal["auto", "cpu", "cuda"]
DEVICE_NAMES: tuple[str, ...] = get_args(DeviceName)
PrecisionName = Literal["auto", "float32", "bfloat16"]
PRECISION_NAMES: tuple[str, ...] = get_args(PrecisionName)


@dataclass(frozen=True, kw_only=True)
class RecommenderNetConfig(Settings):
    """How RecommenderNet is built and trained.

    The architecture is the reference's (embeddings of 100, layers of 128 and 64, dropout 0.1). The
    rest was chosen by validation error on the 5,000-rater CooperUnion sample.

    Attributes:
        embedding_dim: length of a rater's and of a title's vector.
        hidden: widths of the two hidden layers.
        dropout: share of hidden units dropped in training, in [0, 1).
        learning_rate: Adam's step size for the layers in the first epoch.
        embedding_learning_rate: that of the embeddings, which move without momentum and only
            where a batch touches them (:mod:`ml.row_optimizer`), so it is the larger one.
        final_learning_rate_share: both step sizes fall in a half cosine to this share; 1 keeps
            them constant.
        embedding_decay: how fast embeddings shrink where no gradient holds them: by
            ``exp(-embedding_decay)`` in an epoch at the full learning rate. Counting by epoch and
            not by step makes one value fit any number of rows and any batch size.
        embedding_scale: standard deviation of the embeddings at the start. Torch's own is 1,
            which drowns the first hundred thousand ratings in noise.
        start_at_mean: set the output bias to the mean training score before the first step.
        batch_size: largest number of rows a step.
        min_batches: with few rows batches get smaller, so that an epoch still has this many steps.
        rows_per_rater: at most so many rows of a rater stay together in a batch, so that what
            depends on the rater alone is computed once for them; 1 draws every row by itself.
        n_epochs: passes over the training rows.
        patience: training ends when the validation error has not fallen for this many epochs; 0
            means never.
        seed: seed of the initial weights, the order of the rows and the dropout masks.
        device: ``cpu``, ``cuda``, or ``auto`` for a CUDA card where there is one.
        threads: torch's threads on the CPU. With layers this small a second one gains little, and
            where other processes want the cores the two spend their time waiting for each other
            (seen: twenty times slower). The bits of a run depend on it.
        precision: of matrix products and of what is kept for each row: ``float32``, ``bfloat16``,
            or ``auto`` for bfloat16 where the device multiplies it itself. Weights, their sums of
            gradients and predictions are float32 in any case.
    """

    embedding_dim: int = 100
    hidden: tuple[int, int] = (128, 64)
    dropout: float = 0.1
    learning_rate: float = 1e-3
    embedding_learning_rate: float = 0.016
    final_learning_rate_share: float = 0.02
    embedding_decay: float = 3.0
    embedding_scale: float = 0.1
    start_at_mean: bool = True
    batch_size: int = 16_384
    min_batches: int = 256
    rows_per_rater: int = 8
    n_epochs: int = 12
    patience: int = 4
    seed: int = 0
    device: DeviceName = "auto"
    threads: int = 1
    precision: PrecisionName = "auto"

    def __post_init__(self) -> None:
        """Check every field.

        Raises:
            ConfigError: naming the field, its value and the allowed range.
        """
        whole_number("embedding_dim", self.embedding_dim, 1, 4096)
        if not isinstance(self.hidden, tuple) or len(self.hidden) != 2:
            raise ConfigError(f"hidden must be two layer widths, not {self.hidden!r}.")
        for width in self.hidden:
            whole_number("hidden", width, 1, 65_536)
        real_number("dropout", self.dropout, 0.0, 1.0, upper_open=True)
        real_number("learning_rate", self.learning_rate, 0.0, 10.0, lower_open=True)
        real_number("embedding_learning_rate", self.embedding_learning_rate, 0, 10, lower_open=True)
        real_number("final_learning_rate_share", self.final_learning_rate_share, 0.0, 1.0)
        real_number("embedding_decay", self.embedding_decay, 0.0, 100.0)
        real_number("embedding_scale", self.embedding_scale, 0.0, 10.0, lower_open=True)
        if not isinstance(self.start_at_mean, bool):
            raise ConfigError(f"start_at_mean must be true or false, not {self.start_at_mean!r}.")
        whole_number("batch_size", self.batch_size, 1, 2**24)
        whole_number("min_batches", self.min_batches, 1, 2**24)
        whole_number("rows_per_rater", self.rows_per_rater, 1, 2**24)
        whole_number("n_epochs", self.n_epochs, 1, 10_000)
        whole_number("patience", self.patience, 0, 10_000)
        whole_number("seed", self.seed, 0, 2**63 - 1)
        whole_number("threads", self.threads, 1, 1024)
        for name, allowed in (("device", DEVICE_NAMES), ("precision", PRECISION_NAMES)):
            value = getattr(self, name)
            if value not in allowed:
                raise ConfigError(f"{name} must be one of {', '.join(allowed)}, not {value!r}.")

    @classmethod
    def reference(cls, **changes: Any) -> Self:
        """Return the reference system's settings: no decay, torch's own initial weights.

        Embeddings move by :mod:`ml.row_optimizer` all the same.
        """
        settings: dict[str, Any] = {
            "embedding_learning_rate": 1e-3,
            "final_learning_rate_share": 1.0,
            "embedding_decay": 0.0,
            "embedding_scale": 1.0,
            "start_at_mean": False,
            "batch_size": 1024,
            "min_batches": 1,
            "rows_per_rater": 1,
            "n_epochs": 5,
            "patience": 0,
        }
        return cls(**{**settings, **changes})

    def rows_per_batch(self, n_rows: int) -> int:
        """Return the size of the batches for a number of training rows."""
        return max(1, min(self.batch_size, n_rows // self.min_batches))
