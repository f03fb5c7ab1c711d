"""Models and batches so small that tests can run every combination of settings."""

import copy
import functools
import itertools

import pytest
import torch

from s2s_tutorial.data.batches import Batch
from s2s_tutorial.data.vocabulary import EOS, PAD, SPECIAL_WORDS, UNK, Vocabulary
from s2s_tutorial.model.seq2seq import Seq2Seq
from s2s_tutorial.settings import ATTENTIONS, ModelSettings

SIZE = 6  # E and H
SRC_WORDS, TGT_WORDS = 11, 9  # V of each side, special words counted


def _settings(decoder: str, feeding: bool, attention: str, layers: int, tied: bool) -> ModelSettings:
    return ModelSettings(
        decoder, attention, SIZE, SIZE, layers, dropout=0.0, tie_embeddings=tied, input_feeding=feeding
    )


def transformer(layers: int = 2, tied: bool = False, dropout: float = 0.0) -> ModelSettings:
    """Return the settings of a Transformer of two heads."""
    return ModelSettings(
        embedding_size=SIZE, hidden_size=SIZE, num_layers=layers, dropout=dropout, tie_embeddings=tied,
        network="transformer", num_heads=2, feed_forward_size=2 * SIZE,
    )  # fmt: skip


_DECODERS = (("luong", False), ("luong", True), ("bahdanau", False))
_SIZES = list(itertools.product((1, 2), (False, True)))  # layers, tied
# Every recurrent decoder with every attention, and the Transformer, each in one size ...
RECURRENT = [_settings(*d, attention, 2, False) for d, attention in itertools.product(_DECODERS, ATTENTIONS)]
FAMILIES = [*RECURRENT, transformer()]
# ... and all sizes.
KINDS = [_settings(*d, attention, *size) for d, attention, size in itertools.product(_DECODERS, ATTENTIONS, _SIZES)]
KINDS += [transformer(*size) for size in _SIZES]
# The kinds that the web page can run.
RUNNABLE = [kind for kind in KINDS if kind.decoder == "luong" and not kind.input_feeding]


def kind_name(settings: ModelSettings) -> str:
    fed = "-fed" if settings.input_feeding else ""
    tied = "tied" if settings.tie_embeddings else "untied"
    if settings.network == "transformer":
        return f"transformer-{settings.num_layers}-{tied}"
    return f"{settings.decoder}{fed}-{settings.attention}-{settings.num_layers}-{tied}"


all_families = pytest.mark.parametrize("settings", FAMILIES, ids=kind_name)
all_kinds = pytest.mark.parametrize("settings", KINDS, ids=kind_name)


def small_model(settings: ModelSettings, seed: int = 0, loudness: float = 1.0) -> Seq2Seq:
    """Build a model with random weights, all multiplied by `loudness`, in double precision for exact comparisons."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = Seq2Seq(settings, SRC_WORDS, TGT_WORDS).double()
    with torch.no_grad():
        for weight in model.parameters():
            weight.mul_(loudness)
    return model.eval()


def make_batch(src: list[list[int]], tgt: list[list[int]], more_padding: int = 0) -> Batch:
    """Make a batch of sentences of ids; EOS and padding are added."""
    sides = []
    for sentences in (src, tgt):
        lengths = torch.tensor([len(ids) + 1 for ids in sentences])
        ids = torch.full((len(sentences), int(lengths.max()) + more_padding), PAD)
        for row, sentence in enumerate(sentences):
            ids[row, : lengths[row]] = torch.tensor([*sentence, EOS])
        sides += [ids, lengths]
    return Batch(*sides)


SRC = [[4, 9, 5, 10, 4], [6], [8, 7, UNK], [10, 9]]
TGT = [[5, 4], [7, 8, 4, 6], [], [8, UNK, 5]]


def small_batch(more_padding: int = 0) -> Batch:
    """Make four pairs of different lengths; one target has no word."""
    return make_batch(SRC, TGT, more_padding)


def one_pair(row: int) -> Batch:
    """Make a batch of one of `small_batch`'s pairs, without padding."""
    return make_batch([SRC[row]], [TGT[row]])


def small_vocabularies() -> tuple[Vocabulary, Vocabulary]:
    """Make vocabularies of the models' sizes: words a, b, c ... on the source side and p, q, r ... on the target side."""
    sides = []
    for size, first in ((SRC_WORDS, "a"), (TGT_WORDS, "p")):
        words = tuple(chr(ord(first) + n) for n in range(size - len(SPECIAL_WORDS)))
        sides.append(Vocabulary(SPECIAL_WORDS + words, (0,) * len(SPECIAL_WORDS) + (2,) * len(words)))
    return sides[0], sides[1]


def batch_to_learn() -> Batch:
    """Make a batch of the three of `small_batch`'s pairs that have words on both sides."""
    return make_batch([SRC[row] for row in (0, 1, 3)], [TGT[row] for row in (0, 1, 3)])


def _learn(model: Seq2Seq, batch: Batch, learning_rate: float, steps: int, good_enough: float) -> float:
    optimiser = torch.optim.Adam(model.train().parameters(), learning_rate)
    for _ in range(steps):
        loss = model.loss(batch)
        if loss.item() < good_enough:
            break
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    model.eval()
    return loss.item()


@functools.cache
def overfitted(settings: ModelSettings) -> tuple[Seq2Seq, float]:
    """Return a model trained until it has memorised `batch_to_learn`, and its loss. Tests must not change it."""
    model = small_model(settings)
    return model, _learn(model, batch_to_learn(), learning_rate=0.06, steps=150, good_enough=0.045)


@functools.cache
def half_learnt(settings: ModelSettings, seed: int = 0) -> Seq2Seq:
    """Return a model trained for a few steps: some of its sentences end early, some late, and some only at their limit.

    Tests must not change it; `with_bias` gives one that is changed.
    """
    model = small_model(settings, seed, loudness=2.0)
    targets = [[5, 4], [7, 8, 4, 6, 7], [6], [8, UNK, 5]]
    _learn(model, make_batch(SRC, targets), learning_rate=0.1, steps=8, good_enough=0.0)
    return model.requires_grad_(False)


def with_bias(model: Seq2Seq, ids: list[int], value: float) -> Seq2Seq:
    """Copy the model and set its output bias for some target words."""
    model = copy.deepcopy(model)
    with torch.no_grad():
        model.decoder.output_bias[ids] = value
    return model
