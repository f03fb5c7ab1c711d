"""The most probable next words of every hypothesis: the output layer and the softmax, where search spends most of its time.

Skip it at first reading: `best_words_plainly` is all that search needs, and `BestWords` finds the same words faster.

Sizes: N hypotheses, K best words of each, C candidates (C > K), H hidden, V target words.
"""

from __future__ import annotations

from functools import cached_property

import torch
from torch import Tensor
from torch.nn import functional as F

from s2s_tutorial.data.vocabulary import PAD, SOS
from s2s_tutorial.model.decoder import Decoder
from s2s_tutorial.settings import PrecisionName

SPARE = 5  # candidates beyond the K best; a word that rounding makes worse by so many ranks is missed


def forbid_padding(logits: Tensor) -> Tensor:
    """Set the logits of PAD and SOS to −∞, in place, and return them: neither is part of a translation.

    Args:
        logits: (…, V).
    """
    for word in (PAD, SOS):
        logits[..., word] = -torch.inf  # one index at a time is a view, which is faster than a list of two
    return logits


def best_words_plainly(logits: Tensor, size: int) -> tuple[Tensor, Tensor]:
    """Find the K most probable words of every hypothesis.

    Args:
        logits: (N, V), overwritten.
        size: Number K of words.

    Returns:
        Log-probabilities (N, K), the largest first, and ids (N, K).
    """
    best = forbid_padding(logits).log_softmax(dim=-1).topk(size, dim=-1)
    return best.values, best.indices


class BestWords:
    """Finds the most probable next words from the attentional states h̃.

    Some processors multiply matrices of bfloat16 numbers, of 8 significant bits, about four times as fast as those of single
    precision. There a first product of rounded numbers finds C candidates, and a second one computes their logits again in
    single precision. So the words and their order are those of `best_words_plainly`. What rounding leaves is an error of
    about 0.001 in the log-probabilities, which comes from the sum over all other words.

    A single hypothesis has nothing to gain: its product takes as long as reading the weights from memory.

    Args:
        decoder: Decoder of a trained model.
        size: Number K of words to find for each hypothesis.
        precision: "bf16" to find candidates with rounded numbers on any processor, "fp32" on none, "auto" where it is faster.
    """

    def __init__(self, decoder: Decoder, size: int, precision: PrecisionName = "auto") -> None:
        self.decoder, self.size, self.precision = decoder, size, precision
        self.weight, self.bias = decoder.output_weight, decoder.output_bias  # (V, H), (V,)

    @cached_property
    def rounded(self) -> tuple[Tensor, Tensor] | None:
        """Rounded weights (V, H) and bias (V,) of the output layer; None where candidates are not to be found with them."""
        if self.size + SPARE > len(self.bias) - 2 or not may_round(self.bias, self.precision):
            return None
        return (self.weight.bfloat16(), self.bias.bfloat16()) if self._logits_are_known() else None

    def __call__(self, attn_states: Tensor) -> tuple[Tensor, Tensor]:
        """Find the K best words after each h̃ (N, H); returns log-probabilities (N, K), the largest first, and ids (N, K)."""
        if len(attn_states) == 1 or self.rounded is None:
            return best_words_plainly(self.decoder.logits(attn_states), self.size)
        logits = forbid_padding(F.linear(attn_states.bfloat16(), *self.rounded))  # (N, V)
        ids = logits.topk(self.size + SPARE, dim=-1).indices  # (N, C)
        rough = logits.log_softmax(dim=-1, dtype=torch.float32).gather(1, ids)  # (N, C), log-probabilities
        rows = F.embedding(ids, self.weight)  # (N, C, H), the candidates' rows of the output layer
        exact_logits = torch.bmm(rows, attn_states[..., None])[..., 0] + self.bias[ids]  # (N, C)
        exact = rough + (exact_logits - logits.gather(1, ids))  # (N, C), but for the sum in the softmax
        total = 1 + (exact.exp() - rough.exp()).sum(dim=-1, keepdim=True)  # (N, 1), by which that sum has changed
        best = (exact - total.log()).topk(self.size, dim=-1)
        return best.values, ids.gather(1, best.indices)

    def _logits_are_known(self) -> bool:
        """Check that `decoder.logits` is the formula used here, so that a decoder with another one is searched by its own."""
        probe = torch.linspace(-1, 1, self.weight.shape[1]).to(self.weight)[None]  # (1, H)
        return torch.allclose(self.decoder.logits(probe), F.linear(probe, self.weight, self.bias), rtol=1e-4, atol=1e-5)


def may_round(weights: Tensor, precision: PrecisionName) -> bool:
    """Check that weights are in single precision on the CPU, and that rounding is wanted, or "auto" and faster there."""
    if weights.device.type != "cpu" or weights.dtype != torch.float32:
        return False
    return precision == "bf16" or (precision == "auto" and rounding_is_faster())


def rounding_is_faster() -> bool:
    """Check whether the processor has instructions for products of bfloat16 numbers."""
    capabilities = torch.cpu.get_capabilities() if hasattr(torch.cpu, "get_capabilities") else {}
    return any(capabilities.get(name) for name in ("avx512_bf16", "amx_bf16"))
