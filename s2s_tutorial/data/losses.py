"""Count what reading a corpus changes: letters that a text rule leaves out, and decoded HTML entities."""

from __future__ import annotations

import html
import re
import string
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from s2s_tutorial.data.rules import TextRule
from s2s_tutorial.data.unicode_text import script_of

_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_NO_LETTERS, _NO_DIGITS = (
    bytes(set(range(128)) - set(kept.encode())) for kept in (string.ascii_letters, string.digits)
)


@dataclass
class Losses:
    """Counts of one side of a corpus.

    Attributes:
        letters: Number of letters that were read.
        dropped: How often each letter was left out.
        digits: Number of digits that were left out.
        entities: Number of HTML entities, such as `&quot;`, that were decoded.
    """

    letters: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    digits: int = 0
    entities: int = 0

    def normalise(self, texts: Iterable[str], rule: TextRule) -> list[str]:
        """Decode the entities of some sentences, count their letters, and normalise them."""
        texts = [text.replace("\n", " ") for text in texts]
        whole, entities = _ENTITY.subn(_decoded, "\n".join(texts))
        codes = np.frombuffer(whole.encode("utf-32-le", "surrogatepass"), dtype="<u4")
        beyond, counts = np.unique(codes[codes > 127], return_counts=True)  # beyond ASCII
        ascii_letters = len(whole.encode("ascii", "ignore").translate(None, _NO_LETTERS))
        self.entities += entities
        if rule.dropped("0"):
            self.digits += len(whole.encode("ascii", "ignore").translate(None, _NO_DIGITS))
        self.letters += ascii_letters
        for letter, count in zip(map(chr, beyond.tolist()), counts.tolist(), strict=True):
            if letter.isalpha():
                self.letters += count
                if rule.dropped(letter):
                    self.dropped[letter] += count
        return rule.normalise_lines(whole) if texts else []

    def add(self, more: Losses) -> None:
        """Add the counts of another part of the same side."""
        self.letters += more.letters
        self.dropped.update(more.dropped)
        self.digits += more.digits
        self.entities += more.entities

    @property
    def share(self) -> float:
        """Share of the letters that are left out, 0 to 1."""
        return self.dropped.total() / max(self.letters, 1)

    @property
    def script(self) -> str:
        """Script of most of the letters that are left out; `""` if there are none."""
        scripts: Counter[str] = Counter()
        for letter, count in self.dropped.items():
            scripts[script_of(letter)] += count
        name = scripts.most_common(1)[0][0] if scripts else ""
        return name if name == "CJK" else name.capitalize()


def decode_entities(text: str) -> str:
    """Decode the HTML entities of a line, as reading a corpus does.

    >>> decode_entities("L&apos;ami &amp; moi, AT&T &nosuch;")
    "L'ami & moi, AT&T &nosuch;"
    """
    return _ENTITY.sub(_decoded, text)


def _decoded(entity: re.Match[str]) -> str:
    """Decode an entity; one that stands for a line end becomes a space, so that each sentence stays on its line."""
    return html.unescape(entity[0]).replace("\n", " ")
