"""The description of an exported model: its sizes, its vocabularies, and the rules by which the page reads and writes text."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import Any

from s2s_tutorial.data import text
from s2s_tutorial.data.pieces import FIXED, PieceVocabulary, read_vocabulary
from s2s_tutorial.data.rules import ASCII, UNICODE, AsciiRule, TextRule
from s2s_tutorial.data.unicode_text import UNSPACED
from s2s_tutorial.data.vocabulary import SPECIAL_WORDS, Vocabulary
from s2s_tutorial.model.attention import LocalAttention
from s2s_tutorial.model.decoder import RecurrentDecoder
from s2s_tutorial.translation.paragraphs import ARTICLES, NUMBERED, TITLES, abbreviations
from s2s_tutorial.translation.reading import MAX_SOURCE_PIECES, MAX_SOURCE_WORDS
from s2s_tutorial.translation.search import LENGTH_PENALTY
from s2s_tutorial.translation.translator import CHARACTERS_PER_CHARACTER, Translator
from s2s_tutorial.web.unicode_table import unicode_table

FORMAT = 3  # of the files; their scales are in bfloat16
FORMER = (1, 2)  # scales in float32; 1 has only models that read ASCII words


def describe(translator: Translator) -> dict[str, Any]:
    """Return what the page needs besides the weights, as plain values.

    Models of ASCII words need no rules for reading other text.
    """
    decoder = translator.model.decoder
    attention = decoder.attention if isinstance(decoder, RecurrentDecoder) else None
    src, tgt = translator.src_vocabulary, translator.tgt_vocabulary
    values = {
        "format": FORMAT,
        "language": translator.language,
        "src_language": translator.src_language,
        "model": asdict(translator.model.settings),
        "reach": attention.reach if isinstance(attention, LocalAttention) else 0,
        "src_words": _listed(src),
        "tgt_words": _listed(tgt),
        "length_penalty": LENGTH_PENALTY,
        "max_words": MAX_SOURCE_WORDS,
        "text": text_rules(translator.language),
    }
    if translator.rule == ASCII:
        return values
    joint = src is tgt or src == tgt
    return {
        **values,
        "tgt_words": None if joint else values["tgt_words"],  # None for the same ones as on the source side
        "max_pieces": MAX_SOURCE_PIECES,
        "reading": reading_rules(translator),
    }


def _listed(vocabulary: Vocabulary) -> str | dict[str, str]:
    """Return the words of a vocabulary, or the characters and merges of one of pieces, as text."""
    if not isinstance(vocabulary, PieceVocabulary):
        return " ".join(vocabulary.words[len(SPECIAL_WORDS) :])
    values = vocabulary.to_dict()
    return {"alphabet": "".join(values["alphabet"]), "merges": "\n".join(values["merges"])}


def reading_rules(translator: Translator) -> dict[str, Any]:
    """Return what the page needs to read text in any script, or to cut words into pieces."""
    return {
        "rule": translator.rule.name,
        "longest": translator.longest,
        "most_per_token": CHARACTERS_PER_CHARACTER
        if _writes_characters(translator)
        else 2,  # see `search.length_limits`
        "titles": TITLES,
        "numbered": NUMBERED,
        "articles": ARTICLES,
        "abbreviations": abbreviations(translator.src_language or "en"),
        "unspaced": sorted(UNSPACED),
        "classes": unicode_table(),
    }


def _writes_characters(translator: Translator) -> bool:
    vocabulary = translator.tgt_vocabulary
    return isinstance(vocabulary, PieceVocabulary) and not vocabulary.merges


def text_rules(language: str) -> dict[str, Any]:
    """Return the tables of `text.normalise` and `text.detokenise`, with replacements in JavaScript's notation."""
    joins = (*text.JOINS.get(language, ()), text.BEFORE_MARK)
    return {
        "marks": text.MARKS,
        "ligatures": text.LIGATURES,
        "joins": [[pattern, re.sub(r"\\g<(\d+)>", r"$\1", replacement)] for pattern, replacement in joins],
    }


@dataclass(frozen=True)
class ExportedText:
    """How an exported model reads and writes text.

    Attributes:
        src: Words, or pieces of words, of the source language.
        tgt: Those of the target language.
        rule: Text rule.
        longest: Length of the longest source sentence that the model was trained on; None if it is not known.
    """

    src: Vocabulary
    tgt: Vocabulary
    rule: TextRule
    longest: int | None


def read_description(values: dict[str, Any]) -> ExportedText:
    """Read the vocabularies and rules from the result of `describe`.

    Raises:
        KeyError, TypeError, ValueError, AttributeError: The values are not such a result.
    """
    if values["format"] not in (FORMAT, *FORMER):
        raise ValueError(f"format {values['format']!r}, this version reads 1 to {FORMAT}")
    src = _vocabulary(values["src_words"])
    tgt = src if values["tgt_words"] is None else _vocabulary(values["tgt_words"])
    rule, longest = _reading(values.get("reading"))
    return ExportedText(src, tgt, rule, longest)


def _vocabulary(listed: str | dict[str, str]) -> Vocabulary:
    """Build a vocabulary from the text of `_listed`. It has no counts, because the page does not need them."""
    if isinstance(listed, str):
        words = listed.split()
        return Vocabulary.from_dict({"words": words, "counts": [0] * len(words)})
    alphabet, merges = list(listed["alphabet"]), listed["merges"].splitlines()
    entries = {*FIXED, *alphabet, *(merge.replace(" ", "") for merge in merges)}
    counts = [0] * (len(entries) - len(SPECIAL_WORDS))
    return read_vocabulary({"alphabet": alphabet, "merges": merges, "counts": counts})


def _reading(values: dict[str, Any] | None) -> tuple[TextRule, int | None]:
    """Return the text rule and the longest training source that a file names."""
    if values is None:
        return ASCII, None
    return {"unicode": UNICODE, "ascii": AsciiRule(marked=True)}[values["rule"]], values["longest"]
