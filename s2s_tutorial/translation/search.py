"""Search: from the model's probabilities to a translation, for a whole batch at once.

`greedy_search` takes the most probable word at every step. `beam_search` keeps the K best partial hypotheses of every
sentence and, at the end, ranks finished sentences by their log-probability divided by the length penalty of Wu et al.
2016 (equation 14). Chapter 7 of the book builds both.

Sizes: B batch, A sentences still searched, K beam slots per sentence, T words so far, S source length, V target words.
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

LENGTH_PENALTY = 1.0


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


def length_limits(src_lengths: Tensor, max_length: int | None = None) -> Tensor:
    """Maximum length of each translation, in words; by default twice the source length plus ten.

    Each sentence has its own limit, so its translation does not depend on what else is in the batch.

    Args:
        src_lengths: (B,), counting EOS.
        max_length: One limit for all sentences; None for the default.

    Returns:
        (B,) whole numbers.

    Raises:
        ValueError: `max_length` is less than one word.
    """
    if max_length is not None and max_length < 1:
        raise ValueError(f"max_length is {max_length}, expected at least 1 word")
    return 2 * src_lengths + 10 if max_length is None else torch.full_like(src_lengths, max_length)


def length_penalty(lengths: Tensor | float, strength: float) -> Tensor | float:
    """Compute ((5 + length) / 6)^strength (Wu et al. 2016, equation 14), which is 1 when the strength is 0.

    Args:
        lengths: Number of words, of any shape.
        strength: The paper's α.

    Returns:
        The penalty of each length, in the shape of `lengths`.
    """
    return ((5.0 + lengths) / 6.0) ** strength


def forbid_padding(logits: Tensor) -> Tensor:
    """Set the logits of PAD and SOS to −∞, in place, and return them: neither is part of a translation.

    Args:
        logits: (…, V).
    """
    for word in (PAD, SOS):
        logits[..., word] = -torch.inf  # one index at a time is a view, which is faster than a list of two
    return logits


@for_inference
def greedy_search(
    model: Seq2Seq, src_ids: Tensor, src_lengths: Tensor, max_length: int | None = None
) -> list[Hypothesis]:
    """Take the most probable word at every step until EOS.

    Args:
        model: A trained model.
        src_ids: (B, S), EOS after each sentence, then PAD.
        src_lengths: (B,), counting EOS.
        max_length: Maximum number of words; None for `length_limits`.

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
    for step in range(steps):
        logits, state, attn_weights = model.decoder.step(words, memory, state)  # (A, V), …, (A, S)
        log_probs, words = forbid_padding(logits).log_softmax(dim=-1).max(dim=-1)  # (A,), (A,)
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
    max_length: int | None = None,
    penalty: float = LENGTH_PENALTY,
) -> list[list[Hypothesis]]:
    """Keep the `beam_size` best partial hypotheses of every sentence.

    Args:
        model: A trained model.
        src_ids: (B, S), EOS after each sentence, then PAD.
        src_lengths: (B,), counting EOS.
        beam_size: Number K of hypotheses per sentence.
        max_length: Maximum number of words; None for `length_limits`.
        penalty: Strength of the length penalty; 0 for none.

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
    n_best: dict[int, list[Hypothesis]] = {}
    while beam.sentences:
        beam.advance(model.decoder, penalty)
        n_best |= beam.pop_finished(penalty)
    return [n_best[sentence] for sentence in range(len(src_ids))]


@dataclass
class Beam:
    """The K best hypotheses so far for each of the A sentences that are still being searched.

    The decoder runs on A·K rows, as if they were so many sentences: slot k of sentence a is row a·K + k.

    Attributes:
        sentences: Row in the batch of each of the A sentences.
        src_lengths: (A,), counting EOS.
        limits: (A, 1), maximum length of a translation.
        log_probs: (A, K), log-probability of each hypothesis.
        lengths: (A, K), number of words of each hypothesis, counting EOS.
        finished: (A, K), True once a hypothesis has ended with EOS or reached its limit.
        words: (A·K,), the last word of each hypothesis, which the decoder reads next.
        ids: (A·K, T), all words of each hypothesis; PAD after its end.
        attn_weights: (A·K, T, S), or None without attention.
        memory: What the decoder needs of the source, A·K rows.
        state: State of the decoder, A·K rows.
    """

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
    def start(
        cls, model: Seq2Seq, src_ids: Tensor, src_lengths: Tensor, beam_size: int, max_length: int | None
    ) -> Beam:
        """Encode the sentences and give each of them K empty hypotheses; parameters as for `beam_search`."""
        batch, device = len(src_ids), src_ids.device
        memory, state = model.encode(src_ids, length_mask(src_lengths, src_ids.shape[1]))  # B rows
        rows = torch.arange(batch, device=device).repeat_interleave(beam_size)  # (B·K,): K times 0, K times 1, …
        memory, state = memory.select(rows), state.select(rows)  # B·K rows
        # The K hypotheses of a sentence start equal. Only the first may be extended, or each candidate would exist K times.
        log_probs = torch.full((batch, beam_size), -torch.inf, device=device)
        log_probs[:, 0] = 0.0
        return cls(
            sentences=list(range(batch)),
            src_lengths=src_lengths,
            limits=length_limits(src_lengths, max_length)[:, None],
            log_probs=log_probs,
            lengths=torch.zeros(batch, beam_size, device=device),
            finished=torch.zeros(batch, beam_size, dtype=torch.bool, device=device),
            words=src_ids.new_full((batch * beam_size,), SOS),
            ids=src_ids.new_empty((batch * beam_size, 0)),
            attn_weights=_no_weights(model, memory, steps=0),
            memory=memory,
            state=state,
        )

    def advance(self, decoder: Decoder, penalty: float) -> None:
        """Extend every hypothesis by one word, and keep the K best extensions of each sentence.

        Extensions are compared by log-probability over length penalty, whose strength is `penalty`.
        """
        logits, state, attn_weights = decoder.step(self.words, self.memory, self.state)  # (A·K, V), …, (A·K, S)
        word_log_probs, words = self._next_words(logits)  # (A, K, K), (A, K, K)
        log_probs = self.log_probs[..., None] + word_log_probs  # (A, K, K)
        lengths = (self.lengths + ~self.finished)[..., None].expand_as(log_probs)  # (A, K, K)
        scores = log_probs / length_penalty(lengths, penalty)  # (A, K, K)
        # Flattening slots and words, but not sentences, lets a sentence's own K·K candidates compete and no others.
        size = self.log_probs.shape[1]
        best = scores.flatten(1).topk(size, dim=1).indices  # (A, K), from 0 to K·K − 1
        parents = best // size  # (A, K), the slot that each one extends
        self.words = words.flatten(1).gather(1, best).flatten()  # (A·K,)
        self.log_probs = log_probs.flatten(1).gather(1, best)  # (A, K)
        self.lengths = lengths.flatten(1).gather(1, best)  # (A, K)
        ended = (self.words == EOS).view_as(parents) | (self.lengths == self.limits)  # (A, K)
        self.finished = self.finished.gather(1, parents) | ended
        rows = _rows(torch.arange(len(parents), device=parents.device), parents)  # (A·K,)
        self.state = state.select(rows)
        self.ids = torch.cat([self.ids[rows], self.words[:, None]], dim=1)  # (A·K, T + 1)
        if self.attn_weights is not None and attn_weights is not None:
            self.attn_weights = torch.cat([self.attn_weights, attn_weights[:, None]], dim=1)[rows]  # (A·K, T + 1, S)

    def _next_words(self, logits: Tensor) -> tuple[Tensor, Tensor]:
        """Find the K best next words of every hypothesis; no other can be among the K best of its sentence.

        Args:
            logits: (A·K, V), overwritten.

        Returns:
            Log-probabilities (A, K, K) and ids (A, K, K) of these words.
        """
        log_probs = forbid_padding(logits).log_softmax(dim=-1).unflatten(0, self.finished.shape)  # (A, K, V)
        # A finished hypothesis has one extension, PAD at no cost: it keeps its score while others may still overtake it.
        log_probs = log_probs.masked_fill(self.finished[..., None], -torch.inf)
        log_probs[..., PAD] = torch.where(self.finished, 0.0, -torch.inf)
        return log_probs.topk(self.finished.shape[1], dim=-1)

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
        slots = torch.arange(self.finished.shape[1], device=kept.device)  # (K,)
        rows = _rows(kept, slots)  # one row per slot of each kept sentence
        self.sentences = [self.sentences[a] for a in kept.tolist()]
        self.src_lengths, self.limits = self.src_lengths[kept], self.limits[kept]
        self.log_probs, self.lengths, self.finished = self.log_probs[kept], self.lengths[kept], self.finished[kept]
        self.words, self.ids = self.words[rows], self.ids[rows]
        self.attn_weights = None if self.attn_weights is None else self.attn_weights[rows]
        self.memory, self.state = self.memory.select(rows), self.state.select(rows)


def _rows(sentences: Tensor, slots: Tensor) -> Tensor:
    """Turn sentences (A,) and slots (A, K), or the same slots (K,) for each of them, into rows (A·K,) of a beam."""
    return (sentences[:, None] * slots.shape[-1] + slots).flatten()


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
