"""Choosing among the hypotheses of a beam with a second model, and what a model thinks of a given translation."""

import math
from dataclasses import replace

import pytest

from s2s_tutorial.data.rules import UNICODE
from s2s_tutorial.runs.weights import load_translator
from s2s_tutorial.translation.reranking import Candidates, find_candidates, log_probabilities

SENTENCES = ["elle voit le chat .", "le chien dort ."]


@pytest.fixture(scope="module")
def translator(talking_run):
    return load_translator(talking_run)


def test_the_probability_of_a_models_own_translation_is_the_score_of_its_search(translator):
    found = translator.translate_words(SENTENCES)
    means = log_probabilities(translator, SENTENCES, [each.normal_text for each in found])
    for each, mean in zip(found, means, strict=True):
        assert mean == pytest.approx(each.score / (len(each.words) + 1), abs=2e-3)  # with EOS


def test_weight_zero_keeps_the_order_of_the_beam_and_a_large_one_follows_the_way_back(translator):
    # The model reads French on both ways here, which is enough to check whose score decides.
    candidates = find_candidates(translator, translator, SENTENCES, 4)
    assert [each.normal_text for each in candidates.choose(0.0)] == [texts[0] for texts in candidates.texts]
    assert [len(texts) for texts in candidates.texts] == [4, 4]
    for row, each in enumerate(candidates.choose(1e6)):
        best = max(candidates.backward[row])
        chosen = candidates.texts[row].index(each.normal_text)
        assert (candidates.backward[row][chosen], each.score) == (best, candidates.forward[row][chosen])


def test_an_empty_hypothesis_is_never_chosen_for_its_way_back(translator):
    first = translator.translate_words(SENTENCES[:1])
    candidates = Candidates(first, [["a cat .", ""]], [[-2.0, -1.0]], [[-3.0, -math.inf]])
    assert candidates.choose(0.5)[0].normal_text == first[0].normal_text


def test_models_of_different_text_rules_are_refused(translator):
    with pytest.raises(ValueError, match="different text rules"):
        find_candidates(translator, replace(translator, rule=UNICODE), SENTENCES)
