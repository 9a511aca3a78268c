"""The lists that somebody has imported."""

from django.db.models import QuerySet

from catalog.models import ImportJob, User

SHOWN_IMPORTS = 10


def list_imports(*, user: User) -> QuerySet[ImportJob]:
    """The account's last imports of lists, the newest first."""
    return ImportJob.objects.filter(kind=ImportJob.Kind.MAL, requested_by=user)[:SHOWN_IMPORTS]


def every_list_import(*, user: User) -> QuerySet[ImportJob]:
    """All of the account's imports of lists, the newest first."""
    jobs = ImportJob.objects.filter(kind=ImportJob.Kind.MAL, requested_by=user)
    return jobs.order_by("-created_at", "-pk")


def catalogue_imports() -> QuerySet[ImportJob]:
    """All imports of titles and ratings, the newest first, with who asked for them."""
    jobs = ImportJob.objects.exclude(kind=ImportJob.Kind.MAL).select_related("requested_by")
    return jobs.order_by("-created_at", "-pk")


def list_import(*, user: User, job_id: int) -> ImportJob | None:
    """An import of a list by this account; None when there is none with this id."""
    jobs = ImportJob.objects.filter(kind=ImportJob.Kind.MAL, requested_by=user)
    return jobs.filter(pk=job_id).first()
