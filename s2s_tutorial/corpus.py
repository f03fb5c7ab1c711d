"""From sentence pairs as they were read to training, validation and test sets that share no sentence.

The path: read → keep pairs of the right length → drop pairs with rare words → drop repeats → split. Each step counts
what it leaves; chapter 1 of the book looks at every one.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.resources import files

from s2s_tutorial.config import DataSettings
from s2s_tutorial.sources import Alignment, Columns, CorpusError, parse_columns, read_corpus
from s2s_tutorial.stored import StoredPairs
from s2s_tutorial.vocabulary import Vocabulary

TEST_SHARE, VALIDATION_SHARE = 5, 3  # of 100 English sentences
MOST_HELD_OUT = 20_000  # sentences to measure on, of each set: more would take long and hardly narrow an interval


@dataclass(frozen=True)
class Pairs:
    """Sentence pairs to train on, normalised, words joined by spaces; one pair at each index."""

    sources: list[str]
    targets: list[str]

    def __len__(self) -> int:
        return len(self.sources)

    def find(self, sources: Iterable[str]) -> set[str]:
        """Which of some source sentences are among these."""
        return set(sources) & set(self.sources)


@dataclass(frozen=True)
class HeldOut:
    """Distinct source sentences to be measured on, each with everything that counts as a right translation.

    Attributes:
        sources: normalised source sentences, each once.
        references: for each, all its translations in the filtered corpus, the first being its own pair's.
        alignments: for each, the gold alignment (source position, target position) with the first reference, or None.
        groups: for each, the third column (the phenomenon, in the challenge set), or None.
    """

    sources: list[str]
    references: list[list[str]]
    alignments: list[Alignment] | None = None
    groups: list[str] | None = None

    def __len__(self) -> int:
        return len(self.sources)

    def head(self, count: int) -> HeldOut:
        """The first `count` sentences."""
        cut = [None if part is None else part[:count] for part in (self.alignments, self.groups)]
        return HeldOut(self.sources[:count], self.references[:count], *cut)


@dataclass(frozen=True)
class Corpus:
    """Everything a run needs of its data.

    Attributes:
        steps: what each step of preparation left: (name, number of pairs).
        word_counts: different (source, target) words that are seen often enough to be kept.
        train: the training pairs; `stored.StoredPairs` where they lie on the disk.
        validation: held-out sentences to choose the best weights by, at most `MOST_HELD_OUT`.
        test: held-out sentences to measure the finished model on, at most `MOST_HELD_OUT`.
        validation_pairs: pairs in the whole validation set.
        test_pairs: pairs in the whole test set.
        src_vocabulary: source words, counted on training pairs.
        tgt_vocabulary: target words, counted on training pairs.
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


def prepare(settings: DataSettings) -> Corpus:
    """Read, filter and split the corpus that the settings name, and count its words.

    Raises:
        CorpusError: the file cannot be used, or too little of it is left to train and measure on.
    """
    columns = read_corpus(settings.corpus, settings.sample_pairs)
    steps = [("read", len(columns.first))]
    rows = keep_lengths(columns, settings)
    steps.append((name_of_lengths(settings), len(rows)))
    rows, (first_words, second_words) = drop_rare(columns, rows, settings.trim_below)
    if settings.trim_below > 1:
        steps.append((name_of_trimming(settings), len(rows)))
    references = gather_references(columns, rows, settings.reverse)
    distinct = drop_repeats(columns, rows)
    steps.append(("distinct", len(distinct)))
    train_rows, validation_rows, test_rows = split(columns, distinct)
    refuse_empty(settings, steps, training=len(train_rows), validation=len(validation_rows), test=len(test_rows))
    src, tgt = (columns.first, columns.second) if settings.reverse else (columns.second, columns.first)
    train = Pairs([src[row] for row in train_rows], [tgt[row] for row in train_rows])
    return Corpus(
        steps=steps,
        word_counts=(first_words, second_words) if settings.reverse else (second_words, first_words),
        train=train,
        validation=hold_out(columns, validation_rows, references, settings.reverse).head(MOST_HELD_OUT),
        test=hold_out(columns, test_rows, references, settings.reverse).head(MOST_HELD_OUT),
        validation_pairs=len(validation_rows),
        test_pairs=len(test_rows),
        src_vocabulary=Vocabulary.count(train.sources, settings.vocabulary_min_count),
        tgt_vocabulary=Vocabulary.count(train.targets, settings.vocabulary_min_count),
    )


def name_of_lengths(settings: DataSettings) -> str:
    """What the first filter is called."""
    return f"{settings.min_length} to {settings.max_length} {settings.unit} a side"


def name_of_trimming(settings: DataSettings) -> str:
    """What the second filter is called."""
    return f"words seen {settings.trim_below} times or more"


def refuse_empty(settings: DataSettings, steps: list[tuple[str, int]], **pairs: int) -> None:
    """Refuse a corpus of which nothing is left for one of the three sets.

    Raises:
        CorpusError: naming the set and what each step left.
    """
    for name, number in pairs.items():
        if not number:
            raise CorpusError(
                f"no {name} pairs are left of {settings.corpus} ({steps[0][1]:,} read, {steps[1][1]:,} of the right "
                f"length, {steps[-1][1]:,} distinct after all filters; pairs that share a sentence stay in one set): give more "
                "pairs or loosen the filters"
            )


def keep_lengths(columns: Columns, settings: DataSettings) -> list[int]:
    """Rows both of whose sides have min_length to max_length characters (or words) after normalising."""
    shortest, longest = settings.min_length, settings.max_length
    if settings.unit == "characters":
        lengths = [[len(text) for text in side] for side in (columns.first, columns.second)]
    else:
        lengths = [[text.count(" ") + bool(text) for text in side] for side in (columns.first, columns.second)]
    pairs = zip(*lengths, strict=True)
    return [row for row, (a, b) in enumerate(pairs) if shortest <= a <= longest and shortest <= b <= longest]


def drop_rare(columns: Columns, rows: list[int], trim_below: int) -> tuple[list[int], tuple[int, int]]:
    """Drop pairs with a rare word.

    Returns:
        The rows without a word that is seen fewer than `trim_below` times on its side of the given rows; and how many
        different words of the first and of the second column are seen often enough.
    """
    kept, frequent_words = set(rows), []
    for side in (columns.first, columns.second):
        counts = Counter(" ".join(side[row] for row in rows).split())
        rare = {word for word, count in counts.items() if count < trim_below}
        frequent_words.append(len(counts) - len(rare))
        if rare:
            kept = {row for row in kept if rare.isdisjoint(side[row].split())}
    return [row for row in rows if row in kept], (frequent_words[0], frequent_words[1])


def drop_repeats(columns: Columns, rows: list[int]) -> list[int]:
    """The first row of every distinct pair."""
    first_rows: dict[tuple[str, str], int] = {}
    for row in rows:
        first_rows.setdefault((columns.first[row], columns.second[row]), row)
    return list(first_rows.values())


def part_of(english: str) -> str:
    """Which set a normalised first-column sentence belongs to: a hash of its text decides, now and for ever.

    >>> part_of("i am cold .")
    'training'
    """
    place = int(hashlib.sha256(english.encode()).hexdigest(), 16) % 100
    if place < TEST_SHARE:
        return "test"
    return "validation" if place < TEST_SHARE + VALIDATION_SHARE else "training"


def split(columns: Columns, rows: Iterable[int]) -> tuple[list[int], list[int], list[int]]:
    """Divide rows into training, validation and test so that no two of them share a sentence on either side.

    The hash of the English sentence decides, so all French translations of one go the same way. A French sentence
    that has a test reference is test only, and one that has a validation reference is not for training.
    """
    parts: dict[str, list[int]] = {"test": [], "validation": [], "training": []}
    part_of_sentence: dict[str, str] = {}
    for row in rows:
        sentence = columns.first[row]
        part = part_of_sentence.get(sentence) or part_of_sentence.setdefault(sentence, part_of(sentence))
        parts[part].append(row)
    taken: set[str] = set()
    for part, its_rows in parts.items():
        parts[part] = [row for row in its_rows if columns.second[row] not in taken]
        taken.update(columns.second[row] for row in parts[part])
    return parts["training"], parts["validation"], parts["test"]


def gather_references(columns: Columns, rows: Iterable[int], reverse: bool) -> dict[str, list[str]]:
    """For every source sentence of the rows, all its distinct translations, in the order of the file."""
    src, tgt = (columns.first, columns.second) if reverse else (columns.second, columns.first)
    references: dict[str, dict[str, None]] = {}
    for row in rows:
        references.setdefault(src[row], {})[tgt[row]] = None
    return {source: list(targets) for source, targets in references.items()}


def hold_out(columns: Columns, rows: Iterable[int], references: dict[str, list[str]], reverse: bool) -> HeldOut:
    """Distinct source sentences of the rows with their references, the row's own translation first."""
    src, tgt = (columns.first, columns.second) if reverse else (columns.second, columns.first)
    first_rows: dict[str, int] = {}
    for row in rows:
        first_rows.setdefault(src[row], row)
    own_first = [
        [tgt[row], *(text for text in references[source] if text != tgt[row])] for source, row in first_rows.items()
    ]
    alignments = None
    if columns.alignments is not None:
        alignments = [columns.alignments[row] for row in first_rows.values()]
        if reverse:
            alignments = [frozenset((b, a) for a, b in links) for links in alignments]
    groups = [columns.provenance[row] for row in first_rows.values()] if columns.provenance else None
    return HeldOut(list(first_rows), own_first, alignments, groups)


def held_out_from(columns: Columns, reverse: bool = False) -> HeldOut:
    """Make a set to be measured on from a whole file of pairs; rows with the same source are one sentence."""
    rows = [row for row, texts in enumerate(zip(columns.first, columns.second, strict=True)) if all(texts)]
    if not rows:
        raise CorpusError("no pair has a letter on both sides: nothing to measure on")
    return hold_out(columns, rows, gather_references(columns, rows, reverse), reverse)


def challenge_set(reverse: bool = False) -> HeldOut:
    """The challenge set: sentences written for this project, in groups by phenomenon."""
    data = files("s2s_tutorial").joinpath("data/challenge.tsv").read_bytes()
    return held_out_from(parse_columns(data, "challenge.tsv"), reverse)
