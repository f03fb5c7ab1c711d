"""The models that come with the package: small, whole, as good as their cards say, and used when no run is named."""

import copy
import json
import re
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
from s2s_tutorial.runs.weights import load_translator, packaged_languages, pretrained_folder
from s2s_tutorial.settings import PRETRAINED
from s2s_tutorial.training import continuing
from s2s_tutorial.training.continuing import settings_for_more
from s2s_tutorial.training.record import read_record
from s2s_tutorial.translation.evaluation import bleu_score, comparable_references, comparable_text
from s2s_tutorial.translation.translation import Translation

ROOT = Path(__file__).parents[1]

# The 2017 notebook's closing sentences, as they are written. Several hold words that its own vocabulary had dropped.
CLOSING_SENTENCES = (
    "Je suis trop froid.", "Elle a cinq ans de moins que moi.", "Elle est trop petit.", "Je ne crains pas de mourir.",
    "C'est un jeune directeur plein de talent.", "Est le chien vert aujourd'hui ?", "Le chat me parle.",
    "Des centaines de personnes furent arrêtées ici.", "Des centaines de chiens furent arrêtées ici.",
    "Ce fromage est préparé à partir de lait de chèvre.",
)  # fmt: skip
# Patterns of what a person would write.
AS_A_PERSON_WOULD = {
    "Merci. Au revoir.": r"(Thanks|Thank you)\. (Goodbye|Good-bye|Bye|See you)\.",
    "J'ai 45 ans.": r"I('m| am) 45( years old)?\.",
    "M. Dupont est arrivé.": r"(Mr\.?|Mister) Dupont('s here| is here| has arrived| arrived| came| has come)\.",
}
LEAST = {
    "normalised": 59.5,
    "normalised_beam_5": 60.8,
    "printed": 57.0,
    "digits": 35.0,
}  # BLEU of the model into English


@pytest.fixture(scope="module", params=packaged_languages())
def language(request):
    return request.param


@pytest.fixture(scope="module")
def folder(language):
    return pretrained_folder(language)


@pytest.fixture(scope="module")
def scores(folder):
    return json.loads((folder / "scores.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def translator():
    return load_translator()


def test_the_folder_is_small_and_holds_weights_only(folder):
    assert sum(path.stat().st_size for path in folder.iterdir()) <= 16_000_000
    with safe_open(folder / "model.safetensors", "pt") as file:
        kinds = {file.get_tensor(name).dtype for name in file.keys()}  # noqa: SIM118
    assert kinds == {torch.float16}
    names = {"run.json", "model.safetensors", "record.jsonl", "scores.json", "MODEL_CARD.md"}
    assert {path.name for path in folder.iterdir()} == names


def test_its_settings_are_those_of_the_recipe(folder, language, recipe, monkeypatch):
    """The second part of the recipe continues the preset `real`, which gives everything else."""
    run, first = open_run(folder), PRESETS["real"]
    first = replace(first, data=replace(first.data, reverse=language == "fr"))
    monkeypatch.setattr(
        recipe[2], "settings_for_more", lambda parent, epochs: settings_for_more(parent, epochs, "tatoeba")
    )
    monkeypatch.setattr(continuing, "find_data", lambda parent, corpus: parent.settings.data)
    second = recipe[2].second_part(replace(run, settings=first))
    assert asdict(run.settings.data) | {"corpus": ""} == asdict(second.data) | {"corpus": ""}
    assert (run.settings.model, run.settings.training) == (second.model, second.training)
    assert (run.title, run.parent) == (folder.name, "")


def challenge_bleu(translator, every: int = 1) -> float:
    challenge = challenge_set(translator.language == "fr", translator.rule)
    translations = translator.translate_words(challenge.sources[::every])
    references = comparable_references(challenge.references[::every], translator.rule)
    return bleu_score([comparable_text(translation) for translation in translations], references)


def test_it_is_as_good_as_its_card_says(language, scores):
    translator = load_translator(to=language)
    assert challenge_bleu(translator) == pytest.approx(scores["challenge"]["bleu"], abs=0.5)
    assert scores["challenge"]["sentences"] == len(challenge_set(language == "fr", translator.rule))


@pytest.mark.parametrize(
    "name", ["encoder.layers.0.weight_hh_l0", "decoder.attention.score.project.weight", "decoder.embedding.weight"]
)
def test_a_model_with_one_shuffled_matrix_is_not(translator, name):
    model = copy.deepcopy(translator.model)
    with torch.no_grad():
        weight = model.get_parameter(name)
        order = torch.randperm(weight.numel(), generator=torch.Generator().manual_seed(1))
        weight.copy_(weight.flatten()[order].view_as(weight))
    assert challenge_bleu(replace(translator, model=model), 4) < challenge_bleu(translator, 4) - 5


@pytest.mark.parametrize("name", LEAST)
def test_the_model_into_english_was_measured_to_be_good_enough(name):
    scores = json.loads((PRETRAINED / "scores.json").read_text(encoding="utf-8"))
    assert scores[name]["bleu"] >= LEAST[name]


@pytest.mark.parametrize("sentence", AS_A_PERSON_WOULD)
def test_it_translates_as_a_person_would(translator, sentence):
    assert re.fullmatch(AS_A_PERSON_WOULD[sentence], translator.translate(sentence, split=True).text)


@pytest.mark.parametrize("number", ["45", "212", "1984"])
@pytest.mark.parametrize("sentence", ["J'ai {} ans.", "Cela coûte {} euros.", "Elle est née en {}."])
def test_numbers_are_copied(translator, sentence, number):
    assert number in re.findall(r"\w+", translator.translate(sentence.format(number)).text)


def test_the_card_gives_the_figures_and_the_attribution(folder, scores):
    card = (folder / "MODEL_CARD.md").read_text(encoding="utf-8")
    for name in ("normalised", "printed", "digits", "long"):
        for found in (scores[name], scores[f"{name}_beam_5"]):
            assert f"{found['bleu']:.1f} ({found['bleu_low']:.1f} to {found['bleu_high']:.1f})" in card
    assert f"{scores['parameters']:,} parameters" in card
    for word in ("tatoeba.org", "manythings.org", "CC BY 2.0 FR"):
        assert word in card


def test_the_signs_that_the_card_names_are_not_learned(folder, translator):
    signs = re.search(
        r"guess what signs such as (\S) and (\S) mean", (folder / "MODEL_CARD.md").read_text(encoding="utf-8")
    )
    assert translator.translate("Oui " + " ".join(signs.groups())).unlearned == "".join(signs.groups())


def test_its_record_covers_the_whole_training(folder, scores):
    steps = [line["step"] for line in read_record(folder / "record.jsonl") if line["kind"] == "step"]
    assert steps[-1] > scores["training"]["step"] - 100
    assert steps == sorted(set(steps))


def lines_of(*arguments: str) -> list[str]:
    result = CliRunner().invoke(app, ["translate", *arguments])
    assert result.exit_code == 0, result.output
    return result.stdout.splitlines()


def test_the_command_line_uses_it_where_no_run_is_named():
    lines = lines_of(*CLOSING_SENTENCES)
    assert len(lines) == len(CLOSING_SENTENCES)
    assert lines[3].startswith("I'm not afraid")
    assert all(line.rstrip(".?!").strip() for line in lines)


def test_the_command_line_translates_into_french_on_request():
    lines = lines_of("--to", "fr", "It's cold. Where is the station?", "She is 45 years old.")
    assert lines == ["Il fait froid. Où se trouve la gare ?", "Elle a 45 ans."]
    assert lines_of("--to", "French", "Thank you.") == ["Merci."]


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
    import pretrained
    import pretrained_scores

    yield pretrained_scores, model_card, pretrained
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


def test_the_card_of_a_model_of_real_text_names_its_figures(recipe):
    settings = PRESETS["real"]
    run = replace(open_run(PRETRAINED), settings=settings, longest=60)
    scores = json.loads((PRETRAINED / "scores.json").read_text(encoding="utf-8"))
    line = {"bleu": 61.23, "bleu_low": 60.0, "bleu_high": 62.0, "exact_match": 0.4, "signature": "s"}
    parts = {f"{name}{beam}": line | {"sentences": 19} for name in ("normalised", "printed", "digits", "long")
             for beam in ("", "_beam_5")}  # fmt: skip
    card = recipe[1].card(run, scores | parts, "the command")
    for text in ("from French to English", "61.2 (60.0 to 62.0)", "19 sentences with digits", "13 to 40 words",
                 "BPE-dropout\n0.1", "the command", "CC BY 2.0 FR"):  # fmt: skip
        assert text in card
    reverse = replace(run, settings=replace(settings, data=replace(settings.data, reverse=True)))
    assert "`s2s-tutorial translate` uses it with `--to fr`" in recipe[1].card(reverse, scores | parts, "")


def test_sentences_with_a_reference_that_training_has_are_counted(recipe):
    references = [["It's 5 o'clock!", "It is five."], ["I am cold."], ["Go."]]
    assert recipe[0].with_known_reference(references, ["it's 7 o'clock!", "GO.", "I am old."]) == 2
