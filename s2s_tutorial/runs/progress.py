"""Where a run is: steps done, time spent, best score. Every checkpoint holds it."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, fields
from typing import Any


@dataclass
class Progress:
    """Where a run is. Every value is saved in its checkpoints.

    Attributes:
        step: Optimiser steps done.
        seconds: Training time over all sessions.
        loss: Running mean of the training loss in nats per word, for the progress line.
        best_bleu: Highest validation BLEU so far, from 0 to 100; -1 before the first evaluation.
        best_step: Step of that evaluation.
        worse_evaluations: Evaluations since then that count against the patience, see `training.optimiser.patience_counts`.
        finished: Whether training has reached its end.
    """

    step: int = 0
    seconds: float = 0.0
    loss: float = 0.0
    best_bleu: float = -1.0
    best_step: int = 0
    worse_evaluations: int = 0
    finished: bool = False

    def is_out_of_time(self, max_minutes: float | None) -> bool:
        """Check whether training has taken `max_minutes`, over all sessions; None for no limit."""
        return max_minutes is not None and self.seconds >= 60.0 * max_minutes

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Any) -> Progress:
        """Build a progress from the result of `to_dict`.

        Raises:
            ValueError: The values are not those of a progress.
        """
        known: dict[str, type[Any]] = {field.name: type(field.default) for field in fields(cls)}
        if not isinstance(values, dict) or set(values) != set(known):
            raise ValueError(f"expected the values {', '.join(known)}")
        for name, kind in known.items():
            value = values[name]
            # A loss may be NaN: a run whose learning rate is too high ends like this, and can still be opened.
            if type(value) is not kind and not (kind is float and type(value) is int):
                raise ValueError(f"{name} is not of type {kind.__name__}")
            if kind is int and value < 0:
                raise ValueError(f"{name} is below 0")
        if not 0.0 <= values["seconds"] < math.inf:
            raise ValueError("seconds is negative or not finite")
        return cls(**values)
