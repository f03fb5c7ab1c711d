"""The embedded corpus: a synchronous grammar that generates French and English sentences with gold word alignments.

One derivation writes both sentences, so the grammar knows which words correspond. The French sentence determines the
English one: « son » is "his" or "her" depending on the subject of its clause; the present is progressive, "she is
dancing", unless a word such as « souvent », « le lundi » or « jamais » makes it a habit; « la » is "it" with verbs that
take things as objects, and "her" with verbs that take people.

>>> [pair] = generate(1, seed=3)
>>> pair.french, pair.english
("Il ne l'a pas achetée.", "He didn't buy it.")
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from s2s_tutorial.grammar import long_sentences, questions, short_sentences
from s2s_tutorial.grammar.aligned_phrases import PHENOMENA, phenomena
from s2s_tutorial.grammar.choices import Choices
from s2s_tutorial.grammar.clauses import Sentence

__all__ = ["PHENOMENA", "AlignedPair", "generate"]

MAX_LENGTH = 28  # French tokens, punctuation included
# The rules for whole sentences and how often each is chosen, relative to the others
SENTENCES: dict[Callable[[Sentence], None], int] = {
    short_sentences.feeling: 5,
    short_sentences.state: 6,
    short_sentences.age: 5,
    short_sentences.weather: 3,
    short_sentences.existence: 5,
    short_sentences.presentation: 4,
    short_sentences.verb_alone: 9,
    short_sentences.statement: 23,
    questions.yes_no_question: 10,
    questions.open_question: 7,
    long_sentences.relative_subject: 8,
    long_sentences.relative_object: 7,
    long_sentences.coordination: 9,
    long_sentences.chain: 6,
    long_sentences.reason: 5,
    long_sentences.condition: 6,
    long_sentences.reported_speech: 6,
    long_sentences.story: 8,
}


@dataclass(frozen=True, slots=True)
class AlignedPair:
    """A French sentence, its English translation and the alignment of their words.

    Attributes:
        french: French sentence with capitals and punctuation: "Elle n'a pas mangé les pommes rouges hier."
        english: English sentence: "She didn't eat the red apples yesterday."
        alignment: Pairs of (French position, English position) over the tokens of the normalised sentences, from 0.
        phenomena: Grammatical phenomena that the sentence contains, names from `PHENOMENA`.
    """

    french: str
    english: str
    alignment: frozenset[tuple[int, int]]
    phenomena: frozenset[str]


def derive(rng: random.Random) -> Sentence:
    """Return one random sentence of at most `MAX_LENGTH` French tokens.

    Args:
        rng: Generator of the random numbers.
    """
    while True:
        rule = Choices(rng).weighted(SENTENCES)
        sentence = Sentence(rng)
        rule(sentence)
        if len(sentence.french) <= MAX_LENGTH:
            return sentence


def generate(count: int, seed: int = 0) -> Iterator[AlignedPair]:
    """Generate random sentence pairs one at a time; the same seed gives the same pairs on every machine.

    Args:
        count: Number of pairs. Some pairs repeat, mostly short ones.
        seed: Seed of the random numbers.

    Yields:
        Sentence pairs with their alignment.

    Raises:
        ValueError: If `count` is negative.
    """
    if count < 0:
        raise ValueError(f"count is {count}, expected 0 or more")
    rng = random.Random(seed)
    for _ in range(count):
        sentence = derive(rng)
        french, english, marks = sentence.sentences()
        yield AlignedPair(french, english, frozenset(sentence.links), phenomena(marks))
