"""``manage.py remove_demo`` takes away what is simulated, and nothing else."""

from io import StringIO

import pytest
from django.conf import settings
from django.core.management import call_command

from catalog.models import Anime, Rater, Rating, User
from catalog.services.demo import demo_account, load_demo
from recommender.models import ModelVersion, TrainingRun
from recommender.services import runs, serving, training
from tests.factories import AccountRaterFactory, RatingFactory

pytestmark = pytest.mark.django_db(transaction=True)


def test_what_is_simulated_goes_and_the_rest_stays() -> None:
    load_demo(n_raters=40)
    demo_account(username="demo", password="watching the stars")
    run = runs.create(configuration={"n_epochs": 1, "batch_size": 512})
    training.work_off_queue(worker="test")
    run.refresh_from_db()
    assert run.state == TrainingRun.State.SUCCEEDED, run.error
    assert ModelVersion.objects.get().is_simulated
    n_titles = Anime.objects.count()
    member = AccountRaterFactory.create(user__username="alice")
    kept = RatingFactory.create(rater=member, anime=Anime.objects.earliest("pk"))

    output = StringIO()
    call_command("remove_demo", stdout=output)

    assert output.getvalue().startswith("Deleted 41 simulated raters with ")
    assert "1 demo accounts and 1 models trained on them." in output.getvalue()
    assert list(Rater.objects.all()) == [member]
    assert list(Rating.objects.all()) == [kept]
    assert [user.username for user in User.objects.all()] == ["alice"]
    assert Anime.objects.count() == n_titles
    assert not ModelVersion.objects.exists()
    assert list(settings.RECOMMENDER_ARTIFACT_ROOT.iterdir()) == []
    assert serving.recommend(rater=member, n=3).source == "popular"


def test_with_nothing_simulated_nothing_happens() -> None:
    kept = RatingFactory.create()
    output = StringIO()
    call_command("remove_demo", stdout=output)
    assert output.getvalue().startswith("Deleted 0 simulated raters with 0 ratings")
    assert list(Rating.objects.all()) == [kept]
