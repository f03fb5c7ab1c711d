"""Training pairs on disk, encoded and mapped into memory, so that only the parts that are used are read.

The files are plain arrays (NumPy's .npy). Before they are used, their dtype and shape are checked, as well as the start of
every sentence, and that every id is in the vocabulary.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from s2s_tutorial.data.batches import Encoded
from s2s_tutorial.data.filters import among
from s2s_tutorial.data.pieces import encode_sentences
from s2s_tutorial.data.rules import ASCII, TextRule
from s2s_tutorial.data.vocabulary import Vocabulary
from s2s_tutorial.files import BadFileError

IDS_AT_ONCE = 1 << 20  # numbers read at once when a whole array is checked or searched


@dataclass(frozen=True)
class StoredPairs:
    """Training pairs on disk; for pairs in memory see `corpus.Pairs`.

    Attributes:
        src: N encoded source sentences.
        tgt: N encoded target sentences.
        src_keys: (N,), `sentence_key` of every source sentence.
        src_vocabulary: Source vocabulary.
        tgt_vocabulary: Target vocabulary.
        rule: Rule by which the sentences are normalised.
    """

    src: Encoded
    tgt: Encoded
    src_keys: np.ndarray
    src_vocabulary: Vocabulary
    tgt_vocabulary: Vocabulary
    rule: TextRule = ASCII

    def __len__(self) -> int:
        return len(self.src)

    @property
    def sources(self) -> Sequence[str]:
        """Source sentences as text; words outside the vocabulary have become `<unk>`."""
        return _Sentences(self.src, self.src_vocabulary, self.rule)

    @property
    def targets(self) -> Sequence[str]:
        """Target sentences as text, likewise."""
        return _Sentences(self.tgt, self.tgt_vocabulary, self.rule)

    def find(self, sources: Iterable[str]) -> set[str]:
        """Return those of some source sentences that are among the training sources."""
        wanted = {sentence_key(source): source for source in sources}
        keys = np.array(sorted(wanted), dtype=np.uint64)
        found: set[int] = set()
        for start in range(0, len(self), IDS_AT_ONCE):
            piece = self.src_keys[start : start + IDS_AT_ONCE]
            found.update(piece[among(piece, keys)].tolist())
        return {wanted[key] for key in found}


class _Sentences(Sequence):
    """Encoded sentences as text, each decoded when it is indexed."""

    def __init__(self, encoded: Encoded, vocabulary: Vocabulary, rule: TextRule) -> None:
        self.encoded, self.vocabulary, self.rule = encoded, vocabulary, rule

    def __len__(self) -> int:
        return len(self.encoded)

    def __getitem__(self, number: Any) -> Any:
        if isinstance(number, slice):
            return [self[each] for each in range(*number.indices(len(self)))]
        if not -len(self) <= number < len(self):
            raise IndexError(number)
        return self.rule.unsplit(self.vocabulary.decode(self.encoded[number % len(self)].tolist()))


def encode_pairs(
    pairs: Any, src_vocabulary: Vocabulary, tgt_vocabulary: Vocabulary, rule: TextRule = ASCII
) -> tuple[Encoded, Encoded]:
    """Return source and target sentences of training pairs as ids: encoded from text, or from disk if they are stored."""
    if isinstance(pairs, StoredPairs):
        return pairs.src, pairs.tgt
    src, tgt = (
        encode_sentences(pairs.sources, src_vocabulary, rule),
        encode_sentences(pairs.targets, tgt_vocabulary, rule),
    )
    return src, tgt


def sentence_key(text: str) -> int:
    """Hash a sentence to 64 bits, which replace it where texts would fill the memory.

    Among 10 million different sentences, two have the same key with a probability of 3 in a million.
    """
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")


def open_array(path: Path, dtypes: tuple[type, ...]) -> np.ndarray:
    """Map the one-dimensional array of a .npy file into memory.

    Args:
        path: Path of the file.
        dtypes: Dtypes that are allowed.

    Raises:
        BadFileError: The file is missing, cut short, or has another dtype or shape.
    """
    try:
        found = np.lib.format.open_memmap(path, mode="r")
    except (OSError, ValueError, EOFError, SyntaxError, TypeError, OverflowError) as error:
        raise BadFileError(f"{path} is damaged ({type(error).__name__})") from None
    if found.ndim != 1 or found.dtype not in [np.dtype(dtype) for dtype in dtypes]:
        raise BadFileError(f"{path} holds {found.dtype} of shape {found.shape}, expected a row of numbers")
    return np.asarray(found)


def open_encoded(ids_path: Path, starts_path: Path, vocabulary: Vocabulary) -> Encoded:
    """Map encoded sentences into memory.

    Args:
        ids_path: Path of the word ids.
        starts_path: Path of the index of each sentence's first word.
        vocabulary: Vocabulary that the ids belong to.

    Raises:
        BadFileError: The starts do not fit the ids, or an id is not in the vocabulary.
    """
    encoded = Encoded(open_array(ids_path, (np.uint16, np.int32)), open_array(starts_path, (np.int64,)))
    ids, starts = encoded.ids, encoded.starts
    if not len(starts) or starts[0] != 0 or starts[-1] != len(ids) or not (starts[1:] > starts[:-1]).all():
        raise BadFileError(f"{starts_path} does not fit {ids_path}")
    for start in range(0, len(ids), IDS_AT_ONCE):
        piece = ids[start : start + IDS_AT_ONCE]
        if piece.min() < 0 or piece.max() >= len(vocabulary):
            raise BadFileError(f"{ids_path} holds an id that is not in the vocabulary")
    return encoded


def checksum(path: Path) -> str:
    """Compute the SHA-256 of a file, which is read piece by piece; returns 64 hexadecimal digits.

    Raises:
        BadFileError: The file cannot be read.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise BadFileError(f"{path} cannot be read ({error.strerror})") from None
