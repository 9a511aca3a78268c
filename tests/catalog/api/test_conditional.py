"""Entity tags: nothing is sent twice, and nobody overwrites what they have not seen."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from catalog.models import Anime, Profile, Rating, User
from catalog.services import ratings
from catalog.services.catalogue import catalogue_changed
from tests.api import ROOT, problem
from tests.factories import AnimeFactory

CATALOGUE = ("anime/", "anime/7/", "genres/", "anime/7/similar/")
ADDRESS = f"{ROOT}me/ratings/7/"


@pytest.fixture(autouse=True)
def titles(db: None) -> None:
    AnimeFactory.create(id=7, title="Mushishi")
    AnimeFactory.create(id=8)


def again(client: APIClient, address: str, tag: str) -> Any:
    return client.get(address, HTTP_IF_NONE_MATCH=tag)


@pytest.mark.parametrize("name", CATALOGUE)
def test_what_is_known_is_not_sent_again(visitor: APIClient, name: str) -> None:
    first = visitor.get(ROOT + name)

    for known in (first["ETag"], f'"other", {first["ETag"]}', "*"):
        response = again(visitor, ROOT + name, known)
        assert (response.status_code, response.content) == (304, b"")
        assert response["ETag"] == first["ETag"]
        assert response["Cache-Control"] == "private, no-cache"
    assert again(visitor, ROOT + name, 'W/"other"').content == first.content
    assert first["ETag"].startswith('W/"')


@pytest.mark.parametrize("name", ["anime/", "genres/", "anime/7/similar/"])
def test_a_change_of_the_catalogue_changes_the_tag(visitor: APIClient, name: str) -> None:
    tag = visitor.get(ROOT + name)["ETag"]

    catalogue_changed()

    response = again(visitor, ROOT + name, tag)
    assert response.status_code == 200
    assert response["ETag"] != tag


def test_a_score_changes_the_tag_of_its_title_only(visitor: APIClient, user: User) -> None:
    tags = {name: visitor.get(ROOT + name)["ETag"] for name in ("anime/7/", "anime/8/")}
    anime = Anime.objects.get(pk=7)

    ratings.rate(rater=ratings.rater_for(user=user), anime=anime, score=9)

    assert again(visitor, f"{ROOT}anime/7/", tags["anime/7/"]).status_code == 200
    assert again(visitor, f"{ROOT}anime/8/", tags["anime/8/"]).status_code == 304


@pytest.mark.parametrize("name", ["anime/", "genres/", "anime/7/similar/"])
def test_who_is_shown_adult_titles_has_another_tag(
    client: APIClient, visitor: APIClient, user: User, name: str
) -> None:
    Profile.objects.create(user=user, show_adult=True)

    assert again(client, ROOT + name, visitor.get(ROOT + name)["ETag"]).status_code == 200


def test_each_page_has_a_tag_of_its_own(visitor: APIClient) -> None:
    tag = visitor.get(f"{ROOT}anime/?limit=1")["ETag"]

    assert again(visitor, f"{ROOT}anime/?limit=2", tag).status_code == 200


def test_what_is_not_there_is_not_unchanged(visitor: APIClient) -> None:
    problem(again(visitor, f"{ROOT}anime/99/", "*"), 404, "not_found")


def test_an_entry_of_the_list_has_a_tag_that_every_answer_gives(client: APIClient) -> None:
    put = client.put(ADDRESS, {"score": 9})

    assert client.get(ADDRESS)["ETag"] == put["ETag"]
    assert again(client, ADDRESS, put["ETag"]).status_code == 304
    patched = client.patch(ADDRESS, {"score": 8})
    assert patched["ETag"] != put["ETag"]
    assert client.get(ADDRESS)["ETag"] == patched["ETag"]
    assert not put["ETag"].startswith("W/")


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_what_has_changed_since_is_not_overwritten(client: APIClient, method: str) -> None:
    seen = client.put(ADDRESS, {"score": 9})["ETag"]
    client.put(ADDRESS, {"score": 8})

    body = None if method == "delete" else {"score": 1}
    response = getattr(client, method)(ADDRESS, body, HTTP_IF_MATCH=seen)

    problem(response, 412, "precondition_failed")
    assert Rating.objects.get().score == 8


@pytest.mark.parametrize("weak", ["", "W/"])
@pytest.mark.parametrize(("method", "status"), [("put", 200), ("patch", 200), ("delete", 204)])
def test_what_is_as_it_was_seen_is_changed(
    client: APIClient, method: str, status: int, weak: str
) -> None:
    seen = client.put(ADDRESS, {"score": 9})["ETag"]

    body = None if method == "delete" else {"score": 1}
    response = getattr(client, method)(ADDRESS, body, HTTP_IF_MATCH=weak + seen)

    assert response.status_code == status
    assert [row.score for row in Rating.objects.all()] == ([] if method == "delete" else [1])


def test_a_tag_that_went_through_compression_still_counts(client: APIClient) -> None:
    Anime.objects.filter(pk=7).update(title="Mushishi " * 25)  # worth compressing
    client.put(ADDRESS, {"score": 9})
    compressed = client.get(ADDRESS, HTTP_ACCEPT_ENCODING="gzip")

    assert compressed["ETag"].startswith("W/")
    assert client.put(ADDRESS, {"score": 8}, HTTP_IF_MATCH=compressed["ETag"]).status_code == 200


@pytest.mark.parametrize("tag", ["*", '"some"', "no tag"])
def test_only_what_is_there_can_match(client: APIClient, tag: str) -> None:
    problem(client.put(ADDRESS, {"score": 9}, HTTP_IF_MATCH=tag), 412, "precondition_failed")
    problem(client.patch(ADDRESS, {"score": 9}, HTTP_IF_MATCH=tag), 404, "not_found")
    assert not Rating.objects.exists()


def test_a_title_can_be_put_only_if_it_is_new(client: APIClient) -> None:
    assert client.put(ADDRESS, {"score": 9}, HTTP_IF_NONE_MATCH="*").status_code == 201

    response = client.put(ADDRESS, {"score": 8}, HTTP_IF_NONE_MATCH="*")

    problem(response, 412, "precondition_failed")
    assert Rating.objects.get().score == 9


def test_a_failed_condition_leaves_the_list_untouched(client: APIClient, user: User) -> None:
    client.put(ADDRESS, {"score": 9})
    rater = ratings.rater_for(user=user)
    rater.refresh_from_db()

    client.put(ADDRESS, {"score": 8}, HTTP_IF_MATCH='"other"')

    assert type(rater).objects.get(pk=rater.pk).revision == rater.revision


def test_another_ones_tag_opens_nothing(client: APIClient, charlies_client: APIClient) -> None:
    tag = client.put(ADDRESS, {"score": 9})["ETag"]

    response = charlies_client.put(ADDRESS, {"score": 1}, HTTP_IF_MATCH=tag)

    problem(response, 412, "precondition_failed")
    assert Rating.objects.get().score == 9
