"""Lines of text through a translator: what `s2s-tutorial translate` reads and prints."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from s2s_tutorial.translation.translator import Translation, Translator


def read_lines(arguments: list[str] | None) -> Iterator[str | UnicodeDecodeError]:
    """The arguments, or the lines of standard input; for a line that is not UTF-8, what is wrong with it."""
    if arguments:
        yield from arguments
        return
    for line in sys.stdin.buffer:
        try:
            yield line.decode().rstrip("\r\n")
        except UnicodeDecodeError as error:
            yield error


def chunks(items: Iterator[str | UnicodeDecodeError]) -> Iterator[list[str | UnicodeDecodeError]]:
    """Batches of lines from a file; line by line from a keyboard."""
    size = 1 if sys.stdin.isatty() else 512
    chunk = []
    for item in items:
        chunk.append(item)
        if len(chunk) == size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def translate_chunk(translator: Translator, chunk: list[str | UnicodeDecodeError], beam: int, as_json: bool) -> bool:
    """Translate lines and print a line for each; returns whether all went well."""
    from s2s_tutorial.translation.translator import SentenceError, read_sentence

    sources: list[str | SentenceError] = []
    for line in chunk:
        try:
            if isinstance(line, UnicodeDecodeError):
                raise SentenceError("the line is not UTF-8: save the text as UTF-8")
            source = read_sentence(line)
            if not any(word.isalpha() and word in translator.src_vocabulary for word in source.split()):
                raise SentenceError(f"{line.strip()[:40]!r} has no word that this model has learned: use other words")
            sources.append(source)
        except SentenceError as error:
            sources.append(error)
    good = [source for source in sources if isinstance(source, str)]
    translations = iter(translator.translate_words(good, beam) if good else [])
    for source in sources:
        if isinstance(source, SentenceError):
            typer.echo(f"error: {source}", err=True)
            typer.echo(json.dumps({"text": "", "error": str(source)}, ensure_ascii=False) if as_json else "")
        else:
            translation = next(translations)
            typer.echo(json.dumps(describe(translation), ensure_ascii=False) if as_json else translation.text)
    return len(good) == len(sources)


def describe(translation: Translation) -> dict[str, object]:
    """A translation as plain values, ready for JSON."""
    weights = translation.attn_weights
    return {
        "text": translation.text,
        "source": translation.src_words,
        "words": translation.words,
        "copied": translation.copied,
        "unknown": translation.unknown,
        "score": round(translation.score, 4),
        "others": [{"text": text, "score": round(score, 4)} for text, score in translation.others],
        "attention": None if weights is None else [[round(w, 4) for w in row] for row in weights.tolist()],
    }
