"""Everything that decides how training goes on, as tensors and plain values, and back again.

A checkpoint that is whole may still be of another run, or made up. Names, shapes, kinds and values are checked before
anything of it is used.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class TrainingState:
    """What training changes.

    Attributes:
        model: its weights.
        optimiser: its moments.
        rng: of dropout, hidden words and sampling.
    """

    model: nn.Module
    optimiser: torch.optim.Optimizer
    rng: torch.Generator

    def tensors(self) -> dict[str, Tensor]:
        """All of it, by name."""
        tensors = {f"model.{name}": value for name, value in self.model.state_dict().items()}
        for number, state in self.optimiser.state_dict()["state"].items():
            tensors |= {f"optimiser.{number}.{name}": value for name, value in state.items()}
        return tensors | {"rng": self.rng.get_state()}

    @property
    def most_bytes(self) -> int:
        """The bytes that these tensors can have. Adam keeps two numbers for each weight."""
        weights = sum(value.nbytes for value in self.model.state_dict().values())
        return 3 * weights + self.rng.get_state().nbytes + (1 << 20)

    def load(self, tensors: Mapping[str, Tensor]) -> None:
        """Take everything from what `tensors` gave.

        Raises:
            ValueError: the state of another model, or of a random generator on another kind of device.
        """
        self._check(tensors)

        def part(prefix: str) -> dict[str, Tensor]:
            return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}

        self.model.load_state_dict(part("model."))
        state: dict[int, dict[str, Tensor]] = {}
        for name, value in part("optimiser.").items():
            number, kind = name.split(".")
            state.setdefault(int(number), {})[kind] = value
        groups = self.optimiser.state_dict()["param_groups"]
        self.optimiser.load_state_dict({"state": state, "param_groups": groups})
        self.rng.set_state(tensors["rng"])

    def _check(self, tensors: Mapping[str, Tensor]) -> None:
        needed = {f"model.{name}": value for name, value in self.model.state_dict().items()}
        parameters = [parameter for group in self.optimiser.param_groups for parameter in group["params"]]
        moments = {
            f"optimiser.{number}.{kind}": value
            for number, parameter in enumerate(parameters)
            for kind, value in (("step", torch.tensor(0.0)), ("exp_avg", parameter), ("exp_avg_sq", parameter))
        }
        for name, value in tensors.items():
            like = needed.get(name, moments.get(name))
            if name != "rng" and (like is None or (value.shape, value.dtype) != (like.shape, like.dtype)):
                raise ValueError(f"{name} of shape {tuple(value.shape)} is not of this model")
        missing = sorted((needed.keys() | {"rng"}) - tensors.keys())
        # A weight that got no gradient yet has no moments; one that has some has all.
        for number in range(len(parameters)):
            kinds = {f"optimiser.{number}.{kind}" for kind in ("step", "exp_avg", "exp_avg_sq")}
            if kinds & tensors.keys():
                missing += sorted(kinds - tensors.keys())
        if missing:
            raise ValueError(f"{missing[0]} is missing")
        try:
            torch.Generator(self.rng.device).set_state(tensors["rng"])
        except (RuntimeError, TypeError):
            raise ValueError("its random state is of another kind of device than this one") from None
