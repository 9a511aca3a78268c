import pytest
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from catalog.models import Group, User
from catalog.services import groups
from catalog.services.ratings import rate, rater_for
from recommender.models import ModelVersion
from recommender.services.together import STRATEGIES, Member, recommend_together
from tests.api import ROOT, anime_json, errors, ids, problem, walk
from tests.factories import UserFactory
from tests.recommender.conftest import World


@pytest.fixture
def ben(db: None) -> User:
    return UserFactory.create(username="ben", password=None)


@pytest.fixture
def group(user: User, ben: User, world: World) -> Group:
    """Mia loves drama, ben loves comedy, and both have joined."""
    found = groups.create(owner=user, name="Film night")
    groups.invite(group=found, by=user, username="ben")
    groups.accept(group_id=found.pk, user=ben)
    for anime, score in [(world.dramas[0], 10), (world.comedies[0], 2)]:
        rate(rater=rater_for(user=user), anime=anime, score=score)
        rate(rater=rater_for(user=ben), anime=anime, score=12 - score)
    return found


def address(group: Group) -> str:
    return f"{ROOT}groups/{group.pk}/recommendations/"


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_it_is_the_list_that_the_service_makes(
    client: APIClient, group: Group, version: ModelVersion, strategy: str
) -> None:
    people = [group.owner, User.objects.get(username="ben")]
    members = [Member(each, rater_for(user=each), False) for each in people]
    expected = recommend_together(members=members, strategy=strategy, n=5)

    answer = client.get(address(group), {"strategy": strategy, "limit": "5"}).json()

    assert answer["results"] == [
        {
            "rank": item.rank,
            "anime": anime_json(item.anime),
            "score": item.score,
            "predictions": [
                {"username": somebody.get_username(), "prediction": prediction}
                for somebody, prediction in item.shares
            ],
            "planned_by": [],
        }
        for item in expected.items
    ]
    assert len(answer["results"]) == 5
    assert (answer["strategy"], answer["model_version"]) == (strategy, version.pk)
    assert (answer["counted"], answer["left_out"], answer["notice"]) == (["mia", "ben"], [], "")


def test_pages_make_up_the_whole_list_and_lead_back(
    client: APIClient, group: Group, version: ModelVersion
) -> None:
    whole = ids(client.get(address(group), {"limit": 100}))

    pages = walk(client, f"{address(group)}?limit=8")

    assert [len(page) for page in pages] == [8, 8, 6]
    assert [number for page in pages for number in page] == whole
    second = client.get(client.get(f"{address(group)}?limit=8").json()["next"]).json()
    assert ids(client.get(second["previous"])) == pages[0]


def test_a_cursor_is_of_the_lists_as_they_were(
    client: APIClient, group: Group, ben: User, version: ModelVersion, world: World
) -> None:
    following = client.get(f"{address(group)}?limit=2").json()["next"]
    assert client.get(following).status_code == 200
    other = following.replace("limit=2", "limit=2&strategy=least-misery")
    problem(client.get(other), 404, "no_such_page")

    rate(rater=rater_for(user=ben), anime=world.dramas[3], score=5)

    problem(client.get(following), 404, "no_such_page")


def test_without_a_model_it_is_said(client: APIClient, group: Group) -> None:
    answer = client.get(address(group)).json()

    assert (answer["results"], answer["next"], answer["counted"]) == ([], None, [])
    assert answer["left_out"] == ["mia", "ben"]
    assert answer["notice"] == "No model has been trained yet."


def test_for_charlie_there_is_no_such_group(
    charlies_client: APIClient, user: User, group: Group
) -> None:
    problem(charlies_client.get(address(group)), 404, "not_found")
    groups.invite(group=group, by=user, username="charlie")
    problem(charlies_client.get(address(group)), 404, "not_found")


def test_what_is_not_known_is_refused(client: APIClient, group: Group) -> None:
    assert errors(client.get(address(group), {"strategy": "lottery"})) == [
        ("strategy", "invalid_choice")
    ]
    assert errors(client.get(address(group), {"by": "average"})) == [("by", "unknown")]
    problem(client.get(address(group), {"cursor": "x"}), 404, "no_such_page")


@pytest.mark.parametrize("limit", [2, 20])
def test_the_number_of_queries_does_not_grow(
    client: APIClient,
    group: Group,
    version: ModelVersion,
    django_assert_num_queries: DjangoAssertNumQueries,
    limit: int,
) -> None:
    client.get(address(group))  # builds what is kept of the members

    # token, group, members, the catalogue twice, version, lists, dismissals, titles, genres
    with django_assert_num_queries(10):
        assert len(ids(client.get(address(group), {"limit": limit}))) == limit
