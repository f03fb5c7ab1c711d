"""A page with nothing on it but the live translator: to look at it, and for the tests of it in a browser.

    python book/_tools/live_page.py FOLDER RUN [RUN …]

exports the runs into FOLDER/models, copies the scripts to FOLDER/web and writes FOLDER/index.html. Open that, also as a
file: nothing is fetched from anywhere else.
"""

import shutil
import sys
from importlib.resources import files
from pathlib import Path

from s2s_tutorial.export import export
from s2s_tutorial.runs import load_translator

WEB = Path(__file__).parent.parent / "_web"
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
<div class="s2s-live" data-models="models/"><p>The translator needs JavaScript.</p></div>
</main>
<script src="web/live.js"></script>
</html>
"""


def copy_web(folder: Path) -> None:
    """Copy the translator's scripts and styles, and the attention view that it shares with the chapters."""
    folder.mkdir(parents=True, exist_ok=True)
    data = files("s2s_tutorial").joinpath("data")
    for name in ("attention_view.js", "attention_view.css"):
        (folder / name).write_text(data.joinpath(name).read_text(encoding="utf-8"), encoding="utf-8")
    for path in [*WEB.glob("*.js"), *WEB.glob("*.css")]:
        shutil.copyfile(path, folder / path.name)


def write_page(folder: Path) -> Path:
    """Write the page and everything but its models; returns its path."""
    copy_web(folder / "web")
    page = folder / "index.html"
    page.write_text(PAGE, encoding="utf-8")
    return page


def main() -> None:
    """Run from the command line."""
    folder, *runs = map(Path, sys.argv[1:])
    for run in runs:
        export(load_translator(run), folder / "models", run.resolve().name.lower())
    print(write_page(folder))


if __name__ == "__main__":
    main()
