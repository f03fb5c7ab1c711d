"""The whole book as one PDF, printed by Chromium from the built site: `make pdf`, or `python book/_tools/pdf.py`.

All pages of `_toc.yml` are joined to one long page: links between them lead to targets in the PDF, headings become its
outline, and Chromium draws the mathematics and numbers the pages. It is printed twice: once to find the page of each heading,
and again with those numbers in the table of contents.
"""

from __future__ import annotations

import shutil
import sys
from contextlib import contextmanager
from pathlib import Path
from posixpath import dirname, join, normpath
from typing import TYPE_CHECKING, Annotated

import typer
import yaml
from bs4 import BeautifulSoup, Tag
from pypdf import PdfReader, PdfWriter
from pypdf.generic import NameObject, TextStringObject

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page
    from pypdf.generic import Destination, PdfObject

ROOT = Path(__file__).parents[2]
SITE = ROOT / "_build" / "html"
TARGET = ROOT / "_build" / "book.pdf"
NAMES = ("chromium", "chromium-browser", "google-chrome")
# Parts of a page that are of use only on a screen: the translator, the text about it, and folded code. The output of folded
# code, a picture or a sentence with figures, is printed.
ONLY_ON_SCREEN = (
    ".headerlink, .viewcode-link, .s2s-live, .s2s-screen, section:has(> .s2s-live), details.hide.above-input, .s2s-told, "
    "section:has(> .toctree-wrapper), script, form, noscript"
)
# Pages that are of no use in a PDF, where readers can search and nothing runs.
LEFT_OUT = ("genindex", "book/translate")
FRAME = """<!doctype html><html lang="en" data-theme="light" data-mode="light"><head><meta charset="utf-8"><title></title></head>
<body class="s2s-book"><main class="bd-main"><section class="s2s-cover"></section>
<nav class="s2s-contents" aria-label="Contents"><div class="s2s-title">Contents</div></nav><article class="bd-article"></article>
</main></body></html>"""
FOOTER = '<div style="width: 100%; font: 11px sans-serif; text-align: center"><span class="pageNumber"></span></div>'
LONG = 18  # code with so many lines may continue on the next page
NOT_LISTED = ("Recap", "Exercises", "What to read next")  # sections that nearly every chapter has
DEEPEST = 3  # headings in the contents: parts, chapters, sections


def parts_of(toc: Path) -> Iterator[tuple[str, list[str]]]:
    """Yield the book's parts with their pages, in order; the front page comes first, without a part."""
    settings = yaml.safe_load(toc.read_text(encoding="utf-8"))
    yield "", [settings["root"]]
    for part in settings["parts"]:
        pages = [page["file"] for entry in part["chapters"] for page in (entry, *entry.get("sections", []))]
        yield part.get("caption", ""), [page for page in pages if page not in LEFT_OUT]


class Assembly:
    """One long page made of the pages of a site.

    Args:
        site: Folder of the built site.
        parts: Captions, each with its pages' names without ending.
    """

    def __init__(self, site: Path, parts: list[tuple[str, list[str]]]) -> None:
        self.site = site
        self.pages = [page for _, pages in parts for page in pages]
        self.notebooks = [page for page in self.pages if page.startswith("notebooks/")]
        front = self._read(self.pages[0])
        self.soup = BeautifulSoup(FRAME, "html.parser")
        self.soup.title.string = front.h1.find(string=True)
        # A printed page needs the styles, and of the scripts only MathJax with its settings.
        for tag in front.select("link[rel=stylesheet], script"):
            if tag.name == "link" or "MathJax" in tag.text or "mathjax" in tag.get("src", ""):
                self.soup.head.append(self._moved(self.pages[0], tag))
        cover, contents, article = (self.soup.select_one(name) for name in (".s2s-cover", ".s2s-contents", "article"))
        cover.append(self._new("div", self.soup.title.string, {"class": "s2s-title"}))
        cover.extend(self._moved(self.pages[0], picture) for picture in front.select(".s2s-story"))
        cover.extend(front.select(".bd-footer-content :is(.component-author, .copyright, .last-updated)"))
        for number, (caption, pages) in enumerate(parts):
            if caption:
                article.append(self._new("h1", caption, {"class": "s2s-part", "id": f"part-{number}"}))
            article.extend(map(self._section, pages))
        self.headings = [heading.get_text(" ", strip=True) for heading in article.select("h1, h2, h3, h4, h5, h6")]
        self._contents(contents, article)

    def _new(self, name: str, text: str = "", attributes: dict[str, str] | None = None) -> Tag:
        made = self.soup.new_tag(name, attrs=attributes or {})
        if text:
            made.string = text
        return made

    def _read(self, page: str) -> BeautifulSoup:
        return BeautifulSoup((self.site / f"{page}.html").read_text(encoding="utf-8"), "html.parser")

    @staticmethod
    def _moved(page: str, tag: Tag) -> Tag:
        """Return the tag with its address relative to the site's root."""
        for name in ("href", "src"):
            if tag.has_attr(name) and not tag[name].startswith("data:"):
                tag[name] = normpath(join(dirname(page), tag[name])).split("?")[0]
        return tag

    def _section(self, page: str) -> Tag:
        """Return the text of a page, with ids that are unique in the book."""
        (section,) = self._read(page).select("article.bd-article > section")
        self._adapt(section)
        if page in self.notebooks:  # numbered as in the site's list of chapters
            section.h1.insert(0, f"{self.notebooks.index(page)}\u2002")
        for tag in section.find_all(True):
            if tag.has_attr("id"):
                tag["id"] = self._place(page, tag["id"])
            if tag.name == "a" and tag.has_attr("href"):
                tag["href"] = self._link(page, tag["href"])
                if not tag["href"]:
                    tag.unwrap()
            else:
                self._moved(page, tag)
        # Parts are above chapters in the outline.
        for heading in section.select("h1, h2, h3, h4, h5"):
            heading.name = f"h{int(heading.name[1]) + 1}"
        section["id"] = self._place(page, "")
        section["class"] = "s2s-chapter"
        return section

    @staticmethod
    def _adapt(section: Tag) -> None:
        """Remove parts that need a screen, and unfold parts that a screen folds or shortens."""
        for part in section.select(ONLY_ON_SCREEN):
            part.decompose()
        for details in section.select("details"):
            details["open"] = ""
        for link in section.select("a.github"):
            link.string = link["href"]
        for code in section.select("pre"):
            if code.get_text().strip().count("\n") >= LONG:
                for box in (code, code.parent, code.parent.parent):
                    box["class"] = [*box.get("class", []), "s2s-long"]

    @staticmethod
    def _place(page: str, place: str) -> str:
        return f"{page}--{place}".replace("/", "-")

    def _link(self, page: str, address: str) -> str:
        """Return a link's target in the book; "" if the book leaves out its page or file."""
        if ":" in address.split("/", maxsplit=1)[0]:
            return address
        path, _, place = address.partition("#")
        found = normpath(join(dirname(page), path)).removesuffix(".html") if path else page
        return f"#{self._place(found, place)}" if found in self.pages else ""

    def _contents(self, contents: Tag, article: Tag) -> None:
        """Add a line for each heading; its page number is filled in when it is known."""
        for heading in article.select("h1, h2, h3"):
            title = heading.get_text(" ", strip=True)
            hidden = {"hidden": ""} if title in NOT_LISTED else {}
            line = self._new("div", "", {"class": f"s2s-line s2s-{heading.name}", **hidden})
            place = heading.get("id") or heading.find_parent("section")["id"]
            line.append(self._new("a", title, {"href": f"#{place}"}))
            line.append(self._new("span", "000", {"class": "s2s-number"}))
            contents.append(line)


def headings(reader: PdfReader) -> list[tuple[str, int]]:
    """Return title and page, counted from 1, of every heading of the contents, in the order of the outline."""

    def walk(entries: list[Destination | list], depth: int) -> Iterator[tuple[str, int]]:
        for entry in entries:
            if isinstance(entry, list):
                yield from walk(entry, depth + 1)
            elif depth <= DEEPEST:
                yield entry.title, reader.get_destination_page_number(entry) + 1

    return list(walk(reader.outline, 1))


def finish(path: Path, titles: list[str]) -> None:
    """Open the book with its outline, and correct its titles: Chromium repeats those of headings that it moves to a new page.

    Raises:
        ValueError: The outline and the book have different numbers of headings.
    """
    writer = PdfWriter(clone_from=path)

    def entries(node: PdfObject) -> Iterator[PdfObject]:
        entry = node.get("/First")
        while entry is not None:
            yield entry.get_object()
            yield from entries(entry.get_object())
            entry = entry.get_object().get("/Next")

    for entry, title in zip(entries(writer.get_outline_root()), titles, strict=True):
        entry[NameObject("/Title")] = TextStringObject(title)
    writer.page_mode = "/UseOutlines"
    writer.write(path)


@contextmanager
def browser_page(scale: float = 1.0) -> Iterator[Page]:
    """Open a page in the Chromium that is installed on this machine.

    Args:
        scale: Pixels of a screenshot per pixel of the page.

    Raises:
        SystemExit: Chromium is not installed.
    """
    from playwright.sync_api import sync_playwright

    program = next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        raise SystemExit("Chromium was not found: install it, for example with apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        yield browser.new_page(device_scale_factor=scale)
        browser.close()


def print_book(site: Path, parts: list[tuple[str, list[str]]], target: Path) -> None:
    """Print the pages of a site into one PDF.

    Raises:
        SystemExit: Chromium or a page of the site is missing.
    """
    missing = [page for _, pages in parts for page in pages if not (site / f"{page}.html").is_file()]
    if missing:
        raise SystemExit(f"{site / missing[0]}.html is missing: build the site first, with make book")
    long_page, draft = site / "_book.html", target.with_suffix(".part")
    book = Assembly(site, parts)
    long_page.write_text(str(book.soup), encoding="utf-8")
    try:
        with browser_page() as page:
            page.set_default_timeout(300_000)
            page.goto(long_page.as_uri(), wait_until="load")
            page.evaluate("() => window.MathJax && MathJax.startup && MathJax.startup.promise")
            for last in (False, True):
                page.pdf(
                    path=draft,
                    format="A4",
                    margin={"top": "18mm", "bottom": "18mm", "left": "18mm", "right": "18mm"},
                    display_header_footer=True,
                    header_template="<span></span>",
                    footer_template=FOOTER,
                    outline=True,
                    tagged=True,
                )
                if not last:
                    numbers = [number for _, number in headings(PdfReader(draft))]
                    page.evaluate(
                        """(numbers) => document.querySelectorAll(".s2s-number").forEach(
                            (place, n) => { place.textContent = numbers[n]; })""",
                        numbers,
                    )
        finish(draft, book.headings)
        draft.replace(target)
    finally:
        long_page.unlink()
        draft.unlink(missing_ok=True)


def main(
    site: Annotated[Path, typer.Option(help="Folder of the built site.")] = SITE,
    target: Annotated[Path, typer.Option(help="PDF to write.")] = TARGET,
    toc: Annotated[Path, typer.Option(help="List of the site's pages.")] = ROOT / "_toc.yml",
) -> None:
    """Print the whole book."""
    print_book(site, list(parts_of(toc)), target)
    print(f"{target}: {len(PdfReader(target).pages)} pages, {target.stat().st_size / 2**20:.1f} MiB", file=sys.stdout)


if __name__ == "__main__":
    typer.run(main)
