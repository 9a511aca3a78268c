"""Everything that changes while RecommenderNet is trained, in one place.

Keeping it together is what makes a run repeatable to the bit: the weights, the optimiser, the two
random generators and the best weights so far go into a checkpoint and come out of it as one.
"""

import math
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor, nn

from ml.checkpoint import Checkpoint
from ml.config import RecommenderNetConfig
from ml.data import Ratings
from ml.errors import ArtifactDamaged
from ml.history import EpochResult
from ml.recommender_net import RecommenderNet
from ml.weights import RecommenderNetWeights

_EMBEDDINGS: Final = ("user_embedding.weight", "item_embedding.weight")


class TrainingState:
    """Network, optimiser, generators and learning curve of one run.

    Args:
        labels: the training rows, all scored.
        config: of the run.
        device: where the network lives.
    """

    def __init__(self, labels: Ratings, config: RecommenderNetConfig, device: torch.device) -> None:
        self.config = config
        self.rows_per_batch = config.rows_per_batch(len(labels))
        steps_per_epoch = math.ceil(len(labels) / self.rows_per_batch)
        self.device = device
        # Order of the rows and initial weights are drawn on the CPU, so that they are the same
        # whatever the device; masks are drawn where they are used.
        self.order_generator = torch.Generator().manual_seed(config.seed)
        self.mask_generator = torch.Generator(device).manual_seed(config.seed)
        self.net = _initial_network(labels, config, self.order_generator).to(device)
        self.optimizer = _optimizer(self.net, config, steps_per_epoch)
        self.history: list[EpochResult] = []
        self._best: dict[str, Tensor] | None = None
        self._total_steps = steps_per_epoch * config.n_epochs
        self._step = 0

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

    def next_learning_rate(self) -> None:
        """Set the step size of the next step: a half cosine from the first to the final rate."""
        lowest = self.config.final_learning_rate_share
        fallen = 0.5 * (1 + math.cos(math.pi * self._step / self._total_steps))
        for group in self.optimizer.param_groups:
            group["lr"] = self.config.learning_rate * (lowest + (1 - lowest) * fallen)
        self._step += 1

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
        for number, moments in self.optimizer.state_dict()["state"].items():
            tensors |= {f"adam.{number}.{name}": tensor for name, tensor in moments.items()}
        tensors["generator.order"] = self.order_generator.get_state()
        tensors["generator.mask"] = self.mask_generator.get_state()
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
            self.optimizer.load_state_dict({**self.optimizer.state_dict(), "state": moments})
            self.order_generator.set_state(tensors["generator.order"])
            self.mask_generator.set_state(tensors["generator.mask"])
            best = _group(tensors, "best.")
            self._best = {name: tensor.to(self.device) for name, tensor in best.items()} or None
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


def _optimizer(
    net: RecommenderNet, config: RecommenderNetConfig, steps_per_epoch: int
) -> torch.optim.AdamW:
    """Return Adam with decoupled decay (Loshchilov & Hutter 2019) on the embeddings only."""
    # AdamW shrinks by learning rate × weight_decay a step; the setting counts by epoch.
    shrunk_in_a_step = 1 - math.exp(-config.embedding_decay / steps_per_epoch)
    named = dict(net.named_parameters())
    embeddings = [named.pop(name) for name in _EMBEDDINGS]
    return torch.optim.AdamW(
        [
            {"params": embeddings, "weight_decay": shrunk_in_a_step / config.learning_rate},
            {"params": list(named.values()), "weight_decay": 0.0},
        ],
        lr=config.learning_rate,
        fused=True,
    )
