"""Opening a run: valid runs are read back unchanged, and errors say what to do."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from tiny import TINY

from s2s_tutorial.data.vocabulary import Vocabulary
from s2s_tutorial.files import BadFileError, save_tensors
from s2s_tutorial.runs.folder import Run, RunError, folder_for, open_run
from s2s_tutorial.runs.weights import load_model, load_translator, save_model
from s2s_tutorial.settings import PRETRAINED, ModelSettings, Settings
from s2s_tutorial.translation.reading import MAX_SOURCE_WORDS, SentenceError


@pytest.fixture
def run_copy(tiny_run, tmp_path):
    """A copy of the trained run, to be damaged."""
    return shutil.copytree(tiny_run, tmp_path / "copy", ignore=shutil.ignore_patterns("tensorboard"))


def change_json(folder, change) -> None:
    values = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    change(values)
    (folder / "run.json").write_text(json.dumps(values), encoding="utf-8")


def test_an_opened_run_has_the_settings_it_was_started_with(tiny_run, tiny_corpus):
    run = open_run(tiny_run)
    assert run.settings == TINY
    assert (run.src_vocabulary, run.tgt_vocabulary) == (tiny_corpus.src_vocabulary, tiny_corpus.tgt_vocabulary)


def test_a_saved_run_comes_back_equal(tmp_path, tiny_corpus):
    run = Run(tmp_path, TINY, tiny_corpus.src_vocabulary, tiny_corpus.tgt_vocabulary, frozenset({"je chante ."}))
    run.save()
    assert open_run(tmp_path) == run
    assert (run.language, replace(run, settings=replace(TINY, data=replace(TINY.data, reverse=True))).language) == (
        "en",
        "fr",
    )


def test_a_run_file_without_a_start_means_random_weights(run_copy):
    change_json(run_copy, lambda values: values.pop("start"))
    assert open_run(run_copy).start == ""


def test_fresh_weights_depend_on_the_seed_and_on_nothing_else(tiny_run):
    run = open_run(tiny_run)
    first = run.build_model().state_dict()
    state = torch.random.get_rng_state()
    torch.rand(7)
    again = run.build_model().state_dict()
    assert all(torch.equal(first[name], again[name]) for name in first)
    other = replace(run, settings=replace(TINY, training=replace(TINY.training, seed=1))).build_model().state_dict()
    assert not torch.equal(first["encoder.embedding.weight"], other["encoder.embedding.weight"])
    torch.random.set_rng_state(state)


def test_building_a_model_leaves_the_global_random_state_alone(tiny_run):
    state = torch.random.get_rng_state()
    open_run(tiny_run).build_model()
    assert torch.equal(torch.random.get_rng_state(), state)


def test_weights_come_back_bit_for_bit(tiny_run, tmp_path):
    model, copy = open_run(tiny_run).build_model(), open_run(tiny_run).build_model()
    with torch.no_grad():
        for tensor in copy.state_dict().values():
            tensor.zero_()
    save_model(tmp_path / "m", model)
    load_model(tmp_path / "m", copy)
    assert all(torch.equal(a, b) for a, b in zip(model.state_dict().values(), copy.state_dict().values(), strict=True))


def test_weights_in_half_precision_make_a_file_of_half_the_size_and_are_read_into_full_precision(run_copy):
    model, path = open_run(run_copy).build_model(), run_copy / "model.safetensors"
    save_model(path, model)
    full = path.stat().st_size
    save_model(path, model, half=True)
    assert path.stat().st_size < 0.6 * full
    weights = load_translator(run_copy).model.state_dict()
    for name, weight in model.state_dict().items():
        assert weights[name].dtype == torch.float32
        assert torch.equal(weights[name], weight.half().float())


def test_weights_of_another_dtype_are_refused(run_copy):
    weights = open_run(run_copy).build_model().state_dict()
    save_tensors(run_copy / "model.safetensors", {name: weight.to(torch.int16) for name, weight in weights.items()})
    with pytest.raises(RunError, match="holds the weights of another model"):
        load_translator(run_copy)


def test_a_translator_answers_with_the_best_weights(tiny_run):
    translator = load_translator(tiny_run)
    first, again = translator.translate("Le chat dort."), load_translator(tiny_run).translate("Le chat dort.")
    assert first.text == again.text
    assert torch.equal(first.attn_weights, again.attn_weights)


@pytest.mark.parametrize(
    ("sentence", "words"),
    [
        ("", "empty"),
        (" \t", "empty"),
        ("🙂 🙂", "no letter"),
        ("12 ?!", "no letter"),
        ("chat " * 10_000, "10,000 words"),
    ],
)
def test_a_sentence_that_cannot_be_translated_says_why(tiny_run, sentence, words):
    with pytest.raises(SentenceError, match=words):
        load_translator(tiny_run).translate(sentence)


def test_the_longest_sentence_that_is_read_is_translated(tiny_run):
    assert len(load_translator(tiny_run).translate("chat " * MAX_SOURCE_WORDS).src_words) == MAX_SOURCE_WORDS


# Invalid runs


def test_a_missing_folder_is_named_with_the_command_that_makes_it(tmp_path):
    with pytest.raises(RunError, match=r"nowhere is not a folder: train .*s2s-tutorial train --run"):
        open_run(tmp_path / "nowhere")


def test_a_folder_without_a_run_is_named(tmp_path):
    (tmp_path / "thesis.txt").write_text("not a run")
    with pytest.raises(RunError, match=r"holds no run \(no run\.json\)"):
        open_run(tmp_path)


@pytest.mark.parametrize("number", [0, 2, "1", None, []])
def test_a_run_of_another_format_names_both_and_the_version_that_wrote_it(run_copy, number):
    change_json(run_copy, lambda values: values.update(format=number, versions={"s2s_tutorial": "9.8.7"}))
    with pytest.raises(RunError, match=r"was written in format .*, this version reads format 1: .*9\.8\.7"):
        open_run(run_copy)


DAMAGES = {
    "no format": lambda v: v.pop("format"),
    "no settings": lambda v: v.pop("settings"),
    "unknown attention": lambda v: v["settings"]["model"].update(attention="heavy"),
    "size that is text": lambda v: v["settings"]["model"].update(hidden_size="16"),
    "a setting too many": lambda v: v["settings"]["data"].update(colour="blue"),
    "settings that are a list": lambda v: v.update(settings=[]),
    "no vocabulary": lambda v: v.pop("src_vocabulary"),
    "vocabulary that is a list": lambda v: v.update(src_vocabulary=[]),
    "a word twice": lambda v: v["tgt_vocabulary"]["words"].__setitem__(0, v["tgt_vocabulary"]["words"][1]),
    "a count too few": lambda v: v["tgt_vocabulary"]["counts"].pop(),
    "a count that is text": lambda v: v["tgt_vocabulary"]["counts"].__setitem__(0, "9"),
    "challenge that is a number": lambda v: v.update(challenge_seen=3),
    "start that is a list": lambda v: v.update(start=["vectors"]),
    "start that steers the terminal": lambda v: v.update(start="\x1b[2J"),
}


def test_a_run_of_an_earlier_version_opens_if_it_had_nothing_that_is_gone_and_else_a_message_explains_it(run_copy):
    now = open_run(run_copy).settings
    change_json(run_copy, lambda values: values["settings"]["training"].update(sampling_stepwise=False))
    assert open_run(run_copy).settings == now
    change_json(run_copy, lambda values: values["settings"]["training"].update(sampling_stepwise=True))
    with pytest.raises(
        RunError, match=r"run\.json is of an earlier version: sampling_stepwise is True, .* train again"
    ):
        open_run(run_copy)


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_run_file_is_named(run_copy, damage):
    change_json(run_copy, DAMAGES[damage])
    with pytest.raises(RunError, match=r"run\.json is (damaged|not the file of a run)"):
        open_run(run_copy)


@pytest.mark.parametrize("data", [b"", b"[]", b"3", b"{", b"\xff", b"[" * 100_000], ids=lambda data: repr(data[:4]))
def test_a_run_file_that_is_not_json_is_named(run_copy, data):
    (run_copy / "run.json").write_bytes(data)
    with pytest.raises(RunError, match=r"run\.json is (damaged|not the file of a run)"):
        open_run(run_copy)


def test_a_run_without_weights_says_to_train(run_copy):
    (run_copy / "model.safetensors").unlink()
    with pytest.raises(RunError, match="has no trained model yet: run s2s-tutorial train --run"):
        load_translator(run_copy)


def test_damaged_weights_are_named(run_copy):
    data = bytearray((run_copy / "model.safetensors").read_bytes())
    data[-1] ^= 1
    (run_copy / "model.safetensors").write_bytes(data)
    with pytest.raises(RunError, match=r"model\.safetensors is damaged \(checksum\)"):
        load_translator(run_copy)


@pytest.mark.parametrize(
    "change", [{"hidden_size": 8, "embedding_size": 8}, {"attention": "concat"}, {"num_layers": 2}]
)
def test_weights_of_another_model_are_refused(run_copy, change):
    change_json(run_copy, lambda values: values["settings"]["model"].update(change))
    with pytest.raises(RunError, match="holds the weights of another model"):
        load_translator(run_copy)


def test_weights_with_names_missing_are_refused(run_copy):
    save_tensors(run_copy / "model.safetensors", {})
    with pytest.raises(BadFileError, match="another model"):
        load_model(run_copy / "model.safetensors", open_run(run_copy).build_model())


def test_equal_settings_share_a_folder_and_any_change_gets_its_own(monkeypatch, tmp_path):
    monkeypatch.setenv("S2S_RUNS", str(tmp_path))
    folder = folder_for(TINY)
    assert folder.parent == tmp_path
    assert folder_for(replace(TINY)) == folder
    others = [
        replace(TINY, name="other"),
        replace(TINY, training=replace(TINY.training, seed=1)),
        replace(TINY, data=replace(TINY.data, sample_pairs=TINY.data.sample_pairs + 1)),
    ]
    assert len({folder, *map(folder_for, others)}) == 4
    monkeypatch.delenv("S2S_RUNS")
    assert folder_for(TINY).parent == Path("runs")


@pytest.mark.parametrize("sizes", [(8, 64, 1), (64, 8, 2), (32, 32, 4)])
@pytest.mark.parametrize("decoder", ["luong", "bahdanau"])
@pytest.mark.parametrize("attention", ["none", "dot", "concat", "local-p"])
@pytest.mark.parametrize("words", [3, 700])
def test_the_size_of_weights_is_known_within_a_factor_of_2_before_they_are_made(sizes, decoder, attention, words):
    embedding_size, hidden_size, num_layers = sizes
    model = ModelSettings(
        decoder, attention, embedding_size, hidden_size, num_layers, tie_embeddings=embedding_size == hidden_size
    )
    vocabulary = Vocabulary.count([" ".join("w" * n for n in range(1, words))])
    run = Run(Path(), Settings("mine", model=model), vocabulary, vocabulary, frozenset())
    real = sum(weight.nbytes for weight in run.build_model().state_dict().values())
    assert 0.5 < real / run.weight_bytes() < 2


@pytest.mark.parametrize(("size", "layers", "inner"), [(64, 1, 8), (32, 4, 64), (8, 2, 512)])
@pytest.mark.parametrize("words", [3, 700])
def test_the_size_of_a_transformers_weights_is_known_too(size, layers, inner, words):
    model = ModelSettings(
        embedding_size=size, hidden_size=size, num_layers=layers, network="transformer", feed_forward_size=inner
    )
    vocabulary = Vocabulary.count([" ".join("w" * n for n in range(1, words))])
    run = Run(Path(), Settings("mine", model=model), vocabulary, vocabulary, frozenset())
    real = sum(weight.nbytes for weight in run.build_model().state_dict().values())
    assert 0.5 < real / run.weight_bytes() < 2


def test_a_run_of_a_version_without_transformers_is_read(run_copy):
    def forget(values):
        for name in ("network", "num_heads", "feed_forward_size"):
            del values["settings"]["model"][name]

    expected = open_run(run_copy).settings
    change_json(run_copy, forget)
    assert open_run(run_copy).settings == expected
    assert expected.model.network == "gru"


def test_a_finished_run_and_one_without_checkpoints_are_not_called_unfinished(tiny_run):
    assert open_run(tiny_run).unfinished() == ""
    assert open_run(PRETRAINED).unfinished() == ""


def test_whether_a_run_is_finished_is_unknown_where_its_checkpoint_is_damaged(tiny_run, tmp_path):
    folder = shutil.copytree(tiny_run, tmp_path / "run")
    for path in folder.glob("checkpoint-*"):
        path.write_bytes(path.read_bytes()[:50])
    assert "is damaged, so that it may not have finished" in open_run(folder).unfinished()


def test_a_chapter_can_have_a_run_of_its_own(monkeypatch):
    monkeypatch.delenv("S2S_RUNS", raising=False)
    shared, own = folder_for(TINY), folder_for(TINY, "chapter-0")
    assert own == shared.parent / f"chapter-0-{shared.name}"
    assert shared.name.startswith("small-")
