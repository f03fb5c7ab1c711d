"""The trainer: one step, the loop over all steps, and how it stops and resumes.

A checkpoint holds everything that the next step depends on: weights, optimiser, position in the epoch, random state and best
score. The order of an epoch and the learning rate depend on the settings and the number of the step alone. So a run that was
stopped or killed, and then resumed, ends with the same weights, bit for bit, as one that ran through: on the same machine,
with the same versions and number of threads.
"""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from enum import IntEnum
from functools import partial
from pathlib import Path

import torch
from torch import Tensor

from s2s_tutorial.data.batches import Batch, epoch_order
from s2s_tutorial.data.corpus import Corpus, HeldOut
from s2s_tutorial.data.on_disk.mapped_pairs import encode_pairs
from s2s_tutorial.files import pack_tensors, unpack_tensors
from s2s_tutorial.model.gru import keep_memory
from s2s_tutorial.runs.checkpoints import Checkpoints
from s2s_tutorial.runs.folder import RunError
from s2s_tutorial.runs.lock import hold
from s2s_tutorial.runs.progress import Progress
from s2s_tutorial.runs.weights import choose_device, load_model, save_model
from s2s_tutorial.settings import Settings
from s2s_tutorial.training.cores import shared_cores
from s2s_tutorial.training.distributed import Group
from s2s_tutorial.training.initial_weights import Start
from s2s_tutorial.training.interrupt import Stop, end_quietly, watched
from s2s_tutorial.training.rare_words import hide_rare_words
from s2s_tutorial.training.record import Record
from s2s_tutorial.training.resume import describe_outcome, disk_error, load_newest
from s2s_tutorial.training.resume_state import TrainingState
from s2s_tutorial.training.samples import Samples
from s2s_tutorial.training.scheduled_sampling import mix_in_parallel, mix_stepwise
from s2s_tutorial.training.schedules import learning_rate_factor, teacher_forcing_ratio
from s2s_tutorial.training.setup import open_for_training
from s2s_tutorial.training.watchers import Board, ProgressBar, Watcher
from s2s_tutorial.translation.evaluation import bleu_score, normalised_words
from s2s_tutorial.translation.translator import Translator

MAX_STEPS = 1_000_000


class Verdict(IntEnum):
    """What happens to a run after a step. If several processes disagree, the highest value counts for all of them."""

    CONTINUE = 0
    OUT_OF_TIME = 1
    STOPPED = 2
    FINISHED = 3


class Trainer:
    """Trains one run.

    Args:
        corpus: Sentence pairs and vocabularies, prepared from the same settings.
        settings: Settings of data, model and training.
        folder: Folder of the run. If it already holds one, training resumes from it.
        device: Device to compute on; "auto" is a GPU if there is one.
        samples: Held-out sentences whose translations are shown; None for some of the training pairs.
        tensorboard: Whether to write a record for TensorBoard too.
        live: Watcher that shows the progress; None for a bar in the terminal.
        quiet: Whether to show no progress.
        group: Processes that train the run together, see `distributed.py`; None for this process on its own.
        start: Changes the initial weights, see `initial_weights.py`; None leaves them random.

    Raises:
        RunError: The folder holds a run with other settings, other data or another start.
    """

    def __init__(
        self,
        corpus: Corpus,
        settings: Settings,
        folder: Path,
        device: torch.device | str = "auto",
        samples: HeldOut | None = None,
        tensorboard: bool = True,
        live: Watcher | None = None,
        quiet: bool = False,
        group: Group | None = None,
        start: Start | None = None,
    ) -> None:
        self.corpus, self.settings, self.device = corpus, settings, torch.device(choose_device(str(device)))
        self.group, self.start = group or Group(), start or Start()
        self.live, self.quiet = live, quiet or not self.group.writes
        self.samples = Samples.of(samples or corpus.train)
        self.watchers: list[Watcher] = [] if self.quiet else [live or ProgressBar()]
        if tensorboard and self.group.writes:
            self.watchers.append(Board(folder / "tensorboard"))
        self.run, model = open_for_training(corpus, settings, folder, self.start, self.group)
        self.model = model.to(self.device)
        self.optimiser = self._build_optimiser()
        self.rng = torch.Generator(self.device).manual_seed(settings.training.seed)
        self.progress = Progress()
        self.checkpoints = Checkpoints(folder, most=self.state.most_bytes)
        self.record = Record(self.run.record_path)
        self.src, self.tgt = encode_pairs(corpus.train, corpus.src_vocabulary, corpus.tgt_vocabulary)
        self.src_once = torch.from_numpy(corpus.src_vocabulary.seen_once()).to(self.device)  # (V,)
        self.tgt_once = torch.from_numpy(corpus.tgt_vocabulary.seen_once()).to(self.device)  # (V,)
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
        """Everything that training changes, except `progress`."""
        return TrainingState(self.model, self.optimiser, self.rng)

    @property
    def translator(self) -> Translator:
        """A translator of the model as it is now, with the run's vocabularies."""
        return Translator(self.model, self.run.src_vocabulary, self.run.tgt_vocabulary, self.run.language)

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
            batch: B sentence pairs.

        Returns:
            loss (nats per word), encoder_norm and decoder_norm (of the gradients, before clipping), learning_rate, and
            teacher_forcing (probability of the true word).
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
        loss = self.group.average(loss, batch.tgt_lengths.sum(), self.model)  # over all processes
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

    # The loop

    def fit(self, max_minutes: float | None = None, raise_on_stop: bool = True) -> Progress:
        """Train to the end, or until stopped. A run that was stopped resumes from where it was.

        Ctrl-C (in a notebook: Stop) and SIGTERM end it after the current step, with a checkpoint on the disk.

        Args:
            max_minutes: Training time, over all sessions of this run, after which it ends as if finished.
            raise_on_stop: Raise after a stop, so that no later line or cell uses an unfinished run; False returns.

        Returns:
            Where the run is now. `self.model` holds the best weights if it is finished.

        Raises:
            RunError: Another process is training this run, or its files cannot be read or written; the message says what
                to do.
            TrainingStopped: Training was stopped; everything is saved.
        """
        keep_memory()
        try:
            with (
                hold(self.run.folder) if self.group.writes else nullcontext(),
                self.stop.watched(),
                shared_cores(self.settings.model),
            ):
                self._from_writer(self._resume)
                if self._has_nothing_left(max_minutes):
                    self._show_finished_run()
                else:
                    self._train(max_minutes)
        except OSError as error:
            raise disk_error(error, self.progress, self.run.folder) from error
        if self.stop.asked and raise_on_stop:
            end_quietly(self._outcome(), shown=self.live in self.watchers)
        if self.stopped and self.live not in self.watchers:
            self._print(self._outcome(), always=True)
        return self.progress

    def _train(self, max_minutes: float | None) -> None:
        progress, training = self.progress, self.settings.training
        last_look = time.monotonic()
        with self._watched(self.watchers):
            for batch in self._remaining_batches():
                self.group.reseed(self.rng, training.seed, progress.step)
                values = self.train_step(batch)
                progress.step += 1
                now = time.monotonic()
                progress.seconds += max(now - last_look, 0.0)  # the system's clock may be set back
                last_look = now
                self._note(values)
                verdict = self._judge(max_minutes)
                progress.finished = verdict == Verdict.FINISHED
                if verdict != Verdict.CONTINUE or progress.step % training.checkpoint_steps == 0:
                    self._save_checkpoint()
                if verdict != Verdict.CONTINUE:
                    self.stop.asked |= verdict == Verdict.STOPPED
                    break
        if not self.stopped:
            self._from_writer(self._take_best)

    def _remaining_batches(self) -> Iterator[Batch]:
        """Yield this process's share of each batch, from the run's current step to the end of the last epoch."""
        training = self.settings.training
        epoch, done = divmod(self.progress.step, self.steps_per_epoch)
        for number in range(epoch, training.epochs):
            order = epoch_order(self.src.lengths, self.tgt.lengths, training.batch_size, training.seed, number)
            for rows in order[done if number == epoch else 0 :]:
                yield Batch.of(self.src, self.tgt, self.group.share(rows))

    def _note(self, values: dict[str, float]) -> None:
        """Record the values of a step, and show them."""
        progress = self.progress
        progress.loss += max(1.0 / progress.step, 0.01) * (values["loss"] - progress.loss)
        if self.group.writes:
            self.record.add(kind="step", step=progress.step, **values)
        for watcher in self.watchers:
            watcher.step(progress.step, progress.seconds, values | {"mean_loss": progress.loss})

    def _judge(self, max_minutes: float | None) -> Verdict:
        """Evaluate the model if it is time to, and decide, together with the other processes, what happens next."""
        verdict = self._evaluate_when_due(max_minutes) if self.group.writes else Verdict.CONTINUE
        # `asked` is read once, because a signal may arrive at any moment. The other processes wait here for the writer.
        return Verdict(self.group.highest(max(verdict, Verdict.STOPPED if self.stop.asked else Verdict.CONTINUE)))

    def _evaluate_when_due(self, max_minutes: float | None) -> Verdict:
        progress, training = self.progress, self.settings.training
        evaluation_steps = max(self.steps_per_epoch // training.evaluations_per_epoch, 1)
        ended, late = progress.step == self.total_steps, self._is_out_of_time(max_minutes)
        if ended or late or progress.step % evaluation_steps == 0:
            self._evaluate()
            ended |= progress.worse_evaluations >= training.patience
        return Verdict.FINISHED if ended else Verdict.OUT_OF_TIME if late else Verdict.CONTINUE

    def _is_out_of_time(self, max_minutes: float | None) -> bool:
        return max_minutes is not None and self.progress.seconds >= 60.0 * max_minutes

    def _evaluate(self) -> None:
        """Translate the validation set, and save the weights if its BLEU is the highest so far."""
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

    # Stop and resume

    def _resume(self) -> None:
        """Restore everything from the newest undamaged checkpoint; without one, start from the first step."""
        found, damaged = load_newest(self.checkpoints, self.state, self.total_steps)
        for sentence in damaged:
            self._print(sentence, always=True)
        if found is None:
            self._start_over()
        else:
            path, self.progress = found
        self.record.rewind(self.progress.step)
        if found and not self.progress.finished:
            self._print(f"Going on from {path.name}.")

    def _start_over(self) -> None:
        """Reset everything that training changes to the state before the first step."""
        if self.optimiser.state:  # steps were taken, so the weights are not the first ones
            model = self.run.build_model()
            self.start.prepare(model)
            self.model.load_state_dict(model.state_dict())
            self.optimiser = self._build_optimiser()
        self.rng.manual_seed(self.settings.training.seed)
        self.progress = Progress()

    def _save_checkpoint(self) -> None:
        if self.group.writes:
            self.record.flush()
            self.checkpoints.save(self.progress.step, self.state.tensors(), self.progress.to_dict())

    def _from_writer(self, act: Callable[[], None]) -> None:
        """Let the writer change the state, and copy its state to the other processes."""

        def act_and_pack() -> bytes:
            act()
            return b"" if self.group.size == 1 else pack_tensors(self.state.tensors(), self.progress.to_dict())

        data = self.group.from_writer(act_and_pack)
        if not self.group.writes:
            tensors, values = unpack_tensors(data, "what process 0 sent")
            self.state.load(tensors)
            self.progress = Progress.from_dict(values)

    # The end

    def _has_nothing_left(self, max_minutes: float | None) -> bool:
        late = self._is_out_of_time(max_minutes) and self.run.model_path.is_file()
        return bool(self.group.highest(self.group.writes and (self.progress.finished or late)))

    def _show_finished_run(self) -> None:
        self._from_writer(self._take_best)
        if self.live in self.watchers:
            with self._watched([self.live]):
                pass  # the watcher draws the curve of the finished run
        else:
            self._print(self._outcome())

    def _take_best(self) -> None:
        load_model(self.run.model_path, self.model)

    def _outcome(self) -> str:
        in_notebook = self.live is not None
        return describe_outcome(self.progress, self.total_steps, self.run.folder, self.stopped, in_notebook)

    def _print(self, sentence: str, always: bool = False) -> None:
        # A notebook shows standard error in red, as if something were wrong.
        if self.group.writes and (always or not self.quiet):
            print(sentence, file=sys.stdout if self.live else sys.stderr)

    def _watched(self, watchers: list[Watcher]) -> AbstractContextManager[None]:
        progress = self.progress
        start = self.run.record_path, progress.step, self.total_steps, progress.seconds
        return watched(watchers, self._outcome, *start, self.samples, self.translator)
