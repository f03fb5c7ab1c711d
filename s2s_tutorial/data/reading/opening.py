"""Open a file of text, packed or not, without trusting it.

A packed file may claim any size, so it is unpacked piece by piece, in memory, and no further than text could need.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any

from s2s_tutorial.data.columns import CorpusError

BYTES_AT_ONCE = 1 << 22  # read from a file
MAX_PACKING = 100  # largest ratio of unpacked to packed size; text has about 5, rarely 50
MAX_UNPACKER = 256 << 20  # bytes of memory that an .xz file may ask for; the strongest setting of xz needs 65 MiB
NOTES = {"readme", "license", "licence", "copying", "about", "info", "changes", "changelog", "citation", "copyright"}
NO_TEXTS = {".xml", ".ids", ".md", ".html", ".pdf", ".json5", ".png", ".jpg", ".mp3", ".zip", ".gz", ".xz", ".bz2"}
TABLES = {".txt", ".tsv", ".csv", ".tab", ".json", ".jsonl", ".ndjson"}
# Whatever the standard library raises at an archive that is not one.
DAMAGED = (
    zipfile.BadZipFile, gzip.BadGzipFile, zlib.error, lzma.LZMAError, struct.error, RuntimeError, EOFError, ValueError,
    LookupError, OverflowError,
)  # fmt: skip


@dataclass(frozen=True)
class Text:
    """A text file that is open for reading.

    Attributes:
        file: The file; it is read from where it is.
        name: Its name in messages.
        column: Its name as a column, if it is one of two parallel files: the ending, without those of packed files.
        most: Number of bytes that are read from it at most.
        is_size: True if it has exactly `most` bytes, so that the rest is left; False if it must not have more.
    """

    file: IO[bytes]
    name: str
    column: str
    most: int
    is_size: bool

    def pieces(self) -> Iterator[bytes]:
        """Yield the bytes of the file, piece by piece.

        Raises:
            CorpusError: It unpacks to more than `most` bytes.
        """
        left = self.most
        while left:
            piece = self.file.read(min(BYTES_AT_ONCE, left))
            if not piece:  # a file may have become shorter in the meantime
                return
            left -= len(piece)
            yield piece
        if not self.is_size and self.file.read(1):
            raise CorpusError(
                f"{self.name} unpacks to more than {self.most >> 20} MiB, which is more than text of its size can be: "
                "unpack it yourself if you trust it"
            )


@contextmanager
def open_texts(path: Path, most: int) -> Iterator[list[Text]]:
    """Open the text in a file: one file of pairs, or two parallel files of an archive.

    Args:
        path: Path of the file.
        most: Largest size in bytes, packed or not.

    Raises:
        CorpusError: The file is too large, damaged or unsafe, or holds no text; also if that is found while it is read.
    """
    try:
        kind, opener = _opener(path)
    except OSError as error:
        raise CorpusError(f"{path} cannot be read: {error.strerror or error}") from error
    try:
        with opener(path, most) as texts:
            yield texts
    except CorpusError:
        raise
    except DAMAGED as error:
        if not kind:
            raise
        raise CorpusError(f"{path.name} is not a {kind} file, or is damaged: {error}") from None
    except OSError as error:
        raise CorpusError(f"{path} cannot be read: {error.strerror or error}") from error


def _opener(path: Path) -> tuple[str, Callable]:
    """Choose how a file is opened, by its ending or else by its first bytes; returns the kind of packing, and the opener."""
    suffix = path.suffix.lower()
    if suffix in OPENERS:
        return suffix[1:], OPENERS[suffix]
    with path.open("rb") as file:
        start = file.read(8)
    for magic, packing in MAGIC.items():
        if start.startswith(magic):
            return packing[1:], OPENERS[packing]
    return "", _plain


def column_name(name: str) -> str:
    """Return the ending of a file's name, without those of packed files: "de" for train.de.gz.

    >>> column_name("train.de.gz"), column_name("OpenSubtitles.de-en.en"), column_name("pairs")
    ('de', 'en', '')
    """
    suffixes = [suffix for suffix in PurePosixPath(name).suffixes if suffix.lower() not in OPENERS]
    return suffixes[-1][1:] if suffixes else ""


@contextmanager
def _plain(path: Path, most: int) -> Iterator[list[Text]]:
    """Open a text file that is not packed."""
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        if size > most:
            raise CorpusError(f"{path.name} holds more than {most >> 20} MiB: split it into smaller files")
        yield [Text(file, path.name, column_name(path.name), size, is_size=True)]


def _unpacking(unpack: Callable[[IO[bytes]], Any]) -> Callable:
    """Return an opener for files that hold one packed text."""

    @contextmanager
    def opener(path: Path, most: int) -> Iterator[list[Text]]:
        with path.open("rb") as packed, unpack(packed) as file:
            most = min(most, max(BYTES_AT_ONCE, MAX_PACKING * os.fstat(packed.fileno()).st_size))
            yield [Text(file, path.name, column_name(path.name), most, is_size=False)]

    return opener


class _Unxz(io.RawIOBase):
    """An unpacked .xz file. Unlike `lzma.LZMAFile`, it limits the memory that the file may ask for.

    Args:
        packed: The packed file.
    """

    def __init__(self, packed: IO[bytes]) -> None:
        self.packed, self.unpacker = packed, self._new()

    @staticmethod
    def _new() -> lzma.LZMADecompressor:
        return lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=MAX_UNPACKER)

    def read(self, size: int = -1, /) -> bytes:
        """Read up to `size` bytes; `b""` at the end."""
        while True:
            if self.unpacker.eof:  # another packed file may follow, and zeros that fill it up
                rest = (self.unpacker.unused_data or self.packed.read(BYTES_AT_ONCE)).lstrip(b"\0")
                if not rest:
                    return b""
                self.unpacker = self._new()
            elif self.unpacker.needs_input:
                rest = self.packed.read(1 << 16)
                if not rest:
                    raise EOFError("it ends too early")
            else:
                rest = b""
            if piece := self.unpacker.decompress(rest, size):
                return piece


class _SmallReads(io.FileIO):
    """A file that refuses to read much at once, because an archive's list of contents may claim to have any size."""

    def read(self, size: int | None = -1) -> bytes:
        """Read `size` bytes, or the rest of the file if it is negative."""
        if size is None or size < 0:
            size = os.fstat(self.fileno()).st_size - self.tell()
        if size > BYTES_AT_ONCE:
            raise zipfile.BadZipFile("its list of contents is too long")
        return super().read(size)


@contextmanager
def _unzipped(path: Path, most: int) -> Iterator[list[Text]]:
    """Open the one file of sentence pairs in an archive, or its two parallel files."""
    with _SmallReads(path) as packed, zipfile.ZipFile(packed) as archive:
        texts = []
        for member in _members(archive, path):
            name = _checked(member, path, most)
            # No more is unpacked than the size in the header, which was checked; a wrong header fails the checksum.
            texts.append(Text(archive.open(member), name, column_name(member.filename), member.file_size, is_size=True))
        try:
            yield texts
        finally:
            for text in texts:
                text.file.close()


def _members(archive: zipfile.ZipFile, path: Path) -> list[zipfile.ZipInfo]:
    """Find the one file of sentence pairs in an archive, or its two parallel files."""
    texts = []
    for member in archive.infolist():
        parts = PurePosixPath(member.filename.replace("\\", "/"))
        if parts.is_absolute() or ".." in parts.parts:
            raise CorpusError(f"{path.name} holds the unsafe name {shown(member.filename)!r}: do not trust this file")
        name = PurePosixPath(member.filename)
        is_note = name.stem.lower() in NOTES or name.name.startswith(("_", ".")) or name.suffix.lower() in NO_TEXTS
        if not (member.is_dir() or is_note):
            texts.append(member)
    tables = [text for text in texts if PurePosixPath(text.filename).suffix.lower() in TABLES]
    parallel = [text for text in texts if text not in tables and column_name(text.filename)]
    if len(tables) == 1 and len(parallel) != 2:
        return tables
    if not tables and len(parallel) == 2:
        return parallel
    found = ", ".join(shown(text.filename) for text in (tables or parallel)[:4])
    raise CorpusError(
        f"{path.name} holds {len(tables)} files of pairs (.txt, .tsv, .csv or .jsonl) and {len(parallel)} other files"
        f"{f' ({found})' if found else ''}, expected one file of pairs or two parallel files: unpack it, and give their paths"
    )


def _checked(member: zipfile.ZipInfo, path: Path, most: int) -> str:
    """Refuse a member of an archive that looks unsafe; returns its name for messages."""
    name = f"{shown(member.filename)} in {path.name}"
    if member.file_size > most:
        raise CorpusError(f"{name} unpacks to more than {most >> 20} MiB")
    if member.file_size > max(BYTES_AT_ONCE, MAX_PACKING * member.compress_size):
        times = member.file_size // max(member.compress_size, 1)
        raise CorpusError(f"{name} unpacks to {times} times its size, which text never does")
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        # Other methods unpack in one go, however large the result is.
        raise CorpusError(f"{path.name} is packed in an unusual way: pack it again as a plain zip file")
    return name


def shown(name: str, most: int = 80) -> str:
    """Make text from an untrusted file safe to print, and short."""
    # Usual in text, and not printable; the zero-width joiners are part of the spelling.
    known = dict.fromkeys("\t\u00a0\u202f", " ") | dict.fromkeys("\u00ad\u200b\u200e\u200f\u2060\ufeff", "")
    known |= {joiner: joiner for joiner in "\u200c\u200d"}
    printable = "".join(c if c.isprintable() else known.get(c, "?") for c in name[: most + 1])
    return printable if len(printable) <= most else printable[:most] + "…"


def quoted(text: str, most: int = 80) -> str:
    """Make text safe to print, and put it in quotes; zero-width joiners stay as they are.

    >>> print(quoted("It is a note", 8))
    'It is a …'
    """
    return repr(shown(text, most)).replace("\\u200c", "\u200c").replace("\\u200d", "\u200d")


OPENERS: dict[str, Callable] = {
    ".zip": _unzipped,
    ".gz": _unpacking(lambda packed: gzip.GzipFile(fileobj=packed)),
    ".bz2": _unpacking(bz2.BZ2File),
    ".xz": _unpacking(_Unxz),
}
MAGIC = {b"PK\x03\x04": ".zip", b"\x1f\x8b": ".gz", b"BZh": ".bz2", b"\xfd7zXZ\x00": ".xz"}
