"""Leaving out the sequels and extras of what somebody has not begun."""

import numpy as np
import numpy.typing as npt

from recommender.services.catalogue import CatalogueArrays
from recommender.services.history import History


def sequels_to_hide(*, catalogue: CatalogueArrays, history: History) -> npt.NDArray[np.bool_]:
    """The titles that continue or accompany what the rater has watched nothing of.

    Bool, a row for each of ``catalogue.items``: True for every title of a franchise but the one
    that it begins with, as long as the rater has watched nothing of the franchise. Once something
    of it was watched, all of it is allowed, since the titles do not tell what comes after what.
    """
    known = catalogue.items.contains(history.watched)
    begun = np.zeros(len(catalogue.items), dtype=bool)
    begun[catalogue.franchise[catalogue.items.index(history.watched[known])]] = True
    return ~catalogue.is_entry_point & ~begun[catalogue.franchise]
