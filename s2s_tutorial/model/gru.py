"""The building block that encoder and decoder share: a GRU layer over whole sequences.

The GRU comes in two forms over the same weights (an `nn.GRU` of one layer):

- `packed_gru`, the plain form: PyTorch's own layer on packed sequences. A GPU runs it in one kernel.
- `fast_gru`, for a CPU: the same numbers from fewer and larger matrix products. Autograd alone would compute the gradient of
  the recurrent weights once for every time step; `_Recurrence` computes it once for the whole sequence.

`run_gru` picks one. Sizes: B batch, T time steps, I input, H hidden, D directions.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional as F
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence


def run_gru(gru: nn.GRU, inputs: Tensor, initial: Tensor | None, mask: Tensor | None) -> tuple[Tensor, Tensor]:
    """Run one GRU layer over whole sequences, in the form that suits the device.

    Args:
        gru: A GRU with one layer, one or two directions, batch first.
        inputs: (B, T, I).
        initial: (D, B, H) first states, or None for zeros.
        mask: (B, T), True at real words, which come first; None when every position is real.

    Returns:
        States (B, T, D·H), zero at padding, and last states (D, B, H), which the forward direction has after the last real
        word, and the backward direction after the first word.
    """
    return (fast_gru if inputs.device.type == "cpu" else packed_gru)(gru, inputs, initial, mask)


def packed_gru(gru: nn.GRU, inputs: Tensor, initial: Tensor | None, mask: Tensor | None) -> tuple[Tensor, Tensor]:
    """Run the plain form of `run_gru`, on packed sequences that leave the padding out; shapes as there."""
    if mask is None:
        return gru(inputs, initial)
    lengths = mask.sum(dim=1).cpu()  # (B,)
    packed = pack_padded_sequence(inputs, lengths, batch_first=True, enforce_sorted=False)
    states, last = gru(packed, initial)  # packed, (D, B, H)
    states, _ = pad_packed_sequence(states, batch_first=True, total_length=inputs.shape[1])  # (B, T, D·H)
    return states, last


def fast_gru(gru: nn.GRU, inputs: Tensor, initial: Tensor | None, mask: Tensor | None) -> tuple[Tensor, Tensor]:
    """Run the form of `run_gru` for a CPU: one product for all inputs, both directions together; shapes as there.

    The backward direction reads the time axis flipped. At padding the update gate is set to 1, so the state does not
    change: the forward direction keeps its last real state until the end, and the backward direction still has `initial`
    when it reaches the last real word.
    """
    size, by_time = gru.hidden_size, inputs.transpose(0, 1)  # (T, B, I)
    w_ih, w_hh, b_ih, b_hh = zip(*gru.all_weights, strict=True)  # (3H, I), (3H, H), (3H,), (3H,) for each direction
    # The two biases of the reset and update gates are added; only the candidate's second bias is gated, so it is not.
    gate_bias, candidate_bias = torch.stack(b_hh).split([2 * size, size], dim=1)  # (D, 2H), (D, H)
    bias = torch.stack(b_ih) + F.pad(gate_bias, (0, size))  # (D, 3H)
    projected = F.linear(by_time, torch.cat(w_ih), bias.flatten()).chunk(len(w_ih), dim=-1)  # D times (T, B, 3H)
    real = None
    if mask is not None:
        by_time_mask = mask.T.to(inputs.dtype)[..., None]  # (T, B, 1)
        real = torch.stack(_in_reading_order([by_time_mask] * len(w_ih)), dim=1)  # (T, D, B, 1)
    by_step = torch.stack(_in_reading_order(projected), dim=1)  # (T, D, B, 3H)
    outputs, last = _Recurrence.apply(by_step, initial, torch.stack(w_hh).to(by_step.dtype), candidate_bias, real)
    return outputs.transpose(0, 1), last  # (B, T, D·H), (D, B, H)


def gru_step(gru: nn.GRU, inputs: Tensor, state: Tensor) -> Tensor:
    """Run one time step of a one-directional layer: inputs (B, I) and state (B, H) to the next state (B, H)."""
    return torch.gru_cell(inputs, state, *gru.all_weights[0])


class _Recurrence(torch.autograd.Function):
    """Compute h_t = (1 − z) ⊙ n + z ⊙ h_{t-1} for all t, and its gradient.

    r and z are the reset and update gates, and n = tanh(input + r ⊙ (W h_{t-1} + b)) is the candidate (Cho et al. 2014, in
    PyTorch's form). The loops hold only what depends on the previous step: one matrix product and a few element-wise
    operations. Everything else is computed for all steps at once.

    Matrix products are computed in the dtype of `w_hh`, everything else in that of the states.

    Shapes: projected (T, D, B, 3H), initial (D, B, H) or None, w_hh (D, 3H, H), b_candidate (D, H) and real (T, D, B, 1),
    which is 1 at real words and 0 at padding, or None. The results are states (T, B, D·H) and last states (D, B, H).
    """

    @staticmethod
    def forward(
        ctx, projected: Tensor, initial: Tensor | None, w_hh: Tensor, b_candidate: Tensor, real: Tensor | None
    ) -> tuple[Tensor, Tensor]:
        steps, directions, batch, triple = projected.shape
        size = triple // 3
        states = b_candidate.new_empty(steps + 1, directions, batch, size)
        candidates = torch.empty_like(states[1:])
        from_input, into_new = projected.split([2 * size, size], dim=-1)  # (T, D, B, 2H), (T, D, B, H)
        # Everything that is added to W h: from the input to the gates, and the bias of the candidate's recurrent part.
        gates = torch.cat([from_input, b_candidate[:, None, :].expand_as(candidates)], dim=-1)  # (T, D, B, 3H)
        reset, update, hidden_part = gates.split(size, dim=-1)  # (T, D, B, H) each
        if real is not None:
            update.masked_fill_(real == 0, torch.inf)  # makes the update gate 1 at padding
        states[0] = 0.0 if initial is None else initial
        recurrent = w_hh.transpose(1, 2)  # (D, H, 3H)
        parts = (states, states[1:], gates, gates[..., : 2 * size], reset, update, hidden_part, into_new, candidates)
        by_step = zip(*(part.unbind() for part in parts), strict=False)  # views, all made at once
        for t, (before, after, gate, reset_update, r, z, hidden, new, candidate) in enumerate(by_step):
            if t > 0 or initial is not None:
                gate.add_(torch.bmm(before.to(w_hh.dtype), recurrent))  # (D, B, 3H)
            reset_update.sigmoid_()
            torch.addcmul(new, r, hidden, out=candidate).tanh_()
            torch.lerp(candidate, before, z, out=after)
        ctx.save_for_backward(states, gates, candidates, w_hh, real)
        ctx.from_zeros = initial is None
        outputs = torch.cat(_in_reading_order(states[1:].unbind(1)), dim=-1)  # (T, B, D·H)
        if real is not None:
            outputs *= real[:, 0]
        return outputs, states[-1].clone()

    @staticmethod
    @once_differentiable
    def backward(ctx, grad_outputs: Tensor, grad_last: Tensor) -> tuple[Tensor | None, ...]:
        states, gates, candidates, w_hh, real = ctx.saved_tensors
        if real is not None:
            grad_outputs = grad_outputs * real[:, 0]
        grads = torch.stack(_in_reading_order(grad_outputs.chunk(states.shape[1], dim=-1)), dim=1)  # (T, D, B, H)
        grads[-1] += grad_last
        size = states.shape[-1]
        reset, update, hidden_part = gates.split(size, dim=-1)  # (T, D, B, H) each
        before = states[:-1]  # (T, D, B, H), the state before each step
        # Derivatives of h_t with respect to the input of each gate. They do not depend on the gradient, so they are
        # computed outside the loop.
        open_gate = 1 - update
        into_candidate = (1 - candidates * candidates).mul_(open_gate)
        factors = torch.empty_like(gates).unflatten(-1, (3, size))  # (T, D, B, 3, H)
        into_reset, into_update, into_hidden = factors.unbind(-2)
        torch.mul(into_candidate, reset, out=into_hidden)
        torch.mul(into_hidden, hidden_part, out=into_reset).mul_(1 - reset)
        torch.mul(update, open_gate, out=into_update).mul_(before - candidates)

        grad_gates = torch.empty_like(gates, dtype=w_hh.dtype)  # (T, D, B, 3H)
        parts = (grads, grads[..., None, :], factors, grad_gates, grad_gates.unflatten(-1, (3, size)), update)
        by_step = list(zip(*(part.unbind() for part in parts), strict=True))
        carried = None
        for t in reversed(range(len(by_step))):
            grad, same, factor, gate, gate_parts, z = by_step[t]
            if carried is not None:
                grad.add_(carried)  # (D, B, H), now the total gradient of h_t
            torch.mul(same, factor, out=gate_parts)  # (D, B, 3, H)
            if t > 0 or not ctx.from_zeros:  # the zero state is not an input, so its gradient is not needed
                carried = (grad * z).add_(torch.bmm(gate, w_hh))  # (D, B, H)
        first = int(ctx.from_zeros)  # a step from the zero state adds nothing to the gradient of W
        of_gates, of_states = (
            part[first:].transpose(0, 1).to(w_hh.dtype).flatten(1, 2) for part in (grad_gates, before)
        )  # (D, T·B, 3H), (D, T·B, H)
        grad_w_hh = of_gates.transpose(1, 2) @ of_states  # (D, 3H, H)
        grad_hidden = grad_gates[..., 2 * size :]  # (T, D, B, H)
        grad_bias = grad_hidden.sum((0, 2), dtype=states.dtype)  # (D, H)
        torch.mul(grads, into_candidate, out=grad_hidden)
        return grad_gates, None if ctx.from_zeros else carried, grad_w_hh, grad_bias, None


def _in_reading_order(directions: Iterable[Tensor]) -> list[Tensor]:
    """Flip the time axis of the backward direction, (T, …) in each direction; a second call undoes the first."""
    return [states.flip(0) if number else states for number, states in enumerate(directions)]


def keep_memory() -> None:
    """Ask the C library to keep freed memory for the next tensor of the same size, where it can (glibc).

    By default a large block is returned to the system when it is freed, and has to be mapped again page by page. At these
    sizes that takes longer than the arithmetic on the block.
    """
    import ctypes

    mmap_threshold, trim_threshold = -3, -1  # M_MMAP_THRESHOLD, M_TRIM_THRESHOLD of malloc.h
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return
    mallopt(mmap_threshold, 1 << 30)
    mallopt(trim_threshold, (1 << 31) - 1)
