"""The best next words: the rounded form finds the words of the plain one, with nearly the same log-probabilities."""

from dataclasses import replace

import pytest
import torch
from small_models import SIZE, small_batch
from torch.nn import functional as F

from s2s_tutorial.data.vocabulary import PAD, SOS
from s2s_tutorial.model.decoder import LuongDecoder
from s2s_tutorial.model.seq2seq import Seq2Seq
from s2s_tutorial.runs.weights import load_translator
from s2s_tutorial.settings import ModelSettings
from s2s_tutorial.translation import best_words
from s2s_tutorial.translation.best_words import BestWords, best_words_plainly, may_round
from s2s_tutorial.translation.search import beam_search, greedy_search

SETTINGS = ModelSettings("luong", "general", 32, 32, 1, 0.0, tie_embeddings=False)
WORDS = 300


@pytest.fixture
def rounded(monkeypatch):
    """Let every processor use the rounded form; the product itself works on all of them."""
    monkeypatch.setattr(best_words, "rounding_is_faster", lambda: True)


def decoder_of(words: int = WORDS, decoder_class: type[LuongDecoder] = LuongDecoder) -> LuongDecoder:
    torch.manual_seed(0)
    decoder = decoder_class(SETTINGS, words).eval()
    with torch.no_grad():
        decoder.own_output_weight.mul_(4)
        decoder.output_bias.normal_()
    return decoder


def states(count: int = 200) -> torch.Tensor:
    return torch.randn(count, 32, generator=torch.Generator().manual_seed(1)).tanh()


@pytest.mark.parametrize("size", [1, 5])
@torch.no_grad()
def test_the_rounded_form_finds_the_words_of_the_plain_one(rounded, size):
    decoder, attn_states = decoder_of(), states()
    search = BestWords(decoder, size)
    assert search.rounded is not None
    log_probs, ids = search(attn_states)
    plain_log_probs, plain_ids = best_words_plainly(decoder.logits(attn_states), size)
    assert torch.equal(ids, plain_ids)
    torch.testing.assert_close(log_probs, plain_log_probs, rtol=0, atol=5e-3)
    # Differences between words come from single precision alone.
    gaps = (log_probs - log_probs[:, :1], plain_log_probs - plain_log_probs[:, :1])
    torch.testing.assert_close(*gaps, rtol=1e-4, atol=1e-4)


@torch.no_grad()
def test_rounding_alone_would_find_other_words():
    """Without this difference the test above could not fail."""
    decoder, attn_states = decoder_of(), states()
    weight, bias = decoder.output_weight.bfloat16(), decoder.output_bias.bfloat16()
    rough = F.linear(attn_states.bfloat16(), weight, bias).float()
    _, ids = best_words_plainly(rough, 5)
    _, plain_ids = best_words_plainly(decoder.logits(attn_states), 5)
    assert not torch.equal(ids, plain_ids)


@torch.no_grad()
def test_padding_and_sos_are_never_among_the_best(rounded):
    decoder = decoder_of()
    decoder.output_bias[[PAD, SOS]] = 50.0
    log_probs, ids = BestWords(decoder, 5)(states())
    assert not torch.isin(ids, torch.tensor([PAD, SOS])).any()
    assert log_probs.isfinite().all()


@torch.no_grad()
def test_a_small_vocabulary_is_searched_plainly(rounded):
    search = BestWords(decoder_of(words=10), 4)  # 8 words besides PAD and SOS, 9 candidates
    assert search.rounded is None
    assert search(states())[1].shape == (200, 4)


class Cooler(LuongDecoder):
    def logits(self, attn_states: torch.Tensor) -> torch.Tensor:
        return super().logits(attn_states) / 2


@torch.no_grad()
def test_a_decoder_with_another_output_layer_is_searched_by_its_own(rounded):
    decoder, attn_states = decoder_of(decoder_class=Cooler), states()
    log_probs, _ = BestWords(decoder, 3)(attn_states)
    expected, _ = best_words_plainly(decoder.logits(attn_states), 3)
    assert torch.equal(log_probs, expected)


def test_only_single_precision_on_a_processor_is_rounded(rounded):
    assert may_round(torch.zeros(1), "auto")
    assert not may_round(torch.zeros(1, dtype=torch.float64), "bf16")
    assert not may_round(torch.zeros(1, device="meta"), "bf16")


@pytest.mark.parametrize("faster", [False, True])
def test_a_run_in_float32_is_never_rounded_and_one_in_bfloat16_always(monkeypatch, faster):
    monkeypatch.setattr(best_words, "rounding_is_faster", lambda: faster)
    assert [may_round(torch.zeros(1), precision) for precision in ("fp32", "bf16", "auto")] == [False, True, faster]


@torch.no_grad()
def test_a_single_hypothesis_is_searched_plainly(rounded):
    decoder, attn_states = decoder_of(), states(1)
    expected, _ = best_words_plainly(decoder.logits(attn_states), 3)
    assert torch.equal(BestWords(decoder, 3)(attn_states)[0], expected)


@pytest.mark.parametrize("beam_size", [1, 4])
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_a_translator_searches_in_its_precision(monkeypatch, beam_size, precision):
    asked = []
    monkeypatch.setattr(best_words, "may_round", lambda weights, wanted: asked.append(wanted))
    replace(load_translator(), precision=precision).translate(["il dort .", "elle lit ."], beam_size)
    assert asked == [precision]


@pytest.mark.parametrize("decoder", ["luong", "bahdanau"])
def test_searches_find_the_same_hypotheses_with_and_without_rounding(monkeypatch, decoder):
    torch.manual_seed(3)
    settings = ModelSettings(decoder, "general", SIZE, SIZE, 1, 0.0, tie_embeddings=False)
    model, batch = Seq2Seq(settings, 20, WORDS), small_batch()
    with torch.no_grad():
        model.decoder.own_output_weight.mul_(10)
    found = []
    for faster in (False, True):
        monkeypatch.setattr(best_words, "rounding_is_faster", lambda faster=faster: faster)
        n_best = beam_search(model, batch.src_ids, batch.src_lengths, 4, max_length=6)
        found.append(
            [*greedy_search(model, batch.src_ids, batch.src_lengths, 6), *(h for beam in n_best for h in beam)]
        )
    for plain, fast in zip(*found, strict=True):
        assert fast.ids == plain.ids
        assert fast.score == pytest.approx(plain.score, abs=5e-2)
