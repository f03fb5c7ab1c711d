"""The attention of every head of a trained Transformer, for given translations.

`model/heads.py` computes it for a batch. Here sentences go in, and for models of pieces of words the weights are joined to
weights between words, so that they can be compared with gold alignments.

Sizes: T target length, S source length, both counting EOS; L layers, N heads.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from s2s_tutorial.data.batches import Batch
from s2s_tutorial.data.pieces import encode_sentences
from s2s_tutorial.model.heads import HeadWeights, head_weights
from s2s_tutorial.translation.translator import Translator


def head_attention(translator: Translator, sources: Sequence[str], targets: Sequence[str]) -> list[Tensor]:
    """Compute how every head of every layer attends to the source, from word to word.

    Args:
        translator: A trained Transformer.
        sources: N normalised source sentences.
        targets: Their N translations, normalised. The model is fed their words instead of its own.

    Returns:
        For each pair (L, N, T, S). `weights[layer, number]` is what `evaluation.score_alignments` takes.

    Raises:
        SentenceError: A sentence is not normalised; see `check_normalised`.
        ValueError: The model is a recurrent network, or there are not as many targets as sources.
    """

    def cross(batch: Batch) -> Tensor:
        return head_weights(translator.model, batch).cross.transpose(0, 1)  # (L, B, N, T, S) to (B, L, N, T, S)

    found = translator.between_words(translator.forced(cross, sources, targets), sources, targets)
    return [weights for weights in found if weights is not None]


def sentence_heads(translator: Translator, source: str, target: str) -> HeadWeights:
    """Compute the weights of every head for one pair, those of self-attention too, between the tokens that the model reads.

    Args:
        translator: A trained Transformer.
        source, target: A normalised sentence and its translation.

    Returns:
        Weights of a batch of one pair (B = 1).

    Raises:
        ValueError: The model is a recurrent network.
    """
    sides = ((source, translator.src_vocabulary), (target, translator.tgt_vocabulary))
    src, tgt = (encode_sentences([text], vocabulary, translator.rule) for text, vocabulary in sides)
    return head_weights(translator.model, Batch.of(src, tgt, src.lengths * 0).to(translator.model.device))
