"""The trainer: one step, the loop over all steps, and how it stops and resumes.

A checkpoint holds everything that the next step depends on: weights, optimiser, position in the epoch, random state and best
score. The order of an epoch and the learning rate depend on the settings and the number of the step alone. So a run that was
stopped or killed, and resumed, ends with the same weights, bit for bit, as one that ran through (on the same machine, with
the same versions; the number of cores and other programs do not matter).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from functools import partial
from pathlib import Path

import torch
from torch import Tensor
from torch.nn.utils import clip_grad_norm_

from s2s_tutorial.arguments import check_type, to_path
from s2s_tutorial.data.batches import Batch, count_steps
from s2s_tutorial.data.corpus import Corpus, HeldOut
from s2s_tutorial.model.precision import low_precision
from s2s_tutorial.model.seq2seq import Feed, Seq2Seq
from s2s_tutorial.runs.checkpoints import Checkpoints
from s2s_tutorial.runs.lock import hold
from s2s_tutorial.runs.progress import Progress
from s2s_tutorial.runs.weights import choose_device, load_model
from s2s_tutorial.settings import Settings
from s2s_tutorial.training.averaging import AveragedWeights
from s2s_tutorial.training.display import Display
from s2s_tutorial.training.distributed import Group
from s2s_tutorial.training.epoch_pairs import EpochPairs, batches_from
from s2s_tutorial.training.gradients import compute_gradients
from s2s_tutorial.training.initial_weights import Start
from s2s_tutorial.training.interrupt import Stop, end_quietly
from s2s_tutorial.training.optimiser import build_optimiser, learning_rate_factor, patience_counts
from s2s_tutorial.training.rare_words import RareWords
from s2s_tutorial.training.record import Record
from s2s_tutorial.training.resume import TrainingState, load_newest, share_state
from s2s_tutorial.training.samples import Samples
from s2s_tutorial.training.scheduled_sampling import mix_in_parallel, teacher_forcing_ratio
from s2s_tutorial.training.setup import open_for_training
from s2s_tutorial.training.validation import Verdict, validate
from s2s_tutorial.training.watchers import Watcher
from s2s_tutorial.training.word_dropout import hide_words
from s2s_tutorial.translation.translator import Translator
from s2s_tutorial.workers import keep_memory, one_thread


class Trainer:
    """Trains one run.

    Args:
        corpus: Sentence pairs and vocabularies, prepared from the same settings.
        settings: Settings of data, model and training.
        folder: Folder of the run. If it already holds one, training resumes from it.
        device: Device to compute on; "auto" is a GPU if there is one.
        watchers: Displays and records of the progress. None chooses a progress bar, in a notebook a live plot, and
            TensorBoard's record; an empty list shows nothing. See `watchers.py`.
        samples: Held-out sentences whose translations are shown; None for some of the training pairs.
        group: Processes that train the run together, see `distributed.py`; None for this process on its own.
        start: Changes the initial weights, see `initial_weights.py`; None leaves them random.

    Attributes:
        mix_words: Chooses the words that the decoder reads in scheduled sampling; takes and returns what `mix_in_parallel` does.

    Raises:
        RunError: The folder holds a run with other settings, other data or another start.
        ValueError: The corpus has no training pairs, or there are more steps than a record holds; nothing is written then.
    """

    mix_words = staticmethod(mix_in_parallel)

    def __init__(
        self,
        corpus: Corpus,
        settings: Settings,
        folder: str | Path,
        device: torch.device | str = "auto",
        watchers: Sequence[Watcher] | None = None,
        samples: HeldOut | None = None,
        group: Group | None = None,
        start: Start | None = None,
    ) -> None:
        check_type("corpus", corpus, Corpus, hint="prepare(settings.data)")
        check_type("settings", settings, Settings, hint='PRESETS["sample"], for example')
        folder = to_path(folder, "folder")
        self.corpus, self.settings, self.device = corpus, settings, torch.device(choose_device(str(device)))
        self.steps_per_epoch, self.total_steps = count_steps(len(corpus.train), settings.training)
        self.group, self.start = group or Group(), start or Start()
        self.rng = torch.Generator(self.device).manual_seed(settings.training.seed)
        self.pairs = EpochPairs.of(corpus, settings)
        self.src, self.tgt = self.pairs.src, self.pairs.tgt
        longest = int(self.src.lengths.max()) - 1  # without EOS
        self.run, model = open_for_training(corpus, settings, folder, self.start, self.group, self.rng, longest)
        self.model = model.to(self.device)
        self.optimiser = build_optimiser(self.model, settings.training)
        self.average = AveragedWeights(self.model, settings.training.weight_averaging)
        self.progress, self.stop = Progress(), Stop()
        self.checkpoints = Checkpoints(folder, most=self.state.most_bytes)
        self.record = Record(self.run.record_path)
        self.rare_words = RareWords.of(corpus, self.device)
        shown = Samples.of(samples or corpus.train)
        self.display = Display(self.run, self.total_steps, shown, self.translator, watchers, self.group.writes)

    @property
    def stopped(self) -> bool:
        """Whether the last `fit` was asked to stop before it had finished."""
        return self.stop.asked and not self.progress.finished

    @property
    def state(self) -> TrainingState:
        """Everything that training changes, except `progress`."""
        return TrainingState(self.model, self.optimiser, self.rng, self.average)

    @property
    def translator(self) -> Translator:
        """A translator of the model as it is now, with the run's vocabularies."""
        run = self.run
        words = run.src_vocabulary, run.tgt_vocabulary
        return Translator(self.model, *words, run.language, run.src_language, run.rule, run.longest, run.precision)

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
        self.model.train()
        batch = self.rare_words.hide(batch.to(self.device), training.unknown_rate, self.rng)
        progress = self.progress.step / self.total_steps
        ratio = teacher_forcing_ratio(training.sampling, progress, training.sampling_end)
        rate = training.learning_rate * learning_rate_factor(
            self.progress.step, self.total_steps, training.warmup, training.decay
        )
        groups = self.optimiser.param_groups  # of the encoder and of the decoder
        for group in groups:
            group["lr"] = rate * group["ratio"]
        workers = torch.get_num_threads()
        with one_thread():  # the threads of an operation would wait for each other, and occupy the cores of the workers
            loss = compute_gradients(self.model, batch, partial(self._loss, ratio), self.rng, workers)
            loss = self.group.average(loss, batch.tgt_lengths.sum(), self.model)  # over all processes
            norms = [clip_grad_norm_(group["params"], training.clip_norm, foreach=True) for group in groups]
            self.optimiser.step()
            self.average.update(self.progress.step)
        return {
            "loss": loss.item(),
            "encoder_norm": norms[0].item(),
            "decoder_norm": norms[1].item(),
            "learning_rate": rate,
            "teacher_forcing": ratio,
        }

    def _loss(self, ratio: float, model: Seq2Seq, part: Batch, rng: torch.Generator) -> Tensor:
        """Compute the mean loss of a part of a batch, whose true words are fed with a probability of `ratio`."""
        training = self.settings.training
        with low_precision(self.device, self.run.precision):
            prev_ids: Feed | None = partial(self.mix_words, model, part, ratio, rng) if ratio < 1.0 else None
            if training.word_dropout:
                part, prev_ids = hide_words(part, prev_ids, training.word_dropout, rng)
            return model.loss(part, training.label_smoothing, prev_ids)

    # The loop

    def fit(self, max_minutes: float | None = None, raise_on_stop: bool = True) -> Progress:
        """Train to the end, or until stopped. A run that was stopped resumes from where it was.

        Ctrl-C (in a notebook: Stop) and SIGTERM end it after the current step, with a checkpoint on the disk.

        Args:
            max_minutes: Training time, over all sessions of this run, after which it ends as if finished.
            raise_on_stop: Raise after a stop, so that no later line or cell uses an unfinished run; False returns.

        Returns:
            Where the run is now. The model is in evaluation mode, with the best weights if the run is finished.

        Raises:
            RunError: Another process is training this run, or its files cannot be read or written.
            TrainingStopped: Training was stopped; everything is saved.
        """
        keep_memory()
        try:
            locked = hold(self.run.folder) if self.group.writes else nullcontext()
            with locked, self.stop.watched():
                self._from_writer(self._resume)
                if self._has_nothing_left(max_minutes):
                    self._show_finished_run()
                else:
                    self._train(max_minutes)
        except OSError as error:
            raise self.display.disk_error(error, self.progress) from error
        self.model.eval()
        if self.stop.asked and raise_on_stop:
            end_quietly(self._outcome(), shown=bool(self.display.live))
        if self.stopped and not self.display.live:
            self.display.print(self._outcome(), always=True)
        return self.progress

    def _train(self, max_minutes: float | None) -> None:
        progress, training = self.progress, self.settings.training
        last_look = time.monotonic()
        with self.display.session(progress, self._outcome):
            if self.start.parent and not progress.step and self.group.writes:
                self._evaluate()  # the parent's weights are kept until others are better
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
        """Yield this process's share of each batch, from the current step to the end of the last epoch."""
        for src, tgt, rows in batches_from(self.progress.step, self.pairs, self.settings.training):
            yield Batch.of(src, tgt, self.group.share(rows))

    def _note(self, values: dict[str, float]) -> None:
        """Record the values of a step, and show them."""
        progress = self.progress
        progress.loss += max(1.0 / progress.step, 0.01) * (values["loss"] - progress.loss)
        if self.group.writes:
            self.record.add(kind="step", step=progress.step, **values)
        self.display.step(progress, values)

    def _judge(self, max_minutes: float | None) -> Verdict:
        """Evaluate the model if it is time to, and decide, together with the other processes, what happens next."""
        verdict = self._evaluate_when_due(max_minutes) if self.group.writes else Verdict.CONTINUE
        # `asked` is read once, because a signal may arrive at any moment. The other processes wait here for the writer.
        return Verdict(self.group.highest(max(verdict, Verdict.STOPPED if self.stop.asked else Verdict.CONTINUE)))

    def _evaluate_when_due(self, max_minutes: float | None) -> Verdict:
        progress, training = self.progress, self.settings.training
        evaluation_steps = max(int(self.steps_per_epoch / training.evaluations_per_epoch), 1)
        ended, late = progress.step == self.total_steps, self.progress.is_out_of_time(max_minutes)
        if ended or late or progress.step % evaluation_steps == 0:
            self._evaluate()
            ended |= progress.worse_evaluations >= training.patience
        return Verdict.FINISHED if ended else Verdict.OUT_OF_TIME if late else Verdict.CONTINUE

    def _evaluate(self) -> None:
        """Translate the validation set, keep the weights if they are the best so far, and show samples."""
        progress, training = self.progress, self.settings.training
        counts = patience_counts(progress.step, self.total_steps, training.warmup, training.decay)
        with self.average.in_place():
            bleu = validate(self.translator, self.corpus.validation, progress, self.run.model_path, counts)
            self.record.add(kind="evaluation", step=progress.step, validation_bleu=bleu)
            self.display.evaluation(progress, bleu)

    # Stop and resume

    def _resume(self) -> None:
        """Restore everything from the newest undamaged checkpoint; without one, start from the first step."""
        found, damaged = load_newest(self.checkpoints, self.state, self.total_steps)
        for sentence in damaged:
            self.display.print(sentence, always=True)
        if found:
            path, self.progress = found
            if not self.progress.finished:
                self.display.print(f"Resuming from {path.name}.")
        else:
            self._start_over()
        self.record.rewind(self.progress.step if found else -1)

    def _start_over(self) -> None:
        """Reset everything that training changes to the state before the first step."""
        if self.optimiser.state:  # steps were taken, so the weights are not the first ones
            model = self.run.build_model()
            self.start.prepare(model)
            self.model.load_state_dict(model.state_dict())
            self.optimiser.state.clear()
            self.average.restart()
        self.rng.manual_seed(self.settings.training.seed)
        self.progress = Progress()

    def _save_checkpoint(self) -> None:
        if self.group.writes:
            self.record.flush()
            self.checkpoints.save(self.progress.step, self.state.tensors(), self.progress.to_dict())

    def _from_writer(self, act: Callable[[], None]) -> None:
        """Let the writer change the state, and copy its state to the other processes."""
        self.progress = share_state(self.group, act, self.state, lambda: self.progress)

    def _has_nothing_left(self, max_minutes: float | None) -> bool:
        late = self.progress.is_out_of_time(max_minutes) and self.run.model_path.is_file()
        return bool(self.group.highest(self.group.writes and (self.progress.finished or late)))

    def _show_finished_run(self) -> None:
        self._from_writer(self._take_best)
        self.display.finished_run(self.progress, self._outcome())

    def _take_best(self) -> None:
        load_model(self.run.model_path, self.model)

    def _outcome(self) -> str:
        return self.display.outcome(self.progress, self.stopped)
