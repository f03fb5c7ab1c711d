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
    """Translate the validation set, and save the weights if no evaluation before had a higher BLEU.

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
    progress.worse_evaluations = 0 if bleu > progress.best_bleu else progress.worse_evaluations + counts
    if bleu >= progress.best_bleu:  # a small set often scores 100; of equal scores, the last comes from more training
        progress.best_bleu, progress.best_step = bleu, progress.step
        save_model(path, translator.model)
    return bleu
