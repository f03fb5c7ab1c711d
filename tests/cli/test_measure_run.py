"""`evaluate`: translations of any system, text files, comparisons and tables."""

import json
import random
import shutil

import pytest
from typer.testing import CliRunner

from s2s_tutorial.cli.commands import app
from s2s_tutorial.data.readers import content_digest
from s2s_tutorial.settings import DataSettings


def evaluate(*arguments) -> str:
    result = CliRunner().invoke(app, ["evaluate", *map(str, arguments)])
    assert (result.exit_code, result.exception) == (0, None), result.output
    return result.stdout


def error_of(*arguments) -> str:
    result = CliRunner().invoke(app, ["evaluate", *map(str, arguments)])
    assert result.exit_code == 1, result.output
    assert result.stderr.startswith("error: ")
    assert result.stderr.count("\n") == 1
    return result.stderr


@pytest.fixture(scope="module")
def written(talking_run, tmp_path_factory):
    """The folder of text files of a run, and what was printed."""
    folder = tmp_path_factory.mktemp("texts") / "texts"
    return folder, evaluate("--run", talking_run, "--write", folder)


def test_the_written_translations_of_a_run_score_as_the_run_does(talking_run, written):
    folder, text = written
    assert f"wrote {folder}" in text
    assert f"the scores as printed: sacrebleu {folder}/references.txt -i {folder}/hypotheses.txt -tok 13a" in text
    own = json.loads(evaluate("--run", talking_run, "--json"))
    theirs = json.loads(evaluate("--run", talking_run, "--hypotheses", folder / "hypotheses.txt", "--json"))
    for name in ("bleu", "bleu_low", "bleu_high", "chrf", "exact_match", "sentences", "signature"):
        assert theirs[name] == own[name], name
    assert "printed" in theirs
    assert not {"unknown_rate", "seconds"} & set(theirs)
    sources = (folder / "sources.txt").read_text(encoding="utf-8").splitlines()
    assert len(sources) == own["sentences"]
    assert any(source[0].isupper() for source in sources)


def test_perfect_translations_of_another_system_score_100_and_are_better(talking_run, written):
    folder, _ = written
    values = json.loads(
        evaluate("--run", talking_run, "--hypotheses", folder / "references.txt", "--compare", talking_run, "--json")
    )
    assert values["bleu"] == values["printed"]["bleu"] == pytest.approx(100)
    assert values["exact_match"] == values["printed"]["exact_match"] == 1.0
    comparison = values["comparison"]
    assert comparison["bleu_p"] < 0.05
    assert "references.txt is better than" in comparison["meaning"]
    assert comparison["other_bleu"] == pytest.approx(json.loads(evaluate("--run", talking_run, "--json"))["bleu"])
    text = evaluate("--run", talking_run, "--compare", folder / "references.txt", "--write", folder / "two")
    assert "paired bootstrap test" in text
    assert "references.txt is better than" in text
    assert (folder / "two" / "compared.txt").read_bytes() == (folder / "references.txt").read_bytes()


def test_a_file_of_another_length_is_refused(talking_run, written, tmp_path):
    (tmp_path / "short.txt").write_text("one line\n")
    wrong = tmp_path / "short.txt"
    assert f"has 1 line, and the test set of {talking_run} has" in error_of("--run", talking_run, "--hypotheses", wrong)
    assert "short.txt has 1 line" in error_of("--run", talking_run, "--compare", wrong)
    assert "is not a file" in error_of("--run", talking_run, "--compare", tmp_path / "nothing")
    assert "run" in error_of("--run", talking_run, "--compare", tmp_path)


def test_a_run_of_other_languages_is_not_compared(talking_run, tmp_path):
    other = tmp_path / "other"
    shutil.copytree(talking_run, other)
    values = json.loads((other / "run.json").read_text())
    values["settings"]["data"]["languages"] = ["de", "en"]
    (other / "run.json").write_text(json.dumps(values))
    assert "translates from German, and the test set of" in error_of("--run", talking_run, "--compare", other)


def test_a_run_that_has_learned_the_sentences_is_not_compared_in_silence(talking_run, tiny_corpus, tmp_path):
    path = tmp_path / "pairs.tsv"
    known = list(zip(tiny_corpus.train.targets, tiny_corpus.train.sources, strict=True))[:12]
    path.write_text("".join(f"{target}\t{source}\n" for target, source in known))
    lines = evaluate("--run", talking_run, "--pairs", path, "--compare", talking_run).splitlines()
    seen = len({source for _, source in known})
    assert lines[0] == (
        f"warning: {talking_run} was trained on {seen} of {seen} of these sentences, so its score is too good"
    )


def test_a_run_is_not_measured_on_its_own_corpus_in_silence(talking_run, tmp_path):
    run, corpus = tmp_path / "run", tmp_path / "pairs.tsv"
    shutil.copytree(talking_run, run)
    corpus.write_text("The cat sleeps.\tLe chat dort.\nThe dog sleeps.\tLe chien dort.\n", encoding="utf-8")
    values = json.loads((run / "run.json").read_text())
    values["settings"]["data"]["corpus"] = str(corpus)
    values["data"] = content_digest(DataSettings(corpus=str(corpus)))
    (run / "run.json").write_text(json.dumps(values))
    assert f"warning: {run} was trained on most of {corpus}" in evaluate("--run", run, "--pairs", corpus)
    corpus.write_text("The dog sleeps.\tLe chien dort.\n", encoding="utf-8")
    assert "warning" not in evaluate("--run", run, "--pairs", corpus)


@pytest.fixture
def own_pairs(tmp_path):
    """A file of pairs with a category in the third column, of short and of longer sentences."""
    rng = random.Random(0)
    rows = [(" ".join(rng.choices("abcdefgh", k=3 + 5 * (row % 2))), "odd" if row % 2 else "even") for row in range(60)]
    path = tmp_path / "own.tsv"
    path.write_text("".join(f"{text.upper()}\tx {text}\t{kind}\n" for text, kind in rows))
    return path, [text.upper() for text, _ in rows]


def test_translations_of_own_pairs_need_no_model_and_have_tables(own_pairs, tmp_path):
    path, right = own_pairs
    hypotheses = tmp_path / "theirs.txt"
    hypotheses.write_text("".join(f"{text if row % 2 else 'Z'}\n" for row, text in enumerate(right)))
    values = json.loads(evaluate("--pairs", path, "--hypotheses", hypotheses, "--json"))
    assert values["sentences"] == 60
    assert {name: row["exact_match"] for name, row in values["categories"].items()} == {"even": 0.0, "odd": 1.0}
    assert {name: row["sentences"] for name, row in values["by_length"].items()} == {
        "1 to 5 words": 30, "6 to 10 words": 30,
    }  # fmt: skip
    text = evaluate("--pairs", path, "--hypotheses", hypotheses)
    assert "category " in text
    assert "source length " in text
    assert any(line.split() == ["odd", "30", "100.0", "100.0", "100%"] for line in text.splitlines())


def test_the_held_out_part_of_a_corpus_is_written_and_measured_without_a_model(own_pairs, tmp_path):
    path, _ = own_pairs
    many = tmp_path / "many.tsv"
    many.write_text(
        "".join(f"{line.replace(' ', 'y' * n + ' ')}\n" for n in range(1, 9) for line in path.read_text().splitlines())
    )
    text = evaluate("--corpus", many, "--write", tmp_path / "texts")
    assert text.strip() == f"wrote {tmp_path / 'texts'}"
    references = tmp_path / "texts" / "references.txt"
    values = json.loads(evaluate("--corpus", many, "--hypotheses", references, "--json"))
    assert values["exact_match"] == 1.0
    assert "there is nothing to compare" in error_of(
        "--corpus", many, "--write", tmp_path / "texts", "--compare", references
    )


def test_the_challenge_set_and_an_unreadable_sentence_are_compared_by_their_own_text(talking_run, tmp_path):
    text = evaluate("--run", talking_run, "--pairs", "challenge", "--write", tmp_path / "texts")
    assert "phenomenon " in text
    sources = (tmp_path / "texts" / "sources.txt").read_text(encoding="utf-8").splitlines()
    assert any("é" in source for source in sources)
    path = tmp_path / "pairs.tsv"
    path.write_text("The cat sleeps.\tLe chat dort.\nThe dog sleeps.\tпёс спит.\n", encoding="utf-8")
    evaluate("--run", talking_run, "--pairs", path, "--write", tmp_path / "own")
    assert (tmp_path / "own" / "sources.txt").read_text(encoding="utf-8") == "Le chat dort.\nпёс спит.\n"
    assert (tmp_path / "own" / "hypotheses.txt").read_text(encoding="utf-8").splitlines()[1] == ""


def test_letters_that_a_run_cannot_read_are_told_with_its_score(talking_run, tmp_path):
    path = tmp_path / "pairs.tsv"
    path.write_text("The cat sleeps.\tКот chat.\nThe dog sleeps.\tПёс.\n", encoding="utf-8")
    assert (
        f"warning: the text rule 'ascii' of {talking_run} leaves out 6 of 10 letters of the sources (script: Cyrillic)"
    ) in evaluate("--run", talking_run, "--pairs", path)
    path.write_text("The dog sleeps.\tПёс.\n", encoding="utf-8")
    error = error_of("--run", talking_run, "--pairs", path)
    assert (
        "letters of the second column (script: Cyrillic): measure a run that was trained with --text unicode" in error
    )


def test_characters_that_the_packaged_model_has_not_learned_are_told_with_its_score(tmp_path):
    path = tmp_path / "pairs.tsv"
    path.write_text("A cat.\tКот.\nA dog.\tUn chien.\n", encoding="utf-8")
    assert "warning: pretrained has not learned 3 of 12 characters of the sources, such as 'Кот'" in evaluate(
        "--pairs", path
    )
