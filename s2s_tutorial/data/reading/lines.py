"""Turn the bytes of a text file into lines: UTF-8, or UTF-16 with a byte-order mark; every kind of line end."""

from __future__ import annotations

import codecs
import shlex
from collections.abc import Iterator
from itertools import chain

from s2s_tutorial.data.columns import CorpusError
from s2s_tutorial.data.reading.opening import Text, quoted, shown

MAX_LINE_LENGTH = 1 << 16
MOST_LISTED = 10  # lines that were left out and are listed
UTF16 = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
UTF32 = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)


class BadLines:
    """Lines that cannot be read: the first is an error, or all are left out, counted and listed.

    Args:
        skip: True to leave them out.
        hint: How to leave them out, at the end of the error.

    Attributes:
        count: Number of lines that were left out.
        listed: The first of them, each with the reason.
    """

    def __init__(self, skip: bool, hint: str = " To leave such lines out: --skip-bad") -> None:
        self.skip, self.hint, self.count, self.listed = skip, hint, 0, list[str]()

    def add(self, number: int, name: str, what: str, advice: str, line: str = "") -> None:
        """Report a line that cannot be read.

        Args:
            number: Number of the line, from 1.
            name: Name of the file.
            what: What is wrong with it, such as "has 1 column, expected 2 or 3".
            advice: What to do about it, a sentence without its capital.
            line: Text of the line, if it can be shown.

        Raises:
            CorpusError: Bad lines are not to be left out.
        """
        text = f" It reads {quoted(line, 40)}." if line else ""
        if not self.skip:
            raise CorpusError(f"line {number} of {name} {what}: {advice}{text}{self.hint}")
        self.count += 1
        if len(self.listed) < MOST_LISTED:
            self.listed.append(f"line {number} of {name} {what}{':' if text else ''}{text}")


def lines_of(text: Text, bad: BadLines) -> Iterator[str | None]:
    """Yield every line of a file without its end; None for a line that cannot be decoded and is left out.

    Lines end with a line feed, which a carriage return may precede; in a file without line feeds, with a carriage return.

    Raises:
        CorpusError: The file is not text, a line is not UTF-8, or a line is too long.
    """
    number, end = 0, b"\n"
    begun = b""  # a line that is not complete yet
    for piece in _utf8_pieces(text):
        if not number and b"\n" not in piece and b"\r" in piece:
            end = b"\r"
        whole, found, begun = (begun + piece).rpartition(end)
        if found:
            decoded = _decode(whole, number, text.name, bad)
            if end == b"\n":
                decoded = decoded.removesuffix("\r").replace("\r\n", "\n")
            lines = decoded.split(end.decode())
            yield from _checked(lines, number, text.name, bad)
            number += len(lines)
        _checked([begun], number, text.name, bad)
    if begun.strip(b"\x1a"):  # an old sign for the end of a file
        yield from _checked([_decode(begun, number, text.name, bad).removesuffix("\r")], number, text.name, bad)


def _checked(lines: list, before: int, name: str, bad: BadLines) -> list[str | None]:
    """Refuse a line that is too long to be a pair of sentences; replace lines that were not decoded by None.

    Args:
        lines: Some lines of the file; bytes if they are not decoded.
        before: Number of lines before the first of them.
        name: Name of the file.
        bad: Takes the lines that were not decoded.
    """
    for number, line in enumerate(lines, start=before + 1):
        if len(line) > MAX_LINE_LENGTH:
            raise CorpusError(
                f"line {number} of {name} is longer than {MAX_LINE_LENGTH:,} characters: expected one pair of sentences per line"
            )
        if bad.skip and not line.isascii() and not UNDECODED.isdisjoint(line):
            bad.add(number, name, "is not UTF-8", "", line)
            lines[number - before - 1] = None
    return lines


UNDECODED = {chr(code) for code in range(0xDC80, 0xDD00)}  # how `surrogateescape` shows a byte that is not UTF-8


def _utf8_pieces(text: Text) -> Iterator[bytes]:
    """Yield the bytes of a file as UTF-8 without a byte-order mark."""
    pieces = text.pieces()
    start = next(pieces, b"")
    encoding = UTF16.get(start[:2])
    if start.startswith(UTF32) or (encoding is None and start.count(b"\0") > len(start) // 10):
        raise CorpusError(
            f"{text.name} is not a text file, or its encoding is not known: save it as UTF-8 and try again"
        )
    if encoding is None:
        yield start.removeprefix(codecs.BOM_UTF8)
        yield from pieces
        return
    decoder = codecs.getincrementaldecoder(encoding)()
    for piece in chain([start[2:]], pieces):
        yield _recode(decoder, piece, False, text.name)
    yield _recode(decoder, b"", True, text.name)


def _recode(decoder: codecs.IncrementalDecoder, piece: bytes, is_last: bool, name: str) -> bytes:
    try:
        return decoder.decode(piece, is_last).encode()
    except UnicodeError:
        raise CorpusError(f"{name} begins like UTF-16 and is damaged: save it as UTF-8 and try again") from None


def _decode(piece: bytes, before: int, name: str, bad: BadLines) -> str:
    """Decode whole lines, of which `before` lines of the file come before the first."""
    try:
        return piece.decode()
    except UnicodeDecodeError as error:
        if bad.skip:
            return piece.decode(errors="surrogateescape")
        number = before + piece.count(b"\n" if b"\n" in piece else b"\r", 0, error.start) + 1
        context = piece[max(0, error.start - 15) : error.start].decode(errors="ignore").splitlines()
        after = f" after {shown(context[-1])!r}" if context else ""
        file = shlex.quote(name)
        raise CorpusError(
            f"line {number} of {name} is not UTF-8 (byte {piece[error.start]:#04x}{after}): save the file as UTF-8 and try "
            f"again, for example with iconv -f WINDOWS-1252 -t UTF-8 {file}.{bad.hint}"
        ) from None
