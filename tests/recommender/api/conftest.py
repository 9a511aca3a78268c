"""A user, Charlie and two administrators' clients; the world is tests.recommender's."""

import pytest
from rest_framework.test import APIClient

from catalog.models import User
from catalog.services.tokens import Scope
from tests.api import client_of
from tests.factories import UserFactory


@pytest.fixture
def user(db: None) -> User:
    """Somebody with an account."""
    return UserFactory.create(username="mia", password=None)


@pytest.fixture
def client(user: User) -> APIClient:
    """The user's client."""
    return client_of(user)


@pytest.fixture
def charlies_client(db: None) -> APIClient:
    """The client of somebody else, who must be refused."""
    return client_of(UserFactory.create(username="charlie", password=None))


@pytest.fixture
def visitor(db: None) -> APIClient:
    """A client without an account."""
    return APIClient()


@pytest.fixture
def admin_user(db: None) -> User:
    """An administrator."""
    return UserFactory.create(username="ada", password=None, is_staff=True)


@pytest.fixture
def admin_client(admin_user: User) -> APIClient:
    """The administrator's client, with a token for it."""
    return client_of(admin_user, *Scope)
