"""All settings in one place: those of data, model and training, and the presets.

A preset is a frozen `Settings`. `dataclasses.replace` makes a variant of it; settings are never changed in place.
"""

from __future__ import annotations

import os
import re
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Literal, get_args

# Folder of the trained model that comes with the package: a run, with its weights in half precision.
PRETRAINED = Path(__file__).parent / "pretrained"

AttentionName = Literal["dot", "general", "concat", "additive", "local-p", "none"]
DecoderName = Literal["luong", "bahdanau"]
SamplingName = Literal["none", "constant", "linear", "exponential", "inverse-sigmoid"]
ATTENTIONS, DECODERS, SAMPLING_SCHEDULES = map(get_args, (AttentionName, DecoderName, SamplingName))
UNITS = ("characters", "words")
BUILT_IN = ("sample", "tatoeba")  # names of corpora that are not files; their first column is English

# The smallest and the largest value of each setting, both allowed. The largest are far beyond what this package is for:
# they only prevent a run.json from an untrusted source from using all memory or time.
BOUNDS: dict[str, tuple[float, float]] = {
    "sample_pairs": (1, 50_000_000),
    "min_length": (0, 10_000),
    "max_length": (1, 10_000),
    "trim_below": (1, 1_000_000),
    "vocabulary_min_count": (1, 1_000_000),
    "embedding_size": (1, 4_096),
    "hidden_size": (1, 4_096),
    "num_layers": (1, 16),
    "epochs": (1, 10_000),
    "batch_size": (1, 16_384),
    "learning_rate": (0.0, 10.0),
    "decoder_learning_ratio": (0.0, 1_000.0),
    "warmup": (0.0, 1.0),
    "decay": (0.0, 1.0),
    "clip_norm": (1e-9, 1e12),
    "sampling_end": (0.0, 1.0),
    "patience": (1, 1_000_000),
    "evaluations_per_epoch": (1, 10_000),
    "checkpoint_steps": (1, 1_000_000),
    "seed": (0, 2**63 - 1),
}
SHARES = ("dropout", "unknown_rate", "label_smoothing")  # at least 0 and below 1
MAX_TEXT = 4_096  # characters in a setting that is text; a path may be long


@dataclass(frozen=True)
class DataSettings:
    """Settings of the data: which sentence pairs are read, and which of them are kept.

    Attributes:
        corpus: "sample" (the built-in grammar), "tatoeba", or the path of a .txt, .tsv or .zip file.
        sample_pairs: Number of pairs that the grammar generates; unused for other corpora.
        min_length: Length of the shortest sentence that is kept on either side, after normalising, in `unit`.
        max_length: Length of the longest sentence that is kept, likewise.
        unit: Unit of lengths: "characters" or "words".
        trim_below: Pairs with a word seen fewer times than this in the filtered pairs are dropped; 1 keeps all.
        vocabulary_min_count: Words seen fewer times than this in the training pairs become unknown words.
        reverse: True translates the first column into the second (English to French), False the second into the first.
        languages: Codes of source and target language, such as ("de", "en"). Without them, the built-in corpora are French
            and English, and the languages of a file are not known.
    """

    corpus: str = "sample"
    sample_pairs: int = 36_000
    min_length: int = 1
    max_length: int = 1_000
    unit: str = "characters"
    trim_below: int = 1
    vocabulary_min_count: int = 1
    reverse: bool = False
    languages: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Turn a path into text and lists into tuples, because settings are written as JSON and read back."""
        if isinstance(self.corpus, os.PathLike):
            object.__setattr__(self, "corpus", os.fspath(self.corpus))
        if isinstance(self.languages, list):
            object.__setattr__(self, "languages", tuple(self.languages))

    @property
    def language_pair(self) -> tuple[str, str]:
        """Return the codes of source and target language; `""` stands for a language that is not known."""
        if self.languages:
            source, target = self.languages
            return source, target
        if self.corpus not in BUILT_IN:
            return "", ""
        return ("en", "fr") if self.reverse else ("fr", "en")

    @property
    def longest(self) -> tuple[int, str]:
        """Return the length of the longest sentence that is kept, and its unit."""
        return self.max_length, self.unit


@dataclass(frozen=True)
class ModelSettings:
    """Settings of the network.

    Attributes:
        decoder: "luong" or "bahdanau".
        attention: "dot", "general", "concat", "additive", "local-p" or "none".
        embedding_size: Size E of an embedding.
        hidden_size: Size H of the states of encoder and decoder.
        num_layers: Number of layers L of encoder and decoder.
        dropout: Share of values dropped at embeddings, between layers and before the output layer, 0 to below 1.
        tie_embeddings: True uses the target embeddings as weights of the output layer, which needs E = H.
        input_feeding: True joins the last attentional state to the decoder's next input (Luong decoder only).
    """

    decoder: str = "luong"
    attention: str = "general"
    embedding_size: int = 256
    hidden_size: int = 256
    num_layers: int = 1
    dropout: float = 0.3
    tie_embeddings: bool = True
    input_feeding: bool = False


@dataclass(frozen=True)
class TrainingSettings:
    """Settings of training.

    Attributes:
        epochs: Number of passes over the training pairs.
        batch_size: Number of sentence pairs per step.
        learning_rate: Highest learning rate of the encoder.
        decoder_learning_ratio: Learning rate of the decoder divided by that of the encoder.
        warmup: Share of all steps in which the learning rate rises from 0.
        decay: Share of all steps, at the end, in which it falls to 0 along a half cosine; 0 keeps it constant.
        clip_norm: Largest norm of the gradients of the encoder, and of the decoder; larger ones are scaled down.
        label_smoothing: Probability that is spread evenly over all words in the target distribution.
        sampling: Schedule of scheduled sampling: "none", "constant", "linear", "exponential" or "inverse-sigmoid".
        sampling_end: Teacher-forcing ratio at the end of the schedule.
        sampling_stepwise: True feeds predictions back word by word, False in two parallel passes.
        unknown_rate: Probability that a word seen once in training is replaced by UNK.
        patience: Number of evaluations without a better validation score after which training stops.
        evaluations_per_epoch: Number of evaluations on the validation set per epoch.
        checkpoint_steps: Number of steps between two checkpoints.
        seed: Seed of the initial weights, the order of the pairs, dropout and sampling.
    """

    epochs: int = 10
    batch_size: int = 64
    learning_rate: float = 2e-3
    decoder_learning_ratio: float = 1.0
    warmup: float = 0.1
    decay: float = 0.9
    clip_norm: float = 5.0
    label_smoothing: float = 0.1
    sampling: str = "none"
    sampling_end: float = 0.5
    sampling_stepwise: bool = False
    unknown_rate: float = 0.3
    patience: int = 5
    evaluations_per_epoch: int = 1
    checkpoint_steps: int = 200
    seed: int = 0


@dataclass(frozen=True)
class Settings:
    """Settings of a run.

    Attributes:
        name: Name of the preset that they were made from.
        data: Settings of the data.
        model: Settings of the network.
        training: Settings of training.
    """

    name: str
    data: DataSettings = field(default_factory=DataSettings)
    model: ModelSettings = field(default_factory=ModelSettings)
    training: TrainingSettings = field(default_factory=TrainingSettings)

    def __post_init__(self) -> None:
        """Check all settings.

        Raises:
            ValueError: A setting has another type or value than it may have; the message names it, its value and what is
                expected.
        """
        if not isinstance(self.name, str) or not self.name.isprintable() or len(self.name) > MAX_TEXT:
            raise ValueError(f"the settings' name is {str(self.name)[:40]!r}, expected a line of text")
        for key, kind in PARTS.items():
            _check_types(key, getattr(self, key), kind)
        _one_of("attention", self.model.attention, ATTENTIONS)
        _one_of("decoder", self.model.decoder, DECODERS)
        _one_of("sampling", self.training.sampling, SAMPLING_SCHEDULES)
        _one_of("unit", self.data.unit, UNITS)
        if self.model.decoder == "bahdanau" and self.model.input_feeding:
            raise ValueError("input_feeding is part of the Luong decoder: leave it out, or choose the decoder 'luong'")
        if self.model.tie_embeddings and self.model.embedding_size != self.model.hidden_size:
            raise ValueError(
                "tie_embeddings needs embedding_size and hidden_size to be the same: turn it off, or change one"
            )
        if self.data.min_length > self.data.max_length:
            raise ValueError(
                f"min_length is {self.data.min_length}, expected at most max_length, {self.data.max_length}"
            )
        _check_languages(self.data)
        for part in (self.data, self.model, self.training):
            for name, value in asdict(part).items():
                _check(name, value)

    def to_dict(self) -> dict[str, Any]:
        """Return plain nested dictionaries, ready for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Settings:
        """Build settings from the result of `to_dict`.

        Raises:
            ValueError: A setting is missing, unknown, of another type or out of bounds.
        """
        if not isinstance(values, dict) or set(values) != {"name", *PARTS}:
            raise ValueError(f"expected settings with the parts name, {', '.join(PARTS)}")
        return cls(name=values["name"], **{key: _build(kind, values[key]) for key, kind in PARTS.items()})


PARTS: dict[str, type] = {"data": DataSettings, "model": ModelSettings, "training": TrainingSettings}


LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}")  # such as de, nds or pt-BR


def _check_languages(data: DataSettings) -> None:
    """Check that there are no languages or two, and that English is the first column of a built-in corpus."""
    codes = data.languages
    if not (codes == () or (len(codes) == 2 and all(isinstance(c, str) and LANGUAGE.fullmatch(c) for c in codes))):
        raise ValueError(f"languages is {str(codes)[:60]}, expected two codes, source and target, such as de en")
    if codes and data.corpus in BUILT_IN and data.language_pair[0 if data.reverse else 1] != "en":
        raise ValueError(
            f"languages is {' '.join(codes)}, but the first column of {data.corpus} is English, and it is the "
            f"{'source' if data.reverse else 'target'}: change reverse or the languages"
        )


def _one_of(name: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise ValueError(f"{name} is {value!r}, expected one of: {', '.join(known)}")


def _check(name: str, value: Any) -> None:
    """Check that a value is within its bounds; NaN never is, because every comparison with NaN is false."""
    if name in BOUNDS:
        low, high = BOUNDS[name]
        if not low <= value <= high:
            raise ValueError(f"{name} is {value!r}, expected at least {low:,} and at most {high:,}")
    elif name in SHARES:
        if not 0.0 <= value < 1.0:
            raise ValueError(f"{name} is {value!r}, expected at least 0 and below 1")
    elif isinstance(value, str) and (len(value) > MAX_TEXT or "\0" in value):
        raise ValueError(f"{name} is {value[:40]!r}…, expected at most {MAX_TEXT:,} characters, none of them NUL")


WIDER: dict[type, tuple[type, ...]] = {float: (int,)}  # types whose values are accepted too


def _check_types(name: str, part: Any, kind: type[Any]) -> None:
    """Check that a part of the settings is of its class, and that its values are of the types of the defaults."""
    if not isinstance(part, kind):
        raise ValueError(f"{name} is {str(part)[:40]!r}, expected {kind.__name__}")
    for each in fields(kind):
        value, expected = getattr(part, each.name), type(each.default)
        if isinstance(value, bool) != (expected is bool) or not isinstance(value, (expected, *WIDER.get(expected, ()))):
            raise ValueError(f"{each.name} is {str(value)[:40]!r}, expected {expected.__name__}")


def _build(kind: type, values: Any) -> Any:
    """Build a part of the settings from a dictionary that has exactly its settings."""
    names = [each.name for each in fields(kind)]
    if not isinstance(values, dict) or set(values) != set(names):
        raise ValueError(f"{kind.__name__} needs exactly these settings: {', '.join(names)}")
    return kind(**values)


class Presets(dict[str, Settings]):
    """Settings by name. An unknown name raises an error that lists the known ones."""

    def __missing__(self, name: object) -> Settings:
        """Name the presets that there are.

        Raises:
            ValueError: Always.
        """
        raise ValueError(f"there is no preset {str(name)[:40]!r}, expected one of: {', '.join(self)}")


SAMPLE = Settings(
    "sample", DataSettings(corpus="sample", sample_pairs=36_000), ModelSettings(), TrainingSettings(epochs=3)
)
PresetName = Literal["sample", "small", "standard", "large", "original"]
PRESETS = Presets({
    "sample": SAMPLE,
    # The preset of the tests and CI: the built-in corpus, trained in seconds.
    "small": replace(
        SAMPLE,
        name="small",
        data=DataSettings(corpus="sample", sample_pairs=3_000),
        model=ModelSettings(embedding_size=64, hidden_size=64, dropout=0.1),
        training=TrainingSettings(epochs=4, learning_rate=5e-3, batch_size=32, checkpoint_steps=50),
    ),
    # The 2017 notebook's filters on real pairs, with this book's model, trained in minutes.
    "standard": Settings(
        "standard",
        DataSettings(corpus="tatoeba", min_length=3, max_length=25, trim_below=5),
        ModelSettings(dropout=0.4),
        TrainingSettings(epochs=10, learning_rate=3e-3),
    ),
    # Real pairs of at most 12 words per side.
    "large": Settings(
        "large",
        DataSettings(corpus="tatoeba", max_length=12, unit="words", vocabulary_min_count=3),
        ModelSettings(embedding_size=320, hidden_size=320),
        TrainingSettings(epochs=12, batch_size=128, learning_rate=3e-3),
    ),
    # The 2017 notebook's own settings. It counted 50,000 batches, about 160 passes over its pairs.
    "original": Settings(
        "original",
        DataSettings(corpus="tatoeba", min_length=3, max_length=25, trim_below=5),
        ModelSettings(attention="dot", embedding_size=500, hidden_size=500, num_layers=2, dropout=0.1,
                      tie_embeddings=False),
        TrainingSettings(
            epochs=160, batch_size=50, learning_rate=1e-4, decoder_learning_ratio=5.0, warmup=0.0, decay=0.0,
            clip_norm=50.0, label_smoothing=0.0, unknown_rate=0.0, patience=160,
        ),
    ),
})  # fmt: skip
SCALES = ("small", "standard", "large")


def load_scale() -> Settings:
    """Return the preset that the environment variable `S2S_SCALE` names, or `standard` if it is not set.

    Raises:
        ValueError: The variable names something else than one of `SCALES`.
    """
    name = os.environ.get("S2S_SCALE") or "standard"
    if name not in SCALES:
        raise ValueError(f"S2S_SCALE is {name!r}, expected one of: {', '.join(SCALES)}")
    return PRESETS[name]
