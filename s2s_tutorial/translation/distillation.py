"""Sequence-level distillation: a student learns from the translations of a teacher instead of those of people.

People translate the same sentence in many ways, and a small network spends much of its capacity on this variety. A teacher's
beam search translates in one consistent way, which is easier to learn, and the student's greedy search comes near the
teacher's beam (Kim and Rush 2016, section 3.2).
"""

from __future__ import annotations

from dataclasses import replace

from s2s_tutorial.data.corpus import Corpus, Pairs
from s2s_tutorial.translation.translator import Translator


def distil(corpus: Corpus, teacher: Translator, beam_size: int = 5) -> Corpus:
    """Return a corpus whose training targets are the teacher's translations; held-out sets and vocabularies stay.

    Sources for which the teacher writes nothing keep their own target. A source with several targets gets one translation,
    as often as it had targets.

    Args:
        corpus: Corpus whose training pairs are in memory.
        teacher: Model or ensemble, trained on this corpus.
        beam_size: Number of hypotheses of the teacher's search.

    Raises:
        ValueError: The pairs are on disk.
    """
    train = corpus.train
    if not isinstance(train, Pairs):
        raise ValueError("distillation needs the pairs in memory: prepare the corpus without streaming")
    different = list(dict.fromkeys(train.sources))
    found = dict(zip(different, teacher.translate_words(different, beam_size), strict=True))
    targets = [found[source].normal_text or target for source, target in zip(train.sources, train.targets, strict=True)]
    return replace(corpus, train=Pairs(train.sources, targets))
