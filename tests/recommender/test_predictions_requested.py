"""A list of the catalogue can be ordered by what we predict."""

import pytest

from catalog.services.own_list import ListFilters, own_list, predicted_scores
from recommender.models import ModelVersion
from recommender.services import serving
from tests.factories import AccountRaterFactory, RatingFactory
from tests.recommender.conftest import World


@pytest.mark.usefixtures("version")
def test_a_list_is_ordered_by_predicted_scores(world: World) -> None:
    rater = AccountRaterFactory.create()
    for anime, score in ((world.dramas[0], 10), (world.comedies[0], 1)):
        RatingFactory.create(rater=rater, anime=anime, score=score)
    planned = [world.comedies[5], world.dramas[5]]
    for anime in planned:
        RatingFactory.create(rater=rater, anime=anime, score=None)
    expected = serving.predict(rater=rater, anime_ids=[anime.pk for anime in planned])
    found = own_list(rater=rater, show_adult=False).found(
        ListFilters(order="predicted", is_scored=False)
    )
    assert found == sorted(expected, key=lambda pk: -expected[pk])
    assert found == [world.dramas[5].pk, world.comedies[5].pk]


def test_without_a_model_nothing_is_predicted(world: World) -> None:
    assert not ModelVersion.objects.exists()
    assert predicted_scores(rater=world.raters[0], anime_ids=[1, 2]) == {}
