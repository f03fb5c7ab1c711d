"""Multi-head attention: the formula by hand, PyTorch's own layer, masks, and the fast form."""

import math

import pytest
import torch
from torch import nn

from s2s_tutorial.model.multi_head import (
    MultiHeadAttention,
    causal_mask,
    fast_scaled_dot_product,
    linear_map,
    scaled_dot_product,
)

B, N, T, S, D = 3, 2, 4, 5, 6
H = N * D


def random(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, dtype=torch.double, generator=torch.Generator().manual_seed(seed))


def some_mask() -> torch.Tensor:
    """Three sources of 5, 3 and 1 words: (B, S)."""
    return torch.arange(S) < torch.tensor([[5], [3], [1]])


def attention(seed: int = 0) -> MultiHeadAttention:
    torch.manual_seed(seed)
    made = MultiHeadAttention(H, N).double()
    for name, parameter in made.named_parameters():
        if name.endswith("bias"):  # 0 at first, where a wrong bias would not be seen
            nn.init.normal_(parameter)
    return made


MASKS = {
    "by sentence": some_mask()[:, None, None, :],
    "by query": (torch.rand(B, 1, T, S, generator=torch.Generator().manual_seed(1)) < 0.5).index_fill(
        3, torch.tensor([0]), True
    ),
}


@pytest.mark.parametrize("mask", MASKS.values(), ids=MASKS)
def test_the_weighted_sum_equals_the_formula_by_hand(mask):
    queries, keys, values = random(B, N, T, D), random(B, N, S, D, seed=1), random(B, N, S, D, seed=2)
    contexts, weights = scaled_dot_product(queries, keys, values, mask)
    for b in range(B):
        for n in range(N):
            for t in range(T):
                seen = [s for s in range(S) if mask[b, 0, min(t, mask.shape[2] - 1), s]]
                powers = {s: math.exp(float(queries[b, n, t] @ keys[b, n, s]) / math.sqrt(D)) for s in seen}
                expected = torch.tensor([powers.get(s, 0.0) / sum(powers.values()) for s in range(S)])
                torch.testing.assert_close(weights[b, n, t], expected.double(), rtol=1e-6, atol=1e-6)
                torch.testing.assert_close(contexts[b, n, t], weights[b, n, t] @ values[b, n])


@pytest.mark.parametrize("mask", MASKS.values(), ids=MASKS)
def test_the_fast_form_equals_the_plain_one_and_so_do_the_gradients(mask):
    inputs = [random(B, N, T, D), random(B, N, S, D, seed=1), random(B, N, S, D, seed=2)]
    results = []
    for form in (lambda *parts: scaled_dot_product(*parts)[0], fast_scaled_dot_product):
        parts = [part.clone().requires_grad_() for part in inputs]
        contexts = form(*parts, mask)
        results.append([contexts, *torch.autograd.grad(contexts.sin().sum(), parts)])
    torch.testing.assert_close(*results)


@pytest.mark.parametrize("need_weights", [False, True])
def test_multi_head_attention_equals_pytorchs(need_weights):
    ours = attention()
    theirs = nn.MultiheadAttention(H, N, batch_first=True).double()
    maps = (ours.query, ours.key, ours.value)
    with torch.no_grad():
        theirs.in_proj_weight.copy_(torch.cat([part.weight for part in maps]))
        theirs.in_proj_bias.copy_(torch.cat([part.bias for part in maps]))
    theirs.out_proj.load_state_dict(ours.output.state_dict())
    states, source = random(B, T, H), random(B, S, H, seed=1)
    found, weights = ours(states, *ours.keys_and_values(source), some_mask(), need_weights)
    expected, expected_weights = theirs(
        states, source, source, key_padding_mask=~some_mask(), average_attn_weights=False
    )
    torch.testing.assert_close(found, expected)
    if need_weights:
        torch.testing.assert_close(weights, expected_weights)
    else:
        assert weights is None


def test_every_head_has_its_own_rows_of_the_maps():
    layer, states = attention(), random(1, S, H)
    everywhere = torch.ones(1, S, dtype=torch.bool)
    before = layer(states, *layer.keys_and_values(states), everywhere, need_weights=True)[1]
    with torch.no_grad():
        layer.query.weight[:D] *= -1  # the rows of the first head
    after = layer(states, *layer.keys_and_values(states), everywhere, need_weights=True)[1]
    assert not torch.allclose(before[:, 0], after[:, 0])
    torch.testing.assert_close(before[:, 1], after[:, 1])


def test_weights_sum_to_1_and_padding_gets_exactly_0():
    layer, states, source = attention(), random(B, T, H), random(B, S, H, seed=1)
    _, weights = layer(states, *layer.keys_and_values(source), some_mask(), need_weights=True)
    torch.testing.assert_close(weights.sum(dim=-1), torch.ones(B, N, T, dtype=torch.double))
    assert (weights.transpose(1, 3)[~some_mask()] == 0).all()


def test_the_causal_mask_shows_each_position_itself_and_what_is_before_it():
    mask = causal_mask(4, torch.device("cpu"))
    assert mask.shape == (1, 4, 4)
    assert mask[0].tolist() == [[column <= row for column in range(4)] for row in range(4)]


def test_the_division_by_the_root_of_the_size_keeps_the_variance_of_scores_at_1():
    size = 256
    queries, keys = random(1, 1, 200, size), random(1, 1, 200, size, seed=1)
    scores = queries @ keys.transpose(-2, -1)
    assert scores.var().item() == pytest.approx(size, rel=0.1)
    everything = torch.ones(1, 1, 1, 200, dtype=torch.bool)
    _, weights = scaled_dot_product(queries, keys, random(1, 1, 200, 1), everything)
    logs = weights.log()
    assert (logs - logs.mean(dim=-1, keepdim=True)).var().item() == pytest.approx(1, rel=0.1)


def test_a_new_map_keeps_the_variance_of_its_inputs():
    torch.manual_seed(0)
    made = linear_map(400, 400)
    assert made(torch.randn(500, 400)).var().item() == pytest.approx(1, rel=0.1)
    assert not made.bias.any()
