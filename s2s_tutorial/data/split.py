"""Which set each pair belongs to: by a hash of a sentence, or because it comes from a held-out file."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

import numpy as np

from s2s_tutorial.data.columns import Columns, CorpusError, check_losses
from s2s_tutorial.data.filters import SHARED, TEST_SHARE, VALIDATION_SHARE, Choice, TextColumn, own_files
from s2s_tutorial.data.readers import read_corpus
from s2s_tutorial.data.rules import text_rule
from s2s_tutorial.settings import DataSettings, files_of

LONGEST_HELD_OUT = 200  # words of a sentence to measure on; translating a longer one needs much memory


def place_of(sentence: str) -> int:
    """Return the place of a sentence in simple form, 0 to 99; it depends on a hash of its text alone."""
    return int(hashlib.sha256(sentence.encode()).hexdigest(), 16) % 100


def part_of(english: str) -> str:
    """Name the set that a normalised first-column sentence belongs to; it depends on a hash of its text alone.

    >>> part_of("i am cold .")
    'training'
    """
    place = place_of(english)
    if place < TEST_SHARE:
        return "test"
    return "validation" if place < TEST_SHARE + VALIDATION_SHARE else "training"


@dataclass(frozen=True)
class OwnSets:
    """Held-out sets that are read from files of their own.

    Attributes:
        columns: Pairs of "validation" and of "test", if the settings name files for them.
        first: The simple forms of their sentences of the first column, which training must not share.
        second: The simple forms of their sentences of the second column, which training must not share.
        notes: How they were read.
    """

    columns: dict[str, Columns]
    first: frozenset[str]
    second: frozenset[str]
    notes: list[tuple[str, str]]

    def pairs(self, choice: Choice) -> dict[str, int]:
        """Return the number of pairs of both held-out sets, given those of the corpus."""
        return {
            part: len(self.columns[part].first) if part in self.columns else len(choice.rows[part])
            for part in ("validation", "test")
        }


def read_own_sets(settings: DataSettings) -> OwnSets:
    """Read the held-out sets that the settings name.

    Pairs with a side without words, or one that is too long to translate, are left out; so are pairs for validation that
    share a sentence with the test set.

    Raises:
        CorpusError: A file cannot be used, loses much of its text, or has no pair.
    """
    columns: dict[str, Columns] = {}
    first, second, notes = set[str](), set[str](), list[tuple[str, str]]()
    rule = text_rule(settings)
    form = rule.split_form
    for part in ("test", "validation"):
        if files := own_files(settings, part):
            name = " and ".join(files_of(files))
            read = read_corpus(replace(settings, corpus=files))
            check_losses(*read.losses, rule, name)
            pairs = enumerate(zip(read.first, read.second, strict=True))
            rows = [
                row for row, texts in pairs
                if all(texts) and all(text.count(" ") < LONGEST_HELD_OUT for text in texts)
                and form(texts[0]) not in first and form(texts[1]) not in second
            ]  # fmt: skip
            if not rows:
                raise CorpusError(f"{name} has no pair that can be measured on: give pairs with words on both sides")
            columns[part] = own_columns = read.only(rows)
            notes += [(f"{part} set", text) for label, text in read.notes[:1]]
            notes += [("", f"{label}: {text}" if label else text) for label, text in read.notes[1:]]
            if dropped := len(read.first) - len(rows):
                notes.append(("", f"{dropped:,} pairs left out: empty, too long, or with a sentence of the test set"))
            guarded = guarded_sides(settings)
            first |= set(map(form, own_columns.first)) if guarded[0] else set()
            second |= set(map(form, own_columns.second)) if guarded[1] else set()
    return OwnSets(columns, frozenset(first), frozenset(second), notes)


def guarded_sides(settings: DataSettings) -> tuple[bool, bool]:
    """Return whether the first and the second column must not have a sentence in two sets."""
    src, tgt = settings.split_by in ("both", "source"), settings.split_by in ("both", "target")
    return (src, tgt) if settings.reverse else (tgt, src)


def places(first: TextColumn, second: TextColumn, settings: DataSettings, own: OwnSets) -> np.ndarray:
    """Return (N,) the place of each pair, 0 to 99, which decides its set; `SHARED` if it shares a sentence with an own set.

    The place depends on a hash of the first sentence; if the settings split by source or target, of that sentence.
    """
    is_guarded = guarded_sides(settings)
    found = hash_places(first if is_guarded[0] else second)
    if own.columns:
        pairs = zip(first.sentences, second.sentences, strict=True)
        form = first.rule.split_form
        is_shared = [form(one) in own.first or form(other) in own.second for one, other in pairs]
        found[np.array(is_shared, dtype=bool)] = SHARED
    return found


def hash_places(column: TextColumn) -> np.ndarray:
    """Return (N,) the place of every sentence, see `place_of`."""
    place_of_sentence = {text: place_of(column.rule.split_form(text)) for text in set(column.sentences)}
    return np.fromiter(map(place_of_sentence.__getitem__, column.sentences), np.uint8, len(column.sentences))
