"""Translate text: normalise and encode it, search, copy words for unknown ones, and join the words into a sentence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import overload

import numpy as np
import torch
from torch import Tensor

from s2s_tutorial.arguments import check_count, check_number, check_sentences
from s2s_tutorial.data.batches import Batch, batches_in_order, rows_by_length
from s2s_tutorial.data.pieces import PieceVocabulary, encode_sentences
from s2s_tutorial.data.rules import ASCII, TextRule
from s2s_tutorial.data.unicode_text import BYTE_OF
from s2s_tutorial.data.vocabulary import UNK, Vocabulary
from s2s_tutorial.model.dropout import evaluation_mode
from s2s_tutorial.model.fast.products import products_by_onednn
from s2s_tutorial.model.seq2seq import Seq2Seq
from s2s_tutorial.settings import PrecisionName
from s2s_tutorial.translation.reading import (
    MAX_SOURCE_PIECES,
    SentenceError,
    check_length,
    check_normalised,
    read_sentence,
    read_sentences,
)
from s2s_tutorial.translation.search import LENGTH_PENALTY, Hypothesis, beam_search, greedy_search
from s2s_tutorial.translation.translation import Translation, join_attention, join_translations
from s2s_tutorial.workers import in_workers, keep_memory

CHARACTERS_PER_CHARACTER = 8  # most characters of a translation for one of the source; Chinese needs about 4 in English


@dataclass(frozen=True)
class Translator:
    """A trained model with its vocabularies.

    Attributes:
        model: The network.
        src_vocabulary: Words of the source language.
        tgt_vocabulary: Words of the target language.
        language: Code of the language of the translations. With others than "en" and "fr", only marks are joined to words.
        src_language: Code of the language of the sentences.
        rule: Text rule by which the model was trained.
        longest: Length of the longest source sentence it was trained on, in words, or pieces of words; None if that is not
            known.
        precision: Precision in which a search finds candidates for the next word, see `BestWords`.
    """

    model: Seq2Seq
    src_vocabulary: Vocabulary
    tgt_vocabulary: Vocabulary
    language: str = "en"
    src_language: str = "fr"
    rule: TextRule = ASCII
    longest: int | None = None
    precision: PrecisionName = "auto"

    @overload
    def translate(
        self, sentence: str, beam_size: int = ..., penalty: float = ..., split: bool = ...
    ) -> Translation: ...

    @overload
    def translate(
        self, sentence: list[str] | tuple[str, ...], beam_size: int = ..., penalty: float = ..., split: bool = ...
    ) -> list[Translation]: ...

    def translate(
        self,
        sentence: str | list[str] | tuple[str, ...],
        beam_size: int = 1,
        penalty: float = LENGTH_PENALTY,
        split: bool = False,
    ) -> Translation | list[Translation]:
        """Translate a sentence, or a list of sentences, written as usual.

        Args:
            sentence: A sentence, or a list of N sentences; with `split` they may be whole paragraphs.
            beam_size: Number of hypotheses per sentence; 1 is greedy search.
            penalty: Strength of the length penalty of beam search.
            split: True splits each text into sentences, translates these, and joins the translations. A text of several
                sentences then gives a `Translation` with `sentences`; those without a readable letter are only in `dropped`.

        Returns:
            One translation for a sentence; a list of N translations for a list.

        Raises:
            SentenceError: A sentence has no word, or too many.
            TypeError: An argument has another type.
            ValueError: The beam size is out of range.
        """
        if isinstance(sentence, str):
            return self.translate([sentence], beam_size, penalty, split)[0]
        check_sentences("sentence", sentence)
        if not split:
            found = self.translate_words([self.read(each) for each in sentence], beam_size, penalty)
            return [replace(each, dropped=self.rule.dropped(text)) for each, text in zip(found, sentence, strict=True)]
        texts = [read_sentences(text, self.src_language, self.rule) for text in sentence]
        parts = iter(self.translate([part for text, _ in texts for part in text.texts or [""]], beam_size, penalty))
        joined = [join_translations(text, [next(parts) for _ in text.texts]) for text, _ in texts]
        return [replace(each, dropped=each.dropped + unread) for each, (_, unread) in zip(joined, texts, strict=True)]

    @property
    def _writes_characters(self) -> bool:
        return isinstance(self.tgt_vocabulary, PieceVocabulary) and not self.tgt_vocabulary.merges

    def check_readable(self, text: str, split: bool = False) -> None:
        """Check that a text can be read, and that one of its sentences has a word that the model has learned.

        Args:
            text: A sentence, or with `split` a text of several.
            split: As for `translate`.

        Raises:
            SentenceError: It cannot be translated.
        """
        sentences = read_sentences(text, self.src_language, self.rule)[0].texts if split else [text]
        tokens = [
            token
            for each in sentences or [""]
            for token in self.src_vocabulary.tokens(self.rule.split(self.read(each)))
        ]
        if not any(
            any(map(str.isalnum, token)) and token in self.src_vocabulary for token in tokens if token not in BYTE_OF
        ):
            raise SentenceError(f"{text.strip()[:40]!r} has no word that this model has learned: use other words")

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
        self, sources: Sequence[str], beam_size: int = 1, penalty: float = LENGTH_PENALTY, batch_size: int | None = None,
    ) -> list[Translation]:  # fmt: skip
        """Translate normalised sentences in batches, on a CPU several batches at a time.

        Args:
            sources: N sentences, none of them empty.
            beam_size: Number of hypotheses per sentence; 1 is greedy search.
            penalty: Strength of the length penalty of beam search.
            batch_size: Most sentences that are translated at once; None for `rows_by_length` to choose.

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
        if batch_size is not None:
            check_count("batch_size", batch_size)
        src = encode_sentences(sources, self.src_vocabulary, self.rule)
        device = self.model.device

        def translate_batch(rows: np.ndarray) -> list[Translation]:  # (B,)
            src_ids, src_lengths = (torch.from_numpy(array).to(device) for array in src.rectangle(rows))  # (B, S), (B,)
            limits = CHARACTERS_PER_CHARACTER * src_lengths + 10 if self._writes_characters else None  # (B,)
            if beam_size == 1:
                best = greedy_search(self.model, src_ids, src_lengths, limits, self.precision)
                found = [[each] for each in best]
            else:
                found = beam_search(self.model, src_ids, src_lengths, beam_size, limits, penalty, self.precision)
            return [self._finish(sources[row], each) for row, each in zip(rows, found, strict=True)]

        keep_memory()
        batches = rows_by_length(src, batch_size)
        most_rows = max(map(len, batches), default=0) * beam_size
        with evaluation_mode(self.model), products_by_onednn(most_rows, self.model.settings.hidden_size):
            found = in_workers(translate_batch, batches, None if device.type == "cpu" else 1)
        by_row = dict(zip(chain(*batches), chain(*found), strict=True))
        return [by_row[row] for row in range(len(sources))]

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
            src_language=self.src_language,
            rule=self.rule,
            unlearned=self._unlearned(source),
            too_long=self.longest is not None and len(src_words) > self.longest,
        )

    def _unlearned(self, source: str) -> str:
        """Return the characters of a normalised sentence that are not among the pieces; words are unknown as a whole."""
        if not isinstance(self.src_vocabulary, PieceVocabulary):
            return ""
        return "".join(character for character in source if character != " " and character not in self.src_vocabulary)

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
        return self.forced(lambda batch: self.model(batch).attn_weights, sources, targets)

    def forced(
        self, weights_of: Callable[[Batch], Tensor | None], sources: Sequence[str], targets: Sequence[str]
    ) -> list[Tensor | None]:
        """Run a function over batches of given translations and cut its weights (B, …, T, S) into those of each pair."""
        check_normalised("sources", sources, self.src_vocabulary, self.rule)
        check_normalised("targets", targets, self.tgt_vocabulary, self.rule)
        if len(sources) != len(targets):
            raise ValueError(
                f"there are {len(sources)} sources and {len(targets)} targets, expected the same number of both"
            )
        src = encode_sentences(sources, self.src_vocabulary, self.rule)
        tgt = encode_sentences(targets, self.tgt_vocabulary, self.rule)
        found: list[Tensor | None] = [None] * len(sources)
        for rows, batch in batches_in_order(src, tgt, 128):
            with torch.inference_mode(), evaluation_mode(self.model):
                weights = weights_of(batch.to(self.model.device))  # (B, …, T, S)
            if weights is None:
                continue
            for row, weight, t, s in zip(rows, weights.cpu(), batch.tgt_lengths, batch.src_lengths, strict=True):
                found[row] = weight[..., :t, :s]
        return found

    def word_attention(self, sources: Sequence[str], targets: Sequence[str]) -> list[Tensor | None]:
        """Compute the attention weights of given translations from word to word, also if the model reads pieces of words.

        Only words that the ASCII rule knows count, as in gold alignments: words with letters, and four marks.

        Args:
            sources, targets: As for `forced_attention`.

        Returns:
            For each pair (T, S), counting EOS on both sides; None for a model without attention.
        """
        return self.between_words(self.forced_attention(sources, targets), sources, targets)

    def between_words(
        self, forced: list[Tensor | None], sources: Sequence[str], targets: Sequence[str]
    ) -> list[Tensor | None]:
        """Join weights between pieces, (…, T, S) for each pair, to weights between words."""
        if self.rule == ASCII:
            return forced
        joined: list[Tensor | None] = []
        for source, target, weights in zip(sources, targets, forced, strict=True):
            sides = ((self.src_vocabulary, source), (self.tgt_vocabulary, target))
            src, tgt = (vocabulary.tokens(self.rule.split(text)) for vocabulary, text in sides)
            joined.append(None if weights is None else join_attention(weights, src, tgt, self.rule, aligned=True))
        return joined


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
