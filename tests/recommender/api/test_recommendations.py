import pytest
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from catalog.models import Profile, User
from catalog.services.ratings import dismiss, rate, rater_for
from recommender.models import ModelVersion
from recommender.services import serving
from recommender.services.lists import METHODS, Recommendation
from tests.api import ROOT, anime_json, ids, problem, walk
from tests.factories import AnimeFactory
from tests.recommender.conftest import World

ADDRESS = f"{ROOT}me/recommendations/"


@pytest.fixture
def drama_lover(user: User, world: World) -> User:
    """The user, with two scored dramas and a scored comedy."""
    rater = rater_for(user=user)
    for anime, score in [(world.dramas[0], 10), (world.dramas[1], 9), (world.comedies[0], 2)]:
        rate(rater=rater, anime=anime, score=score)
    return user


def entry(item: Recommendation) -> dict[str, object]:
    return {
        "rank": item.rank,
        "anime": anime_json(item.anime),
        "prediction": item.prediction,
        "relevance": item.relevance,
        "recommender_score": item.recommender_score,
        "sim": item.sim,
        "reasons": [
            {
                "kind": reason.kind,
                "text": reason.text,
                "genres": list(reason.genres),
                "titles": [
                    {
                        "id": title.anime_id,
                        "score": title.score,
                        "contribution": title.contribution,
                    }
                    for title in reason.titles
                ],
                "is_exact": reason.is_exact,
            }
            for reason in item.reasons
        ],
        "is_exploration": item.is_exploration,
    }


@pytest.mark.parametrize("method", METHODS)
def test_it_is_the_list_that_the_service_makes(
    client: APIClient, drama_lover: User, version: ModelVersion, method: str
) -> None:
    expected = serving.recommend(rater=rater_for(user=drama_lover), method=method, n=10)

    answer = client.get(ADDRESS, {"method": method}).json()

    assert list(answer) == [
        "next",
        "previous",
        "results",
        "method",
        "source",
        "model_version",
        "fallback",
    ]
    assert answer["results"] == [entry(item) for item in expected.items]
    assert len(answer["results"]) == 10
    assert (answer["method"], answer["source"]) == (method, expected.source)
    assert (answer["model_version"], answer["fallback"]) == (version.pk, "")


def test_for_you_is_the_default_and_personal(
    client: APIClient, drama_lover: User, version: ModelVersion, world: World
) -> None:
    answer = client.get(ADDRESS, {"limit": 3}).json()

    assert (answer["method"], answer["source"]) == ("for-you", "for-you")
    assert {result["anime"]["id"] for result in answer["results"]} <= {
        anime.pk for anime in world.dramas
    }
    first = answer["results"][0]
    assert first["recommender_score"] == 1.0
    assert 1 <= first["prediction"] <= 10


def test_the_content_method_gives_sim(client: APIClient, drama_lover: User) -> None:
    (first, *_) = client.get(ADDRESS, {"method": "content"}).json()["results"]

    assert first["sim"] == first["relevance"] > 0


def test_without_anything_known_popular_titles_stand_in_and_say_so(
    client: APIClient, world: World
) -> None:
    answer = client.get(ADDRESS).json()

    assert (answer["method"], answer["source"], answer["model_version"]) == (
        "for-you",
        "popular",
        None,
    )
    assert answer["fallback"]
    members = [result["anime"]["members"] for result in answer["results"]]
    assert members == sorted(members, reverse=True)


def test_pages_make_up_the_whole_list(client: APIClient, drama_lover: User) -> None:
    whole = ids(client.get(ADDRESS, {"limit": 100}))

    pages = walk(client, f"{ADDRESS}?limit=8")

    assert len(whole) == 21, "24 titles less the three that are known"
    assert [len(page) for page in pages] == [8, 8, 5]
    assert [number for page in pages for number in page] == whole


def test_pages_lead_back(client: APIClient, drama_lover: User) -> None:
    first = client.get(ADDRESS, {"limit": 8}).json()
    second = client.get(first["next"]).json()

    assert first["previous"] is None
    assert [result["rank"] for result in second["results"]] == list(range(9, 17))
    assert client.get(second["previous"]).json()["results"] == first["results"]


def test_what_is_rated_or_dismissed_is_left_out(
    client: APIClient, drama_lover: User, world: World
) -> None:
    first, *_ = ids(client.get(ADDRESS, {"method": "content"}))
    anime = next(title for title in [*world.dramas, *world.comedies] if title.pk == first)

    dismiss(rater=rater_for(user=drama_lover), anime=anime)

    listed = ids(client.get(f"{ADDRESS}?method=content&limit=100"))
    assert not {first, world.dramas[0].pk, world.dramas[1].pk} & set(listed)


def test_adult_titles_are_for_who_asked_for_them(
    client: APIClient, user: User, world: World
) -> None:
    adult = AnimeFactory.create(is_adult=True, members=10**6)
    assert adult.pk not in ids(client.get(f"{ADDRESS}?method=popular&limit=100"))

    Profile.objects.create(user=user, show_adult=True)

    assert ids(client.get(f"{ADDRESS}?method=popular&limit=1")) == [adult.pk]


def test_an_unknown_method_is_answered_with_those_there_are(client: APIClient) -> None:
    body = problem(client.get(ADDRESS, {"method": "magic"}), 400, "invalid_request")

    assert body["errors"] == [
        {
            "field": "method",
            "code": "invalid_choice",
            "detail": f"There is no method 'magic'. Methods: {', '.join(METHODS)}.",
        }
    ]


def test_a_cursor_is_good_for_its_own_method_only(client: APIClient, drama_lover: User) -> None:
    following = client.get(ADDRESS, {"limit": 1}).json()["next"]

    problem(client.get(f"{following}&method=popular"), 404, "no_such_page")


@pytest.mark.parametrize("limit", [2, 20])
def test_the_number_of_queries_does_not_grow(
    client: APIClient,
    drama_lover: User,
    version: ModelVersion,
    django_assert_num_queries: DjangoAssertNumQueries,
    limit: int,
) -> None:
    client.get(ADDRESS, {"limit": limit})  # builds what is kept between requests

    # token, rater, profile, catalogue revision, version, titles, genres, list, dismissals
    with django_assert_num_queries(9):
        assert len(ids(client.get(ADDRESS, {"limit": limit}))) == limit


def test_titles_like_one_are_those_that_the_service_finds(visitor: APIClient, world: World) -> None:
    anime = world.dramas[0]
    expected = serving.similar(anime=anime, n=5)

    answer = visitor.get(f"{ROOT}anime/{anime.pk}/similar/", {"limit": 5}).json()

    assert answer == {
        "next": None,
        "previous": None,
        "results": [
            {
                "anime": anime_json(title.anime),
                "sim": title.sim,
                "shared_genres": list(title.shared_genres),
            }
            for title in expected
        ],
    }
    assert [result["anime"]["id"] for result in answer["results"]] == [
        title.pk for title in world.dramas[1:6]
    ]


def test_titles_like_an_unknown_one_are_404(visitor: APIClient) -> None:
    problem(visitor.get(f"{ROOT}anime/999/similar/"), 404, "not_found")


@pytest.mark.parametrize("limit", [2, 20])
def test_similar_titles_cost_the_same_queries_however_many(
    visitor: APIClient, world: World, django_assert_num_queries: DjangoAssertNumQueries, limit: int
) -> None:
    address = f"{ROOT}anime/{world.dramas[0].pk}/similar/"
    visitor.get(address)

    with django_assert_num_queries(5):  # title, genres, catalogue revision, titles, genres
        assert len(ids(visitor.get(address, {"limit": limit}))) == limit
