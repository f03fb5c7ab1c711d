"""Every setting, with a name, in one place: what data, which model, how it is trained; and the presets.

A preset is a frozen `Settings`. `dataclasses.replace` makes a variant of one; nothing is ever changed in place.
"""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

# The trained model that comes with the package: a run's folder, its weights in half precision.
PRETRAINED = Path(__file__).parent / "pretrained"

ATTENTIONS = ("dot", "general", "concat", "additive", "local-p", "none")
DECODERS = ("luong", "bahdanau")
SAMPLING_SCHEDULES = ("none", "constant", "linear", "exponential", "inverse-sigmoid")
UNITS = ("characters", "words")

# What each setting may be, both ends included. The upper ends are far beyond what this package is for; they keep a
# run.json from elsewhere from asking for all the memory or time there is.
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
MAX_TEXT = 4_096  # characters of a setting that is text; a path may be long


@dataclass(frozen=True)
class DataSettings:
    """Which sentence pairs, and which of them are kept.

    Attributes:
        corpus: "sample" (the embedded grammar), "tatoeba", or the path of a .txt, .tsv or .zip file.
        sample_pairs: how many pairs the grammar generates; unused for other corpora.
        min_length: the shortest that a side may be after normalising, in `unit`.
        max_length: the longest that a side may be, likewise.
        unit: what lengths are counted in, "characters" or "words".
        trim_below: pairs with a word seen fewer times than this in the filtered pairs are dropped; 1 keeps all.
        vocabulary_min_count: words seen fewer times than this in the training pairs are unknown words.
        reverse: translate the first column into the second (English to French) and not the second into the first.
    """

    corpus: str = "sample"
    sample_pairs: int = 36_000
    min_length: int = 1
    max_length: int = 1_000
    unit: str = "characters"
    trim_below: int = 1
    vocabulary_min_count: int = 1
    reverse: bool = False

    @property
    def longest(self) -> tuple[int, str]:
        """Return the length of the longest sentence that is kept, and the unit that it is counted in."""
        return self.max_length, self.unit


@dataclass(frozen=True)
class ModelSettings:
    """The network.

    Attributes:
        decoder: "luong" or "bahdanau".
        attention: "dot", "general", "concat", "additive", "local-p" or "none".
        embedding_size: the size E of an embedding.
        hidden_size: H, of encoder and decoder.
        num_layers: L, of encoder and decoder.
        dropout: share of values dropped at embeddings, between layers and before the output layer.
        tie_embeddings: the output layer's weights are the target embeddings; needs E = H.
        input_feeding: the last attentional state joins the decoder's next input (Luong decoder only).
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
    """How the network is trained.

    Attributes:
        epochs: passes over the training pairs.
        batch_size: sentence pairs a step.
        learning_rate: the encoder's, at its highest.
        decoder_learning_ratio: the decoder's learning rate is this times the encoder's.
        warmup: share of all steps in which the learning rate rises from 0.
        decay: share of all steps, at the end, in which it falls to 0 along a half cosine; 0 keeps it.
        clip_norm: gradients of encoder and of decoder are scaled down to this norm, each on its own.
        label_smoothing: probability given to all words alike in the target distribution.
        sampling: schedule of scheduled sampling: "none", "constant", "linear", "exponential" or "inverse-sigmoid".
        sampling_end: teacher-forcing ratio that the schedule ends at.
        sampling_stepwise: feed back word by word, and not in two parallel passes.
        unknown_rate: how often a word seen once in training is shown as UNK.
        patience: evaluations without a better validation score before training stops.
        evaluations_per_epoch: how often validation looks at the model.
        checkpoint_steps: steps between two checkpoints.
        seed: of initial weights, order, dropout and sampling.
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
    """A whole run: data, model and training, under the name of the preset it started from."""

    name: str
    data: DataSettings = field(default_factory=DataSettings)
    model: ModelSettings = field(default_factory=ModelSettings)
    training: TrainingSettings = field(default_factory=TrainingSettings)

    def __post_init__(self) -> None:
        """Refuse values that no part of the package knows what to do with.

        Raises:
            ValueError: naming the setting, its value and what it may be.
        """
        _one_of("attention", self.model.attention, ATTENTIONS)
        _one_of("decoder", self.model.decoder, DECODERS)
        _one_of("sampling", self.training.sampling, SAMPLING_SCHEDULES)
        _one_of("unit", self.data.unit, UNITS)
        if self.model.decoder == "bahdanau" and self.model.input_feeding:
            raise ValueError("input_feeding is part of the Luong decoder; a Bahdanau decoder feeds its context already")
        if self.model.tie_embeddings and self.model.embedding_size != self.model.hidden_size:
            raise ValueError("tie_embeddings needs embedding_size and hidden_size to be the same")
        if self.data.min_length > self.data.max_length:
            raise ValueError(
                f"min_length is {self.data.min_length}, expected at most max_length, {self.data.max_length}"
            )
        for part in (self.data, self.model, self.training):
            for name, value in asdict(part).items():
                _check(name, value)

    def to_dict(self) -> dict[str, Any]:
        """Return plain nested dictionaries, ready for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Settings:
        """Build settings from what `to_dict` made.

        Raises:
            ValueError: a setting is missing, unknown or of another type.
        """
        parts = {"data": DataSettings, "model": ModelSettings, "training": TrainingSettings}
        if not isinstance(values, dict) or set(values) != {"name", *parts}:
            raise ValueError(f"expected settings with the parts name, {', '.join(parts)}")
        if type(values["name"]) is not str or not values["name"].isprintable() or len(values["name"]) > MAX_TEXT:
            raise ValueError(f"the settings' name is {str(values['name'])[:40]!r}, expected a line of text")
        return cls(name=values["name"], **{key: _build(kind, values[key]) for key, kind in parts.items()})


def _one_of(name: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise ValueError(f"{name} is {value!r}, expected one of: {', '.join(known)}")


def _check(name: str, value: Any) -> None:
    """Refuse a value out of bounds; a comparison with NaN is false, so that is refused too."""
    if name in BOUNDS:
        low, high = BOUNDS[name]
        if not low <= value <= high:
            raise ValueError(f"{name} is {value!r}, expected at least {low:,} and at most {high:,}")
    elif name in SHARES:
        if not 0.0 <= value < 1.0:
            raise ValueError(f"{name} is {value!r}, expected at least 0 and below 1")
    elif isinstance(value, str) and (len(value) > MAX_TEXT or "\0" in value):
        raise ValueError(f"{name} is {value[:40]!r}…, expected at most {MAX_TEXT:,} characters, none of them zero")


def _build(kind: type, values: Any) -> Any:
    known = {f.name: type(getattr(kind(), f.name)) for f in fields(kind)}
    if not isinstance(values, dict) or set(values) != set(known):
        raise ValueError(f"{kind.__name__} needs exactly these settings: {', '.join(known)}")
    for name, value in values.items():
        if type(value) is not known[name] and not (known[name] is float and type(value) is int):
            raise ValueError(f"{name} is {str(value)[:40]!r}, expected {known[name].__name__}")
    return kind(**values)


SAMPLE = Settings(
    "sample",
    DataSettings(corpus="sample", sample_pairs=36_000),
    ModelSettings(),
    TrainingSettings(epochs=3),
)
PRESETS: dict[str, Settings] = {
    "sample": SAMPLE,
    # What the tests and CI run: the embedded corpus, seconds.
    "small": replace(
        SAMPLE,
        name="small",
        data=DataSettings(corpus="sample", sample_pairs=3_000),
        model=ModelSettings(embedding_size=64, hidden_size=64, dropout=0.1),
        training=TrainingSettings(epochs=4, learning_rate=5e-3, batch_size=32, checkpoint_steps=50),
    ),
    # The 2017 notebook's filters on real pairs, with this book's model: minutes.
    "standard": Settings(
        "standard",
        DataSettings(corpus="tatoeba", min_length=3, max_length=25, trim_below=5),
        ModelSettings(dropout=0.4),
        TrainingSettings(epochs=10, learning_rate=3e-3),
    ),
    # Real pairs of at most 12 words a side.
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
}  # fmt: skip
SCALES = ("small", "standard", "large")


def load_scale() -> Settings:
    """Return the preset that the environment variable `S2S_SCALE` names; `standard` where it is unset.

    Raises:
        ValueError: the variable names no scale.
    """
    name = os.environ.get("S2S_SCALE") or "standard"
    if name not in SCALES:
        raise ValueError(f"S2S_SCALE is {name!r}, expected one of: {', '.join(SCALES)}")
    return PRESETS[name]
