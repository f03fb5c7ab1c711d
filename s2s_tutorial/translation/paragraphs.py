"""Split a text into sentences, and join their translations with the spaces of the text."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product
from string import ascii_lowercase

from sentencex import segment

from s2s_tutorial.data.unicode_text import UNSPACED, script_of

# Abbreviations that the library does not know in every language. A name or a number follows them, never a new sentence. The
# web page uses these lists too (`web.description`).
TITLES = (
    "M",
    "MM",
    "Mme",
    "Mlle",
    "Mr",
    "Mrs",
    "Ms",
    "Dr",
    "Dre",
    "Pr",
    "Prof",
    "Mgr",
    "St",
    "Ste",
    "Sr",
    "Sra",
    "Srta",
    "Hr",
    "Fr",
)
NUMBERED = ("No", "Nr", "Nº", "p", "pp", "art", "vol", "chap", "fig", "núm", "pág")
_TITLE = re.compile(rf"(?:^|[\s(«“„\"'’-])(?:{'|'.join(TITLES)})\.\s*$")
_NUMBERED = re.compile(rf"(?:^|\s)(?:{'|'.join(NUMBERED)})\.\s*$", re.IGNORECASE)
_INITIAL = re.compile(r"(?:^|[\s.])[^\W\d_]\.\s*$")  # one letter, as in « т. е. » or "p. ex."
_NAME = re.compile(r"(?:^|\s)[^\W\d_]\.[^\S\n]*\Z")  # the library knows such initials in English, not in every language
_NAME_INITIAL = re.compile(r"(?:^[^\w\n]*|['’])[^\W\d_]\.[^\S\n]*$")  # of a name at the start, or after an apostrophe
_LINE = re.compile(r"[^\n]*\n|[^\n]+")
_LINE_END = re.compile(r"\n\s*$")
_DOUBLE_INITIAL = re.compile(r"(?<!\w)[^\W\d_]\.-[^\W\d_]\.\s*$")  # of a name such as "J.-P. Petit"
# A German number with a full stop is an ordinal after an article, as in "im 3. Stock".
ARTICLES = ("der", "die", "das", "dem", "den", "des", "am", "im", "ins", "vom", "zum", "zur", "beim")
_ORDINAL = re.compile(rf"(?<!\w)(?:{'|'.join(ARTICLES)})\s\d{{1,2}}\.[^\S\n]*\Z", re.IGNORECASE)
# Ends of sentences that the library does not see: « … » before a capital, and a whole sentence in brackets.
_DOTS = re.compile(r"…(?=\s+[^\s\d])")
_IN_BRACKETS = re.compile(r"((?:^|[.!?…])\s*)\(([^()]*[.!?…])\)(?=\s)")
# Text at which the library crashes: a space beyond ASCII before a full stop, and half a character.
_SPACE_BEFORE_STOP = re.compile(r"[^\S\x00-\x7f](?=\.)")
_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True)
class Sentences:
    """The N sentences of a text.

    Attributes:
        texts: Sentences without space around them.
        spaces: N + 1 texts, the space before each sentence and after the last one. What has no letter is part of it and is not
            translated, such as the number of a list or a row of stars, unless the text has nothing else.
    """

    texts: list[str]
    spaces: list[str]

    @classmethod
    def of(cls, text: str, language: str) -> Sentences:
        """Split a text. Abbreviations, initials, numbers and quotes hold together.

        Args:
            text: The text; line ends also end a sentence.
            language: Code of its language, for abbreviations. Without one that is known, those of English count.
        """
        pieces: list[str] = []
        for piece in (piece for line in _LINE.findall(text) for piece in _segments(line, language)):
            if pieces and _continues(pieces[-1], piece, language):
                pieces[-1] += piece
            else:
                pieces.append(piece)
        is_sentence = _has_letter if _has_letter(text) else bool
        texts, spaces = [], [""]
        for piece in pieces:
            sentence = piece.strip()
            before, after = piece[: len(piece) - len(piece.lstrip())], piece[len(piece.rstrip()) :]
            if is_sentence(sentence):
                spaces[-1] += before
                texts.append(sentence)
                spaces.append(after)
            else:
                spaces[-1] += piece
        return cls(texts, spaces)

    def without(self, positions: Collection[int]) -> Sentences:
        """Return the text without some of its sentences. A single space remains where one was, and line ends remain."""
        texts, spaces = [], self.spaces[:1]
        for position, (text, after) in enumerate(zip(self.texts, self.spaces[1:], strict=True)):
            if position not in positions:
                texts.append(text)
                spaces.append(after)
            elif (both := spaces[-1] + after).strip() or "\n" in both:
                spaces[-1] = both
            else:
                spaces[-1] = min(spaces[-1], after, key=len)
        return Sentences(texts, spaces)

    def join(self, translations: Sequence[str]) -> str:
        """Join N translations with the spaces between the sentences.

        If there was no space, as in Chinese, one is put between translations whose script has spaces.
        """
        text = self.spaces[0]
        for translation, space in zip(translations, self.spaces[1:], strict=True):
            if text and translation and not text[-1].isspace() and not _is_unspaced(translation):
                text += " "
            text += translation + space
        return text


@cache
def abbreviations(language: str) -> list[str]:
    """Return the abbreviations of two or three letters from a to z that the library knows in a language.

    The library does not list them, so all such words are tried. The web page uses the result (`web.description`).
    """
    words = ("".join(letters) for size in (2, 3) for letters in product(ascii_lowercase, repeat=size))
    return [word for word in words if len(segment(language, f"A {word}. Xyz")) == 1]


def _segments(line: str, language: str) -> Iterator[str]:
    """Cut a line where the library sees the end of a sentence, after writing other ends with marks that it knows."""
    known = _DOTS.sub(lambda dots: "…" if line[dots.end() :].lstrip()[0].islower() else ".", line)
    known = _IN_BRACKETS.sub(r"\1‹\2›", known)
    known = _SURROGATE.sub("\ufffd", _SPACE_BEFORE_STOP.sub(" ", known))  # as long as the line
    start = 0
    for piece in segment(language, known):
        yield line[start : start + len(piece)]
        start += len(piece)


def _continues(before: str, piece: str, language: str) -> bool:
    """Tell whether a piece that the library split off belongs to the sentence before it."""
    if not any(map(str.isalnum, piece)):
        return bool(piece.strip()) and not _LINE_END.search(before)  # a mark alone
    first = piece.lstrip()[0]
    return bool(
        _TITLE.search(before)
        or _DOUBLE_INITIAL.search(before)
        or _NAME_INITIAL.search(before)
        or (first.isdigit() and _NUMBERED.search(before))
        or (language != "en" and (initial := _NAME.search(before)) and initial[0].strip().isupper())
        or (language == "de" and _ORDINAL.search(before))
        or ((first.islower() or not before[-1].isspace()) and _INITIAL.search(before))  # "U.S." has no space inside
    )


def _has_letter(text: str) -> bool:
    return any(map(str.isalpha, text))


def _is_unspaced(text: str) -> bool:
    letters = [character for character in text if character.isalpha()]
    return bool(letters) and script_of(letters[-1]) in UNSPACED
