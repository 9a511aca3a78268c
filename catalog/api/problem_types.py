"""Every kind of problem that the API answers with, and its status.

One table, so that the answers, the schema and the documentation cannot drift apart.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ProblemType:
    """One kind of problem; ``detail`` is what is said where nothing more exact is known."""

    code: str
    status: int
    title: str
    detail: str

    @property
    def uri(self) -> str:
        """The ``type`` member: an identifier, not an address."""
        return f"urn:problem-type:osusume:{self.code}"


PROBLEM_TYPES: Mapping[str, ProblemType] = {
    problem.code: problem
    for problem in (
        ProblemType(
            "invalid_request",
            400,
            "The request is not valid",
            "One value is not valid. See errors for which, and for what to give instead.",
        ),
        ProblemType(
            "malformed_json",
            400,
            "The body is not JSON",
            "JSON parse error - Expecting value: line 1 column 1 (char 0)",
        ),
        ProblemType(
            "not_authenticated",
            401,
            "You are not authenticated",
            "Send a token in the header Authorization: Bearer <token>, or log in on the site.",
        ),
        ProblemType(
            "invalid_token",
            401,
            "The token is not valid",
            "There is no such token: it is misspelt, or it was revoked. Ask for a new one.",
        ),
        ProblemType(
            "token_expired",
            401,
            "The token has expired",
            "This token has expired. Ask for a new one.",
        ),
        ProblemType(
            "invalid_credentials",
            401,
            "Wrong name or password",
            "No account has this name and this password.",
        ),
        ProblemType(
            "permission_denied",
            403,
            "You may not do this",
            "Only administrators may do this.",
        ),
        ProblemType(
            "insufficient_scope",
            403,
            "The token's scopes do not allow this",
            "This needs a token with the scope write.",
        ),
        ProblemType(
            "scope_not_allowed",
            403,
            "You may not have this scope",
            "Only administrators can have a token with the scope admin.",
        ),
        ProblemType(
            "csrf_failed",
            403,
            "The CSRF token is missing or wrong",
            "Send the CSRF cookie's value in the header X-CSRFToken, or use an API token.",
        ),
        ProblemType(
            "adult_titles_hidden",
            403,
            "Adult titles are hidden",
            "Adult titles are shown to accounts that have asked for them in their settings.",
        ),
        ProblemType(
            "not_found",
            404,
            "There is no such thing",
            "There is no title 999999.",
        ),
        ProblemType(
            "no_such_page",
            404,
            "There is no such page",
            "This cursor is not from a page of this list in this order. Follow the next and "
            "previous addresses as they are, or begin again without cursor.",
        ),
        ProblemType(
            "method_not_allowed",
            405,
            "This method is not possible here",
            "POST is not possible here. Possible: GET, HEAD.",
        ),
        ProblemType(
            "not_acceptable",
            406,
            "No acceptable form",
            "The answer can only be had as application/json. Change the header Accept.",
        ),
        ProblemType(
            "wrong_state",
            409,
            "Its state does not allow this",
            "Run 7 has already ended (succeeded).",
        ),
        ProblemType(
            "simulated_mixture",
            409,
            "Simulated and real raters would be mixed",
            "The database holds simulated raters beside real ones. Remove the simulated ones, or "
            "set include_simulated to true.",
        ),
        ProblemType(
            "model_unusable",
            409,
            "The model version cannot be served",
            "Version 3 cannot be served: its artifact is missing.",
        ),
        ProblemType(
            "too_many_tokens",
            409,
            "You have too many tokens",
            "You have 50 valid tokens, which is the limit. Revoke one first.",
        ),
        ProblemType(
            "request_under_way",
            409,
            "The same request is under way",
            "A request with this Idempotency-Key is being carried out. Repeat it in a moment.",
        ),
        ProblemType(
            "precondition_failed",
            412,
            "It is not as you think",
            "What you want to change has changed since you read it, or is gone. Read it again, "
            "and send the new ETag in If-Match.",
        ),
        ProblemType(
            "account_needed",
            409,
            "The account cannot be deleted",
            "This is the only administrator with all rights: without it, nobody could run this "
            "site. Give these rights to another account first.",
        ),
        ProblemType(
            "group_refused",
            409,
            "This cannot be done with the group",
            "A group has up to 8 members, open invitations included. Remove somebody, or take an "
            "invitation back.",
        ),
        ProblemType(
            "body_too_large",
            413,
            "The body is too large",
            "The body has more than 2621440 bytes.",
        ),
        ProblemType(
            "unsupported_media_type",
            415,
            "Unsupported media type",
            "The body must be application/json, and the header Content-Type must say so.",
        ),
        ProblemType(
            "unreadable_file",
            422,
            "The file cannot be read",
            "This is a ZIP archive: unpack it, and upload the file in it. An export ends in .xml "
            "or .xml.gz.",
        ),
        ProblemType(
            "idempotency_key_reused",
            422,
            "The key belongs to another request",
            "This Idempotency-Key came with another address or another body before. Take a new "
            "key for a new request.",
        ),
        ProblemType(
            "throttled",
            429,
            "Too many requests",
            "Request was throttled. Expected available in 12 seconds.",
        ),
        ProblemType(
            "too_many_attempts",
            429,
            "Too many wrong passwords",
            "Too many wrong passwords for this account from your address. Try again in 15 minutes.",
        ),
        ProblemType(
            "internal_error",
            500,
            "The server made a mistake",
            "Something went wrong here, and it has been logged. Try again later.",
        ),
        ProblemType(
            "unavailable",
            503,
            "The database cannot be reached",
            "The database cannot be reached or is too busy just now. Try again later.",
        ),
    )
}
