"""Messages of the command line about a corpus, about scores, and about a run that has ended."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from s2s_tutorial.data.corpus import Corpus
    from s2s_tutorial.runs.folder import Run
    from s2s_tutorial.runs.listing import Listed
    from s2s_tutorial.settings import Settings
    from s2s_tutorial.training.trainer import Trainer
    from s2s_tutorial.translation.evaluation import Scores


def describe_corpus(corpus: Corpus, settings: Settings, parent: Run | None = None) -> str:
    """Describe a prepared corpus: the pairs that each step left, its sets, and its vocabularies or those of its parent."""
    from s2s_tutorial.data.corpus import MOST_HELD_OUT
    from s2s_tutorial.data.languages import language_name

    source, target = settings.data.language_pair
    names = language_name(source, "source"), language_name(target, "target")
    lines = describe_notes(corpus.notes).splitlines()
    before = None
    for name, count in corpus.steps:
        dropped = f"{before - count:>10,} dropped" if before is not None and before > count else ""
        lines.append(f"{name:<40}{_count_pairs(count)}{dropped}")
        before = count
    src_words, tgt_words = corpus.word_counts
    lines.append(f"{f'{names[0]} / {names[1]} words kept':<40}{f'{src_words:,} / {tgt_words:,}':>16}")
    lines.append(f"{'training':<40}{_count_pairs(len(corpus.train))}")
    for name, pairs, held_out in (
        ("validation", corpus.validation_pairs, corpus.validation),
        ("test", corpus.test_pairs, corpus.test),
    ):
        size = f"of {len(held_out):,} {names[0]} sentence{'s' * (len(held_out) != 1)}"
        if len(held_out) == MOST_HELD_OUT:
            size = f"measured on the first {len(held_out):,} {names[0]} sentences"
        comma = "," * (len(held_out) == MOST_HELD_OUT)
        lines.append(f"{name:<40}{_count_pairs(pairs)}{comma} {size}")
    sizes = f"{len(corpus.src_vocabulary):,} / {len(corpus.tgt_vocabulary):,}"
    title = f"vocabulary of {parent.title if parent else 'the training pairs'}"
    lines.append(f"{title:<40}{sizes:>16}")
    lines += describe_losses(corpus)
    return "\n".join(lines)


def _count_pairs(count: int) -> str:
    return f"{count:>10,} pair{'s' * (count != 1)}"


def describe_notes(notes: list[tuple[str, str]]) -> str:
    """Describe how a corpus was read, or how settings were chosen: each note on a line, its word in a column of its own."""
    return "\n".join(f"{label:<22}{text}" for label, text in notes)


def describe_unknown(corpus: Corpus, parent: Run) -> list[str]:
    """Describe how many words or characters of new pairs the vocabularies of a trained run do not hold."""
    from s2s_tutorial.training.continuing import new_characters, unknown_words

    lines = []
    for side, found in zip(("source", "target"), new_characters(corpus) or (), strict=False):
        if found.unknown:
            share = f"{found.unknown:,} of {found.all:,} {side} characters ({found.unknown / found.all:.0%})"
            lines.append(
                f"{'new characters':<22}{share}, such as {', '.join(map(repr, found.examples))}: {parent.title} has no entry for "
                "them, so it takes each as 1 to 4 bytes and learns these from the new pairs alone; a run without --from learns "
                "entries for them"
            )
    if lines:
        return lines
    for side, found in zip(("source", "target"), unknown_words(corpus) or (), strict=False):
        if found.unknown:
            share = f"{found.unknown:,} of {found.all:,} {side} words, such as {', '.join(map(repr, found.examples))}"
            lines.append(f"{'unknown words':<22}{share}")
    if lines:
        lines.append(
            f"warning: {parent.title} reads whole words, so that the new run cannot learn these. Start from a run with subwords "
            "(--tokens subwords), or train a new run"
        )
    return lines


def describe_losses(corpus: Corpus) -> list[str]:
    """Describe what the text rule left out of each side, and decoded HTML entities, if there are any."""
    src, tgt = corpus.losses
    lines = []
    if src.dropped or tgt.dropped:
        shares = f"{src.share:.2%} / {tgt.share:.2%}"
        lines.append(f"{'letters that the text rule leaves out':<40}{shares:>16}")
    if src.digits or tgt.digits:
        lines.append(f"{'digits that the text rule leaves out':<40}{f'{src.digits:,} / {tgt.digits:,}':>16}")
    if entities := src.entities + tgt.entities:
        lines.append(f"{'HTML entities decoded':<40}{entities:>10,}")
    return lines


TABLES = {"phenomena": "phenomenon", "categories": "category", "by_length": "source length"}


def describe_scores(scores: Scores | None, values: dict[str, Any]) -> str:
    """Describe scores and how BLEU was computed, with the warnings, tables, comparison and files that `values` holds."""
    from s2s_tutorial.translation.evaluation import show_scores

    lines = [values["unfinished"]] if "unfinished" in values else []
    lines += [f"warning: {note}" for note in values.get("notes", [])]
    if scores is not None:
        lines += [show_scores(scores), scores.signature]
        lines += [f"as printed: {scores.printed['signature']}"] if scores.printed else []
    for name, title in TABLES.items():
        if name in values:
            lines.append(f"\n{title:<28}{'sentences':>10}{'BLEU':>8}{'chrF':>8}{'exact':>8}")
        for group, row in values.get(name, {}).items():
            lines.append(
                f"{group:<28}{row['sentences']:>10}{row['bleu']:>8.1f}{row['chrf']:>8.1f}{row['exact_match']:>8.0%}"
            )
    if "comparison" in values:
        lines += describe_comparison(values["comparison"])
    if "written" in values:
        lines += ["", f"wrote {values['written']}"]
        what = {"printed": "the scores as printed", "normalised": "the scores of normalised words"}
        lines += [f"{what[kind]}: {command}" for kind, command in values["commands"].items()]
    return "\n".join(lines)


def describe_comparison(values: dict[str, Any]) -> list[str]:
    """Describe the comparison of two systems: a table of both, and what the difference means."""
    width = max(len(values["name"]), len(values["other"]), 26) + 2
    return [
        f"\n{'paired bootstrap test':<{width}}{'BLEU':>8}{'chrF':>8}",
        f"{values['name']:<{width}}{values['bleu']:>8.1f}{values['chrf']:>8.1f}",
        f"{values['other']:<{width}}{values['other_bleu']:>8.1f}{values['other_chrf']:>8.1f}",
        f"{'p':<{width}}{values['bleu_p']:>8.3f}{values['chrf_p']:>8.3f}",
        values["meaning"],
        values["signature"],
    ]


def show_result(trainer: Trainer) -> None:
    """Measure a finished run on its test set, show ten translations, and write scores and pictures into its folder."""
    from s2s_tutorial.files import write_json
    from s2s_tutorial.notebook.plots import plot_attention, plot_losses, save_figure
    from s2s_tutorial.training.faults import fault_of_translations
    from s2s_tutorial.training.record import read_record
    from s2s_tutorial.translation.evaluation import evaluate as measure
    from s2s_tutorial.translation.evaluation import show_scores

    opened, corpus = trainer.run, trainer.corpus
    run = opened.folder
    scores, translations = measure(trainer.translator, corpus.test)
    write_json(opened.scores_path, scores.to_dict())
    typer.echo(f"\nHeld-out test sentences: {show_scores(scores)}\n")
    if fault := fault_of_translations([found.normal_text for found in translations], corpus.test.references):
        typer.echo(f"{fault}\n")
    for translation, references in list(zip(translations, corpus.test.references, strict=True))[:10]:
        source = translation.rule.unsplit(translation.src_words)
        typer.echo(f"> {source}\n= {references[0]}\n< {translation.normal_text}\n")
    pictures = [run / "losses.png"]
    save_figure(plot_losses(read_record(opened.record_path)), pictures[0])
    if translations[0].attn_weights is not None:
        for number, translation in enumerate(translations[:3], start=1):
            pictures.append(run / f"attention-{number}.png")
            save_figure(plot_attention(translation), pictures[-1])
    typer.echo("Pictures: " + ", ".join(str(path) for path in pictures))
    sentence = corpus.test.sources[0].rstrip(" .!?") or corpus.test.sources[0]
    typer.echo(f"Try it: {shlex.join(['s2s-tutorial', 'translate', '--run', str(run), sentence])}")


def describe_runs(listed: list[Listed]) -> str:
    """Describe runs in a table: steps, scores, and the run that each started from."""
    width = max([len(str(each.folder)) for each in listed], default=0) + 2
    lines = [f"{'run':<{width}}{'steps':>9}  {'':<12}{'valid.':>7}{'test':>7}  {'pairs':<20}starts from"]
    for each in listed:
        if each.run is None:
            lines.append(f"{each.folder!s:<{width}}{each.error}")
            continue
        steps, state, best = "", "", ""
        if progress := each.progress:
            steps, best = f"{progress.step:,}", f"{progress.best_bleu:.1f}"
            state = "finished" if progress.finished else "unfinished"
        test = "" if each.test_bleu is None else f"{each.test_bleu:.1f}"
        lines.append(
            f"{each.folder!s:<{width}}{steps:>9}  {state:<12}{best:>7}{test:>7}  {each.corpus:<20}{each.parent}".rstrip()
        )
    return "\n".join(lines)
