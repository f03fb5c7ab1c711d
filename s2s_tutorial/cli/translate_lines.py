"""Translate lines of text: read them, translate them in chunks, and print one line for each."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperCommand

if TYPE_CHECKING:
    from s2s_tutorial.translation.translator import Translation, Translator


class SentenceCommand(TyperCommand):
    """A command whose arguments are sentences, which may begin with a hyphen: « -Bonjour. » is not an option."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put a space before an argument with one hyphen that is not an option; the sentence stays the same."""
        options = {*ctx.help_option_names, *(name for parameter in self.params for name in parameter.opts)}
        is_sentence = [arg[:1] == "-" and arg[:2] not in ("-", "--") and arg not in options for arg in args]
        return super().parse_args(
            ctx, [f" {arg}" if each else arg for arg, each in zip(args, is_sentence, strict=True)]
        )


def read_lines(arguments: list[str] | None) -> Iterator[str | UnicodeError]:
    """Yield the arguments, or the lines of standard input; a line that is not UTF-8 is yielded as the error it raised.

    At a terminal, standard error shows what to type.
    """
    if arguments:
        for argument in arguments:
            try:
                argument.encode()  # bytes that are not UTF-8 arrive as surrogates
                yield argument
            except UnicodeEncodeError as error:
                yield error
        return
    is_terminal = sys.stdin.isatty()
    if is_terminal:
        typer.echo("Type a sentence and press Enter. Ctrl-D ends.", err=True)
    while True:
        if is_terminal:
            typer.echo("> ", nl=False, err=True)
        line = sys.stdin.buffer.readline()
        if not line:
            if is_terminal:
                typer.echo(err=True)
            return
        try:
            yield line.decode().rstrip("\r\n")
        except UnicodeDecodeError as error:
            yield error


def chunks(items: Iterator[str | UnicodeError]) -> Iterator[list[str | UnicodeError]]:
    """Group lines into chunks: of 512 lines from a file, of one line from a keyboard."""
    size = 1 if sys.stdin.isatty() else 512
    chunk = []
    for item in items:
        chunk.append(item)
        if len(chunk) == size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def translate_chunk(translator: Translator, chunk: list[str | UnicodeError], beam: int, as_json: bool) -> bool:
    """Translate lines and print one line for each; return False if a line could not be translated."""
    from s2s_tutorial.translation.translator import SentenceError, read_sentence

    sources: list[str | SentenceError] = []
    for line in chunk:
        try:
            if isinstance(line, UnicodeError):
                raise SentenceError("the line is not UTF-8: save the text as UTF-8")
            source = read_sentence(line)
            if not any(word.isalpha() and word in translator.src_vocabulary for word in source.split()):
                raise SentenceError(f"{line.strip()[:40]!r} has no word that this model has learned: use other words")
            sources.append(source)
        except SentenceError as error:
            sources.append(error)
    good = [source for source in sources if isinstance(source, str)]
    translations = iter(translator.translate_words(good, beam) if good else [])
    for read in sources:
        if isinstance(read, SentenceError):
            typer.echo(f"error: {read}", err=True)
            typer.echo(json.dumps({"text": "", "error": str(read)}, ensure_ascii=False) if as_json else "")
        else:
            translation = next(translations)
            typer.echo(json.dumps(describe(translation), ensure_ascii=False) if as_json else translation.text)
    return len(good) == len(sources)


def describe(translation: Translation) -> dict[str, object]:
    """Return a translation as plain values, ready for JSON."""
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
