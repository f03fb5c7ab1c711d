"""Search: from the model's probabilities to a translation, for a whole batch at once.

`greedy_search` takes the most probable word at every step. `beam_search` keeps the K best partial hypotheses of every
sentence and, at the end, ranks finished sentences by their log-probability divided by the length penalty of Wu et al.
2016 (equation 14). Chapter 11 of the book builds both.

Sizes: B batch, A sentences still searched, K beam slots per sentence, T words so far, S source length, V target words.
Before the first word each sentence has one hypothesis, the empty one; k is 1 then and K afterwards.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from s2s_tutorial.data.batches import length_mask
from s2s_tutorial.data.vocabulary import EOS, PAD, SOS
from s2s_tutorial.model.decoder import Decoder, DecoderState, Memory
from s2s_tutorial.model.dropout import for_inference
from s2s_tutorial.model.seq2seq import Seq2Seq
from s2s_tutorial.settings import PrecisionName
from s2s_tutorial.translation.best_words import BestWords

LENGTH_PENALTY = 1.0
Limit = int | Tensor | None  # on the length of a translation: one for all sentences, one for each, or the default


@dataclass(frozen=True)
class Hypothesis:
    """One translation of one sentence.

    Attributes:
        ids: Target word ids, without EOS.
        score: Log-probability divided by the length penalty; higher is better.
        attn_weights: (T, S), one row per word and, unless the translation was cut at its limit, one for EOS; None
            without attention.
    """

    ids: list[int]
    score: float
    attn_weights: Tensor | None


def length_limits(src_lengths: Tensor, max_length: Limit = None) -> Tensor:
    """Maximum length of each translation, in words; by default twice the source length plus ten.

    Each sentence has its own limit, so its translation does not depend on what else is in the batch.

    Args:
        src_lengths: (B,), counting EOS.
        max_length: One limit for all sentences, or (B,) limits; None for the default.

    Returns:
        (B,) whole numbers.

    Raises:
        ValueError: `max_length` is less than one word.
    """
    limits = 2 * src_lengths + 10 if max_length is None else torch.zeros_like(src_lengths) + max_length
    if (limits < 1).any():
        raise ValueError(f"max_length is {max_length}, expected at least 1 word")
    return limits


def length_penalty(lengths: Tensor | float, strength: float) -> Tensor | float:
    """Compute ((5 + length) / 6)^strength (Wu et al. 2016, equation 14), which is 1 when the strength is 0.

    Args:
        lengths: Number of words, of any shape.
        strength: The paper's α.

    Returns:
        The penalty of each length, in the shape of `lengths`.
    """
    return ((5.0 + lengths) / 6.0) ** strength


@for_inference
def greedy_search(
    model: Seq2Seq, src_ids: Tensor, src_lengths: Tensor, max_length: Limit = None, precision: PrecisionName = "auto"
) -> list[Hypothesis]:
    """Take the most probable word at every step until EOS.

    Args:
        model: A trained model.
        src_ids: (B, S), EOS after each sentence, then PAD.
        src_lengths: (B,), counting EOS.
        max_length: Maximum number of words; None for `length_limits`.
        precision: Precision in which candidates for the next word are found, see `BestWords`.

    Returns:
        One hypothesis per sentence. Its score is the log-probability, without a length penalty.

    Raises:
        ValueError: `max_length` is less than one word, or a source sentence is empty.
    """
    memory, state = model.encode(src_ids, length_mask(src_lengths, src_ids.shape[1]))
    limits = length_limits(src_lengths, max_length)  # (B,)
    batch, steps = len(src_ids), int(limits.max())
    ids = src_ids.new_full((batch, steps), PAD)  # (B, T)
    weights = _no_weights(model, memory, steps)  # (B, T, S)
    scores = torch.zeros(batch, device=src_ids.device)  # (B,)
    active = torch.arange(batch, device=src_ids.device)  # (A,), rows of the sentences that have not ended
    words = src_ids.new_full((batch,), SOS)  # (A,)
    best_words = BestWords(model.decoder, 1, precision)
    for step in range(steps):
        attn_states, state, attn_weights = model.decoder.read(words, memory, state)  # (A, H), …, (A, S)
        log_probs, words = (best[:, 0] for best in best_words(attn_states))  # (A,), (A,)
        ids[active, step] = words
        scores[active] += log_probs
        if weights is not None and attn_weights is not None:
            weights[active, step] = attn_weights
        ended = (words == EOS) | (limits[active] == step + 1)  # (A,)
        if ended.any():  # a sentence that has ended leaves the batch, so it costs no further step
            rest = (~ended).nonzero()[:, 0]  # the A of the next step
            if not len(rest):
                break
            active, words, memory, state = active[rest], words[rest], memory.select(rest), state.select(rest)
    return [
        _hypothesis(ids[row], score, None if weights is None else weights[row, :, :length])
        for row, (score, length) in enumerate(zip(scores.tolist(), src_lengths.tolist(), strict=True))
    ]


@for_inference
def beam_search(
    model: Seq2Seq,
    src_ids: Tensor,
    src_lengths: Tensor,
    beam_size: int = 5,
    max_length: Limit = None,
    penalty: float = LENGTH_PENALTY,
    precision: PrecisionName = "auto",
) -> list[list[Hypothesis]]:
    """Keep the `beam_size` best partial hypotheses of every sentence.

    Args:
        model: A trained model.
        src_ids: (B, S), EOS after each sentence, then PAD.
        src_lengths: (B,), counting EOS.
        beam_size: Number K of hypotheses per sentence.
        max_length: Maximum number of words; None for `length_limits`.
        penalty: Strength of the length penalty; 0 for none.
        precision: Precision in which candidates for the next word are found, see `BestWords`.

    Returns:
        For each sentence its K best hypotheses, best first.

    Raises:
        ValueError: The beam size is less than 1 or more than the number of words, `max_length` is less than one word,
            or a source sentence is empty.
    """
    most = len(model.decoder.output_bias) - 2  # every word but PAD and SOS
    if not 1 <= beam_size <= most:
        raise ValueError(f"beam size is {beam_size}, expected 1 to {most}")
    beam = Beam.start(model, src_ids, src_lengths, beam_size, max_length)
    best_words = BestWords(model.decoder, beam_size, precision)
    n_best: dict[int, list[Hypothesis]] = {}
    while beam.sentences:
        beam.advance(model.decoder, best_words, penalty)
        n_best |= beam.pop_finished(penalty)
    return [n_best[sentence] for sentence in range(len(src_ids))]


@dataclass
class Beam:
    """The K best hypotheses so far for each of the A sentences that are still being searched.

    The decoder runs on A·k rows: slot j of sentence a is row a·k + j.

    Attributes:
        size: Number K of hypotheses to keep.
        sentences: Row in the batch of each of the A sentences.
        src_lengths: (A,), counting EOS.
        limits: (A, 1), maximum length of a translation.
        log_probs: (A, k), log-probability of each hypothesis.
        lengths: (A, k), number of words of each hypothesis, counting EOS.
        finished: (A, k), True once a hypothesis has ended with EOS or reached its limit.
        words: (A·k,), the last word of each hypothesis, which the decoder reads next.
        ids: (A·k, T), all words of each hypothesis; PAD after its end.
        attn_weights: (A·k, T, S), or None without attention.
        memory: What the decoder needs of the source, A sentences.
        state: State of the decoder, A·k rows.
    """

    size: int
    sentences: list[int]
    src_lengths: Tensor
    limits: Tensor
    log_probs: Tensor
    lengths: Tensor
    finished: Tensor
    words: Tensor
    ids: Tensor
    attn_weights: Tensor | None
    memory: Memory
    state: DecoderState

    @classmethod
    def start(cls, model: Seq2Seq, src_ids: Tensor, src_lengths: Tensor, beam_size: int, max_length: Limit) -> Beam:
        """Encode the sentences and give each of them one empty hypothesis; parameters as for `beam_search`."""
        batch, device = len(src_ids), src_ids.device
        memory, state = model.encode(src_ids, length_mask(src_lengths, src_ids.shape[1]))
        return cls(
            size=beam_size,
            sentences=list(range(batch)),
            src_lengths=src_lengths,
            limits=length_limits(src_lengths, max_length)[:, None],
            log_probs=torch.zeros(batch, 1, device=device),
            lengths=torch.zeros(batch, 1, device=device),
            finished=torch.zeros(batch, 1, dtype=torch.bool, device=device),
            words=src_ids.new_full((batch,), SOS),
            ids=src_ids.new_empty((batch, 0)),
            attn_weights=_no_weights(model, memory, steps=0),
            memory=memory,
            state=state,
        )

    def advance(self, decoder: Decoder, best_words: BestWords, penalty: float) -> None:
        """Extend every hypothesis by one word, and keep the K best extensions of each sentence.

        Extensions are compared by log-probability over length penalty, whose strength is `penalty`.
        """
        attn_states, state, attn_weights = decoder.read(self.words, self.memory, self.state)  # (A·k, H), …, (A·k, S)
        word_log_probs, words = self._next_words(*best_words(attn_states))  # (A, k, K), (A, k, K)
        log_probs = self.log_probs[..., None] + word_log_probs  # (A, k, K)
        lengths = (self.lengths + ~self.finished)[..., None].expand_as(log_probs)  # (A, k, K)
        scores = log_probs / length_penalty(lengths, penalty)  # (A, k, K)
        # Flattening slots and words, but not sentences, lets a sentence's own k·K candidates compete and no others.
        best = scores.flatten(1).topk(self.size, dim=1).indices  # (A, K), from 0 to k·K − 1
        parents = best // self.size  # (A, K), the slot that each one extends
        rows = _rows(torch.arange(len(parents), device=parents.device), parents, scores.shape[1])  # (A·K,)
        self.words = words.flatten(1).gather(1, best).flatten()  # (A·K,)
        self.log_probs = log_probs.flatten(1).gather(1, best)  # (A, K)
        self.lengths = lengths.flatten(1).gather(1, best)  # (A, K)
        ended = (self.words == EOS).view_as(parents) | (self.lengths == self.limits)  # (A, K)
        self.finished = self.finished.gather(1, parents) | ended
        self.state = state.select(rows)
        self.ids = torch.cat([self.ids[rows], self.words[:, None]], dim=1)  # (A·K, T + 1)
        if self.attn_weights is not None and attn_weights is not None:
            self.attn_weights = torch.cat([self.attn_weights, attn_weights[:, None]], dim=1)[rows]  # (A·K, T + 1, S)

    def _next_words(self, log_probs: Tensor, words: Tensor) -> tuple[Tensor, Tensor]:
        """Divide the K best next words by sentence, and let finished hypotheses take none of them.

        Args:
            log_probs, words: (A·k, K), the K best next words of every hypothesis; no other can be among the K best
                extensions of its sentence.

        Returns:
            Log-probabilities (A, k, K) and ids (A, k, K).
        """
        log_probs, words = (best.unflatten(0, self.finished.shape) for best in (log_probs, words))  # (A, k, K)
        # A finished hypothesis has one extension, PAD at no cost: it keeps its score while others may still overtake it.
        finished = self.finished[..., None]  # (A, k, 1)
        log_probs, words = log_probs.masked_fill(finished, -torch.inf), words.masked_fill(finished, PAD)
        log_probs[..., 0].masked_fill_(self.finished, 0.0)
        return log_probs, words

    def pop_finished(self, penalty: float) -> dict[int, list[Hypothesis]]:
        """Remove the sentences whose hypotheses are all finished, so that they cost no further step.

        Returns:
            The K hypotheses of each removed sentence, best first, by the sentence's row in the batch.
        """
        done = self.finished.all(dim=1)  # (A,)
        if not done.any():
            return {}
        scores = self.log_probs / length_penalty(self.lengths, penalty)  # (A, K)
        popped = {self.sentences[a]: self._ranked(a, scores[a]) for a in done.nonzero()[:, 0].tolist()}
        self._keep((~done).nonzero()[:, 0])
        return popped

    def _ranked(self, a: int, scores: Tensor) -> list[Hypothesis]:
        """Make the hypotheses of the a-th sentence, best first, with their scores (K,)."""
        size, length = len(scores), self.src_lengths[a]
        rows = slice(a * size, (a + 1) * size)
        ids = self.ids[rows]  # (K, T)
        weights = None if self.attn_weights is None else self.attn_weights[rows, :, :length]  # (K, T, S)
        order = scores.argsort(descending=True, stable=True).tolist()
        return [_hypothesis(ids[k], scores[k], None if weights is None else weights[k]) for k in order]

    def _keep(self, kept: Tensor) -> None:
        """Keep the sentences at these indices (fewer than A), and drop the others from every attribute."""
        slots = torch.arange(self.size, device=kept.device)  # (K,)
        rows = _rows(kept, slots, self.size)  # one row per slot of each kept sentence
        self.sentences = [self.sentences[a] for a in kept.tolist()]
        self.src_lengths, self.limits = self.src_lengths[kept], self.limits[kept]
        self.log_probs, self.lengths, self.finished = self.log_probs[kept], self.lengths[kept], self.finished[kept]
        self.words, self.ids = self.words[rows], self.ids[rows]
        self.attn_weights = None if self.attn_weights is None else self.attn_weights[rows]
        self.memory, self.state = self.memory.select(kept), self.state.select(rows)


def _rows(sentences: Tensor, slots: Tensor, size: int) -> Tensor:
    """Turn sentences (A,) and slots (A, K) or (K,), of `size` slots per sentence, into rows (A·K,) of a beam."""
    return (sentences[:, None] * size + slots).flatten()


def _no_weights(model: Seq2Seq, memory: Memory, steps: int) -> Tensor | None:
    """Allocate attention weights (rows of `memory`, steps, S), all zero; None for a model without attention."""
    if not model.decoder.attends:
        return None
    rows, src_length = memory.src_mask.shape
    return memory.enc_states.new_zeros(rows, steps, src_length)


def _hypothesis(ids: Tensor, score: Tensor | float, weights: Tensor | None) -> Hypothesis:
    """Make a hypothesis of words (T,), which may end with EOS and PAD, and attention weights (T, S)."""
    words = [word for word in ids.tolist() if word != PAD]
    kept = None if weights is None else weights[: len(words)].cpu().clone()
    return Hypothesis([word for word in words if word != EOS], float(score), kept)
