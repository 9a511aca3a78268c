"""Covers for titles, since the data has no pictures: drawn from title, genres and type alone.

The same title always gets the same cover. There are no ``style`` attributes and no scripts in
it, so the strict Content-Security-Policy lets it pass; the colours are classes of the style sheet.
"""

import zlib
from collections.abc import Sequence
from functools import lru_cache
from random import Random

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from catalog.cover_motifs import MOTIFS

# The most telling genre comes first: it gives the motif and the hue (a step of 15 degrees).
GENRE_LOOKS: dict[str, tuple[str, int]] = {
    "Music": ("bars", 20),
    "Cars": ("lanes", 1),
    "Sports": ("lanes", 9),
    "Vampire": ("moon", 23),
    "Horror": ("moon", 0),
    "Samurai": ("waves", 1),
    "Space": ("orbit", 15),
    "Dementia": ("rings", 19),
    "Josei": ("petals", 21),
    "Shoujo Ai": ("petals", 20),
    "Yuri": ("petals", 21),
    "Shounen Ai": ("petals", 13),
    "Yaoi": ("petals", 12),
    "Police": ("tiles", 14),
    "Game": ("tiles", 18),
    "Thriller": ("rings", 13),
    "Psychological": ("rings", 12),
    "Mecha": ("orbit", 13),
    "Military": ("tiles", 5),
    "Historical": ("waves", 2),
    "Martial Arts": ("rays", 2),
    "Demons": ("moon", 22),
    "Shoujo": ("petals", 22),
    "Mystery": ("moon", 16),
    "Super Power": ("rays", 16),
    "Magic": ("peaks", 18),
    "Sci-Fi": ("orbit", 14),
    "Romance": ("petals", 23),
    "Harem": ("petals", 22),
    "Slice of Life": ("hills", 7),
    "Kids": ("confetti", 3),
    "Parody": ("confetti", 11),
    "School": ("hills", 13),
    "Supernatural": ("moon", 17),
    "Fantasy": ("peaks", 10),
    "Adventure": ("peaks", 8),
    "Seinen": ("rings", 15),
    "Shounen": ("rays", 1),
    "Action": ("rays", 0),
    "Drama": ("hills", 14),
    "Comedy": ("confetti", 2),
}
N_HUES, N_SHIFTS = 24, 3

# The title's type sizes, from the largest, each with the most lines it may take.
_TITLE_SIZES = ((30, 2), (26, 3), (22, 4), (19, 4), (16, 5))
_TITLE_WIDTH, _TITLE_LEFT, _TITLE_BOTTOM = 170.0, 15, 280


@lru_cache(maxsize=4096)
def cover(title: str, genres: tuple[str, ...], type: str) -> SafeString:
    """The cover as an ``<svg>`` element, hidden from screen readers: the title stands beside it."""
    seed = zlib.crc32(title.encode())
    random = Random(seed)
    telling = next((genre for genre in GENRE_LOOKS if genre in genres), None)
    if telling is None:
        motif, hue = random.choice(sorted(MOTIFS)), random.randrange(N_HUES)
    else:
        motif, hue = GENRE_LOOKS[telling]
    hue = (hue + random.choice((-2, -1, 0, 1, 2))) % N_HUES
    shift = random.randrange(N_SHIFTS)
    label = f'<text class="label" x="{_TITLE_LEFT}" y="28">{escape(type)}</text>' if type else ""
    drawing = (
        f'<svg class="cover hue-{hue} shift-{shift}" viewBox="0 0 200 300" aria-hidden="true" '
        f'focusable="false">{MOTIFS[motif](random)}'
        f'<rect y="100" width="200" height="200" fill="url(#cover-scrim)"/>'
        f"{label}{_lettering(title)}</svg>"
    )
    return mark_safe(drawing)  # noqa: S308 - numbers, names of ours, and escaped text


def _lettering(title: str) -> str:
    """The title in the largest type in which it fits, at the bottom."""
    for size, most_lines in _TITLE_SIZES:
        lines = wrap(title, width=_TITLE_WIDTH / size)
        if len(lines) <= most_lines and all(_width(line) * size <= _TITLE_WIDTH for line in lines):
            break
    else:
        lines = [_cut(line, width=_TITLE_WIDTH / size) for line in lines[:most_lines]]
    first = _TITLE_BOTTOM - (len(lines) - 1) * size * 1.12
    spans = "".join(
        f'<tspan x="{_TITLE_LEFT}" y="{first + row * size * 1.12:.0f}">{escape(line)}</tspan>'
        for row, line in enumerate(lines)
    )
    return f'<text class="title" font-size="{size}">{spans}</text>'


def wrap(text: str, *, width: float) -> list[str]:
    """The words of a text in lines of at most ``width`` ems; a longer word has its own line."""
    lines: list[str] = []
    for word in text.split():
        if lines and _width(f"{lines[-1]} {word}") <= width:
            lines[-1] = f"{lines[-1]} {word}"
        else:
            lines.append(word)
    return lines


def _cut(line: str, *, width: float) -> str:
    if _width(line) <= width:
        return line
    while line and _width(f"{line}…") > width:
        line = line[:-1]
    return f"{line}…"


def _width(text: str) -> float:
    """The text's width in ems, roughly, for a bold sans-serif."""
    return sum(map(_char_width, text))


def _char_width(char: str) -> float:
    if char in "iIjlt.,:;'!|() -f":
        return 0.33
    if char in "mwMW@%…":
        return 0.92
    if ord(char) > 0x2E80:  # kanji and kana are square
        return 1.0
    return 0.72 if char.isupper() else 0.6


def cover_of(*, title: str, genres: Sequence[str], type: str | None) -> SafeString:
    """The cover of a title; the order of the genres does not matter."""
    return cover(title, tuple(sorted(genres)), type or "")
