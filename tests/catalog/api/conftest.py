"""Two people and a visitor."""

from collections.abc import Iterator

import pytest
from django.core.cache import cache
from rest_framework.test import APIClient

from catalog.models import User
from tests.api import client_of
from tests.factories import UserFactory


@pytest.fixture(autouse=True)
def no_throttling() -> Iterator[None]:
    """What other tests have asked for does not count."""
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def user(db: None) -> User:
    """Somebody with an account."""
    return UserFactory.create(username="mia", password=None)


@pytest.fixture
def charlie(db: None) -> User:
    """Somebody else, who must be refused."""
    return UserFactory.create(username="charlie", password=None)


@pytest.fixture
def client(user: User) -> APIClient:
    """The user's client."""
    return client_of(user)


@pytest.fixture
def charlies_client(charlie: User) -> APIClient:
    """Charlie's client."""
    return client_of(charlie)


@pytest.fixture
def visitor(db: None) -> APIClient:
    """A client without an account."""
    return APIClient()
