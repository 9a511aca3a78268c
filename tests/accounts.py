"""What tests of accounts share."""

from django.test import Client

PASSWORD = "correct horse battery"


def enter_password(client: Client, password: str = PASSWORD) -> None:
    """Enter the password of who is logged in, as before something dangerous."""
    client.post("/accounts/reauthenticate/", {"password": password})
