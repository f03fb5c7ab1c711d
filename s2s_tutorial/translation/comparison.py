"""Compare two systems on the same sentences: is one better, or would chance explain the difference?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from s2s_tutorial.translation.evaluation import FEWEST_SENTENCES, reference_columns

SIGNIFICANT = 0.05
LEAST_P = 0.001  # a test with 1,000 resampled sets finds no smaller one
MOST_COMPARED = 20_000  # sentences; the test keeps 1,000 resampled sets in memory


@dataclass(frozen=True)
class Comparison:
    """Scores of two systems on the same sentences, with the p values of paired bootstrap tests.

    Attributes:
        name: Name of the system.
        other: Name of the system that it is compared with.
        sentences: Number of sentences.
        bleu: BLEU of the system, 0 to 100.
        other_bleu: BLEU of the other system.
        bleu_p: How often a difference at least as large would appear by chance if both were equally good, 0 to 1.
        chrf: chrF2 of the system, 0 to 100.
        other_chrf: chrF2 of the other system.
        chrf_p: The same as `bleu_p`, for chrF2.
        signature: Sacrebleu's description of the test of BLEU.
    """

    name: str
    other: str
    sentences: int
    bleu: float
    other_bleu: float
    bleu_p: float
    chrf: float
    other_chrf: float
    chrf_p: float
    signature: str

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON, with the sentence that explains them."""
        return asdict(self) | {"meaning": self.meaning}

    @property
    def meaning(self) -> str:
        """Explain the difference in BLEU, in a sentence or two."""
        difference = self.bleu - self.other_bleu
        if difference == 0:
            return "Both have the same BLEU."
        better, worse = (self.name, self.other) if difference > 0 else (self.other, self.name)
        often = f"about {self.bleu_p:.1%}" if self.bleu_p > LEAST_P else "0.1% or less"
        text = (
            f"If both were equally good, chance alone would give a difference of at least {abs(difference):.2g} BLEU in "
            f"{often} of such test sets"
        )
        if self.sentences < FEWEST_SENTENCES:
            return f"{text}, but {self.sentences} sentences are too few for this test: compare on more."
        if self.bleu_p < SIGNIFICANT:
            return f"{text}. This is rare, so {better} is better than {worse} on sentences like these."
        return f"{text}. So these {self.sentences:,} sentences do not show which is better, nor that both are equally good."


def compare(
    name: str, outputs: Sequence[str], other: str, others: Sequence[str], references: Sequence[Sequence[str]]
) -> Comparison:
    """Compare the translations of two systems by a paired bootstrap test (Koehn 2004), as sacrebleu computes it.

    Args:
        name: Name of the system.
        outputs: Its N translations, in the form in which scores compare them.
        other: Name of the system to compare with.
        others: Its N translations.
        references: For each sentence, all its references.

    Raises:
        ValueError: There are more than `MOST_COMPARED` sentences.
    """
    if len(references) > MOST_COMPARED:
        raise ValueError(
            f"there are {len(references):,} sentences, and a paired test takes at most {MOST_COMPARED:,}, because of its memory: "
            "compare on fewer (--pairs FILE)"
        )
    from sacrebleu.metrics import BLEU, CHRF
    from sacrebleu.significance import PairedTest

    metrics = {"BLEU": BLEU(tokenize="none", force=True), "chrF2": CHRF()}
    systems: list[tuple[str, Sequence[str]]] = [
        (other, list(others)),
        (name, list(outputs)),
    ]  # the baseline comes first
    signatures, results = PairedTest(systems, metrics, reference_columns(references), test_type="bs")()
    found: dict[str, Any] = results
    (other_bleu, bleu), (other_chrf, chrf) = found["BLEU"], found["chrF2"]
    return Comparison(
        name, other, len(references), bleu.score, other_bleu.score, _p_value(bleu, other_bleu),
        chrf.score, other_chrf.score, _p_value(chrf, other_chrf), str(signatures["BLEU"]),
    )  # fmt: skip


def _p_value(result: Any, other: Any) -> float:
    """Return the p value of a result of sacrebleu, which does not allow for two equal scores: chance always gives those."""
    return 1.0 if result.score == other.score else float(result.p_value)
