"""Text rules: what a sentence looks like before a model sees it, and how it is put back together afterwards.

Normalising keeps 26 letters and four marks: accents go, case goes, `, . ! ?` become words of their own, and everything
else (digits too) becomes one space. Chapter 1 of the book shows what that loses.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

MARKS = ",.!?"

# Letters that Unicode decomposition leaves whole. Without this table « sœur » would become "s ur".
LIGATURES = {"œ": "oe", "æ": "ae", "ß": "ss", "ø": "o", "ł": "l", "đ": "d", "ı": "i"}


def normalise_character(character: str) -> str:
    """Map one character to what is left of it: ASCII letters, a mark between spaces, a space, or nothing.

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
    """A table for `str.translate`, filled in as characters turn up: each is worked out once."""

    def __missing__(self, codepoint: int) -> str:
        self[codepoint] = normalise_character(chr(codepoint))
        return self[codepoint]


_TABLE = _CharacterTable()
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]+")
# Marks and line ends stay here: this table maps ASCII to ASCII, one to one, which `str.translate` does fastest.
_ASCII_TABLE = {
    code: character if (character := chr(code).lower()).isalpha() or character in MARKS + "\n" else " "
    for code in range(128)
}


def _clean(text: str) -> str:
    """Apply the rules to every character; spaces are not put in order yet, and line ends stay.

    Few characters are beyond ASCII. Those are worked out one by one; the rest is three fast passes over the text.
    """
    text = _BEYOND_ASCII.sub(lambda found: found[0].translate(_TABLE), text).translate(_ASCII_TABLE)
    for mark in MARKS:
        text = text.replace(mark, f" {mark} ")
    return text


def normalise(text: str) -> str:
    """Bring a sentence to the form the models read: lower-case ASCII words and `, . ! ?`, one space between.

    >>> normalise("Ma sœur n'a-t-elle pas 7 ans\u202f?")
    'ma soeur n a t elle pas ans ?'
    """
    return " ".join(_clean(text).split())


def normalise_all(texts: Iterable[str]) -> list[str]:
    """`normalise` of many sentences, one a result: the work on characters is done on all of them at once."""
    lines = [text.replace("\n", " ") for text in texts]
    return [" ".join(line.split()) for line in _clean("\n".join(lines)).split("\n")] if lines else []


def tokenise(text: str) -> list[str]:
    """Split a sentence into the words a vocabulary counts; it is normalised first.

    >>> tokenise("J'ai froid.")
    ['j', 'ai', 'froid', '.']
    """
    return normalise(text).split()


# How words are put together, by language: patterns and what takes their place, in this order. The web page reads this
# table too (`export`), so it holds only what regular expressions of Python and JavaScript have in common.
JOINS: dict[str, tuple[tuple[str, str], ...]] = {
    # What English contractions leave behind once the apostrophe is a space: "i m" is put back as "i'm".
    "en": (
        (
            r"\b(?:(\w+) (ll|re|ve)|(\w+n) (t)|(i) (m)|(o) (clock)|(\w+) (s)"
            r"|(it|he|she|we|they|you|i|there|that|who|what) (d))(?= |$)",
            r"\g<1>\g<3>\g<5>\g<7>\g<9>\g<11>'\g<2>\g<4>\g<6>\g<8>\g<10>\g<12>",  # groups of other branches are empty
        ),
    ),
    "fr": (
        (r"(?<=[ae]) t (?=(?:ils?|elles?|on)\b)", "-t-"),  # « a-t-il », where no elision is
        (r"\b([cdjlmnst]|qu|jusqu|lorsqu|puisqu|quelqu|aujourd) (?=[aeiouyh])", r"\g<1>'"),
    ),
}
BEFORE_MARK = (r" ([,.!?])", r"\g<1>")  # in every language


def detokenise(words: Iterable[str], language: str = "en") -> str:
    """Join words as a reader expects them: no space before a mark, apostrophes back in their place.

    Args:
        words: normalised words, marks among them.
        language: "en" puts contractions together (i'm, don't), "fr" elisions (j'ai, qu'il) and the t of "a-t-il"; others
            only marks.

    >>> detokenise("i m too cold .".split())
    "i'm too cold."
    >>> detokenise("j ai froid .".split(), language="fr")
    "j'ai froid."
    """
    text = " ".join(words)
    for pattern, replacement in (*JOINS.get(language, ()), BEFORE_MARK):
        text = re.sub(pattern, replacement, text)
    return text
