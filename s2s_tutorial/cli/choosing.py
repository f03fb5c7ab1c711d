"""Choose the settings of a run: from a preset, from the pairs or from another run, with changes by a file and by options."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from s2s_tutorial.cli.settings_file import read_settings
from s2s_tutorial.data.languages import language_code
from s2s_tutorial.presets import PRESETS, with_transformer
from s2s_tutorial.settings import BUILT_IN, DataSettings, Files, ModelSettings, Settings, files_of

if TYPE_CHECKING:
    from s2s_tutorial.runs.folder import Run

RECURRENT = ("attention", "decoder", "input_feeding")  # settings that a Transformer does not have


@dataclass(frozen=True)
class Given:
    """Options of the command line that choose settings; each part holds only the settings that were given.

    Attributes:
        preset: Name of a preset; None to choose from the pairs.
        file: File of settings, if any.
        stream: Whether the pairs stay on disk.
        data: Settings of the data.
        model: Settings of the network.
        training: Settings of training.
        parent: Trained run to start from, if any.
        more_epochs: Further passes over its pairs.
        rehearsal: Whether pairs of the parent are among the new ones.
    """

    preset: str | None = None
    file: Path | None = None
    stream: bool = False
    data: dict[str, Any] = field(default_factory=dict)
    model: dict[str, Any] = field(default_factory=dict)
    training: dict[str, Any] = field(default_factory=dict)
    parent: Path | None = None
    more_epochs: int | None = None
    rehearsal: bool = True

    @property
    def rehearsing(self) -> bool:
        """Whether old pairs are rehearsed, which needs the pairs in memory."""
        return self.rehearsal and not self.stream


@dataclass(frozen=True)
class Chosen:
    """Settings, and how they were chosen.

    Attributes:
        settings: The settings.
        notes: Pairs of a word and a text to show.
        parent: Run to start from, if any.
        rehearsing: Whether pairs of that run are mixed into the new ones, where these are in memory.
    """

    settings: Settings
    notes: list[tuple[str, str]] = field(default_factory=list)
    parent: Run | None = None
    rehearsing: bool = False


def given_only(**options: Any) -> dict[str, Any]:
    """Return the options that were given: those that are neither None nor a flag that is not set."""
    return {name: value for name, value in options.items() if value is not None and value is not False}


def data_changes(
    corpus: list[str] | None,
    languages: tuple[str, str] | None,
    valid: list[str] | None = None,
    test: list[str] | None = None,
    **changes: Any,
) -> dict[str, Any]:
    """Return the settings of the data that the options give.

    Args:
        corpus: Names of corpora or paths of files, as `--corpus` gave them.
        languages: Source and target language.
        valid: Paths of one or two files.
        test: Paths of one or two files.
        changes: Other settings of the data; those that are None, `""` or a flag that is not set were not given.

    Raises:
        ValueError: There are too many files, or there is no such language.
    """
    flags = {"reverse", "skip_bad"}
    given = {name: value for name, value in changes.items() if value not in (None, "") and (value or name not in flags)}
    for name, paths in (("corpus", corpus), ("valid", valid), ("test", test)):
        if paths:
            given[name] = one_or_two(name, paths)
    if languages:
        given["languages"] = tuple(map(language_code, languages))
        if given.get("corpus", "sample") in BUILT_IN and given["languages"][0] == "en":
            given["reverse"] = True
    return given


def one_or_two(name: str, paths: list[str]) -> Files:
    """Return the path of one file, those of two parallel files, or `""` for none.

    Args:
        name: Name of the option, for messages.
        paths: Its values.

    Raises:
        ValueError: There are more than two, or two of which one is not a file.
    """
    if len(paths) > 2 or (len(paths) == 2 and not {*paths}.isdisjoint(BUILT_IN)):
        raise ValueError(
            f"--{name} has {len(paths)} values ({', '.join(paths)[:60]}): give one file, or two parallel files"
        )
    return "" if not paths else paths[0] if len(paths) == 1 else (paths[0], paths[1])


def choose(given: Given) -> Chosen:
    """Choose the settings that the command line asks for.

    Raises:
        ValueError: They do not fit together, an option has no effect, or a file cannot be used.
    """
    chosen = _continued(given, given.parent) if given.parent is not None else _new(given)
    _check_used(given, chosen.settings.data)
    return chosen


def _check_used(given: Given, data: DataSettings) -> None:
    """Refuse options that have no effect on the data: what was meant by them would silently not happen."""
    if "sample_pairs" in given.data and data.corpus != "sample":
        raise ValueError(
            "--sample-pairs is the number of pairs that the built-in corpus generates, and not of "
            f"{' and '.join(files_of(data.corpus))}: leave it out, or give a shorter file"
        )
    for name, option in (("vocabulary_size", "--vocabulary-size"), ("joint_vocabulary", "--joint-vocabulary")):
        if name in given.data and data.tokens == "words":
            raise ValueError(
                f"{option if given.data[name] else '--two-vocabularies'} is for subwords and characters, and this run reads "
                "words: leave it out, or choose --tokens subwords"
            )


def _new(given: Given) -> Chosen:
    """Choose the settings of a run that starts from nothing."""
    if given.more_epochs is not None:
        raise ValueError(
            "--more-epochs continues a finished run: name it with --from, and give the new run a folder of its own with --run"
        )
    if not given.rehearsal:
        raise ValueError("--no-rehearsal is for new pairs of a trained run: name the run with --from, or leave it out")
    from_file = read_settings(given.file) if given.file else {}
    data = from_file.get("data", {}) | given.data
    corpus, preset = data.get("corpus", "sample"), given.preset
    if preset is None and corpus not in BUILT_IN:
        from s2s_tutorial.data.fitting import fit_settings

        fit = fit_settings(corpus, given.stream, **{name: value for name, value in data.items() if name != "corpus"})
        settings = changed(fit.settings, from_file, given, data)
        return Chosen(settings, fit.notes(settings))
    base = PRESETS[preset or ("standard" if corpus == "tatoeba" else "sample")]
    return Chosen(changed(base, from_file, given, data))


def _continued(given: Given, path: Path) -> Chosen:
    """Choose the settings of a run that starts from a trained one."""
    from s2s_tutorial.runs.folder import open_run
    from s2s_tutorial.training.continuing import data_for_new, settings_for_more, settings_for_new

    parent = open_run(path)
    from_file = read_settings(given.file) if given.file else {}
    model = from_file.get("model", {}) | given.model
    if given.preset or any(getattr(parent.settings.model, name) != model[name] for name in model.keys() - {"dropout"}):
        raise ValueError(
            f"the new run has the network of {path}: leave out --preset, and all options of the network but --dropout"
        )
    data = from_file.get("data", {}) | given.data
    training = from_file.get("training", {}) | given.training
    training |= {"epochs": given.more_epochs} if given.more_epochs else {}
    is_new = "corpus" in data and not _is_its_own(parent, data["corpus"])
    if is_new:
        settings = settings_for_new(parent, data_for_new(parent, **data), given.rehearsing, given.stream)
    elif "epochs" in training:
        settings = settings_for_more(parent, training["epochs"], data.get("corpus", ""))
    else:
        raise ValueError(
            f"{path} is trained already: give new pairs (--corpus FILE), or --more-epochs N for its own pairs"
        )
    settings = replace(
        settings, model=replace(settings.model, **model), training=replace(settings.training, **training)
    )
    rate, passes = settings.training.learning_rate, settings.training.epochs
    notes = [("starts from", f"{path}: epochs {passes:,}, learning_rate {rate:g}")]
    return Chosen(settings, notes, parent, is_new and given.rehearsal)


def _is_its_own(parent: Run, corpus: Files) -> bool:
    """Return whether a corpus is the one that a run was trained on, wherever its files are now."""
    from s2s_tutorial.runs.find_data import has_content

    return corpus == parent.settings.data.corpus if corpus in BUILT_IN else has_content(parent, corpus)


def changed(base: Settings, from_file: dict[str, Any], given: Given, data: dict[str, Any]) -> Settings:
    """Return settings with the changes of a file and of options.

    Args:
        base: Settings to change.
        from_file: Parts of settings from a file.
        given: What the options give.
        data: Settings of the data, from file and options.
    """
    model = given.model
    if model.get("hidden_size") and "embedding_size" not in model:
        model = model | {"embedding_size": model["hidden_size"]}
    file_model = from_file.get("model", {})
    is_for_it = file_model.get("network") == "transformer"  # such a file is taken as it is, another one is adapted
    network = asdict(base.model) | file_model
    if model.get("network", network["network"]) == "transformer" and not (is_for_it and "hidden_size" in file_model):
        if set(model) & set(RECURRENT):
            raise ValueError(
                "--attention, --decoder and --input-feeding are options of the recurrent network: leave them out, or use "
                "--network gru"
            )
        recurrent = base.model if is_for_it else ModelSettings(**network)
        base = with_transformer(replace(base, model=recurrent), model.get("hidden_size"))
        network = asdict(base.model) | (file_model if is_for_it else {})
    return Settings(
        from_file.get("name", base.name),
        replace(base.data, **data),
        ModelSettings(**(network | model)),
        replace(base.training, **(from_file.get("training", {}) | given.training)),
    )


def data_settings(given: dict[str, Any]) -> DataSettings:
    """Return the settings of the data of a corpus, with text and tokens chosen as `train` would."""
    return choose(Given(data=given)).settings.data
