"""The filters of a corpus and its split, on integers instead of text.

A corpus in memory and one that is too large for it are both turned into integers: a key for every sentence and an id for
every word. `choose` then decides which pairs are kept and which set each belongs to. Because both ways call it, both keep
the same pairs.

Sizes: N pairs, V different words of a column.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np

from s2s_tutorial.data.columns import CorpusError
from s2s_tutorial.data.rules import ASCII, TextRule
from s2s_tutorial.settings import DataSettings, Files, files_of

PARTS = ("test", "validation", "training")  # in the order in which they claim a sentence
TEST_SHARE, VALIDATION_SHARE = 5, 3  # of 100 sentences
SHARED = 255  # place of a pair that shares a sentence with a held-out file
FEWEST_PAIRS, FEW_PAIRS = 10, 2_000  # pairs that can be split; up to which a set that came out empty gets a sentence
MANY = 4  # pairs for each different sentence of one side: more are questions with their answers, not translations


class NumberedColumn(Protocol):
    """One column of N pairs, as integers."""

    @property
    def keys(self) -> np.ndarray:
        """(N,) integers; two sentences have the same key if, and only if, they are equal."""

    @property
    def simple_keys(self) -> np.ndarray:
        """(N,) integers; likewise, but equal for sentences that are the same in simple form, see `TextRule.split_form`."""

    @property
    def word_types(self) -> int:
        """Number V of different words."""

    def pieces(self) -> Iterator[tuple[slice, np.ndarray, np.ndarray]]:
        """Yield the column piece by piece: a slice of rows, the word ids of those rows end to end, and their lengths."""


class Numbering(dict):
    """Ids of words or sentences, given out from 0 in the order in which they are first looked up."""

    def __missing__(self, text: str) -> int:
        self[text] = number = len(self)
        return number

    def ids(self, texts: list[str], dtype: type = np.int32) -> np.ndarray:
        """Look up all texts; returns an array of the same length."""
        return np.fromiter(map(self.__getitem__, texts), dtype, len(texts))


class TextColumn:
    """A column in memory as a `NumberedColumn`.

    Args:
        sentences: N normalised sentences.
        rule: Rule by which they are normalised.
    """

    def __init__(self, sentences: list[str], rule: TextRule = ASCII) -> None:
        self.sentences, self.rule = sentences, rule

    @cached_property
    def keys(self) -> np.ndarray:
        """(N,) index of each sentence among the different ones."""
        return Numbering().ids(self.sentences)

    @cached_property
    def simple_keys(self) -> np.ndarray:
        """(N,) index of the simple form of each sentence among the different ones."""
        return Numbering().ids([self.rule.split_form(text) for text in self.sentences])

    @cached_property
    def _words(self) -> tuple[np.ndarray, np.ndarray, int]:
        numbering = Numbering()
        words, lengths = self.rule.split_all(self.sentences)
        return numbering.ids(words), np.array(lengths, dtype=np.int64), len(numbering)

    @property
    def word_types(self) -> int:
        """Number V of different words."""
        return self._words[2]

    def pieces(self) -> Iterator[tuple[slice, np.ndarray, np.ndarray]]:
        """Yield the column as a single piece."""
        yield slice(0, len(self.sentences)), self._words[0], self._words[1]


@dataclass(frozen=True)
class Choice:
    """Which pairs are kept, and which set each belongs to; rows are in the order of the corpus.

    Attributes:
        steps: Name of each step and number of pairs it left.
        word_types: Number of different words of the first and of the second column that are frequent enough.
        distinct: First row of every different pair.
        rows: Rows of "training", "validation" and "test".
        notes: Advice about the split, as pairs of a word and a text.
    """

    steps: list[tuple[str, int]]
    word_types: tuple[int, int]
    distinct: np.ndarray
    rows: dict[str, np.ndarray]
    notes: list[tuple[str, str]]


def choose(
    first: NumberedColumn, second: NumberedColumn, places: np.ndarray, read: int, settings: DataSettings
) -> Choice:
    """Drop pairs with rare words and repeated pairs, then split the rest.

    Args:
        first: First column of the pairs that have the right length.
        second: Second column of the same N pairs.
        places: (N,) 0 to 99, from a hash of a sentence of each pair, which decides its set; or `SHARED`.
        read: Number of pairs before any filter.
        settings: Settings of the data.

    Raises:
        CorpusError: One of the sets is empty, or most pairs would be dropped because they share a sentence.
    """
    steps = [("read", read), (f"{settings.min_length} to {settings.max_length} {settings.unit} a side", len(places))]
    kept, word_types = frequent_rows(first, second, settings.trim_below)
    if settings.trim_below > 1:
        steps.append((f"words seen {settings.trim_below} times or more", int(kept.sum())))
    distinct = first_of_each_pair(first.keys, second.keys, np.flatnonzero(kept).astype(np.int32))
    steps.append(("distinct", len(distinct)))
    apart = distinct[places[distinct] != SHARED]
    if settings.valid or settings.test:
        steps.append(("not in your held-out files", len(apart)))
    advice = _advice(first.keys[apart], second.keys[apart], settings)
    rows = divide_by_place(places, second.simple_keys, apart, settings, widen=not advice)
    left = sum(map(len, rows.values()))
    if left < len(apart):
        steps.append(("share no sentence with a held-out set", left))
    empty = [part for part in reversed(PARTS) if not len(rows[part]) and not own_files(settings, part)]
    corpus = " and ".join(files_of(settings.corpus))
    shared = f", {len(apart):,} of them not in your held-out files" if len(apart) < len(distinct) else ""
    if empty:
        raise CorpusError(
            f"no {empty[0]} pairs are left of {corpus} ({read:,} read, {len(places):,} of the right length, {len(distinct):,} "
            f"distinct after all filters{shared}; pairs that share a sentence, digits aside, stay in one set): "
            f"{advice or _remedy(read, len(distinct))}"
        )
    if advice and 2 * left < len(apart):
        raise CorpusError(
            f"{len(apart) - left:,} of {len(apart):,} pairs of {corpus} would be dropped, because they share a sentence with "
            f"a held-out set: {advice}"
        )
    return Choice(steps, word_types, distinct, rows, [("note", advice)] if advice else [])


def own_files(settings: DataSettings, part: str) -> Files:
    """Return the files of pairs that take the place of a held-out part of the corpus; `""` if there are none."""
    return {"validation": settings.valid, "test": settings.test}.get(part, "")


def _remedy(read: int, left: int) -> str:
    """Say what to do if a set is empty, from the numbers of pairs that were read and that the filters left."""
    if read < FEWEST_PAIRS:
        return f"give at least {FEWEST_PAIRS} pairs or loosen the filters"
    if not left:
        return "loosen the filters (--max-length, --trim-below)"
    return "give pairs that share no sentence, or loosen the filters"


def _advice(first_keys: np.ndarray, second_keys: np.ndarray, settings: DataSettings) -> str:
    """Find out whether many sources share few targets, or the other way round, and say what to do; else `""`."""
    if settings.split_by != "both" or not len(first_keys) or (settings.valid and settings.test):
        return ""
    keys = (first_keys, second_keys) if settings.reverse else (second_keys, first_keys)
    sources, targets = (len(np.unique(side)) for side in keys)
    if len(first_keys) < MANY * min(sources, targets):
        return ""
    found = f"{sources:,} different sources have {targets:,} different targets, as"
    if targets <= sources:
        return (
            f"{found} questions share answers or commands share actions: split by the source (--split-by source), so that "
            "held-out sources are new while their targets may be known"
        )
    turn = "without" if settings.reverse else "with"
    return (
        f"{found} answers have many questions: translate the other way ({turn} --reverse) if the targets are the questions, "
        "or split by the target (--split-by target)"
    )


def frequent_rows(first: NumberedColumn, second: NumberedColumn, trim_below: int) -> tuple[np.ndarray, tuple[int, int]]:
    """Find the pairs without a rare word, one that is seen fewer than `trim_below` times in its column.

    Returns:
        (N,) True at those pairs, and the number of frequent words of each column.
    """
    everywhere = np.ones(len(first.keys), dtype=bool)
    kept, word_types = everywhere.copy(), []
    for column in (first, second):
        rare = word_counts(column, everywhere) < trim_below  # (V,)
        word_types.append(int((~rare).sum()))
        if not rare.any():
            continue
        for rows, ids, lengths in column.pieces():
            row_of_word = np.repeat(np.arange(len(lengths)), lengths)  # one for every word of the piece
            kept[rows] &= np.bincount(row_of_word, weights=rare[ids], minlength=len(lengths)) == 0
    return kept, (word_types[0], word_types[1])


def word_counts(column: NumberedColumn, chosen: np.ndarray) -> np.ndarray:
    """Count every word of a column in the rows where `chosen` (N,) is True; returns (V,)."""
    counts = np.zeros(column.word_types, dtype=np.int64)
    for rows, ids, lengths in column.pieces():
        counts += np.bincount(ids[np.repeat(chosen[rows], lengths)], minlength=len(counts))
    return counts


def first_of_each_pair(first_keys: np.ndarray, second_keys: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Keep, of these rows, the first of every different pair; returns them in the same order.

    Args:
        first_keys: (N,).
        second_keys: (N,).
        rows: Some of the N rows.
    """
    # One number per pair. The factor, 2^64 over the golden ratio, spreads small keys over all 64 bits, so that keys that
    # count from 0 never collide; for hashes this is one more hash.
    first, second = (keys[rows].astype(np.uint64, copy=False) for keys in (first_keys, second_keys))
    pairs = first * np.uint64(0x9E3779B97F4A7C15) + second
    order = np.argsort(pairs, kind="stable").astype(np.int32)
    pairs = pairs[order]
    is_new = np.ones(len(pairs), dtype=bool)
    is_new[1:] = pairs[1:] != pairs[:-1]
    return rows[np.sort(order[is_new])]


def divide_by_place(
    places: np.ndarray, second_keys: np.ndarray, rows: np.ndarray, settings: DataSettings, widen: bool = True
) -> dict[str, np.ndarray]:
    """Divide rows into test, validation and training: of 100 places, the first 5 are test and the next 3 validation.

    A set that the settings read from a file gets none. If there are few pairs, a set that came out empty gets the sentences of
    the next place, so that something can be measured.

    Args:
        places: (N,) 0 to 99; equal for pairs that must be in the same set.
        second_keys: (N,), equal for equal second sentences.
        rows: Some of the N rows.
        settings: Settings of the data.
        widen: False to leave a set empty that came out empty.

    Returns:
        The rows of each set, in the order of `rows`.
    """
    claim = settings.split_by == "both"
    test_end = 0 if settings.test else TEST_SHARE
    end = test_end + (0 if settings.valid else VALIDATION_SHARE)

    def found(test_end: int, end: int) -> dict[str, np.ndarray]:
        return divide(np.searchsorted([test_end, end], places, side="right"), second_keys, rows, claim)

    sets = found(test_end, end)
    if not (widen and FEWEST_PAIRS <= len(rows) <= FEW_PAIRS):
        return sets
    for place in np.unique(places[rows]).tolist():
        if len(sets["test"]) or settings.test:
            break
        test_end, end = place + 1, max(end, place + 1 + (0 if settings.valid else VALIDATION_SHARE))
        sets = found(test_end, end)
    for place in np.unique(places[rows]).tolist():
        if len(sets["validation"]) or settings.valid:
            break
        if place >= test_end:
            sets = found(test_end, place + 1)
    return sets


def divide(parts: np.ndarray, second_keys: np.ndarray, rows: np.ndarray, claim: bool = True) -> dict[str, np.ndarray]:
    """Divide rows into test, validation and training so that no two sets share a sentence in either column.

    The first sentence decides, so all its translations are in one set. A second sentence that is in the test set is not
    used anywhere else, and one that is in the validation set is not used for training.

    Args:
        parts: (N,) index in `PARTS` of the set that each first sentence belongs to.
        second_keys: (N,), equal for equal second sentences.
        rows: Some of the N rows.
        claim: False lets sets share second sentences.

    Returns:
        The rows of each set, in the order of `rows`.
    """
    found: dict[str, np.ndarray] = {}
    taken = np.zeros(0, dtype=second_keys.dtype)  # sorted keys of second sentences that a set has claimed
    for number, name in enumerate(PARTS):
        candidates = rows[parts[rows] == number]
        found[name] = candidates[~among(second_keys[candidates], taken)]
        if claim and name != PARTS[-1]:
            taken = np.union1d(taken, second_keys[found[name]])
    return found


def among(keys: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Find the keys (N,) that are among some sorted `wanted` ones; returns (N,) bools."""
    if not len(wanted):
        return np.zeros(len(keys), dtype=bool)
    positions = np.searchsorted(wanted, keys)
    positions[positions == len(wanted)] = 0
    return wanted[positions] == keys
