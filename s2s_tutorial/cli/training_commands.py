"""The commands around training: `s2s-tutorial data · settings · train · runs`."""

from __future__ import annotations

from pathlib import Path

import typer

from s2s_tutorial.cli import data_options, options, text_options, training_options
from s2s_tutorial.cli.app import app, clear_errors, examples
from s2s_tutorial.cli.choosing import Given, choose, data_changes, given_only
from s2s_tutorial.cli.data_options import FilesCommand
from s2s_tutorial.cli.messages import describe_corpus, describe_notes, describe_runs
from s2s_tutorial.cli.train_run import load_corpus, train_run


@app.command(cls=FilesCommand, epilog=examples("s2s-tutorial data --corpus my-pairs.tsv --trim-below 2"))
def data(
    corpus: data_options.CorpusOption = None,
    source_column: data_options.SourceColumnOption = "",
    target_column: data_options.TargetColumnOption = "",
    preset: data_options.PresetOption = None,
    settings_file: training_options.SettingsFileOption = None,
    reverse: data_options.ReverseOption = False,
    languages: data_options.LanguagesOption = None,
    max_length: data_options.MaxLengthOption = None,
    trim_below: data_options.TrimOption = None,
    sample_pairs: data_options.SamplePairsOption = None,
    skip_bad: data_options.SkipBadOption = False,
    split_by: data_options.SplitByOption = None,
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
        changes = data_changes(
            corpus, languages, valid, test, reverse=reverse, max_length=max_length, trim_below=trim_below,
            sample_pairs=sample_pairs, source_column=source_column, target_column=target_column, skip_bad=skip_bad,
            split_by=split_by, text=text, tokens=tokens, vocabulary_size=vocabulary_size, joint_vocabulary=joint,
        )  # fmt: skip
        chosen = choose(Given(preset, settings_file, stream, changes))
        typer.echo(describe_corpus(load_corpus(chosen.settings, Path("runs"), stream), chosen.settings))
        typer.echo(describe_notes(chosen.notes), nl=bool(chosen.notes))


@app.command(
    cls=FilesCommand,
    epilog=examples(
        "s2s-tutorial settings --preset sample",
        "s2s-tutorial settings --corpus my-pairs.tsv > my-settings.toml",
    ),
)
def settings(
    corpus: data_options.CorpusOption = None,
    preset: data_options.PresetOption = None,
    settings_file: training_options.SettingsFileOption = None,
    network: training_options.NetworkOption = None,
    languages: data_options.LanguagesOption = None,
    text: text_options.TextOption = None,
    tokens: text_options.TokensOption = None,
) -> None:
    """Print all settings of a training as a file for --settings.

    They are those of a preset, or those that `train` would choose for your pairs. A comment tells what each means. You can
    change the file, and leave out what you do not change.
    """
    with clear_errors():
        from s2s_tutorial.cli.settings_file import print_settings

        changes = data_changes(corpus, languages, text=text, tokens=tokens)
        chosen = choose(Given(preset, settings_file, data=changes, model=given_only(network=network)))
        lines = ["Settings of a training: s2s-tutorial train --settings FILE --run DIR"]
        typer.echo(print_settings(chosen.settings, lines + describe_notes(chosen.notes).splitlines()))


@app.command(
    cls=FilesCommand,
    epilog=examples(
        "s2s-tutorial train --run runs/sample",
        "s2s-tutorial train --corpus my-pairs.tsv --attention additive --epochs 5 --run runs/mine",
        "s2s-tutorial train --from runs/mine --more-epochs 5 --run runs/mine-longer",
        "torchrun --nproc-per-node 2 -m s2s_tutorial.cli train --folder runs/two",
    ),
)
def train(
    run: options.RunOption,
    corpus: data_options.CorpusOption = None,
    source_column: data_options.SourceColumnOption = "",
    target_column: data_options.TargetColumnOption = "",
    preset: data_options.PresetOption = None,
    settings_file: training_options.SettingsFileOption = None,
    parent: training_options.FromOption = None,
    more_epochs: training_options.MoreEpochsOption = None,
    rehearsal: training_options.RehearsalOption = True,
    network: training_options.NetworkOption = None,
    attention: options.AttentionOption = None,
    decoder: options.DecoderOption = None,
    input_feeding: options.InputFeedingOption = False,
    hidden_size: training_options.HiddenSizeOption = None,
    layers: training_options.LayersOption = None,
    dropout: training_options.DropoutOption = None,
    vectors: options.VectorsOption = None,
    reverse: data_options.ReverseOption = False,
    languages: data_options.LanguagesOption = None,
    max_length: data_options.MaxLengthOption = None,
    trim_below: data_options.TrimOption = None,
    sample_pairs: data_options.SamplePairsOption = None,
    skip_bad: data_options.SkipBadOption = False,
    split_by: data_options.SplitByOption = None,
    valid: data_options.ValidOption = None,
    test: data_options.TestOption = None,
    text: text_options.TextOption = None,
    tokens: text_options.TokensOption = None,
    vocabulary_size: text_options.VocabularySizeOption = None,
    joint: text_options.JointOption = None,
    stream: data_options.StreamOption = False,
    epochs: training_options.EpochsOption = None,
    batch_size: training_options.BatchSizeOption = None,
    learning_rate: training_options.LearningRateOption = None,
    patience: training_options.PatienceOption = None,
    word_dropout: training_options.WordDropoutOption = None,
    bpe_dropout: training_options.BpeDropoutOption = None,
    sampling: training_options.SamplingOption = None,
    seed: training_options.SeedOption = None,
    precision: training_options.PrecisionOption = None,
    max_minutes: options.MaxMinutesOption = None,
    device: options.DeviceOption = "auto",
) -> None:
    """Train a model, or resume training that was stopped.

    For your own pairs, settings are chosen from their number, length and script, and printed; every option changes one. To
    resume, run the same command again. Ctrl-C stops training after the current step and saves everything. At the end, it
    measures the best weights, shows ten translations and writes pictures. --from starts a new run from a trained one. With
    torchrun, several machines share the work.
    """
    with clear_errors():
        changes = data_changes(
            corpus, languages, valid, test, reverse=reverse, max_length=max_length, trim_below=trim_below,
            sample_pairs=sample_pairs, source_column=source_column, target_column=target_column, skip_bad=skip_bad,
            split_by=split_by, text=text, tokens=tokens, vocabulary_size=vocabulary_size, joint_vocabulary=joint,
        )  # fmt: skip
        model = given_only(
            network=network, attention=attention, decoder=decoder, input_feeding=input_feeding, hidden_size=hidden_size,
            num_layers=layers, dropout=dropout,
        )  # fmt: skip
        training = given_only(
            epochs=epochs, batch_size=batch_size, learning_rate=learning_rate, patience=patience, sampling=sampling,
            word_dropout=word_dropout, bpe_dropout=bpe_dropout, seed=seed, precision=precision,
        )  # fmt: skip
        given = Given(preset, settings_file, stream, changes, model, training, parent, more_epochs, rehearsal)
        train_run(choose(given), run, stream, vectors, max_minutes, device)


@app.command(epilog=examples("s2s-tutorial runs", "s2s-tutorial runs experiments"))
def runs(folder: options.RunsArgument = Path("runs")) -> None:
    """List the runs of a folder.

    For each run, it shows the steps, the best validation BLEU, the BLEU on its test set, the pairs, and the run that it started
    from.
    """
    with clear_errors():
        from s2s_tutorial.runs.listing import list_runs

        listed = list_runs(folder)
        typer.echo(
            describe_runs(listed) if listed else f"{folder} holds no run: s2s-tutorial train --run DIR makes one"
        )
