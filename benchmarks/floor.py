"""The floor under a training step: its products of matrices alone, and one pass of Adam over the weights.

Every product of the forward and the backward pass is done once, as large as the mathematics allows: input projections and
weight gradients over all time steps at once, both directions of the encoder in one, the output layer over real words
only. Only the recurrent products go one time step at a time, for each needs the one before. No gate, no softmax, no
dropout, no loss, no autograd: what is left cannot be taken out.

A floor must not be higher than it has to be. So operands lie ready in memory that all products share and that the caches
know, results go where there is room already, and for every shape the quickest of several layouts is taken, by trial.
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
    """What one step on one batch cannot do without.

    Args:
        model: whose sizes, and a copy of whose weights, are used; Luong decoder with dot or general scores.
        batch: whose shape is used.
        adam: from `adam_pass`.
    """

    def __init__(self, model: Seq2Seq, batch: Batch, adam: Callable[[], object]) -> None:
        s = model.settings
        if (s.decoder, s.input_feeding) != ("luong", False) or s.attention not in ("dot", "general"):
            raise ValueError("the floor is written for a Luong decoder with dot or general scores")
        self.products: list[Callable[[], object]] = []
        self.flops = 0
        (rows, src), tgt = batch.src_ids.shape, batch.tgt_ids.shape[1]
        hidden, embedding, vocabulary = s.hidden_size, s.embedding_size, len(model.decoder.output_bias)
        for layer in range(s.num_layers):
            # The encoder starts from zeros, and what they are multiplied by need not be computed.
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
        """Do it once."""
        for product in self.products:
            product()
        self.adam()

    def _product(self, count: int, rows: int, along: int, columns: int, times: int = 1) -> None:
        """`count` products of (rows, along) and (along, columns), side by side."""
        if times:
            self.products += [quickest_product(count, rows, along, columns)] * times
            self.flops += 2 * count * rows * along * columns * times

    def _linear(self, rows: int, width: int, out: int) -> None:
        """A product x Wᵀ and its two gradients."""
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
    """One step of Adam over copies of a model's weights. Its own memory is there after the first, which is taken here."""
    weights = [torch.nn.Parameter(weight.detach().clone()) for weight in model.parameters()]
    for weight in weights:
        weight.grad = torch.randn_like(weight)
    adam = torch.optim.Adam(weights, lr=1e-6, fused=True)
    adam.step()
    return adam.step


@cache
def quickest_product(count: int, rows: int, along: int, columns: int) -> Callable[[], object]:
    """The quickest way, of those tried, to form `count` products of (rows, along) and (along, columns)."""
    out = _memory("out", count * rows * columns).view(count, rows, columns)
    a = _memory("a", count * rows * along)
    b = _memory("b", count * along * columns)
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


def _memory(name: str, size: int) -> Tensor:
    """Numbers to compute with, the same for all products of about one size."""
    return _block(name, 1 << (size - 1).bit_length())[:size]


@cache
def _block(name: str, size: int) -> Tensor:
    return torch.randn(size)
