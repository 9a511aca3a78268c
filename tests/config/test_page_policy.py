"""What holds for every page: nothing inline, nothing from elsewhere, names for what is pressed."""

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from catalog.models import Dismissal, Group, Membership, Rater, Rating
from catalog.services import tokens
from tests.factories import AnimeFactory, RatingFactory, UserFactory
from tests.pages import ReadPage

pytestmark = pytest.mark.django_db

PAGES = [
    "/",
    "/anime/",
    "/anime/?genre=nothing&q=nowhere",
    "/anime/1/",
    "/anime/2/",
    "/anime/999/",
    "/recommendations/",
    "/recommendations/?method=content",
    "/accounts/logout/",
    "/my-list/",
    "/accounts/settings/",
    "/accounts/tokens/",
    "/accounts/delete/",
    "/accounts/reauthenticate/",
    "/people/alice/",
    "/together/",
    "/together/1/",
    "/together/1/members/",
    "/accounts/email/",
    "/accounts/password/change/",
    "/accounts/password/reset/",
    "/accounts/password/reset/done/",
]
VISITOR_PAGES = [
    *PAGES[:8],
    "/accounts/login/",
    "/accounts/signup/",
    "/accounts/password/reset/",
    "/accounts/password/reset/key/1-set-password/",
]


@pytest.fixture
def pages(alice: Rater, alice_client: Client, client: Client) -> dict[str, ReadPage]:
    """Every page, as a visitor and as a member with a list sees it."""
    first, second, third, *_ = [AnimeFactory.create(id=n) for n in range(1, 26)]
    RatingFactory.create(rater=alice, anime=first)
    RatingFactory.create(rater=alice, anime=third, status=Rating.Status.WATCHING)
    Dismissal.objects.create(rater=alice, anime=second)
    assert alice.user is not None
    group = Group.objects.create(pk=1, name="Sundays", owner=alice.user)
    for state, joined_at in (("joined", timezone.now()), ("invited", None)):
        user = alice.user if joined_at else UserFactory.create()
        Membership.objects.create(group=group, user=user, state=state, joined_at=joined_at)
    tokens.issue(user=alice.user)
    member = {f"member {address}": ReadPage(alice_client.get(address)) for address in PAGES}
    return {
        **member,
        **{f"visitor {address}": ReadPage(client.get(address)) for address in VISITOR_PAGES},
    }


def test_no_page_has_inline_style_or_script(pages: dict[str, ReadPage]) -> None:
    for name, page in pages.items():
        for tag, attributes in page.elements:
            assert tag != "style", name
            assert tag != "script" or attributes.get("src"), name
            inline = [key for key in attributes if key == "style" or key.startswith("on")]
            assert not inline, (name, tag, inline)
            assert not [key for key in attributes if key.startswith("hx-on")], name


def test_no_page_asks_another_host(pages: dict[str, ReadPage]) -> None:
    for name, page in pages.items():
        for tag, attributes in page.elements:
            for key in ("src", "href", "action", "hx-get", "hx-post"):
                address = attributes.get(key, "")
                assert not address.startswith(("http:", "https:", "//")), (name, tag, address)


def test_every_form_that_writes_has_a_token(pages: dict[str, ReadPage]) -> None:
    for name, page in pages.items():
        posting = [form for form in page.all("form") if form.get("method") == "post"]
        tokens = page.all("input", name="csrfmiddlewaretoken")
        assert len(tokens) == len(posting), name


def test_every_field_has_a_label(pages: dict[str, ReadPage]) -> None:
    for name, page in pages.items():
        labelled = {label.get("for") for label in page.all("label")}
        for tag in ("input", "select"):
            for field in page.all(tag):
                if field.get("type") not in ("hidden", "submit"):
                    assert field.get("id") in labelled or field.get("aria-label"), (name, field)


def test_ids_are_there_once(pages: dict[str, ReadPage]) -> None:
    for name, page in pages.items():
        ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
        assert sorted(ids) == sorted(set(ids)), name


def test_every_page_has_one_heading_and_a_title(pages: dict[str, ReadPage]) -> None:
    for name, page in pages.items():
        assert len(page.all("h1")) == 1, name
        assert "· Osusume" in page.text, name


def test_the_policy_allows_no_inline_code(client: Client) -> None:
    policy = client.get("/")["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in f"{policy};"
    assert "style-src 'self';" in f"{policy};"
    assert "unsafe" not in policy


def test_htmx_writes_no_styles_and_evaluates_nothing(client: Client) -> None:
    configured = ReadPage(client.get("/")).all("meta", name="htmx-config")[0]["content"]
    assert '"includeIndicatorStyles": false' in configured
    assert '"allowEval": false' in configured


def test_an_error_page_needs_nothing(client: Client) -> None:
    """The page of an unexpected error is drawn without a request, a user or a database."""
    from django.template.loader import render_to_string

    assert "Something went wrong on our side" in render_to_string("500.html")
    assert settings.DEBUG is False
