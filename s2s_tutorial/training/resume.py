"""Resume a run from its newest checkpoint: the state of training that the next step depends on, as tensors by name.

An undamaged checkpoint may still belong to another run, or be untrusted input. So names, shapes, dtypes and values are checked
before anything of it is used.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from s2s_tutorial.files import pack_tensors, unpack_tensors
from s2s_tutorial.runs.checkpoints import Checkpoints
from s2s_tutorial.runs.folder import RunError
from s2s_tutorial.runs.progress import Progress
from s2s_tutorial.training.averaging import AveragedWeights
from s2s_tutorial.training.distributed import Group

RANDOM_STATE_BYTES = (5056, 16)  # of PyTorch's random generators on a CPU and on a CUDA GPU


@dataclass(frozen=True)
class TrainingState:
    """Everything that training changes, except the progress.

    Attributes:
        model: The network; its weights are saved.
        optimiser: Adam; its moments and step counts are saved.
        rng: Random generator of dropout, hidden words and scheduled sampling.
        average: Moving average of the weights; it is saved if there is one.
    """

    model: nn.Module
    optimiser: torch.optim.Optimizer
    rng: torch.Generator
    average: AveragedWeights

    def tensors(self) -> dict[str, Tensor]:
        """Return everything as tensors by name: "model.…", "average.…", "optimiser.…" and "rng"."""
        tensors = self._weights()
        for number, state in self.optimiser.state_dict()["state"].items():
            tensors |= {f"optimiser.{number}.{name}": value for name, value in state.items()}
        return tensors | {"rng": self.rng.get_state()}

    def _weights(self) -> dict[str, Tensor]:
        named = {"model": self.model.state_dict(), "average": self.average.tensors}
        return {f"{part}.{name}": value for part, values in named.items() for name, value in values.items()}

    @property
    def most_bytes(self) -> int:
        """Largest size of these tensors in bytes. Adam keeps two numbers for each weight, and there may be an average."""
        weights = sum(value.nbytes for value in self.model.state_dict().values())
        return 4 * weights + self.rng.get_state().nbytes + (1 << 20)

    def load(self, tensors: Mapping[str, Tensor]) -> None:
        """Restore everything from the result of `tensors`.

        The state of a random generator has another form on another kind of device. Then everything else is restored, and the
        draws that follow are others.

        Raises:
            ValueError: They are the state of another model, or the random state is not one.
        """
        self._check(tensors)

        def part(prefix: str) -> dict[str, Tensor]:
            return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}

        self.model.load_state_dict(part("model."))
        for name, value in part("average.").items():
            self.average.tensors[name].copy_(value)
        state: dict[int, dict[str, Tensor]] = {}
        for name, value in part("optimiser.").items():
            number, kind = name.split(".")
            state.setdefault(int(number), {})[kind] = value
        groups = self.optimiser.state_dict()["param_groups"]
        self.optimiser.load_state_dict({"state": state, "param_groups": groups})
        if self.is_of_another_device(tensors["rng"]):  # other draws, which depend on the checkpoint alone
            digest = hashlib.sha256(tensors["rng"].numpy().tobytes()).digest()
            self.rng.manual_seed(int.from_bytes(digest[:8], "big") >> 1)
        else:
            self.rng.set_state(tensors["rng"])

    def is_of_another_device(self, state: Tensor) -> bool:
        """Return whether a random state was saved on another kind of device, such as a GPU."""
        own = self.rng.get_state()
        return state.dtype == own.dtype and state.dim() == 1 and len(own) != len(state) in RANDOM_STATE_BYTES

    def _check(self, tensors: Mapping[str, Tensor]) -> None:
        needed = self._weights()
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
        if not self.is_of_another_device(tensors["rng"]):
            try:
                torch.Generator(self.rng.device).set_state(tensors["rng"])
            except (RuntimeError, TypeError):
                raise ValueError("its random state is not one of a random generator") from None


def load_newest(
    checkpoints: Checkpoints, state: TrainingState, total_steps: int
) -> tuple[tuple[Path, Progress] | None, list[str]]:
    """Load the newest undamaged checkpoint into a training state.

    Args:
        checkpoints: Checkpoints of the run.
        state: Replaced by the checkpoint's, if there is one.
        total_steps: Steps of the whole run.

    Returns:
        The checkpoint's path and progress, or None if there is no undamaged one; and sentences to show, about damaged files
        and about a checkpoint of another kind of device.

    Raises:
        RunError: The checkpoint is undamaged, but belongs to another run.
        UnreadableFileError: It cannot be read now, though it may be undamaged.
    """
    checkpoints.clear_temporary()
    found, notes = checkpoints.newest()
    if found is None:
        return None, notes
    path, tensors, values = found
    try:
        progress = Progress.from_dict(values)
        if progress.step > total_steps:
            raise ValueError(f"step {progress.step} is after the last one, {total_steps}")
        state.load(tensors)
    except ValueError as error:
        raise RunError(
            f"{path} is not damaged, but not a checkpoint of this run ({error}): move it away to resume from the one "
            "before"
        ) from None
    if state.is_of_another_device(tensors["rng"]) and not progress.finished:
        notes.append(
            f"{path.name} was written on another kind of device. Weights, optimiser and order of the pairs are the same, but the "
            "random draws of dropout are others from here on, and so is the end result."
        )
    return (path, progress), notes


def share_state(
    group: Group, act: Callable[[], None], state: TrainingState, progress: Callable[[], Progress]
) -> Progress:
    """Let the writer change the state of training, and copy the result to the other processes.

    Args:
        group: Processes that train the run together.
        act: What the writer does.
        state: Of this process; replaced by the writer's.
        progress: Returns this process's progress.

    Returns:
        The writer's progress.

    Raises:
        ValueError: The writer could not act, see `Group.from_writer`.
    """

    def act_and_pack() -> bytes:
        act()
        return b"" if group.size == 1 else pack_tensors(state.tensors(), progress().to_dict())

    data = group.from_writer(act_and_pack)
    if group.writes:
        return progress()
    tensors, values = unpack_tensors(data, "what process 0 sent")
    state.load(tensors)
    return Progress.from_dict(values)
