r"""Translation of the chapters' plain Jupyter Markdown into the directives and roles of the site.

| in a chapter's cell | on the site |
| --- | --- |
| a quote whose first line is bold | an admonition |
| `$$ … \tag{4.1} $$`, and `(4.1)` in prose | a numbered formula, and a link to it |
| `**Figure 6.1.** …` in the cell below a picture, and `Figure 6.1` in prose | the caption, and a link to it |
| `### Exercise 6.1: …` and `### Solution to exercise 6.1` | an exercise, and a solution to unfold |
| a link to `NN_name.ipynb` or `../book/name.md` | a link to that page |
| a link to `../book/glossary.md` | a link to the glossary's entry for these words |
| a link to a paper, under its authors and year | a citation |

The chapters contain the numbers, so that every program shows them. The site counts again, and a build fails if a reference
names a number that does not exist.
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

from pybtex.database import Person, parse_file
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

ROOT = Path(__file__).parents[2]
Cell = dict[str, Any]

# Code and formulas, which no rule changes.
KEPT = re.compile(r"(```.*?```|\$\$.*?\$\$|`[^`]*`|\$[^$]+\$)", re.DOTALL)
TAG = re.compile(r"\s*\\tag\{(\d+)\.(\d+)\}\s*")
NUMBER = r"(\d+)\.(\d+)"
CAPTION = re.compile(rf"\*\*Figure {NUMBER}\.\*\* (.*)", re.DOTALL)
DRAWING = re.compile(r'show_drawing\("([\w-]+)"\)')
EXERCISE = re.compile(rf"### Exercise {NUMBER}: (.*?)\n+(.*)", re.DOTALL)
SOLUTION = re.compile(rf"### Solution to exercise {NUMBER}\s*")
HEADING = re.compile(r"#{1,3} ")
QUOTE = re.compile(r"^> \*\*([^*\n]+)\*\*\n((?:>.*\n?)+)", re.MULTILINE)
LINK = re.compile(r"\[([^\]]+)\]\((\S+?)(?: \"([^\"]*)\")?\)")


# Cells


def site_cells(cells: list[Cell]) -> list[Cell]:
    """Return the cells from which the site builds a chapter."""
    result: list[Cell] = []
    in_solution = False
    waiting = list(cells)
    while waiting:
        cell = waiting.pop(0)
        text = source_of(cell)
        if cell["cell_type"] == "code":
            caption = CAPTION.fullmatch(source_of(waiting[0]).strip()) if waiting else None
            if caption:
                waiting.pop(0)
                cell = with_caption(cell, caption)
            result.append(cell)
            continue
        if in_solution and HEADING.match(text):
            result.append(markdown(":::{solution-end}\n:::"))
            in_solution = False
        if solution := SOLUTION.fullmatch(text):
            result.append(markdown(f":::{{solution-start}} {label('ex', solution)}\n:class: dropdown\n:::"))
            in_solution = True
        elif exercise := EXERCISE.fullmatch(text):
            title, body = exercise[3], site_text(exercise[4])
            result.append(markdown(f":::{{exercise}} {title}\n:label: {label('ex', exercise)}\n\n{body.strip()}\n:::"))
        else:
            result.append(cell | {"source": site_text(text)})
    return [*result, markdown(":::{solution-end}\n:::")] if in_solution else result


def with_caption(cell: Cell, caption: re.Match[str]) -> Cell:
    """Add a caption to a picture, and show a drawing from its file, so that it has a dark form."""
    name, text = label("fig", caption), site_text(caption[3].strip())
    described = cell["metadata"].get("mystnb", {})
    if drawing := DRAWING.search(source_of(cell)):
        picture = f"![{described['image']['alt']}](../book/images/{drawing[1]}.svg)"
        return markdown(f":::{{figure-md}} {name}\n{picture}\n\n{text}\n:::")
    metadata = cell["metadata"] | {"mystnb": described | {"figure": {"caption": text, "name": name}}}
    return cell | {"metadata": metadata, "outputs": list(map(beside_picture, cell["outputs"]))}


def beside_picture(output: dict[str, Any]) -> dict[str, Any]:
    """Turn text that a cell shows beside its picture into printed text: every output of another kind gets the caption."""
    data = output.get("data", {})
    if set(data) != {"text/plain"}:
        return output
    return {"output_type": "stream", "name": "stdout", "text": data["text/plain"]}


def source_of(cell: Cell) -> str:
    """Return a cell's text, which may be a list of lines in a notebook's file."""
    return "".join(cell["source"])


def markdown(text: str) -> Cell:
    """Return a Markdown cell."""
    return {"cell_type": "markdown", "metadata": {}, "source": text}


def label(kind: str, match: re.Match[str]) -> str:
    """Return the label of a numbered figure, formula or exercise: `fig-4-1`, `eq-4-1`, `ex-4-1`."""
    return f"{kind}-{match[1]}-{match[2]}"


# Text


def site_text(text: str) -> str:
    """Translate a Markdown cell, without its code and formulas."""
    text = QUOTE.sub(admonition, text)
    return "".join(
        site_formula(part) if part.startswith("$$") else part if place % 2 else site_prose(part)
        for place, part in enumerate(KEPT.split(text))
    )


def admonition(quote: re.Match[str]) -> str:
    """Return a quote with a title as an admonition; "Guess first" has a style of its own."""
    title, body = quote[1], re.sub(r"^> ?", "", quote[2], flags=re.MULTILINE).strip()
    kind = ":class: tip\n" if title == "Guess first" else ""
    return f":::{{admonition}} {title}\n{kind}\n{body}\n:::\n"


def site_formula(formula: str) -> str:
    """Return a numbered formula as one with a label, and any other formula unchanged."""
    tag = TAG.search(formula)
    if not tag:
        return formula
    inside = TAG.sub("", formula.strip("$")).strip()
    return f"```{{math}}\n:label: {label('eq', tag)}\n{inside}\n```"


def site_prose(text: str) -> str:
    """Translate links and references in a text without code and formulas."""
    text = cite(text)
    text = LINK.sub(site_link, text)
    text = re.sub(rf"\bFigure {NUMBER}", r"{numref}`Figure {number} <fig-\1-\2>`", text)
    text = re.sub(rf"\b([Ee])xercise {NUMBER}", r"{ref}`\1xercise \2.\3 <ex-\2-\3>`", text)
    return re.sub(rf"\({NUMBER}\)", r"{eq}`eq-\1-\2`", text)


def site_link(link: re.Match[str]) -> str:
    """Return a link to another page of the book as a role, and any other link unchanged."""
    text, target, term = link.groups()
    text = " ".join(text.split())
    if target == "../book/glossary.md" and text != "glossary":
        return f"{{term}}`{text} <{term or text}>`" if term else f"{{term}}`{text}`"
    page = re.fullmatch(r"(\d\d_\w+)\.ipynb|(\.\./book/[\w-]+)\.md", target)
    return f"{{doc}}`{text} <{page[1] or page[2]}>`" if page else link[0]


def cite(text: str) -> str:
    """Translate linked citations, "Luong et al. (2015)" or "(Luong et al., 2015)", into roles."""
    works = {**citations("{} ({})"), **citations("{}, {}")}

    def pattern(form: str) -> str:
        return "|".join(r"\s+".join(map(re.escape, written.split())) for written in citations(form))

    def keys(match: re.Match[str]) -> str:
        return ",".join(works[" ".join(part.split())] for part in match[1].split(";"))

    inside = pattern("{}, {}")
    text = re.sub(rf"\(((?:{inside})(?:;\s+(?:{inside}))*)\)", lambda match: f"{{cite:p}}`{keys(match)}`", text)
    return re.sub(f"({pattern('{} ({})')})", lambda match: f"{{cite:t}}`{keys(match)}`", text)


@cache
def citations(form: str) -> dict[str, str]:
    """Return, for each way in which chapters cite a work, the work's key in the bibliography."""
    known = {}
    for key, entry in parse_file(str(ROOT / "book" / "references.bib")).entries.items():
        text, url = form.format(authors(entry.persons["author"]), entry.fields["year"]), entry.fields.get("url")
        known[f"[{text}]({url})" if url else text] = key
    return known


def authors(people: list[Person]) -> str:
    """Return the authors as in a citation: one name, two names, or the first with "et al."."""
    names = [" ".join([*person.prelast_names, *person.last_names]).strip("{}") for person in people]
    return names[0] if len(names) == 1 else " and ".join(names) if len(names) == 2 else f"{names[0]} et al."


# Sphinx


def read_chapter(app: Sphinx, page: str, content: list[str]) -> None:
    """Translate a chapter's cells before they are parsed."""
    if page.startswith("notebooks/"):
        notebook = json.loads(content[0])
        cells = site_cells(notebook["cells"])
        notebook["cells"] = [cell | {"id": f"cell-{place}"} for place, cell in enumerate(cells)]
        content[0] = json.dumps(notebook)


def number_by_chapter(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Number figures, formulas and exercises by chapter, as the chapters do; on other pages, count from 1."""
    for page, kinds in env.toc_fignumbers.items():
        chapter = re.match(r"notebooks/(\d\d)", page)
        for numbers in kinds.values():
            for place, name in enumerate(numbers, start=1):
                numbers[name] = (int(chapter[1]), place) if chapter else (place,)
    return []


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect this extension to Sphinx."""
    app.connect("source-read", read_chapter)
    app.connect("env-get-updated", number_by_chapter, priority=900)  # after Sphinx has numbered the whole book
    return {"parallel_read_safe": True, "parallel_write_safe": True}
