"""The batches of a run, from any step on."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from s2s_tutorial.data.batches import Encoded, epoch_order
from s2s_tutorial.runs.folder import RunError
from s2s_tutorial.settings import TrainingSettings

MAX_STEPS = 1_000_000  # a record holds no more


def count_steps(pairs: int, training: TrainingSettings) -> tuple[int, int]:
    """Return the steps of an epoch, and of the whole run.

    Args:
        pairs: Number of training pairs.
        training: Settings of training.

    Raises:
        RunError: There are more steps than a record holds.
    """
    per_epoch = -(-pairs // training.batch_size)
    total = per_epoch * training.epochs
    if total > MAX_STEPS:
        raise RunError(f"{total:,} steps are more than a record holds ({MAX_STEPS:,}): take fewer epochs")
    return per_epoch, total


def rows_from(step: int, src: Encoded, tgt: Encoded, training: TrainingSettings) -> Iterator[np.ndarray]:
    """Yield the rows (B,) of each batch, from a step on, to the end of the last epoch.

    Args:
        step: Steps done before.
        src: Source sentences of all training pairs.
        tgt: Their target sentences.
        training: Settings of training.
    """
    per_epoch, _ = count_steps(len(src), training)
    epoch, done = divmod(step, per_epoch)
    for number in range(epoch, training.epochs):
        order = epoch_order(src.lengths, tgt.lengths, training.batch_size, training.seed, number)
        yield from order[done if number == epoch else 0 :]
