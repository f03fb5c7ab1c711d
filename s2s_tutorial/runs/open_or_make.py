"""Open the run of a folder to resume it, or make a new one there."""

from __future__ import annotations

from dataclasses import fields, replace

from s2s_tutorial.runs.checkpoints import Checkpoints
from s2s_tutorial.runs.folder import Run, RunError, open_run
from s2s_tutorial.runs.lock import HOLDER, LOCK, hold
from s2s_tutorial.settings import BUILT_IN, Settings


def open_or_make(run: Run) -> Run:
    """Open the run that the folder holds, or write this one there if the folder is new.

    Args:
        run: The run as its settings describe it.

    Returns:
        The run as the folder holds it.

    Raises:
        RunError: The folder holds a run with other settings, other data or another start, or other files.
    """
    folder = run.folder
    if not (folder / "run.json").exists():
        if folder.exists() and any(
            path.suffix != ".tmp" and path.name not in (LOCK, HOLDER) for path in folder.iterdir()
        ):
            raise RunError(f"{folder} is not empty and holds no run: give a new folder, and it will be made")
        folder.mkdir(parents=True, exist_ok=True)
        with hold(folder):  # if two processes begin at the same time, one writes and the other is refused
            if not (folder / "run.json").exists():
                Checkpoints(folder).clear_temporary()
                run.save()
    before = open_run(folder)
    settings = _with_paths_of(before.settings, run.settings)
    if before.settings != settings:
        raise RunError(
            f"{folder} holds a run with other settings ({_difference(before.settings, settings)}): use these, or "
            "give another folder"
        )
    if (before.src_vocabulary, before.tgt_vocabulary) != (run.src_vocabulary, run.tgt_vocabulary):
        raise RunError(f"{folder} was trained on other sentence pairs: give it the same file, or give another folder")
    if before.start != run.start:
        names = [repr(name) if name else "nothing borrowed" for name in (before.start, run.start)]
        raise RunError(f"{folder} began with {names[0]}, not with {names[1]}: give it that, or give another folder")
    return before


def _with_paths_of(before: Settings, now: Settings) -> Settings:
    """Return settings with the paths of earlier ones: the same files may have been moved, or their path spelled otherwise."""
    paths = {
        name: getattr(before.data, name)
        for name in ("corpus", "valid", "test")
        if getattr(now.data, name)
        and getattr(before.data, name)
        and {getattr(now.data, name), getattr(before.data, name)}.isdisjoint(BUILT_IN)
    }
    return replace(now, data=replace(now.data, **paths))


def _difference(before: Settings, now: Settings) -> str:
    """Describe the first setting that differs, with both values."""
    if before.name != now.name:
        return f"preset {before.name}, not {now.name}"
    for part in ("data", "model", "training"):
        old, new = getattr(before, part), getattr(now, part)
        for field in fields(old):
            if (a := getattr(old, field.name)) != (b := getattr(new, field.name)):
                return f"{field.name} {a}, not {b}"
    return "none differs"
