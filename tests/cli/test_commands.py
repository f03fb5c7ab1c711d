"""The command line: output, streams and exit codes; an error is one line, never a traceback."""

import io
import json
import random
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import click
import pytest
from click.testing import Result
from tiny import TALKING, press_stop
from typer.main import get_command
from typer.testing import CliRunner

from s2s_tutorial import files as checkpoint
from s2s_tutorial.cli import train_run
from s2s_tutorial.cli.commands import app
from s2s_tutorial.cli.translate_lines import read_lines, warn
from s2s_tutorial.data.corpus import challenge_set
from s2s_tutorial.presets import PRESETS
from s2s_tutorial.runs.folder import open_run
from s2s_tutorial.training.trainer import Trainer
from s2s_tutorial.translation.translation import Translation
from s2s_tutorial.translation.translator import SentenceError, read_sentence
from s2s_tutorial.web.export import load_exported

SCORES = {
    "bleu", "bleu_low", "bleu_high", "chrf", "exact_match", "unknown_rate", "sentences", "seconds", "signature",
}  # fmt: skip
ALIGNMENT_SCORES = {"aer", "aer_best", "aer_chance"}
SMALL = ("--preset", "small")


def call(*arguments: str | Path, stdin: str | bytes | None = None) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments], input=stdin)


def said(result: Result) -> list[str]:
    """Return the lines on standard output of a successful call."""
    assert (result.exit_code, result.exception) == (0, None), result.output
    return result.stdout.splitlines()


def error_of(result: Result) -> str:
    """Return the one line on standard error, except for warnings, of a call that failed."""
    assert isinstance(result.exception, SystemExit), result.exception
    assert result.exit_code == 1
    lines = [line for line in result.stderr.splitlines() if not line.startswith("warning: ")]
    assert len(lines) == 1, result.stderr
    assert lines[0].startswith("error: ")
    return lines[0]


@pytest.fixture(autouse=True)
def _tiny_preset(monkeypatch):
    """Make `--preset small` small enough to train it many times."""
    monkeypatch.setitem(PRESETS, "small", TALKING)


@pytest.fixture
def quick_end(monkeypatch):
    """Replace the display of the result, which takes seconds, by one line, for tests of how training ends."""
    monkeypatch.setattr(train_run, "show_result", lambda trainer: print(f"The result of {trainer.run.folder}"))


@pytest.fixture(scope="module")
def trained(tmp_path_factory) -> tuple[Path, Result]:
    """A run that the command line trained, and its output."""
    run = tmp_path_factory.mktemp("cli") / "run with a space"
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(PRESETS, "small", TALKING)
        return run, call("train", *SMALL, "--run", run)


@pytest.fixture(scope="module")
def run(trained) -> Path:
    return trained[0]


def knows(run: Path) -> str:
    """Return a sentence of words that the run has learned."""
    return " ".join(word for word in open_run(run).src_vocabulary.words[4:40] if word.isalpha())


# Help


def commands(command: click.Command, path: tuple[str, ...] = ()):
    yield path, command
    for name, sub in getattr(command, "commands", {}).items():
        yield from commands(sub, (*path, name))


@pytest.mark.parametrize("path", [path for path, _ in commands(get_command(app))], ids=" ".join)
def test_every_command_has_a_help_text(path):
    command = dict(commands(get_command(app)))[path]
    text = "\n".join(said(call(*path, "--help")))
    assert text.startswith("Usage:")
    assert "..." not in text.partition("Commands:")[2], "a line of the list of commands is cut"
    assert len(command.help) > 40
    assert re.search(r"^  Examples?:\n    (s2s-tutorial|torchrun) ", text, re.MULTILINE)
    for parameter in command.params:
        assert len(parameter.help.split()) >= 4, parameter.name
        assert parameter.help.endswith("."), parameter.name
        assert parameter.opts[0] in text or parameter.metavar in text


@pytest.mark.parametrize("path", [path for path, _ in commands(get_command(app))], ids=" ".join)
def test_the_short_option_shows_the_same_help(path):
    assert said(call(*path, "-h")) == said(call(*path, "--help"))


@pytest.mark.parametrize(
    "example",
    [
        line.strip()
        for _, command in commands(get_command(app))
        for line in (command.epilog or "").splitlines()
        if line.startswith(("  s2s-tutorial ", "  torchrun "))
    ],
)
def test_the_examples_of_the_help_are_commands_that_exist(example):
    words = shlex.split(re.split(" [<>] ", example)[0])
    words = words[words.index("s2s_tutorial.cli" if words[0] == "torchrun" else "s2s-tutorial") + 1 :]
    command = get_command(app)
    while hasattr(command, "commands"):
        command = command.commands[words.pop(0)]
    context = command.make_context("s2s-tutorial", words)
    assert context.params


@pytest.mark.parametrize("option", ["--version", "-V"])
def test_the_version_is_name_and_number(option):
    assert said(call(option)) == [f"s2s-tutorial {version('s2s_tutorial')}"]


def test_the_commands_of_the_book_are_there():
    names = {" ".join(path) for path, command in commands(get_command(app)) if not hasattr(command, "commands")}
    assert names >= {
        *("data", "train", "translate", "evaluate", "plot attention", "plot losses", "export", "page", "serve"),
    }


@pytest.mark.parametrize(
    "arguments",
    [["--frobnicate"], ["transmogrify"], ["train"], ["train", "--run", "x", "--attention", "heavy"],
     ["translate", "--run", "x", "--beam", "0", "a"], ["data", "--preset", "huge"]],
)  # fmt: skip
def test_a_mistyped_command_is_explained(arguments):
    result = call(*arguments)
    assert result.exit_code == 2
    assert "Usage:" in result.stderr
    assert "Traceback" not in result.output


# data


def test_data_shows_how_many_pairs_each_filter_leaves():
    lines = said(call("data", *SMALL))
    counts = {line[:40].strip(): line[40:].split() for line in lines}
    assert counts["read"] == ["400", "pairs"]
    parts = [int(counts[name][0].replace(",", "")) for name in ("training", "validation", "test")]
    assert sum(parts) == int(counts["distinct"][0])


def test_data_reads_a_file_and_reverses_it(tmp_path):
    path = tmp_path / "pairs.tsv"
    write_pairs(path)
    forward, back = said(call("data", "--corpus", path)), said(call("data", "--corpus", path, "--reverse"))
    words = [
        next(re.findall(r"\d+ / \d+", line)[0] for line in lines if "words kept" in line) for lines in (forward, back)
    ]
    assert words[0].split(" / ") == words[1].split(" / ")[::-1]
    assert all(any("source sentences" in line for line in lines) for lines in (forward, back))
    assert not any("French" in line or "English" in line for line in forward)
    named = said(call("data", "--corpus", path, "--languages", "de", "Italian"))
    assert any("German sentences" in line for line in named)
    assert any("German / Italian words kept" in line for line in named)


def write_pairs(path: Path, count: int = 300) -> None:
    rng = random.Random(0)
    english, french = (
        ["we", "you", "they", "sing", "wait", "swim", "now", "today", "here", "again"],
        ["nous", "vous", "ils", "chante", "attend", "nage"],
    )
    lines = [f"{' '.join(rng.choices(english, k=4))}\t{' '.join(rng.choices(french, k=4))}\n" for _ in range(count)]
    path.write_text("".join(lines), encoding="utf-8")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"a\tb\nonly one\n", "line 2 of pairs.tsv has 1 column"),
        (b"a\tb\tc\td\n", "line 1 of pairs.tsv has 4 columns"),
        (b"a\tb\n\xe9\tc\n", "line 2 of pairs.tsv is not UTF-8"),
        (b"a\tb\n", "no training pairs|no validation pairs|no test pairs"),
        (None, "is not a file"),
    ],
)
@pytest.mark.parametrize("command", ["data", "train"])
def test_a_bad_file_of_pairs_is_an_error_of_one_line_and_nothing_is_written(tmp_path, command, data, words):
    path = tmp_path / "pairs.tsv"
    if data is not None:
        path.write_bytes(data)
    result = call(command, "--corpus", path, *(["--run", tmp_path / "run"] if command == "train" else []))
    assert re.search(words, error_of(result))
    assert result.stdout == ""
    assert not (tmp_path / "run").exists()


def test_data_shows_which_columns_are_read_and_what_was_dropped(tmp_path):
    path = tmp_path / "pairs.tsv"
    write_pairs(path)
    lines = path.read_text().splitlines()
    numbered = [f"{number}\t{line}" for number, line in enumerate(["english\tgerman", *lines, lines[0]])]
    path.write_text("\n".join([f"id\t{numbered[0].partition(chr(9))[2]}", *numbered[1:], "no tab"]))
    assert "line 303 of pairs.tsv has 1 column" in error_of(call("data", "--corpus", path))
    text = "\n".join(said(call("data", "--corpus", path, "--skip-bad", "--languages", "en", "de")))
    assert re.search(r"^read from +pairs.tsv: columns separated by tabs$", text, re.MULTILINE)
    assert re.search(r"^source +column 2 \(english\), such as '", text, re.MULTILINE)
    assert re.search(r"^target +column 3 \(german\), such as '", text, re.MULTILINE)
    assert re.search(r"^left out +line 1, which names the columns$", text, re.MULTILINE)
    assert re.search(r"^left out \(--skip-bad\) +1 line\n +line 303 of pairs.tsv has 1 column", text, re.MULTILINE)
    assert re.search(r"^distinct +\d+ pairs +\d+ dropped$", text, re.MULTILINE)
    assert "English / German words kept" in text


def test_two_parallel_files_are_given_one_after_the_other(tmp_path):
    path = tmp_path / "pairs.tsv"
    write_pairs(path)
    english, french = zip(*(line.split("\t") for line in path.read_text().splitlines()), strict=True)
    files = tmp_path / "train.en", tmp_path / "train.fr"
    for file, side in zip(files, (english, french), strict=True):
        file.write_text("\n".join(side) + "\n")
    one, two, three = (
        said(call("data", "--corpus", *given)) for given in ([path], files, [files[0], "--corpus", files[1]])
    )
    assert two == three
    assert two[3:] == one[3:]
    assert "train.en and train.fr: two parallel files" in two[0]
    files[1].write_text("\n".join(french[:-2]) + "\n")
    assert "train.fr ends after line 298 and train.en does not" in error_of(call("data", "--corpus", *files))
    assert "give one file, or two parallel files" in error_of(call("data", "--corpus", path, "--corpus", *files))
    assert "give one file, or two parallel files" in error_of(call("data", "--corpus", path, *files))


def test_held_out_sets_may_be_two_parallel_files_each(tmp_path):
    path, files = tmp_path / "pairs.tsv", {}
    write_pairs(path)
    for part in ("dev", "test"):
        files[part] = [tmp_path / f"{part}.{side}" for side in ("en", "fr")]
        for file in files[part]:
            file.write_text(f"{part} one\n{part} two\n")
    lines = said(call("data", "--valid", *files["dev"], "--corpus", path, "--test", *files["test"]))
    assert any(re.search(r"^test set +test.en and test.fr: two parallel files", line) for line in lines)
    assert any(re.search(r"^validation set +dev.en and dev.fr: two parallel files", line) for line in lines)
    once = call("data", f"--valid={files['dev'][0]}", files["dev"][1], "--corpus", path, "--test", *files["test"])
    assert said(once) == lines
    assert "--test has 3 values" in error_of(call("data", "--corpus", path, "--test", *files["test"], path))
    assert call("data", "--reverse", files["dev"][0]).exit_code == 2


def test_held_out_files_and_a_split_by_source_can_be_given(tmp_path):
    path, test = tmp_path / "chat.tsv", tmp_path / "test.tsv"
    lines = [f"answer {'abc'[n % 3]}\tquestion {n // 26} {chr(97 + n % 26)} {'xyz'[n % 7 % 3]}\n" for n in range(200)]
    path.write_text("".join(lines).replace("0", "p").replace("1", "q").replace("2", "r"))
    test.write_text("answer a\tquestion new\nanswer b\tquestion newer\n")
    assert "--split-by source" in error_of(call("data", "--corpus", path))
    lines = said(call("data", "--corpus", path, "--split-by", "source", "--test", test))
    assert any(line.startswith("test set") and "test.tsv" in line for line in lines)
    assert any(re.match(r"test +2 pairs of 2 source sentences", line) for line in lines)


# train


def test_training_ends_with_scores_ten_sentences_and_pictures(trained):
    run, result = trained
    lines = said(result)
    text = "\n".join(lines)
    assert re.search(r"Finished: \d+ of \d+ steps in \d+ s; best validation BLEU \d+\.\d at step \d+", text)
    assert re.search(r"Held-out test sentences: BLEU \d+\.\d \(95%: .*\)", text)
    assert "alignment error rate" in text
    for mark in (">", "=", "<"):
        assert sum(line.startswith(f"{mark} ") or line == mark for line in lines) == 10
    assert {path.name for path in run.glob("*.png")} == {"losses.png"} | {f"attention-{n}.png" for n in (1, 2, 3)}
    assert set(json.loads((run / "scores.json").read_text())) == SCORES | ALIGNMENT_SCORES


def test_the_last_line_is_a_command_that_works(trained):
    run, result = trained
    line = said(result)[-1]
    assert str(run) in line
    words = shlex.split(line.removeprefix("Try it: "))
    assert words[:4] == ["s2s-tutorial", "translate", "--run", str(run)]
    assert said(call(*words[1:]))


def test_the_same_command_again_reports_a_finished_run_and_does_not_train(trained, monkeypatch, quick_end):
    run, _ = trained
    monkeypatch.setattr(Trainer, "train_step", None)
    before = {path.name: path.read_bytes() for path in run.glob("*.safetensors")}
    result = call("train", *SMALL, "--run", run)
    assert re.match("Finished: ", said(result)[-2])
    assert said(result)[-1] == f"The result of {run}"
    assert {path.name: path.read_bytes() for path in run.glob("*.safetensors")} == before


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--seed", "7"], "seed 0, not 7"),
        (["--attention", "dot"], "attention general, not dot"),
        (["--decoder", "bahdanau"], "decoder luong, not bahdanau"),
        (["--reverse"], "reverse False, not True"),
        (["--epochs", "9"], "epochs 4, not 9"),
        (["--precision", "bf16"], "precision auto, not bf16"),
    ],
)
def test_other_settings_on_the_same_run_are_an_error(run, options, words):
    assert words in error_of(call("train", *SMALL, "--run", run, *options))


def test_incompatible_settings_are_an_error(tmp_path):
    result = call("train", *SMALL, "--run", tmp_path / "run", "--decoder", "bahdanau", "--input-feeding")
    assert "input_feeding" in error_of(result)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_with_other_files_is_refused(tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    assert "is not empty and holds no run" in error_of(call("train", *SMALL, "--run", tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_ctrl_c_ends_with_130_and_the_same_command_resumes(tmp_path, monkeypatch, quick_end):
    take_step = Trainer.train_step
    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "train_step", lambda self, batch: (press_stop(), take_step(self, batch))[1])
        result = call("train", *SMALL, "--epochs", "1", "--run", tmp_path / "run")
    assert result.exit_code == 130
    assert "Stopped after step 1 of" in result.stderr
    assert "The result of" not in result.stdout
    result = call("train", *SMALL, "--epochs", "1", "--run", tmp_path / "run")
    assert "Resuming from checkpoint-000000001.safetensors" in result.stderr
    assert said(result)[-1] == f"The result of {tmp_path / 'run'}"


@pytest.fixture
def vectors_file(tmp_path) -> Path:
    """A file of vectors with twelve dimensions, for two French words and one other word."""
    path = tmp_path / "fr.vec"
    path.write_text("".join(f"{word}{' 0.5 -0.25' * 6}\n" for word in ("Elle", "zzz", "un")), encoding="utf-8")
    return path


def test_word_vectors_start_a_run_of_their_size_which_resumes_only_with_them(
    tmp_path, vectors_file, monkeypatch, quick_end
):
    command = ("train", *SMALL, "--epochs", "1", "--run", tmp_path / "run")
    take_step = Trainer.train_step
    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "train_step", lambda self, batch: (press_stop(), take_step(self, batch))[1])
        result = call(*command, "--vectors", vectors_file)
    assert result.exit_code == 130
    assert re.search(r"vectors of 12 dimensions for 2 of \d+ source words from fr\.vec", result.stdout)
    begun = open_run(tmp_path / "run")
    assert (begun.settings.model.embedding_size, begun.settings.model.hidden_size) == (12, 12)
    assert begun.start.startswith("vectors of fr.vec, sha256 ")
    assert "embedding_size 12, not 48" in error_of(call(*command))
    vectors_file.write_text(vectors_file.read_text().replace("-0.25", "-0.75"))
    assert "began with 'vectors of fr.vec" in error_of(call(*command, "--vectors", vectors_file))
    vectors_file.write_text(vectors_file.read_text().replace("-0.75", "-0.25"))
    result = call(*command, "--vectors", vectors_file)
    assert "Resuming from checkpoint-000000001.safetensors" in result.stderr
    assert said(result)[-1] == f"The result of {tmp_path / 'run'}"


def test_bad_word_vectors_are_an_error_of_one_line_and_nothing_is_written(tmp_path, vectors_file):
    vectors_file.write_text("elle 0.5\nun 0.5 0.5\n")
    line = error_of(call("train", *SMALL, "--run", tmp_path / "run", "--vectors", vectors_file))
    assert "line 2 of fr.vec has too many numbers (2, expected 1)" in line
    assert not (tmp_path / "run").exists()


def test_the_result_is_also_shown_when_the_time_limit_is_reached(tmp_path, quick_end):
    lines = said(call("train", *SMALL, "--run", tmp_path / "run", "--max-minutes", "0"))
    assert re.match(r"Ended after 0\.\d minutes: 1 of \d+ steps", lines[-2])
    assert lines[-1] == f"The result of {tmp_path / 'run'}"


def test_a_folder_that_cannot_be_written_is_an_error_of_one_line(tmp_path, monkeypatch):
    def refuse(self, *args, **kwargs):
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(type(tmp_path), "mkdir", refuse)
    line = error_of(call("train", *SMALL, "--run", tmp_path / "run"))
    assert "Permission denied" in line
    assert str(tmp_path / "run") in line


def test_a_full_disk_is_an_error_of_one_line_and_leaves_no_partial_file(run, tmp_path, monkeypatch):
    def refuse(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(checkpoint.os, "fsync", refuse)
    assert "No space left" in error_of(call("plot", "losses", "--run", run, "--out", tmp_path / "losses.png"))
    assert list(tmp_path.iterdir()) == []


def test_a_missing_device_is_an_error_of_one_line(run):
    assert "try --device cpu" in error_of(call("translate", "--run", run, "--device", "warp", "le chat"))


def test_a_run_is_found_again_when_its_file_is_spelled_otherwise_or_moved(tmp_path, monkeypatch, quick_end):
    write_pairs(tmp_path / "pairs.tsv")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(PRESETS, "small", replace(TALKING, training=replace(TALKING.training, epochs=1)))
    said(call("train", *SMALL, "--corpus", "pairs.tsv", "--run", "run"))
    for spelled in ("./pairs.tsv", tmp_path / "pairs.tsv"):
        assert said(call("train", *SMALL, "--corpus", spelled, "--run", "run"))[-1] == "The result of run"
    other = tmp_path / "other"
    other.mkdir()
    monkeypatch.chdir(other)
    scores = json.loads(call("evaluate", "--run", tmp_path / "run", "--json").stdout)
    (tmp_path / "pairs.tsv").rename(other / "moved.tsv")
    assert "--corpus FILE" in error_of(call("evaluate", "--run", tmp_path / "run"))
    again = json.loads(call("evaluate", "--run", tmp_path / "run", "--corpus", "moved.tsv", "--json").stdout)
    assert {**again, "seconds": 0} == {**scores, "seconds": 0}
    assert said(call("train", *SMALL, "--corpus", "moved.tsv", "--run", tmp_path / "run"))
    write_pairs(other / "moved.tsv", count=200)
    assert "other sentence pairs" in error_of(call("train", *SMALL, "--corpus", "moved.tsv", "--run", tmp_path / "run"))


def test_the_languages_of_a_run_are_kept_and_named(tmp_path, quick_end):
    write_pairs(tmp_path / "pairs.tsv")
    command = ("train", *SMALL, "--corpus", tmp_path / "pairs.tsv", "--epochs", "1", "--run", tmp_path / "run")
    said(call(*command, "--languages", "de", "Spanish"))
    assert open_run(tmp_path / "run").settings.data.languages == ("de", "es")
    assert "languages ('de', 'es'), not ()" in error_of(call(*command))
    assert "the challenge set is French and English" in error_of(
        call("evaluate", "--run", tmp_path / "run", "--pairs", "challenge")
    )


def test_an_unknown_language_is_an_error():
    assert "'Klingonese' is not a language" in error_of(call("data", *SMALL, "--languages", "de", "Klingonese"))


# translate


def test_a_sentence_may_begin_with_a_hyphen(run):
    sentence = knows(run)
    plain = said(call("translate", "--run", run, sentence))
    for written in (f"-{sentence}", f"- {sentence}", f"–{sentence}", f"--{sentence}"):
        assert said(call("translate", "--run", run, written)) == plain
    assert said(call("translate", f"-{sentence}", "--beam", "1", "--run", run)) == plain
    result = call("translate", "--run", run, "--beem", "3", sentence)
    assert result.exit_code == 2
    assert "No such option: --beem" in result.stderr


def test_a_terminal_is_told_what_to_type_on_standard_error(monkeypatch, capsys):
    class Terminal(io.TextIOWrapper):
        def isatty(self):
            return True

    monkeypatch.setattr(sys, "stdin", Terminal(io.BytesIO(b"le chat\n\xff\n")))
    first, second = read_lines(None)
    assert first == "le chat"
    assert isinstance(second, UnicodeDecodeError)
    output = capsys.readouterr()
    assert (output.out, output.err) == ("", "Type a sentence and press Enter. Ctrl-D ends.\n> > > \n")


def test_an_argument_that_is_not_utf_8_is_an_error(run):
    assert "not UTF-8" in error_of(call("translate", "--run", run, "le ch\udce9t"))


def test_arguments_are_translated_line_by_line(run):
    sentence = knows(run)
    lines = said(call("translate", "--run", run, sentence, sentence.upper(), sentence))
    assert len(lines) == 3
    assert lines[0] == lines[1] == lines[2] != ""


def test_standard_input_is_translated_like_arguments(run):
    sentence = knows(run)
    words = sentence.split()
    sentences = [sentence, " ".join(words[:5]), " ".join(words[5:9])]
    one, other = (
        call("translate", "--run", run, *sentences),
        call("translate", "--run", run, stdin="\r\n".join(sentences)),
    )
    assert said(one) == said(other)


def test_empty_input_gives_empty_output(run):
    assert said(call("translate", "--run", run, stdin="")) == []


def test_a_beam_gives_one_line_for_each_sentence_too(run):
    assert len(said(call("translate", "--run", run, "--beam", "3", knows(run), knows(run)))) == 2


BAD_SENTENCES = {
    "an empty line": ("", "empty"),
    "an emoji": ("🙂🙂", "no letter"),
    "marks and digits": ("?! 12", "no letter"),
    "10,000 words": ("le " * 10_000, "10,000 words"),
    "only unknown words": ("xyzzyx qwrtzu.", "no word that this model has learned"),
}


@pytest.mark.parametrize("kind", BAD_SENTENCES)
def test_a_bad_line_gives_an_empty_one_a_message_and_exit_code_1(run, kind):
    sentence, words = BAD_SENTENCES[kind]
    good = knows(run)
    result = call("translate", "--run", run, stdin=f"{good}\n{sentence}\n{good}\n")
    assert words in error_of(result)
    lines = result.stdout.splitlines()
    assert len(lines) == 3
    assert (bool(lines[0]), lines[1], lines[2]) == (True, "", lines[0])
    assert words in error_of(call("translate", "--run", run, sentence))


def test_the_messages_name_what_to_do():
    for sentence, _ in list(BAD_SENTENCES.values())[:4]:
        with pytest.raises(SentenceError, match=r": (type|translate)"):
            read_sentence(sentence)


def test_a_line_in_another_encoding_affects_no_other_line(run):
    good = knows(run).encode()
    result = call("translate", "--run", run, stdin=good + b"\n\xe9t\xe9\n" + good + b"\n")
    assert "UTF-8" in error_of(result)
    assert [bool(line) for line in result.stdout.splitlines()] == [True, False, True]


def test_json_holds_everything_about_a_translation(run):
    (line,) = said(call("translate", "--run", run, "--json", "--beam", "3", knows(run) + " xyzzyx"))
    values = json.loads(line)
    names = {
        "text",
        "source",
        "words",
        "copied",
        "unknown",
        "score",
        "others",
        "attention",
        "dropped",
        "unlearned",
        "too_long",
    }
    assert set(values) == names
    assert values["unknown"] == ["xyzzyx"]
    assert len(values["others"]) == 2
    assert values["score"] >= max(other["score"] for other in values["others"])
    assert len(values["attention"]) in (len(values["words"]), len(values["words"]) + 1)
    for row in values["attention"]:
        assert len(row) == len(values["source"]) + 1
        assert sum(row) == pytest.approx(1, abs=0.01)


def test_json_has_a_line_for_a_bad_sentence_too(run):
    result = call("translate", "--run", run, "--json", knows(run), "🙂")
    assert "no letter" in error_of(result)
    good, bad = map(json.loads, result.stdout.splitlines())
    assert good["text"]
    assert bad["text"] == ""
    assert "no letter" in bad["error"]


@pytest.mark.parametrize("command", [["translate", "le chat"], ["evaluate"], ["plot", "losses", "--out", "x.png"]])
@pytest.mark.parametrize("kind", ["missing", "empty", "another format", "damaged"])
def test_a_run_that_cannot_be_opened_is_an_error_of_one_line(tmp_path, monkeypatch, command, kind):
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "run"
    if kind != "missing":
        folder.mkdir()
    if kind == "another format":
        (folder / "run.json").write_text('{"format": 99, "versions": {"s2s_tutorial": "9.9"}}')
    if kind == "damaged":
        (folder / "run.json").write_text('{"format": 1')
    line = error_of(call(*command, "--run", folder))
    assert "run" in line
    assert not (tmp_path / "x.png").exists()


# evaluate


def test_json_scores_of_the_held_out_set(run):
    values = json.loads(call("evaluate", "--run", run, "--json").stdout)
    assert set(values) == SCORES | ALIGNMENT_SCORES
    kept = json.loads((run / "scores.json").read_text())
    assert {**values, "seconds": 0} == {**kept, "seconds": 0}


def test_scores_of_an_unfinished_run_are_labelled_as_such(tmp_path, monkeypatch):
    command = ("train", *SMALL, "--epochs", "2", "--run", tmp_path / "run")
    evaluate = Trainer._evaluate
    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "_evaluate", lambda self: (evaluate(self), press_stop()))
        assert call(*command).exit_code == 130
    stopped_at = int(max((tmp_path / "run").glob("checkpoint-*")).stem.split("-")[1])
    first, *_ = said(call("evaluate", "--run", tmp_path / "run", "--pairs", "challenge"))
    assert first == (
        f"{tmp_path / 'run'} has not finished training: it is at step {stopped_at}, and its best weights are of step "
        f"{stopped_at}."
    )
    values = json.loads(call("evaluate", "--run", tmp_path / "run", "--pairs", "challenge", "--json").stdout)
    assert values["unfinished"] == first


def test_json_scores_of_the_challenge_set_have_its_phenomena(run):
    values = json.loads(call("evaluate", "--run", run, "--pairs", "challenge", "--json").stdout)
    assert set(values) == SCORES | {"phenomena", "by_length"}
    assert set(values["phenomena"]) - {"in training data"} == set(challenge_set().groups)
    assert all(set(group) == {"sentences", "bleu", "chrf", "exact_match"} for group in values["phenomena"].values())
    assert sum(group["sentences"] for group in values["phenomena"].values()) == values["sentences"]


def test_in_a_file_of_pairs_rows_with_the_same_french_are_one_sentence(run, tmp_path):
    path = tmp_path / "mine.tsv"
    path.write_text("The cat sleeps.\tLe chat dort.\nThe cat is asleep.\tLe chat dort.\nHe eats.\tIl mange.\n")
    values = json.loads(call("evaluate", "--run", run, "--pairs", path, "--json").stdout)
    assert set(values) == SCORES
    assert values["sentences"] == 2


def test_the_unknown_rate_of_a_file_is_counted_over_its_french_words(run, tmp_path):
    path = tmp_path / "mine.tsv"
    path.write_text("A.\txyzzyx qwrtzu\nB.\tle le\n")
    assert "le" in open_run(run).src_vocabulary
    values = json.loads(call("evaluate", "--run", run, "--pairs", path, "--json").stdout)
    assert values["unknown_rate"] == 0.5


def test_without_json_scores_are_a_line_and_a_table(run):
    lines = said(call("evaluate", "--run", run, "--pairs", "challenge"))
    assert lines[0].startswith("BLEU ")
    assert all(any(line.startswith(group) for line in lines) for group in challenge_set().groups)


def test_a_perfect_model_would_score_100(run, tmp_path):
    """With the run's own translations as references, evaluation from file to score must give 100."""
    sources = [" ".join(knows(run).split()[start : start + 6]) for start in range(0, 24, 3)]
    outputs = said(call("translate", "--run", run, *sources))
    path = tmp_path / "own.tsv"
    path.write_text("".join(f"{output}\t{source}\n" for source, output in zip(sources, outputs, strict=True)))
    values = json.loads(call("evaluate", "--run", run, "--pairs", path, "--json").stdout)
    assert values["bleu"] == pytest.approx(100)
    assert values["exact_match"] == 1.0


@pytest.mark.parametrize(
    ("data", "words"), [(None, "is not a file"), (b"a\n", "1 column"), (b"1\t2\n", "nothing to measure")]
)
def test_a_bad_file_of_pairs_to_evaluate_is_an_error_of_one_line(run, tmp_path, data, words):
    if data is not None:
        (tmp_path / "mine.tsv").write_bytes(data)
    assert words in error_of(call("evaluate", "--run", run, "--pairs", tmp_path / "mine.tsv", "--json"))


def test_pairs_with_a_sentence_above_the_length_limit_are_refused(run, tmp_path):
    (tmp_path / "mine.tsv").write_text("a cat\tun chat\nlong\t" + "chat " * 201 + "\n")
    error = error_of(call("evaluate", "--run", run, "--pairs", tmp_path / "mine.tsv"))
    assert "has 201 words, at most 200 are read: translate it in parts" in error


def test_a_held_out_set_that_has_changed_is_not_evaluated(tmp_path, monkeypatch, quick_end):
    path = tmp_path / "pairs.tsv"
    write_pairs(path)
    training = replace(TALKING.training, epochs=1)
    monkeypatch.setitem(PRESETS, "small", replace(TALKING, training=training))
    said(call("train", *SMALL, "--corpus", path, "--run", tmp_path / "run"))
    with path.open("a") as file:
        file.write("we sing yesterday\tnous chante hier\n" * 9)
    assert "have changed" in error_of(call("evaluate", "--run", tmp_path / "run"))


def test_sentences_that_cannot_be_read_are_counted_and_are_wrong(run, tmp_path):
    sentence = " ".join(knows(run).split()[:6])
    (output,) = said(call("translate", "--run", run, sentence))
    path = tmp_path / "mine.tsv"
    path.write_text(f"{output}\t{sentence}\nyes\tда\nno\tнет\n", encoding="utf-8")
    values = json.loads(call("evaluate", "--run", run, "--pairs", path, "--json").stdout)
    assert (values["sentences"], values["unreadable"]) == (3, 2)
    assert values["exact_match"] == pytest.approx(1 / 3)
    lines = said(call("evaluate", "--run", run, "--pairs", path))
    assert "2 of the sentences could not be read and count as wrong" in lines
    assert "A score of 3 sentences means little: test on more" in lines


def test_a_handful_of_sentences_has_no_narrow_interval(run, tmp_path):
    sources = [" ".join(knows(run).split()[start : start + 6]) for start in range(4)]
    path = tmp_path / "own.tsv"
    outputs = said(call("translate", "--run", run, *sources))
    path.write_text("".join(f"{output}\t{source}\n" for source, output in zip(sources, outputs, strict=True)))
    values = json.loads(call("evaluate", "--run", run, "--pairs", path, "--json").stdout)
    assert (values["bleu_low"], values["bleu_high"]) == (0.0, 100.0)


# plot


def test_attention_is_drawn_and_the_translation_printed(run, tmp_path):
    lines = said(call("plot", "attention", "--run", run, "--out", tmp_path / "a.png", knows(run)))
    assert lines == [*said(call("translate", "--run", run, knows(run))), f"wrote {tmp_path / 'a.png'}"]
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")


def test_losses_are_drawn(run, tmp_path):
    said(call("plot", "losses", "--run", run, "--out", tmp_path / "l.svg"))
    assert b"<svg" in (tmp_path / "l.svg").read_bytes()


@pytest.mark.parametrize(
    ("out", "sentence", "words"),
    [
        ("a.docx", "le chat", "end the name in .png"),
        ("no/such/a.png", "le chat", "No such file"),
        ("a.png", "🙂", "no letter"),
        ("a.png", "qqqq", "no word that this model has learned"),
    ],
)
def test_a_picture_that_cannot_be_made_is_an_error_of_one_line(run, tmp_path, out, sentence, words):
    assert words in error_of(call("plot", "attention", "--run", run, "--out", tmp_path / out, sentence))
    assert list(tmp_path.iterdir()) == []


def test_a_model_without_attention_has_no_picture(run, tmp_path):
    copy = shutil.copytree(run, tmp_path / "copy", ignore=shutil.ignore_patterns("tensorboard"))
    values = json.loads((copy / "run.json").read_text())
    values["settings"]["model"]["attention"] = "none"
    (copy / "run.json").write_text(json.dumps(values))
    opened = open_run(copy)
    from s2s_tutorial.runs.weights import save_model

    save_model(opened.model_path, opened.build_model())
    assert "no attention to draw" in error_of(
        call("plot", "attention", "--run", copy, "--out", tmp_path / "a.png", "le chat")
    )
    assert json.loads(said(call("translate", "--run", copy, "--json", knows(run)))[0])["attention"] is None


# As a process of its own


# The other network


@pytest.fixture(scope="module")
def transformer_run(tmp_path_factory) -> Path:
    """A run with a Transformer that the command line trained."""
    run = tmp_path_factory.mktemp("cli") / "transformer"
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(PRESETS, "small", TALKING)
        lines = said(call("train", *SMALL, "--network", "transformer", "--run", run))
    assert lines[-1].startswith("To translate with it: ") or str(run) in lines[-1]
    return run


def test_a_transformer_is_trained_with_its_own_sizes(transformer_run):
    model = open_run(transformer_run).settings.model
    assert (model.network, model.hidden_size, model.num_layers) == ("transformer", 32, 2)
    assert {path.name for path in transformer_run.iterdir()} >= {"model.safetensors", "scores.json", "losses.png"}


def test_a_transformer_translates_is_measured_and_drawn(transformer_run, tmp_path):
    sentence = knows(transformer_run)
    lines = said(call("translate", "--run", transformer_run, sentence, sentence.upper()))
    assert lines[0] == lines[1] != ""
    (line,) = said(call("translate", "--run", transformer_run, "--json", "--beam", "3", sentence + " xyzzyx"))
    values = json.loads(line)
    assert len(values["others"]) == 2
    assert all(sum(row) == pytest.approx(1, abs=0.02) for row in values["attention"])
    scores = json.loads("\n".join(said(call("evaluate", "--run", transformer_run, "--beam", "2", "--json"))))
    assert set(scores) == SCORES | ALIGNMENT_SCORES
    assert "phenomena" in json.loads(
        "\n".join(said(call("evaluate", "--run", transformer_run, "--pairs", "challenge", "--json")))
    )
    for what, arguments in (("attention", [sentence]), ("losses", [])):
        path = tmp_path / f"{what}.png"
        said(call("plot", what, "--run", transformer_run, "--out", path, *arguments))
        assert path.read_bytes().startswith(b"\x89PNG")


def test_the_page_of_a_transformer_names_its_heads(transformer_run, tmp_path):
    [line] = said(call("page", "--run", transformer_run, "--to", tmp_path / "page", "--no-examples", "--no-measure"))
    assert line.startswith("wrote ")
    assert "Transformer with 4 attention heads" in (tmp_path / "page" / "index.html").read_text(encoding="utf-8")


def test_a_transformer_is_exported_for_the_page(transformer_run, tmp_path):
    first, *_ = said(call("export", "--run", transformer_run, "--to", tmp_path / "web"))
    assert "MB before base64" in first
    exported = load_exported(tmp_path / "web" / "transformer.safetensors")
    assert exported.model.settings == open_run(transformer_run).settings.model


@pytest.mark.parametrize(
    "options", [["--attention", "general"], ["--decoder", "luong"], ["--input-feeding"]], ids=lambda options: options[0]
)
def test_options_of_the_recurrent_network_are_refused_for_a_transformer(tmp_path, options):
    line = error_of(call("train", *SMALL, "--run", tmp_path / "run", "--network", "transformer", *options))
    assert "options of the recurrent network: leave them out, or use --network gru" in line
    assert list(tmp_path.iterdir()) == []


def test_another_network_on_the_same_run_is_an_error(run):
    line = error_of(call("train", *SMALL, "--run", run, "--network", "transformer"))
    assert re.search(r"holds a run with other settings \(\w+ .*, not .*\): use these", line)


@pytest.mark.parametrize("sampling", ["linear", "none"])
def test_a_transformer_resumes_from_the_same_command(tmp_path, monkeypatch, quick_end, vectors_file, sampling):
    command = ("train", *SMALL, "--network", "transformer", "--epochs", "1", "--sampling", sampling)
    command += ("--vectors", vectors_file, "--run", tmp_path / "run")
    take_step = Trainer.train_step
    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "train_step", lambda self, batch: (press_stop(), take_step(self, batch))[1])
        assert call(*command).exit_code == 130
    model = open_run(tmp_path / "run").settings.model
    assert (model.embedding_size, model.hidden_size, model.num_heads) == (12, 12, 4)
    result = call(*command)
    assert "Resuming from checkpoint-000000001.safetensors" in result.stderr
    assert said(result)[-1] == f"The result of {tmp_path / 'run'}"


def test_as_a_process_a_mistake_is_one_line_on_standard_error_and_code_1(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "s2s_tutorial.cli", "translate", "--run", str(tmp_path / "nowhere"), "le chat"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (1, "")
    assert re.fullmatch(r"error: .*nowhere is not a folder: .*\n", done.stderr)


def test_a_reader_of_a_pipe_that_has_seen_enough_gets_no_error():
    code = "\n".join([
        "import typer", "from s2s_tutorial.cli.app import clear_errors", "try:",
        "    with clear_errors(): raise BrokenPipeError", "except typer.Exit:", "    print('more')",
    ])  # fmt: skip
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


# Text rules


@pytest.fixture
def cyrillic(tmp_path) -> Path:
    """A file of pairs whose second column is in another script."""
    verbs, things = {"see": "вижу", "take": "беру", "like": "люблю"}, {"tea": "чай", "milk": "молоко", "bread": "хлеб"}
    subjects, ends = {"We": "Мы", "You": "Вы", "They": "Они", "I": "Я"}, {".": ".", "!": "!", " now.": " сейчас."}
    lines = [
        f"{s} {v} {t}{e}\t{subjects[s]} {verbs[v]} {things[t]}{ends[e]}\n"
        for s in subjects for v in verbs for t in things for e in ends
    ]  # fmt: skip
    path = tmp_path / "pairs.tsv"
    path.write_text("".join(lines), encoding="utf-8")
    return path


@pytest.mark.parametrize("command", ["data", "train"])
def test_a_corpus_that_loses_its_letters_is_refused_and_the_rule_that_keeps_them_named(tmp_path, cyrillic, command):
    where = ("--run", tmp_path / "run") if command == "train" else ()
    line = error_of(call(command, "--corpus", cyrillic, *SMALL, *where))
    assert "100% of the letters of the second column (script: Cyrillic)" in line
    assert "--text unicode" in line
    assert not (tmp_path / "run").exists()


def test_data_counts_what_the_rule_leaves_out_and_entities(tmp_path):
    path = tmp_path / "pairs.tsv"
    lines = [f"I have {'x' * n}y {n} &amp; more of þis.\tJ'ai {'x' * n}y {n} &amp; plus.\n" for n in range(100)]
    path.write_text("".join(lines), encoding="utf-8")
    said_lines = said(call("data", "--corpus", path, "--text", "unicode", "--tokens", "characters"))
    assert any(re.search(r"HTML entities decoded +200$", line) for line in said_lines)
    varied = [f"I have {'x' * n}y {n} of þis thing.\tJ'ai {'x' * n}y {n}.\n" for n in range(1, 80)]
    path.write_text("".join(varied), encoding="utf-8")
    said_lines = said(call("data", "--corpus", path, "--text", "ascii"))
    assert any(re.search(r"letters that the text rule leaves out +0\.00% / \d\.\d\d%$", line) for line in said_lines)
    assert any(re.search(r"digits that the text rule leaves out +149 / 149$", line) for line in said_lines)


def test_a_run_of_another_script_in_pieces_is_trained_measured_and_translated(tmp_path, cyrillic, quick_end):
    run = tmp_path / "run"
    options = ("--text", "unicode", "--tokens", "subwords", "--vocabulary-size", "512")
    said(call("train", "--corpus", cyrillic, *SMALL, *options, "--run", run))
    opened = open_run(run)
    assert (opened.settings.data.text, opened.settings.data.tokens) == ("unicode", "subwords")
    assert opened.src_vocabulary == opened.tgt_vocabulary
    values = json.loads(call("evaluate", "--run", run, "--json").stdout)
    assert set(values) == SCORES | {"printed"}
    assert "tok:13a" in values["printed"]["signature"]
    own = json.loads(call("evaluate", "--run", run, "--pairs", cyrillic, "--json").stdout)
    assert own["unknown_rate"] == 0
    (line,) = said(call("translate", "--run", run, "--json", "Мы вижу чай!  Они люблю хлеб."))
    sentences = json.loads(line)["sentences"]
    assert ["".join(each["source"]).replace("▁", " ").strip() for each in sentences] == [
        "Мы вижу чай!",
        "Они люблю хлеб.",
    ]
    (line,) = said(call("translate", "--run", run, "--json", "--no-split", "Мы вижу чай! Они люблю хлеб."))
    assert "sentences" not in json.loads(line)
    said(call("export", "--run", run, "--to", tmp_path / "page"))
    assert any((tmp_path / "page").iterdir())


def test_sentences_of_a_line_are_translated_one_by_one_and_joined_with_their_spaces(run):
    words = knows(run).split()[:3]
    one, two = " ".join(words) + ".", f"{words[0]} {words[1].capitalize()}!"
    alone = said(call("translate", "--run", run, one, two))
    assert said(call("translate", "--run", run, f"{one}  {two.capitalize()}")) == ["  ".join(alone)]


def test_html_entities_are_decoded_as_in_a_corpus(run):
    words = " ".join(knows(run).split()[:3])
    encoded = "".join(f"&#{ord(letter)};" for letter in words)
    plain, decoded = said(call("translate", "--run", run, words, encoded))
    assert plain == decoded


def test_what_the_model_cannot_read_is_told(run):
    word = knows(run).split()[0]
    result = call("translate", "--run", run, f"{word} 42 {word}")
    assert said(result)
    assert "cannot read '42'" in result.stderr
    (line,) = said(call("translate", "--run", run, "--json", f"{word} 42 {word}"))
    assert json.loads(line)["dropped"] == "42"
    sentence = f"{word} {word}."
    result = call("translate", "--run", run, f"Привет. {sentence}  Нет! {sentence}")
    assert "cannot read 'Приветн'" in result.stderr.replace("Н", "н")
    assert said(result) == [" ".join(said(call("translate", "--run", run, sentence)) * 2)]
    (line,) = said(call("translate", "--run", run, "--json", f"{sentence} Привет."))
    assert json.loads(line)["dropped"] == "Привет"
    assert "no letter" in error_of(call("translate", "--run", run, "Привет. Нет!"))
    long = call("translate", "--run", run, "--json", " ".join([word] * 60))
    assert "longer than any sentence" in long.stderr
    assert json.loads(long.stdout)["too_long"] is True


def test_words_that_are_neither_known_nor_copied_are_told(capsys):
    unknown = [*"bcdefgh", "é"]
    warn("a b", Translation(["a", *unknown], ["x", "b"], [1], unknown, -1.0, None))
    assert capsys.readouterr().err == (
        "warning: 'a b': this model does not know the words 'c', 'd', 'e', 'f', 'g', 'h' and others, and can only guess\n"
    )
    warn("a 5 b", Translation(["a", "5", "b"], ["x", "15"], [], [], -1.0, None))
    assert capsys.readouterr().err == (
        "warning: 'a 5 b': check the numbers: the translation does not have 5 in digits\n"
    )


def test_evaluate_counts_sentences_that_the_run_cannot_read_as_wrong_and_refuses_such_references(run, tmp_path):
    path = tmp_path / "pairs.tsv"
    path.write_text("The cat sleeps.\tLe chat dort.\nThe dog sleeps.\tпёс спит.\n", encoding="utf-8")
    values = json.loads(call("evaluate", "--run", run, "--pairs", path, "--json").stdout)
    assert (values["unreadable"], values["sentences"]) == (1, 2)
    assert "1 of the sentences could not be read" in call("evaluate", "--run", run, "--pairs", path).stdout
    path.write_text("кот спит.\tLe chat dort.\nThe dog sleeps.\tLe chien dort.\n", encoding="utf-8")
    assert "of the first column (script: Cyrillic)" in error_of(call("evaluate", "--run", run, "--pairs", path))
