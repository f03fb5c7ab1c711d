"""Word vectors from files: the text formats of word2vec and GloVe, which fastText's `.vec` files share.

A line is a word and the numbers of its vector, with single spaces between. word2vec (Mikolov et al. 2013) writes the number
of words and the size of a vector into the first line, GloVe (Pennington et al. 2014) does not. Such files hold millions of
words, and a model has thousands. So a file is read line by line, and only the words of the vocabulary are kept. Chapter 23
of the book makes such a file.

Sizes: N words that have a vector, E embedding, V vocabulary.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import torch
from torch import Tensor, nn

from s2s_tutorial.arguments import to_path
from s2s_tutorial.data.text import normalise
from s2s_tutorial.data.unicode_text import MARKER
from s2s_tutorial.data.vocabulary import SPECIAL_WORDS, Vocabulary
from s2s_tutorial.files import write_atomically
from s2s_tutorial.settings import MAX_SIZE

MAX_FILE_BYTES = 64 << 30  # the largest public files have about 10 GiB
MAX_LINE_BYTES = 1 << 17


class VectorsError(ValueError):
    """A file of word vectors cannot be used; the message names what is wrong, where, and what to do."""


@dataclass(frozen=True)
class WordVectors:
    """Word vectors that were read from a file.

    Attributes:
        words: N words of the vocabulary, in the order of the file.
        values: (N, E), float32.
        source: Name of the file and the beginning of its SHA-256.
    """

    words: tuple[str, ...]
    values: Tensor
    source: str

    @property
    def size(self) -> int:
        """Size E of a vector."""
        return self.values.shape[1]


def read_vectors(path: str | Path, vocabulary: Vocabulary) -> WordVectors:
    """Read the vectors of a vocabulary's words from a text file, with or without word2vec's first line.

    A word of the file is looked up as it is, and then normalised: « École » becomes the vocabulary's "ecole". In a vocabulary
    of the text rule "unicode" its vector is also that of the word after a space, "▁École". Files begin with their most
    frequent words, so if several words of the file are the same here, the first one is used.

    Args:
        path: Path of the file.
        vocabulary: Vocabulary of the language that the file is in.

    Raises:
        VectorsError: There is no such file, or it is not UTF-8; a line has too many or too few numbers, or something else
            instead of a number; the first line gives another number of vectors than there are; or the file has no word
            of the vocabulary.
    """
    path = to_path(path)
    if not path.is_file():
        raise VectorsError(f"{path} is not a file: give the text file of word vectors, unpacked")
    if path.stat().st_size > MAX_FILE_BYTES:
        limit = MAX_FILE_BYTES >> 30
        raise VectorsError(f"{path.name} holds more than {limit} GiB: keep its first million lines (head)")
    name = "".join(character if character.isprintable() else "?" for character in path.name)  # safe to print
    found: dict[str, Tensor] = {}
    checksum, total = hashlib.sha256(), 0
    try:
        with path.open("rb") as file:
            for number, written, values in _entries(_lines(file, name, checksum), name):
                total += 1
                if new := [word for word in _spellings(written, vocabulary) if word not in found]:
                    found |= dict.fromkeys(new, _vector(values, number, name))
    except OSError as error:
        raise VectorsError(f"{path} cannot be read: {error.strerror or error}") from error
    if not found:
        raise VectorsError(
            f"{name} has none of the {len(vocabulary) - len(SPECIAL_WORDS):,} words of the vocabulary among its "
            f"{total:,}: are its words those of the source language?"
        )
    return WordVectors(tuple(found), torch.stack(list(found.values())), f"{name}, sha256 {checksum.hexdigest()[:16]}")


def _spellings(written: str, vocabulary: Vocabulary) -> list[str]:
    """Return the words of a vocabulary that a word of a file stands for: as it is written, or else normalised."""
    for spelled in (written, normalise(written) if written.isalpha() else ""):
        words = [word for word in (spelled, MARKER + spelled) if spelled and word in vocabulary]
        if words:
            return [word for word in words if word not in SPECIAL_WORDS]
    return []


def _lines(file: BinaryIO, name: str, checksum: hashlib._Hash) -> Iterator[tuple[int, str]]:
    """Yield the number, from 1, and the text of each line, and add its bytes to the checksum."""
    number = 0
    while data := file.readline(MAX_LINE_BYTES + 1):
        number += 1
        checksum.update(data)
        yield number, _decode(data, number, name)


def _entries(lines: Iterable[tuple[int, str]], name: str) -> Iterator[tuple[int, str, list[str]]]:
    """Yield line number, word and values (as text) of each vector, and check how many there are."""
    expected = size = found = 0
    for number, line in lines:
        if number == 1:
            expected, size = _first_line(line, name)
            if expected:
                continue
        if line:
            found += 1
            yield number, *_split(line, size, number, name)
    if not found:
        raise VectorsError(f"{name} is empty: expected lines of a word and its numbers, separated by spaces")
    if expected and found != expected:
        raise VectorsError(
            f"{name} should have {expected:,} vectors according to its first line, but has {found:,}: it was cut short or put "
            "together from several files; download it again, or delete its first line"
        )


def _decode(data: bytes, number: int, name: str) -> str:
    """Decode a line and remove its line end."""
    if len(data) > MAX_LINE_BYTES:
        raise VectorsError(
            f"line {number} of {name} is longer than {MAX_LINE_BYTES:,} bytes: a word and its numbers are expected"
        )
    try:
        return data.decode("utf-8-sig" if number == 1 else "utf-8").rstrip(" \r\n")
    except UnicodeDecodeError:
        raise VectorsError(
            f"line {number} of {name} is not UTF-8: unpack an archive, and take the text format (.vec, .txt), not .bin"
        ) from None


def _first_line(line: str, name: str) -> tuple[int, int]:
    """Return the number of vectors that the first line gives, or 0 if it gives none, and the size of a vector."""
    parts = line.split(" ")
    if len(parts) == 2 and all(part.isascii() and part.isdigit() and len(part) < 12 for part in parts):
        expected, size = map(int, parts)
        if not expected:
            raise VectorsError(f"{name} has no vectors according to its first line: download it again")
    else:
        expected, size = 0, len(parts) - 1
    if line and not 1 <= size <= MAX_SIZE:
        raise VectorsError(
            f"line 1 of {name} has vectors of {size:,} numbers, expected 1 to {MAX_SIZE:,}: is it a file of word vectors?"
        )
    return expected, size


def _split(line: str, size: int, number: int, name: str) -> tuple[str, list[str]]:
    """Split a line into its word, which may contain spaces (GloVe's « . . . »), and its numbers, still as text."""
    word, *values = line.rsplit(" ", size)
    extra = word.rsplit(" ", 1)[-1] if " " in word else ""
    if len(values) != size or _is_number(extra):
        found = line.count(" ")
        raise VectorsError(
            f"line {number} of {name} has too {'few' if found < size else 'many'} numbers ({found:,}, expected {size:,}): it "
            "was cut short, or is not a file of word vectors"
        )
    if not word:
        raise VectorsError(f"line {number} of {name} has no word before its numbers: download it again")
    return word, values


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _vector(values: list[str], number: int, name: str) -> Tensor:
    """Turn a line's values into a vector (E,)."""
    for text in values:
        if not (_is_number(text) and math.isfinite(float(text))):
            raise VectorsError(
                f"line {number} of {name} has {text[:40]!r} where a number is expected: download it again"
            )
    vector = torch.tensor([float(text) for text in values])
    if not vector.isfinite().all():
        raise VectorsError(f"line {number} of {name} has a number too large for a model's weights: download it again")
    return vector


def write_vectors(path: Path, words: Sequence[str], values: Tensor) -> None:
    """Write word vectors in word2vec's text format, atomically; nine digits restore every number exactly.

    Args:
        path: Path of the file.
        words: N words, none empty, without spaces.
        values: (N, E), float32.
    """
    lines = [f"{len(words)} {values.shape[1]}"]
    for word, row in zip(words, values.tolist(), strict=True):
        lines.append(f"{word} " + " ".join(f"{number:.9g}" for number in row))
    write_atomically(path, ("\n".join(lines) + "\n").encode())


def initialise_embedding(
    embedding: nn.Embedding, vectors: WordVectors, vocabulary: Vocabulary, deviation: float = 1.0
) -> int:
    """Copy word vectors into an embedding, in place; rows of words without a vector stay as they are.

    All vectors are scaled by one factor, so that their values are as large as the network needs them. Files differ in scale by
    a factor of ten, and frozen rows cannot adapt. Directions and relative lengths do not change.

    Args:
        embedding: A newly initialised embedding, (V, E).
        vectors: Vectors of N words of the vocabulary.
        vocabulary: V words.
        deviation: Root of the mean square of the copied values; PyTorch initialises embeddings with 1.

    Returns:
        The number of rows that were replaced.

    Raises:
        VectorsError: The vectors have another size, or are all zero.
    """
    if vectors.size != embedding.embedding_dim:
        raise VectorsError(
            f"the vectors of {vectors.source} have {vectors.size:,} numbers, the model's embeddings "
            f"{embedding.embedding_dim:,}: give the model embedding_size {vectors.size}"
        )
    rows = torch.tensor([vocabulary.id_of(word) for word in vectors.words])  # (N,)
    values = vectors.values.double()  # (N, E); squares of float32 may overflow
    scale = values.square().mean().sqrt()
    if not scale:
        raise VectorsError(f"the vectors of {vectors.source} are all zero: download them again")
    with torch.no_grad():
        embedding.weight[rows] = (values * deviation / scale).to(embedding.weight)
    return len(rows)
