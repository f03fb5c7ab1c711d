"""What all tests share."""

from pathlib import Path

import hypothesis
import pytest

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


@pytest.fixture(scope="session")
def talking_run(tmp_path_factory: pytest.TempPathFactory, tiny_corpus) -> Path:
    """The folder of a run of `tiny.TALKING`. Tests that change it must copy it first."""
    from tiny import TALKING

    from s2s_tutorial.training import Trainer

    folder = tmp_path_factory.mktemp("runs") / "talking"
    Trainer(tiny_corpus, TALKING, folder, quiet=True).fit()
    return folder
