"""What the recommender adds to the pages of the catalogue: predicted scores, and similar titles."""

from collections.abc import Iterable

from django import template
from django.utils.formats import number_format
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from catalog.models import Anime, Rater
from catalog.titles import n_episodes
from recommender.services.serving import predict
from recommender.services.title_view import Outlook, TitleView, outlook, title_view

register = template.Library()


@register.simple_tag
def predicted_scores(rater: Rater | None, titles: Iterable[Anime]) -> dict[int, float]:
    """The scores that we expect of this rater, by title id; empty for a visitor."""
    if rater is None:
        return {}
    return predict(rater=rater, anime_ids=[title.pk for title in titles])


@register.simple_tag
def predicted_score(rater: Rater | None, anime: Anime) -> float | None:
    """The score that we expect of this rater for one title, None when nothing can be said."""
    return predicted_scores(rater, [anime]).get(anime.pk)


@register.simple_tag
def view_of_title(anime: Anime, rater: Rater | None, show_adult: bool) -> TitleView:
    """All that the recommender has to say on a title's page."""
    return title_view(rater=rater, anime=anime, show_adult=show_adult)


@register.simple_tag
def outlook_of(anime: Anime, rater: Rater | None) -> Outlook:
    """What we expect of this rater for one title, and why."""
    return outlook(rater=rater, anime=anime)


@register.simple_tag
def series_lines(titles: Iterable[Anime]) -> SafeString:
    """Titles of a series as lines of a list: name, type, episodes, community score."""
    return format_html_join(
        "",
        '<li><a href="{}">{}</a> <span class="facts">{}</span></li>',
        ((each.get_absolute_url(), each.title, _facts(each)) for each in titles),
    )


def _facts(anime: Anime) -> str:
    facts = [anime.get_type_display() or "Unknown type"]
    if anime.episodes:
        facts.append(n_episodes(anime.episodes))
    if anime.mean_score:
        facts.append(f"community score {number_format(anime.mean_score, 2)}")
    return ", ".join(facts)
