"""The loss: cross-entropy over real target words, with label smoothing.

There are two forms. `masked_cross_entropy` is the formula over logits. `output_cross_entropy` includes the output layer:
it computes that product, the largest of the model, for real words only. Tests check that both give the same numbers.

Sizes: B batch, T target length, N real target words of the batch, H hidden, V target vocabulary.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F


def masked_cross_entropy(logits: Tensor, tgt_ids: Tensor, tgt_mask: Tensor, label_smoothing: float = 0.0) -> Tensor:
    """Compute the mean of −log p(target word) over real words.

    With label smoothing ε the target is 1 − ε on the right word plus ε spread over all words (Szegedy et al. 2016,
    section 7).

    Args:
        logits: (B, T, V).
        tgt_ids: (B, T).
        tgt_mask: (B, T), True at real words (EOS is one).
        label_smoothing: ε, from 0 to below 1.

    Returns:
        A scalar, in nats per word.
    """
    log_probs = logits.log_softmax(dim=-1)  # (B, T, V)
    of_target = -log_probs.gather(-1, tgt_ids[..., None])[..., 0]  # (B, T)
    of_all = -log_probs.mean(dim=-1)  # (B, T)
    loss = (1.0 - label_smoothing) * of_target + label_smoothing * of_all  # (B, T)
    return loss[tgt_mask].mean()


def output_cross_entropy(
    hidden: Tensor, weight: Tensor, bias: Tensor, tgt_ids: Tensor, tgt_mask: Tensor, label_smoothing: float = 0.0
) -> Tensor:
    """Compute `masked_cross_entropy(hidden @ weight.T + bias, …)` with less work: padding has no logits.

    Args:
        hidden: (B, T, H), input of the output layer.
        weight: (V, H), weights of the output layer.
        bias: (V,), bias of the output layer.
        tgt_ids, tgt_mask, label_smoothing: As for `masked_cross_entropy`.

    Returns:
        A scalar, in nats per word.
    """
    positions = tgt_mask.flatten().nonzero()[:, 0]  # (N,), from 0 to B·T − 1
    logits = F.linear(hidden.flatten(0, 1).index_select(0, positions), weight, bias)  # (N, V)
    logits = logits.to(torch.promote_types(logits.dtype, torch.float32))  # they may be in half precision
    return F.cross_entropy(logits, tgt_ids[tgt_mask], label_smoothing=label_smoothing)
