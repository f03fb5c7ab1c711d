"""The interface of every decoder, by which training and search use it, and the parts that all decoders share.

A decoder reads the words before each target word, and what it needs of the source, its memory. `forward` runs over a whole
known sequence, as in training. `step` reads one more word, as search does, and carries a state from word to word.

Sizes: B batch, T target length, S source length, E embedding, H hidden, L layers, V target vocabulary. A search may extend
K hypotheses of each sentence at once. Then a step has N = B·K rows, those of one sentence next to each other.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from s2s_tutorial.model.dropout import Dropout
from s2s_tutorial.settings import ModelSettings


@dataclass(frozen=True)
class Memory:
    """The source sentences as decoders need them, computed once per batch.

    Attributes:
        enc_states: (B, S, H), the encoder's states.
        keys: (B, S, H), the part of the attention score that depends on the source alone; `enc_states` without attention. A
            Transformer has keys and values of all layers here, (B, S, 2LH).
        src_mask: (B, S), True at real words.
    """

    enc_states: Tensor
    keys: Tensor
    src_mask: Tensor

    def select(self, rows: Tensor) -> Memory:
        """Return the memory of these sentences (R,) of the batch, in this order; a sentence may be repeated."""
        # index_select copies whole rows; indexing with brackets copies single numbers on a CPU, which is slower.
        return Memory(*(part.index_select(0, rows) for part in (self.enc_states, self.keys, self.src_mask)))


@dataclass(frozen=True)
class DecoderState:
    """State of a decoder between two words, one row per hypothesis: N = B·K, or N = B with one hypothesis per sentence.

    Attributes:
        dec_state: (L, N, H), the states of the GRU layers. A Transformer has each layer's keys and values of the T words read
            so far here, (L, N, T, 2H).
        attn_state: (N, H), the last attentional state h̃, for input feeding; zeros before the first word.
    """

    dec_state: Tensor
    attn_state: Tensor

    def select(self, rows: Tensor) -> DecoderState:
        """Return the states of these rows (R,), in this order; a row may be repeated."""
        return DecoderState(self.dec_state.index_select(1, rows), self.attn_state.index_select(0, rows))


@dataclass(frozen=True)
class DecoderOutput:
    """Result of a decoder for a whole sequence.

    Attributes:
        attn_states: (B, T, H), the attentional states h̃, from which the output layer predicts.
        attn_weights: (B, T, S), or None without attention, and for a Transformer in training mode.
    """

    attn_states: Tensor
    attn_weights: Tensor | None


class Decoder(nn.Module):
    """The parts that all decoders share: embedding, output layer and the loop over words.

    Args:
        settings: Sizes of the network.
        vocabulary_size: Number V of target words.
        pad_id: Id of PAD; reading it does not train its embedding.
    """

    def __init__(self, settings: ModelSettings, vocabulary_size: int, pad_id: int = 0) -> None:
        super().__init__()
        self.dropout = Dropout(settings.dropout)
        self.embedding = nn.Embedding(vocabulary_size, settings.embedding_size, padding_idx=pad_id)
        self.own_output_weight: nn.Parameter | None = None

    def add_output_layer(self, settings: ModelSettings, vocabulary_size: int) -> None:
        """Make the weights of the output layer; a decoder calls it after making the layers below."""
        if not settings.tie_embeddings:
            hidden_size = settings.hidden_size
            self.own_output_weight = nn.Parameter(torch.empty(vocabulary_size, hidden_size).uniform_(-1, 1))
            self.own_output_weight.data.mul_(hidden_size**-0.5)
        self.output_bias = nn.Parameter(torch.zeros(vocabulary_size))

    @property
    def output_weight(self) -> Tensor:
        """W_s (V, H), one row per word to compare h̃ with. When tied, it is the embedding (Press and Wolf 2017)."""
        return self.embedding.weight if self.own_output_weight is None else self.own_output_weight

    @property
    def attends(self) -> bool:
        """Whether the decoder attends to the source, so that there are attention weights."""
        raise NotImplementedError

    def start(self, enc_states: Tensor, src_mask: Tensor, first_states: Tensor) -> tuple[Memory, DecoderState]:
        """Prepare decoding: return the memory, and the state before the first word.

        Args:
            enc_states: (B, S, H).
            src_mask: (B, S), True at real words.
            first_states: (L, B, H), from the encoder; L is 0 if it gives none.
        """
        raise NotImplementedError

    def forward(self, prev_ids: Tensor, memory: Memory, state: DecoderState) -> DecoderOutput:
        """Run over a whole known sequence, word by word.

        Args:
            prev_ids: (B, T), at position t the word before the t-th target word; the first is SOS.
            memory, state: From `start`.

        Returns:
            attn_states (B, T, H) and attn_weights (B, T, S) or None.
        """
        attn_states, attn_weights = [], []
        embedded = self.dropout(self.embedding(prev_ids))  # (B, T, E)
        for word in embedded.unbind(dim=1):  # (B, E)
            attn_state, state, weights = self.advance(word, memory, state)  # (B, H), …, (B, S)
            attn_states.append(attn_state)
            attn_weights += [] if weights is None else [weights]
        stacked_weights = torch.stack(attn_weights, dim=1) if attn_weights else None  # (B, T, S)
        return DecoderOutput(torch.stack(attn_states, dim=1), stacked_weights)

    def step(self, prev_ids: Tensor, memory: Memory, state: DecoderState) -> tuple[Tensor, DecoderState, Tensor | None]:
        """Read one more word of every hypothesis and score the next one.

        The number of rows of `prev_ids` over the number of sentences of `memory` gives K, the hypotheses per sentence.

        Args:
            prev_ids: (N,), the previous word of each of the N = B·K hypotheses; rows b·K to b·K + K − 1 are of sentence b.
            memory: From `start`, B sentences; `Memory.select` keeps some of them.
            state: From `start` or the previous step, N rows; `DecoderState.select` puts them in another order.

        Returns:
            logits (N, V), the next state, and attn_weights (N, S) or None.
        """
        attn_state, state, attn_weights = self.read(prev_ids, memory, state)
        return self.logits(attn_state), state, attn_weights

    def read(self, prev_ids: Tensor, memory: Memory, state: DecoderState) -> tuple[Tensor, DecoderState, Tensor | None]:
        """Read one more word as `step` does, but return h̃ (N, H) instead of the logits."""
        return self.advance(self.dropout(self.embedding(prev_ids)), memory, state)  # the embedded words are (N, E)

    def logits(self, attn_states: Tensor) -> Tensor:
        """Score every target word, `W_s h̃ + b`: (…, H) to (…, V)."""
        return F.linear(self.dropout(attn_states), self.output_weight, self.output_bias)

    def advance(self, word: Tensor, memory: Memory, state: DecoderState) -> tuple[Tensor, DecoderState, Tensor | None]:
        """Read one embedded word (N, E); returns h̃ (N, H), the next state and attn_weights (N, S) or None."""
        raise NotImplementedError
