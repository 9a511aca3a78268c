"""Adult titles are hidden from whoever does not ask for them."""

import pytest
from django.test import Client

from catalog.models import Profile, Rater, Rating
from tests.factories import AnimeFactory, RatingFactory
from tests.pages import ReadPage

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def titles() -> None:
    """Title 1 is for everybody, title 2 is not."""
    AnimeFactory.create(id=1, title="Bright")
    AnimeFactory.create(id=2, title="Explicit", genres=["Drama", "Hentai"], is_adult=True)


@pytest.fixture
def asking(alice: Rater, alice_client: Client) -> Client:
    """Alice, who asks for them."""
    assert alice.user is not None
    Profile.objects.create(user=alice.user, show_adult=True)
    return alice_client


@pytest.mark.parametrize("address", ["/", "/anime/", "/anime/?q=explicit", "/recommendations/"])
def test_lists_hide_them(client: Client, charlie_client: Client, address: str) -> None:
    for person in (client, charlie_client):
        assert b"Explicit" not in person.get(address).content


def test_the_genre_is_not_offered(charlie_client: Client) -> None:
    assert b"Hentai" not in charlie_client.get("/anime/").content


def test_similar_titles_hide_them(charlie_client: Client) -> None:
    assert b"Explicit" not in charlie_client.get("/anime/1/").content


def test_the_page_says_why_without_the_title(client: Client) -> None:
    response = client.get("/anime/2/")
    page = ReadPage(response)
    assert response.status_code == 404
    assert "This title is for adults" in page.text
    assert b"Explicit" not in response.content
    assert page.all("a", href="/accounts/login/?next=%2Fanime%2F2%2F")


def test_a_member_is_led_to_the_settings(charlie_client: Client) -> None:
    page = ReadPage(charlie_client.get("/anime/2/"))
    assert page.all("a", class_="button", href="/accounts/settings/")


@pytest.mark.parametrize("action", ["rate", "remove", "dismiss", "restore"])
def test_nothing_can_be_done_with_them(charlie_client: Client, action: str) -> None:
    assert charlie_client.post(f"/anime/2/{action}/", {"score": "5"}).status_code == 404
    assert not Rating.objects.exists()


def test_ones_own_list_counts_what_it_hides(alice: Rater, alice_client: Client) -> None:
    RatingFactory.create(rater=alice, anime_id=1, anime=None)
    RatingFactory.create(rater=alice, anime_id=2, anime=None)
    page = ReadPage(alice_client.get("/my-list/"))
    assert page.title_ids() == [1]
    assert "1 adult title of your list is hidden." in page.text
    assert "All 1" in page.text


def test_who_asks_sees_them_everywhere(alice: Rater, asking: Client) -> None:
    RatingFactory.create(rater=alice, anime_id=2, anime=None)
    assert asking.get("/anime/2/").status_code == 200
    for address in ("/anime/", "/anime/1/", "/my-list/"):
        assert 2 in ReadPage(asking.get(address)).title_ids(), address


def test_who_asks_is_recommended_them(asking: Client) -> None:
    assert 2 in ReadPage(asking.get("/recommendations/?method=popular")).title_ids()
