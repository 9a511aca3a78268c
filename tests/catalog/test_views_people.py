"""Public profiles, and private ones that are not there."""

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from catalog.models import Profile, Rater, Rating
from tests.factories import AnimeFactory, GenreFactory, RatingFactory, UserFactory
from tests.pages import ReadPage, logged_in

pytestmark = pytest.mark.django_db

PAGE = "/people/alice/"


def publish(rater: Rater, **values: object) -> None:
    Profile.objects.update_or_create(user=rater.user, defaults={"is_public": True, **values})


def score(rater: Rater, scores: dict[int, int], **facts: object) -> None:
    for anime_id, value in scores.items():
        anime = AnimeFactory._meta.model.objects.filter(pk=anime_id).first()
        anime = anime or AnimeFactory.create(id=anime_id, title=f"Title {anime_id}", **facts)
        RatingFactory.create(rater=rater, anime=anime, score=value)


def test_a_private_profile_and_an_unknown_name_are_the_same(
    alice: Rater, charlie_client: Client, client: Client
) -> None:
    for browser in (charlie_client, client):
        answers = [browser.get(f"/people/{name}/") for name in ("alice", "nobody")]
        assert [answer.status_code for answer in answers] == [404, 404]
        texts = [
            answer.content.decode().replace("/people/alice/", "/people/nobody/")
            for answer in answers
        ]
        # The token against forgery is another one on every page.
        first, second = (
            [line for line in text.splitlines() if "csrf" not in line] for text in texts
        )
        assert first == second


def test_profiles_are_private_at_first(alice: Rater, client: Client) -> None:
    assert alice.user is not None
    Profile.objects.create(user=alice.user)
    assert client.get(PAGE).status_code == 404


def test_the_owner_sees_a_preview(alice: Rater, alice_client: Client) -> None:
    text = ReadPage(alice_client.get(PAGE)).text
    assert "Only you see this." in text
    publish(alice)
    text = ReadPage(alice_client.get(PAGE)).text
    assert "Only you see this." not in text
    assert "This is your public profile" in text


def test_a_closed_account_has_no_profile(alice: Rater, client: Client) -> None:
    publish(alice)
    assert alice.user is not None
    alice.user.is_active = False
    alice.user.save()
    assert client.get(PAGE).status_code == 404


@pytest.mark.parametrize("name", ["ALICE", "Alice", "aLiCe"])
def test_letter_case_does_not_matter(alice: Rater, client: Client, name: str) -> None:
    publish(alice)
    assert ReadPage(client.get(f"/people/{name}/")).text.count("alice") >= 1


def test_of_two_that_differ_in_letter_case_the_exact_one_is_shown(
    alice: Rater, client: Client
) -> None:
    publish(alice, about="small")
    Profile.objects.create(
        user=UserFactory.create(username="ALICE"), is_public=True, about="capital"
    )
    assert "capital" in ReadPage(client.get("/people/ALICE/")).text
    assert "small" in ReadPage(client.get("/people/alice/")).text


def test_names_with_signs_have_an_address(client: Client) -> None:
    user = UserFactory.create(username="a.b+c@d-e_f")
    Profile.objects.create(user=user, is_public=True)
    assert "a.b+c@d-e_f" in ReadPage(client.get("/people/a.b+c@d-e_f/")).text


def test_it_shows_what_is_public_and_nothing_else(alice: Rater, client: Client) -> None:
    assert alice.user is not None
    alice.user.first_name, alice.user.last_name = "Alicia", "Secretson"
    alice.user.save()
    publish(alice, about="I like <b>robots</b>.\n\nAnd tea.")
    for anime_id, value in ((1, 9), (2, 7), (3, 9)):
        score(alice, {anime_id: value})
    RatingFactory.create(
        rater=alice,
        anime=AnimeFactory.create(id=4, title="Planned"),
        score=None,
        status=Rating.Status.PLAN_TO_WATCH,
    )
    response = client.get(PAGE)
    page = ReadPage(response)
    assert "I like <b>robots</b>." in page.text
    assert not page.all("b")
    assert "Titles on the list 4 Scored 3 Mean score 8.33" in page.text
    assert page.title_ids() == [3, 1, 2], "the best first, the latest among equals"
    source = response.content.decode()
    assert "Score 9: 2" in source
    for secret in ("example.org", "Alicia", "Secretson", "Planned"):
        assert secret not in source
    assert "affinity" not in page.text


def test_favourite_genres_weigh_many_titles_more_than_few(alice: Rater, client: Client) -> None:
    publish(alice)
    for genre in ("Drama", "Comedy", "Horror"):
        GenreFactory.create(name=genre)
    score(alice, dict.fromkeys(range(1, 21), 9), genres=["Drama"])
    score(alice, dict.fromkeys(range(21, 24), 10), genres=["Comedy"])
    score(alice, dict.fromkeys(range(24, 34), 3), genres=["Horror"])
    score(alice, dict.fromkeys(range(34, 36), 10), genres=["Music"])
    page = ReadPage(client.get(PAGE))
    order = [text for text in ("Drama", "Comedy", "Horror") if f"{text} " in page.text]
    assert sorted(order, key=page.text.index) == ["Drama", "Comedy", "Horror"]
    assert "Drama 9.0 on average over 20 titles" in page.text
    assert "Music" not in page.text, "two titles are too few"


def test_adult_titles_are_for_readers_who_have_them_shown(
    alice: Rater, client: Client, charlie_client: Client
) -> None:
    publish(alice, show_adult=True)
    score(alice, {1: 8})
    score(alice, {2: 10}, is_adult=True, genres=["Hentai"])
    assert ReadPage(client.get(PAGE)).title_ids() == [1]
    page = ReadPage(charlie_client.get(PAGE))
    assert page.title_ids() == [1]
    assert "Scored 1" in page.text
    assert "Score 10: 1" not in charlie_client.get(PAGE).content.decode()
    charlie = UserFactory._meta.model.objects.get(username="charlie")
    Profile.objects.create(user=charlie, show_adult=True)
    page = ReadPage(charlie_client.get(PAGE))
    assert page.title_ids() == [2, 1]
    assert "Scored 2" in page.text


def test_a_member_sees_the_affinity(alice: Rater, charlie_client: Client) -> None:
    publish(alice)
    charlie = Rater.objects.create(user=UserFactory._meta.model.objects.get(username="charlie"))
    score(alice, {1: 4, 2: 5, 3: 6, 4: 7})
    score(charlie, {1: 1, 2: 3, 3: 5, 4: 7})
    assert "Only 4 titles scored by both: too few" in ReadPage(charlie_client.get(PAGE)).text
    score(alice, {5: 8})
    score(charlie, {5: 9})
    text = ReadPage(charlie_client.get(PAGE)).text
    assert "Your tastes are alike: 25 % affinity over 5 shared titles." in text


def test_a_visitor_and_the_owner_see_no_affinity(
    alice: Rater, alice_client: Client, client: Client
) -> None:
    publish(alice)
    for browser in (alice_client, client):
        assert "tastes" not in ReadPage(browser.get(PAGE)).text


@pytest.mark.parametrize("n_titles", [6, 30])
def test_the_number_of_queries_does_not_grow(
    alice: Rater,
    charlie_client: Client,
    django_assert_max_num_queries: DjangoAssertNumQueries,
    n_titles: int,
) -> None:
    publish(alice)
    score(alice, {n: 1 + n % 10 for n in range(1, n_titles + 1)})
    # Session and account; the person and their profile; the reader's profile; the rater and the
    # counts; histogram, mean, genres, best titles with their genres; the shared scores; what the
    # frame may ask.
    with django_assert_max_num_queries(14):
        assert charlie_client.get(PAGE).status_code == 200


def test_settings_make_it_public_and_private(
    alice: Rater, alice_client: Client, client: Client
) -> None:
    address = "/accounts/profile/"
    response = alice_client.post(address, {"about": "Hello", "is_public": "on"}, follow=True)
    assert "Everybody can see your profile." in ReadPage(response).text
    assert "Hello" in ReadPage(client.get(PAGE)).text
    response = alice_client.post(address, {"about": "Hello"}, follow=True)
    assert "Only you see your profile." in ReadPage(response).text
    assert client.get(PAGE).status_code == 404


def test_too_long_a_text_is_refused(alice: Rater, alice_client: Client) -> None:
    response = alice_client.post("/accounts/profile/", {"about": "x" * 501, "is_public": "on"})
    assert response.status_code == 400
    assert "at most 500 characters" in ReadPage(response).text
    assert not Profile.objects.filter(is_public=True).exists()


def test_charlie_publishes_only_the_own_profile(alice: Rater, charlie_client: Client) -> None:
    charlie_client.post("/accounts/profile/", {"is_public": "on", "user": str(alice.user_id)})
    assert Profile.objects.get(is_public=True).user.username == "charlie"


def test_a_visitor_cannot_publish_anything(alice: Rater, client: Client) -> None:
    assert client.post("/accounts/profile/", {"is_public": "on"}).status_code == 302
    assert not Profile.objects.exists()
    assert logged_in(alice.user).get("/accounts/profile/").status_code == 405
