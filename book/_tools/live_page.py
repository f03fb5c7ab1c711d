"""A page with only the live translator, for a look at it and for its tests in a browser.

    python book/_tools/live_page.py FOLDER [RUN …]

exports the runs (by default the book's own models) into FOLDER/models, copies the scripts to FOLDER/web and writes
FOLDER/index.html. Open that file; a server is not needed.
"""

import sys
from pathlib import Path
from typing import Annotated

import typer

sys.path.insert(0, str(Path(__file__).parents[1] / "_ext"))

from s2s_live import write_models

from s2s_tutorial.runs.folder import open_run
from s2s_tutorial.runs.weights import load_translator
from s2s_tutorial.web.export import export
from s2s_tutorial.web.page import copy_scripts, write_index


def write_page(folder: Path) -> Path:
    """Write the page and its scripts, without models; return its path."""
    copy_scripts(folder / "web")
    return write_index(folder, "Translate inside the page")


def main(
    folder: Annotated[Path, typer.Argument(help="Folder of the page.")],
    runs: Annotated[
        list[Path] | None, typer.Argument(help="Folders of runs; by default the book's own models.")
    ] = None,
) -> None:
    """Write a page with only the live translator."""
    if not runs:
        write_models(folder / "models")
    for run in runs or []:
        name, longest = run.resolve().name.lower(), open_run(run).settings.data.longest
        export(load_translator(run), folder / "models", name, longest=longest)
    print(write_page(folder))


if __name__ == "__main__":
    typer.run(main)
