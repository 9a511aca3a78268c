"""What one rater has told us, as arrays."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from catalog.models import Dismissal, Rater, Rating


@dataclass(frozen=True, eq=False)
class History:
    """One rater's list.

    Attributes:
        listed: int64 [n], ids of every title on the list, plans included: never recommended.
        dismissed: int64 [m], ids of the titles that the rater is not interested in.
        scored: int64 [k], ids of the scored titles, ascending.
        scores: float64 [k], their scores, 1 to 10.
    """

    listed: npt.NDArray[np.int64]
    dismissed: npt.NDArray[np.int64]
    scored: npt.NDArray[np.int64]
    scores: npt.NDArray[np.float64]

    @property
    def excluded(self) -> npt.NDArray[np.int64]:
        """Ids that no list may contain."""
        return np.concatenate([self.listed, self.dismissed])


def history_of(*, rater: Rater | None) -> History:
    """Read a rater's list, in two queries; an empty one for nobody."""
    ratings: list[tuple[int, int | None, int]] = []
    dismissed: list[int] = []
    if rater is not None:
        found = Rating.objects.filter(rater=rater).order_by("anime_id")
        ratings = list(found.values_list("anime_id", "score", "status"))
        dismissals = Dismissal.objects.filter(rater=rater).order_by("anime_id")
        dismissed = list(dismissals.values_list("anime_id", flat=True))
    scored = [
        (anime_id, score)
        for anime_id, score, status in ratings
        if score is not None and status != Rating.Status.PLAN_TO_WATCH
    ]
    return History(
        listed=np.array([row[0] for row in ratings], dtype=np.int64),
        dismissed=np.array(dismissed, dtype=np.int64),
        scored=np.array([row[0] for row in scored], dtype=np.int64),
        scores=np.array([row[1] for row in scored], dtype=np.float64),
    )
