"""Turn sentence pairs into training, validation and test sets that share no sentence.

The steps: read → keep pairs of the right length → drop pairs with rare words → drop repeats → split. The corpus keeps the
number of pairs that each step leaves. The rules themselves are in `filters`; chapters 1 and 2 of the book explain them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from importlib.resources import files

import numpy as np

from s2s_tutorial.arguments import check_type
from s2s_tutorial.data.collector import paused_collector
from s2s_tutorial.data.columns import Alignment, Columns, CorpusError, check_losses, source_and_target
from s2s_tutorial.data.filters import (
    PARTS,
    TextColumn,
    choose,
    divide,
    first_of_each_pair,
    frequent_rows,
)
from s2s_tutorial.data.losses import Losses
from s2s_tutorial.data.on_disk.mapped_pairs import StoredPairs
from s2s_tutorial.data.pieces import build_vocabularies
from s2s_tutorial.data.readers import parse_columns, read_corpus
from s2s_tutorial.data.rules import ASCII, TextRule, text_rule
from s2s_tutorial.data.split import part_of, places, read_own_sets
from s2s_tutorial.data.vocabulary import Vocabulary
from s2s_tutorial.settings import DataSettings

MOST_HELD_OUT = 20_000  # sentences of each held-out set that are used; more take long and hardly narrow an interval


@dataclass(frozen=True)
class Pairs:
    """Training pairs in memory: normalised sentences.

    Attributes:
        sources: N source sentences.
        targets: N target sentences; pair n is `sources[n]` and `targets[n]`.
    """

    sources: list[str]
    targets: list[str]

    def __len__(self) -> int:
        return len(self.sources)

    def find(self, sources: Iterable[str]) -> set[str]:
        """Return those of some source sentences that are among the training sources."""
        return set(sources) & set(self.sources)


@dataclass(frozen=True)
class HeldOut:
    """A held-out set: distinct source sentences, each with all its reference translations.

    Attributes:
        sources: N normalised source sentences, each once.
        references: N lists of all translations in the filtered corpus, the translation of its own pair first.
        alignments: N gold alignments (source position, target position) with the first reference, or None.
        groups: N names of groups from the third column (in the challenge set, the phenomenon), or None.
        unreadable: References of further sentences of which normalising leaves nothing; their translations are wrong.
    """

    sources: list[str]
    references: list[list[str]]
    alignments: list[Alignment] | None = None
    groups: list[str] | None = None
    unreadable: list[list[str]] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.sources)

    def head(self, count: int) -> HeldOut:
        """Return the first `count` sentences."""
        return self.select(range(len(self))[:count])

    def select(self, rows: Iterable[int]) -> HeldOut:
        """Return the sentences at some places, in this order."""
        rows = list(rows)
        alignments = self.alignments and [self.alignments[row] for row in rows]
        groups = self.groups and [self.groups[row] for row in rows]
        return HeldOut([self.sources[row] for row in rows], [self.references[row] for row in rows], alignments, groups)


@dataclass(frozen=True)
class Corpus:
    """The prepared data of a run.

    Attributes:
        steps: Name of each step of preparation, and the number of pairs that it left.
        word_counts: Number of different words, of source and of target, that are frequent enough to be kept.
        train: Training pairs; `mapped_pairs.StoredPairs` if they are on disk.
        validation: At most `MOST_HELD_OUT` held-out sentences, by which the best weights are chosen.
        test: At most `MOST_HELD_OUT` held-out sentences, on which the finished model is measured.
        validation_pairs: Number of pairs in the whole validation set.
        test_pairs: Number of pairs in the whole test set.
        src_vocabulary: Source words, counted in the training pairs.
        tgt_vocabulary: Target words, counted in the training pairs.
        rule: Rule by which all sentences are normalised.
        losses: Letters that the rule left out of the source and of the target side.
        notes: How the files were read, and advice, as pairs of a word and a text.
    """

    steps: list[tuple[str, int]]
    word_counts: tuple[int, int]
    train: Pairs | StoredPairs
    validation: HeldOut
    test: HeldOut
    validation_pairs: int
    test_pairs: int
    src_vocabulary: Vocabulary
    tgt_vocabulary: Vocabulary
    rule: TextRule = ASCII
    losses: tuple[Losses, Losses] = field(default_factory=lambda: (Losses(), Losses()))
    notes: list[tuple[str, str]] = field(default_factory=list)


@paused_collector()
def prepare(settings: DataSettings, vocabularies: tuple[Vocabulary, Vocabulary] | None = None) -> Corpus:
    """Read, filter and split the corpus that the settings name, and count its words.

    Args:
        settings: Settings of the data.
        vocabularies: Vocabularies of source and target of a trained model; None builds them from the training pairs.

    Raises:
        ValueError: A setting is out of range, the file cannot be used, or too little is left to train and measure on.
    """
    check_type("settings", settings, DataSettings, hint='PRESETS["sample"].data, for example')
    rule = text_rule(settings)
    own = read_own_sets(settings)
    columns = read_corpus(settings)
    check_losses(*columns.losses, rule)
    rows = keep_lengths(columns, settings)
    first, second = numbered(columns, rows, rule)
    choice = choose(first, second, places(first, second, settings, own), len(columns.first), settings)
    kept = {part: [rows[number] for number in numbers] for part, numbers in choice.rows.items()}
    references = gather_references(columns, (rows[number] for number in choice.distinct), settings.reverse)
    src, tgt = columns.sides(settings.reverse)
    train = Pairs([src[row] for row in kept["training"]], [tgt[row] for row in kept["training"]])
    held_out = {
        part: held_out_from(own.columns[part], settings.reverse)
        if part in own.columns
        else hold_out(columns, kept[part], references, settings.reverse)
        for part in ("validation", "test")
    }
    if vocabularies is None:
        src_counts, tgt_counts = (Counter(rule.split_all(side)[0]) for side in (train.sources, train.targets))
        vocabularies = build_vocabularies(src_counts, tgt_counts, settings)
    return Corpus(
        steps=choice.steps,
        word_counts=source_and_target(*choice.word_types, settings.reverse),
        train=train,
        validation=held_out["validation"].head(MOST_HELD_OUT),
        test=held_out["test"].head(MOST_HELD_OUT),
        validation_pairs=own.pairs(choice)["validation"],
        test_pairs=own.pairs(choice)["test"],
        src_vocabulary=vocabularies[0],
        tgt_vocabulary=vocabularies[1],
        rule=rule,
        losses=source_and_target(*columns.losses, settings.reverse),
        notes=[*columns.notes, *own.notes, *choice.notes],
    )


def numbered(columns: Columns, rows: Iterable[int], rule: TextRule = ASCII) -> tuple[TextColumn, TextColumn]:
    """Return both columns of some rows in the form that the filters take."""
    rows = list(rows)
    first, second = ([side[row] for row in rows] for side in (columns.first, columns.second))
    return TextColumn(first, rule), TextColumn(second, rule)


def keep_lengths(columns: Columns, settings: DataSettings) -> list[int]:
    """Find the rows whose sides both have min_length to max_length characters (or words) after normalising."""
    shortest, longest = settings.min_length, settings.max_length
    if settings.unit == "characters":
        lengths = [[len(text) for text in side] for side in (columns.first, columns.second)]
    else:
        lengths = [text_rule(settings).split_all(side)[1] for side in (columns.first, columns.second)]
    pairs = zip(*lengths, strict=True)
    return [row for row, (a, b) in enumerate(pairs) if shortest <= a <= longest and shortest <= b <= longest]


def drop_rare(columns: Columns, rows: list[int], trim_below: int) -> tuple[list[int], tuple[int, int]]:
    """Drop pairs with a rare word.

    Returns:
        The rows without a word that is seen fewer than `trim_below` times in its column of the given rows; and the number
        of different words in the first and in the second column that are seen often enough.
    """
    kept, word_types = frequent_rows(*numbered(columns, rows), trim_below)
    return [row for row, is_kept in zip(rows, kept, strict=True) if is_kept], word_types


def drop_repeats(columns: Columns, rows: list[int]) -> list[int]:
    """Keep the first row of every distinct pair."""
    first, second = numbered(columns, rows)
    distinct = first_of_each_pair(first.keys, second.keys, np.arange(len(rows)))
    return [rows[number] for number in distinct]


def split(columns: Columns, rows: Iterable[int]) -> tuple[list[int], list[int], list[int]]:
    """Divide rows into training, validation and test so that no two of them share a sentence on either side.

    The hash of the English sentence decides, so all its French translations are in the same set. A French sentence that is
    in the test set is not used anywhere else, and one that is in the validation set is not used for training.

    Returns:
        The rows of training, validation and test.
    """
    rows = list(rows)
    first, second = numbered(columns, rows)
    parts = np.array([PARTS.index(part_of(sentence)) for sentence in first.sentences], dtype=np.uint8)
    found = divide(parts, second.keys, np.arange(len(rows)))
    training, validation, test = ([rows[number] for number in found[part]] for part in reversed(PARTS))
    return training, validation, test


def gather_references(columns: Columns, rows: Iterable[int], reverse: bool) -> dict[str, list[str]]:
    """Collect all distinct translations of every source sentence in these rows, in the order of the file."""
    src, tgt = columns.sides(reverse)
    references: dict[str, dict[str, None]] = {}
    for row in rows:
        references.setdefault(src[row], {})[tgt[row]] = None
    return {source: list(targets) for source, targets in references.items()}


def hold_out(columns: Columns, rows: Iterable[int], references: dict[str, list[str]], reverse: bool) -> HeldOut:
    """Make a held-out set of the distinct source sentences in these rows.

    Args:
        columns: All pairs.
        rows: Rows of the held-out pairs.
        references: All translations of each source sentence, from `gather_references`.
        reverse: True if the first column is the source.
    """
    src, tgt = columns.sides(reverse)
    first_rows: dict[str, int] = {}
    for row in rows:
        first_rows.setdefault(src[row], row)
    own_first = [
        [tgt[row], *(text for text in references[source] if text != tgt[row])] for source, row in first_rows.items()
    ]
    alignments = None
    if columns.alignments is not None:
        links = (columns.alignments[row] for row in first_rows.values())
        alignments = [frozenset(source_and_target(b, a, reverse) for a, b in pairs) for pairs in links]
    groups = [columns.provenance[row] for row in first_rows.values()] if columns.provenance else None
    return HeldOut(list(first_rows), own_first, alignments, groups)


def held_out_from(columns: Columns, reverse: bool = False) -> HeldOut:
    """Make a held-out set of a whole file of pairs; rows with the same source become one sentence.

    Rows of whose target nothing is left are left out. Those whose target has words and whose source has none are unreadable.

    Raises:
        CorpusError: No pair has words on both sides.
    """
    pairs = list(zip(*columns.sides(reverse), strict=True))
    unreadable = {row for row, (src, tgt) in enumerate(pairs) if has_words(tgt) and not has_words(src)}
    rows = [row for row, texts in enumerate(pairs) if all(texts) and row not in unreadable]
    if not rows:
        raise CorpusError("no pair has a letter on both sides that can be read: nothing to measure on")
    held_out = hold_out(columns, rows, gather_references(columns, rows, reverse), reverse)
    return replace(held_out, unreadable=[[pairs[row][1]] for row in sorted(unreadable)])


def has_words(text: str) -> bool:
    """Return whether a text has a letter or a digit."""
    return any(map(str.isalnum, text))


def challenge_set(reverse: bool = False, rule: TextRule = ASCII) -> HeldOut:
    """Load the challenge set: sentences written for this project, grouped by phenomenon."""
    data = files("s2s_tutorial").joinpath("assets/challenge.tsv").read_bytes()
    return held_out_from(parse_columns(data, "challenge.tsv", DataSettings(text=rule.name)), reverse)
