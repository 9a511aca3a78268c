"""The committed schema is the API's, valid, and complete."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings
from django.core.management import call_command
from django.test import Client
from jsonschema_rs import Draft202012Validator

SCHEMA = Path(__file__).parents[2] / "docs" / "openapi.yaml"
HOW = "manage.py spectacular --validate --fail-on-warn --file docs/openapi.yaml"
METHODS = ("get", "put", "post", "patch", "delete")


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(SCHEMA.read_text())
    return loaded


def operations(schema: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (path, method, item[method])
        for path, item in schema["paths"].items()
        for method in METHODS
        if method in item
    ]


def resolved(schema: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in node:
        return node
    found: dict[str, Any] = schema
    for part in node["$ref"].removeprefix("#/").split("/"):
        found = found[part]
    return found


def test_the_committed_schema_is_current_and_valid(tmp_path: Path) -> None:
    made = tmp_path / "openapi.yaml"

    call_command("spectacular", validate=True, fail_on_warn=True, file=str(made))

    assert made.read_text() == SCHEMA.read_text(), f"The API has changed. Run: {HOW}"


def test_every_operation_says_what_it_answers(schema: dict[str, Any]) -> None:
    for path, method, operation in operations(schema):
        where = f"{method} {path}"
        statuses = set(operation["responses"])
        assert operation["summary"], where
        assert {"400", "406", "429", "500"} <= statuses, where
        assert any(status.startswith("2") for status in statuses), where
        if method in ("put", "post", "patch"):
            assert {"413", "415"} <= statuses, where
        if "{" in path:
            assert "404" in statuses, where


def test_every_answer_has_an_example_that_its_schema_allows(schema: dict[str, Any]) -> None:
    checked = 0
    for path, method, operation in operations(schema):
        for status, response in operation["responses"].items():
            for media in response.get("content", {}).values():
                where = f"{method} {path} {status}"
                examples = [resolved(schema, node) for node in media["examples"].values()]
                assert examples, where
                validator = Draft202012Validator(
                    {**media["schema"], "components": schema["components"]}
                )
                for example in examples:
                    assert [
                        error.message for error in validator.iter_errors(example["value"])
                    ] == [], where
                    checked += 1
    assert checked > 100


def test_errors_are_problem_details_everywhere(schema: dict[str, Any]) -> None:
    for path, method, operation in operations(schema):
        for status, response in operation["responses"].items():
            if status >= "400":
                assert list(response["content"]) == ["application/problem+json"], (path, method)


def test_operations_have_names_of_their_own(schema: dict[str, Any]) -> None:
    names = [operation["operationId"] for _, _, operation in operations(schema)]

    assert len(names) == len(set(names))


@pytest.mark.django_db
def test_the_schema_is_served_to_anybody(client: Client, schema: dict[str, Any]) -> None:
    served = client.get(
        "/api/v1/schema/", headers={"Accept": "application/json", "Authorization": "Bearer x"}
    )

    assert served.json()["paths"].keys() == schema["paths"].keys()


@pytest.mark.django_db
def test_the_documentation_page_keeps_to_the_content_security_policy(client: Client) -> None:
    response = client.get("/api/v1/docs/")
    page = response.content.decode()

    policy = response["Content-Security-Policy"].split("; ")
    assert {"script-src 'self'", "style-src 'self'", "connect-src 'self'"} <= set(policy)
    assert "<style" not in page
    assert not re.search(r"<script(?![^>]*\bsrc=)", page)
    addresses = re.findall(r'(?:src|href)="([^"]*)"', page)
    assert len(addresses) == 7
    assert all(address.startswith("/") for address in addresses)
    assert all(address.startswith((settings.STATIC_URL, "/api/v1/")) for address in addresses), (
        addresses
    )


@pytest.mark.django_db
def test_the_documentation_pages_script_asks_no_other_host(client: Client) -> None:
    response = client.get("/api/v1/docs/?script=")

    script = response.content.decode()
    assert response["Content-Type"].startswith("application/javascript")
    assert 'url: "/api/v1/schema/"' in script.replace("\\u002D", "-")
    assert '"validatorUrl": null' in script
    assert "https://" not in script
