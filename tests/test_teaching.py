"""The teacher's page: the plan of six weeks, reading times, and the slides."""

import re
import sys
from types import SimpleNamespace

import pytest
from browsing import ROOT
from docutils import nodes
from docutils.utils import new_document

sys.path.insert(0, str(ROOT / "book" / "_ext"))
sys.path.insert(0, str(ROOT / "book" / "_tools"))
import s2s_book
import slides

PAGE = (ROOT / "book" / "teaching.md").read_text(encoding="utf-8")


def minutes(*parts: nodes.Node) -> int:
    """Return the reading time of a page with these parts."""
    document = new_document("page")
    document += parts
    return s2s_book.minutes_of(SimpleNamespace(env=SimpleNamespace(get_doctree=lambda page: document)), "page")


def cell(lines: int, *classes: str, language: str = "python") -> nodes.container:
    block = nodes.literal_block("", "x = 1\n\n" * lines, language=language)
    return nodes.container("", nodes.container("", block, classes=["cell_input"]), classes=["cell", *classes])


def test_reading_time_counts_words_and_lines_of_code_that_are_not_folded():
    text = nodes.paragraph("", "word " * 2_000)
    assert minutes(text) == 10
    assert minutes(text, cell(60)) == 15  # empty lines are not read
    assert minutes(text, cell(600, "tag_hide-input"), cell(600, language="myst-ansi")) == 10
    solution = type("solution_node", (nodes.Element,), {})("", nodes.paragraph("", "word " * 2_000), cell(600))
    assert minutes(text, solution) == 10


def test_the_plan_has_six_weeks_of_chapters_with_questions_and_as_many_answers():
    plan = re.search(r"```\{s2s-weeks\}\n(.*?)\n```", PAGE, re.DOTALL)[1].splitlines()
    assert len(plan) == 6
    chapters = [page for week in plan for page in week.partition(": ")[0].split()]
    assert len(set(chapters)) == len(chapters)
    assert all((ROOT / f"{page}.ipynb").is_file() for page in chapters)
    weeks = re.split(r"^### Week \d: ", PAGE.split("## Slides")[0], flags=re.MULTILINE)[1:]
    assert [week.splitlines()[0] for week in weeks] == [week.partition(": ")[2] for week in plan]
    for week in weeks[:-1]:
        questions, answers = (re.findall(r"^\d\. ", part, re.MULTILINE) for part in week.split(":::{admonition}"))
        assert len(questions) == len(answers) >= 4


def test_slides_have_the_title_the_questions_and_the_pictures_of_each_chapter(tmp_path):
    page = """<script src="../_static/mathjax/tex.js"></script><h1>Batches<a class="headerlink">#</a></h1>
    <div class="admonition tip"><p>How many?</p></div><div class="admonition"><p>A note.</p></div>
    <figure><img src="../_images/a.png" style="width: 5px" alt="Bars."><figcaption>Padding.</figcaption></figure>
    <figure><table></table></figure>"""
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "notebooks" / "two.html").write_text(page)
    html = slides.assemble(tmp_path, ["notebooks/two"])
    assert html.count('class="slide"') == 2
    assert html.index("0 · Batches") < html.index("How many?") < html.index("Padding.")
    assert "A note" not in html
    assert (tmp_path / "_images" / "a.png").as_uri() in html
    assert "5px" not in html
    assert "mathjax/tex.js" in html
    with pytest.raises(SystemExit, match="make book"):
        slides.assemble(tmp_path, ["notebooks/three"])
