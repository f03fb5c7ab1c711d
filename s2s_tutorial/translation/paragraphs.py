"""Split a text into sentences, and join their translations with the spaces of the text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sentencex import segment

from s2s_tutorial.data.unicode_text import UNSPACED, script_of

# Abbreviations that the library does not know in every language. A name or a number follows them, never a new sentence. The
# web page uses these lists too (`export`).
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
NUMBERED = ("No", "Nr", "Nº", "p", "pp", "art", "vol", "chap", "fig")
_TITLE = re.compile(rf"(?:^|[\s(«“„\"'’-])(?:{'|'.join(TITLES)})\.\s*$")
_NUMBERED = re.compile(rf"(?:^|\s)(?:{'|'.join(NUMBERED)})\.\s*$", re.IGNORECASE)
_INITIAL = re.compile(r"(?:^|[\s.])[^\W\d_]\.\s*$")  # one letter, as in « т. е. » or "p. ex."
_NAME_INITIAL = re.compile(r"(?:^[^\w\n]*|['’])[^\W\d_]\.[^\S\n]*$")  # of a name at the start, or after an apostrophe
_LINE = re.compile(r"[^\n]*\n|[^\n]+")
_LINE_END = re.compile(r"\n\s*$")
_DOUBLE_INITIAL = re.compile(r"(?<!\w)[^\W\d_]\.-[^\W\d_]\.\s*$")  # of a name such as "J.-P. Petit"


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
        for piece in (piece for line in _LINE.findall(text) for piece in segment(language, line)):
            if pieces and _continues(pieces[-1], piece):
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


def _continues(before: str, piece: str) -> bool:
    """Tell whether a piece that the library split off belongs to the sentence before it."""
    if not any(map(str.isalnum, piece)):
        return bool(piece.strip()) and not _LINE_END.search(before)  # a mark alone
    first = piece.lstrip()[0]
    return bool(
        _TITLE.search(before)
        or _DOUBLE_INITIAL.search(before)
        or _NAME_INITIAL.search(before)
        or (first.isdigit() and _NUMBERED.search(before))
        or ((first.islower() or not before[-1].isspace()) and _INITIAL.search(before))  # "U.S." has no space inside
    )


def _has_letter(text: str) -> bool:
    return any(map(str.isalpha, text))


def _is_unspaced(text: str) -> bool:
    letters = [character for character in text if character.isalpha()]
    return bool(letters) and script_of(letters[-1]) in UNSPACED
