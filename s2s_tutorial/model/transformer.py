"""The Transformer: an encoder and a decoder of attention alone (Vaswani et al. 2017, arXiv 1706.03762), without recurrence.

Every position of a sentence is computed at the same time. A state learns about the other words from attention, and about
their order from the position that is added to each embedding. A layer is a row of sublayers, and each of them adds its result
to the states that it reads: `x + sublayer(norm(x))`. The normalisation comes first ("pre-norm"), because no layer has large
gradients then at the start of training, so that training is stable (Xiong et al. 2020, arXiv 2002.04745, figure 1b). A last
normalisation follows the top layer.

Encoder and decoder have the interface of the recurrent ones in `encoder.py` and `decoder.py`, so that training and search do
not know which network they work with.

Sizes: B batch, S source length, T target length, H hidden (and embedding), F feed-forward, N heads, L layers, V target
vocabulary. In a search with K hypotheses for each sentence, the decoder has R = B·K rows.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from s2s_tutorial.model.decoder_interface import Decoder, DecoderOutput, DecoderState, Memory
from s2s_tutorial.model.dropout import Dropout
from s2s_tutorial.model.multi_head import MultiHeadAttention, causal_mask, linear_map
from s2s_tutorial.settings import ModelSettings


def sinusoids(positions: Tensor, size: int) -> Tensor:
    """Compute sines and cosines of wavelengths from 2π to 10,000 · 2π (Vaswani et al. 2017, section 3.5).

    ::

        PE(pos, 2i)     = sin(pos / 10000^(2i / H))
        PE(pos, 2i + 1) = cos(pos / 10000^(2i / H))

    They are a formula and not a table, so there is a value for every position, also beyond the longest sentence of training.

    Args:
        positions: (T,), the numbers of the positions, from 0.
        size: Size H of a state.

    Returns:
        (T, H), in single precision.
    """
    exponents = torch.arange(0, size, 2, device=positions.device) / size  # (H / 2,), rounded up
    angles = positions[:, None] / 10_000.0**exponents  # (T, H / 2)
    return torch.stack([angles.sin(), angles.cos()], dim=-1).flatten(1)[:, :size]  # (T, H / 2, 2) to (T, H)


def add_positions(embedded: Tensor, first: int = 0) -> Tensor:
    """Scale embeddings by √H and add their positions (Vaswani et al. 2017, sections 3.4 and 3.5).

    Embeddings start with variance 1 / H, because they may also be the output layer's weights. The scale makes them about as
    large as the positions.

    Args:
        embedded: (B, T, H).
        first: Position of the first word; above 0 when decoding word by word.

    Returns:
        (B, T, H).
    """
    _, length, size = embedded.shape
    positions = torch.arange(first, first + length, device=embedded.device)  # (T,)
    return embedded * math.sqrt(size) + sinusoids(positions, size).to(embedded.dtype)


class FeedForward(nn.Module):
    """`max(0, x W_1 + b_1) W_2 + b_2`, at every position on its own (Vaswani et al. 2017, equation 2)."""

    def __init__(self, hidden_size: int, feed_forward_size: int) -> None:
        super().__init__()
        self.widen = linear_map(hidden_size, feed_forward_size)  # W_1, b_1
        self.narrow = linear_map(feed_forward_size, hidden_size)  # W_2, b_2

    def forward(self, states: Tensor) -> Tensor:
        """Map states (B, T, H) to (B, T, H), by way of (B, T, F)."""
        return self.narrow(F.relu(self.widen(states)))


class EncoderLayer(nn.Module):
    """Self-attention over the source sentence, then the feed-forward network; each is added to the states it reads."""

    def __init__(self, settings: ModelSettings) -> None:
        super().__init__()
        self.dropout = Dropout(settings.dropout)
        self.norm_attention = nn.LayerNorm(settings.hidden_size)
        self.self_attention = MultiHeadAttention(settings.hidden_size, settings.num_heads)
        self.norm_feed_forward = nn.LayerNorm(settings.hidden_size)
        self.feed_forward = FeedForward(settings.hidden_size, settings.feed_forward_size)

    def forward(self, states: Tensor, src_mask: Tensor) -> Tensor:
        """Run the layer over states (B, S, H) with src_mask (B, S); returns (B, S, H)."""
        normed = self.norm_attention(states)  # (B, S, H)
        looked, _ = self.self_attention(normed, *self.self_attention.keys_and_values(normed), src_mask)  # (B, S, H)
        states = states + self.dropout(looked)
        return states + self.dropout(self.feed_forward(self.norm_feed_forward(states)))


class TransformerEncoder(nn.Module):
    """L layers of self-attention over the source sentence, with the interface of `Encoder`.

    Args:
        settings: Sizes of the network.
        vocabulary_size: Number of words in the source vocabulary.
        pad_id: Id of PAD, whose embedding stays zero.
    """

    def __init__(self, settings: ModelSettings, vocabulary_size: int, pad_id: int = 0) -> None:
        super().__init__()
        self.dropout = Dropout(settings.dropout)
        self.embedding = nn.Embedding(vocabulary_size, settings.embedding_size, padding_idx=pad_id)
        self.layers = nn.ModuleList(EncoderLayer(settings) for _ in range(settings.num_layers))
        self.norm = nn.LayerNorm(settings.hidden_size)

    def forward(self, src_ids: Tensor, src_mask: Tensor | None) -> tuple[Tensor, Tensor]:
        """Read a batch of source sentences.

        Args:
            src_ids: (B, S).
            src_mask: (B, S), True at real words, which come first; None when the batch has no padding.

        Returns:
            enc_states (B, S, H), and first decoder states (0, B, H), that is, none.
        """
        if src_mask is None:
            src_mask = torch.ones_like(src_ids, dtype=torch.bool)
        states = self.dropout(add_positions(self.embedding(src_ids)))  # (B, S, H)
        for layer in self.layers:
            states = layer(states, src_mask)
        return self.norm(states), states.new_empty(0, len(states), states.shape[-1])


class DecoderLayer(nn.Module):
    """Self-attention to the words so far, attention to the source, the feed-forward network; each adds to the states."""

    def __init__(self, settings: ModelSettings) -> None:
        super().__init__()
        self.dropout = Dropout(settings.dropout)
        self.norm_self = nn.LayerNorm(settings.hidden_size)
        self.self_attention = MultiHeadAttention(settings.hidden_size, settings.num_heads)
        self.norm_cross = nn.LayerNorm(settings.hidden_size)
        self.cross_attention = MultiHeadAttention(settings.hidden_size, settings.num_heads)
        self.norm_feed_forward = nn.LayerNorm(settings.hidden_size)
        self.feed_forward = FeedForward(settings.hidden_size, settings.feed_forward_size)

    def forward(
        self, states: Tensor, past: Tensor, source: tuple[Tensor, Tensor], src_mask: Tensor, need_weights: bool,
        out: Tensor | None = None,
    ) -> tuple[Tensor, Tensor, Tensor | None]:  # fmt: skip
        """Run the layer over T new positions that follow P earlier ones.

        Args:
            states: (R, T, H), states of the new positions in R = B·K rows, K for each source sentence.
            past: (R, P, 2H), keys and values of the earlier positions.
            source: Keys and values (B, S, H) of the encoder's states.
            src_mask: (B, S), True at real words.
            need_weights: Whether to return the weights over the source, which takes the plain form of attention.
            out: (R, P + T, 2H), memory for the keys and values of all positions; None to allocate it.

        Returns:
            The new states (R, T, H); keys and values (R, P + T, 2H) of all positions; and the weights (B, N, K·T, S) of the
            N heads, or None.
        """
        normed = self.norm_self(states)  # (R, T, H)
        new = torch.cat(self.self_attention.keys_and_values(normed), dim=-1)  # (R, T, 2H)
        past = torch.cat([past, new], dim=1, out=out)  # (R, P + T, 2H)
        mask = causal_mask(past.shape[1], states.device)[:, -states.shape[1] :]  # (1, T, P + T)
        looked, _ = self.self_attention(normed, *past.chunk(2, dim=-1), mask)  # (R, T, H)
        states = states + self.dropout(looked)
        # The source is read once for all K rows of a sentence, as if their words were words of one sentence.
        queries = self.norm_cross(states).view(len(src_mask), -1, states.shape[-1])  # (B, K·T, H)
        looked, attn_weights = self.cross_attention(queries, *source, src_mask, need_weights)  # (B, K·T, H)
        states = states + self.dropout(looked.view_as(states))  # (R, T, H)
        return states + self.dropout(self.feed_forward(self.norm_feed_forward(states))), past, attn_weights


class TransformerDecoder(Decoder):
    """L layers of attention to the words so far and to the source.

    The keys and values of a position never change, because a state does not depend on later positions. So search keeps them,
    and each step computes one position only. They are the `dec_state` of `DecoderState`, and `attn_state` is the top state.

    Args:
        settings: Sizes of the network.
        vocabulary_size: Number V of target words.
        pad_id: Id of PAD; reading it does not train its embedding.
    """

    def __init__(self, settings: ModelSettings, vocabulary_size: int, pad_id: int = 0) -> None:
        super().__init__(settings, vocabulary_size, pad_id)
        self.layers = nn.ModuleList(DecoderLayer(settings) for _ in range(settings.num_layers))
        self.norm = nn.LayerNorm(settings.hidden_size)
        self.add_output_layer(settings, vocabulary_size)

    @property
    def attends(self) -> bool:
        """Whether the decoder attends to the source, so that there are attention weights; it always does."""
        return True

    def start(self, enc_states: Tensor, src_mask: Tensor, first_states: Tensor) -> tuple[Memory, DecoderState]:
        """Prepare decoding; see `Decoder.start`."""
        parts: list[Tensor] = []
        for layer in self.layers:
            assert isinstance(layer, DecoderLayer)
            parts += layer.cross_attention.keys_and_values(enc_states)  # (B, S, H) each
        batch, _, size = enc_states.shape
        empty = enc_states.new_empty(len(self.layers), batch, 0, 2 * size)  # (L, B, 0, 2H)
        top = enc_states.new_zeros(batch, size)  # (B, H)
        return Memory(enc_states, torch.cat(parts, dim=-1), src_mask), DecoderState(empty, top)

    def forward(self, prev_ids: Tensor, memory: Memory, state: DecoderState) -> DecoderOutput:
        """Run over a whole known sequence, all positions at once; see `Decoder.forward`.

        In training mode there are no attention weights: the loss does not need them, and the fast form does not have them.
        """
        states, _, attn_weights = self._through_layers(self.embedding(prev_ids), memory, state)
        return DecoderOutput(states, attn_weights)

    def advance(self, word: Tensor, memory: Memory, state: DecoderState) -> tuple[Tensor, DecoderState, Tensor | None]:
        """Read one more word; see `Decoder.advance`."""
        # Without gradients, as in search, the layers write into one tensor. This saves copying all keys and values once more.
        size = (len(self.layers), len(word), state.dec_state.shape[2] + 1, state.dec_state.shape[3])
        cache = None if torch.is_grad_enabled() else word.new_empty(size)  # (L, R, T, 2H)
        states, pasts, attn_weights = self._through_layers(
            word[:, None, :], memory, state, cache
        )  # (R, 1, H), L (R, T, 2H)
        top = states[:, 0]  # (R, H)
        if attn_weights is not None:  # (B, K, S)
            attn_weights = attn_weights.flatten(0, 1)  # (R, S)
        return top, DecoderState(torch.stack(pasts) if cache is None else cache, top), attn_weights

    def _through_layers(
        self, embedded: Tensor, memory: Memory, state: DecoderState, cache: Tensor | None = None
    ) -> tuple[Tensor, list[Tensor], Tensor | None]:
        """Run all layers over T embedded words that follow P earlier ones.

        Args:
            embedded: (R, T, H), in R = B·K rows.
            memory: From `start`, B sentences.
            state: From `start` or the previous step, R rows.
            cache: (L, R, P + T, 2H), memory for the keys and values of all positions; None to allocate it.

        Returns:
            Top states (R, T, H); each layer's keys and values (R, P + T, 2H) of all positions; and the weights (B, K·T, S)
            over the source in the top layer, the mean of its heads, or None in training mode.
        """
        states = self.dropout(add_positions(embedded, first=state.dec_state.shape[2]))  # (R, T, H)
        sources = memory.keys.chunk(2 * len(self.layers), dim=-1)  # 2L times (B, S, H)
        pasts: list[Tensor] = []
        weights: Tensor | None = None
        for number, layer in enumerate(self.layers):
            source = sources[2 * number], sources[2 * number + 1]
            need_weights = layer is self.layers[-1] and not self.training
            out = None if cache is None else cache[number]  # (R, P + T, 2H)
            states, past, weights = layer(states, state.dec_state[number], source, memory.src_mask, need_weights, out)
            pasts.append(past)
        return self.norm(states), pasts, None if weights is None else weights.mean(dim=1)
