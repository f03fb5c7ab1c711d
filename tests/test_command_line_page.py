"""The page "From the command line": its commands run in its order and print what it shows, apart from numbers."""

import os
import re
import shlex
from itertools import pairwise

import pytest
from browsing import ROOT
from tiny import TALKING
from typer.testing import CliRunner

from s2s_tutorial import __version__
from s2s_tutorial.cli.commands import app
from s2s_tutorial.presets import PRESETS

PAGE = (ROOT / "book" / "from-the-command-line.md").read_text(encoding="utf-8")
WALK = re.findall(r"^```(console|python)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
PAIRS = 400  # instead of 36,000
LEARNED = re.compile(r"[><=] .*|\{.*|Try it: .*|(?:source|target) .*|nrefs:.*|[a-z].*\.")  # depends on what was learned


def commands(block: str) -> list[tuple[str, list[str]]]:
    """Return each command of a block with the lines that the page shows below it."""
    parts = re.split(r"^\$ (.*)\n", block, flags=re.MULTILINE)[1:]
    return [(command, shown.splitlines()) for command, shown in zip(parts[::2], parts[1::2], strict=True)]


def form(line: str) -> str:
    """Return a line without its numbers, widths and endings such as "3,804 dropped", which depend on the data."""
    return re.sub(r"\s+", " ", re.sub(r"\d[\d.,]*", "#", line).split(" dropped")[0].removesuffix(" #").strip())


def missing(shown: list[str], printed: str, exact: bool) -> list[str]:
    """Return the lines of the page that are not in what was printed, in the same order; "…" stands for anything."""
    lines = printed.splitlines()
    found = []
    for line in shown:
        start = line.removesuffix("…").rstrip()
        if not start or (not exact and LEARNED.fullmatch(line)):
            continue
        wanted = start if exact else form(start)
        place = next((n for n, one in enumerate(lines) if (one if exact else form(one)).startswith(wanted)), None)
        if place is None:
            found.append(line)
        else:
            lines = lines[place + 1 :]
    return found


@pytest.fixture(scope="module")
def walked(tmp_path_factory) -> dict[str, tuple[list[str], str]]:
    """For each command that can be run: the lines that the page shows, and what was printed."""
    folder, results = tmp_path_factory.mktemp("walk"), {}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setitem(PRESETS, "sample", TALKING)
        for kind, block in WALK:
            if kind == "python":
                exec(block.replace("36_000", str(PAIRS)), {})
                continue
            for command, shown in commands(block):
                program, *arguments = shlex.split(command)
                if program == "s2s-tutorial":
                    done = CliRunner().invoke(app, arguments)
                    assert done.exit_code == 0, (command, done.output)
                    results[command] = (
                        shown,
                        f"{done.stderr}\n{done.stdout}",
                    )  # the progress bar ends without a line end
        assert {"attention.png", "losses.png", "my-pairs.tsv"} <= set(os.listdir(folder))
    return results


def test_every_command_of_the_page_prints_what_the_page_shows(walked):
    assert len(walked) >= 10
    own = {
        command: (shown, printed)
        for command, (shown, printed) in walked.items()
        if "my" in command or "mine" in command
    }
    packaged = {command: both for command, both in walked.items() if command not in own}
    lines = {command: missing(*both, exact=False) for command, both in own.items()}
    lines |= {command: missing(*both, exact=True) for command, both in packaged.items()}
    absent = {command: (lines[command], walked[command][1]) for command in lines if lines[command]}
    assert absent == {}


def test_the_page_uses_every_command_and_the_other_lines_of_the_shell_are_those_of_the_readme(walked):
    assert {command.split()[1] for command in walked} == {
        "--version",
        "translate",
        "data",
        "train",
        "evaluate",
        "plot",
        "page",
    }
    assert f"s2s-tutorial {__version__}" in PAGE
    others = [command for _, block in WALK for command, _ in commands(block) if not command.startswith("s2s-tutorial")]
    assert others == ["make book", "source .venv/bin/activate"]
    number = sum(len(commands(block)) for kind, block in WALK if kind == "console")
    assert number == 15
    assert "with fifteen commands" in PAGE


def test_the_comparison_notices_what_is_missing_and_what_is_in_another_order():
    printed = "read 36,000 pairs\nwrote losses.png\n"
    assert missing(["read 5 pairs", "…", "wrote losses.png"], printed, exact=False) == []
    assert missing(["read 5 pairs"], printed, exact=True) == ["read 5 pairs"]
    first, second = pairwise(["wrote losses.png", "read 5 pairs", "wrote losses.png"])
    assert missing(list(first), printed, exact=False) == ["read 5 pairs"]
    assert missing(list(second), printed, exact=False) == []
