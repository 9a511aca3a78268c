import pytest
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from catalog.models import Anime, Profile, Rating, User
from catalog.services.catalogue import catalogue_changed
from catalog.services.ratings import dismiss, rate, rater_for
from recommender.models import Exposure, ModelVersion
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
        "prediction_range": item.prediction_range and list(item.prediction_range),
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
                        "title": title.title,
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
        "is_planned": item.is_planned,
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


def test_nobody_reads_on_in_somebody_elses_list(
    client: APIClient, charlies_client: APIClient, drama_lover: User
) -> None:
    charlie = User.objects.get(username="charlie")
    rate(rater=rater_for(user=charlie), anime=AnimeFactory.create(), score=5)
    following = client.get(f"{ADDRESS}?limit=5&method=content").json()["next"]

    problem(charlies_client.get(following), 404, "no_such_page")
    assert client.get(following).status_code == 200


def test_a_cursor_is_good_for_its_own_filters_only(client: APIClient, drama_lover: User) -> None:
    following = client.get(ADDRESS, {"limit": 1, "variety": 10}).json()["next"]

    assert client.get(following).status_code == 200
    problem(client.get(following.replace("variety=10", "variety=20")), 404, "no_such_page")


def test_pages_go_on_after_a_score_without_the_title_that_was_scored(
    client: APIClient, drama_lover: User
) -> None:
    whole = ids(client.get(ADDRESS, {"limit": 100}))
    first = client.get(ADDRESS, {"limit": 5}).json()
    scored = Anime.objects.get(pk=whole[7])

    rate(rater=rater_for(user=drama_lover), anime=scored, score=1)

    second = client.get(first["next"])
    assert ids(second) == [*whole[5:7], *whole[8:11]]
    assert [result["rank"] for result in second.json()["results"]] == [6, 7, 9, 10, 11]


def test_filters_say_what_is_listed(client: APIClient, drama_lover: User, world: World) -> None:
    movie = AnimeFactory.create(type="Movie", episodes=1, genres=["Drama", "Sci-Fi"], members=5)
    catalogue_changed()
    dramas = {anime.pk for anime in world.dramas[2:]} | {movie.pk}
    asked = {"method": "popular", "limit": "100"}

    def listed(**filters: str) -> set[int]:
        return set(ids(client.get(ADDRESS, {**asked, **filters})))

    assert listed(genre="drama") == dramas
    assert listed(genre="drama,sci-fi") == listed(type="Movie,OVA") == {movie.pk}
    assert listed(without="comedy") == dramas
    assert listed(episodes_max="1") == {movie.pk}
    assert movie.pk not in listed(episodes_min="2")
    assert movie.pk not in listed(members_min="6")


def test_planned_titles_are_listed_when_asked_for(client: APIClient, drama_lover: User) -> None:
    anime = AnimeFactory.create(members=10**6)
    rate(rater=rater_for(user=drama_lover), anime=anime, status=Rating.Status.PLAN_TO_WATCH)
    catalogue_changed()

    assert anime.pk not in ids(client.get(ADDRESS, {"method": "popular"}))
    answer = client.get(ADDRESS, {"method": "popular", "include_planned": "true"}).json()
    marks = {result["anime"]["id"]: result["is_planned"] for result in answer["results"]}
    assert marks[anime.pk] is True
    assert sum(marks.values()) == 1


@pytest.mark.parametrize(
    ("parameter", "value", "said"),
    [
        ("genre", "dramma", "There is no genre 'dramma'. There are: comedy, drama."),
        ("without", "drama,x", "There is no genre 'x'. There are: comedy, drama."),
        (
            "type",
            "Film",
            "There is no type 'Film'. There are: TV, OVA, Movie, Special, ONA, Music.",
        ),
        ("genre", "drama;x", "Genres' slugs are separated by commas: drama,sci-fi."),
        ("variety", "101", "Ensure this value is less than or equal to 100."),
        ("popularity", "-101", "Ensure this value is greater than or equal to -100."),
        ("hide_sequels", "yes", '"yes" is not a valid choice.'),
    ],
)
def test_a_filter_that_cannot_be_is_named(
    client: APIClient, world: World, parameter: str, value: str, said: str
) -> None:
    body = problem(client.get(ADDRESS, {parameter: value}), 400, "invalid_request")

    assert [(error["field"], error["detail"]) for error in body["errors"]] == [(parameter, said)]


def test_reading_through_the_api_counts_no_showing(client: APIClient, drama_lover: User) -> None:
    client.get(ADDRESS)

    assert not Exposure.objects.exists()


def test_titles_that_the_site_has_shown_often_sink(client: APIClient, drama_lover: User) -> None:
    whole = ids(client.get(ADDRESS, {"limit": 100}))
    rater = rater_for(user=drama_lover)
    Exposure.objects.create(rater=rater, anime_id=whole[0], times_shown=5)

    assert ids(client.get(ADDRESS, {"limit": 100})) == [*whole[1:], whole[0]]


@pytest.mark.parametrize("limit", [2, 20])
def test_the_number_of_queries_does_not_grow(
    client: APIClient,
    drama_lover: User,
    version: ModelVersion,
    django_assert_num_queries: DjangoAssertNumQueries,
    limit: int,
) -> None:
    client.get(ADDRESS, {"limit": limit})  # builds what is kept between requests

    # token, rater, profile, catalogue revision, version, titles that sink, the stored list
    with django_assert_num_queries(7):
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
        "notice": "",
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
    visitor.get(address, {"limit": 20})

    with django_assert_num_queries(4):  # title, genres, revision for the tag and for what is kept
        assert len(ids(visitor.get(address, {"limit": limit}))) == limit
