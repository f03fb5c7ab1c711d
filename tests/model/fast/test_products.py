"""Products by oneDNN: as exact as before, only where they are, and with the setting put back."""

from types import SimpleNamespace

import pytest
import torch

from s2s_tutorial.model.fast import products
from s2s_tutorial.model.fast.products import onednn_is_exact, products_by_onednn


def onednn_setting() -> str:
    return getattr(getattr(torch.backends.mkldnn, "matmul", None), "fp32_precision", "")


def test_products_by_onednn_are_not_rounded_and_the_setting_is_put_back():
    rng = torch.Generator().manual_seed(2)
    before = onednn_setting()
    for rows in (1, 8, 32, 128):
        states, weight = torch.randn(rows, 96, generator=rng), torch.randn(96, 288, generator=rng)
        with products_by_onednn(1000, 96):
            found = states @ weight
        torch.testing.assert_close(found.double(), states.double() @ weight.double(), rtol=1e-4, atol=1e-4)
        assert onednn_setting() == before
    with pytest.raises(KeyError), products_by_onednn(1000, 96):
        raise KeyError
    assert onednn_setting() == before


@pytest.mark.parametrize("exact", [True, False])
def test_onednn_is_asked_only_where_it_does_not_round(monkeypatch, exact):
    if not hasattr(torch.backends.mkldnn, "matmul"):
        pytest.skip("this version of PyTorch cannot ask oneDNN")
    monkeypatch.setattr(products, "onednn_is_exact", lambda: exact)
    before = onednn_setting()
    for rows, size, large in ((1000, 96, True), (100, 64, False), (1, 512, False)):
        with products_by_onednn(rows, size):
            assert onednn_setting() == ("bf16" if exact and large else before)


def test_a_product_that_is_rounded_is_noticed(monkeypatch):
    class Rounding:
        """The two operands in half precision inside the block, as on a processor that rounds."""

        fp32_precision = "none"

    product = torch.Tensor.__matmul__

    def matmul(a, b):
        rounds = a.dtype == torch.float32 and Rounding.fp32_precision == "bf16"
        return product(a.bfloat16().float(), b.bfloat16().float()) if rounds else product(a, b)

    monkeypatch.setattr(torch.backends.mkldnn, "matmul", Rounding, raising=False)
    assert onednn_is_exact.__wrapped__()
    monkeypatch.setattr(torch.Tensor, "__matmul__", matmul)
    assert not onednn_is_exact.__wrapped__()


def test_a_version_that_cannot_ask_onednn_does_not(monkeypatch):
    monkeypatch.setattr(torch.backends, "mkldnn", SimpleNamespace())
    monkeypatch.setattr(products, "onednn_is_exact", onednn_is_exact.__wrapped__)
    with products_by_onednn(1000, 96):
        assert onednn_setting() == ""
