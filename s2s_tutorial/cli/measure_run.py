"""Measure a run from the command line: translate the chosen sentences, collect the scores, and compare with others."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from s2s_tutorial.cli.choose_sentences import ToMeasure, Wanted, choose_sentences, corpus_of

if TYPE_CHECKING:
    from s2s_tutorial.runs.folder import Run
    from s2s_tutorial.translation.evaluation import Scores
    from s2s_tutorial.translation.outputs import Outputs


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
    unread: list[str] = []
    values: dict[str, Any] = {}
    if wanted.hypotheses or chosen.run:
        scores, outputs, unread = _scored(chosen, wanted)
        values = scores.to_dict() | _tables(chosen, outputs.simple)
    elif wanted.compare:
        raise ValueError("there is nothing to compare: give translations (--hypotheses FILE), or a run (--run DIR)")
    if unfinished := chosen.run.unfinished() if chosen.run and not wanted.hypotheses else "":
        values["unfinished"] = unfinished
    systems, notes = [outputs] if outputs else [], [*unread, *_corpus_note(chosen, wanted)]
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


def _scored(chosen: ToMeasure, wanted: Wanted) -> tuple[Scores, Outputs, list[str]]:
    """Return scores and translations, those of the file or those of the run; and what the run cannot read of the sources."""
    from s2s_tutorial.runs.weights import choose_device, load_translator
    from s2s_tutorial.translation.evaluation import Scores, evaluate, printed_scores, score_texts
    from s2s_tutorial.translation.outputs import Outputs, read_outputs

    held_out, sentences = chosen.held_out, len(chosen.references)
    notes = []
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
        notes = _unread_notes(chosen, "".join(each.unlearned for each in translations))
        outputs = Outputs.of_translations(str(chosen.run.folder), translations, chosen.rule)
        unread = [""] * len(held_out.unreadable)
        outputs = replace(outputs, simple=[*outputs.simple, *unread], printed=[*outputs.printed, *unread])
    if scores.printed is None and (wanted.hypotheses or wanted.write):
        scores = replace(scores, printed=printed_scores(outputs.printed, chosen.originals.references))
    return scores, outputs, notes


def _unread_notes(chosen: ToMeasure, unlearned: str) -> list[str]:
    """Return warnings about letters of the sources that the text rule leaves out, and characters that the run has not learned."""
    run, losses = chosen.run, chosen.losses
    assert run is not None
    notes = []
    if losses is not None and losses.dropped:
        notes.append(
            f"the text rule {run.rule.name!r} of {run.title} leaves out {losses.dropped.total():,} of {losses.letters:,} "
            f"letters of the sources (script: {losses.script}): a run with --text unicode keeps them"
        )
    if unlearned:
        characters = len("".join(chosen.held_out.sources).replace(" ", ""))
        some = "".join(dict.fromkeys(unlearned))[:20]
        notes.append(
            f"{run.title} has not learned {len(unlearned):,} of {characters:,} characters of the sources, such as {some!r}, and "
            "can only guess what they mean"
        )
    return notes


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
