"""Every chapter in a real JupyterLab, as `make lab` opens it: readable, saved, trusted, folded."""

import re
from pathlib import Path

import pytest
from browsing import ROOT, open_browser
from lab import open_lab

pytestmark = pytest.mark.browser
NAMES = sorted(path.stem for path in (ROOT / "notebooks").glob("[0-9]*.ipynb"))
HERE = ".jp-NotebookPanel:not(.lm-mod-hidden) .jp-Notebook"
RAW = re.compile(
    r":::|\{[a-z:-]+\}`|```|\$\$|\\tag|\]\("
)  # the marks that Markdown and MathJax leave in the text if they fail


@pytest.fixture(scope="module")
def lab():
    with open_browser() as browser, open_lab(browser, ROOT, program=ROOT / "book" / "_tools" / "lab.py") as lab:
        yield lab


@pytest.fixture(params=NAMES)
def notebook(lab, request):
    notebook = lab.open(f"notebooks/{request.param}.ipynb")
    notebook.wait()
    yield notebook
    notebook.close()


def test_a_chapter_opens_readable_saved_trusted_and_folded(notebook):
    page = notebook.page
    rendered = f"{HERE} .jp-MarkdownCell .jp-RenderedMarkdown"
    page.wait_for_function(  # mathematics is drawn after the text
        f"() => [...document.querySelectorAll('{rendered}')].every((one) => !one.textContent.includes('$'))"
    )
    for text in page.locator(rendered).all_inner_texts():
        assert not RAW.search(text), text
    assert page.locator(f"{HERE} mjx-merror").count() == 0
    broken = f"[...document.querySelectorAll('{HERE} img')].filter((one) => one.complete && !one.naturalWidth).length"
    assert page.evaluate(broken) == 0

    assert not notebook.unsaved
    cells = "[...jupyterapp.shell.currentWidget.content.model.cells].filter((one) => one.type === 'code')"
    assert page.evaluate(f"{cells}.every((one) => one.trusted)")

    solutions = page.locator(f"{HERE} .jp-MarkdownCell", has=page.locator("h3", has_text="Solution to exercise"))
    assert solutions.count() >= 2
    assert solutions.locator(".jp-showHiddenCellsButton").count() == solutions.count()
    source = Path(ROOT / notebook.name).read_text(encoding="utf-8")
    assert page.locator(f"{HERE} .jp-CodeCell .jp-Cell-inputWrapper .jp-Placeholder").count() == source.count(
        '"hide-input"'
    )


def test_a_link_leads_to_the_chapter(lab):
    notebook = lab.open("notebooks/00_first_translation.ipynb")
    notebook.wait()
    lab.page.locator(f"{HERE} a", has_text="From sentences to numbers").first.click()
    opened = "() => jupyterapp.shell.currentWidget?.context?.path"
    lab.page.wait_for_function(f"{opened} === 'notebooks/01_sentences_to_numbers.ipynb'")
