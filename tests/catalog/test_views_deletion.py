"""The page that deletes an account."""

import pytest
from django.test import Client

from catalog.models import Rater, Rating, User
from catalog.services import groups
from tests.accounts import PASSWORD, enter_password
from tests.factories import RatingFactory, UserFactory
from tests.pages import ReadPage, logged_in

pytestmark = pytest.mark.django_db

PAGE = "/accounts/delete/"


def test_a_visitor_is_sent_to_log_in(client: Client) -> None:
    assert client.get(PAGE)["Location"] == f"/accounts/login/?next={PAGE}"


def test_it_says_what_goes_and_what_stays(alice: Rater, alice_client: Client) -> None:
    for _ in range(2):
        RatingFactory.create(rater=alice)
    text = ReadPage(alice_client.get(PAGE)).text
    assert "Your list: 2 titles with scores" in text
    assert "The next training does not contain you." in text
    assert "others have joined" not in text


def test_it_says_what_becomes_of_a_group_with_others(alice: Rater, alice_client: Client) -> None:
    assert alice.user is not None
    group = groups.create(owner=alice.user, name="Sundays")
    groups.invite(group=group, by=alice.user, username=UserFactory.create().username)
    assert "Sundays" not in ReadPage(alice_client.get(PAGE)).text, "nobody else has joined"
    groups.accept(group_id=group.pk, user=User.objects.latest("pk"))
    text = ReadPage(alice_client.get(PAGE)).text
    assert "Sundays: others have joined this group of yours, and it goes to whoever" in text


def test_the_password_and_the_name_delete_it(alice: Rater, alice_client: Client) -> None:
    RatingFactory.create(rater=alice)
    alice_client.cookies["theme"] = "dark"
    enter_password(alice_client)
    response = alice_client.post(PAGE, {"username": "alice"}, follow=True)
    text = ReadPage(response).text
    assert "The account alice and everything that was known of it are deleted." in text
    assert "Log in" in text
    assert not User.objects.filter(username="alice").exists()
    assert not Rating.objects.filter(rater=alice.pk).exists()
    assert "_auth_user_id" not in alice_client.session
    assert alice_client.cookies["theme"].value == ""
    again = {"username": "alice", "password1": PASSWORD, "password2": PASSWORD}
    assert "Welcome, alice" in ReadPage(Client().post("/accounts/signup/", again, follow=True)).text


def test_without_the_password_nothing_is_deleted(alice: Rater, alice_client: Client) -> None:
    response = alice_client.post(PAGE, {"username": "alice"})
    assert response["Location"].startswith("/accounts/reauthenticate/")
    enter_password(alice_client, "wrong")
    alice_client.post(PAGE, {"username": "alice"})
    assert User.objects.filter(username="alice").exists()


def test_deleting_goes_on_once_the_password_is_entered(alice: Rater, alice_client: Client) -> None:
    alice_client.post(PAGE, {"username": "alice"})
    data = {"password": PASSWORD, "next": PAGE}
    text = ReadPage(alice_client.post("/accounts/reauthenticate/", data, follow=True)).text
    assert "The account alice and everything that was known of it are deleted." in text
    assert not User.objects.exists()


@pytest.mark.parametrize("name", ["", "Alice", "alice2", "charlie"])
def test_another_name_deletes_nothing(
    alice: Rater, alice_client: Client, charlie_client: Client, name: str
) -> None:
    enter_password(alice_client)
    response = alice_client.post(PAGE, {"username": name})
    assert response.status_code == 400
    assert User.objects.count() == 2


def test_charlie_cannot_delete_alice(alice: Rater, charlie_client: Client) -> None:
    RatingFactory.create(rater=alice)
    enter_password(charlie_client)
    response = charlie_client.post(PAGE, {"username": "alice"})
    assert "This is not your username, which is charlie." in ReadPage(response).text
    charlie_client.post(f"{PAGE}?user={alice.user_id}", {"username": "charlie", "user": "alice"})
    assert User.objects.get() == alice.user
    assert alice.ratings.count() == 1


def test_the_last_superuser_is_told_why_not() -> None:
    admin = UserFactory.create(username="admin", is_superuser=True, is_staff=True)
    client = logged_in(admin)
    page = ReadPage(client.get(PAGE))
    assert "only administrator with all rights" in page.text
    assert not page.all("input", name="username")
    enter_password(client)
    assert client.post(PAGE, {"username": "admin"}).status_code == 400
    assert User.objects.get() == admin


def test_get_deletes_nothing(alice: Rater, alice_client: Client) -> None:
    enter_password(alice_client)
    alice_client.get(f"{PAGE}?username=alice")
    assert User.objects.filter(username="alice").exists()
