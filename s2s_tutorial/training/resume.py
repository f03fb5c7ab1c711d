"""Resume a run from its newest checkpoint, and describe in a sentence where a session of training ended."""

from __future__ import annotations

from pathlib import Path

from s2s_tutorial.runs.checkpoints import Checkpoints
from s2s_tutorial.runs.folder import RunError
from s2s_tutorial.runs.progress import Progress
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


def describe_outcome(progress: Progress, total_steps: int, folder: Path, stopped: bool, in_notebook: bool) -> str:
    """Return a sentence or two about how training ended, or where it was stopped.

    Args:
        progress: Where the run is.
        total_steps: Steps of the whole run.
        folder: Folder of the run.
        stopped: Whether it was stopped before its end.
        in_notebook: Whether a cell of a notebook started it.
    """
    if stopped:
        again = "this cell" if in_notebook else "the same cell or command"
        return (
            f"Stopped after step {progress.step:,} of {total_steps:,}; everything is saved in {folder}. "
            f"Run {again} again to resume."
        )
    return (
        f"Trained {progress.step:,} of {total_steps:,} steps in {progress.seconds:,.0f} s; best validation BLEU "
        f"{progress.best_bleu:.1f} at step {progress.best_step:,}."
    )


def disk_error(error: OSError, progress: Progress, folder: Path) -> RunError:
    """Return the error to raise when the run's files could not be read or written, with what to do about it.

    Args:
        error: Raised by the system.
        progress: Where the run is.
        folder: Folder of the run.
    """
    return RunError(
        f"training stopped after step {progress.step:,}: {error.filename or folder}: {error.strerror or error}. Make "
        "room, or make the place writable, and run the same cell or command again: it resumes from the last checkpoint"
    )
