"""Text derived from a title: what the search compares with, and the franchise it belongs to.

Pure functions at the lowest layer of the app, since the importer, the admin and the demo set all
have to derive the same text.
"""

import re
import unicodedata

_SEPARATORS = re.compile(r"[^\w]+", re.UNICODE)
_PARENTHESES = re.compile(r"\([^)]*\)")
# A subtitle begins at one of these.
_SUBTITLE = re.compile(r"\s*(?::|; | - | ~|!{1,2} |\s–\s).*$")
_ORDINAL = r"(?:\d+(?:st|nd|rd|th)|first|second|third|fourth|fifth|final)"
_ENDINGS = re.compile(
    rf"\s+(?:{_ORDINAL}\s+(?:season|part|series|stage)|(?:season|part|series|stage|vol\.?)\s*\d+"
    r"|(?:the\s+)?(?:movies?|specials?|ova|oav|ona|tv|film|recaps?|picture drama)(?:\s*\d+)?"
    r"|i{2,3}|iv|vi{0,3}|ix|[2-9]|\d{4}|[sr]\d)$",
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

    >>> franchise_key("Code Geass: Hangyaku no Lelouch R2")
    'code geass'
    """
    full = search_title(title)
    head = _SUBTITLE.sub("", _PARENTHESES.sub("", title)).strip()
    while head and (shorter := _ENDINGS.sub("", head).strip()) != head:
        head = shorter
    return search_title(head) or full or title.strip().casefold()
