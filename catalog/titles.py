"""Text derived from a title: what the search compares with, and the franchise it belongs to.

Pure functions at the lowest layer of the app, since the importer, the admin and the demo set all
have to derive the same text.
"""

import re
import unicodedata

_SEPARATORS = re.compile(r"[^\w]+", re.UNICODE)
_PARENTHESES = re.compile(r"\s*\([^)]*\)")
# A subtitle begins at one of these: "Bleach Movie 4: Jigoku-hen", "Fate/Zero". The colon of
# "Re:Zero", the semicolon of "Steins;Gate" and the mark of "Hibike! Euphonium" begin none.
_SUBTITLE = re.compile(r"(?<=\S)(?::\s|\s?;\s|\s[-~–]\s).*$|(?<=\w{4})/{1,2}(?=\w).*$")
_ORDINAL = r"(?:\d+(?:st|nd|rd|th)|first|second|third|fourth|fifth|final)"
_PART = r"(?:season|part|series|stage|vol\.?|volume|episode|ep\.?|chapter|act)"
_RELEASE = (
    r"(?:movies?|specials?|ova|oav|oad|ona|tv|film|recaps?|picture\s+drama|pilot|omake|prologue"
    r"|epilogue|digest|soushuuhen|gekijouban|summary|music\s+video|pv|extras?|short\s+movie)"
)
# What counts or describes a release, at the end of a title.
_ENDINGS = re.compile(
    rf"[\s!?]+(?:(?:the\s+)?{_ORDINAL}\s+{_PART}|{_PART}\s*(?:\d+|[ivx]+)"
    rf"|(?:the\s+)?(?:{_RELEASE}\s*)+(?:series|collection)?(?:\s*\d+|\s+[ivx]+)?|the\s+animation"
    r"|i{2,3}|iv|vi{0,3}|ix|\d{1,2}(?:st|nd|rd|th)|0?[1-9]|[12]\d{3}|[sr]\d)\.?$",
    re.IGNORECASE,
)


def search_title(title: str) -> str:
    """The title case-folded, without accents, punctuation as single spaces.

    >>> search_title("Gintama°: Enchousen")
    'gintama enchousen'
    """
    decomposed = unicodedata.normalize("NFKD", title)
    plain = "".join(char for char in decomposed if not unicodedata.combining(char))
    return _SEPARATORS.sub(" ", plain.casefold()).strip()


def franchise_key(title: str) -> str:
    """The part of a title that its sequels and extras share, as search text.

    The data has no relations between titles, so this is a rule of thumb: the subtitle and any
    number, season or kind of release at the end are cut off. Never empty for a non-empty title.
    Whether two titles with one key belong together takes the whole catalogue to say:
    :mod:`recommender.services.franchise_groups`.

    >>> franchise_key("Code Geass: Hangyaku no Lelouch R2")
    'code geass'
    """
    full = search_title(title)
    head = _SUBTITLE.sub("", _PARENTHESES.sub("", title)).strip()
    while head and (shorter := _ENDINGS.sub("", head).strip()) != head:
        head = shorter
    return search_title(head) or full or title.strip().casefold()


def n_episodes(number: int) -> str:
    """A number of episodes in words.

    >>> n_episodes(1), n_episodes(12)
    ('1 episode', '12 episodes')
    """
    return f"{number} episode" if number == 1 else f"{number} episodes"
