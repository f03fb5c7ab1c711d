"""Sentence pairs as two columns, and which column is the source."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeVar

from s2s_tutorial.data.losses import Losses
from s2s_tutorial.data.rules import TextRule

Alignment = frozenset[tuple[int, int]]  # links between positions of two sentences
Side = TypeVar("Side")  # anything that exists once for each column
MOST_LOST = 0.1  # of the letters of a column; a corpus that loses more is refused
KEEP_LETTERS = "keep them with --text unicode (in Python, DataSettings(text='unicode'))"


class CorpusError(ValueError):
    """Sentence pairs that cannot be used; the message tells what is wrong, where, and what to do."""

    def _render_traceback_(self) -> list[str]:
        """Let a notebook show the message alone: what is wrong is the data, and not the code of a traceback."""
        return [str(self)]


@dataclass(frozen=True)
class Columns:
    """Sentence pairs in the order of the file, normalised; the first column of the built-in corpora is English.

    Attributes:
        first: N normalised sentences of the first column.
        second: N normalised sentences of the second column; pair n is `first[n]` and `second[n]`.
        provenance: The third column, `""` where a line has none; an empty list for the built-in corpus.
        alignments: N gold word alignments (position in second, position in first), for the built-in corpus only.
        losses: What normalising left out of the first and of the second column.
        notes: How a file was read, as pairs of a word and a text, such as ("source", "column 2"); not compared.
    """

    first: list[str]
    second: list[str]
    provenance: list[str]
    alignments: list[Alignment] | None = None
    losses: tuple[Losses, Losses] = field(default_factory=lambda: (Losses(), Losses()), compare=False)
    notes: list[tuple[str, str]] = field(default_factory=list, compare=False)

    def only(self, rows: list[int]) -> Columns:
        """Return some rows, without notes."""
        first, second, provenance = (
            [side[row] for row in rows] if side else [] for side in (self.first, self.second, self.provenance)
        )
        alignments = None if self.alignments is None else [self.alignments[row] for row in rows]
        return Columns(first, second, provenance, alignments)

    def sides(self, reverse: bool) -> tuple[list[str], list[str]]:
        """Return source and target sentences: second and first column, or first and second if `reverse`."""
        return source_and_target(self.first, self.second, reverse)


def source_and_target(first: Side, second: Side, reverse: bool) -> tuple[Side, Side]:
    """Return (source, target) of a pair of values, one for each column: (second, first), or (first, second) if `reverse`."""
    return (first, second) if reverse else (second, first)


def check_losses(first: Losses, second: Losses, rule: TextRule, name: str = "", remedy: str = KEEP_LETTERS) -> None:
    """Refuse sentence pairs that lose much of their text.

    Args:
        first, second: Counts of the two columns.
        rule: Rule by which they were normalised.
        name: Name of their file in the error message, where it is not the corpus.
        remedy: What to do, for the error message.

    Raises:
        CorpusError: The rule leaves out more than `MOST_LOST` of the letters of a column.
    """
    for column, losses in (("first", first), ("second", second)):
        if losses.share > MOST_LOST:
            raise CorpusError(
                f"the text rule {rule.name!r} leaves out {losses.share:.0%} of the letters of the {column} column"
                f"{f' of {name}' if name else ''} (script: {losses.script}): {remedy}"
            )
