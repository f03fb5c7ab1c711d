"""Properties of attention that hold for any weights and any sizes."""

import math

import pytest
import torch
from torch import nn

from s2s_tutorial.model.attention import (
    SCORES,
    Attention,
    LocalAttention,
    build_attention,
    concat_score_plainly,
    masked_softmax,
)

B, T, S, H = 3, 4, 5, 8
LENGTHS = torch.tensor([5, 3, 1])
MASK = torch.arange(S) < LENGTHS[:, None]
NAMES = [*SCORES, "local-p"]


@pytest.fixture
def rng() -> torch.Generator:
    return torch.Generator().manual_seed(0)


@pytest.fixture
def queries(rng) -> torch.Tensor:
    return torch.randn(B, T, H, generator=rng, dtype=torch.float64)


@pytest.fixture
def enc_states(rng) -> torch.Tensor:
    return torch.randn(B, S, H, generator=rng, dtype=torch.float64)


def make(name: str) -> Attention:
    with torch.random.fork_rng():
        torch.manual_seed(3)
        return build_attention(name, H).double()


# The formulas as the papers write them, for one query h and one encoder state s.
FORMULAS = {
    "dot": lambda score, h, s: h @ s,
    "general": lambda score, h, s: h @ (score.project.weight @ s),
    "concat": lambda score, h, s: score.vector @ torch.tanh(score.project.weight @ torch.cat([h, s])),
    "additive": lambda score, h, s: (
        score.vector @ torch.tanh(score.project_query.weight @ h + score.project_key.weight @ s)
    ),
}


@pytest.mark.parametrize("name", SCORES)
def test_every_score_equals_the_loop_it_replaces(name, queries, enc_states):
    score = make(name).score
    scores = score(queries, score.keys(enc_states))
    assert scores.shape == (B, T, S)
    for b in range(B):
        for t in range(T):
            for s in range(S):
                torch.testing.assert_close(scores[b, t, s], FORMULAS[name](score, queries[b, t], enc_states[b, s]))


def test_concat_in_halves_equals_concat_as_written(queries, enc_states):
    score = make("concat").score
    torch.testing.assert_close(score(queries, score.keys(enc_states)), concat_score_plainly(score, queries, enc_states))


@pytest.mark.parametrize("name", ["concat", "additive", "local-p"])
def test_vectors_are_initialised_and_learnt(name):
    vectors = [dict(make(name).named_parameters()) for _ in range(2)]
    (key,) = (key for key in vectors[0] if key.endswith("vector"))
    assert torch.equal(vectors[0][key], vectors[1][key]), "drawn from the seeded generator, not left over in memory"
    assert 0 < vectors[0][key].abs().max() <= 1 / math.sqrt(H)
    assert vectors[0][key].requires_grad


def test_padding_gets_no_weight_and_rows_sum_to_one(rng):
    weights = masked_softmax(torch.randn(B, T, S, generator=rng), MASK)
    assert weights[~MASK[:, None, :].expand_as(weights)].eq(0).all()
    torch.testing.assert_close(weights.sum(-1), torch.ones(B, T))
    assert weights[MASK[:, None, :].expand_as(weights)].gt(0).all()


def test_a_mask_may_differ_from_word_to_word(rng):
    scores = torch.randn(B, T, S, generator=rng)
    mask = torch.rand(B, T, S, generator=rng) < 0.5
    mask[..., 2] = True
    weights = masked_softmax(scores, mask)
    assert torch.equal(weights > 0, mask)
    torch.testing.assert_close(weights[1, 2], masked_softmax(scores[1:2, 2:3], mask[1, 2][None])[0, 0])


def test_weights_are_those_of_a_softmax_over_the_words_alone(rng):
    scores = torch.randn(B, T, S, generator=rng)
    weights = masked_softmax(scores, MASK)
    for b, length in enumerate(LENGTHS):
        torch.testing.assert_close(weights[b, :, :length], scores[b, :, :length].softmax(-1))


@pytest.mark.parametrize("name", NAMES)
def test_padding_gets_no_attention_whatever_its_values(name, queries, enc_states):
    attention = make(name)
    loud = torch.where(MASK[..., None], enc_states, 50.0)
    quiet_result = attention(queries, attention.keys(enc_states), enc_states, MASK)
    loud_result = attention(queries, attention.keys(loud), loud, MASK)
    torch.testing.assert_close(quiet_result, loud_result)
    assert loud_result[1][~MASK[:, None, :].expand(B, T, S)].eq(0).all()


@pytest.mark.parametrize("name", NAMES)
def test_more_padding_changes_nothing(name, queries, enc_states):
    attention = make(name)
    context, weights = attention(queries, attention.keys(enc_states), enc_states, MASK)
    longer, longer_mask = nn.functional.pad(enc_states, (0, 0, 0, 3), value=9.0), nn.functional.pad(MASK, (0, 3))
    longer_context, longer_weights = attention(queries, attention.keys(longer), longer, longer_mask)
    torch.testing.assert_close(longer_context, context)
    torch.testing.assert_close(longer_weights[..., :S], weights)
    assert longer_weights[..., S:].eq(0).all()


@pytest.mark.parametrize("name", NAMES)
def test_the_context_is_the_weighted_sum_of_encoder_states(name, queries, enc_states):
    attention = make(name)
    context, weights = attention(queries, attention.keys(enc_states), enc_states, MASK)
    for b in range(B):
        for t in range(T):
            torch.testing.assert_close(context[b, t], sum(weights[b, t, s] * enc_states[b, s] for s in range(S)))


@pytest.mark.parametrize("name", NAMES)
def test_one_query_alone_gets_the_weights_it_gets_among_others(name, queries, enc_states):
    attention = make(name)
    keys = attention.keys(enc_states)
    weights = attention.weights(queries, keys, MASK)
    torch.testing.assert_close(attention.weights(queries[:, 1:2], keys, MASK), weights[:, 1:2])


@pytest.mark.parametrize("name", SCORES)
def test_a_sentence_of_one_word_gets_all_the_weight(name, queries, enc_states):
    attention = make(name)
    assert attention.weights(queries, attention.keys(enc_states), MASK)[2, :, 0].eq(1).all()


def loud_local() -> LocalAttention:
    """Return local attention whose centres are spread over the sentence, not all near its middle."""
    attention = make("local-p")
    with torch.no_grad():
        attention.vector.mul_(12)
    return attention


@torch.no_grad()
def test_local_attention_equals_the_papers_formula(queries, enc_states):
    attention, reach = loud_local(), 2
    weights = attention.weights(queries, attention.keys(enc_states), MASK)
    for b, length in enumerate(LENGTHS.tolist()):
        for t in range(T):
            h = queries[b, t]
            centre = float(length * torch.sigmoid(attention.vector @ torch.tanh(attention.project.weight @ h)))
            window = [s for s in range(length) if abs(s - centre) <= reach]
            scores = torch.stack([FORMULAS["general"](attention.score, h, enc_states[b, s]) for s in window])
            expected = torch.zeros(S, dtype=torch.float64)
            for s, align in zip(window, scores.softmax(0), strict=True):
                expected[s] = align * math.exp(-((s - centre) ** 2) / (2 * (reach / 2) ** 2))
            torch.testing.assert_close(weights[b, t], expected)


def test_local_attention_looks_nowhere_but_in_its_window(rng):
    attention, length = loud_local(), 30
    queries = torch.randn(1, 40, H, generator=rng, dtype=torch.float64)
    enc_states = torch.randn(1, length, H, generator=rng, dtype=torch.float64)
    mask = torch.ones(1, length, dtype=torch.bool)
    weights = attention.weights(queries, attention.keys(enc_states), mask)
    centres = attention.centres(queries, mask)
    assert centres.max() - centres.min() > length / 2, "the fixture attends to several positions"
    inside = (torch.arange(length) - centres[..., None]).abs() <= 2
    assert torch.equal(weights > 0, inside)
    assert (weights.sum(-1) <= 1).all()


@pytest.mark.parametrize("extreme", [-1e6, -1.0, 0.0, 1.0, 1e6])
def test_local_attention_has_a_word_to_look_at_in_every_sentence(rng, extreme):
    """The predicted centre may be exactly the first or the last position; the window must still contain a word."""
    attention, longest = make("local-p"), 9
    with torch.no_grad():
        attention.vector.fill_(extreme)
        attention.project.weight.fill_(1.0)
    queries = torch.rand(longest, 1, H, generator=rng, dtype=torch.float64)
    enc_states = torch.randn(longest, longest, H, generator=rng, dtype=torch.float64)
    mask = torch.arange(longest) < torch.arange(1, longest + 1)[:, None]
    context, weights = attention(queries, attention.keys(enc_states), enc_states, mask)
    assert context.isfinite().all()
    assert (weights.sum(-1) > 0).all()
    assert (weights.sum(-1) <= 1 + 1e-12).all()
    assert weights[~mask[:, None, :]].eq(0).all()


def test_local_attention_learns_where_to_look(queries, enc_states):
    attention = make("local-p")
    context, _ = attention(queries, attention.keys(enc_states), enc_states, MASK)
    context.sum().backward()
    assert all(parameter.grad.abs().sum() > 0 for parameter in attention.parameters())


def test_each_name_builds_its_own_attention_and_none_builds_none():
    assert build_attention("none", H) is None
    for name in SCORES:
        assert type(make(name)) is Attention
        assert type(make(name).score) is SCORES[name]
    assert isinstance(make("local-p"), LocalAttention)
    with pytest.raises(KeyError):
        build_attention("nonsense", H)
