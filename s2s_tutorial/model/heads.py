"""The heads of a Transformer one by one: what each of them attends to, and the model without some of them.

Training does not compute the weights of single heads, and search only the mean of the top layer's heads. Here one pass over
given sentence pairs returns them all.

Sizes: B batch, S source length, T target length, L layers, N heads, D = H / N size of a head.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain
from typing import Any, Literal, NamedTuple, get_args

import torch
from torch import Tensor, nn

from s2s_tutorial.data.batches import Batch
from s2s_tutorial.model.dropout import for_inference
from s2s_tutorial.model.multi_head import MultiHeadAttention
from s2s_tutorial.model.seq2seq import Seq2Seq

AttentionKind = Literal["encoder", "decoder", "cross"]
KINDS: tuple[AttentionKind, ...] = get_args(AttentionKind)


class Head(NamedTuple):
    """One head.

    Attributes:
        kind: "encoder" or "decoder" for their self-attention, "cross" for the decoder's attention to the source.
        layer: Number of the layer, from 0.
        number: Number of the head in its layer, from 0.
    """

    kind: AttentionKind
    layer: int
    number: int


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

    def pair(self, row: int, batch: Batch) -> HeadWeights:
        """Return the weights of one pair of their batch, without padding: (L, N, S, S), (L, N, T, T) and (L, N, T, S)."""
        s, t = int(batch.src_lengths[row]), int(batch.tgt_lengths[row])
        return HeadWeights(
            self.encoder[:, row, :, :s, :s], self.decoder[:, row, :, :t, :t], self.cross[:, row, :, :t, :s]
        )


def attentions(model: Seq2Seq) -> dict[AttentionKind, list[MultiHeadAttention]]:
    """Return the L attention modules of each kind, the first layer's first.

    Raises:
        ValueError: The model is a recurrent network, which has no heads.
    """
    if model.settings.network != "transformer":
        raise ValueError(f"the network {model.settings.network!r} has no heads: give a model trained as a transformer")

    def modules(side: nn.Module, name: str) -> list[MultiHeadAttention]:
        return [part for path, part in side.named_modules() if isinstance(part, MultiHeadAttention) and name in path]

    return {
        "encoder": modules(model.encoder, "self_attention"),
        "decoder": modules(model.decoder, "self_attention"),
        "cross": modules(model.decoder, "cross_attention"),
    }


def list_heads(model: Seq2Seq) -> list[Head]:
    """Return all 3·L·N heads of a Transformer, by kind, layer and number.

    Raises:
        ValueError: The model is a recurrent network.
    """
    return [
        Head(kind, layer, number)
        for kind, modules in attentions(model).items()
        for layer, module in enumerate(modules)
        for number in range(module.num_heads)
    ]


@for_inference
def head_weights(model: Seq2Seq, batch: Batch) -> HeadWeights:
    """Run a Transformer over sentence pairs and return the attention weights of every head.

    Args:
        model: A model with the network "transformer".
        batch: B sentence pairs, on the model's device.

    Raises:
        ValueError: The model is a recurrent network.
    """
    found: dict[nn.Module, Tensor] = {}

    def ask(module: nn.Module, arguments: tuple[Any, ...]) -> tuple[Any, ...]:
        states, keys, values, mask = arguments[:4]
        return states, keys, values, mask, True  # need_weights

    def keep(module: nn.Module, arguments: tuple[Any, ...], result: tuple[Tensor, Tensor]) -> None:
        found[module] = result[1]  # (B, N, T, S)

    kinds = attentions(model)
    hooks = [
        hook
        for part in chain(*kinds.values())
        for hook in (part.register_forward_pre_hook(ask), part.register_forward_hook(keep))
    ]
    try:
        model(batch)
    finally:
        for hook in hooks:
            hook.remove()
    return HeadWeights(*(torch.stack([found[part] for part in parts]) for parts in kinds.values()))


def without_heads(model: Seq2Seq, heads: Iterable[Head]) -> Seq2Seq:
    """Copy a Transformer and switch heads off, as in Michel et al. 2019 (arXiv 1905.10650).

    A layer's output is `Concat(head_1, …, head_N) W^O`, so a head is multiplied by D columns of the stored matrix. With these
    at 0, the head's result no longer counts, in training, in search and everywhere else. The bias stays.

    Args:
        model: A model with the network "transformer"; it is not changed.
        heads: Heads to switch off, from `list_heads`; they may come from several layers and kinds.

    Raises:
        ValueError: The model is a recurrent network, or does not have one of the heads.
    """
    known, copied = set(list_heads(model)), copy.deepcopy(model)
    parts = attentions(copied)
    for head in heads:
        if head not in known:
            raise ValueError(f"this model has no {tuple(head)!r}: choose from list_heads(model)")
        kind, layer, number = head
        part = parts[kind][layer]
        with torch.no_grad():
            part.output.weight.unflatten(1, (part.num_heads, -1))[:, number] = 0.0  # (H, D) of (H, N, D)
    return copied
