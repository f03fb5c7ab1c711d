"""The sentences of a held-out set as their file has them."""

from dataclasses import replace

import pytest

from s2s_tutorial.data.corpus import challenge_set, held_out_from, prepare
from s2s_tutorial.data.originals import original_pairs, originals_of
from s2s_tutorial.data.readers import read_file
from s2s_tutorial.data.rules import ASCII, UNICODE, text_rule
from s2s_tutorial.settings import DataSettings

LINES = "It's hot.\tIl fait chaud.\nThe cat – 7!\tЧат\nHe is here.\tIl est là.\nHe's here!\tIl est là.\nYes.\tOui\n"


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("text", ["ascii", "unicode"])
def test_normalising_the_originals_gives_the_held_out_set(tmp_path, text, reverse):
    path = tmp_path / "pairs.tsv"
    path.write_text(LINES, encoding="utf-8")
    data = DataSettings(text=text, reverse=reverse)
    rule, held_out = text_rule(data), held_out_from(read_file(path, data), reverse)
    found = originals_of(held_out, rule, original_pairs(data, str(path)))
    count = len(held_out)
    assert [rule.normalise(source) for source in found.sources[:count]] == held_out.sources
    assert [[rule.normalise(text) for text in texts] for texts in found.references] == [
        *held_out.references, *held_out.unreadable,
    ]  # fmt: skip
    if not reverse:
        assert "Il est là." in found.sources
        assert ["He is here.", "He's here!"] in found.references
    if text == "ascii" and not reverse:
        assert found.sources[count:] == ["Чат"]
        assert found.references[count:] == [["The cat – 7!"]]


def test_the_test_set_of_the_built_in_corpus_has_its_accents_and_capitals_again(tiny_corpus):
    data = DataSettings(corpus="sample", sample_pairs=400)
    found = originals_of(tiny_corpus.test, ASCII, original_pairs(data))
    assert [ASCII.normalise(source) for source in found.sources] == tiny_corpus.test.sources
    assert any(not source.isascii() for source in found.sources)
    assert all(source[0].isupper() for source in found.sources)


def test_own_test_files_and_the_challenge_set_are_read_again(tmp_path):
    rows = [f"word{'x' * n} here\tmot{'x' * n} là" for n in range(1, 200)]
    (tmp_path / "pairs.tsv").write_text("\n".join(rows))
    (tmp_path / "test.tsv").write_text("Good day!\tBonne journée !\n")
    data = DataSettings(corpus=str(tmp_path / "pairs.tsv"), test=str(tmp_path / "test.tsv"))
    found = originals_of(prepare(data).test, ASCII, original_pairs(data))
    assert (found.sources, found.references) == (["Bonne journée !"], [["Good day!"]])
    challenge = challenge_set()
    found = originals_of(challenge, ASCII, original_pairs(replace(data, corpus="sample"), "challenge"))
    assert found.sources == challenge_set(rule=UNICODE).sources
