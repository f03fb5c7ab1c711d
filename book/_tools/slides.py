"""Slides with the questions and pictures of all chapters, printed by Chromium from the built site: `make slides`.

A slide shows a "Guess first" box, or a drawing or plot with its caption. The slides of a chapter begin with its title.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from pdf import ROOT, SITE, browser_page, parts_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bs4 import BeautifulSoup, Tag

TARGET = ROOT / "_build" / "slides.pdf"
WANTED = ".admonition.tip, figure"
STYLE = """
@page { size: 13.333in 7.5in; margin: 0; }
body { margin: 0; background: #fff; color: #14181e; font: 22px/1.45 sans-serif; }
.slide { box-sizing: border-box; height: 7.5in; padding: .5in .8in; break-after: page; overflow: hidden;
  display: flex; flex-direction: column; gap: .25in; }
.slide.title { justify-content: center; font-size: 40px; font-weight: 600; }
.chapter { font-size: 16px; color: #5a6572; }
.slide :is(figure, .question) { flex: 1; min-height: 0; margin: 0; display: flex; flex-direction: column; gap: .2in; }
.question { justify-content: center; font-size: 28px; }
figure :is(img, svg) { min-height: 0; flex: 1; object-fit: contain; max-width: 100%; }
figure div, figure p, figure a { display: contents; }
figcaption { font-size: 20px; } figcaption p { display: block; margin: 0; }
.s2s-dark, .headerlink, .admonition-title, .caption-number { display: none; }
table { border-collapse: collapse; } td, th { padding: .1em .6em; border-bottom: 1px solid #ccc; text-align: left; }
"""


def read_page(path: Path) -> BeautifulSoup:
    """Return the parsed page of a site, with addresses that lead from anywhere to its files."""
    from bs4 import BeautifulSoup

    soup = BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
    for tag in soup.select("[src]"):
        if ":" not in tag["src"]:
            tag["src"] = (path.parent / tag["src"].split("?")[0]).resolve().as_uri()
    return soup


def slides_of(soup: BeautifulSoup, chapter: str) -> Iterator[Tag]:
    """Yield the slides of a chapter: its title, its questions and its pictures, in their order."""
    yield slide(soup, "title", chapter)
    for part in soup.select(WANTED):
        if part.name == "figure" and not part.select_one("img, svg"):
            continue  # a table
        for control in part.select(".s2s-moving > :not(svg)"):
            control.decompose()
        made = slide(soup, "", "")
        made.append(slide(soup, "chapter", chapter))
        if part.name != "figure":
            part.name, part["class"] = "div", "question"
        for image in part.select("img"):
            del image["style"], image["width"], image["height"]
        made.append(part.extract())
        yield made


def slide(soup: BeautifulSoup, kind: str, text: str) -> Tag:
    """Return a slide with a text, or the line with the chapter's title above one."""
    made = soup.new_tag("div", attrs={"class": kind if kind == "chapter" else f"slide {kind}".strip()})
    if text:
        made.string = text
    return made


def assemble(site: Path, pages: list[str]) -> str:
    """Return one page with all slides of these chapters.

    Raises:
        SystemExit: A page of the site is missing.
    """
    slides: list[str] = []
    mathematics = ""
    for number, page in enumerate(pages):
        path = site / f"{page}.html"
        if not path.is_file():
            raise SystemExit(f"{path} is missing: build the site first, with make book")
        soup = read_page(path)
        mathematics = mathematics or "".join(
            str(tag) for tag in soup.select("script") if "MathJax" in tag.text or "mathjax" in tag.get("src", "")
        )
        slides += map(str, slides_of(soup, f"{number} · {soup.h1.find(string=True)}"))
    head = f'<meta charset="utf-8"><title>Slides</title><style>{STYLE}</style>{mathematics}'
    return f'<!doctype html><html lang="en"><head>{head}</head><body>{"".join(slides)}</body></html>'


def main(
    target: Annotated[Path, typer.Argument(help="Path of the PDF file.")] = TARGET,
    site: Annotated[Path, typer.Option(help="Folder of the built site.")] = SITE,
) -> None:
    """Print the slides."""
    pages = [page for _, names in parts_of(ROOT / "_toc.yml") for page in names if page.startswith("notebooks/")]
    draft = site / "_slides.html"
    draft.write_text(assemble(site, pages), encoding="utf-8")
    try:
        with browser_page() as page:
            page.set_default_timeout(300_000)
            page.goto(draft.as_uri(), wait_until="load")
            page.evaluate("() => window.MathJax && MathJax.startup && MathJax.startup.promise")
            page.pdf(path=target, prefer_css_page_size=True, print_background=True, tagged=True)
    finally:
        draft.unlink()
    print(f"wrote {target}")


if __name__ == "__main__":
    typer.run(main)
