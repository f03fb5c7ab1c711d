"""Borrowed parts: they are copied exactly, frozen weights stay, and a stop changes nothing."""

from dataclasses import replace

import pytest
import torch
from tiny import TINY, before_step, everything, press_stop

from s2s_tutorial.model.seq2seq import count_parameters
from s2s_tutorial.runs.folder import RunError, open_run
from s2s_tutorial.runs.weights import load_translator
from s2s_tutorial.training.initial_weights import Start, from_encoder, from_vectors
from s2s_tutorial.training.trainer import Trainer
from s2s_tutorial.training.word_vectors import WordVectors


@pytest.fixture
def make_trainer(tiny_corpus, tmp_path):
    """A function that makes a trainer with borrowed initial weights."""

    def make(start: Start | None, folder=None, **model) -> Trainer:
        settings = replace(TINY, model=replace(TINY.model, **model), training=replace(TINY.training, epochs=1))
        return Trainer(tiny_corpus, settings, folder or tmp_path / "run", watchers=[], start=start)

    return make


@pytest.fixture
def vectors(tiny_corpus) -> WordVectors:
    """Vectors of every third source word."""
    words = tiny_corpus.src_vocabulary.words[4::3]
    values = torch.randn(len(words), TINY.model.embedding_size, generator=torch.Generator().manual_seed(1))
    return WordVectors(words, values, "fr.vec, sha256 0123456789abcdef")


@pytest.fixture
def starts(vectors, tiny_run, tiny_corpus):
    """One `Start` of every kind, by name."""
    vocabulary, lender = tiny_corpus.src_vocabulary, load_translator(tiny_run)
    return {
        f"{name}{', frozen' * freeze}": make(thing, vocabulary, freeze)
        for name, make, thing in (("vectors", from_vectors, vectors), ("encoder", from_encoder, lender))
        for freeze in (False, True)
    }


KINDS = ["vectors", "vectors, frozen", "encoder", "encoder, frozen"]
kinds = pytest.mark.parametrize("kind", KINDS)


def of_encoder(trainer: Trainer) -> dict[str, torch.Tensor]:
    return {name: value.clone() for name, value in trainer.model.encoder.state_dict().items()}


def same(one, other) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def test_a_borrowed_encoder_arrives_whole_and_the_decoder_stays_fresh(make_trainer, starts, tiny_run, tmp_path):
    trainer, fresh = make_trainer(starts["encoder"]), make_trainer(None, tmp_path / "fresh")
    assert same(of_encoder(trainer), load_translator(tiny_run).model.encoder.state_dict())
    assert same(trainer.model.decoder.state_dict(), fresh.model.decoder.state_dict())
    assert not same(of_encoder(trainer), of_encoder(fresh))


def test_borrowed_vectors_change_the_rows_of_their_words_and_nothing_else(make_trainer, starts, vectors, tmp_path):
    trainer, fresh = make_trainer(starts["vectors"]), make_trainer(None, tmp_path / "fresh")
    now, before = trainer.model.state_dict(), fresh.model.state_dict()
    assert [name for name in now if not torch.equal(now[name], before[name])] == ["encoder.embedding.weight"]
    changed = (now["encoder.embedding.weight"] != before["encoder.embedding.weight"]).any(dim=1).nonzero().flatten()
    assert {trainer.corpus.src_vocabulary.words[row] for row in changed} == set(vectors.words)


@kinds
def test_training_changes_everything_but_what_is_frozen(make_trainer, starts, kind):
    trainer = make_trainer(starts[kind])
    before = {name: value.clone() for name, value in trainer.model.state_dict().items()}
    frozen = {
        name
        for name in before
        if "frozen" in kind and name.startswith("encoder.embedding" if "vectors" in kind else "encoder.")
    }
    for batch in list(trainer._remaining_batches())[:3]:
        values = trainer.train_step(batch)
    after = trainer.model.state_dict()
    assert {name for name in before if torch.equal(before[name], after[name])} == frozen
    assert count_parameters(trainer.model) == sum(after[name].numel() for name in after if name not in frozen)
    assert (values["encoder_norm"] == 0.0) == (kind == "encoder, frozen")
    assert values["decoder_norm"] > 0.0


@kinds
def test_stopped_and_resumed_equals_uninterrupted(make_trainer, starts, kind, tmp_path):
    whole = make_trainer(starts[kind], tmp_path / "whole")
    assert whole.fit().finished
    for stop in (3, 7):
        trainer = make_trainer(starts[kind])
        before_step(trainer, stop, press_stop)
        assert trainer.fit(raise_on_stop=False).step == stop
    trainer = make_trainer(starts[kind])
    assert trainer.fit().finished
    assert everything(trainer.run.folder) == everything(whole.run.folder)


def test_a_checkpoint_holds_no_moments_of_what_is_frozen(make_trainer, starts, tmp_path):
    free, frozen = make_trainer(starts["encoder"], tmp_path / "free"), make_trainer(starts["encoder, frozen"])
    for trainer in (free, frozen):
        before_step(trainer, 2, press_stop)
        trainer.fit(raise_on_stop=False)
    moments = {
        len([name for name in trainer.state.tensors() if name.endswith("exp_avg")]) for trainer in (free, frozen)
    }
    assert moments == {len(list(free.model.parameters())), len(list(free.model.decoder.parameters()))}


@kinds
def test_a_run_remembers_its_initial_weights_and_refuses_to_resume_with_others(make_trainer, starts, kind):
    folder = make_trainer(starts[kind]).run.folder
    assert open_run(folder).start == starts[kind].name
    for other in {*KINDS, "nothing"} - {kind}:
        with pytest.raises(
            RunError, match=r"began with '(vectors|encoder).*', not with .*: use the same start, or give"
        ):
            make_trainer(starts.get(other))


def test_a_run_that_started_at_random_refuses_to_resume_with_borrowed_weights(make_trainer, starts):
    make_trainer(None)
    assert make_trainer(None).run.start == ""
    with pytest.raises(RunError, match="began with nothing borrowed, not with 'encoder"):
        make_trainer(starts["encoder"])


def test_an_encoder_with_another_vocabulary_is_refused(tiny_run, tiny_corpus):
    with pytest.raises(ValueError, match=r"another vocabulary .*give the new run the lender's src_vocabulary"):
        from_encoder(load_translator(tiny_run), tiny_corpus.tgt_vocabulary)


@pytest.mark.parametrize("model", [{"hidden_size": 24, "embedding_size": 24}, {"num_layers": 2}], ids=str)
def test_an_encoder_of_another_size_is_refused_before_anything_is_written(make_trainer, starts, model, tmp_path):
    with pytest.raises(ValueError, match=r"the borrowed encoder has .* of shape .*: give both one size"):
        make_trainer(starts["encoder"], **model)
    assert not (tmp_path / "run").exists()


def test_different_encoders_have_different_names(tiny_run, talking_run, tiny_corpus):
    one, other = (
        from_encoder(load_translator(folder), tiny_corpus.src_vocabulary).name for folder in (tiny_run, talking_run)
    )
    assert one != other


TRANSFORMER = {"network": "transformer", "num_heads": 2, "input_feeding": False}


def test_vectors_in_a_transformer_are_as_large_as_its_embeddings(make_trainer, starts, vectors, tiny_corpus):
    trainer = make_trainer(starts["vectors, frozen"], **TRANSFORMER)
    rows = [tiny_corpus.src_vocabulary.id_of(word) for word in vectors.words]
    weight = trainer.model.encoder.embedding.weight[rows]
    assert weight.square().mean().item() * TINY.model.embedding_size == pytest.approx(1, rel=1e-5)
    trainer.fit()
    assert torch.equal(trainer.model.encoder.embedding.weight[rows], weight)


def test_a_transformers_encoder_can_be_borrowed_but_not_a_recurrent_one(make_trainer, starts, tmp_path):
    with pytest.raises(ValueError, match="give both one size"):
        make_trainer(starts["encoder"], tmp_path / "refused", **TRANSFORMER)
    lender = make_trainer(None, tmp_path / "lender", **TRANSFORMER)
    lender.fit()
    start = from_encoder(lender.translator, lender.run.src_vocabulary, freeze=True)
    trainer = make_trainer(start, **TRANSFORMER)
    trainer.fit()
    assert same(of_encoder(trainer), of_encoder(lender))
