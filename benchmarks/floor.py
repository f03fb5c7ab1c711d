"""A lower bound for the time of a training step: its matrix products, and one pass of Adam over the weights.

Every product of the forward and the backward pass is computed once, in as few calls as the mathematics allows: input
projections and weight gradients over all time steps at once, both directions of the encoder in one, the output layer over
real words only. Only the recurrent products are computed step by step, because each needs the one before. There are no gates, no
softmax, no dropout, no loss and no autograd; a training step cannot do without the rest.

The bound must not be higher than necessary. So the operands are in memory that all products share, and therefore in the
caches, results go into memory that is already allocated, and the quickest of several layouts is used for every shape.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cache

import torch
from torch import Tensor

from s2s_tutorial.data.batches import Batch
from s2s_tutorial.model.seq2seq import Seq2Seq


class Floor:
    """The computations that one step on one batch cannot do without.

    Args:
        model: Model that gives the sizes, and weights to copy; a Luong decoder with dot or general scores.
        batch: Batch that gives the shape.
        adam: Function that `adam_pass` returned.
        dtype: Dtype of the products' operands and results.
    """

    def __init__(
        self, model: Seq2Seq, batch: Batch, adam: Callable[[], object], dtype: torch.dtype = torch.float32
    ) -> None:
        s, self.dtype = model.settings, dtype
        if (s.decoder, s.input_feeding) != ("luong", False) or s.attention not in ("dot", "general"):
            raise ValueError("the floor is written for a Luong decoder with dot or general scores")
        self.products: list[Callable[[], object]] = []
        self.flops = 0
        (rows, src), tgt = batch.src_ids.shape, batch.tgt_ids.shape[1]
        hidden, embedding, vocabulary = s.hidden_size, s.embedding_size, len(model.decoder.output_bias)
        for layer in range(s.num_layers):
            # The encoder starts from zeros, and products with zeros need not be computed.
            self._gru(2, src, src - 1, rows, 2 * hidden if layer else embedding, hidden)
            self._gru(1, tgt, tgt, rows, hidden if layer else embedding, hidden)
        if s.attention == "general":
            self._linear(rows * src, hidden, hidden)  # keys
        for into, along, out in ((tgt, hidden, src), (tgt, src, hidden)):  # scores, context
            self._product(rows, into, along, out)
            self._product(rows, into, out, along)
            self._product(rows, along, into, out)
        self._linear(rows * tgt, 2 * hidden, hidden)  # combine
        self._linear(int(batch.tgt_lengths.sum()), hidden, vocabulary)
        self.adam = adam

    def run(self) -> None:
        """Run all of them once."""
        for product in self.products:
            product()
        self.adam()

    def _product(self, count: int, rows: int, along: int, columns: int, times: int = 1) -> None:
        """Add `count` products of (rows, along) and (along, columns) that do not depend on each other."""
        if times:
            self.products += [quickest_product(count, rows, along, columns, self.dtype)] * times
            self.flops += 2 * count * rows * along * columns * times

    def _linear(self, rows: int, width: int, out: int) -> None:
        """Add a product x Wᵀ and its two gradients."""
        self._product(1, rows, width, out)
        self._product(1, rows, out, width)
        self._product(1, out, rows, width)

    def _gru(self, directions: int, steps: int, recurrent_steps: int, rows: int, width: int, hidden: int) -> None:
        self._linear(steps * rows, width, directions * 3 * hidden)
        self._product(directions, rows, hidden, 3 * hidden, recurrent_steps)
        self._product(directions, rows, 3 * hidden, hidden, recurrent_steps)
        if recurrent_steps:
            self._product(directions, 3 * hidden, recurrent_steps * rows, hidden)


def adam_pass(model: Seq2Seq) -> Callable[[], object]:
    """Return one step of Adam over copies of a model's weights, after a first step that allocates Adam's own memory."""
    weights = [torch.nn.Parameter(weight.detach().clone()) for weight in model.parameters()]
    for weight in weights:
        weight.grad = torch.randn_like(weight)
    adam = torch.optim.Adam(weights, lr=1e-6, fused=True)
    adam.step()
    return adam.step


@cache
def quickest_product(count: int, rows: int, along: int, columns: int, dtype: torch.dtype) -> Callable[[], object]:
    """Return the quickest of several ways to compute `count` products of (rows, along) and (along, columns)."""
    out = _memory("out", count * rows * columns, dtype).view(count, rows, columns)
    a = _memory("a", count * rows * along, dtype)
    b = _memory("b", count * along * columns, dtype)
    trials = {}
    for left in (a.view(count, rows, along), a.view(count, along, rows).transpose(1, 2)):
        for right in (b.view(count, along, columns), b.view(count, columns, along).transpose(1, 2)):
            ways = [lambda x=left, y=right: torch.bmm(x, y, out=out)]
            if count <= 2:
                ways.append(lambda x=left, y=right: [torch.mm(x[n], y[n], out=out[n]) for n in range(count)])
            trials |= {way: min(_seconds(way) for _ in range(4)) for way in ways}
    return min(trials, key=lambda way: trials[way])


def _seconds(form: Callable[[], object]) -> float:
    start = time.perf_counter()
    form()
    return time.perf_counter() - start


def _memory(name: str, size: int, dtype: torch.dtype) -> Tensor:
    """Return operands, the same memory for all products of about the same size."""
    return _block(name, 1 << (size - 1).bit_length(), dtype)[:size]


@cache
def _block(name: str, size: int, dtype: torch.dtype) -> Tensor:
    return torch.randn(size).to(dtype)
