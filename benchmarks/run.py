"""Run the benchmark: `python -m benchmarks.run [--long] [--rows a,b] [--quick] [--json FILE [--resume]]`.

Print one table: for every row its median and quartiles, the target, whether it is met, and the limit.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import textwrap
import time
from dataclasses import asdict, fields
from pathlib import Path

from benchmarks import long_rows, rows
from benchmarks.bench import Bench
from benchmarks.measure import Row, Spread, machine
from s2s_tutorial.files import write_atomically
from s2s_tutorial.workers import keep_memory


def main() -> int:
    """Run the requested rows; exit code 2 for a row that does not exist."""
    options = _options()
    known = long_rows.ROWS if options.long else rows.ROWS
    names = options.rows.split(",") if options.rows else list(known)
    everything = rows.ROWS | long_rows.ROWS
    if unknown := [name for name in names if name not in everything]:
        print(f"no row {', '.join(unknown)}: expected some of {', '.join(everything)}", file=sys.stderr)
        return 2
    keep_memory()  # as the trainer does
    report = {"quick": options.quick, "machine": machine(options.seed), "seconds": 0.0, "measured": [], "rows": []}
    if options.resume and options.json and options.json.is_file():
        report = _resume(json.loads(options.json.read_text(encoding="utf-8")), report)
    begin, before = time.perf_counter(), report["seconds"]
    with tempfile.TemporaryDirectory() as folder:
        pictures = options.json.parent if options.json else None
        bench = Bench(Path(folder), options.quick, options.seed, options.max_minutes, pictures)
        for name in names:
            if name in report["measured"]:
                print(f"{name}: measured before, see {options.json}", file=sys.stderr)
                continue
            start = time.perf_counter()
            report["rows"] += [row_values(row) for row in everything[name](bench)]
            report["measured"].append(name)
            report["seconds"] = round(before + time.perf_counter() - begin, 1)
            print(f"{name}: {time.perf_counter() - start:.0f} s", file=sys.stderr)
            if options.json:  # after every row, so that a stopped run can resume
                options.json.parent.mkdir(parents=True, exist_ok=True)
                write_atomically(options.json, f"{json.dumps(report, indent=1, ensure_ascii=False)}\n".encode())
    print(table([row_of(values) for values in report["rows"]]))
    if options.quick:
        print("\nquick: far too few repeats, so these figures mean nothing")
    if options.json:
        print(f"\nwrote {options.json}")
    return 0


def _resume(found: dict, new: dict) -> dict:
    """Return the earlier report if it has the same versions, machine and repeats; otherwise the new one."""
    same = ("cpu", "cores", "threads", "versions", "seed")
    if (
        "measured" in found
        and found["quick"] == new["quick"]
        and all(found["machine"][key] == new["machine"][key] for key in same)
    ):
        return new | found
    return new


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.run", description="Measure the package.")
    parser.add_argument("--long", action="store_true", help="the rows that train to a score or use 16 times the data")
    parser.add_argument("--rows", help="names of rows, commas between; all where left out")
    parser.add_argument("--quick", action="store_true", help="hardly any repeats: shows only that everything runs")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write everything into this file")
    parser.add_argument("--resume", action="store_true", help="keep the rows that FILE holds, measure only the others")
    parser.add_argument("--seed", type=int, default=0, help="of weights, order and dropout")
    parser.add_argument("--max-minutes", type=float, default=60.0, help="of training, for rows that train to a score")
    return parser.parse_args()


def row_values(row: Row) -> dict:
    """Return a row as plain values."""
    values = asdict(row)
    return values | {"met": row.met, "target_is": "at least" if row.at_least else "at most"}


def row_of(values: dict) -> Row:
    """Return a row made of plain values."""
    known = {field.name: values[field.name] for field in fields(Row)}
    known["value"] = Spread(**known["value"])
    known["seconds"] = {name: Spread(**spread) for name, spread in known["seconds"].items()}
    return Row(**known)


def table(results: list[Row]) -> str:
    """Return the rows as a table in text."""
    lines = [f"{'row':<18}{'median':>10}  {'quartiles':<18}{'target':<12}{'met':<6}limit"]
    for row in results:
        value, unit = row.value, "" if row.unit == "×" else f" {row.unit}"
        target = "" if row.target is None else f"{'≥' if row.at_least else '≤'} {row.target:,.4g}"
        met = {None: "", True: "yes", False: "NO"}[row.met]
        digits = 2 if value.median < 1_000 else 0
        quartiles = f"{value.low:,.{digits}f} – {value.high:,.{digits}f}"
        lines.append(f"{row.name:<18}{value.median:>10,.{digits}f}  {quartiles:<18}{target:<12}{met:<6}{row.limit}")
        seconds = "; ".join(f"{name} {_show_seconds(spread.median)}" for name, spread in row.seconds.items())
        parts = [
            f"{row.title}{unit and f' ({row.unit})'}. {row.tells.removesuffix('.')}",
            *([seconds] if seconds else []),
            row.sentence,
        ]
        text = f"{'. '.join(parts)} [{row.data}; {value.repeats} round{'s' * (value.repeats > 1)}]"
        lines.append(textwrap.fill(text, 116, initial_indent="    ", subsequent_indent="    "))
    return "\n".join(lines)


def _show_seconds(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds >= 1 else f"{1000 * seconds:.1f} ms"


if __name__ == "__main__":
    sys.exit(main())
