"""How a fit runs as one of several processes: ``torchrun --nproc-per-node=4 -m ml train …``.

Only RecommenderNet is fitted so (``--model recommender-net``).

Every process (*rank*) holds the whole network and all rows, draws the same batches from the same
seed, and computes its share of each batch. Gradients are averaged, so all ranks make the same step
and keep the same weights: what comes out does not depend on the number of ranks, except for
dropout masks and the order that sums are rounded in. Only the first rank reports and writes.
"""

import atexit
import os
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, distributed


@dataclass(frozen=True)
class Ranks:
    """This process among those that train together.

    Attributes:
        rank: its number, from 0.
        size: how many there are; 1 means nothing is exchanged.
        device: where it computes.
    """

    rank: int
    size: int
    device: torch.device

    @property
    def is_first(self) -> bool:
        """Whether this is the process that reports and writes."""
        return self.rank == 0

    def share(self, n_rows: int) -> slice:
        """Return which of the rows of a batch are this rank's; sizes differ by one at most."""
        return slice(self.rank * n_rows // self.size, (self.rank + 1) * n_rows // self.size)

    def sum(self, tensor: Tensor) -> Tensor:
        """Return the sum of the ranks' tensors, which are overwritten by it."""
        if self.size > 1:
            distributed.all_reduce(tensor)
        return tensor

    def any(self, ask: Callable[[], bool]) -> bool:
        """Ask the first rank and return its answer on all of them."""
        if self.size == 1:
            return ask()
        answer = torch.tensor(int(self.is_first and ask()), device=self.device)
        return bool(self.sum(answer))

    def wait(self) -> None:
        """Go on once every rank has come here."""
        if self.size > 1:
            distributed.barrier()


def join(device: str) -> Ranks:
    """Return this process's rank, alone unless torchrun has started it.

    Args:
        device: ``cpu`` or ``cuda``; on a machine with several cards each rank takes its own.
    """
    if not (distributed.is_available() and distributed.is_torchelastic_launched()):
        return Ranks(0, 1, torch.device(device))
    here = torch.device(device)
    if device == "cuda":
        here = torch.device(device, int(os.environ["LOCAL_RANK"]))
        torch.cuda.set_device(here)
    if not distributed.is_initialized():
        distributed.init_process_group("nccl" if device == "cuda" else "gloo")
        atexit.register(distributed.destroy_process_group)
    return Ranks(distributed.get_rank(), distributed.get_world_size(), here)


def is_first_process() -> bool:
    """Return whether this process is the one that writes, without joining the others."""
    return os.environ.get("RANK", "0") == "0"


def n_processes() -> int:
    """Return how many processes torchrun has started, 1 without it, without joining them."""
    if not (distributed.is_available() and distributed.is_torchelastic_launched()):
        return 1
    return int(os.environ["WORLD_SIZE"])
