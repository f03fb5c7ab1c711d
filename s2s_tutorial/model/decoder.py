"""The recurrent decoders: predict target words from the encoder's states, one after another.

`LuongDecoder` attends to the source *after* its GRU step. Under teacher forcing all input words are known, so the whole
sequence runs through the GRU at once. `BahdanauDecoder` attends *before* its GRU step, which needs the context. So it runs
word by word, as does a Luong decoder with input feeding.

Each has `forward` for a whole known sequence, and `step` for search, see `decoder_interface.py`. Chapter 7 of the book builds
both decoders.

Sizes: B batch, T target length, S source length, E embedding, H hidden, L layers, V target vocabulary. A search may extend
K hypotheses of each sentence at once. Then a step has N = B·K rows, those of one sentence next to each other.
"""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor, nn

from s2s_tutorial.model.attention import AdditiveScore, Attention, build_attention
from s2s_tutorial.model.decoder_interface import Decoder, DecoderOutput, DecoderState, Memory
from s2s_tutorial.model.dropout import evaluation_mode
from s2s_tutorial.model.fast.additive import additive_loop
from s2s_tutorial.model.gru import gru_step, run_gru
from s2s_tutorial.settings import ModelSettings


class RecurrentDecoder(Decoder):
    """The parts that both recurrent decoders share: GRU layers and attention.

    Args:
        settings: Sizes of the network, and its attention.
        vocabulary_size: Number V of target words.
        input_size: Size of the first GRU layer's input.
        pad_id: Id of PAD; reading it does not train its embedding.
    """

    def __init__(self, settings: ModelSettings, vocabulary_size: int, input_size: int, pad_id: int = 0) -> None:
        super().__init__(settings, vocabulary_size, pad_id)
        hidden_size = settings.hidden_size
        sizes = [input_size] + [hidden_size] * (settings.num_layers - 1)
        self.layers = nn.ModuleList(nn.GRU(size, hidden_size, batch_first=True) for size in sizes)
        self.attention: Attention | None = build_attention(settings.attention, hidden_size)
        self.add_output_layer(settings, vocabulary_size)

    @property
    def attends(self) -> bool:
        """Whether the decoder attends to the source, so that there are attention weights."""
        return self.attention is not None

    def start(self, enc_states: Tensor, src_mask: Tensor, first_states: Tensor) -> tuple[Memory, DecoderState]:
        """Prepare decoding: return the memory, with the keys, and the state before the first word; see `Decoder.start`."""
        keys = enc_states if self.attention is None else self.attention.keys(enc_states)
        return Memory(enc_states, keys, src_mask), DecoderState(first_states, torch.zeros_like(first_states[0]))

    def _through_layers(self, inputs: Tensor, dec_state: Tensor) -> tuple[Tensor, Tensor]:
        """Run one time step of all GRU layers: (N, input) and (L, N, H) to the top state (N, H) and all (L, N, H)."""
        states: list[Tensor] = []
        for layer, before in zip(self.layers, dec_state, strict=True):
            assert isinstance(layer, nn.GRU)
            if states:
                inputs = self.dropout(inputs)
            inputs = gru_step(layer, inputs, before)  # (N, H)
            states.append(inputs)
        return inputs, torch.stack(states)  # (N, H), (L, N, H)


class LuongDecoder(RecurrentDecoder):
    """GRU first, then attention (Luong et al. 2015, equations 5 to 7).

    ::

        h_t = GRU(y_{t-1}, h_{t-1})
        c_t = attention(h_t)
        h̃_t = tanh(W_c [c_t; h_t])
        p(y_t) = softmax(W_s h̃_t)

    Without attention `h̃_t = tanh(W_c h_t)`. With input feeding (section 3.3) the GRU also reads `h̃_{t-1}`.
    """

    def __init__(self, settings: ModelSettings, vocabulary_size: int, pad_id: int = 0) -> None:
        self_fed = settings.hidden_size if settings.input_feeding else 0
        super().__init__(settings, vocabulary_size, settings.embedding_size + self_fed, pad_id)
        self.input_feeding = settings.input_feeding
        joined = settings.hidden_size * (1 if self.attention is None else 2)
        self.combine = nn.Linear(joined, settings.hidden_size, bias=False)

    def forward(self, prev_ids: Tensor, memory: Memory, state: DecoderState) -> DecoderOutput:
        """Run over a whole known sequence, all steps at once, or word by word with input feeding; see `Decoder.forward`."""
        if self.input_feeding:
            return super().forward(prev_ids, memory, state)
        states = self.dropout(self.embedding(prev_ids))  # (B, T, E)
        for number, layer in enumerate(self.layers):
            assert isinstance(layer, nn.GRU)
            if number:
                states = self.dropout(states)
            states, _ = run_gru(layer, states, state.dec_state[number][None], None)  # (B, T, H)
        return DecoderOutput(*self.attend(states, memory))

    def attend(self, states: Tensor, memory: Memory) -> tuple[Tensor, Tensor | None]:
        """Turn GRU states h (B, T, H) into attentional states h̃ (B, T, H), and attn_weights (B, T, S) or None."""
        if self.attention is None:
            return torch.tanh(self.combine(states)), None
        context, attn_weights = self.attention(states, memory.keys, memory.enc_states, memory.src_mask)  # (B, T, H)
        return torch.tanh(self.combine(torch.cat([context, states], dim=-1))), attn_weights  # 2H to H

    def advance(self, word: Tensor, memory: Memory, state: DecoderState) -> tuple[Tensor, DecoderState, Tensor | None]:
        """Read one more word; see `Decoder.advance`."""
        inputs = torch.cat([word, state.attn_state], dim=-1) if self.input_feeding else word
        top, dec_state = self._through_layers(inputs, state.dec_state)  # (N, H), (L, N, H)
        queries = top.unflatten(0, (len(memory.src_mask), -1))  # (B, K, H): attention reads them as K target words
        attn_states, attn_weights = self.attend(queries, memory)  # (B, K, H), (B, K, S)
        attn_state = attn_states.flatten(0, 1)  # (N, H)
        if attn_weights is not None:
            attn_weights = attn_weights.flatten(0, 1)  # (N, S)
        return attn_state, DecoderState(dec_state, attn_state), attn_weights


class BahdanauDecoder(RecurrentDecoder):
    """Attention first, from the previous state, then the GRU (Bahdanau et al. 2015, appendix A.2.2).

    ::

        c_t = attention(h_{t-1})
        h_t = GRU([y_{t-1}; c_t], h_{t-1})
        p(y_t) = softmax(g(y_{t-1}, h_t, c_t))

    Here g is `tanh(W [y_{t-1}; h_t; c_t])` and the output layer. Without attention `c_t` is the encoder's state of the
    first word, whose backward half has read the whole sentence, at every step.
    """

    def __init__(self, settings: ModelSettings, vocabulary_size: int, pad_id: int = 0) -> None:
        embedding_size, hidden_size = settings.embedding_size, settings.hidden_size
        super().__init__(settings, vocabulary_size, embedding_size + hidden_size, pad_id)
        self.combine = nn.Linear(embedding_size + 2 * hidden_size, hidden_size, bias=False)

    def forward(self, prev_ids: Tensor, memory: Memory, state: DecoderState) -> DecoderOutput:
        """Run over a whole known sequence, with `additive_loop` if it gives the same numbers; see `Decoder.forward`."""
        if not self.fast_form_agrees(prev_ids, memory, state):
            return super().forward(prev_ids, memory, state)
        return self.fast_form(self.dropout(self.embedding(prev_ids)), memory, state)

    def fast_form(self, words: Tensor, memory: Memory, state: DecoderState) -> DecoderOutput:
        """Run over a whole known sequence of embedded words (B, T, E), with one layer and additive attention.

        The words are known before the loop, and no step of it reads h̃. So both are projected for all steps at once.
        """
        gru, score = self.layers[0], getattr(self.attention, "score", None)
        assert isinstance(gru, nn.GRU)
        assert isinstance(score, AdditiveScore)
        source = memory.keys, memory.enc_states, memory.src_mask
        states, contexts, attn_weights = additive_loop(gru, score, words, state.dec_state[0], *source)
        attn_states = torch.tanh(self.combine(torch.cat([words, states, contexts], dim=-1)))  # (B, T, H)
        return DecoderOutput(attn_states, attn_weights)

    @torch.no_grad()
    def fast_form_agrees(self, prev_ids: Tensor, memory: Memory, state: DecoderState) -> bool:
        """Check that `fast_form` can be used, by running it and `advance` on the first word of the first sentence.

        `fast_form` has the formulas of `AdditiveScore`, `Attention` and `advance` written out. When you edit one of these
        or use a subclass, the two disagree, and training runs your code instead.

        Args:
            prev_ids: (B, T).
            memory, state: From `start`.

        Returns:
            True on a CPU, with one layer, additive attention, and the same result from both.
        """
        score = getattr(self.attention, "score", None)
        if len(self.layers) > 1 or not isinstance(score, AdditiveScore) or memory.keys.device.type != "cpu":
            return False
        first = torch.zeros(1, dtype=torch.long)
        memory, state = memory.select(first), state.select(first)
        word = self.embedding(prev_ids[:1, :1])  # (1, 1, E)
        with evaluation_mode(self), torch.autocast("cpu", enabled=False):
            plain_state, _, plain_weights = self.advance(word[:, 0], memory, state)  # (1, H), …, (1, S)
            fast = self.fast_form(word, memory, state)  # (1, 1, H) and (1, 1, S)
        if plain_weights is None or fast.attn_weights is None:
            return False
        pairs = ((plain_state, fast.attn_states[:, 0]), (plain_weights, fast.attn_weights[:, 0]))
        return all(torch.allclose(plain, quick, rtol=1e-4, atol=1e-5) for plain, quick in pairs)

    def look(self, state: DecoderState, memory: Memory) -> tuple[Tensor, Tensor | None]:
        """Attend from the top layer's previous state; returns context (N, H), and attn_weights (N, S) or None."""
        queries = state.dec_state[-1].unflatten(0, (len(memory.src_mask), -1))  # (B, K, H)
        if self.attention is None:
            return memory.enc_states[:, :1].expand_as(queries).flatten(0, 1), None
        context, attn_weights = self.attention(queries, memory.keys, memory.enc_states, memory.src_mask)  # (B, K, H)
        return context.flatten(0, 1), attn_weights.flatten(0, 1)

    def advance(self, word: Tensor, memory: Memory, state: DecoderState) -> tuple[Tensor, DecoderState, Tensor | None]:
        """Read one more word; see `Decoder.advance`."""
        context, attn_weights = self.look(state, memory)  # (N, H), (N, S)
        inputs = torch.cat([word, context], dim=-1)  # (N, E + H)
        top, dec_state = self._through_layers(inputs, state.dec_state)  # (N, H), (L, N, H)
        attn_state = torch.tanh(self.combine(torch.cat([word, top, context], dim=-1)))  # E + 2H to H
        return attn_state, replace(state, dec_state=dec_state), attn_weights


DECODERS: dict[str, type[LuongDecoder] | type[BahdanauDecoder]] = {"luong": LuongDecoder, "bahdanau": BahdanauDecoder}
