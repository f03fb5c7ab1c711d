"""Half precision: chosen where it is faster, and used for products alone."""

import pytest
import torch

from s2s_tutorial.model import precision
from s2s_tutorial.model.attention import masked_softmax
from s2s_tutorial.model.gru import run_gru
from s2s_tutorial.model.loss import output_cross_entropy
from s2s_tutorial.model.precision import choose_precision, low_precision
from s2s_tutorial.settings import ModelSettings

CPU = torch.device("cpu")


@pytest.mark.parametrize("faster", [True, False])
def test_auto_is_what_is_faster(monkeypatch, faster):
    monkeypatch.setattr(precision, "half_precision_is_faster", lambda size: faster)
    assert choose_precision("auto", ModelSettings(), CPU) == ("bf16" if faster else "fp32")


@pytest.mark.parametrize("name", ["fp32", "bf16"])
def test_a_wanted_precision_is_not_measured(monkeypatch, name):
    monkeypatch.setattr(precision, "half_precision_is_faster", None)
    assert choose_precision(name, ModelSettings(), CPU) == name


@pytest.mark.parametrize(("full", "half", "faster"), [(1.0, 0.5, True), (1.0, 0.9, False), (1.0, 2.0, False)])
def test_half_precision_must_be_clearly_faster(monkeypatch, full, half, faster):
    dtypes = []

    def seconds(form):
        dtypes.append(form().dtype)
        return full if len(dtypes) <= 30 else half

    monkeypatch.setattr(precision, "_seconds", seconds)
    assert precision.half_precision_is_faster.__wrapped__(8) is faster
    assert set(dtypes) == {torch.float32}


def test_it_is_measured_once_for_a_size():
    assert precision.half_precision_is_faster(8) is precision.half_precision_is_faster(8)
    assert precision.half_precision_is_faster.cache_info().hits >= 1


def test_states_softmax_and_loss_are_float32():
    rng = torch.Generator().manual_seed(0)
    gru = torch.nn.GRU(8, 8, batch_first=True)
    with low_precision(CPU, "bf16"):
        states, last = run_gru(gru, torch.randn(2, 3, 8, generator=rng), None, None)
        scores = states @ states.transpose(1, 2)
        weights = masked_softmax(scores, torch.ones(2, 3, dtype=torch.bool))
        ids = torch.ones(2, 3, dtype=torch.long)
        loss = output_cross_entropy(states, torch.randn(9, 8, generator=rng), torch.zeros(9), ids, ids > 0, 0.1)
    assert scores.dtype == torch.bfloat16
    assert {states.dtype, last.dtype, weights.dtype, loss.dtype} == {torch.float32}


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("started", [False, True])
def test_the_recurrence_in_half_precision_is_near_float32(bidirectional, started):
    rng = torch.Generator().manual_seed(0)
    with torch.random.fork_rng():
        torch.manual_seed(1)
        gru = torch.nn.GRU(48, 48, batch_first=True, bidirectional=bidirectional)
    inputs = torch.randn(6, 7, 48, generator=rng, requires_grad=True)
    initial = torch.randn(1 + bidirectional, 6, 48, generator=rng, requires_grad=True) if started else None
    mask = torch.arange(7) < torch.tensor([7, 3, 1, 7, 5, 2])[:, None]
    weigh = torch.randn(6, 7, 48 * (1 + bidirectional), generator=rng)
    results = []
    for name in ("fp32", "bf16"):
        with low_precision(CPU, name):
            states, last = run_gru(gru, inputs, initial, mask)
        leaves = [inputs, *gru.parameters(), *([initial] if started else [])]
        results.append([states, last, *torch.autograd.grad((states * weigh).sum() + last.sum(), leaves)])
    for full, half in zip(*results, strict=True):
        assert half.dtype == torch.float32
        assert (half - full).norm() <= 0.02 * full.norm()


def test_measuring_changes_no_random_draw_that_follows():
    expected = torch.random.get_rng_state()
    precision.half_precision_is_faster.__wrapped__(8)
    assert torch.equal(torch.random.get_rng_state(), expected)
