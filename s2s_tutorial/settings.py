"""All settings in one place: those of data, model and training.

Settings are frozen: `dataclasses.replace` makes a variant of them. `presets` holds some by name.
"""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from msgspec import Meta

from s2s_tutorial.arguments import build_fields, check_fields

# Folder of the trained model that comes with the package: a run, with its weights in half precision.
PRETRAINED = Path(__file__).parent / "pretrained"

AttentionName = Literal["dot", "general", "concat", "additive", "local-p", "none"]
DecoderName = Literal["luong", "bahdanau"]
NetworkName = Literal["gru", "transformer"]
SamplingName = Literal["none", "constant", "linear", "exponential", "inverse-sigmoid"]
SplitName = Literal["both", "source", "target"]
PrecisionName = Literal["auto", "fp32", "bf16"]
UnitName = Literal["characters", "words"]
TextName = Literal["ascii", "unicode"]
TokenName = Literal["words", "subwords", "characters"]
ATTENTIONS, SAMPLING_SCHEDULES = get_args(AttentionName), get_args(SamplingName)
BUILT_IN = ("sample", "tatoeba")  # names of corpora that are not files; their first column is English

# Allowed values. The largest are far beyond what this package is for: they only prevent a run.json from an untrusted source
# from using all memory or time.
MAX_TEXT = 4_096  # characters in a setting that is text; a path may be long
MAX_SIZE = 4_096  # values in an embedding or a state
Text = Annotated[str, Meta(max_length=MAX_TEXT, pattern=r"^[^\x00]*$")]
Size = Annotated[int, Meta(ge=1, le=MAX_SIZE)]
InnerSize = Annotated[int, Meta(ge=1, le=4 * MAX_SIZE)]
Layers = Annotated[int, Meta(ge=1, le=16)]
Heads = Annotated[int, Meta(ge=1, le=64)]
Length = Annotated[int, Meta(ge=0, le=10_000)]
Count = Annotated[int, Meta(ge=1, le=1_000_000)]
Pairs = Annotated[int, Meta(ge=1, le=50_000_000)]
VocabularySize = Annotated[int, Meta(ge=512, le=1_000_000)]
Repeats = Annotated[int, Meta(ge=1, le=10_000)]
Frequency = Annotated[float, Meta(gt=0.0, le=10_000.0)]
BatchSize = Annotated[int, Meta(ge=1, le=16_384)]
Rate = Annotated[float, Meta(ge=0.0, le=1_000.0)]
Norm = Annotated[float, Meta(ge=1e-9, le=1e12)]
Share = Annotated[float, Meta(ge=0.0, le=1.0)]
Probability = Annotated[float, Meta(ge=0.0, lt=1.0)]
Files = str | tuple[str, str]  # the path of a file of pairs, or those of two parallel files
Language = Annotated[str, Meta(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$")]  # such as de, nds or pt-BR
Seed = Annotated[int, Meta(ge=0, le=2**63 - 1)]


def _plain(value: Any) -> Any:
    """Return a path as text, and any other value as it is."""
    return os.fspath(value) if isinstance(value, os.PathLike) else value


@dataclass(frozen=True)
class DataSettings:
    """Settings of the data: which sentence pairs are read, and which of them are kept.

    Attributes:
        corpus: "sample" (the built-in grammar), "tatoeba", the path of a file of pairs, or the paths of two parallel files.
        sample_pairs: Number of pairs that the grammar generates; unused for other corpora.
        min_length: Length of the shortest sentence that is kept on either side, after normalising, in `unit`.
        max_length: Length of the longest sentence that is kept, likewise.
        unit: Unit of lengths: "characters" or "words".
        trim_below: Pairs with a word seen fewer times than this in the filtered pairs are dropped; 1 keeps all.
        vocabulary_min_count: Words seen fewer times than this in the training pairs become unknown words.
        reverse: True translates the first column into the second (English to French), False the second into the first.
        languages: Codes of source and target language, such as ("de", "en"), which "sample" generates too. Without them, the
            built-in corpora are French and English, and the languages of a file are not known.
        source_column: Name or number (from 1) of the column to translate from; without it, `readers` finds the columns.
        target_column: Name or number of the column to translate into.
        skip_bad: True leaves out lines that cannot be read, and counts them; False refuses the file.
        split_by: Side on which no two sets share a sentence: "both", "source" or "target".
        valid: File or files of pairs to validate on, in place of a part of the corpus.
        test: File or files of pairs to test on, in place of a part of the corpus.
        text: Text rule: "ascii" (lower-case letters without accents, and four marks) or "unicode" (everything is kept).
        tokens: What a sentence is encoded as: "words", "subwords" (pieces of words, by byte-pair encoding) or "characters".
        vocabulary_size: Largest number of entries in a vocabulary of subwords or characters, with 260 fixed ones.
        joint_vocabulary: True learns one such vocabulary from both languages, False one for each.
    """

    corpus: Files = "sample"
    sample_pairs: Pairs = 36_000
    min_length: Length = 1
    max_length: Length = 1_000
    unit: UnitName = "characters"
    trim_below: Count = 1
    vocabulary_min_count: Count = 1
    reverse: bool = False
    languages: tuple[Language, ...] = ()
    source_column: Text = ""
    target_column: Text = ""
    skip_bad: bool = False
    split_by: SplitName = "both"
    valid: Files = ""
    test: Files = ""
    text: TextName = "ascii"
    tokens: TokenName = "words"
    vocabulary_size: VocabularySize = 8_000
    joint_vocabulary: bool = True

    def __post_init__(self) -> None:
        """Turn paths into text and lists into tuples, because settings are written as JSON and read back."""
        for name in ("corpus", "languages", "valid", "test"):
            value = getattr(self, name)
            plain = tuple(map(_plain, value)) if isinstance(value, list | tuple) else _plain(value)
            object.__setattr__(self, name, plain)

    @property
    def language_pair(self) -> tuple[str, str]:
        """Return the codes of source and target language; `""` stands for a language that is not known."""
        if self.languages:
            return self.languages[0], self.languages[1]
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
        dropout: Share of values dropped at embeddings, between layers and before the output layer, 0 to below 1; in
            a Transformer at embeddings, in the result of every sublayer and before the output layer.
        tie_embeddings: True uses the target embeddings as weights of the output layer, which needs E = H.
        input_feeding: True joins the last attentional state to the decoder's next input (Luong decoder only).
        network: "gru", or "transformer", which needs E = H and has no use for decoder, attention and input_feeding.
        num_heads: Number N of attention heads in each layer of a Transformer; H must be a multiple of it.
        feed_forward_size: Size F of the inner layer of a Transformer's feed-forward networks.
    """

    decoder: DecoderName = "luong"
    attention: AttentionName = "general"
    embedding_size: Size = 256
    hidden_size: Size = 256
    num_layers: Layers = 1
    dropout: Probability = 0.3
    tie_embeddings: bool = True
    input_feeding: bool = False
    network: NetworkName = "gru"
    num_heads: Heads = 4
    feed_forward_size: InnerSize = 512

    def check_network(self) -> None:
        """Check that the settings fit together and belong to the network.

        Raises:
            ValueError: They do not; the message explains which and what to do.
        """
        if self.decoder == "bahdanau" and self.input_feeding:
            raise ValueError("input_feeding is part of the Luong decoder: leave it out, or choose the decoder 'luong'")
        if self.tie_embeddings and self.embedding_size != self.hidden_size:
            raise ValueError(
                "tie_embeddings needs embedding_size and hidden_size to be the same: turn it off, or change one"
            )
        if self.network == "gru":
            return
        if self.embedding_size != self.hidden_size:
            raise ValueError("a Transformer adds to its embeddings: give embedding_size and hidden_size the same value")
        if self.hidden_size % self.num_heads:
            raise ValueError(f"hidden_size is {self.hidden_size}, expected a multiple of num_heads, {self.num_heads}")
        for name in ("decoder", "attention", "input_feeding"):
            if (value := getattr(self, name)) != getattr(ModelSettings, name):
                raise ValueError(
                    f"{name} {value!r} is of the recurrent network: leave it out, or choose the network 'gru'"
                )


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
        weight_averaging: Share of a moving average of the weights that a step keeps; the average is evaluated; 0 for none.
        unknown_rate: Probability that a word seen once in training is replaced by UNK.
        word_dropout: Probability that the model cannot see a word that it reads, as source or as previous word of the target.
        bpe_dropout: Probability that a merge of a word's pieces is left out, so that each epoch cuts words in other ways.
        renaming: Probability that the names and numbers which both sides of a pair share are exchanged in an epoch.
        patience: Number of evaluations without a better validation score after which training stops. They count only after
            the warm-up, and in a run with decay only in the last fifth of the decay.
        evaluations_per_epoch: Number of evaluations on the validation set per epoch; 0.1 evaluates after every tenth epoch.
        checkpoint_steps: Number of steps between two checkpoints.
        seed: Seed of the initial weights, the order of the pairs, dropout and sampling.
        precision: "fp32" computes matrix products in float32, "bf16" in bfloat16, and "auto" in bfloat16 where that is faster.
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
    renaming: Probability = 0.0
    patience: Count = 5
    evaluations_per_epoch: Frequency = 1
    checkpoint_steps: Count = 200
    seed: Seed = 0
    precision: PrecisionName = "auto"
    weight_averaging: Probability = 0.0


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
            check_fields(key, getattr(self, key), kind)
        self.model.check_network()
        if (self.training.bpe_dropout or self.training.renaming) and self.data.tokens != "subwords":
            raise ValueError("bpe_dropout and renaming need tokens 'subwords': set both to 0, or change tokens")
        if self.data.min_length > self.data.max_length:
            raise ValueError(
                f"min_length is {self.data.min_length}, expected at most max_length, {self.data.max_length}"
            )
        _check_files(self.data)
        _check_direction(self.data)

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
        return cls(name=values["name"], **{key: build_fields(kind, values[key]) for key, kind in PARTS.items()})


PARTS: dict[str, type] = {"data": DataSettings, "model": ModelSettings, "training": TrainingSettings}


def _check_files(data: DataSettings) -> None:
    """Check the paths of files, which msgspec 0.22 cannot do: with limits on the text of this union it crashes."""
    for name in ("corpus", "valid", "test"):
        for path in files_of(getattr(data, name)):
            if len(path) > MAX_TEXT or "\0" in path:
                raise ValueError(f"{name} is {path!r:.60}, expected at most {MAX_TEXT:,} characters without NUL")


def files_of(files: Files) -> tuple[str, ...]:
    """Return the paths of one file, of two parallel files, or of none."""
    return ((files,) if files else ()) if isinstance(files, str) else files


def _check_direction(data: DataSettings) -> None:
    """Check that there are no languages or two, and that columns and languages agree with `reverse`."""
    codes = data.languages
    if len(codes) not in (0, 2):
        raise ValueError(f"languages is {codes}, expected two codes, source and target, such as de en")
    if data.reverse and (data.source_column or data.target_column):
        raise ValueError("reverse swaps the first two columns: leave it out, or name the columns the other way round")
    if codes and data.corpus in BUILT_IN and data.language_pair[0 if data.reverse else 1] != "en":
        raise ValueError(
            f"languages is {' '.join(codes)}, but the first column of {data.corpus} is English, and it is the "
            f"{'source' if data.reverse else 'target'}: change reverse or the languages"
        )
