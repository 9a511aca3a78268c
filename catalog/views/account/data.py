"""All that is known of an account, as a file."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.utils import timezone
from django.utils.text import get_valid_filename
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from catalog.pages import MemberRequest
from catalog.services import data_download


@require_safe
@login_required
@never_cache
def download_data(request: MemberRequest) -> HttpResponse:
    """The archive of the account that is logged in."""
    now = timezone.now()
    name = get_valid_filename(f"osusume-{request.user.get_username()}-{now:%Y-%m-%d}.zip")
    return HttpResponse(
        data_download.archive(user=request.user, now=now),
        content_type="application/zip",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
