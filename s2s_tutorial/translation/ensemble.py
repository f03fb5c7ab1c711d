"""Ensembles: several models of the same data choose every word together.

Each model has its own errors, which depend on its seed; where most models agree, they are more often right. The ensemble
multiplies their probabilities and normalises the product: log p(y) is the mean of all log p_m(y), plus a constant. The mean
of logits is the product of one large output layer with all h̃ side by side, so greedy and beam search run unchanged.

Sizes: M models, B batch, N hypotheses, S source length, H hidden, L layers, V target words.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import torch
from torch import Tensor, nn

from s2s_tutorial.data.batches import Batch
from s2s_tutorial.model.decoder import Decoder, DecoderOutput, DecoderState, Memory
from s2s_tutorial.model.dropout import Dropout
from s2s_tutorial.model.seq2seq import Feed, Seq2Seq
from s2s_tutorial.translation.translator import Translator


class EnsembleDecoder(Decoder):
    """The decoders of M models side by side: their states are joined along the last dimension.

    Args:
        decoders: M decoders of models with the same settings and vocabularies.
    """

    def __init__(self, decoders: Sequence[Decoder]) -> None:
        nn.Module.__init__(self)  # without layers of its own
        self.decoders = nn.ModuleList(decoders)
        self.dropout = Dropout(0.0)
        with torch.no_grad():  # the output layers side by side, each over M, and the mean of the biases
            weight = torch.cat([decoder.output_weight for decoder in decoders], dim=1) / len(decoders)  # (V, M·H)
            bias = torch.stack([decoder.output_bias for decoder in decoders]).mean(dim=0)  # (V,)
        self.own_output_weight, self.output_bias = nn.Parameter(weight, False), nn.Parameter(bias, False)

    def _each(self) -> list[Decoder]:
        return [decoder for decoder in self.decoders if isinstance(decoder, Decoder)]

    @property
    def attends(self) -> bool:
        """Whether the decoders attend to the source."""
        return self._each()[0].attends

    def read(self, prev_ids: Tensor, memory: Memory, state: DecoderState) -> tuple[Tensor, DecoderState, Tensor | None]:
        """Read one more word with every decoder; returns h̃ (N, M·H), the next state, and mean attn_weights (N, S) or None."""
        found = [
            decoder.read(prev_ids, its_memory, its_state)
            for decoder, its_memory, its_state in zip(self._each(), *self._divide(memory, state), strict=True)
        ]  # M times (N, H), …, (N, S)
        attn_states, states, weights = zip(*found, strict=True)
        real = [each for each in weights if each is not None]
        mean_weights = torch.stack(real).mean(dim=0) if real else None  # (N, S)
        return torch.cat(attn_states, dim=-1), join_states(states), mean_weights

    def _divide(self, memory: Memory, state: DecoderState) -> tuple[list[Memory], list[DecoderState]]:
        """Divide what `join_memories` and `join_states` joined."""
        count = len(self.decoders)
        enc_states, keys, dec_states, attn_states = (
            part.chunk(count, dim=-1) for part in (memory.enc_states, memory.keys, state.dec_state, state.attn_state)
        )  # M times (B, S, H), (B, S, H), (L, N, H), (N, H)
        memories = [Memory(*parts, memory.src_mask) for parts in zip(enc_states, keys, strict=True)]
        return memories, [DecoderState(*parts) for parts in zip(dec_states, attn_states, strict=True)]


def join_memories(memories: Sequence[Memory]) -> Memory:
    """Join the memories of M models, of the same sentences, along the last dimension."""
    enc_states = torch.cat([each.enc_states for each in memories], dim=-1)  # (B, S, M·H)
    keys = torch.cat([each.keys for each in memories], dim=-1)  # (B, S, M·H)
    return Memory(enc_states, keys, memories[0].src_mask)


def join_states(states: Iterable[DecoderState]) -> DecoderState:
    """Join the states of M decoders along the last dimension."""
    dec_states, attn_states = zip(*((each.dec_state, each.attn_state) for each in states), strict=True)
    return DecoderState(torch.cat(dec_states, dim=-1), torch.cat(attn_states, dim=-1))  # (L, N, M·H), (N, M·H)


class Ensemble(Seq2Seq):
    """M models that are searched as one. It cannot be trained or saved.

    Args:
        models: Models with the same settings and vocabularies.
    """

    def __init__(self, models: Sequence[Seq2Seq]) -> None:
        nn.Module.__init__(self)
        self.settings = models[0].settings
        self.models = nn.ModuleList(models)
        self.decoder = EnsembleDecoder([model.decoder for model in models])

    @property
    def device(self) -> torch.device:
        """Device of the weights."""
        return self.decoder.output_bias.device

    def encode(self, src_ids: Tensor, src_mask: Tensor) -> tuple[Memory, DecoderState]:
        """Read source sentences with every model; see `Seq2Seq.encode`."""
        encoded = [model.encode(src_ids, src_mask) for model in self.models if isinstance(model, Seq2Seq)]
        memories, states = zip(*encoded, strict=True)
        return join_memories(memories), join_states(states)

    def forward(self, batch: Batch, prev_ids: Feed | None = None) -> DecoderOutput:
        """Run every model over a batch whose target words are known; see `Seq2Seq.forward`.

        Returns:
            attn_states (B, T, M·H), and mean attn_weights (B, T, S) or None.
        """
        outputs = [model(batch, prev_ids) for model in self.models]
        weights = [output.attn_weights for output in outputs if output.attn_weights is not None]
        mean_weights = torch.stack(weights).mean(dim=0) if weights else None  # (B, T, S)
        return DecoderOutput(torch.cat([output.attn_states for output in outputs], dim=-1), mean_weights)


def ensemble_of(translators: Sequence[Translator]) -> Translator:
    """Return a translator whose words are chosen by several models together.

    Args:
        translators: Translators of runs that differ in their seed alone.

    Raises:
        ValueError: There is none, or their settings or vocabularies differ.
    """
    if not translators:
        raise ValueError("an ensemble needs a model: give at least one translator")
    first = translators[0]
    for number, other in enumerate(translators):
        same = (other.src_vocabulary, other.tgt_vocabulary, other.rule, other.model.settings) == (
            first.src_vocabulary, first.tgt_vocabulary, first.rule, first.model.settings,
        )  # fmt: skip
        if not same:
            raise ValueError(
                f"translators[{number}] has other settings or another vocabulary than the first: give models of the same "
                "data that differ in their seed"
            )
    return replace(first, model=Ensemble([translator.model for translator in translators]))
