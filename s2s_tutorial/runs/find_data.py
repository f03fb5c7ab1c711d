"""Find the sentence pairs of a run again, by their content: the files may have been moved, and so may the run."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

from s2s_tutorial.data.columns import CorpusError
from s2s_tutorial.data.readers import content_digest
from s2s_tutorial.runs.folder import Run, RunError
from s2s_tutorial.settings import BUILT_IN, DataSettings, Files, files_of


def data_of(settings: DataSettings, folder: Path) -> tuple[str, str]:
    """Return what a new run remembers of its data.

    Args:
        settings: Settings of the data.
        folder: Folder of the run.

    Returns:
        The SHA-256 of its files, and the working directory, as a path from the folder; both are `""` if they are not known.
    """
    try:
        digest = content_digest(settings)
    except (CorpusError, OSError):  # the corpus was not read from these files, but made by the caller
        return "", ""
    try:
        return digest, Path(os.path.relpath(Path.cwd(), folder)).as_posix()
    except ValueError:  # on another drive of Windows
        return digest, ""


def find_data(run: Run, corpus: Files = "") -> DataSettings:
    """Return the settings of a run's data with paths at which its files are now.

    A path is looked up from the working directory, and from the one in which the run was started, which is remembered as a
    path from the run's folder. A file of another content is not taken.

    Args:
        run: The run.
        corpus: Path of the corpus, or paths of two parallel files; `""` to look them up.

    Raises:
        RunError: The files are not found, or have changed.
    """
    settings = run.settings.data
    if corpus:
        settings = replace(settings, corpus=corpus)
    changed = False
    for base in (Path(), run.folder / run.started_in):
        moved = replace(
            settings,
            corpus=settings.corpus if settings.corpus in BUILT_IN else _below(base, settings.corpus),
            valid=_below(base, settings.valid),
            test=_below(base, settings.test),
        )
        try:
            digest = content_digest(moved)
        except CorpusError as error:
            if settings.corpus == "tatoeba":
                raise RunError(f"the pairs that {run.folder} was trained on cannot be read: {error}") from None
            continue
        if run.data in ("", digest):
            return moved
        changed = True
    raise RunError(_why_not(run, settings, corpus, changed))


def _why_not(run: Run, settings: DataSettings, corpus: Files, changed: bool) -> str:
    """Explain that the pairs of a run are not found, or have changed, and what to do."""
    if changed and corpus:
        return (
            f"{' and '.join(files_of(corpus))} does not hold the pairs that {run.folder} was trained on, or these have changed: "
            "give the old file (--corpus FILE), or measure on other pairs (--pairs FILE)"
        )
    names = ", ".join(file for files in (settings.corpus, settings.valid, settings.test) for file in files_of(files))
    if changed:
        return (
            f"the pairs that {run.folder} was trained on have changed, so that its test set is not held out any more: "
            f"restore {names}, give the old file (--corpus FILE), or train a new run"
        )
    return (
        f"the pairs that {run.folder} was trained on are not found ({names}): give the path where they are now "
        "(--corpus FILE), or other pairs to measure on (--pairs FILE)"
    )


def has_content(run: Run, corpus: Files) -> bool:
    """Return whether a file, or two, hold the pairs that a run was trained on."""
    try:
        return run.data != "" and run.data == content_digest(replace(run.settings.data, corpus=corpus))
    except CorpusError:
        return False


def with_paths_of(before: DataSettings, now: DataSettings) -> DataSettings:
    """Return settings with the paths of earlier ones: the same files may have moved, or have their paths spelled otherwise."""
    paths: dict[str, Any] = {}
    for name in ("corpus", "valid", "test"):
        files = getattr(before, name), getattr(now, name)
        if all(files) and not any(each in BUILT_IN for each in files):
            paths[name] = files[0]
    return replace(now, **paths)


def _below(base: Path, files: Files) -> Files:
    """Return paths as seen from a folder; absolute ones stay as they are."""
    paths = [str(base / path) for path in files_of(files)]
    return "" if not paths else paths[0] if len(paths) == 1 else (paths[0], paths[1])
