"""Deleting accounts in the admin does what people can do themselves."""

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client

from catalog.models import ImportJob, Rater, User
from catalog.services import accounts
from tests.factories import UserFactory
from tests.pages import ReadPage, logged_in

pytestmark = pytest.mark.django_db

LIST = "/admin/catalog/user/"


@pytest.fixture
def admin(db: None) -> User:
    user: User = UserFactory.create(username="admin", is_staff=True, is_superuser=True)
    return user


def delete(client: Client, user: User) -> str:
    response = client.post(f"{LIST}{user.pk}/delete/", {"post": "yes"}, follow=True)
    return ReadPage(response).text


def test_everything_of_the_person_goes(admin: User, alice: Rater) -> None:
    assert alice.user is not None
    ImportJob.objects.create(kind=ImportJob.Kind.MAL, requested_by=alice.user, file_name="a.xml")
    delete(logged_in(admin), alice.user)
    assert User.objects.get() == admin
    assert not ImportJob.objects.exists()
    entry = LogEntry.objects.get()
    assert (entry.user, entry.object_repr, entry.is_deletion()) == (admin, accounts.GONE, True)


def test_the_last_superuser_stays(admin: User) -> None:
    assert logged_in(admin).post(f"{LIST}{admin.pk}/delete/", {"post": "yes"}).status_code == 403
    assert User.objects.get() == admin


def test_of_all_superusers_the_last_one_stays(admin: User) -> None:
    other = UserFactory.create(is_superuser=True, is_staff=True)
    data = {
        "action": "delete_selected",
        "_selected_action": [str(other.pk), str(admin.pk)],
        "post": "yes",
    }
    logged_in(admin).post(LIST, data)
    assert User.objects.filter(is_superuser=True).count() == 1


def test_the_placeholder_of_the_log_stays(admin: User) -> None:
    placeholder = UserFactory.create(username=accounts.DELETED_ADMINISTRATOR)
    with pytest.raises(accounts.DeletionRefused, match="log belong to this account"):
        accounts.delete_account(user=placeholder)
    assert User.objects.filter(pk=placeholder.pk).exists()


def test_charlie_cannot_delete_anybody(alice: Rater, charlie_client: Client) -> None:
    assert alice.user is not None
    response = charlie_client.post(f"{LIST}{alice.user.pk}/delete/", {"post": "yes"})
    assert response.status_code in (302, 403)
    assert User.objects.filter(pk=alice.user.pk).exists()
