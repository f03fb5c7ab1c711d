"""The Transformer: its layers against PyTorch's, positions, the causal mask, padding, the cache, and learning."""

import math

import pytest
import torch
from small_models import SIZE, kind_name, make_batch, one_pair, small_batch, small_model, transformer
from torch import nn

from s2s_tutorial.data.vocabulary import SOS
from s2s_tutorial.model import transformer as module
from s2s_tutorial.model.seq2seq import shift_right
from s2s_tutorial.model.transformer import DecoderLayer, EncoderLayer, add_positions, sinusoids
from s2s_tutorial.settings import ModelSettings
from s2s_tutorial.translation.search import beam_search, greedy_search

SETTINGS = transformer()
both_sizes = pytest.mark.parametrize("settings", [transformer(1, True), transformer(3, False)], ids=kind_name)


def random(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, dtype=torch.double, generator=torch.Generator().manual_seed(seed))


def filled(layer: nn.Module) -> nn.Module:
    """Give all parameters of a layer random values, so that none has an effect of zero."""
    for number, parameter in enumerate(layer.double().parameters()):
        with torch.no_grad():
            parameter.copy_(random(*parameter.shape, seed=number) / 2)
    return layer.eval()


def copy_attention(ours, theirs: nn.MultiheadAttention) -> None:
    maps = (ours.query, ours.key, ours.value)
    with torch.no_grad():
        theirs.in_proj_weight.copy_(torch.cat([part.weight for part in maps]))
        theirs.in_proj_bias.copy_(torch.cat([part.bias for part in maps]))
    theirs.out_proj.load_state_dict(ours.output.state_dict())


def copy_layer(ours, theirs: nn.Module, parts: dict[str, str]) -> nn.Module:
    """Copy the weights of a layer into PyTorch's, whose parts have other names."""
    for own, other in parts.items():
        getattr(theirs, other).load_state_dict(getattr(ours, own).state_dict())
    copy_attention(ours.self_attention, theirs.self_attn)
    theirs.linear1.load_state_dict(ours.feed_forward.widen.state_dict())
    theirs.linear2.load_state_dict(ours.feed_forward.narrow.state_dict())
    return theirs.eval()


# Layers


def test_an_encoder_layer_equals_pytorchs():
    ours, batch = filled(EncoderLayer(SETTINGS)), small_batch()
    theirs = nn.TransformerEncoderLayer(
        SIZE, SETTINGS.num_heads, SETTINGS.feed_forward_size, 0.0, batch_first=True, norm_first=True
    ).double()
    copy_layer(ours, theirs, {"norm_attention": "norm1", "norm_feed_forward": "norm2"})
    states = random(*batch.src_ids.shape, SIZE)
    expected = theirs(states, src_key_padding_mask=~batch.src_mask)
    found = ours(states, batch.src_mask)
    torch.testing.assert_close(found[batch.src_mask], expected[batch.src_mask])


def test_a_decoder_layer_equals_pytorchs():
    ours, batch = filled(DecoderLayer(SETTINGS)), small_batch()
    theirs = nn.TransformerDecoderLayer(
        SIZE, SETTINGS.num_heads, SETTINGS.feed_forward_size, 0.0, batch_first=True, norm_first=True
    ).double()
    copy_layer(ours, theirs, {"norm_self": "norm1", "norm_cross": "norm2", "norm_feed_forward": "norm3"})
    copy_attention(ours.cross_attention, theirs.multihead_attn)
    (rows, length), source = batch.tgt_ids.shape, random(*batch.src_ids.shape, SIZE, seed=1)
    states, nothing = random(rows, length, SIZE), torch.empty(rows, 0, 2 * SIZE, dtype=torch.double)
    later = torch.ones(length, length, dtype=torch.bool).triu(1)
    expected = theirs(states, source, tgt_mask=later, memory_key_padding_mask=~batch.src_mask)
    for need_weights in (False, True):
        pair = ours.cross_attention.keys_and_values(source)
        found, past, weights = ours(states, nothing, pair, batch.src_mask, need_weights)
        torch.testing.assert_close(found, expected)
        assert past.shape == (rows, length, 2 * SIZE)
        assert (weights is not None) == need_weights


def test_without_its_sublayers_a_layer_returns_what_it_reads():
    layer, states = filled(EncoderLayer(SETTINGS)), random(2, 3, SIZE)
    with torch.no_grad():
        for part in (layer.self_attention.output, layer.feed_forward.narrow):
            part.weight.zero_(), part.bias.zero_()
    assert torch.equal(layer(states, torch.ones(2, 3, dtype=torch.bool)), states)


# Positions


def test_positions_equal_the_papers_formula():
    size = 8
    found = sinusoids(torch.arange(50), size)
    for pos in (0, 1, 2, 17, 49):
        for i in range(size // 2):
            angle = pos / 10_000 ** (2 * i / size)
            assert found[pos, 2 * i].item() == pytest.approx(math.sin(angle), abs=1e-5)
            assert found[pos, 2 * i + 1].item() == pytest.approx(math.cos(angle), abs=1e-5)


def test_there_is_a_position_beyond_any_length_and_for_every_size():
    found = sinusoids(torch.tensor([0, 5_000, 1_000_000]), 7)
    assert found.shape == (3, 7)
    assert found.isfinite().all()
    assert found.abs().max() <= 1
    assert len(found.unique(dim=0)) == 3


def test_a_step_to_the_right_is_the_same_rotation_everywhere():
    found = sinusoids(torch.arange(100), 16).double().unflatten(1, (8, 2))  # sine and cosine of each wavelength
    sin, cos = found[1].unbind(-1)
    turn = torch.stack([torch.stack([cos, sin], -1), torch.stack([-sin, cos], -1)], -2)  # (8, 2, 2)
    moved = (turn @ found[:-1, :, :, None])[..., 0]
    torch.testing.assert_close(moved, found[1:], rtol=1e-4, atol=1e-4)


def test_a_later_start_gives_the_later_positions():
    embedded = random(2, 5, SIZE)
    torch.testing.assert_close(add_positions(embedded)[:, 3:], add_positions(embedded[:, 3:], first=3))


def test_new_embeddings_are_about_as_large_as_positions():
    settings = ModelSettings(embedding_size=64, hidden_size=64, network="transformer", tie_embeddings=False)
    torch.manual_seed(0)
    model = small_model(settings)
    words = torch.arange(1, 11)[None]  # PAD's embedding is zero
    for embedding in (model.encoder.embedding, model.decoder.embedding):
        scaled = embedding(words[:, : embedding.num_embeddings - 1]) * math.sqrt(64)
        assert scaled.square().mean().sqrt().item() == pytest.approx(1, rel=0.2)


def test_without_positions_the_order_of_words_is_lost(monkeypatch):
    model, shuffled = small_model(SETTINGS), torch.tensor([3, 0, 2, 1, 4, 5])
    src_ids, mask = one_pair(0).src_ids, one_pair(0).src_mask
    states, _ = model.encoder(src_ids, mask)
    assert not torch.allclose(model.encoder(src_ids[:, shuffled], mask)[0], states[:, shuffled])
    monkeypatch.setattr(module, "add_positions", lambda embedded, first=0: embedded)
    states, _ = model.encoder(src_ids, mask)
    torch.testing.assert_close(model.encoder(src_ids[:, shuffled], mask)[0], states[:, shuffled])


# Sequence and cache


@both_sizes
def test_a_later_word_never_changes_an_earlier_output(settings):
    model, batch = small_model(settings), small_batch()
    memory, state = model.encode(batch.src_ids, batch.src_mask)
    fed = shift_right(batch.tgt_ids)
    before = model.decoder(fed, memory, state)
    for position in range(1, fed.shape[1]):
        changed = fed.clone()
        changed[:, position] = 5 + (fed[:, position] == 5)
        after = model.decoder(changed, memory, state)
        assert torch.equal(after.attn_states[:, :position], before.attn_states[:, :position])
        assert not torch.allclose(after.attn_states[:, position], before.attn_states[:, position])


@both_sizes
def test_the_cache_equals_recomputation_also_after_hypotheses_were_put_in_another_order(settings):
    model, batch = small_model(settings), small_batch()
    sentences, size = len(batch.src_ids), 3
    memory, state = model.encode(batch.src_ids, batch.src_mask)
    rows = torch.arange(sentences).repeat_interleave(size)
    state = state.select(rows)
    rng = torch.Generator().manual_seed(0)
    words = torch.full((sentences * size, 1), SOS)
    for _ in range(4):
        found, state, weights = model.decoder.step(words[:, -1], memory, state)
        expected = model.decoder(
            words, memory.select(rows), model.encode(batch.src_ids, batch.src_mask)[1].select(rows)
        )
        torch.testing.assert_close(found, model.decoder.logits(expected.attn_states[:, -1]))
        torch.testing.assert_close(weights, expected.attn_weights[:, -1])
        order = torch.randint(size, (sentences, size), generator=rng)  # a hypothesis may be kept twice or dropped
        chosen = (torch.arange(sentences)[:, None] * size + order).flatten()
        new = torch.randint(4, 9, (sentences * size, 1), generator=rng)
        words, state = torch.cat([words[chosen], new], dim=1), state.select(chosen)


def test_a_step_computes_one_position_only(monkeypatch):
    model, batch = small_model(SETTINGS), small_batch()
    lengths = []
    widen = module.FeedForward.forward
    monkeypatch.setattr(
        module.FeedForward, "forward", lambda self, states: (lengths.append(states.shape[1]), widen(self, states))[1]
    )
    memory, state = model.encode(batch.src_ids, batch.src_mask)
    lengths.clear()
    for _ in range(5):
        _, state, _ = model.decoder.step(torch.full((len(batch.src_ids),), 5), memory, state)
    assert set(lengths) == {1}
    assert state.dec_state.shape == (2, len(batch.src_ids), 5, 2 * SIZE)


def test_it_translates_with_products_in_half_precision():
    model, batch = small_model(SETTINGS).float(), small_batch()
    full = model(batch)
    with torch.autocast("cpu", torch.bfloat16):
        low = model(batch)
        found = beam_search(model, batch.src_ids, batch.src_lengths, 3)
    assert (low.attn_states.dtype, low.attn_weights.dtype) == (torch.float32, torch.float32)
    torch.testing.assert_close(low.attn_states, full.attn_states, rtol=0.1, atol=0.1)
    assert [len(hypotheses) for hypotheses in found] == [3] * len(batch.src_ids)


# Learning


def test_dropout_acts_on_the_embeddings_and_on_every_sublayer():
    settings = transformer(dropout=0.5)
    model, batch = small_model(settings).train(), small_batch()
    rates = []
    for part in model.modules():
        if hasattr(part, "generator"):
            part.register_forward_hook(lambda *_: rates.append(1))
    model.loss(batch)
    embeddings, encoder, decoder, output = 2, 2 * settings.num_layers, 3 * settings.num_layers, 1
    assert len(rates) == embeddings + encoder + decoder + output


def test_it_learns_to_copy_and_to_reverse_perfectly():
    """Copying needs no order, and reversing needs positions; the rows of a batch do one or the other by their first word."""
    settings = ModelSettings(
        embedding_size=32,
        hidden_size=32,
        num_layers=1,
        dropout=0.0,
        network="transformer",
        num_heads=2,
        feed_forward_size=64,
    )
    model = small_model(settings).float().train()
    rng = torch.Generator().manual_seed(0)
    optimiser = torch.optim.Adam(model.parameters(), 1e-2)

    def batch_of(count: int):
        words = [
            torch.randint(5, 9, (int(n),), generator=rng).tolist() for n in torch.randint(1, 6, (count,), generator=rng)
        ]
        sources = [[4 + 6 * (row % 2), *ids] for row, ids in enumerate(words)]
        return make_batch(sources, [ids[::-1] if row % 2 else ids for row, ids in enumerate(words)])

    for step in range(250):
        optimiser.param_groups[0]["lr"] = 1e-2 * min(1, (step + 1) / 40) * (1 - step / 250)
        loss = model.loss(batch_of(64))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    test = batch_of(50)
    expected = [[word for word in row if word > 3] for row in test.tgt_ids.tolist()]
    model.eval()
    assert [each.ids for each in greedy_search(model, test.src_ids, test.src_lengths)] == expected
    assert [each[0].ids for each in beam_search(model, test.src_ids, test.src_lengths, 3)] == expected
