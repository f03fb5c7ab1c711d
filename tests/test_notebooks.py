"""The chapters: script and notebook agree, outputs are complete, and every chapter has the required sections."""

import ast
import hashlib
import json
import os
import re
from pathlib import Path
from pkgutil import resolve_name

import jupytext
import pytest

from s2s_tutorial.notebook.plots import view_parts
from s2s_tutorial.notebook.show import source_markdown

ROOT = Path(__file__).parents[1]
NAMES = sorted(path.stem for path in (ROOT / "notebooks").glob("[0-9]*.py"))


@pytest.fixture(params=NAMES)
def name(request):
    return request.param


@pytest.fixture
def script(name):
    return jupytext.read(ROOT / "notebooks" / f"{name}.py")


@pytest.fixture
def notebook(name):
    return jupytext.read(ROOT / "notebooks" / f"{name}.ipynb")


def code_cells(book):
    return [cell for cell in book.cells if cell.cell_type == "code"]


def outputs(book):
    return [output for cell in code_cells(book) for output in cell.outputs]


def prose(book):
    return "\n".join(cell.source for cell in book.cells if cell.cell_type == "markdown")


def test_all_chapters_are_there():
    assert [name[:2] for name in NAMES] == [f"{number:02}" for number in range(len(NAMES))]
    assert len(NAMES) >= 13
    assert sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb")) == NAMES


def test_script_and_notebook_hold_the_same_cells(script, notebook):
    def of(book):
        return [(cell.cell_type, cell.source, cell.metadata.get("tags", [])) for cell in book.cells]

    assert of(script) == of(notebook)


def test_outputs_are_those_of_a_whole_run_at_standard(notebook):
    assert notebook.metadata["s2s_tutorial"]["scale"] == "standard"
    assert {"seconds", "cores", "versions"} < set(notebook.metadata["s2s_tutorial"])
    counts = [cell.execution_count for cell in code_cells(notebook) if cell.source.strip()]
    waiting = notebook.metadata["s2s_tutorial"].get("waiting", 0)  # new cells; the status page counts them
    assert counts.count(None) == waiting
    counts = [count for count in counts if count]
    assert counts == list(range(1, len(counts) + 1))
    assert len(outputs(notebook)) >= 5


def test_no_output_is_an_error_or_a_warning_or_names_a_machine(notebook):
    for output in outputs(notebook):
        assert output.output_type != "error"
        assert output.get("name") != "stderr", output.get("text")
        text = json.dumps(output)
        for sign in ("Warning", "Traceback", str(ROOT), str(Path.home()) + "/", "/tmp/", "site-packages", "<Figure"):
            assert sign not in text, text[:300]


def test_source_in_the_outputs_is_up_to_date(notebook):
    for output in outputs(notebook):
        if name := output.get("metadata", {}).get("source_of"):
            assert output.data["text/markdown"] == source_markdown(resolve_name(name)), (
                "book/_tools/outputs.py --refresh"
            )


def test_attention_views_in_the_outputs_are_up_to_date(notebook):
    style, script = view_parts()
    for output in outputs(notebook):
        if 'class="s2s-view"' in (page := output.get("data", {}).get("text/html", "")):
            assert page.startswith(style), "book/_tools/outputs.py --refresh"
            assert page.endswith(script), "book/_tools/outputs.py --refresh"


def bodies(source):
    """Return the bodies of functions and classes, without their names and docstrings."""
    kinds = (ast.FunctionDef, ast.ClassDef)
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, kinds):
            body = node.body[ast.get_docstring(node) is not None :]
            if len(body) >= 2:
                yield "\n".join(ast.unparse(statement) for statement in body)


def test_the_package_is_shown_and_never_pasted(script):
    package = {body for path in (ROOT / "s2s_tutorial").rglob("*.py") for body in bodies(path.read_text("utf-8"))}
    pasted = {body for cell in code_cells(script) for body in bodies(cell.source)}
    assert package & pasted == set()


def test_no_two_chapters_define_the_same_helper():
    found = {}
    for name in NAMES:
        for body in set(bodies((ROOT / "notebooks" / f"{name}.py").read_text(encoding="utf-8"))):
            found.setdefault(body, []).append(name)
    assert {body: chapters for body, chapters in found.items() if len(chapters) > 1} == {}


def test_the_first_cells_find_the_package_and_hold_the_settings(script):
    find, settings, *_ = code_cells(script)
    assert find.source + "\n" == (ROOT / "book" / "_tools" / "first_cell.py").read_text(encoding="utf-8")
    assert "load_scale()" in settings.source


def test_a_chapter_has_all_its_sections(script):
    text = prose(script)
    assert len(re.findall(r"^# \w", text, re.MULTILINE)) == 1
    assert "> **What you will be able to do**" in text
    assert "> **Guess first**" in text
    assert "\n## Recap" in text
    exercises = re.findall(r"^### Exercise (\S+): \w", text, re.MULTILINE)
    solutions = re.findall(r"^### Solution to exercise (\S+)$", text, re.MULTILINE)
    assert 2 <= len(exercises) <= 4
    assert solutions == exercises
    assert sum("solution" in cell.metadata.get("tags", []) for cell in code_cells(script)) >= len(exercises)


def test_cells_are_plain_jupyter_markdown(script):
    """JupyterLab, VS Code, GitHub and Colab show a directive or role of the site as raw text."""
    for cell in script.cells:
        if cell.cell_type == "markdown":
            assert not re.search(r":::|```\{|\{[a-z:]+\}`|^\([\w-]+\)=$|\{\w+\}\[", cell.source, re.MULTILINE), (
                cell.source
            )


def test_helper_cells_and_solutions_are_folded(notebook):
    for cell in notebook.cells:
        tags = cell.metadata.get("tags", [])
        assert cell.metadata.get("jupyter", {}).get("source_hidden", False) == ("hide-input" in tags), cell.source
        if cell.source.startswith("### Solution"):
            assert cell.source.count("\n") == 0  # text below the heading in the same cell would not be folded
            assert cell.metadata["jp-MarkdownHeadingCollapsed"]
            assert cell.id in notebook.metadata["colab"]["collapsed_sections"]


def test_two_outputs_are_checked_at_least(script):
    assert sum("nbval-check-output" in cell.metadata.get("tags", []) for cell in code_cells(script)) >= 2


def test_every_picture_has_a_caption_and_an_alternative_text(notebook):
    for cell, below in zip(notebook.cells, [*notebook.cells[1:], None], strict=True):
        kinds = {kind for output in cell.get("outputs", []) for kind in output.get("data", {})}
        if "image/png" in kinds and "text/html" not in kinds:
            assert len(cell.metadata["mystnb"]["image"]["alt"]) > 30, cell.source
            assert re.match(r"\*\*Figure \d+\.\d+\.\*\* .{20}", below.source, re.DOTALL), cell.source
            assert "\n\n" not in below.source, f"nothing but the caption may be in this cell: {below.source[:60]}"


def numbers_in(text, kind):
    """Return the numbers of a chapter's figures, equations or exercises in the order of the text: `1.1`, `1.2` ..."""
    forms = {"figure": r"^\*\*Figure (\S+)\.\*\*", "exercise": r"^### Exercise (\S+):", "formula": r"\\tag\{(\S+)\}"}
    return re.findall(forms[kind], text, re.MULTILINE)


@pytest.mark.parametrize("kind", ["figure", "exercise", "formula"])
def test_numbered_parts_of_a_chapter_are_counted_from_one(name, script, kind):
    numbers = numbers_in(prose(script), kind)
    assert numbers == [f"{int(name[:2])}.{place}" for place in range(1, len(numbers) + 1)]


def test_references_and_links_lead_somewhere():
    texts = {name: prose(jupytext.read(ROOT / "notebooks" / f"{name}.py")) for name in NAMES}
    titles = {name: re.search(r"^# (.*)", text, re.MULTILINE)[1] for name, text in texts.items()}
    known = {
        kind: {number for text in texts.values() for number in numbers_in(text, kind)}
        for kind in ("figure", "exercise", "formula")
    }
    for text in texts.values():
        assert set(re.findall(r"\bFigure (\d+\.\d+)", text)) <= known["figure"]
        assert set(re.findall(r"\b[Ee]xercise (\d+\.\d+)", text)) <= known["exercise"]
        for words, target in re.findall(r"\[([^\]]+)\]\((\S+?)(?: \"[^\"]*\")?\)", text):
            words = " ".join(words.split())
            if target.endswith(".ipynb"):
                title = titles[target.removesuffix(".ipynb")]
                assert words in (title, title.split(":")[0]), words
            elif not target.startswith("https://"):
                assert (ROOT / "notebooks" / target).is_file(), target


def test_drawings_in_the_package_are_up_to_date():
    """A notebook shows PNGs of the drawings; each remembers the SVG that it was made from."""
    from PIL import Image

    drawn = ROOT / "s2s_tutorial" / "assets" / "drawings"
    shown = {found for name in NAMES for found in re.findall(
        r'show_drawing\("([\w-]+)"\)', (ROOT / "notebooks" / f"{name}.py").read_text())}  # fmt: skip
    assert {path.stem for path in drawn.glob("*.png")} == shown
    for name in shown:
        svg = (ROOT / "book" / "images" / f"{name}.svg").read_bytes()
        with Image.open(drawn / f"{name}.png") as picture:
            assert picture.text["svg-sha256"] == hashlib.sha256(svg).hexdigest(), "run book/_tools/drawings.py"


@pytest.mark.skipif("S2S_TUTORIAL_TEST_DATA" not in os.environ, reason="needs real pairs: set S2S_TUTORIAL_DATA")
def test_no_sentence_of_tatoeba_is_in_an_output(script, notebook):
    from s2s_tutorial.data.corpus import challenge_set
    from s2s_tutorial.data.readers import read_file
    from s2s_tutorial.data.text import normalise
    from s2s_tutorial.grammar.sentences import generate

    columns = read_file(Path(os.environ["S2S_TUTORIAL_TEST_DATA"]))
    challenge = challenge_set()
    ours = {*challenge.sources, *(text for texts in challenge.references for text in texts)}
    ours |= {normalise(text) for pair in generate(50_000) for text in (pair.source, pair.english)}
    theirs = {text for text in {*columns.first, *columns.second} if text.count(" ") >= 3} - ours
    written = {
        normalise(line)
        for output in outputs(notebook)
        for text in (output.get("text", ""), output.get("data", {}).get("text/plain", ""))
        for line in re.split(r"\n|\||  +|[>=<] ", text)
    }
    # The chapter's own examples are ours, and a translation of one of them may be a Tatoeba sentence by chance.
    own = normalise(" ".join(cell.source for cell in script.cells))
    assert len({text for text in written & theirs if text not in own}) <= 2
