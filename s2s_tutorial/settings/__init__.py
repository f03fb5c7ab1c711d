"""Settings of data, model and training, and their allowed values; `run.Settings` is all of them."""

from s2s_tutorial.settings.allowed import (
    ATTENTIONS,
    MAX_SIZE,
    MAX_TEXT,
    SAMPLING_SCHEDULES,
    AttentionName,
    DecoderName,
    Files,
    NetworkName,
    PrecisionName,
    SamplingName,
    SplitName,
    TextName,
    TokenName,
)
from s2s_tutorial.settings.data import BUILT_IN, DataSettings, files_of
from s2s_tutorial.settings.model import ModelSettings
from s2s_tutorial.settings.run import PARTS, PRETRAINED, Settings
from s2s_tutorial.settings.training import TrainingSettings

__all__ = [
    "ATTENTIONS",
    "BUILT_IN",
    "MAX_SIZE",
    "MAX_TEXT",
    "PARTS",
    "PRETRAINED",
    "SAMPLING_SCHEDULES",
    "AttentionName",
    "DataSettings",
    "DecoderName",
    "Files",
    "ModelSettings",
    "NetworkName",
    "PrecisionName",
    "SamplingName",
    "Settings",
    "SplitName",
    "TextName",
    "TokenName",
    "TrainingSettings",
    "files_of",
]
