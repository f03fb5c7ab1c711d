"""The rows that matter most: `python -m benchmarks.headline` writes their table into the README, from the files of results.

The status page of the book shows the same table.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
FILES = ("results.json", "results-peers.json")
MAIN = (
    "words",
    "joeynmt",
    "beside-one",
    "beside-two",
    "step-original",
    "floor-standard",
    "floor-standard-bf16",
    "translate",
    "translate-beam",
    "bleu",
)
MARKS = ("<!-- speed -->\n", "<!-- end of speed -->")
HEADER = ("what is measured", "what it tells", "figure", "aim", "met")


def main_rows(folder: Path = FOLDER) -> list[list[str]]:
    """Return the cells of the table: title, what it tells, figure with quartiles, aim, and whether it was met."""
    reports = [json.loads((folder / name).read_text(encoding="utf-8")) for name in FILES if (folder / name).is_file()]
    found = {row["name"]: row for report in reports for row in report["rows"]}
    return [cells(found[name]) for name in MAIN if name in found]


def cells(row: dict[str, Any]) -> list[str]:
    """Return the cells of a row of a file of results."""
    value, target = row["value"], row["target"]
    figure = _number(value["median"], 3) + ("" if row["unit"] == "×" else f" {row['unit']}")
    if value["repeats"] > 1:
        figure += f" ({_number(value['low'])} to {_number(value['high'])})"
    if target is None:
        return [row["title"], row["tells"], figure, "–", "–"]
    met = value["median"] >= target if row["at_least"] else value["median"] <= target
    aim = f"{'≥' if row['at_least'] else '≤'}\u00a0{target:,g}"
    return [row["title"], row["tells"], figure, aim, "yes" if met else "no"]


def _number(value: float, digits: int = 3) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:#.{digits}g}".rstrip(".")


def table(rows: list[list[str]]) -> str:
    """Return a table in Markdown."""
    lines = [HEADER, ["---"] * len(HEADER), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def main(readme: Path = FOLDER.parent / "README.md", folder: Path = FOLDER) -> None:
    """Write the table between the marks of the README."""
    before, after = MARKS
    text = readme.read_text(encoding="utf-8")
    start, end = text.index(before) + len(before), text.index(after)
    readme.write_text(text[:start] + table(main_rows(folder)) + text[end:], encoding="utf-8")


if __name__ == "__main__":
    main()
