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

from s2s_live import copy_web, write_models

from s2s_tutorial.runs.folder import open_run
from s2s_tutorial.runs.weights import load_translator
from s2s_tutorial.web.export import export

PAGE = """<!doctype html>
<html lang="en" data-theme="light">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<title>Translate inside the page</title>
<style>
body { max-width: 52rem; margin: 0 auto; padding: clamp(1rem, 4vw, 2.5rem) 1rem; font: 1rem/1.5 system-ui, sans-serif;
  background: #f4f5f7; color: #1b1b1b; }
html[data-theme="dark"] body { background: #121417; color: #f0f0f0; }
h1 { margin: 0; font-size: 1.6rem; }
</style>
<main>
<h1>Translate inside the page</h1>
<p>A network with attention, running in your browser. Nothing you type leaves it.</p>
<div class="s2s-live" data-models="models/"><noscript><p>The translator needs JavaScript.</p></noscript></div>
</main>
<script src="web/live.js"></script>
</html>
"""


def write_page(folder: Path) -> Path:
    """Write the page and its scripts, without models; return its path."""
    copy_web(folder / "web")
    page = folder / "index.html"
    page.write_text(PAGE, encoding="utf-8")
    return page


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
