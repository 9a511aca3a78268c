"""Everything that changes while RecommenderNet is trained, in one place.

Keeping it together is what makes a run repeatable to the bit: the weights, the optimisers and the
best weights so far go into a checkpoint and come out of it as one. What is random in an epoch
follows from the seed and the epoch's number, so no generator has to be kept.
"""

import math
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor, nn

from ml.autograd_gradients import AutogradGradients
from ml.batches import Batch, LabelledRows
from ml.checkpoint import Checkpoint
from ml.config import RecommenderNetConfig
from ml.data import Ratings
from ml.devices import resolve_precision
from ml.distributed import Ranks
from ml.errors import ArtifactDamaged
from ml.gradients import FoldedGradients
from ml.history import EpochResult
from ml.recommender_net import RecommenderNet
from ml.row_optimizer import RowOptimizer
from ml.weights import RecommenderNetWeights

_EMBEDDINGS: Final = ("user_embedding.weight", "item_embedding.weight")


class TrainingState:
    """Network, optimisers and learning curve of one run.

    Args:
        labels: the training rows, all scored.
        config: of the run.
        ranks: the processes that train together; where the network lives.
    """

    def __init__(self, labels: Ratings, config: RecommenderNetConfig, ranks: Ranks) -> None:
        self.config = config
        self.ranks = ranks
        size = config.rows_per_batch(len(labels))
        self.rows = LabelledRows(labels, rows_per_batch=size, rows_per_rater=config.rows_per_rater)
        # Drawn on the CPU, so that the initial weights are the same whatever the device.
        generator = torch.Generator().manual_seed(config.seed)
        self.net = _initial_network(labels, config, generator).to(ranks.device)
        self._layers = _optimizer(self.net, config)
        self._tables = {
            "rater": RowOptimizer(self.net.user_embedding.weight.detach()),
            "title": RowOptimizer(self.net.item_embedding.weight.detach()),
        }
        dtype = resolve_precision(config.precision, ranks.device.type)
        self._gradients: FoldedGradients | AutogradGradients
        if ranks.size == 1 and ranks.device.type == "cpu":
            self._gradients = FoldedGradients(self.net, dtype, size + self.rows.rows_per_rater)
        else:
            self._gradients = AutogradGradients(self.net, dtype, ranks)
        self.history: list[EpochResult] = []
        self._best: dict[str, Tensor] | None = None
        self._total_steps = self.rows.n_batches * config.n_epochs
        self._step = 0
        # Decoupled from the gradient (Loshchilov & Hutter 2019); the setting counts by epoch.
        self._decay_of_step = config.embedding_decay / self.rows.n_batches

    @property
    def epochs_done(self) -> int:
        """Number of finished epochs."""
        return len(self.history)

    @property
    def best_epoch(self) -> int:
        """The epoch with the lowest validation error, the last one without validation rows."""
        measured = [
            (result.validation_rmse, result.epoch)
            for result in self.history
            if result.validation_rmse is not None
        ]
        return min(measured)[1] if measured else self.epochs_done

    @property
    def is_finished(self) -> bool:
        """Whether all epochs are done, or the last ones have brought nothing."""
        without_gain = self.epochs_done - self.best_epoch
        out_of_patience = 0 < self.config.patience <= without_gain
        return self.epochs_done == self.config.n_epochs or out_of_patience

    def start_epoch(self) -> torch.Generator:
        """Draw the next epoch's dropout masks; return the generator of its rows' order."""
        rank, device = self.ranks.rank, self.ranks.device
        self._gradients.start_epoch(self._generator(f"masks of rank {rank}", device))
        return self._generator("order", torch.device("cpu"))

    def step(self, batch: Batch) -> Tensor:
        """Take one step; return the sum of squared errors before it (float64 scalar)."""
        share = self._next_share_of_learning_rate()
        raters, titles = self._tables["rater"], self._tables["title"]
        rater_values, title_values = raters.read(batch.raters), titles.read(batch.titles)
        gradients = self._gradients(batch, rater_values, title_values)
        rate = self.config.embedding_learning_rate * share
        raters.step(batch.raters, rater_values, gradients.raters, rate)
        titles.step(batch.titles, title_values, gradients.titles, rate)
        for table in (raters, titles):
            table.shrink(-self._decay_of_step * share)
        self._layers.param_groups[0]["lr"] = self.config.learning_rate * share
        self._layers.step()
        return gradients.squared_error

    def settle(self) -> None:
        """Bring all embeddings up to date; between epochs they always are."""
        for table in self._tables.values():
            table.settle()

    def _next_share_of_learning_rate(self) -> float:
        """Return what the next step takes of the first one's size: a half cosine."""
        lowest = self.config.final_learning_rate_share
        fallen = 0.5 * (1 + math.cos(math.pi * self._step / self._total_steps))
        self._step += 1
        return lowest + (1 - lowest) * fallen

    def _generator(self, purpose: str, device: torch.device) -> torch.Generator:
        """Return the next epoch's generator for a purpose, on a device."""
        words = f"{self.config.seed} {self.epochs_done} {purpose}"
        seed = int.from_bytes(sha256(words.encode()).digest()[:4], "little")
        return torch.Generator(device).manual_seed(seed)

    def finish_epoch(self, result: EpochResult) -> None:
        """Add an epoch to the learning curve and keep its weights when they are the best."""
        self.history.append(result)
        if result.validation_rmse is not None and self.best_epoch == result.epoch:
            self._best = {
                name: tensor.detach().clone() for name, tensor in self.net.state_dict().items()
            }

    def weights(self, labels: Ratings) -> RecommenderNetWeights:
        """Return the best epoch's weights, rows without a label replaced by the trained mean."""
        tensors = self._best if self._best is not None else self.net.state_dict()
        parameters = {
            name: tensor.detach().cpu().numpy().copy() for name, tensor in tensors.items()
        }
        user_count = np.bincount(labels.user_index, minlength=labels.n_users)
        item_count = np.bincount(labels.item_index, minlength=labels.n_items)
        for name, count in zip(_EMBEDDINGS, (user_count, item_count), strict=True):
            parameters[name][count == 0] = parameters[name][count > 0].mean(axis=0)
        result = self.history[self.best_epoch - 1]
        rmse = result.train_rmse if result.validation_rmse is None else result.validation_rmse
        return RecommenderNetWeights(
            parameters=parameters,
            user_count=user_count.astype(np.int64),
            item_count=item_count.astype(np.int64),
            residual_variance=rmse**2,
        )

    def to_checkpoint(self) -> Checkpoint:
        """Return everything that is needed to go on after the last finished epoch."""
        tensors = {f"net.{name}": tensor for name, tensor in self.net.state_dict().items()}
        tensors |= {f"best.{name}": tensor for name, tensor in (self._best or {}).items()}
        for number, moments in self._layers.state_dict()["state"].items():
            tensors |= {f"adam.{number}.{name}": tensor for name, tensor in moments.items()}
        for table, optimizer in self._tables.items():
            tensors |= {f"{table}.{name}": tensor for name, tensor in optimizer.state().items()}
        progress = {
            "step": self._step,
            "history": [result.to_dict() for result in self.history],
        }
        return Checkpoint(tensors, progress)

    def restore(self, checkpoint: Checkpoint) -> None:
        """Take over the state of :meth:`to_checkpoint`.

        Raises:
            ArtifactDamaged: it does not hold what this run needs.
        """
        tensors = checkpoint.tensors
        try:
            self.net.load_state_dict(_group(tensors, "net."))
            moments: dict[int, dict[str, Tensor]] = {}
            for name, tensor in _group(tensors, "adam.").items():
                number, key = name.split(".", maxsplit=1)
                moments.setdefault(int(number), {})[key] = tensor
            self._layers.load_state_dict({**self._layers.state_dict(), "state": moments})
            for table, optimizer in self._tables.items():
                optimizer.restore(_group(tensors, f"{table}."))
            best = _group(tensors, "best.")
            self._best = {
                name: tensor.to(self.ranks.device) for name, tensor in best.items()
            } or None
            self._step = int(checkpoint.progress["step"])
            self.history = [
                EpochResult.from_dict(entry) for entry in checkpoint.progress["history"]
            ]
        except (KeyError, RuntimeError, TypeError, ValueError) as error:
            raise ArtifactDamaged(
                f"The checkpoint does not hold this run's state: {error}"
            ) from error


def _group(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Any]:
    """Return the tensors of one prefix, without it."""
    return {
        name.removeprefix(prefix): tensor
        for name, tensor in tensors.items()
        if name.startswith(prefix)
    }


def _initial_network(
    labels: Ratings, config: RecommenderNetConfig, generator: torch.Generator
) -> RecommenderNet:
    """Return a network with torch's own distributions, drawn from the given generator.

    Only the embeddings' scale and the output bias follow the configuration.
    """
    with torch.device("meta"):
        net = RecommenderNet(
            labels.n_users,
            labels.n_items,
            embedding_dim=config.embedding_dim,
            hidden=config.hidden,
            dropout=config.dropout,
        )
    net.to_empty(device="cpu")
    with torch.no_grad():
        for module in net.modules():
            if isinstance(module, nn.Embedding):
                module.weight.normal_(0, config.embedding_scale, generator=generator)
            elif isinstance(module, nn.Linear):
                # torch.nn.Linear.reset_parameters: both are uniform within 1/sqrt(inputs).
                bound = 1 / math.sqrt(module.in_features)
                module.weight.uniform_(-bound, bound, generator=generator)
                module.bias.uniform_(-bound, bound, generator=generator)
        if config.start_at_mean:
            net.hl3.bias.fill_(float(labels.score.mean(dtype=np.float64)))
    return net


def _optimizer(net: RecommenderNet, config: RecommenderNetConfig) -> torch.optim.Adam:
    """Return Adam for the layers; the embeddings have optimisers of their own."""
    layers = [tensor for name, tensor in net.named_parameters() if name not in _EMBEDDINGS]
    return torch.optim.Adam(layers, lr=config.learning_rate, fused=True)
