"""The model that comes with the package: small, whole, as good as its card says, and used when no run is named."""

import copy
import json
import sys
from dataclasses import asdict, replace
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from typer.testing import CliRunner

from s2s_tutorial.cli.commands import app
from s2s_tutorial.data.columns import Columns
from s2s_tutorial.data.corpus import HeldOut, challenge_set
from s2s_tutorial.data.rules import UNICODE
from s2s_tutorial.presets import PRESETS
from s2s_tutorial.runs.folder import open_run
from s2s_tutorial.runs.weights import load_translator
from s2s_tutorial.settings import PRETRAINED
from s2s_tutorial.training.record import read_record
from s2s_tutorial.translation.evaluation import bleu_score, comparable_text
from s2s_tutorial.translation.translation import Translation

ROOT = Path(__file__).parents[1]

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


# The recipe of the models of real text

PAIRS = [
    ("Hi!", "Salut !"), ("Hello.", "Salut."), ("I am 45.", "J'ai 45 ans."), ("I'm 45.", "J'ai 45 ans."),
    ("I am 46.", "J'ai 46 ans."), ("Go.", "Va !"),
]  # fmt: skip


@pytest.fixture(scope="module")
def recipe():
    """The modules of book/_tools that measure a model of real text and write its card."""
    sys.path.insert(0, str(ROOT / "book" / "_tools"))
    import model_card
    import pretrained_scores

    yield pretrained_scores, model_card
    sys.path.pop(0)


def test_test_sentences_are_found_again_as_they_were_written(recipe):
    columns = Columns([one for one, _ in PAIRS], [other for _, other in PAIRS], [])
    normalised = HeldOut(["j ai ans .", "va !"], [["i am .", "i m ."], ["go ."]])
    written = recipe[0].as_written(normalised, columns, reverse=False)
    assert written.sources == ["J'ai 45 ans.", "Va !"]
    assert written.references == [["I am 45.", "I'm 45."], ["Go."]]  # 46 is another sentence


def test_translations_of_real_text_are_scored_as_those_of_normal_text(recipe):
    found = Translation([], ["▁I", "'", "m", "▁4", "5", "."], [], [], 0.0, None, rule=UNICODE)
    scores = recipe[0].normalised_scores([found], [["i m ."]])
    assert scores["exact_match"] == 1.0


def test_the_card_of_a_model_of_real_text_names_its_figures(recipe, scores):
    settings = PRESETS["real"]
    run = replace(open_run(PRETRAINED), settings=settings, longest=60)
    line = {"bleu": 61.23, "bleu_low": 60.0, "bleu_high": 62.0, "exact_match": 0.4, "signature": "s"}
    parts = {f"{name}{beam}": line | {"sentences": 19} for name in ("normalised", "printed", "digits", "long")
             for beam in ("", "_beam_5")}  # fmt: skip
    card = recipe[1].card(run, scores | parts, "the command")
    for text in ("from French to English", "61.2 (60.0 to 62.0)", "19 sentences with digits", "13 to 40 words",
                 "BPE-dropout 0.1", "the command", "CC BY 2.0 FR"):  # fmt: skip
        assert text in card
    reverse = replace(run, settings=replace(settings, data=replace(settings.data, reverse=True)))
    assert "`s2s-tutorial translate` uses it with `--to fr`" in recipe[1].card(reverse, scores | parts, "")
