"""Somebody who has deleted their account is in no list, no cache and no later training."""

import numpy as np
import pytest
from django.conf import settings as django_settings
from django.core.cache import caches
from pytest_django import DjangoCaptureOnCommitCallbacks

from catalog.models import Rater, Rating, User
from catalog.services import accounts
from ml.artifacts import load_arrays
from recommender.models import Exposure, ListSnapshot, ModelVersion
from recommender.services import registry, serving
from recommender.services.dataset import Dataset, read_dataset
from tests.factories import AccountRaterFactory, AnimeFactory, RatingFactory, UserFactory
from tests.kept_lists import kept_keys
from tests.recommender.conftest import SMALL, World, train

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice(world: World) -> User:
    """A member with scores, one of them of a title that nobody else knows."""
    user: User = UserFactory.create(username="alice")
    rater = AccountRaterFactory.create(user=user)
    for anime in world.dramas[:6]:
        RatingFactory.create(rater=rater, anime=anime, score=10)
    RatingFactory.create(rater=rater, anime=AnimeFactory.create(id=77), score=1)
    return user


def delete(user: User, capture: DjangoCaptureOnCommitCallbacks) -> int:
    """Delete an account; the id that its rater had."""
    rater_id = user.rater.pk
    with capture(execute=True):
        accounts.delete_account(user=user)
    return rater_id


def rater_ids_of(version: ModelVersion) -> tuple[set[int], set[int]]:
    """The raters that an artifact knows, and those whose rows it was trained on."""
    path = django_settings.RECOMMENDER_ARTIFACT_ROOT / version.artifact
    dataset = Dataset.load(path)
    with_rows = dataset.users.ids[np.unique(dataset.ratings.user_index)]
    return set(load_arrays(path, "ids")["user_ids"].tolist()), set(with_rows.tolist())


def test_the_next_training_does_not_contain_them(
    world: World,
    alice: User,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    others = {rater.pk for rater in world.raters}
    before = train(configuration={**SMALL, "n_epochs": 2})
    for known in rater_ids_of(before):
        assert known == {*others, alice.rater.pk}

    rater_id = delete(alice, django_capture_on_commit_callbacks)

    after = train(configuration={**SMALL, "n_epochs": 2})
    for known in rater_ids_of(after):
        assert known == others
        assert rater_id not in known
    path = django_settings.RECOMMENDER_ARTIFACT_ROOT / after.artifact
    # Neither is the title that only alice knew.
    assert 77 not in load_arrays(path, "ids")["item_ids"]
    assert (before.n_ratings - after.n_ratings, after.n_raters) == (7, len(others))
    assert before.data_fingerprint != after.data_fingerprint


def test_what_is_read_afterwards_is_as_if_they_had_never_been_there(
    world: World,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    never_there = read_dataset()
    user: User = UserFactory.create()
    rater = AccountRaterFactory.create(user=user)
    RatingFactory.create(rater=rater, anime=world.dramas[0], score=10)
    assert read_dataset().fingerprint != never_there.fingerprint
    delete(user, django_capture_on_commit_callbacks)
    now = read_dataset()
    assert now.fingerprint == never_there.fingerprint
    for name, array in now.arrays().items():
        assert np.array_equal(array, never_there.arrays()[name]), name


def test_cached_lists_and_notes_of_what_was_shown_are_gone(
    world: World,
    version: ModelVersion,
    alice: User,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    rater = alice.rater
    caches["lists"].clear()
    serving.recommend(rater=rater, n=5)
    serving.predict(rater=rater, anime_ids=[8])
    Exposure.objects.update_or_create(rater=rater, anime=world.dramas[7])
    kept = f":{rater.pk}"
    assert [key for key in kept_keys() if kept in key], "something is kept of them"
    delete(alice, django_capture_on_commit_callbacks)
    assert not [key for key in kept_keys() if kept in key]
    assert not Exposure.objects.exists()
    assert not ListSnapshot.objects.exists()


def test_an_earlier_model_is_served_on(
    world: World,
    alice: User,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    version = train(configuration={**SMALL, "n_epochs": 2})
    delete(alice, django_capture_on_commit_callbacks)
    registry.forget_loaded()
    found = serving.recommend(rater=world.raters[0], n=3)
    assert (found.source, found.model_version) == ("for-you", version.pk)
    assert not Rating.objects.filter(rater__user__isnull=False).exists()
    assert not Rater.objects.filter(user__isnull=False).exists()
