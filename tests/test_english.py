"""Plain English: wordings that no engineer would use are found in docstrings, comments, messages, test names and pages.

Each pattern says what to write instead. The search reads prose only: in Python, docstrings, comments, names of tests and,
outside the tests, string literals of several words; in JavaScript, CSS and the Makefile, comments and help texts; in
Markdown, everything but code blocks.
"""

import ast
import io
import re
import tokenize
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PLACES = ["s2s_tutorial", "book", "benchmarks", "tests", "README.md", "CONTRIBUTING.md", "Makefile", "conftest.py"]
# Prose with a reason to contain a pattern: (path, words around it).
EXCEPTIONS = {
    ("tests/model/test_gru.py", "what stands at padding changes nothing"): "chapter 5 names this test",
}

UNITS = (
    "nats?|bytes?|(?:milli)?seconds|times|once|twice|calls|products|steps|pairs|look-ups?|draws|copies|multiplications"
)
# A regular expression, and what to write instead and why.
PATTERNS = {
    r"\A(?-i:What )": "a docstring begins with a verb or a noun: it says what the thing is or does",
    r"\b(go|goes|going|gone|went) on\b": "resume or continue: the words of the field for a run that was stopped",
    rf"\b({UNITS}) an? (word|step|sentence|epoch|pair|second|minute|row|number|batch|side|token)\b": "per step, per word",
    r"\blike length": "of similar length",
    r"\banew\b": "again, or new",
    r"\bfor ever\b(?! \w+er\b)": "permanently, or without end",
    r"\bby turns\b": "alternately, or taking turns",
    r"\bshall\b": "should or must",
    r"\b(nobody|whoever|somebody|strangers?)\b": "name who or what it is: the reader, the process, untrusted input",
    r"(?<!there )\b(is|are|was|were|be) no (?!longer|more|less|fewer|other|newer|larger|smaller|better|worse)[a-z]": (
        "is not a …; only 'there is no …' is plain"
    ),
    r"(?-i:^\s+[a-z_]+: (of|from|for|that|whose|where|in|by|to|as|with)\b)": "an argument is named: 'path: Path of the file.'",
    r"\b(lies?|lay|lying) (in|at|on|by|beside|below|under|between|inside|there|ready)\b": "is",
    r"\bstands? (at|below|beside|under|above|on)\b": "is",
    r"\bmend(s|ed|ing)?\b": "repair, fix or correct",
    r"\b(tosses|tossed|toss|coins?)\b": "draws a random number, random draw",
    r"\bkinds? of numbers?\b": "dtype",
}


def files() -> list[Path]:
    """Return the files to search."""
    found = []
    for place in PLACES:
        path = ROOT / place
        found += [path] if path.is_file() else path.rglob("*")
    endings = {".py", ".md", ".js", ".css"}
    names = [path for path in found if path.is_file() and (path.suffix in endings or path.name == "Makefile")]
    return sorted(path for path in names if path != Path(__file__) and not path.name.startswith("french_tables"))


def python_prose(source: str, messages: bool) -> list[str]:
    """Return docstrings, comments and names of tests as words; with `messages`, literals of four words or more too."""
    found, docstrings = [], []
    nodes = list(ast.walk(ast.parse(source)))
    for node in nodes:
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and ast.get_docstring(
            node
        ):
            docstrings.append(node.body[0].value)
            found.append(ast.get_docstring(node))
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            found.append(node.name.replace("_", " "))
    for node in nodes:
        if messages and isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in docstrings:
            found += [f" {node.value.strip()}"] if node.value.count(" ") >= 3 else []
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return found + [token.string.removeprefix("#") for token in tokens if token.type == tokenize.COMMENT]


def prose(path: Path) -> list[str]:
    """Return the pieces of prose in a file."""
    source = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        inside = path.relative_to(ROOT).parts
        return python_prose(source, messages=inside[0] != "tests" and inside[:2] != ("s2s_tutorial", "grammar"))
    if path.suffix in {".js", ".css"}:
        return [
            re.sub(r"\s*\n\s*\*?\s*", " ", text) for text in re.findall(r"/\*.*?\*/|(?<!:)//[^\n]*", source, re.DOTALL)
        ]
    if path.name == "Makefile":
        return re.findall(r"#+ (.*)", source)
    return [" " + re.sub(r"^```[^\n{]*\n.*?^```$", "", source, flags=re.MULTILINE | re.DOTALL)]


def findings(path: Path) -> list[str]:
    """Return the words around each wording to replace, with what to write instead."""
    name, found = path.relative_to(ROOT).as_posix(), []
    for text in prose(path):
        for pattern, instead in PATTERNS.items():
            for match in re.finditer(pattern, text, re.IGNORECASE | re.MULTILINE):
                around = " ".join(text[max(0, match.start() - 40) : match.end() + 40].split())
                if not any(where == name and words in around for where, words in EXCEPTIONS):
                    found.append(f"{name}: … {around} …\n    {instead}")
    return found


@pytest.mark.parametrize("path", files(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_wordings_are_those_of_the_field(path):
    found = findings(path)
    assert not found, "\n".join(found)


def test_every_exception_is_still_needed():
    for (name, words), reason in EXCEPTIONS.items():
        assert reason
        assert any(words in " ".join(text.split()) for text in prose(ROOT / name)), f"{name}: {words}"


@pytest.mark.parametrize(
    "text",
    [
        '"""What a page shows."""',
        '"""The run goes on."""',
        '"""Time, in seconds a step."""',
        '"""Open.\n\n    Args:\n        path: of the file.\n    """',
        "# a link is no file",
        "# its bytes lie in memory",
        "def test_nobody_may_write(): ...",
    ],
)
def test_the_search_finds_such_wordings(text, tmp_path, monkeypatch):
    monkeypatch.setitem(globals(), "ROOT", tmp_path)
    file = tmp_path / "module.py"
    file.write_text(text)
    assert findings(file)


def test_the_search_leaves_plain_wordings_alone(tmp_path, monkeypatch):
    monkeypatch.setitem(globals(), "ROOT", tmp_path)
    file = tmp_path / "module.py"
    file.write_text(
        '"""Return what is left. There is no file, so it is no longer needed.\n\nArgs:\n    path: Path of it.\n"""\n'
    )
    assert findings(file) == []
