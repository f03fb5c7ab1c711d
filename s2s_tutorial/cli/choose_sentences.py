"""Choose the sentences that a run is measured on from the command line: its test set, the challenge set, or a file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from s2s_tutorial.settings import PRETRAINED

if TYPE_CHECKING:
    from s2s_tutorial.data.corpus import Corpus, HeldOut
    from s2s_tutorial.data.losses import Losses
    from s2s_tutorial.data.originals import Originals
    from s2s_tutorial.data.rules import TextRule
    from s2s_tutorial.runs.folder import Run
    from s2s_tutorial.settings import DataSettings, Files


def held_out_of(run: Run, corpus: Files = "") -> HeldOut:
    """Prepare a run's held-out test set again; see `corpus_of`."""
    return corpus_of(run, corpus).test


def corpus_of(run: Run, corpus: Files = "") -> Corpus:
    """Prepare a run's corpus again.

    Args:
        run: The opened run.
        corpus: Path of its corpus, or paths of two parallel files; `""` to look them up.

    Raises:
        RunError: The corpus is not found, or has changed since the run was trained.
    """
    from s2s_tutorial.data.on_disk.cache import load_encoded
    from s2s_tutorial.runs.find_data import find_data
    from s2s_tutorial.runs.folder import RunError

    prepared = load_encoded(find_data(run, corpus), run.folder.parent, run.vocabularies if run.parent else None)
    if prepared.src_vocabulary != run.src_vocabulary:
        raise RunError(
            f"the pairs that {run.folder} was trained on have changed, so that its test set is not held out any more: "
            "restore them, or train a new run"
        )
    return prepared


def choose_held_out(run: Run, pairs: Files | None, corpus: Files = "") -> tuple[HeldOut, Losses]:
    """Return the sentences to measure a run on, and what their sources lost if they come from a file.

    Args:
        run: The opened run.
        pairs: "challenge", the path of a file of pairs, the paths of two parallel files, or None for the run's own held-out
            test set.
        corpus: Path of the run's corpus, or paths of two parallel files; `""` to look them up.

    Raises:
        ValueError: The file cannot be used, a sentence in it is too long, or the run's corpus has changed.
    """
    from s2s_tutorial.data.columns import check_losses, source_and_target
    from s2s_tutorial.data.corpus import challenge_set, has_words, held_out_from
    from s2s_tutorial.data.losses import Losses
    from s2s_tutorial.data.readers import read_file

    if pairs is None:
        return held_out_of(run, corpus), Losses()
    data = run.settings.data
    if pairs == "challenge":
        if data.language_pair not in (("fr", "en"), ("en", "fr")):
            raise ValueError(
                f"the challenge set is French and English, and {run.folder} translates other languages: give your own pairs "
                "(--pairs FILE)"
            )
        return challenge_set(data.reverse, run.rule), Losses()
    columns = read_file(pairs, data)
    first, second = columns.losses
    # References that lost their letters would score wrong translations as right. Sources that did are scored as they are, if
    # there is something left of them.
    if any(map(has_words, columns.sides(data.reverse)[0])):
        first, second = (Losses(), second) if data.reverse else (first, Losses())
    check_losses(first, second, run.rule, remedy="measure a run that was trained with --text unicode, which keeps them")
    return held_out_from(columns, data.reverse), source_and_target(*columns.losses, data.reverse)[0]


@dataclass(frozen=True)
class ToMeasure:
    """Sentences to measure on.

    Attributes:
        name: What they are, for messages.
        held_out: The sentences, normalised, with their references.
        data: Settings of the data that they are chosen from, with paths at which the files are.
        pairs: See `choose_held_out`.
        run: The run that is measured, or whose test set they are; None without a run.
        losses: What the text rule left out of the sources of a file.
    """

    name: str
    held_out: HeldOut
    data: DataSettings
    pairs: Files = ""
    run: Run | None = None
    losses: Losses | None = None

    @property
    def rule(self) -> TextRule:
        """Rule by which the sentences are normalised."""
        from s2s_tutorial.data.rules import text_rule

        return text_rule(self.data)

    @cached_property
    def originals(self) -> Originals:
        """The sentences as their file has them."""
        from s2s_tutorial.data.originals import original_pairs, originals_of

        return originals_of(self.held_out, self.rule, original_pairs(self.data, self.pairs))

    @cached_property
    def references(self) -> Sequence[Sequence[str]]:
        """References in the form in which scores compare them, those of unreadable sentences at the end."""
        from s2s_tutorial.translation.evaluation import comparable_references

        return comparable_references([*self.held_out.references, *self.held_out.unreadable], self.rule)


@dataclass(frozen=True)
class Wanted:
    """The options of `evaluate`.

    Attributes:
        folder: Folder of the run to measure; None for the packaged model, or if only files are measured.
        pairs: See `choose_held_out`.
        corpus: Path of the run's corpus, or paths of two parallel files; without a run, the corpus whose test set is used.
        beam: Beam size; 1 is greedy search.
        device: Name of the device.
        hypotheses: File of translations to measure in place of a run's own.
        write: Folder to write sources, references and translations into.
        compare: Folder of a run, or file of translations, to compare with.
    """

    folder: Path | None = None
    pairs: Files = ""
    corpus: Files = ""
    beam: int = 1
    device: str = "auto"
    hypotheses: Path | None = None
    write: Path | None = None
    compare: Path | None = None


def choose_sentences(wanted: Wanted) -> ToMeasure:
    """Find the sentences to measure on.

    Translations in a file need no model: without a run, they are measured on the pairs, or on the test set of the corpus, that
    are given.

    Raises:
        ValueError: See `choose_held_out`.
    """
    from s2s_tutorial.cli.choosing import data_settings
    from s2s_tutorial.data.corpus import held_out_from, prepare
    from s2s_tutorial.data.readers import read_file
    from s2s_tutorial.runs.find_data import find_data
    from s2s_tutorial.runs.folder import open_run
    from s2s_tutorial.settings import DataSettings, files_of

    pairs, named = wanted.pairs, " and ".join(files_of(wanted.pairs or wanted.corpus))
    if wanted.folder is None and pairs and pairs != "challenge" and wanted.hypotheses:
        data = DataSettings(text="unicode")
        return ToMeasure(named, held_out_from(read_file(pairs, data)), data, pairs)
    if wanted.folder is None and not pairs and wanted.corpus and (wanted.hypotheses or wanted.write):
        data = data_settings({"corpus": wanted.corpus})
        return ToMeasure(f"the test set of {named}", prepare(data).test, data)
    run = open_run(wanted.folder or PRETRAINED)
    held_out, losses = choose_held_out(run, pairs or None, wanted.corpus)
    data = run.settings.data if pairs else find_data(run, wanted.corpus)
    name = f"the test set of {run.folder}" if not pairs else "the challenge set" if pairs == "challenge" else named
    return ToMeasure(name, held_out, data, pairs, run, losses)
