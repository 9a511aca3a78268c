"""Sign-up, log-in, log-out and passwords."""

import re

import pytest
from django.core import mail
from django.test import Client

from catalog.models import User
from tests.factories import UserFactory
from tests.pages import ReadPage, logged_in

pytestmark = pytest.mark.django_db

PASSWORD = "correct horse battery"


def sign_up(client: Client, name: str = "mika", password: str = PASSWORD, again: str = "") -> str:
    """The text of the page after signing up."""
    data = {"username": name, "password1": password, "password2": again or password}
    return ReadPage(client.post("/accounts/signup/", data, follow=True)).text


def test_a_name_and_a_password_are_enough(client: Client) -> None:
    text = sign_up(client)
    assert "Welcome, mika" in text
    user = User.objects.get()
    assert (user.username, user.email, user.is_staff) == ("mika", "", False)
    assert client.session["_auth_user_id"] == str(user.pk)


def test_a_taken_name_is_a_clear_error(client: Client) -> None:
    UserFactory.create(username="mika")
    assert "A user with that username already exists." in sign_up(client)
    assert "_auth_user_id" not in client.session


def test_a_taken_name_in_other_letters_is_taken(client: Client) -> None:
    UserFactory.create(username="mika")
    sign_up(client, name="MIKA")
    assert User.objects.count() == 1


@pytest.mark.parametrize(
    ("password", "again", "problem"),
    [
        ("short", "", "This password is too short."),
        ("12345678901", "", "This password is entirely numeric."),
        ("password", "", "This password is too common."),
        (PASSWORD, "something else", "You must type the same password each time."),
    ],
)
def test_a_weak_password_is_refused_in_words(
    client: Client, password: str, again: str, problem: str
) -> None:
    assert problem in sign_up(client, password=password, again=again)
    assert not User.objects.exists()


@pytest.mark.parametrize("login", ["mika", "mika@example.org"])
def test_log_in_by_name_or_address_leads_on(client: Client, login: str) -> None:
    UserFactory.create(username="mika", email="mika@example.org")
    data = {"login": login, "password": PASSWORD, "next": "/my-list/"}
    assert client.post("/accounts/login/", data)["Location"] == "/my-list/"


def test_log_in_never_leads_to_another_site(client: Client) -> None:
    UserFactory.create(username="mika")
    data = {"login": "mika", "password": PASSWORD, "next": "https://elsewhere.example/"}
    assert client.post("/accounts/login/", data)["Location"] == "/"


def test_a_wrong_password_and_an_unknown_name_get_the_same_answer(client: Client) -> None:
    UserFactory.create(username="mika")
    answers = {
        ReadPage(client.post("/accounts/login/", {"login": name, "password": "wrong"})).text
        for name in ("mika", "nobody")
    }
    assert len(answers) == 1
    assert "not correct" in answers.pop()


def test_only_post_logs_out() -> None:
    client = logged_in(UserFactory.create())
    assert "Log out" in ReadPage(client.get("/accounts/logout/")).text
    assert "_auth_user_id" in client.session
    assert client.post("/accounts/logout/")["Location"] == "/"
    assert "_auth_user_id" not in client.session


def test_a_password_is_changed_with_the_old_one() -> None:
    user = UserFactory.create()
    client = logged_in(user)
    data = {"password1": "a new and long one", "password2": "a new and long one"}
    client.post("/accounts/password/change/", {**data, "oldpassword": "wrong"})
    user.refresh_from_db()
    assert user.check_password(PASSWORD)
    client.post("/accounts/password/change/", {**data, "oldpassword": PASSWORD})
    user.refresh_from_db()
    assert user.check_password("a new and long one")


def test_password_reset_does_not_say_whether_there_is_an_account(client: Client) -> None:
    UserFactory.create(email="mika@example.org")
    pages = [
        client.post("/accounts/password/reset/", {"email": address}, follow=True)
        for address in ("mika@example.org", "nobody@example.org")
    ]
    texts = {ReadPage(page).text for page in pages}
    assert len(texts) == 1
    assert "If an account has this address" in texts.pop()
    assert [len(page.redirect_chain) for page in pages] == [1, 1]
    # Both get a mail, so that neither the answer nor the time that it takes tells them apart.
    assert [message.to for message in mail.outbox] == [["mika@example.org"], ["nobody@example.org"]]


def test_the_mailed_link_sets_a_new_password(client: Client) -> None:
    user = UserFactory.create(email="mika@example.org")
    client.post("/accounts/password/reset/", {"email": "mika@example.org"})
    message = mail.outbox[0]
    assert message.subject == "Osusume: Set a new password"
    link = re.findall(r"http://testserver(\S+)", str(message.body))[0]
    form = client.get(link, follow=True)
    address = form.redirect_chain[-1][0]
    data = {"password1": "a new and long one", "password2": "a new and long one"}
    client.post(address, data)
    user.refresh_from_db()
    assert user.check_password("a new and long one")
    assert "This link does not work any more" in ReadPage(Client().get(link, follow=True)).text


def test_charlie_cannot_enter_the_admin(charlie_client: Client) -> None:
    response = charlie_client.get("/admin/", follow=True)
    assert response.status_code == 403
    assert "You may not see this" in ReadPage(response).text


def test_the_admin_has_no_login_page_of_its_own(client: Client) -> None:
    for send in (client.get, client.post):
        response = send("/admin/login/?next=/admin/")
        assert response["Location"] == "/accounts/login/?next=%2Fadmin%2F"
