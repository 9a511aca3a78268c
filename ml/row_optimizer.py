"""An optimiser for a table of embeddings of which a step touches a few rows only.

Adam moves every row in every step, by its momentum and its decay, whether or not the batch knows
the row: with 85,000 rows most of an epoch goes there. Here a row without a gradient costs nothing:
there is no momentum, the mean square of a row's gradient is over the steps that touched it, and
the decay it has missed is made up for when it is next read.
"""

from collections.abc import Mapping
from typing import Final

import torch
from torch import Tensor

_SQUARE_DECAY: Final = 0.999  # Adam's beta 2 (Kingma & Ba 2015)
_UNDER_DIVISION: Final = 1e-8


class RowOptimizer:
    """Moves rows of one table by their gradients, each element scaled as by Adam without momentum.

    Args:
        table: float32 [n, d], changed in place.
    """

    def __init__(self, table: Tensor) -> None:
        self._table = table
        self._mean_square = torch.zeros_like(table)
        self._touches = torch.zeros(len(table), dtype=torch.int64, device=table.device)
        # Logarithms of the factors that all rows shrink by, and that each row has shrunk by.
        self._shrunk = 0.0
        self._shrunk_rows = torch.zeros(len(table), dtype=torch.float64, device=table.device)

    def shrink(self, log_factor: float) -> None:
        """Multiply every row by ``exp(log_factor)``, as it will show when rows are read."""
        self._shrunk += log_factor

    def read(self, rows: Tensor) -> Tensor:
        """Return the values of distinct rows, [len(rows), d]; a copy."""
        missed = torch.exp(self._shrunk - self._shrunk_rows[rows])
        return self._table.index_select(0, rows).mul_(missed.to(self._table.dtype).unsqueeze(1))

    def step(self, rows: Tensor, values: Tensor, gradient: Tensor, learning_rate: float) -> None:
        """Move distinct rows against their gradient.

        Args:
            rows: int64 [k].
            values: [k, d], what :meth:`read` returned for them; used up.
            gradient: [k, d].
            learning_rate: length of a step whose gradient is as large as is usual for it.
        """
        square = self._mean_square.index_select(0, rows)
        square.mul_(_SQUARE_DECAY).addcmul_(gradient, gradient, value=1 - _SQUARE_DECAY)
        self._mean_square.index_copy_(0, rows, square)
        touches = self._touches[rows] + 1
        self._touches[rows] = touches
        # A mean over few steps started at nought is too small by this factor (Adam's correction).
        unbiased = (1 - _SQUARE_DECAY ** touches.to(torch.float64)).to(square.dtype)
        size = square.div_(unbiased.unsqueeze(1)).sqrt_().add_(_UNDER_DIVISION)
        self._table.index_copy_(0, rows, values.addcdiv_(gradient, size, value=-learning_rate))
        self._shrunk_rows[rows] = self._shrunk

    def settle(self) -> None:
        """Make up for all missed decay, so that the table is what it would be without delay."""
        missed = torch.exp(self._shrunk - self._shrunk_rows).to(self._table.dtype)
        self._table.mul_(missed.unsqueeze(1))
        self._shrunk = 0.0
        self._shrunk_rows.zero_()

    def state(self) -> dict[str, Tensor]:
        """Return what :meth:`restore` needs; the table must be settled."""
        return {"mean_square": self._mean_square, "touches": self._touches}

    def restore(self, state: Mapping[str, Tensor]) -> None:
        """Take over :meth:`state`, beside a table restored to the same moment.

        Raises:
            KeyError: a part is missing.
            RuntimeError: a part has another shape.
        """
        self._mean_square.copy_(state["mean_square"])
        self._touches.copy_(state["touches"])
        self._shrunk = 0.0
        self._shrunk_rows.zero_()
