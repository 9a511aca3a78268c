"""The loops of :mod:`ml.matrix_factorisation_fit`, compiled by numba.

Each works on a range of rows of its own and writes nothing else, so ranges may run in threads, and
the bits do not depend on how many there are.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from ml.compiled import compiled

Array = npt.NDArray[Any]

_ROWS_AT_ONCE = 64  # summed in single precision before they are added to the double sums


@compiled(fastmath=True)
def posteriors(  # noqa: PLR0917
    start: int,
    stop: int,
    indptr: Array,
    other_index: Array,
    value: Array,
    factors: Array,
    variances: Array,
    own_precision: Array,
    other_precision: Array,
    prior_means: Array,
    prior_precision: Array,
    means: Array,
    mean_variances: Array,
    covariance_sum: Array,
) -> None:
    """Find the posterior of the vectors of rows ``start`` to ``stop``, the other side fixed.

    A row's vector ``v`` [d + 1] has the prior ``N(prior_means[row], prior_precision^-1)``, and
    its value with ``j`` of the other side is ``v[:d] · factors[j, :d] + v[d] + factors[j, d]`` with
    noise of precision ``own_precision[row] * other_precision[j]``. The other side is known up to
    ``variances``, which count as so much more precision of each entry (variational Bayes with a
    diagonal for the other side; Lim & Teh, KDD Cup 2007).

    Args:
        start: first row.
        stop: row after the last one.
        indptr: int64 [n + 1]; the values of ``row`` are ``indptr[row]:indptr[row + 1]``.
        other_index: int32 [m].
        value: float32 [m], less the mean.
        factors: float32 [k, d + 1].
        variances: float32 [k, d + 1].
        own_precision: float64 [n].
        other_precision: float64 [k].
        prior_means: float64 [n, d + 1].
        prior_precision: float64 [d + 1, d + 1].
        means: float32 [n, d + 1], written.
        mean_variances: float32 [n, d + 1], written: the diagonals of the covariances.
        covariance_sum: float64 [d + 1, d + 1], lower half: the covariances are added to it, those
            of rows without values left out.
    """
    width = factors.shape[1]
    block = np.empty((_ROWS_AT_ONCE, width), np.float32)
    weight = np.empty(_ROWS_AT_ONCE, np.float32)
    gram = np.empty((width, width), np.float32)
    sums = np.empty((2, width), np.float32)
    right = np.empty(width)
    precision = np.empty((width, width))
    inverse = np.empty((width, width))
    covariance = np.empty((width, width))
    for row in range(start, stop):
        first, last = indptr[row], indptr[row + 1]
        if first == last:
            means[row] = prior_means[row]
            mean_variances[row] = 0.0
            continue
        precision[:] = prior_precision
        for i in range(width):
            right[i] = np.sum(prior_precision[i] * prior_means[row])
        for begin in range(first, last, _ROWS_AT_ONCE):
            end = min(begin + _ROWS_AT_ONCE, last)
            _gather(
                begin,
                end,
                other_index,
                value,
                factors,
                variances,
                own_precision[row],
                other_precision,
                block,
                weight,
                sums,
            )
            _gram(block, weight, end - begin, gram)
            for i in range(width):
                right[i] += sums[0, i]
                precision[i, i] += sums[1, i]
                for j in range(i + 1):
                    precision[i, j] += gram[i, j]
        _invert(precision, inverse, covariance)
        _multiply(covariance, right, means[row])
        for i in range(width):
            mean_variances[row, i] = covariance[i, i]
            for j in range(i + 1):
                covariance_sum[i, j] += covariance[i, j]


@compiled(fastmath=True)
def _gather(  # noqa: PLR0917
    begin: int,
    end: int,
    other_index: Array,
    value: Array,
    factors: Array,
    variances: Array,
    own_precision: float,
    other_precision: Array,
    block: Array,
    weight: Array,
    sums: Array,
) -> None:
    """Copy the other side's vectors of some values, and sum targets and variances, weighted."""
    bias = factors.shape[1] - 1
    sums[:] = 0.0
    for entry in range(begin, end):
        k = entry - begin
        j = other_index[entry]
        weight[k] = own_precision * other_precision[j]
        target = weight[k] * (value[entry] - factors[j, bias])
        for i in range(bias):
            block[k, i] = factors[j, i]
            sums[0, i] += target * factors[j, i]
            sums[1, i] += weight[k] * variances[j, i]
        block[k, bias] = 1.0
        sums[0, bias] += target


@compiled(fastmath=True)
def _multiply(lower: Array, vector: Array, result: Array) -> None:
    """Write a symmetric matrix, given by its lower half, times a vector."""
    width = len(vector)
    for i in range(width):
        total = 0.0
        for j in range(i + 1):
            total += lower[i, j] * vector[j]
        for j in range(i + 1, width):
            total += lower[j, i] * vector[j]
        result[i] = total


@compiled(fastmath=True)
def _gram(block: Array, weight: Array, size: int, gram: Array) -> None:
    """Write the lower half of ``sum of weight · row rowᵀ`` of ``size`` rows, eight at a time."""
    width = block.shape[1]
    whole = (size + 7) // 8 * 8  # whole eights: the rest counts nothing
    weight[size:whole] = 0.0
    block[size:whole] = 0.0
    gram[:] = 0.0
    for k in range(0, whole, 8):
        for i in range(width):
            a, b = weight[k] * block[k, i], weight[k + 1] * block[k + 1, i]
            c, d = weight[k + 2] * block[k + 2, i], weight[k + 3] * block[k + 3, i]
            e, f = weight[k + 4] * block[k + 4, i], weight[k + 5] * block[k + 5, i]
            g, h = weight[k + 6] * block[k + 6, i], weight[k + 7] * block[k + 7, i]
            for j in range(i + 1):
                gram[i, j] += (
                    (a * block[k, j] + b * block[k + 1, j])
                    + (c * block[k + 2, j] + d * block[k + 3, j])
                ) + (
                    (e * block[k + 4, j] + f * block[k + 5, j])
                    + (g * block[k + 6, j] + h * block[k + 7, j])
                )


@compiled(fastmath=True)
def _invert(matrix: Array, inverse: Array, result: Array) -> None:
    """Write the lower half of a positive definite matrix's inverse to ``result``.

    ``matrix`` is given by its lower half and overwritten with its Cholesky factor, ``inverse``
    with that factor's inverse. All inner loops run along rows.
    """
    width = matrix.shape[0]
    _cholesky(matrix)
    inverse[:] = 0.0
    result[:] = 0.0
    for i in range(width):
        for k in range(i):
            for j in range(k + 1):
                inverse[i, j] -= matrix[i, k] * inverse[k, j]
        inverse[i, i] = 1.0
        for j in range(i + 1):
            inverse[i, j] /= matrix[i, i]
    for k in range(width):
        for i in range(k + 1):
            for j in range(i + 1):
                result[i, j] += inverse[k, i] * inverse[k, j]


@compiled(fastmath=True)
def _cholesky(matrix: Array) -> None:
    """Overwrite the lower half of a positive definite matrix with its Cholesky factor."""
    width = matrix.shape[0]
    for i in range(width):
        for j in range(i + 1):
            total = matrix[i, j]
            for k in range(j):
                total -= matrix[i, k] * matrix[j, k]
            matrix[i, j] = np.sqrt(total) if i == j else total / matrix[j, j]


@compiled(fastmath=True)
def squared_errors(  # noqa: PLR0917
    start: int,
    stop: int,
    indptr: Array,
    other_index: Array,
    value: Array,
    own: Array,
    own_variances: Array,
    other: Array,
    other_variances: Array,
    squares: Array,
    expected: Array,
) -> None:
    """Write each value's squared error, and what it is expected to be over both posteriors.

    The arguments are those of :func:`posteriors`; ``squares`` and ``expected`` are float32 [m].
    """
    bias = own.shape[1] - 1
    for row in range(start, stop):
        for entry in range(indptr[row], indptr[row + 1]):
            j = other_index[entry]
            error = value[entry] - own[row, bias] - other[j, bias]
            uncertain = own_variances[row, bias] + other_variances[j, bias]
            for i in range(bias):
                u, v = own[row, i], other[j, i]
                a, b = own_variances[row, i], other_variances[j, i]
                error -= u * v
                uncertain += u * u * b + a * (v * v + b)
            squares[entry] = error * error
            expected[entry] = error * error + uncertain
