"""The rules for whole German sentences, and one random sentence."""

from __future__ import annotations

import random
from collections.abc import Callable

from s2s_tutorial.grammar.choices import Choices
from s2s_tutorial.grammar.german import long_sentences, short_sentences
from s2s_tutorial.grammar.german.clauses import Sentence

MAX_LENGTH = 28  # German tokens, punctuation included
# The rules for whole sentences and how often each is chosen, relative to the others
SENTENCES: dict[Callable[[Sentence], None], int] = {
    short_sentences.feeling: 5,
    short_sentences.state: 6,
    short_sentences.age: 4,
    short_sentences.weather: 4,
    short_sentences.existence: 5,
    short_sentences.presentation: 4,
    short_sentences.verb_alone: 8,
    short_sentences.statement: 23,
    short_sentences.modal: 9,
    short_sentences.yes_no_question: 9,
    short_sentences.open_question: 8,
    long_sentences.relative_subject: 6,
    long_sentences.relative_object: 7,
    long_sentences.coordination: 8,
    long_sentences.chain: 6,
    long_sentences.reason: 8,
    long_sentences.condition: 7,
    long_sentences.reported_speech: 8,
    long_sentences.indirect_question: 4,
}


def derive(rng: random.Random) -> Sentence:
    """Return one random sentence of at most `MAX_LENGTH` German tokens.

    Args:
        rng: Generator of the random numbers.
    """
    while True:
        rule = Choices(rng).weighted(SENTENCES)
        sentence = Sentence(rng)
        rule(sentence)
        if len(sentence.source) <= MAX_LENGTH:
            return sentence
