"""Tests of the random choices of the grammar."""

import random
from collections import Counter

import pytest

from s2s_tutorial.grammar.choices import Choices
from s2s_tutorial.grammar.french import clauses, questions, random_phrases, short_sentences


class FixedNumbers(random.Random):
    """Generator that returns the given numbers, each once."""

    def __init__(self, *numbers: float) -> None:
        super().__init__()
        self.numbers = list(numbers)

    def random(self) -> float:
        return self.numbers.pop(0)


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (0.0, "statement"),
        (0.549, "statement"),
        (0.55, "negative"),
        (0.719, "negative"),
        (0.72, "question"),
        (0.999, "question"),
    ],
)
def test_a_weighted_choice_takes_the_option_into_whose_share_the_number_falls(number, expected):
    weights = {"statement": 55, "negative": 17, "question": 28}
    assert Choices(FixedNumbers(number)).weighted(weights) == expected


def test_only_the_ratios_of_the_weights_matter_and_an_option_of_weight_0_is_never_chosen():
    for number in (0.0, 0.2, 0.5, 0.7, 0.99):
        small = Choices(FixedNumbers(number)).weighted({"never": 0, "a": 1, "b": 2})
        large = Choices(FixedNumbers(number)).weighted({"never": 0, "a": 100, "b": 200})
        assert small == large != "never"


def test_options_are_chosen_as_often_as_their_weights_say():
    draw = Choices(random.Random(0))
    counts = Counter(draw.weighted({"a": 1, "b": 3}) for _ in range(20_000))
    assert counts["b"] / counts.total() == pytest.approx(0.75, abs=0.02)
    counts = Counter(draw.choose("abcd") for _ in range(20_000))
    assert all(count / counts.total() == pytest.approx(0.25, abs=0.02) for count in counts.values())
    assert sum(draw.chance(0.3) for _ in range(20_000)) / 20_000 == pytest.approx(0.3, abs=0.02)


def test_every_choice_uses_exactly_one_random_number():
    rng = FixedNumbers(0.1, 0.2, 0.3, 0.4)
    draw = Choices(rng)
    draw.chance(0.5)
    draw.choose("abc")
    draw.weighted({"a": 1, "b": 2, "c": 3})
    assert draw.fraction() == 0.4
    assert rng.numbers == []


def test_a_weighted_choice_among_no_options_is_an_error():
    with pytest.raises(ValueError, match="no options"):
        Choices(random.Random(0)).weighted({})


@pytest.mark.parametrize(
    "weights",
    [
        clauses.TENSES,
        clauses.LASTING_NEGATIONS,
        *clauses.NEGATIONS_IN.values(),
        questions.FORMS,
        questions.OPEN_QUESTIONS,
        random_phrases.COUNT_DETERMINERS,
        random_phrases.DEFINITE_DETERMINERS,
        random_phrases.MASS_DETERMINERS,
        random_phrases.OWN_DETERMINERS,
        short_sentences.FORMS,
    ],
)
def test_percentages_add_up_to_100(weights):
    assert sum(weights.values()) == 100
