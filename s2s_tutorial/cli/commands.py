"""The command line: `s2s-tutorial data · train · translate · evaluate · plot · export`.

A command imports what is slow to import only when it runs, so that `--help` and `translate` start fast. A user's mistake
ends with one line on standard error and exit code 1, never with a traceback.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from s2s_tutorial.cli import data_options, options, text_options
from s2s_tutorial.cli.data_options import choose_settings, one_or_two
from s2s_tutorial.cli.measure_run import held_out_of, measure_run
from s2s_tutorial.cli.messages import describe_corpus, describe_scores
from s2s_tutorial.cli.options import choose_network, choose_training
from s2s_tutorial.cli.train_run import load_corpus, train_run
from s2s_tutorial.cli.translate_lines import SentenceCommand, chunks, read_lines, translate_chunk
from s2s_tutorial.settings import PRETRAINED

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
plot_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Draw the attention or the losses of a run.")
app.add_typer(plot_app, name="plot", epilog=examples("s2s-tutorial plot losses --run runs/sample --out losses.png"))


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
    """Train and use a small translator, from French to English or between the languages of your own sentence pairs.

    Everything works offline with a built-in corpus and a trained model that comes with the package.
    """


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


@app.command(epilog=examples("s2s-tutorial data --corpus my-pairs.tsv --trim-below 2"))
def data(
    second_file: data_options.SecondFileArgument = None,
    corpus: data_options.CorpusOption = None,
    source_column: data_options.SourceColumnOption = "",
    target_column: data_options.TargetColumnOption = "",
    preset: data_options.PresetOption = None,
    reverse: data_options.ReverseOption = False,
    languages: data_options.LanguagesOption = None,
    trim_below: data_options.TrimOption = None,
    sample_pairs: data_options.SamplePairsOption = None,
    skip_bad: data_options.SkipBadOption = False,
    split_by: data_options.SplitByOption = "both",
    valid: data_options.ValidOption = None,
    test: data_options.TestOption = None,
    text: text_options.TextOption = None,
    tokens: text_options.TokensOption = None,
    vocabulary_size: text_options.VocabularySizeOption = None,
    joint: text_options.JointOption = None,
    stream: data_options.StreamOption = False,
) -> None:
    """Prepare sentence pairs and count what each step leaves."""
    with clear_errors():
        settings = choose_settings(
            preset, corpus, second_file, languages, valid, test, reverse=reverse, trim_below=trim_below,
            sample_pairs=sample_pairs, source_column=source_column, target_column=target_column, skip_bad=skip_bad,
            split_by=split_by, text=text, tokens=tokens, vocabulary_size=vocabulary_size, joint_vocabulary=joint,
        )  # fmt: skip
        typer.echo(describe_corpus(load_corpus(settings, Path("runs"), stream), settings))


@app.command(
    epilog=examples(
        "s2s-tutorial train --run runs/sample",
        "s2s-tutorial train --corpus my-pairs.tsv --attention additive --epochs 5 --run runs/mine",
        "torchrun --nproc-per-node 2 -m s2s_tutorial.cli train --folder runs/two",
    )
)
def train(
    run: options.RunOption,
    second_file: data_options.SecondFileArgument = None,
    corpus: data_options.CorpusOption = None,
    source_column: data_options.SourceColumnOption = "",
    target_column: data_options.TargetColumnOption = "",
    preset: data_options.PresetOption = None,
    network: options.NetworkOption = "gru",
    attention: options.AttentionOption = None,
    decoder: options.DecoderOption = None,
    input_feeding: options.InputFeedingOption = False,
    vectors: options.VectorsOption = None,
    sampling: options.SamplingOption = "none",
    reverse: data_options.ReverseOption = False,
    languages: data_options.LanguagesOption = None,
    trim_below: data_options.TrimOption = None,
    sample_pairs: data_options.SamplePairsOption = None,
    skip_bad: data_options.SkipBadOption = False,
    split_by: data_options.SplitByOption = "both",
    valid: data_options.ValidOption = None,
    test: data_options.TestOption = None,
    text: text_options.TextOption = None,
    tokens: text_options.TokensOption = None,
    vocabulary_size: text_options.VocabularySizeOption = None,
    joint: text_options.JointOption = None,
    stream: data_options.StreamOption = False,
    epochs: options.EpochsOption = None,
    seed: options.SeedOption = 0,
    precision: options.PrecisionOption = "auto",
    max_minutes: options.MaxMinutesOption = None,
    device: options.DeviceOption = "auto",
) -> None:
    """Train a model, or resume training that was stopped.

    To resume, run the same command again. Ctrl-C stops training after the current step and saves everything. At the end, it
    measures the best weights, shows ten translations and writes pictures. With torchrun, several machines share the work.
    """
    with clear_errors():
        settings = choose_settings(
            preset, corpus, second_file, languages, valid, test, reverse=reverse, trim_below=trim_below,
            sample_pairs=sample_pairs, source_column=source_column, target_column=target_column, skip_bad=skip_bad,
            split_by=split_by, text=text, tokens=tokens, vocabulary_size=vocabulary_size, joint_vocabulary=joint,
        )  # fmt: skip
        settings = choose_network(settings, network, attention, decoder, input_feeding)
        train_run(
            choose_training(settings, sampling, epochs, seed, precision), run, stream, vectors, max_minutes, device
        )


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
    epilog=examples(
        "s2s-tutorial evaluate --run runs/sample --beam 5",
        "s2s-tutorial evaluate --run runs/sample --pairs challenge",
    )
)
def evaluate(
    second_file: data_options.SecondFileArgument = None,
    run: options.TrainedRunOption = PRETRAINED,
    pairs: options.PairsOption = None,
    corpus: data_options.MovedCorpusOption = None,
    beam: options.BeamOption = 1,
    as_json: options.JsonScoresOption = False,
    device: options.DeviceOption = "auto",
) -> None:
    """Measure how well a run translates.

    It is measured on its held-out test set, on the challenge set, or on your own pairs.
    """
    with clear_errors():
        given = {"pairs": pairs or [], "corpus": corpus or []}
        if second_file:
            given["corpus" if corpus else "pairs"].append(second_file)
        pair_files, corpus_files = (one_or_two(name, paths) for name, paths in given.items())
        scores, values = measure_run(run, pair_files or None, beam, device, corpus_files)
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

        translation = load_translator(run).translate(sentence, beam)
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


@app.command(epilog=examples('s2s-tutorial export --run runs/sample --to page/models --title "My model"'))
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
        from s2s_tutorial.web.export import rounding_cost

        translator, opened = load_translator(run), open_run(run)
        longest = opened.settings.data.longest
        written = write(translator, to, name or run.resolve().name.lower(), title, note, longest)
        typer.echo(f"{written.size / 1e6:.2f} MB before base64: " + ", ".join(str(path) for path in written.paths))
        if measure:
            cost = rounding_cost(translator, held_out_of(opened, one_or_two("corpus", corpus or [])))
            if unfinished := opened.unfinished():
                typer.echo(unfinished)
            typer.echo(
                f"BLEU {cost.bleu:.2f} as trained, {cost.rounded_bleu:.2f} rounded to 8 bits; {cost.same:.1%} of "
                f"{cost.sentences:,} translations are the same"
            )


def main() -> None:
    """Run the command line."""
    app()
