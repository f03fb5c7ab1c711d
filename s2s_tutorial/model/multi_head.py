"""Multi-head attention: queries, keys and values (Vaswani et al. 2017, section 3.2).

The dot score of Luong et al. compares a decoder state with an encoder state directly. Here three learned maps come first: one
makes the query of a state that looks, one the key by which a state is found, and one the value that is taken from it. Several
heads do this side by side, each in a space of its own.

The weighted sum comes in two forms. `scaled_dot_product` is the formula, on top of the package's own `masked_softmax`, and
returns the weights too. `fast_scaled_dot_product` is PyTorch's fused form, which never stores the weights. Tests check that
both give the same numbers.

Sizes: B batch, T queries, S keys, H hidden, N heads, D = H / N size of a head.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from s2s_tutorial.model.attention import masked_softmax


def scaled_dot_product(queries: Tensor, keys: Tensor, values: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """Compute `softmax(Q Kᵀ / √D) V` (Vaswani et al. 2017, equation 1).

    The dot product of two vectors of D independent numbers with variance 1 has variance D. The division brings it back to 1,
    so that the softmax does not start where its gradient is almost 0.

    Args:
        queries: (B, N, T, D).
        keys: (B, N, S, D).
        values: (B, N, S, D).
        mask: (B, 1, 1, S), or (B, 1, T, S) if it differs between queries; True at positions that may be attended to.

    Returns:
        contexts (B, N, T, D) and weights (B, N, T, S).
    """
    scores = queries @ keys.transpose(-2, -1) / math.sqrt(queries.shape[-1])  # (B, N, T, S)
    weights = masked_softmax(scores, mask)  # (B, N, T, S)
    return weights @ values, weights


def fast_scaled_dot_product(queries: Tensor, keys: Tensor, values: Tensor, mask: Tensor) -> Tensor:
    """Compute the contexts (B, N, T, D) of `scaled_dot_product` in one call, without keeping the weights."""
    return F.scaled_dot_product_attention(queries, keys, values, attn_mask=mask)


def linear_map(inputs: int, outputs: int) -> nn.Linear:
    """Make a linear map that keeps the variance of its inputs at first, with biases of 0 (Glorot and Bengio 2010).

    PyTorch's own first weights have a third of this variance. With them, the presets learn more slowly.
    """
    made = nn.Linear(inputs, outputs)
    nn.init.xavier_uniform_(made.weight)
    nn.init.zeros_(made.bias)
    return made


class MultiHeadAttention(nn.Module):
    """`Concat(head_1, …, head_N) W^O` with `head_i = attention(x W_i^Q, y W_i^K, y W_i^V)` (section 3.2.2).

    Here x are the states that look and y the states that they look at. In self-attention both are the same. The maps of all
    heads are the rows of one matrix each, so that one product serves all heads.

    Args:
        hidden_size: Size H of a state.
        num_heads: Number N of heads; H is a multiple of it.
    """

    def __init__(self, hidden_size: int, num_heads: int) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.query = linear_map(hidden_size, hidden_size)  # W^Q
        self.key = linear_map(hidden_size, hidden_size)  # W^K
        self.value = linear_map(hidden_size, hidden_size)  # W^V
        self.output = linear_map(hidden_size, hidden_size)  # W^O

    def keys_and_values(self, states: Tensor) -> tuple[Tensor, Tensor]:
        """Compute keys and values (B, S, H) each of the states (B, S, H) that are looked at."""
        return self.key(states), self.value(states)

    def forward(
        self, states: Tensor, keys: Tensor, values: Tensor, mask: Tensor, need_weights: bool = False
    ) -> tuple[Tensor, Tensor | None]:
        """Let every state attend.

        Args:
            states: (B, T, H), the states that look.
            keys, values: (B, S, H) each, from `keys_and_values`.
            mask: (B, S), or (B or 1, T, S) if it differs between queries; True at positions that may be attended to.
            need_weights: Whether to use the plain form and return the weights too.

        Returns:
            (B, T, H), the heads' contexts, joined and mapped; and the weights (B, N, T, S), or None.
        """
        queries, keys, values = (self._split(part) for part in (self.query(states), keys, values))  # (B, N, T or S, D)
        mask = mask[:, None, None, :] if mask.dim() == 2 else mask[:, None]  # (B, 1, 1 or T, S): the same for all heads
        weights: Tensor | None = None
        if need_weights:
            contexts, weights = scaled_dot_product(queries, keys, values, mask)  # (B, N, T, D), (B, N, T, S)
        else:
            contexts = fast_scaled_dot_product(queries, keys, values, mask)  # (B, N, T, D)
        return self.output(contexts.transpose(1, 2).flatten(2)), weights  # (B, T, N, D) to (B, T, H)

    def _split(self, states: Tensor) -> Tensor:
        """Cut queries, keys or values into heads: (B, T, H) to (B, N, T, D)."""
        return states.unflatten(-1, (self.num_heads, -1)).transpose(1, 2)


def causal_mask(length: int, device: torch.device) -> Tensor:
    """Return (1, T, T), True where a target position (row) may look: at itself and at earlier positions (columns)."""
    return torch.ones(1, length, length, dtype=torch.bool, device=device).tril()
