"""The state of an unfinished training on disk, so that a killed run goes on where it was.

A checkpoint is a folder. Its tensors are in ``epoch-<n>.safetensors``; ``state.json`` names that
file with its SHA-256 and is replaced last, by a rename, so it always names a whole file.
"""

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import file_digest
from pathlib import Path
from typing import Any, Final

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from ml.artifacts import sync
from ml.errors import ArtifactDamaged, ArtifactMissing, ArtifactTooNew, CheckpointMismatch

CHECKPOINT_VERSION: Final = 1
# 1: "fingerprint", "file", "sha256" and "progress" in state.json.

_STATE: Final = "state.json"


@dataclass(frozen=True)
class Checkpoint:
    """What training needs to go on.

    Attributes:
        tensors: weights, optimiser state and generator states, by name.
        progress: everything else, as JSON can hold it.
    """

    tensors: Mapping[str, Tensor]
    progress: Mapping[str, Any]


def write_checkpoint(folder: Path, checkpoint: Checkpoint, *, fingerprint: str, epoch: int) -> None:
    """Replace the checkpoint in ``folder`` (made when it is not there).

    Args:
        folder: where it is kept.
        checkpoint: the state after ``epoch``.
        fingerprint: of configuration and data; asked for again by :func:`read_checkpoint`.
        epoch: number of the epoch that is done.
    """
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"epoch-{epoch}.safetensors"
    temporary = folder / f"{file.name}.writing"
    tensors = {name: tensor.detach().cpu() for name, tensor in checkpoint.tensors.items()}
    save_file(tensors, temporary)
    sync(temporary)
    temporary.replace(file)
    state = {
        "checkpoint_version": CHECKPOINT_VERSION,
        "fingerprint": fingerprint,
        "file": file.name,
        "sha256": _sha256(file),
        "progress": dict(checkpoint.progress),
    }
    temporary = folder / f"{_STATE}.writing"
    temporary.write_text(json.dumps(state, allow_nan=False, indent=2), encoding="utf-8")
    sync(temporary)
    temporary.replace(folder / _STATE)
    sync(folder)
    for other in folder.glob("epoch-*.safetensors*"):
        if other != file:
            other.unlink()


def read_checkpoint(folder: Path, *, fingerprint: str) -> Checkpoint:
    """Return the checkpoint in ``folder``, checked.

    Raises:
        ArtifactMissing: there is none.
        ArtifactDamaged: a file is not what was written.
        ArtifactTooNew: a later version of the program wrote it.
        CheckpointMismatch: it belongs to other data or another configuration.
    """
    try:
        state = json.loads((folder / _STATE).read_bytes())
        version, written_for = state["checkpoint_version"], state["fingerprint"]
        if version > CHECKPOINT_VERSION:
            raise ArtifactTooNew(f"{folder} was written by a later version of this program.")
        file, expected, progress = folder / state["file"], state["sha256"], state["progress"]
    except FileNotFoundError as error:
        raise ArtifactMissing(f"There is no checkpoint in {folder}.") from error
    except (ValueError, TypeError, KeyError) as error:
        raise ArtifactDamaged(f"{folder / _STATE} is not a checkpoint's state.") from error
    if written_for != fingerprint:
        raise CheckpointMismatch(
            f"The checkpoint in {folder} is of other data or another configuration. "
            "Start anew, or give the data and settings it was written with."
        )
    if not file.is_file() or _sha256(file) != expected:
        raise ArtifactDamaged(f"{file} is not as it was written.")
    try:
        return Checkpoint(load_file(file), progress)
    except SafetensorError as error:
        raise ArtifactDamaged(f"{file} is not as it was written.") from error


def remove_checkpoint(folder: Path) -> None:
    """Delete a checkpoint; one that is not there is no error."""
    if (folder / _STATE).exists():
        shutil.rmtree(folder)


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return file_digest(stream, "sha256").hexdigest()
