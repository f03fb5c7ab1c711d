"""Measure a run from the command line: choose the sentences, translate them and collect the scores."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from s2s_tutorial.data.corpus import Corpus, HeldOut
    from s2s_tutorial.runs.folder import Run
    from s2s_tutorial.settings import Files
    from s2s_tutorial.translation.evaluation import Scores


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

    prepared = load_encoded(find_data(run, corpus), run.folder.parent)
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


def measure_run(
    folder: Path, pairs: Files | None, beam: int, device: str, corpus: Files = ""
) -> tuple[Scores, dict[str, Any]]:
    """Translate the chosen sentences with a run and score the translations.

    Args:
        folder: Folder of the run.
        pairs: See `choose_held_out`.
        beam: Beam size; 1 is greedy search.
        device: Name of the device.
        corpus: See `choose_held_out`.

    Returns:
        The scores; and the same scores as plain values, with "unfinished" if the run has not finished training and
        "phenomena" for the challenge set.

    Raises:
        ValueError: The run, the sentences or the device cannot be used.
    """
    from s2s_tutorial.runs.folder import open_run
    from s2s_tutorial.runs.weights import choose_device, load_translator
    from s2s_tutorial.translation.evaluation import evaluate, score_groups

    run = open_run(folder)
    translator = load_translator(folder, choose_device(device))
    held_out = choose_held_out(run, pairs, corpus)
    for source in held_out.sources:
        translator.check_length(source)
    scores, translations = evaluate(translator, held_out, beam)
    values: dict[str, Any] = scores.to_dict()
    if unfinished := run.unfinished():
        values["unfinished"] = unfinished
    if pairs == "challenge":
        values["phenomena"] = score_groups(translations, held_out, run.challenge_seen)
    return scores, values
