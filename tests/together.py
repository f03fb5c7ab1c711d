"""A program for torchrun: several processes train one tiny run. Its argument is a JSON object:

folder; model, training: settings that differ; frozen: whether the encoder's embeddings are; die, stop: {"rank": step},
the step at which that process is killed the first time, or torchrun gets SIGTERM.
"""

import json
import os
import signal
import sys
from dataclasses import replace
from pathlib import Path

from tiny import TINY, before_step

from s2s_tutorial.data.corpus import prepare
from s2s_tutorial.training.distributed import join
from s2s_tutorial.training.initial_weights import Start
from s2s_tutorial.training.trainer import Trainer
from s2s_tutorial.training.watchers import ProgressBar

# Only the first weights and the order are random, and they do not depend on the number of processes.
STEADY = replace(
    TINY,
    model=replace(TINY.model, dropout=0.0, input_feeding=False),
    training=replace(TINY.training, epochs=9, batch_size=64, sampling="none", unknown_rate=0.0, patience=99),
)


FROZEN = Start("frozen embeddings", lambda model: model.encoder.embedding.requires_grad_(False))


def settings_of(job: dict):
    """Return the settings of a job."""
    return replace(
        STEADY,
        model=replace(STEADY.model, **job.get("model", {})),
        training=replace(STEADY.training, **job.get("training", {})),
    )


def main(job: dict) -> None:
    """Train as a job describes."""
    with join("cpu") as group:
        settings = settings_of(job)
        start = FROZEN if job.get("frozen") else None
        corpus, folder = prepare(settings.data), Path(job["folder"])
        trainer = Trainer(corpus, settings, folder, "cpu", [ProgressBar()], group=group, start=start)
        if os.environ["TORCHELASTIC_RESTART_COUNT"] == "0":
            for kind, act in (
                ("die", lambda: os.kill(os.getpid(), signal.SIGKILL)),
                ("stop", lambda: os.kill(os.getppid(), signal.SIGTERM)),
            ):
                if step := job.get(kind, {}).get(str(group.rank)):
                    before_step(trainer, step, act)
        progress = trainer.fit(raise_on_stop=False)
        print(
            f"process {group.rank} of {group.size} at step {progress.step}, finished: {progress.finished}", flush=True
        )


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
