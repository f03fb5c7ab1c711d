"""What all tests share."""

import os
from pathlib import Path

import hypothesis
import pytest

# Tiny tensors are fastest on one thread, and child processes inherit this. Set before torch is imported.
os.environ["OMP_NUM_THREADS"] = "1"
os.environ["S2S_SCALE"] = "small"
# Only the one test that counts real pairs looks at them; all others must not need any.
_real_pairs = os.environ.pop("S2S_TUTORIAL_DATA", None)
if _real_pairs:
    os.environ["S2S_TUTORIAL_TEST_DATA"] = _real_pairs

# The same examples every time, whatever the machine's speed, and none kept on disk.
hypothesis.settings.register_profile("deterministic", derandomize=True, database=None, deadline=None)
hypothesis.settings.load_profile("deterministic")


@pytest.fixture(scope="session")
def tiny_corpus():
    """The prepared pairs of `tiny.TINY`."""
    from tiny import TINY

    from s2s_tutorial.corpus import prepare

    return prepare(TINY.data)


@pytest.fixture(scope="session")
def tiny_run(tmp_path_factory: pytest.TempPathFactory, tiny_corpus) -> Path:
    """The folder of a run of `tiny.TINY` that nothing interrupted. Tests that change it must copy it first."""
    from tiny import TINY

    from s2s_tutorial.training import Trainer

    folder = tmp_path_factory.mktemp("runs") / "uninterrupted"
    Trainer(tiny_corpus, TINY, folder, quiet=True).fit()
    return folder
