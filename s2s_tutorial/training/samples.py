"""Sample sentences that show how a model improves while it is trained."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from s2s_tutorial.data.corpus import HeldOut, Pairs
from s2s_tutorial.data.on_disk.mapped_pairs import StoredPairs
from s2s_tutorial.translation.translator import Translation, Translator

SAMPLES_SHOWN = 3
CANDIDATES, FEWEST_WORDS, MOST_WORDS = 100, 6, 12  # of the sentence whose attention is shown


@dataclass(frozen=True)
class Samples:
    """Sentence pairs from which samples are taken.

    Attributes:
        sources: Normalised source sentences.
        references: One translation of each.
    """

    sources: Sequence[str]
    references: Sequence[str]

    @classmethod
    def of(cls, pairs: HeldOut | Pairs | StoredPairs) -> Samples:
        """Take all pairs of a set; of several references the first."""
        if isinstance(pairs, HeldOut):
            return cls(pairs.sources, [texts[0] for texts in pairs.references])
        return cls(pairs.sources, pairs.targets)

    def translate(self, translator: Translator, step: int) -> tuple[list[str], Translation]:
        """Translate a few sentences, different ones at each step.

        Returns:
            Lines with each source (>), its reference (=) and its translation (<); and the first translation.
        """
        rng = torch.Generator().manual_seed(step)
        rows = torch.randint(len(self.sources), (SAMPLES_SHOWN,), generator=rng).tolist()
        translations = translator.translate_words([self.sources[row] for row in rows])
        lines = []
        for row, translation in zip(rows, translations, strict=True):
            lines += [f"> {self.sources[row]}", f"= {self.references[row]}", f"< {translation.normal_text}"]
        return lines, translations[0]

    def attend(self, translator: Translator) -> Translation:
        """Return the reference of one sentence with the attention that the model pays while it reads it.

        It is the same sentence at every step, of a length that fits a small picture. The translations of an
        untrained model are not worth showing, but its attention to a given translation is.
        """
        lengths = [len(source.split()) for source in self.sources[:CANDIDATES]]
        row = next((row for row, length in enumerate(lengths) if FEWEST_WORDS <= length <= MOST_WORDS), 0)
        source, reference = self.sources[row], self.references[row]
        [weights] = translator.forced_attention([source], [reference])
        sides = ((translator.src_vocabulary, source), (translator.tgt_vocabulary, reference))
        src, tgt = (vocabulary.tokens(translator.rule.split(text)) for vocabulary, text in sides)
        return Translation(
            src, tgt, [], [], 0.0, weights, [], translator.language, translator.src_language, translator.rule
        )
