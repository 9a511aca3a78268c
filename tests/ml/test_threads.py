"""The threads of linear algebra are limited while a fit takes, and no longer."""

import numpy as np
from threadpoolctl import threadpool_info

from ml.threads import blas_threads


def n_threads() -> set[int]:
    return {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}


def test_the_limit_holds_inside_and_is_taken_back() -> None:
    np.ones((2, 2)) @ np.ones((2, 2))
    before = n_threads()
    with blas_threads(1):
        assert n_threads() == {1}
    assert n_threads() == before
