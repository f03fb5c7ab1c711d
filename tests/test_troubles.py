"""The rows of the page "My training does not work": each test causes one symptom on purpose, and removes the cause.

All trainings here learn eight sentence pairs, most of them by heart, in a fraction of a second.
"""

import copy
import math
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from s2s_tutorial.data.batches import Batch, Encoded, epoch_order
from s2s_tutorial.data.text import normalise
from s2s_tutorial.data.vocabulary import EOS, PAD, Vocabulary
from s2s_tutorial.model.attention import masked_softmax
from s2s_tutorial.model.seq2seq import Seq2Seq, shift_right
from s2s_tutorial.settings import ModelSettings
from s2s_tutorial.translation.evaluation import bleu_score
from s2s_tutorial.translation.search import greedy_search, length_penalty

ROOT = Path(__file__).parents[1]
PAIRS = [
    ("le chat dort .", "the cat is sleeping ."),
    ("le chien mange .", "the dog is eating ."),
    ("la fille lit un livre .", "the girl is reading a book ."),
    ("il a faim .", "he is hungry ."),
    ("elle est fatiguee ce soir .", "she is tired tonight ."),
    ("nous partons demain .", "we are leaving tomorrow ."),
    ("ou est la gare ?", "where is the station ?"),
    ("merci .", "thank you ."),
]
SIDES = [list(side) for side in zip(*PAIRS, strict=True)]
SRC_VOCABULARY, TGT_VOCABULARY = map(Vocabulary.count, SIDES)
SRC, TGT = (Encoded.encode(side, words) for side, words in zip(SIDES, (SRC_VOCABULARY, TGT_VOCABULARY), strict=True))
BATCH = Batch.of(SRC, TGT, np.arange(len(PAIRS)))
SETTINGS = ModelSettings(attention="dot", embedding_size=24, hidden_size=24, dropout=0.0)
UNIFORM = math.log(len(TGT_VOCABULARY))  # ln V: the loss of a model that gives all words the same probability


def new_model(settings: ModelSettings = SETTINGS) -> Seq2Seq:
    """Build a model with the same random weights every time."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return Seq2Seq(settings, len(SRC_VOCABULARY), len(TGT_VOCABULARY))


def learn(model: Seq2Seq, rate: float = 2e-2, steps: int = 60, batch: Batch = BATCH, compute=None) -> list[float]:
    """Train with Adam on one batch, and return the loss of every step; `compute` replaces the loss."""
    optimiser = torch.optim.Adam(model.train().parameters(), rate)
    losses = []
    for _ in range(steps):
        loss = (compute or Seq2Seq.loss)(model, batch)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    model.eval()
    return losses


def translations(model: Seq2Seq, batch: Batch = BATCH) -> list[str]:
    """Translate the batch's sources greedily."""
    found = greedy_search(model, batch.src_ids, batch.src_lengths)
    return [" ".join(TGT_VOCABULARY.decode(hypothesis.ids)) for hypothesis in found]


def logits_of(model: Seq2Seq, batch: Batch = BATCH) -> Tensor:
    return model.decoder.logits(model(batch).attn_states)  # (B, T, V)


@pytest.fixture(scope="module")
def good() -> Seq2Seq:
    """A model that has learned the pairs by heart. Tests must not change it."""
    model = new_model()
    learn(model)
    return model


# Before training


def test_a_correct_network_learns_one_batch_by_heart_from_a_first_loss_near_ln_v(good):
    losses = learn(new_model(), steps=60)
    assert losses[0] == pytest.approx(UNIFORM, rel=0.05)
    assert losses[-1] < 0.1
    assert translations(good) == SIDES[1]


def test_large_first_weights_begin_far_above_ln_v():
    model = new_model()
    with torch.no_grad():
        model.decoder.embedding.weight.mul_(math.sqrt(24) * 4)  # tied: these are the output layer's weights too
    assert model.loss(BATCH).item() > 1.5 * UNIFORM


def test_sentences_that_are_not_normalised_like_the_vocabulary_are_mostly_unknown():
    raw = ["Le Chat dort.", "La Fille lit un Livre.", "Elle est fatiguée ce soir."]

    def unknown(sentences: list[str]) -> float:
        words = [word for sentence in sentences for word in sentence.split()]
        return sum(word not in SRC_VOCABULARY for word in words) / len(words)

    assert unknown(raw) >= 0.5
    assert unknown([normalise(sentence) for sentence in raw]) == 0


def test_in_the_wrong_direction_nearly_every_word_is_unknown():
    known = [word in SRC_VOCABULARY for sentence in SIDES[1] for word in sentence.split() if word not in ".?"]
    assert sum(known) / len(known) < 0.1


# The loss


def test_with_a_tiny_learning_rate_the_loss_stays_at_ln_v():
    assert learn(new_model(), rate=1e-6, steps=20)[-1] == pytest.approx(UNIFORM, rel=0.05)


def test_where_the_gradient_is_cut_off_the_encoder_does_not_change():
    model = new_model()
    before = copy.deepcopy(model.encoder.state_dict())

    def cut(model: Seq2Seq, batch: Batch) -> Tensor:
        states, first = (part.detach() for part in model.encoder(batch.src_ids, batch.src_mask))
        output = model.decoder(shift_right(batch.tgt_ids), *model.decoder.start(states, batch.src_mask, first))
        return F.cross_entropy(model.decoder.logits(output.attn_states)[batch.tgt_mask], batch.tgt_ids[batch.tgt_mask])

    cut(model, BATCH).backward()
    assert all(weight.grad is None for weight in model.encoder.parameters())
    learn(model, steps=5, compute=cut)
    assert all(torch.equal(value, before[name]) for name, value in model.encoder.state_dict().items())
    model.loss(BATCH).backward()
    assert all(weight.grad is not None and weight.grad.abs().sum() > 0 for weight in model.encoder.parameters())


def test_with_a_learning_rate_that_is_too_high_the_loss_rises():
    assert learn(new_model(), rate=1.0, steps=20)[-1] > UNIFORM


def test_one_row_without_a_real_word_turns_every_weight_into_nan():
    scores = torch.randn(2, 1, 3, requires_grad=True)  # (B, T, S)
    mask = torch.tensor([[True, True, False], [False, False, False]])
    with pytest.raises(ValueError, match="no real word"):
        new_model().encode(torch.full((1, 2), PAD), torch.zeros(1, 2, dtype=torch.bool))
    weights = masked_softmax(scores, mask)
    assert weights[0].isfinite().all()
    assert weights[1].isnan().all()
    weight = torch.ones(3, requires_grad=True)
    (weights @ weight).mean().backward()
    assert weight.grad.isnan().all()  # and after one step of the optimiser, the weight is NaN as well


def test_gradients_explode_through_many_steps_and_clipping_bounds_them():
    rnn = nn.RNN(4, 4, nonlinearity="relu", batch_first=True, bias=False)
    with torch.no_grad():
        rnn.weight_hh_l0.copy_(1.5 * torch.eye(4))
        rnn.weight_ih_l0.copy_(torch.eye(4))

    def norm(length: int) -> float:
        rnn.zero_grad()
        rnn(torch.ones(1, length, 4))[1].sum().backward()
        return float(nn.utils.clip_grad_norm_(rnn.parameters(), 5.0))  # the norm before clipping

    assert norm(30) > 1e4 * norm(5)
    rest = torch.cat([weight.grad.flatten() for weight in rnn.parameters()]).norm()
    assert rest <= 5.0 * 1.001


def test_a_target_that_is_not_shifted_makes_the_loss_vanish_and_the_translations_wrong():
    """The decoder reads the very word that it should predict, so it learns to copy it."""
    model = new_model(ModelSettings(attention="none", embedding_size=24, hidden_size=24, dropout=0.0))
    losses = learn(model, compute=lambda model, batch: model.loss(batch, prev_ids=batch.tgt_ids))
    assert losses[-1] < 0.1
    assert sum(found == right for found, right in zip(translations(model), SIDES[1], strict=True)) == 0
    shifted = shift_right(BATCH.tgt_ids)
    assert (shifted[:, 1:] == BATCH.tgt_ids[:, :-1]).all()


def test_a_mean_over_padding_looks_better_than_the_model_is():
    short = Batch.of(SRC, TGT, np.array([2, 7, 7, 7]))  # "thank you ." three times beside a longer sentence
    model = new_model()

    def everywhere(model: Seq2Seq, batch: Batch) -> Tensor:
        return F.cross_entropy(logits_of(model, batch).flatten(0, 1), batch.tgt_ids.flatten())

    losses = learn(model, steps=12, batch=short, compute=everywhere)
    with torch.no_grad():
        assert model.loss(short).item() > 1.2 * everywhere(model, short).item()
    assert losses[-1] < losses[0]


def test_on_few_pairs_the_validation_loss_turns_while_the_training_loss_falls():
    few, others = (Batch.of(SRC, TGT, np.arange(*rows)) for rows in ((0, 4), (4, 8)))
    model, validation = new_model(), []
    for _ in range(10):
        training = learn(model, steps=6, batch=few)
        with torch.no_grad():
            validation.append(model.loss(others).item())
    assert training[-1] < 0.05
    assert validation[-1] > min(validation) + 1


def test_a_printed_loss_with_label_smoothing_cannot_reach_0(good):
    with torch.no_grad():
        plain, smoothed = good.loss(BATCH).item(), good.loss(BATCH, label_smoothing=0.1).item()
    words, rest = len(TGT_VOCABULARY), 0.1 / len(TGT_VOCABULARY)
    floor = -(0.9 + rest) * math.log(0.9 + rest) - (words - 1) * rest * math.log(rest)
    assert plain < 0.1
    assert smoothed >= floor > 0.5


# The translations


def test_a_decoder_that_does_not_see_the_source_writes_the_same_for_all():
    model = new_model(ModelSettings(attention="none", embedding_size=24, hidden_size=24, dropout=0.0))
    encode = model.encoder.forward
    model.encoder.forward = lambda *arguments: tuple(0 * part for part in encode(*arguments))  # what it says is lost
    losses = learn(model)
    assert len(set(translations(model))) == 1
    assert losses[-1] > 0.2  # and the loss stops where a model of English alone stops


def test_soon_after_the_start_a_model_repeats_one_word():
    model = new_model()
    learn(model, steps=8, rate=1e-2)
    assert any(re.search(r"\b(\S+)( \1)+", found) for found in translations(model))


def test_without_eos_in_the_targets_a_translation_ends_only_at_its_limit():
    cut = Batch(BATCH.src_ids, BATCH.src_lengths, BATCH.tgt_ids.where(BATCH.tgt_ids != EOS, PAD), BATCH.tgt_lengths - 1)
    model = new_model()
    learn(model, batch=cut)
    found = greedy_search(model, BATCH.src_ids, BATCH.src_lengths, max_length=20)
    assert {len(hypothesis.ids) for hypothesis in found} == {20}


def test_without_a_length_penalty_the_empty_translation_can_win():
    """Every right word gets 0.8, the end mark at the start gets 0.05: thirteen words and their end mark."""
    whole, empty = 14 * math.log(0.8), math.log(0.05)
    assert whole < empty
    assert whole / length_penalty(14, 1.0) > empty / length_penalty(1, 1.0)


def test_in_training_mode_dropout_gives_other_numbers_each_time():
    model = new_model(ModelSettings(attention="dot", embedding_size=24, hidden_size=24, dropout=0.5))
    with torch.no_grad():
        model.train()
        assert not torch.equal(logits_of(model), logits_of(model))
        model.eval()
        assert torch.equal(logits_of(model), logits_of(model))


def test_without_a_mask_padding_takes_attention(good):
    scores = torch.tensor([[-1.0, -2.0, 0.0, 0.0]])  # two words, and two places of padding with a score of 0
    mask = torch.tensor([[True, True, False, False]])
    assert scores.softmax(-1)[0, 2:].sum() > 0.5
    assert masked_softmax(scores[:, None], mask)[0, 0, 2:].tolist() == [0, 0]
    short = int(BATCH.src_lengths.argmin())
    with torch.no_grad():
        assert good(BATCH).attn_weights[short, :, BATCH.src_lengths[short] :].abs().sum() == 0


def test_attention_is_flat_before_training_and_has_peaks_after_it(good):
    longest = int(BATCH.src_lengths.argmax())

    def peak(model: Seq2Seq) -> float:
        with torch.no_grad():
            weights = model(BATCH).attn_weights[longest, : BATCH.tgt_lengths[longest]]  # (T, S)
        return weights.amax(-1).mean().item() * weights.shape[-1]  # 1 if all weights are equal

    assert peak(new_model()) < 1.2
    assert peak(good) > 2


# The score


def test_text_that_is_not_written_like_the_references_scores_0():
    references = [[sentence] for sentence in SIDES[1]]
    shouted = [sentence.upper() for sentence in SIDES[1]]
    assert bleu_score(SIDES[1], references) == pytest.approx(100)
    assert bleu_score(shouted, references) < 5


def test_on_a_small_test_set_the_score_depends_on_which_sentences_are_in_it():
    rng = np.random.default_rng(0)
    right = rng.random(2_000) < 0.7  # a model that translates 70% of all sentences exactly

    def spread(size: int) -> float:
        return float(np.std([rng.choice(right, size).mean() for _ in range(200)]))

    assert spread(20) > 5 * spread(2_000)


# The run and the machine


def test_a_run_that_resumes_without_the_optimisers_state_becomes_another_run():
    def steps(model: Seq2Seq, optimiser: torch.optim.Optimizer, count: int) -> None:
        for _ in range(count):
            optimiser.zero_grad()
            model.loss(BATCH).backward()
            optimiser.step()

    def resumed(with_state: bool) -> Tensor:
        model = new_model()
        optimiser = torch.optim.Adam(model.parameters(), 1e-2)
        steps(model, optimiser, 3)
        saved = copy.deepcopy(model.state_dict()), copy.deepcopy(optimiser.state_dict())
        later = new_model()
        later.load_state_dict(saved[0])
        optimiser = torch.optim.Adam(later.parameters(), 1e-2)
        if with_state:
            optimiser.load_state_dict(saved[1])
        steps(later, optimiser, 3)
        return later.decoder.embedding.weight

    straight = new_model()
    steps(straight, torch.optim.Adam(straight.parameters(), 1e-2), 6)
    assert torch.equal(resumed(with_state=True), straight.decoder.embedding.weight)
    assert not torch.allclose(resumed(with_state=False), straight.decoder.embedding.weight, atol=1e-3)


def test_random_batches_compute_more_padding_than_buckets():
    lengths = np.random.default_rng(0).integers(3, 25, size=2_000)

    def computed(bucketed: bool) -> int:
        batches = epoch_order(lengths, lengths, 64, seed=0, epoch=0, bucketed=bucketed)
        return sum(len(rows) * int(lengths[rows].max()) for rows in batches)

    assert computed(bucketed=False) > 1.6 * computed(bucketed=True)


def test_the_largest_tensor_grows_with_batch_length_and_vocabulary(good):
    with torch.no_grad():
        assert logits_of(good).numel() == BATCH.tgt_ids.numel() * len(TGT_VOCABULARY)


# The page


def test_the_page_names_every_test_of_this_file_once():
    page = (ROOT / "book" / "my-training-does-not-work.md").read_text(encoding="utf-8")
    named = re.findall(r"tests/test_troubles\.py::(\w+)", page)
    defined = {name for name in globals() if name.startswith("test_")}
    assert sorted(named) == sorted(defined - {test_the_page_names_every_test_of_this_file_once.__name__})
