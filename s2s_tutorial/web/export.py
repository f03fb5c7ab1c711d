"""Export a trained run as small files with which the web page runs it.

Weights are rounded to 8 bits, row by row, in units of a scale in bfloat16. They are written with the vocabularies and the
rules for text into one safetensors file, which holds numbers and text and cannot run code. The same file is also written as
base64 into scripts of one call each, because a page opened from `file://` may load scripts only. A large file is cut into
several scripts, so that the page can show how much has arrived. `models.js` lists the models of a folder with the sizes of
their scripts. Weights that a tied output layer shares with the embeddings are written once.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from s2s_tutorial.arguments import check_type, to_path
from s2s_tutorial.data.corpus import HeldOut
from s2s_tutorial.data.pieces import PieceVocabulary
from s2s_tutorial.files import BadFileError, load_tensors, save_tensors, write_atomically
from s2s_tutorial.model.seq2seq import Seq2Seq
from s2s_tutorial.settings import ModelSettings
from s2s_tutorial.translation.evaluation import bleu_score, comparable_references, comparable_text
from s2s_tutorial.translation.translator import Translator
from s2s_tutorial.web.description import describe, read_description

MANIFEST_VERSION = 1  # of models.js
LARGEST = 127  # largest rounded value; −128 is not used, so that the scale is symmetric
SCALE = ".scale"  # suffix of a matrix's name in the name of its scales
MANIFEST = "models.js"
PART = 3 * 2**15  # bytes of a model in one script; divisible by 3, so that the base64 of the parts can be joined
_MANIFEST_START = "self.s2sManifest = "
_PLAIN_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")


def plain_name(text: str) -> str:
    """Return a name for the files of a model, from any text; "model" if no letter or digit of it can be in one.

    >>> plain_name("My run_2"), plain_name("модель")
    ('my-run-2', 'model')
    """
    return re.sub("[^a-z0-9]+", "-", text.lower())[:40].strip("-") or "model"


class ExportError(ValueError):
    """A folder or a name cannot be used for the web page; the message explains what to do."""


def quantise(matrix: Tensor) -> tuple[Tensor, Tensor]:
    """Round a matrix to 8 bits, each row in units of about its largest value over 127.

    The scale is itself rounded, to 8 significant bits, and halves the bytes that scales take. The largest value of a row is
    then 126.7 to 127.3 scales, which is still rounded to 127.

    Args:
        matrix: (R, C) weights.

    Returns:
        (R, C) int8 and (R,) bfloat16, the scale of each row. `dequantise` differs from the matrix by at most half a scale.
    """
    scales = (matrix.float().abs().amax(dim=1) / LARGEST).bfloat16()  # (R,)
    # A row of zeros (the embedding of PAD) has scale 0, so divide it by 1 instead.
    rounded = (matrix.float() / torch.where(scales > 0, scales.float(), 1.0)[:, None]).round()
    return rounded.clamp(-LARGEST, LARGEST).to(torch.int8), scales


def dequantise(rounded: Tensor, scales: Tensor) -> Tensor:
    """Undo `quantise`, except for the rounding.

    Args:
        rounded: (R, C) int8.
        scales: (R,) bfloat16, or float32 in files of former formats.

    Returns:
        (R, C) float32.
    """
    return rounded.float() * scales.float()[:, None]


def pack(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Round all matrices of a model. Vectors (biases, v of a score) are few and stay float32."""
    packed = {}
    for name, weight in weights.items():
        if weight.dim() == 2:
            packed[name], packed[name + SCALE] = quantise(weight)
        else:
            packed[name] = weight.float()
    return packed


def unpack(packed: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Undo `pack`, except for the rounding."""
    return {
        name: dequantise(tensor, packed[name + SCALE]) if tensor.dtype == torch.int8 else tensor
        for name, tensor in packed.items()
        if not name.endswith(SCALE)
    }


def rounded(translator: Translator) -> Translator:
    """Return the translator that the web page runs: the same network with rounded weights."""
    original = translator.model
    model = Seq2Seq(original.settings, len(translator.src_vocabulary), len(translator.tgt_vocabulary))
    model.load_state_dict(unpack(pack(original.state_dict())))
    return replace(translator, model=model.to(original.device).eval())


@dataclass(frozen=True)
class Exported:
    """Files that `export` or `publish` wrote.

    Attributes:
        paths: Paths of the files.
        size: Bytes of the safetensors file, which is the model before base64.
    """

    paths: list[Path]
    size: int


Longest = tuple[int, str]  # length of the longest training sentence, and its unit ("words" or "characters")


def export(
    translator: Translator,
    folder: str | Path,
    name: str,
    title: str = "",
    note: str = "",
    longest: Longest | None = None,
    **more: Any,
) -> Exported:
    """Write a translator's files for the web page and put it on the folder's list.

    Args:
        translator: A trained model.
        folder: Folder of the page's models; it is created if necessary.
        name: Name of the files; a model of the same name is replaced.
        title: Title of the model on the page; `""` for its name.
        note: A sentence about the model.
        longest: Length of the longest training sentence, with its unit; the page warns about longer ones.
        more: As for `publish`.

    Raises:
        ExportError: The name cannot be used, or the folder holds another list.
        OSError: A file cannot be written.
        TypeError: An argument has another type.
    """
    check_type("translator", translator, Translator, hint="load_translator(folder)")
    check_type("name", name, str)
    folder = to_path(folder, "folder")
    if not _PLAIN_NAME.fullmatch(name):
        raise ExportError(f"{name!r} cannot name a file of the page: use small letters, digits and hyphens")
    read_manifest(folder)  # refuses a folder of something else before anything is written
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.safetensors"
    save_tensors(path, pack(translator.model.state_dict()), describe(translator))
    published = publish(path, folder, title, note, longest=longest, **more)
    return Exported([path, *published.paths], published.size)


def publish(path: str | Path, folder: str | Path, title: str = "", note: str = "", **more: Any) -> Exported:
    """Put a file that `export` wrote on a folder's list of models, with the scripts that a page loads.

    Args:
        path: The .safetensors file, in any folder; the model gets its name.
        folder: Folder of the page's models; it is created if necessary.
        title, note: As for `export`.
        more: Further values of the model's entry in the list, such as `longest` (as for `export`), or one of those that
            `Model` in book/types.d.ts describes.

    Raises:
        BadFileError: The file is damaged, or of another kind.
        ExportError: The folder holds another list.
        OSError: A file cannot be read or written.
    """
    path, folder = to_path(path), to_path(folder, "folder")
    name, models, data = path.stem, read_manifest(folder), path.read_bytes()
    translator = load_exported(path)
    folder.mkdir(parents=True, exist_ok=True)
    scripts = _write_scripts(folder, name, data)
    entry = {
        "name": name,
        "title": title or name,
        "note": note,
        "bytes": len(data),
        "scripts": [script.stat().st_size for script in scripts],
        "attention": attention_name(translator.model.settings),
        "words": [len(translator.src_vocabulary), len(translator.tgt_vocabulary)],
        **({"unit": "pieces"} if isinstance(translator.src_vocabulary, PieceVocabulary) else {}),
        **more,
    }
    names = [model["name"] for model in models]
    position = names.index(name) if name in names else len(names)
    models[position : position + 1] = [entry]
    write_manifest(folder, models)
    return Exported([*scripts, folder / MANIFEST], len(data))


def attention_name(settings: ModelSettings) -> str:
    """Return how the page names the attention of a network."""
    if settings.network == "transformer":
        return f"{settings.num_heads} heads in each of {settings.num_layers} layers"
    return settings.attention


def _write_scripts(folder: Path, name: str, data: bytes) -> list[Path]:
    for old in folder.glob(f"{name}.*.js"):  # a larger model of the same name may have had more scripts
        old.unlink()
    scripts = []
    for number, start in enumerate(range(0, len(data), PART)):
        scripts.append(folder / f"{name}.{number}.js")
        base64 = b64encode(data[start : start + PART]).decode()
        write_atomically(scripts[-1], f'self.s2sModel("{base64}");\n'.encode())
    return scripts


def read_manifest(folder: str | Path) -> list[dict[str, Any]]:
    """Read the list of a folder's models, the one that the page starts with first; it is empty if there is no list yet.

    Raises:
        ExportError: The file is not a list that `write_manifest` wrote.
    """
    path = to_path(folder, "folder") / MANIFEST
    if not path.exists():
        return []
    try:
        script = path.read_text(encoding="utf-8")
        models = json.loads(script.removeprefix(_MANIFEST_START).rstrip().removesuffix(";"))["models"]
        return [{**model, "name": str(model["name"])} for model in models]
    except (ValueError, KeyError, TypeError):
        raise ExportError(f"{path} is not a list of models: give an empty folder, or the one of an export") from None


def write_manifest(folder: str | Path, models: list[dict[str, Any]]) -> None:
    """Write the list of a folder's models."""
    values = json.dumps({"format": MANIFEST_VERSION, "models": models}, indent=1)
    write_atomically(to_path(folder, "folder") / MANIFEST, f"{_MANIFEST_START}{values};\n".encode())


def load_exported(path: str | Path) -> Translator:
    """Load a file that `export` wrote into PyTorch, bit for bit with the weights that the page computes with.

    Raises:
        BadFileError: The file is damaged, or of another kind.
    """
    packed, values = load_tensors(path)
    try:
        text = read_description(values)
        model = Seq2Seq(ModelSettings(**values["model"]), len(text.src), len(text.tgt))
        model.load_state_dict(unpack(packed))
    except (AttributeError, KeyError, TypeError, ValueError, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        raise BadFileError(f"{path} is not an exported model ({reason}): export the run again") from None
    language = values["language"]
    src_language = values.get("src_language", "en" if language == "fr" else "fr")  # older files do not have it
    return Translator(model.eval(), text.src, text.tgt, language, src_language, text.rule, text.longest)


@dataclass(frozen=True)
class RoundingCost:
    """Effect of rounding to 8 bits on the translations of a held-out set.

    Attributes:
        bleu: BLEU of the trained weights, 0 to 100.
        rounded_bleu: BLEU of the rounded weights, 0 to 100.
        same: Share of sentences whose translation stays the same, word for word, 0 to 1.
        sentences: Number of translated sentences.
    """

    bleu: float
    rounded_bleu: float
    same: float
    sentences: int


def rounding_cost(translator: Translator, held_out: HeldOut) -> RoundingCost:
    """Measure greedy translations of a held-out set with the trained and with the rounded weights."""
    outputs = []
    for each in (translator, rounded(translator)):
        translations = each.translate_words(held_out.sources)
        outputs.append([comparable_text(translation) for translation in translations])
    references = comparable_references(held_out.references, translator.rule)
    before, after = (bleu_score(texts, references) for texts in outputs)
    same = sum(a == b for a, b in zip(*outputs, strict=True)) / len(held_out)
    return RoundingCost(before, after, same, len(held_out))
