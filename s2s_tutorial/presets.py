"""The presets: settings by name, the Transformer for each, and the preset that the scale of a chapter chooses."""

from __future__ import annotations

import math
import os
from dataclasses import replace
from typing import Literal

from s2s_tutorial.settings import DataSettings, ModelSettings, Settings, TrainingSettings


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
PresetName = Literal["sample", "small", "standard", "large", "real", "original"]
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
    # The 2017 notebook's filters on real pairs, with this book's model, trained in a few minutes. The few pairs are read many
    # times, and dropping whole words (Sennrich and Zhang 2019) keeps the model from learning them by heart.
    "standard": Settings(
        "standard",
        DataSettings(corpus="tatoeba", min_length=3, max_length=25, trim_below=5),
        ModelSettings(dropout=0.4),
        TrainingSettings(epochs=32, learning_rate=3e-3, word_dropout=0.1),
    ),
    # Real pairs of at most 12 words per side.
    "large": Settings(
        "large",
        DataSettings(corpus="tatoeba", max_length=12, unit="words", vocabulary_min_count=3),
        ModelSettings(embedding_size=320, hidden_size=320),
        TrainingSettings(epochs=12, batch_size=128, learning_rate=3e-3),
    ),
    # Real text as it is written, in pieces of words; 160 characters are about 40 pieces.
    "real": Settings(
        "real",
        DataSettings(corpus="tatoeba", max_length=160, text="unicode", tokens="subwords", vocabulary_size=5_000),
        ModelSettings(embedding_size=384, hidden_size=384),
        TrainingSettings(
            epochs=24, batch_size=128, learning_rate=2e-3, warmup=0.05, decay=0.95, unknown_rate=0.0, word_dropout=0.1,
            bpe_dropout=0.1, weight_averaging=0.999,
        ),
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


def with_transformer(settings: Settings, size: int | None = None) -> Settings:
    """Return settings of a Transformer with about as many parameters as the recurrent network, for the same data.

    It has twice as many layers, of three quarters of the size. Dropout acts on every sublayer, so a third of the rate drops
    about as much. The learning rate is proportional to 1 / √H, as in equation 3 of Vaswani et al. 2017, and rises over the first
    half of all steps: with a rise as short as the recurrent network's, a Transformer learned less in as many steps.

    Args:
        settings: Settings of a run with the recurrent network.
        size: Size H of a state, a multiple of the number of heads; None for three quarters of the recurrent network's.
    """
    model = settings.model
    size = size or max(8 * round(0.75 * model.hidden_size / 8), 8)
    model = ModelSettings(
        network="transformer",
        embedding_size=size,
        hidden_size=size,
        num_layers=2 * model.num_layers,
        feed_forward_size=2 * size,
        dropout=round(model.dropout / 3, 3),
        tie_embeddings=model.tie_embeddings,
    )
    training = replace(
        settings.training,
        learning_rate=0.04 / math.sqrt(size),
        decoder_learning_ratio=1.0,
        warmup=0.5,
        decay=0.5,
    )
    return replace(settings, model=model, training=training)


def load_scale() -> Settings:
    """Return the preset that the environment variable `S2S_SCALE` names, or `standard` if it is not set.

    Raises:
        ValueError: The variable names something else than one of `SCALES`.
    """
    name = os.environ.get("S2S_SCALE") or "standard"
    if name not in SCALES:
        raise ValueError(f"S2S_SCALE is {name!r}, expected one of: {', '.join(SCALES)}")
    return PRESETS[name]
