"""The whole network: encoder, attention and decoder together, built from settings.

Sizes: B batch, S source length, T target length, H hidden, L layers, V target vocabulary.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from s2s_tutorial.data.batches import Batch
from s2s_tutorial.data.vocabulary import SOS
from s2s_tutorial.model.decoder import DECODERS, Decoder, DecoderOutput, DecoderState, Memory
from s2s_tutorial.model.encoder import Encoder
from s2s_tutorial.model.loss import output_cross_entropy
from s2s_tutorial.model.transformer import TransformerDecoder, TransformerEncoder
from s2s_tutorial.settings import ModelSettings

# Previous words (B, T) for the decoder, or a function that makes them from the memory and first state, as scheduled sampling
# does.
Feed = Tensor | Callable[[Memory, DecoderState], Tensor]


class Seq2Seq(nn.Module):
    """Encoder and decoder with attention between them: recurrent ones, or those of a Transformer.

    Args:
        settings: Type and sizes of the network, its decoder and its attention.
        src_vocabulary_size: Number of words in the source vocabulary.
        tgt_vocabulary_size: Number of words in the target vocabulary.
    """

    def __init__(self, settings: ModelSettings, src_vocabulary_size: int, tgt_vocabulary_size: int) -> None:
        super().__init__()
        self.settings = settings
        self.encoder: Encoder | TransformerEncoder
        self.decoder: Decoder
        if settings.network == "transformer":
            self.encoder = TransformerEncoder(settings, src_vocabulary_size)
            self.decoder = TransformerDecoder(settings, tgt_vocabulary_size)
        else:
            sizes = settings.embedding_size, settings.hidden_size, settings.num_layers
            self.encoder = Encoder(src_vocabulary_size, *sizes, settings.dropout)
            self.decoder = DECODERS[settings.decoder](settings, tgt_vocabulary_size)
        if settings.tie_embeddings or settings.network == "transformer":
            # PyTorch initialises embeddings with standard deviation 1. As the output layer's weights, these would make the
            # first predictions far too confident; and with small embeddings on both sides the presets learn faster. A
            # Transformer scales embeddings up again, see `transformer.add_positions`.
            with torch.no_grad():
                for embedding in (self.encoder.embedding, self.decoder.embedding):
                    embedding.weight.mul_(settings.embedding_size**-0.5)

    @property
    def device(self) -> torch.device:
        """Device of the weights."""
        return self.decoder.embedding.weight.device

    def encode(self, src_ids: Tensor, src_mask: Tensor) -> tuple[Memory, DecoderState]:
        """Read source sentences and prepare decoding.

        Args:
            src_ids: (B, S).
            src_mask: (B, S), True at real words.

        Returns:
            Memory and first decoder state, with B rows each.

        Raises:
            ValueError: A sentence of the batch has no real word.
        """
        if not src_mask[:, 0].all():
            raise ValueError("src_mask has a sentence with no real word; drop empty sentences before batching")
        enc_states, first_states = self.encoder(src_ids, None if src_mask.all() else src_mask)
        return self.decoder.start(enc_states, src_mask, first_states)

    def forward(self, batch: Batch, prev_ids: Feed | None = None) -> DecoderOutput:
        """Run encoder and decoder over a batch whose target words are known (teacher forcing).

        Args:
            batch: B sentence pairs.
            prev_ids: (B, T), previous words for the decoder, or a function that makes them from memory and first state;
                None for the true target words, shifted one position to the right.

        Returns:
            attn_states (B, T, H) and attn_weights (B, T, S) or None.
        """
        memory, state = self.encode(batch.src_ids, batch.src_mask)
        if prev_ids is None:
            prev_ids = shift_right(batch.tgt_ids)
        elif callable(prev_ids):
            prev_ids = prev_ids(memory, state)
        return self.decoder(prev_ids, memory, state)

    def loss(
        self,
        batch: Batch,
        label_smoothing: float = 0.0,
        prev_ids: Feed | None = None,
    ) -> Tensor:
        """Compute the mean cross-entropy over the batch's real target words.

        Args:
            batch: B sentence pairs.
            label_smoothing: See `loss.masked_cross_entropy`.
            prev_ids: See `forward`.

        Returns:
            A scalar, in nats per word.
        """
        output = self.forward(batch, prev_ids)
        hidden = self.decoder.dropout(output.attn_states)  # (B, T, H)
        weight, bias = self.decoder.output_weight, self.decoder.output_bias
        return output_cross_entropy(hidden, weight, bias, batch.tgt_ids, batch.tgt_mask, label_smoothing)


def shift_right(tgt_ids: Tensor) -> Tensor:
    """Put SOS in front and drop the last column: target words (B, T) to the words before them (B, T)."""
    return torch.cat([torch.full_like(tgt_ids[:, :1], SOS), tgt_ids[:, :-1]], dim=1)


def count_parameters(module: nn.Module) -> int:
    """Count the numbers that training changes."""
    return sum(parameter.numel() for parameter in module.parameters() if parameter.requires_grad)
