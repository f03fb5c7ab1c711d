"""The first pass over a corpus that is larger than memory: read it once and keep it as integers.

The word ids of both columns go into two temporary files. Memory holds the length of each sentence, 64 bits of its hash as
its key, and the set that it belongs to: 11 bytes per sentence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path

import numpy as np

from s2s_tutorial.data.columns import Alignment, check_losses
from s2s_tutorial.data.corpus import keep_lengths, numbered
from s2s_tutorial.data.filters import Numbering
from s2s_tutorial.data.losses import Losses
from s2s_tutorial.data.on_disk.mapped_pairs import sentence_key
from s2s_tutorial.data.readers import read_pieces
from s2s_tutorial.data.rules import TextRule, text_rule
from s2s_tutorial.data.split import OwnSets, places
from s2s_tutorial.settings import DataSettings

ROWS_AT_ONCE = 200_000  # pairs read back in one piece
PAIRS_PER_REPORT = 1_000_000


class ScannedPart:
    """One list of integers per pair, all lists end to end in a file.

    Args:
        path: Path of the file.
        dtype: Type of the integers in the file.

    Attributes:
        lengths: (N,) integers of each pair; only after `finish`.
    """

    def __init__(self, path: Path, dtype: type) -> None:
        self.path, self.dtype = path, dtype
        self.file = path.open("wb")
        self._lengths: list[np.ndarray] = []

    def write(self, integers: np.ndarray, lengths: np.ndarray) -> None:
        """Append the integers of some pairs, end to end, and the number of each pair's."""
        integers.astype(self.dtype, copy=False).tofile(self.file)
        self._lengths.append(lengths.astype(np.uint16))

    def finish(self) -> None:
        """Finish reading: join the pieces into arrays."""
        self.lengths = np.concatenate(self._lengths)
        self._lengths.clear()

    def pieces(self) -> Iterator[tuple[slice, np.ndarray, np.ndarray]]:
        """Yield the file piece by piece: a slice of rows, their integers end to end, and their lengths."""
        with self.path.open("rb") as file:
            for start in range(0, len(self.lengths), ROWS_AT_ONCE):
                rows = slice(start, min(start + ROWS_AT_ONCE, len(self.lengths)))
                lengths = self.lengths[rows].astype(np.int64)
                yield rows, np.fromfile(file, self.dtype, int(lengths.sum())), lengths


class ScannedColumn(ScannedPart):
    """One column of the corpus, with its word ids in a file; a `filters.NumberedColumn`.

    Attributes:
        keys: (N,) `sentence_key` of every sentence; only after `finish`.
        simple_keys: (N,) `sentence_key` of the simple form of every sentence, likewise.
    """

    def __init__(self, path: Path, rule: TextRule) -> None:
        super().__init__(path, np.int32)
        self.rule, self.numbering = rule, Numbering()
        self._keys: list[np.ndarray] = []
        self._simple_keys: list[np.ndarray] = []

    def add(self, sentences: list[str]) -> None:
        """Append normalised sentences."""
        words, lengths = self.rule.split_all(sentences)
        self.write(self.numbering.ids(words), np.array(lengths))
        self._keys.append(_sentence_keys(sentences))
        simple = [self.rule.split_form(text) for text in sentences]
        self._simple_keys.append(self._keys[-1] if simple == sentences else _sentence_keys(simple))

    def finish(self) -> None:
        """Finish reading: join the pieces into arrays."""
        super().finish()
        self.keys = np.concatenate(self._keys)
        same = all(a is b for a, b in zip(self._keys, self._simple_keys, strict=True))
        self.simple_keys = self.keys if same else np.concatenate(self._simple_keys)
        self._keys.clear()
        self._simple_keys.clear()

    @cached_property
    def words(self) -> list[str]:
        """The word of every id."""
        return list(self.numbering)

    @property
    def word_types(self) -> int:
        """Number of different words."""
        return len(self.numbering)

    def texts(self, chosen: np.ndarray) -> dict[int, str]:
        """Return the sentences of the rows where `chosen` (N,) is True, by row."""
        found = {}
        for rows, ids, lengths in self.pieces():
            words = [self.words[number] for number in ids[np.repeat(chosen[rows], lengths)].tolist()]
            end = 0
            for row in np.flatnonzero(chosen[rows]).tolist():
                start, end = end, end + int(lengths[row])
                found[rows.start + row] = self.rule.unsplit(words[start:end])
        return found


def _sentence_keys(sentences: list[str]) -> np.ndarray:
    return np.fromiter(map(sentence_key, sentences), np.uint64, len(sentences))


class ScannedLinks(ScannedPart):
    """Gold alignments of the built-in corpus: positions in second and first column, alternately, one byte each."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, np.uint8)

    def add(self, alignments: list[Alignment]) -> None:
        """Append the alignments of some pairs."""
        flat = [position for links in alignments for link in sorted(links) for position in link]
        lengths = [2 * len(links) for links in alignments]
        self.write(np.array(flat, dtype=np.uint8), np.array(lengths, dtype=np.uint16))

    def alignments(self, chosen: np.ndarray) -> dict[int, Alignment]:
        """Return the alignments of the rows where `chosen` (N,) is True, by row."""
        found = {}
        for rows, flat, lengths in self.pieces():
            ends = np.cumsum(lengths)
            for row in np.flatnonzero(chosen[rows]).tolist():
                positions = flat[ends[row] - lengths[row] : ends[row]].reshape(-1, 2)
                found[rows.start + row] = frozenset(map(tuple, positions.tolist()))
        return found


class Scan:
    """A corpus that was read once: the pairs of the right length, as integers.

    Args:
        folder: Folder for the temporary files.
        settings: Settings of the data.
        own: Held-out sets that come from files of their own.
        report: Called from time to time with a sentence about progress.

    Attributes:
        first: First column.
        second: Second column.
        places: (N,) place of each pair, which decides its set; see `split.places`.
        links: Gold alignments, or None.
        read: Number of pairs before any filter.
        losses: What normalising left out of the first and of the second column.
        notes: How the files were read.

    Raises:
        CorpusError: See `readers.read_corpus`.
    """

    def __init__(self, folder: Path, settings: DataSettings, own: OwnSets, report: Callable[[str], None]) -> None:
        rule = text_rule(settings)
        self.first, self.second = (ScannedColumn(folder / f"{name}.tmp", rule) for name in ("first", "second"))
        self.losses = Losses(), Losses()
        self.links = ScannedLinks(folder / "links.tmp") if settings.corpus == "sample" else None
        self.read, self.notes = 0, list[tuple[str, str]]()
        try:
            self._read_all(settings, own, report)
        finally:
            for part in self._files():
                part.file.close()
        for part in self._files():
            part.finish()
        check_losses(*self.losses, rule)

    def _files(self) -> list[ScannedPart]:
        return [self.first, self.second, *([self.links] if self.links else [])]

    def _read_all(self, settings: DataSettings, own: OwnSets, report: Callable[[str], None]) -> None:
        found: list[np.ndarray] = []
        reported = 0
        for piece in read_pieces(settings):
            self.read += len(piece.first)
            self.notes += piece.notes
            rows = keep_lengths(piece, settings)
            first, second = numbered(piece, rows, text_rule(settings))
            self.first.add(first.sentences)
            self.second.add(second.sentences)
            found.append(places(first, second, settings, own))
            for losses, more in zip(self.losses, piece.losses, strict=True):
                losses.add(more)
            if self.links and piece.alignments is not None:
                self.links.add([piece.alignments[row] for row in rows])
            if self.read - reported >= PAIRS_PER_REPORT:
                reported = self.read
                report(f"{self.read:,} pairs read …")
        self.places = np.concatenate(found)

    def __len__(self) -> int:
        """Return the number N of pairs."""
        return len(self.places)

    def mask(self, rows: np.ndarray) -> np.ndarray:
        """Return (N,) bools, True at some rows."""
        mask = np.zeros(len(self), dtype=bool)
        mask[rows] = True
        return mask

    def delete_files(self) -> None:
        """Delete the temporary files."""
        for part in self._files():
            part.path.unlink()
