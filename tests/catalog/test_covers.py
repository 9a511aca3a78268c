"""Generated covers."""

from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.cover_motifs import MOTIFS
from catalog.covers import GENRE_LOOKS, cover_of, wrap

TITLES = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), min_size=1
)


@given(title=TITLES, genres=st.lists(st.sampled_from([*GENRE_LOOKS, "Unheard-of"])))
def test_every_cover_is_well_formed_and_without_style_or_script(
    title: str, genres: list[str]
) -> None:
    drawing = cover_of(title=title, genres=genres, type="TV")
    root = ET.fromstring(drawing)  # noqa: S314 - our own drawing
    assert root.tag == "svg"
    for element in root.iter():
        assert element.tag not in ("script", "style", "foreignObject")
        assert not [name for name in element.attrib if name.startswith(("style", "on", "href"))]


def test_the_same_title_has_the_same_cover_in_any_order_of_genres() -> None:
    first = cover_of(title="Tea House", genres=["Drama", "Music"], type="TV")
    assert cover_of(title="Tea House", genres=["Music", "Drama"], type="TV") == first


def test_titles_differ() -> None:
    drawings = {cover_of(title=f"Tea {n}", genres=["Drama"], type="TV") for n in range(50)}
    assert len(drawings) == 50


def test_a_title_cannot_inject_markup() -> None:
    drawing = cover_of(title="</svg><script>x</script>", genres=[], type=None)
    assert "<script" not in drawing


def test_the_most_telling_genre_decides() -> None:
    bars = cover_of(title="Tea", genres=["Action", "Music"], type="TV")
    rays = cover_of(title="Tea", genres=["Action"], type="TV")
    assert "<polygon" in rays
    assert "<polygon" not in bars


@pytest.mark.parametrize("genre", GENRE_LOOKS)
def test_every_genre_names_a_motif(genre: str) -> None:
    assert GENRE_LOOKS[genre][0] in MOTIFS


@given(text=TITLES, width=st.floats(min_value=1, max_value=30))
def test_wrapping_keeps_every_word(text: str, width: float) -> None:
    assert " ".join(wrap(text, width=width)).split() == text.split()
