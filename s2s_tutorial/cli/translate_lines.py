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

MOST_NAMED = 6  # words, or numbers, in a warning


class SentenceCommand(TyperCommand):
    """A command whose arguments are sentences, which may begin with a hyphen: « -Bonjour. » is not an option."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put a space before an argument with a hyphen that is not an option; the sentence stays the same.

        After two hyphens it is a sentence if there is a space in it, or else a mistyped option.
        """
        options = {*ctx.help_option_names, *(name for parameter in self.params for name in parameter.opts)}
        is_sentence = [
            arg[:1] == "-" and arg != "-" and arg not in options and (arg[:2] != "--" or " " in arg.split("=")[0])
            for arg in args
        ]
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
    """Group lines into chunks: of 2,048 lines from a file, of one line from a keyboard."""
    size = 1 if sys.stdin.isatty() else 2_048
    chunk = []
    for item in items:
        chunk.append(item)
        if len(chunk) == size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def translate_chunk(
    translator: Translator, chunk: list[str | UnicodeError], beam: int, as_json: bool, split: bool = True
) -> bool:
    """Translate lines and print one line for each; return False if a line could not be translated.

    HTML entities are decoded, since models were trained on text without them.

    Args:
        translator: The model.
        chunk: Lines, or the errors that reading them raised.
        beam: Beam size; 1 is greedy search.
        as_json: Whether to print JSON.
        split: Whether to split each line into sentences.
    """
    from s2s_tutorial.data.losses import decode_entities
    from s2s_tutorial.translation.translator import SentenceError

    lines: list[str | SentenceError] = []
    for line in chunk:
        try:
            if isinstance(line, UnicodeError):
                raise SentenceError("the line is not UTF-8: save the text as UTF-8")
            text = decode_entities(line)
            translator.check_readable(text, split)
            lines.append(text)
        except SentenceError as error:
            lines.append(error)
    good = [line for line in lines if isinstance(line, str)]
    translations = iter(translator.translate(good, beam, split=split) if good else [])
    for read in lines:
        if isinstance(read, SentenceError):
            typer.echo(f"error: {read}", err=True)
            typer.echo(json.dumps({"text": "", "error": str(read)}, ensure_ascii=False) if as_json else "")
        else:
            translation = next(translations)
            warn(read, translation)
            text = " ".join(translation.text.splitlines())  # an argument may have several lines, the output has one
            typer.echo(json.dumps(translation.to_dict(), ensure_ascii=False) if as_json else text)
    return len(good) == len(lines)


def warn(line: str, translation: Translation) -> None:
    """Print on standard error what of a line the model cannot read, does not know or has changed, and whether it is too long."""
    from s2s_tutorial.data.reading.opening import quoted

    start = quoted(" ".join(line.split())[:40])
    if translation.dropped:
        left_out = "".join(dict.fromkeys(translation.dropped))[:40]
        typer.echo(f"warning: {start}: this model cannot read {left_out!r}, and leaves it out", err=True)
    if translation.unlearned:
        unlearned = "".join(dict.fromkeys(translation.unlearned))[:40]
        typer.echo(
            f"warning: {start}: this model has not learned the characters {unlearned!r}, and can only guess", err=True
        )
    if lost := translation.lost_words:
        words = ", ".join(map(quoted, lost[:MOST_NAMED])) + " and others" * (len(lost) > MOST_NAMED)
        typer.echo(f"warning: {start}: this model does not know the words {words}, and can only guess", err=True)
    if numbers := translation.lost_numbers:
        named = ", ".join(numbers[:MOST_NAMED])
        typer.echo(f"warning: {start}: check the numbers: the translation does not have {named} in digits", err=True)
    if translation.too_long:
        typer.echo(f"warning: {start}: longer than any sentence that this model has learned", err=True)
