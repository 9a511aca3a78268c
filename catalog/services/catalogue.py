"""Announcing changes of titles."""

from django.db import transaction
from django.db.models import F

from catalog.models import CatalogueState


def catalogue_changed() -> None:
    """Count the catalogue's revision up. Called by whoever changed a title or a genre."""
    with transaction.atomic():
        state, _ = CatalogueState.objects.get_or_create(pk=1)
        CatalogueState.objects.filter(pk=state.pk).update(revision=F("revision") + 1)
