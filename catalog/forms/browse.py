"""Search, filters and order of the catalogue."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.http import urlencode

from catalog.forms.forgiving import ForgivingForm
from catalog.models import MAX_SCORE, MIN_SCORE, Anime, Genre
from catalog.services.browsing import BEST_MATCH, DEFAULT_ORDER, ORDERS, Filters, Order

MAX_SEED = 999_999
_MOST = 2**31 - 1
LIST_CHOICES = [("off", "Not on my list"), ("on", "On my list")]


class KnownChoicesField(forms.MultipleChoiceField):
    """Several choices; those that are not known are left out."""

    def clean(self, value: Iterable[str] | None) -> list[str]:
        """The known ones, each once."""
        return [each for each in dict.fromkeys(value or ()) if self.valid_value(each)]


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter that is on: what it says, and the address of the page without it."""

    label: str
    query: str


class BrowseForm(ForgivingForm):
    """Search, filters and order of the catalogue, filled in by the page's address."""

    q = forms.CharField(label="Search", max_length=100, required=False)
    genre = KnownChoicesField(label="Genre", required=False)
    without = KnownChoicesField(label="Without", required=False)
    type = KnownChoicesField(label="Type", required=False, choices=Anime.Type.choices)
    episodes_min = forms.IntegerField(
        label="Episodes at least", required=False, min_value=0, max_value=_MOST
    )
    episodes_max = forms.IntegerField(
        label="Episodes at most", required=False, min_value=0, max_value=_MOST
    )
    members_min = forms.IntegerField(
        label="On at least so many lists", required=False, min_value=0, max_value=_MOST
    )
    score_min = forms.FloatField(
        label="Community score at least", required=False, min_value=MIN_SCORE, max_value=MAX_SCORE
    )
    mine = forms.ChoiceField(label="My list", required=False, choices=LIST_CHOICES)
    sort = forms.ChoiceField(
        label="Sort by",
        required=False,
        choices=[(name, order.label) for name, order in ORDERS.items()],
    )
    seed = forms.IntegerField(label="Seed", required=False, min_value=0, max_value=MAX_SEED)

    def __init__(self, *args: Any, genres: Iterable[Genre], is_member: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(genre.slug, genre.name) for genre in genres]
        self._labels = {
            "genre": dict(choices),
            "without": dict(choices),
            "type": dict(Anime.Type.choices),
        }
        for name in ("genre", "without"):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)  # noqa: S101 - declared above
            field.choices = choices
        if not is_member:  # who has no list cannot ask for it
            del self.fields["mine"]

    @property
    def ignored(self) -> list[str]:
        """A sentence for each value that is ignored."""
        sentences = super().ignored
        data = self.data if isinstance(self.data, QueryDict) else QueryDict()
        for name, labels in self._labels.items():
            sentences += [
                f"{self.fields[name].label}: “{value[:40]}” is not known, so it was left out."
                for value in dict.fromkeys(data.getlist(name))
                if value and value not in labels
            ]
        return sentences

    @property
    def filters(self) -> Filters:
        """What is asked for."""
        self.is_valid()
        data = self.cleaned_data
        on_list = {"on": True, "off": False}.get(data.get("mine") or "")
        return Filters(
            search=data.get("q") or "",
            genres=tuple(data.get("genre", ())),
            without=tuple(data.get("without", ())),
            types=tuple(data.get("type", ())),
            episodes_min=data.get("episodes_min"),
            episodes_max=data.get("episodes_max"),
            members_min=data.get("members_min"),
            score_min=data.get("score_min"),
            on_list=on_list,
            order=data.get("sort") or "",
            seed=data.get("seed") or 0,
        )

    @property
    def needs_seed(self) -> bool:
        """Whether a random order is asked for without saying which."""
        self.is_valid()
        is_random = self.cleaned_data.get("sort") == "random"
        return is_random and self.cleaned_data.get("seed") is None

    @property
    def order(self) -> Order:
        """The order that the titles come in."""
        asked = self.filters
        if not asked.order and asked.search:
            return BEST_MATCH
        return ORDERS[asked.order or DEFAULT_ORDER]

    def choices_of(self, name: str) -> tuple[list[tuple[str, str]], list[str]]:
        """The choices of a field of several, and those that are chosen."""
        self.is_valid()
        return list(self._labels[name].items()), self.cleaned_data.get(name, [])

    @property
    def sort_choices(self) -> list[tuple[str, str]]:
        """The orders to choose from; no choice is the best match where there is a search."""
        named = [(name, order.label) for name, order in ORDERS.items()]
        if self.filters.search:
            return [("", BEST_MATCH.label), *named]
        return [("", ORDERS[DEFAULT_ORDER].label), *named[1:]]

    def address(self, **changes: Any) -> str:
        """The query of this page, without empty fields; ``changes`` are other values."""
        self.is_valid()
        fields = {**self.cleaned_data, **changes}
        given = {name: value for name, value in fields.items() if value not in (None, "", [])}
        if given.get("sort") != "random":
            given.pop("seed", None)
        return f"?{urlencode(given, doseq=True)}" if given else ""

    @property
    def chips(self) -> list[Chip]:
        """The filters that are on, each with the address of the page without it."""
        self.is_valid()
        data = self.cleaned_data
        chips = [Chip(f"“{data['q']}”", self.address(q=""))] if data.get("q") else []
        for name, labels in self._labels.items():
            chosen = data.get(name, [])
            chips += [
                Chip(
                    f"{'not ' if name == 'without' else ''}{labels[value]}",
                    self.address(**{name: [each for each in chosen if each != value]}),
                )
                for value in chosen
            ]
        for name, label in _LIMITS.items():
            if data.get(name) is not None:
                chips.append(Chip(label.format(f"{data[name]:,g}"), self.address(**{name: None})))
        if data.get("mine"):
            chips.append(Chip(dict(LIST_CHOICES)[data["mine"]], self.address(mine="")))
        return chips


_LIMITS = {
    "episodes_min": "at least {} episodes",
    "episodes_max": "at most {} episodes",
    "members_min": "on at least {} lists",
    "score_min": "scored at least {}",
}
