from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from catalog.models import Anime, Profile, User
from catalog.services import statistics
from catalog.services.catalogue import catalogue_changed
from catalog.services.ratings import rate, rater_for
from tests.api import ROOT, anime_json, errors, ids, problem, walk
from tests.factories import AnimeFactory, RatingFactory

ADDRESS = f"{ROOT}anime/"


def test_it_shows_a_title_with_everything(visitor: APIClient) -> None:
    anime = AnimeFactory.create(title="Steins;Gate", genres=["Sci-Fi", "Thriller"])

    response = visitor.get(ADDRESS)

    assert response.json() == {"next": None, "previous": None, "results": [anime_json(anime)]}


def test_an_incomplete_title_has_nulls(visitor: APIClient) -> None:
    AnimeFactory.create(type=None, episodes=None, mean_score=None, genres=[])

    (result,) = visitor.get(ADDRESS).json()["results"]

    assert [result[name] for name in ("type", "episodes", "mean_score", "genres")] == [
        None,
        None,
        None,
        [],
    ]


def test_the_most_popular_come_first_and_ties_go_by_id(visitor: APIClient) -> None:
    for number, members in [(1, 10), (2, 30), (3, 10), (4, 20)]:
        AnimeFactory.create(id=number, members=members)

    assert ids(visitor.get(ADDRESS)) == [2, 4, 1, 3]


def test_ordering_by_title(visitor: APIClient) -> None:
    for number, title in [(1, "Mushishi"), (2, "Akira"), (3, "Trigun")]:
        AnimeFactory.create(id=number, title=title)

    assert ids(visitor.get(ADDRESS, {"ordering": "title"})) == [2, 1, 3]


def test_ordering_by_score_puts_unscored_titles_last(visitor: APIClient) -> None:
    for number, score in [(1, 6.0), (2, None), (3, 9.0), (4, 7.0)]:
        AnimeFactory.create(id=number, mean_score=score, members=500_000)

    assert ids(visitor.get(ADDRESS, {"ordering": "score"})) == [3, 4, 1, 2]


def test_search_overlooks_case_accents_and_punctuation(visitor: APIClient) -> None:
    AnimeFactory.create(id=1, title="Pokémon: Best Wishes!")
    AnimeFactory.create(id=2, title="Digimon")

    assert ids(visitor.get(ADDRESS, {"search": "POKEMON best"})) == [1]


def test_genre_and_type_narrow_the_list(visitor: APIClient) -> None:
    AnimeFactory.create(id=1, genres=["Drama", "Sci-Fi"], type="Movie")
    AnimeFactory.create(id=2, genres=["Sci-Fi"], type="TV")
    AnimeFactory.create(id=3, genres=["Drama"], type="Movie")

    assert ids(visitor.get(ADDRESS, {"genre": "sci-fi"})) == [2, 1]
    assert ids(visitor.get(ADDRESS, {"genre": "sci-fi", "type": "Movie"})) == [1]


def test_a_genre_that_is_none_is_not_an_empty_list(visitor: APIClient) -> None:
    AnimeFactory.create(genres=["Drama"])

    body = problem(visitor.get(ADDRESS, {"genre": "dramma"}), 404, "not_found")

    assert body["detail"] == "There is no genre 'dramma'. GET /api/v1/genres/ lists them."


def test_a_genre_that_nothing_matches_is_an_empty_list(visitor: APIClient) -> None:
    AnimeFactory.create(genres=["Drama"], type="TV")

    assert ids(visitor.get(ADDRESS, {"genre": "drama", "type": "Movie"})) == []


def test_adult_titles_are_hidden_from_visitors_and_by_default(
    visitor: APIClient, client: APIClient
) -> None:
    AnimeFactory.create(id=1, is_adult=True)
    AnimeFactory.create(id=2)

    assert ids(visitor.get(ADDRESS)) == ids(client.get(ADDRESS)) == [2]


def test_adult_titles_are_shown_to_who_asked_for_them(client: APIClient, user: User) -> None:
    Profile.objects.create(user=user, show_adult=True)
    AnimeFactory.create(id=1, members=10, is_adult=True)
    AnimeFactory.create(id=2, members=20)

    assert ids(client.get(ADDRESS)) == [2, 1]
    assert ids(client.get(ADDRESS, {"adult": "true"})) == [2, 1]
    assert ids(client.get(ADDRESS, {"adult": "false"})) == [2]


def test_asking_for_hidden_adult_titles_is_refused(client: APIClient, visitor: APIClient) -> None:
    for somebody in (client, visitor):
        problem(somebody.get(ADDRESS, {"adult": "true"}), 403, "adult_titles_hidden")


@pytest.mark.parametrize("ordering", ["popular", "score", "title", "gems", "controversial"])
def test_pages_neither_repeat_nor_skip(visitor: APIClient, ordering: str) -> None:
    for number in range(1, 24):
        AnimeFactory.create(
            id=number,
            title=f"Title {number % 4}",
            members=number % 3,
            mean_score=None if number % 5 == 0 else float(number % 2 + 6),
        )
    whole = ids(visitor.get(ADDRESS, {"ordering": ordering}))

    pages = walk(visitor, f"{ADDRESS}?ordering={ordering}&limit=4")

    assert [len(page) for page in pages] == [4, 4, 4, 4, 4, 3]
    assert [number for page in pages for number in page] == whole
    assert len(whole) == 23


def test_pages_lead_back_the_way_they_came(visitor: APIClient) -> None:
    for number in range(1, 11):
        AnimeFactory.create(id=number, members=number % 3)
    first = visitor.get(ADDRESS, {"limit": 4}).json()
    second = visitor.get(first["next"]).json()
    third = visitor.get(second["next"]).json()

    assert first["previous"] is None
    assert third["next"] is None
    assert visitor.get(third["previous"]).json()["results"] == second["results"]
    back = visitor.get(second["previous"]).json()
    assert back["results"] == first["results"]
    assert back["previous"] is None
    assert visitor.get(back["next"]).json()["results"] == second["results"]


def test_a_title_added_meanwhile_moves_no_page(visitor: APIClient) -> None:
    for number in range(1, 7):
        AnimeFactory.create(id=number, members=100 - number)
    first = visitor.get(ADDRESS, {"limit": 3}).json()

    AnimeFactory.create(id=7, members=1000)

    assert ids(visitor.get(first["next"])) == [4, 5, 6]


def test_the_next_address_keeps_the_filters(visitor: APIClient) -> None:
    for number in range(1, 5):
        AnimeFactory.create(id=number, type="Movie" if number % 2 else "TV", members=number)

    assert walk(visitor, f"{ADDRESS}?type=Movie&limit=1") == [[3], [1]]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"limit": "0"}, [("limit", "min_value")]),
        ({"limit": "101"}, [("limit", "max_value")]),
        ({"limit": "ten"}, [("limit", "invalid")]),
        ({"limit": "1_0"}, [("limit", "invalid")]),
        ({"limit": ["1", "2"]}, [("limit", "repeated")]),
        ({"ordering": "members"}, [("ordering", "invalid_choice")]),
        ({"type": "Radio"}, [("type", "invalid_choice")]),
        ({"adult": "perhaps"}, [("adult", "invalid_choice")]),
        ({"search": "a\0b"}, [("search", "null_characters_not_allowed"), ("search", "invalid")]),
        ({"cursor": ""}, [("cursor", "blank")]),
        ({"cursor": "ü"}, [("cursor", "invalid")]),
        ({"genre": "Sci-Fi"}, [("genre", "invalid")]),
        ({"type": ""}, [("type", "invalid_choice")]),
        ({"page": "2", "offset": "3"}, [("page", "unknown"), ("offset", "unknown")]),
    ],
)
def test_what_is_not_known_is_refused(
    visitor: APIClient, query: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    assert errors(visitor.get(ADDRESS, query)) == expected


@pytest.mark.parametrize("cursor", ["0", "eyJrIjoxfQ:abc", ":"])
def test_a_cursor_that_is_not_ours_is_404(visitor: APIClient, cursor: str) -> None:
    problem(visitor.get(ADDRESS, {"cursor": cursor}), 404, "no_such_page")


def test_an_unknown_parameter_is_answered_with_the_known_ones(visitor: APIClient) -> None:
    body = problem(visitor.get(ADDRESS, {"q": "x"}), 400, "invalid_request")

    assert body["errors"][0]["detail"] == (
        "There is no query parameter 'q'. Known query parameters: limit, cursor, search, genre, "
        "without, type, episodes_min, episodes_max, members_min, score_min, mine, ordering, adult."
    )


def test_a_cursor_is_good_for_its_own_order_only(visitor: APIClient) -> None:
    for number in range(1, 4):
        AnimeFactory.create(id=number)
    following = visitor.get(f"{ADDRESS}?limit=1&ordering=title").json()["next"]

    response = visitor.get(following.replace("ordering=title", "ordering=score"))

    problem(response, 404, "no_such_page")


@pytest.mark.parametrize("limit", [2, 20])
def test_the_number_of_queries_does_not_grow(
    visitor: APIClient, django_assert_num_queries: DjangoAssertNumQueries, limit: int
) -> None:
    for _ in range(20):
        AnimeFactory.create(genres=["Drama", "Comedy"])

    visitor.get(ADDRESS)  # reads the catalogue

    with django_assert_num_queries(1):  # the catalogue's revision
        assert len(ids(visitor.get(ADDRESS, {"limit": limit}))) == limit


def test_several_genres_and_types_and_genres_left_out(visitor: APIClient) -> None:
    AnimeFactory.create(id=1, genres=["Drama", "Sci-Fi"], type="Movie")
    AnimeFactory.create(id=2, genres=["Sci-Fi"], type="TV")
    AnimeFactory.create(id=3, genres=["Drama"], type="OVA")

    assert ids(visitor.get(ADDRESS, {"genre": "drama,sci-fi"})) == [1]
    assert ids(visitor.get(ADDRESS, {"without": "sci-fi"})) == [3]
    assert ids(visitor.get(ADDRESS, {"type": "Movie,OVA"})) == [3, 1]
    problem(visitor.get(ADDRESS, {"without": "dramma"}), 404, "not_found")
    assert errors(visitor.get(ADDRESS, {"type": "TV,Radio"})) == [("type", "invalid_choice")]
    assert errors(visitor.get(ADDRESS, {"genre": "drama;x"})) == [("genre", "invalid")]


def test_limits_on_episodes_members_and_score(visitor: APIClient) -> None:
    for number, episodes, score in [(1, 1, 6.0), (2, 12, 8.0), (3, 50, 9.0), (4, None, None)]:
        AnimeFactory.create(id=number, episodes=episodes, mean_score=score, members=100 * number)

    assert ids(visitor.get(ADDRESS, {"episodes_min": "12"})) == [3, 2]
    assert ids(visitor.get(ADDRESS, {"episodes_max": "12"})) == [2, 1]
    assert ids(visitor.get(ADDRESS, {"members_min": "300"})) == [4, 3]
    assert ids(visitor.get(ADDRESS, {"score_min": "8"})) == [3, 2]
    assert errors(visitor.get(ADDRESS, {"score_min": "11"})) == [("score_min", "max_value")]
    assert errors(visitor.get(ADDRESS, {"episodes_min": "-1"})) == [("episodes_min", "min_value")]


def test_hidden_gems_are_the_best_of_the_little_known(visitor: APIClient) -> None:
    for number, members, score in [(1, 10**6, 9.5), (2, 10, 7.0), (3, 20, 9.0), (4, 30, 8.0)]:
        AnimeFactory.create(id=number, members=members * 1000, mean_score=score)

    assert ids(visitor.get(ADDRESS, {"ordering": "gems"})) == [3, 4, 2, 1]


def test_the_controversial_come_first_once_counted(visitor: APIClient) -> None:
    for number, scores in [(1, (7, 7)), (2, (1, 10)), (3, (5, 8))]:
        anime = AnimeFactory.create(id=number)
        for score in scores:
            RatingFactory.create(anime=anime, score=score)
    statistics.refresh()

    assert ids(visitor.get(ADDRESS, {"ordering": "controversial"})) == [2, 3, 1]


def test_a_search_forgives_typing_errors_and_puts_the_best_match_first(
    visitor: APIClient,
) -> None:
    AnimeFactory.create(id=1, title="Fullmetal Alchemist: Brotherhood", members=900)
    AnimeFactory.create(id=2, title="Fullmetal Alchemist", members=100)
    AnimeFactory.create(id=3, title="Monster", members=5000)

    assert ids(visitor.get(ADDRESS, {"search": "fulmetal alchemist"}))[0] == 2
    assert set(ids(visitor.get(ADDRESS, {"search": "fulmetal alchemist"}))) == {1, 2}
    found = ids(visitor.get(ADDRESS, {"search": "fullmetal alchemist", "ordering": "popular"}))
    assert found == [1, 2]


def test_titles_on_ones_list_and_others(
    client: APIClient, charlies_client: APIClient, visitor: APIClient, user: User
) -> None:
    listed, other = AnimeFactory.create(id=1), AnimeFactory.create(id=2)
    rate(rater=rater_for(user=user), anime=listed, score=9)

    assert ids(client.get(ADDRESS, {"mine": "on"})) == [listed.pk]
    assert ids(client.get(ADDRESS, {"mine": "off"})) == [other.pk]
    assert ids(charlies_client.get(ADDRESS, {"mine": "on"})) == []
    problem(visitor.get(ADDRESS, {"mine": "on"}), 401, "not_authenticated")


def test_what_is_on_ones_list_changes_the_tag(client: APIClient, user: User) -> None:
    rate(rater=rater_for(user=user), anime=AnimeFactory.create(), score=9)
    added = AnimeFactory.create()
    first = client.get(ADDRESS, {"mine": "on"})

    rate(rater=rater_for(user=user), anime=added, score=9)

    again = client.get(ADDRESS, {"mine": "on"}, headers={"If-None-Match": first["ETag"]})
    assert again.status_code == 200
    assert added.pk in ids(again)


def test_pages_go_on_where_they_were_whatever_comes_or_goes(visitor: APIClient) -> None:
    for number in range(1, 9):
        AnimeFactory.create(id=number, members=100 - number)
    first = visitor.get(ADDRESS, {"limit": 3}).json()

    AnimeFactory.create(id=9, members=1000)
    catalogue_changed()
    assert ids(visitor.get(first["next"])) == [4, 5, 6]

    Anime.objects.filter(pk=3).delete()  # the one that the cursor names
    Anime.objects.filter(pk=9).delete()
    catalogue_changed()
    assert ids(visitor.get(first["next"]))[0] in (4, 5)


def test_a_cursor_is_good_for_its_own_filters_only(visitor: APIClient) -> None:
    for number in range(1, 4):
        AnimeFactory.create(id=number, type="TV")
    following = visitor.get(f"{ADDRESS}?limit=1&type=TV").json()["next"]

    assert visitor.get(following).status_code == 200
    problem(visitor.get(following.replace("type=TV", "type=Movie")), 404, "no_such_page")
