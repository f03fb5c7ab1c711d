"""The front door: the names that the package offers, paths as text, and mistakes that a caller can make."""

import subprocess
import sys
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest
import torch
from small_models import SIZE, half_learnt, small_vocabularies

import s2s_tutorial
from s2s_tutorial import PRESETS, Trainer, Translator, load_translator, prepare
from s2s_tutorial.arguments import check_count, check_number, check_sentences, check_type, to_path
from s2s_tutorial.data.corpus import HeldOut, challenge_set
from s2s_tutorial.data.readers import read_file
from s2s_tutorial.files import load_tensors, read_json, save_tensors, write_json
from s2s_tutorial.notebook import show
from s2s_tutorial.notebook.plots import AttentionView, plot_attention, plot_losses, save_figure
from s2s_tutorial.runs.folder import open_run
from s2s_tutorial.settings import DataSettings, ModelSettings, Settings, TrainingSettings
from s2s_tutorial.training.record import read_record
from s2s_tutorial.translation.evaluation import bleu_score, evaluate, exact_match
from s2s_tutorial.translation.translator import SentenceError, Translation
from s2s_tutorial.web.export import export, load_exported, publish, read_manifest

NAMES = {"PRESETS", "Trainer", "Translator", "fit_settings", "load_translator", "prepare"}
LUONG = ModelSettings("luong", "general", SIZE, SIZE, 1, 0.0, tie_embeddings=False)
SMALL = PRESETS["small"]


@pytest.fixture(scope="module")
def translator() -> Translator:
    return Translator(half_learnt(LUONG), *small_vocabularies())


# Names


def run_python(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_names_are_those_of_their_modules():
    from s2s_tutorial.training import trainer

    assert set(s2s_tutorial.__all__) == NAMES
    assert NAMES | {"__version__"} <= set(dir(s2s_tutorial))
    assert Trainer is trainer.Trainer
    assert s2s_tutorial.__version__ == version("s2s_tutorial")


def test_importing_the_package_loads_nothing_else_of_it_and_no_torch():
    code = "import sys, s2s_tutorial; dir(s2s_tutorial); print(*sys.modules)"
    loaded = set(run_python(code).split())
    assert {name for name in loaded if name.startswith("s2s_tutorial")} == {"s2s_tutorial"}
    assert loaded.isdisjoint({"torch", "numpy", "importlib.metadata"})


def test_presets_need_no_torch():
    code = "import sys; from s2s_tutorial import PRESETS, __version__; print(PRESETS['small'].name, 'torch' in sys.modules)"
    assert run_python(code) == "small False\n"


def test_the_names_that_a_type_checker_sees_are_those_that_there_are():
    import ast

    tree = ast.parse(Path(s2s_tutorial.__file__).read_text(encoding="utf-8"))
    (block,) = (node for node in tree.body if isinstance(node, ast.If))
    found = {
        alias.name: node.module.removeprefix("s2s_tutorial.")
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert found == s2s_tutorial._HOMES


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="has no attribute 'Transformer'"):
        _ = s2s_tutorial.Transformer
    assert not hasattr(s2s_tutorial, "train")


# Paths


def test_paths_may_be_text_everywhere(translator, tiny_run, tmp_path):
    text = str(tmp_path)
    assert open_run(str(tiny_run)).settings == open_run(tiny_run).settings
    assert load_translator(str(tiny_run)).src_vocabulary == load_translator(tiny_run).src_vocabulary
    assert read_record(str(open_run(tiny_run).record_path))
    write_json(f"{text}/a.json", [1])
    assert read_json(f"{text}/a.json") == [1]
    save_tensors(f"{text}/a.safetensors", {"w": torch.ones(2)}, 5)
    assert load_tensors(f"{text}/a.safetensors")[1] == 5
    (tmp_path / "a.tsv").write_text("the cat\tle chat\n")
    assert read_file(f"{text}/a.tsv").second == ["le chat"]
    save_figure(plot_attention(translator.translate("a b")), f"{text}/a.png")
    assert (tmp_path / "a.png").is_file()
    written = export(translator, f"{text}/models", "mine")
    assert load_exported(str(written.paths[0])).translate("a b").words == translator.translate("a b").words
    publish(str(written.paths[0]), f"{text}/models", title="Mine")
    assert [model["title"] for model in read_manifest(f"{text}/models")] == ["Mine"]


def test_a_run_is_trained_in_a_folder_given_as_text(tmp_path):
    settings = replace(SMALL, data=replace(SMALL.data, sample_pairs=200))
    trainer = Trainer(prepare(settings.data), settings, f"{tmp_path}/run", watchers=[])
    assert trainer.run.folder == tmp_path / "run"


def test_the_path_of_a_corpus_becomes_text_in_the_settings(tmp_path):
    assert DataSettings(corpus=tmp_path / "a.tsv") == DataSettings(corpus=str(tmp_path / "a.tsv"))


# Sentences


def test_a_list_of_sentences_gives_a_list_of_translations(translator):
    sentences = ["A f, b!", "c", "E d zebra."]
    found = translator.translate(sentences, beam_size=2)
    assert [each.text for each in found] == [translator.translate(sentence, beam_size=2).text for sentence in sentences]
    assert [each.text for each in translator.translate(tuple(sentences))] == [
        each.text for each in translator.translate(sentences)
    ]
    assert translator.translate([]) == []


@pytest.mark.parametrize("source", ["A b", "a é", "a b.", "a, b", "zebra?", "l'ami", "a 7", "œuf"])
def test_words_that_are_not_normalised_are_refused(translator, source):
    with pytest.raises(SentenceError, match=r"in sources\[1\] is not a normalised word: normalise the sentence first"):
        translator.translate_words(["a b", source])
    with pytest.raises(SentenceError, match=r"in targets\[0\] is not a normalised word"):
        translator.forced_attention(["a"], [source])


def test_normalised_sentences_are_never_refused(translator):
    sources = [*challenge_set().sources, *challenge_set(reverse=True).sources, "okapi zebra ?", " a  b "]
    assert len(translator.translate_words(sources)) == len(sources)


def test_words_of_the_vocabulary_are_known_in_any_form(translator):
    words = translator.src_vocabulary
    odd = replace(words, words=(*words.words[:-1], "Zebra7"))
    assert replace(translator, src_vocabulary=odd).translate_words(["a Zebra7"])[0].unknown == []


# Mistakes: each is one line of ours


def no_attention() -> Translation:
    return Translation(["a"], ["p"], [], [], 0.0, None)


MISTAKES = {
    "a preset misspelt": (lambda t, p: PRESETS["smal"], "no preset 'smal', expected one of: sample, small"),
    "a preset that is no name": (lambda t, p: PRESETS[3], "no preset '3'"),
    "a part that is a name": (lambda t, p: Settings("x", model="luong"), "model is 'luong', expected ModelSettings"),
    "a part of another kind": (lambda t, p: Settings("x", data=TrainingSettings()), "data is .*, expected DataSettings"),
    "a size that is text": (lambda t, p: Settings("x", model=ModelSettings(hidden_size="64")), "hidden_size is '64'"),
    "a share that is text": (lambda t, p: Settings("x", model=ModelSettings(dropout="0.1")), "expected float"),
    "a number that is a bool": (lambda t, p: Settings("x", training=TrainingSettings(epochs=True)), "epochs is True"),
    "no number": (lambda t, p: Settings("x", training=TrainingSettings(seed=None)), "seed is None, expected int"),
    "a name that is none": (lambda t, p: Settings(None), "the settings' name is 'None'"),
    "settings for data": (lambda t, p: prepare(SMALL), "settings is of type Settings, expected DataSettings"),
    "a name for data": (lambda t, p: prepare("small"), "settings is of type str, expected DataSettings"),
    "settings for a corpus": (lambda t, p: Trainer(SMALL, SMALL, p), "corpus is of type Settings, expected Corpus"),
    "a folder that is a number": (lambda t, p: load_translator(3), "folder is of type int, expected a path"),
    "no folder": (lambda t, p: open_run(None), "folder is of type NoneType, expected a path: str or Path"),
    "a folder without a run": (lambda t, p: load_translator(p), "holds no run"),
    "a folder that is not there": (lambda t, p: load_translator(f"{p}/x"), "x is not a folder"),
    "a file that is not there": (lambda t, p: read_file(f"{p}/x.tsv"), "x.tsv is not a file"),
    "a file that is a number": (lambda t, p: read_file(1), "path is of type int"),
    "a sentence that is a number": (lambda t, p: t.translate(3), "sentence is of type int, expected a list of"),
    "no sentence": (lambda t, p: t.translate(None), "sentence is of type NoneType"),
    "bytes": (lambda t, p: t.translate(b"a b"), "sentence is of type bytes"),
    "a list with a number": (lambda t, p: t.translate(["a", 3]), r"sentence\[1\] is of type int, expected str"),
    "an empty sentence": (lambda t, p: t.translate(["a", " "]), "the sentence is empty"),
    "a sentence for a list": (lambda t, p: t.translate_words("a b"), "sources is of type str, expected a list"),
    "a beam that is text": (lambda t, p: t.translate("a", "5"), "beam_size is of type str, expected int"),
    "a beam of none": (lambda t, p: t.translate("a", 0), "beam size is 0"),
    "a penalty that is text": (lambda t, p: t.translate("a", 2, "1"), "penalty is of type str, expected float or int"),
    "a batch of none": (lambda t, p: t.translate_words(["a"], batch_size=0), "batch_size is 0, expected at least 1"),
    "one target too few": (lambda t, p: t.forced_attention(["a", "b"], ["p"]), "2 sources and 1 targets"),
    "a folder for a translator": (lambda t, p: evaluate(p, challenge_set()), "translator is of type .*Path, expected"),
    "sentences for a set": (lambda t, p: evaluate(t, ["a b"]), "held_out is of type list, expected HeldOut"),
    "an empty set": (lambda t, p: evaluate(t, HeldOut([], [])), "nothing to score"),
    "nothing to score": (lambda t, p: bleu_score([], []), "nothing to score"),
    "nothing to match": (lambda t, p: exact_match([], []), "nothing to score"),
    "bare references": (lambda t, p: bleu_score(["a b"], ["a b"]), r"references\[0\] is 'a b', expected a list"),
    "one reference too few": (lambda t, p: bleu_score(["a", "b"], [["a"]]), "2 outputs and 1 lists of references"),
    "text to draw": (lambda t, p: plot_attention("a b"), "translation is of type str, expected Translation"),
    "text to view": (lambda t, p: AttentionView("a b"), "translation is of type str, expected Translation"),
    "no attention": (lambda t, p: plot_attention(no_attention()), "no attention to draw"),
    "a path for a record": (lambda t, p: plot_losses(f"{p}/record.jsonl"), "record is of type str, expected list"),
    "an empty record": (lambda t, p: plot_losses([]), "no training steps"),
    "no window": (lambda t, p: plot_losses([{"kind": "step"}], window=0), "window is 0, expected at least 1"),
    "a picture of another kind": (lambda t, p: save_figure(plot_attention(t.translate("a")), "a.docx"), "end the name in"),
    "no figure": (lambda t, p: save_figure("figure", "a.png"), "figure is of type str, expected Figure"),
    "a run to export": (lambda t, p: export("runs/sample", p, "x"), "translator is of type str"),
    "no name": (lambda t, p: export(t, p, None), "name is of type NoneType, expected str"),
    "a name with a space": (lambda t, p: export(t, p, "my model"), "cannot name a file"),
    "no tensor": (lambda t, p: show.check_shape([1, 2], (2,)), "tensor is of type list, expected Tensor"),
    "no tensor to show": (lambda t, p: show.show_shapes(x=3), "x is of type int, expected Tensor"),
    "text that has no source": (lambda t, p: show.show_source("beam_search"), "'beam_search' has no source to show"),
    "a table without rows": (lambda t, p: show.show_table(["a"], []), "no rows"),
    "a short row": (lambda t, p: show.show_table(["a", "b"], [[1, 2], [3]]), r"rows\[1\] has 1 values, expected 2"),
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_one_clear_line(mistake, translator, tmp_path):
    call, message = MISTAKES[mistake]
    with pytest.raises((ValueError, TypeError), match=message) as caught:
        call(translator, tmp_path)
    assert "\n" not in str(caught.value)
    raised_in = caught.traceback[-1].path
    assert Path(s2s_tutorial.__file__).parent in Path(raised_in).parents, "the package raises it, not a library"


def test_what_is_right_passes(tmp_path):
    assert to_path("a") == to_path(Path("a")) == Path("a")
    check_type("number", 3, int, float)
    check_count("number", 1)
    check_number("number", np.int64(2), whole=True)
    check_number("number", np.float32(0.5))
    check_sentences("sentences", ("a", "b"))
    check_sentences("sentences", [])
