"""The translator in one file: it computes what the package computes, learns, and explains what is wrong with a file."""

import ast
import re
import sys
from pathlib import Path

import pytest
import torch

from s2s_tutorial import one_file
from s2s_tutorial.data.batches import Batch
from s2s_tutorial.model.seq2seq import Seq2Seq
from s2s_tutorial.settings import ModelSettings
from s2s_tutorial.translation.search import greedy_search

SOURCE = Path(one_file.__file__).read_text(encoding="utf-8")
H = 16
NAMES = {  # in the package → in the file
    "encoder.layers.0.": "encoder.gru.",
    "decoder.layers.0.": "decoder.gru.",
    "decoder.attention.score.project.": "decoder.score.",
}
PAIRS = one_file.make_pairs()[:12]


@pytest.fixture(scope="module")
def vocabularies() -> tuple[list[str], list[str]]:
    return tuple(one_file.make_vocabulary([pair[side] for pair in one_file.make_pairs()]) for side in (0, 1))


@pytest.fixture(scope="module")
def models(vocabularies) -> tuple[Seq2Seq, one_file.Translator]:
    """The package's network and the file's, with the same weights."""
    torch.manual_seed(0)
    sizes = [len(words) for words in vocabularies]
    package = Seq2Seq(ModelSettings(embedding_size=H, hidden_size=H, dropout=0.0), *sizes).double().eval()
    own = one_file.Translator(*sizes, H).double()
    with torch.no_grad():
        for weight in package.parameters():
            weight.mul_(3.0)  # so that the most probable word is not the same everywhere
    renamed = {}
    for name, weight in package.state_dict().items():
        for theirs, ours in NAMES.items():
            name = name.replace(theirs, ours)
        renamed[name] = weight
    own.load_state_dict(renamed)
    return package, own


@pytest.fixture(scope="module")
def batch(vocabularies) -> Batch:
    src, tgt = (one_file.to_batch([pair[side] for pair in PAIRS], vocabularies[side])[0] for side in (0, 1))
    return Batch(src, (src > 0).sum(dim=1), tgt, (tgt > 0).sum(dim=1))


def test_the_loss_and_its_gradient_equal_the_packages(models, batch):
    assert len(set(batch.src_lengths.tolist())) > 1  # else padding is not tested
    package, own = models
    losses = [package.loss(batch), own.loss(batch.src_ids, batch.src_mask, batch.tgt_ids, batch.tgt_mask)]
    torch.testing.assert_close(*losses)
    gradients = [
        torch.autograd.grad(loss, [model.encoder.embedding.weight, model.decoder.combine.weight])
        for model, loss in zip(models, losses, strict=True)
    ]
    torch.testing.assert_close(*gradients)


def test_the_words_and_the_attention_of_greedy_search_equal_the_packages(models, batch):
    package, own = models
    expected = greedy_search(package, batch.src_ids, batch.src_lengths, max_length=2 * batch.src_ids.shape[1] + 10)
    found, weights = own.translate(batch.src_ids, batch.src_mask)
    assert found == [hypothesis.ids for hypothesis in expected]
    assert len({tuple(ids) for ids in found}) > 3
    for row, hypothesis in enumerate(expected):
        steps, length = hypothesis.attn_weights.shape[0], int(batch.src_lengths[row])
        torch.testing.assert_close(weights[row, :steps, :length], hypothesis.attn_weights)


def test_a_new_network_starts_with_weights_as_large_as_the_packages(vocabularies):
    sizes = [len(words) for words in vocabularies]
    torch.manual_seed(0)
    package = Seq2Seq(ModelSettings(embedding_size=64, hidden_size=64), *sizes)
    own = one_file.Translator(*sizes, 64)
    assert sum(p.numel() for p in own.parameters()) == sum(p.numel() for p in package.parameters())
    for side in ("encoder", "decoder"):
        spread = [getattr(model, side).embedding.weight.std().item() for model in (package, own)]
        assert spread[0] == pytest.approx(spread[1], rel=0.1)


def test_the_grammar_makes_different_pairs_with_the_adjective_in_its_place():
    pairs = one_file.make_pairs()
    assert len({source for source, _ in pairs}) == len({target for _, target in pairs}) == len(pairs) > 3_000
    translations = dict(pairs)
    assert translations["la souris blanche ne dort pas sous la table ."] == (
        "the white mouse does not sleep under the table ."
    )
    assert translations["le petit chat chante ."] == "the little cat sings ."


def test_it_learns_and_prints_losses_translations_and_attention(capsys, monkeypatch):
    few = one_file.make_pairs()[:900]
    monkeypatch.setattr(one_file, "make_pairs", lambda: few)
    one_file.main([])
    out = capsys.readouterr().out
    losses = [float(number) for number in re.findall(r"loss (\d\.\d+)", out)]
    assert len(losses) == 6
    assert losses[-1] < losses[0] / 2
    assert len(re.findall(r"^[>=<] \w+", out, re.MULTILINE)) == 15
    assert re.search(r"\d+ of 200 sentences that were held out are translated word for word", out)
    table = out.splitlines()[-5:]
    assert table[-1].lstrip().startswith("<eos>")
    assert any(mark in line for line in table for mark in "░▒▓█")


def test_a_translation_that_was_cut_is_shown_too(capsys, monkeypatch):
    def never_end(model, *_, epochs):
        model.decoder.output_bias.data[one_file.EOS] = -1e9

    monkeypatch.setattr(one_file, "train", never_end)
    one_file.main([])
    longest = 1 + max(len(source.split()) for source, _ in one_file.make_pairs()[:200])
    _, *rows = capsys.readouterr().out.split("\n\n")[-1].splitlines()
    assert len(rows) == 2 * longest + 10
    assert "<eos>" not in " ".join(rows)


def test_it_learns_from_a_file(tmp_path, capsys):
    path = tmp_path / "pairs.tsv"
    lines = [f"{target}\t{source}\tsome source\n" for source, target in one_file.make_pairs()[:420]]
    path.write_text("".join(lines), encoding="utf-8")
    assert one_file.read_pairs(str(path)) == one_file.read_pairs(str(path))
    assert set(one_file.read_pairs(str(path))) == set(one_file.make_pairs()[:420])
    one_file.main([str(path)])
    assert "220 pairs to learn from" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (None, "cannot be read"),
        (b"a\tb\n\xe9\tc\n", "cannot be read"),
        (b"a\tb\nonly one\n", "line 2 of .* has no tab"),
        (b"a\tb\nc\td\n", "has 2 different sources, expected at least 400"),
    ],
)
def test_a_bad_file_ends_with_one_line(tmp_path, data, words):
    path = tmp_path / "pairs.tsv"
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(SystemExit, match=words) as caught:
        one_file.main([str(path)])
    assert "\n" not in str(caught.value)


def test_it_is_short_and_needs_nothing_but_pytorch():
    assert len(SOURCE.splitlines()) <= 250
    modules = {
        name
        for node in ast.walk(ast.parse(SOURCE))
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or "."]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert {name.split(".")[0] for name in modules} - sys.stdlib_module_names == {"torch"}
