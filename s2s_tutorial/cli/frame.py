"""The parts that all commands share: settings of their help, examples at its end, and errors of one line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import typer

HELP = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


def examples(*lines: str) -> str:
    """Return the end of a help text: commands to copy, each on a line of its own."""
    return "\b\n" + "\n".join(["Examples:" if len(lines) > 1 else "Example:", *(f"  {line}" for line in lines)])


@contextmanager
def clear_errors() -> Iterator[None]:
    """Turn an error that the user can correct into one line on standard error and exit code 1."""
    try:
        yield
    except ValueError as error:  # CorpusError, RunError, SentenceError and bad settings are ValueErrors
        typer.echo(f"error: {error}", err=True)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        typer.echo(
            f"error: {where}{error.strerror or error}: check that the path exists, may be written and has free space",
            err=True,
        )
    else:
        return
    raise typer.Exit(1)
