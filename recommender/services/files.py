"""Files that are there whole or not at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from recommender.services.errors import RecommenderError


@contextmanager
def replacing(output: Path) -> Iterator[IO[str]]:
    """A text file that takes its name only once it is complete."""
    draft = output.with_name(f".{output.name}.{os.getpid()}")
    try:
        with draft.open("w", newline="", encoding="utf-8") as file:
            yield file
        draft.replace(output)
    except OSError as error:
        raise RecommenderError(f"{output} cannot be written: {error}") from error
    finally:
        draft.unlink(missing_ok=True)
