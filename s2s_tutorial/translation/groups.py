"""Score parts of a held-out set: the groups of its third column, such as phenomena, and sentences of similar length."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from s2s_tutorial.data.corpus import HeldOut
from s2s_tutorial.data.rules import TextRule
from s2s_tutorial.translation.evaluation import (
    bleu_score,
    comparable_references,
    comparable_text,
    exact_match,
    reference_columns,
)
from s2s_tutorial.translation.translator import Translation

SEEN = "in training data"
LENGTHS = (0, 5, 10, 15, 20, 30)  # a group of lengths is above one of these, and at most the next
MOST_GROUPS = 40  # a third column with more different texts holds notes, and not the names of groups
FEWEST_TO_DIVIDE = 20  # sentences of a set that is divided by length


def score_groups(translations: Sequence[Translation], held_out: HeldOut, seen: frozenset[str]) -> dict[str, Any]:
    """Score each group (in the challenge set, each phenomenon); sentences seen in training form a group of their own.

    Args:
        translations: Translations of the held-out set, in its order.
        held_out: A held-out set with groups.
        seen: Normalised sources that are in the run's training data.

    Returns:
        For each group its sentences, bleu, chrf and exact_match; the last group is "in training data", if there is one.
    """
    references = comparable_references(held_out.references, translations[0].rule)
    return score_rows(group_rows(held_out, seen), [comparable_text(each) for each in translations], references)


def score_rows(
    rows_of: Mapping[str, Sequence[int]], outputs: Sequence[str], references: Sequence[Sequence[str]]
) -> dict[str, Any]:
    """Score some rows of a set at a time.

    Args:
        rows_of: Name of each group, and its rows.
        outputs: N translations in the form in which scores compare them.
        references: For each, all its references, likewise.

    Returns:
        For each group its sentences, bleu, chrf and exact_match.
    """
    from sacrebleu.metrics import CHRF

    scores = {}
    for name, rows in rows_of.items():
        texts, truths = [outputs[row] for row in rows], [references[row] for row in rows]
        scores[name] = {
            "sentences": len(rows),
            "bleu": bleu_score(texts, truths),
            "chrf": CHRF().corpus_score(texts, reference_columns(truths)).score,
            "exact_match": exact_match(texts, truths),
        }
    return scores


def group_rows(held_out: HeldOut, seen: frozenset[str]) -> dict[str, list[int]]:
    """Return the rows of each group, in the order of their names; sentences seen in training are a last group."""
    members: dict[str, list[int]] = {}
    for row, (source, group) in enumerate(zip(held_out.sources, held_out.groups or [], strict=True)):
        members.setdefault(SEEN if source in seen else group, []).append(row)
    return {name: members[name] for name in sorted(members, key=lambda name: (name == SEEN, name))}


def category_rows(held_out: HeldOut) -> dict[str, list[int]]:
    """Return the rows of each category of a set of one's own, or nothing if its third column does not name categories.

    Notes, such as where each pair comes from, are nearly all different. A licence is nearly always the same.
    """
    if not held_out.groups:
        return {}
    members = group_rows(held_out, frozenset())
    return members if 2 <= len(members) <= min(MOST_GROUPS, len(held_out) // 2) else {}


def length_rows(held_out: HeldOut, rule: TextRule) -> dict[str, list[int]]:
    """Return the rows of sentences of similar length, in source words; nothing if all are, or if there are few."""
    if len(held_out) < FEWEST_TO_DIVIDE:
        return {}
    lengths = rule.split_all(held_out.sources)[1]
    found = {}
    for low, high in pairwise([*LENGTHS, max(*lengths, LENGTHS[-1] + 1)]):
        if rows := [row for row, length in enumerate(lengths) if low < length <= high]:
            found[f"{low + 1} to {high} words" if low < LENGTHS[-1] else f"more than {low} words"] = rows
    return found if len(found) > 1 else {}
