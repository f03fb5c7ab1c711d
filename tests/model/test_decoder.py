"""The decoders: a whole sequence at once equals step by step, and each step equals its paper's formulas."""

import dataclasses

import pytest
import torch
from small_models import (
    SIZE,
    SRC_WORDS,
    TGT_WORDS,
    all_families,
    all_kinds,
    half_learnt,
    kind_name,
    one_pair,
    small_batch,
    small_model,
)
from torch import nn

from s2s_tutorial.model.decoder import DecoderState
from s2s_tutorial.model.seq2seq import Seq2Seq, shift_right
from s2s_tutorial.settings import ModelSettings

LUONG = ModelSettings("luong", "general", SIZE, SIZE, 2, 0.0, False, input_feeding=False)
FED = dataclasses.replace(LUONG, input_feeding=True)
BAHDANAU = dataclasses.replace(LUONG, decoder="bahdanau", attention="additive")


def stepwise(model: Seq2Seq, prev_ids, memory, state):
    """Return logits (B, T, V), weights (B, T, S) or None, and the last state, computed with `step` alone."""
    logits, weights = [], []
    for words in prev_ids.unbind(dim=1):
        step_logits, state, step_weights = model.decoder.step(words, memory, state)
        logits.append(step_logits)
        weights.append(step_weights)
    return torch.stack(logits, 1), None if weights[0] is None else torch.stack(weights, 1), state


@all_kinds
@torch.no_grad()
def test_the_whole_sequence_at_once_equals_step_by_step(settings):
    model, batch = small_model(settings), small_batch()
    memory, state = model.encode(batch.src_ids, batch.src_mask)
    prev_ids = shift_right(batch.tgt_ids)
    whole = model.decoder(prev_ids, memory, state)
    logits, weights, _ = stepwise(model, prev_ids, memory, state)
    torch.testing.assert_close(model.decoder.logits(whole.attn_states), logits)
    if settings.attention == "none":
        assert whole.attn_weights is None
        assert weights is None
    else:
        torch.testing.assert_close(whole.attn_weights, weights)


@all_families
def test_a_step_of_several_hypotheses_a_sentence_equals_as_many_steps_of_one(settings):
    model, batch = half_learnt(settings), small_batch()
    words = torch.tensor([[5, 6, 7], [8, 4, 5], [3, 4, 5], [6, 6, 5]])  # (B, K)
    size = words.shape[1]
    with torch.no_grad():
        memory, state = model.encode(batch.src_ids, batch.src_mask)
        rows = torch.arange(len(words)).repeat_interleave(size)  # (B·K,)
        together = model.decoder.step(words.flatten(), memory, state.select(rows))
        for k in range(size):
            alone = model.decoder.step(words[:, k], memory, state)
            of_k = (together[0][k::size], together[1].dec_state[:, k::size], together[1].attn_state[k::size])
            for found, expected in zip(of_k, (alone[0], alone[1].dec_state, alone[1].attn_state), strict=True):
                torch.testing.assert_close(found, expected)
            if settings.attention == "none":
                assert together[2] is None
            else:
                torch.testing.assert_close(together[2][k::size], alone[2])


@all_families
@torch.no_grad()
def test_more_source_padding_changes_nothing(settings):
    model, batch, padded = small_model(settings), small_batch(), small_batch(more_padding=3)
    prev_ids = shift_right(batch.tgt_ids)
    outputs = [model.decoder(prev_ids, *model.encode(b.src_ids, b.src_mask)) for b in (batch, padded)]
    torch.testing.assert_close(outputs[0].attn_states, outputs[1].attn_states)
    if settings.attention != "none":
        length = batch.src_ids.shape[1]
        torch.testing.assert_close(outputs[0].attn_weights, outputs[1].attn_weights[..., :length])
        assert outputs[1].attn_weights[..., length:].eq(0).all()


@all_families
@torch.no_grad()
def test_a_batch_of_many_equals_many_batches_of_one(settings):
    model, batch = small_model(settings), small_batch()
    whole = model(batch)
    for row in range(len(batch.src_ids)):
        alone = one_pair(row)
        output = model(alone)
        t, s = alone.tgt_ids.shape[1], alone.src_ids.shape[1]
        torch.testing.assert_close(output.attn_states[0], whole.attn_states[row, :t])
        if settings.attention != "none":
            torch.testing.assert_close(output.attn_weights[0], whole.attn_weights[row, :t, :s])


@all_families
@torch.no_grad()
def test_a_word_changes_nothing_before_it(settings):
    model, batch = small_model(settings), small_batch()
    prev_ids = shift_right(batch.tgt_ids)
    changed = prev_ids.clone()
    changed[:, 2] = (changed[:, 2] + 3) % TGT_WORDS
    memory, state = model.encode(batch.src_ids, batch.src_mask)
    before, after = (model.decoder(ids, memory, state).attn_states for ids in (prev_ids, changed))
    torch.testing.assert_close(before[:, :2], after[:, :2])
    assert (before[:, 2:] - after[:, 2:]).abs().amax(dim=-1).min() > 0


def test_the_luong_step_equals_the_formulas_by_hand():
    model, batch = small_model(dataclasses.replace(LUONG, num_layers=1)), small_batch()
    decoder, words = model.decoder, batch.tgt_ids[:, 0]
    memory, state = model.encode(batch.src_ids, batch.src_mask)
    logits, next_state, weights = decoder.step(words, memory, state)
    for b, length in enumerate(batch.src_lengths):
        h = _gru_cell(decoder.layers[0], decoder.embedding.weight[words[b]], state.dec_state[0, b])
        enc_states = memory.enc_states[b, :length]
        a = torch.softmax(enc_states @ decoder.attention.score.project.weight.T @ h, dim=0)
        c = a @ enc_states
        attn_state = torch.tanh(decoder.combine.weight @ torch.cat([c, h]))
        torch.testing.assert_close(next_state.dec_state[0, b], h)
        torch.testing.assert_close(next_state.attn_state[b], attn_state)
        torch.testing.assert_close(weights[b, :length], a)
        torch.testing.assert_close(logits[b], decoder.own_output_weight @ attn_state + decoder.output_bias)


def test_the_bahdanau_step_equals_the_formulas_by_hand():
    model, batch = small_model(dataclasses.replace(BAHDANAU, num_layers=1)), small_batch()
    decoder, words = model.decoder, batch.tgt_ids[:, 0]
    memory, state = model.encode(batch.src_ids, batch.src_mask)
    logits, next_state, weights = decoder.step(words, memory, state)
    score = decoder.attention.score
    for b, length in enumerate(batch.src_lengths):
        y, before = decoder.embedding.weight[words[b]], state.dec_state[0, b]
        enc_states = memory.enc_states[b, :length]
        energies = torch.tanh(score.project_query.weight @ before + enc_states @ score.project_key.weight.T)
        a = torch.softmax(energies @ score.vector, dim=0)
        c = a @ enc_states
        h = _gru_cell(decoder.layers[0], torch.cat([y, c]), before)
        g = torch.tanh(decoder.combine.weight @ torch.cat([y, h, c]))
        torch.testing.assert_close(next_state.dec_state[0, b], h)
        torch.testing.assert_close(weights[b, :length], a)
        torch.testing.assert_close(logits[b], decoder.own_output_weight @ g + decoder.output_bias)


def _gru_cell(gru: nn.GRU, inputs: torch.Tensor, state: torch.Tensor) -> torch.Tensor:
    from_input = gru.weight_ih_l0 @ inputs + gru.bias_ih_l0
    from_state = gru.weight_hh_l0 @ state + gru.bias_hh_l0
    (r_in, z_in, n_in), (r_state, z_state, n_state) = from_input.chunk(3), from_state.chunk(3)
    r, z = torch.sigmoid(r_in + r_state), torch.sigmoid(z_in + z_state)
    return (1 - z) * torch.tanh(n_in + r * n_state) + z * state


def first_step(model: Seq2Seq, change=lambda state: state, word: int = 5):
    batch = small_batch()
    memory, state = model.encode(batch.src_ids, batch.src_mask)
    return model.decoder.step(torch.full((len(batch.src_ids),), word), memory, change(state))


@torch.no_grad()
def test_bahdanau_attends_from_the_state_before_and_luong_from_the_one_after():
    _, _, weights = first_step(small_model(BAHDANAU), word=5)
    _, _, other_word = first_step(small_model(BAHDANAU), word=6)
    assert torch.equal(weights, other_word), "the word is not yet in the state that attends"
    _, _, weights = first_step(small_model(LUONG), word=5)
    _, _, other_word = first_step(small_model(LUONG), word=6)
    assert not torch.allclose(weights[:, :2], other_word[:, :2])


@torch.no_grad()
def test_bahdanau_attends_from_the_top_layer():
    model = small_model(BAHDANAU)

    def lower_layer_moved(state):
        return DecoderState(torch.stack([state.dec_state[0] + 1, state.dec_state[1]]), state.attn_state)

    logits, _, weights = first_step(model)
    moved_logits, _, moved_weights = first_step(model, lower_layer_moved)
    assert torch.equal(weights, moved_weights)
    assert not torch.allclose(logits, moved_logits)


@pytest.mark.parametrize("settings", [LUONG, FED, BAHDANAU], ids=kind_name)
@torch.no_grad()
def test_the_last_attentional_state_is_read_with_input_feeding_and_only_then(settings):
    model = small_model(settings)
    logits, _, _ = first_step(model)
    moved, _, _ = first_step(model, lambda state: DecoderState(state.dec_state, state.attn_state + 1))
    assert torch.allclose(logits, moved) is not settings.input_feeding


@torch.no_grad()
def test_input_feeding_feeds_what_the_step_before_put_out():
    model = small_model(FED)
    batch = small_batch()
    memory, state = model.encode(batch.src_ids, batch.src_mask)
    assert state.attn_state.eq(0).all(), "nothing was put out before the first word"
    output = model.decoder(batch.tgt_ids, memory, state)
    for place, words in enumerate(batch.tgt_ids.unbind(dim=1)):
        _, state, _ = model.decoder.step(words, memory, state)
        torch.testing.assert_close(state.attn_state, output.attn_states[:, place])


@pytest.mark.parametrize("decoder", ["luong", "bahdanau"])
@torch.no_grad()
def test_a_decoder_without_attention_works_and_has_no_weights(decoder):
    """In the 2017 notebook it crashed."""
    model = small_model(dataclasses.replace(LUONG, decoder=decoder, attention="none"))
    logits, _, weights = first_step(model)
    assert weights is None
    assert logits.isfinite().all()
    assert model(small_batch()).attn_weights is None


@torch.no_grad()
def test_luong_without_attention_knows_the_source_from_its_first_state_alone():
    model, batch = small_model(dataclasses.replace(LUONG, attention="none")), small_batch()
    memory, state = model.encode(batch.src_ids, batch.src_mask)
    elsewhere = dataclasses.replace(memory, enc_states=memory.enc_states + 1)
    assert torch.equal(
        model.decoder(batch.tgt_ids, memory, state).attn_states,
        model.decoder(batch.tgt_ids, elsewhere, state).attn_states,
    )


@all_families
@torch.no_grad()
def test_selected_rows_of_memory_and_state_give_the_same_next_steps(settings):
    model, batch = small_model(settings), small_batch()
    memory, state = model.encode(batch.src_ids, batch.src_mask)
    words, rows = batch.tgt_ids[:, 0], torch.tensor([3, 1, 1, 0, 2])
    _, state, _ = model.decoder.step(words, memory, state)
    logits, after, _ = model.decoder.step(words, memory, state)
    chosen_logits, chosen_after, _ = model.decoder.step(words[rows], memory.select(rows), state.select(rows))
    torch.testing.assert_close(chosen_logits, logits[rows])
    torch.testing.assert_close(chosen_after.dec_state, after.dec_state[:, rows])
    torch.testing.assert_close(chosen_after.attn_state, after.attn_state[rows])


@pytest.mark.parametrize("settings", [LUONG, FED, BAHDANAU], ids=kind_name)
@torch.no_grad()
def test_dropout_falls_on_the_embeddings_between_layers_and_before_the_output(settings):
    seen, batch, model = [], small_batch(), small_model(settings)
    model.decoder.dropout.register_forward_hook(lambda module, inputs, output: seen.append(tuple(output.shape)))
    model.loss(batch)
    B, T = batch.tgt_ids.shape
    whole, one_step = (B, T, SIZE), (B, SIZE)
    between_layers = [whole] if settings == LUONG else [one_step] * T
    assert seen == [whole, *between_layers, whole]


@pytest.mark.parametrize("tied", [True, False], ids=["tied", "untied"])
def test_the_output_layer_is_the_embedding_where_they_are_tied(tied):
    decoder = small_model(dataclasses.replace(LUONG, tie_embeddings=tied)).decoder
    assert (decoder.output_weight is decoder.embedding.weight) is tied
    names = dict(decoder.named_parameters())
    assert ("own_output_weight" in names) is not tied
    assert decoder.output_weight.shape == (TGT_WORDS, SIZE)


# Row 12 of the 2017 notebook: three sentences, hidden 8, 2 layers, the shapes at every step.
@pytest.mark.parametrize("attention", ["dot", "general", "concat", "additive", "local-p", "none"])
@pytest.mark.parametrize(("decoder", "feeding"), [("luong", False), ("luong", True), ("bahdanau", False)])
@torch.no_grad()
def test_a_small_batch_has_the_right_shape_at_every_step(decoder, feeding, attention):
    B, S, T, E, H, L = 3, 6, 5, 7, 8, 2
    settings = ModelSettings(decoder, attention, E, H, L, 0.1, tie_embeddings=False, input_feeding=feeding)
    model = Seq2Seq(settings, SRC_WORDS, TGT_WORDS)
    batch = small_batch()
    src_ids, src_mask, tgt_ids = batch.src_ids[:B], batch.src_mask[:B], batch.tgt_ids[:B]
    enc_states, first_states = model.encoder(src_ids, src_mask)
    assert src_ids.shape == (B, S)
    assert tgt_ids.shape == (B, T)
    assert enc_states.shape == (B, S, H)
    assert first_states.shape == (L, B, H)
    memory, state = model.decoder.start(enc_states, src_mask, first_states)
    assert memory.keys.shape == (B, S, H)
    assert state.dec_state.shape == (L, B, H)
    assert state.attn_state.shape == (B, H)
    output = model.decoder(tgt_ids, memory, state)
    assert output.attn_states.shape == (B, T, H)
    assert model.decoder.logits(output.attn_states).shape == (B, T, TGT_WORDS)
    logits, state, weights = model.decoder.step(tgt_ids[:, 0], memory, state)
    assert logits.shape == (B, TGT_WORDS)
    assert state.dec_state.shape == (L, B, H)
    assert state.attn_state.shape == (B, H)
    if attention == "none":
        assert output.attn_weights is weights is None
    else:
        assert output.attn_weights.shape == (B, T, S)
        assert weights.shape == (B, S)
