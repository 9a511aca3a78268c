"""Trained models on disk: whole or not at all, checked, and never pickled.

An artifact is a folder: one ``<group>.safetensors`` file for each group of arrays, files of text
such as figures, and a ``manifest.json`` that names them with size and SHA-256. It is written beside
its final place and renamed into it, so a reader sees all of it or nothing.
"""

import json
import os
import re
import secrets
import shutil
import time
from collections.abc import Mapping
from hashlib import file_digest, sha256
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from safetensors.numpy import save_file

from ml.errors import (
    ArtifactDamaged,
    ArtifactError,
    ArtifactExists,
    ArtifactMissing,
    ArtifactTooNew,
)
from ml.safetensors_map import map_arrays

FORMAT_VERSION: Final = 1
# 1: manifest.json with "format_version", "files" (size and sha256 of each), "checksum" (sha256 of
#    the manifest's other keys) and the writer's own keys; arrays in <group>.safetensors, all other
#    files are text in UTF-8.

MANIFEST: Final = "manifest.json"
_RESERVED: Final = frozenset({"format_version", "files", "checksum"})
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_ARRAYS_SUFFIX: Final = ".safetensors"
_TEMPORARY: Final = ".writing-"

Array = npt.NDArray[Any]


def write_artifact(
    root: Path,
    name: str,
    *,
    arrays: Mapping[str, Mapping[str, Array]],
    manifest: Mapping[str, Any],
    texts: Mapping[str, str] | None = None,
) -> Path:
    """Write an artifact and return its folder, ``root / name``.

    Args:
        root: folder of all artifacts; made when it is not there.
        name: the artifact's own name: letters, digits, ``.``, ``_`` and ``-``.
        arrays: by group, then by name.
        manifest: what else belongs to it, as JSON can hold it. The keys ``format_version``,
            ``files`` and ``checksum`` are ours.
        texts: by file name, such as ``calibration.svg``; :func:`read_text` gives them back.

    Raises:
        ArtifactExists: the name is taken.
        ArtifactError: a name is not allowed, the manifest is not JSON, or a text is not Unicode.
        OSError: the disk refuses; nothing is left behind then.
    """
    for checked in (name, *arrays):
        check_name(checked)
    encoded = {file: _encoded(file, text) for file, text in (texts or {}).items()}
    if _RESERVED & set(manifest):
        raise ArtifactError(f"Keys kept for the format: {', '.join(sorted(_RESERVED))}.")
    target = root / name
    root.mkdir(parents=True, exist_ok=True)
    if target.exists():
        raise ArtifactExists(f"There is an artifact named {name} already.")
    temporary = root / f"{_TEMPORARY}{name}-{secrets.token_hex(4)}"
    temporary.mkdir()
    try:
        for group, members in arrays.items():
            # safetensors stores the memory as it lies, so every array has to be in C order.
            ordered = {key: np.asarray(member, order="C") for key, member in members.items()}
            save_file(ordered, temporary / f"{group}{_ARRAYS_SUFFIX}")
        for file_name, content in encoded.items():
            (temporary / file_name).write_bytes(content)
        files = {file.name: _describe(file) for file in sorted(temporary.iterdir())}
        text = _manifest_text({**manifest, "format_version": FORMAT_VERSION, "files": files})
        (temporary / MANIFEST).write_text(text, encoding="utf-8")
        mode = (temporary / MANIFEST).stat().st_mode
        for file in temporary.iterdir():
            # The umask decides who may read them, as for the manifest; safetensors makes its
            # files for the owner alone, and the web process may be somebody else.
            file.chmod(mode)
            sync(file)
        sync(temporary)
        _rename(temporary, target)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    sync(root)
    return target


def read_manifest(path: Path) -> dict[str, Any]:
    """Return the manifest: the writer's keys and ``format_version``, ``files``, ``checksum``.

    Raises:
        ArtifactMissing: there is no folder or no manifest.
        ArtifactDamaged: the manifest is not what was written.
        ArtifactTooNew: a later version of the program wrote it.
    """
    try:
        content = json.loads((path / MANIFEST).read_bytes())
    except (FileNotFoundError, NotADirectoryError) as error:
        raise ArtifactMissing(f"There is no artifact at {path}.") from error
    except ValueError as error:
        raise ArtifactDamaged(f"{path / MANIFEST} is not JSON.") from error
    version = content.get("format_version") if isinstance(content, dict) else None
    if isinstance(version, bool) or not isinstance(version, int) or version < 1:
        raise ArtifactDamaged(f"{path / MANIFEST} has no format version.")
    if version > FORMAT_VERSION:
        raise ArtifactTooNew(
            f"{path} has format {version}; this program reads up to {FORMAT_VERSION}. Update it."
        )
    if content.get("checksum") != _checksum(content) or not _is_listing(content.get("files")):
        raise ArtifactDamaged(f"{path / MANIFEST} is not as it was written.")
    return dict(content)


def verify_artifact(path: Path) -> dict[str, Any]:
    """Check every byte of an artifact against its manifest and return the manifest.

    Raises:
        ArtifactMissing: the artifact or one of its files is not there.
        ArtifactDamaged: a size, a checksum or the manifest is wrong.
        ArtifactTooNew: a later version of the program wrote it.
    """
    manifest = read_manifest(path)
    for name, expected in manifest["files"].items():
        file = path / name
        if not file.is_file():
            raise ArtifactMissing(f"{file} is missing.")
        if _describe(file) != expected:
            raise ArtifactDamaged(f"{file} is not as it was written (size or checksum).")
    return manifest


def load_arrays(path: Path, group: str) -> dict[str, Array]:
    """Return a group's arrays, read-only and memory mapped: pages come in as they are touched.

    Structure and size are checked here, contents only by :func:`verify_artifact`.

    Raises:
        ArtifactMissing: no such artifact, group or file.
        ArtifactDamaged: manifest, size or header is wrong.
        ArtifactTooNew: a later version of the program wrote it.
    """
    check_name(group)
    file = path / f"{group}{_ARRAYS_SUFFIX}"
    expected = read_manifest(path)["files"].get(file.name)
    if expected is None or not file.is_file():
        raise ArtifactMissing(f"{path} has no group of arrays named {group}.")
    if file.stat().st_size != expected["size"]:
        raise ArtifactDamaged(f"{file} is not as it was written (size).")
    return map_arrays(file)


def read_text(path: Path, name: str) -> str:
    """Return one of an artifact's texts, every byte of it checked.

    Args:
        path: the artifact's folder.
        name: the text's file name.

    Raises:
        ArtifactMissing: no such artifact or file.
        ArtifactDamaged: the text or the manifest is not what was written.
        ArtifactTooNew: a later version of the program wrote it.
        ArtifactError: the name is none that a text can have.
    """
    _check_text_name(name)
    expected, file = read_manifest(path)["files"].get(name), path / name
    if expected is None or not file.is_file():
        raise ArtifactMissing(f"{path} has no text named {name}.")
    content = file.read_bytes()
    if expected != {"size": len(content), "sha256": sha256(content).hexdigest()}:
        raise ArtifactDamaged(f"{file} is not as it was written (size or checksum).")
    return content.decode()


def remove_artifact(path: Path) -> None:
    """Delete an artifact; one that is not there is no error. It vanishes at once, then is freed.

    Arrays that are mapped stay readable until they are let go.

    Raises:
        ArtifactError: the path is no artifact of ours by its name.
    """
    check_name(path.name)
    doomed = path.with_name(f"{_TEMPORARY}{path.name}-{secrets.token_hex(4)}")
    try:
        path.rename(doomed)
    except FileNotFoundError:
        return
    shutil.rmtree(doomed)


def remove_leftovers(root: Path, *, older_than_seconds: float) -> list[str]:
    """Delete what writers that were killed left in ``root``; return the names of the folders.

    Args:
        root: folder of all artifacts.
        older_than_seconds: younger ones may have a writer still at work and are kept.
    """
    removed = []
    for folder in sorted(root.glob(f"{_TEMPORARY}*")):
        if time.time() - folder.stat().st_mtime >= older_than_seconds:
            shutil.rmtree(folder)
            removed.append(folder.name)
    return removed


def sync(path: Path) -> None:
    """Have a file or folder written through to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _rename(temporary: Path, target: Path) -> None:
    """Put the finished folder in its place; a writer that was faster wins."""
    try:
        temporary.rename(target)
    except OSError as error:
        if target.exists():
            raise ArtifactExists(f"There is an artifact named {target.name} already.") from error
        raise


def check_name(name: str) -> None:
    """Refuse names that could lead out of the folder or hide in it.

    Raises:
        ArtifactError: the name is not allowed.
    """
    if not _NAME.fullmatch(name):
        raise ArtifactError(
            f"{name!r} is no name for an artifact, group or text: letters, digits, '.', '_' and "
            "'-', at most 100 of them, a letter or digit first."
        )


def _check_text_name(name: str) -> None:
    """Refuse what :func:`check_name` does, and the names of the other files of an artifact."""
    check_name(name)
    # Without regard to case, as some file systems see names.
    if name.lower() == MANIFEST or name.lower().endswith(_ARRAYS_SUFFIX):
        raise ArtifactError(
            f"{name!r} is kept for the artifact's own files; name a text otherwise."
        )


def _encoded(name: str, text: str) -> bytes:
    _check_text_name(name)
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise ArtifactError(f"The text {name} cannot be written: {error}") from error


def _describe(file: Path) -> dict[str, Any]:
    with file.open("rb") as stream:
        return {"size": file.stat().st_size, "sha256": file_digest(stream, "sha256").hexdigest()}


def _checksum(manifest: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a manifest's keys but "checksum", however it is laid out."""
    rest = {key: value for key, value in manifest.items() if key != "checksum"}
    return sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()


def _manifest_text(manifest: Mapping[str, Any]) -> str:
    try:
        # Through JSON once, so that the checksum is of what a reader will see.
        seen = json.loads(json.dumps(manifest, allow_nan=False))
    except (TypeError, ValueError) as error:
        raise ArtifactError(f"The manifest cannot be written as JSON: {error}") from error
    # In the writer's order, which is that of an evaluation's models, say.
    return json.dumps({**seen, "checksum": _checksum(seen)}, indent=2) + "\n"


def _is_listing(files: object) -> bool:
    """Tell whether "files" maps plain file names to size and sha256."""
    return isinstance(files, dict) and all(
        isinstance(name, str)
        and _NAME.fullmatch(name)
        and isinstance(entry, dict)
        and set(entry) == {"size", "sha256"}
        for name, entry in files.items()
    )
