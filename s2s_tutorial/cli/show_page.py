"""Show a run from the command line: write its page, or serve it on this machine."""

from __future__ import annotations

import json
import shlex
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import typer

from s2s_tutorial.cli.choose_sentences import corpus_of
from s2s_tutorial.settings import Files

if TYPE_CHECKING:
    from s2s_tutorial.data.corpus import Corpus
    from s2s_tutorial.runs.folder import Run


def page_run(folder: Path, to: Path, title: str, corpus: Files, examples: bool, measure: bool) -> None:
    """Write the page of a run.

    Args:
        folder: Folder of the run.
        to: Folder of the page.
        title: Title of the page; `""` for one that names the languages.
        corpus: Path of the run's corpus, or paths of two parallel files; `""` to look them up.
        examples: Whether to read the corpus and put held-out sentences on the page.
        measure: Whether to measure the rounded weights on the held-out test set.

    Raises:
        ValueError: The run, its corpus or the folder cannot be used.
    """
    from s2s_tutorial.runs.folder import open_run
    from s2s_tutorial.runs.weights import load_translator
    from s2s_tutorial.translation.evaluation import evaluate
    from s2s_tutorial.web.export import rounded
    from s2s_tutorial.web.page import check_folder, write_page

    run, translator = open_run(folder), load_translator(folder)
    check_folder(to)
    prepared = find_corpus(run, corpus) if examples or measure else None
    measured = None
    if measure and prepared is not None:
        typer.echo(f"measuring on {len(prepared.test):,} held-out sentences …", err=True)
        measured, _ = evaluate(rounded(translator), prepared.test)
    page = write_page(run, translator, to, title, prepared, measured, examples)
    typer.echo(
        f"wrote {page.path}: {page.size / 1e6:.1f} MB, {len(page.examples)} held-out examples. Open it in a browser."
    )


def find_corpus(run: Run, corpus: Files) -> Corpus | None:
    """Prepare a run's corpus again; None, with a message, if it is not found and was not given.

    Raises:
        ValueError: The corpus that was given cannot be used.
    """
    if run.is_packaged and not corpus:
        return None  # its corpus would be downloaded
    try:
        return corpus_of(run, corpus)
    except (ValueError, OSError) as error:
        if corpus:
            raise
        typer.echo(f"warning: the page gets no held-out examples: {error}", err=True)
        return None


def serve_run(folder: Path, port: int, title: str, corpus: Files, examples: bool, most_per_minute: int) -> None:
    """Serve the page of a run, and translations as JSON, until Ctrl-C.

    Args:
        folder: Folder of the run.
        port: Port to listen on; 0 for a free one.
        title, corpus, examples: As for `page_run`.
        most_per_minute: Largest number of requests for translations in a minute.

    Raises:
        ValueError: The run, its corpus or the port cannot be used.
    """
    import asyncio

    from s2s_tutorial.runs.folder import open_run
    from s2s_tutorial.runs.weights import load_translator
    from s2s_tutorial.web import server
    from s2s_tutorial.web.page import write_page

    run, translator = open_run(folder), load_translator(folder)
    with (
        server.listen(port) as opened,
        TemporaryDirectory(prefix="s2s-page-") as place,
        server.Desk(translator, most_per_minute) as desk,
    ):
        url = f"http://{server.ADDRESS}:{opened.getsockname()[1]}/"
        prepared = find_corpus(run, corpus) if examples else None
        page = write_page(run, translator, Path(place) / "page", title, prepared)
        about = {"run": run.folder.resolve().name, "source": run.src_language, "target": run.language}
        application = server.build_application(Path(place) / "page", desk, about)
        with suppress(KeyboardInterrupt):  # where signals cannot be handled otherwise
            typer.echo(f"Serving {about['run']} at {url} (Ctrl-C ends)")
            question = json.dumps({"text": page.examples[0] if page.examples else "…"}, ensure_ascii=False)
            command = ["curl", "-H", "Content-Type: application/json", "-d", question, f"{url}translate"]
            typer.echo(f"Translations as JSON: {shlex.join(command)}")
            asyncio.run(server.serve(application, opened, asyncio.Event()))
