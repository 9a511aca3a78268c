"""Every page that is looked at: in pictures, for accessibility, for its weight.

``{anime}`` stands for a title's id, ``{user}`` for the name of who is logged in.
"""

VISITOR_PAGES = {
    "welcome": "/",
    "start-visitor": "/start/",
    "popular": "/recommendations/",
    "browse-visitor": "/anime/",
    "title-visitor": "/anime/{anime}/",
    "login": "/accounts/login/",
    "signup": "/accounts/signup/",
    "reset": "/accounts/password/reset/",
}
MEMBER_PAGES = {
    "home": "/",
    "start": "/start/",
    "browse": "/anime/",
    "browse-filtered": "/anime/?genre=drama&type=TV&sort=score",
    "browse-nothing": "/anime/?q=qqqqqqzzzzzz",
    "title": "/anime/{anime}/",
    "for-you": "/recommendations/",
    "content": "/recommendations/?method=content",
    "my-list": "/my-list/",
    "statistics": "/my-list/statistics/",
    "import": "/my-list/import/",
    "export": "/my-list/export/",
    "together": "/together/",
    "profile": "/people/{user}/",
    "settings": "/accounts/settings/",
    "tokens": "/accounts/tokens/",
    "password": "/accounts/password/change/",
    "email": "/accounts/email/",
    "missing": "/anime/999999999/",
}
