"""The text rules of a run: how its sentences are normalised, cut into words, and printed again.

A sentence is kept as normal text. `split` and `unsplit` convert between it and words, without losing anything.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from s2s_tutorial.data import text as ascii_text
from s2s_tutorial.data import unicode_text
from s2s_tutorial.data.unicode_text import MARKER, first_tokens
from s2s_tutorial.settings import DataSettings


class TextRule(ABC):
    """What a run does with text."""

    name: str

    @abstractmethod
    def normalise(self, text: str) -> str:
        """Normalise a sentence. Normal text has single spaces, and normalising it again changes nothing."""

    def normalise_all(self, texts: Iterable[str]) -> list[str]:
        """Normalise many sentences; returns one text per sentence."""
        return [self.normalise(text) for text in texts]

    @abstractmethod
    def dropped(self, text: str) -> str:
        """Return the letters and digits of a text that normalising leaves out, in order."""

    @abstractmethod
    def split(self, text: str) -> list[str]:
        """Split normal text into words."""

    def split_all(self, texts: Iterable[str]) -> tuple[list[str], list[int]]:
        """Split many sentences; returns their words end to end, and the number of words of each."""
        split = [self.split(text) for text in texts]
        return [word for words in split for word in words], [len(words) for words in split]

    @abstractmethod
    def unsplit(self, tokens: Iterable[str]) -> str:
        """Join words, or the pieces of words, into normal text."""

    @abstractmethod
    def printed(self, text: str, language: str) -> str:
        """Return normal text of a language ("en", "fr" or another) in the form in which it is shown."""

    @abstractmethod
    def simplify(self, text: str) -> str:
        """Return normal text in the form by which scores compare and the split decides; see `unicode_text.simplify`."""

    def word_starts(self, tokens: Sequence[str]) -> list[int]:
        """Return the positions at which words begin among the words, or pieces of words, of a sentence."""
        return list(range(len(tokens)))


@dataclass(frozen=True)
class AsciiRule(TextRule):
    """The rule of 2017: lower-case letters from a to z and four marks. Chapter 1 of the book explains it.

    Attributes:
        marked: True if words begin with `MARKER`, so that the pieces of words can be joined again.
    """

    marked: bool = False
    name = "ascii"

    def normalise(self, text: str) -> str:
        return ascii_text.normalise(text)

    def normalise_all(self, texts: Iterable[str]) -> list[str]:
        return ascii_text.normalise_all(texts)

    def dropped(self, text: str) -> str:
        if text.isascii():
            return "".join(filter(str.isdigit, text))
        return "".join(
            character for character in text if character.isalnum() and not ascii_text.normalise_character(character).strip()
        )

    def split(self, text: str) -> list[str]:
        return [MARKER + word for word in text.split()] if self.marked else text.split()

    def split_all(self, texts: Iterable[str]) -> tuple[list[str], list[int]]:
        texts = list(texts)
        words = " ".join(texts).split()
        marked = [MARKER + word for word in words] if self.marked else words
        return marked, [text.count(" ") + bool(text) for text in texts]

    def unsplit(self, tokens: Iterable[str]) -> str:
        return unicode_text.join_tokens(tokens) if self.marked else " ".join(tokens)

    def printed(self, text: str, language: str) -> str:
        return ascii_text.detokenise(text.split(), language)

    def simplify(self, text: str) -> str:
        return text

    def word_starts(self, tokens: Sequence[str]) -> list[int]:
        return first_tokens(tokens) if self.marked else super().word_starts(tokens)


@dataclass(frozen=True)
class UnicodeRule(TextRule):
    """The rule for real text in any script: case, accents, digits and marks are kept; see `unicode_text`."""

    name = "unicode"

    def normalise(self, text: str) -> str:
        return unicode_text.clean(text)

    def dropped(self, text: str) -> str:
        return ""

    def split(self, text: str) -> list[str]:
        return unicode_text.split_words(text)

    def unsplit(self, tokens: Iterable[str]) -> str:
        return unicode_text.join_tokens(tokens)

    def printed(self, text: str, language: str) -> str:
        return text

    def simplify(self, text: str) -> str:
        return unicode_text.simplify(text)

    def word_starts(self, tokens: Sequence[str]) -> list[int]:
        return first_tokens(tokens)


ASCII, UNICODE = AsciiRule(), UnicodeRule()


def text_rule(settings: DataSettings) -> TextRule:
    """Return the text rule that the settings name."""
    if settings.text == "unicode":
        return UNICODE
    return AsciiRule(marked=settings.tokens != "words")
