"""Vocabularies of pieces of words, and sentences that are encoded with them.

W is the number of words in some sentences, counting an end for each sentence.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from random import Random
from typing import Any

import numpy as np

from s2s_tutorial.arguments import check_not_text
from s2s_tutorial.data.batches import Encoded
from s2s_tutorial.data.filters import Numbering
from s2s_tutorial.data.rules import TextRule
from s2s_tutorial.data.subwords import FEWEST, Pair, apply_merges, learn_merges, spell
from s2s_tutorial.data.unicode_text import BYTES, LONGEST_RUN
from s2s_tutorial.data.vocabulary import EOS, MAX_VOCABULARY, SPECIAL_WORDS, Vocabulary
from s2s_tutorial.settings import DataSettings

FIXED = (*SPECIAL_WORDS, *BYTES)  # the first words of every vocabulary of pieces
MAX_CACHED = 200_000  # words whose pieces are remembered
MOST_CUTS = 16  # ways in which BPE-dropout cuts a word within an epoch
END = "\n"  # the end of a sentence, where words are counted


@dataclass(frozen=True)
class PieceVocabulary(Vocabulary):
    """Pieces of words and their ids: the special words, 256 bytes, characters, and what merges join.

    No word is unknown, because a character that is not among them is written as its bytes.

    Attributes:
        merges: Pairs of pieces that are joined, in the order in which they were learned; none for a vocabulary of
            characters.
    """

    merges: tuple[Pair, ...] = ()

    @classmethod
    def learn(cls, counts: Mapping[str, int], size: int, merging: bool = True) -> PieceVocabulary:
        """Learn a vocabulary from words.

        Args:
            counts: How often each word occurs in the training pairs.
            size: Largest number of entries, counting special words and bytes.
            merging: False for a vocabulary of characters.
        """
        seen: Counter[str] = Counter()
        for word, count in counts.items():
            for character in word:
                seen[character] += count
        kept = [item for item in seen.items() if item[1] >= FEWEST and item[0].isprintable()]
        kept.sort(key=lambda item: (-item[1], item[0]))
        alphabet = [character for character, _ in kept[: size - len(FIXED)]]
        known = set(alphabet)
        # Digits stay alone, so that the model can copy any number; words with rare characters teach nothing about pairs.
        usual = {word: n for word, n in counts.items() if not word[-1].isdecimal() and known.issuperset(word)}
        merges = learn_merges(usual, size - len(FIXED) - len(alphabet)) if merging else []
        found = cls._of(alphabet, merges, [])
        totals: Counter[str] = Counter()
        for word, count in counts.items():
            for piece in found.cut(word):
                totals[piece] += count
        return cls._of(alphabet, merges, [totals[piece] for piece in found.words])

    @classmethod
    def _of(cls, alphabet: Iterable[str], merges: Iterable[Pair], counts: list[int]) -> PieceVocabulary:
        words = tuple(dict.fromkeys((*FIXED, *alphabet, *("".join(pair) for pair in merges))))
        return cls(words, tuple(counts or [0] * len(words)), tuple(merges))

    @cached_property
    def _ranks(self) -> dict[Pair, int]:
        return {pair: rank for rank, pair in enumerate(self.merges)}

    @cached_property
    def _cuts(self) -> dict[str, list[str]]:
        return {}

    def cut(self, word: str, dropout: float = 0.0, rng: Random | None = None) -> list[str]:
        """Cut a word into pieces; the arguments are those of `subwords.apply_merges`."""
        if dropout:
            return apply_merges(spell(word, self._ids), self._ranks, dropout, rng)
        found = self._cuts.get(word)
        if found is None:
            found = apply_merges(spell(word, self._ids), self._ranks)
            if len(self._cuts) >= MAX_CACHED:
                self._cuts.clear()
            self._cuts[word] = found
        return found

    def tokens(self, words: Iterable[str]) -> list[str]:
        """Return the pieces of some words; a string in place of a list is a TypeError."""
        check_not_text("words", words)
        return [piece for word in words for piece in self.cut(word)]

    def seen_once(self) -> np.ndarray:
        """Return (V,) False: no piece becomes an unknown word."""
        return np.zeros(len(self), dtype=bool)

    def to_dict(self) -> dict[str, list]:
        """Return plain lists for JSON; the words follow from them."""
        products = {"".join(pair) for pair in self.merges}
        alphabet = [word for word in self.words[len(FIXED) :] if word not in products]
        return {
            "alphabet": alphabet,
            "merges": [" ".join(pair) for pair in self.merges],
            "counts": list(self.counts[len(SPECIAL_WORDS) :]),
        }

    @classmethod
    def from_dict(cls, values: dict[str, list]) -> PieceVocabulary:
        """Build a vocabulary from the result of `to_dict`.

        Raises:
            ValueError: The values are not such a result.
        """
        alphabet, lines, counts = (values.get(name, []) for name in ("alphabet", "merges", "counts"))
        for name, texts in (("characters", alphabet), ("merges", lines)):
            if not isinstance(texts, list) or not all(isinstance(text, str) and text.isprintable() for text in texts):
                raise ValueError(f"the {name} of a vocabulary must be a list of printable strings")
            if len(texts) > MAX_VOCABULARY or len(set(texts)) != len(texts):
                raise ValueError(f"a vocabulary has at most {MAX_VOCABULARY:,} {name}, and each only once")
        if odd := [text for text in alphabet if len(text) != 1 or text == " "]:
            raise ValueError(f"{odd[0][:40]!r} is not a character of a vocabulary")
        merges = _read_merges(alphabet, lines)
        if not isinstance(counts, list) or not all(type(n) is int and 0 <= n < 2**63 for n in counts):
            raise ValueError("a vocabulary's counts must be a list of numbers, none below 0")
        return cls._of(alphabet, merges, [*[0] * len(SPECIAL_WORDS), *counts])


def _read_merges(alphabet: list[str], lines: list[str]) -> list[Pair]:
    """Check and split the lines of a list of merges: each joins two pieces that are known by then."""
    known, merges = set(alphabet), []
    for line in lines:
        first, space, second = line.partition(" ")
        if not space or first not in known or second not in known:
            raise ValueError(f"{line[:40]!r} is not a merge of two known pieces")
        product = first + second
        if len(product) > LONGEST_RUN + 1 or product in FIXED:
            raise ValueError(f"{line[:40]!r} cannot be merged: a piece has at most {LONGEST_RUN + 1} characters")
        known.add(product)
        merges.append((first, second))
    return merges


def build_vocabularies(
    src_counts: Mapping[str, int], tgt_counts: Mapping[str, int], settings: DataSettings
) -> tuple[Vocabulary, Vocabulary]:
    """Build the vocabularies of source and target from how often each word occurs in the training pairs."""
    if settings.tokens == "words":
        src, tgt = (Vocabulary.of_counts(counts, settings.vocabulary_min_count) for counts in (src_counts, tgt_counts))
        return src, tgt
    merging = settings.tokens == "subwords"
    if settings.joint_vocabulary:
        both = PieceVocabulary.learn(Counter(src_counts) + Counter(tgt_counts), settings.vocabulary_size, merging)
        return both, both
    src, tgt = (PieceVocabulary.learn(counts, settings.vocabulary_size, merging) for counts in (src_counts, tgt_counts))
    return src, tgt


def read_vocabulary(values: Any) -> Vocabulary:
    """Build a vocabulary of words or of pieces from the result of its `to_dict`.

    Raises:
        ValueError: The values are not such a result.
    """
    if isinstance(values, dict) and "merges" in values:
        return PieceVocabulary.from_dict(values)
    return Vocabulary.from_dict(values)


@dataclass(frozen=True)
class Cuts:
    """The ids of the pieces of many words, end to end; number 0 is the end of a sentence.

    Attributes:
        ids: Ids of all pieces.
        lengths: (C,) number of pieces of each word.
    """

    ids: np.ndarray
    lengths: np.ndarray

    @classmethod
    def of(cls, cuts: Iterable[list[int]]) -> Cuts:
        """Collect the ids of the pieces of words, which get the numbers from 1."""
        ids, lengths = [EOS], [1]
        for cut in cuts:
            ids += cut
            lengths.append(len(cut))
        return cls(np.array(ids, dtype=np.int32), np.array(lengths))

    def encode(self, words: np.ndarray) -> Encoded:
        """Put the ids of words together to sentences; `words` (W,) are their numbers."""
        starts = np.cumsum(self.lengths) - self.lengths  # (C,)
        lengths = self.lengths[words]  # (W,)
        first = np.cumsum(lengths) - lengths  # (W,), where each word starts in the result
        positions = np.arange(int(lengths.sum())) + np.repeat(starts[words] - first, lengths)
        ends = first[words == 0] + 1
        return Encoded(self.ids[positions], np.concatenate([[0], ends]))


@dataclass(frozen=True)
class WordTypes:
    """Many sentences, as the numbers of their words among all different words.

    Attributes:
        types: All different words; the first one is the end of a sentence.
        ids: (W,) index of each word in `types`.
    """

    types: list[str]
    ids: np.ndarray

    @classmethod
    def of(cls, sentences: Iterable[str], rule: TextRule) -> WordTypes:
        """Split normal sentences into words."""
        words, lengths = rule.split_all(sentences)
        numbering = Numbering()
        numbering[END]  # gets number 0
        ends = np.cumsum(np.array(lengths, dtype=np.int64))
        ids = np.insert(numbering.ids(words), ends, 0)
        return cls(list(numbering), ids)

    def encode(self, vocabulary: Vocabulary) -> Encoded:
        """Encode the sentences."""
        return Cuts.of(vocabulary.ids_of([word]) for word in self.types[1:]).encode(self.ids)

    def sample(self, vocabulary: PieceVocabulary, dropout: float, seed: Sequence[int]) -> Encoded:
        """Encode the sentences with BPE-dropout.

        Each word is cut in at most `MOST_CUTS` ways, and each time it occurs, one of them is drawn.

        Args:
            vocabulary: Vocabulary of pieces.
            dropout: Probability with which a merge is left out.
            seed: Seed of all random draws.
        """
        rng = np.random.default_rng(seed)
        draws = Random(int(rng.integers(2**63)))
        ways = np.minimum(np.bincount(self.ids, minlength=len(self.types)), MOST_CUTS)  # (types,)
        ways[0] = 1
        cuts = Cuts.of(
            [vocabulary.id_of(piece) for piece in vocabulary.cut(word, dropout, draws)]
            for word, count in zip(self.types[1:], ways[1:].tolist(), strict=True)
            for _ in range(count)
        )
        first = np.cumsum(ways) - ways  # (types,), index of the first cut of each word
        drawn = (rng.random(len(self.ids)) * ways[self.ids]).astype(np.int64)  # (W,)
        return cuts.encode(first[self.ids] + drawn)


def encode_sentences(sentences: Sequence[str], vocabulary: Vocabulary, rule: TextRule) -> Encoded:
    """Encode normal sentences with a vocabulary of words or of pieces."""
    return WordTypes.of(sentences, rule).encode(vocabulary)
