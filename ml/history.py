"""The learning curve of a training run; free of torch, so that pages and figures can read it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self


@dataclass(frozen=True)
class EpochResult:
    """One pass over the training rows.

    Attributes:
        epoch: its number, from 1.
        n_epochs: number of epochs planned.
        train_rmse: over the epoch's batches as they were seen, dropout on, in score points.
        validation_rmse: after the epoch, dropout off; None without validation rows.
        seconds: wall-clock time of the epoch, validation included.
        rows_per_second: training rows a second, validation left out of the time.
    """

    epoch: int
    n_epochs: int
    train_rmse: float
    validation_rmse: float | None
    seconds: float
    rows_per_second: float

    def to_dict(self) -> dict[str, Any]:
        """Return the result as JSON can hold it; :meth:`from_dict` takes it back."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Build a result from :meth:`to_dict`'s form."""
        return cls(**values)
