"""The fast loop of a Bahdanau decoder is the plain one, gradients and all."""

import dataclasses

import pytest
import torch
from small_models import SIZE, small_batch, small_model

from s2s_tutorial.additive_loop import additive_loop
from s2s_tutorial.config import ModelSettings
from s2s_tutorial.decoder import Decoder
from s2s_tutorial.model import Seq2Seq, shift_right

SETTINGS = ModelSettings("bahdanau", "additive", SIZE, SIZE, 1, 0.0, tie_embeddings=False)


def results_and_gradients(forward, model: Seq2Seq, rng: torch.Generator | None):
    """What a decoder says, and the gradient of some function of it at every weight of the model."""
    batch = small_batch(more_padding=2)
    memory, state = model.encode(batch.src_ids, batch.src_mask)
    output = forward(model.decoder, shift_right(batch.tgt_ids), memory, state, rng)
    weigh = torch.Generator().manual_seed(7)
    total = (output.attn_states * torch.randn(output.attn_states.shape, generator=weigh, dtype=torch.float64)).sum()
    weights = [weight for name, weight in model.named_parameters() if "output" not in name]
    return [output.attn_states, output.attn_weights, *torch.autograd.grad(total, weights)]


@pytest.mark.parametrize("rate", [0.0, 0.5])
@pytest.mark.parametrize("tied", [False, True], ids=["untied", "tied"])
def test_the_fast_loop_equals_the_plain_one_in_results_and_all_gradients(rate, tied):
    settings = dataclasses.replace(SETTINGS, dropout=rate, tie_embeddings=tied)
    model = small_model(settings, loudness=2)
    fast, plain = (
        results_and_gradients(form, model, torch.Generator().manual_seed(3))
        for form in (type(model.decoder).forward, Decoder.forward)
    )
    torch.testing.assert_close(fast, plain)


def test_the_fast_loops_gradient_is_the_slope_of_its_results():
    rng = torch.Generator().manual_seed(0)
    decoder = small_model(dataclasses.replace(SETTINGS, embedding_size=2, hidden_size=2)).decoder
    gru, score = decoder.layers[0], decoder.attention.score
    shapes = (2, 3, 2), (2, 2), (2, 3, 2), (2, 3, 2)  # words, first state, keys, encoder states
    inputs = [torch.randn(shape, generator=rng, dtype=torch.float64, requires_grad=True) for shape in shapes]
    mask = torch.tensor([[True, True, True], [True, False, False]])

    def loop(*leaves):
        return additive_loop(gru, score, *leaves[:4], mask)[:2]

    assert torch.autograd.gradcheck(loop, (*inputs, *gru.parameters(), score.project_query.weight, score.vector))


def test_the_fast_loop_runs_where_it_is_written_for_the_settings_and_only_there(monkeypatch):
    batch, runs = small_batch(), []
    monkeypatch.setattr("s2s_tutorial.decoder.additive_loop", lambda *a: runs.append(1) or additive_loop(*a))
    for settings in (SETTINGS, dataclasses.replace(SETTINGS, num_layers=2)):
        small_model(settings).loss(batch)
    small_model(dataclasses.replace(SETTINGS, attention="general")).loss(batch)
    assert len(runs) == 1
