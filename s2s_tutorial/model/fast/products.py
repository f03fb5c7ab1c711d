"""Products of float32 matrices by oneDNN, which PyTorch comes with and asks only if it may round.

PyTorch's default library, MKL, does not use all instructions of AMD's processors. On one with AVX-512, oneDNN computes a
product of 32 rows 1.5 times as fast, and of 128 rows twice as fast.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from functools import cache
from typing import Any

import torch

LEAST = 8 * 256 * 256  # rows · H², from which on oneDNN is the faster one; it needs longer to prepare a product


@contextmanager
def products_by_onednn(rows: int, hidden_size: int) -> Iterator[None]:
    """Let oneDNN compute products on the CPU inside a `with` block, if they are large and it does not round them.

    The setting is one for all threads. On a processor where oneDNN would round to bfloat16, the block changes nothing.

    Args:
        rows: Rows of the products, such as the number of sentences that are translated together.
        hidden_size: Size H of a state.
    """
    with _rounding_allowed() if rows * hidden_size**2 >= LEAST and onednn_is_exact() else nullcontext():
        yield


@cache
def onednn_is_exact() -> bool:
    """Check that oneDNN computes a product in float32 although it may round to bfloat16; False if PyTorch cannot ask it."""
    if not hasattr(torch.backends.mkldnn, "matmul"):
        return False
    rng = torch.Generator().manual_seed(0)
    a, b = torch.randn(64, 256, generator=rng), torch.randn(256, 64, generator=rng)
    with _rounding_allowed():
        error = (a @ b).double() - a.double() @ b.double()  # (64, 64)
    return bool(error.abs().max() < 1e-3)  # about 1e-4 in float32, and 0.1 if the operands are rounded


@contextmanager
def _rounding_allowed() -> Iterator[None]:
    setting: Any = torch.backends.mkldnn.matmul
    before, setting.fp32_precision = setting.fp32_precision, "bf16"
    try:
        yield
    finally:
        setting.fp32_precision = before
