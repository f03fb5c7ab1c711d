"""The command line: `s2s-tutorial data · train · translate · evaluate · plot · export · page · serve`.

A command imports what is slow to import only when it runs, so that `--help` and `translate` start fast. A user's mistake
ends with one line on standard error and exit code 1, never with a traceback.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import typer

from s2s_tutorial.cli import (
    data_options,
    options,
    text_options,
    training_commands,  # noqa: F401 (its commands come first)
)
from s2s_tutorial.cli.app import app, clear_errors, examples
from s2s_tutorial.cli.choose_sentences import Wanted, held_out_of
from s2s_tutorial.cli.choosing import one_or_two
from s2s_tutorial.cli.data_options import FilesCommand
from s2s_tutorial.cli.measure_run import measure_run
from s2s_tutorial.cli.messages import describe_scores
from s2s_tutorial.cli.translate_lines import SentenceCommand, chunks, read_lines, translate_chunk, warn
from s2s_tutorial.settings import PRETRAINED

if TYPE_CHECKING:
    from s2s_tutorial.data.corpus import HeldOut
    from s2s_tutorial.runs.folder import Run

plot_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Draw the attention or the losses of a run.")
app.add_typer(plot_app, name="plot", epilog=examples("s2s-tutorial plot losses --run runs/sample --out losses.png"))


@app.command(
    cls=SentenceCommand,
    epilog=examples(
        's2s-tutorial translate "Ma sœur cherche une voiture rouge."',
        "s2s-tutorial translate --run runs/sample --beam 5 --json < sentences.txt",
    ),
)
def translate(
    sentences: options.SentencesArgument = None,
    run: options.TrainedRunOption = PRETRAINED,
    to: text_options.IntoOption = None,
    beam: options.BeamOption = 1,
    split: text_options.SplitOption = True,
    as_json: options.JsonTranslationsOption = False,
    device: options.DeviceOption = "auto",
) -> None:
    """Translate sentences from arguments or standard input.

    Each argument or line gives one line of output. It is split into sentences, whose translations are joined with the same
    spaces. If it cannot be translated, its line is empty, a message is printed on standard error, and the exit code at the
    end is 1.
    """
    with clear_errors():
        from s2s_tutorial.runs.weights import choose_device, load_translator

        translator = load_translator(run, choose_device(device), to)
        failed = False
        for chunk in chunks(read_lines(sentences)):
            failed |= not translate_chunk(translator, chunk, beam, as_json, split)
    if failed:
        raise typer.Exit(1)


@app.command(
    cls=FilesCommand,
    epilog=examples(
        "s2s-tutorial evaluate --run runs/sample --beam 5",
        "s2s-tutorial evaluate --run runs/sample --pairs challenge",
        "s2s-tutorial evaluate --run runs/mine --write texts --compare runs/sample",
        "s2s-tutorial evaluate --run runs/mine --hypotheses theirs.txt --compare runs/mine",
    ),
)
def evaluate(
    run: options.MeasuredRunOption = None,
    pairs: options.PairsOption = None,
    corpus: data_options.MovedCorpusOption = None,
    hypotheses: options.HypothesesOption = None,
    compare: options.CompareOption = None,
    write: options.WriteOption = None,
    beam: options.BeamOption = 1,
    as_json: options.JsonScoresOption = False,
    device: options.DeviceOption = "auto",
) -> None:
    """Measure how well a run, or any other system, translates.

    A run is measured on its held-out test set, on the challenge set, or on your own pairs. --write writes the sentences, so that
    another system can translate them, and --hypotheses measures what it wrote. --compare shows whether a difference between two
    systems is larger than chance explains.
    """
    with clear_errors():
        pair_files, corpus_files = one_or_two("pairs", pairs or []), one_or_two("corpus", corpus or [])
        wanted = Wanted(run, pair_files, corpus_files, beam, device, hypotheses, write, compare)
        scores, values = measure_run(wanted)
        typer.echo(json.dumps(values, indent=1, ensure_ascii=False) if as_json else describe_scores(scores, values))


@plot_app.command(
    "attention",
    cls=SentenceCommand,
    epilog=examples('s2s-tutorial plot attention --out attention.png "Le chat dort sous la table."'),
)
def plot_attention_command(
    out: options.OutOption,
    sentence: options.SentenceArgument,
    run: options.TrainedRunOption = PRETRAINED,
    beam: options.BeamOption = 1,
    joined: text_options.JoinedOption = False,
) -> None:
    """Translate a sentence and draw its attention weights."""
    with clear_errors():
        from s2s_tutorial.notebook.plots import plot_attention, save_figure
        from s2s_tutorial.runs.weights import load_translator

        translator = load_translator(run)
        translator.check_readable(sentence)
        translation = translator.translate(sentence, beam)
        warn(sentence, translation)
        save_figure(plot_attention(translation.joined() if joined else translation), out)
        typer.echo(f"{translation.text}\nwrote {out}")


@plot_app.command("losses", epilog=examples("s2s-tutorial plot losses --run runs/sample --out losses.png"))
def plot_losses_command(out: options.OutOption, run: options.TrainedRunOption = PRETRAINED) -> None:
    """Draw loss, validation BLEU and gradient norms over steps."""
    with clear_errors():
        from s2s_tutorial.notebook.plots import plot_losses, save_figure
        from s2s_tutorial.runs.folder import open_run
        from s2s_tutorial.training.record import read_record

        save_figure(plot_losses(read_record(open_run(run).record_path)), out)
        typer.echo(f"wrote {out}")


@app.command(
    cls=FilesCommand,
    epilog=examples('s2s-tutorial export --run runs/sample --to page/models --title "My model"'),
)
def export(
    to: options.ToOption,
    run: options.TrainedRunOption = PRETRAINED,
    corpus: data_options.MovedCorpusOption = None,
    name: options.NameOption = None,
    title: options.TitleOption = "",
    note: options.NoteOption = "",
    measure: options.MeasureOption = True,
) -> None:
    """Write a model's files for the book's web page.

    They hold the weights rounded to 8 bits, the vocabularies and the rules for text. The page starts with the first model
    of the folder. A model of the same name is replaced.
    """
    with clear_errors():
        from s2s_tutorial.runs.folder import open_run
        from s2s_tutorial.runs.weights import load_translator
        from s2s_tutorial.web.export import export as write
        from s2s_tutorial.web.export import plain_name, rounding_cost

        translator, opened = load_translator(run), open_run(run)
        longest = opened.settings.data.longest
        held_out = _to_measure(opened, corpus) if measure else None  # an error comes before anything is written
        written = write(translator, to, name or plain_name(run.resolve().name), title, note, longest)
        typer.echo(
            f"{written.size / 1e6:.2f} MB before base64: {written.paths[0]}, with {len(written.paths) - 2} scripts and the "
            f"list {written.paths[-1].name} beside it"
        )
        if held_out is not None:
            cost = rounding_cost(translator, held_out)
            if unfinished := opened.unfinished():
                typer.echo(unfinished)
            typer.echo(
                f"BLEU {cost.bleu:.2f} as trained, {cost.rounded_bleu:.2f} rounded to 8 bits; {cost.same:.1%} of "
                f"{cost.sentences:,} translations are the same"
            )


def _to_measure(run: Run, corpus: list[str] | None) -> HeldOut:
    try:
        return held_out_of(run, one_or_two("corpus", corpus or []))
    except ValueError as error:
        raise ValueError(f"{error}; --no-measure writes the files without measuring") from None


from s2s_tutorial.cli import show_commands  # noqa: E402, F401 (its commands come last)


def main() -> None:
    """Run the command line."""
    app()
