"""The search text and the franchise key of a title."""

import importlib

import pytest
from django.apps import apps
from django.db import connection

from catalog.models import Anime
from catalog.selectors import catalogue_revision
from catalog.services.catalogue import catalogue_changed
from catalog.titles import franchise_key
from tests.factories import AnimeFactory


@pytest.mark.parametrize(
    ("title", "key"),
    [
        ("Code Geass: Hangyaku no Lelouch R2", "code geass"),
        ("Bleach Movie 4: Jigoku-hen", "bleach"),
        ("Kara no Kyoukai 1: Fukan Fuukei", "kara no kyoukai"),
        ("Fate/stay night: Unlimited Blade Works 2nd Season", "fate"),
        ("Major S6", "major"),
        ("Sword Art Online II", "sword art online"),
        ("Tengen Toppa Gurren Lagann Movie: Gurren-hen", "tengen toppa gurren lagann"),
        ("Shingeki no Kyojin Picture Drama", "shingeki no kyojin"),
        ("Maria-sama ga Miteru 4th Specials", "maria sama ga miteru"),
        ("Oshiri Kajiri Mushi (TV) 3rd Season", "oshiri kajiri mushi"),
        ("K-On!!: Ura-On!!", "k on"),
        ("Hunter x Hunter (2011)", "hunter x hunter"),
        # None of these signs begins a subtitle.
        ("Hibike! Euphonium 2", "hibike euphonium"),
        ("Re:Zero kara Hajimeru Isekai Seikatsu", "re zero kara hajimeru isekai seikatsu"),
        ("Steins;Gate 0", "steins gate 0"),
        # Nothing would be left.
        ("2", "2"),
        ("(Movie)", "movie"),
        ("☆", "☆"),
    ],
)
def test_a_key_is_what_sequels_and_extras_share(title: str, key: str) -> None:
    assert franchise_key(title) == key


@pytest.mark.django_db
def test_an_upgrade_renews_the_stored_keys_once() -> None:
    AnimeFactory.create(id=1, title="Major S1", franchise_key="major s1")
    AnimeFactory.create(id=2, title="Clannad")
    catalogue_changed()
    before = catalogue_revision()
    migration = importlib.import_module("catalog.migrations.0005_renew_franchise_keys")
    migration.renew_keys(apps, connection.schema_editor())
    assert list(Anime.objects.order_by("pk").values_list("franchise_key", flat=True)) == [
        "major",
        "clannad",
    ]
    renewed = catalogue_revision()
    assert renewed > before
    migration.renew_keys(apps, connection.schema_editor())
    assert catalogue_revision() == renewed
