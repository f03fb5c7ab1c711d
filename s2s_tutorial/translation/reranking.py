"""N-best reranking: a beam proposes several translations, and more models help to choose among them.

A model can write a fluent sentence that leaves out half of the source. A second model, which translates back, gives such a
sentence a low probability of leading to the source (Li et al. 2016, section 4.2).

Sizes: N sentences, K hypotheses of each.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch

from s2s_tutorial.data.batches import batches_in_order
from s2s_tutorial.data.pieces import encode_sentences
from s2s_tutorial.model.dropout import evaluation_mode
from s2s_tutorial.translation.reading import check_normalised
from s2s_tutorial.translation.translation import Translation
from s2s_tutorial.translation.translator import Translator


@torch.inference_mode()
def log_probabilities(translator: Translator, sources: Sequence[str], targets: Sequence[str]) -> list[float]:
    """Compute log p(target | source) of given translations, divided by the number of their words, EOS included.

    Args:
        translator: A trained model.
        sources: N normalised sentences.
        targets: Their N translations, normalised.

    Returns:
        N mean log-probabilities, in nats per word, or per piece of a word.

    Raises:
        SentenceError: A sentence is not normalised; see `reading.check_normalised`.
    """
    check_normalised("sources", sources, translator.src_vocabulary, translator.rule)
    check_normalised("targets", targets, translator.tgt_vocabulary, translator.rule)
    sides = ((sources, translator.src_vocabulary), (targets, translator.tgt_vocabulary))
    src, tgt = (encode_sentences(texts, vocabulary, translator.rule) for texts, vocabulary in sides)
    found = [0.0] * len(sources)
    model = translator.model
    with evaluation_mode(model):
        for rows, plain in batches_in_order(src, tgt, 128):
            batch = plain.to(model.device)
            logits = model.decoder.logits(model(batch).attn_states)  # (B, T, V)
            log_probs = logits.log_softmax(dim=-1).gather(-1, batch.tgt_ids[..., None])[..., 0]  # (B, T)
            means = (log_probs * batch.tgt_mask).sum(dim=1) / batch.tgt_lengths  # (B,)
            for row, mean in zip(rows, means.tolist(), strict=True):
                found[row] = mean
    return found


@dataclass(frozen=True)
class Candidates:
    """The hypotheses of a beam for N sentences, each with two scores.

    Attributes:
        translations: N translations, which the beam ranked first.
        texts: N times K hypotheses as normal text, the beam's best first.
        forward: N times K scores by the beam.
        backward: N times K mean log-probabilities of the source, given the hypothesis.
    """

    translations: list[Translation]
    texts: list[list[str]]
    forward: list[list[float]]
    backward: list[list[float]]

    def choose(self, weight: float) -> list[Translation]:
        """Return the hypothesis of each sentence with the largest forward + weight · backward score.

        Args:
            weight: Weight of the backward score, to be chosen on a validation set; 0 keeps the order of the beam.
        """
        chosen = []
        for first, texts, forward, backward in zip(
            self.translations, self.texts, self.forward, self.backward, strict=True
        ):
            total = [one + weight * other if weight else one for one, other in zip(forward, backward, strict=True)]
            best = total.index(max(total))
            words, score = first.rule.split(texts[best]), forward[best]
            other = replace(first, words=words, copied=[], score=score, attn_weights=None, others=[])
            chosen.append(other if best else first)
        return chosen


def find_candidates(
    forward: Translator, backward: Translator, sources: Sequence[str], beam_size: int = 5
) -> Candidates:
    """Translate sentences with a beam, and translate every hypothesis back to see how well it leads to its source.

    Args:
        forward: Model that translates.
        backward: Model of the other direction, with the same text rule.
        sources: N normalised sentences.
        beam_size: Number K of hypotheses per sentence.

    Raises:
        ValueError: The text rules differ, or the beam size is out of range.
    """
    if forward.rule != backward.rule:
        raise ValueError("the models have different text rules: give two that were trained on the same text")
    translations = forward.translate_words(sources, beam_size)
    texts, scores = [], []
    for each in translations:
        texts.append([each.normal_text, *(each.rule.normalise(text) for text, _ in each.others)])
        scores.append([each.score, *(score for _, score in each.others)])
    pairs = [
        (text, source) for source, found in zip(sources, texts, strict=True) for text in found if text
    ]  # fmt: skip
    values = iter(log_probabilities(backward, *map(list, zip(*pairs, strict=True))) if pairs else [])
    backward_scores = [[next(values) if text else -math.inf for text in found] for found in texts]
    return Candidates(translations, texts, scores, backward_scores)
