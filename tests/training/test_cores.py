"""Cores: training uses a suitable number of threads, yields to other programs, and computes the same bits in all cases.

The tests run with one thread each, so that those about several threads run their code in a process of its own.
"""

import math
import os
import subprocess
import sys
import threading
import time
from itertools import repeat
from pathlib import Path

import pytest
import torch

from s2s_tutorial.settings import ModelSettings
from s2s_tutorial.training.cores import ONE_THREAD_SIZE, Crowd, other_programs, shared_cores

SMALL, LARGE = ModelSettings(hidden_size=ONE_THREAD_SIZE), ModelSettings(hidden_size=ONE_THREAD_SIZE + 1)
linux = pytest.mark.skipif(sys.platform != "linux", reason="other systems wait in another way, and are left alone")

TWO_THREADS = """
import sys, threading, time
from itertools import repeat
from pathlib import Path
import torch  # first, as in a notebook
from test_cores import SMALL, LARGE
from s2s_tutorial.training.cores import shared_cores

def names():
    return sorted(thread.name for thread in threading.enumerate() if thread.name.startswith("s2s"))

def pools():
    return len(list(Path("/proc/self/task").iterdir()))

def wait_until(condition):
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)

assert torch.get_num_threads() == 2
"""


def in_two_threads(code: str) -> list[str]:
    """Run code in a process whose PyTorch has two threads, and return its output."""
    environment = os.environ | {"OMP_NUM_THREADS": "2"}
    done = subprocess.run(
        [sys.executable, "-c", TWO_THREADS + code],
        cwd=Path(__file__).parent,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_a_small_model_takes_one_thread_and_gives_back_the_others():
    assert in_two_threads("""
with shared_cores(SMALL, repeat(9.0), 0.001):
    print(torch.get_num_threads(), names())
print(torch.get_num_threads())
""") == ["1", "[]", "2"]


@linux
def test_more_threads_are_used_only_while_other_programs_want_the_cores():
    assert in_two_threads("""
load = 0.0
torch.zeros(1 << 20).add_(1)
with shared_cores(LARGE, iter(lambda: load, None), 0.001):
    print(torch.get_num_threads())
    alone = pools()
    load = 9.0
    wait_until(lambda: "s2s crowd" in names())
    wait_until(lambda: pools() >= alone + 2)  # a member and the rest of its pool
    load = 0.0
    wait_until(lambda: "s2s crowd" not in names())
    wait_until(lambda: pools() == alone)
    load = 9.0
    wait_until(lambda: "s2s crowd" in names())
print(names(), torch.get_num_threads())
""") == ["2", "[]", "2"]


@pytest.mark.slow
def test_the_number_of_threads_is_restored_after_an_error():
    assert (
        in_two_threads("""
for model in (SMALL, LARGE):
    try:
        with shared_cores(model, repeat(9.0), 0.001):
            if model is LARGE and sys.platform == "linux":
                wait_until(lambda: "s2s crowd" in names())
            raise KeyboardInterrupt
    except KeyboardInterrupt:
        print(torch.get_num_threads(), names())
""")
        == ["2", "[]"] * 2
    )


@pytest.mark.slow
def test_training_gives_the_same_bits_beside_other_programs():
    [alone, beside] = in_two_threads("""
import hashlib, tempfile
from dataclasses import replace
sys.path.insert(0, ".."); from tiny import TINY, before_step
from s2s_tutorial.training import trainer as training
from s2s_tutorial.data.corpus import prepare

quick = replace(TINY.training, epochs=1, batch_size=128)  # three steps: on a busy machine each takes long without a crowd
settings = replace(TINY, model=replace(TINY.model, embedding_size=72, hidden_size=72), training=quick)
corpus = prepare(settings.data)
for load in (0.0, 9.0):
    training.shared_cores = lambda model: shared_cores(model, repeat(load), 0.001)
    trainer = training.Trainer(corpus, settings, Path(tempfile.mkdtemp()) / "run", watchers=[])
    if load and sys.platform == "linux":
        before_step(trainer, 1, lambda: wait_until(lambda: "s2s crowd" in names()))
    trainer.fit()
    bits = b"".join(value.numpy().tobytes() for value in trainer.model.state_dict().values())
    print(hashlib.sha256(bits).hexdigest())
""")
    assert alone == beside


def test_with_one_thread_nothing_is_watched():
    before = threading.active_count()
    with shared_cores(LARGE, repeat(9.0), 0.001):
        assert threading.active_count() == before
        assert torch.get_num_threads() == 1


@linux
@pytest.mark.parametrize(("threads", "cores", "members"), [(2, 2, 1), (2, 3, 2), (4, 4, 1), (4, 8, 2), (8, 4, 0)])
def test_a_crowd_is_more_threads_than_cores(monkeypatch, threads, cores, members):
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: set(range(cores)))
    crowd = Crowd(threads)
    crowd.switch(True)
    crowd.switch(True)
    assert len(crowd.members) == members
    assert members == 0 or threads + members * (threads - 1) > cores
    crowd.switch(False)
    crowd.switch(False)
    assert not any(thread.name == "s2s crowd" for thread in threading.enumerate())


@linux
def test_the_reading_counts_other_programs_and_not_this_one(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {0, 2})
    tick = os.sysconf("SC_CLK_TCK")
    states = iter([(100.0, 10, 7, 10, 3.0), (102.0, 11, 99, 12, 4.5), (102.0, 11, 99, 12, 4.5)])

    now = ()

    def clock():
        nonlocal now
        now = next(states)
        return now[0]

    def state(place):
        rows = [f"cpu{core} {now[core + 1] * tick} 0 0 500 60 0 0 0 0 0" for core in (0, 1, 2)]
        return "\n".join(["cpu 1 2 3 4 5 6 7 8", *rows, "intr 9", "page"])

    monkeypatch.setattr(Path, "read_text", state)
    monkeypatch.setattr(time, "monotonic", clock)
    monkeypatch.setattr(time, "process_time", lambda: now[4])
    readings = other_programs()
    assert next(readings) == 0.0
    # In two seconds, cores 0 and 2 were busy for three seconds in total, half of that with this process. Core 1 is not ours.
    assert next(readings) == pytest.approx(0.75)
    assert next(readings) == 0.0  # no time has passed


@linux
def test_the_reading_of_this_machine_is_a_number():
    readings = other_programs()
    assert next(readings) == 0.0
    assert math.isfinite(next(readings))
