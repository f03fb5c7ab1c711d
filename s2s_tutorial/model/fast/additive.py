"""The loop of a Bahdanau decoder with one layer and additive attention, in a form for a CPU.

The state of word t needs the context of word t, which needs the state of word t − 1, so a loop cannot be avoided. But
autograd alone would compute the gradient of every weight once per step. Here a step holds only what depends on the previous
step, and everything else is computed for all steps at once. `Decoder.forward` is the plain form, and tests check that both
give the same numbers.

Sizes: B batch, T target length, S source length, E embedding, H hidden.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from s2s_tutorial.model.attention import AdditiveScore


def additive_loop(
    gru: nn.GRU,
    score: AdditiveScore,
    words: Tensor,
    initial: Tensor,
    keys: Tensor,
    enc_states: Tensor,
    src_mask: Tensor,
) -> tuple[Tensor, Tensor, Tensor]:
    """Run attention and GRU over all words.

    ::

        c_t = attention(h_{t-1})
        h_t = GRU([y_{t-1}; c_t], h_{t-1})

    Args:
        gru: A GRU with one layer and one direction, whose input is an embedded word and a context.
        score: The attention's score.
        words: (B, T, E), embedded.
        initial: (B, H), the state before the first word.
        keys: (B, S, H), from `score.keys`.
        enc_states: (B, S, H).
        src_mask: (B, S), True at real words.

    Returns:
        States (B, T, H), contexts (B, T, H), and attention weights (B, T, S), which carry no gradient.
    """
    size = gru.hidden_size
    [[w_ih, w_hh, b_ih, b_hh]] = gru.all_weights
    of_word, of_context = w_ih.split([words.shape[-1], size], dim=1)  # (3H, E), (3H, H)
    of_gates, of_candidate = w_hh.split([2 * size, size])  # (2H, H), (H, H)
    # The two biases of the reset and update gates are added; only the candidate's second bias is gated, so it is not.
    gate_bias, candidate_bias = b_hh.split([2 * size, size])  # (2H,), (H,)
    bias = b_ih + torch.cat([gate_bias, torch.zeros_like(candidate_bias)])  # (3H,)
    from_words = torch.nn.functional.linear(words.transpose(0, 1), of_word, bias)  # (T, B, 3H)
    of_state = torch.cat([score.project_query.weight, of_candidate, of_gates])  # (4H, H), all that multiplies h_{t-1}
    products = of_state.to(from_words.dtype), of_context.to(from_words.dtype)  # half precision, if that is asked for
    sums = (each.to(initial.dtype) for each in (from_words, candidate_bias, score.vector, keys, enc_states))
    with torch.autocast("cpu", enabled=False):  # the products in half precision are those above, and no others
        results = _AdditiveLoop.apply(initial, *products, *sums, src_mask)
    states, contexts, weights = (result.transpose(0, 1) for result in results)
    return states, contexts, weights


class _AdditiveLoop(torch.autograd.Function):
    """Compute the loop and its gradient; shapes as in `additive_loop`, with time first.

    `of_state` times a state gives a row of 4H numbers: [query, candidate, reset, update]. Its gradient has H more, those of
    the candidate's input, at the end. So its last 3H are the gradient of the inputs [reset, update, candidate].
    """

    @staticmethod
    def forward(
        ctx: Any,
        initial: Tensor,
        of_state: Tensor,
        of_context: Tensor,
        from_words: Tensor,
        candidate_bias: Tensor,
        vector: Tensor,
        keys: Tensor,
        enc_states: Tensor,
        src_mask: Tensor,
    ) -> tuple[Tensor, Tensor, Tensor]:
        steps, batch, size = *from_words.shape[:2], initial.shape[1]
        states = initial.new_empty(steps + 1, batch, size)  # (T + 1, B, H)
        contexts, candidates = initial.new_empty(2, steps, batch, size)  # (T, B, H) each
        rows = initial.new_empty(steps, batch, 4 * size)  # (T, B, 4H)
        energies = keys.new_empty(steps, *keys.shape)  # (T, B, S, H)
        weights = keys.new_empty(steps, *src_mask.shape)  # (T, B, S)
        states[0] = initial
        padding = ~src_mask
        for t, from_word in enumerate(from_words):
            row = rows[t].copy_(states[t].to(of_state.dtype) @ of_state.T)  # (B, 4H)
            query, hidden_part, gates = row.split([size, size, 2 * size], dim=1)  # (B, H), (B, H), (B, 2H)
            energy = torch.add(query[:, None], keys, out=energies[t]).tanh_()  # (B, S, H)
            scores = (energy @ vector).masked_fill_(padding, -torch.inf)  # (B, S)
            torch.softmax(scores, dim=1, out=weights[t])
            torch.bmm(weights[t][:, None], enc_states, out=contexts[t][:, None])
            from_input = from_word + contexts[t].to(of_context.dtype) @ of_context.T  # (B, 3H)
            gates.add_(from_input[:, : 2 * size]).sigmoid_()
            reset, update = gates.chunk(2, dim=1)  # (B, H) each
            hidden_part.add_(candidate_bias)
            torch.addcmul(from_input[:, 2 * size :], reset, hidden_part, out=candidates[t]).tanh_()
            torch.lerp(candidates[t], states[t], update, out=states[t + 1])
        ctx.save_for_backward(
            states, contexts, candidates, rows, energies, weights, of_state, of_context, vector, enc_states
        )
        ctx.mark_non_differentiable(weights)
        return states[1:], contexts, weights

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_states: Tensor, grad_contexts: Tensor, _: Tensor) -> tuple[Tensor | None, ...]:
        states, contexts, candidates, rows, energies, weights, of_state, of_context, vector, enc_states = (
            ctx.saved_tensors
        )
        size, before = states.shape[-1], states[:-1]  # before: (T, B, H), the state before each step
        _, hidden_part, reset, update = rows.chunk(4, dim=-1)  # (T, B, H) each
        # Derivatives of h_t with respect to each gate's input, and of a score with respect to the input of its tanh.
        open_gate = 1 - update
        into_candidate = (1 - candidates * candidates).mul_(open_gate)
        into_hidden = into_candidate * reset
        into_reset = (into_hidden * hidden_part).mul_(1 - reset)
        into_update = (update * open_gate).mul_(before - candidates)
        factors = torch.stack([into_hidden, into_reset, into_update, into_candidate], dim=2)  # (T, B, 4, H)
        into_energies = energies.square().neg_().add_(1).mul_(vector)  # (T, B, S, H)

        grads = factors.new_empty(*factors.shape[:2], 5 * size)  # [query, candidate, reset, update, candidate's input]
        grad_contexts = grad_contexts.clone(memory_format=torch.contiguous_format)
        grad_scores = torch.empty_like(weights)  # (T, B, S)
        carried = torch.zeros_like(states[0])  # (B, H), from the steps after t
        for t in reversed(range(len(grads))):
            grad = carried.add_(grad_states[t])  # (B, H)
            torch.mul(grad[:, None], factors[t], out=grads[t, :, size:].unflatten(1, (4, size)))
            grad_context = grad_contexts[t].add_(grads[t, :, 2 * size :].to(of_context.dtype) @ of_context)  # (B, H)
            grad_weights = (enc_states * grad_context[:, None]).sum(-1)  # (B, S)
            weighted = grad_weights.mul_(weights[t])
            torch.addcmul(weighted, weights[t], weighted.sum(1, keepdim=True), value=-1, out=grad_scores[t])
            grad_energies = into_energies[t].mul_(grad_scores[t][..., None])  # in place: (B, S, H)
            torch.sum(grad_energies, dim=1, out=grads[t, :, :size])
            carried = grad.mul_(update[t]).add_(grads[t, :, : 4 * size].to(of_state.dtype) @ of_state)  # (B, H)
        gates, *inputs = (part.flatten(0, 1).to(of_state.dtype) for part in (grads, before, contexts))  # (T·B, 5H or H)
        grad_of_state = gates[:, : 4 * size].T @ inputs[0]  # (4H, H)
        grad_of_context = gates[:, 2 * size :].T @ inputs[1]  # (3H, H)
        grad_vector = energies.flatten(0, 2).T @ grad_scores.flatten()  # (H,)
        grad_enc_states = weights.permute(1, 2, 0) @ grad_contexts.transpose(0, 1)  # (B, S, H)
        return (
            carried,
            grad_of_state,
            grad_of_context,
            grads[..., 2 * size :],
            grads[..., size : 2 * size].sum((0, 1)),
            grad_vector,
            into_energies.sum(0),
            grad_enc_states,
            None,
        )
