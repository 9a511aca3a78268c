"""Settings of the matrix factorisation, checked once, at the border; free of numba."""

from dataclasses import dataclass

from ml.checks import real_number, whole_number
from ml.settings import Settings


@dataclass(frozen=True, kw_only=True)
class MatrixFactorisationConfig(Settings):
    """How the factorisation is fitted; chosen by validation error on the 5,000-rater sample.

    Attributes:
        n_factors: length of a rater's and a title's vector, biases left out.
        n_implicit: number of directions of who has watched what that set the priors' means.
        rater_noise_weight: number of average scores that each rater's own noise is drawn to.
        title_noise_weight: the same for a title's noise.
        n_epochs: most rounds over raters and titles.
        min_gain: an epoch has to lower the validation RMSE by this much to count as a gain.
        patience: so many epochs without a gain in a row end the fit.
        seed: of the titles' first vectors and of the search for the directions.
        threads: threads on the CPU; the result does not depend on it.
    """

    n_factors: int = 24
    n_implicit: int = 128
    rater_noise_weight: float = 30.0
    title_noise_weight: float = 100.0
    n_epochs: int = 20
    min_gain: float = 2e-4
    patience: int = 2
    seed: int = 0
    threads: int = 1

    def __post_init__(self) -> None:
        """Check every field.

        Raises:
            ConfigError: naming the field, its value and the allowed range.
        """
        whole_number("n_factors", self.n_factors, 1, 512)
        whole_number("n_implicit", self.n_implicit, 1, 1024)
        real_number("rater_noise_weight", self.rater_noise_weight, 0.0, 1e9, lower_open=True)
        real_number("title_noise_weight", self.title_noise_weight, 0.0, 1e9, lower_open=True)
        whole_number("n_epochs", self.n_epochs, 1, 10_000)
        real_number("min_gain", self.min_gain, 0.0, 10.0)
        whole_number("patience", self.patience, 1, 10_000)
        whole_number("seed", self.seed, 0, 2**63 - 1)
        whole_number("threads", self.threads, 1, 1024)
