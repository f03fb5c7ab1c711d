"""Hide rare words in training, so that the model learns what to do with unknown ones."""

from __future__ import annotations

import torch
from torch import Tensor

from s2s_tutorial.data.vocabulary import UNK


def hide_rare_words(ids: Tensor, seen_once: Tensor, rate: float, rng: torch.Generator) -> Tensor:
    """Turn words that were seen once in training into UNK, each with probability `rate`.

    Args:
        ids: (B, S).
        seen_once: (V,), True at such words.
        rate: 0 to 1.
        rng: of the coins.
    """
    if rate == 0.0:
        return ids
    coins = torch.rand(ids.shape, generator=rng, device=ids.device) < rate
    return ids.masked_fill(seen_once[ids] & coins, UNK)
