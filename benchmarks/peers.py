"""Environments of their own for the packages that benchmarks compare with: none is a dependency."""

import hashlib
import os
import re
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PEERS = ROOT / "var" / "peers"


def peer_python(requirements: list[str], *, folder: Path | None = None) -> Path:
    """The interpreter of an environment with these packages, made at first use.

    Args:
        requirements: as pip takes them, ``scikit-learn`` or ``scikit-learn==1.7.2``.
        folder: where the environment is or will be; None: a name of its own under ``var/peers``.

    Raises:
        subprocess.CalledProcessError: pip cannot install them.
    """
    wanted = "\n".join(sorted(requirements))
    first = re.sub(r"[^a-z0-9]+", "-", sorted(requirements)[0].lower()).strip("-")
    environment = folder or PEERS / f"{first}-{hashlib.sha256(wanted.encode()).hexdigest()[:8]}"
    python = environment / "bin" / "python"
    # Written at the end: an environment that was broken off has none and is made anew.
    stamp = environment / "requirements.txt"
    if not (python.exists() and stamp.exists() and stamp.read_text() == wanted):
        stamp.unlink(missing_ok=True)
        venv.create(environment, with_pip=True, clear=True)
        install = [str(python), "-m", "pip", "install", "--quiet", *requirements]
        subprocess.run([*install, "--disable-pip-version-check"], check=True, stdout=sys.stderr)
        stamp.write_text(wanted)
    return python


def peer_environment() -> dict[str, str]:
    """This process's environment without what would show the peer our own packages."""
    ours = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")
    return {name: value for name, value in os.environ.items() if name not in ours}
