"""Fit :class:`ml.sgd_factorisation.SgdFactorisation` by stochastic gradient descent."""

from collections.abc import Callable

from ml.data import Ratings
from ml.epoch_loop import FitResult, run_epochs
from ml.history import EpochResult
from ml.predictor_inputs import checked_training_rows
from ml.sgd_factorisation import SgdFactorisation
from ml.sgd_factorisation_config import SgdFactorisationConfig
from ml.sgd_factorisation_state import SgdState


def fit(
    train: Ratings,
    validation: Ratings | None,
    config: SgdFactorisationConfig,
    *,
    on_epoch: Callable[[EpochResult], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> FitResult[SgdFactorisation]:
    """Fit the factorisation on watched titles and their scores.

    With validation rows the epoch with the lowest validation RMSE is kept, and the fit ends once
    ``config.patience`` epochs have gained less than ``config.min_gain`` each. To refit on all
    rows, call it with ``validation=None`` and ``n_epochs`` set to that epoch.

    The result depends on the rows' order and the seed, and not on the number of threads.

    Args:
        train: rows to learn from; those without a score do not count.
        validation: scored rows of the same raters and titles, or None (as are no rows).
        config: settings.
        on_epoch: called after each epoch.
        should_stop: asked a few times an epoch; True ends the fit.

    Raises:
        TooLittleData: no scored training row.
        DataError: a validation row without a score, or sizes that differ.
        Diverged: a number is no longer finite.
        Cancelled: ``should_stop`` said so.
    """
    scored = checked_training_rows(train, validation)
    return run_epochs(
        lambda: SgdState(scored, config),
        validation,
        config,
        advice="A lower factor_rate usually helps.",
        on_epoch=on_epoch,
        should_stop=should_stop,
    )
