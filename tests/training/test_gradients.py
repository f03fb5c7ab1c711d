"""Gradients of a batch in parts: the same as of the whole batch, and the same bits with any number of workers."""

import numpy as np
import pytest
import torch
from torch import nn

from s2s_tutorial.data.batches import Batch, Encoded
from s2s_tutorial.model.dropout import Dropout, set_dropout_generator
from s2s_tutorial.model.precision import low_precision
from s2s_tutorial.model.seq2seq import Seq2Seq
from s2s_tutorial.settings import ModelSettings
from s2s_tutorial.training import gradients
from s2s_tutorial.training.gradients import compute_gradients, count_parts, share_weights

SIZE, WORDS, PAIRS = 96, 50, 192
CPU = torch.device("cpu")
KINDS = {
    "luong": {},
    "bahdanau": {"decoder": "bahdanau", "attention": "additive"},
    "input-feeding": {"input_feeding": True},
    "two-layers": {"num_layers": 2},
    "transformer": {"network": "transformer"},
}
kinds = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)


def make_model(dropout: float = 0.0, **kind) -> Seq2Seq:
    settings = ModelSettings(embedding_size=SIZE, hidden_size=SIZE, dropout=dropout, **kind)
    with torch.random.fork_rng():
        torch.manual_seed(1)
        return Seq2Seq(settings, WORDS, WORDS)


def make_batch() -> Batch:
    rng = np.random.default_rng(2)
    sides = []
    for _ in range(2):
        lengths = rng.integers(1, 9, PAIRS)
        sides.append(Encoded(rng.integers(4, WORDS, lengths.sum()), np.concatenate([[0], lengths.cumsum()])))
    return Batch.of(*sides, np.arange(PAIRS))


def run(model: Seq2Seq, workers: int | None = None, precision: str = "fp32") -> tuple[torch.Tensor, list[torch.Tensor]]:
    """Return the loss and all gradients of one batch."""

    def loss_of(model, part, rng):
        with low_precision(CPU, precision):
            return model.loss(part, 0.1)

    rng = torch.Generator().manual_seed(3)
    loss = compute_gradients(model, make_batch(), loss_of, rng, workers)
    return loss, [weight.grad for weight in model.parameters()]


@kinds
def test_the_parts_give_the_gradients_of_the_whole_batch(kind, monkeypatch):
    model = make_model(**kind)
    assert count_parts(make_batch(), SIZE) == 3
    loss, grads = run(model)
    monkeypatch.setattr(gradients, "count_parts", lambda batch, size: 1)
    whole_loss, whole = run(model)
    torch.testing.assert_close(loss, whole_loss)
    torch.testing.assert_close(grads, whole, rtol=1e-4, atol=1e-6)
    model.zero_grad()
    plain = model.loss(make_batch(), 0.1)
    plain.backward()
    torch.testing.assert_close(whole, [weight.grad for weight in model.parameters()], rtol=1e-4, atol=1e-6)


@kinds
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_any_number_of_workers_gives_the_same_bits(kind, precision):
    loss, grads = run(make_model(dropout=0.3, **kind), 1, precision)
    for workers in (2, 4, 8):
        other_loss, others = run(make_model(dropout=0.3, **kind), workers, precision)
        assert torch.equal(loss, other_loss)
        assert all(map(torch.equal, grads, others))


@kinds
def test_half_precision_is_near_float32(kind):
    model = make_model(**kind)
    loss, grads = run(model)
    half_loss, halves = run(model, precision="bf16")
    assert half_loss.item() == pytest.approx(loss.item(), rel=1e-2)
    for full, half in zip(grads, halves, strict=True):
        assert half.dtype == torch.float32
        assert (half - full).norm() <= 0.02 * full.norm() + 1e-4
    assert any(not torch.equal(full, half) for full, half in zip(grads, halves, strict=True))


def test_every_part_has_draws_of_its_own_and_the_model_keeps_its_generator():
    model, rng = make_model(dropout=0.3), torch.Generator().manual_seed(4)
    set_dropout_generator(model, rng)
    before, seeds = rng.get_state(), []

    def loss_of(model, part, generator):
        seeds.append(generator.initial_seed())
        assert {module.generator for module in model.modules() if isinstance(module, Dropout)} == {generator}
        return model.loss(part)

    compute_gradients(model, make_batch(), loss_of, torch.Generator().manual_seed(5))
    assert len(set(seeds)) == 3
    assert torch.equal(rng.get_state(), before)
    assert {module.generator for module in model.modules() if isinstance(module, Dropout)} == {rng}


def test_a_weight_that_no_part_uses_has_no_gradient():
    model = make_model()
    model.unused = nn.Parameter(torch.ones(3))
    model.unused.grad = torch.ones(3)
    run(model)
    assert model.unused.grad is None


def test_small_models_and_small_batches_are_not_cut():
    batch = make_batch()
    assert count_parts(batch, 64) == 1
    parts = {pairs: count_parts(batch.select(torch.arange(pairs)), 256) for pairs in (1, 47, 48, 64, 128, 191, 192)}
    assert parts == {1: 1, 47: 1, 48: 2, 64: 2, 128: 2, 191: 2, 192: 3}


def test_a_copy_shares_weights_and_has_its_own_mode():
    model = make_model().train()
    twin = share_weights(model).eval()
    assert all(a is b for a, b in zip(model.parameters(), twin.parameters(), strict=True))
    assert model.decoder.dropout.training
    assert not twin.decoder.dropout.training
