"""Resume a run from its newest checkpoint, and share its state between processes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from s2s_tutorial.files import pack_tensors, unpack_tensors
from s2s_tutorial.runs.checkpoints import Checkpoints
from s2s_tutorial.runs.folder import RunError
from s2s_tutorial.runs.progress import Progress
from s2s_tutorial.training.distributed import Group
from s2s_tutorial.training.resume_state import TrainingState


def load_newest(
    checkpoints: Checkpoints, state: TrainingState, total_steps: int
) -> tuple[tuple[Path, Progress] | None, list[str]]:
    """Load the newest undamaged checkpoint into a training state.

    Args:
        checkpoints: Checkpoints of the run.
        state: Replaced by the checkpoint's, if there is one.
        total_steps: Steps of the whole run.

    Returns:
        The checkpoint's path and progress, or None if there is no undamaged one; and a sentence for each damaged file.

    Raises:
        RunError: The checkpoint is undamaged, but belongs to another run or another kind of device.
        UnreadableFileError: It cannot be read now, though it may be undamaged.
    """
    checkpoints.clear_temporary()
    found, damaged = checkpoints.newest()
    if found is None:
        return None, damaged
    path, tensors, values = found
    try:
        progress = Progress.from_dict(values)
        if progress.step > total_steps:
            raise ValueError(f"step {progress.step} is after the last one, {total_steps}")
        state.load(tensors)
    except ValueError as error:
        raise RunError(
            f"{path} is not damaged, but not a checkpoint of this run ({error}): use the device it was trained on, or "
            "move it away to resume from the one before"
        ) from None
    return (path, progress), damaged


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
