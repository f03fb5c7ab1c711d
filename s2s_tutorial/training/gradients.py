"""Gradients of a batch, which is cut into parts that workers compute at the same time.

How a batch is cut depends on its size and the size of the model alone, each part is computed on one thread, and the parts'
gradients are added in a fixed order. So the result is the same, bit for bit, with any number of workers.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import TypeVar

import torch
from torch import Tensor, nn

from s2s_tutorial.data.batches import Batch
from s2s_tutorial.model.dropout import set_dropout_generator
from s2s_tutorial.model.seq2seq import Seq2Seq
from s2s_tutorial.workers import in_workers

# Every part costs time that does not depend on its size, so parts are large: two from MIN_PAIRS on, then one per PAIRS.
MIN_PAIRS, PAIRS = 48, 64
SMALL_SIZE = 64  # up to this hidden size a second thread gains little or nothing

Module = TypeVar("Module", bound=nn.Module)
LossOf = Callable[[Seq2Seq, Batch, torch.Generator], Tensor]


def count_parts(batch: Batch, hidden_size: int) -> int:
    """Return the number of parts into which a batch is cut for a model of this hidden size; 1 on a GPU."""
    pairs = len(batch.src_lengths)
    if hidden_size <= SMALL_SIZE or pairs < MIN_PAIRS or batch.src_ids.device.type != "cpu":
        return 1
    return max(pairs // PAIRS, 2)


def compute_gradients(
    model: Seq2Seq, batch: Batch, loss_of: LossOf, rng: torch.Generator, workers: int | None = None
) -> Tensor:
    """Compute the loss of a batch, and replace the gradients of all weights by those of this loss.

    Mean over all words = Σ (mean of a part × its words) / Σ (its words).

    Args:
        model: Model in training mode.
        batch: B sentence pairs.
        loss_of: Returns the mean loss over a part's words, a scalar; called with a model, a part and a random generator.
        rng: Random generator. Every part gets a generator of its own, with a seed drawn from it.
        workers: Number of workers; None for the number of threads that PyTorch uses.

    Returns:
        The loss, a scalar without a graph, in nats per word.
    """
    parts = batch.split(count_parts(batch, model.settings.hidden_size))
    generators = [rng]
    if len(parts) > 1:
        seeds = torch.randint(2**63 - 1, (len(parts),), generator=rng).tolist()
        generators = [torch.Generator().manual_seed(seed) for seed in seeds]
    weights = [weight for weight in model.parameters() if weight.requires_grad]
    words = batch.tgt_lengths.sum()

    def work(item: tuple[Batch, torch.Generator]) -> tuple[Tensor, tuple[Tensor | None, ...]]:
        part, generator = item
        twin = share_weights(model)
        set_dropout_generator(twin, generator)
        loss = loss_of(twin, part, generator) * (part.tgt_lengths.sum() / words)
        return loss.detach(), torch.autograd.grad(loss, weights, allow_unused=True)

    losses, gradients = zip(*in_workers(work, zip(parts, generators, strict=True), workers), strict=True)
    for weight, each in zip(weights, zip(*gradients, strict=True), strict=True):
        weight.grad = None
        for gradient in each:  # None if a part does not use the weight
            if gradient is not None:
                weight.grad = gradient if weight.grad is None else weight.grad.add_(gradient)
    return torch.stack(losses).sum()


def share_weights(module: Module) -> Module:
    """Copy a module: the copy has the same weights, but a mode and a dropout generator of its own."""
    twin = copy.copy(module)
    twin._modules = {name: child and share_weights(child) for name, child in module._modules.items()}
    return twin
