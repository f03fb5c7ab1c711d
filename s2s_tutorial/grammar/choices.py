"""Random choices of the grammar: with a probability, among equals, or by weight.

Every choice uses exactly one value of `random.Random.random`, the only method whose sequence Python promises not to
change between versions. The same seed therefore gives the same corpus everywhere.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import TypeVar

T = TypeVar("T")


class Choices:
    """Source of random choices.

    Args:
        rng: Generator of the random numbers.
    """

    def __init__(self, rng: random.Random) -> None:
        self._random = rng.random

    def fraction(self) -> float:
        """Return a random number from 0 (included) to 1 (excluded)."""
        return self._random()

    def chance(self, probability: float) -> bool:
        """Return True with the given probability."""
        return self._random() < probability

    def choose(self, options: Sequence[T]) -> T:
        """Return one of the options, all equally likely."""
        return options[int(self._random() * len(options))]

    def weighted(self, weights: Mapping[T, int]) -> T:
        """Return one of the keys, with a probability proportional to its weight.

        >>> Choices(random.Random(0)).weighted({"statement": 70, "question": 30})  # the number drawn is 0.84
        'question'

        Raises:
            ValueError: If there are no options.
        """
        number, total, cumulative = self._random(), sum(weights.values()), 0
        for option, weight in weights.items():
            cumulative += weight
            if number < cumulative / total:
                return option
        raise ValueError("there are no options to choose from")
