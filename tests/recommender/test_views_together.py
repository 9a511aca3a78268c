"""The page of a group's list."""

import re

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from catalog.models import Anime, Group, User
from catalog.services import groups, ratings
from recommender.models import ModelVersion
from recommender.views import together as together_view
from tests.factories import AccountRaterFactory, RatingFactory, UserFactory
from tests.pages import ReadPage, logged_in
from tests.recommender.conftest import World

pytestmark = pytest.mark.django_db


def person(name: str, scores: dict[int, int]) -> User:
    user: User = UserFactory.create(username=name)
    rater = AccountRaterFactory.create(user=user)
    for anime_id, score in scores.items():
        RatingFactory.create(rater=rater, anime_id=anime_id, anime=None, score=score)
    return user


@pytest.fixture
def dora(world: World) -> User:
    return person("dora", {1: 9, 2: 10, 13: 3})


@pytest.fixture
def conny(world: World) -> User:
    return person("conny", {14: 9, 15: 10, 3: 2})


@pytest.fixture
def group(dora: User, conny: User) -> Group:
    group = groups.create(owner=dora, name="Sundays")
    groups.invite(group=group, by=dora, username="conny")
    return group


@pytest.fixture
def both(group: Group, conny: User) -> Group:
    groups.accept(group_id=group.pk, user=conny)
    return group


def shares(page: ReadPage) -> int:
    return len(page.all("dl", class_="shares"))


def test_each_ones_score_stands_beside_each_title(
    version: ModelVersion, both: Group, dora: User
) -> None:
    page = ReadPage(logged_in(dora).get(both.get_absolute_url()))
    assert "For dora, conny" in page.text
    assert shares(page) == len(page.all("li", class_="shared")) == 18
    assert re.search(r"dora \d\.\d conny \d\.\d", page.text)
    assert not set(page.title_ids()) & {1, 2, 3, 13, 14, 15}


def test_nothing_of_the_invited_is_used_before_they_join(
    version: ModelVersion, group: Group, dora: User, conny: User
) -> None:
    client = logged_in(dora)
    alone = ReadPage(client.get(group.get_absolute_url()))
    assert "conny" not in alone.text
    # What conny has watched is no reason to leave it out.
    assert {14, 15, 3} <= set(alone.title_ids())

    groups.accept(group_id=group.pk, user=conny)
    together = ReadPage(client.get(group.get_absolute_url()))
    assert "conny" in together.text
    assert not {14, 15, 3} & set(together.title_ids())

    groups.leave(group=group, user=conny)
    again = ReadPage(client.get(group.get_absolute_url()))
    assert again.title_ids() == alone.title_ids()
    assert "conny" not in again.text


def test_who_has_not_joined_is_refused(
    version: ModelVersion, group: Group, conny: User, charlie_client: Client, client: Client
) -> None:
    address = group.get_absolute_url()
    assert logged_in(conny).get(address).status_code == 404, "invited only"
    assert charlie_client.get(address).status_code == 404
    assert charlie_client.get("/together/999999/").status_code == 404
    assert client.get(address)["Location"] == f"/accounts/login/?next={address}"


def test_the_strategy_is_chosen_by_a_link(version: ModelVersion, both: Group, dora: User) -> None:
    client, orders = logged_in(dora), []
    for strategy in ("average", "least-misery", "most-pleasure", "nonsense"):
        page = ReadPage(client.get(both.get_absolute_url(), {"by": strategy}))
        current = [link["href"] for link in page.all("a", aria_current="page")]
        assert current == [f"?by={strategy if strategy != 'nonsense' else 'average'}"]
        orders.append(page.title_ids())
    assert orders[3] == orders[0]
    assert len({tuple(order) for order in orders}) == 3


def test_a_changed_score_changes_the_list(
    version: ModelVersion, both: Group, dora: User, conny: User
) -> None:
    client = logged_in(dora)
    before = ReadPage(client.get(both.get_absolute_url())).title_ids()
    ratings.rate(rater=conny.rater, anime=Anime.objects.get(pk=before[0]), score=4)
    assert before[0] not in ReadPage(client.get(both.get_absolute_url())).title_ids()


def test_pages(
    version: ModelVersion, both: Group, dora: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(together_view, "ITEMS_PER_PAGE", 7)
    client = logged_in(dora)
    pages = [
        ReadPage(client.get(both.get_absolute_url(), {"page": number})) for number in (1, 2, 3, 99)
    ]
    found = [page.title_ids() for page in pages]
    assert [len(each) for each in found] == [7, 7, 4, 4]
    assert len({title for each in found for title in each}) == 18
    assert found[3] == found[2], "the last page there is"
    assert "Page 3 of 3" in pages[2].text


def test_who_has_no_score_is_named(version: ModelVersion, both: Group, dora: User) -> None:
    groups.invite(group=both, by=dora, username=UserFactory.create(username="newcomer").username)
    groups.accept(group_id=both.pk, user=User.objects.get(username="newcomer"))
    text = ReadPage(logged_in(dora).get(both.get_absolute_url())).text
    assert "Nothing can be predicted for newcomer yet" in text
    assert "The list goes by the others." in text


def test_without_a_model_the_page_says_so(both: Group, dora: User) -> None:
    page = ReadPage(logged_in(dora).get(both.get_absolute_url()))
    assert "No model has been trained yet." in page.text
    assert "No list yet" in page.text
    assert not page.title_ids()


def test_htmx_gets_the_list_alone(version: ModelVersion, both: Group, dora: User) -> None:
    headers = {"HX-Request": "true", "HX-Target": "list"}
    response = logged_in(dora).get(both.get_absolute_url(), headers=headers)
    page = ReadPage(response)
    assert shares(page) == 18
    assert not page.all("html")
    assert "HX-Target" in response["Vary"]


def test_the_number_of_queries_grows_neither_with_titles_nor_with_members(
    version: ModelVersion,
    both: Group,
    dora: User,
    monkeypatch: pytest.MonkeyPatch,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    client = logged_in(dora)
    for n_others in (0, 4):
        for number in range(n_others):
            other = person(f"other{number}", {4 + number: 9})
            groups.invite(group=both, by=dora, username=other.username)
            groups.accept(group_id=both.pk, user=other)
        for n_titles in (4, 14):
            monkeypatch.setattr(together_view, "ITEMS_PER_PAGE", n_titles)
            # Session and account; group and members; revision and active version; ratings and
            # dismissals; titles and genres; whether the model is simulated; what the frame may ask.
            with django_assert_max_num_queries(12):
                page = ReadPage(client.get(both.get_absolute_url()))
            assert shares(page) == n_titles
