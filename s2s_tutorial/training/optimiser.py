"""The optimiser: Adam, and its learning rate over a run."""

from __future__ import annotations

import math

import torch

from s2s_tutorial.model.seq2seq import Seq2Seq
from s2s_tutorial.settings import TrainingSettings


def build_optimiser(model: Seq2Seq, training: TrainingSettings) -> torch.optim.Adam:
    """Build an Adam optimiser with one group of parameters for the encoder and one for the decoder.

    Each group has a `ratio`, by which the trainer multiplies the learning rate.
    """
    groups = [
        {"params": list(model.encoder.parameters()), "ratio": 1.0},
        {"params": list(model.decoder.parameters()), "ratio": training.decoder_learning_ratio},
    ]
    return torch.optim.Adam(groups, lr=training.learning_rate, fused=True)


def learning_rate_factor(step: int, total_steps: int, warmup: float, decay: float) -> float:
    """Return the factor of the highest learning rate at a step, above 0 and at most 1.

    The factor rises linearly over the first steps and falls along half a cosine over the last ones.

    Args:
        step: Number of the step, from 0.
        total_steps: Steps of the whole run.
        warmup: Share of all steps over which it rises, from 0 to 1.
        decay: Share of all steps over which it falls, from 0 to 1.
    """
    rising, falling = warmup * total_steps, decay * total_steps
    if step < rising:
        return (step + 1) / (rising + 1)
    left = total_steps - step
    if left < falling:
        return 0.5 * (1.0 - math.cos(math.pi * left / falling))
    return 1.0


def patience_counts(step: int, total_steps: int, warmup: float, decay: float) -> bool:
    """Check whether an evaluation without a better score, at this step, is a reason to stop early.

    While the learning rate is high, scores go up and down by chance, and the largest gains come when it falls. So only
    evaluations in the last third of the decay count, where the rate is below a quarter of its highest value. A rate that does
    not fall counts after the warm-up.

    Args:
        step: Steps done.
        total_steps: Steps of the whole run.
        warmup: Share of all steps over which the learning rate rises, from 0 to 1.
        decay: Share of all steps over which it falls, from 0 to 1.
    """
    return step >= total_steps * max(warmup, 1.0 - decay / 3 if decay else 0.0)
