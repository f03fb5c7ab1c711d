"""Execute the chapters as the book shows them, and write each notebook beside its script.

    make outputs                                        all chapters, at scale standard
    .venv/bin/python book/_tools/outputs.py 06_attention 14_seeing_attention
    .venv/bin/python book/_tools/outputs.py --refresh   after a change of prose, or of source that chapters show: no
                                                        cell is executed, and every other output stays
    .venv/bin/python book/_tools/outputs.py --refresh --changed 17_which_attention    after a change of code that takes
                                                        long to execute: changed cells have no output until then

A round executes every chapter once, in a new folder of runs, so no chapter finds a finished training of an earlier round. A
stopped round resumes with the chapter in which it was stopped, and training resumes from its last checkpoint. A chapter's
seconds include all its attempts in the round.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
import time
from difflib import SequenceMatcher
from pathlib import Path
from typing import Annotated, Any

import jupytext
import nbformat
import typer
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

ROOT = Path(__file__).parents[2]
NOTEBOOKS = ROOT / "notebooks"
# An attention view: its style, its data, its script.
VIEW = re.compile(r'^<style>.*?</style>(\n<div class="s2s-view">.*</div>\n)<script>.*</script>$', re.DOTALL)
HIDDEN = {"hide-input": "source", "hide-output": "outputs"}  # tags, and the part of a cell that each folds
SOLUTION = "### Solution"
ROUND = ROOT / "_build" / "outputs"
sys.path.insert(0, str(ROOT))  # the package in this repository

from s2s_tutorial.files import write_atomically, write_json  # noqa: E402
from s2s_tutorial.runs.folder import versions  # noqa: E402


def main(
    chapters: Annotated[
        list[str] | None, typer.Argument(help="Names of chapters, such as 06_attention; all by default.")
    ] = None,
    scale: Annotated[
        str, typer.Option(help="Scale of the chapters: small, standard or large; only standard is committed.")
    ] = "standard",
    refresh: Annotated[
        bool, typer.Option("--refresh", help="Update only prose and shown package source; execute nothing.")
    ] = False,
    changed: Annotated[
        bool, typer.Option("--changed", help="With --refresh, also take over changed code, without its output.")
    ] = False,
    again: Annotated[
        bool, typer.Option("--again", help="Begin a new round, even if the last one is not finished.")
    ] = False,
) -> None:
    """Execute chapters and write their notebooks."""
    known = sorted(path.stem for path in NOTEBOOKS.glob("[0-9]*.py"))
    for name in chapters or []:
        if name not in known:
            raise typer.BadParameter(f"no chapter is called {name!r}; there are: {', '.join(known)}")
    if refresh:
        for name in chapters or known:
            refresh_notebook(name, changed)
        return
    if again:
        shutil.rmtree(ROUND, ignore_errors=True)
    run_round(chapters or [], known, scale)


def run_round(chapters: list[str], known: list[str], scale: str) -> None:
    """Execute the named chapters, or those that are missing in the round, and note the time of each."""
    state_path = ROUND / f"{scale}.json"
    state: dict[str, Any] = json.loads(state_path.read_text()) if state_path.is_file() else {}
    for name in chapters or [name for name in known if not state.get(name, {}).get("done")]:
        last = state.get(name, {}).get("seconds", 0.0)
        # A chapter that is executed again finds its trainings finished, and would seem to take no time.
        before, least = (0.0, last) if state.get(name, {}).get("done") else (last, 0.0)
        print(f"{name} …", end=" ", flush=True)
        start = time.monotonic()
        done = False
        try:
            execute(name, scale, start - before, least)
            done = True
        finally:
            seconds = max(before + time.monotonic() - start, least)
            state[name] = {"seconds": seconds, "done": done}
            ROUND.mkdir(parents=True, exist_ok=True)
            write_json(state_path, state)
            print(f"{seconds:.0f} s" if done else f"not finished after {seconds:.0f} s", flush=True)
    if all(state.get(name, {}).get("done") for name in known):
        total = sum(values["seconds"] for values in state.values())
        print(f"All {len(known)} chapters: {total / 60:.0f} minutes. The next call begins a new round.")
        shutil.rmtree(ROUND)


def execute(name: str, scale: str, start: float, least: float = 0.0) -> None:
    """Execute one chapter at a scale and write its notebook, with the seconds since `start`, or `least` if that is more."""
    notebook = jupytext.read(NOTEBOOKS / f"{name}.py")
    # Relative to the kernel's folder, so that no output contains a path of this machine.
    runs = os.path.relpath(ROUND / f"runs-{scale}", NOTEBOOKS)
    environment = os.environ | {"S2S_SCALE": scale, "S2S_RUNS": runs, "PYTHONPATH": str(ROOT)}
    client = NotebookClient(
        notebook,
        timeout=None,
        kernel_name="python3",
        record_timing=False,
        resources={"metadata": {"path": str(NOTEBOOKS)}},
    )
    try:
        client.execute(env=environment)
    except CellExecutionError as error:
        raise SystemExit(f"{name} stopped with an error:\n{error}") from None
    notebook.metadata["language_info"] = {"name": "python", "file_extension": ".py", "mimetype": "text/x-python"}
    notebook.metadata["s2s_tutorial"] = {
        "scale": scale,
        "seconds": round(max(time.monotonic() - start, least)),
        "cores": os.cpu_count(),
        "versions": versions(),
    }
    write(NOTEBOOKS / f"{name}.ipynb", notebook)


def write(path: Path, notebook: nbformat.NotebookNode) -> None:
    """Write a notebook atomically, with cell ids that do not change from one execution to the next."""
    for number, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{number}"
        cell.metadata.pop("lines_to_next_cell", None)  # jupytext's note about the script's empty lines
    fold(notebook)
    nbformat.validate(notebook)
    write_atomically(path, (nbformat.writes(notebook) + "\n").encode())


def fold(notebook: nbformat.NotebookNode) -> None:
    """Fold helper cells and solutions, with the metadata that each program reads.

    JupyterLab reads `jupyter` and `heading_collapsed` in a cell, Colab `collapsed_sections` in the notebook. The scripts do
    not contain them, because they follow from tags and headings.
    """
    folded = []
    for cell in notebook.cells:
        tags = cell.metadata.get("tags", [])
        hidden = {f"{part}_hidden": True for tag, part in HIDDEN.items() if tag in tags}
        if hidden:
            cell.metadata["jupyter"] = hidden
        if cell.cell_type == "markdown" and cell.source.startswith(SOLUTION):
            cell.metadata |= {"heading_collapsed": True, "jp-MarkdownHeadingCollapsed": True, "id": cell["id"]}
            folded.append(cell["id"])
    notebook.metadata["colab"] = {"collapsed_sections": folded}


def refresh_notebook(name: str, changed: bool = False) -> None:
    """Update a notebook's prose and the package source that it shows; keep all other outputs.

    Args:
        name: Name of the chapter.
        changed: Also take over changed code. These cells have no output until the next execution, and the status page counts
            them.

    Raises:
        SystemExit: A code cell has changed, so the outputs would not belong to it.
    """
    script, notebook = jupytext.read(NOTEBOOKS / f"{name}.py"), nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4)
    before, now = ([cell for cell in book.cells if cell.cell_type == "code"] for book in (notebook, script))
    if [cell.source for cell in before] != [cell.source for cell in now] and not changed:
        raise SystemExit(f"{name} has changed code: execute it (book/_tools/outputs.py {name})")
    waiting = len(now) - take_over_outputs(before, now)
    for cell in now:
        for output in cell.outputs:
            refresh_output(output)
    made = notebook.metadata["s2s_tutorial"]
    made.pop("waiting", None)
    if waiting:
        made["waiting"] = waiting
    notebook.cells = script.cells
    write(NOTEBOOKS / f"{name}.ipynb", notebook)


def take_over_outputs(before: list[Any], now: list[Any]) -> int:
    """Copy the outputs of executed cells to the cells with the same code; return how many there are."""
    same = SequenceMatcher(None, *([cell.source for cell in cells] for cells in (before, now)), autojunk=False)
    executed = 0
    for first, second, size in same.get_matching_blocks():
        for old, new in zip(before[first : first + size], now[second : second + size], strict=True):
            if old.execution_count or not old.source.strip():
                executed += 1
                new["outputs"], new["execution_count"] = old.outputs, executed
    return executed


def refresh_output(output: Any) -> None:
    """Update an output that shows source of the package, or an attention view with its script."""
    from pkgutil import resolve_name

    from s2s_tutorial.notebook.plots import view_parts
    from s2s_tutorial.notebook.show import source_markdown

    if shown := output.get("metadata", {}).get("source_of"):
        text = source_markdown(resolve_name(shown))
        output["data"] = {"text/markdown": text, "text/plain": text}
    if view := VIEW.search(output.get("data", {}).get("text/html", "")):
        start, end = view_parts()
        output["data"]["text/html"] = start + view[1] + end


if __name__ == "__main__":
    typer.run(main)
