"""Read a sentence to be translated: normalise it, and check that a model can read it."""

from __future__ import annotations

from collections.abc import Sequence

from s2s_tutorial.arguments import check_sentences, check_type
from s2s_tutorial.data.rules import ASCII, TextRule
from s2s_tutorial.data.vocabulary import Vocabulary
from s2s_tutorial.translation.paragraphs import Sentences

MAX_SOURCE_WORDS = 200  # longest sentence that is translated; memory grows with it
MAX_SOURCE_PIECES = 1_000  # likewise, where words are cut into pieces


class SentenceError(ValueError):
    """A sentence cannot be translated; the message explains why and what to do."""


def read_sentence(sentence: str, rule: TextRule = ASCII) -> str:
    """Normalise a sentence to be translated.

    Raises:
        SentenceError: No letter is left of it, or it has more than `MAX_SOURCE_WORDS` words.
        TypeError: It is not a string.
    """
    check_type("sentence", sentence, str)
    if not sentence.strip():
        raise SentenceError("the sentence is empty: type some words")
    source = rule.normalise(sentence)
    if not any(character.isalnum() for character in source):
        raise SentenceError(f"{sentence.strip()[:40]!r} has no letter that the model can read: type words")
    check_length(source, rule)
    return source


def read_sentences(text: str, language: str, rule: TextRule) -> tuple[Sentences, str]:
    """Split a text into sentences, and leave out those without a letter that the rule reads, unless no sentence has one.

    Args:
        text: A text of several sentences.
        language: Code of its language; `""` if that is not known.
        rule: Rule by which the sentences will be normalised.

    Returns:
        The sentences, and the letters and digits of those that were left out.
    """
    found = Sentences.of(text, language or "en")
    unread = [n for n, each in enumerate(found.texts) if not any(map(str.isalnum, rule.normalise(each)))]
    if len(unread) == len(found.texts):
        return found, ""
    return found.without(unread), "".join(rule.dropped(found.texts[n]) for n in unread)


def check_length(source: str, rule: TextRule = ASCII) -> None:
    """Check that a normalised sentence is not too long, because memory grows with the longest sentence of a batch.

    Raises:
        SentenceError: It has more than `MAX_SOURCE_WORDS` words.
    """
    if (words := len(rule.split(source))) > MAX_SOURCE_WORDS:
        start = source[:30]
        raise SentenceError(
            f"the sentence “{start} …” has {words:,} words, at most {MAX_SOURCE_WORDS} are read: translate it in parts"
        )


def check_normal(name: str, sentences: Sequence[Sequence[str]], rule: TextRule) -> None:
    """Check that all of some lists of sentences are normalised, because no translation would equal one that is not.

    Args:
        name: Name of the argument in the error message.
        sentences: Lists of sentences.
        rule: Rule by which they should be normalised.

    Raises:
        SentenceError: Normalising would change a sentence.
    """
    texts = [text for each in sentences for text in each]
    for text, normal in zip(texts, rule.normalise_all(texts), strict=True):
        if text != normal:
            raise SentenceError(
                f"{text[:40]!r} in {name} is not normalised ({normal[:40]!r} is): normalise it first, with the run's rule"
            )


def check_normalised(name: str, sentences: Sequence[str], vocabulary: Vocabulary, rule: TextRule = ASCII) -> None:
    """Check that sentences are normalised, as far as it matters for a vocabulary.

    A word that is not normalised (with a capital, an accent, or a mark attached to it) would silently become UNK. Words of
    the vocabulary are accepted in any form, so only words outside it need to be looked at, and they are few.

    Args:
        name: Name of the argument in the error message.
        sentences: Normalised sentences.
        vocabulary: Vocabulary with which the sentences will be encoded.
        rule: Rule by which they should be normalised.

    Raises:
        SentenceError: A word is not in the vocabulary, and normalising would change it.
        TypeError: They are not a list of strings.
    """
    check_sentences(name, sentences)
    for number, sentence in enumerate(sentences):
        for word in sentence.split():
            if word not in vocabulary and rule.normalise(word) != word:
                raise SentenceError(
                    f"{word[:40]!r} in {name}[{number}] is not a normalised word: normalise the sentence first, or use "
                    "translate, which does"
                )
