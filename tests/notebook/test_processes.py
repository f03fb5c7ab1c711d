"""Trainings by several processes from a notebook: the accidents of a job happen where it says. Chapter 20 runs the processes."""

import os
import subprocess
from dataclasses import replace

import pytest
import torch
from tiny import TINY
from torch import nn

from s2s_tutorial.notebook import processes
from s2s_tutorial.notebook.processes import AccidentTrainer, Job, PlainMean, step_seconds, train_together
from s2s_tutorial.training.distributed import Group, GroupError
from s2s_tutorial.training.record import read_record


def steps(folder):
    """Return the numbers of the steps in a run's record."""
    return [line["step"] for line in read_record(folder / "record.jsonl") if line["kind"] == "step"]


def test_a_job_reaches_the_processes_unchanged(tmp_path):
    job = Job(replace(TINY, name="mine"), str(tmp_path), plain_mean=True, killed_at=24)
    assert Job.from_json(job.to_json()) == job


@pytest.mark.parametrize(("group", "weight"), [(Group(0, 2), 90.0), (PlainMean(0, 2), 1.0)])
def test_the_plain_mean_does_not_count_words(monkeypatch, group, weight):
    sent = []
    monkeypatch.setattr(processes.Group, "_exchange", lambda self, exchange: exchange())
    monkeypatch.setattr("s2s_tutorial.training.distributed.dist.all_reduce", lambda sums: sent.append(sums.clone()))
    model = nn.Linear(1, 1, bias=False)
    model.weight.grad = torch.tensor([[3.0]])
    group.average(torch.tensor(2.0), 90, model)
    assert sent[0].tolist() == [3 * weight, 2 * weight, weight]


def test_a_job_stops_after_its_step_and_its_steps_are_timed(tmp_path):
    trainer = AccidentTrainer(Job(TINY, tmp_path / "run", stopped_at=3), Group())
    trainer.fit(raise_on_stop=False)
    assert trainer.stopped
    assert steps(tmp_path / "run") == [1, 2, 3]
    assert len(step_seconds(tmp_path / "run")) == 3


def test_a_process_is_killed_after_its_step_but_not_after_a_restart(tmp_path, monkeypatch):
    def end(status):
        raise LookupError(status)

    monkeypatch.setattr(os, "_exit", end)
    job = Job(TINY, tmp_path / "run", killed_at=2, stopped_at=4)
    trainer = AccidentTrainer(job, Group())
    with pytest.raises(LookupError):
        trainer.fit(raise_on_stop=False)
    assert trainer.progress.step == 2
    monkeypatch.setenv("TORCHELASTIC_RESTART_COUNT", "1")
    AccidentTrainer(job, Group()).fit(raise_on_stop=False)
    assert steps(tmp_path / "run") == [1, 2, 3, 4]


def test_failed_processes_raise_an_error_with_their_message(monkeypatch, tmp_path):
    failed = subprocess.CompletedProcess([], 1, "", "Traceback\nRunError: the disk is full\n")
    monkeypatch.setattr(subprocess, "run", lambda *arguments, **options: failed)
    with pytest.raises(GroupError, match=r"2 processes ended with exit status 1 \(RunError: the disk is full\)"):
        train_together(2, [Job(TINY, tmp_path)])
