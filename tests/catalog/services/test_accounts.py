"""Deleting an account leaves nothing of the person behind."""

from collections.abc import Iterator
from typing import Any

import pytest
from allauth.account.models import EmailAddress, EmailConfirmation
from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.apps import apps
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import Group as PermissionGroup
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import models
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from catalog.models import (
    ApiToken,
    Dismissal,
    Group,
    IdempotentRequest,
    ImportJob,
    MalEntry,
    Membership,
    Profile,
    Rater,
    Rating,
    TitleStatistics,
    User,
)
from catalog.services import accounts, groups, statistics, tokens
from catalog.signals import ratings_changed
from recommender.models import Exposure, ListSnapshot, TrainingRun
from tests.factories import AccountRaterFactory, AnimeFactory, RatingFactory, UserFactory
from tests.pages import logged_in

pytestmark = pytest.mark.django_db

Model = type[models.Model]

# What an account leaves: rows that say where the catalogue and its models come from, and the
# admin's log. None of them names the person, as the tests below assert.
LEFT_BEHIND: dict[Model, int] = {ImportJob: 1, TrainingRun: 1, LogEntry: 1}


@pytest.fixture(autouse=True)
def uploads(tmp_path: Any, settings: Settings) -> None:
    settings.MEDIA_ROOT = tmp_path / "uploads"


def everything_of(user: User) -> None:
    """A row of every kind that can be somebody's."""
    rater = AccountRaterFactory.create(user=user)
    anime = AnimeFactory.create()
    RatingFactory.create(rater=rater, anime=anime)
    Dismissal.objects.create(rater=rater, anime=AnimeFactory.create())
    MalEntry.objects.create(rater=rater, anime_id=anime.pk, fields={"my_tags": "mine"})
    Profile.objects.create(user=user, about="About me")
    tokens.issue(user=user, name="phone")
    Membership.objects.create(
        group=Group.objects.create(name="Mine", owner=user),
        user=user,
        state=Membership.State.JOINED,
        joined_at=timezone.now(),
    )
    ImportJob.objects.create(
        kind=ImportJob.Kind.MAL,
        requested_by=user,
        file_name=f"animelist_{user.username}.xml",
        upload=ContentFile(b"<myanimelist/>", name=f"{user.username}.xml"),
    )
    ImportJob.objects.create(kind=ImportJob.Kind.ANIME, requested_by=user, file_name="anime.csv")
    TrainingRun.objects.create(requested_by=user)
    ListSnapshot.objects.create(
        rater=rater,
        key=f"key of {user.pk}",
        method="for-you",
        content=b"",
        created_at=timezone.now(),
    )
    Exposure.objects.create(rater=rater, anime=anime, times_shown=3)
    address = EmailAddress.objects.create(user=user, email=user.email)
    EmailConfirmation.objects.create(email_address=address, key=f"key{user.pk}")
    log(by=user, about=user)
    IdempotentRequest.objects.create(
        user=user, key="k", created_at=timezone.now(), claimed_at=timezone.now()
    )
    user.groups.add(PermissionGroup.objects.get_or_create(name="editors")[0])
    permission = Permission.objects.first()
    assert permission is not None
    user.user_permissions.add(permission)


def log(*, by: User, about: models.Model) -> LogEntry:
    return LogEntry.objects.create(
        user=by,
        content_type=ContentType.objects.get_for_model(about),
        object_id=str(about.pk),
        object_repr=str(about),
        action_flag=CHANGE,
        change_message='[{"changed": {"fields": ["E-mail"]}}]',
    )


def pointing_at(targets: set[Model]) -> Iterator[tuple[Model, "models.ForeignKey[Any, Any]"]]:
    for model in apps.get_models(include_auto_created=True):
        for field in model._meta.concrete_fields:
            if isinstance(field, models.ForeignKey) and field.related_model in targets:
                yield model, field


def personal_relations() -> list[tuple[Model, "models.ForeignKey[Any, Any]"]]:
    """Every reference to an account or a rater, and to what goes with one of these."""
    targets: set[Model] = {User, Rater}
    while True:
        found = list(pointing_at(targets))
        with_them = {
            model for model, field in found if field.remote_field.on_delete is models.CASCADE
        }
        if with_them <= targets:
            return found
        targets |= with_them


def delete(user: User, capture: DjangoCaptureOnCommitCallbacks) -> None:
    with capture(execute=True):
        accounts.delete_account(user=user)


@pytest.fixture
def alice_and_bob() -> tuple[User, User]:
    pair = UserFactory.create(username="alice"), UserFactory.create(username="bob")
    for user in pair:
        everything_of(user)
    return pair


def test_no_row_of_any_model_is_left(
    alice_and_bob: tuple[User, User],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    """A model that is added later has to be in ``everything_of``, and its rows have to go."""
    alice, bob = alice_and_bob
    relations = personal_relations()
    kinds = {model for model, _ in relations}
    before = {model: model._base_manager.count() for model in kinds}
    missing = [model._meta.label for model, count in before.items() if count < 2]
    assert missing == [], "everything_of() has to make a row of each"
    alice_id, rater_id = alice.pk, alice.rater.pk

    delete(alice, django_capture_on_commit_callbacks)

    keys = {User: alice_id, Rater: rater_id}
    for model, field in relations:
        if field.related_model in keys:
            left = model._base_manager.filter(**{field.attname: keys[field.related_model]})
            assert not left.exists(), f"{model._meta.label}.{field.name}"
    for model, count in before.items():
        expected = count // 2 + LEFT_BEHIND.get(model, 0)
        assert model._base_manager.count() == expected, model._meta.label
    assert Rating.objects.get().rater.user == bob
    # Beside bob the placeholder of the admin's log.
    assert set(User.objects.values_list("username", flat=True)) == {
        "bob",
        accounts.DELETED_ADMINISTRATOR,
    }


def test_what_stays_does_not_name_the_person(
    alice_and_bob: tuple[User, User],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    alice, bob = alice_and_bob
    row = alice.rater.ratings.get()
    abouts = [alice.rater, alice.profile, row, ApiToken.objects.get(user=alice)]
    abouts += [EmailAddress.objects.get(user=alice), alice.imports.get(kind="mal")]
    entries = [log(by=bob, about=about).pk for about in abouts]
    others = log(by=bob, about=bob.profile)

    delete(alice, django_capture_on_commit_callbacks)

    for entry in LogEntry.objects.filter(pk__in=entries):
        assert (entry.object_repr, entry.object_id, entry.change_message) == (
            accounts.GONE,
            None,
            "",
        )
        assert (entry.user, entry.action_flag) == (bob, CHANGE)
    own = LogEntry.objects.get(user__username=accounts.DELETED_ADMINISTRATOR)
    assert own.object_repr == accounts.GONE
    others.refresh_from_db()
    assert others.object_repr == str(bob.profile)
    assert list(ImportJob.objects.filter(requested_by=None).values_list("kind", flat=True)) == [
        "anime"
    ]


def test_nobody_is_the_placeholder() -> None:
    alice = UserFactory.create()
    log(by=alice, about=alice)
    accounts.delete_account(user=alice)
    placeholder = User.objects.get(username=accounts.DELETED_ADMINISTRATOR)
    assert not placeholder.is_active
    assert not placeholder.has_usable_password()
    with pytest.raises(Exception, match="valid username"):
        placeholder.full_clean()


def test_the_uploaded_file_goes_after_the_commit(
    alice_and_bob: tuple[User, User],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    alice, bob = alice_and_bob
    own, others = (str(user.imports.get(kind="mal").upload) for user in (alice, bob))
    with django_capture_on_commit_callbacks() as callbacks:
        accounts.delete_account(user=alice)
    assert default_storage.exists(own)
    for callback in callbacks:
        callback()
    assert not default_storage.exists(own)
    assert default_storage.exists(others)


def test_sessions_on_all_devices_end(alice_and_bob: tuple[User, User]) -> None:
    alice, bob = alice_and_bob
    phone, desk, others = logged_in(alice), logged_in(alice), logged_in(bob)
    accounts.delete_account(user=alice)
    keys = set(Session.objects.values_list("session_key", flat=True))
    assert keys == {others.session.session_key}
    for browser in (phone, desk):
        assert browser.get("/my-list/").status_code == 302
    assert others.get("/my-list/").status_code == 200


def test_attempts_to_log_in_are_forgotten() -> None:
    alice = UserFactory.create(username="Alice")
    for name in ("alice", "bob"):
        for kind in (AccessAttempt, AccessFailureLog, AccessLog):
            more = {"failures_since_start": 1} if kind is AccessAttempt else {}
            kind.objects.create(username=name, ip_address="10.0.0.1", **more)
    accounts.delete_account(user=alice)
    for kind in (AccessAttempt, AccessFailureLog, AccessLog):
        assert list(kind.objects.values_list("username", flat=True)) == ["bob"]


def test_their_scores_are_counted_no_more(alice: Rater) -> None:
    assert alice.user is not None
    known, own = (AnimeFactory.create() for _ in range(2))
    RatingFactory.create(anime=known, score=8)
    RatingFactory.create(rater=alice, anime=known, score=8)
    RatingFactory.create(rater=alice, anime=own, score=3)
    statistics.refresh()
    accounts.delete_account(user=alice.user)
    counts = {each.pk: each.counts for each in TitleStatistics.objects.all()}
    assert counts[known.pk][8] == 1
    assert sum(counts[own.pk].values()) == 0


def test_the_recommender_is_told(
    alice: Rater, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    told: list[list[int]] = []

    def listen(sender: object, *, rater_ids: list[int], **kwargs: object) -> None:
        told.append(rater_ids)

    rater_id = alice.pk
    ratings_changed.connect(listen)
    try:
        assert alice.user is not None
        delete(alice.user, django_capture_on_commit_callbacks)
    finally:
        ratings_changed.disconnect(listen)
    assert told == [[rater_id]]


def test_the_name_is_free_again() -> None:
    accounts.delete_account(user=UserFactory.create(username="alice"))
    again = UserFactory.create(username="alice")
    assert not hasattr(again, "rater")


def test_a_group_with_others_goes_to_who_joined_first() -> None:
    alice, bob = UserFactory.create(username="alice"), UserFactory.create(username="bob")
    shared = groups.create(owner=alice, name="Shared")
    groups.create(owner=alice, name="Alone")
    groups.invite(group=shared, by=alice, username="bob")
    groups.accept(group_id=shared.pk, user=bob)
    accounts.delete_account(user=alice)
    found = Group.objects.get()
    assert (found, found.owner) == (shared, bob)
    assert [each.user for each in found.memberships.all()] == [bob]


def test_the_last_superuser_cannot_be_deleted() -> None:
    admin = UserFactory.create(is_superuser=True, is_staff=True)
    UserFactory.create(is_superuser=True, is_active=False)
    with pytest.raises(accounts.DeletionRefused, match="only administrator with all rights"):
        accounts.delete_account(user=admin)
    assert User.objects.filter(pk=admin.pk).exists()


def test_one_of_two_superusers_can() -> None:
    admin, other = (UserFactory.create(is_superuser=True) for _ in range(2))
    accounts.delete_account(user=admin)
    assert User.objects.get() == other
