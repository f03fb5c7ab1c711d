"""The loss is cross-entropy over real words: computed by hand, by PyTorch, and fused with the output layer."""

import math

import pytest
import torch
from torch.nn import functional as F

from s2s_tutorial.model.loss import masked_cross_entropy, output_cross_entropy

B, T, H, V = 3, 4, 5, 7
MASK = torch.arange(T) < torch.tensor([4, 2, 1])[:, None]
smoothings = pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.7])


@pytest.fixture
def rng() -> torch.Generator:
    return torch.Generator().manual_seed(0)


@pytest.fixture
def tgt_ids(rng) -> torch.Tensor:
    return torch.randint(0, V, (B, T), generator=rng)


@pytest.fixture
def layer(rng) -> list[torch.Tensor]:
    """Return input, weight and bias of an output layer."""
    shapes = ((B, T, H), (V, H), (V,))
    return [torch.randn(shape, generator=rng, dtype=torch.float64, requires_grad=True) for shape in shapes]


@pytest.fixture
def logits(layer) -> torch.Tensor:
    return F.linear(*layer).detach()


@smoothings
def test_the_loss_equals_a_loop_over_real_words(logits, tgt_ids, smoothing):
    terms = []
    for b in range(B):
        for t in range(T):
            if MASK[b, t]:
                odds = [math.exp(x) for x in logits[b, t]]
                for word in range(V):
                    wanted = smoothing / V + (1 - smoothing) * (word == int(tgt_ids[b, t]))
                    terms.append(-wanted * math.log(odds[word] / sum(odds)))
    expected = sum(terms) / int(MASK.sum())
    assert float(masked_cross_entropy(logits, tgt_ids, MASK, smoothing)) == pytest.approx(expected, rel=1e-12)


@smoothings
def test_the_loss_is_pytorchs_cross_entropy_of_the_real_words(logits, tgt_ids, smoothing):
    expected = F.cross_entropy(logits[MASK], tgt_ids[MASK], label_smoothing=smoothing)
    torch.testing.assert_close(masked_cross_entropy(logits, tgt_ids, MASK, smoothing), expected)


@smoothings
def test_the_fused_loss_equals_the_plain_one_in_value_and_gradients(layer, tgt_ids, smoothing):
    fused = output_cross_entropy(*layer, tgt_ids, MASK, smoothing)
    plain = masked_cross_entropy(F.linear(*layer), tgt_ids, MASK, smoothing)
    torch.testing.assert_close(fused, plain)
    torch.testing.assert_close(torch.autograd.grad(3 * fused, layer), torch.autograd.grad(3 * plain, layer))


def test_the_fused_losss_gradient_equals_finite_differences(layer, tgt_ids):
    assert torch.autograd.gradcheck(lambda *parts: output_cross_entropy(*parts, tgt_ids, MASK, 0.1), layer)


@smoothings
def test_padding_adds_nothing_to_the_loss_and_gets_no_gradient(layer, tgt_ids, smoothing):
    hidden, weight, bias = layer
    loss = output_cross_entropy(hidden, weight, bias, tgt_ids, MASK, smoothing)
    noisy = torch.where(MASK[..., None], hidden, 50.0)
    other_ids = torch.where(MASK, tgt_ids, (tgt_ids + 1) % V)
    assert torch.equal(output_cross_entropy(noisy, weight, bias, other_ids, MASK, smoothing), loss)
    noisy_logits = F.linear(noisy, weight, bias)
    torch.testing.assert_close(masked_cross_entropy(noisy_logits, other_ids, MASK, smoothing), loss)
    (gradient,) = torch.autograd.grad(loss, hidden)
    assert gradient[~MASK].eq(0).all()
    assert gradient[MASK].ne(0).any(dim=-1).all()


@smoothings
def test_the_fused_loss_needs_no_gradient_to_be_computed(layer, tgt_ids, smoothing):
    loss = output_cross_entropy(*layer, tgt_ids, MASK, smoothing)
    with torch.no_grad():
        assert torch.equal(output_cross_entropy(*layer, tgt_ids, MASK, smoothing), loss)
    without = [part.detach() for part in layer]
    assert torch.equal(output_cross_entropy(*without, tgt_ids, MASK, smoothing), loss)


def test_the_fused_loss_changes_none_of_its_inputs(layer, tgt_ids):
    before = [part.detach().clone() for part in layer]
    output_cross_entropy(*layer, tgt_ids, MASK, 0.1).backward()
    assert all(map(torch.equal, before, layer))


def test_every_real_word_weighs_the_same_whichever_sentence_it_is_in(logits, tgt_ids):
    words = [
        masked_cross_entropy(logits[b : b + 1, t : t + 1], tgt_ids[b : b + 1, t : t + 1], MASK[b : b + 1, t : t + 1])
        for b in range(B)
        for t in range(T)
        if MASK[b, t]
    ]
    torch.testing.assert_close(masked_cross_entropy(logits, tgt_ids, MASK), torch.stack(words).mean())


def test_uniform_logits_cost_the_logarithm_of_the_vocabulary_size(tgt_ids):
    for smoothing in (0.0, 0.3):
        loss = masked_cross_entropy(torch.zeros(B, T, V), tgt_ids, MASK, smoothing)
        assert float(loss) == pytest.approx(math.log(V))


def test_a_confident_right_answer_costs_nothing_without_smoothing_and_much_with_it(tgt_ids):
    certain = 100.0 * F.one_hot(tgt_ids, V)
    assert float(masked_cross_entropy(certain, tgt_ids, MASK)) == pytest.approx(0.0)
    assert float(masked_cross_entropy(certain, tgt_ids, MASK, 0.1)) > 5


def test_very_large_logits_stay_finite(layer, tgt_ids):
    hidden, weight, bias = layer
    loss = output_cross_entropy(hidden * 1e4, weight, bias, tgt_ids, MASK, 0.1)
    loss.backward()
    assert loss.isfinite()
    assert hidden.grad.isfinite().all()
