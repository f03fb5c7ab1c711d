"""The floor under a training step: its products of matrices alone, and one pass of Adam over the weights.

Every product of the forward and the backward pass is done once, with operands of the right shape that lie ready, and as
large as the mathematics allows: input projections and weight gradients over all time steps at once, both directions of
the encoder in one, the output layer over real words only. Only the recurrent products go one time step at a time, for
each needs the one before. No gate, no softmax, no dropout, no loss, no autograd: what is left cannot be taken out.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from s2s_tutorial.batching import Batch
from s2s_tutorial.model import Seq2Seq


class Floor:
    """What one step on one batch cannot do without.

    Args:
        model: whose sizes, and a copy of whose weights, are used; Luong decoder with dot or general scores.
        batch: whose shape is used.
    """

    def __init__(self, model: Seq2Seq, batch: Batch) -> None:
        s = model.settings
        if (s.decoder, s.input_feeding) != ("luong", False) or s.attention not in ("dot", "general"):
            raise ValueError("the floor is written for a Luong decoder with dot or general scores")
        self.products: list[Callable[[], Tensor]] = []
        self.flops = 0
        (rows, src), tgt = batch.src_ids.shape, batch.tgt_ids.shape[1]
        hidden, embedding, vocabulary = s.hidden_size, s.embedding_size, len(model.decoder.output_bias)
        for layer in range(s.num_layers):
            self._gru(2, src, rows, 2 * hidden if layer else embedding, hidden)
            self._gru(1, tgt, rows, hidden if layer else embedding, hidden)
        if s.attention == "general":
            self._linear(rows * src, hidden, hidden)  # keys
        for into, along, out in ((tgt, hidden, src), (tgt, src, hidden)):  # scores, context
            self._product((rows, into, along), (rows, along, out))
            self._product((rows, into, out), (rows, out, along))
            self._product((rows, along, into), (rows, into, out))
        self._linear(rows * tgt, 2 * hidden, hidden)  # combine
        self._linear(int(batch.tgt_lengths.sum()), hidden, vocabulary)
        weights = [torch.nn.Parameter(weight.detach().clone()) for weight in model.parameters()]
        for weight in weights:
            weight.grad = torch.randn_like(weight)
        self.adam = torch.optim.Adam(weights, lr=1e-6, fused=True)

    def run(self) -> None:
        """Do it once."""
        for product in self.products:
            product()
        self.adam.step()

    def _product(self, a_shape: tuple[int, ...], b_shape: tuple[int, ...], times: int = 1) -> None:
        a, b = torch.randn(a_shape), torch.randn(b_shape)
        self._add(a, b, times)

    def _add(self, a: Tensor, b: Tensor, times: int = 1) -> None:
        out = torch.matmul(a, b)
        self.products += [lambda: torch.matmul(a, b, out=out)] * times
        self.flops += 2 * out.numel() * a.shape[-1] * times

    def _linear(self, rows: int, width: int, out: int) -> None:
        """A product x Wᵀ and its two gradients."""
        x, weight, grad = torch.randn(rows, width), torch.randn(out, width), torch.randn(rows, out)
        self._add(x, weight.T)
        self._add(grad, weight)
        self._add(grad.T, x)

    def _gru(self, directions: int, steps: int, rows: int, width: int, hidden: int) -> None:
        self._linear(steps * rows, width, directions * 3 * hidden)
        weight = torch.randn(directions, 3 * hidden, hidden)
        state, grad = torch.randn(directions, rows, hidden), torch.randn(directions, rows, 3 * hidden)
        self._add(state, weight.transpose(1, 2), steps)
        self._add(grad, weight, steps)
        self._product((directions, 3 * hidden, steps * rows), (directions, steps * rows, hidden))
