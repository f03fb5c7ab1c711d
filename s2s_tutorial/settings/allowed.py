"""Allowed values of settings: the names to choose from, and the bounds of numbers and texts."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from msgspec import Meta

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

# Bounds. The largest are far beyond what this package is for: they only prevent a run.json from an untrusted source
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
