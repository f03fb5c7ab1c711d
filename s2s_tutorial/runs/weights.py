"""Save the weights of a run, load them into a model, and open a run as a translator."""

from __future__ import annotations

import shlex
from pathlib import Path

import torch

from s2s_tutorial.data.languages import language_code, language_name
from s2s_tutorial.files import (
    BadFileError,
    load_tensors,
    save_tensors,
)
from s2s_tutorial.model.seq2seq import Seq2Seq
from s2s_tutorial.runs.folder import RunError, open_run
from s2s_tutorial.settings import PRETRAINED
from s2s_tutorial.translation.translator import Translator

WEIGHT_DTYPES = {torch.float32, torch.float16}  # dtypes that the file of a model may hold


def save_model(path: Path, model: Seq2Seq, half: bool = False) -> None:
    """Write a model's weights and nothing else; with `half` in half precision, for a file of half the size."""
    save_tensors(path, {name: weight.half() if half else weight for name, weight in model.state_dict().items()})


def load_model(path: Path, model: Seq2Seq) -> None:
    """Read weights into a model of the same settings.

    Raises:
        BadFileError: The file is damaged, or holds the weights of another model.
    """
    tensors, _ = load_tensors(path, sum(weight.nbytes for weight in model.state_dict().values()))
    use_weights(path, tensors, model)


def use_weights(path: Path, tensors: dict[str, torch.Tensor], model: Seq2Seq) -> None:
    """Copy the weights read from a file into a model.

    Args:
        path: Path of the file, for the message.
        tensors: Weights by name, in full or half precision.
        model: Model whose weights are replaced.

    Raises:
        BadFileError: They are the weights of another model.
    """
    expected = {name: weight.shape for name, weight in model.state_dict().items()}
    dtypes = {tensor.dtype for tensor in tensors.values()}
    if {name: tensor.shape for name, tensor in tensors.items()} != expected or not dtypes <= WEIGHT_DTYPES:
        raise _not_its_weights(path)
    model.load_state_dict(tensors)


def _not_its_weights(path: Path) -> BadFileError:
    return BadFileError(f"{path} holds the weights of another model than run.json describes: restore both together")


def pretrained_folder(language: str) -> Path:
    """Return the folder of the model that comes with the package and translates into a language.

    Args:
        language: Code of the language, "en" or "fr".

    Raises:
        RunError: The package has no model into this language.
    """
    if language in ("", "en"):
        return PRETRAINED
    folder = PRETRAINED.with_name(f"{PRETRAINED.name}_{language}")
    if language.isalpha() and (folder / "run.json").is_file():
        return folder
    raise RunError(
        f"the package has no model that translates into {language_name(language, 'it')!r:.40}: train one, and name its run "
        "(s2s-tutorial translate --run DIR)"
    )


def packaged_languages() -> list[str]:
    """Return the codes of the languages that the models of the package translate into, English first."""
    others = PRETRAINED.parent.glob(f"{PRETRAINED.name}_*/run.json")
    return ["en", *sorted(path.parent.name.removeprefix(f"{PRETRAINED.name}_") for path in others)]


def load_translator(
    folder: str | Path = PRETRAINED, device: torch.device | str = "cpu", to: str | None = None
) -> Translator:
    """Open a run, or a model that comes with the package, and return a translator with its best weights.

    The model is in evaluation mode.

    Args:
        folder: Folder of the run; by default one of the models that come with the package.
        device: Device to translate on.
        to: Code or name of the language to translate into; None for the language of the run, or English.

    Raises:
        RunError: The folder holds no run, or one that has not saved any weights yet; or none that translates into `to`.
    """
    language = "" if to is None else language_code(to)
    if folder == PRETRAINED:
        folder = pretrained_folder(language)
    run = open_run(folder)
    if language and run.language not in ("", language):
        raise RunError(f"{folder} translates into {run.language}, not {language}: name another run, or leave out --to")
    if not run.model_path.is_file():
        command = shlex.join(["s2s-tutorial", "train", "--run", str(folder)])
        raise RunError(f"{folder} has no trained model yet: run {command} until its first evaluation")
    size = run.weight_bytes()
    try:
        tensors, _ = load_tensors(run.model_path, 2 * size)
        if 2 * sum(4 * tensor.numel() for tensor in tensors.values()) < size:
            raise _not_its_weights(run.model_path)  # before memory for the model is allocated
        model = run.build_model()
        use_weights(run.model_path, tensors, model)
    except BadFileError as error:
        raise RunError(str(error)) from None
    return Translator(
        model.to(device).eval(),
        run.src_vocabulary,
        run.tgt_vocabulary,
        run.language,
        run.src_language,
        run.rule,
        run.longest,
        run.settings.training.precision,
    )


def choose_device(name: str) -> str:
    """Return the name of the device to compute on; "auto" is a GPU if there is one.

    Raises:
        ValueError: The device cannot be used.
    """
    if name == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    try:
        torch.zeros(1, device=name).item()  # on the "meta" device, which holds no data, this raises an error
    except (RuntimeError, AssertionError, ImportError) as error:
        reason = (str(error).splitlines() or ["no such device"])[0]
        raise ValueError(f"device {name!r} cannot be used ({reason}): try --device cpu") from None
    return name
