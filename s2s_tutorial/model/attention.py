"""Attention: which source words matter for the next target word.

A score function compares decoder states with encoder states. A softmax over the real source positions turns scores into
weights, and the weighted mean of the encoder states is the context. Keys, the part of a score that depends on the source
alone, are computed once per sentence.

Chapter 6 of the book works every score out by hand. Sizes: B batch, T target length, S source length, H hidden.
"""

from __future__ import annotations

import math
from typing import Protocol

import torch
from torch import Tensor, nn


def masked_softmax(scores: Tensor, src_mask: Tensor) -> Tensor:
    """Normalise scores over the real source positions.

    Args:
        scores: (B, T, S), any real numbers; or (B, N, T, S) of N heads.
        src_mask: (B, S), or the shape of the scores if it differs between target words, with 1 for a dimension over which
            it does not; True at positions that may be attended to.

    Returns:
        The shape of the scores; each row sums to 1, and masked positions get exactly 0. A row whose positions are all masked
        is NaN.
    """
    mask = src_mask[:, None, :] if src_mask.dim() == 2 else src_mask  # (B, T or 1, S)
    at_least_single = torch.promote_types(scores.dtype, torch.float32)  # scores may be in half precision
    return scores.masked_fill(~mask, -torch.inf).softmax(dim=-1, dtype=at_least_single)


class Score(Protocol):
    """Interface that attention calls: a module with the two methods of `DotScore`."""

    def keys(self, enc_states: Tensor) -> Tensor:
        """Compute the part of the score that depends on the source alone: (B, S, H) to (B, S, H)."""

    def __call__(self, queries: Tensor, keys: Tensor) -> Tensor:
        """Score queries (B, T, H) against keys (B, S, H); returns (B, T, S)."""


class DotScore(nn.Module):
    """`h_tᵀ h̄_s` (Luong et al. 2015, equation 8, "dot"): large for states that point in the same direction."""

    def __init__(self, hidden_size: int) -> None:
        super().__init__()

    def keys(self, enc_states: Tensor) -> Tensor:
        """Return the encoder states as they are: (B, S, H)."""
        return enc_states

    def forward(self, queries: Tensor, keys: Tensor) -> Tensor:
        """Score queries (B, T, H) against keys (B, S, H); returns (B, T, S)."""
        return queries @ keys.transpose(1, 2)  # (B, T, H) @ (B, H, S)


class GeneralScore(DotScore):
    """`h_tᵀ W h̄_s` (Luong et al. 2015, equation 8, "general"): a dot product after a learnt change of basis."""

    def __init__(self, hidden_size: int) -> None:
        super().__init__(hidden_size)
        self.project = nn.Linear(hidden_size, hidden_size, bias=False)

    def keys(self, enc_states: Tensor) -> Tensor:
        """Return `W h̄_s`: (B, S, H) to (B, S, H)."""
        return self.project(enc_states)


class AdditiveScore(nn.Module):
    """`vᵀ tanh(W h + U h̄_s)`: a small network looks at both states (Bahdanau et al. 2015, appendix A.1.2).

    On a CPU, `BahdanauDecoder` trains with `additive_loop`, a faster form of the same formula, as long as both give the
    same numbers. If you change `forward`, training uses your version.
    """

    def __init__(self, hidden_size: int) -> None:
        super().__init__()
        self.project_query = nn.Linear(hidden_size, hidden_size, bias=False)  # W
        self.project_key = nn.Linear(hidden_size, hidden_size, bias=False)  # U
        self.vector = nn.Parameter(torch.empty(hidden_size).uniform_(-1, 1) / math.sqrt(hidden_size))

    def keys(self, enc_states: Tensor) -> Tensor:
        """Return `U h̄_s`: (B, S, H) to (B, S, H)."""
        return self.project_key(enc_states)

    def forward(self, queries: Tensor, keys: Tensor) -> Tensor:
        """Score queries (B, T, H) against keys (B, S, H); returns (B, T, S)."""
        energy = torch.tanh(self.project_query(queries)[:, :, None, :] + keys[:, None, :, :])  # (B, T, S, H)
        return energy @ self.vector  # (B, T, S)


class ConcatScore(nn.Module):
    """`vᵀ tanh(W [h_t; h̄_s])` (Luong et al. 2015, equation 8, "concat").

    W times two stacked vectors is the left half of W times the first plus the right half times the second. So the halves
    are applied separately, and the right one only once per sentence. `concat_score_plainly` is the formula as written.
    """

    def __init__(self, hidden_size: int) -> None:
        super().__init__()
        self.project = nn.Linear(2 * hidden_size, hidden_size, bias=False)
        self.vector = nn.Parameter(torch.empty(hidden_size).uniform_(-1, 1) / math.sqrt(hidden_size))

    def keys(self, enc_states: Tensor) -> Tensor:
        """Return the right half of W times h̄_s: (B, S, H) to (B, S, H)."""
        _, right = self.project.weight.chunk(2, dim=1)  # (H, H)
        return enc_states @ right.T

    def forward(self, queries: Tensor, keys: Tensor) -> Tensor:
        """Score queries (B, T, H) against keys (B, S, H); returns (B, T, S)."""
        left, _ = self.project.weight.chunk(2, dim=1)  # (H, H)
        energy = torch.tanh((queries @ left.T)[:, :, None, :] + keys[:, None, :, :])  # (B, T, S, H)
        return energy @ self.vector  # (B, T, S)


def concat_score_plainly(score: ConcatScore, queries: Tensor, enc_states: Tensor) -> Tensor:
    """Compute the "concat" score as the formula is written: every query stacked on every encoder state.

    Args:
        score: The score whose W and v are used.
        queries: (B, T, H).
        enc_states: (B, S, H), not keys.

    Returns:
        (B, T, S), the same numbers as `score(queries, score.keys(enc_states))`.
    """
    shape = (-1, queries.shape[1], enc_states.shape[1], -1)
    pairs = torch.cat([queries[:, :, None, :].expand(shape), enc_states[:, None, :, :].expand(shape)], dim=-1)
    # pairs: (B, T, S, 2H)
    return torch.tanh(score.project(pairs)) @ score.vector


SCORES: dict[str, type[DotScore] | type[ConcatScore] | type[AdditiveScore]] = {
    "dot": DotScore,
    "general": GeneralScore,
    "concat": ConcatScore,
    "additive": AdditiveScore,
}


class Attention(nn.Module):
    """Global attention (Luong et al. 2015, section 3.1): score, softmax over the source, weighted mean.

    Args:
        score: One of the score functions above.
    """

    def __init__(self, score: Score) -> None:
        super().__init__()
        self.score = score

    def keys(self, enc_states: Tensor) -> Tensor:
        """Compute the keys (B, S, H) of the score from the encoder states (B, S, H), once per sentence."""
        return self.score.keys(enc_states)

    def weights(self, queries: Tensor, keys: Tensor, src_mask: Tensor) -> Tensor:
        """Compute attention weights (B, T, S) from queries (B, T, H), keys (B, S, H) and src_mask (B, S)."""
        return masked_softmax(self.score(queries, keys), src_mask)

    def forward(self, queries: Tensor, keys: Tensor, enc_states: Tensor, src_mask: Tensor) -> tuple[Tensor, Tensor]:
        """Compute the context of every query.

        Args:
            queries: (B, T, H), decoder states; T is 1 when decoding word by word.
            keys: (B, S, H), from `keys`.
            enc_states: (B, S, H).
            src_mask: (B, S), True at real words.

        Returns:
            context (B, T, H) and attn_weights (B, T, S).
        """
        attn_weights = self.weights(queries, keys, src_mask)  # (B, T, S)
        return attn_weights @ enc_states, attn_weights  # (B, T, S) @ (B, S, H)


class LocalAttention(Attention):
    """Local attention with a predicted position, "local-p" (Luong et al. 2015, section 3.2, equations 9 and 10).

    The decoder state alone predicts the centre of attention, `p_t = S · sigmoid(vᵀ tanh(W h_t))`. Only positions at most D
    from p_t are scored. A Gaussian with standard deviation D / 2 around p_t reduces the weights of distant positions, so
    weights sum to at most 1.

    Args:
        score: A score function, "general" in this package.
        hidden_size: Size H of a state.
        reach: D, in words.
    """

    def __init__(self, score: Score, hidden_size: int, reach: int = 2) -> None:
        super().__init__(score)
        self.reach = reach
        self.project = nn.Linear(hidden_size, hidden_size, bias=False)
        self.vector = nn.Parameter(torch.empty(hidden_size).uniform_(-1, 1) / math.sqrt(hidden_size))

    def centres(self, queries: Tensor, src_mask: Tensor) -> Tensor:
        """Predict p_t, between 0 and the sentence's length in words: queries (B, T, H), src_mask (B, S) to (B, T)."""
        share = torch.sigmoid(torch.tanh(self.project(queries)) @ self.vector)  # (B, T), from 0 to 1
        return src_mask.sum(dim=1, keepdim=True) * share

    def weights(self, queries: Tensor, keys: Tensor, src_mask: Tensor) -> Tensor:
        """Compute attention weights (B, T, S), zero at positions more than D from p_t.

        Up to 2 D + 1 positions remain if p_t is an integer, otherwise up to 2 D.
        """
        positions = torch.arange(keys.shape[1], device=keys.device)  # (S,)
        distance = positions - self.centres(queries, src_mask)[..., None]  # (B, T, S)
        window = src_mask[:, None, :] & (distance.abs() <= self.reach)  # (B, T, S)
        nearness = torch.exp(-(distance**2) / (2 * (self.reach / 2) ** 2))  # (B, T, S)
        return masked_softmax(self.score(queries, keys), window) * nearness


def build_attention(name: str, hidden_size: int) -> Attention | None:
    """Build the attention that `ModelSettings.attention` names; None for "none".

    Args:
        name: "none", "local-p", or a key of `SCORES`.
        hidden_size: Size H of a state.
    """
    if name == "none":
        return None
    if name == "local-p":
        return LocalAttention(GeneralScore(hidden_size), hidden_size)
    return Attention(SCORES[name](hidden_size))
