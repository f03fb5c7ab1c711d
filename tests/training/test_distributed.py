"""Several processes under torchrun: they take the same steps as one process, and killed ones are restarted."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from tiny import everything
from together import FROZEN, settings_of

from s2s_tutorial.runs.weights import load_translator
from s2s_tutorial.training.distributed import Group, GroupError, join
from s2s_tutorial.training.record import read_record
from s2s_tutorial.training.trainer import Trainer

pytestmark = pytest.mark.slow

TESTS = Path(__file__).parents[1]
BOUND = 1e-5  # between losses, relative


def torchrun(processes: int, *arguments: str, restarts: int = 0) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(processes)]
    command += ["--max-restarts", str(restarts), *arguments]
    paths = os.pathsep.join([str(TESTS), str(TESTS.parent), os.environ.get("PYTHONPATH", "")])
    environment = os.environ | {"PYTHONPATH": paths, "OMP_NUM_THREADS": "1"}
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)


def together(processes: int, job: dict, restarts: int = 0) -> subprocess.CompletedProcess:
    job = job | {"folder": str(job["folder"])}
    return torchrun(processes, str(TESTS / "together.py"), json.dumps(job), restarts=restarts)


def losses(folder: Path) -> np.ndarray:
    """Return the losses of a record, after checking that it has every step once."""
    lines = [line for line in read_record(folder / "record.jsonl") if line["kind"] == "step"]
    assert [line["step"] for line in lines] == list(range(1, len(lines) + 1))
    return np.array([line["loss"] for line in lines])


@pytest.fixture(scope="module")
def alone(tiny_corpus, tmp_path_factory) -> np.ndarray:
    """The losses of one process with the whole batch."""
    folder = tmp_path_factory.mktemp("alone") / "run"
    Trainer(tiny_corpus, settings_of({}), folder, "cpu", watchers=[]).fit()
    found = losses(folder)
    assert len(found) >= 50
    assert len(tiny_corpus.train) % 64 % 2  # the last batch of an epoch cannot be halved
    return found


# Rows of each process


@pytest.mark.parametrize("size", [1, 2, 3, 5])
@pytest.mark.parametrize("pairs", [1, 2, 4, 5, 64, 65])
def test_no_pair_of_a_batch_is_lost_or_weighs_more_than_another(size, pairs):
    rows = np.arange(100, 100 + pairs)
    shares = [Group(rank, size).share(rows) for rank in range(size)]
    assert all(len(share) for share in shares)
    counts = np.bincount(np.concatenate(shares), minlength=100 + pairs)
    assert (counts[:100] == 0).all()
    assert len(set(counts[100:])) == 1
    if pairs >= size:
        assert (counts[100:] == 1).all()


def test_a_single_process_keeps_its_random_draws_loss_and_gradients():
    with join("cpu") as group:
        assert group == Group()
        model = torch.nn.Linear(2, 1)
        loss = model(torch.ones(1, 2)).sum()
        loss.backward()
        before = [weight.grad.clone() for weight in model.parameters()]
        assert group.average(loss, 7, model) is loss
        assert all(a.equal(b.grad) for a, b in zip(before, model.parameters(), strict=True))
    rng = torch.Generator().manual_seed(3)
    state = rng.get_state()
    group.reseed(rng, 0, 1)
    assert rng.get_state().equal(state)
    assert group.from_writer(lambda: b"as it is") == b"as it is"
    assert (group.highest(2), group.writes) == (2, True)


def test_random_draws_differ_between_processes_and_steps_and_are_reproducible():
    def first(rank: int, seed: int, step: int) -> float:
        rng = torch.Generator()
        Group(rank, 2).reseed(rng, seed, step)
        return torch.rand(1, generator=rng).item()

    drawn = [first(rank, seed, step) for rank in (0, 1) for seed in (0, 1, 2**63 - 1) for step in range(5)]
    assert len(set(drawn)) == len(drawn)
    assert drawn[0] == first(0, 0, 0)


def test_processes_that_cannot_connect_raise_a_clear_error(monkeypatch):
    for name, value in {"WORLD_SIZE": "2", "RANK": "nobody"}.items():
        monkeypatch.setenv(name, value)
    with (
        pytest.raises(GroupError, match=r"the 2 processes cannot reach one another .*start them with torchrun"),
        join("cpu"),
    ):
        pass


@pytest.mark.parametrize("device", ["cuda", "auto"])
def test_a_process_without_a_gpu_of_its_own_is_told_so_in_one_line(monkeypatch, device):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    for name, value in {"WORLD_SIZE": "2", "LOCAL_RANK": "1"}.items():
        monkeypatch.setenv(name, value)
    with (
        pytest.raises(GroupError, match="process 1 of this machine has no GPU of its own, because there is 1: "),
        join(device),
    ):
        pass


# Training together


def test_two_processes_of_32_give_the_losses_of_one_of_64(alone, tmp_path):
    folder = tmp_path / "run"
    done = together(2, {"folder": folder})
    assert done.returncode == 0, done.stderr
    for rank in (0, 1):
        assert f"process {rank} of 2 at step {len(alone)}, finished: True" in done.stdout
    np.testing.assert_allclose(losses(folder), alone, rtol=BOUND)


def test_two_processes_train_a_transformer_as_one_does(tiny_corpus, tmp_path):
    job = {"model": {"network": "transformer", "num_layers": 2, "num_heads": 2}, "training": {"epochs": 2}}
    Trainer(tiny_corpus, settings_of(job), tmp_path / "alone", "cpu", watchers=[]).fit()
    done = together(2, job | {"folder": tmp_path / "run"})
    assert done.returncode == 0, done.stderr
    np.testing.assert_allclose(losses(tmp_path / "run"), losses(tmp_path / "alone"), rtol=BOUND)


def test_frozen_weights_stay_frozen_in_two_processes_too(tiny_corpus, tmp_path):
    job = {"training": {"epochs": 2}, "frozen": True}
    alone = Trainer(tiny_corpus, settings_of(job), tmp_path / "alone", "cpu", watchers=[], start=FROZEN)
    begun = alone.model.encoder.embedding.weight.clone()
    alone.fit()
    done = together(2, job | {"folder": tmp_path / "run"})
    assert done.returncode == 0, done.stderr
    np.testing.assert_allclose(losses(tmp_path / "run"), losses(tmp_path / "alone"), rtol=BOUND)
    assert load_translator(tmp_path / "run").model.encoder.embedding.weight.equal(begun)


@pytest.mark.parametrize("rank", [0, 1], ids=["writer", "other"])
def test_a_killed_process_is_restarted_and_the_run_resumes_exactly(tmp_path, rank):
    """With dropout and sampling: every process has its own random draws, and repeats them after the restart."""
    job = {
        "folder": tmp_path / "killed",
        "model": {"dropout": 0.2},
        "training": {"epochs": 3, "sampling": "linear", "unknown_rate": 0.3},
    }
    done = together(2, job | {"die": {str(rank): 13}}, restarts=1)
    assert done.returncode == 0, done.stderr
    assert "Resuming from checkpoint-000000010.safetensors." in done.stderr
    assert f"process {rank} of 2 at step 18, finished: True" in done.stdout
    done = together(2, job | {"folder": tmp_path / "whole"})
    assert done.returncode == 0, done.stderr
    assert everything(tmp_path / "killed") == everything(tmp_path / "whole")


def test_a_run_resumed_with_another_number_of_processes_has_the_same_losses(alone, tiny_corpus, tmp_path):
    folder = tmp_path / "run"
    stopped = together(2, {"folder": folder, "stop": {"1": 13}})
    # torchrun passes the signal on, and all processes leave after the same step with everything saved.
    assert stopped.returncode != 0
    assert "Stopped after step" in stopped.stderr
    steps = {line.split()[6] for line in stopped.stdout.splitlines() if line.startswith("process ")}
    assert len(steps) == 1
    assert len(losses(folder)) < len(alone)
    killed = together(3, {"folder": folder, "die": {"2": 33}})
    assert killed.returncode != 0
    assert len(losses(folder)) < len(alone)
    Trainer(tiny_corpus, settings_of({}), folder, "cpu", watchers=[]).fit()
    np.testing.assert_allclose(losses(folder), alone, rtol=BOUND)


def test_the_command_line_trains_under_torchrun_and_one_process_prints(tmp_path):
    command = [
        "-m",
        "s2s_tutorial.cli",
        "train",
        "--preset",
        "small",
        "--epochs",
        "1",
        "--max-minutes",
        "0.01",
    ]
    done = torchrun(2, *command, "--folder", str(tmp_path / "run"))
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("Ended after") == done.stdout.count("Held-out test sentences") == 1
    assert (tmp_path / "run" / "model.safetensors").is_file()


def test_an_error_of_the_writing_process_ends_all_with_one_line_each(tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    done = torchrun(2, "-m", "s2s_tutorial.cli", "train", "--preset", "small", "--folder", str(tmp_path))
    assert done.returncode != 0
    errors = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert len(errors) == 2
    assert all("is not empty and holds no run: give a new folder" in line for line in errors)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]
