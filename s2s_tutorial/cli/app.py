"""The program `s2s-tutorial`: its name, its version, and how its errors are shown."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

HELP = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


def examples(*lines: str) -> str:
    """Return the end of a help text: commands to copy, each on a line of its own."""
    return "\b\n" + "\n".join(["Examples:" if len(lines) > 1 else "Example:", *(f"  {line}" for line in lines)])


app = typer.Typer(
    name="s2s-tutorial",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings=HELP,
    epilog=examples(
        's2s-tutorial translate "Ma sœur cherche une voiture rouge."',
        "s2s-tutorial train --run runs/sample",
        "s2s-tutorial evaluate --run runs/sample",
    )
    + "\n\nRun s2s-tutorial COMMAND -h for the options of a command.",
)


def show_version(wanted: bool) -> None:
    """Print name and version, and end the program."""
    if wanted:
        import s2s_tutorial

        typer.echo(f"s2s-tutorial {s2s_tutorial.__version__}")
        raise typer.Exit


@app.callback()
def start(
    version: Annotated[
        bool,
        typer.Option("--version", "-V", callback=show_version, is_eager=True, help="Show name and version, and exit."),
    ] = False,
) -> None:
    """Train and use a small translator, between French and English or between the languages of your own sentence pairs.

    Everything works offline with a built-in corpus and two trained models that come with the package.
    """


@contextmanager
def clear_errors() -> Iterator[None]:
    """Turn an error that the user can correct into one line on standard error and exit code 1."""
    try:
        yield
    except ValueError as error:  # CorpusError, RunError, SentenceError and bad settings are ValueErrors
        typer.echo(f"error: {error}", err=True)
    except BrokenPipeError:  # the reader of a pipe has seen enough; nothing may be written to it at the end either
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        typer.echo(
            f"error: {where}{error.strerror or error}: check that the path exists, may be written and has free space",
            err=True,
        )
    else:
        return
    raise typer.Exit(1)
