"""Tables that a chapter has computed, shown again on another page.

    ```{s2s-output} notebooks/17_which_attention.ipynb
    size | BLEU, greedy
    ```

The content is the beginning of the table's header. The table is read from the outputs of the notebook, or from the text of a
Markdown file, when the site is built, so no page repeats a number that a later execution has changed. The option
`:columns: 1, 2, 5` leaves out the other columns of a wide table.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from docutils.statemachine import StringList
from s2s_status import link
from sphinx.errors import ExtensionError
from sphinx.util.docutils import SphinxDirective

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sphinx.application import Sphinx

ROOT = Path(__file__).parents[2]


def texts_of(path: Path) -> Iterator[str]:
    """Yield the Markdown that the cells of a notebook have shown, or the text of any other file."""
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".ipynb":
        yield text
        return
    for cell in json.loads(text)["cells"]:
        for output in cell.get("outputs", []):
            yield "".join(output.get("data", {}).get("text/markdown", ""))


def find_table(path: Path, header: str) -> list[str]:
    """Return the lines of the only table whose header begins with these cells.

    Args:
        path: Path of a notebook or of a Markdown file.
        header: First cells of the header, such as "size | BLEU".

    Raises:
        ExtensionError: There is no such table, or more than one.
    """
    tables = []
    for text in texts_of(path):
        lines = text.splitlines()
        for place, line in enumerate(lines):
            if line.startswith(f"| {header} |"):
                end = next((n for n in range(place, len(lines)) if not lines[n].startswith("|")), len(lines))
                tables.append(lines[place:end])
    if len(tables) != 1:
        raise ExtensionError(f"{path.name} has {len(tables)} tables that begin with {header!r}, expected one")
    return tables[0]


def choose_columns(lines: list[str], columns: list[int] | None) -> list[str]:
    """Return the lines of a table with some of its columns, which are counted from 1; None for all of them."""
    if columns is None:
        return lines
    rows = [line.split("|") for line in lines]
    return ["|".join(["", *(row[column] for column in columns), ""]) for row in rows]


class OutputTable(SphinxDirective):
    """A table from the outputs of a chapter or from another page, with a link to where it comes from."""

    required_arguments = 1
    has_content = True
    option_spec: ClassVar = {"columns": directives.positive_int_list}

    def run(self) -> list[nodes.Node]:
        """Return the nodes that replace the directive."""
        name = self.arguments[0]
        path = ROOT / name
        self.env.note_dependency(str(path))
        box = nodes.container()
        lines = find_table(path, " ".join(self.content).strip())
        lines = choose_columns(lines, self.options.get("columns"))
        self.state.nested_parse(StringList(lines, source=name), self.content_offset, box)
        if path.suffix == ".ipynb":
            page = path.relative_to(ROOT).with_suffix("").as_posix()
            box += nodes.paragraph("", "Computed in ", link(page, self.env.docname), nodes.Text("."))
        return box.children


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect this extension to Sphinx."""
    app.add_directive("s2s-output", OutputTable)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
