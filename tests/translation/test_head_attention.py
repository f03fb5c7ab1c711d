"""Attention of every head for given translations: the model's own is their mean, and pieces are joined to words."""

import pytest
import torch
from small_models import FAMILIES, half_learnt, small_vocabularies, transformer

from s2s_tutorial.data.pieces import PieceVocabulary
from s2s_tutorial.data.rules import UNICODE
from s2s_tutorial.model.seq2seq import Seq2Seq
from s2s_tutorial.translation.evaluation import score_alignments
from s2s_tutorial.translation.head_attention import head_attention, sentence_heads
from s2s_tutorial.translation.translator import Translator

SOURCES, TARGETS = ["a b c", "d", "a zebra e g"], ["p q", "r s t", "okapi"]


@pytest.fixture(scope="module")
def translator() -> Translator:
    return Translator(half_learnt(transformer()), *small_vocabularies())


def test_forced_attention_is_the_mean_of_the_top_layers_heads(translator):
    found = head_attention(translator, SOURCES, TARGETS)
    for weights, forced in zip(found, translator.forced_attention(SOURCES, TARGETS), strict=True):
        torch.testing.assert_close(weights[-1].mean(dim=0), forced)
    assert [tuple(weights.shape) for weights in found] == [(2, 2, 3, 4), (2, 2, 4, 2), (2, 2, 2, 5)]
    assert 0 <= score_alignments([weights[0, 1] for weights in found], [frozenset({(0, 0)})] * 3)["aer"] <= 1


def test_a_sentence_on_its_own_has_the_same_weights(translator):
    for source, target, weights in zip(SOURCES, TARGETS, head_attention(translator, SOURCES, TARGETS), strict=True):
        found = sentence_heads(translator, source, target)
        torch.testing.assert_close(found.cross[:, 0], weights)
        s, t = len(source.split()) + 1, len(target.split()) + 1
        assert (found.encoder.shape, found.decoder.shape) == ((2, 1, 2, s, s), (2, 1, 2, t, t))


def test_between_words_as_for_the_models_own_attention():
    counts = {word: 3 for line in ("Un été.", "One summer.") for word in UNICODE.split(line)}
    vocabulary = PieceVocabulary.learn(counts, 600)
    model = Seq2Seq(transformer(), len(vocabulary), len(vocabulary)).eval()
    translator = Translator(model, vocabulary, vocabulary, "xx", rule=UNICODE)
    pair = ["Un été."], ["One “summer”."]
    (weights,), (own,) = head_attention(translator, *pair), translator.word_attention(*pair)
    assert weights.shape == (2, 2, 4, 4)
    torch.testing.assert_close(weights[-1].mean(dim=0), own)


def test_a_recurrent_network_has_no_heads():
    with pytest.raises(ValueError, match="has no heads"):
        head_attention(Translator(half_learnt(FAMILIES[0]), *small_vocabularies()), SOURCES, TARGETS)
