"""The inner loop of stochastic gradient descent, on vectors of the processor.

A rater's and a title's row of :data:`WIDTH` floats is one LLVM vector each. Written as loops over
arrays, the rater's row goes to memory and back for every rating, because the compiler cannot know
that it is not the title's: that takes three times as long. So the five operations are spelt out.
"""

from typing import Any, Final

import numpy as np
import numpy.typing as npt
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, models, register_model

from ml.compiled import compiled

WIDTH: Final = 32
"""Floats of a row: two or four registers. The factors, then the two below."""

RATER_BIAS: Final = WIDTH - 2
"""Column of the rater's bias; of a title's row it holds 1."""

TITLE_BIAS: Final = WIDTH - 1
"""Column of the title's bias; of a rater's row it holds 1."""

N_FACTORS: Final = WIDTH - 2

FloatArray = npt.NDArray[np.float32]

_FLOAT: Final = ir.FloatType()
_VECTOR: Final = ir.VectorType(_FLOAT, WIDTH)
_INT32: Final = ir.IntType(32)
_FAST: Final = ("fast",)  # the sum of a dot product in any order; multiply and add at once


class _RowType(types.Type):
    """numba's type of one row in registers."""

    def __init__(self) -> None:
        super().__init__(name=f"Row({WIDTH})")


@register_model(_RowType)
class _RowModel(models.PrimitiveModel):
    def __init__(self, manager: Any, kind: _RowType) -> None:
        super().__init__(manager, kind, _VECTOR)


_ROW: Final = _RowType()


def _place(context: Any, builder: Any, signature: Any, values: Any) -> Any:
    """Return the address of a row of a contiguous table [n, WIDTH] or of a vector [WIDTH]."""
    array = cgutils.create_struct_proxy(signature.args[0])(context, builder, values[0])
    row = context.cast(builder, values[1], signature.args[1], types.int64)
    first = builder.mul(row, ir.Constant(ir.IntType(64), WIDTH))
    return builder.bitcast(builder.gep(array.data, [first]), _VECTOR.as_pointer())


def _make_load(_: Any, table: Any, row: Any) -> Any:
    """Read a row; unchecked."""

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        read = builder.load(_place(context, builder, signature, values))
        read.align = 4
        return read

    return _ROW(table, row), generate


def _make_store(_: Any, table: Any, row: Any, value: Any) -> Any:
    """Write a row; unchecked."""

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        builder.store(values[2], _place(context, builder, signature, values), align=4)
        return context.get_dummy_value()

    return types.void(table, row, value), generate


def _make_dot(_: Any, first: Any, second: Any) -> Any:
    """Return the dot product of two rows."""

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        products = builder.fmul(*values, flags=_FAST)
        kind = ir.FunctionType(_FLOAT, [_FLOAT, _VECTOR])
        name = f"llvm.vector.reduce.fadd.v{WIDTH}f32"
        total = cgutils.get_or_insert_function(builder.module, kind, name)
        return builder.call(total, [ir.Constant(_FLOAT, 0.0), products], fastmath=_FAST)

    return types.float32(first, second), generate


def _make_moved(_: Any, row: Any, keep: Any, other: Any, rate: Any, error: Any) -> Any:
    """Return ``row * keep + error * (other * rate)``; the error is a number, the rest are rows."""

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        row, keep, other, rate, error = values
        nothing = ir.Constant(_VECTOR, ir.Undefined)
        first = builder.insert_element(nothing, error, ir.Constant(_INT32, 0))
        everywhere = ir.Constant(ir.VectorType(_INT32, WIDTH), [0] * WIDTH)
        errors = builder.shuffle_vector(first, nothing, everywhere)
        kept = builder.fmul(row, keep, flags=_FAST)
        step = builder.fmul(errors, builder.fmul(other, rate, flags=_FAST), flags=_FAST)
        return builder.fadd(kept, step, flags=_FAST)

    return _ROW(row, keep, other, rate, error), generate


def _make_times(_: Any, first: Any, second: Any) -> Any:
    """Return the products of two rows' columns."""

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        return builder.fmul(*values, flags=_FAST)

    return _ROW(first, second), generate


# numba declares them as if they were called with the compiler's own arguments.
_load: Any = intrinsic(_make_load)
_store: Any = intrinsic(_make_store)
_dot: Any = intrinsic(_make_dot)
_moved: Any = intrinsic(_make_moved)
_times: Any = intrinsic(_make_times)


@compiled(fastmath=True)
def sweep(  # noqa: PLR0917
    raters: FloatArray,
    titles: FloatArray,
    starts: npt.NDArray[np.int64],
    item: npt.NDArray[np.integer],
    score: npt.NDArray[np.int8],
    mean: np.float32,
    rater_keep: FloatArray,
    rater_rate: FloatArray,
    title_keep: FloatArray,
    title_rate: FloatArray,
) -> float:
    """Do one gradient step for each row, rater by rater; return the sum of the squared errors.

    A step's error is wanted before the step before has changed the rater's row: with
    ``u' = u * keep + error * (v * rate)`` the next dot product is ``(u * keep) · w`` plus
    ``error`` times ``(v * rate) · w``, neither of which waits for the error.

    Args:
        raters: [n_raters, WIDTH], changed.
        titles: [n_titles, WIDTH], changed.
        starts: [n_raters + 1], where each rater's rows start.
        item: [n], titles' rows, those of a rater all different.
        score: [n].
        mean: of all scores.
        rater_keep: [WIDTH], what is left of a rater's row after the pull to 0.
        rater_rate: [WIDTH], learning rates of a rater's row; 0 in the column that holds 1.
        title_keep: the same of a title's row.
        title_rate: likewise.
    """
    total = 0.0
    keep_u, rate_u = _load(rater_keep, 0), _load(rater_rate, 0)
    keep_v, rate_v = _load(title_keep, 0), _load(title_rate, 0)
    for rater in range(len(starts) - 1):
        first, last = starts[rater], starts[rater + 1]
        if first == last:
            continue
        u = _load(raters, rater)
        own = np.float32(0)
        title = np.int64(item[first])
        v = _load(titles, title)
        error = np.float32(score[first]) - mean - _dot(u, v)
        for row in range(first + 1, last):
            next_title = np.int64(item[row])
            w = _load(titles, next_title)
            apart = np.float32(score[row]) - mean - _dot(_times(u, keep_u), w)
            moves = _dot(_times(v, rate_u), w)
            own += error * error
            _store(titles, title, _moved(v, keep_v, u, rate_v, error))
            u = _moved(u, keep_u, v, rate_u, error)
            error = apart - error * moves
            title, v = next_title, w
        own += error * error
        _store(titles, title, _moved(v, keep_v, u, rate_v, error))
        _store(raters, rater, _moved(u, keep_u, v, rate_u, error))
        total += float(own)
    return total
