"""Opening files: what is compressed, what is damaged, what is no CSV at all."""

import gzip
import io
import sys
import zipfile
from pathlib import Path

import pytest

from catalog.services import csv_files
from catalog.services.csv_files import Block, open_csv
from catalog.services.import_errors import ImportFailed

MEMBERS = ("rating.csv", "ratings.csv")
COLUMNS = ("user_id", "anime_id", "rating")
CONTENT = b"user_id,anime_id,rating\n1,20,9\n2,20,-1\n"
ROWS = [Block(2, b"1,20,9\n2,20,-1\n")]


def read(path: Path) -> list[Block]:
    with open_csv(path, members=MEMBERS) as source:
        source.check_header(COLUMNS)
        return list(source.blocks())


def archive(path: Path, **members: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members.items():
            file.writestr(name, content)
    return path


def test_plain_file(tmp_path: Path) -> None:
    path = tmp_path / "rating.csv"
    path.write_bytes(CONTENT)
    assert read(path) == ROWS


@pytest.mark.parametrize("name", ["rating.csv.gz", "whatever"])
def test_gzip_is_recognised_by_its_content(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(gzip.compress(CONTENT))
    assert read(path) == ROWS


@pytest.mark.parametrize("member", ["rating.csv", "ratings.csv", "data/Rating.csv"])
def test_zip_with_both_files(tmp_path: Path, member: str) -> None:
    path = archive(tmp_path / "archive.zip", **{"anime.csv": b"x", member: CONTENT})
    assert read(path) == ROWS


def test_zip_with_one_csv_of_any_name(tmp_path: Path) -> None:
    path = archive(tmp_path / "a.zip", **{"export.csv": CONTENT, "README.txt": b"x"})
    assert read(path) == ROWS


def test_zip_ignores_what_macos_adds(tmp_path: Path) -> None:
    members = {"rating.csv": CONTENT, "__MACOSX/rating.csv": b"x"}
    assert read(archive(tmp_path / "a.zip", **members)) == ROWS


def test_zip_without_the_file_names_what_it_holds(tmp_path: Path) -> None:
    path = archive(tmp_path / "a.zip", **{"a.csv": b"x", "b.csv": b"x"})
    with pytest.raises(ImportFailed, match=r"no rating.csv or ratings.csv. It holds: a.csv, b.csv"):
        read(path)


def test_zip_with_two_candidates_is_ambiguous(tmp_path: Path) -> None:
    path = archive(tmp_path / "a.zip", **{"old/rating.csv": b"x", "new/rating.csv": b"x"})
    with pytest.raises(ImportFailed, match=r"more than one .* old/rating.csv, new/rating.csv"):
        read(path)


def test_empty_zip(tmp_path: Path) -> None:
    with pytest.raises(ImportFailed, match="It holds: nothing"):
        read(archive(tmp_path / "a.zip"))


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(CONTENT)))
    assert read(Path("-")) == ROWS


def test_standard_input_leaves_no_file_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(CONTENT)))
    before = list(csv_files.work_folder().iterdir())
    with open_csv(Path("-"), members=MEMBERS):
        assert list(csv_files.work_folder().iterdir()) == before


def test_same_content_has_the_same_fingerprint(tmp_path: Path) -> None:
    paths = [tmp_path / "a.csv", tmp_path / "b.csv", tmp_path / "c.csv"]
    for path, content in zip(paths, (CONTENT, CONTENT, CONTENT + b"3,20,1\n"), strict=True):
        path.write_bytes(content)
    marks = []
    for path in paths:
        with open_csv(path, members=MEMBERS) as source:
            marks.append(source.fingerprint)
    assert marks[0] == marks[1] != marks[2]


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(ImportFailed, match=r"none.csv cannot be opened: No such file"):
        read(tmp_path / "none.csv")


def test_folder(tmp_path: Path) -> None:
    with pytest.raises(ImportFailed, match="cannot be opened: Is a directory"):
        read(tmp_path)


def test_empty_file(tmp_path: Path) -> None:
    path = tmp_path / "rating.csv"
    path.touch()
    with pytest.raises(ImportFailed, match=r"is empty\. Its first line should be: user_id"):
        read(path)


@pytest.mark.parametrize(
    "header", ["1,20,9", "user_id,anime_id", "anime_id,user_id,rating", "user_id;anime_id;rating"]
)
def test_wrong_header(tmp_path: Path, header: str) -> None:
    path = tmp_path / "rating.csv"
    path.write_text(f"{header}\n1,20,9\n")
    with pytest.raises(ImportFailed, match=f"line 1: the header should be .* is '{header}'"):
        read(path)


@pytest.mark.parametrize(
    "header",
    [
        b"\xef\xbb\xbfuser_id,anime_id,rating\r\n",
        b'"user_id","anime_id","rating"\n',
        b" User_ID , anime_id,rating\n",
    ],
)
def test_header_variants(tmp_path: Path, header: bytes) -> None:
    path = tmp_path / "rating.csv"
    path.write_bytes(header + b"1,20,9\n")
    assert read(path) == [Block(2, b"1,20,9\n")]


def test_utf16(tmp_path: Path) -> None:
    path = tmp_path / "rating.csv"
    path.write_bytes(CONTENT.decode().encode("utf-16"))
    with pytest.raises(ImportFailed, match=r"is not UTF-8 text .*UTF-16"):
        read(path)


def test_other_encoding_in_the_header(tmp_path: Path) -> None:
    path = tmp_path / "rating.csv"
    path.write_bytes("usér_id,anime_id,rating\n".encode("latin-1"))
    with pytest.raises(ImportFailed, match="is not UTF-8 text: line 1"):
        read(path)


def test_cut_gzip(tmp_path: Path) -> None:
    path = tmp_path / "rating.csv.gz"
    path.write_bytes(gzip.compress(CONTENT * 100)[:-12])
    with pytest.raises(ImportFailed, match="damaged or incomplete"):
        read(path)


def test_damaged_zip(tmp_path: Path) -> None:
    path = archive(tmp_path / "a.zip", **{"rating.csv": CONTENT * 100})
    content = bytearray(path.read_bytes())
    content[60] ^= 255
    path.write_bytes(content)
    with pytest.raises(ImportFailed, match="cannot be read"):
        read(path)


def test_line_numbers_go_on_from_block_to_block(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(csv_files, "BLOCK_BYTES", 10)
    path = tmp_path / "rating.csv"
    path.write_bytes(CONTENT + b"3,20,5\n4,20,6")
    lines = [
        (block.first_line + offset, line)
        for block in read(path)
        for offset, line in enumerate(block.lines())
    ]
    assert lines == [(2, b"1,20,9"), (3, b"2,20,-1"), (4, b"3,20,5"), (5, b"4,20,6")]


def test_endless_line_is_cut_and_the_next_one_is_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(csv_files, "BLOCK_BYTES", 1000)
    monkeypatch.setattr(csv_files, "MAX_LINE_BYTES", 100)
    path = tmp_path / "rating.csv"
    path.write_bytes(CONTENT + b"9" * 50_000 + b"\n5,20,7\n")
    lines = [line for block in read(path) for line in block.lines()]
    assert [lines[0], lines[1], lines[3]] == [b"1,20,9", b"2,20,-1", b"5,20,7"]
    assert 100 < len(lines[2]) <= 1101


def test_share_read_ends_at_one(tmp_path: Path) -> None:
    path = tmp_path / "rating.csv"
    path.write_bytes(CONTENT)
    with open_csv(path, members=MEMBERS) as source:
        assert source.share_read == 0
        source.check_header(COLUMNS)
        list(source.blocks())
        assert source.share_read == 1
