"""Translate text: normalise and encode it, search, copy words for unknown ones, and join the words into a sentence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import overload

import torch
from torch import Tensor

from s2s_tutorial.arguments import check_count, check_number, check_sentences, check_type
from s2s_tutorial.data.batches import batches_in_order
from s2s_tutorial.data.pieces import encode_sentences
from s2s_tutorial.data.rules import ASCII, TextRule
from s2s_tutorial.data.vocabulary import UNK, Vocabulary
from s2s_tutorial.model.dropout import evaluation_mode
from s2s_tutorial.model.seq2seq import Seq2Seq
from s2s_tutorial.translation.search import LENGTH_PENALTY, Hypothesis, beam_search, greedy_search

MAX_SOURCE_WORDS = 200  # longest sentence that is translated; memory grows with it
MAX_SOURCE_PIECES = 1_000  # likewise, where words are cut into pieces


class SentenceError(ValueError):
    """A sentence cannot be translated; the message explains why and what to do."""


@dataclass(frozen=True)
class Translation:
    """The translation of one sentence.

    Attributes:
        src_words: S source words as the model read them, without EOS; pieces of words if it reads those.
        words: T words of the translation, or pieces of words, with source words in place of unknown ones.
        copied: Positions in `words` that hold a copied source word.
        unknown: Source words outside the vocabulary.
        score: Log-probability, with a length penalty for beams; see `search.Hypothesis`.
        attn_weights: (T + 1, S + 1) with EOS, (T, S + 1) if the search ended before EOS, or None without attention.
        others: Other hypotheses of the beam: text and score, the best first.
        language: Language of the translation, by which its words are joined.
        rule: Text rule of the model.
    """

    src_words: list[str]
    words: list[str]
    copied: list[int]
    unknown: list[str]
    score: float
    attn_weights: Tensor | None
    others: list[tuple[str, float]] = field(default_factory=list)
    language: str = "en"
    rule: TextRule = ASCII

    def joined(self) -> Translation:
        """Return the translation with pieces joined to words, and the attention between words."""
        src, tgt = ([*self.rule.word_starts(tokens), len(tokens)] for tokens in (self.src_words, self.words))
        weights = self.attn_weights
        word_of = {position: word for word, (start, end) in enumerate(pairwise(tgt)) for position in range(start, end)}
        return replace(
            self,
            src_words=[self.rule.unsplit(self.src_words[start:end]) for start, end in pairwise(src)],
            words=[self.rule.unsplit(self.words[start:end]) for start, end in pairwise(tgt)],
            copied=sorted({word_of[position] for position in self.copied}),
            attn_weights=None if weights is None else join_attention(weights, self.src_words, self.words, self.rule),
        )

    @property
    def normal_text(self) -> str:
        """The translation as normal text, as in the corpus."""
        return self.rule.unsplit(self.words)

    @property
    def text(self) -> str:
        """The translation as text, its words joined by the rules of its language."""
        return self.rule.printed(self.normal_text, self.language)


@dataclass(frozen=True)
class Translator:
    """A trained model with its vocabularies.

    Attributes:
        model: The network.
        src_vocabulary: Words of the source language.
        tgt_vocabulary: Words of the target language.
        language: Language of the translations: "en" or "fr". With any other, only marks are joined to words.
        rule: Text rule by which the model was trained.
    """

    model: Seq2Seq
    src_vocabulary: Vocabulary
    tgt_vocabulary: Vocabulary
    language: str = "en"
    rule: TextRule = ASCII

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
            return self.translate_words([self.read(sentence)], beam_size, penalty)[0]
        check_sentences("sentence", sentence)
        return self.translate_words([self.read(each) for each in sentence], beam_size, penalty)

    def read(self, sentence: str) -> str:
        """Normalise a sentence to be translated.

        Raises:
            SentenceError: It has no letter, or is too long.
            TypeError: It is not a string.
        """
        source = read_sentence(sentence, self.rule)
        self.check_length(source)
        return source

    def check_length(self, source: str) -> None:
        """Check that a normalised sentence is not too long, because memory grows with the longest sentence of a batch.

        Raises:
            SentenceError: It is too long.
        """
        check_length(source, self.rule)
        pieces = self.src_vocabulary.tokens(self.rule.split(source))
        if len(pieces) > MAX_SOURCE_PIECES:
            raise SentenceError(
                f"the sentence “{source[:30]} …” has {len(pieces):,} pieces, at most {MAX_SOURCE_PIECES:,} are read: "
                "translate it in parts"
            )

    def translate_words(
        self, sources: Sequence[str], beam_size: int = 1, penalty: float = LENGTH_PENALTY, batch_size: int = 128
    ) -> list[Translation]:
        """Translate normalised sentences in batches.

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
        check_normalised("sources", sources, self.src_vocabulary, self.rule)
        check_number("beam_size", beam_size, whole=True)
        check_number("penalty", penalty)
        check_count("batch_size", batch_size)
        src = encode_sentences(sources, self.src_vocabulary, self.rule)
        results: list[Translation | None] = [None] * len(sources)
        device = self.model.device
        for rows, batch in batches_in_order(src, src, batch_size):
            src_ids, src_lengths = batch.src_ids.to(device), batch.src_lengths.to(device)  # (B, S), (B,)
            if beam_size == 1:
                found = [[best] for best in greedy_search(self.model, src_ids, src_lengths)]
            else:
                found = beam_search(self.model, src_ids, src_lengths, beam_size, penalty=penalty)
            for row, hypotheses in zip(rows, found, strict=True):
                results[row] = self._finish(sources[row], hypotheses)
        return results  # type: ignore[return-value]

    def _finish(self, source: str, hypotheses: list[Hypothesis]) -> Translation:
        src_words = self.src_vocabulary.tokens(self.rule.split(source))
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
                (self.rule.printed(self.rule.unsplit(other), self.language), hypothesis.score)
                for (other, _), hypothesis in zip(answered[1:], hypotheses[1:], strict=True)
            ],
            language=self.language,
            rule=self.rule,
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
        check_normalised("sources", sources, self.src_vocabulary, self.rule)
        check_normalised("targets", targets, self.tgt_vocabulary, self.rule)
        if len(sources) != len(targets):
            raise ValueError(f"there are {len(sources)} sources and {len(targets)} targets, expected as many of both")
        src = encode_sentences(sources, self.src_vocabulary, self.rule)
        tgt = encode_sentences(targets, self.tgt_vocabulary, self.rule)
        found: list[Tensor | None] = [None] * len(sources)
        for rows, batch in batches_in_order(src, tgt, 128):
            with evaluation_mode(self.model):
                weights = self.model(batch.to(self.model.device)).attn_weights  # (B, T, S)
            if weights is None:
                continue
            for row, weight, t, s in zip(rows, weights.cpu(), batch.tgt_lengths, batch.src_lengths, strict=True):
                found[row] = weight[:t, :s]
        return found


    def word_attention(self, sources: Sequence[str], targets: Sequence[str]) -> list[Tensor | None]:
        """Compute the attention weights of given translations from word to word, also if the model reads pieces of words.

        Only words that the ASCII rule knows count, as in gold alignments: words with letters, and four marks.

        Args:
            sources, targets: As for `forced_attention`.

        Returns:
            For each pair (T, S), counting EOS on both sides; None for a model without attention.
        """
        found = self.forced_attention(sources, targets)
        if self.rule == ASCII:
            return found
        joined: list[Tensor | None] = []
        for source, target, weights in zip(sources, targets, found, strict=True):
            sides = ((self.src_vocabulary, source), (self.tgt_vocabulary, target))
            src, tgt = (vocabulary.tokens(self.rule.split(text)) for vocabulary, text in sides)
            joined.append(None if weights is None else join_attention(weights, src, tgt, self.rule, aligned=True))
        return joined


def join_attention(
    weights: Tensor, src_tokens: list[str], tgt_tokens: list[str], rule: TextRule, aligned: bool = False
) -> Tensor:
    """Join attention weights between pieces into weights between words.

    A word of the target attends as its pieces do on average, and to a word of the source as to all of its pieces together.

    Args:
        weights: (T, S), weights between pieces; rows and columns after those of the pieces, for EOS, stay.
        src_tokens: Pieces of the source.
        tgt_tokens: Pieces of the target.
        rule: Text rule that tells where words begin.
        aligned: True leaves out words that the ASCII rule does not know.

    Returns:
        (T', S'), weights between words.
    """
    src, tgt = (_membership(tokens, size, rule, aligned) for tokens, size in zip((src_tokens, tgt_tokens), weights.T.shape))
    return (tgt / tgt.sum(dim=1, keepdim=True)) @ weights @ src.T  # (T', T) · (T, S) · (S, S')


def _membership(tokens: list[str], size: int, rule: TextRule, aligned: bool) -> Tensor:
    """Return (words, size) numbers, 1 where a position belongs to a word; each position after the tokens is its own."""
    starts = rule.word_starts(tokens)
    rows = []
    for start, end in pairwise([*starts, len(tokens)]):
        if not aligned or ASCII.normalise(rule.unsplit(tokens[start:end])):
            rows.append(torch.arange(size).ge(start) & torch.arange(size).lt(end))
    rows += [torch.arange(size).eq(position) for position in range(len(tokens), size)]
    return torch.stack(rows).float()


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


def check_normalised(
    name: str, sentences: Sequence[str], vocabulary: Vocabulary, rule: TextRule = ASCII
) -> None:
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
