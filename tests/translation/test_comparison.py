"""A comparison of two systems: the test of sacrebleu, and what its result means."""

import random
from dataclasses import replace

import pytest

from s2s_tutorial.translation import comparison
from s2s_tutorial.translation.comparison import Comparison, compare

RNG = random.Random(0)
REFERENCES = [[" ".join(RNG.choices("abcdefgh", k=8))] for _ in range(60)]


def damaged(share: float, seed: int) -> list[str]:
    """Return the references with a share of their words replaced."""
    rng = random.Random(seed)
    return [" ".join("x" if rng.random() < share else word for word in text.split()) for (text,) in REFERENCES]


def test_a_clearly_better_system_is_called_better_whichever_is_named_first():
    good, bad = damaged(0.1, 1), damaged(0.5, 2)
    for names, (one, other) in ((("good", "bad"), (good, bad)), (("bad", "good"), (bad, good))):
        found = compare(names[0], one, names[1], other, REFERENCES)
        assert found.bleu_p < 0.05
        assert (found.bleu > found.other_bleu) == (names[0] == "good")
        assert "so good is better than bad" in found.meaning
    assert found.to_dict()["meaning"] == found.meaning


def test_two_systems_of_the_same_quality_are_not_told_apart():
    found = compare("one", damaged(0.3, 1), "two", damaged(0.3, 2), REFERENCES)
    assert found.bleu_p > 0.05
    assert "do not show which is better, nor that both are equally good" in found.meaning


def test_equal_outputs_have_a_p_value_of_1():
    outputs = damaged(0.3, 1)
    found = compare("one", outputs, "two", outputs, REFERENCES)
    assert (found.bleu_p, found.chrf_p) == (1.0, 1.0)
    assert found.meaning == "Both have the same BLEU."


def test_references_may_be_of_unequal_number_and_few_sentences_are_too_few():
    references = [[*texts, "x y z"][: 1 + row % 2] for row, texts in enumerate(REFERENCES[:8])]
    found = compare("one", damaged(0.1, 1)[:8], "two", damaged(0.6, 2)[:8], references)
    assert "8 sentences are too few for this test" in found.meaning
    assert "nrefs:var" in found.signature


def test_more_sentences_than_fit_in_memory_are_refused(monkeypatch):
    monkeypatch.setattr(comparison, "MOST_COMPARED", 59)
    with pytest.raises(ValueError, match="there are 60 sentences, and a paired test takes at most 59"):
        compare("one", damaged(0, 1), "two", damaged(0, 1), REFERENCES)


def test_the_explanation_never_says_that_chance_is_impossible():
    found = Comparison("one", "two", 100, 40.0, 10.0, 0.000999, 50.0, 20.0, 0.000999, "signature")
    assert "in 0.1% or less of such test sets" in found.meaning
    assert "in about 0.2% of such test sets" in replace(found, bleu_p=0.002).meaning
    assert "at least 0.02 BLEU" in replace(found, bleu=10.02).meaning
