"""Word dropout hides what the model reads, and nothing of what it should predict; BPE-dropout resumes exactly."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch
from tiny import TINY, before_step, everything

from s2s_tutorial.data.batches import Batch, Encoded
from s2s_tutorial.data.corpus import prepare
from s2s_tutorial.data.on_disk.cache import stream
from s2s_tutorial.data.vocabulary import EOS, PAD, SOS, UNK, Vocabulary
from s2s_tutorial.model.seq2seq import shift_right
from s2s_tutorial.runs.folder import RunError, open_run
from s2s_tutorial.training.trainer import Trainer
from s2s_tutorial.training.word_dropout import hide, hide_words

PIECES = replace(
    TINY,
    data=replace(TINY.data, text="unicode", tokens="subwords", vocabulary_size=600),
    training=replace(TINY.training, bpe_dropout=0.1, renaming=0.5, word_dropout=0.1, weight_averaging=0.9),
)


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def test_words_are_hidden_at_the_rate_and_special_words_never():
    ids = torch.randint(EOS + 1, 50, (100, 100), generator=generator())
    ids[:, 0], ids[:, -1], ids[0] = SOS, EOS, PAD
    hidden = hide(ids, 0.3, generator())
    assert torch.equal(hidden[:, 0], ids[:, 0])
    assert torch.equal(hidden[:, -1], ids[:, -1])
    assert torch.equal(hidden[0], ids[0])
    words = ids > UNK
    assert set(hidden[hidden != ids].tolist()) == {UNK}
    assert (hidden != ids)[words].float().mean() == pytest.approx(0.3, abs=0.02)


@pytest.mark.parametrize("fed", ["true words", "given", "made"])
def test_source_and_fed_words_are_hidden_and_targets_stay(fed):
    words = Vocabulary.count(["a b c d e f g h"])
    side = Encoded.encode(["a b c d e f g h", "a b c"] * 50, words)
    batch = Batch.of(side, side, np.arange(100))
    true = shift_right(batch.tgt_ids)
    given = {"true words": None, "given": true, "made": lambda memory, state: true}[fed]
    hidden, feed = hide_words(batch, given, 0.5, generator())
    assert hidden.tgt_ids is batch.tgt_ids
    assert (hidden.src_ids == UNK).any()
    made = feed(None, None)
    assert set(made[made != true].tolist()) == {UNK}
    assert torch.equal(made[:, 0], true[:, 0])


def test_a_run_with_both_dropouts_and_an_average_resumes_bit_for_bit(tmp_path):
    corpus = prepare(PIECES.data)
    make = partial(Trainer, corpus, PIECES, watchers=[])
    whole = make(tmp_path / "whole")
    whole.fit()
    halves = make(tmp_path / "halves")
    before_step(halves, halves.steps_per_epoch + 3, lambda: setattr(halves.stop, "asked", True))
    halves.fit(raise_on_stop=False)
    assert not halves.progress.finished
    make(tmp_path / "halves").fit()
    assert everything(tmp_path / "halves") == everything(tmp_path / "whole")
    assert open_run(tmp_path / "whole").longest == whole.src.lengths.max() - 1


def test_an_epoch_cuts_words_in_other_ways_than_the_one_before(tmp_path):
    trainer = Trainer(prepare(PIECES.data), PIECES, tmp_path / "run", watchers=[])
    first, again, second = (trainer.pairs.of_epoch(epoch)[0].ids for epoch in (0, 0, 1))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, second)
    assert len(trainer.src) == len(trainer.pairs.of_epoch(0)[0])


def test_pairs_on_disk_cannot_be_cut_again(tmp_path):
    corpus = stream(PIECES.data, tmp_path)
    with pytest.raises(RunError, match="bpe_dropout needs the pairs in memory"):
        Trainer(corpus, PIECES, tmp_path / "run", watchers=[])


def test_bpe_dropout_without_subwords_is_an_error():
    with pytest.raises(ValueError, match="renaming need tokens 'subwords'"):
        replace(TINY, training=replace(TINY.training, bpe_dropout=0.1))


@pytest.mark.parametrize("text", ["ascii", "unicode"])
@pytest.mark.parametrize("tokens", ["words", "subwords", "characters"])
@pytest.mark.parametrize("joint", [True, False])
def test_a_corpus_on_disk_is_the_one_in_memory(tmp_path, text, tokens, joint):
    data = replace(TINY.data, text=text, tokens=tokens, vocabulary_size=600, joint_vocabulary=joint, trim_below=2)
    stored, memory = stream(data, tmp_path), prepare(data)
    trainers = [
        Trainer(corpus, replace(TINY, data=data), tmp_path / name, watchers=[])
        for name, corpus in (("stored", stored), ("memory", memory))
    ]
    for side in ("src", "tgt"):
        one, other = (getattr(trainer, side) for trainer in trainers)
        assert np.array_equal(one.ids, other.ids)
        assert np.array_equal(one.starts, other.starts)
        assert getattr(stored, f"{side}_vocabulary") == getattr(memory, f"{side}_vocabulary")
    assert list(stored.train.sources) == memory.train.sources
    assert (stored.validation, stored.test, stored.rule) == (memory.validation, memory.test, memory.rule)
    assert stored.losses == memory.losses
