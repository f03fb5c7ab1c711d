"""The attention weights of every head of a Transformer, to look at: what does each layer attend to?

Training does not compute them, and search only the mean of the top layer's heads. Here one pass over given sentence pairs
returns them all.

Sizes: B batch, S source length, T target length, L layers, N heads.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from s2s_tutorial.data.batches import Batch
from s2s_tutorial.model.dropout import for_inference
from s2s_tutorial.model.multi_head import MultiHeadAttention
from s2s_tutorial.model.seq2seq import Seq2Seq


@dataclass(frozen=True)
class HeadWeights:
    """Attention weights of all heads for B sentence pairs. Each row sums to 1; rows of padding have no meaning.

    Attributes:
        encoder: (L, B, N, S, S), of each source word over the source words.
        decoder: (L, B, N, T, T), of each target word over the target words before it, from SOS on.
        cross: (L, B, N, T, S), of each target word over the source words.
    """

    encoder: Tensor
    decoder: Tensor
    cross: Tensor


@for_inference
def head_weights(model: Seq2Seq, batch: Batch) -> HeadWeights:
    """Run a Transformer over sentence pairs and return the attention weights of every head.

    Args:
        model: A model with the network "transformer".
        batch: B sentence pairs, on the model's device.

    Raises:
        ValueError: The model is a recurrent network, which has no heads.
    """
    if model.settings.network != "transformer":
        raise ValueError(f"the network {model.settings.network!r} has no heads: give a model trained as a transformer")
    found: dict[nn.Module, Tensor] = {}

    def ask(module: nn.Module, arguments: tuple[Any, ...]) -> tuple[Any, ...]:
        states, keys, values, mask = arguments[:4]
        return states, keys, values, mask, True  # need_weights

    def keep(module: nn.Module, arguments: tuple[Any, ...], result: tuple[Tensor, Tensor]) -> None:
        found[module] = result[1]

    parts = {name: part for name, part in model.named_modules() if isinstance(part, MultiHeadAttention)}
    hooks = [part.register_forward_pre_hook(ask) for part in parts.values()]
    hooks += [part.register_forward_hook(keep) for part in parts.values()]
    try:
        model(batch)
    finally:
        for hook in hooks:
            hook.remove()
    groups = (
        ("encoder.layers", "self_attention"),
        ("decoder.layers", "self_attention"),
        ("decoder.layers", "cross_attention"),
    )
    return HeadWeights(
        *(
            torch.stack([found[part] for name, part in parts.items() if name.startswith(side) and name.endswith(kind)])
            for side, kind in groups
        )
    )
