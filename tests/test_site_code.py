"""The extensions of the site's build and the book's tools: documented, short, and with help on the command line."""

import ast
import subprocess
import sys

import pytest
from browsing import ROOT

EXTENSIONS = sorted((ROOT / "book" / "_ext").glob("*.py"))
TOOLS = [path for path in sorted((ROOT / "book" / "_tools").glob("*.py")) if path.name != "first_cell.py"]  # a cell
PARTS = ("model_card", "pretrained_scores")  # modules of `pretrained.py`, without a command line
FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)


@pytest.mark.parametrize("path", EXTENSIONS + TOOLS, ids=lambda path: path.stem)
def test_modules_and_functions_are_documented_and_short(path):
    source = path.read_text(encoding="utf-8")
    tree = ast.parse(source)
    assert len(source.splitlines()) <= 320
    documented = [tree, *(node for node in ast.walk(tree) if isinstance(node, (*FUNCTION, ast.ClassDef)))]
    texts = {getattr(node, "name", "module"): ast.get_docstring(node) for node in documented}
    assert texts["module"]
    questions = ("What ", "How ", "Where ", "That ")
    assert {name: text for name, text in texts.items() if text and text.startswith(questions)} == {}
    functions = [node for node in documented if isinstance(node, FUNCTION)]
    assert {node.name: node.lineno for node in functions if node.end_lineno - node.lineno >= 45} == {}


@pytest.mark.parametrize("path", EXTENSIONS, ids=lambda path: path.stem)
def test_every_extension_has_a_setup(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert "setup" in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("path", [path for path in TOOLS if path.stem not in PARTS], ids=lambda path: path.stem)
def test_every_tool_explains_its_command_line(path):
    done = subprocess.run([sys.executable, path, "--help"], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    assert "usage" in done.stdout.lower() or path.name == "lab.py"
    assert "--help" in done.stdout
