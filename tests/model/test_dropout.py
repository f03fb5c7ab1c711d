"""Dropout drops its share, from its generator, while a model is in training mode; translating needs and keeps none of it."""

import dataclasses

import pytest
import torch
from small_models import FAMILIES, all_families, small_batch, small_model

from s2s_tutorial.model.dropout import dropout, evaluation_mode, set_dropout_generator
from s2s_tutorial.translation.search import beam_search, greedy_search


@pytest.fixture
def rng() -> torch.Generator:
    return torch.Generator().manual_seed(0)


@pytest.mark.parametrize("rate", [0.1, 0.3, 0.5, 0.9])
def test_dropout_drops_its_share_and_keeps_the_mean(rng, rate):
    dropped = dropout(torch.ones(200, 500), rate, rng)
    assert dropped.eq(0).float().mean() == pytest.approx(rate, abs=0.006)
    assert dropped.mean() == pytest.approx(1.0, abs=0.025)
    assert len(dropped.unique()) == 2, "what is left is scaled by one factor"


def test_dropout_at_rate_zero_is_nothing_and_draws_nothing(rng):
    values = torch.randn(3, 4, generator=rng)
    before = rng.get_state()
    assert dropout(values, 0.0, rng) is values
    assert torch.equal(rng.get_state(), before)


def test_dropout_is_decided_by_its_generator_alone():
    values = torch.ones(7, 9)
    first = dropout(values, 0.5, torch.Generator().manual_seed(3))
    torch.manual_seed(99)
    rng = torch.Generator().manual_seed(3)
    assert torch.equal(dropout(values, 0.5, rng), first)
    assert not torch.equal(dropout(values, 0.5, rng), first), "the next draw is another one"


def test_neighbours_are_dropped_independently(rng):
    kept = dropout(torch.ones(400, 500), 0.5, rng).ne(0).float()
    for shift in (1, 2, 4, 8):
        both = (kept.flatten()[shift:] * kept.flatten()[:-shift]).mean()
        assert both == pytest.approx(0.25, abs=0.006)


def test_the_gradient_of_dropout_passes_where_values_passed(rng):
    values = torch.ones(50, 50, requires_grad=True)
    dropped = dropout(values, 0.5, rng)
    dropped.sum().backward()
    assert torch.equal(values.grad, dropped.detach())


def test_dropout_just_below_one_leaves_finite_numbers(rng):
    assert dropout(torch.ones(100, 100), 0.999, rng).isfinite().all()


@all_families
@torch.no_grad()
def test_evaluation_mode_gives_the_same_loss_twice_and_training_mode_another_each_time(settings):
    model, batch = small_model(dataclasses.replace(settings, dropout=0.5)), small_batch()
    assert model.eval().loss(batch) == model.loss(batch) == small_model(settings).loss(batch)
    model.train()
    assert model.loss(batch) != model.loss(batch)
    losses = []
    for seed in (4, 4, 5):
        set_dropout_generator(model, torch.Generator().manual_seed(seed))
        losses.append(model.loss(batch).item())
    assert losses[0] == losses[1] != losses[2]


def test_a_models_modules_get_their_own_modes_back_even_after_an_error():
    model = small_model(FAMILIES[0]).train()
    model.encoder.eval()
    before = [module.training for module in model.modules()]
    with evaluation_mode(model):
        assert not any(module.training for module in model.modules())
    assert [module.training for module in model.modules()] == before
    with pytest.raises(IndexError), evaluation_mode(model):
        before[len(before)]
    assert [module.training for module in model.modules()] == before


@pytest.mark.parametrize("search", [greedy_search, beam_search])
def test_search_drops_nothing_and_leaves_the_mode_as_it_was(search):
    model, batch = small_model(dataclasses.replace(FAMILIES[0], dropout=0.5), loudness=3), small_batch()
    expected = [best for best in search(model, batch.src_ids, batch.src_lengths)]
    model.train()
    found = search(model, batch.src_ids, batch.src_lengths)
    assert str(found) == str(expected)
    assert all(module.training for module in model.modules())
