"""Cut the lines of a file into columns: tabs, commas, JSON or three bars; and find out which of these a file has."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from statistics import mode
from typing import Any

from s2s_tutorial.data.columns import CorpusError
from s2s_tutorial.data.reading.lines import BadLines

Row = tuple[int, Sequence[str | None]]  # number of the line, and its columns; None for one that it does not have
DELIMITERS = ",;\t"


@dataclass(frozen=True)
class Format:
    """A way to write columns of text.

    Attributes:
        title: Name for people.
        rows: Function that takes the lines of a file, their bad lines, and the file's name, and yields its rows.
        names: Names of the columns, if every line has them.
        few: Likely mistake in a line with too few columns.
        many: Likely mistake in a line with too many.
    """

    title: str
    rows: Callable[[Iterable[str | None], BadLines, str], Iterator[Row]]
    names: list[str] = field(default_factory=list)
    few: str = "no tab character?"
    many: str = "a tab too many?"


def split_lines(lines: Iterable[str | None], bad: BadLines, name: str, mark: str) -> Iterator[Row]:
    """Split each line at a mark; blank lines are left out."""
    for number, line in enumerate(lines, start=1):
        if line is not None and line.strip():
            yield number, line.split(mark)


def csv_rows(lines: Iterable[str | None], bad: BadLines, name: str, delimiter: str) -> Iterator[Row]:
    """Read comma-separated values; a quoted one may contain the delimiter, quotes written twice, and line ends."""
    reader = csv.reader((f"{line or ''}\n" for line in lines), delimiter=delimiter, strict=True)
    while True:
        number = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            bad.add(number, name, f"is not CSV ({error})", 'write a quote inside a quoted column twice ("").')
            continue
        if any(cell.strip() for cell in cells):
            yield number, cells


def json_rows(lines: Iterable[str | None], bad: BadLines, name: str, fields: list[str]) -> Iterator[Row]:
    """Read one JSON object per line."""
    for number, line in enumerate(lines, start=1):
        if line is None or not line.strip():
            continue
        found = read_object(line)
        if found is None:
            bad.add(number, name, "is not a JSON object", "write one object per line.", line)
        else:
            yield number, [found.get(each) for each in fields]


def read_object(line: str) -> dict[str, str] | None:
    """Read a JSON object as its texts by name, those of objects inside it too; None if it is not an object.

    >>> read_object('{"id": 7, "translation": {"de": "Ja.", "en": "Yes."}}')
    {'id': '7', 'de': 'Ja.', 'en': 'Yes.'}
    """
    try:
        values = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return _texts(values) if isinstance(values, dict) else None


def _texts(values: dict[str, Any]) -> dict[str, str]:
    texts: dict[str, str] = {}
    for name, value in values.items():
        if isinstance(value, dict):
            inner = {
                key: text for key, text in value.items() if not isinstance(text, dict)
            }  # no deeper: it may be endless
            texts |= _texts(inner)
        elif isinstance(value, str | int | float):
            texts[name] = str(value)
    return texts


def find_format(lines: list[str], name: str) -> Format:
    """Find out the format of a file from its first lines.

    Args:
        lines: Lines that are not blank.
        name: Name of the file, whose ending counts only for CSV.

    Raises:
        CorpusError: The file is a single JSON value, which cannot be read line by line.
    """
    first = lines[0].strip()
    if first.startswith("{") and (found := read_object(first)) is not None:
        return Format("JSON, one object per line", partial(json_rows, fields=list(found)), list(found))
    if first in ("[", "{") or first.startswith(("[{", '{"')):
        raise CorpusError(
            f"{name} is a single JSON value, expected one object per line (JSONL): jq -c '.[]' {name} writes it like that"
        )
    shares = {mark: sum(mark in line for line in lines) / len(lines) for mark in (" ||| ", "\t")}
    delimiter = _csv_delimiter(lines, name)
    if delimiter and (shares["\t"] < 0.5 or delimiter == "\t"):
        rows = partial(csv_rows, delimiter=delimiter)
        few, many = f"no {delimiter!r}?", f"a {delimiter!r} outside quotes?"
        return Format(f"values separated by {delimiter!r}, with quotes", rows, few=few, many=many)
    if shares[" ||| "] >= 0.5:
        rows = partial(split_lines, mark=" ||| ")
        return Format("columns separated by ' ||| '", rows, few="no ' ||| '?", many="a ' ||| ' too many?")
    few = "no tab character?"
    if not shares["\t"]:
        few += " Columns may also be separated by ' ||| ', or by commas in a file named .csv."
    return Format("columns separated by tabs", partial(split_lines, mark="\t"), few=few)


def is_quoted(cell: str) -> bool:
    """Return whether a cell is in quotes as in CSV, with a quote inside it that is written twice.

    >>> is_quoted('"Say ""yes"" now."'), is_quoted('"Yes."')
    (True, False)
    """
    inside = cell.strip()[1:-1]
    return cell.strip() == f'"{inside}"' and '""' in inside and '"' not in inside.replace('""', "")


def _csv_delimiter(lines: list[str], name: str) -> str:
    """Return the delimiter of comma-separated values, or `""` if the lines are not that.

    A file that is not called .csv must have quotes, and every line as many columns: other text has commas, too.
    """
    is_named = ".csv" in name.lower()
    best, widest = "", 1
    for delimiter in DELIMITERS:
        bad = BadLines(skip=True)
        sizes = [len(cells) for _, cells in csv_rows(lines, bad, name, delimiter)]
        if not sizes:
            continue
        same = mode(sizes)
        regular = sizes.count(same) / len(sizes)
        quoted = any(f'{delimiter}"' in line or f'"{delimiter}' in line for line in lines)
        if same > widest and (
            regular >= 0.5 if is_named else delimiter != "\t" and regular == 1 and quoted and not bad.count
        ):
            best, widest = delimiter, same
    return best
