import json
import mmap
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from ml import artifacts
from ml.errors import (
    ArtifactDamaged,
    ArtifactError,
    ArtifactExists,
    ArtifactMissing,
    ArtifactTooNew,
)

ARRAYS: dict[str, dict[str, npt.NDArray[Any]]] = {
    "model": {
        "weights": np.arange(12, dtype=np.float32).reshape(3, 4),
        "turned": np.arange(6, dtype=np.int64).reshape(2, 3).T,
        "number": np.asarray(2.5),
        "nothing": np.empty((0, 4), dtype=np.int8),
        "flags": np.array([True, False]),
    },
    "ids": {"ids": np.array([1, 5], dtype=np.uint64)},
}


@pytest.fixture
def stored(tmp_path: Path) -> Path:
    return artifacts.write_artifact(
        tmp_path / "root", "version-1", arrays=ARRAYS, manifest={"note": "ö", "list": [1, 2]}
    )


def test_arrays_come_back_to_the_bit(stored: Path) -> None:
    for group, members in ARRAYS.items():
        loaded = artifacts.load_arrays(stored, group)
        assert set(loaded) == set(members)
        for name, expected in members.items():
            assert loaded[name].dtype == expected.dtype
            assert loaded[name].shape == expected.shape
            assert loaded[name].tobytes() == expected.tobytes()


def test_the_manifest_holds_what_was_given_and_the_files(stored: Path) -> None:
    manifest = artifacts.verify_artifact(stored)
    assert (manifest["note"], manifest["list"]) == ("ö", [1, 2])
    assert manifest["format_version"] == artifacts.FORMAT_VERSION
    assert set(manifest["files"]) == {"model.safetensors", "ids.safetensors"}
    entry = manifest["files"]["ids.safetensors"]
    assert entry["size"] == (stored / "ids.safetensors").stat().st_size
    assert len(entry["sha256"]) == 64


def test_the_manifest_keeps_the_writers_order(tmp_path: Path) -> None:
    scores = {"best": 1, "a": {"default": 2, "balanced": 3}}
    path = artifacts.write_artifact(tmp_path, "a", arrays={}, manifest={"scores": scores})
    assert json.dumps(artifacts.verify_artifact(path)["scores"]) == json.dumps(scores)


def test_nothing_but_the_artifact_is_left(stored: Path) -> None:
    assert [path.name for path in stored.parent.iterdir()] == ["version-1"]


def test_arrays_are_mapped_and_not_copied(stored: Path) -> None:
    weights = artifacts.load_arrays(stored, "model")["weights"]
    owner: object = weights
    while isinstance(owner, np.ndarray):
        owner = owner.base
    assert isinstance(owner, memoryview)
    assert isinstance(owner.obj, mmap.mmap)


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="needs Linux's list of mappings")
def test_the_mapping_is_of_the_file(stored: Path) -> None:
    loaded = artifacts.load_arrays(stored, "model")
    assert str(stored / "model.safetensors") in Path("/proc/self/maps").read_text()
    assert loaded["weights"].sum() == 66


def test_arrays_are_read_only(stored: Path) -> None:
    for array in artifacts.load_arrays(stored, "model").values():
        assert not array.flags.writeable


def test_an_artifact_is_never_overwritten(stored: Path) -> None:
    with pytest.raises(ArtifactExists):
        artifacts.write_artifact(stored.parent, "version-1", arrays={}, manifest={})
    assert artifacts.verify_artifact(stored)["note"] == "ö"


def test_a_writer_that_fails_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="JSON"):
        artifacts.write_artifact(tmp_path, "a", arrays=ARRAYS, manifest={"x": float("nan")})
    with pytest.raises(ArtifactError, match="JSON"):
        artifacts.write_artifact(tmp_path, "a", arrays=ARRAYS, manifest={"x": object()})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "../a", "/a", ".hidden", "a\0b", "a" * 101])
def test_names_cannot_lead_elsewhere(tmp_path: Path, stored: Path, name: str) -> None:
    with pytest.raises(ArtifactError):
        artifacts.write_artifact(tmp_path, name, arrays={}, manifest={})
    with pytest.raises(ArtifactError):
        artifacts.write_artifact(tmp_path, "fine", arrays={name: {}}, manifest={})
    with pytest.raises(ArtifactError):
        artifacts.load_arrays(stored, name)


@pytest.mark.parametrize("key", ["format_version", "files", "checksum"])
def test_keys_of_the_format_are_refused(tmp_path: Path, key: str) -> None:
    with pytest.raises(ArtifactError, match=key):
        artifacts.write_artifact(tmp_path, "a", arrays={}, manifest={key: 1})


def test_an_artifact_that_is_not_there_is_missing(tmp_path: Path) -> None:
    for read in (artifacts.read_manifest, artifacts.verify_artifact):
        with pytest.raises(ArtifactMissing):
            read(tmp_path / "none")
    with pytest.raises(ArtifactMissing):
        artifacts.load_arrays(tmp_path / "none", "model")


def test_a_group_that_is_not_there_is_missing(stored: Path) -> None:
    with pytest.raises(ArtifactMissing, match="other"):
        artifacts.load_arrays(stored, "other")


def test_a_file_that_is_gone_is_missing(stored: Path) -> None:
    (stored / "ids.safetensors").unlink()
    with pytest.raises(ArtifactMissing):
        artifacts.verify_artifact(stored)
    with pytest.raises(ArtifactMissing):
        artifacts.load_arrays(stored, "ids")


@pytest.mark.parametrize("name", ["model.safetensors", "ids.safetensors"])
@pytest.mark.parametrize("position", [0, 9, -1])
def test_one_damaged_byte_is_found(stored: Path, name: str, position: int) -> None:
    content = bytearray((stored / name).read_bytes())
    content[position] ^= 1
    (stored / name).write_bytes(content)
    with pytest.raises(ArtifactDamaged):
        artifacts.verify_artifact(stored)


def test_any_changed_value_of_the_manifest_is_found(stored: Path) -> None:
    file = stored / "manifest.json"
    file.write_text(file.read_text().replace('"ö"', '"o"').replace('"\\u00f6"', '"o"'))
    with pytest.raises(ArtifactDamaged):
        artifacts.read_manifest(stored)


def test_a_truncated_file_is_found_before_it_is_mapped(stored: Path) -> None:
    file = stored / "model.safetensors"
    os.truncate(file, file.stat().st_size - 1)
    for check in (
        lambda: artifacts.verify_artifact(stored),
        lambda: artifacts.load_arrays(stored, "model"),
    ):
        with pytest.raises(ArtifactDamaged):
            check()


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", "{}", '{"format_version": 0}', '{"format_version": true}']
)
def test_a_manifest_that_is_none_is_damaged(stored: Path, text: str) -> None:
    (stored / "manifest.json").write_text(text)
    with pytest.raises(ArtifactDamaged):
        artifacts.verify_artifact(stored)


def test_a_manifest_of_wrong_bytes_is_damaged(stored: Path) -> None:
    (stored / "manifest.json").write_bytes(b"\xff\xfe\x00{")
    with pytest.raises(ArtifactDamaged):
        artifacts.verify_artifact(stored)


def _with_manifest(stored: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Rewrite the manifest with a right checksum."""
    manifest = json.loads((stored / "manifest.json").read_text())
    change(manifest)
    manifest["checksum"] = artifacts._checksum(manifest)
    (stored / "manifest.json").write_text(json.dumps(manifest))


def test_a_newer_format_is_told_from_a_damaged_one(stored: Path) -> None:
    _with_manifest(stored, lambda m: m.update(format_version=artifacts.FORMAT_VERSION + 1))
    with pytest.raises(ArtifactTooNew, match="Update"):
        artifacts.verify_artifact(stored)


@pytest.mark.parametrize(
    "files", [None, [], {"../x": {"size": 1, "sha256": "a"}}, {"x": 1}, {"x": {"size": 1}}]
)
def test_a_listing_of_another_kind_is_damaged(stored: Path, files: object) -> None:
    _with_manifest(stored, lambda m: m.update(files=files))
    with pytest.raises(ArtifactDamaged):
        artifacts.read_manifest(stored)


def test_a_removed_artifact_is_gone_and_its_mapped_arrays_stay(stored: Path) -> None:
    weights = artifacts.load_arrays(stored, "model")["weights"]
    artifacts.remove_artifact(stored)
    artifacts.remove_artifact(stored)
    assert list(stored.parent.iterdir()) == []
    assert weights.sum() == 66


def test_leftovers_of_killed_writers_are_removed_once_they_are_old(stored: Path) -> None:
    leftover = stored.parent / ".writing-version-2-0a1b2c3d"
    leftover.mkdir()
    assert artifacts.remove_leftovers(stored.parent, older_than_seconds=3600) == []
    removed = artifacts.remove_leftovers(stored.parent, older_than_seconds=0)
    assert removed == [leftover.name]
    assert [path.name for path in stored.parent.iterdir()] == ["version-1"]


def test_every_file_can_be_read_by_whoever_may_read_the_manifest(tmp_path: Path) -> None:
    arrays = {"group": {"ones": np.ones(3)}}
    path = artifacts.write_artifact(tmp_path, "one", arrays=arrays, manifest={})
    assert len({file.stat().st_mode for file in path.iterdir()}) == 1


TEXTS = {"calibration.svg": "<svg>–\r\n</svg>\n", "empty.txt": ""}


@pytest.fixture
def with_texts(tmp_path: Path) -> Path:
    return artifacts.write_artifact(tmp_path, "texts", arrays=ARRAYS, manifest={}, texts=TEXTS)


def test_texts_come_back_as_they_were(with_texts: Path) -> None:
    assert {name: artifacts.read_text(with_texts, name) for name in TEXTS} == TEXTS
    files = artifacts.verify_artifact(with_texts)["files"]
    assert set(files) == {"model.safetensors", "ids.safetensors", *TEXTS}
    assert files["empty.txt"]["size"] == 0
    assert len({file.stat().st_mode for file in with_texts.iterdir()}) == 1


@pytest.mark.parametrize(
    "name",
    ["../a.svg", "a/b.svg", "", ".svg", "manifest.json", "model.safetensors", "Manifest.JSON"],
)
def test_texts_cannot_have_the_names_of_others(tmp_path: Path, with_texts: Path, name: str) -> None:
    with pytest.raises(ArtifactError):
        artifacts.write_artifact(tmp_path, "a", arrays={}, manifest={}, texts={name: ""})
    assert not (tmp_path / "a").exists()
    with pytest.raises(ArtifactError):
        artifacts.read_text(with_texts, name)


def test_a_text_that_is_no_unicode_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match=r"bad\.txt"):
        artifacts.write_artifact(tmp_path, "a", arrays={}, manifest={}, texts={"bad.txt": "\ud800"})
    assert list(tmp_path.iterdir()) == []


def test_a_text_that_is_not_there_is_missing(with_texts: Path) -> None:
    with pytest.raises(ArtifactMissing, match=r"other\.svg"):
        artifacts.read_text(with_texts, "other.svg")
    (with_texts / "stray.svg").write_text("not of the artifact")
    with pytest.raises(ArtifactMissing):
        artifacts.read_text(with_texts, "stray.svg")
    (with_texts / "calibration.svg").unlink()
    with pytest.raises(ArtifactMissing):
        artifacts.read_text(with_texts, "calibration.svg")
    with pytest.raises(ArtifactMissing):
        artifacts.read_text(with_texts / "none", "calibration.svg")


@pytest.mark.parametrize("content", [b"<svg>-</svg>\n", b"", b"\xff"])
def test_a_changed_text_is_damaged(with_texts: Path, content: bytes) -> None:
    (with_texts / "calibration.svg").write_bytes(content)
    with pytest.raises(ArtifactDamaged):
        artifacts.read_text(with_texts, "calibration.svg")
    with pytest.raises(ArtifactDamaged):
        artifacts.verify_artifact(with_texts)
