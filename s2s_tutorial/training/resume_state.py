"""The state of training that the next step depends on, as tensors by name.

An undamaged checkpoint may still belong to another run, or be untrusted input. So names, shapes, dtypes and values are checked
before anything of it is used.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class TrainingState:
    """Everything that training changes, except the progress.

    Attributes:
        model: The network; its weights are saved.
        optimiser: Adam; its moments and step counts are saved.
        rng: Random generator of dropout, hidden words and scheduled sampling.
    """

    model: nn.Module
    optimiser: torch.optim.Optimizer
    rng: torch.Generator

    def tensors(self) -> dict[str, Tensor]:
        """Return everything as tensors by name: "model.…", "optimiser.…" and "rng"."""
        tensors = {f"model.{name}": value for name, value in self.model.state_dict().items()}
        for number, state in self.optimiser.state_dict()["state"].items():
            tensors |= {f"optimiser.{number}.{name}": value for name, value in state.items()}
        return tensors | {"rng": self.rng.get_state()}

    @property
    def most_bytes(self) -> int:
        """Largest size of these tensors in bytes. Adam keeps two numbers for each weight."""
        weights = sum(value.nbytes for value in self.model.state_dict().values())
        return 3 * weights + self.rng.get_state().nbytes + (1 << 20)

    def load(self, tensors: Mapping[str, Tensor]) -> None:
        """Restore everything from the result of `tensors`.

        Raises:
            ValueError: They are the state of another model, or of a random generator on another kind of device.
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
                raise ValueError(f"{name} of shape {tuple(value.shape)} does not belong to this model")
        missing = sorted((needed.keys() | {"rng"}) - tensors.keys())
        # A weight that has had no gradient yet has no moments; any other weight has all of them.
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
