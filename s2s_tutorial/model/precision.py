"""Precision: whether matrix products are computed in half precision, bfloat16.

A bfloat16 number has the range of a float32 number, but 8 instead of 24 significant bits, so that a processor can multiply
two to four times as many of them per second. In half precision only products of matrices are computed with such numbers
(Micikevicius et al. 2018): weights, optimiser, states, softmax and loss are float32. Gradients are float32 too, but those of a
GRU's weights are added up over the time steps of one part of a batch before they are converted.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cache

import torch

from s2s_tutorial.settings import ModelSettings, PrecisionName
from s2s_tutorial.workers import one_thread

ROWS = 32  # of the smaller products of a training step
GAIN = 0.8  # largest share of the time in float32 at which half precision is worth its rounding


def choose_precision(wanted: PrecisionName, model: ModelSettings, device: torch.device) -> PrecisionName:
    """Return "fp32" or "bf16": the wanted one, or the one that "auto" means for this model on this device.

    Args:
        wanted: "fp32", "bf16", or "auto" for half precision where it is faster.
        model: Sizes of the network. Small products do not gain.
        device: Device to compute on.
    """
    if wanted != "auto":
        return wanted
    if device.type == "cuda":
        faster = torch.cuda.is_bf16_supported(including_emulation=False)
    else:
        faster = device.type == "cpu" and half_precision_is_faster(model.hidden_size)
    return "bf16" if faster else "fp32"


@cache
def half_precision_is_faster(hidden_size: int) -> bool:
    """Measure on the CPU whether half precision makes the product of a recurrent step faster, conversions included.

    Other programs can only make a measurement longer, so the shortest of many counts.

    Args:
        hidden_size: Size H of a state.
    """
    rng = torch.Generator().manual_seed(0)  # its own, so that the draws after a first measurement stay the same
    states = torch.randn(ROWS, hidden_size, generator=rng)  # (B, H)
    weight = torch.randn(hidden_size, 3 * hidden_size, generator=rng)  # (H, 3H)
    half = weight.bfloat16()
    forms: list[Callable[[], torch.Tensor]] = [
        lambda: states @ weight,
        lambda: (states.bfloat16() @ half).to(states.dtype),
    ]
    with torch.no_grad(), one_thread():
        full, low = (min(_seconds(form) for _ in range(30)) for form in forms)
    return low < GAIN * full


def _seconds(form: Callable[[], object]) -> float:
    start = time.perf_counter()
    form()
    return time.perf_counter() - start


def low_precision(device: torch.device, precision: str) -> torch.autocast:
    """Return a context in which matrix products are computed in this precision, "fp32" or "bf16"."""
    # PyTorch's cache of rounded weights is one for all threads: with it, a result would depend on which thread is first.
    return torch.autocast(device.type, torch.bfloat16, enabled=precision == "bf16", cache_enabled=False)
