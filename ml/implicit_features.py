"""What the watched titles say before any score: leading directions of who has watched what.

Most raters watch what they expect to like, so the titles alone tell a good deal about taste, and
a title's audience about the title.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy import sparse

from ml.data import Ratings

FloatArray = npt.NDArray[np.float64]

_OVERSAMPLING: Final = 8
_POWER_ITERATIONS: Final = 4


@dataclass(frozen=True, eq=False)
class ImplicitFeatures:
    """Features of raters and titles from the watched pairs, scored or not.

    Attributes:
        of_raters: float64 [n_users, k]: ``sum of the watched titles' loadings / sqrt(number)``,
            0 for who has watched nothing.
        of_titles: float64 [n_items, k].
        loadings: float64 [n_items, k], what makes a new rater's features.
    """

    of_raters: FloatArray
    of_titles: FloatArray
    loadings: FloatArray


def implicit_features(
    ratings: Ratings, n_features: int, generator: np.random.Generator
) -> ImplicitFeatures:
    """Return the leading singular directions of the watched matrix, scaled by both degrees.

    The matrix is ``D_raters^-1/2 · watched · D_titles^-1/2``; its subspace is found by iteration
    from random directions (Halko, Martinsson & Tropp, SIAM Review 2011, algorithm 4.4), which is
    far quicker than exact vectors and serves as well.

    Args:
        ratings: all rows, watched without a score included.
        n_features: k; less where there are fewer raters or titles.
        generator: draws the first directions.
    """
    k = min(n_features, ratings.n_users, ratings.n_items)
    watched = ratings.seen_matrix().astype(np.float32)
    raters = _inverse_root(np.bincount(ratings.user_index, minlength=ratings.n_users))
    titles = _inverse_root(np.bincount(ratings.item_index, minlength=ratings.n_items))
    scaled = sparse.csr_array(
        sparse.diags_array(raters.astype(np.float32))
        @ watched
        @ sparse.diags_array(titles.astype(np.float32))
    )
    transposed = sparse.csr_array(scaled.T)
    width = min(k + _OVERSAMPLING, ratings.n_items)
    basis = generator.normal(size=(ratings.n_items, width))
    for _ in range(_POWER_ITERATIONS):
        basis, _ = np.linalg.qr(basis)
        basis = (transposed @ (scaled @ basis.astype(np.float32))).astype(np.float64)
    basis, _ = np.linalg.qr(basis)
    image = (scaled @ basis.astype(np.float32)).astype(np.float64)
    values, rotation = np.linalg.eigh(image.T @ image)
    leading = np.argsort(-values, kind="stable")[:k]
    directions = basis @ rotation[:, leading]
    loadings = titles[:, None] * directions
    return ImplicitFeatures(
        of_raters=raters[:, None] * (watched @ loadings.astype(np.float32)).astype(np.float64),
        of_titles=directions * np.sqrt(np.maximum(values[leading], 0)),
        loadings=loadings,
    )


def _inverse_root(count: npt.NDArray[np.int64]) -> FloatArray:
    """Return 1 / sqrt(count), 0 for none."""
    return np.where(count > 0, 1 / np.sqrt(np.maximum(count, 1)), 0.0)
