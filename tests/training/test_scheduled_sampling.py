"""Scheduled sampling: the schedules' shapes, and which words the decoder is fed."""

import dataclasses
import functools
import itertools

import pytest
import torch
from small_models import all_families, half_learnt, make_batch, small_batch, small_model, with_bias

from s2s_tutorial.data.batches import Batch
from s2s_tutorial.data.vocabulary import EOS, PAD, SOS
from s2s_tutorial.model.dropout import evaluation_mode
from s2s_tutorial.model.seq2seq import shift_right
from s2s_tutorial.settings import SAMPLING_SCHEDULES, ModelSettings
from s2s_tutorial.training.scheduled_sampling import (
    best_words,
    mix_in_parallel,
    positions_to_predict,
    teacher_forcing_ratio,
)
from s2s_tutorial.translation.search import greedy_search

DECAYS = ("linear", "exponential", "inverse-sigmoid")
LUONG = ModelSettings("luong", "dot", 6, 6, 1, 0.0, tie_embeddings=False)


@torch.no_grad()
def mix_stepwise(model, batch, ratio, rng, memory, state):
    """Choose the words that scheduled sampling feeds one after another; the model's word t follows what was fed up to t - 1.

    Takes and returns what `mix_in_parallel` does (Bengio et al. 2015).
    """
    fed = shift_right(batch.tgt_ids)  # (B, T)
    predicted = positions_to_predict(batch.tgt_mask, ratio, rng)  # (B, T)
    with evaluation_mode(model.decoder):
        for t in range(1, fed.shape[1]):
            word, rows = model.decoder.embedding(fed[:, t - 1]), predicted[:, t]  # (B, E), (B,)
            attn_state, state, _ = model.decoder.advance(word, memory, state)  # (B, H)
            fed[rows, t] = best_words(model, attn_state[rows])
    return fed


def on_its_own(mix):
    """Wrap a function that mixes words so that it reads the source itself."""

    def words_to_feed(model, batch: Batch, ratio: float, rng: torch.Generator) -> torch.Tensor:
        return mix(model, batch, ratio, rng, *model.encode(batch.src_ids, batch.src_mask))

    return words_to_feed


in_parallel, stepwise = on_its_own(mix_in_parallel), on_its_own(mix_stepwise)
both_forms = pytest.mark.parametrize("mix", [in_parallel, stepwise], ids=["parallel", "stepwise"])


@pytest.fixture
def rng() -> torch.Generator:
    return torch.Generator().manual_seed(0)


@pytest.mark.parametrize("end", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("schedule", DECAYS)
def test_a_decay_falls_from_1_to_its_final_value(schedule, end):
    assert teacher_forcing_ratio(schedule, 0.0, end) == pytest.approx(1.0)
    assert teacher_forcing_ratio(schedule, 1.0, end) == pytest.approx(end)


@pytest.mark.parametrize("schedule", SAMPLING_SCHEDULES)
def test_a_ratio_never_rises_and_stays_a_probability(schedule):
    ratios = [teacher_forcing_ratio(schedule, step / 50, 0.2) for step in range(51)]
    assert ratios == sorted(ratios, reverse=True)
    assert all(0.2 - 1e-12 <= ratio <= 1 for ratio in ratios)
    if schedule in DECAYS:
        assert len(set(ratios)) == len(ratios), "every step counts"


def test_the_decays_have_the_shapes_of_their_names():
    def falls(schedule: str) -> list[float]:
        ratios = [teacher_forcing_ratio(schedule, quarter / 4) for quarter in range(5)]
        return [before - after for before, after in itertools.pairwise(ratios)]

    assert falls("linear") == pytest.approx([0.25] * 4)
    first, second, third, fourth = falls("exponential")
    assert second / first == pytest.approx(third / second) == pytest.approx(fourth / third)
    first, second, third, fourth = falls("inverse-sigmoid")
    assert (first, second) == pytest.approx((fourth, third))
    assert first < second


def test_the_schedule_none_is_always_1_and_constant_is_constant():
    assert {teacher_forcing_ratio("none", share, 0.3) for share in (0.0, 0.4, 1.0)} == {1.0}
    assert {teacher_forcing_ratio("constant", share, 0.3) for share in (0.0, 0.4, 1.0)} == {0.3}


def test_an_unknown_schedule_is_refused():
    with pytest.raises(ValueError, match="schedule is 'cosine', expected none, constant, linear"):
        teacher_forcing_ratio("cosine", 0.5)


@both_forms
@all_families
def test_at_ratio_one_the_decoder_is_fed_the_true_words(settings, mix, rng):
    batch = small_batch()
    assert torch.equal(mix(small_model(settings), batch, 1.0, rng), shift_right(batch.tgt_ids))


@both_forms
@pytest.mark.parametrize("ratio", [0.0, 0.5, 1.0])
def test_sos_comes_first_whatever_is_drawn(mix, ratio, rng):
    fed = mix(small_model(LUONG), small_batch(), ratio, rng)
    assert fed.shape == small_batch().tgt_ids.shape
    assert fed[:, 0].eq(SOS).all()
    assert not fed.requires_grad


@all_families
def test_stepwise_at_ratio_zero_feeds_the_words_of_greedy_search(settings, rng):
    model, batch = half_learnt(settings), small_batch(more_padding=4)
    fed, lengths = stepwise(model, batch, 0.0, rng).tolist(), batch.tgt_lengths.tolist()
    searched = greedy_search(model, batch.src_ids, batch.src_lengths, max(lengths))
    for row, found, length in zip(fed, searched, lengths, strict=True):
        said = [SOS, *found.ids, EOS][:length]
        assert row[: len(said)] == said


@all_families
@torch.no_grad()
def test_in_parallel_at_ratio_zero_feeds_the_best_words_of_the_first_pass(settings, rng):
    model, batch = small_model(settings, loudness=3), small_batch()
    logits = model.decoder.logits(model(batch).attn_states)
    logits[..., [PAD, SOS]] = -torch.inf
    fed = in_parallel(model, batch, 0.0, rng)
    assert torch.equal(fed[batch.tgt_mask], shift_right(logits.argmax(-1))[batch.tgt_mask])


@both_forms
def test_padding_and_sos_are_never_the_models_word(mix, rng):
    model = with_bias(small_model(LUONG), [PAD, SOS], 100.0)
    batch = small_batch()
    fed = mix(model, batch, 0.0, rng)
    assert fed[batch.tgt_mask].ne(PAD).all()
    assert fed[:, 1:].ne(SOS).all()


@both_forms
def test_targets_of_no_words_are_fed_sos_alone(mix, rng):
    batch = make_batch([[4], [5, 6]], [[], []])
    assert mix(small_model(LUONG), batch, 0.0, rng).tolist() == [[SOS], [SOS]]


@both_forms
def test_the_model_predicts_nothing_at_padding(mix, rng):
    model, batch = small_model(LUONG, loudness=4), small_batch(more_padding=2)
    truth = shift_right(batch.tgt_ids)
    assert torch.equal(mix(model, batch, 0.0, rng)[~batch.tgt_mask], truth[~batch.tgt_mask])


@all_families
@pytest.mark.parametrize("mix", [mix_in_parallel, mix_stepwise])
def test_the_loss_reads_the_source_once_and_equals_that_of_words_mixed_before(settings, mix, monkeypatch):
    model, batch = small_model(settings, loudness=3), small_batch()
    fed = on_its_own(mix)(model, batch, 0.5, torch.Generator().manual_seed(3))
    expected = model.loss(batch, prev_ids=fed)
    reads, encode = [], model.encode
    monkeypatch.setattr(model, "encode", lambda *arguments: reads.append(1) or encode(*arguments))
    loss = model.loss(batch, prev_ids=functools.partial(mix, model, batch, 0.5, torch.Generator().manual_seed(3)))
    assert len(reads) == 1
    parameters = list(model.parameters())
    torch.testing.assert_close(loss, expected)
    torch.testing.assert_close(*(torch.autograd.grad(value, parameters) for value in (loss, expected)))


MODELS_WORD, TRUE_WORD = 8, 5


def one_word_against_another() -> tuple[torch.nn.Module, Batch]:
    """Return a model that always predicts one word, and many long targets of another word."""
    model = with_bias(small_model(LUONG), [MODELS_WORD], 100.0)
    batch, copies = small_batch(), 60
    tgt_ids = torch.full((copies, 41), TRUE_WORD)
    src = [part[:1].expand(copies, *part.shape[1:]) for part in (batch.src_ids, batch.src_lengths)]
    return model, Batch(*src, tgt_ids, torch.full((copies,), 41))


@both_forms
@pytest.mark.parametrize("ratio", [0.25, 0.8])
def test_every_word_has_its_own_random_draw_with_the_ratio_as_probability(mix, ratio, rng):
    model, batch = one_word_against_another()
    true = mix(model, batch, ratio, rng)[:, 1:] == TRUE_WORD
    assert true.double().mean() == pytest.approx(ratio, abs=0.03)
    for along in (0, 1):  # neither sentences nor positions share a draw
        shares = true.double().mean(dim=along)
        assert 0 < shares.std() < 0.15
    repeats = (true[:, 1:] == true[:, :-1]).double().mean()
    assert repeats == pytest.approx(ratio**2 + (1 - ratio) ** 2, abs=0.04)


@both_forms
def test_random_draws_come_from_the_generator_alone(mix):
    model, batch = one_word_against_another()
    first = mix(model, batch, 0.5, torch.Generator().manual_seed(1))
    torch.manual_seed(99)
    assert torch.equal(mix(model, batch, 0.5, torch.Generator().manual_seed(1)), first)
    assert not torch.equal(mix(model, batch, 0.5, torch.Generator().manual_seed(2)), first)


def test_stepwise_the_models_word_follows_what_was_really_fed(rng):
    """Some row must differ from the parallel form, in which the model reads the true words."""
    model, batch = small_model(LUONG, loudness=4), small_batch(more_padding=4)
    assert not torch.equal(stepwise(model, batch, 0.0, rng), in_parallel(model, batch, 0.0, rng))


@both_forms
def test_choosing_words_leaves_the_batch_as_it_was(mix, rng):
    batch, untouched = small_batch(), small_batch()
    mix(small_model(LUONG), batch, 0.5, rng)
    for f in dataclasses.fields(batch):
        assert torch.equal(getattr(batch, f.name), getattr(untouched, f.name))
