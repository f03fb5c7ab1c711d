"""The moving average of the weights: what it is, when it is in the model, and that runs save it."""

from dataclasses import replace

import pytest
import torch
from tiny import TINY, before_step
from torch import nn

from s2s_tutorial.data.corpus import prepare
from s2s_tutorial.files import load_tensors
from s2s_tutorial.runs.folder import RunError
from s2s_tutorial.training.averaging import AveragedWeights
from s2s_tutorial.training.trainer import Trainer


@pytest.fixture
def layer():
    layer = nn.Linear(2, 1, bias=False)
    nn.init.zeros_(layer.weight)
    return layer


def test_early_steps_are_soon_forgotten_and_later_ones_by_the_decay(layer):
    average = AveragedWeights(layer, 0.5)
    nn.init.ones_(layer.weight)
    average.update(0)  # keeps 1 / 10 of the zeros
    assert average.tensors["weight"].tolist() == [[pytest.approx(0.9)] * 2]
    average.update(1_000)  # keeps a half
    assert average.tensors["weight"].tolist() == [[pytest.approx(0.95)] * 2]


def test_the_average_is_in_the_model_for_a_while_even_after_an_error(layer):
    average = AveragedWeights(layer, 0.9)
    nn.init.ones_(layer.weight)
    with average.in_place():
        assert layer.weight.tolist() == [[0.0, 0.0]]
    with pytest.raises(ZeroDivisionError), average.in_place():
        raise ZeroDivisionError
    assert layer.weight.tolist() == [[1.0, 1.0]]
    assert average.tensors["weight"].tolist() == [[0.0, 0.0]]


def test_without_a_decay_there_is_no_average(layer):
    average = AveragedWeights(layer, 0.0)
    average.update(5)
    with average.in_place():
        assert average.tensors == {}


def test_a_run_saves_its_average_and_a_checkpoint_without_it_is_refused(tmp_path):
    settings = replace(TINY, training=replace(TINY.training, epochs=1, weight_averaging=0.9))
    corpus = prepare(settings.data)
    trainer = Trainer(corpus, settings, tmp_path / "run", watchers=[])
    trainer.fit()
    saved, _ = load_tensors(tmp_path / "run" / "model.safetensors")
    assert all(torch.equal(saved[name], average) for name, average in trainer.average.tensors.items())
    plain = Trainer(corpus, TINY, tmp_path / "plain", watchers=[])
    before_step(plain, 3, lambda: setattr(plain.stop, "asked", True))
    plain.fit(raise_on_stop=False)
    next((tmp_path / "plain").glob("checkpoint-*")).rename(tmp_path / "run" / "checkpoint-999999999.safetensors")
    with pytest.raises(RunError, match=r"average\..* is missing"):
        Trainer(corpus, settings, tmp_path / "run", watchers=[]).fit()
