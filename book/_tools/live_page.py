"""A page with nothing on it but the live translator: to look at it, and for the tests of it in a browser.

    python book/_tools/live_page.py FOLDER [RUN …]

exports the runs (the book's own models where none is named) into FOLDER/models, copies the scripts to FOLDER/web and
writes FOLDER/index.html. Open that, also as a file: nothing is fetched from anywhere else.
"""

import sys
from pathlib import Path

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
    """Write the page and everything but its models; returns its path."""
    copy_web(folder / "web")
    page = folder / "index.html"
    page.write_text(PAGE, encoding="utf-8")
    return page


def main() -> None:
    """Run from the command line."""
    folder, *runs = map(Path, sys.argv[1:])
    if not runs:
        write_models(folder / "models")
    for run in runs:
        name, longest = run.resolve().name.lower(), open_run(run).settings.data.longest
        export(load_translator(run), folder / "models", name, longest=longest)
    print(write_page(folder))


if __name__ == "__main__":
    main()
