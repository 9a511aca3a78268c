"""The demo set: loaded once, recognisable as simulated, and taken away whole."""

import pytest

from catalog.demo.titles import load_titles
from catalog.models import Anime, Dismissal, ImportJob, Rater, Rating, User
from catalog.services import demo, imports
from catalog.services.import_errors import ImportBusy
from tests.catalog.services.csv_samples import tables
from tests.catalog.services.other_process import lock_held_elsewhere
from tests.factories import AccountRaterFactory, ImportedRaterFactory, RatingFactory, UserFactory

pytestmark = pytest.mark.django_db(transaction=True)

PASSWORD = "a long enough password"


def load(n_raters: int = 20, seed: int = 1) -> demo.DemoSet:
    return demo.load_demo(seed=seed, n_raters=n_raters)


def test_titles_and_raters_are_written() -> None:
    loaded = load()
    assert Anime.objects.complete().count() == loaded.n_titles == len(load_titles())
    assert (loaded.n_raters, loaded.is_new) == (21, True)
    raters = Rater.objects.order_by("pk")
    assert [(rater.source, rater.source_id, rater.user) for rater in raters] == [
        ("demo", number, None) for number in range(1, 22)
    ]
    assert Rating.objects.count() == loaded.n_ratings > 500
    assert set(Rating.objects.values_list("status", flat=True)) > {Rating.Status.COMPLETED}


def test_second_call_changes_nothing() -> None:
    load()
    before = tables()
    again = load()
    assert tables() == before
    assert not again.is_new


def test_other_seed_replaces_what_was_simulated() -> None:
    load()
    first = set(Rating.objects.values_list("rater__source_id", "anime_id", "score"))
    load(seed=2, n_raters=10)
    assert Rater.objects.simulated().count() == 11
    assert set(Rating.objects.values_list("rater__source_id", "anime_id", "score")) != first


def test_broken_load_is_completed(monkeypatch: pytest.MonkeyPatch) -> None:
    load()
    expected = list(
        Rating.objects.order_by("rater__source_id", "anime_id").values_list(
            "rater__source_id", "anime_id", "score", "status"
        )
    )
    demo.remove_demo()
    real = imports.advance
    for name in ("FIRST_BATCH", "SMALLEST_BATCH", "LARGEST_BATCH"):
        monkeypatch.setattr(f"catalog.services.csv_merge_ratings.{name}", 200)

    def break_off(**values: object) -> None:
        real(**values)  # type: ignore[arg-type]  # passed on as they came
        if Rating.objects.count() > 600:
            raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr(imports, "advance", break_off)
        with pytest.raises(ZeroDivisionError):
            load()
    assert 0 < Rating.objects.count() < len(expected)
    load()
    found = Rating.objects.order_by("rater__source_id", "anime_id").values_list(
        "rater__source_id", "anime_id", "score", "status"
    )
    assert list(found) == expected


def test_account_owns_the_list_of_the_simulated_person() -> None:
    load()
    user = demo.demo_account(username="demo", password=PASSWORD)
    assert user.check_password(PASSWORD)
    assert (user.rater.source, user.rater.source_id) == ("demo", 21)
    assert user.rater.ratings.count() > 20
    assert not user.is_staff


def test_account_is_made_once_and_keeps_its_password() -> None:
    load()
    user = demo.demo_account(username="demo", password=PASSWORD)
    assert demo.demo_account(username="demo", password="another password") == user
    assert User.objects.get().check_password(PASSWORD)


def test_account_needs_the_demo_set() -> None:
    with pytest.raises(demo.DemoError, match="The demo set is not loaded"):
        demo.demo_account(username="demo", password=PASSWORD)


def test_account_takes_nobodys_name() -> None:
    load()
    UserFactory.create(username="demo")
    with pytest.raises(demo.DemoError, match="'demo' is taken"):
        demo.demo_account(username="demo", password=PASSWORD)
    assert not Rater.objects.exclude(user=None).exists()


def test_removing_takes_all_that_is_simulated_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(demo, "RATERS_A_BATCH", 8)
    loaded = load()
    demo.demo_account(username="demo", password=PASSWORD)
    title = Anime.objects.get(pk=load_titles()[0].anime_id)
    Dismissal.objects.create(rater=Rater.objects.simulated()[0], anime=title)
    imported, account = ImportedRaterFactory.create(), AccountRaterFactory.create()
    for rater in (imported, account):
        RatingFactory.create(rater=rater, anime=title)
    removed = demo.remove_demo()
    assert removed == demo.Removed(n_raters=21, n_ratings=loaded.n_ratings, n_accounts=1)
    assert set(Rater.objects.all()) == {imported, account}
    assert set(Rating.objects.values_list("rater", flat=True)) == {imported.pk, account.pk}
    assert list(User.objects.all()) == [account.user]
    assert Anime.objects.count() == loaded.n_titles
    assert not Dismissal.objects.exists()
    assert not ImportJob.objects.filter(source=Rater.Source.DEMO).exists()


def test_removing_nothing() -> None:
    assert demo.remove_demo() == demo.Removed(0, 0, 0)


def test_can_be_loaded_again_after_removing() -> None:
    first = load()
    demo.remove_demo()
    assert load() == first


def test_removing_waits_for_no_import(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("catalog.services.import_lock.GRACE_SECONDS", 0)
    with lock_held_elsewhere(), pytest.raises(ImportBusy):
        demo.remove_demo()
