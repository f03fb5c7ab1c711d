"""Measure a run from the command line: choose the sentences, translate them and collect the scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from s2s_tutorial.settings import PRETRAINED

if TYPE_CHECKING:
    from s2s_tutorial.data.corpus import Corpus, HeldOut
    from s2s_tutorial.data.originals import Originals
    from s2s_tutorial.data.rules import TextRule
    from s2s_tutorial.runs.folder import Run
    from s2s_tutorial.settings import DataSettings, Files
    from s2s_tutorial.translation.evaluation import Scores
    from s2s_tutorial.translation.outputs import Outputs


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


def choose_held_out(run: Run, pairs: Files | None, corpus: Files = "") -> HeldOut:
    """Return the sentences to measure a run on.

    Args:
        run: The opened run.
        pairs: "challenge", the path of a file of pairs, the paths of two parallel files, or None for the run's own held-out
            test set.
        corpus: Path of the run's corpus, or paths of two parallel files; `""` to look them up.

    Raises:
        ValueError: The file cannot be used, a sentence in it is too long, or the run's corpus has changed.
    """
    from s2s_tutorial.data.corpus import challenge_set, check_losses, held_out_from
    from s2s_tutorial.data.losses import Losses
    from s2s_tutorial.data.readers import read_file

    if pairs is None:
        return held_out_of(run, corpus)
    data = run.settings.data
    if pairs == "challenge":
        if data.language_pair not in (("fr", "en"), ("en", "fr")):
            raise ValueError(
                f"the challenge set is French and English, and {run.folder} translates other languages: give your own pairs "
                "(--pairs FILE)"
            )
        return challenge_set(data.reverse, run.rule)
    columns = read_file(pairs, data)
    # References that lost their letters would score wrong translations as right; a source that did is scored as it is.
    first, second = columns.losses
    check_losses(Losses() if data.reverse else first, second if data.reverse else Losses(), run.rule)
    return held_out_from(columns, data.reverse)


@dataclass(frozen=True)
class ToMeasure:
    """Sentences to measure on.

    Attributes:
        name: What they are, for messages.
        held_out: The sentences, normalised, with their references.
        data: Settings of the data that they are chosen from, with paths at which the files are.
        pairs: See `choose_held_out`.
        run: The run that is measured, or whose test set they are; None without a run.
    """

    name: str
    held_out: HeldOut
    data: DataSettings
    pairs: Files = ""
    run: Run | None = None

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
    held_out = choose_held_out(run, pairs or None, wanted.corpus)
    data = run.settings.data if pairs else find_data(run, wanted.corpus)
    name = f"the test set of {run.folder}" if not pairs else "the challenge set" if pairs == "challenge" else named
    return ToMeasure(name, held_out, data, pairs, run)


def measure_run(wanted: Wanted) -> tuple[Scores | None, dict[str, Any]]:
    """Measure translations of the chosen sentences: a run's own, or those of any other system in a file.

    Returns:
        The scores, None if there are no translations; and the same scores as plain values, with tables of groups of the
        sentences ("phenomena", "categories", "by_length"), "comparison", "commands", "notes" and "unfinished" where they apply.

    Raises:
        ValueError: The run, the sentences, a file of translations or the device cannot be used.
    """
    from s2s_tutorial.translation.outputs import write_texts

    chosen = choose_sentences(wanted)
    scores, outputs = None, None
    values: dict[str, Any] = {}
    if wanted.hypotheses or chosen.run:
        scores, outputs = _scored(chosen, wanted)
        values = scores.to_dict() | _tables(chosen, outputs.simple)
    elif wanted.compare:
        raise ValueError("there is nothing to compare: give translations (--hypotheses FILE), or a run (--run DIR)")
    if unfinished := chosen.run.unfinished() if chosen.run and not wanted.hypotheses else "":
        values["unfinished"] = unfinished
    systems, notes = [outputs] if outputs else [], _corpus_note(chosen, wanted)
    if wanted.compare and outputs:
        other, more = _other_outputs(chosen, wanted)
        systems.append(other)
        notes += more
        values["comparison"] = _compared(outputs, other, chosen)
    values |= {"notes": notes} if notes else {}
    if wanted.write:
        values["written"] = str(wanted.write)
        values["commands"] = write_texts(wanted.write, chosen.originals, systems, chosen.references)
    return scores, values


def _scored(chosen: ToMeasure, wanted: Wanted) -> tuple[Scores, Outputs]:
    """Return scores and translations: those of the file, or those of the run."""
    from s2s_tutorial.runs.weights import choose_device, load_translator
    from s2s_tutorial.translation.evaluation import Scores, evaluate, printed_scores, score_texts
    from s2s_tutorial.translation.outputs import Outputs, read_outputs

    held_out, sentences = chosen.held_out, len(chosen.references)
    if wanted.hypotheses:
        lines = read_outputs(wanted.hypotheses, sentences, chosen.name)
        outputs = Outputs.of_lines(str(wanted.hypotheses), lines, chosen.rule)
        scores = Scores(**score_texts(outputs.simple, chosen.references), sentences=sentences)
    else:
        assert chosen.run is not None
        translator = load_translator(chosen.run.folder, choose_device(wanted.device))
        for source in held_out.sources:
            translator.check_length(source)
        scores, translations = evaluate(translator, held_out, wanted.beam)
        outputs = Outputs.of_translations(str(chosen.run.folder), translations, chosen.rule)
        unread = [""] * len(held_out.unreadable)
        outputs = replace(outputs, simple=[*outputs.simple, *unread], printed=[*outputs.printed, *unread])
    if scores.printed is None and (wanted.hypotheses or wanted.write):
        scores = replace(scores, printed=printed_scores(outputs.printed, chosen.originals.references))
    return scores, outputs


def _tables(chosen: ToMeasure, outputs: list[str]) -> dict[str, Any]:
    """Return scores of the groups of the sentences."""
    from s2s_tutorial.translation.groups import category_rows, group_rows, length_rows, score_rows

    held_out, rows_of = chosen.held_out, {}
    if chosen.pairs == "challenge":
        rows_of["phenomena"] = group_rows(held_out, chosen.run.challenge_seen if chosen.run else frozenset())
    else:
        rows_of["categories"] = category_rows(held_out)
    rows_of["by_length"] = length_rows(held_out, chosen.rule)
    return {name: score_rows(rows, outputs, chosen.references) for name, rows in rows_of.items() if rows}


def _other_outputs(chosen: ToMeasure, wanted: Wanted) -> tuple[Outputs, list[str]]:
    """Return the translations to compare with, from a file or by another run; and what to know about that run."""
    from s2s_tutorial.runs.folder import open_run
    from s2s_tutorial.runs.weights import choose_device, load_translator
    from s2s_tutorial.translation.outputs import Outputs, read_outputs, translate_texts

    path = wanted.compare
    assert path is not None
    if not path.is_dir():
        lines = read_outputs(path, len(chosen.references), chosen.name)
        return Outputs.of_lines(str(path), lines, chosen.rule), []
    other = open_run(path)
    _check_languages(other, chosen)
    translator = load_translator(path, choose_device(wanted.device))
    notes = [note for note in (other.unfinished(), _seen_note(other, chosen)) if note]
    return translate_texts(str(path), translator, chosen.originals.sources, wanted.beam, chosen.rule), notes


def _check_languages(other: Run, chosen: ToMeasure) -> None:
    """Check that another run translates between the languages of the sentences, as far as these are known."""
    from s2s_tutorial.data.languages import language_name

    for side, ours, theirs in zip(
        ("from", "into"), chosen.data.language_pair, other.settings.data.language_pair, strict=True
    ):
        if ours and theirs and ours != theirs:
            raise ValueError(
                f"{other.folder} translates {side} {language_name(theirs, '')}, and {chosen.name} is for translating {side} "
                f"{language_name(ours, '')}: compare with a run of the same languages"
            )


def _corpus_note(chosen: ToMeasure, wanted: Wanted) -> list[str]:
    """Return a warning if a run is measured on the pairs that it was trained on."""
    from s2s_tutorial.runs.find_data import has_content

    if chosen.run is None or wanted.hypotheses or chosen.pairs in ("", "challenge"):
        return []
    if not has_content(chosen.run, chosen.pairs):
        return []
    return [
        f"{chosen.run.folder} was trained on most of {chosen.name}, so its score is too good: leave out --pairs to measure on "
        "the part that was held out"
    ]


def _seen_note(other: Run, chosen: ToMeasure) -> str:
    """Return a warning if another run has learned sentences that it is measured on, or may have; else `""`."""
    from s2s_tutorial.runs.find_data import with_paths_of

    run, data = chosen.run, other.settings.data
    if run is not None and not chosen.pairs and with_paths_of(run.settings.data, data) == run.settings.data:
        return ""
    try:
        if data.corpus == "tatoeba" != chosen.data.corpus:  # not downloaded for this
            raise ValueError
        train = corpus_of(other).train
    except ValueError:
        return f"the pairs that {other.folder} was trained on are not found, so it may have learned some of these sentences"
    seen = len(train.find(other.rule.normalise(source) for source in chosen.originals.sources))
    share = f"{seen:,} of {len(chosen.references):,}"
    return f"{other.folder} was trained on {share} of these sentences, so its score is too good" if seen else ""


def _compared(outputs: Outputs, other: Outputs, chosen: ToMeasure) -> dict[str, Any]:
    from s2s_tutorial.translation.comparison import compare

    return compare(outputs.name, outputs.simple, other.name, other.simple, chosen.references).to_dict()
