"""The whole network: encoder and decoder together, built from settings, saved as weights and nothing else."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from s2s_tutorial.batching import Batch
from s2s_tutorial.config import ModelSettings
from s2s_tutorial.decoder import DECODERS, DecoderOutput, DecoderState, Memory
from s2s_tutorial.encoder import Encoder
from s2s_tutorial.loss import output_cross_entropy
from s2s_tutorial.vocabulary import SOS

# Words to feed the decoder (B, T), or what makes them of what the encoder has read, as scheduled sampling does.
Feed = Tensor | Callable[[Memory, DecoderState], Tensor]


class Seq2Seq(nn.Module):
    """Encoder and decoder with attention between them.

    Args:
        settings: the network's sizes and kinds.
        src_vocabulary_size: words in the source vocabulary.
        tgt_vocabulary_size: words in the target vocabulary.
    """

    def __init__(self, settings: ModelSettings, src_vocabulary_size: int, tgt_vocabulary_size: int) -> None:
        super().__init__()
        self.settings = settings
        self.encoder = Encoder(
            src_vocabulary_size, settings.embedding_size, settings.hidden_size, settings.num_layers, settings.dropout
        )
        self.decoder = DECODERS[settings.decoder](settings, tgt_vocabulary_size)
        if settings.tie_embeddings:
            # PyTorch's embeddings have deviation 1. As rows of an output layer they would make wild first guesses; and
            # small ones on both sides learn faster at the learning rates of the presets.
            with torch.no_grad():
                for embedding in (self.encoder.embedding, self.decoder.embedding):
                    embedding.weight.mul_(settings.embedding_size**-0.5)

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return self.decoder.embedding.weight.device

    def encode(
        self, src_ids: Tensor, src_mask: Tensor, rng: torch.Generator | None = None
    ) -> tuple[Memory, DecoderState]:
        """Read source sentences and prepare decoding.

        Args:
            src_ids: (B, S).
            src_mask: (B, S), True at real words.
            rng: of dropout; None for no dropout.

        Raises:
            ValueError: a sentence of the batch has no real word.
        """
        if not src_mask[:, 0].all():
            raise ValueError("src_mask has a sentence with no real word; drop empty sentences before batching")
        enc_states, first_states = self.encoder(src_ids, None if src_mask.all() else src_mask, rng)
        return self.decoder.start(enc_states, src_mask, first_states)

    def forward(self, batch: Batch, prev_ids: Feed | None = None, rng: torch.Generator | None = None) -> DecoderOutput:
        """Run encoder and decoder over a batch whose target words are known (teacher forcing).

        Args:
            batch: B sentence pairs.
            prev_ids: (B, T) words to feed the decoder, or what makes them of the encoder's memory and state; None for
                the true ones, one place to the right.
            rng: of dropout; None for no dropout.
        """
        memory, state = self.encode(batch.src_ids, batch.src_mask, rng)
        if prev_ids is None:
            prev_ids = shift_right(batch.tgt_ids)
        elif callable(prev_ids):
            prev_ids = prev_ids(memory, state)
        return self.decoder(prev_ids, memory, state, rng)

    def loss(
        self,
        batch: Batch,
        label_smoothing: float = 0.0,
        prev_ids: Feed | None = None,
        rng: torch.Generator | None = None,
    ) -> Tensor:
        """Mean cross-entropy over the batch's real target words, in nats a word.

        Args:
            batch: B sentence pairs.
            label_smoothing: see `loss.masked_cross_entropy`.
            prev_ids, rng: see `forward`.
        """
        output = self.forward(batch, prev_ids, rng)
        hidden = self.decoder.before_output(output.attn_states, rng)
        weight, bias = self.decoder.output_weight, self.decoder.output_bias
        return output_cross_entropy(hidden, weight, bias, batch.tgt_ids, batch.tgt_mask, label_smoothing)


def shift_right(tgt_ids: Tensor) -> Tensor:
    """Put SOS in front and drop the last column: (B, T) target words to the (B, T) words before them."""
    return torch.cat([torch.full_like(tgt_ids[:, :1], SOS), tgt_ids[:, :-1]], dim=1)


def count_parameters(module: nn.Module) -> int:
    """Numbers that training changes."""
    return sum(parameter.numel() for parameter in module.parameters() if parameter.requires_grad)
