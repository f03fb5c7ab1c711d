"""The trainer: it follows its settings, and no stop, kill or damaged file changes the result."""

import json
import math
import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from tiny import TINY, before_step, everything, press_stop

from s2s_tutorial.data.batches import Batch
from s2s_tutorial.data.corpus import HeldOut, Pairs, prepare
from s2s_tutorial.data.vocabulary import EOS, UNK
from s2s_tutorial.files import load_tensors, save_tensors
from s2s_tutorial.model.seq2seq import shift_right
from s2s_tutorial.runs.checkpoints import Checkpoints
from s2s_tutorial.runs.folder import Run, RunError, open_run
from s2s_tutorial.runs.weights import load_translator
from s2s_tutorial.training import trainer as training
from s2s_tutorial.training import validation
from s2s_tutorial.training.gradients import count_parts
from s2s_tutorial.training.interrupt import TrainingStopped
from s2s_tutorial.training.optimiser import learning_rate_factor, patience_counts
from s2s_tutorial.training.rare_words import RareWords, hide_rare_words
from s2s_tutorial.training.record import read_record
from s2s_tutorial.training.trainer import Trainer
from s2s_tutorial.training.watchers import ProgressBar
from s2s_tutorial.translation.evaluation import bleu_score, normalised_words


@pytest.fixture
def make_trainer(tiny_corpus, tmp_path):
    """A function that makes a trainer for a new folder, or a given one, with some training settings changed."""

    def make(folder=None, model=None, **changes) -> Trainer:
        settings = replace(TINY, training=replace(TINY.training, **changes), model=replace(TINY.model, **(model or {})))
        return Trainer(tiny_corpus, settings, folder or tmp_path / "run", watchers=[])

    return make


def first_batch(trainer: Trainer) -> Batch:
    return Batch.of(trainer.src, trainer.tgt, np.arange(trainer.settings.training.batch_size))


def weights_of(model) -> dict[str, torch.Tensor]:
    return {name: tensor.clone() for name, tensor in model.state_dict().items()}


def same(one: dict, other: dict) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def total_norm(module) -> float:
    return math.sqrt(sum(float(p.grad.double().square().sum()) for p in module.parameters()))


# The schedule of the learning rate


def test_a_run_that_cannot_begin_writes_nothing(make_trainer, tiny_corpus, tmp_path):
    with pytest.raises(ValueError, match="more than a record holds"):
        make_trainer(epochs=10_000, batch_size=1)
    with pytest.raises(ValueError, match="there are no pairs to train on"):
        Trainer(replace(tiny_corpus, train=Pairs([], [])), TINY, tmp_path / "run", watchers=[])
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("steps", "warmup", "decay"), [(100, 0.1, 0.9), (100, 0.25, 0.5), (37, 0.0, 1.0), (50, 0.2, 0.0)]
)
def test_the_rate_rises_in_a_line_stays_and_falls_along_a_cosine(steps, warmup, decay):
    factors = np.array([learning_rate_factor(step, steps, warmup, decay) for step in range(steps)])
    rising, falling = math.ceil(warmup * steps), math.floor(steps - decay * steps) + 1
    assert ((factors > 0) & (factors <= 1)).all()
    np.testing.assert_allclose(np.diff(factors[:rising], n=2), 0, atol=1e-12)
    assert (np.diff(factors[:rising]) > 0).all()
    assert (factors[rising:falling] == 1).all()
    assert (np.diff(factors[falling - 1 :]) < 0).all()
    left = np.arange(steps - falling, 0, -1)
    np.testing.assert_allclose(factors[falling:], (1 - np.cos(np.pi * left / (decay * steps or 1))) / 2, atol=1e-12)


def test_without_warmup_and_decay_the_rate_stays_as_in_2017():
    assert {learning_rate_factor(step, 20, 0.0, 0.0) for step in range(20)} == {1.0}


# Words seen once


def test_only_words_seen_once_are_hidden_and_at_the_given_rate():
    rng = torch.Generator().manual_seed(0)
    ids = torch.randint(0, 40, (500, 40), generator=rng)
    once = torch.zeros(40, dtype=torch.bool)
    once[[7, 11, 39]] = True
    hidden = hide_rare_words(ids, once, 0.3, rng)
    touched = hidden != ids
    assert hidden[touched].eq(UNK).all()
    assert once[ids[touched]].all()
    assert touched.sum().item() / once[ids].sum().item() == pytest.approx(0.3, abs=0.04)


def test_a_rate_of_zero_hides_nothing_and_draws_no_random_number():
    rng = torch.Generator().manual_seed(0)
    ids, once = torch.arange(5)[None], torch.ones(5, dtype=torch.bool)
    before = rng.get_state()
    assert hide_rare_words(ids, once, 0.0, rng).equal(ids)
    assert rng.get_state().equal(before)


def test_training_meets_unknown_words_on_both_sides(make_trainer, monkeypatch):
    trainer = make_trainer(unknown_rate=0.9)
    rare, seen, loss = RareWords.of(trainer.corpus, trainer.device), [], trainer.model.loss
    trainer.model.loss = lambda batch, *more, **others: seen.append(batch) or loss(batch, *more, **others)
    trainer.train_step(Batch.of(trainer.src, trainer.tgt, np.arange(len(trainer.src))))
    [batch] = seen
    for ids, once in ((batch.src_ids, rare.src_once), (batch.tgt_ids, rare.tgt_once)):
        assert once.any()
        assert ids.eq(UNK).sum() > 0.7 * once.sum()
        assert ids.eq(EOS).sum() == len(trainer.src)  # sentences end as before


def test_the_network_is_built_once_and_built_again_only_after_steps_without_a_checkpoint(make_trainer, monkeypatch):
    built, build_model = [], Run.build_model
    monkeypatch.setattr(Run, "build_model", lambda run: built.append(1) or build_model(run))
    trainer = make_trainer(epochs=1)
    first = weights_of(trainer.model)
    assert len(built) == 1
    trainer._resume()
    assert len(built) == 1
    trainer.train_step(first_batch(trainer))
    assert not same(weights_of(trainer.model), first)
    trainer._resume()
    assert same(weights_of(trainer.model), first)
    assert not trainer.optimiser.state


def test_a_step_trains_the_model_and_translating_leaves_its_mode_as_it_was(make_trainer):
    trainer = make_trainer(epochs=1)
    trainer.train_step(first_batch(trainer))
    for mode in (True, False):
        trainer.model.train(mode)
        trainer.translator.translate_words(trainer.corpus.validation.sources[:2])
        trainer.translator.translate_words(trainer.corpus.validation.sources[:2], beam_size=2)
        trainer.translator.forced_attention(["je suis"], ["i am"])
        assert {module.training for module in trainer.model.modules()} == {mode}
    trainer.fit()
    assert not trainer.model.training
    assert not load_translator(trainer.run.folder).model.training


# One step


def test_a_step_reports_what_it_did(make_trainer):
    trainer = make_trainer(warmup=0.5)
    values = trainer.train_step(first_batch(trainer))
    assert set(values) == {"loss", "encoder_norm", "decoder_norm", "learning_rate", "teacher_forcing"}
    assert values["loss"] == pytest.approx(math.log(len(trainer.corpus.tgt_vocabulary)), rel=0.2)
    rising = 0.5 * trainer.total_steps
    assert values["learning_rate"] == pytest.approx(TINY.training.learning_rate / (rising + 1))
    assert values["teacher_forcing"] == 1.0


def largest_change(before: dict, after: dict, part: str) -> float:
    return max(float((after[name] - before[name]).abs().max()) for name in before if name.startswith(part))


@pytest.mark.parametrize("ratio", [0.0, 1.0, 5.0])
def test_the_decoder_learns_at_its_own_rate(make_trainer, ratio):
    """Adam's first step changes a weight by the learning rate, whatever its gradient."""
    trainer = make_trainer(decoder_learning_ratio=ratio, warmup=0.0, decay=0.0, learning_rate=1e-3)
    before = weights_of(trainer.model)
    trainer.train_step(first_batch(trainer))
    after = weights_of(trainer.model)
    assert largest_change(before, after, "encoder") == pytest.approx(1e-3, rel=1e-2)
    assert largest_change(before, after, "decoder") == pytest.approx(ratio * 1e-3, rel=1e-2)


def test_every_weight_is_in_one_of_the_two_groups(make_trainer):
    trainer = make_trainer()
    grouped = [parameter for group in trainer.optimiser.param_groups for parameter in group["params"]]
    assert {id(p) for p in grouped} == {id(p) for p in trainer.model.parameters()}
    assert len({id(p) for p in grouped}) == len(grouped)


def test_clipping_bounds_both_gradients_and_the_norms_are_those_before(make_trainer, tmp_path):
    free, clipped = make_trainer(clip_norm=1e9), make_trainer(tmp_path / "clipped", clip_norm=0.01)
    values, clipped_values = free.train_step(first_batch(free)), clipped.train_step(first_batch(clipped))
    for part in ("encoder", "decoder"):
        norm = total_norm(getattr(free.model, part))
        assert norm > 0.01
        assert values[f"{part}_norm"] == pytest.approx(norm, rel=1e-4)
        assert clipped_values[f"{part}_norm"] == values[f"{part}_norm"]
        assert total_norm(getattr(clipped.model, part)) == pytest.approx(0.01, rel=1e-3)


def test_batches_of_any_size_are_trained_on(make_trainer):
    trainer = make_trainer()
    for size in (1, 5, 32):
        trainer.train_step(Batch.of(trainer.src, trainer.tgt, np.arange(size)))


def test_a_step_does_not_change_its_batch(make_trainer):
    trainer = make_trainer(unknown_rate=0.9)
    batch, copy = first_batch(trainer), first_batch(trainer)
    trainer.train_step(batch)
    assert batch.src_ids.equal(copy.src_ids)
    assert batch.tgt_ids.equal(copy.tgt_ids)


# A whole run


def test_the_loss_goes_down(tiny_run):
    losses = [line["loss"] for line in read_record(tiny_run / "record.jsonl") if line["kind"] == "step"]
    assert np.mean(losses[-5:]) < np.mean(losses[:5]) - 0.3


@pytest.mark.slow
def test_a_model_learns_a_few_sentences_by_heart(tiny_corpus, tmp_path):
    """The smallest test that everything is connected: the model reproduces its training pairs."""
    settings = replace(
        TINY,
        model=replace(TINY.model, embedding_size=64, hidden_size=64, dropout=0.0, input_feeding=False),
        training=replace(
            TINY.training, epochs=120, batch_size=10, learning_rate=1e-2, sampling="none", unknown_rate=0.0, patience=99
        ),
    )
    rows = sorted(range(len(tiny_corpus.train)), key=lambda row: len(tiny_corpus.train.targets[row]))[:20]
    few = Pairs([tiny_corpus.train.sources[r] for r in rows], [tiny_corpus.train.targets[r] for r in rows])
    known = HeldOut(few.sources, [[target] for target in few.targets])
    corpus = replace(tiny_corpus, train=few, validation=known)
    trainer = Trainer(corpus, settings, tmp_path / "run", watchers=[])
    evaluate = trainer._evaluate
    trainer._evaluate = lambda: evaluate() if trainer.progress.step == trainer.total_steps else None
    assert trainer.fit().best_bleu > 80


def test_every_step_and_evaluation_is_recorded_once(tiny_run):
    record = read_record(tiny_run / "record.jsonl")
    steps = [line["step"] for line in record if line["kind"] == "step"]
    assert steps == list(range(1, len(steps) + 1))
    evaluated = [line["step"] for line in record if line["kind"] == "evaluation"]
    assert evaluated == [len(steps) // 2, len(steps)]
    assert {line["teacher_forcing"] for line in record if line["kind"] == "step"} > {1.0}  # scheduled sampling was on


def test_a_run_keeps_two_checkpoints_and_no_other_files(tiny_run):
    names = {path.name for path in tiny_run.iterdir()}
    assert len([name for name in names if name.startswith("checkpoint-")]) == 2
    assert {name for name in names if not name.startswith("checkpoint-")} == {
        "run.json", "model.safetensors", "record.jsonl", "tensorboard", "lock",
    }  # fmt: skip


def test_no_pair_is_left_out_of_an_epoch_or_taken_twice(make_trainer):
    trainer = make_trainer()
    seen = [len(batch.src_lengths) for batch in trainer._remaining_batches()]
    assert len(seen) == trainer.total_steps
    assert sum(seen) == 2 * len(trainer.corpus.train)


# Stopping and resuming, bit for bit


@pytest.mark.parametrize("stops", [(1,), (7, 12), (5, 10, 11, 23)], ids=str)
def test_stopped_and_resumed_equals_uninterrupted(make_trainer, tiny_run, stops):
    for stop in stops:
        trainer = make_trainer()
        before_step(trainer, stop, press_stop)
        progress = trainer.fit(raise_on_stop=False)
        assert (trainer.stopped, progress.step, progress.finished) == (True, stop, False)
    trainer = make_trainer()
    assert trainer.fit().finished
    assert not trainer.stopped
    assert everything(trainer.run.folder) == everything(tiny_run)


def test_running_the_same_cell_again_resumes(make_trainer, tiny_run):
    trainer = make_trainer()
    before_step(trainer, 8, press_stop)
    assert not trainer.fit(raise_on_stop=False).finished
    assert trainer.fit().finished
    assert everything(trainer.run.folder) == everything(tiny_run)


def test_another_form_of_scheduled_sampling_chooses_the_words_that_are_fed(make_trainer):
    trainer = make_trainer(sampling="constant", sampling_end=0.25)
    seen = []

    def true_words(model, batch, ratio, rng, memory, state):
        seen.append(ratio)
        return shift_right(batch.tgt_ids)

    trainer.mix_words = true_words
    always_the_teacher = make_trainer(Path(f"{trainer.run.folder}-2"), sampling="none")
    losses = [trained.train_step(first_batch(trainer))["loss"] for trained in (trainer, always_the_teacher)]
    assert seen == [0.25]
    assert losses[0] == losses[1]


@pytest.mark.parametrize(
    "model",
    [
        {"decoder": "bahdanau", "attention": "additive", "input_feeding": False},
        {"num_layers": 2, "attention": "local-p", "tie_embeddings": False},
        {"network": "transformer", "num_layers": 2, "input_feeding": False},
    ],
    ids=["bahdanau", "two layers, local-p", "transformer"],
)
def test_other_models_resume_exactly_too(make_trainer, tmp_path, model):
    kinds = {"model": model, "epochs": 1, "sampling": "constant"}
    whole = make_trainer(tmp_path / "whole", **kinds)
    whole.fit()
    stopped = make_trainer(**kinds)
    before_step(stopped, 4, press_stop)
    stopped.fit(raise_on_stop=False)
    make_trainer(**kinds).fit()
    assert everything(stopped.run.folder) == everything(whole.run.folder)


@pytest.fixture
def wide(make_trainer, tmp_path):
    """A function that makes a trainer of a model that is large enough for batches to be cut into parts."""

    def make(name: str, **changes) -> Trainer:
        model = {"embedding_size": 80, "hidden_size": 80, "input_feeding": False, "dropout": 0.3}
        return make_trainer(tmp_path / name, model, epochs=3, batch_size=192, sampling="constant", **changes)

    return make


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_batches_in_parts_resume_exactly_with_another_number_of_cores(wide, precision):
    whole = wide("whole", precision=precision)
    assert count_parts(first_batch(whole), 80) == 3
    whole.fit()
    stopped = wide("stopped", precision=precision)
    before_step(stopped, 2, press_stop)
    stopped.fit(raise_on_stop=False)
    threads = torch.get_num_threads()
    torch.set_num_threads(3 if threads == 1 else 1)
    try:
        wide("stopped", precision=precision).fit()
        assert torch.get_num_threads() != threads
    finally:
        torch.set_num_threads(threads)
    assert everything(stopped.run.folder) == everything(whole.run.folder)


def test_precision_changes_the_numbers_a_little(wide):
    losses = {}
    for precision in ("fp32", "bf16"):
        trainer = wide(precision, precision=precision)
        losses[precision] = [trainer.train_step(first_batch(trainer))["loss"] for _ in range(3)]
        assert {weight.dtype for weight in trainer.model.parameters()} == {torch.float32}
        assert {moment.dtype for state in trainer.optimiser.state.values() for moment in state.values()} == {
            torch.float32
        }
    assert losses["fp32"] != losses["bf16"]
    assert losses["bf16"] == pytest.approx(losses["fp32"], rel=0.01)


def test_a_run_keeps_the_precision_it_was_started_with(wide, monkeypatch):
    for faster, expected in ((True, "bf16"), (False, "bf16")):  # the second time on a processor without half precision
        monkeypatch.setattr("s2s_tutorial.model.precision.half_precision_is_faster", lambda size, f=faster: f)
        trainer = wide("run")
        assert trainer.settings.training.precision == "auto"
        assert trainer.run.precision == open_run(trainer.run.folder).precision == expected
    trainer.fit()
    opened = load_translator(trainer.run.folder)
    assert opened.translate("Le chat dort.").attn_weights.dtype == torch.float32
    # Scores of a run do not depend on where it is resumed; elsewhere, a search uses what the processor has.
    assert (trainer.translator.precision, opened.precision) == ("bf16", "auto")
    with pytest.raises(RunError, match="precision auto, not fp32"):
        wide("run", precision="fp32")


def test_a_run_that_a_gpu_has_half_trained_resumes_here_with_everything_but_its_draws(wide, capsys):
    trainer = wide("run", checkpoint_steps=1)
    before_step(trainer, 3, press_stop)
    trainer.fit(raise_on_stop=False)
    path = Checkpoints(trainer.run.folder).paths()[-1]
    tensors, values = load_tensors(path)
    states = [trainer.rng.get_state()]
    for number in (1, 1, 2):
        save_tensors(path, tensors | {"rng": torch.full((16,), number, dtype=torch.uint8)}, values)
        trainer = wide("run", checkpoint_steps=1)
        trainer._resume()
        assert f"{path.name} was written on another kind of device" in capsys.readouterr().err
        assert trainer.progress.step == 3
        restored = trainer.state.tensors()
        assert same(*({n: t for n, t in each.items() if n != "rng"} for each in (restored, tensors)))
        states.append(trainer.rng.get_state())
    kinds = [[torch.equal(one, other) for one in states] for other in states]
    assert kinds == [[row == column or {row, column} == {1, 2} for row in range(4)] for column in range(4)]
    assert trainer.fit().finished


def test_a_run_that_this_processor_has_half_trained_resumes_on_a_gpu_likewise(wide):
    trainer = wide("run")
    before_step(trainer, 3, press_stop)
    trainer.fit(raise_on_stop=False)
    saved, seeds = trainer.state.tensors(), []
    # A GPU's generator has a state of 16 bytes, and refuses a processor's.
    gpu = SimpleNamespace(get_state=lambda: torch.zeros(16, dtype=torch.uint8), manual_seed=seeds.append)
    other = replace(wide("other").state, rng=gpu)
    for rng in (saved["rng"], saved["rng"], torch.Generator().manual_seed(1).get_state()):
        other.load(saved | {"rng": rng})
        assert same(*({n: t for n, t in each.items() if n != "rng"} for each in (other.tensors(), saved)))
    assert seeds[0] == seeds[1] != seeds[2]


def test_a_run_of_an_earlier_version_is_one_in_float32(wide):
    path = wide("run", precision="bf16").run.folder / "run.json"
    values = json.loads(path.read_text(encoding="utf-8"))
    del values["precision"], values["settings"]["training"]["precision"]
    path.write_text(json.dumps(values), encoding="utf-8")
    assert wide("run").run.precision == "fp32"
    path.write_text(json.dumps(values | {"precision": "fp8"}), encoding="utf-8")
    with pytest.raises(RunError, match="the precision is 'fp8', expected fp32 or bf16"):
        wide("run")


def test_an_interrupt_while_validation_runs_loses_nothing(make_trainer, tiny_run, monkeypatch):
    trainer = make_trainer()
    evaluate = trainer._evaluate
    trainer._evaluate = lambda: (press_stop(), evaluate())
    trainer.fit(raise_on_stop=False)
    assert trainer.stopped
    make_trainer().fit()
    assert everything(trainer.run.folder) == everything(tiny_run)


def test_a_second_interrupt_does_not_wait_and_costs_at_most_an_interval(make_trainer, tiny_run):
    trainer = make_trainer()
    before_step(trainer, 8, lambda: (press_stop(), press_stop()))
    with pytest.raises(KeyboardInterrupt):
        trainer.fit()
    assert Checkpoints(trainer.run.folder).paths()[-1].name == "checkpoint-000000005.safetensors"
    make_trainer().fit()
    assert everything(trainer.run.folder) == everything(tiny_run)


def test_sigterm_stops_as_ctrl_c_does(make_trainer):
    trainer = make_trainer()
    before_step(trainer, 3, lambda: signal.raise_signal(signal.SIGTERM))
    assert (trainer.fit(raise_on_stop=False).step, trainer.stopped) == (3, True)


def test_after_training_ctrl_c_has_its_old_handler(make_trainer):
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    trainer = make_trainer()
    before_step(trainer, 2, press_stop)
    trainer.fit(raise_on_stop=False)
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


def test_training_works_outside_the_main_thread(make_trainer):
    trainer = make_trainer(epochs=1)
    thread = threading.Thread(target=trainer.fit)
    thread.start()
    thread.join()
    assert trainer.progress.finished


def test_a_stop_reports_where_everything_is_and_how_to_resume(make_trainer, capsys):
    trainer = make_trainer()
    before_step(trainer, 3, press_stop)
    trainer.fit(raise_on_stop=False)
    said = capsys.readouterr().err
    assert said.count(f"Stopped after step 3 of {trainer.total_steps}") == 1
    assert str(trainer.run.folder) in said
    assert "Run the same command again to resume" in said


def test_a_stop_ends_the_caller_of_fit_and_prints_its_message_once(make_trainer, capsys):
    trainer = make_trainer()
    before_step(trainer, 3, press_stop)
    with pytest.raises(TrainingStopped, match=r"^Stopped after step 3 of .* Run the same command again") as caught:
        trainer.fit()
    assert capsys.readouterr() == ("", "")  # the exception has the message
    assert not isinstance(caught.value, (Exception, KeyboardInterrupt))  # see its docstring


def test_a_stop_also_ends_code_that_catches_all_exceptions(make_trainer, tmp_path):
    begun = []

    def compare():
        for seed in (0, 1):
            trainer = make_trainer(tmp_path / str(seed), seed=seed)
            before_step(trainer, 2, press_stop)
            begun.append(seed)
            with suppress(Exception):
                trainer.fit()

    with pytest.raises(TrainingStopped):
        compare()
    assert begun == [0]


def test_a_stop_during_the_last_evaluation_ends_the_caller_of_fit_although_the_run_is_finished(make_trainer):
    trainer = make_trainer(epochs=1)
    evaluate = trainer._evaluate
    trainer._evaluate = lambda: (evaluate(), press_stop() if trainer.progress.step == trainer.total_steps else None)
    with pytest.raises(TrainingStopped, match=f"^Trained {trainer.total_steps} of {trainer.total_steps} steps"):
        trainer.fit()
    assert trainer.progress.finished
    assert not trainer.stopped


def in_child(folder: Path, place: str) -> subprocess.Popen:
    code = f"import tiny; tiny.train_and_be_killed({str(folder)!r}, {place!r})"
    return subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parents[1],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.slow
def test_killed_in_a_step_and_resumed_equals_uninterrupted_and_no_other_process_may_train_meanwhile(
    make_trainer, tiny_run, tmp_path
):
    with in_child(tmp_path / "run", "wait in step 8") as child:
        try:
            assert child.stdout.readline() == "waiting\n", child.stderr.read()
            words = rf"process {child.pid} on .+ since \d\d:\d\d is training .*: wait for it, or give another folder"
            with pytest.raises(RunError, match=words):
                make_trainer().fit()
        finally:
            child.kill()
    assert Checkpoints(tmp_path / "run").paths()[-1].name == "checkpoint-000000005.safetensors"
    assert make_trainer().fit().finished
    assert everything(tmp_path / "run") == everything(tiny_run)


@pytest.mark.slow
def test_killed_while_a_checkpoint_is_written_and_resumed_equals_uninterrupted(make_trainer, tiny_run, tmp_path):
    with in_child(tmp_path / "run", "before renaming the second checkpoint") as child:
        assert child.wait() == -signal.SIGKILL, child.stderr.read()
    assert len(list((tmp_path / "run").glob(".*.tmp"))) == 1
    assert make_trainer().fit().finished
    assert list((tmp_path / "run").glob(".*.tmp")) == []
    assert everything(tmp_path / "run") == everything(tiny_run)


def test_killed_before_anything_was_written_the_folder_is_still_taken(make_trainer, tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / ".run.json.4711.tmp").write_bytes(b"{")
    make_trainer()


def test_a_second_trainer_of_the_same_process_is_refused_too(make_trainer):
    trainer, refused = make_trainer(epochs=1), []

    def train_too():
        with pytest.raises(RunError, match=rf"process {os.getpid()} on .* is training"):
            make_trainer(epochs=1).fit()
        refused.append(True)

    before_step(trainer, 2, train_too)
    assert trainer.fit().finished
    assert refused == [True]


def test_with_a_damaged_checkpoint_it_resumes_from_the_one_before_and_warns(make_trainer, tiny_run, capsys):
    trainer = make_trainer()
    before_step(trainer, 13, press_stop)
    trainer.fit(raise_on_stop=False)
    newest = Checkpoints(trainer.run.folder).paths()[-1]
    newest.write_bytes(newest.read_bytes()[:-9])
    capsys.readouterr()
    make_trainer().fit()
    assert "checkpoint-000000013.safetensors is damaged" in capsys.readouterr().err
    assert newest.with_suffix(".bad").exists()
    assert everything(trainer.run.folder) == everything(tiny_run)


def test_without_any_valid_checkpoint_it_starts_again_and_warns(make_trainer, tiny_run, capsys):
    trainer = make_trainer()
    before_step(trainer, 7, press_stop)
    trainer.fit(raise_on_stop=False)
    for path in Checkpoints(trainer.run.folder).paths():
        path.write_bytes(b"")
    capsys.readouterr()
    make_trainer().fit()
    said = capsys.readouterr().err
    assert "checkpoint-000000007.safetensors is damaged" in said
    assert "checkpoint-000000005.safetensors is damaged" in said
    assert everything(trainer.run.folder) == everything(tiny_run)


# Folders that belong to another run


def test_a_finished_run_does_not_train_and_has_the_best_weights(make_trainer, tiny_run):
    before = everything(tiny_run)
    trainer = make_trainer(tiny_run)
    trainer.train_step = None  # it must not be called
    progress = trainer.fit()
    assert progress.finished
    assert progress.step == trainer.total_steps
    assert everything(tiny_run) == before
    assert same(weights_of(trainer.model), weights_of(load_translator(tiny_run).model))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"seed": 1}, "seed 0, not 1"),
        ({"epochs": 3}, "epochs 2, not 3"),
        ({"model": {"attention": "dot"}}, "attention general, not dot"),
    ],
)
def test_other_settings_on_the_same_folder_are_an_error_that_names_one(make_trainer, tiny_run, changes, words):
    before = everything(tiny_run)
    with pytest.raises(RunError, match=f"other settings .*{words}.*give another folder"):
        make_trainer(tiny_run, **changes)
    assert everything(tiny_run) == before


def test_other_pairs_on_the_same_folder_are_an_error(tiny_run):
    other = prepare(replace(TINY.data, sample_pairs=500))
    with pytest.raises(RunError, match="was trained on other sentence pairs: use the same file, or"):
        Trainer(other, TINY, tiny_run, watchers=[])


def test_a_folder_with_other_things_in_it_is_refused_and_left_alone(make_trainer, tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(RunError, match="is not empty and holds no run: give a new folder"):
        make_trainer(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_weights_are_written_nowhere_but_in_the_run(make_trainer, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    make_trainer(epochs=1).fit()
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


# When training ends


@pytest.fixture
def clock(monkeypatch):
    """A clock that advances by one second each time it is read."""
    seconds = iter(range(10_000))
    monkeypatch.setattr(training, "time", SimpleNamespace(monotonic=lambda: float(next(seconds))))


def test_after_its_minutes_a_run_ends_as_if_finished_with_its_best_weights(make_trainer, clock):
    trainer = make_trainer()
    progress = trainer.fit(max_minutes=5 / 60)
    assert (progress.step, progress.finished, trainer.stopped) == (5, False, False)
    assert [line["step"] for line in read_record(trainer.run.record_path) if line["kind"] == "evaluation"] == [5]
    assert same(weights_of(trainer.model), weights_of(load_translator(trainer.run.folder).model))


def test_minutes_count_over_all_sessions_and_a_higher_limit_resumes(make_trainer, clock):
    make_trainer().fit(max_minutes=5 / 60)
    assert make_trainer().fit(max_minutes=5 / 60).step == 5
    assert make_trainer().fit(max_minutes=8 / 60).step == 8
    assert make_trainer().fit().finished


def scripted(monkeypatch, scores: list[float]) -> None:
    """Make validation return these scores, one after the other."""
    remaining = iter(scores)
    monkeypatch.setattr(validation, "bleu_score", lambda outputs, references: next(remaining))


def test_early_stopping_keeps_the_best_weights(make_trainer, monkeypatch):
    scripted(monkeypatch, [10.0, 30.0, 30.0, 20.0])
    kinds = {"epochs": 20, "evaluations_per_epoch": 3, "patience": 2, "warmup": 0.0, "decay": 0.0}
    trainer = make_trainer(**kinds)
    kept = []
    evaluate = trainer._evaluate
    trainer._evaluate = lambda: (kept.append(weights_of(trainer.model)), evaluate())
    progress = trainer.fit()
    every = trainer.steps_per_epoch // 3
    assert (progress.step, progress.best_step, progress.best_bleu) == (4 * every, 3 * every, 30.0)
    assert progress.finished
    assert same(weights_of(trainer.model), kept[2]), "of equal scores, the last one counts"
    assert not any(same(kept[2], kept[other]) for other in (1, 3))
    assert same(weights_of(load_translator(trainer.run.folder).model), kept[2])
    assert make_trainer(**kinds).fit().step == progress.step


@pytest.mark.parametrize(("warmup", "decay", "first"), [(0.1, 0.9, 9), (0.5, 0.5, 9), (0.3, 0.0, 3), (1.0, 1.0, 10)])
def test_patience_counts_where_the_rate_is_low_or_constant(warmup, decay, first):
    """With a decay, in its last fifth, where the rate is below a tenth of the highest; without one, after the warm-up."""
    counting = [step for step in range(11) if patience_counts(step, 10, warmup, decay)]
    assert counting == list(range(first, 11))
    assert all(learning_rate_factor(step, 10, warmup, decay) <= 0.1 for step in counting if decay and step < 10)


def test_more_epochs_never_train_less():
    """With one evaluation per epoch and a patience of 5, as in the presets, even if no score is ever better."""

    def trained(epochs: int) -> int:
        counting = [epoch for epoch in range(1, epochs + 1) if patience_counts(epoch, epochs, 0.1, 0.9)]
        return min([*counting[4:], epochs])

    lengths = [trained(epochs) for epochs in range(1, 201)]
    assert lengths == sorted(lengths)
    assert all(trained(epochs) >= epochs - 1 for epochs in range(1, 34))  # at least as long as all of a shorter run


def test_scores_that_fall_at_a_high_rate_do_not_end_a_run(make_trainer, monkeypatch):
    """Patience counts in the last fifth of the decay: from evaluation 17 of 20 on, and the third of those ends the run."""
    scripted(monkeypatch, [30.0, *[20.0] * 20])
    trainer = make_trainer(epochs=20, patience=3)
    progress = trainer.fit()
    assert progress.step == 19 * trainer.steps_per_epoch
    assert progress.finished
    assert trainer._outcome().endswith("Stopped early: 3 evaluations without a better score.")


def test_a_run_that_takes_all_its_steps_was_not_stopped_early(make_trainer, monkeypatch):
    scripted(monkeypatch, [30.0, *[20.0] * 20])
    trainer = make_trainer(epochs=10, patience=5)
    assert trainer.fit().step == trainer.total_steps
    assert "Stopped early" not in trainer._outcome()


def test_patience_is_remembered_over_a_stop(make_trainer, monkeypatch):
    kinds = {"epochs": 20, "evaluations_per_epoch": 3, "patience": 3, "warmup": 0.0, "decay": 0.0}
    scripted(monkeypatch, [30.0, 20.0])
    trainer = make_trainer(**kinds)
    every = trainer.steps_per_epoch // 3
    before_step(trainer, 2 * every + 1, press_stop)
    trainer.fit(raise_on_stop=False)
    scripted(monkeypatch, [10.0, 5.0])
    assert make_trainer(**kinds).fit().step == 4 * every


def test_validation_scores_equal_those_of_the_public_functions(make_trainer, tiny_corpus):
    trainer = make_trainer(epochs=1)
    trainer.fit()
    recorded = [line for line in read_record(trainer.run.record_path) if line["kind"] == "evaluation"][-1]
    translations = load_translator(trainer.run.folder).translate_words(tiny_corpus.validation.sources)
    outputs = [" ".join(normalised_words(translation.words)) for translation in translations]
    assert recorded["validation_bleu"] == bleu_score(outputs, tiny_corpus.validation.references)


def test_a_progress_bar_shows_samples_and_without_watchers_nothing_is_shown(tiny_corpus, tmp_path, capsys):
    settings = replace(TINY, training=replace(TINY.training, epochs=1))
    Trainer(tiny_corpus, settings, tmp_path / "loud", watchers=[ProgressBar()]).fit()
    said = capsys.readouterr()
    lines = said.err.splitlines()
    assert sum(line.startswith("> ") for line in lines) == sum(line.startswith("< ") for line in lines) == 3
    shown = [line[2:] for line in lines if line.startswith("= ")]
    assert len(shown) == 3
    assert set(shown) <= set(tiny_corpus.train.targets)
    assert "validation BLEU" in said.err
    assert "loss " in said.err
    Trainer(tiny_corpus, settings, tmp_path / "quiet", watchers=[]).fit()
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", "")


def test_samples_of_given_sentences_are_shown_instead_of_training_pairs(tiny_corpus, tmp_path, capsys):
    settings = replace(TINY, training=replace(TINY.training, epochs=1))
    samples = tiny_corpus.test.head(2)
    Trainer(tiny_corpus, settings, tmp_path / "run", watchers=[ProgressBar()], samples=samples).fit()
    shown = [line[2:] for line in capsys.readouterr().err.splitlines() if line.startswith("> ")]
    assert len(shown) == 3
    assert set(shown) <= set(samples.sources)


def test_challenge_sentences_of_the_training_pairs_are_remembered(tiny_corpus, tmp_path):
    from s2s_tutorial.data.corpus import challenge_set
    from s2s_tutorial.runs.folder import open_run

    known = challenge_set().sources[0]
    train = replace(
        tiny_corpus.train,
        sources=[known, *tiny_corpus.train.sources[1:]],
    )
    Trainer(replace(tiny_corpus, train=train), TINY, tmp_path / "run", watchers=[])
    seen = open_run(tmp_path / "run").challenge_seen
    assert known in seen
    assert seen == set(train.sources) & set(challenge_set().sources)
