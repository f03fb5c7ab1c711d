"""Sentence pairs as two columns, and which column is the source."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

Alignment = frozenset[tuple[int, int]]  # links between positions of two sentences
Side = TypeVar("Side")  # anything that exists once for each column


class CorpusError(ValueError):
    """Sentence pairs that cannot be used; the message says what, where and what to do."""


@dataclass(frozen=True)
class Columns:
    """Sentence pairs as they were read, normalised, English first (or whatever the first column holds).

    Attributes:
        first: normalised sentences of the first column, words joined by spaces.
        second: those of the second column; each at the index of its pair.
        provenance: the third column, `""` where there is none; an empty list for the embedded corpus.
        alignments: gold word alignments (position in second, position in first), of the embedded corpus only.
    """

    first: list[str]
    second: list[str]
    provenance: list[str]
    alignments: list[Alignment] | None = None

    def sides(self, reverse: bool) -> tuple[list[str], list[str]]:
        """Return source and target sentences: second and first column, or the other way round if `reverse`."""
        return source_and_target(self.first, self.second, reverse)


def source_and_target(first: Side, second: Side, reverse: bool) -> tuple[Side, Side]:
    """Put what belongs to the first and the second column in the order (source, target); `reverse` swaps the direction."""
    return (first, second) if reverse else (second, first)
