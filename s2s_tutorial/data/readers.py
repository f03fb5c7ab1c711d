"""Read sentence pairs: from the embedded grammar, from your own file, or from the Tatoeba Project.

A file is not trusted. Its size is checked before and while it is unpacked. It is read in pieces, in memory, up to the first
bad line. It must be UTF-8 with two or three columns, and an error names the line.
"""

from __future__ import annotations

import io
import os
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import IO

from s2s_tutorial.arguments import to_path
from s2s_tutorial.data.columns import Alignment, Columns, CorpusError
from s2s_tutorial.data.losses import Losses
from s2s_tutorial.data.rules import ASCII, TextRule
from s2s_tutorial.data.tatoeba import tatoeba_file
from s2s_tutorial.grammar import generate

MAX_FILE_BYTES = 1 << 30  # far more than any corpus that fits in memory, zipped or not
MAX_LINE_LENGTH = 1 << 16
MAX_PAIRS = 5_000_000
MAX_STREAMED_BYTES, MAX_STREAMED_PAIRS = 64 << 30, 50_000_000  # where only one piece is in memory at a time
MAX_PACKING = 100  # largest ratio of unpacked to packed size; text has about 5, rarely 50
BYTES_AT_ONCE = 1 << 22  # read from a file
PAIRS_AT_ONCE = 20_000  # generated from the grammar
SAMPLE_SEED = 0
# Whatever the standard library raises at an archive that is not one.
DAMAGED = (zipfile.BadZipFile, zlib.error, struct.error, RuntimeError, EOFError, ValueError, LookupError, OverflowError)


def read_corpus(name: str, sample_pairs: int, rule: TextRule = ASCII) -> Columns:
    """Read the corpus that `DataSettings.corpus` names.

    Args:
        name: "sample", "tatoeba", or the path of a file.
        sample_pairs: Number of pairs to generate for "sample".
        rule: Rule by which the sentences are normalised.

    Raises:
        CorpusError: There is no such file, or it does not hold sentence pairs.
    """
    return _join(read_pieces(name, sample_pairs, rule, streamed=False))


def read_pieces(name: str, sample_pairs: int, rule: TextRule = ASCII, streamed: bool = True) -> Iterator[Columns]:
    """Read a corpus like `read_corpus`, but yield it in pieces, so that it never has to be in memory as a whole.

    Args:
        name, sample_pairs, rule: As for `read_corpus`.
        streamed: True if the caller does not keep the pieces, so that the corpus may be much larger.

    Raises:
        CorpusError: See `read_corpus`.
    """
    if name == "sample":
        most = MAX_STREAMED_PAIRS if streamed else MAX_PAIRS
        if sample_pairs > most:
            raise CorpusError(f"{sample_pairs:,} generated pairs are too many, at most {most:,} are made: take fewer")
        pairs = generate(sample_pairs, seed=SAMPLE_SEED)
        while piece := list(islice(pairs, PAIRS_AT_ONCE)):
            english, french = (pair.english for pair in piece), (pair.french for pair in piece)
            yield replace(_normalised(english, french, [], rule), alignments=[pair.alignment for pair in piece])
    else:
        yield from _file_pieces(corpus_path(name), rule, streamed)


def corpus_path(name: str) -> Path:
    """Return the path of a corpus that is read from a file: "tatoeba", or the path itself."""
    return tatoeba_file() if name == "tatoeba" else Path(name)


def read_file(path: str | Path, rule: TextRule = ASCII) -> Columns:
    """Read two or three tab-separated columns from a .txt, .tsv or .zip file.

    Raises:
        CorpusError: The file cannot be used; the message tells what is wrong, in which line, and what to do.
    """
    return _join(_file_pieces(to_path(path), rule, streamed=False))


def _join(pieces: Iterable[Columns]) -> Columns:
    """Join pieces into one."""
    whole = Columns([], [], [])
    alignments: list[Alignment] = []
    for piece in pieces:
        whole.first.extend(piece.first)
        whole.second.extend(piece.second)
        whole.provenance.extend(piece.provenance)
        alignments.extend(piece.alignments or [])
        for side, more in zip(whole.losses, piece.losses, strict=True):
            side.add(more)
    return replace(whole, alignments=alignments or None)


def _file_pieces(path: Path, rule: TextRule, streamed: bool) -> Iterator[Columns]:
    """Read a file piece by piece."""
    if not path.is_file():
        raise CorpusError(f"{path} is not a file: give a .txt, .tsv or .zip of tab-separated sentence pairs")
    most_bytes, most_pairs = (MAX_STREAMED_BYTES, MAX_STREAMED_PAIRS) if streamed else (MAX_FILE_BYTES, MAX_PAIRS)
    opened = _unzipped if path.suffix.lower() == ".zip" else _plain
    try:
        with opened(path, most_bytes) as (file, size, name):
            yield from _parse(file, size, name, most_pairs, rule)
    except OSError as error:
        raise CorpusError(f"{path} cannot be read: {error.strerror or error}") from error


def parse_columns(data: bytes, name: str, rule: TextRule = ASCII) -> Columns:
    """Split the bytes of a file into columns and normalise them.

    Args:
        data: Contents of the file.
        name: Name of the file in error messages.
        rule: Rule by which the sentences are normalised.

    Raises:
        CorpusError: The file is not UTF-8, has a line without a tab or with too many, or has no pairs at all.
    """
    return _join(_parse(io.BytesIO(data), len(data), name, MAX_PAIRS, rule))


def _parse(file: IO[bytes], size: int, name: str, most_pairs: int, rule: TextRule) -> Iterator[Columns]:
    """Split the first `size` bytes of a file into normalised columns, piece by piece; at most `most_pairs` pairs."""
    number = pairs = 0
    for piece in _pieces(file, size, name):
        first, second, provenance = [], [], []
        try:
            text = piece.decode("utf-8-sig" if number == 0 else "utf-8")
        except UnicodeDecodeError as error:
            bad = number + error.object.count(b"\n", 0, error.start) + 1  # its object: without the byte-order mark
            raise CorpusError(f"line {bad} of {name} is not UTF-8: save the file as UTF-8 and try again") from None
        for line in text.split("\n"):
            number += 1
            if not line.strip():
                continue
            _check_length(line, number, name)
            columns = line.split("\t", 3)
            if not 2 <= len(columns) <= 3:
                found = "1 column" if len(columns) == 1 else f"{line.count(chr(9)) + 1} columns"
                hint = "no tab character?" if len(columns) == 1 else "a tab too many?"
                raise CorpusError(f"line {number} of {name} has {found}, expected 2 or 3: {hint}")
            first.append(columns[0])
            second.append(columns[1])
            provenance.append(columns[2].rstrip("\r") if len(columns) == 3 else "")
        pairs += len(first)
        if pairs > most_pairs:
            raise CorpusError(f"{name} has more than {most_pairs:,} pairs: split it into smaller files")
        yield _normalised(first, second, provenance, rule)
    if not pairs:
        raise CorpusError(f"{name} is empty: expected lines of two sentences with a tab between them")


def _normalised(first: Iterable[str], second: Iterable[str], provenance: list[str], rule: TextRule) -> Columns:
    """Normalise both columns, and count what is lost."""
    losses = Losses(), Losses()
    return Columns(losses[0].normalise(first, rule), losses[1].normalise(second, rule), provenance, losses=losses)


def _pieces(file: IO[bytes], size: int, name: str) -> Iterator[bytes]:
    """Yield the first `size` bytes of a file in pieces of whole lines, each without its last line end."""
    begun, left, lines = b"", size, 0  # a line that is not complete yet, bytes to read, lines so far
    while left:
        read = file.read(min(BYTES_AT_ONCE, left))
        left = left - len(read) if read else 0  # the file may have become shorter in the meantime
        whole, end, begun = (begun + read).rpartition(b"\n")
        if end:
            lines += whole.count(b"\n") + 1
            yield whole
        _check_length(begun, lines + 1, name)
    yield begun


def _check_length(line: bytes | str, number: int, name: str) -> None:
    """Refuse a line that is too long to be a pair of sentences."""
    if len(line) > MAX_LINE_LENGTH:
        raise CorpusError(
            f"line {number} of {name} is longer than {MAX_LINE_LENGTH:,}: one pair of sentences a line is expected"
        )


@contextmanager
def _plain(path: Path, most: int) -> Iterator[tuple[IO[bytes], int, str]]:
    """Open a text file of at most `most` bytes; yields the file, its size in bytes and its name for messages."""
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        if size > most:
            raise CorpusError(f"{path.name} holds more than {most >> 20} MiB: split it into smaller files")
        yield file, size, path.name


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
def _unzipped(path: Path, most: int) -> Iterator[tuple[IO[bytes], int, str]]:
    """Open the one file of sentence pairs in an archive, like `_plain`; it is unpacked piece by piece, in memory."""
    try:
        with _SmallReads(path) as packed, zipfile.ZipFile(packed) as archive:
            member = _member(archive, path, most)
            # No more is unpacked than the size in the header, which was checked; a wrong header fails the checksum.
            with archive.open(member) as file:
                yield file, member.file_size, f"{_shown(member.filename)} in {path.name}"
    except (OSError, CorpusError):
        raise
    except DAMAGED as error:
        raise CorpusError(f"{path.name} is not a zip file, or is damaged: {error}") from None


def _member(archive: zipfile.ZipFile, path: Path, most: int) -> zipfile.ZipInfo:
    """Find the one file of sentence pairs in an archive, and refuse an archive that looks unsafe."""
    members = archive.infolist()
    for member in members:
        parts = PurePosixPath(member.filename.replace("\\", "/"))
        if parts.is_absolute() or ".." in parts.parts:
            raise CorpusError(f"{path.name} holds the unsafe name {_shown(member.filename)!r}: do not trust this file")
    texts = [m for m in members if m.filename.lower().endswith((".txt", ".tsv"))]
    texts = [m for m in texts if not PurePosixPath(m.filename).name.startswith(("_", "."))]
    if len(texts) != 1:
        raise CorpusError(f"{path.name} holds {len(texts)} files of pairs (.txt or .tsv), expected exactly 1")
    text, name = texts[0], _shown(texts[0].filename)
    if text.file_size > most:
        raise CorpusError(f"{name} in {path.name} unpacks to more than {most >> 20} MiB")
    if text.file_size > max(BYTES_AT_ONCE, MAX_PACKING * text.compress_size):
        raise CorpusError(
            f"{name} in {path.name} unpacks to {text.file_size // text.compress_size} times its size, which text never does"
        )
    if text.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        # Other methods unpack in one go, however large the result is.
        raise CorpusError(f"{path.name} is packed in an unusual way: pack it again as a plain zip file")
    return text


def _shown(name: str) -> str:
    """Make a name from an archive safe to print."""
    return "".join(character if character.isprintable() else "?" for character in name[:80])
