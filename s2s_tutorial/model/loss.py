"""The loss: cross-entropy over real target words, with label smoothing.

There are two forms. `masked_cross_entropy` is the formula over logits. `output_cross_entropy` includes the output layer:
it computes that product, the largest of the model, for real words only, and overwrites the logits with their gradient,
softmax minus target, so that they are never copied. Tests check that both give the same numbers.

Sizes: B batch, T target length, N real target words of the batch, H hidden, V target vocabulary.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable


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
    """Compute `masked_cross_entropy(hidden @ weight.T + bias, …)` and its gradients with less work.

    Args:
        hidden: (B, T, H), input of the output layer.
        weight: (V, H), weights of the output layer.
        bias: (V,), bias of the output layer.
        tgt_ids, tgt_mask, label_smoothing: As for `masked_cross_entropy`.

    Returns:
        A scalar, in nats per word.
    """
    positions = tgt_mask.flatten().nonzero()[:, 0]  # (N,), from 0 to B·T − 1
    return _OutputCrossEntropy.apply(hidden.flatten(0, 1), positions, weight, bias, tgt_ids[tgt_mask], label_smoothing)


class _OutputCrossEntropy(torch.autograd.Function):
    """Output layer and cross-entropy together, over N rows of hidden states.

    Shapes: hidden (B·T, H), positions (N,) of the real words in it, weight (V, H), bias (V,), targets (N,).
    """

    @staticmethod
    def forward(
        ctx: Any, hidden: Tensor, positions: Tensor, weight: Tensor, bias: Tensor, targets: Tensor, smoothing: float
    ) -> Tensor:
        ctx.shape = hidden.shape
        hidden = hidden.index_select(0, positions)  # (N, H)
        logits = torch.addmm(bias, hidden, weight.T)  # (N, V)
        of_target = logits.gather(1, targets[:, None])[:, 0]  # (N,)
        largest, mean = logits.amax(dim=-1), logits.mean(dim=-1) if smoothing else None
        probabilities = torch.softmax(logits, dim=-1, out=logits)  # (N, V), overwrites the logits
        # log p = logit − log Σ exp. For the largest logit p is at least 1 / V, so its log gives log Σ exp without a second
        # pass of exp.
        log_total = largest - probabilities.amax(dim=-1).log()  # (N,)
        loss = log_total - of_target  # (N,)
        if mean is not None:
            loss = (1.0 - smoothing) * loss + smoothing * (log_total - mean)
        if any(ctx.needs_input_grad):
            words, vocabulary = probabilities.shape
            grad = probabilities  # d loss / d logits = (softmax − target distribution) / N, again in place
            if smoothing:
                grad.sub_(smoothing / vocabulary)
            grad.scatter_add_(1, targets[:, None], grad.new_full((words, 1), smoothing - 1.0))
            ctx.save_for_backward(hidden, positions, weight, grad)
        return loss.mean()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_loss: Tensor) -> tuple[Tensor | None, ...]:
        hidden, positions, weight, grad = ctx.saved_tensors  # (N, H), (N,), (V, H), (N, V)
        scale = grad_loss / hidden.shape[0]
        grad_hidden = hidden.new_zeros(ctx.shape).index_copy_(0, positions, (grad @ weight).mul_(scale))  # (B·T, H)
        grad_weight = (grad.T @ hidden).mul_(scale)  # (V, H)
        return grad_hidden, None, grad_weight, grad.sum(dim=0).mul_(scale), None, None
