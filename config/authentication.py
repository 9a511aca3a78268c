"""Who is logged in, read with what nearly every page wants to know of them."""

from allauth.account.auth_backends import AuthenticationBackend
from django.db.models import Exists, OuterRef

from catalog.models import Membership, User


class AccountBackend(AuthenticationBackend):  # type: ignore[misc]  # allauth has no types
    """allauth's, but the account of a session comes with its profile and rater in one query.

    ``is_invited`` says whether an invitation to a group waits for an answer.
    """

    def get_user(self, user_id: int) -> User | None:
        """The account, or None when it is gone or may not log in."""
        invited = Membership.objects.filter(user=OuterRef("pk"), state=Membership.State.INVITED)
        accounts = User.objects.select_related("profile", "rater")
        found = accounts.annotate(is_invited=Exists(invited)).filter(pk=user_id).first()
        return found if found is not None and self.user_can_authenticate(found) else None
