"""Read sentence pairs: from the built-in grammar, from your own files, or from the Tatoeba Project.

A file is not trusted. Its size is checked before and while it is unpacked. It is read in pieces, in memory, up to the first
bad line, and an error names the line. `reading` holds the parts: how a file is opened, decoded, cut into columns, and which
columns are taken.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from itertools import chain, islice, zip_longest
from operator import eq
from pathlib import Path

from s2s_tutorial.arguments import check_fields, to_path
from s2s_tutorial.data.collector import paused_collector
from s2s_tutorial.data.columns import Alignment, Columns, CorpusError
from s2s_tutorial.data.losses import Losses
from s2s_tutorial.data.reading.formats import Format, Row, find_format, is_quoted
from s2s_tutorial.data.reading.layout import Layout, example_of, find_layout, question_scripts
from s2s_tutorial.data.reading.lines import BadLines, lines_of
from s2s_tutorial.data.reading.opening import Text, column_name, open_texts, quoted
from s2s_tutorial.data.rules import text_rule
from s2s_tutorial.data.tatoeba import tatoeba_file
from s2s_tutorial.grammar import LANGUAGES, generate
from s2s_tutorial.settings import BUILT_IN, DataSettings, Files, files_of

MAX_FILE_BYTES = 1 << 30  # far more than any corpus that fits in memory, packed or not
MAX_PAIRS = 5_000_000
MAX_STREAMED_BYTES, MAX_STREAMED_PAIRS = 64 << 30, 50_000_000  # where only one piece is in memory at a time
PAIRS_AT_ONCE = 20_000
LOOKED_AT = 1_000  # lines at the start of a file by which its format and its columns are found
SAMPLE_SEED = 0
MOST_SAME = (
    0.2  # share of pairs whose sides are equal, such as names and numbers; with more, the columns are likely wrong
)
FILE_KINDS = ".txt, .tsv, .csv or .jsonl, also packed as .gz, .bz2, .xz or .zip, or two parallel files"


def read_corpus(settings: DataSettings) -> Columns:
    """Read the corpus that the settings name.

    Raises:
        CorpusError: There is no such file, or it does not hold sentence pairs.
    """
    return _join(read_pieces(settings, streamed=False))


def read_pieces(settings: DataSettings, streamed: bool = True) -> Iterator[Columns]:
    """Read a corpus like `read_corpus`, but yield it in pieces, so that it never has to be in memory as a whole.

    Args:
        settings: Settings of the data.
        streamed: True if the caller does not keep the pieces, so that the corpus may be much larger.

    Raises:
        CorpusError: See `read_corpus`.
    """
    check_fields("data", settings, DataSettings)
    if settings.corpus != "sample":
        yield from _file_pieces(corpus_files(settings.corpus), settings, streamed)
        return
    most = MAX_STREAMED_PAIRS if streamed else MAX_PAIRS
    if settings.sample_pairs > most:
        raise CorpusError(
            f"{settings.sample_pairs:,} generated pairs are too many, at most {most:,} are made: take fewer"
        )
    pairs = generate(settings.sample_pairs, SAMPLE_SEED, sample_language(settings))
    while piece := list(islice(pairs, PAIRS_AT_ONCE)):
        english, source = (pair.english for pair in piece), (pair.source for pair in piece)
        yield replace(_normalised(english, source, [], settings), alignments=[pair.alignment for pair in piece])


def sample_language(settings: DataSettings) -> str:
    """Return the code of the language that the built-in corpus pairs with English, from the settings.

    Raises:
        CorpusError: There is no grammar of this language.
    """
    language = settings.language_pair[1 if settings.reverse else 0]
    if language not in LANGUAGES:
        raise CorpusError(
            f"the built-in corpus has no {language}, only {' and '.join(LANGUAGES)} with en: choose --languages de en, or "
            "give your own pairs with --corpus FILE"
        )
    return language


def corpus_files(corpus: Files) -> list[Path]:
    """Return the paths of a corpus that is read from files: Tatoeba's, one file of pairs, or two parallel files.

    Raises:
        CorpusError: One of them is not a file.
    """
    if corpus == "tatoeba":
        return [tatoeba_file()]
    paths = [Path(path) for path in files_of(corpus)]
    for path in paths:
        if not path.is_file():
            raise CorpusError(f"{path} is not a file: give a file of sentence pairs ({FILE_KINDS})")
    return paths


def content_digest(settings: DataSettings) -> str:
    """Return the SHA-256 of the files that the settings name, by which they are found again; `""` if there are none.

    Raises:
        CorpusError: One of them is not a file.
    """
    total = hashlib.sha256()
    sets = [files for files in (settings.corpus, settings.valid, settings.test) if files and files != "sample"]
    for files in sets:
        for path in corpus_files(files):
            with path.open("rb") as file:
                total.update(hashlib.file_digest(file, "sha256").digest())
    return total.hexdigest() if sets else ""


def read_file(files: str | Path | tuple[str, str], settings: DataSettings | None = None) -> Columns:
    """Read the pairs of a file, or of two parallel files.

    Args:
        files: Path of the file, or of both.
        settings: Settings that name columns and languages.

    Raises:
        CorpusError: The file cannot be used; the message tells what is wrong, in which line, and what to do.
    """
    named: Files = (str(files[0]), str(files[1])) if isinstance(files, tuple) else str(to_path(files))
    paths = [Path(path) for path in files_of(named)] if named in BUILT_IN else corpus_files(named)
    return _join(_file_pieces(paths, settings or DataSettings(), streamed=False))


def parse_columns(data: bytes, name: str, settings: DataSettings | None = None) -> Columns:
    """Split the bytes of a file into columns and normalise them.

    Args:
        data: Contents of the file.
        name: Name of the file in error messages.
        settings: Settings that name columns and languages.

    Raises:
        CorpusError: The bytes are not text, a line has too few columns or too many, or there are no pairs at all.
    """
    text = Text(io.BytesIO(data), name, column_name(name), len(data), is_size=True)
    return _join(_text_pieces([text], settings or DataSettings(), MAX_PAIRS))


@paused_collector()
def _join(pieces: Iterable[Columns]) -> Columns:
    """Join pieces into one."""
    whole = Columns([], [], [])
    alignments: list[Alignment] = []
    for piece in pieces:
        whole.first.extend(piece.first)
        whole.second.extend(piece.second)
        whole.provenance.extend(piece.provenance)
        whole.notes.extend(piece.notes)
        alignments.extend(piece.alignments or [])
        for side, more in zip(whole.losses, piece.losses, strict=True):
            side.add(more)
    return replace(whole, alignments=alignments or None)


def _file_pieces(paths: list[Path], settings: DataSettings, streamed: bool) -> Iterator[Columns]:
    """Read one file, or two parallel files, piece by piece."""
    most_bytes, most_pairs = (MAX_STREAMED_BYTES, MAX_STREAMED_PAIRS) if streamed else (MAX_FILE_BYTES, MAX_PAIRS)
    with ExitStack() as stack:
        texts = [text for path in paths for text in stack.enter_context(open_texts(path, most_bytes))]
        if len(texts) > 2:
            raise CorpusError(
                f"{paths[0]} and {paths[1]} hold {len(texts)} files: give one file of pairs, or two parallel files"
            )
        yield from _text_pieces(texts, settings, most_pairs)


@dataclass(frozen=True)
class _Table:
    """The rows of a file, or of two parallel files, and how they were found.

    Attributes:
        name: Name of the file or files.
        format: Format of the rows.
        rows: Every row, with the number of its line.
        start: The first rows once more.
        layout: Which columns are taken.
    """

    name: str
    format: Format
    rows: Iterator[Row]
    start: list[Row]
    layout: Layout


def _open_table(texts: list[Text], settings: DataSettings, bad: BadLines) -> _Table:
    """Find format and columns of one file, or of two parallel files, by its first lines."""
    name = " and ".join(text.name for text in texts)
    if len(texts) == 2:
        names = [text.column for text in texts]
        form = Format("two parallel files", lambda lines, bad, name: _parallel_rows(texts, bad), names)
        rows = _parallel_rows(texts, bad)
    else:
        lines = lines_of(texts[0], bad)
        start = list(islice(lines, LOOKED_AT))
        seen = [line for line in start if line is not None and line.strip()]
        if not seen:
            raise CorpusError(f"{name} is empty: expected lines of two sentences with a tab between them")
        form = find_format(seen, name)
        rows = form.rows(chain(start, lines), bad, name)
    first_rows = list(islice(rows, LOOKED_AT))
    if not first_rows:
        raise CorpusError(f"{name} has no line that can be read: {bad.listed[0] if bad.listed else 'it is empty'}")
    layout = find_layout([cells for _, cells in first_rows], form.names, settings, name, form.many)
    return _Table(name, form, chain(first_rows, rows), first_rows, layout)


def _parallel_rows(texts: list[Text], bad: BadLines) -> Iterator[Row]:
    """Pair the lines of two files; a pair of which one line cannot be decoded is left out.

    Raises:
        CorpusError: One file has more lines than the other.
    """
    first, second = texts
    pairs = zip_longest(lines_of(first, bad), lines_of(second, bad), fillvalue="\0")
    for number, cells in enumerate(pairs, start=1):
        for text, other, cell in zip(texts, (second, first), cells, strict=True):
            if cell == "\0":
                raise CorpusError(
                    f"{text.name} ends after line {number - 1} and {other.name} does not: of two parallel files, "
                    "line for line, both need the same number of lines"
                )
            if cell and "\t" in cell:
                bad.add(
                    number,
                    text.name,
                    "has a tab",
                    "two files are read line for line; join files of pairs into one.",
                    cell,
                )
        if None not in cells and not any("\t" in (cell or "") for cell in cells):
            yield number, cells


def _text_pieces(texts: list[Text], settings: DataSettings, most_pairs: int) -> Iterator[Columns]:
    """Read normalised pairs from open files, piece by piece; at most `most_pairs` pairs."""
    bad = BadLines(settings.skip_bad)
    table = _open_table(texts, settings, bad)
    notes, pairs, same = _notes(table, settings), 0, 0
    picked = _picked(table, bad)
    while piece := list(islice(picked, PAIRS_AT_ONCE)):
        first, second, extra = map(list, zip(*piece, strict=True))
        pairs += len(first)
        same += sum(map(eq, first, second))
        if pairs > most_pairs:
            raise CorpusError(f"{table.name} has more than {most_pairs:,} pairs: split it into smaller files")
        yield replace(_normalised(first, second, extra, settings), notes=notes)
        notes = []
    if not pairs:
        raise CorpusError(
            f"{table.name} has no pair that can be read: expected lines of two sentences with a tab between them"
        )
    if same > MOST_SAME * pairs:
        text = f"source and target are the same in {same:,} of {pairs:,} pairs: check the columns"
        yield Columns([], [], [], notes=[("warning", text)])
    if bad.count:
        more = [] if bad.count == len(bad.listed) else [("", f"and {bad.count - len(bad.listed):,} more")]
        listed = [("", line) for line in bad.listed]
        lines = f"{bad.count:,} line{'' if bad.count == 1 else 's'}"
        yield Columns([], [], [], notes=[("left out (--skip-bad)", lines), *listed, *more])


def _picked(table: _Table, bad: BadLines) -> Iterator[tuple[str, str, str]]:
    """Yield the first, the second and the extra column of every row that has them."""
    for number, cells in islice(table.rows, int(table.layout.header), None):
        found = table.layout.pick(cells)
        if isinstance(found, str):
            advice = table.format.few if len(cells) < 2 else table.format.many
            bad.add(number, table.name, found, advice, "\t".join(cell or "" for cell in cells))
        else:
            yield found


def _normalised(first: Iterable[str], second: Iterable[str], provenance: list[str], settings: DataSettings) -> Columns:
    """Normalise both columns by the rule of the settings, and count what is lost."""
    rule, losses = text_rule(settings), (Losses(), Losses())
    return Columns(losses[0].normalise(first, rule), losses[1].normalise(second, rule), provenance, losses=losses)


def _notes(table: _Table, settings: DataSettings) -> list[tuple[str, str]]:
    """Describe how a file is read: its format, which columns are source and target, and what may be wrong with them."""
    layout, rows = table.layout, [cells for _, cells in table.start]
    sides = (layout.first, layout.second) if settings.reverse else (layout.second, layout.first)
    notes = [("read from", f"{table.name}: {table.format.title}")]
    for side, column in zip(("source", "target"), sides, strict=True):
        notes.append((side, f"{layout.title(column)}, such as {quoted(example_of(rows, layout, column))}"))
    if layout.header:
        notes.append(("left out", f"line {table.start[0][0]}, which names the columns"))
    if unread := [layout.title(n) for n in range(layout.columns) if n not in (*sides, layout.extra)]:
        notes.append(("not read", ", ".join(unread)))
    texts = (cells[side] or "" for cells in rows for side in sides if side < len(cells))
    if example := next(filter(is_quoted, texts), ""):
        text = f"quotes are read as part of the text, such as {quoted(example, 40)}: if they are those of CSV, name the file .csv"
        notes.append(("warning", text))
    return notes + [("warning", text) for text in question_scripts(rows, layout, settings)]
