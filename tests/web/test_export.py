"""The files of the web page: the cost of rounding, the list of models, and files without code."""

import json
import re
import shutil
from base64 import b64decode, b64encode
from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file
from small_models import RUNNABLE, half_learnt, kind_name, small_vocabularies, transformer
from typer.testing import CliRunner

from s2s_tutorial.cli.commands import app
from s2s_tutorial.data.corpus import HeldOut
from s2s_tutorial.data.rules import TextRule
from s2s_tutorial.data.text import JOINS
from s2s_tutorial.files import BadFileError, load_tensors, save_tensors
from s2s_tutorial.runs.folder import open_run
from s2s_tutorial.runs.weights import load_translator
from s2s_tutorial.translation.evaluation import evaluate
from s2s_tutorial.translation.translator import Translator
from s2s_tutorial.web.export import (
    LARGEST,
    ExportError,
    dequantise,
    export,
    load_exported,
    pack,
    quantise,
    read_manifest,
    rounded,
    rounding_cost,
    unpack,
)


@pytest.fixture(scope="module")
def translator(talking_run) -> Translator:
    return load_translator(talking_run)


def small_translator(settings) -> Translator:
    return Translator(half_learnt(settings), *small_vocabularies())


# Rounding


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_a_rounded_value_is_off_by_at_most_half_a_step_of_its_row(scale):
    matrix = scale * torch.randn(50, 33, generator=torch.Generator().manual_seed(0)) ** 3
    values, scales = quantise(matrix)
    assert values.dtype == torch.int8
    assert values.abs().max() == LARGEST
    assert values.min() >= -LARGEST
    assert torch.all((dequantise(values, scales) - matrix).abs() <= 0.5001 * scales.float()[:, None])


def test_the_largest_value_of_a_row_and_a_row_of_zeros_are_kept():
    matrix = torch.tensor([[0.0, 0.0], [3.0, -4.0], [1e-30, 0.0]])
    assert torch.allclose(dequantise(*quantise(matrix)).abs().amax(dim=1), matrix.abs().amax(dim=1), rtol=2**-8)
    assert torch.equal(dequantise(*quantise(matrix))[0], matrix[0])


def test_rounding_twice_is_rounding_once():
    matrix = torch.randn(20, 7, generator=torch.Generator().manual_seed(1))
    once = dequantise(*quantise(matrix))
    assert torch.equal(quantise(once)[0], quantise(matrix)[0])


def test_vectors_are_not_rounded():
    weights = {"matrix": torch.randn(3, 4), "vector": torch.randn(4)}
    assert torch.equal(unpack(pack(weights))["vector"], weights["vector"])
    assert set(pack(weights)) == {"matrix", "matrix.scale", "vector"}


def test_the_cost_of_rounding_is_measured_with_both_models(translator, tiny_corpus):
    cost = rounding_cost(translator, tiny_corpus.test)
    assert cost.bleu == pytest.approx(evaluate(translator, tiny_corpus.test)[0].bleu)
    assert cost.rounded_bleu == pytest.approx(evaluate(rounded(translator), tiny_corpus.test)[0].bleu)
    assert cost.sentences == len(tiny_corpus.test)
    assert 0.5 < cost.same <= 1


def test_the_cost_of_rounding_compares_text_with_capitals_as_scores_do(translator, tiny_corpus):
    plain = replace(translator, rule=TextRule(marked=False))
    sources = tiny_corpus.test.sources[:20]
    references = [[found.normal_text.capitalize()] for found in plain.translate_words(sources)]
    assert rounding_cost(plain, HeldOut(sources, references)).bleu == pytest.approx(100.0)


# Round trip


@pytest.mark.parametrize("settings", RUNNABLE, ids=kind_name)
def test_reading_the_files_gives_the_rounded_model_bit_for_bit(tmp_path, settings):
    original = small_translator(settings)
    written = export(original, tmp_path, "m")
    again = load_exported(tmp_path / "m.safetensors")
    expected = rounded(original).model.state_dict()
    assert list(again.model.state_dict()) == list(expected)
    assert all(torch.equal(weight, expected[name]) for name, weight in again.model.state_dict().items())
    assert again.model.settings == settings
    assert (again.src_vocabulary.words, again.tgt_vocabulary.words) == tuple(v.words for v in small_vocabularies())
    assert written.size == (tmp_path / "m.safetensors").stat().st_size


def test_the_rounded_model_translates_and_the_original_is_left_alone(translator, tiny_corpus, tmp_path):
    before = {name: weight.clone() for name, weight in translator.model.state_dict().items()}
    export(translator, tmp_path, "m")
    sources = tiny_corpus.test.sources[:5]
    ours, read = (
        rounded(translator).translate_words(sources),
        load_exported(tmp_path / "m.safetensors").translate_words(sources),
    )
    assert [t.text for t in ours] == [t.text for t in read]
    assert all(torch.equal(weight, before[name]) for name, weight in translator.model.state_dict().items())


def test_nothing_is_stored_twice(tmp_path):
    tied, untied = (next(k for k in RUNNABLE if k.tie_embeddings is each) for each in (True, False))
    for name, kind in (("tied", tied), ("untied", untied)):
        export(small_translator(kind), tmp_path, name)
    names = {name: set(load_file(tmp_path / f"{name}.safetensors")) for name in ("tied", "untied")}
    assert names["untied"] - names["tied"] >= {"decoder.own_output_weight", "decoder.own_output_weight.scale"}
    assert not any("output_weight" in name for name in names["tied"])


def test_a_matrix_takes_one_byte_per_value(translator, tmp_path):
    written = export(translator, tmp_path, "m")
    weights = translator.model.state_dict().values()
    numbers = sum(w.numel() + 2 * len(w) for w in weights if w.dim() == 2) + sum(
        4 * w.numel() for w in weights if w.dim() == 1
    )
    assert numbers < written.size < 1.1 * numbers + 20_000  # words and names


def test_the_same_model_gives_the_same_files(translator, tmp_path):
    for name in ("a", "b"):
        export(translator, tmp_path / name, "m")
    files = [{path.name: path.read_bytes() for path in (tmp_path / name).iterdir()} for name in ("a", "b")]
    assert files[0] == files[1]
    assert set(files[0]) == {"m.safetensors", "m.0.js", "m.1.js", "models.js"}


# Files without code


def test_the_scripts_are_one_call_or_assignment_of_plain_values(translator, tmp_path):
    hostile = "</script><script>alert(1)</script>\u2028"
    export(translator, tmp_path, "m", title=hostile, note=hostile)
    scripts = [(tmp_path / f"m.{number}.js").read_text(encoding="ascii") for number in range(2)]
    calls = [re.fullmatch(r'self\.s2sModel\("([A-Za-z0-9+/]+=*)"\);\n', script) for script in scripts]
    base64 = "".join(call.group(1) for call in calls)
    assert b64decode(base64) == (tmp_path / "m.safetensors").read_bytes()
    manifest = (tmp_path / "models.js").read_text(encoding="ascii")
    assert json.loads(manifest.removeprefix("self.s2sManifest = ").removesuffix(";\n"))["models"][0]["title"] == hostile
    assert b64encode(b64decode(base64)).decode() == base64


def test_a_large_file_is_cut_into_scripts_that_give_the_same_bytes(translator, tmp_path, monkeypatch):
    export(translator, tmp_path, "m-2")
    whole = b64encode((tmp_path / "m-2.safetensors").read_bytes()).decode()
    for size in (3 * 1024, 3 * 4096):  # the second time fewer parts are needed, and those left over are deleted
        monkeypatch.setattr("s2s_tutorial.web.export.PART", size)
        scripts = export(translator, tmp_path, "m-2").paths[1:-1]
        assert {path.name for path in tmp_path.glob("*.*.js")} == {path.name for path in scripts}
        assert len(scripts) > 2
        assert "".join(path.read_text(encoding="ascii").split('"')[1] for path in scripts) == whole
        [model] = read_manifest(tmp_path)
        assert model["scripts"] == [path.stat().st_size for path in scripts]


@pytest.mark.parametrize("damage", ["cut", "flip", "empty", "other"])
def test_a_damaged_file_is_refused(translator, tmp_path, damage):
    export(translator, tmp_path, "m")
    path = tmp_path / "m.safetensors"
    data = bytearray(path.read_bytes())
    if damage == "flip":
        data[-10] ^= 1
    path.write_bytes({"cut": data[:-100], "flip": data, "empty": b"", "other": b"PK\x03\x04 no such thing"}[damage])
    with pytest.raises(BadFileError, match=r"m\.safetensors"):
        load_exported(path)


def test_files_of_the_former_format_are_still_read(translator, tmp_path):
    export(translator, tmp_path, "m")
    packed, values = load_tensors(tmp_path / "m.safetensors")
    older = {name: tensor.float() if name.endswith(".scale") else tensor for name, tensor in packed.items()}
    save_tensors(tmp_path / "old.safetensors", older, {**values, "format": 1})
    new, old = (load_exported(tmp_path / f"{name}.safetensors").model.state_dict() for name in ("m", "old"))
    assert all(torch.equal(weight, new[name]) for name, weight in old.items())
    assert (tmp_path / "old.safetensors").stat().st_size > (tmp_path / "m.safetensors").stat().st_size
    save_tensors(tmp_path / "next.safetensors", packed, {**values, "format": 4})
    with pytest.raises(BadFileError, match="this version reads 1 to 3"):
        load_exported(tmp_path / "next.safetensors")


def test_a_runs_own_weights_are_refused_as_an_exported_model(talking_run):
    with pytest.raises(BadFileError, match="export the run again"):
        load_exported(talking_run / "model.safetensors")


# The list of models


def test_models_are_listed_in_the_order_of_their_first_export(translator, tmp_path):
    for name, title in (("first", ""), ("second", "Second"), ("first", "First again")):
        export(translator, tmp_path, name, title)
    models = read_manifest(tmp_path)
    assert [(model["name"], model["title"]) for model in models] == [("first", "First again"), ("second", "Second")]
    assert models[0]["bytes"] == (tmp_path / "first.safetensors").stat().st_size
    assert models[0]["attention"] == "general"


@pytest.mark.parametrize("contents", ["", "alert(1)", "self.s2sManifest = [];", 'self.s2sManifest = {"models": 3};'])
def test_another_programs_list_is_not_overwritten(translator, tmp_path, contents):
    (tmp_path / "models.js").write_text(contents)
    with pytest.raises(ExportError, match="is not a list of models"):
        export(translator, tmp_path, "m")
    assert [path.name for path in tmp_path.iterdir()] == ["models.js"]
    assert (tmp_path / "models.js").read_text() == contents


@pytest.mark.parametrize("name", ["", "../m", "a b", "A", "x" * 41, "é", "models.js"])
def test_a_name_that_is_not_a_plain_file_name_is_refused(translator, tmp_path, name):
    with pytest.raises(ExportError, match="cannot name a file"):
        export(translator, tmp_path / "to", name)
    assert not (tmp_path / "to").exists()


def test_the_rules_of_the_text_use_no_group_by_name():
    """JavaScript reads the patterns too, and `(?P<name>…)` is an error there."""
    assert not any("?P" in pattern for joins in JOINS.values() for pattern, _ in joins)


# The command


def call(*arguments):
    return CliRunner().invoke(app, ["export", *map(str, arguments)])


def test_the_list_has_the_longest_sentence_of_the_runs_settings(talking_run, tmp_path):
    call("--run", talking_run, "--to", tmp_path, "--no-measure")
    data = open_run(talking_run).settings.data
    [model] = read_manifest(tmp_path)
    assert model["longest"] == [data.max_length, data.unit]


def test_the_command_writes_the_files_and_prints_the_cost_of_rounding(talking_run, tmp_path):
    result = call("--run", talking_run, "--to", tmp_path / "web")
    assert (result.exit_code, result.exception) == (0, None), result.output
    assert {path.name for path in (tmp_path / "web").iterdir()} == {
        "talking.safetensors",
        "talking.0.js",
        "talking.1.js",
        "models.js",
    }
    assert re.match(
        r"0\.\d\d MB before base64: \S+talking\.safetensors, with 2 scripts and the list models\.js beside it",
        result.stdout,
    )
    assert re.search(
        r"BLEU \d+\.\d\d as trained, \d+\.\d\d rounded to 8 bits; \d+\.\d% of \d+ translations", result.stdout
    )


def test_without_measuring_no_corpus_is_read(talking_run, tmp_path):
    run = tmp_path / "My run_2"  # which cannot name a file as it is
    shutil.copytree(talking_run, run)
    values = json.loads((run / "run.json").read_text(encoding="utf-8"))
    values["settings"]["data"]["corpus"] = "gone.tsv"
    (run / "run.json").write_text(json.dumps(values), encoding="utf-8")
    refused = call("--run", run, "--to", tmp_path / "web")
    assert refused.exit_code == 1
    assert refused.stderr.endswith("; --no-measure writes the files without measuring\n")
    assert not (tmp_path / "web").exists()
    result = call("--run", run, "--to", tmp_path / "web", "--no-measure")
    assert (result.exit_code, len(result.stdout.splitlines())) == (0, 1), result.output
    assert read_manifest(tmp_path / "web")[0]["name"] == "my-run-2"
    assert call("--run", run, "--to", tmp_path / "web").exit_code == 1


def test_a_mistake_is_an_error_of_one_line(talking_run, tmp_path):
    for arguments, words in (
        (("--run", tmp_path / "none", "--to", tmp_path / "web"), "is not a folder"),
        (("--run", talking_run, "--to", tmp_path / "web", "--name", "Main!"), "cannot name a file"),
    ):
        result = call(*arguments)
        assert result.exit_code == 1
        [line] = result.stderr.splitlines()
        assert line.startswith("error: ")
        assert words in line
    assert not (tmp_path / "web").exists()


def test_the_list_names_the_heads_of_a_transformer(tmp_path):
    for kind in (transformer(), next(kind for kind in RUNNABLE if kind.attention == "concat")):
        export(small_translator(kind), tmp_path, kind.network)
    assert [model["attention"] for model in read_manifest(tmp_path)] == ["2 heads in each of 2 layers", "concat"]


def test_a_translator_into_french_is_labelled_as_such(translator, tmp_path):
    export(replace(translator, language="fr"), tmp_path, "m")
    assert load_exported(tmp_path / "m.safetensors").language == "fr"
    export(replace(translator, language="en", src_language="de"), tmp_path, "n")
    assert load_exported(tmp_path / "n.safetensors").src_language == "de"
