"""What each process does in tests of several: fits, and writes its weights where it is told."""

import sys
from pathlib import Path

import numpy as np

from ml.distributed import join
from ml.history import EpochResult
from ml.train import fit
from tests.ml import samples
from tests.ml.test_train import halves


def main(folder: Path) -> None:
    train, validation = halves(samples.checkerboard())
    for name, config in samples.checkerboard_configs_of_ranks().items():
        reported: list[EpochResult] = []
        result = fit(train, validation, config, on_epoch=reported.append)
        arrays = {
            **result.weights.parameters,
            "validation_rmse": np.array([epoch.validation_rmse for epoch in result.history]),
            "reported": np.array([epoch.epoch for epoch in reported]),
        }
        np.savez(folder / f"{name}-{join('cpu').rank}.npz", allow_pickle=False, **arrays)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
