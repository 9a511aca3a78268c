"""Lists: unseen titles in order, personal from the first score, and something always."""

import numpy as np
import numpy.typing as npt
import pytest
from pytest_django import DjangoAssertNumQueries

from catalog.models import Anime, Rating
from catalog.services import ratings
from catalog.services.catalogue import catalogue_changed
from ml.score_blend import ScoreBlend
from ml.serving import RecommenderNetScorer
from recommender.models import ModelVersion
from recommender.services import registry, serving
from recommender.services.history import History
from recommender.services.lists import RecommendationList, UnknownMethod
from tests.factories import AccountRaterFactory, AnimeFactory, RatingFactory
from tests.recommender.conftest import World, listed_ids


def ids(result: RecommendationList) -> list[int]:
    return [item.anime.pk for item in result.items]


def test_a_list_is_unseen_ordered_and_relative_to_its_best(
    world: World, version: ModelVersion
) -> None:
    rater = world.raters[0]
    result = serving.recommend(rater=rater, n=8)
    assert (result.method, result.source, result.fallback) == ("for-you", "for-you", "")
    assert result.model_version == version.pk
    assert len(result.items) == 8 == result.n_available
    assert not set(ids(result)) & listed_ids(rater)
    predictions = [item.prediction for item in result.items]
    assert all(prediction is not None and 1 <= prediction <= 10 for prediction in predictions)
    relevances = [item.relevance for item in result.items]
    assert relevances == sorted(relevances, reverse=True)
    assert result.items[0].recommender_score == 1.0
    last = result.items[-1]
    assert last.recommender_score == pytest.approx(last.relevance / result.items[0].relevance)
    assert [item.rank for item in result.items] == list(range(1, 9))


def test_the_list_follows_the_taste(world: World, version: ModelVersion) -> None:
    drama_lover = world.raters[0]
    first = serving.recommend(rater=drama_lover, n=2).items
    assert {genre.name for item in first for genre in item.anime.genres.all()} == {"Drama"}
    titles, genres = first[0].reasons
    assert titles.kind == "titles"
    assert {each.anime_id for each in titles.titles if each.contribution > 0} <= {
        drama.pk for drama in world.dramas
    }
    assert genres.text == "Shares Drama with them."


def test_a_list_by_predictions_names_the_genres_that_the_rater_likes(
    world: World, version: ModelVersion
) -> None:
    first = serving.recommend(rater=world.raters[0], method="recommender-net", n=1).items[0]
    assert [reason.text for reason in first.reasons] == [
        "You score Drama titles higher than your average."
    ]


def test_a_list_that_is_not_cached_reads_what_the_rater_says_once(
    world: World, version: ModelVersion, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    serving.recommend(rater=world.raters[0])  # catalogue and model are now kept
    # revision of the catalogue; scores, dismissals; active model; titles, genres
    with django_assert_num_queries(6):
        serving.recommend(rater=world.raters[1])


def test_pages_continue_each_other(world: World, version: ModelVersion) -> None:
    rater = world.raters[3]
    whole = ids(serving.recommend(rater=rater, n=8))
    paged = [
        anime_id
        for offset in (0, 3, 6)
        for anime_id in ids(serving.recommend(rater=rater, n=3, offset=offset))
    ]
    assert paged == whole
    assert serving.recommend(rater=rater, n=3, offset=99).items == []


@pytest.mark.django_db(transaction=True)
def test_a_new_account_has_a_personal_list_from_its_first_score(
    world: World, version: ModelVersion
) -> None:
    drama_fan, comedy_fan = AccountRaterFactory.create(), AccountRaterFactory.create()
    before = serving.recommend(rater=drama_fan, n=24)
    assert before.source == "popular"
    assert before.fallback == "Score a title or two, and this list becomes yours."
    ratings.rate(rater=drama_fan, anime=world.dramas[0], score=10)
    ratings.rate(rater=comedy_fan, anime=world.comedies[0], score=10)
    for fan, genre in ((drama_fan, "Drama"), (comedy_fan, "Comedy")):
        result = serving.recommend(rater=fan, n=5)
        assert result.source == "for-you"
        assert {g.name for item in result.items for g in item.anime.genres.all()} == {genre}


@pytest.mark.django_db(transaction=True)
def test_a_trained_rater_who_scores_again_gets_a_new_list(
    world: World, version: ModelVersion
) -> None:
    rater = world.raters[0]
    best = serving.recommend(rater=rater, n=1).items[0]
    ratings.rate(rater=rater, anime=best.anime, score=2)
    after = serving.recommend(rater=rater, n=24)
    assert best.anime.pk not in ids(after)


@pytest.mark.django_db(transaction=True)
def test_planned_and_dismissed_titles_are_left_out(world: World, version: ModelVersion) -> None:
    rater = world.raters[0]
    first, second = serving.recommend(rater=rater, n=2).items
    ratings.rate(rater=rater, anime=first.anime, status=Rating.Status.PLAN_TO_WATCH)
    ratings.dismiss(rater=rater, anime=second.anime)
    after = ids(serving.recommend(rater=rater, n=24))
    assert not {first.anime.pk, second.anime.pk} & set(after)
    ratings.undo_dismissal(rater=rater, anime=second.anime)
    assert second.anime.pk in ids(serving.recommend(rater=rater, n=24))


def test_without_a_model_popular_titles_stand_in_and_say_so(world: World) -> None:
    result = serving.recommend(rater=world.raters[0], n=3)
    assert (result.method, result.source) == ("for-you", "popular")
    assert result.fallback == "No model has been trained yet."
    members = [item.anime.members for item in result.items]
    assert members == sorted(members, reverse=True)
    assert [item.prediction for item in result.items] == [None] * 3


def test_content_ranks_complete_titles_by_share_of_the_profile(db: None) -> None:
    rater = AccountRaterFactory.create()
    seen_a = AnimeFactory.create(id=1, genres=["Drama", "Sci-Fi"], type="TV")
    seen_b = AnimeFactory.create(id=2, genres=["Comedy"], type="Movie")
    AnimeFactory.create(id=3, genres=["Drama"], type="TV")
    AnimeFactory.create(id=4, genres=["Comedy"], type="OVA")
    AnimeFactory.create(id=5, genres=["Drama", "Sci-Fi"], type="TV", episodes=None)
    RatingFactory.create(rater=rater, anime=seen_a, score=9)
    RatingFactory.create(rater=rater, anime=seen_b, score=4)
    result = serving.recommend(rater=rater, method="content")
    # The profile's total is 3 × 9 + 2 × 4 = 35: Drama, Sci-Fi and TV 9 each, Comedy and Movie 4.
    assert ids(result) == [3, 4]
    assert [item.sim for item in result.items] == pytest.approx([18 / 35, 4 / 35])
    assert result.items[1].recommender_score == pytest.approx(4 / 18)
    assert result.items[0].reasons[0].text == (
        "Drama and TV make up 51% of the profile of your scores."
    )


def test_adult_titles_are_hidden_unless_asked_for(db: None) -> None:
    AnimeFactory.create(id=1, members=50)
    AnimeFactory.create(id=2, members=900, is_adult=True)
    assert ids(serving.recommend(rater=None, method="popular")) == [1]
    assert ids(serving.recommend(rater=None, method="popular", show_adult=True)) == [2, 1]


def test_popular_ties_are_broken_by_id(db: None) -> None:
    for anime_id in (3, 1, 2):
        AnimeFactory.create(id=anime_id, members=10)
    assert ids(serving.recommend(rater=None, method="popular")) == [1, 2, 3]


def test_a_new_title_is_listed_once_the_catalogue_has_changed(db: None) -> None:
    AnimeFactory.create(id=1)
    assert ids(serving.recommend(rater=None, method="popular")) == [1]
    AnimeFactory.create(id=2, members=10**6)
    catalogue_changed()
    assert ids(serving.recommend(rater=None, method="popular")) == [2, 1]


def test_an_unknown_method_names_those_there_are(db: None) -> None:
    with pytest.raises(UnknownMethod, match=r"'magic'.*for-you.*popular"):
        serving.recommend(rater=None, method="magic")


def test_similar_titles_are_ordered_by_cosine_and_then_id(db: None) -> None:
    anime = AnimeFactory.create(id=5, genres=["Drama", "Sci-Fi"], type="TV")
    AnimeFactory.create(id=1, genres=["Drama", "Sci-Fi"], type="Movie")
    AnimeFactory.create(id=2, genres=["Drama", "Sci-Fi"], type="TV")
    AnimeFactory.create(id=3, genres=["Drama", "Sci-Fi"], type="TV")
    AnimeFactory.create(id=4, genres=["Comedy"], type="Movie")
    found = serving.similar(anime=anime)
    assert [title.anime.pk for title in found] == [2, 3, 1]
    assert [title.sim for title in found] == pytest.approx([1.0, 1.0, 2 / 3])
    assert found[2].shared_genres == ("Drama", "Sci-Fi")


def test_predictions_are_of_known_titles_only(world: World, version: ModelVersion) -> None:
    AnimeFactory.create(id=99)
    catalogue_changed()
    drama, comedy = world.dramas[0].pk, world.comedies[0].pk
    predicted = serving.predict(rater=world.raters[0], anime_ids=[drama, comedy, 99, 12345])
    assert set(predicted) == {drama, comedy}
    assert predicted[drama] > predicted[comedy]
    assert serving.predict(rater=None, anime_ids=[drama]) == {}


def test_a_deleted_title_leaves_the_list(world: World, version: ModelVersion) -> None:
    rater = world.raters[0]
    best = serving.recommend(rater=rater, n=1).items[0].anime.pk
    Anime.objects.filter(pk=best).delete()
    catalogue_changed()
    assert best not in ids(serving.recommend(rater=rater, n=24))


def test_predictions_above_the_scale_are_ordered_and_shown_as_ten(
    world: World, version: ModelVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = np.linspace(9.0, 13.0, num=24, dtype=np.float32)
    for kind in (RecommenderNetScorer, ScoreBlend):
        monkeypatch.setattr(kind, "predict", lambda self, vector, items=None: raw)
    items = serving.recommend(rater=world.raters[0], method="recommender-net", n=24).items
    listed = [item.anime.pk for item in items]
    assert listed == sorted(listed, reverse=True)
    assert [item.prediction for item in items[:2]] == [10.0, 10.0]
    assert [item.relevance for item in items[:2]] == [10.0, 10.0]
    assert [item.recommender_score for item in items[:2]] == [1.0, 1.0]


@pytest.mark.parametrize("method", ["for-you", "collaborative", "recommender-net"])
def test_who_has_scored_only_what_the_model_does_not_know_gets_popular_titles(
    world: World, version: ModelVersion, method: str
) -> None:
    rater = AccountRaterFactory.create()
    RatingFactory.create(rater=rater, anime=AnimeFactory.create(id=99), score=9)
    catalogue_changed()
    result = serving.recommend(rater=rater, method=method, n=3)
    assert (result.source, result.fallback) == (
        "popular",
        "The model knows none of your titles yet.",
    )
    assert [item.prediction for item in result.items] == [None] * 3
    members = [item.anime.members for item in result.items]
    assert members == sorted(members, reverse=True)


@pytest.mark.django_db(transaction=True)
def test_a_rater_is_folded_in_once_for_each_change(
    world: World, version: ModelVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = registry.active_model().model
    assert model is not None
    predictor = model.suite.predictor
    assert predictor is not None
    folded: list[int] = []
    original = predictor.fold_in

    def counted(items: npt.NDArray[np.integer], scores: npt.ArrayLike) -> npt.NDArray[np.float32]:
        folded.append(len(items))
        vector: npt.NDArray[np.float32] = original(items, scores)
        return vector

    monkeypatch.setattr(predictor, "fold_in", counted)
    fan = AccountRaterFactory.create()
    ratings.rate(rater=fan, anime=world.dramas[0], score=10)
    first = serving.predict(rater=fan, anime_ids=[world.dramas[1].pk])
    for method in ("for-you", "collaborative", "recommender-net", "content"):
        serving.recommend(rater=fan, method=method)
    assert serving.predict(rater=fan, anime_ids=[world.dramas[1].pk]) == first
    assert folded == [1]
    ratings.rate(rater=fan, anime=world.comedies[0], score=2)
    assert serving.predict(rater=fan, anime_ids=[world.dramas[1].pk]) != first
    assert folded == [1, 2]


def test_a_visitor_gets_the_list_of_the_same_scores(version: ModelVersion) -> None:
    given = {1: 10, 2: 9, 13: 2}
    rater = AccountRaterFactory.create()
    for anime_id, score in given.items():
        RatingFactory.create(rater=rater, anime=None, anime_id=anime_id, score=score)
    member = serving.recommend(rater=rater, n=30)
    visitor = serving.recommend(rater=None, history=History.of_scores(given), n=30)
    assert visitor.source == "for-you"
    assert [(item.anime.pk, item.prediction) for item in visitor.items] == [
        (item.anime.pk, item.prediction) for item in member.items
    ]


def test_lists_of_visitors_do_not_mix(version: ModelVersion) -> None:
    first = serving.recommend(rater=None, history=History.of_scores({1: 10}), n=30)
    second = serving.recommend(rater=None, history=History.of_scores({13: 10}), n=30)
    assert first.items[0].anime.pk <= 12 < second.items[0].anime.pk
    assert serving.recommend(rater=None, n=30).source == "popular"
