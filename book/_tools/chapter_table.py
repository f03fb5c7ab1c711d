"""Write the README's table of chapters, the modules whose source they show, and the tests of those modules.

    python3 book/_tools/chapter_table.py

The chapters' outputs name the source that `show_source` printed, so the table follows from the committed notebooks. A
module's tests are in the test file of the same path, else in the test files of its room that import it, else in those of
the modules of its room that import it.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
MARKS = ("<!-- chapters and modules -->\n", "<!-- end of chapters and modules -->")


def modules_shown(cells: list[dict[str, Any]]) -> list[str]:
    """Return the modules whose source a chapter shows, such as "model.attention", each once, sorted."""
    sources = [output.get("metadata", {}).get("source_of") for cell in cells for output in cell.get("outputs", [])]
    return sorted({source.split(":")[0].removeprefix("s2s_tutorial.") for source in sources if source})


def tests_of(module: str) -> list[str]:
    """Return the paths of the test files of a module, below the repository's root."""
    *room, name = module.split(".")
    tests = ROOT.joinpath("tests", *room)
    if (tests / f"test_{name}.py").is_file():
        files = [tests / f"test_{name}.py"]
    elif not (files := _importing(module, tests)):
        users = _importing(module, ROOT.joinpath("s2s_tutorial", *room))
        files = [test for test in (tests / f"test_{user.stem}.py" for user in users) if test.is_file()]
    return [file.relative_to(ROOT).as_posix() for file in files]


def _importing(module: str, folder: Path) -> list[Path]:
    """Return the Python files of a folder that import a module."""
    package, _, name = f"s2s_tutorial.{module}".rpartition(".")
    imports = re.compile(rf"\b{re.escape(f'{package}.{name}')}\b|from {re.escape(package)} import .*\b{name}\b")
    return [file for file in sorted(folder.glob("*.py")) if imports.search(file.read_text(encoding="utf-8"))]


def table() -> str:
    """Return the whole table as Markdown."""
    lines = ["| chapter | source that it shows | tests |", "| --- | --- | --- |"]
    for notebook in sorted((ROOT / "notebooks").glob("[0-9]*.ipynb")):
        cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
        title = next(line[2:].strip() for cell in cells for line in cell["source"] if line.startswith("# "))
        modules = modules_shown(cells)
        tests = sorted({test for module in modules for test in tests_of(module)})
        chapter = f"[{int(notebook.stem[:2])} {title}](notebooks/{notebook.name})"
        lines.append(f"| {chapter} | {_links(map(_path, modules), 's2s_tutorial/')} | {_links(tests, 'tests/')} |")
    return "\n".join(lines) + "\n"


def _path(module: str) -> str:
    return f"s2s_tutorial/{module.replace('.', '/')}.py"


def _links(paths: Iterable[str], folder: str) -> str:
    return ", ".join(f"[{path.removeprefix(folder)}]({path})" for path in paths) or "–"


def main() -> None:
    """Replace the table in the README."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    text = README.read_text(encoding="utf-8")
    before, rest = text.split(MARKS[0])
    README.write_text(before + MARKS[0] + table() + MARKS[1] + rest.split(MARKS[1])[1], encoding="utf-8")


if __name__ == "__main__":
    main()
