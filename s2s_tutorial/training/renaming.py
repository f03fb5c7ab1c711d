"""Renaming: exchange the names and numbers that both sides of a training pair share, so that the model learns to copy them.

A corpus has few names and numbers. A model that writes pieces of words then learns to write "Tom" and "30", but not to spell a
name that it reads. With the setting `renaming`, each epoch puts other names and numbers into some pairs, on both sides alike:
names of the corpus, names that are joined from the halves of two others, both also with a title, and random numbers of as many
digits.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from s2s_tutorial.data.corpus import HeldOut, Pairs
from s2s_tutorial.data.rules import UNICODE, TextRule

SHARED = re.compile(r"\d+|[^\W\d_]\w+")  # a number, or a word of two characters or more
TITLES = {"de": "Herr", "en": "Mr.", "fr": "M."}
TITLED = 0.2  # share of new names with a title, between languages that have one here
VOWELS = set("AEIOUYHÀÂÉÈÊÎÔÛ")  # in French, « de » before them has another form, so they are not exchanged with others


@dataclass(frozen=True)
class Renaming:
    """Training pairs with names and numbers that can be exchanged.

    Attributes:
        pairs: All training pairs.
        rows: Number of each pair that can be changed, and the words that its sides share.
        names: All names of the corpus.
        titles: Titles of the source and the target language; `("", "")` without them.
        rate: Probability that such a pair is changed in an epoch.
        held_out: Held-out sentences in the form by which the split decides. No changed pair has one of them.
        rule: Text rule of the corpus.
    """

    pairs: Pairs
    rows: list[tuple[int, list[str]]]
    names: list[str]
    titles: tuple[str, str]
    rate: float
    held_out: frozenset[str] = frozenset()
    rule: TextRule = UNICODE

    @classmethod
    def of(
        cls,
        pairs: Pairs,
        languages: Sequence[str],
        rate: float,
        held_out: Iterable[HeldOut] = (),
        rule: TextRule = UNICODE,
    ) -> Renaming:
        """Find the names and numbers of training pairs.

        A name is a word with a capital letter that is on both sides of a pair, and in one of the pairs inside both sentences.

        Args:
            pairs: Normal sentences.
            languages: Codes of source and target language.
            rate: Probability that such a pair is changed in an epoch.
            held_out: Held-out sets of the corpus.
            rule: Text rule of the corpus.
        """
        found: list[tuple[int, list[str]]] = []
        names: set[str] = set()
        for row, (source, target) in enumerate(zip(pairs.sources, pairs.targets, strict=True)):
            src, tgt = SHARED.findall(source), SHARED.findall(target)
            shared = sorted(
                word for word in {*src} & {*tgt} if _is_name_or_number(word) and src.count(word) == tgt.count(word)
            )
            if shared:
                found.append((row, shared))
                names.update(word for word in shared if not (source.startswith(word) or target.startswith(word)))
        rows = [(row, [word for word in shared if word in names or word.isdecimal()]) for row, shared in found]
        known = sorted(name for name in names if not name.isdecimal())
        source, target = (TITLES.get(language, "") for language in languages)
        titles = (source, target) if source and target else ("", "")
        texts = (text for part in held_out for group in (part.sources, *part.references) for text in group)
        kept_apart = frozenset(map(rule.split_form, texts))
        return cls(pairs, [(row, words) for row, words in rows if words], known, titles, rate, kept_apart, rule)

    def of_epoch(self, seed: Sequence[int]) -> Pairs:
        """Return the pairs of an epoch, some of them with other names and numbers."""
        rng = np.random.default_rng(seed)
        sources, targets = list(self.pairs.sources), list(self.pairs.targets)
        for row, words in self.rows:
            if rng.random() >= self.rate:
                continue
            source, target = sources[row], targets[row]
            for word in words:
                new = self._other(word, rng)
                source, target = _exchange(source, word, new[0]), _exchange(target, word, new[1])
            if self.held_out.isdisjoint(map(self.rule.split_form, (source, target))):
                sources[row], targets[row] = source, target
        return Pairs(sources, targets)

    @cached_property
    def _names_by_first_letter(self) -> dict[bool, list[str]]:
        """Names that begin with a vowel, under True, and the others."""
        return {vowel: [name for name in self.names if (name[0] in VOWELS) == vowel] for vowel in (False, True)}

    def _other(self, word: str, rng: np.random.Generator) -> tuple[str, str]:
        """Return what replaces a word, on the source and on the target side."""
        if word.isdecimal():
            number = str(rng.integers(max(2, 10 ** (len(word) - 1)), 10 ** len(word))) if len(word) < 10 else word
            return number, number
        alike = self._names_by_first_letter[word[0] in VOWELS]
        first, second = (alike[rng.integers(len(alike))] for _ in range(2))
        name = first if rng.random() < 0.3 else first[: (len(first) + 1) // 2] + second[len(second) // 2 :]
        if self.titles[0] and rng.random() < TITLED:
            return f"{self.titles[0]} {name}", f"{self.titles[1]} {name}"
        return name, name


def _is_name_or_number(word: str) -> bool:
    return word.isdecimal() or (word[0].isupper() and not word.isupper())


def _exchange(sentence: str, word: str, new: str) -> str:
    return re.sub(rf"(?<!\w){re.escape(word)}(?!\w)", lambda _: new, sentence)
