"""The commands that show a run to others: `page` and `serve`."""

from __future__ import annotations

from s2s_tutorial.cli import data_options, options
from s2s_tutorial.cli.app import app, clear_errors, examples
from s2s_tutorial.cli.choosing import one_or_two
from s2s_tutorial.cli.data_options import FilesCommand
from s2s_tutorial.cli.show_page import page_run, serve_run
from s2s_tutorial.settings import PRETRAINED


@app.command(cls=FilesCommand, epilog=examples("s2s-tutorial page --run runs/sample --to my-page"))
def page(
    to: options.PageOption,
    run: options.TrainedRunOption = PRETRAINED,
    corpus: data_options.MovedCorpusOption = None,
    title: options.PageTitleOption = "",
    with_examples: options.ExamplesOption = True,
    measure: options.MeasureOption = True,
) -> None:
    """Write a page that translates in any browser.

    Open index.html of the folder: it needs no server and no network connection. The page has the live translator with its
    attention and beam search, held-out sentences with their reference translations, and facts about the model. To put it on
    the web, copy the folder there.
    """
    with clear_errors():
        page_run(run, to, title, one_or_two("corpus", corpus or []), with_examples, measure)


@app.command(
    cls=FilesCommand,
    epilog=examples(
        "s2s-tutorial serve --run runs/sample",
        "s2s-tutorial serve --run runs/sample --port 0 --no-examples",
        """curl -H "Content-Type: application/json" -d '{"text": "Il dort.", "beam": 5}' http://127.0.0.1:8765/translate""",
    ),
)
def serve(
    run: options.TrainedRunOption = PRETRAINED,
    port: options.PortOption = 8_765,
    rate: options.RateOption = 600,
    corpus: data_options.MovedCorpusOption = None,
    title: options.PageTitleOption = "",
    with_examples: options.ExamplesOption = True,
) -> None:
    """Serve a run's page and translations on this machine.

    GET /health answers {"status": "ok", ...}. POST /translate takes {"text": "...", "beam": 1, "attention": false, "split":
    true}, of which only the text is required, and answers as translate --json prints. An error is answered as {"error":
    "..."}. The server listens on 127.0.0.1 only. Ctrl-C ends it.
    """
    with clear_errors():
        serve_run(run, port, title, one_or_two("corpus", corpus or []), with_examples, rate)
