"""The account of a session comes with its profile and rater."""

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from catalog.models import Group, Membership, Profile, Rater, User
from catalog.selectors import profile_of, rater_of
from catalog.services import ratings
from config.authentication import AccountBackend
from tests.factories import AnimeFactory, UserFactory
from tests.pages import ReadPage, logged_in

pytestmark = pytest.mark.django_db


def test_one_query_brings_all(
    alice: Rater, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    assert alice.user is not None
    Profile.objects.create(user=alice.user, show_adult=True)
    with django_assert_num_queries(1):
        user = AccountBackend().get_user(alice.user.pk)
        assert user is not None
        assert (rater_of(user), profile_of(user).show_adult) == (alice, True)


def test_a_new_account_has_neither(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    pk = UserFactory.create().pk
    with django_assert_num_queries(1):
        user = AccountBackend().get_user(pk)
        assert user is not None
        assert rater_of(user) is None
        assert profile_of(user).pk is None


def test_who_may_not_log_in_is_nobody() -> None:
    inactive = UserFactory.create(is_active=False)
    assert AccountBackend().get_user(inactive.pk) is None
    assert AccountBackend().get_user(inactive.pk + 1) is None


def test_the_rater_of_a_request_counts_its_changes() -> None:
    pk = UserFactory.create().pk
    user = AccountBackend().get_user(pk)
    assert user is not None
    rater = ratings.rater_for(user=user)
    ratings.rate(rater=rater, anime=AnimeFactory.create(), score=8)
    assert rater_of(user) is rater
    assert rater.revision == Rater.objects.get(user_id=pk).revision == 1


def test_an_account_that_is_deleted_is_logged_out() -> None:
    user = UserFactory.create()
    client = logged_in(user)
    User.objects.filter(pk=user.pk).delete()
    assert client.get("/my-list/").status_code == 302
    assert Client().get("/my-list/").status_code == 302


def test_an_invitation_shows_in_the_frame_of_every_page(
    alice: Rater, alice_client: Client, charlie_client: Client
) -> None:
    assert alice.user is not None
    group = Group.objects.create(name="Sundays", owner=UserFactory.create())
    invitation = Membership.objects.create(group=group, user=alice.user)
    said = "Together : an invitation waits"
    assert said in ReadPage(alice_client.get("/anime/")).text
    assert said not in ReadPage(charlie_client.get("/anime/")).text
    invitation.delete()
    assert said not in ReadPage(alice_client.get("/anime/")).text
