"""The sentences of a held-out set as their file has them, with the case and accents that the ASCII rule leaves out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from s2s_tutorial.data.corpus import HeldOut, challenge_set, has_words
from s2s_tutorial.data.readers import read_file, read_pieces
from s2s_tutorial.data.rules import UNICODE, TextRule
from s2s_tutorial.settings import DataSettings, Files


@dataclass(frozen=True)
class Originals:
    """Sentences with their references as text.

    Attributes:
        sources: N sentences.
        references: N lists of their references.
    """

    sources: list[str]
    references: list[list[str]]


def original_pairs(settings: DataSettings, pairs: Files = "") -> Iterator[tuple[str, str]]:
    """Yield the source and the target of every pair among which a held-out set was chosen, as the file has them.

    Args:
        settings: Settings of the data, with paths at which the files are.
        pairs: "challenge", or the path of a file of pairs, or the paths of two parallel files; `""` for the test set of the
            settings.

    Raises:
        CorpusError: A file cannot be used.
    """
    if pairs == "challenge":
        challenge = challenge_set(settings.reverse, UNICODE)
        for source, references in zip(challenge.sources, challenge.references, strict=True):
            yield from ((source, reference) for reference in references)
        return
    whole = replace(settings, text="unicode")
    own = replace(whole, corpus=settings.test or settings.corpus)
    for piece in [read_file(pairs, whole)] if pairs else read_pieces(own):
        yield from zip(*piece.sides(settings.reverse), strict=True)


def originals_of(held_out: HeldOut, rule: TextRule, pairs: Iterable[tuple[str, str]]) -> Originals:
    """Return the sentences of a held-out set as they were before they were normalised, unreadable ones at the end.

    Args:
        held_out: The set.
        rule: Rule by which it was normalised.
        pairs: Pairs among which it was chosen, as the file has them.
    """
    if rule == UNICODE and not held_out.unreadable:  # nothing is left out
        return Originals(held_out.sources, held_out.references)
    wanted = dict.fromkeys(held_out.sources, "")
    originals: dict[tuple[str, str], str] = {}
    unreadable: list[tuple[str, list[str]]] = []
    for source, target in pairs:
        simple, translated = rule.normalise(source), rule.normalise(target)
        if simple in wanted:
            wanted[simple] = wanted[simple] or source
            originals.setdefault((simple, translated), target)
        elif has_words(translated) and not has_words(simple):
            unreadable.append((source, [target]))
    references = [
        [originals.get((source, text), text) for text in texts]
        for source, texts in zip(held_out.sources, held_out.references, strict=True)
    ]
    more = unreadable if len(unreadable) == len(held_out.unreadable) else [("", texts) for texts in held_out.unreadable]
    return Originals(
        [*(text or source for source, text in wanted.items()), *(source for source, _ in more)],
        [*references, *(texts for _, texts in more)],
    )
