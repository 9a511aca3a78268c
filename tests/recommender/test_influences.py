"""Reasons name the rater's own titles by what they really did to the list."""

import pytest

from catalog.models import Anime, Rater, Rating
from catalog.services import ratings
from catalog.services.catalogue import catalogue_changed
from recommender.models import ModelVersion
from recommender.services import serving
from recommender.services.catalogue import catalogue_arrays
from recommender.services.history import history_of
from recommender.services.influences import influences_on
from recommender.services.lists import Influence, Reason, Recommendation
from recommender.services.reasons import title_reasons
from recommender.services.registry import active_model
from tests.factories import AnimeFactory
from tests.recommender.conftest import World, listed_ids

pytestmark = pytest.mark.django_db


def listed(rater: Rater, method: str) -> list[Recommendation]:
    return serving.recommend(rater=rater, method=method, n=24).items


def relevance_of(rater: Rater, method: str) -> dict[int, float]:
    return {item.anime.pk: item.relevance for item in listed(rater, method)}


def named(item: Recommendation) -> tuple[Influence, ...]:
    """The titles that an item's reasons name."""
    return tuple(title for reason in item.reasons for title in reason.titles)


@pytest.mark.django_db(transaction=True)
def test_without_a_named_title_the_relevance_is_lower_by_its_contribution(
    world: World, version: ModelVersion
) -> None:
    rater = world.raters[0]
    for item in listed(rater, "collaborative")[:3]:
        for influence in named(item):
            rating = Rating.objects.get(rater=rater, anime_id=influence.anime_id)
            assert influence.score == (rating.score or 0)
            before = relevance_of(rater, "collaborative")
            ratings.remove(rater=rater, anime=rating.anime)
            after = relevance_of(rater, "collaborative")
            lost = before[item.anime.pk] - after[item.anime.pk]
            assert lost == pytest.approx(influence.contribution, abs=1e-5)
            ratings.rate(rater=rater, anime=rating.anime, score=rating.score)
            assert relevance_of(rater, "collaborative") == before


@pytest.mark.django_db(transaction=True)
def test_without_the_title_that_moved_it_most_a_place_in_for_you_is_less_sure(
    world: World, version: ModelVersion
) -> None:
    """The parts of the blend are weighed with its scales held fixed, so only the direction is."""
    rater = world.raters[0]
    first = listed(rater, "for-you")[0]
    strongest = named(first)[0]
    assert strongest.contribution > 0
    ratings.remove(rater=rater, anime=Anime.objects.get(pk=strongest.anime_id))
    assert relevance_of(rater, "for-you")[first.anime.pk] < first.relevance


@pytest.mark.parametrize(("method", "is_exact"), [("collaborative", True), ("for-you", False)])
def test_every_named_title_is_on_the_list_of_the_rater(
    world: World, version: ModelVersion, method: str, is_exact: bool
) -> None:
    n_named = 0
    for rater in world.raters[:6]:
        own = dict(Rating.objects.filter(rater=rater).values_list("anime_id", "score"))
        for item in listed(rater, method):
            assert item.reasons
            for reason in item.reasons:
                assert reason.is_exact == (is_exact and reason.kind == "titles")
                contributions = [each.contribution for each in reason.titles]
                n_for = sum(each > 0 for each in contributions)
                assert n_for <= 3
                assert len(contributions) - n_for <= 1
                assert contributions[:n_for] == sorted(contributions[:n_for], reverse=True)
            for influence in named(item):
                assert influence.score == (own[influence.anime_id] or 0)
                n_named += 1
    assert n_named > 20


def test_a_low_score_is_named_as_speaking_against(world: World, version: ModelVersion) -> None:
    """Somewhere in these lists a title that the rater disliked pushes another one down."""
    found = [
        (item, influence)
        for rater in world.raters
        for item in listed(rater, "collaborative")
        for influence in named(item)
        if influence.contribution < 0 and influence.score == 3
    ]
    assert found
    for item, influence in found:
        title = Anime.objects.get(pk=influence.anime_id).title
        text = item.reasons[0].text
        assert text.startswith("Because of ")
        assert text.endswith(f" on your list. {title} (your 3) speaks against it.")


def test_what_a_method_without_a_ranker_lists_names_no_titles(
    world: World, version: ModelVersion
) -> None:
    for method in ("recommender-net", "content", "popular"):
        assert {named(item) for item in listed(world.raters[0], method)} == {()}


def test_titles_that_the_model_does_not_know_are_moved_by_nothing(
    world: World, version: ModelVersion
) -> None:
    history, state = history_of(rater=world.raters[0]), active_model()
    unknown = influences_on(anime_ids=[12345], source="for-you", history=history, model=state.model)
    assert unknown.named == set()
    without = influences_on(anime_ids=[1], source="for-you", history=history, model=None)
    assert without.named == set()
    of_nobody = influences_on(
        anime_ids=[1], source="for-you", history=history_of(rater=None), model=state.model
    )
    assert of_nobody.named == set()


@pytest.mark.django_db(transaction=True)
def test_a_deleted_title_is_named_nowhere(world: World, version: ModelVersion) -> None:
    rater = world.raters[0]
    strongest = named(listed(rater, "collaborative")[0])[0].anime_id
    Anime.objects.filter(pk=strongest).delete()
    catalogue_changed()
    after = listed(rater, "collaborative")
    assert strongest not in {each.anime_id for item in after for each in named(item)}
    assert {each.anime_id for item in after for each in named(item)} <= listed_ids(rater)


class TestTexts:
    """What is said of given influences."""

    @pytest.fixture
    def titles(self, db: None) -> dict[int, Anime]:
        genres = {1: ["Drama", "Sci-Fi"], 2: ["Comedy", "Sci-Fi"], 3: ["Drama"], 4: ["Sci-Fi"]}
        made = {
            number: AnimeFactory.create(id=number, title=f"No. {number}", genres=genres[number])
            for number in genres
        }
        catalogue_changed()
        return made

    def reasons(
        self, titles: dict[int, Anime], *influences: Influence, is_exact: bool = True
    ) -> tuple[Reason, ...]:
        return title_reasons(
            anime_id=1,
            influences=influences,
            titles=titles,
            catalogue=catalogue_arrays(),
            is_exact=is_exact,
        )

    def test_one_title(self, titles: dict[int, Anime]) -> None:
        influence = Influence(2, 9.0, 0.5)
        assert self.reasons(titles, influence) == (
            Reason(
                "titles",
                "Because of No. 2 (your 9) on your list.",
                titles=(influence,),
                is_exact=True,
            ),
            Reason("genres", "Shares Sci-Fi with it.", ("Sci-Fi",)),
        )

    def test_several_for_and_one_against(self, titles: dict[int, Anime]) -> None:
        titles_reason, genres = self.reasons(
            titles,
            Influence(2, 9.0, 0.5),
            Influence(4, 0.0, 0.4),
            Influence(3, 2.0, -0.3),
            is_exact=False,
        )
        assert titles_reason.text == (
            "Because of No. 2 (your 9) and No. 4 on your list. No. 3 (your 2) speaks against it."
        )
        assert not titles_reason.is_exact
        assert genres.text == "Shares Sci-Fi with them."

    def test_genres_that_not_all_of_them_have_are_not_shared(
        self, titles: dict[int, Anime]
    ) -> None:
        (only,) = self.reasons(titles, Influence(2, 9.0, 0.5), Influence(3, 9.0, 0.4))
        assert only.text == "Because of No. 2 (your 9) and No. 3 (your 9) on your list."

    def test_a_title_that_is_gone_is_left_out(self, titles: dict[int, Anime]) -> None:
        kept, gone = Influence(3, 8.0, 0.2), Influence(2, 9.0, 0.5)
        del titles[2]
        reason, genres = self.reasons(titles, gone, kept)
        assert (reason.text, reason.titles) == ("Because of No. 3 (your 8) on your list.", (kept,))
        assert genres.text == "Shares Drama with it."

    def test_nothing_for_it_is_no_reason(self, titles: dict[int, Anime]) -> None:
        assert self.reasons(titles, Influence(3, 2.0, -0.3)) == ()
        assert self.reasons(titles) == ()
