"""Fixtures of the fault tests, their long form, and the counts that it writes for the status page."""

import sys

import pytest
from faults import COUNTS, ROOT, SOAK, Warm, is_whole, said
from hypothesis import settings
from tiny import everything

from s2s_tutorial.files import write_json
from s2s_tutorial.runs.folder import versions

# The long form draws different inputs every time.
settings.register_profile("soak", derandomize=False, database=None, deadline=None)
if SOAK:
    settings.load_profile("soak")


@pytest.fixture(scope="session")
def warm():
    """A warm process. It forks after it has imported PyTorch, and reads its memory in KiB, as only Linux can."""
    if sys.platform != "linux":
        pytest.skip("injects faults in a way that only Linux has")
    made = Warm()
    with made.process:  # closes its pipes, which ends it, and waits
        yield made


@pytest.fixture(scope="session")
def unhurt(warm, tmp_path_factory) -> dict:
    """The results of an uninterrupted run, trained in the same way as the interrupted ones."""
    folder = tmp_path_factory.mktemp("unhurt") / "run"
    assert warm.train(folder) == 0, said(folder)
    return everything(folder)


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """After the whole of `make soak`, write the counts of survived faults for the status page."""
    if SOAK and exitstatus == 0 and is_whole(session):
        values = {"counts": dict(COUNTS), "versions": versions()}
        (ROOT / "_build").mkdir(exist_ok=True)
        write_json(ROOT / "_build" / "faults.json", values)
        write_json(ROOT / "book" / "faults.json", values)
