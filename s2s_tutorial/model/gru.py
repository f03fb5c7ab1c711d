"""The building block that encoder and decoder share: a GRU layer, over whole sequences or for one time step.

Both functions run PyTorch's own layer, an `nn.GRU` of one layer. Sizes: B batch, T time steps, I input, H hidden, D directions.
"""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence


def run_gru(gru: nn.GRU, inputs: Tensor, initial: Tensor | None, mask: Tensor | None) -> tuple[Tensor, Tensor]:
    """Run one GRU layer over whole sequences, packed, so that it does not read the padding.

    Args:
        gru: A GRU with one layer, one or two directions, batch first.
        inputs: (B, T, I).
        initial: (D, B, H) first states, or None for zeros.
        mask: (B, T), True at real words, which come first; None when every position is real.

    Returns:
        States (B, T, D·H), zero at padding, and last states (D, B, H), which the forward direction has after the last real
        word, and the backward direction after the first word.
    """
    if inputs.device.type == "cpu" and torch.is_autocast_enabled("cpu"):
        gru = _with_rounded_weights(gru, torch.get_autocast_dtype("cpu"))
    if mask is None:
        return gru(inputs, initial)  # (B, T, D·H), (D, B, H)
    lengths = mask.sum(dim=1).cpu()  # (B,)
    packed = pack_padded_sequence(inputs, lengths, batch_first=True, enforce_sorted=False)
    states, last = gru(packed, initial)  # packed, (D, B, H)
    states, _ = pad_packed_sequence(states, batch_first=True, total_length=inputs.shape[1])  # (B, T, D·H)
    return states, last


def _with_rounded_weights(gru: nn.GRU, dtype: torch.dtype) -> nn.GRU:
    """Return the same layer with its weights rounded once, which autocast would do again at every time step."""
    rounded = copy.copy(gru)
    rounded._flat_weights = [weight.to(dtype) for direction in gru.all_weights for weight in direction]
    return rounded


def gru_step(gru: nn.GRU, inputs: Tensor, state: Tensor) -> Tensor:
    """Run one time step of a one-directional layer: inputs (B, I) and state (B, H) to the next state (B, H)."""
    return torch.gru_cell(inputs, state, *gru.all_weights[0])
