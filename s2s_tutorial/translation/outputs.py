"""Translations as text, of any system: read from a file, compared with references, written for the command `sacrebleu`."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from s2s_tutorial.data.columns import CorpusError
from s2s_tutorial.data.originals import Originals
from s2s_tutorial.data.reading.lines import BadLines, lines_of
from s2s_tutorial.data.reading.opening import open_texts
from s2s_tutorial.data.rules import TextRule
from s2s_tutorial.files import write_atomically
from s2s_tutorial.translation.evaluation import comparable_text, printed_tokeniser
from s2s_tutorial.translation.translator import SentenceError, Translation, Translator

MAX_BYTES = 1 << 28  # of a file of translations


@dataclass(frozen=True)
class Outputs:
    """The translations of a held-out set by one system.

    Attributes:
        name: Name of the system, for messages.
        simple: N translations in the form in which scores compare them with references: simple words joined by spaces.
        printed: The same N translations as they are printed.
    """

    name: str
    simple: list[str]
    printed: list[str]

    @classmethod
    def of_translations(cls, name: str, translations: Sequence[Translation], rule: TextRule) -> Outputs:
        """Take translations of a model; they are compared by a text rule, which may be another one than the model's."""
        simple = [
            comparable_text(each) if each.rule == rule else rule.simplify(rule.normalise(each.text))
            for each in translations
        ]
        return cls(name, simple, [" ".join(each.text.split()) for each in translations])

    @classmethod
    def of_lines(cls, name: str, lines: Sequence[str], rule: TextRule) -> Outputs:
        """Take lines of text, each the translation of a sentence."""
        printed = [" ".join(line.split()) for line in lines]
        return cls(name, [rule.simplify(rule.normalise(line)) for line in printed], printed)


def translate_texts(name: str, translator: Translator, sources: Sequence[str], beam: int, rule: TextRule) -> Outputs:
    """Translate sentences with a model; the translation of one that it cannot read is empty.

    Args:
        name: Name of the model.
        translator: The model.
        sources: N sentences as text.
        beam: Beam size; 1 is greedy search.
        rule: Text rule by which the translations are compared.
    """
    read: list[str | None] = []
    for source in sources:
        try:
            read.append(translator.read(source))
        except SentenceError:
            read.append(None)
    found = iter(translator.translate_words([each for each in read if each is not None], beam) if any(read) else [])
    empty = Translation([], [], [], [], 0.0, None, rule=translator.rule)
    return Outputs.of_translations(name, [empty if each is None else next(found) for each in read], rule)


def read_outputs(path: Path, sentences: int, test_set: str) -> list[str]:
    """Read a file with one translation in each line.

    Args:
        path: Path of the file.
        sentences: Number of sentences that were translated.
        test_set: Name of these sentences, for messages.

    Raises:
        CorpusError: The file cannot be read, or has another number of lines.
    """
    if not path.is_file():
        raise CorpusError(f"{path} is not a file: give a file of translations, one in each line")
    with open_texts(path, MAX_BYTES) as texts:
        if len(texts) != 1:
            raise CorpusError(f"{path} holds {len(texts)} files: give a file of translations, one in each line")
        lines = [line or "" for line in lines_of(texts[0], BadLines(False, hint=""))]
    if len(lines) != sentences:
        what = "is empty" if not lines else f"has {len(lines):,} line{'s' * (len(lines) != 1)}"
        raise CorpusError(
            f"{path} {what}, and {test_set} has {sentences:,} sentence{'s' * (sentences != 1)}: give one translation in each "
            "line, in the order of the sources that --write DIR writes"
        )
    if not any(map(str.strip, lines)):
        raise CorpusError(f"{path} has only empty lines: give one translation in each line")
    return lines


def write_texts(
    folder: Path, originals: Originals, systems: Sequence[Outputs], simple: Sequence[Sequence[str]]
) -> dict[str, str]:
    """Write sources, references and translations as text files, one sentence in each line.

    The files for scores of normalised words are in the folder `normalised`. Sacrebleu's command reads the same number of
    references for every sentence, so a sentence with fewer repeats its first one, which changes no score.

    Args:
        folder: Folder to write into.
        originals: N sources and references as text.
        systems: Translations of up to two systems; the first one's file is hypotheses.txt, the second one's compared.txt.
        simple: The references in the form in which scores compare them.

    Returns:
        The commands that compute the scores of the files, by the names "printed" and "normalised"; none without a system.
    """
    _write_lines(folder / "sources.txt", originals.sources)
    commands = {}
    plans = (
        ("printed", folder, originals.references, [each.printed for each in systems]),
        ("normalised", folder / "normalised", simple, [each.simple for each in systems]),
    )
    for kind, place, references, outputs in plans:
        most = max(len(texts) for texts in references)
        names = ["references.txt"] if most == 1 else [f"references-{k + 1}.txt" for k in range(most)]
        for k, name in enumerate(names):
            _write_lines(place / name, [texts[k] if k < len(texts) else texts[0] for texts in references])
        files = ["hypotheses.txt", "compared.txt"][: len(outputs)]
        for name, lines in zip(files, outputs, strict=True):
            _write_lines(place / name, lines)
        if outputs:
            how = ["-tok", printed_tokeniser(references)] if kind == "printed" else ["-tok", "none", "--force"]
            paths = [str(place / name) for name in names]
            commands[kind] = shlex.join(["sacrebleu", *paths, "-i", str(place / files[0]), *how, "-m", "bleu", "chrf"])
    return commands


def _write_lines(path: Path, lines: Sequence[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, "".join(f"{line}\n" for line in lines).encode())
