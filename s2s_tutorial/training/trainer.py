"""The trainer: steps, epochs, schedules; it stops when asked and goes on as if it had never stopped.

Everything that decides what comes next (weights, optimiser, place in the epoch, random state, best score) is
in a checkpoint. The order of an epoch and the learning rate are functions of the settings and the step's number. So a
run that was stopped, or killed, and started again ends with the same weights, bit for bit, as one that was not: on the
same machine, with the same versions and number of threads.
"""

from __future__ import annotations

import hashlib
import json
import math
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from pathlib import Path

import torch
from torch import Tensor

from s2s_tutorial.arguments import check_type, to_path
from s2s_tutorial.data.batches import Batch, epoch_order
from s2s_tutorial.data.corpus import Corpus, HeldOut, challenge_set
from s2s_tutorial.data.on_disk.mapped_pairs import encode_pairs
from s2s_tutorial.files import pack_tensors, unpack_tensors
from s2s_tutorial.model.gru import keep_memory
from s2s_tutorial.runs.checkpoints import Checkpoints
from s2s_tutorial.runs.folder import Run, RunError
from s2s_tutorial.runs.lock import hold
from s2s_tutorial.runs.open_or_make import open_or_make
from s2s_tutorial.runs.progress import Progress
from s2s_tutorial.runs.weights import choose_device, load_model, save_model
from s2s_tutorial.settings import Settings
from s2s_tutorial.training.cores import shared_cores
from s2s_tutorial.training.distributed import Group
from s2s_tutorial.training.initial_weights import Start
from s2s_tutorial.training.interrupt import Stop, end_quietly, watched
from s2s_tutorial.training.rare_words import hide_rare_words
from s2s_tutorial.training.record import Record
from s2s_tutorial.training.resume_state import TrainingState
from s2s_tutorial.training.samples import Samples
from s2s_tutorial.training.scheduled_sampling import mix_in_parallel, mix_stepwise
from s2s_tutorial.training.schedules import learning_rate_factor, teacher_forcing_ratio
from s2s_tutorial.training.watchers import Board, ProgressBar, Watcher
from s2s_tutorial.translation.evaluation import bleu_score, normalised_words
from s2s_tutorial.translation.translator import Translator

MAX_STEPS = 1_000_000
GO_ON, OUT_OF_TIME, STOPPED, FINISHED = range(4)  # what becomes of a run after a step; the highest counts


class Trainer:
    """Trains one run.

    Args:
        corpus: prepared from the same settings.
        settings: of data, model and training.
        folder: of the run; what it holds already is gone on with.
        device: where to compute; "auto" is a GPU where there is one.
        samples: held-out sentences whose translations are shown; None for some of the training pairs.
        tensorboard: also write a record for TensorBoard.
        live: who shows the progress; None for a bar in the terminal.
        quiet: no progress is shown.
        group: the processes that train it together, see `distributed.py`; this one alone where nothing is given.
        start: what the model borrows before the first step, see `start.py`; fresh weights where nothing is given.

    Raises:
        RunError: the folder holds a run with other settings, other data or another start.
    """

    def __init__(
        self,
        corpus: Corpus,
        settings: Settings,
        folder: str | Path,
        device: torch.device | str = "auto",
        samples: HeldOut | None = None,
        tensorboard: bool = True,
        live: Watcher | None = None,
        quiet: bool = False,
        group: Group | None = None,
        start: Start | None = None,
    ) -> None:
        check_type("corpus", corpus, Corpus, hint="prepare(settings.data)")
        check_type("settings", settings, Settings, hint='PRESETS["sample"], for example')
        folder = to_path(folder, "folder")
        self.corpus, self.settings, self.device = corpus, settings, torch.device(choose_device(str(device)))
        self.group, self.start = group or Group(), start or Start()
        self.live, self.quiet = live, quiet or not self.group.writes
        self.samples = Samples.of(samples or corpus.train)
        self.watchers: list[Watcher] = [] if self.quiet else [live or ProgressBar()]
        if tensorboard and self.group.writes:
            self.watchers.append(Board(folder / "tensorboard"))
        self.run = self._open(folder)
        self.model = self.run.build_model().to(self.device)
        self.rng = torch.Generator(self.device)
        self._start_anew()
        self.checkpoints = Checkpoints(folder, most=self.state.most_bytes)
        self.record = Record(self.run.record_path)
        self.src, self.tgt = encode_pairs(corpus.train, corpus.src_vocabulary, corpus.tgt_vocabulary)
        self.src_once = torch.from_numpy(corpus.src_vocabulary.seen_once()).to(self.device)
        self.tgt_once = torch.from_numpy(corpus.tgt_vocabulary.seen_once()).to(self.device)
        self.steps_per_epoch = math.ceil(len(corpus.train) / settings.training.batch_size)
        self.total_steps = self.steps_per_epoch * settings.training.epochs
        self.stop = Stop()
        if self.total_steps > MAX_STEPS:
            raise RunError(
                f"{self.total_steps:,} steps are more than a record holds ({MAX_STEPS:,}): take fewer epochs"
            )

    @property
    def stopped(self) -> bool:
        """Whether the last `fit` was asked to stop before it had finished."""
        return self.stop.asked and not self.progress.finished

    @property
    def state(self) -> TrainingState:
        """What training changes, but for `progress`."""
        return TrainingState(self.model, self.optimiser, self.rng)

    @property
    def translator(self) -> Translator:
        """The model as it is now, with the run's vocabularies."""
        return Translator(self.model, self.run.src_vocabulary, self.run.tgt_vocabulary, self.run.language)

    def _open(self, folder: Path) -> Run:
        seen = self.corpus.train.find(challenge_set(self.settings.data.reverse).sources)
        vocabularies = self.corpus.src_vocabulary, self.corpus.tgt_vocabulary
        run = Run(folder, self.settings, *vocabularies, frozenset(seen), self.start.name)
        words = json.dumps([*(words.to_dict() for words in vocabularies), len(self.corpus.train), run.start])
        digest = hashlib.sha256(words.encode()).digest()
        run.weight_bytes()  # refuses a model that no memory holds, before it is made
        if run.start:
            self.start.prepare(run.build_model())  # refuses what does not fit, before anything is written

        def open_or_make_it() -> bytes:
            nonlocal run
            run = open_or_make(run)
            return digest

        if self.group.from_writer(open_or_make_it) != digest:
            raise RunError(f"process {self.group.rank} has other data than process 0: give all the same files")
        return run

    def _start_anew(self) -> None:
        """Set everything that training changes to where a run begins."""
        self.model.load_state_dict(self.run.build_model().state_dict())
        self.start.prepare(self.model)
        self.optimiser = self._build_optimiser()
        self.rng.manual_seed(self.settings.training.seed)
        self.progress = Progress()

    def _build_optimiser(self) -> torch.optim.Adam:
        training = self.settings.training
        groups = [
            {"params": list(self.model.encoder.parameters()), "ratio": 1.0},
            {"params": list(self.model.decoder.parameters()), "ratio": training.decoder_learning_ratio},
        ]
        return torch.optim.Adam(groups, lr=training.learning_rate, fused=True)

    # One training step

    def train_step(self, batch: Batch) -> dict[str, float]:
        """Take one optimiser step.

        Args:
            batch: sentence pairs.

        Returns:
            loss (nats a word), encoder_norm and decoder_norm (of the gradients, before clipping), learning_rate and
            teacher_forcing.
        """
        training = self.settings.training
        batch = self._hide_rare(batch.to(self.device))
        progress = self.progress.step / self.total_steps
        ratio = teacher_forcing_ratio(training.sampling, progress, training.sampling_end)
        with torch.autocast(self.device.type, enabled=self.device.type == "cuda", dtype=torch.bfloat16):
            prev_ids = None
            if ratio < 1.0:
                mix = mix_stepwise if training.sampling_stepwise else mix_in_parallel
                prev_ids = partial(mix, self.model, batch, ratio, self.rng)
            loss = self.model.loss(batch, training.label_smoothing, prev_ids, self.rng)
        self.optimiser.zero_grad()
        loss.backward()
        loss = self.group.average(loss, batch.tgt_lengths.sum(), self.model)  # a process on its own keeps its own
        norms = [self._clip(group["params"]) for group in self.optimiser.param_groups]
        rate = training.learning_rate * learning_rate_factor(
            self.progress.step, self.total_steps, training.warmup, training.decay
        )
        for group in self.optimiser.param_groups:
            group["lr"] = rate * group["ratio"]
        self.optimiser.step()
        return {
            "loss": loss.item(),
            "encoder_norm": norms[0].item(),
            "decoder_norm": norms[1].item(),
            "learning_rate": rate,
            "teacher_forcing": ratio,
        }

    def _clip(self, parameters: list[Tensor]) -> Tensor:
        return torch.nn.utils.clip_grad_norm_(parameters, self.settings.training.clip_norm, foreach=True)

    def _hide_rare(self, batch: Batch) -> Batch:
        rate = self.settings.training.unknown_rate
        return Batch(
            hide_rare_words(batch.src_ids, self.src_once, rate, self.rng),
            batch.src_lengths,
            hide_rare_words(batch.tgt_ids, self.tgt_once, rate, self.rng),
            batch.tgt_lengths,
        )

    # The whole run

    def fit(self, max_minutes: float | None = None, raise_on_stop: bool = True) -> Progress:
        """Train to the end, or until stopped. A run that was stopped resumes from where it was.

        Ctrl-C (in a notebook: Stop) and SIGTERM end it after the current step, with a checkpoint on the disk.

        Args:
            max_minutes: Training time, over all sessions of this run, after which it ends as if finished.
            raise_on_stop: Raise after a stop, so that no later line or cell uses a run that is not finished; False returns.

        Returns:
            Where the run is now. `self.model` holds the best weights if it is finished.

        Raises:
            RunError: another process is training this run, or the disk takes or gives no more; the message says what to do.
            TrainingStopped: training was stopped; everything is saved.
        """
        keep_memory()
        try:
            with (
                hold(self.run.folder) if self.group.writes else nullcontext(),
                self.stop.watched(),
                shared_cores(self.settings.model),
            ):
                self._fit(max_minutes)
        except OSError as error:
            raise RunError(
                f"training stopped after step {self.progress.step:,}: {error.filename or self.run.folder}: "
                f"{error.strerror or error}. Make room, or make the place writable, and run the same cell or command "
                "again: it goes on from the last checkpoint"
            ) from error
        if self.stop.asked and raise_on_stop:
            end_quietly(self._outcome(), shown=self.live in self.watchers)
        if self.stopped and self.live not in self.watchers:
            self._say(self._outcome(), always=True)
        return self.progress

    def _fit(self, max_minutes: float | None) -> None:
        self._from_writer(self._go_on)
        time_is_up = max_minutes is not None and self.progress.seconds >= 60.0 * max_minutes
        done = self.progress.finished or (time_is_up and self.run.model_path.is_file())
        if self.group.highest(done and self.group.writes):
            self._from_writer(self._take_best)
            if self.live in self.watchers:
                with self._watched([self.live]):
                    pass  # the curve of the finished run
            else:
                self._say(self._outcome())
        else:
            self._train(max_minutes)

    def _train(self, max_minutes: float | None) -> None:
        progress, training = self.progress, self.settings.training
        last_look = time.monotonic()
        with self._watched(self.watchers):
            for batch in self._remaining_batches():
                self.group.reseed(self.rng, training.seed, progress.step)
                values = self.train_step(batch)
                progress.step += 1
                now = time.monotonic()
                progress.seconds += max(now - last_look, 0.0)  # a clock that is set back takes no time away
                last_look = now
                self._note(values)
                verdict = self._look(max_minutes) if self.group.writes else GO_ON
                # A stop is looked at once, for a signal may come in between; the others wait here for the writer.
                verdict = self.group.highest(max(verdict, STOPPED * self.stop.asked))
                progress.finished = verdict == FINISHED
                if verdict != GO_ON or progress.step % training.checkpoint_steps == 0:
                    self._save_checkpoint()
                if verdict != GO_ON:
                    self.stop.asked |= verdict == STOPPED
                    break
        if not self.stopped:
            self._from_writer(self._take_best)

    def _note(self, values: dict[str, float]) -> None:
        """Record what a step gave, and show it."""
        progress = self.progress
        progress.loss += max(1.0 / progress.step, 0.01) * (values["loss"] - progress.loss)
        if self.group.writes:
            self.record.add(kind="step", step=progress.step, **values)
        for watcher in self.watchers:
            watcher.step(progress.step, progress.seconds, values | {"mean_loss": progress.loss})

    def _look(self, max_minutes: float | None) -> int:
        """Evaluate, if it is time to, and say what becomes of the run."""
        progress, training = self.progress, self.settings.training
        evaluation_steps = max(self.steps_per_epoch // training.evaluations_per_epoch, 1)
        ended = progress.step == self.total_steps
        in_time = max_minutes is None or progress.seconds < 60.0 * max_minutes
        if ended or not in_time or progress.step % evaluation_steps == 0:
            self._evaluate()
            ended |= progress.worse_evaluations >= training.patience
        return FINISHED if ended else GO_ON if in_time else OUT_OF_TIME

    def _say(self, sentence: str, always: bool = False) -> None:
        # A notebook paints standard error red, and nothing is wrong.
        if self.group.writes and (always or not self.quiet):
            print(sentence, file=sys.stdout if self.live else sys.stderr)

    def _outcome(self) -> str:
        """Describe in a sentence or two how the run has ended, or where it was stopped."""
        progress = self.progress
        if self.stopped:
            again = "this cell" if self.live else "the same cell or command"
            return (
                f"Stopped after step {progress.step:,} of {self.total_steps:,}; everything is saved in "
                f"{self.run.folder}. Run {again} again to resume."
            )
        return (
            f"Trained {progress.step:,} of {self.total_steps:,} steps in {progress.seconds:,.0f} s; best validation BLEU "
            f"{progress.best_bleu:.1f} at step {progress.best_step:,}."
        )

    def _watched(self, watchers: list[Watcher]) -> AbstractContextManager[None]:
        progress = self.progress
        place = self.run.record_path, progress.step, self.total_steps, progress.seconds
        return watched(watchers, self._outcome, *place, self.samples, self.translator)

    def _remaining_batches(self) -> Iterator[Batch]:
        """Batches from the run's place on, to the end of the last epoch; of each, this process's share."""
        training = self.settings.training
        epoch, done = divmod(self.progress.step, self.steps_per_epoch)
        for number in range(epoch, training.epochs):
            order = epoch_order(self.src.lengths, self.tgt.lengths, training.batch_size, training.seed, number)
            for rows in order[done if number == epoch else 0 :]:
                yield Batch.of(self.src, self.tgt, self.group.share(rows))

    # Looking at the model on the way

    def _evaluate(self) -> None:
        """Translate the validation set; keep the weights if it has never gone better."""
        progress, held_out, translator = self.progress, self.corpus.validation, self.translator
        translations = translator.translate_words(held_out.sources)
        bleu = bleu_score([" ".join(normalised_words(found.words)) for found in translations], held_out.references)
        if bleu > progress.best_bleu:
            progress.best_bleu, progress.best_step, progress.worse_evaluations = bleu, progress.step, 0
            save_model(self.run.model_path, self.model)
        else:
            progress.worse_evaluations += 1
        self.record.add(kind="evaluation", step=progress.step, validation_bleu=bleu)
        if self.watchers:
            lines, shown = self.samples.translate(translator, progress.step)
            for watcher in self.watchers:
                watcher.evaluation(progress.step, bleu, lines, shown)

    # Stopping and going on

    def _from_writer(self, act: Callable[[], None]) -> None:
        """Let the writer change the state, and give the other processes what came of it."""

        def act_and_pack() -> bytes:
            act()
            return b"" if self.group.size == 1 else pack_tensors(self.state.tensors(), self.progress.to_dict())

        data = self.group.from_writer(act_and_pack)
        if not self.group.writes:
            tensors, values = unpack_tensors(data, "what process 0 sent")
            self.state.load(tensors)
            self.progress = Progress.from_dict(values)

    def _take_best(self) -> None:
        load_model(self.run.model_path, self.model)

    def _save_checkpoint(self) -> None:
        if self.group.writes:
            self.record.flush()
            self.checkpoints.save(self.progress.step, self.state.tensors(), self.progress.to_dict())

    def _go_on(self) -> None:
        """Take everything from the newest checkpoint that is whole, if there is one."""
        self.checkpoints.clear_temporary()
        found, damaged = self.checkpoints.newest()
        for sentence in damaged:
            self._say(sentence, always=True)
        if found is None:
            self._start_anew()
            self.record.rewind(0)
            return
        path, tensors, values = found
        try:
            progress = Progress.from_dict(values)
            if progress.step > self.total_steps:
                raise ValueError(f"step {progress.step} is after the last one, {self.total_steps}")
            self.state.load(tensors)
        except ValueError as error:
            raise RunError(
                f"{path} is whole, but no checkpoint of this run ({error}): use the device it was trained on, or move it "
                "away to go on from the one before"
            ) from None
        self.progress = progress
        self.record.rewind(self.progress.step)
        if not self.progress.finished:
            self._say(f"Going on from {path.name}.")
