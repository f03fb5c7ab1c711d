"""The loss: cross-entropy over real target words, with label smoothing.

Two forms. `masked_cross_entropy` is the formula over logits. `output_cross_entropy` takes the output layer in with it:
padding never reaches that largest product of the model, and the gradient, softmax minus target, is written over the
logits at once, so that no second copy of them is ever made. The tests hold both equal.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable


def masked_cross_entropy(logits: Tensor, tgt_ids: Tensor, tgt_mask: Tensor, label_smoothing: float = 0.0) -> Tensor:
    """Mean of −log p(target word) over real words.

    With label smoothing ε the target is 1 − ε on the right word plus ε spread over all words (Szegedy et al. 2016,
    section 7).

    Args:
        logits: (B, T, V).
        tgt_ids: (B, T).
        tgt_mask: (B, T), True at real words (EOS is one).
        label_smoothing: ε.

    Returns:
        A scalar, in nats a word.
    """
    log_probs = logits.log_softmax(dim=-1)
    of_target = -log_probs.gather(-1, tgt_ids[..., None])[..., 0]  # (B, T)
    of_all = -log_probs.mean(dim=-1)
    loss = (1.0 - label_smoothing) * of_target + label_smoothing * of_all
    return loss[tgt_mask].mean()


def output_cross_entropy(
    hidden: Tensor, weight: Tensor, bias: Tensor, tgt_ids: Tensor, tgt_mask: Tensor, label_smoothing: float = 0.0
) -> Tensor:
    """The same number as `masked_cross_entropy(hidden @ weight.T + bias, …)`, and the same gradients, for less work.

    Args:
        hidden: (B, T, H), what the output layer sees.
        weight: (V, H), of the output layer.
        bias: (V,), of the output layer.
        tgt_ids, tgt_mask, label_smoothing: as for `masked_cross_entropy`.
    """
    places = tgt_mask.flatten().nonzero()[:, 0]
    return _OutputCrossEntropy.apply(hidden.flatten(0, 1), places, weight, bias, tgt_ids[tgt_mask], label_smoothing)


class _OutputCrossEntropy(torch.autograd.Function):
    """Output layer and cross-entropy in one, over the rows `places` of hidden. N real words, H hidden, V vocabulary."""

    @staticmethod
    def forward(
        ctx: Any, hidden: Tensor, places: Tensor, weight: Tensor, bias: Tensor, targets: Tensor, smoothing: float
    ) -> Tensor:
        ctx.shape = hidden.shape
        hidden = hidden.index_select(0, places)
        logits = torch.addmm(bias, hidden, weight.T)  # (N, V)
        of_target = logits.gather(1, targets[:, None])[:, 0]
        largest, mean = logits.amax(dim=-1), logits.mean(dim=-1) if smoothing else None
        probabilities = torch.softmax(logits, dim=-1, out=logits)  # in the logits' own memory
        # log p = logit − log Σ exp; the largest p is never near 0, so it gives the sum without a second pass of exp.
        log_total = largest - probabilities.amax(dim=-1).log()
        loss = log_total - of_target
        if smoothing:
            loss = (1.0 - smoothing) * loss + smoothing * (log_total - mean)
        if any(ctx.needs_input_grad):
            words, vocabulary = probabilities.shape
            grad = probabilities  # d loss / d logits = (softmax − target distribution) / N, once more in place
            if smoothing:
                grad.sub_(smoothing / vocabulary)
            grad.scatter_add_(1, targets[:, None], grad.new_full((words, 1), smoothing - 1.0))
            ctx.save_for_backward(hidden, places, weight, grad)
        return loss.mean()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_loss: Tensor) -> tuple[Tensor | None, ...]:
        hidden, places, weight, grad = ctx.saved_tensors
        scale = grad_loss / hidden.shape[0]
        grad_hidden = hidden.new_zeros(ctx.shape).index_copy_(0, places, (grad @ weight).mul_(scale))
        grad_weight = (grad.T @ hidden).mul_(scale)
        return grad_hidden, None, grad_weight, grad.sum(dim=0).mul_(scale), None, None
