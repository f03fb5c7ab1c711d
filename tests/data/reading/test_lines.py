"""From bytes to lines: encodings, line ends, and lines that cannot be read."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s2s_tutorial.data.columns import CorpusError
from s2s_tutorial.data.reading import opening
from s2s_tutorial.data.reading.lines import MAX_LINE_LENGTH, BadLines, lines_of
from s2s_tutorial.data.reading.opening import Text


def read(data: bytes, skip: bool = False, bad: BadLines | None = None) -> list:
    return list(lines_of(Text(io.BytesIO(data), "x.tsv", "", len(data), is_size=True), bad or BadLines(skip)))


TEXT = "Ça va ?\tGood\n\nЯ сплю.\tI sleep\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("last", [True, False])
def test_encoding_and_line_ends_change_nothing(encoding, end, last):
    data = (TEXT if last else TEXT[:-1]).replace("\n", end).encode(encoding)
    assert read(data) == ["Ça va ?\tGood", "", "Я сплю.\tI sleep"]


def test_utf_16_of_either_byte_order_is_told_by_its_mark():
    assert (
        read(b"\xfe\xff" + TEXT.encode("utf-16-be"))
        == read(b"\xff\xfe" + TEXT.encode("utf-16-le"))
        == read(TEXT.encode())
    )


def test_other_signs_that_unicode_counts_as_line_ends_stay_in_their_line():
    assert read("a\u2028b\x85c\x0bd\n".encode()) == ["a\u2028b\x85c\x0bd"]


def test_a_carriage_return_inside_a_line_stays_if_lines_end_with_line_feeds():
    assert read(b"a\rb\nc\n") == ["a\rb", "c"]


def test_the_old_sign_for_the_end_of_a_file_is_not_a_line():
    assert read(b"a\n\x1a") == ["a"]


@given(
    st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\r\x1a\0"), max_size=40), st.integers(1, 7)
)
def test_the_size_of_the_pieces_changes_nothing(text, size):
    data = ("x\n" + text).encode()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(opening, "BYTES_AT_ONCE", size)
        expected = ("x\n" + text).removesuffix("\n").split("\n")
        assert read(data) == expected


def test_a_line_that_is_not_utf_8_is_named_with_its_byte_and_what_to_type():
    with pytest.raises(
        CorpusError, match=r"line 3 of x.tsv is not UTF-8 \(byte 0xe9 after 'caf'\).*iconv -f WINDOWS-1252"
    ) as caught:
        read(b"a\tb\n\ncaf\xe9\tx\n")
    assert "--skip-bad" in str(caught.value)


def test_lines_that_are_not_utf_8_can_be_left_out_and_are_listed():
    bad = BadLines(skip=True)
    assert read(b"a\nb\xff\nc\n\xfe", bad=bad) == ["a", None, "c", None]
    assert bad.count == 2
    assert bad.listed[0].startswith("line 2 of x.tsv is not UTF-8")


@pytest.mark.parametrize("data", ["a\tb\n".encode("utf-16-le"), "a\tb\n".encode("utf-32"), b"\x89PNG\0\0\0\r\0\0\0"])
def test_what_is_not_text_is_refused(data):
    with pytest.raises(CorpusError, match="is not a text file, or its encoding is not known"):
        read(data)


@pytest.mark.parametrize(
    "data", [b"a\n" + b"x" * (MAX_LINE_LENGTH + 1), b"a\n" + b"x" * (MAX_LINE_LENGTH + 1) + b"\nb\n"]
)
def test_a_line_that_is_too_long_is_refused(data):
    with pytest.raises(CorpusError, match=r"line 2 of x.tsv is longer than 65,536"):
        read(data)


def test_only_the_first_bad_lines_are_listed():
    bad = BadLines(skip=True)
    for number in range(50):
        bad.add(number, "x", "is bad", "write it again.")
    assert (bad.count, len(bad.listed)) == (50, 10)
