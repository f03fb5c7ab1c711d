"""A run so small that the tests can train it many times: with every source of randomness, in seconds on one thread."""

import os
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from s2s_tutorial.data.corpus import prepare
from s2s_tutorial.files import load_tensors
from s2s_tutorial.runs.checkpoints import Checkpoints
from s2s_tutorial.settings import DataSettings, ModelSettings, Settings, TrainingSettings
from s2s_tutorial.training.record import read_record
from s2s_tutorial.training.trainer import Trainer

TINY = Settings(
    "small",
    DataSettings(corpus="sample", sample_pairs=400),
    ModelSettings(embedding_size=16, hidden_size=16, dropout=0.1, input_feeding=True),
    TrainingSettings(epochs=2, batch_size=32, learning_rate=1e-2, sampling="linear", checkpoint_steps=5),
)

# Just enough training for translations that are not empty.
TALKING = replace(
    TINY,
    model=replace(TINY.model, embedding_size=48, hidden_size=48, input_feeding=False),
    training=replace(TINY.training, epochs=4, batch_size=16, sampling="none", checkpoint_steps=50),
)


def before_step(trainer: Trainer, step: int, act: Callable[[], Any]) -> None:
    """Do something in the middle of a training step, counted from 1."""
    take_step = trainer.train_step

    def train_step(batch):
        if trainer.progress.step + 1 == step:
            act()
        return take_step(batch)

    trainer.train_step = train_step


def press_stop() -> None:
    """Interrupt the main thread, as Ctrl-C and a notebook's Stop do."""
    signal.raise_signal(signal.SIGINT)


def everything(folder: Path) -> dict[str, Any]:
    """Return the results of a run without times: newest checkpoint, best weights, record."""
    path = Checkpoints(folder).paths()[-1]
    tensors, values = load_tensors(path)
    del values["seconds"]
    return {
        "name": path.name,
        "tensors": {name: tensor.numpy().tobytes() for name, tensor in tensors.items()},
        "values": values,
        "best": (folder / "model.safetensors").read_bytes(),
        "record": read_record(folder / "record.jsonl"),
    }


def train_and_be_killed(folder: str, place: str) -> None:
    """Train in a child process; at the given point print a line and wait, or exit as in a power cut."""
    from s2s_tutorial import files as checkpoint

    trainer = Trainer(prepare(TINY.data), TINY, Path(folder), watchers=[])
    if place == "wait in step 8":
        before_step(trainer, 8, lambda: (print("waiting", flush=True), signal.pause()))
    elif place == "before renaming the second checkpoint":
        rename = checkpoint.os.replace

        def replace(source, target):
            if Path(target).name == "checkpoint-000000010.safetensors":
                os.kill(os.getpid(), signal.SIGKILL)
            rename(source, target)

        checkpoint.os.replace = replace
    trainer.fit()
