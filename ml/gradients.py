"""The gradient of RecommenderNet's error, written out by hand for the CPU.

The first layer is linear before its ReLU: ``hl1`` of a row is the sum of a rater's half and a
title's half. Both are computed once for each distinct rater and title of a batch, forwards and
backwards: at the published size and batches of 16,384, some 13,000 of 33,000 multiplications a row
are left, 8,000 of them in the second layer.
Autograd would keep and copy every intermediate result; most of them are overwritten in place here.
"""

import math
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor
from torch.nn import functional

from ml.batches import Batch
from ml.recommender_net import RecommenderNet

UNDER_ROOT: Final = 1e-8  # keeps the root's slope finite when a batch is fitted exactly
_SPARE_MASKS: Final = 4096


@dataclass(frozen=True, eq=False)
class Gradients:
    """What a step needs; the layers' gradients are in their parameters' ``grad``.

    Attributes:
        raters: float32 [r, d], of the batch's distinct raters.
        titles: float32 [t, d], of its distinct titles.
        squared_error: float64 scalar, the sum over the batch.
    """

    raters: Tensor
    titles: Tensor
    squared_error: Tensor


class FoldedGradients:
    """Computes gradients without autograd.

    Args:
        net: the network. Its tables are never read: a step passes the rows it is about.
        dtype: what a row is computed in, float32 or bfloat16. Weights, embeddings and errors are
            kept in float32 in any case.
        most_rows: of a batch.
    """

    def __init__(self, net: RecommenderNet, dtype: torch.dtype, most_rows: int) -> None:
        self._net = net
        self._dtype = dtype
        self._most_rows = most_rows
        self._keep = 1 - net.dropout

    def start_epoch(self, generator: torch.Generator) -> None:
        """Draw an epoch's dropout masks from ``generator``.

        A mask a row would take longer than all the rest of a step. So a store of masks is drawn,
        and each batch takes a run of it from a random place.
        """
        self._generator = generator
        n_masks = self._most_rows + _SPARE_MASKS
        self._masks = [
            torch.empty(n_masks, layer.out_features, dtype=self._dtype).bernoulli_(
                self._keep, generator=generator
            )
            for layer in (self._net.hl1, self._net.hl2)
            if self._net.dropout
        ]

    @torch.no_grad()
    def __call__(self, batch: Batch, raters: Tensor, titles: Tensor) -> Gradients:
        """Return the gradient of the root mean square error of a batch.

        ``d_x`` is the derivative of that error by ``x``. What dropout takes away is made up for
        in the next layer's weights, which are fewer than the units it would be divided into.

        Args:
            batch: the rows.
            raters: float32 [r, d], the embeddings of the batch's raters.
            titles: float32 [t, d], of its titles.
        """
        net, dtype, dim = self._net, self._dtype, raters.shape[1]
        first_weight = net.hl1.weight.to(dtype)
        rater_weight, title_weight = first_weight[:, :dim], first_weight[:, dim:]
        raters, titles = raters.to(dtype), titles.to(dtype)
        second_weight = (net.hl2.weight / self._keep).to(dtype)
        output_weight = (net.hl3.weight[0] / self._keep).to(dtype)

        # Forwards.
        rater_half = torch.addmm(net.hl1.bias.to(dtype), raters, rater_weight.t())
        title_half = titles @ title_weight.t()
        first = title_half.index_select(0, batch.title_of_row)
        first.add_(rater_half.index_select(0, batch.rater_of_row)).relu_()
        self._drop(0, first)
        second = torch.addmm(net.hl2.bias.to(dtype), first, second_weight.t()).relu_()
        self._drop(1, second)
        # The output's bias is about the mean score: bfloat16 would round the sum to 1/32.
        errors = (second @ output_weight).float().add_(net.hl3.bias).sub_(batch.score)
        squared_error = errors.double().square().sum()

        # Backwards. Where a unit is above nought, ReLU and dropout both let its derivative pass.
        rmse = math.sqrt(float(squared_error) / len(batch) + UNDER_ROOT)
        d_prediction = errors.div_(len(batch) * rmse)
        d_output = d_prediction.to(dtype)
        d_second = _where_active(torch.outer(d_output, output_weight), second)
        d_first = _where_active(d_second @ second_weight, first)
        d_rater_half = _sums(d_first, torch.arange(len(batch)), batch.rater_start)
        d_title_half = _sums(d_first, batch.rows_by_title, batch.title_start)

        net.hl3.weight.grad = (d_output @ second).float().div_(self._keep).unsqueeze(0)
        net.hl3.bias.grad = d_prediction.sum().unsqueeze(0)
        net.hl2.weight.grad = (d_second.t() @ first).float().div_(self._keep)
        net.hl2.bias.grad = d_second.sum(0).float()
        net.hl1.weight.grad = torch.cat(
            (d_rater_half.t() @ raters, d_title_half.t() @ titles), dim=1
        ).float()
        net.hl1.bias.grad = d_rater_half.sum(0).float()
        return Gradients(
            (d_rater_half @ rater_weight).float(),
            (d_title_half @ title_weight).float(),
            squared_error,
        )

    def _drop(self, layer: int, hidden: Tensor) -> None:
        """Put noughts into a hidden layer (0 or 1)."""
        if self._masks:
            start = int(torch.randint(_SPARE_MASKS + 1, (), generator=self._generator))
            hidden.mul_(self._masks[layer][start : start + len(hidden)])


def _where_active(derivative: Tensor, hidden: Tensor) -> Tensor:
    """Return the derivative where a hidden unit is above nought, and 0 elsewhere."""
    result: Tensor = torch.ops.aten.threshold_backward(derivative, hidden, 0)
    return result


def _sums(rows: Tensor, order: Tensor, start: Tensor) -> Tensor:
    """Return the sum of each group of rows; groups start where ``start`` says."""
    return functional.embedding_bag(order, rows, start, mode="sum")
