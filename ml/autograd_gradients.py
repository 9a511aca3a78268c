"""The gradient of RecommenderNet's error by autograd: for a card, and for several processes.

On a card autograd's copies cost little, and ``autocast`` does the matrix products in half
precision. Several processes share a step through DistributedDataParallel, which averages the
gradients while they are still being computed.
"""

import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from ml.batches import Batch
from ml.distributed import Ranks
from ml.gradients import UNDER_ROOT, Gradients
from ml.recommender_net import RecommenderNet


class _SquaredError(nn.Module):
    """The network with its loss, so that one ``forward`` is all there is to a pass."""

    def __init__(self, net: RecommenderNet, dtype: torch.dtype) -> None:
        super().__init__()
        self.net = net
        self.dtype = dtype
        self.generator: torch.Generator | None = None

    def forward(self, user: Tensor, item: Tensor, score: Tensor) -> Tensor:
        half = self.dtype != torch.float32
        with torch.autocast(user.device.type, dtype=self.dtype, enabled=half):
            predictions = self.net(user, item, generator=self.generator)
        error: Tensor = (predictions.float() - score).square().sum()
        return error


class AutogradGradients:
    """Computes gradients with autograd, each rank for its share of the batch's rows.

    Args:
        net: the network, on the device.
        dtype: of the matrix products, float32 or bfloat16.
        ranks: the processes that train together.
    """

    def __init__(self, net: RecommenderNet, dtype: torch.dtype, ranks: Ranks) -> None:
        self._net = net.train()
        self._ranks = ranks
        self._loss = _SquaredError(net, dtype)
        self._module: nn.Module = self._loss
        if ranks.size > 1:
            self._module = DistributedDataParallel(self._loss, gradient_as_bucket_view=True)

    def start_epoch(self, generator: torch.Generator) -> None:
        """Draw an epoch's dropout masks from ``generator``, which is on the device."""
        self._net.train()
        self._loss.generator = generator

    def __call__(self, batch: Batch, raters: Tensor, titles: Tensor) -> Gradients:
        """Return the gradient of the root mean square error of the whole batch.

        Args:
            batch: the rows of all ranks, on the device.
            raters: float32 [r, d], the embeddings of the batch's raters.
            titles: float32 [t, d], of its titles.
        """
        users, items = self._net.user_embedding.weight, self._net.item_embedding.weight
        with torch.no_grad():
            users.index_copy_(0, batch.raters, raters)
            items.index_copy_(0, batch.titles, titles)
        self._module.zero_grad(set_to_none=False)
        share = self._ranks.share(len(batch))
        error = self._module(
            batch.raters[batch.rater_of_row[share]],
            batch.titles[batch.title_of_row[share]],
            batch.score[share],
        )
        squared_error = self._ranks.sum(error.detach().double())
        # The root's derivative is that of all rows; ranks are averaged, so each counts double
        # with two of them, and so on.
        rmse = (squared_error / len(batch) + UNDER_ROOT).sqrt().float()
        (error * (0.5 * self._ranks.size / len(batch) / rmse)).backward()
        return Gradients(_rows(users, batch.raters), _rows(items, batch.titles), squared_error)


def _rows(table: Tensor, rows: Tensor) -> Tensor:
    gradient = table.grad
    if gradient is None:
        raise RuntimeError("backward() has left no gradient.")
    return gradient.index_select(0, rows)
