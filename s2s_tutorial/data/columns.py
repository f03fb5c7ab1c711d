"""Sentence pairs as two columns, and which column is the source."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeVar

from s2s_tutorial.data.losses import Losses

Alignment = frozenset[tuple[int, int]]  # links between positions of two sentences
Side = TypeVar("Side")  # anything that exists once for each column


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
        provenance: The third column, `""` where a line has none; an empty list for the embedded corpus.
        alignments: N gold word alignments (position in second, position in first), for the embedded corpus only.
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
