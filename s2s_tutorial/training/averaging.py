"""Weight averaging: a moving average of the weights, which is evaluated and saved in place of the weights themselves.

Every step moves the weights partly in a random direction, because its batch is a small sample. An average over the last steps
removes most of this noise (Polyak and Juditsky 1992). It costs one pass over the weights per step, and nothing when the model
translates.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn


class AveragedWeights:
    """An exponential moving average of a model's weights.

    After step t it is β·(average before) + (1 − β)·(weights), where β = min(decay, (1 + t) / (10 + t)), so that the first
    weights, which are random, are soon forgotten.

    Args:
        model: Model that is trained.
        decay: Share of the average that a step keeps, from 0 to below 1; 0 makes no average.

    Attributes:
        tensors: The average of each weight, by its name; empty without an average.
    """

    def __init__(self, model: nn.Module, decay: float) -> None:
        self.model, self.decay, self.tensors = model, decay, dict[str, Tensor]()
        self.restart()

    def restart(self) -> None:
        """Make the average equal to the weights of the model."""
        if self.decay:
            self.tensors = {name: weight.clone() for name, weight in self.model.state_dict().items()}

    @torch.no_grad()
    def update(self, step: int) -> None:
        """Add the weights after a step; `step` is its number, from 0."""
        decay = min(self.decay, (1 + step) / (10 + step))
        weights = self.model.state_dict()
        for name, average in self.tensors.items():
            average.lerp_(weights[name], 1.0 - decay)

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """Put the average into the model, and the weights back at the end."""
        self._exchange()
        try:
            yield
        finally:
            self._exchange()

    @torch.no_grad()
    def _exchange(self) -> None:
        weights = self.model.state_dict()
        for name, average in self.tensors.items():
            before = weights[name].clone()
            weights[name].copy_(average)
            average.copy_(before)
