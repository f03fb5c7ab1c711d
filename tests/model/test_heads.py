"""The weights of all heads: their shapes, their sums, and what search and forced attention return of them."""

import pytest
import torch
from small_models import FAMILIES, small_batch, small_model, transformer

from s2s_tutorial.model.heads import head_weights

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
    with pytest.raises(ValueError, match="the network 'gru' has no heads"):
        head_weights(small_model(FAMILIES[0]), small_batch())
