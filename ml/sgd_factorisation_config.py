"""Settings of the factorisation by gradient steps, checked once, at the border; free of numba."""

from dataclasses import dataclass

from ml.checks import real_number, whole_number
from ml.settings import Settings


@dataclass(frozen=True, kw_only=True)
class SgdFactorisationConfig(Settings):
    """How the factorisation is fitted; chosen by validation error on the 5,000-rater sample.

    The number of factors is no setting: the machine code is made for
    :data:`ml.sgd_steps.N_FACTORS`.

    Attributes:
        factor_rate: learning rate of the factors in the first epoch.
        bias_rate: learning rate of the biases in the first epoch.
        rate_decay: each epoch's rates are the last one's times this.
        rater_weight_decay: pulls a rater's factors to 0, at each of its rows.
        title_weight_decay: the same for a title's factors.
        bias_weight_decay: the same for both biases.
        first_spread: standard deviation of the first factors.
        fold_in_rows: number of rows that the pull on a folded-in rater counts on top of its own.
        n_epochs: most passes over the rows.
        min_gain: an epoch has to lower the validation RMSE by this much to count as a gain.
        patience: so many epochs without a gain in a row end the fit.
        seed: of the first factors and of the order of raters and titles.
        threads: threads on the CPU, at most four are used; the result does not depend on it.
    """

    factor_rate: float = 0.03
    bias_rate: float = 0.01
    rate_decay: float = 0.93
    rater_weight_decay: float = 0.15
    title_weight_decay: float = 0.07
    bias_weight_decay: float = 0.005
    first_spread: float = 0.03
    fold_in_rows: float = 10.0
    n_epochs: int = 60
    min_gain: float = 1e-5
    patience: int = 4
    seed: int = 0
    threads: int = 1

    def __post_init__(self) -> None:
        """Check every field.

        Raises:
            ConfigError: naming the field, its value and the allowed range.
        """
        for name in ("factor_rate", "bias_rate"):
            real_number(name, getattr(self, name), 0.0, 100.0, lower_open=True)
        real_number("rate_decay", self.rate_decay, 0.0, 1.0, lower_open=True)
        for name in ("rater_weight_decay", "title_weight_decay", "bias_weight_decay"):
            real_number(name, getattr(self, name), 0.0, 100.0, lower_open=True)
        real_number("first_spread", self.first_spread, 0.0, 10.0, lower_open=True)
        real_number("fold_in_rows", self.fold_in_rows, 0.0, 1e6)
        whole_number("n_epochs", self.n_epochs, 1, 10_000)
        real_number("min_gain", self.min_gain, 0.0, 10.0)
        whole_number("patience", self.patience, 1, 10_000)
        whole_number("seed", self.seed, 0, 2**63 - 1)
        whole_number("threads", self.threads, 1, 1024)
