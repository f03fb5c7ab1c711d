"""All settings of a run in one place: those of data, model and training.

Settings are frozen: `dataclasses.replace` makes a variant of them. `presets` holds some by name.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from s2s_tutorial.arguments import build_fields, check_fields
from s2s_tutorial.settings.allowed import MAX_TEXT
from s2s_tutorial.settings.data import DataSettings, check_direction, check_files
from s2s_tutorial.settings.model import ModelSettings
from s2s_tutorial.settings.training import TrainingSettings

# Folder of the trained model that comes with the package: a run, with its weights in half precision.
PRETRAINED = Path(__file__).parents[1] / "pretrained"


PARTS: dict[str, type] = {"data": DataSettings, "model": ModelSettings, "training": TrainingSettings}


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
        if self.training.bpe_dropout and self.data.tokens != "subwords":
            raise ValueError(
                f"bpe_dropout needs tokens 'subwords', not {self.data.tokens!r}: set it to 0, or change tokens"
            )
        if self.data.min_length > self.data.max_length:
            raise ValueError(
                f"min_length is {self.data.min_length}, expected at most max_length, {self.data.max_length}"
            )
        check_files(self.data)
        check_direction(self.data)

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
