"""List the runs of a folder: where each is, how good it is, and which run it started from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from s2s_tutorial.files import read_json, read_values
from s2s_tutorial.runs.checkpoints import Checkpoints
from s2s_tutorial.runs.folder import Run, RunError, open_run
from s2s_tutorial.runs.progress import Progress
from s2s_tutorial.settings import files_of

DEPTH = ("run.json", "*/run.json", "*/*/run.json")  # where runs are looked for


@dataclass(frozen=True)
class Listed:
    """A run in a list.

    Attributes:
        folder: Path of its folder.
        run: The opened run; None if it cannot be opened.
        progress: Its progress; None if it has no checkpoint that can be read.
        test_bleu: BLEU on its test set; None before it is finished.
        error: Why it cannot be opened.
    """

    folder: Path
    run: Run | None = None
    progress: Progress | None = None
    test_bleu: float | None = None
    error: str = ""

    @property
    def corpus(self) -> str:
        """Name of the corpus, or of its files."""
        return " ".join(Path(path).name for path in files_of(self.run.settings.data.corpus)) if self.run else ""

    @property
    def parent(self) -> str:
        """Path of the run that it started from, as seen from the parent folder of its own; `""` for none."""
        return self.run.parent.removeprefix("../") if self.run else ""


def list_runs(folder: Path) -> list[Listed]:
    """Find the runs in a folder and up to two levels below, sorted by path.

    Raises:
        RunError: There is no such folder.
    """
    if not folder.is_dir():
        raise RunError(f"{folder} is not a folder: give one with runs in it")
    return [_listed(path.parent) for path in sorted(path for pattern in DEPTH for path in folder.glob(pattern))]


def _listed(folder: Path) -> Listed:
    try:
        run = open_run(folder)
    except ValueError as error:
        return Listed(folder, error=str(error))
    progress, bleu = None, None
    try:
        if paths := Checkpoints(folder).paths():
            progress = Progress.from_dict(read_values(paths[-1]))
        if run.scores_path.is_file():
            scores = read_json(run.scores_path)
            bleu = float((scores.get("test") or scores).get("bleu"))
    except (ValueError, TypeError, AttributeError):
        pass  # a damaged file leaves its column empty
    return Listed(folder, run, progress, bleu)
