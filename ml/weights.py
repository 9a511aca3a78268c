"""The numbers of a trained RecommenderNet, as numpy arrays between training and serving."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt

from ml.errors import DataError, NonFiniteData

FloatArray = npt.NDArray[np.float32]

PARAMETER_NAMES: Final = (
    "user_embedding.weight",
    "item_embedding.weight",
    "hl1.weight",
    "hl1.bias",
    "hl2.weight",
    "hl2.bias",
    "hl3.weight",
    "hl3.bias",
)
"""The network's parameters, named as in its torch state dict."""


@dataclass(frozen=True, eq=False)
class RecommenderNetWeights:
    """A trained network and what serving has to know about its training.

    Attributes:
        parameters: float32 arrays by :data:`PARAMETER_NAMES`; with n_users raters, n_items titles,
            embeddings of d and layers of h1 and h2 units their shapes are [n_users, d],
            [n_items, d], [h1, 2d], [h1], [h2, h1], [h2], [1, h2], [1].
        user_count: int64 [n_users], training labels of each rater.
        item_count: int64 [n_items], training labels of each title. A row without labels has the
            mean of the trained rows as its embedding.
        residual_variance: mean squared error on rows the network did not learn from, or of the
            last training epoch (with dropout) when there were none; in squared score points.

    Raises:
        DataError: a parameter is missing or the shapes do not fit one another.
        NonFiniteData: a weight is NaN or infinite.
    """

    parameters: Mapping[str, FloatArray]
    user_count: npt.NDArray[np.int64]
    item_count: npt.NDArray[np.int64]
    residual_variance: float

    def __post_init__(self) -> None:
        missing = [name for name in PARAMETER_NAMES if name not in self.parameters]
        if missing:
            raise DataError(f"Weights are missing: {', '.join(missing)}.")
        n_users, dim = self["user_embedding.weight"].shape
        n_items = self["item_embedding.weight"].shape[0]
        first, second = len(self["hl1.bias"]), len(self["hl2.bias"])
        shapes = (
            (n_users, dim),
            (n_items, dim),
            (first, 2 * dim),
            (first,),
            (second, first),
            (second,),
            (1, second),
            (1,),
        )
        for name, shape in zip(PARAMETER_NAMES, shapes, strict=True):
            if self[name].shape != shape:
                raise DataError(f"{name} must have shape {shape}, not {self[name].shape}.")
            if not np.isfinite(self[name]).all():
                raise NonFiniteData(f"{name} holds NaN or infinity.")
        if self.user_count.shape != (n_users,) or self.item_count.shape != (n_items,):
            raise DataError("user_count and item_count must have one entry a row.")

    def __getitem__(self, name: str) -> FloatArray:
        return self.parameters[name]

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return everything as named arrays for an artifact; :meth:`from_arrays` takes them."""
        return {
            **{name: self[name] for name in PARAMETER_NAMES},
            "user_count": self.user_count,
            "item_count": self.item_count,
            "residual_variance": np.asarray(self.residual_variance, dtype=np.float64),
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[Any]]) -> Self:
        """Build the weights from :meth:`arrays`' form.

        Raises:
            DataError: an array is missing or has the wrong shape.
        """
        wanted = (*PARAMETER_NAMES, "user_count", "item_count", "residual_variance")
        missing = [name for name in wanted if name not in arrays]
        if missing:
            raise DataError(f"Weights are missing: {', '.join(missing)}.")
        return cls(
            parameters={
                name: arrays[name].astype(np.float32, copy=False) for name in PARAMETER_NAMES
            },
            user_count=arrays["user_count"].astype(np.int64, copy=False),
            item_count=arrays["item_count"].astype(np.int64, copy=False),
            residual_variance=float(arrays["residual_variance"]),
        )
