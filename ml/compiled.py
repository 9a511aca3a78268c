"""Compile loops with numba, and keep the machine code where there is a place for it."""

from collections.abc import Callable
from typing import Any

import numba


def compiled(*, fastmath: bool = False) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return a decorator that compiles a function on its first call, free of the interpreter lock.

    The code is cached beside the source or in the user's cache folder, which saves seconds in
    each process. Where neither can be written to, as in a read-only container, every process
    compiles for itself.

    Args:
        fastmath: sums may be taken in another order, so that they run in vectors.
    """

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        try:
            made: Callable[..., Any] = numba.njit(nogil=True, cache=True, fastmath=fastmath)(
                function
            )
        except RuntimeError:  # numba's "no locator available"
            made = numba.njit(nogil=True, fastmath=fastmath)(function)
        return made

    return decorate
