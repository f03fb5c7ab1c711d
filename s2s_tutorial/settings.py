"""All settings in one place: those of data, model and training.

Settings are frozen: `dataclasses.replace` makes a variant of them. `presets` holds some by name.
"""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_type_hints

import msgspec
from msgspec import Meta

# Folder of the trained model that comes with the package: a run, with its weights in half precision.
PRETRAINED = Path(__file__).parent / "pretrained"

AttentionName = Literal["dot", "general", "concat", "additive", "local-p", "none"]
DecoderName = Literal["luong", "bahdanau"]
SamplingName = Literal["none", "constant", "linear", "exponential", "inverse-sigmoid"]
UnitName = Literal["characters", "words"]
TextName = Literal["ascii", "unicode"]
TokenName = Literal["words", "subwords", "characters"]
ATTENTIONS, SAMPLING_SCHEDULES = get_args(AttentionName), get_args(SamplingName)

# Allowed values. The largest are far beyond what this package is for: they only prevent a run.json from an untrusted source
# from using all memory or time.
MAX_TEXT = 4_096  # characters in a setting that is text; a path may be long
MAX_SIZE = 4_096  # values in an embedding or a state
Text = Annotated[str, Meta(max_length=MAX_TEXT, pattern=r"^[^\x00]*$")]
Size = Annotated[int, Meta(ge=1, le=MAX_SIZE)]
Layers = Annotated[int, Meta(ge=1, le=16)]
Length = Annotated[int, Meta(ge=0, le=10_000)]
Count = Annotated[int, Meta(ge=1, le=1_000_000)]
Pairs = Annotated[int, Meta(ge=1, le=50_000_000)]
VocabularySize = Annotated[int, Meta(ge=512, le=1_000_000)]
Repeats = Annotated[int, Meta(ge=1, le=10_000)]
BatchSize = Annotated[int, Meta(ge=1, le=16_384)]
Rate = Annotated[float, Meta(ge=0.0, le=1_000.0)]
Norm = Annotated[float, Meta(ge=1e-9, le=1e12)]
Share = Annotated[float, Meta(ge=0.0, le=1.0)]
Probability = Annotated[float, Meta(ge=0.0, lt=1.0)]
Seed = Annotated[int, Meta(ge=0, le=2**63 - 1)]


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
        text: Text rule: "ascii" (lower-case letters without accents, and four marks) or "unicode" (everything is kept).
        tokens: What a sentence is encoded as: "words", "subwords" (pieces of words, by byte-pair encoding) or "characters".
        vocabulary_size: Largest number of entries in a vocabulary of subwords or characters, with 260 fixed ones.
        joint_vocabulary: True learns one such vocabulary from both languages, False one for each.
    """

    corpus: Text = "sample"
    sample_pairs: Pairs = 36_000
    min_length: Length = 1
    max_length: Length = 1_000
    unit: UnitName = "characters"
    trim_below: Count = 1
    vocabulary_min_count: Count = 1
    reverse: bool = False
    text: TextName = "ascii"
    tokens: TokenName = "words"
    vocabulary_size: VocabularySize = 8_000
    joint_vocabulary: bool = True

    def __post_init__(self) -> None:
        """Keep the path of a corpus as text, because settings are written as JSON."""
        if isinstance(self.corpus, os.PathLike):
            object.__setattr__(self, "corpus", os.fspath(self.corpus))

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

    decoder: DecoderName = "luong"
    attention: AttentionName = "general"
    embedding_size: Size = 256
    hidden_size: Size = 256
    num_layers: Layers = 1
    dropout: Probability = 0.3
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
        unknown_rate: Probability that a word seen once in training is replaced by UNK.
        word_dropout: Probability that the model cannot see a word that it reads, as source or as previous word of the target.
        bpe_dropout: Probability that a merge of a word's pieces is left out, so that each epoch cuts words in other ways.
        patience: Number of evaluations without a better validation score after which training stops.
        evaluations_per_epoch: Number of evaluations on the validation set per epoch.
        checkpoint_steps: Number of steps between two checkpoints.
        seed: Seed of the initial weights, the order of the pairs, dropout and sampling.
    """

    epochs: Repeats = 10
    batch_size: BatchSize = 64
    learning_rate: Rate = 2e-3
    decoder_learning_ratio: Rate = 1.0
    warmup: Share = 0.1
    decay: Share = 0.9
    clip_norm: Norm = 5.0
    label_smoothing: Probability = 0.1
    sampling: SamplingName = "none"
    sampling_end: Share = 0.5
    unknown_rate: Probability = 0.3
    word_dropout: Probability = 0.0
    bpe_dropout: Probability = 0.0
    patience: Count = 5
    evaluations_per_epoch: Repeats = 1
    checkpoint_steps: Count = 200
    seed: Seed = 0


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
            _check(key, getattr(self, key), kind)
        if self.model.decoder == "bahdanau" and self.model.input_feeding:
            raise ValueError("input_feeding is part of the Luong decoder: leave it out, or choose the decoder 'luong'")
        if self.model.tie_embeddings and self.model.embedding_size != self.model.hidden_size:
            raise ValueError(
                "tie_embeddings needs embedding_size and hidden_size to be the same: turn it off, or change one"
            )
        if self.training.bpe_dropout and self.data.tokens != "subwords":
            raise ValueError(
                f"bpe_dropout needs tokens 'subwords', not {self.data.tokens!r}: set it to 0, or change tokens"
            )
        if self.data.min_length > self.data.max_length:
            raise ValueError(
                f"min_length is {self.data.min_length}, expected at most max_length, {self.data.max_length}"
            )

    def to_dict(self) -> dict[str, Any]:
        """Return plain nested dictionaries, ready for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Settings:
        """Build settings from the result of `to_dict`.

        A setting that is not there takes its default, so a run of an older version, which did not have it, can be read.

        Raises:
            FormerSettingError: Settings of an earlier version, of a kind that this version does not have.
            ValueError: A part is missing, or a setting is unknown, of another type or out of bounds.
        """
        if not isinstance(values, dict) or set(values) != {"name", *PARTS}:
            raise ValueError(f"expected settings with the parts name, {', '.join(PARTS)}")
        return cls(name=values["name"], **{key: _build(kind, values[key]) for key, kind in PARTS.items()})


PARTS: dict[str, type] = {"data": DataSettings, "model": ModelSettings, "training": TrainingSettings}
# Settings of earlier versions, each with the value that means what this version does.
FORMER: dict[str, Any] = {"sampling_stepwise": False}


class FormerSettingError(ValueError):
    """A run needs a setting that only earlier versions have; the message explains what to do."""


def _check(name: str, part: Any, kind: type[Any]) -> None:
    """Check that a part of the settings is of its class, and that each value is of the type and in the range of its field."""
    if not isinstance(part, kind):
        raise ValueError(f"{name} is {str(part)[:40]!r}, expected {kind.__name__}")
    try:
        msgspec.convert(asdict(part), kind)
    except msgspec.ValidationError as error:
        expected, _, setting = str(error).replace("`", "").partition(" - at $.")
        if choices := get_args(
            get_type_hints(kind)[setting]
        ):  # a Literal, whose message does not list the allowed values
            expected = f"expected one of: {', '.join(choices)}"
        value = getattr(part, setting)
        raise ValueError(f"{setting} is {value!r:.60}, {expected[0].lower()}{expected[1:]}") from None


def _build(kind: type, values: Any) -> Any:
    """Build a part of the settings from a dictionary."""
    names = [each.name for each in fields(kind)]
    if not isinstance(values, dict) or not set(values) <= {*names, *FORMER}:
        raise ValueError(f"{kind.__name__} needs a dictionary with some of these settings: {', '.join(names)}")
    for name in FORMER.keys() & values:
        if values[name] is not FORMER[name]:
            raise FormerSettingError(
                f"{name} is {values[name]!r:.60}, which only earlier versions can do: use the version that wrote it, or train "
                "again without this setting"
            )
    return kind(**{name: value for name, value in values.items() if name in names})
