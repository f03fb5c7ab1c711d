"""The fast loop of a Bahdanau decoder equals the plain one, gradients included, and is not used if the plain code is edited."""

import dataclasses

import pytest
import torch
from small_models import SIZE, small_batch, small_model

from s2s_tutorial.model import attention
from s2s_tutorial.model.attention import AdditiveScore
from s2s_tutorial.model.decoder import BahdanauDecoder, Decoder
from s2s_tutorial.model.dropout import set_dropout_generator
from s2s_tutorial.model.fast.additive import additive_loop
from s2s_tutorial.model.loss import masked_cross_entropy
from s2s_tutorial.model.seq2seq import Seq2Seq, shift_right
from s2s_tutorial.settings import ModelSettings

SETTINGS = ModelSettings("bahdanau", "additive", SIZE, SIZE, 1, 0.0, tie_embeddings=False)


def results_and_gradients(forward, model: Seq2Seq):
    """Return a decoder's output, and the gradient of some function of it for every weight of the model."""
    batch = small_batch(more_padding=2)
    memory, state = model.encode(batch.src_ids, batch.src_mask)
    output = forward(model.decoder, shift_right(batch.tgt_ids), memory, state)
    weigh = torch.Generator().manual_seed(7)
    total = (output.attn_states * torch.randn(output.attn_states.shape, generator=weigh, dtype=torch.float64)).sum()
    weights = [weight for name, weight in model.named_parameters() if "output" not in name]
    return [output.attn_states, output.attn_weights, *torch.autograd.grad(total, weights)]


@pytest.mark.parametrize("rate", [0.0, 0.5])
@pytest.mark.parametrize("tied", [False, True], ids=["untied", "tied"])
def test_the_fast_loop_equals_the_plain_one_in_results_and_all_gradients(rate, tied):
    settings = dataclasses.replace(SETTINGS, dropout=rate, tie_embeddings=tied)
    model, results = small_model(settings, loudness=2), []
    for form in (type(model.decoder).forward, Decoder.forward):
        model.eval()
        set_dropout_generator(model.decoder.train(), torch.Generator().manual_seed(3))
        results.append(results_and_gradients(form, model))
    fast, plain = results
    torch.testing.assert_close(fast, plain)


def test_the_fast_loops_gradient_equals_finite_differences():
    rng = torch.Generator().manual_seed(0)
    decoder = small_model(dataclasses.replace(SETTINGS, embedding_size=2, hidden_size=2)).decoder
    gru, score = decoder.layers[0], decoder.attention.score
    shapes = (2, 3, 2), (2, 2), (2, 3, 2), (2, 3, 2)  # words, first state, keys, encoder states
    inputs = [torch.randn(shape, generator=rng, dtype=torch.float64, requires_grad=True) for shape in shapes]
    mask = torch.tensor([[True, True, True], [True, False, False]])

    def loop(*leaves):
        return additive_loop(gru, score, *leaves[:4], mask)[:2]

    assert torch.autograd.gradcheck(loop, (*inputs, *gru.parameters(), score.project_query.weight, score.vector))


@pytest.mark.parametrize(
    ("changes", "fast"),
    [({}, True), ({"num_layers": 2}, False), ({"attention": "general"}, False), ({"attention": "none"}, False)],
    ids=str,
)
def test_the_fast_loop_runs_where_it_is_written_for_the_settings_and_only_there(changes, fast, monkeypatch):
    model, batch, runs = small_model(dataclasses.replace(SETTINGS, **changes)), small_batch(), []
    whole = shift_right(batch.tgt_ids).shape
    plain = BahdanauDecoder.fast_form

    def counted(decoder, words, memory, state):
        if words.shape[:2] == whole:  # and not the check on one word
            runs.append(1)
        return plain(decoder, words, memory, state)

    monkeypatch.setattr(BahdanauDecoder, "fast_form", counted)
    model.loss(batch)
    assert bool(runs) is fast


def by_hand(model: Seq2Seq) -> torch.Tensor:
    """Return the loss of a model whose decoder runs word by word."""
    batch = small_batch()
    memory, state = model.encode(batch.src_ids, batch.src_mask)
    output = Decoder.forward(model.decoder, shift_right(batch.tgt_ids), memory, state)
    return masked_cross_entropy(model.decoder.logits(output.attn_states), batch.tgt_ids, batch.tgt_mask)


class Sharper(AdditiveScore):
    """A score that a reader might try: twice as large, so the softmax is sharper."""

    def forward(self, queries: torch.Tensor, keys: torch.Tensor) -> torch.Tensor:
        return 2 * super().forward(queries, keys)


def edit_score(monkeypatch):
    monkeypatch.setattr(AdditiveScore, "forward", lambda score, queries, keys: (queries @ keys.transpose(1, 2)).sin())


def use_subclass(monkeypatch):
    monkeypatch.setitem(attention.SCORES, "additive", Sharper)


def edit_softmax(monkeypatch):
    monkeypatch.setattr(attention, "masked_softmax", lambda scores, mask: mask[:, None] * scores.sigmoid())


def edit_step(monkeypatch):
    plain = BahdanauDecoder.advance

    def louder(decoder, word, memory, state):
        attn_state, *rest = plain(decoder, word, memory, state)
        return 1.5 * attn_state, *rest

    monkeypatch.setattr(BahdanauDecoder, "advance", louder)


@pytest.mark.parametrize("edit", [edit_score, use_subclass, edit_softmax, edit_step])
@pytest.mark.parametrize("seed", range(3))
def test_training_runs_the_code_that_a_reader_edits(edit, seed, monkeypatch):
    batch = small_batch()
    before = small_model(SETTINGS, seed).loss(batch)
    edit(monkeypatch)
    model = small_model(SETTINGS, seed)
    after = model.loss(batch)
    assert abs(after - before) > 1e-6
    torch.testing.assert_close(after, by_hand(model))
    after.backward()
    assert model.decoder.layers[0].weight_hh_l0.grad.abs().sum() > 0
