"""Encode a corpus that is larger than memory: four passes, none of which holds the text.

1. `scan.Scan` reads it: it normalises, keeps pairs of the right length, and turns sentences and words into integers.
2. `filters.choose` drops rare words, repeats and shared sentences, as it does for a corpus in memory.
3. The words of the training pairs are counted.
4. Those pairs are written with their vocabulary ids, and the held-out sentences with all their references.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import DTypeLike

from s2s_tutorial.data import corpus as corpora
from s2s_tutorial.data.columns import Columns, CorpusError, source_and_target
from s2s_tutorial.data.corpus import HeldOut, gather_references, held_out_from, hold_out
from s2s_tutorial.data.filters import Choice, among, choose, word_counts
from s2s_tutorial.data.on_disk.mapped_pairs import checksum
from s2s_tutorial.data.on_disk.scan import Scan, ScannedColumn
from s2s_tutorial.data.pieces import Cuts, build_vocabularies
from s2s_tutorial.data.split import read_own_sets
from s2s_tutorial.data.vocabulary import MAX_VOCABULARY, Vocabulary
from s2s_tutorial.files import MAX_JSON_BYTES, write_atomically, write_json
from s2s_tutorial.settings import DataSettings

Given = tuple[Vocabulary, Vocabulary] | None  # vocabularies of source and target, or none


def encode(folder: Path, settings: DataSettings, mark: str, report: Callable[[str], None], given: Given = None) -> None:
    """Read the corpus that the settings name and write all files of its encoded form into a folder.

    The file corpus.json is written last, so a folder that has it is complete.

    Args:
        folder: Folder that is empty except for a lock.
        settings: Settings of the data.
        mark: Fingerprint of data and settings, which is stored with the files.
        report: Called from time to time with a sentence about progress.
        given: Vocabularies of source and target, if they are those of a trained model.

    Raises:
        CorpusError: See `corpus.prepare`.
    """
    own = read_own_sets(settings)
    scan = Scan(folder, settings, own, report)
    choice = choose(scan.first, scan.second, scan.places, scan.read, settings)
    src, tgt = source_and_target(scan.first, scan.second, settings.reverse)
    training = scan.mask(choice.rows["training"])
    built = given or build_vocabularies(_count(src, training), _count(tgt, training), settings)
    sums = _write_sides((src, tgt), training, built, folder)
    sums["src.keys.npy"] = _write_array(folder / "src.keys.npy", src.keys[training])
    for part, from_corpus in _held_out(scan, choice, settings.reverse).items():
        held_out = held_out_from(own.columns[part], settings.reverse) if part in own.columns else from_corpus
        data = _held_out_lines(held_out.head(corpora.MOST_HELD_OUT))
        write_atomically(folder / f"{part}.tsv", data)
        sums[f"{part}.tsv"] = hashlib.sha256(data).hexdigest()
    scan.delete_files()
    values = {
        "fingerprint": mark,
        "steps": [list(step) for step in choice.steps],
        "word_counts": list(source_and_target(*choice.word_types, settings.reverse)),
        "pairs": own.pairs(choice),
        "notes": [*scan.notes, *own.notes, *choice.notes],
        "aligned": scan.links is not None,
        "losses": [vars(losses) for losses in scan.losses],
        "sha256": sums,
    }
    write_json(folder / "corpus.json", values)


def _count(column: ScannedColumn, training: np.ndarray) -> dict[str, int]:
    """Count the words of a column in the rows where `training` (N,) is True."""
    counts = word_counts(column, training)  # (V,)
    return {column.words[number]: int(counts[number]) for number in np.flatnonzero(counts)}


class _ArrayFile:
    """A one-dimensional .npy file that is written piece by piece, with its checksum.

    Args:
        path: Path of the file.
        dtype: Type of its numbers.
        length: How many numbers it will have.
    """

    def __init__(self, path: Path, dtype: DTypeLike, length: int) -> None:
        self.dtype, self.file, self.sha256 = np.dtype(dtype), path.open("wb"), hashlib.sha256()
        header = {"descr": self.dtype.str, "fortran_order": False, "shape": (length,)}
        np.lib.format.write_array_header_1_0(self, header)

    def write(self, data: bytes) -> None:
        """Append bytes."""
        self.file.write(data)
        self.sha256.update(data)

    def append(self, numbers: np.ndarray) -> None:
        """Append numbers."""
        self.write(numbers.astype(self.dtype, copy=False).tobytes())

    def close(self) -> str:
        """Sync and close the file; returns its SHA-256."""
        self.file.flush()
        os.fsync(self.file.fileno())
        self.file.close()
        return self.sha256.hexdigest()


def _write_array(path: Path, numbers: np.ndarray) -> str:
    """Write one array (N,) as a .npy file; returns its SHA-256."""
    file = _ArrayFile(path, numbers.dtype, len(numbers))
    file.append(numbers)
    return file.close()


def _write_sides(
    columns: tuple[ScannedColumn, ScannedColumn],
    training: np.ndarray,
    vocabularies: tuple[Vocabulary, Vocabulary],
    folder: Path,
) -> dict[str, str]:
    """Write the training sentences of source and target, and their vocabularies; returns checksums by name."""
    sums: dict[str, str] = {}
    for side, column, vocabulary in zip(("src", "tgt"), columns, vocabularies, strict=True):
        sums |= _write_side(column, training, vocabulary, folder, side)
    src, tgt = (vocabulary.to_dict() for vocabulary in vocabularies)
    write_json(folder / "vocabularies.json", {"src_vocabulary": src, "tgt_vocabulary": tgt}, MAX_JSON_BYTES)
    return sums | {"vocabularies.json": checksum(folder / "vocabularies.json")}


def _write_side(
    column: ScannedColumn, training: np.ndarray, vocabulary: Vocabulary, folder: Path, side: str
) -> dict[str, str]:
    """Write the training sentences of a column with their vocabulary ids, EOS after each; returns checksums by name."""
    if len(vocabulary) > MAX_VOCABULARY:
        raise CorpusError(
            f"{len(vocabulary):,} words are too many, at most {MAX_VOCABULARY:,}: raise vocabulary_min_count"
        )
    cuts = Cuts.of(vocabulary.ids_of([word]) for word in column.words)
    ids_name, starts_name = f"{side}.ids.npy", f"{side}.starts.npy"
    dtype = np.uint16 if len(vocabulary) <= 1 << 16 else np.int32
    counts = word_counts(column, training)  # (V,)
    file = _ArrayFile(folder / ids_name, dtype, int(counts @ cuts.lengths[1:]) + int(training.sum()))
    sizes = [np.zeros(1, dtype=np.int64)]
    for rows, ids, lengths in column.pieces():
        wanted = training[rows]
        words = ids[np.repeat(wanted, lengths)] + 1
        encoded = cuts.encode(np.insert(words, np.cumsum(lengths[wanted]), 0))
        file.append(encoded.ids)
        sizes.append(np.diff(encoded.starts))
    starts = np.cumsum(np.concatenate(sizes))
    return {ids_name: file.close(), starts_name: _write_array(folder / starts_name, starts)}


def _held_out(scan: Scan, choice: Choice, reverse: bool) -> dict[str, HeldOut]:
    """Make the validation and the test set, for which only their sentences and references become text again."""
    src, _ = source_and_target(scan.first, scan.second, reverse)
    own_rows = {}
    for part in ("validation", "test"):
        rows = choice.rows[part]
        _, first = np.unique(src.keys[rows], return_index=True)  # the first row of every different source
        own_rows[part] = rows[np.sort(first)[: corpora.MOST_HELD_OUT]]
    sources = np.unique(src.keys[np.concatenate(list(own_rows.values()))])
    needed = scan.mask(choice.distinct[among(src.keys[choice.distinct], sources)])  # all translations of those sources
    first_texts, second_texts = scan.first.texts(needed), scan.second.texts(needed)
    columns = Columns(list(first_texts.values()), list(second_texts.values()), [])
    if scan.links:
        columns = Columns(columns.first, columns.second, [], list(scan.links.alignments(needed).values()))
    references = gather_references(columns, range(len(first_texts)), reverse)
    index_of = {row: index for index, row in enumerate(first_texts)}
    return {
        part: hold_out(columns, [index_of[row] for row in rows.tolist()], references, reverse)
        for part, rows in own_rows.items()
    }


def _held_out_lines(held_out: HeldOut) -> bytes:
    """Write a held-out set as lines of tab-separated gold alignment, source and references."""
    alignments = held_out.alignments or [frozenset()] * len(held_out)
    lines = []
    for links, source, references in zip(alignments, held_out.sources, held_out.references, strict=True):
        pairs = " ".join(f"{a}-{b}" for a, b in sorted(links))
        lines.append("\t".join([pairs, source, *references]) + "\n")
    return "".join(lines).encode()
