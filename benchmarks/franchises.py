"""How good the grouping of titles into franchises is, on the real catalogue.

    RECOMMENDER_DATA=... python -m benchmarks.franchises [--draw SEED]

Precision is of ``franchise_sample.csv``: 200 titles that the rule attributes to another title,
drawn with ``--draw 41`` after the last change of the rule, each with the entry point of its
franchise. One person labelled them from knowledge of the works, and from the catalogue's genres
where that was not enough. "yes" is what MyAnimeList would call related: a sequel, a prequel, a side
story, a summary, a spin-off, another telling or a series of the same brand and kind; "no" a work
that shares the words only, a folk tale told by somebody else, another story of the same brand of
games. A pair that the rule of today no longer makes is not counted; a title that it attributes to
another franchise is counted as unchecked. Whoever changes the rule because of this sample draws a
new one with a new seed.

Recall is of ``franchise_families.csv``: 45 well-known franchises with their titles, and those that
one can begin with: the first, or a new telling that needs no other. These families were looked at
while the rule was made, so their figures are no estimate for others.
"""

import argparse
import csv
import html
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.real_files import folder_of_data
from catalog.titles import franchise_key, search_title
from recommender.services.franchise_groups import TitleColumns, entry_points, franchises

SAMPLE = Path(__file__).with_name("franchise_sample.csv")
FAMILIES = Path(__file__).with_name("franchise_families.csv")
SAMPLE_SIZE = 200


@dataclass(frozen=True, eq=False)
class Catalogue:
    """The real titles, in the order of their ids, and what the rule makes of them."""

    ids: list[int]
    titles: list[str]
    columns: TitleColumns

    @cached_property
    def franchise(self) -> npt.NDArray[np.int64]:
        """The franchise of each title: int64 [n]."""
        return franchises(self.columns)

    @cached_property
    def entry_of(self) -> dict[int, int]:
        """The id of the entry point of each title's franchise, by the title's id."""
        columns = self.columns
        is_entry = entry_points(
            franchise=self.franchise, types=columns.types, members=columns.members
        )
        entries = {int(self.franchise[row]): self.ids[row] for row in np.flatnonzero(is_entry)}
        return {pk: entries[int(self.franchise[row])] for row, pk in enumerate(self.ids)}

    @property
    def attributed(self) -> dict[int, int]:
        """{title id: entry point's id} of every title that is not an entry point."""
        return {pk: entry for pk, entry in self.entry_of.items() if pk != entry}


def read_catalogue(folder: Path) -> Catalogue:
    """Read ``anime.csv`` as the importer does."""
    with (folder / "anime.csv").open(encoding="utf-8", newline="") as source:
        rows = sorted(csv.DictReader(source), key=lambda row: int(row["anime_id"]))
    titles = [html.unescape(row["name"]).strip() for row in rows]
    columns = TitleColumns(
        search_titles=[search_title(title) for title in titles],
        keys=[franchise_key(title) for title in titles],
        types=[row["type"] for row in rows],
        genres=[[name.strip() for name in row["genre"].split(",") if name.strip()] for row in rows],
        members=np.array([int(row["members"]) for row in rows], dtype=np.int64),
    )
    return Catalogue([int(row["anime_id"]) for row in rows], titles, columns)


@dataclass(frozen=True, slots=True)
class Precision:
    """Labels of the sample's pairs that the rule still makes."""

    right: int
    checked: int
    dropped: int
    unchecked: int

    @property
    def share(self) -> float:
        """The share of right pairs."""
        return self.right / self.checked

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of Wilson (1927)."""
        z, n, p = 1.959964, self.checked, self.share
        centre, half = p + z * z / (2 * n), z * ((p * (1 - p) + z * z / (4 * n)) / n) ** 0.5
        return (centre - half) / (1 + z * z / n), (centre + half) / (1 + z * z / n)


def precision_of(catalogue: Catalogue) -> Precision:
    """Precision on the labelled sample; a pair counts while both are in one franchise."""
    with SAMPLE.open(encoding="utf-8", newline="") as source:
        rows = list(csv.DictReader(source))
    entry_of, attributed = catalogue.entry_of, catalogue.attributed
    kept: list[dict[str, str]] = []
    dropped: list[dict[str, str]] = []
    for row in rows:
        is_kept = entry_of[int(row["id"])] == entry_of[int(row["attributed_to"])]
        (kept if is_kept else dropped).append(row)
    return Precision(
        right=sum(row["label"] == "yes" for row in kept),
        checked=len(kept),
        dropped=len(dropped),
        unchecked=sum(int(row["id"]) in attributed for row in dropped),
    )


@dataclass(frozen=True, slots=True)
class Family:
    """A franchise as it is: all its titles, and those that one can begin with."""

    name: str
    titles: tuple[int, ...]
    entries: tuple[int, ...]


def families() -> list[Family]:
    """The well-known franchises, in the order of the file."""
    titles: dict[str, list[int]] = {}
    entries: dict[str, list[int]] = {}
    with FAMILIES.open(encoding="utf-8", newline="") as source:
        for row in csv.DictReader(source):
            titles.setdefault(row["family"], []).append(int(row["id"]))
            if row["is_entry"] == "yes":
                entries.setdefault(row["family"], []).append(int(row["id"]))
    return [Family(name, tuple(found), tuple(entries[name])) for name, found in titles.items()]


def found_of(family: Family, catalogue: Catalogue) -> list[int]:
    """The family's titles that the rule has put into the franchise of the most of them."""
    groups = Counter(catalogue.entry_of[pk] for pk in family.titles)
    (largest, _), *_ = groups.most_common(1)
    return [pk for pk in family.titles if catalogue.entry_of[pk] == largest]


def begins_right(family: Family, catalogue: Catalogue) -> bool:
    """Whether the franchise of the family's first title begins with a title that it should."""
    return catalogue.entry_of[family.entries[0]] in family.entries


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the figures, or a new sample."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draw", type=int, metavar="SEED")
    options = parser.parse_args(arguments)
    catalogue = read_catalogue(folder_of_data())
    if options.draw is not None:
        _draw(catalogue, options.draw)
    else:
        _report(catalogue)


def _draw(catalogue: Catalogue, seed: int) -> None:
    title_of = dict(zip(catalogue.ids, catalogue.titles, strict=True))
    attributed = sorted(catalogue.attributed.items())
    chosen = np.random.default_rng(seed).choice(len(attributed), SAMPLE_SIZE, replace=False)
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(["id", "title", "attributed_to", "attributed_title", "label", "note"])
    for index in np.sort(chosen):
        pk, entry = attributed[index]
        writer.writerow([pk, title_of[pk], entry, title_of[entry], "", ""])


def _report(catalogue: Catalogue) -> None:
    sizes = np.unique(catalogue.franchise, return_counts=True)[1]
    several = sizes[sizes > 1]
    print(f"titles                                   {len(catalogue.ids):,}")
    print(f"franchises of two titles or more         {len(several):,}")
    print(f"share of titles that are in one          {several.sum() / len(catalogue.ids):.1%}")
    print(f"titles that are no entry point           {len(catalogue.attributed):,}")
    precision = precision_of(catalogue)
    low, high = precision.interval
    print(
        f"precision of an attribution              {precision.share:.3f}  "
        f"(95 %: {low:.3f} to {high:.3f}; {precision.right} of {precision.checked} checked, "
        f"{precision.dropped} no longer made, {precision.unchecked} made otherwise and unchecked)"
    )
    _report_families(catalogue)


def _report_families(catalogue: Catalogue) -> None:
    known = families()
    found = {family.name: found_of(family, catalogue) for family in known}
    n_titles = sum(len(family.titles) for family in known)
    n_found = sum(len(titles) for titles in found.values())
    whole = sum(len(found[family.name]) == len(family.titles) for family in known)
    begun = [family for family in known if begins_right(family, catalogue)]
    print(
        f"recall, titles of {len(known)} families           {n_found / n_titles:.3f}  "
        f"({n_found} of {n_titles})"
    )
    print(f"families found whole                     {whole} of {len(known)}")
    print(f"families with a right beginning          {len(begun)} of {len(known)}")
    for family in known:
        if missed := len(family.titles) - len(found[family.name]):
            print(f"  {family.name}: {missed} of {len(family.titles)} missed")


if __name__ == "__main__":
    main()
