"""What people do in a browser again and again."""

from playwright.sync_api import Page, expect

PASSWORD = "correct horse battery"


def sign_up(page: Page, name: str = "mika") -> None:
    """Make an account by hand, beginning on the home page."""
    page.goto("/")
    page.get_by_role("link", name="Create an account").click()
    page.get_by_label("Username").fill(name)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Password (again)").fill(PASSWORD)
    page.get_by_role("button", name="Create my account").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Welcome, {name}")


def log_in(page: Page, name: str) -> None:
    """Log in somebody whom the factory has made."""
    page.goto("/accounts/login/")
    page.get_by_label("Login").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url("**/")
