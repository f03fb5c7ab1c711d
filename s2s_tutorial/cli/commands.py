"""The command line: `s2s-tutorial data · train · translate · evaluate · plot · export`.

Whatever takes long to import is imported by the command that needs it, so that `--help` and `translate` start fast.
A user's mistake ends in one line on standard error and exit code 1, never in a traceback.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from s2s_tutorial.cli.messages import describe_corpus, describe_scores, show_result
from s2s_tutorial.cli.options import (
    AttentionName,
    BeamOption,
    CorpusOption,
    DecoderName,
    DeviceOption,
    OutOption,
    PresetOption,
    ReverseOption,
    RunOption,
    SamplePairsOption,
    SamplingName,
    StreamOption,
    TrainedRunOption,
    TrimOption,
    choose_settings,
)
from s2s_tutorial.cli.translate_lines import chunks, read_lines, translate_chunk
from s2s_tutorial.settings import PRETRAINED, Settings

if TYPE_CHECKING:
    from s2s_tutorial.data.corpus import Corpus, HeldOut
    from s2s_tutorial.runs.folder import Run
    from s2s_tutorial.training.initial_weights import Start

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Train and use a small translator, French to English or whatever pairs you give it. Everything works with no "
    'network from a built-in corpus. Begin with: s2s-tutorial translate "Ma sœur cherche une voiture rouge."',
)
plot_app = typer.Typer(no_args_is_help=True, help="Draw pictures of a run: attention, losses.", rich_markup_mode=None)
app.add_typer(plot_app, name="plot")


@contextmanager
def clear_errors() -> Iterator[None]:
    """Turn an error that a user can mend into one line and exit code 1."""
    try:
        yield
    except ValueError as error:  # CorpusError, RunError, SentenceError and bad settings are ValueErrors
        typer.echo(f"error: {error}", err=True)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        typer.echo(
            f"error: {where}{error.strerror or error}: check the place, its permissions and free space", err=True
        )
    else:
        return
    raise typer.Exit(1)


def load_corpus(settings: Settings, place: Path, streamed: bool) -> Corpus:
    """The pairs of the settings, in memory or from files in `place`; what takes long is said."""
    from s2s_tutorial.data.on_disk.cache import load

    return load(settings.data, place, streamed, lambda sentence: typer.echo(sentence, err=True))


def begin_with(path: Path, corpus: Corpus, settings: Settings) -> tuple[Settings, Start, str]:
    """Prepare a run that begins with word vectors from a file.

    Returns:
        The settings, their embedding and hidden size now that of the vectors; the start that puts the vectors in; and
        a sentence that says how many source words have one.
    """
    from s2s_tutorial.data.vocabulary import SPECIAL_WORDS
    from s2s_tutorial.training.initial_weights import from_vectors
    from s2s_tutorial.training.word_vectors import read_vectors

    words = corpus.src_vocabulary
    found = read_vectors(path, words)
    model = replace(settings.model, embedding_size=found.size, hidden_size=found.size)
    share = f"{len(found.words):,} of {len(words) - len(SPECIAL_WORDS):,} source words"
    sentence = f"vectors of {found.size} numbers for {share} from {path.name}"
    return replace(settings, model=model), from_vectors(found, words), sentence


@app.command()
def data(
    corpus: CorpusOption = None,
    preset: PresetOption = None,
    reverse: ReverseOption = False,
    trim_below: TrimOption = None,
    sample_pairs: SamplePairsOption = None,
    stream: StreamOption = False,
) -> None:
    """Prepare sentence pairs and show what each step leaves."""
    with clear_errors():
        settings = choose_settings(corpus, preset, reverse, trim_below, sample_pairs)
        typer.echo(describe_corpus(load_corpus(settings, Path("runs"), stream), settings))


@app.command()
def train(
    run: RunOption,
    corpus: CorpusOption = None,
    preset: PresetOption = None,
    attention: Annotated[AttentionName | None, typer.Option(help="Score.", show_default="the preset's")] = None,
    decoder: Annotated[DecoderName | None, typer.Option(help="Kind.", show_default="the preset's")] = None,
    input_feeding: Annotated[
        bool, typer.Option("--input-feeding", help="Feed the last attentional state back.")
    ] = False,
    vectors: Annotated[
        Path | None,
        typer.Option(
            help="Word vectors of the source language, in the text format of word2vec, GloVe or fastText: its embeddings "
            "begin with them, and both of the model's sizes become theirs.",
            metavar="FILE",
            show_default="none",
        ),
    ] = None,
    sampling: Annotated[SamplingName, typer.Option(help="Schedule of scheduled sampling.")] = SamplingName.none,
    reverse: ReverseOption = False,
    trim_below: TrimOption = None,
    sample_pairs: SamplePairsOption = None,
    stream: StreamOption = False,
    epochs: Annotated[
        int | None, typer.Option(min=1, help="Passes over the pairs.", show_default="the preset's")
    ] = None,
    seed: Annotated[int, typer.Option(help="Of weights, order and dropout.")] = 0,
    max_minutes: Annotated[
        float | None, typer.Option(min=0.0, help="Training minutes after which it ends as if finished.")
    ] = None,
    device: DeviceOption = "auto",
) -> None:
    """Train a model, or go on with one that was stopped: the same command again.

    Several processes or machines share the work where torchrun starts them: `torchrun --nproc-per-node 2 -m
    s2s_tutorial.cli train …` The batch size stays that of all processes together, so they take the steps that one would.

    Ctrl-C stops it after the current step with everything saved. At the end the best weights are measured on held-out
    sentences, ten of them are shown, and pictures of attention and losses are written into the run's folder.
    """
    with clear_errors():
        settings = choose_settings(corpus, preset, reverse, trim_below, sample_pairs)
        model = replace(settings.model, input_feeding=input_feeding)
        if attention is not None:
            model = replace(model, attention=str(attention))
        if decoder is not None:
            model = replace(model, decoder=str(decoder))
        training = replace(settings.training, seed=seed, sampling=str(sampling))
        if epochs is not None:
            training = replace(training, epochs=epochs)
        settings = replace(settings, model=model, training=training)

        from s2s_tutorial.training.distributed import join
        from s2s_tutorial.training.trainer import Trainer

        with join(device) as group:
            prepared = load_corpus(settings, run.parent, stream)
            if group.writes:
                typer.echo(describe_corpus(prepared, settings))
            start = None
            if vectors is not None:
                settings, start, sentence = begin_with(vectors, prepared, settings)
                if group.writes:
                    typer.echo(sentence)
            trainer = Trainer(prepared, settings, run, device, group=group, start=start)
            progress = trainer.fit(max_minutes, raise_on_stop=False)
            if trainer.stopped:
                raise typer.Exit(130)
        if group.writes:
            end = "Finished" if progress.finished else f"Ended after {progress.seconds / 60:.1f} minutes"
            typer.echo(
                f"{end}: {progress.step:,} steps in {progress.seconds:,.0f} s; best validation BLEU "
                f"{progress.best_bleu:.1f} at step {progress.best_step:,}"
            )
            show_result(trainer)


@app.command()
def translate(
    sentences: Annotated[list[str] | None, typer.Argument(metavar="SENTENCE", show_default=False)] = None,
    run: TrainedRunOption = PRETRAINED,
    beam: BeamOption = 1,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object a line, with the n best and attention.")
    ] = False,
    device: DeviceOption = "auto",
) -> None:
    """Translate sentences: the arguments, or standard input, one a line.

    One line comes out for each that went in. A line that cannot be translated gives an empty one, a message on standard
    error and, at the end, exit code 1.
    """
    with clear_errors():
        from s2s_tutorial.runs.weights import choose_device, load_translator

        translator = load_translator(run, choose_device(device))
        failed = False
        for chunk in chunks(read_lines(sentences)):
            failed |= not translate_chunk(translator, chunk, beam, as_json)
    if failed:
        raise typer.Exit(1)


@app.command()
def evaluate(
    run: TrainedRunOption = PRETRAINED,
    pairs: Annotated[
        str | None,
        typer.Option(
            metavar="challenge|FILE",
            help="What to measure on: the built-in challenge set, or a file of pairs, English first; rows with the same "
            "source are references of one another.",
            show_default="the run's held-out test set",
        ),
    ] = None,
    beam: BeamOption = 1,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    device: DeviceOption = "auto",
) -> None:
    """Measure a run on held-out sentences, on the challenge set, or on your own pairs."""
    with clear_errors():
        from s2s_tutorial.data.corpus import challenge_set, held_out_from
        from s2s_tutorial.data.readers import read_file
        from s2s_tutorial.runs.folder import open_run
        from s2s_tutorial.runs.weights import choose_device, load_translator
        from s2s_tutorial.translation.evaluation import evaluate as measure
        from s2s_tutorial.translation.evaluation import score_groups, show_scores
        from s2s_tutorial.translation.translator import check_length

        opened = open_run(run)
        translator = load_translator(run, choose_device(device))
        reverse = opened.settings.data.reverse
        if pairs == "challenge":
            held_out = challenge_set(reverse)
        elif pairs is not None:
            held_out = held_out_from(read_file(Path(pairs)), reverse)
            for source in held_out.sources:
                check_length(source)
        else:
            held_out = held_out_of(opened)
        scores, translations = measure(translator, held_out, beam)
        values: dict[str, object] = scores.to_dict()
        if unfinished := opened.unfinished():
            values["unfinished"] = unfinished
        if pairs == "challenge":
            values["phenomena"] = score_groups(translations, held_out, opened.challenge_seen)
        if as_json:
            typer.echo(json.dumps(values, indent=1, ensure_ascii=False))
        else:
            typer.echo(describe_scores(scores, values, show_scores(scores)))


def held_out_of(run: Run) -> HeldOut:
    """The held-out test set of a run, made again from its corpus."""
    from s2s_tutorial.data.on_disk.cache import load_encoded
    from s2s_tutorial.runs.folder import RunError

    prepared = load_encoded(run.settings.data, run.folder.parent)
    if prepared.src_vocabulary != run.src_vocabulary:
        raise RunError(
            f"the pairs that {run.folder} was trained on have changed: its test set is not held out any more"
        )
    return prepared.test


@plot_app.command("attention")
def plot_attention_command(
    out: OutOption,
    sentence: Annotated[str, typer.Argument(metavar="SENTENCE", show_default=False)],
    run: TrainedRunOption = PRETRAINED,
    beam: BeamOption = 1,
) -> None:
    """Translate a sentence and draw where the model looked for every word."""
    with clear_errors():
        from s2s_tutorial.notebook.plots import plot_attention, save_figure
        from s2s_tutorial.runs.weights import load_translator

        translation = load_translator(run).translate(sentence, beam)
        save_figure(plot_attention(translation), out)
        typer.echo(f"{translation.text}\nwrote {out}")


@plot_app.command("losses")
def plot_losses_command(out: OutOption, run: TrainedRunOption = PRETRAINED) -> None:
    """Draw a run's loss, validation BLEU and gradient norms over its steps."""
    with clear_errors():
        from s2s_tutorial.notebook.plots import plot_losses, save_figure
        from s2s_tutorial.runs.folder import open_run
        from s2s_tutorial.training.record import read_record

        save_figure(plot_losses(read_record(open_run(run).record_path)), out)
        typer.echo(f"wrote {out}")


@app.command()
def export(
    to: Annotated[Path, typer.Option(help="Folder of the page's models.", metavar="DIR", show_default=False)],
    run: TrainedRunOption = PRETRAINED,
    name: Annotated[str | None, typer.Option(help="Of the files.", show_default="the run's folder's name")] = None,
    title: Annotated[str, typer.Option(help="What the page calls the model.", show_default="its name")] = "",
    note: Annotated[str, typer.Option(help="A sentence about it.", show_default="none")] = "",
    measure: Annotated[bool, typer.Option(help="Report what rounding costs on the run's held-out test set.")] = True,
) -> None:
    """Write the small files with which the book's web page runs a model: weights rounded to 8 bits, words, text rules.

    The first model of a folder is the one that the page begins with; a model of the same name is replaced.
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
            cost = rounding_cost(translator, held_out_of(opened))
            if unfinished := opened.unfinished():
                typer.echo(unfinished)
            typer.echo(
                f"BLEU {cost.bleu:.2f} as trained, {cost.rounded_bleu:.2f} rounded to 8 bits; {cost.same:.1%} of "
                f"{cost.sentences:,} translations are the same"
            )


def main() -> None:
    """Run the command line."""
    app()
