"""The rules for whole French sentences, and one random sentence."""

from __future__ import annotations

import random
from collections.abc import Callable

from s2s_tutorial.grammar.choices import Choices
from s2s_tutorial.grammar.french import long_sentences, questions, short_sentences
from s2s_tutorial.grammar.french.clauses import Sentence

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


def derive(rng: random.Random) -> Sentence:
    """Return one random sentence of at most `MAX_LENGTH` French tokens.

    Args:
        rng: Generator of the random numbers.
    """
    while True:
        rule = Choices(rng).weighted(SENTENCES)
        sentence = Sentence(rng)
        rule(sentence)
        if len(sentence.source) <= MAX_LENGTH:
            return sentence
