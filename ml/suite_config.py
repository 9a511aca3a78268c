"""Settings of everything that is trained together, checked once, at the border."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Self

from ml.config import RecommenderNetConfig
from ml.ease import EaseConfig
from ml.errors import ConfigError
from ml.implicit_als import ImplicitAlsConfig
from ml.matrix_factorisation_config import MatrixFactorisationConfig
from ml.rank_blend_fit import RankBlendConfig
from ml.score_neighbours import ScoreNeighboursConfig

RECOMMENDER_NET: Final = "recommender-net"
COLLABORATIVE: Final = "collaborative"
MODELS: Final = (RECOMMENDER_NET, COLLABORATIVE)
"""What can be trained by itself; without a name everything that the default list needs is."""


@dataclass(frozen=True, kw_only=True)
class SuiteConfig:
    """How a suite is fitted.

    Attributes:
        model: one of :data:`MODELS` to fit that alone, or "" for all.
        net: RecommenderNet.
        factorisation: the best predictor's first stage.
        neighbours: its second stage.
        ease: the ranker ``collaborative``.
        ease_broad: ``ease-broad``.
        als: ``implicit-als``.
        blend: the weights of the default list.
        comparisons: also fit the models that the evaluation compares with, which are not served.
    """

    model: str = ""
    net: RecommenderNetConfig = field(default_factory=RecommenderNetConfig)
    factorisation: MatrixFactorisationConfig = field(default_factory=MatrixFactorisationConfig)
    neighbours: ScoreNeighboursConfig = field(default_factory=ScoreNeighboursConfig)
    ease: EaseConfig = field(default_factory=EaseConfig)
    ease_broad: EaseConfig = field(default_factory=EaseConfig.broad)
    als: ImplicitAlsConfig = field(default_factory=ImplicitAlsConfig)
    blend: RankBlendConfig = field(default_factory=RankBlendConfig)
    comparisons: bool = True

    def __post_init__(self) -> None:
        """Check the model's name; the parts have checked themselves.

        Raises:
            ConfigError: there is no such model.
        """
        if self.model not in ("", *MODELS):
            raise ConfigError(f"There is no model {self.model!r}. Models: {', '.join(MODELS)}.")

    @classmethod
    def of(cls, model: str, net_settings: Mapping[str, Any], **changes: Any) -> Self:
        """Build it from the settings that a run is queued with, those of RecommenderNet.

        Raises:
            ConfigError: for a key that is no setting, or a value out of range.
        """
        return cls(model=model, net=RecommenderNetConfig.from_dict(net_settings), **changes)

    def fits(self, model: str) -> bool:
        """Tell whether a model is to be fitted."""
        return self.model in ("", model)

    def with_epochs(self, net: int | None, factorisation: int | None) -> Self:
        """Return the settings of a refit, which has no validation to stop it."""
        changes: dict[str, Any] = {}
        if net is not None:
            changes["net"] = replace(self.net, n_epochs=net)
        if factorisation is not None:
            changes["factorisation"] = replace(self.factorisation, n_epochs=factorisation)
        return replace(self, **changes)

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as JSON can hold them, for a manifest."""
        return {
            "model": self.model,
            "net": self.net.to_dict(),
            "factorisation": self.factorisation.to_dict(),
            "neighbours": self.neighbours.to_dict(),
            "ease": self.ease.to_dict(),
            "ease_broad": self.ease_broad.to_dict(),
            "als": self.als.to_dict(),
            "blend": self.blend.to_dict(),
            "comparisons": self.comparisons,
        }
