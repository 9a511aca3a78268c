"""A small world with two tastes, and a model trained on it."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from catalog.models import Anime, Rater, Rating
from recommender.models import ModelVersion, TrainingRun
from recommender.services import runs, training
from tests.factories import AnimeFactory, ImportedRaterFactory, RatingFactory
from tests.fits import fits_made_once

SMALL = {
    "n_epochs": 12,
    "batch_size": 64,
    "min_batches": 1,
    "learning_rate": 0.01,
    # So few rows are learnt by heart or not at all.
    "embedding_decay": 0.0,
    "seed": 3,
}


@dataclass
class World:
    """Dramas 1–12 and comedies 13–24; odd raters love drama, even ones love comedy."""

    dramas: list[Anime]
    comedies: list[Anime]
    raters: list[Rater]


@pytest.fixture
def world(db: None) -> World:
    """Thirty raters who have each watched 16 of 24 titles, two of those without a score."""
    # Without numbers, by which titles would be one series.
    names = [f"Q{letter}" for letter in "abcdefghijklmnopqrstuvwx"]
    titles = [
        AnimeFactory.create(id=n, title=name, genres=["Drama" if n <= 12 else "Comedy"])
        for n, name in enumerate(names, start=1)
    ]
    dramas, comedies = titles[:12], titles[12:]
    generator = np.random.default_rng(7)
    raters = [ImportedRaterFactory.create(source_id=n) for n in range(1, 31)]
    for rater in raters:
        loved = dramas if rater.source_id and rater.source_id % 2 else comedies
        watched = generator.choice(24, size=16, replace=False)
        for place, index in enumerate(watched):
            anime = [*dramas, *comedies][index]
            score = 9 if anime in loved else 3
            RatingFactory.create(rater=rater, anime=anime, score=None if place < 2 else score)
    return World(dramas, comedies, raters)


def train(**settings: Any) -> ModelVersion:
    """The version that a run makes of what is in the database now, by default of all models."""
    run = runs.create(**({"configuration": SMALL} | settings))
    training.work_off_queue(worker="test")
    run.refresh_from_db()
    assert run.state == TrainingRun.State.SUCCEEDED, run.error
    return ModelVersion.objects.get(run=run)


@pytest.fixture
def version(world: World) -> ModelVersion:
    """The active version of small models that have learnt the two tastes.

    The fits are the same in every test, and made once.
    """
    with fits_made_once():
        return train()


def listed_ids(rater: Rater) -> set[int]:
    """Ids of the titles on a rater's list."""
    return set(Rating.objects.filter(rater=rater).values_list("anime_id", flat=True))
