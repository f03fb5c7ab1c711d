"""Encode a corpus that is larger than memory: four passes, none of which holds the text.

A sentence is 64 bits of its hash, by which repeats and shared sentences are found; its words are numbers in a file.

1. read: normalise, keep the right lengths, number words as they come, hash both sentences;
2. choose: drop rare words, repeats and shared sentences, by the hashes alone, exactly as `corpus.prepare` does;
3. count the words of the training pairs;
4. write those pairs with their final numbers, and the held-out sentences with all their references.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from s2s_tutorial import corpus as corpora
from s2s_tutorial.checkpoint import MAX_JSON_BYTES, write_atomically, write_json
from s2s_tutorial.config import DataSettings
from s2s_tutorial.corpus import keep_lengths, refuse_empty
from s2s_tutorial.sources import Alignment, CorpusError, read_pieces
from s2s_tutorial.stored import among, checksum
from s2s_tutorial.vocabulary import EOS, MAX_WORDS, UNK, Vocabulary

PIECE = 200_000  # pairs looked at once after reading
SAY_EVERY = 1_000_000  # pairs
FIRST, SECOND = "first", "second"


def encode(folder: Path, settings: DataSettings, mark: str, say: Callable[[str], None]) -> None:
    """Read the corpus that the settings name and write all files of its encoded form into a folder.

    Args:
        folder: empty, but for a lock.
        settings: of the data.
        mark: the fingerprint to be kept with it.
        say: told how far reading is.

    Raises:
        CorpusError: see `corpus.prepare`.
    """
    _write(_Reading(folder, settings, say), folder, settings, mark)


# 1. Reading


class _Words(dict):
    """Words and their numbers in the order they come."""

    def __missing__(self, word: str) -> int:
        self[word] = number = len(self)
        return number


class _Column:
    """One column of the corpus: its words in a file, all else in short numbers.

    Attributes:
        path: words of all sentences, one number of four bytes each.
        words: all there are.
        lengths, keys, places: (N,) of every sentence: words, `sentence_key`, and the hundredth that decides its set.
    """

    def __init__(self, path: Path) -> None:
        self.path, self.words = path, _Words()
        self.file = path.open("wb")
        self.pieces: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []

    def add(self, sentences: list[str]) -> None:
        """Take sentences."""
        words = " ".join(sentences).split()
        np.fromiter(map(self.words.__getitem__, words), np.int32, len(words)).tofile(self.file)
        digests = [hashlib.sha256(sentence.encode()).digest() for sentence in sentences]
        self.pieces.append(
            (
                np.fromiter((s.count(" ") + bool(s) for s in sentences), np.uint16, len(sentences)),
                np.frombuffer(b"".join(digest[:8] for digest in digests), dtype=">u8").astype(np.uint64),
                np.fromiter((int.from_bytes(digest, "big") % 100 for digest in digests), np.uint8, len(sentences)),
            )
        )

    def end(self) -> None:
        """No sentence comes any more."""
        self.lengths, self.keys, self.places = (np.concatenate(part) for part in zip(*self.pieces, strict=True))
        self.pieces.clear()
        self.names = list(self.words)

    def texts(self, ids: np.ndarray, lengths: np.ndarray) -> list[str]:
        """Sentences of numbers that lie end to end."""
        words = [self.names[number] for number in ids.tolist()]
        ends = np.cumsum(lengths).tolist()
        return [" ".join(words[start:end]) for start, end in zip([0, *ends], ends, strict=False)]


class _Links:
    """Gold alignments of the embedded corpus, in a file: pairs of positions, one byte each."""

    def __init__(self, path: Path) -> None:
        self.path, self.file, self.pieces = path, path.open("wb"), []

    def add(self, alignments: list[Alignment]) -> None:
        """Take the alignments of some sentences."""
        flat = [position for links in alignments for link in sorted(links) for position in link]
        np.array(flat, dtype=np.uint8).tofile(self.file)
        self.pieces.append(np.fromiter((2 * len(links) for links in alignments), np.uint16, len(alignments)))

    def end(self) -> None:
        """No sentence comes any more."""
        self.lengths = np.concatenate(self.pieces) if self.pieces else np.zeros(0, np.uint16)
        self.pieces.clear()


class _Reading:
    """All that one reading of the corpus gives."""

    def __init__(self, folder: Path, settings: DataSettings, say: Callable[[str], None]) -> None:
        self.columns = {name: _Column(folder / f"{name}.tmp") for name in (FIRST, SECOND)}
        self.links = _Links(folder / "links.tmp") if settings.corpus == "sample" else None
        self.parts: dict[str, _Column | _Links] = {**self.columns, **({"links": self.links} if self.links else {})}
        self.read = 0
        try:
            self._read_all(settings, say)
        finally:
            for part in self.parts.values():
                part.file.close()
        for part in self.parts.values():
            part.end()

    def _read_all(self, settings: DataSettings, say: Callable[[str], None]) -> None:
        shown = 0
        for piece in read_pieces(settings.corpus, settings.sample_pairs):
            self.read += len(piece.first)
            rows = keep_lengths(piece, settings)
            self.columns[FIRST].add([piece.first[row] for row in rows])
            self.columns[SECOND].add([piece.second[row] for row in rows])
            if self.links:
                self.links.add([piece.alignments[row] for row in rows])
            if self.read - shown >= SAY_EVERY:
                shown = self.read
                say(f"{self.read:,} pairs read …")

    def __len__(self) -> int:
        return len(self.columns[FIRST].keys)

    def pieces(self, name: str) -> Iterator[tuple[slice, np.ndarray, np.ndarray]]:
        """Rows of a column, piece by piece: which, their words end to end, their lengths."""
        part = self.parts[name]
        with part.path.open("rb") as file:
            for start in range(0, len(self), PIECE):
                rows = slice(start, min(start + PIECE, len(self)))
                lengths = part.lengths[rows].astype(np.int64)
                yield rows, np.fromfile(file, np.uint8 if name == "links" else np.int32, int(lengths.sum())), lengths

    def count(self, name: str, chosen: np.ndarray) -> np.ndarray:
        """How often each word of a column is in the chosen rows, (N,) True at those."""
        counts = np.zeros(len(self.columns[name].words), dtype=np.int64)
        for rows, ids, lengths in self.pieces(name):
            counts += np.bincount(ids[np.repeat(chosen[rows], lengths)], minlength=len(counts))
        return counts


# 2. Choosing


@dataclass(frozen=True)
class _Choice:
    """Which rows go where; all of them in the order of the corpus.

    Attributes:
        steps, word_counts: as in `Corpus`, the latter for (first, second).
        distinct: the first row of every different pair.
        parts: rows of training, validation and test.
    """

    steps: list[tuple[str, int]]
    word_counts: tuple[int, int]
    distinct: np.ndarray
    parts: dict[str, np.ndarray]


def _choose(read: _Reading, settings: DataSettings) -> _Choice:
    """What `corpus.prepare` does with texts, done with their hashes."""
    first, second = read.columns[FIRST], read.columns[SECOND]
    steps = [("read", read.read), (corpora.name_of_lengths(settings), len(read))]
    kept = np.ones(len(read), dtype=bool)
    word_counts = []
    for name in (FIRST, SECOND):
        rare = read.count(name, np.ones(len(read), dtype=bool)) < settings.trim_below
        word_counts.append(int((~rare).sum()))
        if rare.any():
            for rows, ids, lengths in read.pieces(name):
                of_row = np.repeat(np.arange(len(lengths)), lengths)
                kept[rows] &= np.bincount(of_row, weights=rare[ids], minlength=len(lengths)) == 0
    if settings.trim_below > 1:
        steps.append((corpora.name_of_trimming(settings), int(kept.sum())))
    distinct = _first_of_each(first.keys * np.uint64(0x9E3779B97F4A7C15) + second.keys, kept)
    steps.append(("distinct", len(distinct)))
    places = first.places[distinct]
    in_test = places < corpora.TEST_SHARE
    held_out = places < corpora.TEST_SHARE + corpora.VALIDATION_SHARE
    # A second-column sentence that has a test reference is test only, and so on: see `corpus.split`.
    parts: dict[str, np.ndarray] = {}
    taken = np.zeros(0, dtype=np.uint64)
    for name, mask in (("test", in_test), ("validation", held_out & ~in_test), ("training", ~held_out)):
        rows = distinct[mask]
        parts[name] = rows[~among(second.keys[rows], taken)]
        if name != "training":
            taken = np.union1d(taken, second.keys[parts[name]])
    refuse_empty(settings, steps, **{name: len(parts[name]) for name in ("training", "validation", "test")})
    return _Choice(steps, (word_counts[0], word_counts[1]), distinct, parts)


def _first_of_each(keys: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """The first row of every different key among the kept rows, in order."""
    rows = np.flatnonzero(kept).astype(np.int32)
    keys = keys[rows]
    order = np.argsort(keys, kind="stable").astype(np.int32)
    keys = keys[order]
    new = np.concatenate([[True], keys[1:] != keys[:-1]]) if len(keys) else np.zeros(0, dtype=bool)
    return np.sort(rows[order[new]])


# 3. and 4. Counting and writing


class _File:
    """A file that is written piece by piece, synced at its end, with its checksum."""

    def __init__(self, path: Path) -> None:
        self.path, self.file, self.sha256 = path, path.open("wb"), hashlib.sha256()

    def array(self, kind: type, length: int) -> None:
        """Begin a .npy file of so many numbers."""
        header = {"descr": np.dtype(kind).str, "fortran_order": False, "shape": (length,)}
        np.lib.format.write_array_header_1_0(self, header)

    def write(self, data: bytes) -> None:
        """Add bytes."""
        self.file.write(data)
        self.sha256.update(data)

    def close(self) -> str:
        """Sync it; returns its checksum."""
        self.file.flush()
        os.fsync(self.file.fileno())
        self.file.close()
        return self.sha256.hexdigest()


def _write(read: _Reading, folder: Path, settings: DataSettings, mark: str) -> None:
    """Choose, count, and write every file; corpus.json comes last."""
    choice = _choose(read, settings)
    names = {"src": SECOND, "tgt": FIRST} if not settings.reverse else {"src": FIRST, "tgt": SECOND}
    chosen = np.zeros(len(read), dtype=bool)
    chosen[choice.parts["training"]] = True
    sums: dict[str, str] = {}
    vocabularies = {}
    for side, name in names.items():
        words = read.columns[name].names
        counts = {words[n]: int(count) for n, count in enumerate(read.count(name, chosen)) if count}
        vocabulary = Vocabulary.of_counts(counts, settings.vocabulary_min_count)
        if len(vocabulary) > MAX_WORDS:
            raise CorpusError(
                f"{len(vocabulary):,} words are too many, at most {MAX_WORDS:,}: raise vocabulary_min_count"
            )
        vocabularies[f"{side}_vocabulary"] = vocabulary.to_dict()
        sums |= _write_side(read, name, chosen, vocabulary, folder, side)
    keys = _File(folder / "src.keys.npy")
    keys.array(np.uint64, len(choice.parts["training"]))
    keys.write(read.columns[names["src"]].keys[choice.parts["training"]].tobytes())
    sums["src.keys.npy"] = keys.close()
    for part, data in _held_out(read, choice, names).items():
        write_atomically(folder / f"{part}.tsv", data)
        sums[f"{part}.tsv"] = hashlib.sha256(data).hexdigest()
    for part in read.parts.values():
        part.path.unlink()
    order = list(names.values()).index
    write_json(folder / "vocabularies.json", vocabularies, MAX_JSON_BYTES)
    sums["vocabularies.json"] = checksum(folder / "vocabularies.json")
    values = {
        "fingerprint": mark,
        "steps": [list(step) for step in choice.steps],
        "word_counts": sorted(zip(map(order, (FIRST, SECOND)), choice.word_counts, strict=True)),
        "pairs": {part: len(choice.parts[part]) for part in ("validation", "test")},
        "aligned": read.links is not None,
        "sha256": sums,
    }
    write_json(folder / "corpus.json", values)


def _write_side(
    read: _Reading, name: str, chosen: np.ndarray, vocabulary: Vocabulary, folder: Path, side: str
) -> dict[str, str]:
    """Write the training sentences of a column with their final numbers, EOS after each."""
    column = read.columns[name]
    numbers = np.array([vocabulary._ids.get(word, UNK) for word in column.names], dtype=np.int32)
    kind = np.uint16 if len(vocabulary) <= 1 << 16 else np.int32
    lengths = column.lengths[chosen].astype(np.int64) + 1
    ids_file, starts_file = _File(folder / f"{side}.ids.npy"), _File(folder / f"{side}.starts.npy")
    starts_file.array(np.int64, len(lengths) + 1)
    starts_file.write(np.concatenate([[0], np.cumsum(lengths)]).tobytes())
    ids_file.array(kind, int(lengths.sum()))
    for rows, ids, its_lengths in read.pieces(name):
        wanted = chosen[rows]
        ends = np.cumsum(its_lengths[wanted] + 1) - 1
        out = np.full(ends[-1] + 1 if len(ends) else 0, EOS, dtype=kind)
        is_word = np.ones(len(out), dtype=bool)
        is_word[ends] = False
        out[is_word] = numbers[ids[np.repeat(wanted, its_lengths)]]
        ids_file.write(out.tobytes())
    return {ids_file.path.name: ids_file.close(), starts_file.path.name: starts_file.close()}


def _held_out(read: _Reading, choice: _Choice, names: dict[str, str]) -> dict[str, bytes]:
    """Lines of the held-out sets: gold alignment, source, references, tabs between."""
    src_keys = read.columns[names["src"]].keys
    own_rows = {}
    for part in ("validation", "test"):
        rows = choice.parts[part]
        _, first = np.unique(src_keys[rows], return_index=True)
        own_rows[part] = rows[np.sort(first)[: corpora.MOST_HELD_OUT]]
    wanted = np.unique(src_keys[np.concatenate(list(own_rows.values()))])
    needed = np.zeros(len(read), dtype=bool)
    needed[choice.distinct[among(src_keys[choice.distinct], wanted)]] = True
    texts: dict[str, dict[int, str]] = {}
    for side, name in names.items():
        texts[side] = {}
        for rows, ids, lengths in read.pieces(name):
            found = np.flatnonzero(needed[rows])
            several = read.columns[name].texts(ids[np.repeat(needed[rows], lengths)], lengths[found])
            texts[side].update(zip((found + rows.start).tolist(), several, strict=True))
    links = _read_links(read, np.concatenate(list(own_rows.values()))) if read.links else {}
    references: dict[str, dict[str, None]] = {}
    for row, source in texts["src"].items():
        references.setdefault(source, {})[texts["tgt"][row]] = None
    lines: dict[str, bytes] = {}
    for part, rows in own_rows.items():
        written = []
        for row in rows.tolist():
            source, own = texts["src"][row], texts["tgt"][row]
            others = [text for text in references[source] if text != own]
            pairs = links.get(row, [])
            written.append("\t".join([" ".join(f"{a}-{b}" for a, b in pairs), source, own, *others]) + "\n")
        lines[part] = "".join(written).encode()
    return lines


def _read_links(read: _Reading, rows_wanted: np.ndarray) -> dict[int, list[tuple[int, int]]]:
    """Gold alignments of some rows, (position in second, position in first)."""
    needed = np.zeros(len(read), dtype=bool)
    needed[rows_wanted] = True
    found = {}
    for rows, flat, lengths in read.pieces("links"):
        ends = np.cumsum(lengths)
        for row in np.flatnonzero(needed[rows]).tolist():
            positions = flat[ends[row] - lengths[row] : ends[row]].reshape(-1, 2)
            found[row + rows.start] = [(a, b) for a, b in positions.tolist()]
    return found
