"""The rule that groups titles into franchises stays as good as it is said to be."""

from pathlib import Path

import pytest

from benchmarks.franchises import (
    Catalogue,
    Precision,
    begins_right,
    families,
    found_of,
    main,
    precision_of,
    read_catalogue,
)

# The works that only share a word, and one that a word before the name continues.
TITLES = """anime_id,name,genre,type,episodes,rating,members
1,Clannad,"Drama, Romance",TV,23,8.3,500
2,Clannad: After Story,"Drama, Romance",TV,24,9.1,400
3,Kumo no Ito,Fantasy,Movie,1,6.0,30
4,Kumo no Ito (OVA),Drama,OVA,1,6.0,20
5,Zoku Clannad,"Drama, Romance",TV,12,7.0,10
"""


@pytest.fixture(scope="module")
def catalogue(real_data: Path) -> Catalogue:
    return read_catalogue(real_data)


def test_precision_on_the_labelled_sample(catalogue: Catalogue) -> None:
    precision = precision_of(catalogue)
    assert precision.share >= 0.97
    # Not by making fewer of the pairs.
    assert precision.checked >= 195


def test_recall_on_the_known_franchises(catalogue: Catalogue) -> None:
    known = families()
    found = sum(len(found_of(family, catalogue)) for family in known)
    assert found / sum(len(family.titles) for family in known) >= 0.9


def test_known_franchises_begin_where_they_should(catalogue: Catalogue) -> None:
    known = families()
    wrong = [family.name for family in known if not begins_right(family, catalogue)]
    assert wrong == ["Fate/stay night", "Gundam, Universal Century"]


def test_the_interval_is_wilsons() -> None:
    # Checked with statsmodels.stats.proportion.proportion_confint(190, 200, method="wilson").
    low, high = Precision(right=190, checked=200, dropped=0, unchecked=0).interval
    assert (round(low, 4), round(high, 4)) == (0.9104, 0.9726)


def test_a_draw_lists_pairs_to_label(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "anime.csv").write_text(TITLES)
    monkeypatch.setenv("RECOMMENDER_DATA", str(tmp_path))
    monkeypatch.setattr("benchmarks.franchises.SAMPLE_SIZE", 2)
    main(["--draw", "1"])
    assert capsys.readouterr().out.splitlines() == [
        "id,title,attributed_to,attributed_title,label,note",
        "2,Clannad: After Story,1,Clannad,,",
        "5,Zoku Clannad,1,Clannad,,",
    ]
