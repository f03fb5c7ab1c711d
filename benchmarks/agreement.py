"""Checks that compared forms compute the same, before they are timed."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch

from s2s_tutorial.data.batches import Batch
from s2s_tutorial.model.seq2seq import Seq2Seq


def expect_equal(what: str, a: float, b: float, tolerance: float = 1e-4) -> None:
    """Raise an error if two values that should be equal are not.

    Raises:
        AssertionError: The values differ; the message has both.
    """
    if not math.isclose(a, b, rel_tol=tolerance, abs_tol=tolerance):
        raise AssertionError(f"{what}: {a} and {b} differ, so timing them would mean nothing")


def expect_equal_loss(what: str, model: Seq2Seq, batch: Batch, other: Callable[[], torch.Tensor], others: list) -> None:
    """Check that a loss and the norms of its gradients equal those of `model`.

    Args:
        what: Name of the comparison, for the message.
        model: Model of the package.
        batch: Batch to compute the losses of, without dropout.
        other: Function that returns the other form's loss.
        others: Encoder and decoder of the other form.
    """
    ours = model.eval().loss(batch)
    ours.backward()
    theirs = other()
    norms = [_norm(model.encoder), _norm(model.decoder)]
    model.zero_grad()
    theirs.backward()
    expect_equal(f"{what}, loss", ours.item(), theirs.item())
    for norm, part in zip(norms, others, strict=True):
        expect_equal(f"{what}, gradient norm", norm, _norm(part), 1e-3)
        part.zero_grad()


def _norm(part: torch.nn.Module) -> float:
    grads = [weight.grad for weight in part.parameters() if weight.grad is not None]
    return float(torch.nn.utils.get_total_norm(grads))
