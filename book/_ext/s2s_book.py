"""Additions of this book to Sphinx: mathematics without a network, reading times, tables, downloads.

The build reads everything from files on this machine.
"""

from __future__ import annotations

import math
import re
import shutil
from importlib.metadata import files
from pathlib import Path
from typing import Any

from docutils import nodes
from s2s_status import metadata_of
from sphinx.application import Sphinx

ROOT = Path(__file__).parents[2]
PDF = ROOT / "_build" / "book.pdf"
WORDS_A_MINUTE, LINES_A_MINUTE = 200, 12
# A number such as 1,234 or −0.5, with or without a unit and an interval.
NUMBER = re.compile(
    r"[<≥≤]?\s?[+−-]?\d[\d.,:]*(e[+−-]?\d+)?"
    r"(\s?(%|×|[KM]i?B|m?s|min|times|words/s)|\s(±|to)\s[\d.]+|\s\([\d.,]+%?\sto\s[\d.,]+%?\))*$"
)


# Mathematics: the files of MathJax that this book uses, from an installed package


def copy_mathjax(app: Sphinx, problem: Exception | None) -> None:
    """Copy MathJax's program and fonts to the folder that `mathjax_path` names."""
    if problem is not None or app.builder.format != "html":
        return
    wanted = ("mathjax/tex-chtml.js", "mathjax/output/chtml/fonts/woff-v2/")
    for path in files("sphinx-mathjax-offline") or []:
        _, _, inside = path.as_posix().partition("/static/")
        if inside.startswith(wanted):
            target = Path(app.outdir) / "_static" / inside
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path.locate(), target)


# Scripts that would make requests to other hosts, or have no purpose here


def drop_scripts(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Remove the scripts and styles of live code (Thebe): they raise errors on every page and refer to another host."""
    for kind in ("script_files", "css_files"):
        kept = [file for file in context.get(kind, []) if "thebe" not in str(getattr(file, "filename", file) or "")]
        context[kind] = [file for file in kept if "thebe" not in str(getattr(file, "attributes", {}).get("body", ""))]


# Reading time


def minutes_of(app: Sphinx, page: str) -> int:
    """Return how many minutes it takes to read a chapter: its text, and all code but folded helper cells and solutions."""
    doctree = app.env.get_doctree(page)
    words = sum(len(text.astext().split()) for text in doctree.findall(nodes.paragraph) if not _is_folded(text))
    code = [block for block in doctree.findall(nodes.literal_block) if block.get("language") == "python"]
    lines = sum(bool(line.strip()) for block in code if not _is_folded(block) for line in block.astext().splitlines())
    return max(round(words / WORDS_A_MINUTE + lines / LINES_A_MINUTE), 1)


def _is_folded(node: nodes.Node) -> bool:
    """Whether a node is in a helper cell's code or in the solution of an exercise."""
    inside = []
    while node.parent is not None:
        inside.append(node)
        node = node.parent
    classes = {name for part in inside for name in part.get("classes", [])}
    return {"tag_hide-input", "cell_input"} <= classes or any(part.tagname == "solution_node" for part in inside)


def running_time(app: Sphinx, page: str) -> int:
    """Return how many minutes the last execution of a chapter took, rounded up."""
    return math.ceil(metadata_of(page.removeprefix("notebooks/")).get("seconds", 0) / 60)


def times_of(app: Sphinx, page: str) -> tuple[str, str]:
    """Return how long it takes to read a chapter, and to run its code."""
    seconds = metadata_of(page.removeprefix("notebooks/")).get("seconds", 0)
    minutes = minutes_of(app, page)
    running = "less than a minute" if seconds < 60 else f"about {running_time(app, page)} minutes"
    return f"{minutes} minute{'s' * (minutes > 1)}", running


def add_reading_time(app: Sphinx, doctree: nodes.document, page: str) -> None:
    """Write below a chapter's title how long it takes to read it, and to run its code."""
    if not page.startswith("notebooks/"):
        return
    chapter = int(page.removeprefix("notebooks/")[:2])
    reading, running = times_of(app, page)
    text = f"Chapter {chapter} · {reading} to read · {running} to run on two cores"
    title = next(doctree.findall(nodes.title), None)
    if title is not None:
        title.parent.insert(title.parent.index(title) + 1, nodes.paragraph("", text, classes=["s2s-time"]))


# Titles and tables


def part_solution_titles(app: Sphinx, doctree: nodes.document, page: str) -> None:
    """Move the space in "Solution to Exercise 1" out of the link, so that it is not underlined."""
    for link in doctree.findall(nodes.reference):
        text = next(link.findall(nodes.Text), None)
        if isinstance(link.parent, nodes.title) and text is not None and text.startswith(" "):
            text.parent.replace(text, nodes.Text(text.lstrip()))
            link.parent.insert(link.parent.index(link), nodes.Text(" "))


def arrange_tables(app: Sphinx, doctree: nodes.document) -> None:
    """Align columns of numbers to the right, and let a phone show rows with much text as cards (book.css)."""
    for table in doctree.findall(nodes.table):
        head, body = next(table.findall(nodes.thead), None), next(table.findall(nodes.tbody), None)
        if head is None or body is None:
            continue
        columns = list(zip(*(row.children for row in body.children), strict=True))
        for heads, cells in zip(zip(*(row.children for row in head.children), strict=True), columns, strict=True):
            texts = [cell.astext().strip() for cell in cells]
            if any(map(NUMBER.match, texts)) and all(NUMBER.match(text) or text in ("", "–") for text in texts):
                for cell in (*heads, *cells):
                    kept = [name for name in cell["classes"] if not name.startswith("text-")]
                    cell["classes"] = [*kept, "text-right"]
        longest = [max(len(cell.astext()) for cell in cells) for cells in columns]
        if len(columns) >= 3 and sum(longest) >= 50 and sum(length >= 12 for length in longest) >= 2:
            table["classes"].append("s2s-cards")


# Downloads


def add_downloads(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Offer a chapter's notebook and script, and the whole book as PDF if `make pdf` has printed it.

    The theme would also offer the source of the other pages, which is text with directives.
    """
    buttons = next((b for b in context.get("header_buttons", []) if b.get("label") == "download-buttons"), None)
    if buttons is None:
        return
    offered = []
    if page.startswith("notebooks/"):
        script = "_static/scripts/" + page.removeprefix("notebooks/") + ".py"
        offered.append(("_sources/" + context["sourcename"], ".ipynb", "Download notebook", "notebook"))
        offered.append((script, ".py", "Download script", "script"))
    if app.config.s2s_pdf:
        offered.append(("_static/" + PDF.name, "book .pdf", "Download the whole book as PDF", "book"))
    buttons["buttons"] = [
        {"type": "link", "url": context["pathto"](file, resource=True), "text": text, "icon": "fas fa-file",
         "tooltip": tooltip, "label": f"download-{name}-button"}
        for file, text, tooltip, name in offered
    ] + [button for button in buttons["buttons"] if button["label"] == "download-pdf-button"]  # fmt: skip


def look_for_pdf(app: Sphinx, config: Any) -> None:
    """Check whether the book has been printed. If that has changed, Sphinx writes all pages again."""
    config.s2s_pdf = PDF.is_file()


def copy_scripts(app: Sphinx, problem: Exception | None) -> None:
    """Copy the chapters' scripts, and the printed book, into the site."""
    if problem is None and app.builder.format == "html":
        folder = Path(app.outdir) / "_static" / "scripts"
        folder.mkdir(parents=True, exist_ok=True)
        for path in (ROOT / "notebooks").glob("[0-9]*.py"):
            shutil.copyfile(path, folder / path.name)
        if app.config.s2s_pdf:
            shutil.copyfile(PDF, folder.parent / PDF.name)


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect this extension to Sphinx."""
    app.add_config_value("s2s_pdf", False, "html")
    app.connect("config-inited", look_for_pdf)
    app.connect("doctree-read", arrange_tables)
    app.connect("doctree-resolved", add_reading_time)
    app.connect("doctree-resolved", part_solution_titles)
    app.connect("html-page-context", drop_scripts, priority=900)
    app.connect("html-page-context", add_downloads, priority=901)
    app.connect("build-finished", copy_mathjax)
    app.connect("build-finished", copy_scripts)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
