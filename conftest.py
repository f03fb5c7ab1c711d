"""Environment of everything that pytest runs here: the tests, the chapters and the examples in docstrings."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

import pytest

# Tiny tensors are fastest on one thread, and kernels and other child processes inherit this. Set before torch is imported.
os.environ["OMP_NUM_THREADS"] = "1"
os.environ["S2S_SCALE"] = "small"
# Chapters that use the same run train it once, and runs of earlier days are not reused. Each of pytest's parallel workers
# has a folder of its own inside the one that is removed at the end.
if worker := os.environ.get("PYTEST_XDIST_WORKER"):
    os.environ["S2S_RUNS"] = os.path.join(os.environ["S2S_RUNS"], worker)
else:
    os.environ["S2S_RUNS"] = tempfile.mkdtemp(prefix="s2s-runs-")
    atexit.register(shutil.rmtree, os.environ["S2S_RUNS"], ignore_errors=True)
# Only the tests about real sentence pairs may read them; all others must work without.
_real_pairs = os.environ.pop("S2S_TUTORIAL_DATA", None)
if _real_pairs:
    os.environ["S2S_TUTORIAL_TEST_DATA"] = _real_pairs


# Files of tests that take more than a minute. They begin first, then the chapters: so the workers of a parallel run end with
# short files, at nearly the same time. `make test` keeps this order with --no-loadscope-reorder.
FIRST = ["test_site.py", "test_lab_chapters.py", "test_lab_stop.py", "test_install.py", "test_kernel.py"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark whole files: what runs in a Jupyter kernel, and the trainings that faults are injected into; sort the files."""
    ranks = {name: rank for rank, name in enumerate(FIRST)}
    items.sort(key=lambda item: ranks.get(item.path.name, len(FIRST) + (item.path.suffix != ".ipynb")))
    for item in items:
        if item.path.suffix == ".ipynb" or item.path.name in ("test_kernel.py", "test_install.py"):
            item.add_marker(pytest.mark.notebook)
        if Path(__file__).parent / "tests" / "faults" in item.path.parents:
            item.add_marker(pytest.mark.slow)
