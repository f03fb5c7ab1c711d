"""Text rules: how a sentence is normalised for a model, and how the model's words are joined into a sentence again.

Normalising keeps 26 letters and four marks: it removes accents, lower-cases, makes `, . ! ?` words of their own, and
replaces everything else (digits too) by one space. Chapter 1 of the book shows what is lost.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

MARKS = ",.!?"

# Letters that Unicode decomposition does not change. Without this table « sœur » would become "s ur".
LIGATURES = {"œ": "oe", "æ": "ae", "ß": "ss", "ø": "o", "ł": "l", "đ": "d", "ı": "i"}


def normalise_character(character: str) -> str:
    """Normalise one character: to ASCII letters, a mark between spaces, a space, or nothing.

    >>> [normalise_character(c) for c in "Éœ?7"]
    ['e', 'oe', ' ? ', ' ']
    """
    result = ""
    for part in unicodedata.normalize("NFD", character):
        if unicodedata.category(part) == "Mn":  # an accent on its own
            continue
        for letter in LIGATURES.get(part.lower(), part.lower()):
            if unicodedata.category(letter) == "Mn":  # "İ".lower() is an i and an accent
                continue
            if letter in MARKS:
                result += f" {letter} "
            else:
                result += letter if "a" <= letter <= "z" else " "
    return result


class _CharacterTable(dict):
    """A table for `str.translate` that normalises each character when it is first looked up."""

    def __missing__(self, codepoint: int) -> str:
        self[codepoint] = normalise_character(chr(codepoint))
        return self[codepoint]


_TABLE = _CharacterTable()
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]+")
# This table keeps marks and line ends: it maps each ASCII character to one ASCII character, the fastest case of
# `str.translate`.
_ASCII_TABLE = {
    code: character if (character := chr(code).lower()).isalpha() or character in MARKS + "\n" else " "
    for code in range(128)
}


def _clean(text: str) -> str:
    """Apply the rules to every character; line ends stay, and repeated spaces are not removed yet.

    Characters beyond ASCII are few and are normalised one by one; all others in a few fast passes over the text.
    """
    text = _BEYOND_ASCII.sub(lambda found: found[0].translate(_TABLE), text).translate(_ASCII_TABLE)
    for mark in MARKS:
        text = text.replace(mark, f" {mark} ")
    return text


def normalise(text: str) -> str:
    """Normalise a sentence: lower-case ASCII words and `, . ! ?`, with one space between them.

    >>> normalise("Ma sœur n'a-t-elle pas 7 ans\u202f?")
    'ma soeur n a t elle pas ans ?'
    """
    return " ".join(_clean(text).split())


def normalise_lines(text: str) -> list[str]:
    """Normalise the lines of a text, each as `normalise` does, but faster; returns one text per line."""
    return [" ".join(line.split()) for line in _clean(text).split("\n")]


def normalise_all(texts: Iterable[str]) -> list[str]:
    """Normalise many sentences, as `normalise` does with one, but faster; returns one text per sentence."""
    lines = [text.replace("\n", " ") for text in texts]
    return normalise_lines("\n".join(lines)) if lines else []


def tokenise(text: str) -> list[str]:
    """Normalise a sentence and split it into words.

    >>> tokenise("J'ai froid.")
    ['j', 'ai', 'froid', '.']
    """
    return normalise(text).split()


# How words are joined, by language: patterns and their replacements, applied in this order. The web page uses this table
# too (`web.description`), so its patterns mean the same in Python and JavaScript.
JOINS: dict[str, tuple[tuple[str, str], ...]] = {
    # Normalising turns the apostrophe of a contraction into a space: "i m" becomes "i'm" again.
    "en": (
        (
            r"\b(?:(\w+) (ll|re|ve)|(\w+n) (t)|(i) (m)|(o) (clock)|(\w+) (s)"
            r"|(it|he|she|we|they|you|i|there|that|who|what) (d))(?= |$)",
            r"\g<1>\g<3>\g<5>\g<7>\g<9>\g<11>'\g<2>\g<4>\g<6>\g<8>\g<10>\g<12>",  # groups of other branches are empty
        ),
    ),
    "fr": (
        (r"(?<=[ae]) t (?=(?:ils?|elles?|on)\b)", "-t-"),  # « a-t-il », whose t is not an elision
        (r"\b([cdjlmnst]|qu|jusqu|lorsqu|puisqu|quelqu|aujourd) (?=[aeiouyh])", r"\g<1>'"),
    ),
}
BEFORE_MARK = (r" ([,.!?])", r"\g<1>")  # in every language


def detokenise(words: Iterable[str], language: str = "en") -> str:
    """Join words into readable text: without a space before a mark, and with apostrophes.

    Args:
        words: Normalised words and marks.
        language: "en" joins contractions (i'm, don't), "fr" elisions (j'ai, qu'il) and the t of "a-t-il"; with any other
            language only marks are joined.

    >>> detokenise("i m too cold .".split())
    "i'm too cold."
    >>> detokenise("j ai froid .".split(), language="fr")
    "j'ai froid."
    """
    text = " ".join(words)
    for pattern, replacement in (*JOINS.get(language, ()), BEFORE_MARK):
        text = re.sub(pattern, replacement, text)
    return text
