"""The status page: how the outputs were made, the results of the benchmark and of the tests with faults, all from files."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import nbformat
from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))
from benchmarks import headline  # noqa: E402

GROWTH = (
    "Seconds of preparing and of one epoch, and memory above the model for each word, at 1, 4 and 16 times the pairs."
)
GROWTH_ALT = (
    "Three panels, one above the other, over the number of pairs: seconds of preparing and seconds of one epoch, each "
    "beside a dotted line for linear growth, and bytes per word beside a dotted line for the limit."
)


class Status(SphinxDirective):
    """A table of the chapters: scale, time and cores with which their outputs were made."""

    def run(self) -> list[nodes.Node]:
        """Return the nodes that replace the directive."""
        rows: list[list[Any]] = []
        versions: dict[str, str] = {}
        for path in sorted((ROOT / "notebooks").glob("[0-9]*.ipynb")):
            self.env.note_dependency(str(path))
            made = metadata_of(path.stem)
            versions |= made.get("versions", {})
            chapter = link(f"notebooks/{path.stem}", self.env.docname)
            scale = made.get("scale", "–")
            if waiting := made.get("waiting"):
                scale += f" (without {waiting} new cells, which have not been executed yet)"
            rows.append([chapter, scale, _duration(made.get("seconds")), str(made.get("cores", "–"))])
        made_with = ", ".join(f"{name} {number}" for name, number in versions.items())
        return [table(["chapter", "scale", "time", "cores"], rows), nodes.paragraph("", f"Made with {made_with}.")]


class Benchmarks(SphinxDirective):
    """The table of the benchmark's main results, as in the README, and the machine that they are from."""

    def run(self) -> list[nodes.Node]:
        """Return the nodes that replace the directive."""
        found: list[nodes.Node] = [
            table(list(headline.HEADER), [[cell.replace("`", "") for cell in row] for row in headline.main_rows()])
        ]
        for name in headline.FILES:
            path = headline.FOLDER / name
            if path.is_file():
                self.env.note_dependency(str(path))
                machine = json.loads(path.read_text(encoding="utf-8"))["machine"]
                torch = machine["versions"]["torch"]
                text = f"{name}: {machine['date'][:10]}, {machine['cores']} cores, {machine['cpu']}, torch {torch}."
                found.append(nodes.paragraph("", text))
        return found + self._picture()

    def _picture(self) -> list[nodes.Node]:
        """Return the picture of `make bench-long`, if it has run."""
        path = ROOT / "benchmarks" / "growth.png"
        if not path.is_file():
            return []
        self.env.note_dependency(str(path))
        image = nodes.image(uri=f"/{path.relative_to(ROOT)}", alt=GROWTH_ALT, candidates={"?": ""})
        return [nodes.figure("", image, nodes.caption("", GROWTH), ids=["fig-growth"])]


class Faults(SphinxDirective):
    """A table of the faults that `make soak` caused in trainings and files, and how often the outcome was right."""

    def run(self) -> list[nodes.Node]:
        """Return the nodes that replace the directive."""
        path = ROOT / "book" / "faults.json"
        self.env.note_dependency(str(path))
        record = json.loads(path.read_text(encoding="utf-8"))
        rows = [[what, f"{count:,}"] for what, count in record["counts"].items()]
        versions = ", ".join(f"{name} {version}" for name, version in record["versions"].items())
        return [table(["what was done to it", "times"], rows), nodes.paragraph("", f"Measured with {versions}.")]


def link(page: str, origin: str, text: str = "") -> addnodes.pending_xref:
    """Return a link to a page, by default with the page's title."""
    options = {"refdomain": "std", "reftype": "doc", "reftarget": f"/{page}", "refdoc": origin}
    return addnodes.pending_xref("", nodes.inline("", text or page), refwarn=True, refexplicit=bool(text), **options)


def table(header: list[str], rows: list[list[str | nodes.Node]]) -> nodes.table:
    """Return a plain table of text and links."""

    def line(cells: list[str | nodes.Node]) -> nodes.row:
        paragraphs = [nodes.paragraph("", *([cell] if isinstance(cell, str) else ["", cell])) for cell in cells]
        return nodes.row("", *(nodes.entry("", paragraph) for paragraph in paragraphs))

    group = nodes.tgroup("", *(nodes.colspec(colwidth=1) for _ in header), cols=len(header))
    group += nodes.thead("", line(header))
    group += nodes.tbody("", *map(line, rows))
    return nodes.table("", group)


def metadata_of(name: str) -> dict[str, Any]:
    """Return the metadata that `make outputs` wrote into a chapter: scale, seconds, cores, versions."""
    path = ROOT / "notebooks" / f"{name}.ipynb"
    return nbformat.read(path, as_version=4).metadata.get("s2s_tutorial", {}) if path.is_file() else {}


def _duration(seconds: float | None) -> str:
    return "–" if seconds is None else f"{int(seconds) // 60}:{int(seconds) % 60:02}\u00a0min"


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect this extension to Sphinx."""
    app.add_directive("s2s-status", Status)
    app.add_directive("s2s-benchmarks", Benchmarks)
    app.add_directive("s2s-faults", Faults)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
