"""Reading pairs: accepted and refused files, error messages, and the download."""

import errno
import io
import json
import os
import re
import struct
import zipfile

import pooch
import pytest

from s2s_tutorial.data import readers as sources
from s2s_tutorial.data.corpus import prepare
from s2s_tutorial.data.on_disk.cache import fingerprint
from s2s_tutorial.data.readers import CorpusError, parse_columns, read_corpus, read_file
from s2s_tutorial.data.tatoeba import tatoeba_file
from s2s_tutorial.settings import DataSettings

LINES = "I sing.\tJe chante.\nYou sing.\tTu chantes.\n"


def zip_of(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def files_below(folder) -> dict:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# Accepted files


def test_two_columns_are_read_and_normalised():
    columns = parse_columns(LINES.encode(), "pairs.tsv")
    assert columns.first == ["i sing .", "you sing ."]
    assert columns.second == ["je chante .", "tu chantes ."]


def test_a_third_column_is_kept_as_it_is():
    columns = parse_columns("I sing.\tJe chante.\tCC-BY 2.0 (France), né en 2010\n".encode(), "pairs.tsv")
    assert columns.provenance == ["CC-BY 2.0 (France), né en 2010"]
    assert columns.second == ["je chante ."]


def test_rows_with_and_without_a_third_column_may_be_mixed():
    assert parse_columns(b"a\tb\nc\td\tsource\n", "pairs.tsv").provenance == ["", "source"]


@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbf" + LINES.encode(),
        LINES.replace("\n", "\r\n").encode(),
        ("\n\n" + LINES.replace("\n", "\n \n\r\n")).encode(),
        LINES.rstrip("\n").encode(),
    ],
    ids=["byte-order mark", "Windows line ends", "blank lines", "no newline at the end"],
)
def test_how_a_file_was_saved_changes_nothing(data):
    assert parse_columns(data, "pairs.tsv") == parse_columns(LINES.encode(), "pairs.tsv")


def test_windows_line_ends_do_not_stick_to_the_third_column():
    assert parse_columns(b"a\tb\tsource\r\n", "pairs.tsv").provenance == ["source"]


def test_a_side_without_letters_stays_in_its_row():
    assert parse_columns(b"\tJe chante.\n", "pairs.tsv").first == [""]
    assert parse_columns(b"123\tcent\nI sing.\tJe chante.\n", "pairs.tsv").first == ["", "i sing ."]


@pytest.mark.parametrize("name", ["pairs.txt", "pairs.tsv", "PAIRS.TXT", "pairs"])
def test_a_plain_file_is_read_with_any_name(tmp_path, name):
    (tmp_path / name).write_text(LINES, encoding="utf-8")
    assert read_corpus(DataSettings(corpus=str(tmp_path / name))).first == ["i sing .", "you sing ."]


def test_a_zip_is_read_beside_notes_that_come_with_it(tmp_path):
    path = tmp_path / "fra-eng.zip"
    path.write_bytes(zip_of({"_about.txt": b"a note", "__MACOSX/._fra.txt": b"junk", "fra.txt": LINES.encode()}))
    assert read_file(path) == parse_columns(LINES.encode(), "fra.txt")


def test_reading_writes_nothing_to_disk(tmp_path, monkeypatch):
    path = tmp_path / "pairs.zip"
    path.write_bytes(zip_of({"folder/pairs.tsv": LINES.encode()}))
    monkeypatch.chdir(tmp_path)
    before = files_below(tmp_path)
    read_file(path)
    assert files_below(tmp_path) == before


def test_the_embedded_corpus_has_an_alignment_for_every_pair():
    columns = read_corpus(DataSettings(sample_pairs=50))
    assert len(columns.first) == len(columns.second) == len(columns.alignments) == 50
    for english, french, links in zip(columns.first, columns.second, columns.alignments, strict=True):
        assert links
        assert all(f < len(french.split()) and e < len(english.split()) for f, e in links)


# Refused files


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "pairs.tsv is empty"),
        (b"\n \n\r\n", "pairs.tsv is empty"),
        (b"\xef\xbb\xbf", "pairs.tsv is empty"),
        (b"a\tb\nno tab here\n", "line 2 of pairs.tsv has 1 column, .*no tab"),
        (b"a\tb\n\na\tb\tc\td\n", "line 3 of pairs.tsv has 4 columns, .*tab too many"),
        ("a\tb\nété\tété\n".encode("latin-1"), "line 2 of pairs.tsv is not UTF-8"),
        (b"\xef\xbb\xbfa\tb\n\xff\tc\n", "line 2 of pairs.tsv is not UTF-8"),
        ("a\tb\n".encode("utf-16-le"), "pairs.tsv is not a text file, or its encoding is not known"),
        ("a\tb\n".encode("utf-32"), "pairs.tsv is not a text file, or its encoding is not known"),
        (b"\xff\xfea\tb", "pairs.tsv begins like UTF-16 and is damaged"),
    ],
    ids=[
        "empty",
        "blank",
        "only a mark",
        "one column",
        "a tab too many",
        "Latin-1",
        "mark and Latin-1",
        "UTF-16",
        "UTF-32",
        "odd UTF-16",
    ],
)
def test_a_bad_file_is_refused_naming_the_line(tmp_path, data, words):
    path = tmp_path / "pairs.tsv"
    path.write_bytes(data)
    with pytest.raises(CorpusError, match=words):
        read_file(path)


@pytest.mark.parametrize(
    "name", ["../pairs.tsv", "a/../../pairs.tsv", "/etc/pairs.tsv", "..\\pairs.tsv", "\\pairs.tsv"]
)
def test_a_zip_with_a_name_outside_is_refused(tmp_path, name):
    path = tmp_path / "pairs.zip"
    path.write_bytes(zip_of({"pairs.tsv": LINES.encode(), name: b"evil"}))
    with pytest.raises(CorpusError, match="unsafe name"):
        read_file(path)
    assert list(files_below(tmp_path)) == [path]


@pytest.mark.parametrize(
    ("members", "count"),
    [({}, 0), ({"picture.png": b"no"}, 0), ({"_about.txt": b"x"}, 0), ({"a.tsv": b"a\tb", "b.txt": b"a\tb"}, 2)],
)
def test_a_zip_needs_exactly_one_file_of_pairs(tmp_path, members, count):
    path = tmp_path / "pairs.zip"
    path.write_bytes(zip_of(members))
    with pytest.raises(CorpusError, match=f"holds {count} files of pairs"):
        read_file(path)


def test_a_file_that_is_not_a_zip_is_refused(tmp_path):
    path = tmp_path / "pairs.zip"
    path.write_bytes(LINES.encode())
    with pytest.raises(CorpusError, match=r"pairs\.zip is not a zip file"):
        read_file(path)


def test_a_file_beyond_the_bound_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(sources, "MAX_FILE_BYTES", 1 << 20)
    path = tmp_path / "pairs.tsv"
    path.write_bytes(b"a\tb\n" * (1 << 18) + b"a")
    with pytest.raises(CorpusError, match="more than 1 MiB"):
        read_file(path)


def test_a_zip_bomb_is_refused_by_its_header(tmp_path, monkeypatch):
    monkeypatch.setattr(sources, "MAX_FILE_BYTES", 1 << 20)
    path = tmp_path / "pairs.zip"
    path.write_bytes(zip_of({"pairs.tsv": bytes(10 << 20)}))
    assert path.stat().st_size < 1 << 15
    with pytest.raises(CorpusError, match="unpacks to more than 1 MiB"):
        read_file(path)


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_zip_bomb_with_a_false_header_is_refused_and_never_unpacked(tmp_path, monkeypatch, method):
    size = 3 << 20
    lying = zip_of({"pairs.tsv": bytes(size)}, method).replace(struct.pack("<I", size), struct.pack("<I", 10))
    path = tmp_path / "pairs.zip"
    path.write_bytes(lying)
    largest = 0
    real_read = zipfile.ZipExtFile.read

    def read(self, n=-1):
        nonlocal largest
        largest = max(largest, n if n >= 0 else size)
        return real_read(self, n)

    monkeypatch.setattr(zipfile.ZipExtFile, "read", read)
    with pytest.raises(CorpusError, match=r"pairs\.zip"):
        read_file(path)
    assert largest < 100  # no more than the size in the header is requested from the unpacker


def test_every_damaged_zip_raises_the_same_error(tmp_path):
    path = tmp_path / "pairs.zip"
    whole = zip_of({"pairs.tsv": LINES.encode() * 20})
    refused = 0
    for place in range(len(whole)):
        damaged = bytearray(whole)
        damaged[place] ^= 0x81
        for data in (bytes(damaged), whole[:place]):
            path.write_bytes(data)
            try:
                read_file(path)
            except CorpusError:
                refused += 1
    assert refused > len(whole)


@pytest.mark.parametrize("name", ["missing.tsv", "missing.zip", "."])
def test_a_missing_file_is_named(tmp_path, name):
    with pytest.raises(CorpusError, match=r"is not a file: give a file of sentence pairs \(\.txt, \.tsv"):
        read_corpus(DataSettings(corpus=str(tmp_path / name)))


def test_a_file_that_cannot_be_opened_is_named(tmp_path, monkeypatch):
    path = tmp_path / "pairs.tsv"
    path.write_text(LINES)

    def refuse(self, *args, **kwargs):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(type(path), "open", refuse)
    with pytest.raises(CorpusError, match=r"pairs\.tsv cannot be read: Permission denied"):
        read_file(path)


# Tatoeba; no test uses the network


@pytest.fixture
def download(tmp_path, monkeypatch):
    """A replacement for the network: the file it serves, the number of requests, the cache it fills."""

    class Download:
        cache, served, times, error = tmp_path / "cache", zip_of({"fra.txt": LINES.encode()}), 0, None

        def retrieve(self, url, known_hash, fname, path, downloader):
            self.times += 1
            if self.error:
                raise self.error
            self.cache.mkdir(exist_ok=True)
            (self.cache / fname).write_bytes(self.served)

    network = Download()
    monkeypatch.setattr(pooch, "os_cache", lambda project: network.cache)
    monkeypatch.setattr(pooch, "retrieve", network.retrieve)
    return network


def test_the_first_download_is_kept_with_its_checksum(download):
    path = tatoeba_file()
    assert read_file(path).first == ["i sing .", "you sing ."]
    remembered = json.loads((download.cache / "fra-eng.json").read_text())
    assert re.fullmatch("[0-9a-f]{64}", remembered["sha256"])
    assert tatoeba_file() == path
    assert download.times == 1


def test_the_checksum_is_written_whole_or_not_at_all(download, monkeypatch):
    def full(file):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match=r"No space left on device.*fra-eng.json"):
            tatoeba_file()
    assert not (download.cache / "fra-eng.json").exists()
    assert read_file(tatoeba_file()).first == ["i sing .", "you sing ."]


def test_a_changed_file_is_reported_with_what_to_do(download):
    tatoeba_file().write_bytes(zip_of({"fra.txt": b"evil\tmal\n"}))
    with pytest.raises(CorpusError, match=r"is not the file that was downloaded first .*delete") as caught:
        tatoeba_file()
    assert "fra-eng.json" in str(caught.value)


def test_a_second_download_that_differs_is_reported(download):
    tatoeba_file().unlink()
    download.served = zip_of({"fra.txt": b"new\tnouveau\n"})
    with pytest.raises(CorpusError, match="is not the file that was downloaded first"):
        tatoeba_file()


def test_the_remedy_in_the_message_about_a_change_works(download):
    tatoeba_file().unlink()
    download.served = zip_of({"fra.txt": b"new\tnouveau\n"})
    with pytest.raises(CorpusError):
        tatoeba_file()
    (download.cache / "fra-eng.json").unlink()
    assert read_file(tatoeba_file()).first == ["new"]


def test_without_a_network_the_message_names_every_way_out(download):
    download.error = ConnectionError("name resolution failed")
    with pytest.raises(CorpusError, match=r"connect to the internet, or set S2S_TUTORIAL_DATA .*S2S_SCALE=small"):
        tatoeba_file()


def test_a_named_file_is_taken_and_nothing_downloaded(download, tmp_path, monkeypatch):
    path = tmp_path / "mine.tsv"
    path.write_text(LINES)
    monkeypatch.setenv("S2S_TUTORIAL_DATA", str(path))
    assert read_corpus(DataSettings(corpus="tatoeba")).first == ["i sing .", "you sing ."]
    assert download.times == 0


def test_a_named_file_that_is_missing_is_an_error_and_nothing_downloaded(download, tmp_path, monkeypatch):
    monkeypatch.setenv("S2S_TUTORIAL_DATA", str(tmp_path / "gone.zip"))
    with pytest.raises(CorpusError, match=r"S2S_TUTORIAL_DATA names .*gone\.zip, which is not a file"):
        tatoeba_file()
    assert download.times == 0


def test_a_damaged_note_of_the_checksum_is_reported(download):
    tatoeba_file()
    for text in ("", "{}", "[1]"):
        (download.cache / "fra-eng.json").write_text(text)
        with pytest.raises(CorpusError, match=r"fra-eng\.json"):
            tatoeba_file()


@pytest.mark.parametrize(("languages", "reverse"), [(("de", "en"), False), (("en", "de"), True)])
def test_the_sample_is_german_for_these_languages_and_has_gold_alignments(languages, reverse):
    settings = DataSettings(sample_pairs=200, languages=languages, reverse=reverse)
    columns = read_corpus(settings)
    assert {"ich", "nicht", "der"} <= set(" ".join(columns.second).split())
    assert {"i", "the"} <= set(" ".join(columns.first).split())
    assert all(alignment for alignment in columns.alignments)
    corpus = prepare(settings)
    assert corpus.test.alignments
    german = corpus.test.references[0][0] if reverse else corpus.test.sources[0]
    assert german in columns.second


def test_the_sample_without_languages_is_french():
    assert read_corpus(DataSettings(sample_pairs=50)) == read_corpus(
        DataSettings(sample_pairs=50, languages=("fr", "en"))
    )


def test_the_sample_refuses_a_language_without_a_grammar():
    with pytest.raises(CorpusError, match="no it, only fr and de with en: choose --languages de en"):
        read_corpus(DataSettings(sample_pairs=50, languages=("it", "en")))


def test_encoded_samples_of_two_languages_differ():
    french, german = (DataSettings(sample_pairs=50, languages=(code, "en")) for code in ("fr", "de"))
    assert fingerprint(french) != fingerprint(german)


def test_pairs_whose_sides_are_the_same_are_noted():
    same = [f"sentence {number}\tsentence {number}\n" for number in range(10)]
    other = [f"sentence {number}\tsatz {number}\n" for number in range(40)]
    notes = parse_columns("".join([*same, *other[:30]]).encode(), "x.tsv").notes
    assert notes[-1] == ("warning", "source and target are the same in 10 of 40 pairs: check the columns")
    assert "warning" not in dict(parse_columns("".join([*same, *other]).encode(), "x.tsv").notes)
