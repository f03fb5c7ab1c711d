"""Word vectors from files: the text formats of word2vec and GloVe, which fastText's `.vec` files share.

A line is a word and its numbers, one space between. word2vec (Mikolov et al. 2013) writes the number of words and their
size into the first line, GloVe (Pennington et al. 2014) does not. Such files hold millions of words, a model knows some
thousands: a file is read line by line, and only what a vocabulary holds is kept. Chapter 15 of the book makes one.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from s2s_tutorial.checkpoint import write_atomically
from s2s_tutorial.config import BOUNDS
from s2s_tutorial.text import normalise
from s2s_tutorial.vocabulary import SPECIAL_WORDS, Vocabulary

MAX_FILE_BYTES = 64 << 30  # the largest that people share have ten
MAX_LINE_BYTES = 1 << 17
MAX_DIMENSIONS = int(BOUNDS["embedding_size"][1])


class VectorsError(ValueError):
    """A file of word vectors that cannot be used; the message says what, where and what to do."""


@dataclass(frozen=True)
class WordVectors:
    """Word vectors as they were read.

    Attributes:
        words: N words of the vocabulary, in the order of the file.
        values: (N, E).
        source: the file's name and the beginning of its checksum.
    """

    words: tuple[str, ...]
    values: Tensor
    source: str

    @property
    def size(self) -> int:
        """The size E of a vector."""
        return self.values.shape[1]


def read_vectors(path: Path, vocabulary: Vocabulary) -> WordVectors:
    """Read the vectors of a vocabulary's words from a text file, with word2vec's first line or without one.

    A word of the file is looked up as it stands, or else normalised: « École » is the vocabulary's "ecole". Files begin
    with their most frequent words, so of several that are the same word here the first is taken.

    Raises:
        VectorsError: no such file, not UTF-8, a line with too many or too few numbers or with something that is none,
            fewer or more lines than the first one says, or no word of the vocabulary at all.
    """
    if not path.is_file():
        raise VectorsError(f"{path} is not a file: give the text file of word vectors, unpacked")
    if path.stat().st_size > MAX_FILE_BYTES:
        raise VectorsError(
            f"{path.name} holds more than {MAX_FILE_BYTES >> 30} GiB: keep its first million lines (head)"
        )
    name = "".join(character if character.isprintable() else "?" for character in path.name)  # fit for a terminal
    found: dict[str, Tensor] = {}
    checksum = hashlib.sha256()
    expected = size = lines = number = 0
    try:
        with path.open("rb") as file:
            while data := file.readline(MAX_LINE_BYTES + 1):
                number += 1
                checksum.update(data)
                line = _decode(data, number, name)
                if number == 1:
                    expected, size = _first_line(line, name)
                    if expected:
                        continue
                if not line:
                    continue
                lines += 1
                word, values = _split(line, size, number, name)
                if word not in vocabulary and word.isalpha():
                    word = normalise(word)
                if word in vocabulary and word not in found and word not in SPECIAL_WORDS:
                    found[word] = _numbers(values, number, name)
    except OSError as error:
        raise VectorsError(f"{path} cannot be read: {error.strerror or error}") from error
    if not lines:
        raise VectorsError(f"{name} is empty: expected lines of a word and its numbers, a space between")
    if expected and lines != expected:
        raise VectorsError(
            f"{name} says in its first line that it holds {expected:,} vectors, and holds {lines:,}: it was cut short or put "
            "together; get it anew, or delete its first line"
        )
    if not found:
        raise VectorsError(
            f"{name} has none of the {len(vocabulary) - len(SPECIAL_WORDS):,} words of the vocabulary among its "
            f"{lines:,}: is it of the language that is translated from?"
        )
    return WordVectors(tuple(found), torch.stack(list(found.values())), f"{name}, sha256 {checksum.hexdigest()[:16]}")


def _decode(data: bytes, number: int, name: str) -> str:
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
    """How many vectors the file says it holds, 0 where it says nothing; and their size."""
    parts = line.split(" ")
    if len(parts) == 2 and all(part.isascii() and part.isdigit() and len(part) < 12 for part in parts):
        expected, size = map(int, parts)
        if not expected:
            raise VectorsError(f"{name} says in its first line that it holds no vectors: get it anew")
    else:
        expected, size = 0, len(parts) - 1
    if line and not 1 <= size <= MAX_DIMENSIONS:
        raise VectorsError(
            f"line 1 of {name} means vectors of {size:,} numbers, expected 1 to {MAX_DIMENSIONS:,}: is it a file of word vectors?"
        )
    return expected, size


def _split(line: str, size: int, number: int, name: str) -> tuple[str, list[str]]:
    """A line's word, which may hold spaces (GloVe's « . . . »), and its numbers, not looked at yet."""
    word, *values = line.rsplit(" ", size)
    extra = word.rsplit(" ", 1)[-1] if " " in word else ""
    if len(values) != size or _is_number(extra):
        found = line.count(" ")
        raise VectorsError(
            f"line {number} of {name} has too {'few' if found < size else 'many'} numbers ({found:,}, expected {size:,}): it "
            "was cut short, or is no file of word vectors"
        )
    if not word:
        raise VectorsError(f"line {number} of {name} has no word before its numbers: get it anew")
    return word, values


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _numbers(values: list[str], number: int, name: str) -> Tensor:
    for text in values:
        if not (_is_number(text) and math.isfinite(float(text))):
            raise VectorsError(f"line {number} of {name} has {text[:40]!r} where a number is expected: get it anew")
    vector = torch.tensor([float(text) for text in values])
    if not vector.isfinite().all():
        raise VectorsError(f"line {number} of {name} has a number too large for a model's weights: get it anew")
    return vector


def write_vectors(path: Path, words: Sequence[str], values: Tensor) -> None:
    """Write word vectors in word2vec's text format, atomically; nine digits give every number back exactly.

    Args:
        path: of the file.
        words: N of them, none empty, without spaces.
        values: (N, E), in single precision.
    """
    lines = [f"{len(words)} {values.shape[1]}"]
    for word, row in zip(words, values.tolist(), strict=True):
        lines.append(f"{word} " + " ".join(f"{number:.9g}" for number in row))
    write_atomically(path, ("\n".join(lines) + "\n").encode())


def initialise_embedding(embedding: nn.Embedding, vectors: WordVectors, vocabulary: Vocabulary) -> int:
    """Give an embedding the word vectors; rows of words that have none stay as they are.

    One factor brings all their numbers to a mean square of 1, PyTorch's own for embeddings: files differ in it by a
    factor of ten, and rows that are frozen can never become louder. Directions and proportions stay.

    Args:
        embedding: (V, E), fresh.
        vectors: of some of the vocabulary's words.
        vocabulary: V words.

    Returns:
        How many rows were replaced.

    Raises:
        VectorsError: the vectors have another size, or are all zero.
    """
    if vectors.size != embedding.embedding_dim:
        raise VectorsError(
            f"the vectors of {vectors.source} have {vectors.size:,} numbers, the model's embeddings "
            f"{embedding.embedding_dim:,}: give the model embedding_size {vectors.size}"
        )
    rows = torch.tensor([vocabulary.id_of(word) for word in vectors.words])
    values = vectors.values.double()  # whose squares do not overflow
    loudness = values.square().mean().sqrt()
    if not loudness:
        raise VectorsError(f"the vectors of {vectors.source} are all zero: get them anew")
    with torch.no_grad():
        embedding.weight[rows] = (values / loudness).to(embedding.weight)
    return len(rows)
