"""The site's scripts: their types, and the limits on their length."""

import os
import re
import shutil
import subprocess

import pytest
from browsing import ROOT

WEB = ROOT / "s2s_tutorial" / "web" / "live"
SCRIPTS = [
    path
    for folder in (
        "s2s_tutorial/web/live",
        "s2s_tutorial/web/page_files",
        "book/_static",
        "book/_ext",
        "s2s_tutorial/assets",
    )
    for path in sorted((ROOT / folder).glob("*.js"))
]
MOST_LINES, MOST_LINES_OF_A_FUNCTION = 320, 45
# A line that begins a function or a method, inside the function that wraps a whole script.
FUNCTION = re.compile(r"( +)(?! |\}|(?:if|for|while|switch)\b).*(?:function.*|\w\(.*\)|=>) \{$")
TSC = shutil.which("tsc", path=os.environ.get("S2S_TSC")) or shutil.which("tsc")


def long_functions(script: str) -> list[str]:
    """Return the first lines of functions with too many lines; a function ends where the indentation of its beginning recurs."""
    lines, found = script.splitlines(), []
    for start, line in enumerate(lines):
        if match := FUNCTION.match(line):
            end = next(n for n in range(start + 1, len(lines)) if re.match(match[1] + r"\S", lines[n]))
            if end - start + 1 > MOST_LINES_OF_A_FUNCTION:
                found.append(line.strip())
    return found


@pytest.mark.skipif(TSC is None, reason="needs TypeScript: npm install typescript, with S2S_TSC as the folder of tsc")
def test_the_types_of_all_scripts_agree():
    done = subprocess.run(
        [TSC, "--project", ROOT / "book" / "jsconfig.json"], capture_output=True, text=True, check=False
    )
    assert done.stdout + done.stderr == ""
    assert done.returncode == 0


@pytest.mark.skipif(TSC is None, reason="needs TypeScript: npm install typescript, with S2S_TSC as the folder of tsc")
def test_a_wrong_type_is_found(tmp_path):
    (tmp_path / "wrong.js").write_text(
        '/** @type {Pin} */\nconst pin = { step: "first", source: 0 };\n', encoding="utf-8"
    )
    settings = {
        "extends": str(ROOT / "book" / "jsconfig.json"),
        "include": [str(ROOT / "book" / "types.d.ts"), "wrong.js"],
    }
    (tmp_path / "jsconfig.json").write_text(str(settings).replace("'", '"'), encoding="utf-8")
    done = subprocess.run([TSC, "--project", tmp_path / "jsconfig.json"], capture_output=True, text=True, check=False)
    assert "wrong.js" in done.stdout
    assert done.returncode != 0


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_scripts_and_their_functions_are_short(path):
    script = path.read_text(encoding="utf-8")
    assert len(script.splitlines()) <= MOST_LINES
    assert long_functions(script) == []


def test_a_long_function_is_found():
    body = "    run();\n" * MOST_LINES_OF_A_FUNCTION
    assert long_functions("  function short() {\n    run();\n  }\n  function long() {\n" + body + "  }\n") == [
        "function long() {"
    ]
    assert long_functions("  async show(best, turn) {\n" + body + "  }\n") == ["async show(best, turn) {"]


def test_the_translator_loads_every_script_of_its_folder():
    start = (WEB / "live.js").read_text(encoding="utf-8")
    [parts, view] = re.findall(r"const (?:PARTS|VIEW) = \[(.*)\];", start)
    named = re.findall(r'"([\w.]+)"', parts + view)
    assert sorted(named) == sorted({path.name for path in WEB.glob("*.js")} - {"live.js"} | {"attention_view.js"})
    assert len(named) == len(set(named))
