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
    size = gru.hidden_size
    by_time = inputs.transpose(0, 1)  # (T, B, I)
    projections: list[Tensor] = []
    recurrent: list[Tensor] = []
    candidate_biases: list[Tensor] = []
    for w_ih, w_hh, b_ih, b_hh in gru.all_weights:  # (3H, I), (3H, H), (3H,), (3H,): reset, update, candidate
        # The two biases of the reset and update gates are added; only the candidate's second bias is gated, so it is not.
        bias = b_ih + torch.cat([b_hh[: 2 * size], torch.zeros_like(b_hh[2 * size :])])  # (3H,)
        projections.append(F.linear(by_time.flip(0) if projections else by_time.contiguous(), w_ih, bias))  # (T, B, 3H)
        recurrent.append(w_hh)  # (3H, H)
        candidate_biases.append(b_hh[2 * size :])  # (H,)
    real = None
    if mask is not None:
        by_time_mask = mask.T.to(inputs.dtype)  # (T, B)
        real = torch.stack([by_time_mask, by_time_mask.flip(0)][: len(projections)])[..., None]  # (D, T, B, 1)
    outputs, last = _Recurrence.apply(
        torch.stack(projections), initial, torch.stack(recurrent), torch.stack(candidate_biases), real
    )
    return outputs.transpose(0, 1), last  # (B, T, D·H), (D, B, H)


def gru_step(gru: nn.GRU, inputs: Tensor, state: Tensor) -> Tensor:
    """Run one time step of a one-directional layer: inputs (B, I) and state (B, H) to the next state (B, H)."""
    return torch.gru_cell(inputs, state, *gru.all_weights[0])


class _Recurrence(torch.autograd.Function):
    """Compute h_t = (1 − z) ⊙ n + z ⊙ h_{t-1} for all t, and its gradient.

    r and z are the reset and update gates, and n = tanh(input + r ⊙ (W h_{t-1} + b)) is the candidate (Cho et al. 2014, in
    PyTorch's form). The loops hold only what depends on the previous step: one matrix product and a few element-wise
    operations. Everything else is computed for all steps at once.

    Shapes: projected (D, T, B, 3H), initial (D, B, H) or None, w_hh (D, 3H, H), b_candidate (D, H) and real (D, T, B, 1),
    which is 1 at real words and 0 at padding, or None. The results are states (T, B, D·H) and last states (D, B, H).
    """

    @staticmethod
    def forward(
        ctx, projected: Tensor, initial: Tensor | None, w_hh: Tensor, b_candidate: Tensor, real: Tensor | None
    ) -> tuple[Tensor, Tensor]:
        directions, steps, batch, triple = projected.shape
        size = triple // 3
        states = projected.new_empty(directions, steps + 1, batch, size)
        keep = any(ctx.needs_input_grad)  # without gradients every step may overwrite the previous one
        kept_steps = steps if keep else 1
        gates = projected.new_empty(directions, kept_steps, batch, triple)  # r, z and the candidate's recurrent part
        candidates = projected.new_empty(directions, kept_steps, batch, size)
        states[:, 0] = 0.0 if initial is None else initial
        from_input, into_new = projected.split([2 * size, size], dim=-1)  # (D, T, B, 2H), (D, T, B, H)
        recurrent, bias = w_hh.transpose(1, 2), b_candidate[:, None, :]  # (D, H, 3H), (D, 1, H)
        hold = None if real is None else torch.where(real == 0, torch.inf, 0.0)  # makes the update gate 1 at padding
        for t in range(steps):
            state, gate, candidate = states[:, t], gates[:, t * keep], candidates[:, t * keep]  # (D, B, H), 3H, H
            if t == 0 and initial is None:
                gate.zero_()  # W times the zero state
            else:
                torch.bmm(state, recurrent, out=gate)
            reset_update, hidden_part = gate[..., : 2 * size], gate[..., 2 * size :]
            reset_update.add_(from_input[:, t])
            if hold is not None:
                gate[..., size : 2 * size].add_(hold[:, t])
            reset_update.sigmoid_()
            hidden_part.add_(bias)
            torch.addcmul(into_new[:, t], gate[..., :size], hidden_part, out=candidate).tanh_()
            torch.lerp(candidate, state, gate[..., size : 2 * size], out=states[:, t + 1])
        ctx.save_for_backward(states, gates, candidates, w_hh, real)
        ctx.from_zeros = initial is None
        outputs = torch.cat(_in_reading_order(states[:, 1:]), dim=-1)  # (T, B, D·H)
        if real is not None:
            outputs *= real[0]
        return outputs, states[:, -1].clone()

    @staticmethod
    @once_differentiable
    def backward(ctx, grad_outputs: Tensor, grad_last: Tensor) -> tuple[Tensor | None, ...]:
        states, gates, candidates, w_hh, real = ctx.saved_tensors
        if real is not None:
            grad_outputs = grad_outputs * real[0]
        grad_states = torch.stack(_in_reading_order(grad_outputs.chunk(len(states), dim=-1)))  # (D, T, B, H)
        grad_states[:, -1] += grad_last
        size = states.shape[-1]
        reset, update, hidden_part = gates.split(size, dim=-1)  # (D, T, B, H) each
        before = states[:, :-1]  # (D, T, B, H), the state before each step
        # Derivatives of h_t with respect to the input of each gate. They do not depend on the gradient, so they are
        # computed outside the loop.
        open_gate = 1 - update
        into_candidate = (1 - candidates * candidates).mul_(open_gate)
        factors = torch.empty_like(gates).unflatten(-1, (3, size))  # (D, T, B, 3, H)
        into_reset, into_update, into_hidden = factors.unbind(-2)
        torch.mul(into_candidate, reset, out=into_hidden)
        torch.mul(into_hidden, hidden_part, out=into_reset).mul_(1 - reset)
        torch.mul(update, open_gate, out=into_update).mul_(before - candidates)

        grad_gates = torch.empty_like(factors)
        grads = torch.empty_like(candidates)  # (D, T, B, H), the total gradient of each h_t
        carried = None
        for t in reversed(range(factors.shape[1])):
            grad = grad_states[:, t] if carried is None else carried.add_(grad_states[:, t])  # (D, B, H)
            grads[:, t] = grad
            gate = torch.mul(grad[..., None, :], factors[:, t], out=grad_gates[:, t])  # (D, B, 3, H)
            if t == 0 and ctx.from_zeros:
                break  # the zero state is not an input, so its gradient is not needed
            carried = torch.baddbmm(grad * update[:, t], gate.flatten(-2), w_hh)  # (D, B, H)
        grad_projected = grad_gates.flatten(-2)  # (D, T, B, 3H)
        first = int(ctx.from_zeros)  # a step from the zero state adds nothing to the gradient of W
        grad_w_hh = grad_projected[:, first:].flatten(1, 2).transpose(1, 2) @ before[:, first:].flatten(
            1, 2
        )  # (D, 3H, H)
        grad_bias = grad_projected[..., 2 * size :].sum((1, 2))  # (D, H)
        torch.mul(grads, into_candidate, out=grad_projected[..., 2 * size :])
        return grad_projected, None if ctx.from_zeros else carried, grad_w_hh, grad_bias, None


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
