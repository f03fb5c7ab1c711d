"""The heads one by one: their weights, and the model without some of them."""

import pytest
import torch
from small_models import FAMILIES, make_batch, small_batch, small_model, transformer

from s2s_tutorial.model.heads import KINDS, Head, attentions, head_weights, list_heads, without_heads

L, N = 2, 2


def test_every_head_of_every_layer_is_there():
    model, batch = small_model(transformer()), small_batch()
    (b, s), t = batch.src_ids.shape, batch.tgt_ids.shape[1]
    found = head_weights(model, batch)
    assert found.encoder.shape == (L, b, N, s, s)
    assert found.decoder.shape == (L, b, N, t, t)
    assert found.cross.shape == (L, b, N, t, s)


def test_they_are_weights_over_what_may_be_seen():
    model, batch = small_model(transformer()), small_batch(more_padding=2)
    found = head_weights(model, batch)
    for part in (found.encoder, found.decoder, found.cross):
        torch.testing.assert_close(part.sum(dim=-1), torch.ones_like(part[..., 0]))
    padding = ~batch.src_mask
    assert not found.encoder.movedim(-1, 2)[:, padding].any()
    assert not found.cross.movedim(-1, 2)[:, padding].any()
    assert torch.equal(found.decoder, found.decoder.tril())


def test_the_models_weights_are_the_mean_of_the_top_layers_heads():
    model, batch = small_model(transformer()), small_batch()
    torch.testing.assert_close(model(batch).attn_weights, head_weights(model, batch).cross[-1].mean(dim=1))


def test_looking_changes_nothing_and_works_in_training_mode():
    model, batch = small_model(transformer(dropout=0.5)), small_batch()
    before, expected = model(batch), head_weights(model, batch)
    model.train()
    torch.testing.assert_close(vars(head_weights(model, batch)), vars(expected))
    assert model.training
    assert model(batch).attn_weights is None
    after = model.eval()(batch)
    torch.testing.assert_close(after.attn_states, before.attn_states, rtol=0, atol=0)


def test_a_recurrent_network_has_no_heads():
    model = small_model(FAMILIES[0])
    for call in (
        lambda: head_weights(model, small_batch()),
        lambda: list_heads(model),
        lambda: without_heads(model, []),
    ):
        with pytest.raises(ValueError, match="the network 'gru' has no heads"):
            call()


# Without some heads


def test_all_heads_are_listed_once():
    listed = list_heads(small_model(transformer()))
    assert len(listed) == len(set(listed)) == 3 * L * N
    assert listed[0] == Head("encoder", 0, 0)
    assert listed[-1] == Head("cross", L - 1, N - 1)


@pytest.mark.parametrize("kind", KINDS)
def test_a_head_that_is_off_is_left_out_of_the_sum_over_heads(kind):
    """The output of a layer is a sum over heads, `Σ context_n W_nᴼ + b`, here computed from the heads' own contexts."""
    model = small_model(transformer())
    part = attentions(model)[kind][1]
    states, keys, values = torch.randn(3, 2, 4, 6, dtype=torch.double)  # (B, S, H) each
    mask = torch.ones(2, 4, dtype=torch.bool)
    _, weights = part(states, keys, values, mask, need_weights=True)  # (B, N, T, S)
    contexts = weights @ values.unflatten(-1, (N, -1)).transpose(1, 2)  # (B, N, T, D)
    columns = part.output.weight.unflatten(1, (N, -1))  # (H, N, D)
    expected = contexts[:, 0] @ columns[:, 0].T + part.output.bias
    fewer = attentions(without_heads(model, [Head(kind, 1, 1)]))[kind][1]
    for need_weights in (True, False):
        torch.testing.assert_close(fewer(states, keys, values, mask, need_weights)[0], expected)


@pytest.mark.parametrize("head", list_heads(small_model(transformer())), ids=str)
def test_switching_a_head_off_changes_the_network_and_not_the_given_one(head):
    model, batch = small_model(transformer()), small_batch()
    before = model(batch).attn_states
    fewer = without_heads(model, [head])
    assert not torch.allclose(fewer(batch).attn_states, before)
    torch.testing.assert_close(model(batch).attn_states, before, rtol=0, atol=0)


def test_without_any_head_the_source_is_not_read():
    model = small_model(transformer())
    blind = without_heads(model, [head for head in list_heads(model) if head.kind == "cross"])
    one, other = make_batch([[4, 5]], [[6, 7]]), make_batch([[9, 8, 10]], [[6, 7]])
    torch.testing.assert_close(blind(one).attn_states, blind(other).attn_states)


@pytest.mark.parametrize("head", [("cross", 2, 0), ("cross", 0, 2), ("encoder", -1, 0), ("other", 0, 0)])
def test_a_head_that_does_not_exist_is_refused(head):
    with pytest.raises(ValueError, match=r"this model has no .* choose from list_heads"):
        without_heads(small_model(transformer()), [Head(*head)])
