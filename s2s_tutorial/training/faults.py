"""Recognise a run that has diverged or learned nothing, and suggest what to try."""

from __future__ import annotations

import math
from collections.abc import Sequence

from s2s_tutorial.runs.folder import Run
from s2s_tutorial.runs.progress import Progress

LOW_BLEU = 2.0  # of a model that translates nothing
LOW_LOSS = 1.5  # nats per word, label smoothing included: of training pairs that are known by heart
FEW_STEPS = 400  # with fewer, even a few pairs are not learned
USUAL_RATE = 2e-3  # with which most models learn
FEWEST_DISTINCT = 4  # sentences with different references, among which a model that has learned varies its translations


def fault_of(run: Run, progress: Progress) -> str:
    """Describe what is wrong with a run that has ended.

    Args:
        run: The run.
        progress: Its progress at the end.

    Returns:
        A sentence or two about what is wrong and what to try; `""` for a run that has learned.
    """
    training, guessing = run.settings.training, math.log(len(run.tgt_vocabulary))
    lower = f"--learning-rate {min(training.learning_rate / 4, USUAL_RATE):.2g}"
    if not math.isfinite(progress.loss) or progress.loss > guessing + 1.0:
        loss = f"the loss is {progress.loss:.1f}, and guessing words would give {guessing:.1f}"
        if not math.isfinite(progress.loss):
            loss = "the loss is not a number any more"
        return f"Training has diverged: {loss}. Try a lower learning rate ({lower}), in a new folder."
    if progress.best_bleu >= LOW_BLEU:
        return ""
    fault = f"The model has learned nothing that helps with new sentences: validation BLEU {progress.best_bleu:.1f}."
    if progress.step < FEW_STEPS and not progress.finished:
        return (
            f"{fault} {progress.step:,} steps are few. Resume it with the same command and more time (--max-minutes)."
        )
    if progress.step < FEW_STEPS:
        epochs = math.ceil(training.epochs * 2 * FEW_STEPS / max(progress.step, 1))
        return f"{fault} {progress.step:,} steps are few. Train for more epochs (--epochs {epochs}), in a new folder."
    if progress.loss < LOW_LOSS:
        return (
            f"{fault} It knows its training pairs by heart (loss {progress.loss:.2f}), so it needs more pairs, or pairs that "
            "have more words in common."
        )
    return (
        f"{fault} Check with s2s-tutorial data that source and target are the right columns and mean the same, then try more "
        f"epochs (--epochs {4 * training.epochs}) or another learning rate ({lower}), in a new folder."
    )


def fault_of_translations(translations: Sequence[str], references: Sequence[Sequence[str]]) -> str:
    """Describe what is wrong with the translations of a test set, if all are the same; else return `""`.

    Args:
        translations: N translations.
        references: For each, its references.
    """
    distinct = {first for first, *_ in references}
    if len(set(translations)) > 1 or len(distinct) < FEWEST_DISTINCT:
        return ""
    return (
        f"All {len(translations):,} sentences get the same translation, so the model takes nothing from the source. Train for "
        "more epochs (--epochs) in a new folder, and check with s2s-tutorial data that source and target belong together."
    )
