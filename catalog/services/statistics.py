"""The scores of every title, counted ahead: for the histograms, and for the order by disagreement.

Every rating that a person gives is counted at once (:func:`score_changed`). What writes many at a
time leaves it to :func:`refresh`, which the default worker calls after an import, when it starts,
and when beat finds that a list has changed. It counts everything anew, so whatever has been missed
is made good.
"""

import logging

import numpy as np
import numpy.typing as npt
from django.db import transaction
from django.db.models import Count, F, Sum
from django.db.models.expressions import CombinedExpression
from django.db.models.functions import Greatest

from catalog.models import CatalogueState, Rater, Rating, TitleStatistics

logger = logging.getLogger(__name__)

# A title's scores count as if this many more had been given with the spread of an average title.
# Without it, titles of three raters would head the list of the controversial ones.
PRIOR_SCORES = 50
# Rows a transaction: on SQLite nobody else can write meanwhile.
_BATCH = 1_000
_SCORES = range(1, 11)
_FIELDS = [*(f"scores_{score}" for score in _SCORES), "spread"]

FloatArray = npt.NDArray[np.float64]
Row = tuple[int, ...]


def score_changed(*, anime_id: int, before: int | None, after: int | None) -> None:
    """Count that a rater's score of a title has changed; None is no score.

    A title that has not been counted yet is left alone, since it is counted when it is shown.
    """
    changes: dict[str, Greatest | CombinedExpression] = {}
    if before == after:
        return
    if before is not None:
        changes[f"scores_{before}"] = Greatest(F(f"scores_{before}") - 1, 0)
    if after is not None:
        changes[f"scores_{after}"] = F(f"scores_{after}") + 1
    TitleStatistics.objects.filter(pk=anime_id).update(**changes)


def forget_scores_of(*, rater: Rater) -> None:
    """Take all scores of a rater out of the counts, before their ratings are deleted."""
    for score in _SCORES:
        given = Rating.objects.scored().filter(rater=rater, score=score).values("anime_id")
        counted = TitleStatistics.objects.filter(pk__in=given)
        counted.update(**{f"scores_{score}": Greatest(F(f"scores_{score}") - 1, 0)})


def refresh() -> bool:
    """Count all scores anew unless no list has changed since the last time; whether it counted.

    Two workers that do it at once write the same. What changes meanwhile is counted the next time,
    since the state that is remembered is the one from before.
    """
    state = _fingerprint()
    if CatalogueState.objects.filter(statistics_of=state).exists():
        return False
    anime_ids, counts = _counted()
    spreads = shrunk_spread(counts)
    stored = {row[0]: row[1:] for row in TitleStatistics.objects.values_list("pk", *_FIELDS)}
    changed = []
    for anime_id, row, spread in zip(
        anime_ids.tolist(), counts.tolist(), spreads.tolist(), strict=True
    ):
        found = stored.pop(anime_id, None)
        if found is None or list(found[:-1]) != row or abs(found[-1] - spread) > 1e-9:
            values = dict(zip(_FIELDS, [*row, spread], strict=True))
            changed.append(TitleStatistics(anime_id=anime_id, **values))
    for start in range(0, len(changed), _BATCH):
        TitleStatistics.objects.bulk_create(
            changed[start : start + _BATCH],
            update_conflicts=True,
            unique_fields=["anime"],
            update_fields=_FIELDS,
        )
    gone = list(stored)
    for start in range(0, len(gone), _BATCH):
        TitleStatistics.objects.filter(pk__in=gone[start : start + _BATCH]).delete()
    with transaction.atomic():
        CatalogueState.objects.get_or_create(pk=1)
        CatalogueState.objects.filter(pk=1).update(
            statistics_of=state, statistics_revision=F("statistics_revision") + 1
        )
    logger.info("Counted the scores of %s titles.", f"{len(anime_ids):,}")
    return True


def shrunk_spread(counts: npt.NDArray[np.int64]) -> FloatArray:
    """The standard deviation of each title's scores, shrunk, float64 [n].

    Args:
        counts: int64 [n, 10], how often each score from 1 to 10 was given.

    The variance is averaged with that inside an average title, which weighs PRIOR_SCORES scores.
    """
    values = np.array(_SCORES, dtype=np.float64)
    totals = counts.sum(axis=1)
    least = np.maximum(totals, 1)
    mean = counts @ values / least
    squares = (counts * (values[None, :] - mean[:, None]) ** 2).sum(axis=1)
    usual = squares.sum() / max(int(totals.sum()), 1)
    shrunk: FloatArray = np.sqrt((squares + usual * PRIOR_SCORES) / (totals + PRIOR_SCORES))
    return shrunk


def _counted() -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """The ids of the scored titles [n], ascending, and how often each got each score [n, 10]."""
    grouped = Rating.objects.scored().order_by().values_list("anime_id", "score")
    rows = np.array(list(grouped.annotate(Count("pk"))), dtype=np.int64).reshape(-1, 3)
    anime_ids, places = np.unique(rows[:, 0], return_inverse=True)
    counts = np.zeros((len(anime_ids), len(_SCORES)), dtype=np.int64)
    counts[places, rows[:, 1] - 1] = rows[:, 2]
    return anime_ids, counts


def _fingerprint() -> str:
    """What changes when any list does."""
    figures = Rater.objects.aggregate(raters=Count("pk"), revisions=Sum("revision"))
    return f"{figures['raters']} raters at {figures['revisions'] or 0}"
