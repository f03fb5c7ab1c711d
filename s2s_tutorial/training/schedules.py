"""Schedules over a run: of the learning rate, and of teacher forcing."""

from __future__ import annotations

import math


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


def teacher_forcing_ratio(schedule: str, progress: float, end: float = 0.0) -> float:
    """Return the probability that the decoder is fed the true word, from 0 to 1.

    Args:
        schedule: "none" (always the true word), "constant" (always `end`), "linear", "exponential", or
            "inverse-sigmoid": k / (k + exp(i / k)), the three decays of Bengio et al. 2015, section 2.4, stretched to go
            from 1 to `end`.
        progress: Share of training done, from 0 to 1.
        end: Probability at progress 1.

    Raises:
        ValueError: The schedule is none of these.
    """
    if schedule == "none":
        return 1.0
    if schedule == "constant":
        return end
    if schedule == "linear":
        share = progress
    elif schedule == "exponential":
        share = (1.0 - 0.01**progress) / 0.99  # 0.01: what is left of the distance to `end` when training ends
    elif schedule == "inverse-sigmoid":
        curve = [1.0 / (1.0 + math.exp(-12.0 * (x - 0.5))) for x in (0.0, progress, 1.0)]
        share = (curve[1] - curve[0]) / (curve[2] - curve[0])
    else:
        raise ValueError(f"schedule is {schedule!r}, expected none, constant, linear, exponential or inverse-sigmoid")
    return 1.0 - (1.0 - end) * share
