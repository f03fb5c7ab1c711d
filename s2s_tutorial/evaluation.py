"""How good is it? BLEU and chrF by sacrebleu, exact matches, alignment error rate, quality by phenomenon.

Everything is measured on normalised words with all references of each source. Chapter 8 of the book reads the numbers,
chapter 9 the alignments.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import torch

from s2s_tutorial.columns import Alignment
from s2s_tutorial.corpus import HeldOut
from s2s_tutorial.translation import Translation, Translator

BOOTSTRAP_SAMPLES = 1_000


@dataclass(frozen=True)
class Scores:
    """What one model reached on one held-out set.

    Attributes:
        bleu: corpus BLEU, 0 to 100.
        bleu_low: lower end of its 95% bootstrap interval.
        bleu_high: upper end of that interval.
        chrf: chrF2, 0 to 100.
        exact_match: share of translations that equal a reference.
        unknown_rate: share of source words outside the vocabulary.
        sentences: distinct source sentences.
        seconds: to translate them all.
        signature: sacrebleu's description of what was computed.
        aer: alignment error rate of the attention, or None without gold alignments or attention.
        aer_best: the lowest rate that one link a target word could reach.
        aer_chance: the rate expected from links to random source words.
    """

    bleu: float
    bleu_low: float
    bleu_high: float
    chrf: float
    exact_match: float
    unknown_rate: float
    sentences: int
    seconds: float
    signature: str
    aer: float | None = None
    aer_best: float | None = None
    aer_chance: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON; those that do not exist are left out."""
        return {name: value for name, value in asdict(self).items() if value is not None}


def evaluate(translator: Translator, held_out: HeldOut, beam_size: int = 1) -> tuple[Scores, list[Translation]]:
    """Translate a held-out set and measure the result.

    Args:
        translator: a trained model with its vocabularies.
        held_out: sources with references, and gold alignments where they exist.
        beam_size: 1 is greedy search.

    Returns:
        The scores and the translations, in the order of the set.
    """
    start = time.perf_counter()
    translations = translator.translate_words(held_out.sources, beam_size)
    seconds = time.perf_counter() - start
    scores = score_translations(translations, held_out.references)
    alignment_scores = {}
    if held_out.alignments is not None:
        firsts = [references[0] for references in held_out.references]
        attention = translator.forced_attention(held_out.sources, firsts)
        if attention and attention[0] is not None:
            alignment_scores = score_alignments(attention, held_out.alignments)
    return Scores(**scores, sentences=len(held_out), seconds=seconds, **alignment_scores), translations


def score_translations(translations: Sequence[Translation], references: Sequence[Sequence[str]]) -> dict[str, Any]:
    """BLEU with its interval, chrF, exact match, unknown rate and signature of translations."""
    # sacrebleu takes a while to import, and training or translating one sentence does without it.
    from sacrebleu.metrics import BLEU, CHRF

    outputs = [" ".join(normalised_words(translation.words)) for translation in translations]
    columns = reference_columns(references)
    bleu = BLEU(tokenize="none", force=True)
    result = bleu.corpus_score(outputs, columns, n_bootstrap=BOOTSTRAP_SAMPLES)
    words = sum(len(translation.src_words) for translation in translations)
    return {
        "bleu": result.score,
        "bleu_low": max(result._mean - result._ci, 0.0),
        "bleu_high": min(result._mean + result._ci, 100.0),
        "chrf": CHRF().corpus_score(outputs, columns).score,
        "exact_match": exact_match(outputs, references),
        "unknown_rate": sum(len(translation.unknown) for translation in translations) / max(words, 1),
        "signature": str(bleu.get_signature()),
    }


def bleu_score(outputs: Sequence[str], references: Sequence[Sequence[str]]) -> float:
    """Corpus BLEU alone, 0 to 100: what validation looks at while training."""
    from sacrebleu.metrics import BLEU

    return BLEU(tokenize="none", force=True).corpus_score(list(outputs), reference_columns(references)).score


def normalised_words(words: Sequence[str]) -> list[str]:
    """`<unk>` is no word of any reference, and must not become one by normalising; all others are normalised already."""
    return ["⁇" if word.startswith("<") else word for word in words]


def reference_columns(references: Sequence[Sequence[str]]) -> list[list[str | None]]:
    """References by sentence turned into sacrebleu's columns: the k-th reference of every sentence, None if it has none."""
    most = max(len(texts) for texts in references)
    return [[texts[k] if k < len(texts) else None for texts in references] for k in range(most)]


def exact_match(outputs: Sequence[str], references: Sequence[Sequence[str]]) -> float:
    """Share of outputs that equal one of their references."""
    return sum(output in texts for output, texts in zip(outputs, references, strict=True)) / len(outputs)


def score_alignments(attention: Sequence[torch.Tensor], gold: Sequence[Alignment]) -> dict[str, float]:
    """Alignment error rate of attention weights against gold links.

    AER = 1 − 2 · size(A ∩ S) / (size(A) + size(S)), all gold links S being sure (Och and Ney 2003, section 5.1). A
    links every target word, EOS left out, to the source word (not EOS) that it attends to most.

    Args:
        attention: for each sentence (T, S), a row for each target word and EOS, a column for each source word and EOS.
        gold: for each sentence the links (source position, target position).

    Returns:
        aer, aer_best and aer_chance (see `Scores`).
    """
    hits = reachable = chance = links = gold_links = 0.0
    for weights, alignment in zip(attention, gold, strict=True):
        words, places = weights.shape[0] - 1, weights.shape[1] - 1
        chosen = weights[:words, :places].argmax(dim=1).tolist()
        hits += sum((place, word) in alignment for word, place in enumerate(chosen))
        reachable += len({word for _, word in alignment})
        chance += len(alignment) / places
        links += words
        gold_links += len(alignment)
    total = links + gold_links
    return {"aer": 1 - 2 * hits / total, "aer_best": 1 - 2 * reachable / total, "aer_chance": 1 - 2 * chance / total}


def score_groups(translations: Sequence[Translation], held_out: HeldOut, seen: frozenset[str]) -> dict[str, Any]:
    """Quality by group (by phenomenon, in the challenge set); sentences seen in training are a group of their own.

    Args:
        translations: of the set, in its order.
        held_out: with groups.
        seen: normalised sources that are in the run's training data.

    Returns:
        For each group, sentences, bleu, chrf and exact_match; "in training data" comes last if there are any.
    """
    from sacrebleu.metrics import CHRF

    members: dict[str, list[int]] = {}
    for row, (source, group) in enumerate(zip(held_out.sources, held_out.groups or [], strict=True)):
        members.setdefault("in training data" if source in seen else group, []).append(row)
    scores = {}
    for group in sorted(members, key=lambda name: (name == "in training data", name)):
        rows = members[group]
        outputs = [" ".join(normalised_words(translations[row].words)) for row in rows]
        references = [held_out.references[row] for row in rows]
        scores[group] = {
            "sentences": len(rows),
            "bleu": bleu_score(outputs, references),
            "chrf": CHRF().corpus_score(outputs, reference_columns(references)).score,
            "exact_match": exact_match(outputs, references),
        }
    return scores


def show_scores(scores: Scores) -> str:
    """One line for people."""
    text = (
        f"BLEU {scores.bleu:.1f} (95%: {scores.bleu_low:.1f} to {scores.bleu_high:.1f}) · chrF {scores.chrf:.1f} · "
        f"exact {scores.exact_match:.0%} · unknown words {scores.unknown_rate:.1%} · {scores.sentences:,} sentences in "
        f"{scores.seconds:.1f} s"
    )
    if scores.aer is not None:
        bounds = f"(best with one link a word {scores.aer_best:.2f}, chance {scores.aer_chance:.2f})"
        text += f"\nalignment error rate {scores.aer:.2f} {bounds}"
    return text
