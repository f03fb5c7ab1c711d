"""A GRU over a padded batch, and one step of it."""

import pytest
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from s2s_tutorial.model.gru import gru_step, run_gru

B, T, E, H = 4, 5, 3, 6
LENGTHS = torch.tensor([3, 5, 1, 4])
MASK = torch.arange(T) < LENGTHS[:, None]


@pytest.fixture
def rng() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def make_gru(bidirectional: bool, input_size: int = E, hidden_size: int = H) -> nn.GRU:
    with torch.random.fork_rng():
        torch.manual_seed(1)
        return nn.GRU(input_size, hidden_size, batch_first=True, bidirectional=bidirectional).double()


def results_and_gradients(form, gru, inputs, initial, mask):
    """Return states, last states, and the gradient of a function of both with respect to every input."""
    inputs = inputs.clone().requires_grad_()
    initial = None if initial is None else initial.clone().requires_grad_()
    states, last = form(gru, inputs, initial, mask)
    weigh = torch.Generator().manual_seed(7)
    total = (states.sin() * torch.randn(states.shape, generator=weigh, dtype=torch.float64)).sum()
    total = total + (last.cos() * torch.randn(last.shape, generator=weigh, dtype=torch.float64)).sum()
    leaves = [inputs, *([] if initial is None else [initial]), *gru.parameters()]
    return [states, last, *torch.autograd.grad(total, leaves)]


@pytest.mark.parametrize("bidirectional", [False, True], ids=["one-way", "both-ways"])
@pytest.mark.parametrize("started", [False, True], ids=["from-zeros", "from-a-state"])
def test_a_batch_equals_its_sentences_one_after_the_other(rng, bidirectional, started):
    """In states, last states and the gradients of everything that goes in; a sentence alone has no padding."""
    gru, directions = make_gru(bidirectional), 1 + bidirectional
    inputs = torch.randn(B, T, E, generator=rng, dtype=torch.float64)
    initial = torch.randn(directions, B, H, generator=rng, dtype=torch.float64) if started else None

    def one_by_one(gru, inputs, initial, mask):
        states, last = torch.zeros(B, T, directions * H).double(), torch.zeros(directions, B, H).double()
        for row, length in enumerate(LENGTHS):
            first = None if initial is None else initial[:, row : row + 1]
            alone, alone_last = gru(inputs[row : row + 1, :length], first)
            states[row, :length], last[:, row] = alone[0], alone_last[:, 0]
        return states, last

    forms = (run_gru, one_by_one)
    together, alone = (results_and_gradients(form, gru, inputs, initial, MASK) for form in forms)
    torch.testing.assert_close(together, alone)


def test_what_stands_at_padding_changes_nothing_and_gets_no_gradient(rng):
    gru = make_gru(bidirectional=True)
    inputs = torch.randn(B, T, E, generator=rng, dtype=torch.float64)
    noise = torch.where(MASK[..., None], inputs, 100.0)
    quiet, loud = (results_and_gradients(run_gru, gru, x, None, MASK) for x in (inputs, noise))
    torch.testing.assert_close(quiet, loud)
    states, gradient = loud[0], loud[2]
    assert states[~MASK].eq(0).all()
    assert gradient[~MASK].eq(0).all()


def test_last_states_are_those_of_the_last_real_word_forward_and_the_first_backward(rng):
    states, last = run_gru(make_gru(True), torch.randn(B, T, E, generator=rng, dtype=torch.float64), None, MASK)
    torch.testing.assert_close(last[0], states[torch.arange(B), LENGTHS - 1, :H])
    torch.testing.assert_close(last[1], states[:, 0, H:])


def test_one_step_is_a_sequence_of_one_word(rng):
    gru = make_gru(False)
    inputs = torch.randn(B, E, generator=rng, dtype=torch.float64)
    state = torch.randn(B, H, generator=rng, dtype=torch.float64)
    states, _ = gru(inputs[:, None], state[None])
    torch.testing.assert_close(gru_step(gru, inputs, state), states[:, 0])


def test_steps_in_a_row_equal_the_whole_sequence(rng):
    gru = make_gru(False)
    inputs = torch.randn(B, T, E, generator=rng, dtype=torch.float64)
    state = torch.zeros(B, H, dtype=torch.float64)
    stepwise = torch.stack([state := gru_step(gru, x, state) for x in inputs.unbind(1)], dim=1)
    torch.testing.assert_close(stepwise, run_gru(gru, inputs, None, None)[0])


@pytest.mark.parametrize("masked", [False, True], ids=["full", "padded"])
def test_rounding_the_weights_once_changes_no_number(rng, masked):
    """Autocast would round them at every time step."""
    gru = make_gru(True).float()
    inputs = torch.randn(B, T, E, generator=rng)
    lengths = LENGTHS if masked else torch.full((B,), T)
    packed = pack_padded_sequence(inputs, lengths, batch_first=True, enforce_sorted=False)
    with torch.autocast("cpu", torch.bfloat16, cache_enabled=False):
        states, last = run_gru(gru, inputs, None, MASK if masked else None)
        plain_states, plain_last = gru(packed if masked else inputs)
    if masked:
        plain_states, _ = pad_packed_sequence(plain_states, batch_first=True)
    assert torch.equal(states, plain_states)
    assert torch.equal(last, plain_last)
    assert gru.weight_hh_l0.dtype == torch.float32
