"""Dropout with a generator of its own, active in `model.train()` and not in `model.eval()`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

import torch
from torch import Tensor, nn

Model = TypeVar("Model", bound=nn.Module)
Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


def dropout(values: Tensor, rate: float, rng: torch.Generator | None = None) -> Tensor:
    """Set values to zero with probability `rate` and scale the rest up (Srivastava et al. 2014).

    Args:
        values: Tensor of any shape.
        rate: Share of values to drop, from 0 to below 1; it is rounded to the nearest 256th.
        rng: Random generator; None for PyTorch's own. Nothing is drawn at rate 0.

    Returns:
        A tensor of the same shape.
    """
    if rate == 0.0:
        return values
    # One random byte per value, drawn eight at a time: several times as fast as one random number per value. So the rate
    # is rounded to a 256th, and never to 1.
    threshold = min(round(rate * 256), 255)
    draws = torch.empty((values.numel() + 7) // 8, dtype=torch.int64, device=values.device)
    draws.random_(-(2**63), None, generator=rng)
    random_bytes = draws.view(torch.uint8)[: values.numel()].view(values.shape)
    # The comparison writes 0 and 1 in the dtype of the values: multiplying by bools would convert them one by one.
    kept = torch.ge(random_bytes, threshold, out=values.new_empty(values.shape))
    return values * kept.mul_(256.0 / (256.0 - threshold))


class Dropout(nn.Module):
    """Dropout in training mode, nothing in evaluation mode.

    `nn.Dropout` draws from PyTorch's global generator. This one can be given a generator, so that a run which saves the
    generator's state resumes with the same draws.

    Args:
        rate: Share of values to drop, from 0 to below 1.

    Attributes:
        generator: Random generator, on the device of the values; None for PyTorch's own.
    """

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.rate = rate
        self.generator: torch.Generator | None = None

    def forward(self, values: Tensor) -> Tensor:
        """Drop values (any shape) in training mode; return them unchanged in evaluation mode."""
        return dropout(values, self.rate, self.generator) if self.training else values

    def extra_repr(self) -> str:
        """Return the rate, for printing."""
        return f"rate={self.rate}"


def set_dropout_generator(model: nn.Module, rng: torch.Generator | None) -> None:
    """Let every `Dropout` in a model draw from this generator; None for PyTorch's own."""
    for module in model.modules():
        if isinstance(module, Dropout):
            module.generator = rng


@contextmanager
def evaluation_mode(model: nn.Module) -> Iterator[None]:
    """Switch a model to evaluation mode inside a `with` block; afterwards each of its modules has its mode back."""
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for module, training in modes:
            module.training = training


def for_inference(
    function: Callable[Concatenate[Model, Parameters], Result],
) -> Callable[Concatenate[Model, Parameters], Result]:
    """Decorate a function that takes a model first: it runs in evaluation mode, and records no gradients."""

    @wraps(function)
    def run(model: Model, *arguments: Parameters.args, **options: Parameters.kwargs) -> Result:
        with torch.inference_mode(), evaluation_mode(model):
            return function(model, *arguments, **options)

    return run
