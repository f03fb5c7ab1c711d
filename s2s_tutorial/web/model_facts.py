"""Facts about a run for its page: what it was trained on, how good it is, and its settings, as names and texts."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from s2s_tutorial.data.corpus import Corpus
from s2s_tutorial.data.languages import language_name
from s2s_tutorial.data.pieces import PieceVocabulary
from s2s_tutorial.files import read_json
from s2s_tutorial.model.seq2seq import count_parameters
from s2s_tutorial.runs.folder import Run
from s2s_tutorial.settings import DataSettings, ModelSettings, files_of
from s2s_tutorial.translation.evaluation import FEWEST_SENTENCES, Scores
from s2s_tutorial.translation.translator import Translator

Facts = list[tuple[str, str]]  # names and texts
BUILT_IN_NAMES = {"sample": "the built-in corpus", "tatoeba": "sentence pairs of Tatoeba"}
OF_RECURRENT = ("decoder", "attention", "input_feeding")
OF_TRANSFORMER = ("num_heads", "feed_forward_size")


def languages_of(run: Run) -> tuple[str, str]:
    """Return the English names of source and target language; "source" and "target" if they are not known."""
    return language_name(run.src_language, "source"), language_name(run.language, "target")


def title_of(run: Run) -> str:
    """Return the title of a run's page."""
    if run.src_language and run.language:
        return "Translate from {} into {}".format(*languages_of(run))
    return f"Translate with {run.folder.resolve().name}"


def corpus_name(data: DataSettings) -> str:
    """Return the name of a corpus, without the folders of its files."""
    if isinstance(data.corpus, str) and data.corpus in BUILT_IN_NAMES:
        return BUILT_IN_NAMES[data.corpus]
    return " and ".join(Path(path).name for path in files_of(data.corpus))


def describe_model(run: Run, translator: Translator, corpus: Corpus | None, measured: Scores | None) -> Facts:
    """Describe a run's data, network and scores.

    Args:
        run: The opened run.
        translator: Its translator.
        corpus: Its corpus; None if it could not be read.
        measured: Scores of the rounded weights on the test set; None if they were not measured.
    """
    source, target = languages_of(run)
    facts = [("Languages", f"{source} to {target}")] if run.language else []
    pairs = "" if corpus is None else f"{len(corpus.train):,} pairs of "
    facts.append(("Trained on", f"{pairs}{corpus_name(run.settings.data)}"))
    facts.append(("Network", network_of(run.settings.model, count_parameters(translator.model))))
    kind = "pieces of words" if isinstance(run.src_vocabulary, PieceVocabulary) else "words"
    most, unit = run.settings.data.longest if run.longest is None else (run.longest, kind)
    facts.append(("Longest sentence", f"{most:,} {unit}: it has not learned to translate longer ones"))
    if run.src_vocabulary == run.tgt_vocabulary:
        facts.append(("Knows", f"{len(run.src_vocabulary):,} {kind}, the same for both languages"))
    else:
        facts.append(("Knows", f"{len(run.src_vocabulary):,} {source} and {len(run.tgt_vocabulary):,} {target} {kind}"))
    if (trained := read_scores(run)) is not None:
        facts.append(("Score", score_line(trained)))
    if measured is not None:
        facts.append(("Score of this page", f"{score_line(measured)}, with weights rounded to 8 bits"))
    if trained is None and measured is None:
        facts.append(("Score", "not measured"))
    if unfinished := run.unfinished():
        facts.append(("Not finished", unfinished.replace(str(run.folder), run.folder.resolve().name)))
    return facts


def network_of(model: ModelSettings, parameters: int) -> str:
    """Describe a network in a line."""
    if model.network == "transformer":
        kind = f"Transformer with {model.num_heads} attention heads"
    else:
        attention = "without attention" if model.attention == "none" else f"with {model.attention} attention"
        kind = f"recurrent, {model.decoder.capitalize()} decoder {attention}"
    layers = f"{model.num_layers} layer{'s' * (model.num_layers > 1)}"
    return f"{kind}, {layers} of size {model.hidden_size:,}, {parameters:,} parameters"


def read_scores(run: Run) -> Scores | None:
    """Read a run's scores on its test set; None if the file is missing, or does not hold scores."""
    try:
        values = read_json(run.scores_path)
        values = values.get("test", values)  # the package's model has scores of several sets
        scores = Scores(**values)
        score_line(scores)
    except (OSError, ValueError, TypeError, AttributeError, KeyError):
        return None
    return scores


def score_line(scores: Scores) -> str:
    """Describe scores in a line."""
    line = (
        f"BLEU {scores.bleu:.1f} (95%: {scores.bleu_low:.1f} to {scores.bleu_high:.1f}), chrF {scores.chrf:.1f}, "
        f"{scores.exact_match:.0%} exactly as a reference, on {scores.sentences:,} held-out sentences"
    )
    return f"{line}; a score of so few means little" if scores.sentences < FEWEST_SENTENCES else line


def list_settings(run: Run) -> list[tuple[str, Facts]]:
    """List all settings of a run by their part; paths are written without their folders."""
    parts = []
    for name in ("data", "model", "training"):
        values = asdict(getattr(run.settings, name))
        unused = OF_RECURRENT if run.settings.model.network == "transformer" else OF_TRANSFORMER
        facts = [(key, _text(key, value)) for key, value in values.items() if key not in unused]
        parts.append((name, [(key, text) for key, text in facts if text]))
    return parts


def _text(key: str, value: Any) -> str:
    if key in ("corpus", "valid", "test"):
        return " and ".join(Path(path).name for path in files_of(value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return " ".join(value)
    return f"{value:,}" if isinstance(value, int) else str(value)
