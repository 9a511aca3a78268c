"""Find the vector of a rater whom training has not seen, with everything else fixed."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
import numpy.typing as npt

Vector = npt.NDArray[np.float64]
Linearisation = Callable[[Vector], tuple[Vector, npt.NDArray[np.float64]]]

_FIRST_DAMPING: Final = 1e-3
_SMALLEST_VARIANCE: Final = 1e-6
_LARGEST_DAMPING: Final = 1e6
_ENOUGH: Final = 1e-5  # relative gain below which another step is not worth its time


@dataclass(frozen=True, eq=False)
class GaussianPrior:
    """What is believed about a vector before any score is seen.

    Attributes:
        mean: float64 [d].
        precision: float64 [d, d], inverse of the covariance, positive definite.
    """

    mean: Vector
    precision: npt.NDArray[np.float64]

    @classmethod
    def of_sample(cls, sample: npt.NDArray[np.float64]) -> Self:
        """Return the Gaussian with the mean and covariance of vectors [n, d], n ≥ 0.

        The covariance of n vectors in d dimensions is unsure where n is not far above d, so it is
        drawn towards a multiple of the identity with weight d / (d + n); no vectors at all give
        mean 0 and variance 1.
        """
        n, dim = sample.shape
        if n == 0:
            return cls(np.zeros(dim), np.eye(dim))
        centred = sample - sample.mean(axis=0)
        covariance = centred.T @ centred / n
        identity = np.eye(dim) * max(np.trace(covariance) / dim, _SMALLEST_VARIANCE)
        share = dim / (dim + n)
        return cls(sample.mean(axis=0), np.linalg.inv((1 - share) * covariance + share * identity))

    def penalty(self, vector: Vector) -> float:
        """Return (v - mean)ᵀ precision (v - mean)."""
        offset = vector - self.mean
        return float(offset @ self.precision @ offset)


def most_probable(
    linearise: Linearisation,
    targets: Vector,
    *,
    prior: GaussianPrior,
    noise_variance: float,
    n_steps: int,
) -> Vector:
    """Return the vector that explains the targets best under a Gaussian prior.

    Minimises ``sum((f(v) - targets)²) / noise_variance + prior.penalty(v)`` by Gauss-Newton steps
    with Marquardt's damping, scaled by the prior's precision (Marquardt 1963; Nocedal & Wright,
    Numerical Optimization, section 10.3). It starts at the prior's mean and takes a step only if
    the objective falls, so the result is never worse than the mean.

    Args:
        linearise: from a vector [d] to ``f`` [n] and its Jacobian [n, d].
        targets: float64 [n].
        prior: of the vector.
        noise_variance: expected squared error of a target, positive.
        n_steps: largest number of linear systems solved.
    """
    vector = prior.mean.copy()
    values, jacobian = linearise(vector)
    objective = _objective(values - targets, noise_variance, prior.penalty(vector))
    damping = _FIRST_DAMPING
    for _ in range(n_steps):
        gradient = jacobian.T @ (values - targets) / noise_variance
        gradient += prior.precision @ (vector - prior.mean)
        curvature = jacobian.T @ jacobian / noise_variance
        curvature += prior.precision * (1 + damping)
        candidate = vector - np.linalg.solve(curvature, gradient)
        new_values, new_jacobian = linearise(candidate)
        new_objective = _objective(new_values - targets, noise_variance, prior.penalty(candidate))
        if not new_objective < objective:
            damping *= 10
            if damping > _LARGEST_DAMPING:
                break
            continue
        gained = objective - new_objective
        vector, values, jacobian, objective = candidate, new_values, new_jacobian, new_objective
        damping = max(damping / 10, 1e-9)
        if gained <= _ENOUGH * objective:
            break
    return vector


def _objective(residuals: Vector, noise_variance: float, penalty: float) -> float:
    return float(residuals @ residuals) / noise_variance + penalty
