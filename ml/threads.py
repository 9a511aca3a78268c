"""How many threads numpy's linear algebra computes with, for as long as a fit takes."""

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def blas_threads(n_threads: int) -> Iterator[None]:
    """Have numpy and scipy multiply and solve with a number of threads, a setting of the process.

    Most systems that a fit solves are small: a second thread gains little there, and where other
    processes want the cores the two wait for each other (seen: ten times slower). The bits of a
    fit depend on the number.
    """
    from threadpoolctl import threadpool_limits  # a worker's

    with threadpool_limits(limits=n_threads, user_api="blas"):
        yield
