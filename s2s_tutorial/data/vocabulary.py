"""The vocabulary: words and their ids."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from s2s_tutorial.arguments import check_not_text

PAD, SOS, EOS, UNK = 0, 1, 2, 3
MAX_VOCABULARY = 1_000_000
SPECIAL_WORDS = ("<pad>", "<sos>", "<eos>", "<unk>")


@dataclass(frozen=True)
class Vocabulary:
    """Words ↔ ids. The first four ids are PAD, SOS, EOS and UNK; any word it does not hold is UNK.

    Attributes:
        words: Word of every id; V of them.
        counts: How often each word occurs in the training sentences; 0 for the special words.
    """

    words: tuple[str, ...]
    counts: tuple[int, ...]

    def __post_init__(self) -> None:
        """Check what could be wrong in a file.

        Raises:
            ValueError: Special words are missing, a word occurs twice, or there are not as many counts as words.
        """
        if self.words[: len(SPECIAL_WORDS)] != SPECIAL_WORDS:
            raise ValueError(f"a vocabulary starts with {' '.join(SPECIAL_WORDS)}")
        if len(self.words) != len(self.counts) or len(set(self.words)) != len(self.words):
            raise ValueError("a vocabulary needs one count for each word, and each word once")

    @classmethod
    def count(cls, sentences: Iterable[str], min_count: int = 1) -> Vocabulary:
        """Build a vocabulary from normalised sentences.

        Args:
            sentences: Words joined by spaces.
            min_count: Words that occur fewer times are left out, and so become UNK.

        Returns:
            A vocabulary with the most frequent words first, and equally frequent ones in alphabetical order.
        """
        return cls.of_counts(Counter(" ".join(sentences).split()), min_count)

    @classmethod
    def of_counts(cls, counts: Mapping[str, int], min_count: int = 1) -> Vocabulary:
        """Build a vocabulary from words that are already counted; otherwise like `count`."""
        usual = ((word, n) for word, n in counts.items() if n >= min_count and word.isprintable())
        kept = sorted(usual, key=lambda item: (-item[1], item[0]))
        words = tuple(word for word, _ in kept)
        return cls(SPECIAL_WORDS + words, (0,) * len(SPECIAL_WORDS) + tuple(n for _, n in kept))

    def __len__(self) -> int:
        return len(self.words)

    def __contains__(self, word: str) -> bool:
        return word in self._ids

    @cached_property
    def _ids(self) -> dict[str, int]:
        return {word: number for number, word in enumerate(self.words)}

    def id_of(self, word: str) -> int:
        """Return the id of a word; UNK if the vocabulary does not hold it."""
        return self._ids.get(word, UNK)

    def encode(self, words: Sequence[str]) -> list[int]:
        """Return the ids of the words, followed by EOS.

        Raises:
            TypeError: They are one string, whose characters would be taken for words.
        """
        check_not_text("words", words)
        return [*(self._ids.get(word, UNK) for word in words), EOS]

    def tokens(self, words: Iterable[str]) -> list[str]:
        """Return the tokens that words are encoded as: the words themselves. `pieces` has a vocabulary of their pieces.

        Raises:
            TypeError: They are one string; see `encode`.
        """
        check_not_text("words", words)
        return list(words)

    def ids_of(self, words: Iterable[str]) -> list[int]:
        """Return the ids of the tokens of words, without EOS."""
        return [self._ids.get(token, UNK) for token in self.tokens(words)]

    def decode(self, ids: Iterable[int]) -> list[str]:
        """Return the words of the ids up to the first EOS, without SOS and PAD."""
        words = []
        for number in ids:
            if number == EOS:
                break
            if number not in (PAD, SOS):
                words.append(self.words[number])
        return words

    def seen_once(self) -> np.ndarray:
        """Return (V,) bools, True at words that occur once in training."""
        return np.array(self.counts) == 1

    def to_dict(self) -> dict[str, list]:
        """Return plain lists for JSON, without the special words."""
        start = len(SPECIAL_WORDS)
        return {"words": list(self.words[start:]), "counts": list(self.counts[start:])}

    @classmethod
    def from_dict(cls, values: dict[str, list]) -> Vocabulary:
        """Build a vocabulary from the result of `to_dict`.

        Raises:
            ValueError: The values are not such a result.
        """
        if not isinstance(values, dict):
            raise ValueError("a vocabulary must be a dictionary of words and counts")
        words, counts = values.get("words"), values.get("counts")
        if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
            raise ValueError("a vocabulary's words must be a list of strings")
        if not isinstance(counts, list) or not all(type(n) is int and 0 <= n < 2**63 for n in counts):
            raise ValueError("a vocabulary's counts must be a list of numbers, none below 0")
        if len(words) > MAX_VOCABULARY:
            raise ValueError(f"a vocabulary of {len(words):,} words is too large, at most {MAX_VOCABULARY:,} are read")
        # Words come from sentences that were split at spaces. Any other text could break lines, or control the terminal
        # that it is printed on.
        odd = next((word for word in words if not word.isprintable() or not word or " " in word), None)
        if odd is not None:
            raise ValueError(f"{odd[:40]!r} is not a word: expected letters without a space between")
        return cls(SPECIAL_WORDS + tuple(words), (0,) * len(SPECIAL_WORDS) + tuple(counts))
