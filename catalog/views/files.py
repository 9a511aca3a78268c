"""Importing and exporting a list."""

from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.text import get_valid_filename
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_safe

from catalog import selectors
from catalog.forms.files import DecisionForm, UploadForm
from catalog.models import ImportJob
from catalog.pages import MemberRequest, member_action
from catalog.selectors.files import list_import, list_imports
from catalog.services import mal_import, ratings
from catalog.services.import_errors import IllegalMove, ImportFailed
from catalog.services.list_files import EXPORTS
from catalog.services.mal_compare import Change, Comparison, Kind
from catalog.services.mal_files import MAX_UPLOAD_BYTES, too_large
from catalog.services.mal_words import differences, standing_in_words
from catalog.uploads import UploadLimit

SHOWN_TITLES = 200


# The limit has to be there before anything reads the form, and checking its token does.
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def mal_import_page(request: MemberRequest) -> HttpResponse:
    """Choose a file."""
    limit = UploadLimit(request, limit=MAX_UPLOAD_BYTES)
    if request.method == "POST":
        request.upload_handlers.insert(0, limit)
    return _upload_page(request, limit)


@csrf_protect
def _upload_page(request: MemberRequest, limit: UploadLimit) -> HttpResponse:
    form = UploadForm()
    if request.method == "POST":
        form = UploadForm(request.POST, request.FILES)
        if limit.is_exceeded:
            form.add_error("file", str(too_large(limit.announced)))
        elif form.is_valid():
            file = cast("UploadedFile[bytes]", form.cleaned_data["file"])
            try:
                job = mal_import.upload(user=request.user, file=file)
            except ImportFailed as error:
                form.add_error("file", str(error))
            else:
                return redirect("mal-import-job", job.pk)
    context = {"form": form, "jobs": list_imports(user=request.user)}
    return render(request, "catalog/files/upload.html", context)


@require_safe
@login_required
def mal_import_job(request: MemberRequest, job_id: int) -> HttpResponse:
    """What a waiting file would change, or what has become of it."""
    job = _own_job(request, job_id)
    if job.state != ImportJob.State.AWAITING:
        context = {"job": job, **_bad(job), **_result(request, job)}
        return render(request, "catalog/files/result.html", context)
    try:
        found = mal_import.preview(job=job)
    except ImportFailed as error:
        mal_import.discard(job=job)
        messages.error(request, str(error))
        return redirect("mal-import")
    context = {"job": job, **_bad(job), **_preview(request, found)}
    return render(request, "catalog/files/preview.html", context)


@member_action
def mal_import_apply(request: MemberRequest, job_id: int) -> HttpResponse:
    """Import a waiting file."""
    job = _own_job(request, job_id)
    form = DecisionForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Choose what counts for the titles that differ.")
        return redirect("mal-import-job", job.pk)
    try:
        mal_import.apply(
            job=job,
            choice=form.cleaned_data["choice"],
            otherwise=form.cleaned_data["otherwise"],
        )
    except IllegalMove:
        messages.error(request, "This file has been decided on already; nothing was done now.")
    except ImportFailed as error:
        messages.error(request, str(error))
    return redirect("mal-import-job", job.pk)


@member_action
def mal_import_cancel(request: MemberRequest, job_id: int) -> HttpResponse:
    """Forget a waiting file."""
    job = _own_job(request, job_id)
    try:
        mal_import.discard(job=job)
    except IllegalMove:
        messages.error(request, "This file has been decided on already; nothing was done now.")
        return redirect("mal-import-job", job.pk)
    messages.success(request, f"{job.file_name} was not imported. Your list is as it was.")
    return redirect("mal-import")


@require_safe
@login_required
def list_export(request: MemberRequest) -> HttpResponse:
    """Choose a kind of file to download."""
    counts = selectors.list_counts(rater=selectors.rater_of(request.user), show_adult=True)
    return render(request, "catalog/files/export.html", {"counts": counts})


@require_safe
@login_required
def list_export_file(request: MemberRequest, ending: str) -> HttpResponseBase:
    """One's own list as a file."""
    if ending not in EXPORTS:
        raise Http404(f"A list is exported as {', '.join(EXPORTS)}.")
    kind = EXPORTS[ending]
    rater = ratings.rater_for(user=request.user)
    name = get_valid_filename(f"osusume-{request.user.get_username()}-{timezone.localdate()}")
    response = StreamingHttpResponse(kind.chunks(rater), content_type=kind.media_type)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.{ending}"'
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _own_job(request: MemberRequest, job_id: int) -> ImportJob:
    """A job of this account; of other people's nobody learns that they are there."""
    job = list_import(user=request.user, job_id=job_id)
    if job is None:
        raise Http404("You have no import with this number.")
    return job


def _preview(request: MemberRequest, found: Comparison) -> dict[str, Any]:
    """What the preview shows: every number, and the first titles of each kind."""
    show_adult = selectors.profile_of(request.user).show_adult
    hidden = 0 if show_adult else sum(change.is_adult for change in found)
    sections = {
        kind.value: _section(found[kind], show_adult=show_adult)
        for kind in (Kind.NEW, Kind.CHANGED, Kind.UNKNOWN)
    }
    return {
        **sections,
        "counts": {kind.value: len(found[kind]) for kind in Kind},
        "dismissed": len(found.dismissals),
        "hidden": hidden,
        "has_changes": found.has_changes,
    }


def _result(request: MemberRequest, job: ImportJob) -> dict[str, Any]:
    """The titles that an import has changed, the first ones, as its row says."""
    show_adult = selectors.profile_of(request.user).show_adult
    return {
        name: [line for line in job.summary.get(name, ()) if show_adult or not line["is_adult"]]
        for name in ("created_titles", "replaced_titles")
    }


def _bad(job: ImportJob) -> dict[str, Any]:
    """What is told of the rows that are left out, beside their samples."""
    samples = sorted(
        (line, text, reason)
        for reason, samples in job.reject_samples.items()
        for line, text in samples
    )
    return {
        "bad_rows": samples,
        "place": job.summary.get("place", "Line"),
        "not_shown": job.rows_rejected - len(samples),
    }


def _section(changes: list[Change], *, show_adult: bool) -> dict[str, Any]:
    visible = [change for change in changes if show_adult or not change.is_adult]
    shown = visible[:SHOWN_TITLES]
    return {
        "lines": [
            {
                "anime_id": change.anime_id,
                "name": change.name,
                "standing": standing_in_words(change.after),
                "differences": differences(change),
                "notes": change.notes,
            }
            for change in shown
        ],
        "more": len(visible) - len(shown),
    }
