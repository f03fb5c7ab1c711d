"""The built-in corpora: synchronous grammars that generate French or German and English, with gold word alignments.

One derivation writes both sentences, so the grammar knows which words correspond. The source sentence determines the
English one: « son » is "his" or "her" depending on the subject of its clause; the present is progressive, "she is
dancing", unless a word such as « souvent », « le lundi » or « jamais » makes it a habit; « la » is "it" with verbs that
take things as objects, and "her" with verbs that take people.

>>> [pair] = generate(1, seed=3)
>>> pair.source, pair.english
("Il ne l'a pas achetée.", "He didn't buy it.")
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from s2s_tutorial.grammar.aligned_phrases import PHENOMENA, Derivation, phenomena
from s2s_tutorial.grammar.french.sentences import derive as derive_french
from s2s_tutorial.grammar.german.sentences import derive as derive_german

__all__ = ["LANGUAGES", "PHENOMENA", "AlignedPair", "generate"]

DERIVE: dict[str, Callable[[random.Random], Derivation]] = {"fr": derive_french, "de": derive_german}
LANGUAGES = tuple(DERIVE)


@dataclass(frozen=True, slots=True)
class AlignedPair:
    """A French or German sentence, its English translation and the alignment of their words.

    Attributes:
        source: Source sentence with capitals and punctuation: "Elle n'a pas mangé les pommes rouges hier."
        english: English sentence: "She didn't eat the red apples yesterday."
        alignment: Pairs of (source position, English position) over the tokens of the normalised sentences, from 0.
        phenomena: Grammatical phenomena that the sentence contains, names from `PHENOMENA`.
    """

    source: str
    english: str
    alignment: frozenset[tuple[int, int]]
    phenomena: frozenset[str]


def generate(count: int, seed: int = 0, language: str = "fr") -> Iterator[AlignedPair]:
    """Generate random sentence pairs one at a time; the same seed gives the same pairs on every machine.

    Args:
        count: Number of pairs. Some pairs repeat, mostly short ones.
        seed: Seed of the random numbers.
        language: Source language, one of `LANGUAGES`.

    Yields:
        Sentence pairs with their alignment.

    Raises:
        ValueError: If `count` is negative, or there is no grammar of the language.
    """
    if count < 0:
        raise ValueError(f"count is {count}, expected 0 or more")
    if language not in DERIVE:
        raise ValueError(f"there is no grammar of {language!r}, only of {' and '.join(LANGUAGES)}")
    rng = random.Random(seed)
    for _ in range(count):
        sentence = DERIVE[language](rng)
        source, english, marks = sentence.sentences()
        yield AlignedPair(source, english, frozenset(sentence.links), phenomena(marks))
