"""Derive the stored franchise keys again, since the rule that derives them has changed."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import F

from catalog.titles import franchise_key

BATCH_SIZE = 500


def renew_keys(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Store the keys that differ, and count the catalogue's revision up if any does."""
    titles = apps.get_model("catalog", "Anime").objects.using(schema_editor.connection.alias)
    changed = []
    for anime in titles.only("pk", "title", "franchise_key").order_by("pk"):
        key = franchise_key(anime.title)[:255]
        if key != anime.franchise_key:
            anime.franchise_key = key
            changed.append(anime)
    titles.bulk_update(changed, ["franchise_key"], batch_size=BATCH_SIZE)
    if changed:
        states = apps.get_model("catalog", "CatalogueState").objects
        states.using(schema_editor.connection.alias).update(revision=F("revision") + 1)


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0004_title_statistics"),
    ]

    operations = [
        migrations.RunPython(renew_keys, migrations.RunPython.noop, elidable=True),
    ]
