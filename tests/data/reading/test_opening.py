"""Opening files: every kind of packing, bounds on what is unpacked, and the right members of an archive."""

import bz2
import gzip
import io
import lzma
import tracemalloc
import zipfile

import pytest

from s2s_tutorial.data.columns import CorpusError
from s2s_tutorial.data.readers import parse_columns, read_file
from s2s_tutorial.data.reading import opening
from s2s_tutorial.data.reading.opening import column_name, open_texts, shown

LINES = b"I sing.\tJe chante.\nYou sing.\tTu chantes.\n"
PACKERS = {".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress}


def zipped(path, members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


@pytest.mark.parametrize("name", ["pairs.tsv", "PAIRS.TSV", "pairs", "download?id=7"])
@pytest.mark.parametrize("ending", PACKERS)
def test_packed_files_are_read_like_plain_ones_whatever_their_name(tmp_path, name, ending):
    for path in (tmp_path / (name + ending), tmp_path / name):
        path.write_bytes(PACKERS[ending](LINES))
        assert read_file(path) == parse_columns(LINES, "pairs.tsv")


@pytest.mark.parametrize("ending", PACKERS)
def test_packed_files_may_consist_of_several_parts(tmp_path, ending):
    path = tmp_path / f"pairs{ending}"
    path.write_bytes(PACKERS[ending](LINES[:10]) + PACKERS[ending](LINES[10:]))
    assert read_file(path) == parse_columns(LINES, "pairs.tsv")


@pytest.mark.parametrize("ending", PACKERS)
def test_a_damaged_packed_file_is_an_error_that_names_it(tmp_path, ending):
    path = tmp_path / f"pairs{ending}"
    whole = PACKERS[ending](b"".join(f"a{n}\tb{n}\n".encode() for n in range(3_000)))
    for data in (whole[: len(whole) // 2], LINES, whole[:60] + b"\xff\x00\xff" + whole[63:]):
        path.write_bytes(data)
        with pytest.raises(CorpusError, match=f"pairs{ending}"):
            read_file(path)


@pytest.mark.parametrize("ending", PACKERS)
def test_a_packed_file_that_unpacks_to_more_than_text_does_is_refused_in_little_memory(tmp_path, monkeypatch, ending):
    monkeypatch.setattr(opening, "BYTES_AT_ONCE", 1 << 16)
    path = tmp_path / f"pairs.tsv{ending}"
    path.write_bytes(PACKERS[ending](b"a\tb\n" * (1 << 22)))
    tracemalloc.start()
    with pytest.raises(CorpusError, match="unpacks to more than"), open_texts(path, 1 << 30) as (text,):
        assert sum(map(len, text.pieces())) < 0
    assert tracemalloc.get_traced_memory()[1] < 12 << 20
    tracemalloc.stop()
    with pytest.raises(CorpusError, match="unpacks to more than"):
        read_file(path)


def test_an_xz_file_cannot_ask_for_much_memory(tmp_path):
    path = tmp_path / "pairs.xz"
    filters = [{"id": lzma.FILTER_LZMA2, "preset": 0, "dict_size": 1 << 30}]
    path.write_bytes(lzma.compress(LINES, filters=filters))
    with pytest.raises(CorpusError, match=r"pairs\.xz"):
        read_file(path)


def test_an_archive_of_two_parallel_files_is_read_with_notes_beside(tmp_path):
    members = {
        "X.de-en.de": "Ja.\nNein.\n",
        "X.de-en.en": "Yes.\nNo.\n",
        "X.de-en.ids": "1\n2\n",
        "README": "x",
        "LICENSE": "",
    }
    columns = read_file(zipped(tmp_path / "de-en.txt.zip", members))
    assert (columns.first, columns.second) == (["ja .", "nein ."], ["yes .", "no ."])


@pytest.mark.parametrize(
    "note", ["README.txt", "readme.md", "LICENSE.txt", "_about.txt", ".hidden.tsv", "doc/info.txt"]
)
def test_notes_in_an_archive_are_not_pairs(tmp_path, note):
    path = zipped(tmp_path / "deu.zip", {note: "Thank you for\tdownloading\tall\tof this", "deu.txt": LINES})
    assert read_file(path) == parse_columns(LINES, "deu.txt")


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({"a.tsv": "a\tb", "b.tsv": "a\tb"}, r"2 files of pairs .*\(a.tsv, b.tsv\).*unpack it"),
        ({"x.de": "a", "x.en": "b", "x.fr": "c"}, r"0 files of pairs .*3 other files \(x.de, x.en, x.fr\)"),
        ({"x.de": "a"}, "1 other files"),
    ],
)
def test_an_archive_with_other_files_is_refused_with_their_names(tmp_path, members, words):
    with pytest.raises(CorpusError, match=words):
        read_file(zipped(tmp_path / "p.zip", members))


def test_parallel_files_may_be_packed_each_on_its_own(tmp_path):
    (tmp_path / "train.de.gz").write_bytes(gzip.compress(b"Ja.\nNein.\n"))
    (tmp_path / "train.en.xz").write_bytes(lzma.compress(b"Yes.\nNo.\n"))
    columns = read_file((tmp_path / "train.en.xz", tmp_path / "train.de.gz"))
    assert columns.second == ["ja .", "nein ."]
    assert ("source", "column 2 (de), such as 'Ja.'") in columns.notes


@pytest.mark.parametrize(
    ("name", "ending"), [("train.de", "de"), ("a.b/train.pt_BR.bz2", "pt_BR"), ("pairs", ""), ("x.gz", "")]
)
def test_the_ending_of_a_parallel_file_names_its_column(name, ending):
    assert column_name(name) == ending


def test_names_are_made_safe_to_print():
    assert shown("a\x1b[31mb\n") == "a?[31mb?"
    assert shown("«\u00a0Où\u202f?\u00a0»") == "« Où ? »"
    assert shown("x" * 100, 10) == "x" * 10 + "…"


def test_more_than_two_files_are_refused(tmp_path):
    path = zipped(tmp_path / "two.zip", {"x.de": "Ja.\n", "x.en": "Yes.\n"})
    (tmp_path / "one.tsv").write_bytes(LINES)
    with pytest.raises(CorpusError, match="hold 3 files: give one file of pairs, or two parallel files"):
        read_file((path, tmp_path / "one.tsv"))


def test_a_file_that_grows_while_it_is_read_is_read_to_its_first_end(tmp_path):
    path = tmp_path / "pairs.tsv"
    path.write_bytes(LINES)
    with open_texts(path, 1 << 20) as (text,):
        with path.open("ab") as file:
            file.write(LINES)
        assert b"".join(text.pieces()) == LINES


def test_bytes_can_be_read_without_a_file():
    assert parse_columns(io.BytesIO(LINES).getvalue(), "x").first == ["i sing .", "you sing ."]
