"""Validation: measure BLEU on held-out sentences, and keep the weights that reach the highest."""

from __future__ import annotations

from enum import IntEnum
from pathlib import Path

from s2s_tutorial.data.corpus import HeldOut
from s2s_tutorial.runs.progress import Progress
from s2s_tutorial.runs.weights import save_model
from s2s_tutorial.translation.evaluation import bleu_score, comparable_references, comparable_text
from s2s_tutorial.translation.translator import Translator


class Verdict(IntEnum):
    """Verdict on a run after a step. If several processes disagree, the highest value counts for all of them."""

    CONTINUE = 0
    OUT_OF_TIME = 1
    STOPPED = 2
    FINISHED = 3


def validate(translator: Translator, held_out: HeldOut, progress: Progress, path: Path, counts: bool) -> float:
    """Translate the validation set, and save the weights if its BLEU is the highest so far.

    Args:
        translator: The model as it is now.
        held_out: The validation set.
        progress: Updated: best BLEU, its step, and the number of worse evaluations since then.
        path: Path of the file for the best weights.
        counts: Whether a score that is not better counts as a worse evaluation, see `patience_counts`.

    Returns:
        BLEU, from 0 to 100.
    """
    translations = translator.translate_words(held_out.sources)
    references = comparable_references(held_out.references, translator.rule)
    bleu = bleu_score([comparable_text(found) for found in translations], references)
    if bleu > progress.best_bleu:
        progress.best_bleu, progress.best_step, progress.worse_evaluations = bleu, progress.step, 0
        save_model(path, translator.model)
    else:
        progress.worse_evaluations += counts
    return bleu
