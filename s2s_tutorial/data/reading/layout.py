"""Find out which columns of a file are the sentences to translate from and into."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import mean, mode

from s2s_tutorial.data.columns import CorpusError
from s2s_tutorial.data.languages import all_scripts_of, find_code, language_name, scripts_of
from s2s_tutorial.data.reading.opening import shown
from s2s_tutorial.data.unicode_text import script_of
from s2s_tutorial.settings import DataSettings

Cells = Sequence[str | None]
# Names of columns that people use for the two sides.
SOURCES = {"source", "src", "question", "input", "prompt", "query", "command", "instruction", "utterance", "message"}
TARGETS = {"target", "tgt", "trg", "answer", "output", "response", "reply", "completion", "translation", "label"}
OTHERS = {"id", "text", "sentence", "note", "comment", "licence", "license", "attribution", "context", "score", "group"}
NOT_TEXT = re.compile(r"[-+#]?\d+([.,:]\d+)*|https?://\S+|")  # numbers, links, nothing
LONGEST_NAME = 30  # characters of the name of a column
NAME = re.compile(rf"[\w -]{{1,{LONGEST_NAME}}}")
FEWEST_LETTERS = (
    0.1  # share of the letters of a column that belong to the script of its language; with fewer, it is questioned
)
SHORTEST_SENTENCES = 8  # characters on average: two-letter words in shorter lines may be words, above them codes


@dataclass(frozen=True)
class Layout:
    """Which columns of a file are read.

    Attributes:
        first: Index of the first column of pairs; by default the target.
        second: Index of the second column of pairs; by default the source.
        extra: Index of a column that is kept as provenance, or None.
        columns: Number of columns of the file.
        names: Names of its columns, from a header, from fields or from endings of files; empty if they have none.
        header: Names in line 1, if it is a header.
    """

    first: int
    second: int
    extra: int | None
    columns: int
    names: list[str]
    header: bool

    def pick(self, cells: Cells) -> tuple[str, str, str] | str:
        """Return the first, the second and the extra column of a row; or what is wrong with it."""
        found = len(cells)
        while found > self.columns and not (cells[found - 1] or "").strip():
            found -= 1
        fewest, most = max(self.first, self.second) + 1, max(self.columns, 3)
        if not fewest <= found <= most:
            expected = f"{fewest} or {most}" if (fewest, most) == (2, 3) else f"{self.columns}"
            return f"has {found} column{'' if found == 1 else 's'}, expected {expected}"
        first, second = cells[self.first], cells[self.second]
        if first is None or second is None:
            return f"has no {self.names[self.first if first is None else self.second]!r}"
        return first, second, (cells[self.extra] or "").strip() if self.extra is not None and self.extra < found else ""

    def title(self, column: int) -> str:
        """Return how a column is called: its number, and its name if it has one."""
        name = self.names[column] if column < len(self.names) else ""
        return f"column {column + 1} ({shown(name, 40)})" if name else f"column {column + 1}"


def find_layout(rows: list[Cells], names: list[str], settings: DataSettings, file: str, many: str) -> Layout:
    """Choose the columns of a file.

    The columns that the settings name are taken. Without them, names of columns decide, such as those of the languages, or
    "question" and "answer", and then the scripts of the languages, if these are different ones. Otherwise the first two columns
    of text are taken, of which the first is the target, and a third is kept as provenance. Columns of numbers, links and nothing
    count as sentences only if there are no others.

    Args:
        rows: First rows of the file.
        names: Names of the columns, or none.
        settings: Settings of the data.
        file: Name of the file, for messages.
        many: Likely mistake in a line with too many columns, for messages.

    Raises:
        CorpusError: There is no such column, or the columns are too many to choose from.
    """
    count = mode([_used(row) for row in rows])
    header = not names and is_header(rows)
    if header:
        names = [(cell or "").strip() for cell in rows[0]]
        rows = rows[1:]
    count = max(count, 1) if not names else len(names)
    texts = _text_columns(rows, count)
    if settings.source_column or settings.target_column:
        target, source = _said(settings, names, count, texts, file)
        return Layout(target, source, _other(texts, count, target, source), count, names, header)
    found = _by_language(names, settings) or _by_role(names) or _by_script(rows, texts, settings)
    if found is not None:
        return Layout(*found, _other(texts, count, *found), count, names, header)
    if len(texts) > 3:
        columns = ", ".join(f"{n + 1}: {shown(_example(rows, n), 20)!r}" for n in texts[:6])
        raise CorpusError(
            f"line 1 of {file} has {count} columns ({columns}), expected 2 or 3: {many} If not, name those to read with "
            "--source-column and --target-column, by number or by name"
        )
    if count <= 2:
        texts = [0, 1, 2]  # a third column is provenance, even if most lines have none
    return Layout(texts[0], texts[1], _other(texts, count, *texts[:2]), max(count, 2), names, header)


def _used(cells: Cells) -> int:
    """Count the columns of a row, without empty ones at its end."""
    used = len(cells)
    while used and not (cells[used - 1] or "").strip():
        used -= 1
    return used


def _text_columns(rows: list[Cells], count: int) -> list[int]:
    """Return the columns that hold sentences; all of them if fewer than two do."""
    columns = [[(row[n] or "").strip() for row in rows if n < len(row)] for n in range(count)]
    texts = [n for n, cells in enumerate(columns) if not all(NOT_TEXT.fullmatch(cell) for cell in cells)]
    varied = [
        n for n in texts if len(rows) < 5 or len(set(columns[n])) > 1
    ]  # the same in every row: a language, a licence
    return varied if len(varied) >= 2 and count > 3 else texts if len(texts) >= 2 else list(range(count))


def _other(texts: list[int], count: int, first: int, second: int) -> int | None:
    """Return the column that is kept as provenance: another one of text, or a third one of numbers, such as a group's."""
    third = [2] if count == 3 and {first, second} == {0, 1} else []
    return next((n for n in [*texts, *third] if n not in (first, second)), None)


def _said(settings: DataSettings, names: list[str], count: int, texts: list[int], file: str) -> tuple[int, int]:
    """Return target and source column as the settings say; a side that they do not name is the only other column of text."""
    said = [_index(name, names, count, file) for name in (settings.target_column, settings.source_column)]
    for side in (0, 1):
        if said[side] is None:
            others = [n for n in texts if n != said[1 - side]]
            if len(others) != 1:
                raise CorpusError(f"{file} has {count} columns: give both --source-column and --target-column")
            said[side] = others[0]
    target, source = said
    assert target is not None
    assert source is not None
    if target == source:
        raise CorpusError(f"column {source + 1} of {file} cannot be both source and target: name two columns")
    return target, source


def _index(name: str, names: list[str], count: int, file: str) -> int | None:
    """Return the index of a column that is given by name or number; None if it is not given."""
    if not name:
        return None
    same = [n for n, each in enumerate(names) if each.casefold() == name.casefold()]
    if same:
        return same[0]
    if name.isdecimal() and len(name) < 10 and 1 <= int(name) <= count:
        return int(name) - 1
    known = ", ".join(f"{n + 1}{f' ({shown(each, 20)})' if each else ''}" for n, each in
                      enumerate((names or [""] * count)[:8]))  # fmt: skip
    raise CorpusError(f"{file} has no column {shown(name, 40)!r}, but {known}: give one of these")


def _by_language(names: list[str], settings: DataSettings) -> tuple[int, int] | None:
    """Return the first and the second column of pairs by the names of the languages; None if no columns have these names."""
    codes = [_language(name) for name in names]
    if not settings.languages or any(codes.count(language) != 1 for language in settings.languages):
        return None
    source, target = map(codes.index, settings.languages)
    return (source, target) if settings.reverse else (target, source)


def _by_role(names: list[str]) -> tuple[int, int] | None:
    """Return the columns that have a name for a target and for a source; None if there are none, or several."""
    sides = [[n for n, name in enumerate(names) if set(_words(name)) & roles] for roles in (TARGETS, SOURCES)]
    return (sides[0][0], sides[1][0]) if all(len(side) == 1 for side in sides) and sides[0] != sides[1] else None


def _by_script(rows: list[Cells], texts: list[int], settings: DataSettings) -> tuple[int, int] | None:
    """Return the first and the second column of pairs by the scripts of the languages; None unless these tell them apart."""
    wanted = [scripts_of(code) for code in settings.languages]
    if len(wanted) < 2 or not all(wanted) or not wanted[0].isdisjoint(wanted[1]):
        return None
    scripts = {n: _script(rows, n) for n in texts}
    for columns in (texts, texts[:2] if len(texts) == 3 else []):  # the third may be a note in one of the scripts
        sides = [[n for n in columns if scripts[n] in names] for names in wanted]
        if all(len(side) == 1 for side in sides):
            (source,), (target,) = sides
            return (source, target) if settings.reverse else (target, source)
    return None


def _script(rows: list[Cells], column: int) -> str:
    """Return the script of most of the letters of a column."""
    scripts = _scripts(rows, column)
    return max(scripts, key=scripts.__getitem__, default="")


def _scripts(rows: list[Cells], column: int) -> Counter[str]:
    """Count the letters of each script in a column."""
    letters = Counter(letter for row in rows if column < len(row) for letter in (row[column] or "") if letter.isalpha())
    scripts: Counter[str] = Counter()
    for letter, count in letters.items():
        scripts[script_of(letter)] += count
    return scripts


def _title(script: str) -> str:
    return "Chinese" if script == "CJK" else script.capitalize()


def question_scripts(rows: list[Cells], layout: Layout, settings: DataSettings) -> list[str]:
    """Return a sentence for each side whose letters are not those of its language, if the languages are given.

    Args:
        rows: First rows of the file.
        layout: Columns that are read.
        settings: Settings of the data.
    """
    found = []
    columns = (layout.first, layout.second) if settings.reverse else (layout.second, layout.first)
    for code, column in zip(settings.languages or ("", ""), columns, strict=True):
        scripts, expected = _scripts(rows[layout.header :], column), all_scripts_of(code)
        if expected and sum(scripts[name] for name in expected) < FEWEST_LETTERS * scripts.total():
            most = max(scripts, key=scripts.__getitem__)
            usual, own = (" or ".join(map(_title, sorted(names))) for names in (scripts_of(code), {most}))
            found.append(
                f"{language_name(code, '')} is written in {usual} letters, and {layout.title(column)} in {own} ones: check the "
                "languages (--languages SOURCE TARGET) and the columns"
            )
    return found


def is_header(rows: list[Cells]) -> bool:
    """Find out whether the first row names the columns.

    Every column must have a name that columns have: of a language, of a side, or another known one; beside the names of both
    sides, others may have any name. Codes of languages, which may be words ("no", "is"), count only above longer text.
    """
    if len(rows) < 2:
        return False
    cells = [(cell or "").strip() for cell in rows[0] if (cell or "").strip()]
    known = SOURCES | TARGETS | OTHERS
    words_of = {cell: _words(cell) for cell in cells if len(cell) <= LONGEST_NAME}
    named = [cell for cell in cells if (words := words_of.get(cell)) and all(w in known or find_code(w) for w in words)]
    if len(cells) < 2 or (len(named) < len(cells) and not _names_both_sides(cells, named)):
        return False
    codes = [code for words in {tuple(words) for words in words_of.values()} if (code := find_code(" ".join(words)))]
    if len(set(codes)) < len(codes):  # two names of one language are a pair, such as "german" and "deutsch"
        return False
    only_codes = all(len(word) < 4 and word not in known for cell in cells for word in _words(cell))
    lengths = [len(cell or "") for row in rows[1:] for cell in row]
    return not only_codes or mean(lengths) >= SHORTEST_SENTENCES


def _names_both_sides(cells: list[str], named: list[str]) -> bool:
    """Return whether two columns have names of different languages, or of both sides, and the others look like names."""
    full = [cell for cell in named if len(cell) > 3]  # no codes, which may be words
    words = {word for cell in full for word in _words(cell)}
    both = len({_language(cell) for cell in full} - {""}) > 1 or (words & SOURCES and words & TARGETS)
    return bool(both) and all(NAME.fullmatch(cell) for cell in cells)


def _words(name: str) -> list[str]:
    """Split the name of a column into words.

    >>> _words("Source text"), _words("sentence_de")
    (['source', 'text'], ['sentence', 'de'])
    """
    letters = (
        c if c.isalnum() or unicodedata.category(c)[0] == "M" else " " for c in name.casefold()
    )  # with vowel signs
    return "".join(letters).split()


def _language(name: str) -> str:
    """Return the code of the language that a column is named after; `""` if there is none."""
    found = [code for word in _words(name) if (code := find_code(word))]
    return found[0] if len(found) == 1 else ""


def _example(rows: list[Cells], column: int) -> str:
    return next((text for row in rows if column < len(row) and (text := (row[column] or "").strip())), "")


def example_of(rows: list[Cells], layout: Layout, column: int) -> str:
    """Return the first sentence of a column, to show which it is."""
    return shown(_example(rows[layout.header :], column), 40)
