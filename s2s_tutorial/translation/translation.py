"""The translation of a sentence, or of a text of several sentences, and its attention between words."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from itertools import accumulate, pairwise

import torch
from torch import Tensor

from s2s_tutorial.data.rules import ASCII, TextRule
from s2s_tutorial.translation.paragraphs import Sentences


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
        src_language: Code of the language of the sentence; `""` if it is not known.
        rule: Text rule of the model.
        sentences: Translations of its sentences, if it is the translation of a text of several. Their words are in `words`,
            and the attention is in the sentences.
        joined_text: Text of such a translation, or of one whose pieces were joined to words.
        dropped: Letters and digits of the source that the text rule leaves out.
        unlearned: Characters of the source that the model reads only as bytes, because they hardly occurred in training.
        too_long: Whether the source is longer than any sentence that the model was trained on.
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
    rule: TextRule = ASCII
    sentences: list[Translation] = field(default_factory=list)
    joined_text: str = ""
    dropped: str = ""
    unlearned: str = ""
    too_long: bool = False

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
            joined_text=self.text,
            attn_weights=None if weights is None else join_attention(weights, self.src_words, self.words, self.rule),
        )

    @property
    def lost_words(self) -> list[str]:
        """Words and marks of the source that the model does not know and did not copy, each once, as they are written."""
        if self.sentences:
            lost = [word for each in self.sentences for word in each.lost_words]
        else:
            copied = {self.words[position] for position in self.copied}
            lost = [self.rule.unsplit([word]) for word in self.unknown if word not in copied]
        return list(dict.fromkeys(filter(None, lost)))  # a joiner alone cannot be seen

    @property
    def lost_numbers(self) -> list[str]:
        """Numbers of the source that the translation does not have in digits, each once, as they are written in the source.

        Separators and the script of the digits do not count: "3,500", "3 500" and "٣٥٠٠" are the same number.
        """
        if self.sentences:
            lost = [number for each in self.sentences for number in each.lost_numbers]
        else:
            kept = _numbers(self.normal_text)
            lost = [text for number, text in _numbers(self.rule.unsplit(self.src_words)).items() if number not in kept]
        return list(dict.fromkeys(lost))

    @property
    def normal_text(self) -> str:
        """The translation as normal text, as in the corpus."""
        return self.rule.unsplit(self.words)

    @property
    def text(self) -> str:
        """The translation as text, its words joined by the rules of its language."""
        return (
            self.joined_text
            if self.sentences or self.joined_text
            else self.rule.printed(self.normal_text, self.language)
        )

    def to_dict(self, attention: bool = True) -> dict[str, object]:
        """Return plain values, ready for JSON; the translation of several sentences lists them under "sentences".

        Args:
            attention: Whether the attention weights are among them.
        """
        notes = {"dropped": self.dropped, "unlearned": self.unlearned, "too_long": self.too_long}
        if self.sentences:
            return {"text": self.text, "sentences": [each.to_dict(attention) for each in self.sentences], **notes}
        rows = None if self.attn_weights is None else [[round(w, 4) for w in row] for row in self.attn_weights.tolist()]
        return {
            "text": self.text,
            "source": self.src_words,
            "words": self.words,
            "copied": self.copied,
            "unknown": self.unknown,
            "score": round(self.score, 4),
            "others": [{"text": text, "score": round(score, 4)} for text, score in self.others],
            **({"attention": rows} if attention else {}),
            **notes,
        }


def _numbers(text: str) -> dict[str, str]:
    """Return the numbers of a text: for the digits 0 to 9 of each, how it is written."""
    written = [found[0] for found in re.finditer(r"\d+(?:[\s.,'’٫٬]\d+)*", text)]
    return {"".join(str(int(digit)) for digit in each if digit.isdecimal()): each for each in written}


def join_translations(text: Sentences, translations: list[Translation]) -> Translation:
    """Join the translations of the sentences of a text; that of a text which is a single sentence stays as it is."""
    first = translations[0]
    if len(translations) == 1 and not "".join(text.spaces).strip():
        return first
    starts = [0, *accumulate(len(each.words) for each in translations)]
    return Translation(
        src_words=[word for each in translations for word in each.src_words],
        words=[word for each in translations for word in each.words],
        copied=[
            start + position for start, each in zip(starts, translations, strict=False) for position in each.copied
        ],
        unknown=[word for each in translations for word in each.unknown],
        score=sum(each.score for each in translations),
        attn_weights=None,
        language=first.language,
        src_language=first.src_language,
        rule=first.rule,
        sentences=translations,
        joined_text=text.join([each.text for each in translations]),
        dropped="".join(each.dropped for each in translations),
        unlearned="".join(each.unlearned for each in translations),
        too_long=any(each.too_long for each in translations),
    )


def join_attention(
    weights: Tensor, src_tokens: list[str], tgt_tokens: list[str], rule: TextRule, aligned: bool = False
) -> Tensor:
    """Join attention weights between pieces into weights between words.

    A word of the target attends as its pieces do on average, and to a word of the source as to all of its pieces together.

    Args:
        weights: (…, T, S), weights between pieces; rows and columns after those of the pieces, for EOS, stay.
        src_tokens: Pieces of the source.
        tgt_tokens: Pieces of the target.
        rule: Text rule that tells where words begin.
        aligned: True leaves out words that the ASCII rule does not know.

    Returns:
        (…, T', S'), weights between words.
    """
    src = _membership(src_tokens, weights.shape[-1], rule, aligned)  # (S', S)
    tgt = _membership(tgt_tokens, weights.shape[-2], rule, aligned)  # (T', T)
    return (tgt / tgt.sum(dim=1, keepdim=True)) @ weights @ src.T  # (T', T) · (…, T, S) · (S, S')


def _membership(tokens: list[str], size: int, rule: TextRule, aligned: bool) -> Tensor:
    """Return (words, size) numbers, 1 where a position belongs to a word; each position after the tokens is its own."""
    starts = rule.word_starts(tokens)
    rows = []
    for start, end in pairwise([*starts, len(tokens)]):
        if not aligned or ASCII.normalise(rule.unsplit(tokens[start:end])):
            rows.append(torch.arange(size).ge(start) & torch.arange(size).lt(end))
    rows += [torch.arange(size).eq(position) for position in range(len(tokens), size)]
    return torch.stack(rows).float()
