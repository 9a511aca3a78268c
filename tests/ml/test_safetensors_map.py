import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

from ml.errors import ArtifactDamaged, ArtifactMissing
from ml.safetensors_map import map_arrays


def _write(path: Path, header: object, data: bytes = b"\0" * 16) -> Path:
    text = json.dumps(header).encode() if not isinstance(header, bytes) else header
    path.write_bytes(len(text).to_bytes(8, "little") + text + data)
    return path


def _entry(**changes: Any) -> dict[str, Any]:
    return {"dtype": "F32", "shape": [2, 2], "data_offsets": [0, 16], **changes}


def test_what_the_library_writes_is_read(tmp_path: Path) -> None:
    file = tmp_path / "a.safetensors"
    save_file({"a": np.arange(4, dtype=np.int16)}, file, metadata={"made": "here"})
    assert {name: array.tolist() for name, array in map_arrays(file).items()} == {"a": [0, 1, 2, 3]}


def test_a_missing_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(ArtifactMissing):
        map_arrays(tmp_path / "none")


@pytest.mark.parametrize("content", [b"", b"\1\0\0", (10**6).to_bytes(8, "little") + b"{}"])
def test_a_file_too_short_for_its_header_is_damaged(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "a"
    file.write_bytes(content)
    with pytest.raises(ArtifactDamaged):
        map_arrays(file)


@pytest.mark.parametrize("header", [b"{", b"[]", b"\xff\xff"])
def test_a_header_that_is_no_object_is_damaged(tmp_path: Path, header: bytes) -> None:
    with pytest.raises(ArtifactDamaged):
        map_arrays(_write(tmp_path / "a", header))


@pytest.mark.parametrize(
    "entry",
    [
        {},
        5,
        _entry(dtype="F99"),
        _entry(shape=3),
        _entry(shape=[2, -2]),
        _entry(shape=[2, 2.0]),
        _entry(shape=[True, 4]),
        _entry(shape=[2, 3]),
        _entry(data_offsets=[0]),
        _entry(data_offsets=[16, 0]),
        _entry(data_offsets=[4, 20]),
        _entry(data_offsets=[-16, 0]),
        _entry(shape=[2**40, 2**40], data_offsets=[0, 2**82]),
    ],
)
def test_an_entry_that_does_not_lie_within_the_file_is_damaged(
    tmp_path: Path, entry: object
) -> None:
    with pytest.raises(ArtifactDamaged):
        map_arrays(_write(tmp_path / "a", {"a": entry}))
