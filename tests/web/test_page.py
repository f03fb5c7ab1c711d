"""The page of a run: its files, held-out examples and facts, and in a browser from the disk the translations of Python."""

import json
import re
import shutil
from html import unescape

import pytest
from browsing import Visit, open_browser
from typer.testing import CliRunner

from s2s_tutorial.cli.commands import app
from s2s_tutorial.runs.folder import open_run
from s2s_tutorial.runs.weights import load_translator
from s2s_tutorial.web.export import read_manifest, rounded
from s2s_tutorial.web.page import LIVE, LONGEST_EXAMPLE, MOST_EXAMPLES, choose_examples, write_page


def call(*arguments):
    return CliRunner().invoke(app, ["page", *map(str, arguments)])


@pytest.fixture(scope="module")
def written(talking_run, tmp_path_factory):
    """The folder of the run's page, and the command's result."""
    folder = tmp_path_factory.mktemp("pages") / "a page"
    return folder, call("--run", talking_run, "--to", folder)


@pytest.fixture(scope="module")
def folder(written):
    return written[0]


def facts_of(page) -> dict[str, str]:
    html = page.read_text(encoding="utf-8")
    return {unescape(name): unescape(text) for name, text in re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", html)}


def test_the_command_writes_a_page_that_has_all_its_files(written):
    folder, result = written
    assert (result.exit_code, result.exception) == (0, None), result.output
    assert re.fullmatch(
        r"wrote .*index\.html: \d\.\d MB, 10 held-out examples\. Open it in a browser\.\n", result.stdout
    )
    html = (folder / "index.html").read_text(encoding="utf-8")
    for name in re.findall(r'(?:src|href)="([^":]+)"', html):
        assert (folder / name).is_file(), name
    for path in LIVE.iterdir():
        assert (folder / "web" / path.name).read_bytes() == path.read_bytes()
    [model] = read_manifest(folder / "models")
    assert {path.name for path in (folder / "models").iterdir()} == {
        "models.js",
        *(f"model.{number}.js" for number in range(len(model["scripts"]))),
    }


def test_the_page_asks_for_nothing_from_elsewhere(folder):
    for path in folder.rglob("*"):
        if path.suffix in (".html", ".css", ".js") and not path.name.startswith("model."):
            found = re.findall(r"https?://[^\s\"')]+", path.read_text(encoding="utf-8"))
            assert [url for url in found if url != "http://www.w3.org/2000/svg"] == [], path.name


def test_the_examples_are_held_out_and_have_their_references(folder, tiny_corpus):
    [model] = read_manifest(folder / "models")
    test, seen = tiny_corpus.test, set(tiny_corpus.train.sources)
    assert len(model["examples"]) == MOST_EXAMPLES
    assert model["languages"] == ["fr", "en"]
    printed = {tiny_corpus.rule.printed(source, "fr"): n for n, source in enumerate(test.sources)}
    for example in model["examples"]:
        row = printed[example["source"]]
        assert test.sources[row] not in seen
        assert example["references"] == [tiny_corpus.rule.printed(each, "en") for each in test.references[row][:3]]
    lengths = [len(example["source"]) for example in model["examples"]]
    assert lengths == sorted(lengths)
    assert max(lengths) <= LONGEST_EXAMPLE


def test_few_held_out_sentences_are_all_examples(talking_run, tiny_corpus):
    translator = load_translator(talking_run)
    test = tiny_corpus.test.head(6)
    short = {
        text for text in (tiny_corpus.rule.printed(each, "fr") for each in test.sources) if len(text) <= LONGEST_EXAMPLE
    }
    assert {example["source"] for example in choose_examples(translator, test)} == short
    assert 2 <= len(short) < 6
    assert choose_examples(translator, tiny_corpus.test.head(0)) == []


def test_the_facts_are_those_of_the_run(folder, talking_run, tiny_corpus):
    facts, run = facts_of(folder / "index.html"), open_run(talking_run)
    assert facts["Languages"] == "French to English"
    assert facts["Trained on"] == f"{len(tiny_corpus.train):,} pairs of the built-in corpus"
    assert facts["Longest sentence"].startswith(f"{run.longest} words")
    assert facts["Knows"] == f"{len(run.src_vocabulary):,} French and {len(run.tgt_vocabulary):,} English words"
    assert re.match(
        rf"BLEU [\d.]+ \(95%: [\d.]+ to [\d.]+\), .* on {len(tiny_corpus.test)} held-out", facts["Score of this page"]
    )
    assert facts["Network"].startswith("recurrent, Luong decoder with general attention, 1 layer of size 48")
    assert (facts["learning_rate"], facts["batch_size"], facts["corpus"]) == ("0.01", "16", "sample")


def test_what_the_run_names_is_text_on_the_page_and_has_no_folders(talking_run, tmp_path):
    run = tmp_path / "run"
    shutil.copytree(talking_run, run)
    values = json.loads((run / "run.json").read_text(encoding="utf-8"))
    values["settings"]["data"]["corpus"] = "/secret/<script>alert(1)</script>.tsv"
    (run / "run.json").write_text(json.dumps(values), encoding="utf-8")
    result = call("--run", run, "--to", tmp_path / "page", "--title", "<b>&amp;")
    assert result.exit_code == 0, result.output
    assert result.stderr.startswith("warning: the page gets no held-out examples: the pairs that ")
    html = (tmp_path / "page" / "index.html").read_text(encoding="utf-8")
    assert "<title>&lt;b&gt;&amp;amp;</title>" in html
    assert "alert(1)" not in html.replace("&lt;script&gt;alert(1)", "")
    assert "secret" not in html
    facts, [model] = facts_of(tmp_path / "page" / "index.html"), read_manifest(tmp_path / "page" / "models")
    assert facts["Score"] == "not measured"
    assert "Languages" not in facts
    assert (model["languages"], "examples" in model) == (["", ""], False)


def test_a_page_is_replaced_and_any_other_folder_is_left_alone(talking_run, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    (other / "thesis.txt").write_text("mine", encoding="utf-8")
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    for place in (other, tmp_path / "file"):
        result = call("--run", talking_run, "--to", place, "--no-examples", "--no-measure")
        assert (result.exit_code, len(result.stderr.splitlines())) == (1, 1)
        assert result.stderr.startswith("error: ")
    assert [path.name for path in other.iterdir()] == ["thesis.txt"]
    run, translator = open_run(talking_run), load_translator(talking_run)
    for title in ("First", "Second"):
        write_page(run, translator, tmp_path / "page", title)
    assert "<title>Second</title>" in (tmp_path / "page" / "index.html").read_text(encoding="utf-8")
    assert len(read_manifest(tmp_path / "page" / "models")) == 1


def test_a_corpus_that_is_given_and_cannot_be_read_is_an_error(talking_run, tmp_path):
    result = call("--run", talking_run, "--to", tmp_path / "page", "--corpus", tmp_path / "none.tsv")
    assert (result.exit_code, len(result.stderr.splitlines())) == (1, 1)
    assert not (tmp_path / "page").exists()


@pytest.mark.browser
def test_the_page_translates_from_the_disk_as_python_does(folder, talking_run):
    from axe_playwright_python.sync_playwright import Axe

    translator = rounded(load_translator(talking_run))
    [model] = read_manifest(folder / "models")
    with open_browser() as browser:
        dark = lambda page: page.emulate_media(color_scheme="dark", reduced_motion="reduce")  # noqa: E731
        visit = Visit(browser, (folder / "index.html").as_uri(), width=375, before=dark)
        for n, example in enumerate(model["examples"][:3]):
            if n:
                visit.translate(example["source"])
            found = translator.translate(example["source"])
            assert visit.translation == found.text
            assert example["references"][0] in visit.text(".s2s-notes")
            best = visit.page.locator(".s2s-beam .s2s-choice-text").all_inner_texts()
            beam = translator.translate(example["source"], beam_size=5)
            assert best == [beam.text, *(text for text, _ in beam.others)]
        assert visit.page.locator(".s2s-chip").all_inner_texts() == [each["source"] for each in model["examples"]]
        assert visit.text("label.s2s-heading") == "Write a sentence in French"
        assert visit.page.locator(".s2s-pills").is_hidden()
        assert visit.problems == []
        visit.page.locator("summary", has_text="All settings").click()
        assert [broken["id"] for broken in Axe().run(visit.page).response["violations"]] == []
        assert visit.page.evaluate("document.documentElement.dataset.theme") == "dark"
        assert visit.page.evaluate("document.documentElement.scrollWidth") == 375
        assert all(url.startswith(("file:", "data:", "blob:")) for url in visit.requests)
