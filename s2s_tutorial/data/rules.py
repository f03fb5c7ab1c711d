"""The text rules of a run: how its sentences are normalised, cut into words, and printed again.

A sentence is kept as normal text. `split` and `unsplit` convert between it and words, without losing anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from s2s_tutorial.data import text as ascii_text
from s2s_tutorial.data import unicode_text
from s2s_tutorial.data.unicode_text import MARKER
from s2s_tutorial.settings import DataSettings, TextName


@dataclass(frozen=True)
class TextRule:
    """The rule for real text in any script, "unicode": case, accents, digits and marks are kept; see `unicode_text`.

    Attributes:
        marked: True if words begin with `MARKER` where a space is before them, so that pieces of words can be joined again.
    """

    marked: bool = True
    name: ClassVar[TextName] = "unicode"

    def normalise(self, text: str) -> str:
        """Normalise a sentence. Normal text has single spaces, and normalising it again changes nothing."""
        return unicode_text.clean(text)

    def normalise_lines(self, text: str) -> list[str]:
        """Normalise the lines of a text, which end with a line feed; returns one text per line."""
        return [self.normalise(line) for line in text.split("\n")]

    def normalise_all(self, texts: Iterable[str]) -> list[str]:
        """Normalise many sentences; returns one text per sentence."""
        lines = [text.replace("\n", " ") for text in texts]
        return self.normalise_lines("\n".join(lines)) if lines else []

    def dropped(self, text: str) -> str:
        """Return the letters and digits of a text that normalising leaves out, in order."""
        return ""

    def split(self, text: str) -> list[str]:
        """Split normal text into words."""
        return unicode_text.split_words(text)

    def split_all(self, texts: Iterable[str]) -> tuple[list[str], list[int]]:
        """Split many sentences; returns their words end to end, and the number of words of each."""
        split = [self.split(text) for text in texts]
        return [word for words in split for word in words], [len(words) for words in split]

    def unsplit(self, tokens: Iterable[str]) -> str:
        """Join words, or the pieces of words, into normal text."""
        return unicode_text.join_tokens(tokens) if self.marked else " ".join(tokens)

    def word_starts(self, tokens: Sequence[str]) -> list[int]:
        """Return the positions at which words begin among the words, or pieces of words, of a sentence."""
        return unicode_text.first_tokens(tokens) if self.marked else list(range(len(tokens)))

    def printed(self, text: str, language: str) -> str:
        """Return normal text of a language ("en", "fr" or another) in the form in which it is shown."""
        return text

    def simplify(self, text: str) -> str:
        """Return normal text in the form by which scores compare; see `unicode_text.simplify`."""
        return unicode_text.simplify(text)

    def split_form(self, text: str) -> str:
        """Return normal text in the form by which the split decides: simple, and without digits.

        Sentences that differ only in their numbers are in one set. And Latin text is in the same set under each rule, so a
        model of this rule can be measured on the held-out sentences of one of the rule "ascii".
        """
        return unicode_text.without_digits(self.simplify(text))


@dataclass(frozen=True)
class AsciiRule(TextRule):
    """The rule "ascii": lower-case letters from a to z and four marks. Chapter 1 of the book explains it."""

    marked: bool = False
    name: ClassVar[TextName] = "ascii"

    def normalise(self, text: str) -> str:
        """Normalise a sentence; see `text.normalise`."""
        return ascii_text.normalise(text)

    def normalise_lines(self, text: str) -> list[str]:
        """Normalise the lines of a text, which end with a line feed; returns one text per line."""
        return ascii_text.normalise_lines(text)

    def dropped(self, text: str) -> str:
        """Return the letters and digits of a text that normalising leaves out, in order."""
        if text.isascii():
            return "".join(filter(str.isdigit, text))
        return "".join(c for c in text if c.isalnum() and not ascii_text.normalise_character(c).strip())

    def split(self, text: str) -> list[str]:
        """Split normal text at its spaces."""
        return [MARKER + word for word in text.split()] if self.marked else text.split()

    def printed(self, text: str, language: str) -> str:
        """Return normal text with the apostrophes of its language; see `text.detokenise`."""
        return ascii_text.detokenise(text.split(), language)

    def simplify(self, text: str) -> str:
        """Return normal text as it is: nothing of it is left to simplify."""
        return text

    def split_form(self, text: str) -> str:
        """Return normal text as it is; it has no digits."""
        return text


ASCII, UNICODE = AsciiRule(), TextRule()


def text_rule(settings: DataSettings) -> TextRule:
    """Return the text rule that the settings name."""
    return UNICODE if settings.text == "unicode" else AsciiRule(marked=settings.tokens != "words")
