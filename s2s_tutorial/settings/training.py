"""Settings of training."""

from __future__ import annotations

from dataclasses import dataclass

from s2s_tutorial.settings.allowed import (
    BatchSize,
    Count,
    Frequency,
    Norm,
    PrecisionName,
    Probability,
    Rate,
    Repeats,
    SamplingName,
    Seed,
    Share,
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
    patience: Count = 5
    evaluations_per_epoch: Frequency = 1
    checkpoint_steps: Count = 200
    seed: Seed = 0
    precision: PrecisionName = "auto"
    weight_averaging: Probability = 0.0
