"""The encoder is PyTorch's deep bidirectional GRU, its directions added up layer by layer."""

import pytest
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from s2s_tutorial.model.dropout import set_dropout_generator
from s2s_tutorial.model.encoder import Encoder

V, E, H, S = 12, 5, 7, 6
LENGTHS = torch.tensor([4, 6, 1])
MASK = torch.arange(S) < LENGTHS[:, None]
SRC_IDS = torch.randint(4, V, (3, S), generator=torch.Generator().manual_seed(2)) * MASK


def make_encoder(layers: int, dropout_rate: float = 0.0) -> Encoder:
    with torch.random.fork_rng():
        torch.manual_seed(1)
        return Encoder(V, E, H, layers, dropout_rate).double()


def pytorchs_gru(encoder: Encoder) -> nn.GRU:
    """Return one `nn.GRU` of all layers with the encoder's weights."""
    layers = len(encoder.layers)
    gru = nn.GRU(E, H, layers, batch_first=True, bidirectional=True).double()
    for number, layer in enumerate(encoder.layers):
        for name, weights in layer.named_parameters():
            getattr(gru, name.replace("_l0", f"_l{number}")).data.copy_(weights.data)
    return gru


def pytorchs_states(encoder: Encoder) -> tuple[torch.Tensor, torch.Tensor]:
    """Return states (B, S, 2H) and `encoder_hidden` (2L, B, H) as in the 2017 notebook."""
    packed = pack_padded_sequence(encoder.embedding(SRC_IDS), LENGTHS, batch_first=True, enforce_sorted=False)
    states, hidden = pytorchs_gru(encoder)(packed)
    return pad_packed_sequence(states, batch_first=True)[0], hidden


@pytest.mark.parametrize("layers", [1, 2, 3])
def test_states_are_the_sum_of_both_directions_of_the_top_layer(layers):
    encoder = make_encoder(layers)
    enc_states, _ = encoder(SRC_IDS, MASK)
    states, _ = pytorchs_states(encoder)
    assert enc_states.shape == (3, S, H)
    torch.testing.assert_close(enc_states, states[..., :H] + states[..., H:])


@pytest.mark.parametrize("layers", [1, 2, 3])
def test_first_decoder_states_add_both_directions_layer_by_layer(layers):
    encoder = make_encoder(layers)
    _, first_states = encoder(SRC_IDS, MASK)
    _, hidden = pytorchs_states(encoder)
    assert first_states.shape == (layers, 3, H)
    torch.testing.assert_close(first_states, hidden.unflatten(0, (layers, 2)).sum(dim=1))


def test_first_decoder_states_are_not_the_first_rows_that_pytorch_gives():
    """The 2017 notebook took `encoder_hidden[:n_layers]`: with two layers that is layer 0, forward and backward."""
    encoder = make_encoder(2)
    _, first_states = encoder(SRC_IDS, MASK)
    _, hidden = pytorchs_states(encoder)
    torch.testing.assert_close(hidden[0] + hidden[1], first_states[0])
    assert (first_states - hidden[:2]).abs().amin(dim=(1, 2)).min() > 0
    with torch.no_grad():
        for weights in encoder.layers[1].parameters():
            weights.mul_(3)
    _, hidden_after = pytorchs_states(encoder)
    torch.testing.assert_close(hidden_after[:2], hidden[:2])  # its choice did not depend on the upper layer
    assert not torch.allclose(encoder(SRC_IDS, MASK)[1][1], first_states[1])


@pytest.mark.parametrize("layers", [1, 2])
def test_padding_changes_nothing_and_its_states_are_zero(layers):
    encoder = make_encoder(layers)
    enc_states, first_states = encoder(SRC_IDS, MASK)
    longer, longer_mask = nn.functional.pad(SRC_IDS, (0, 3), value=9), nn.functional.pad(MASK, (0, 3))
    noisy = torch.where(longer_mask, longer, 7)
    longer_states, longer_first = encoder(noisy, longer_mask)
    torch.testing.assert_close(longer_states[:, :S], enc_states)
    torch.testing.assert_close(longer_first, first_states)
    assert longer_states[~longer_mask].eq(0).all()


@pytest.mark.parametrize("layers", [1, 2])
def test_a_batch_of_many_equals_many_batches_of_one(layers):
    encoder = make_encoder(layers)
    enc_states, first_states = encoder(SRC_IDS, MASK)
    for row, length in enumerate(LENGTHS):
        for mask in (None, torch.ones(1, length, dtype=torch.bool)):
            alone_states, alone_first = encoder(SRC_IDS[row : row + 1, :length], mask)
            torch.testing.assert_close(alone_states[0], enc_states[row, :length])
            torch.testing.assert_close(alone_first[:, 0], first_states[:, row])


def test_every_word_is_seen_from_both_sides():
    encoder, ids = make_encoder(1), torch.tensor([[4, 5, 6, 7]])
    enc_states, _ = encoder(ids, None)
    for changed in (0, 3):
        other = ids.clone()
        other[0, changed] = 11
        difference = (encoder(other, None)[0] - enc_states).abs().sum(dim=-1)[0]
        assert (difference > 0).all()


def test_paddings_embedding_is_zero_and_stays_so():
    encoder = make_encoder(1)
    assert encoder.embedding.weight[0].eq(0).all()
    enc_states, first_states = encoder(SRC_IDS, None)  # even if it is read like a word
    (enc_states.sum() + first_states.sum()).backward()
    assert encoder.embedding.weight.grad[0].eq(0).all()
    assert encoder.embedding.weight.grad[int(SRC_IDS[0, 0])].ne(0).any()


def test_dropout_is_active_in_training_mode_and_comes_from_the_generator():
    encoder = make_encoder(2, dropout_rate=0.5).eval()
    quiet, _ = encoder(SRC_IDS, MASK)
    torch.testing.assert_close(quiet, make_encoder(2, dropout_rate=0.0)(SRC_IDS, MASK)[0])
    encoder.train()
    losses = []
    for seed in (4, 4, 5):
        set_dropout_generator(encoder, torch.Generator().manual_seed(seed))
        losses.append(encoder(SRC_IDS, MASK)[0])
    first, again, other = losses
    assert torch.equal(first, again)
    assert not torch.allclose(first, other)
    assert not torch.allclose(first, quiet)


def test_dropout_falls_on_the_embeddings_and_between_layers():
    seen, encoder = [], make_encoder(3)
    encoder.dropout.register_forward_hook(lambda module, inputs, output: seen.append(tuple(output.shape)))
    encoder(SRC_IDS, MASK)
    assert seen == [(3, S, E), (3, S, 2 * H), (3, S, 2 * H)]
