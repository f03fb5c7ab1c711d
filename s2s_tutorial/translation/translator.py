"""From text to text: a translator normalises, encodes, searches, answers unknown words and puts sentences together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from s2s_tutorial.data.batches import Encoded, batches_in_order
from s2s_tutorial.data.text import detokenise, normalise
from s2s_tutorial.data.vocabulary import UNK, Vocabulary
from s2s_tutorial.model.dropout import evaluation_mode
from s2s_tutorial.model.seq2seq import Seq2Seq
from s2s_tutorial.translation.search import LENGTH_PENALTY, Hypothesis, beam_search, greedy_search

MAX_WORDS = 200  # a sentence longer than this is a paragraph, or no language


class SentenceError(ValueError):
    """A sentence that cannot be translated; the message says why and what to do."""


@dataclass(frozen=True)
class Translation:
    """What came out for one sentence.

    Attributes:
        src_words: the source as the model read it, EOS left out.
        words: the translation's words, unknown ones answered.
        copied: places in `words` that were answered by copying a source word.
        unknown: source words outside the vocabulary.
        score: see `search.Hypothesis`.
        attn_weights: (words and perhaps EOS, source words and EOS), or None without attention.
        others: the further hypotheses of a beam, as text with their scores.
        language: of the translation, for putting it together.
    """

    src_words: list[str]
    words: list[str]
    copied: list[int]
    unknown: list[str]
    score: float
    attn_weights: Tensor | None
    others: list[tuple[str, float]] = field(default_factory=list)
    language: str = "en"

    @property
    def text(self) -> str:
        """The translation as a reader expects it."""
        return detokenise(self.words, self.language)


@dataclass(frozen=True)
class Translator:
    """A trained model with its vocabularies.

    Attributes:
        model: the network.
        src_vocabulary: of the source language.
        tgt_vocabulary: of the target language.
        language: of the target, "en" or "fr"; any other only spaces marks.
    """

    model: Seq2Seq
    src_vocabulary: Vocabulary
    tgt_vocabulary: Vocabulary
    language: str = "en"

    def translate(self, sentence: str, beam_size: int = 1, penalty: float = LENGTH_PENALTY) -> Translation:
        """Translate one sentence as a person writes it.

        Raises:
            SentenceError: there is nothing to translate in it, or too much.
        """
        return self.translate_words([read_sentence(sentence)], beam_size, penalty)[0]

    def translate_words(
        self, sources: Sequence[str], beam_size: int = 1, penalty: float = LENGTH_PENALTY, batch_size: int = 128
    ) -> list[Translation]:
        """Translate normalised sentences (words joined by spaces) in batches.

        Args:
            sources: none of them empty.
            beam_size: 1 is greedy search.
            penalty: strength of the length penalty of a beam.
            batch_size: sentences searched at once.

        Returns:
            Translations in the order of the sources.
        """
        src = Encoded.encode(sources, self.src_vocabulary)
        results: list[Translation | None] = [None] * len(sources)
        device = self.model.device
        for rows, batch in batches_in_order(src, src, batch_size):
            src_ids, src_lengths = batch.src_ids.to(device), batch.src_lengths.to(device)
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
        )

    @torch.inference_mode()
    def forced_attention(self, sources: Sequence[str], targets: Sequence[str]) -> list[Tensor | None]:
        """Attention weights while the model is made to say given translations: for each pair (T, S), EOS in both."""
        src, tgt = Encoded.encode(sources, self.src_vocabulary), Encoded.encode(targets, self.tgt_vocabulary)
        found: list[Tensor | None] = [None] * len(sources)
        for rows, batch in batches_in_order(src, tgt, 128):
            with evaluation_mode(self.model):
                weights = self.model(batch.to(self.model.device)).attn_weights
            if weights is None:
                continue
            for row, weight, t, s in zip(rows, weights.cpu(), batch.tgt_lengths, batch.src_lengths, strict=True):
                found[row] = weight[:t, :s]
        return found


def read_sentence(sentence: str) -> str:
    """Normalise a sentence to be translated.

    Raises:
        SentenceError: no letter is left of it, or it has more than `MAX_WORDS` words.
    """
    if not sentence.strip():
        raise SentenceError("the sentence is empty: type some words")
    source = normalise(sentence)
    if not any(character.isalpha() for character in source):
        raise SentenceError(f"{sentence.strip()[:40]!r} has no letter that the model can read: type words")
    check_length(source)
    return source


def check_length(source: str) -> None:
    """See that a normalised sentence is no longer than what is read: memory grows with the longest one of a batch.

    Raises:
        SentenceError: it has more than `MAX_WORDS` words.
    """
    if (words := source.count(" ") + 1) > MAX_WORDS:
        start = source[:30]
        raise SentenceError(
            f"the sentence “{start} …” has {words:,} words, at most {MAX_WORDS} are read: translate it in parts"
        )


def answer_unknown(hypothesis: Hypothesis, src_words: list[str], vocabulary: Vocabulary) -> tuple[list[str], list[int]]:
    """Turn ids into words; for UNK copy the source word that was attended to most (Luong et al. 2015b, "PosUnk").

    Without attention an unknown word stays `<unk>`.

    Returns:
        The words, and the places that were copied.
    """
    words, copied = [], []
    for place, number in enumerate(hypothesis.ids):
        word = vocabulary.words[number]
        if number == UNK and hypothesis.attn_weights is not None:
            weights = hypothesis.attn_weights[place, : len(src_words)]  # EOS is not a word to copy
            word = src_words[int(weights.argmax())]
            copied.append(place)
        words.append(word)
    return words, copied
