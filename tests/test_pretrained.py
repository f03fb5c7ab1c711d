"""The model that comes with the package: small, whole, as good as its card says, and used when no run is named."""

import copy
import json
from dataclasses import asdict, replace

import pytest
import torch
from safetensors import safe_open
from typer.testing import CliRunner

from s2s_tutorial.cli.commands import app
from s2s_tutorial.data.corpus import challenge_set
from s2s_tutorial.presets import PRESETS
from s2s_tutorial.runs.folder import open_run
from s2s_tutorial.runs.weights import load_translator
from s2s_tutorial.settings import PRETRAINED
from s2s_tutorial.training.record import read_record
from s2s_tutorial.translation.evaluation import bleu_score, comparable_text

# The 2017 notebook's closing sentences; several hold words that its own vocabulary had dropped.
CLOSING_SENTENCES = (
    "je suis trop froid .", "elle a cinq ans de moins que moi .", "elle est trop petit .", "je ne crains pas de mourir .",
    "c est un jeune directeur plein de talent .", "est le chien vert aujourd hui ?", "le chat me parle .",
    "des centaines de personnes furent arretees ici .", "des centaines de chiens furent arretees ici .",
    "ce fromage est prepare a partir de lait de chevre .",
)  # fmt: skip
GOOD = 78.0  # BLEU on the challenge set, greedy


@pytest.fixture(scope="module")
def translator():
    return load_translator()


@pytest.fixture(scope="module")
def scores():
    return json.loads((PRETRAINED / "scores.json").read_text(encoding="utf-8"))


def test_the_folder_is_small_and_holds_weights_only(scores):
    assert sum(path.stat().st_size for path in PRETRAINED.iterdir()) <= 16_000_000
    with safe_open(PRETRAINED / "model.safetensors", "pt") as file:
        kinds = {file.get_tensor(name).dtype for name in file.keys()}  # noqa: SIM118
    assert kinds == {torch.float16}
    names = {"run.json", "model.safetensors", "record.jsonl", "scores.json", "MODEL_CARD.md"}
    assert {path.name for path in PRETRAINED.iterdir()} == names


def test_its_settings_are_those_of_the_preset():
    before, now = open_run(PRETRAINED).settings, PRESETS["large"]
    assert asdict(before.data) | {"corpus": ""} == asdict(now.data) | {"corpus": ""}
    assert (before.model, before.training) == (now.model, now.training)


def challenge_bleu(translator) -> float:
    challenge = challenge_set()
    translations = translator.translate_words(challenge.sources)
    return bleu_score([comparable_text(translation) for translation in translations], challenge.references)


def test_it_is_as_good_as_its_card_says(translator, scores):
    bleu = challenge_bleu(translator)
    assert bleu == pytest.approx(scores["challenge"]["bleu"], abs=0.5)
    assert bleu >= GOOD
    assert scores["challenge"]["sentences"] == len(challenge_set())


@pytest.mark.parametrize(
    "name", ["encoder.layers.0.weight_hh_l0", "decoder.attention.score.project.weight", "decoder.embedding.weight"]
)
def test_a_model_with_one_shuffled_matrix_is_not(translator, name):
    model = copy.deepcopy(translator.model)
    with torch.no_grad():
        weight = model.get_parameter(name)
        order = torch.randperm(weight.numel(), generator=torch.Generator().manual_seed(1))
        weight.copy_(weight.flatten()[order].view_as(weight))
    assert challenge_bleu(replace(translator, model=model)) < GOOD


def test_the_card_gives_the_figures_and_the_attribution(scores):
    card = (PRETRAINED / "MODEL_CARD.md").read_text(encoding="utf-8")
    for figure in (
        f"{scores['test']['bleu']:.1f}",
        f"{scores['test_beam_5']['bleu']:.1f}",
        f"{scores['parameters']:,}",
    ):
        assert figure in card
    for word in ("tatoeba.org", "manythings.org", "CC BY 2.0 FR"):
        assert word in card


def test_its_record_covers_the_whole_training(scores):
    steps = [line["step"] for line in read_record(PRETRAINED / "record.jsonl") if line["kind"] == "step"]
    assert steps[-1] > scores["training"]["step"] - 100
    assert steps == sorted(set(steps))


def test_the_command_line_uses_it_where_no_run_is_named():
    result = CliRunner().invoke(app, ["translate", *CLOSING_SENTENCES])
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert len(lines) == len(CLOSING_SENTENCES)
    assert lines[3].startswith("i'm not afraid")
    assert all(line.rstrip(".?!").strip() for line in lines)
