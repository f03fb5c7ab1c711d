"""Measure translations: BLEU and chrF with sacrebleu, exact matches, alignment error rate, quality by phenomenon.

The main scores compare normalised words with all references of each source, whatever the text rule of the run is. Chapter 13
of the book explains them, and chapter 14 the alignment error rate. `printed_scores` compares what a reader sees: case,
accents, digits and marks count.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import torch

from s2s_tutorial.arguments import check_sentences, check_type
from s2s_tutorial.data.columns import Alignment
from s2s_tutorial.data.corpus import HeldOut
from s2s_tutorial.data.rules import UNICODE, TextRule
from s2s_tutorial.data.unicode_text import UNKNOWN, script_of
from s2s_tutorial.data.vocabulary import SPECIAL_WORDS
from s2s_tutorial.translation.reading import check_normal
from s2s_tutorial.translation.translator import Translation, Translator

BOOTSTRAP_SAMPLES = 1_000
FEWEST_SENTENCES = 10  # a bootstrap interval of fewer is far too narrow: it is given as 0 to 100


@dataclass(frozen=True)
class Scores:
    """Scores of one model on one held-out set.

    Attributes:
        bleu: Corpus BLEU, 0 to 100.
        bleu_low: Lower end of its 95% bootstrap interval.
        bleu_high: Upper end of that interval.
        chrf: chrF2, 0 to 100.
        exact_match: Share of translations that equal a reference, 0 to 1.
        sentences: Number of distinct source sentences.
        signature: Sacrebleu's description of how BLEU was computed.
        unknown_rate: Share of source words outside the vocabulary, 0 to 1; None if there is no model.
        seconds: Time to translate all sentences, in seconds; None if there is no model.
        unreadable: Number of sentences that could not be read and count as wrong; None if there are none.
        aer: Alignment error rate of the attention, 0 to 1; None without gold alignments or attention.
        aer_best: Lowest rate that is possible with one link per target word.
        aer_chance: Expected rate of links to random source words.
        printed: Scores of the translations as printed, see `printed_scores`; None if the run's references are not kept
            as they were printed.
    """

    bleu: float
    bleu_low: float
    bleu_high: float
    chrf: float
    exact_match: float
    sentences: int
    signature: str
    unknown_rate: float | None = None
    seconds: float | None = None
    unreadable: int | None = None
    aer: float | None = None
    aer_best: float | None = None
    aer_chance: float | None = None
    printed: dict[str, Any] | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON, without those that are None."""
        return {name: value for name, value in asdict(self).items() if value is not None}


def evaluate(translator: Translator, held_out: HeldOut, beam_size: int = 1) -> tuple[Scores, list[Translation]]:
    """Translate a held-out set and measure the result.

    Args:
        translator: A trained model with its vocabularies.
        held_out: Sources with references, and gold alignments if there are any.
        beam_size: Number of hypotheses per sentence; 1 is greedy search.

    Returns:
        The scores and the translations, in the order of the set.

    Raises:
        TypeError: An argument has another type.
        ValueError: The held-out set is empty, the beam size is out of range, or a reference is not normalised.
    """
    check_type("translator", translator, Translator, hint="load_translator(folder)")
    check_type("held_out", held_out, HeldOut, hint="corpus.test, for example")
    references = [*held_out.references, *held_out.unreadable]
    _check_references([*held_out.sources, *held_out.unreadable], references)
    check_normal("references", references, translator.rule)
    start = time.perf_counter()
    translations = translator.translate_words(held_out.sources, beam_size) if held_out.sources else []
    seconds = time.perf_counter() - start
    unread = [Translation([], [], [], [], 0.0, None, rule=translator.rule) for _ in held_out.unreadable]
    scored = [*translations, *unread]
    scores = score_translations(scored, references)
    more: dict[str, Any] = {}
    if held_out.alignments is not None:
        firsts = [texts[0] for texts in held_out.references]
        found = translator.word_attention(held_out.sources, firsts)
        if attention := [weights for weights in found if weights is not None]:
            more = score_alignments(attention, held_out.alignments)
    if translator.rule == UNICODE:
        more["printed"] = printed_scores([translation.text for translation in scored], references)
    more["unreadable"] = len(unread) or None
    return Scores(**scores, sentences=len(references), seconds=seconds, **more), translations


def score_translations(translations: Sequence[Translation], references: Sequence[Sequence[str]]) -> dict[str, Any]:
    """Compute BLEU with its interval, chrF, exact match, unknown rate and signature, by the names of `Scores`.

    Args:
        translations: N translations.
        references: For each, all its references, normalised by the rule of the translations.

    Raises:
        TypeError, ValueError: See `bleu_score`; or a translation is a text.
    """
    _check_references(translations, references)
    for number, each in enumerate(translations):
        check_type(f"translations[{number}]", each, Translation, hint="score_texts takes texts")
    outputs = [comparable_text(translation) for translation in translations]
    words = sum(len(translation.src_words) for translation in translations)
    return {
        **score_texts(outputs, comparable_references(references, translations[0].rule)),
        "unknown_rate": sum(len(translation.unknown) for translation in translations) / max(words, 1),
    }


def score_texts(outputs: Sequence[str], references: Sequence[Sequence[str]]) -> dict[str, Any]:
    """Compute BLEU with its interval, chrF, exact match and signature of texts in the form of `comparable_text`.

    Args:
        outputs: N translations.
        references: For each, all its references, in the form of `comparable_references`.

    Raises:
        TypeError, ValueError: See `bleu_score`.
    """
    # sacrebleu is slow to import, and translating a sentence does not need it.
    from sacrebleu.metrics import BLEU, CHRF

    _check_references(outputs, references)
    columns = reference_columns(references)
    bleu = BLEU(tokenize="none", force=True)
    result = bleu.corpus_score(list(outputs), columns, n_bootstrap=BOOTSTRAP_SAMPLES)
    return {
        **_bleu_with_interval(result, len(outputs)),
        "chrf": CHRF().corpus_score(list(outputs), columns).score,
        "exact_match": exact_match(outputs, references),
        "signature": str(bleu.get_signature()),
    }


def _bleu_with_interval(result: Any, count: int) -> dict[str, float]:
    """Return bleu, bleu_low and bleu_high of sacrebleu's result for `count` sentences, 0 to 100; rounding may add 1e-14."""
    bleu, low, high = (
        min(max(value, 0.0), 100.0) for value in (result.score, result._mean - result._ci, result._mean + result._ci)
    )
    if count < FEWEST_SENTENCES:
        low, high = 0.0, 100.0
    return {"bleu": bleu, "bleu_low": low, "bleu_high": high}


def printed_scores(outputs: Sequence[str], references: Sequence[Sequence[str]]) -> dict[str, Any]:
    """Score translations as they are printed, with case, accents, digits and marks.

    The words are those of sacrebleu's tokeniser 13a, or of zh if the references are in Chinese or Japanese.

    Args:
        outputs: N translations as text.
        references: For each, all its references as text.

    Returns:
        bleu, bleu_low and bleu_high (see `Scores`), exact_match and signature.

    Raises:
        TypeError, ValueError: See `bleu_score`.
    """
    check_sentences("outputs", outputs)
    _check_references(outputs, references)
    from sacrebleu.metrics import BLEU

    bleu = BLEU(tokenize=printed_tokeniser(references), force=True)
    result = bleu.corpus_score(list(outputs), reference_columns(references), n_bootstrap=BOOTSTRAP_SAMPLES)
    return {
        **_bleu_with_interval(result, len(outputs)),
        "exact_match": exact_match(outputs, references),
        "signature": str(bleu.get_signature()),
    }


def printed_tokeniser(references: Sequence[Sequence[str]]) -> str:
    """Return the name of sacrebleu's tokeniser for texts as printed: 13a, or zh if most letters are Chinese or Japanese."""
    letters = [character for texts in references[:100] for character in texts[0] if character.isalpha()]
    unspaced = sum(script_of(letter) in ("CJK", "HIRAGANA", "KATAKANA") for letter in letters)
    return "zh" if 2 * unspaced > len(letters) else "13a"


def bleu_score(outputs: Sequence[str], references: Sequence[Sequence[str]]) -> float:
    """Compute corpus BLEU alone, 0 to 100, as validation during training does.

    Args:
        outputs: N translations, words joined by spaces.
        references: For each, all its references.

    Raises:
        TypeError: The outputs are not a list of strings, or the references not a list of lists.
        ValueError: There is nothing to score, or there are not as many outputs as references.
    """
    check_sentences("outputs", outputs)
    _check_references(outputs, references)
    from sacrebleu.metrics import BLEU

    return BLEU(tokenize="none", force=True).corpus_score(list(outputs), reference_columns(references)).score


def _check_references(outputs: Sequence[Any], references: Sequence[Sequence[str]]) -> None:
    """Check that every output has a list of references."""
    if len(outputs) != len(references):
        raise ValueError(
            f"there are {len(outputs)} outputs and {len(references)} lists of references, expected the same number of both"
        )
    if not outputs:
        raise ValueError("there is nothing to score: the list of outputs is empty")
    for number, texts in enumerate(references):
        if isinstance(texts, str) or not texts:
            raise TypeError(f"references[{number}] is {str(texts)[:40]!r}, expected a list of at least one reference")


def normalised_words(words: Sequence[str]) -> list[str]:
    """Replace `<unk>` by a sign that no reference has, so that it never counts as correct; other words stay."""
    return [UNKNOWN if word in SPECIAL_WORDS else word for word in words]


def comparable_text(translation: Translation) -> str:
    """Return a translation in the form in which scores compare it with references: simple words joined by spaces."""
    rule = translation.rule
    return rule.simplify(rule.unsplit(normalised_words(translation.words)))


def comparable_references(references: Sequence[Sequence[str]], rule: TextRule) -> Sequence[Sequence[str]]:
    """Return references in the form in which `comparable_text` returns translations."""
    return [[rule.simplify(text) for text in texts] for texts in references]


def reference_columns(references: Sequence[Sequence[str]]) -> list[list[Any]]:
    """Turn references by sentence into sacrebleu's columns: the k-th reference of every sentence, None if it has fewer."""
    most = max(len(texts) for texts in references)
    return [[texts[k] if k < len(texts) else None for texts in references] for k in range(most)]


def exact_match(outputs: Sequence[str], references: Sequence[Sequence[str]]) -> float:
    """Compute the share of outputs that equal one of their references, 0 to 1.

    Raises:
        TypeError, ValueError: See `bleu_score`.
    """
    _check_references(outputs, references)
    return sum(output in texts for output, texts in zip(outputs, references, strict=True)) / len(outputs)


def score_alignments(attention: Sequence[torch.Tensor], gold: Sequence[Alignment]) -> dict[str, float]:
    """Compute the alignment error rate of attention weights against gold links.

    AER = 1 − 2 · size(A ∩ S) / (size(A) + size(S)), where all gold links S are sure (Och and Ney 2003, section 5.1). A
    links every target word except EOS to the source word, other than EOS, that it attends to most.

    Args:
        attention: For each sentence (T, S), with a row for each target word and EOS, a column for each source word and EOS.
        gold: For each sentence its links (source position, target position).

    Returns:
        aer, aer_best and aer_chance; see `Scores`.
    """
    hits = reachable = chance = links = gold_links = 0.0
    for weights, alignment in zip(attention, gold, strict=True):
        tgt_words, src_words = weights.shape[0] - 1, weights.shape[1] - 1
        chosen = weights[:tgt_words, :src_words].argmax(dim=1).tolist()  # one source position per target word
        hits += sum((source, target) in alignment for target, source in enumerate(chosen))
        reachable += len({target for _, target in alignment})
        chance += len(alignment) / src_words
        links += tgt_words
        gold_links += len(alignment)
    total = links + gold_links
    return {"aer": 1 - 2 * hits / total, "aer_best": 1 - 2 * reachable / total, "aer_chance": 1 - 2 * chance / total}


def show_scores(scores: Scores) -> str:
    """Describe scores in one line, with a line more for alignments, for few sentences, and for unreadable ones."""
    text = (
        f"BLEU {scores.bleu:.1f} (95%: {scores.bleu_low:.1f} to {scores.bleu_high:.1f}) · chrF {scores.chrf:.1f} · "
        f"exact {scores.exact_match:.0%}"
    )
    text += f" · unknown words {scores.unknown_rate:.1%}" if scores.unknown_rate is not None else ""
    text += f" · {scores.sentences:,} sentence{'s' * (scores.sentences > 1)}"
    text += f" in {scores.seconds:.1f} s" if scores.seconds is not None else ""
    if scores.unreadable:
        text += f"\n{scores.unreadable:,} of the sentences could not be read and count as wrong"
    if scores.sentences < FEWEST_SENTENCES:
        text += f"\nA score of {scores.sentences} sentence{'s' * (scores.sentences > 1)} means little: test on more"
    if scores.printed is not None:
        printed = scores.printed
        text += (
            f"\nas printed, with case and marks: BLEU {printed['bleu']:.1f} (95%: {printed['bleu_low']:.1f} to "
            f"{printed['bleu_high']:.1f}) · exact {printed['exact_match']:.0%}"
        )
    if scores.aer is not None:
        bounds = f"(best with one link per word {scores.aer_best:.2f}, chance {scores.aer_chance:.2f})"
        text += f"\nalignment error rate {scores.aer:.2f} {bounds}"
    return text
