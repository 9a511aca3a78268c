"""What simulated people like: themes, read from the facts of a title, and typical tastes.

Tastes are about themes rather than genres because that is how people speak of them: who loves
thoughtful science fiction need not care for a school comedy that also carries "Sci-Fi".
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from catalog.demo.titles import DemoTitle

Matrix = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Theme:
    """A kind of title: has all of some genres, at least one of others, and none of a third set."""

    name: str
    all_of: frozenset[str] = frozenset()
    any_of: frozenset[str] = frozenset()
    none_of: frozenset[str] = frozenset()
    types: frozenset[str] = frozenset()
    min_episodes: int = 0

    def covers(self, title: DemoTitle) -> bool:
        """Whether the title belongs to the theme."""
        genres = frozenset(title.genres)
        return (
            self.all_of <= genres
            and (not self.any_of or bool(self.any_of & genres))
            and not self.none_of & genres
            and (not self.types or title.type in self.types)
            and title.episodes >= self.min_episodes
        )


def _genres(names: str) -> frozenset[str]:
    return frozenset(names.split(", "))


THEMES: tuple[Theme, ...] = (
    Theme(
        "thoughtful science fiction",
        all_of=_genres("Sci-Fi"),
        any_of=_genres("Psychological, Drama, Mystery, Thriller, Slice of Life, Dementia"),
        none_of=_genres("Ecchi, Harem, Super Power, School"),
    ),
    Theme("space", all_of=_genres("Space")),
    Theme(
        "mind games", any_of=_genres("Psychological, Thriller, Dementia"), none_of=_genres("Ecchi")
    ),
    Theme("mystery", any_of=_genres("Mystery, Police"), none_of=_genres("Ecchi, Harem")),
    Theme("horror", any_of=_genres("Horror, Vampire"), none_of=_genres("Comedy")),
    Theme("mecha", all_of=_genres("Mecha"), none_of=_genres("Harem")),
    Theme("war", all_of=_genres("Military")),
    Theme("long shounen", all_of=_genres("Shounen, Action"), min_episodes=50),
    Theme("shounen action", all_of=_genres("Shounen, Action")),
    Theme("fighting", any_of=_genres("Super Power, Martial Arts"), none_of=_genres("Ecchi")),
    Theme(
        "fantasy adventure", all_of=_genres("Fantasy, Adventure"), none_of=_genres("Harem, Kids")
    ),
    Theme("game worlds", all_of=_genres("Game")),
    Theme("supernatural action", all_of=_genres("Action, Supernatural")),
    Theme("grown-up crime", all_of=_genres("Seinen, Action"), none_of=_genres("Ecchi, Fantasy")),
    Theme("samurai and history", any_of=_genres("Samurai, Historical")),
    Theme("school romance", all_of=_genres("School, Romance"), none_of=_genres("Harem, Ecchi")),
    Theme("shoujo and josei", any_of=_genres("Shoujo, Josei")),
    Theme("tear-jerker", all_of=_genres("Drama, Romance"), none_of=_genres("Action, Harem, Mecha")),
    Theme(
        "calm everyday life",
        all_of=_genres("Slice of Life"),
        none_of=_genres("Action, Ecchi, Harem"),
    ),
    Theme("comedy", all_of=_genres("Comedy"), none_of=_genres("Drama, Ecchi, Harem, Action")),
    Theme("parody", all_of=_genres("Parody")),
    Theme(
        "magical girls", all_of=_genres("Magic"), any_of=_genres("Shoujo, Psychological, School")
    ),
    Theme("music", all_of=_genres("Music")),
    Theme("sports", all_of=_genres("Sports")),
    Theme("harem", all_of=_genres("Harem")),
    Theme("ecchi", any_of=_genres("Ecchi, Hentai")),
    Theme("feature films", types=_genres("Movie"), none_of=_genres("Super Power, Mecha, Ecchi")),
    Theme("for children", any_of=_genres("Kids")),
)

THEME_NAMES: tuple[str, ...] = tuple(theme.name for theme in THEMES)


@dataclass(frozen=True, slots=True)
class Taste:
    """Weights of themes; above 0 is liked, below 0 disliked, a theme not named is indifferent.

    ``share`` says how common the taste is, relative to the others of a list.
    """

    likes: Mapping[str, float]
    dislikes: Mapping[str, float] = field(default_factory=dict)
    share: float = 1.0

    def weights(self) -> Matrix:
        """The weight of each theme of ``THEMES``, in their order; KeyError for another name."""
        weights = np.zeros(len(THEMES))
        position = {name: index for index, name in enumerate(THEME_NAMES)}
        for name, weight in self.likes.items():
            weights[position[name]] = weight
        for name, weight in self.dislikes.items():
            weights[position[name]] = -weight
        return weights


ARCHETYPES: tuple[Taste, ...] = (
    Taste(
        {"thoughtful science fiction": 1.5, "mind games": 1.0, "space": 0.8, "mystery": 0.5},
        {"harem": 1.2, "ecchi": 0.8, "long shounen": 0.8},
        share=1.2,
    ),
    Taste(
        {"long shounen": 1.2, "shounen action": 1.0, "fighting": 0.8, "fantasy adventure": 0.4},
        {"shoujo and josei": 0.8, "calm everyday life": 0.8, "tear-jerker": 0.5},
        share=2.0,
    ),
    Taste(
        {"school romance": 1.2, "tear-jerker": 1.2, "shoujo and josei": 0.6, "music": 0.4},
        {"horror": 0.9, "mecha": 0.9, "long shounen": 0.4},
        share=1.6,
    ),
    Taste(
        {"calm everyday life": 1.4, "comedy": 0.9, "music": 0.7, "parody": 0.4},
        {"horror": 1.0, "war": 0.7, "mind games": 0.6, "supernatural action": 0.4},
        share=1.1,
    ),
    Taste(
        {"mecha": 1.6, "war": 0.9, "space": 0.9},
        {"shoujo and josei": 0.9, "school romance": 0.7, "comedy": 0.3},
        share=0.9,
    ),
    Taste(
        {"horror": 1.4, "mind games": 1.2, "mystery": 0.9, "supernatural action": 0.5},
        {"calm everyday life": 0.8, "sports": 0.7, "for children": 0.8},
        share=1.2,
    ),
    Taste(
        {"harem": 1.3, "ecchi": 1.2, "game worlds": 0.7, "school romance": 0.5},
        {"samurai and history": 0.7, "for children": 0.8, "shoujo and josei": 0.6},
        share=1.2,
    ),
    Taste(
        {"fantasy adventure": 1.3, "game worlds": 1.2, "supernatural action": 0.8},
        {"sports": 0.8, "mecha": 0.6, "calm everyday life": 0.3},
        share=1.3,
    ),
    Taste(
        {"feature films": 1.5, "samurai and history": 0.6, "tear-jerker": 0.5, "for children": 0.3},
        {"ecchi": 1.2, "harem": 1.0, "long shounen": 0.9, "fighting": 0.4},
        share=0.9,
    ),
    Taste(
        {"sports": 1.8, "comedy": 0.5, "shounen action": 0.4},
        {"mind games": 0.7, "magical girls": 0.7, "ecchi": 0.5},
        share=0.8,
    ),
    Taste(
        {"grown-up crime": 1.4, "samurai and history": 1.2, "war": 0.7, "mystery": 0.4},
        {"school romance": 1.0, "magical girls": 0.9, "harem": 0.9},
        share=0.9,
    ),
    Taste(
        {"shoujo and josei": 1.5, "magical girls": 1.2, "school romance": 0.6},
        {"ecchi": 1.0, "grown-up crime": 0.7, "mecha": 0.5},
        share=1.0,
    ),
)

# The taste of the demo account: what its list shows has to be plain at a glance.
DEMO_PERSON = Taste(
    likes={"thoughtful science fiction": 1.8, "mind games": 0.9, "space": 1.2, "mystery": 0.3},
    dislikes={"harem": 1.5, "ecchi": 1.3, "long shounen": 1.4, "for children": 0.5},
)


def theme_matrix(titles: Sequence[DemoTitle]) -> Matrix:
    """Which title belongs to which theme: (titles × themes), 1 or 0, each row over √(its sum).

    The root keeps a title that belongs to many themes from standing out for everybody.
    """
    belongs = np.array([[theme.covers(title) for theme in THEMES] for title in titles], dtype=float)
    matrix: Matrix = belongs / np.sqrt(np.maximum(belongs.sum(axis=1, keepdims=True), 1.0))
    return matrix


def standardised_match(taste: Matrix, themes: Matrix, extra: Matrix | float = 0.0) -> Matrix:
    """How well each title suits each rater: (raters × titles), mean 0 and sd 1 for each rater.

    ``taste`` is (raters × themes), ``themes`` comes from ``theme_matrix``; ``extra`` is added
    before the standardising, as (raters × titles).
    """
    match = taste @ themes.T + extra
    match -= match.mean(axis=1, keepdims=True)
    spread = match.std(axis=1, keepdims=True)
    standardised: Matrix = match / np.where(spread > 0, spread, 1.0)
    return standardised
