"""What can go wrong here that is expected: each message is written for the person who reads it."""


class RecommenderError(Exception):
    """Base of the expected failures of this app."""


class IllegalTransition(RecommenderError):
    """The run is not in a state from which this is possible."""


class InvalidConfiguration(RecommenderError):
    """A setting of a run is unknown or out of range."""


class SimulatedMixture(RecommenderError):
    """Simulated and real raters would be mixed, and nobody has allowed it."""

    def __init__(self) -> None:
        super().__init__(
            "The database holds simulated raters beside real ones, and a model trained on both "
            "is good for neither. Remove the simulated ones (manage.py remove_demo), or allow "
            "the mixture (in the dashboard's form, or with --include-simulated)."
        )


class RunLost(RecommenderError):
    """Another worker has taken the run over, so this one must not write to it any more."""


class ActivationRefused(RecommenderError):
    """The version cannot be served."""


class NothingBefore(RecommenderError):
    """No other version has been active before."""
