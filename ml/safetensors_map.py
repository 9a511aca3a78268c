"""Map a safetensors file into memory without copying it.

The library's own numpy loader reads whole arrays into memory; a web process wants the pages shared
between workers and brought in as they are touched. The format is small: eight bytes with the
header's length, a JSON header, and the arrays one after the other
(https://huggingface.co/docs/safetensors, section "Format").
"""

import json
import math
import mmap
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from ml.errors import ArtifactDamaged, ArtifactMissing

_DTYPES: Final = {
    "BOOL": np.dtype(np.bool_),
    "I8": np.dtype("<i1"),
    "U8": np.dtype("<u1"),
    "I16": np.dtype("<i2"),
    "U16": np.dtype("<u2"),
    "I32": np.dtype("<i4"),
    "U32": np.dtype("<u4"),
    "I64": np.dtype("<i8"),
    "U64": np.dtype("<u8"),
    "F16": np.dtype("<f2"),
    "F32": np.dtype("<f4"),
    "F64": np.dtype("<f8"),
}
_LENGTH_BYTES: Final = 8
_LONGEST_HEADER: Final = 100_000_000


def map_arrays(path: Path) -> dict[str, npt.NDArray[Any]]:
    """Return the file's arrays by name, as read-only views of one shared mapping.

    Raises:
        ArtifactMissing: there is no such file.
        ArtifactDamaged: the header does not describe the file.
    """
    try:
        with path.open("rb") as stream:
            size = path.stat().st_size
            if size < _LENGTH_BYTES:
                raise ArtifactDamaged(f"{path} is too short.")
            mapping = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
    except FileNotFoundError as error:
        raise ArtifactMissing(f"{path} is missing.") from error
    start, header = _read_header(path, mapping, size)
    return {
        name: _array(path, name, entry, mapping, start=start, size=size)
        for name, entry in header.items()
        if name != "__metadata__"
    }


def _read_header(path: Path, mapping: mmap.mmap, size: int) -> tuple[int, dict[str, Any]]:
    """Return where the arrays begin and what the header says of them."""
    length = int.from_bytes(mapping[:_LENGTH_BYTES], "little")
    start = _LENGTH_BYTES + length
    if length > _LONGEST_HEADER or start > size:
        raise ArtifactDamaged(f"{path} has a header of impossible length.")
    try:
        header = json.loads(mapping[_LENGTH_BYTES:start])
    except ValueError as error:
        raise ArtifactDamaged(f"{path} has a damaged header.") from error
    if not isinstance(header, dict):
        raise ArtifactDamaged(f"{path} has a damaged header.")
    return start, header


def _array(
    path: Path, name: str, entry: Any, mapping: mmap.mmap, *, start: int, size: int
) -> npt.NDArray[Any]:
    """Return one array after checking that its bytes lie within the file."""
    try:
        dtype = _DTYPES[entry["dtype"]]
        shape = tuple(entry["shape"])
        first, last = entry["data_offsets"]
    except (KeyError, TypeError, ValueError) as error:
        raise ArtifactDamaged(f"{path} describes {name} in a way unknown here.") from error
    numbers = (*shape, first, last)
    if not all(type(number) is int and number >= 0 for number in numbers):
        raise ArtifactDamaged(f"{path} has impossible sizes for {name}.")
    count = math.prod(shape)
    if last - first != count * dtype.itemsize or start + last > size:
        raise ArtifactDamaged(f"{path} has impossible offsets for {name}.")
    if not count:
        empty: npt.NDArray[Any] = np.empty(shape, dtype=dtype)
        empty.flags.writeable = False
        return empty
    flat = np.frombuffer(mapping, dtype=dtype, count=count, offset=start + first)
    return flat.reshape(shape)
