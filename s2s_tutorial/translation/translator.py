"""Translate text: normalise and encode it, search, copy words for unknown ones, and join the words into a sentence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import overload

import torch
from torch import Tensor

from s2s_tutorial.arguments import check_count, check_number, check_sentences, check_type
from s2s_tutorial.data.batches import Encoded, batches_in_order
from s2s_tutorial.data.text import detokenise, normalise
from s2s_tutorial.data.vocabulary import UNK, Vocabulary
from s2s_tutorial.model.dropout import evaluation_mode
from s2s_tutorial.model.seq2seq import Seq2Seq
from s2s_tutorial.translation.search import LENGTH_PENALTY, Hypothesis, beam_search, greedy_search

MAX_SOURCE_WORDS = 200  # longest sentence that is translated; memory grows with it


class SentenceError(ValueError):
    """A sentence cannot be translated; the message explains why and what to do."""


@dataclass(frozen=True)
class Translation:
    """The translation of one sentence.

    Attributes:
        src_words: S source words as the model read them, without EOS.
        words: T words of the translation, with source words in place of unknown ones.
        copied: Positions in `words` that hold a copied source word.
        unknown: Source words outside the vocabulary.
        score: Log-probability, with a length penalty for beams; see `search.Hypothesis`.
        attn_weights: (T + 1, S + 1) with EOS, (T, S + 1) if the search ended before EOS, or None without attention.
        others: Other hypotheses of the beam: text and score, the best first.
        language: Code of the language of the translation, by which its words are joined; `""` if it is not known.
        src_language: Code of the language of the sentence; `""` if it is not known.
    """

    src_words: list[str]
    words: list[str]
    copied: list[int]
    unknown: list[str]
    score: float
    attn_weights: Tensor | None
    others: list[tuple[str, float]] = field(default_factory=list)
    language: str = "en"
    src_language: str = "fr"

    @property
    def text(self) -> str:
        """The translation as text, its words joined by the rules of its language."""
        return detokenise(self.words, self.language)


@dataclass(frozen=True)
class Translator:
    """A trained model with its vocabularies.

    Attributes:
        model: The network.
        src_vocabulary: Words of the source language.
        tgt_vocabulary: Words of the target language.
        language: Code of the language of the translations. With others than "en" and "fr", only marks are joined to words.
        src_language: Code of the language of the sentences.
    """

    model: Seq2Seq
    src_vocabulary: Vocabulary
    tgt_vocabulary: Vocabulary
    language: str = "en"
    src_language: str = "fr"

    @overload
    def translate(self, sentence: str, beam_size: int = ..., penalty: float = ...) -> Translation: ...

    @overload
    def translate(
        self, sentence: list[str] | tuple[str, ...], beam_size: int = ..., penalty: float = ...
    ) -> list[Translation]: ...

    def translate(
        self, sentence: str | list[str] | tuple[str, ...], beam_size: int = 1, penalty: float = LENGTH_PENALTY
    ) -> Translation | list[Translation]:
        """Translate a sentence, or a list of sentences, written as usual.

        Args:
            sentence: A sentence, or a list of N sentences.
            beam_size: Number of hypotheses per sentence; 1 is greedy search.
            penalty: Strength of the length penalty of beam search.

        Returns:
            One translation for a sentence; a list of N translations for a list.

        Raises:
            SentenceError: A sentence has no word, or too many.
            TypeError: An argument has another type.
            ValueError: The beam size is out of range.
        """
        if isinstance(sentence, str):
            return self.translate_words([read_sentence(sentence)], beam_size, penalty)[0]
        check_sentences("sentence", sentence)
        return self.translate_words([read_sentence(each) for each in sentence], beam_size, penalty)

    def translate_words(
        self, sources: Sequence[str], beam_size: int = 1, penalty: float = LENGTH_PENALTY, batch_size: int = 128
    ) -> list[Translation]:
        """Translate normalised sentences (words joined by spaces) in batches.

        Args:
            sources: N sentences, none of them empty.
            beam_size: Number of hypotheses per sentence; 1 is greedy search.
            penalty: Strength of the length penalty of beam search.
            batch_size: Number of sentences that are translated at once.

        Returns:
            N translations in the order of the sources.

        Raises:
            SentenceError: A sentence is not normalised; see `check_normalised`.
            TypeError: An argument has another type.
            ValueError: The beam size or the batch size is out of range.
        """
        check_normalised("sources", sources, self.src_vocabulary)
        check_number("beam_size", beam_size, whole=True)
        check_number("penalty", penalty)
        check_count("batch_size", batch_size)
        src = Encoded.encode(sources, self.src_vocabulary)
        results: list[Translation | None] = [None] * len(sources)
        device = self.model.device
        for rows, batch in batches_in_order(src, src, batch_size):
            src_ids, src_lengths = batch.src_ids.to(device), batch.src_lengths.to(device)  # (B, S), (B,)
            if beam_size == 1:
                found = [[best] for best in greedy_search(self.model, src_ids, src_lengths)]
            else:
                found = beam_search(self.model, src_ids, src_lengths, beam_size, penalty=penalty)
            for row, hypotheses in zip(rows, found, strict=True):
                results[row] = self._finish(sources[row].split(), hypotheses)
        return results  # type: ignore[return-value]

    def _finish(self, src_words: list[str], hypotheses: list[Hypothesis]) -> Translation:
        answered = [answer_unknown(h, src_words, self.tgt_vocabulary) for h in hypotheses]
        words, copied = answered[0]
        return Translation(
            src_words=src_words,
            words=words,
            copied=copied,
            unknown=[word for word in src_words if word not in self.src_vocabulary],
            score=hypotheses[0].score,
            attn_weights=hypotheses[0].attn_weights,
            others=[
                (detokenise(other, self.language), hypothesis.score)
                for (other, _), hypothesis in zip(answered[1:], hypotheses[1:], strict=True)
            ],
            language=self.language,
            src_language=self.src_language,
        )

    @torch.inference_mode()
    def forced_attention(self, sources: Sequence[str], targets: Sequence[str]) -> list[Tensor | None]:
        """Compute the attention weights of given translations: the model is fed their words instead of its own.

        Args:
            sources: N normalised source sentences.
            targets: Their N translations, normalised.

        Returns:
            For each pair (T, S), counting EOS on both sides; None for a model without attention.

        Raises:
            SentenceError: A sentence is not normalised; see `check_normalised`.
            ValueError: There are not as many targets as sources.
        """
        check_normalised("sources", sources, self.src_vocabulary)
        check_normalised("targets", targets, self.tgt_vocabulary)
        if len(sources) != len(targets):
            raise ValueError(f"there are {len(sources)} sources and {len(targets)} targets, expected as many of both")
        src, tgt = Encoded.encode(sources, self.src_vocabulary), Encoded.encode(targets, self.tgt_vocabulary)
        found: list[Tensor | None] = [None] * len(sources)
        for rows, batch in batches_in_order(src, tgt, 128):
            with evaluation_mode(self.model):
                weights = self.model(batch.to(self.model.device)).attn_weights  # (B, T, S)
            if weights is None:
                continue
            for row, weight, t, s in zip(rows, weights.cpu(), batch.tgt_lengths, batch.src_lengths, strict=True):
                found[row] = weight[:t, :s]
        return found


def read_sentence(sentence: str) -> str:
    """Normalise a sentence to be translated.

    Raises:
        SentenceError: No letter is left of it, or it has more than `MAX_SOURCE_WORDS` words.
        TypeError: It is not a string.
    """
    check_type("sentence", sentence, str)
    if not sentence.strip():
        raise SentenceError("the sentence is empty: type some words")
    source = normalise(sentence)
    if not any(character.isalpha() for character in source):
        raise SentenceError(f"{sentence.strip()[:40]!r} has no letter that the model can read: type words")
    check_length(source)
    return source


def check_length(source: str) -> None:
    """Check that a normalised sentence is not too long, because memory grows with the longest sentence of a batch.

    Raises:
        SentenceError: It has more than `MAX_SOURCE_WORDS` words.
    """
    if (words := source.count(" ") + 1) > MAX_SOURCE_WORDS:
        start = source[:30]
        raise SentenceError(
            f"the sentence “{start} …” has {words:,} words, at most {MAX_SOURCE_WORDS} are read: translate it in parts"
        )


def check_normalised(name: str, sentences: Sequence[str], vocabulary: Vocabulary) -> None:
    """Check that sentences are normalised, as far as it matters for a vocabulary.

    A word that is not normalised (with a capital, an accent, or a mark attached to it) would silently become UNK. Words of
    the vocabulary are accepted in any form, so only words outside it need to be looked at, and they are few.

    Args:
        name: Name of the argument in the error message.
        sentences: Words joined by spaces.
        vocabulary: Vocabulary with which the sentences will be encoded.

    Raises:
        SentenceError: A word is not in the vocabulary, and normalising would change it.
        TypeError: They are not a list of strings.
    """
    check_sentences(name, sentences)
    for number, sentence in enumerate(sentences):
        for word in sentence.split():
            if word not in vocabulary and normalise(word) != word:
                raise SentenceError(
                    f"{word[:40]!r} in {name}[{number}] is not a normalised word: normalise the sentence first, or use "
                    "translate, which does"
                )


def answer_unknown(hypothesis: Hypothesis, src_words: list[str], vocabulary: Vocabulary) -> tuple[list[str], list[int]]:
    """Turn ids into words; for UNK, copy the source word with the largest attention weight.

    This is the "PosUnk" of Luong et al. (2015b). Without attention an unknown word stays `<unk>`.

    Args:
        hypothesis: T ids with attention weights (T or T + 1, S + 1), or without.
        src_words: S source words.
        vocabulary: Vocabulary of the target language.

    Returns:
        T words, and the positions of those that were copied.
    """
    words, copied = [], []
    for position, token_id in enumerate(hypothesis.ids):
        word = vocabulary.words[token_id]
        if token_id == UNK and hypothesis.attn_weights is not None:
            weights = hypothesis.attn_weights[position, : len(src_words)]  # (S,): EOS is not a word to copy
            word = src_words[int(weights.argmax())]
            copied.append(position)
        words.append(word)
    return words, copied
