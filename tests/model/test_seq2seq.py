"""Encoder, decoder and loss as one network: every parameter learns, and only the words change the result."""

import dataclasses

import pytest
import torch
from small_models import (
    SIZE,
    SRC_WORDS,
    TGT_WORDS,
    all_families,
    all_kinds,
    batch_to_learn,
    kind_name,
    one_pair,
    overfitted,
    small_batch,
    small_model,
)

from s2s_tutorial.data.batches import Batch
from s2s_tutorial.data.vocabulary import EOS, PAD, SOS
from s2s_tutorial.model.loss import masked_cross_entropy
from s2s_tutorial.model.seq2seq import Seq2Seq, count_parameters, shift_right
from s2s_tutorial.settings import ModelSettings
from s2s_tutorial.translation.search import greedy_search

LUONG = ModelSettings("luong", "general", SIZE, SIZE, 1, 0.0, tie_embeddings=False)
# One model for each combination of decoder and attention with code of its own.
SOME = [
    LUONG,
    dataclasses.replace(LUONG, attention="concat", input_feeding=True, num_layers=2),
    dataclasses.replace(LUONG, attention="local-p", tie_embeddings=True),
    dataclasses.replace(LUONG, attention="additive", decoder="bahdanau"),
    dataclasses.replace(LUONG, attention="none", decoder="bahdanau", tie_embeddings=True),
]


@all_families
def test_padding_changes_neither_the_loss_nor_any_gradient(settings):
    model = small_model(settings)
    losses = [model.loss(small_batch(more_padding), label_smoothing=0.1) for more_padding in (0, 3)]
    torch.testing.assert_close(losses[0], losses[1])
    parameters = list(model.parameters())
    torch.testing.assert_close(*(torch.autograd.grad(loss, parameters) for loss in losses))


@pytest.mark.parametrize("settings", SOME, ids=kind_name)
@torch.no_grad()
def test_the_loss_of_a_batch_is_the_mean_over_the_words_of_its_pairs(settings):
    model, batch = small_model(settings), small_batch()
    alone = torch.stack([model.loss(one_pair(row)) for row in range(len(batch.src_ids))])
    torch.testing.assert_close(model.loss(batch), (alone * batch.tgt_lengths).sum() / batch.tgt_lengths.sum())


@all_kinds
def test_the_gradient_reaches_every_parameter(settings):
    model = small_model(settings)
    model.loss(small_batch()).backward()
    unreached = [name for name, p in model.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0]
    assert unreached == []


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
@torch.no_grad()
def test_the_models_loss_is_that_of_its_logits(smoothing):
    model, batch = small_model(LUONG), small_batch()
    logits = model.decoder.logits(model(batch).attn_states)
    expected = masked_cross_entropy(logits, batch.tgt_ids, batch.tgt_mask, smoothing)
    torch.testing.assert_close(model.loss(batch, smoothing), expected)


def test_previous_words_are_the_target_shifted_right_by_one():
    batch = small_batch()
    prev_ids = shift_right(batch.tgt_ids)
    assert prev_ids[:, 0].eq(SOS).all()
    assert torch.equal(prev_ids[:, 1:], batch.tgt_ids[:, :-1])
    assert prev_ids.shape == batch.tgt_ids.shape
    assert batch.tgt_ids[1].tolist()[-1] == EOS, "the target itself is left as it was"


@torch.no_grad()
def test_teacher_forcing_is_the_default():
    model, batch = small_model(LUONG), small_batch()
    assert torch.equal(model.loss(batch, prev_ids=shift_right(batch.tgt_ids)), model.loss(batch))
    other = shift_right(batch.tgt_ids)
    other[:, 1] = 8
    assert model.loss(batch, prev_ids=other) != model.loss(batch)


@all_families
def test_a_sentence_without_a_word_is_refused(settings):
    batch = small_batch()
    empty = dataclasses.replace(batch, src_lengths=batch.src_lengths * torch.tensor([1, 0, 1, 1]))
    with pytest.raises(ValueError, match="no real word; drop empty sentences"):
        small_model(settings).loss(empty)


@pytest.mark.parametrize("settings", SOME, ids=kind_name)
def test_a_small_model_memorises_three_sentences_and_writes_them(settings):
    model, loss = overfitted(settings)
    batch = batch_to_learn()
    assert loss < 0.05
    found = [hypothesis.ids for hypothesis in greedy_search(model, batch.src_ids, batch.src_lengths)]
    assert found == [[n for n in row if n not in (PAD, EOS)] for row in batch.tgt_ids.tolist()]


def test_the_device_is_where_the_weights_are():
    model = small_model(LUONG)
    assert model.device == torch.device("cpu")
    assert model.to("meta").device == torch.device("meta")


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("tied", [False, True], ids=["untied", "tied"])
def test_parameters_are_counted_once_each(layers, tied):
    model = small_model(dataclasses.replace(LUONG, num_layers=layers, tie_embeddings=tied))
    H = SIZE
    encoder = SRC_WORDS * H + sum(2 * (3 * H * (width + H) + 6 * H) for width in (H, 2 * H)[:layers])
    decoder = TGT_WORDS * H + layers * (3 * H * (H + H) + 6 * H) + H * H + H * 2 * H + TGT_WORDS
    assert count_parameters(model) == encoder + decoder + (0 if tied else TGT_WORDS * H)
    model.encoder.requires_grad_(False)
    assert count_parameters(model) == decoder + (0 if tied else TGT_WORDS * H)


@pytest.mark.parametrize("tied", [False, True], ids=["untied", "tied"])
@torch.no_grad()
def test_weights_alone_restore_the_same_model(tied):
    settings = dataclasses.replace(LUONG, tie_embeddings=tied)
    model, other = small_model(settings, seed=0), small_model(settings, seed=1)
    batch = small_batch()
    assert model.loss(batch) != other.loss(batch)
    other.load_state_dict(model.state_dict())
    assert torch.equal(model.loss(batch), other.loss(batch))


def test_training_works_in_the_usual_precision():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = Seq2Seq(LUONG, SRC_WORDS, TGT_WORDS)
    loss = model.loss(small_batch(), 0.1)
    loss.backward()
    assert loss.dtype == torch.float32
    assert loss.item() == pytest.approx(small_model(LUONG).loss(small_batch(), 0.1).item(), rel=1e-5)


@torch.no_grad()
def test_the_order_of_the_pairs_in_a_batch_does_not_matter():
    model, batch = small_model(LUONG), small_batch()
    rows = torch.tensor([2, 0, 3, 1])
    shuffled = Batch(*(getattr(batch, f.name)[rows] for f in dataclasses.fields(batch)))
    torch.testing.assert_close(model.loss(shuffled), model.loss(batch))
