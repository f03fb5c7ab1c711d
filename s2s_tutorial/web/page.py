"""Write a run's page: a folder that opens from the disk, with the live translator, the model, and facts about it.

The page needs no server and no network connection. It loads the scripts of `web/live/`, which the book loads too, and the
model's files from `export`.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from string import Template
from typing import Any

from s2s_tutorial.arguments import to_path
from s2s_tutorial.data.corpus import Corpus, HeldOut
from s2s_tutorial.files import write_atomically
from s2s_tutorial.runs.folder import Run
from s2s_tutorial.translation.evaluation import Scores
from s2s_tutorial.translation.reading import SentenceError
from s2s_tutorial.translation.translator import Translator
from s2s_tutorial.web.export import ExportError, export, read_manifest
from s2s_tutorial.web.model_facts import Facts, describe_model, list_settings, title_of

HERE = Path(__file__).parent
LIVE = HERE / "live"  # scripts and styles of the live translator
ASSETS = HERE.parent / "assets"
VIEW = ("attention_view.js", "attention_view.css")  # of ASSETS, because the chapters also show it
OWN = HERE / "page_files"  # those of a page that has nothing else on it
MODEL = "model"  # name of the model's files
MOST_EXAMPLES, LONGEST_EXAMPLE = 10, 60  # number of examples, and characters of one


@dataclass(frozen=True)
class Page:
    """A page that was written.

    Attributes:
        path: Path of the file to open.
        size: Bytes of all its files.
        examples: The held-out sentences on it.
    """

    path: Path
    size: int
    examples: list[str]


def write_page(
    run: Run,
    translator: Translator,
    folder: str | Path,
    title: str = "",
    corpus: Corpus | None = None,
    measured: Scores | None = None,
    with_examples: bool = True,
) -> Page:
    """Write the page of a run.

    Args:
        run: The opened run.
        translator: Its translator.
        folder: Folder of the page; it is created if necessary. Files of an earlier page are replaced.
        title: Title of the page; `""` for one that names the languages.
        corpus: The run's corpus, for examples and for facts about it; None if it cannot be read.
        measured: Scores of the rounded weights on the test set; None if they were not measured.
        with_examples: Whether to put held-out sentences on the page.

    Raises:
        ExportError: The folder holds something else.
        OSError: A file cannot be written.
    """
    folder = to_path(folder, "folder")
    check_folder(folder)
    examples = choose_examples(translator, corpus.test) if corpus and with_examples else []
    more: dict[str, Any] = {"languages": [run.src_language, run.language]}
    if examples:
        more["examples"] = examples
    title = title or title_of(run)
    export(translator, folder / "models", MODEL, title, "", run.settings.data.longest, **more)
    (folder / "models" / f"{MODEL}.safetensors").unlink()  # the page loads its scripts
    copy_scripts(folder / "web")
    card = model_card(describe_model(run, translator, corpus, measured), list_settings(run))
    path = write_index(folder, title, card)
    size = sum(each.stat().st_size for each in folder.rglob("*") if each.is_file())
    return Page(path, size, [example["source"] for example in examples])


def check_folder(folder: Path) -> None:
    """Refuse a folder that holds something other than a page, before anything is written into it.

    Raises:
        ExportError: It does.
    """
    if folder.exists() and not folder.is_dir():
        raise ExportError(f"{folder} is a file: give a new folder")
    if folder.is_dir() and any(folder.iterdir()) and not read_manifest(folder / "models"):
        raise ExportError(f"{folder} is not empty and holds no page: empty it, or give a new folder")


def choose_examples(translator: Translator, held_out: HeldOut) -> list[dict[str, Any]]:
    """Choose held-out sentences at even distances, whether or not the model translates them well.

    Returns:
        At most `MOST_EXAMPLES` sources with their references, as they are printed, the shortest first.
    """
    rule, chosen = translator.rule, []
    for source, references in zip(held_out.sources, held_out.references, strict=True):
        text = rule.printed(source, translator.src_language)
        if len(text) <= LONGEST_EXAMPLE and _is_readable(translator, text):
            chosen.append((text, references))
    step = max(len(chosen) / MOST_EXAMPLES, 1.0)
    spread = [chosen[int(n * step)] for n in range(min(MOST_EXAMPLES, len(chosen)))]
    return [
        {"source": text, "references": [rule.printed(each, translator.language) for each in references[:3]]}
        for text, references in sorted(spread, key=lambda each: len(each[0]))
    ]


def _is_readable(translator: Translator, text: str) -> bool:
    try:
        translator.check_readable(text, split=True)
    except SentenceError:
        return False
    return True


def copy_scripts(folder: Path, own: bool = True) -> None:
    """Copy the translator's scripts and styles, including the attention view; with `own` also those of a page of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [*(ASSETS / name for name in VIEW), *LIVE.iterdir()]
    if own:
        paths += [path for path in OWN.iterdir() if path.suffix != ".html"]
    for path in paths:
        shutil.copyfile(path, folder / path.name)


def write_index(folder: Path, title: str, card: str = "") -> Path:
    """Write the HTML file of a page and return its path; `card` is HTML to show below the translator."""
    path = folder / "index.html"
    template = Template((OWN / "index.html").read_text(encoding="utf-8"))
    write_atomically(path, template.substitute(title=escape(title), card=card).encode())
    return path


def model_card(facts: Facts, settings: Iterable[tuple[str, Facts]]) -> str:
    """Return the HTML of the facts about a model, and of its settings by part."""
    parts = "".join(f"<h3>{escape(name.capitalize())}</h3>\n{_list(each)}" for name, each in settings)
    return (
        f'<section aria-labelledby="card">\n<h2 id="card">About this model</h2>\n{_list(facts)}'
        f"<details>\n<summary>All settings</summary>\n{parts}</details>\n</section>\n"
    )


def _list(facts: Sequence[tuple[str, str]]) -> str:
    rows = "".join(f"<dt>{escape(name)}</dt><dd>{escape(text)}</dd>\n" for name, text in facts)
    return f'<dl class="facts">\n{rows}</dl>\n'
