"""The encoder: reads the whole source sentence in both directions.

It gives the decoder two things: a state for every source word, and a first state for every decoder layer. Chapter 5 of the
book builds it from the GRU of chapter 4.

Sizes: B batch, S source length, E embedding, H hidden, L layers.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from s2s_tutorial.model.dropout import Dropout
from s2s_tutorial.model.gru import run_gru


class Encoder(nn.Module):
    """A bidirectional GRU over embedded words; the two directions of the top layer are added.

    Args:
        vocabulary_size: Number of words in the source vocabulary.
        embedding_size: Size E of an embedding.
        hidden_size: Size H of a state, in each direction.
        num_layers: Number L of layers.
        dropout_rate: Share of values dropped at the embeddings and between layers, from 0 to below 1.
        pad_id: Id of PAD, whose embedding stays zero.
    """

    def __init__(
        self,
        vocabulary_size: int,
        embedding_size: int,
        hidden_size: int,
        num_layers: int,
        dropout_rate: float,
        pad_id: int = 0,
    ) -> None:
        super().__init__()
        self.dropout = Dropout(dropout_rate)
        self.embedding = nn.Embedding(vocabulary_size, embedding_size, padding_idx=pad_id)
        sizes = [embedding_size] + [2 * hidden_size] * (num_layers - 1)
        self.layers = nn.ModuleList(nn.GRU(size, hidden_size, batch_first=True, bidirectional=True) for size in sizes)

    def forward(self, src_ids: Tensor, src_mask: Tensor | None) -> tuple[Tensor, Tensor]:
        """Read a batch of source sentences.

        Args:
            src_ids: (B, S).
            src_mask: (B, S), True at real words, which come first; None when the batch has no padding.

        Returns:
            enc_states (B, S, H), zero at padding, and first decoder states (L, B, H). Both are sums of the two
            directions. Careful with PyTorch's own bidirectional GRU of L layers: rows 2l and 2l + 1 of its last states
            belong to layer l, so its first L rows are not the L layers.
        """
        states = self.dropout(self.embedding(src_ids))  # (B, S, E)
        first_states: list[Tensor] = []
        for layer in self.layers:
            assert isinstance(layer, nn.GRU)
            if first_states:
                states = self.dropout(states)
            states, last = run_gru(layer, states, None, src_mask)  # (B, S, 2H), (2, B, H)
            first_states.append(last.sum(dim=0))  # (B, H)
        forward, backward = states.chunk(2, dim=-1)  # (B, S, H), (B, S, H)
        return forward + backward, torch.stack(first_states)  # (B, S, H), (L, B, H)
