"""Training pairs that lie encoded on the disk and are mapped into memory: only what is looked at is ever read.

The files are plain arrays of numbers (NumPy's .npy). They are checked before anything of them is used: kind, shape, that
sentences begin and end where they may, and that every number is a word's.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from s2s_tutorial.batching import Encoded
from s2s_tutorial.checkpoint import BadFileError
from s2s_tutorial.filters import among
from s2s_tutorial.vocabulary import Vocabulary

IDS_AT_ONCE = 1 << 20  # numbers read at once when a whole array is checked or searched


@dataclass(frozen=True)
class StoredPairs:
    """The training pairs of a corpus that was encoded once; what `corpus.Pairs` is for one that is in memory.

    Attributes:
        src: N encoded source sentences.
        tgt: N encoded target sentences.
        src_keys: (N,) `sentence_key` of every source.
        src_vocabulary: of the source words.
        tgt_vocabulary: of the target words.
    """

    src: Encoded
    tgt: Encoded
    src_keys: np.ndarray
    src_vocabulary: Vocabulary
    tgt_vocabulary: Vocabulary

    def __len__(self) -> int:
        return len(self.src)

    @property
    def sources(self) -> Sequence[str]:
        """Source sentences; rare words that are not in the vocabulary have become `<unk>`."""
        return _Sentences(self.src, self.src_vocabulary)

    @property
    def targets(self) -> Sequence[str]:
        """Target sentences, likewise."""
        return _Sentences(self.tgt, self.tgt_vocabulary)

    def find(self, sources: Iterable[str]) -> set[str]:
        """Which of some source sentences are among these."""
        wanted = {sentence_key(source): source for source in sources}
        keys = np.array(sorted(wanted), dtype=np.uint64)
        found: set[int] = set()
        for start in range(0, len(self), IDS_AT_ONCE):
            piece = self.src_keys[start : start + IDS_AT_ONCE]
            found.update(piece[among(piece, keys)].tolist())
        return {wanted[key] for key in found}


class _Sentences(Sequence):
    """Encoded sentences as text, each put together when it is asked for."""

    def __init__(self, encoded: Encoded, vocabulary: Vocabulary) -> None:
        self.encoded, self.vocabulary = encoded, vocabulary

    def __len__(self) -> int:
        return len(self.encoded)

    def __getitem__(self, number: Any) -> Any:
        if isinstance(number, slice):
            return [self[each] for each in range(*number.indices(len(self)))]
        if not -len(self) <= number < len(self):
            raise IndexError(number)
        return " ".join(self.vocabulary.decode(self.encoded[number % len(self)].tolist()))


def encode_pairs(pairs: Any, src_vocabulary: Vocabulary, tgt_vocabulary: Vocabulary) -> tuple[Encoded, Encoded]:
    """Both sides of training pairs as numbers, made from text in memory or found on the disk."""
    if isinstance(pairs, StoredPairs):
        return pairs.src, pairs.tgt
    return Encoded.encode(pairs.sources, src_vocabulary), Encoded.encode(pairs.targets, tgt_vocabulary)


def sentence_key(text: str) -> int:
    """64 bits that stand for a sentence where texts would fill the memory.

    Of 10 million different sentences two have the same key with a probability of 3 in a million.
    """
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")


def open_array(path: Path, kinds: tuple[type, ...]) -> np.ndarray:
    """Map a one-dimensional array of a .npy file into memory.

    Raises:
        BadFileError: no such file, cut short, of another kind or shape.
    """
    try:
        found = np.lib.format.open_memmap(path, mode="r")
    except (OSError, ValueError, EOFError, SyntaxError, TypeError, OverflowError) as error:
        raise BadFileError(f"{path} is damaged ({type(error).__name__})") from None
    if found.ndim != 1 or found.dtype not in [np.dtype(kind) for kind in kinds]:
        raise BadFileError(f"{path} holds {found.dtype} of shape {found.shape}, expected a row of numbers")
    return np.asarray(found)


def open_encoded(ids_path: Path, starts_path: Path, vocabulary: Vocabulary) -> Encoded:
    """Map encoded sentences into memory.

    Raises:
        BadFileError: sentences that begin or end where they may not, or numbers that stand for no word.
    """
    encoded = Encoded(open_array(ids_path, (np.uint16, np.int32)), open_array(starts_path, (np.int64,)))
    ids, starts = encoded.ids, encoded.starts
    if not len(starts) or starts[0] != 0 or starts[-1] != len(ids) or not (starts[1:] > starts[:-1]).all():
        raise BadFileError(f"{starts_path} does not fit {ids_path}")
    for start in range(0, len(ids), IDS_AT_ONCE):
        piece = ids[start : start + IDS_AT_ONCE]
        if piece.min() < 0 or piece.max() >= len(vocabulary):
            raise BadFileError(f"{ids_path} holds a number that is no word's")
    return encoded


def checksum(path: Path) -> str:
    """SHA-256 of a file, read piece by piece.

    Raises:
        BadFileError: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise BadFileError(f"{path} cannot be read ({error.strerror})") from None
