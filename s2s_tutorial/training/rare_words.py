"""Hide rare words in training, so that the model learns to handle unknown ones."""

from __future__ import annotations

import torch
from torch import Tensor

from s2s_tutorial.data.vocabulary import UNK


def hide_rare_words(ids: Tensor, seen_once: Tensor, rate: float, rng: torch.Generator) -> Tensor:
    """Replace words that occur once in the training data by UNK, each with probability `rate`.

    Args:
        ids: (B, T), word ids.
        seen_once: (V,), True at words that occur once.
        rate: Probability, from 0 to 1; at 0 nothing is drawn.
        rng: Random generator.

    Returns:
        (B, T), word ids.
    """
    if rate == 0.0:
        return ids
    drawn = torch.rand(ids.shape, generator=rng, device=ids.device) < rate  # (B, T)
    return ids.masked_fill(seen_once[ids] & drawn, UNK)
