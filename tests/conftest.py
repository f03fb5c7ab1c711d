"""Fixtures that all tests share."""

import os
import subprocess
import sys
from pathlib import Path

import hypothesis
import pytest
from browsing import CHROMIUM
from filelock import FileLock

ROOT = Path(__file__).parents[1]

# The same examples every time, independent of the machine's speed, and none of them kept on disk.
hypothesis.settings.register_profile("deterministic", derandomize=True, database=None, deadline=None)
hypothesis.settings.load_profile("deterministic")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip tests that need a browser where there is none, but not in continuous integration, which must have one."""
    if CHROMIUM is None and item.get_closest_marker("browser"):
        (pytest.fail if "CI" in os.environ else pytest.skip)("needs Chromium: apt-get install chromium")


@pytest.fixture(scope="session")
def tiny_corpus():
    """The prepared pairs of `tiny.TINY`."""
    from tiny import TINY

    from s2s_tutorial.data.corpus import prepare

    return prepare(TINY.data)


@pytest.fixture(scope="session")
def tiny_run(tmp_path_factory: pytest.TempPathFactory, tiny_corpus) -> Path:
    """The folder of an uninterrupted run of `tiny.TINY`. Tests that change it must copy it first."""
    from tiny import TINY

    from s2s_tutorial.training.trainer import Trainer
    from s2s_tutorial.training.watchers import Board

    folder = tmp_path_factory.mktemp("runs") / "uninterrupted"
    Trainer(tiny_corpus, TINY, folder, watchers=[Board()]).fit()
    return folder


@pytest.fixture(scope="session")
def talking_run(tmp_path_factory: pytest.TempPathFactory, tiny_corpus) -> Path:
    """The folder of a run of `tiny.TALKING`. Tests that change it must copy it first."""
    from tiny import TALKING

    from s2s_tutorial.training.trainer import Trainer
    from s2s_tutorial.training.watchers import Board

    folder = tmp_path_factory.mktemp("runs") / "talking"
    Trainer(tiny_corpus, TALKING, folder, watchers=[Board()]).fit()
    return folder


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the book's site, built as `make book` builds it; parallel workers share one build."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent
    finished = folder / "site-is-built"
    with FileLock(folder / "site.lock"):
        if not finished.exists():
            program = Path(sys.executable).with_name("jupyter-book")
            command = [program, "build", ".", "-W", "-n", "--keep-going", "--path-output", folder / "site"]
            environment = os.environ | {"PYTHONPATH": str(ROOT), "S2S_REPOSITORY": ""}
            done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
            finished.touch()
    return folder / "site" / "_build" / "html"
