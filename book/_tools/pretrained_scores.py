"""Measure a model of real text: on the test sentences of the preset `large` as people wrote them, and on longer ones.

The test sentences of `large` are normalised. Here each is found again in the file of pairs, with its case, accents, digits and
marks. So a model of real text is measured in two ways: with its output normalised, against the references of `large`, which
gives a score that compares with older ones; and with its output as it is printed, against the references as printed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from s2s_tutorial.data.columns import Columns
from s2s_tutorial.data.corpus import HeldOut, challenge_set, prepare
from s2s_tutorial.data.readers import read_corpus
from s2s_tutorial.data.rules import ASCII, UNICODE
from s2s_tutorial.model.seq2seq import count_parameters
from s2s_tutorial.presets import PRESETS
from s2s_tutorial.runs.folder import Run
from s2s_tutorial.runs.weights import load_translator
from s2s_tutorial.settings import DataSettings
from s2s_tutorial.translation.evaluation import (
    evaluate,
    printed_scores,
    score_translations,
)
from s2s_tutorial.translation.groups import score_groups
from s2s_tutorial.translation.translator import Translation, Translator
from s2s_tutorial.web.export import rounding_cost

BEAM = 5
LONG = range(13, 41)  # words of a long test sentence


@dataclass(frozen=True)
class TestSets:
    """Held-out sentences as they are written.

    Attributes:
        short: One written form of each test sentence of `large`, with all references as they are written.
        normalised: The references of the same sentences, normalised.
        long: Test sentences of 13 to 40 words.
        known: Number of sentences of both sets with a reference that training has as the translation of another sentence.
    """

    short: HeldOut
    normalised: list[list[str]]
    long: HeldOut
    known: int

    @classmethod
    def of(cls, data: DataSettings) -> TestSets:
        """Find the test sentences for a model with these settings of the data."""
        short = prepare(replace(PRESETS["large"].data, reverse=data.reverse)).test
        corpus = prepare(data)
        own = corpus.test
        rows = [row for row, text in enumerate(own.sources) if len(ASCII.normalise(text).split()) in LONG]
        written, long = as_written(short, read_corpus(data), data.reverse), own.select(rows)
        known = with_known_reference([*written.references, *long.references], corpus.train.targets)
        return cls(written, short.references, long, known)


def as_written(normalised: HeldOut, columns: Columns, reverse: bool) -> HeldOut:
    """Find the first written form of each normalised sentence, with all its translations.

    Args:
        normalised: N sentences that the rule "ascii" normalised.
        columns: All pairs, as they are written.
        reverse: True if the first column is the source.
    """
    wanted, written = set(normalised.sources), dict[str, str]()
    references: dict[str, dict[str, None]] = {}  # by simple form, which has digits: their number may be what differs
    for source, target in zip(*columns.sides(reverse), strict=True):
        if (plain := ASCII.normalise(source)) in wanted:
            written.setdefault(plain, source)
            references.setdefault(UNICODE.simplify(source), {})[target] = None
    sources = [written[plain] for plain in normalised.sources]
    return HeldOut(sources, [list(references[UNICODE.simplify(source)]) for source in sources])


def with_known_reference(references: Sequence[Sequence[str]], targets: Sequence[str]) -> int:
    """Count the sentences of which some reference is, but for case, accents, marks and digits, a target of the training."""
    known = {UNICODE.split_form(target) for target in targets}
    return sum(any(UNICODE.split_form(text) in known for text in texts) for texts in references)


def measure(run: Run, progress: dict[str, Any]) -> dict[str, Any]:
    """Measure the scores of a run of real text on all its test sets, greedy and with a beam, and after rounding for the page.

    Args:
        run: The run, whose settings name its corpus.
        progress: Progress of its training.
    """
    data = run.settings.data
    translator, sets, challenge = load_translator(run.folder), TestSets.of(data), challenge_set(data.reverse, run.rule)
    on_challenge, translations = evaluate(translator, challenge)
    found: dict[str, Any] = {}
    for suffix, beam in (("", 1), (f"_beam_{BEAM}", BEAM)):
        found |= {f"{name}{suffix}": scores for name, scores in _of_beam(translator, sets, beam).items()}
    return found | {
        "known_references": sets.known,
        "rounding": asdict(rounding_cost(translator, sets.short)),
        "challenge": on_challenge.to_dict() | {"phenomena": score_groups(translations, challenge, run.challenge_seen)},
        "training": {name: progress[name] for name in ("step", "seconds", "best_step", "best_bleu")},
        "parameters": count_parameters(translator.model),
    }


def _of_beam(translator: Translator, sets: TestSets, beam: int) -> dict[str, Any]:
    scores, translations = evaluate(translator, sets.short, beam)
    texts = [translation.text for translation in translations]
    rows = [row for row, source in enumerate(sets.short.sources) if any(map(str.isdecimal, source))]
    references = [sets.short.references[row] for row in rows]
    return {
        "test": scores.to_dict(),
        "normalised": normalised_scores(translations, sets.normalised),
        "printed": printed_scores(texts, sets.short.references),
        "digits": printed_scores([texts[row] for row in rows], references) | {"sentences": len(rows)},
        "long": evaluate(translator, sets.long, beam)[0].to_dict(),
    }


def normalised_scores(translations: Sequence[Translation], references: Sequence[Sequence[str]]) -> dict[str, Any]:
    """Score translations by the rule "ascii", against references that are normalised by it; see `score_translations`."""
    plain = [replace(each, words=ASCII.normalise(each.text).split(), rule=ASCII) for each in translations]
    return score_translations(plain, references)
