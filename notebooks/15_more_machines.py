# ---
# jupyter:
#   jupytext:
#     cell_metadata_filter: tags,mystnb,-all
#     formats: ipynb,py:percent
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # More machines
#
# One process has trained everything so far. A large corpus wants more: several processes, on one machine or on many,
# that share every batch, and sentence pairs that never fit into memory. In this chapter two processes on your own machine
# train one model. You hold them to a hard standard: the *same losses* as one process, step by step. Then you kill one.
#
# > **What you will be able to do**
# >
# > - split a batch over processes and average the gradients so that the result is that of the whole batch
# > - say why a plain mean of the processes' gradients is wrong for sentences
# > - start, kill and resume a training with `torchrun`, also with another number of processes
# > - measure what a second core gains, with worker threads and with processes, and say what such a measurement cannot show
# > - explain why products of matrices can be rounded to 8 bits, and why the weights cannot
# > - train on sentence pairs that stay on the disk
#
# The chapter takes about a minute at `small` and a few minutes at `standard`. At every scale it uses the embedded corpus.

# %% tags=["hide-input"]
# Find the package in this clone, or install it from where the book is published. Otherwise stop and say what to do.
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

REPOSITORY = ""  # filled in where the book is published
NEEDED = "s2s_tutorial babel filelock matplotlib msgspec numpy pooch sacrebleu safetensors sentencex tensorboard torch tornado tqdm typer"
clone = next((f for f in (Path.cwd(), *Path.cwd().parents) if (f / "s2s_tutorial" / "__init__.py").is_file()), None)
sys.path[:0] = [str(clone)] if clone else []
source = f"git+{REPOSITORY}" if REPOSITORY else clone or "the folder of your clone"
ready = all(map(find_spec, NEEDED.split()))
if REPOSITORY and not ready:
    command = [sys.executable, "-m", "pip", "install", "--quiet", source]
    ready = subprocess.run(command, capture_output=True, check=False).returncode == 0
if not ready:
    stop = ImportError(f'Packages are missing. Run %pip install "{source}" in a cell, and then run this cell again.')
    stop._render_traceback_ = lambda: [str(stop)]  # one line, no traceback
    raise stop

# %%
from dataclasses import replace

from s2s_tutorial.presets import PRESETS, load_scale

scale = load_scale()  # S2S_SCALE: small, standard or large
small = scale.name == "small"
preset = PRESETS["small" if small else "sample"]
steady = replace(  # without dropout and hidden words nothing is left to chance but what all processes share
    PRESETS["small"],
    name="steady",
    data=replace(preset.data, sample_pairs=1_000),
    model=replace(PRESETS["small"].model, dropout=0.0),
    training=replace(PRESETS["small"].training, epochs=4, batch_size=64, unknown_rate=0.0, checkpoint_steps=10),
)
timed = replace(  # the model whose steps are timed, in one epoch
    preset, name="timed", data=replace(preset.data, sample_pairs=3_000), training=replace(preset.training, epochs=1)
)
stream_pairs = 3_000 if small else 100_000  # pairs to encode into files

# %%
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from matplotlib.figure import Figure

from s2s_tutorial.data.batches import Batch, epoch_order
from s2s_tutorial.data.corpus import prepare
from s2s_tutorial.data.on_disk.cache import stream
from s2s_tutorial.data.on_disk.mapped_pairs import open_encoded
from s2s_tutorial.model.precision import choose_precision, low_precision
from s2s_tutorial.notebook.show import check_shape, show_figure, show_source, show_table, show_text
from s2s_tutorial.training.distributed import Group
from s2s_tutorial.training.gradients import compute_gradients
from s2s_tutorial.training.record import read_record
from s2s_tutorial.training.trainer import Trainer

workshop = TemporaryDirectory()
place = Path(workshop.name)
BLUE, ORANGE, GREY = "#00429d", "#b8560b", "0.5"

# %% [markdown]
# ## One batch, several processes
#
# There are two ways to use a second machine. It can hold *another part of the model*, or it can work on *another part
# of the batch*. Models in this book fit into any memory, so we take the second way, **[data
# parallelism](../book/glossary.md)**: every process has all the weights, takes its share of the batch, computes
# gradients, and then all processes average them. After that they take the same step, so their weights stay the same
# without ever being compared.
#
# What does "batch size 64" mean now? Here it stays the size of the whole batch, whoever shares it: two processes take 32
# pairs each. Then the order of the pairs, the number of steps and the learning rate do not depend on how many machines
# you happen to have. Who gets which pairs?

# %%
show_source(Group.share)

# %% tags=["nbval-check-output"]
batch_of_seven = np.arange(7)
for size in (1, 2, 3):
    shares = [Group(rank, size).share(batch_of_seven).tolist() for rank in range(size)]
    print(f"{size} process{'es' * (size > 1)}:", shares)
print("one pair for 2:", [Group(rank, 2).share(np.array([6])).tolist() for rank in range(2)])

# %% [markdown]
# The last line is the end of an epoch: one pair is left and two processes wait. Both take it. The mean of two equal
# gradients is that gradient, so it does not count twice.
#
# ## The mean of means is not the mean
#
# Process 0 has sentences with 90 words in all, process 1 with 10. Both compute the mean loss a word, say 2 and 4. The
# loss of the whole batch is
#
# $$
# \begin{aligned}
# \mathcal{L} &= \frac{\sum_p n_p \mathcal{L}_p}{\sum_p n_p} \\[1ex]
# \nabla \mathcal{L} &= \frac{\sum_p n_p \nabla \mathcal{L}_p}{\sum_p n_p}
# \end{aligned}
# \tag{15.1}
# $$
#
# with $n_p$ the words of process $p$: here $(90 \cdot 2 + 10 \cdot 4) / 100 = 2.2$. The plain mean of both is 3.
#
# > **Guess first**
# >
# > The plain mean is what you get if you forget about words. Our batches hold sentences of about equal length. How far from the
# > true gradient will the plain mean be: not at all, some percent, or half of it? And in a batch of *mixed* lengths?

# %%
corpus = prepare(steady.data)
trainer = Trainer(corpus, steady, place / "trial", "cpu", watchers=[])


# %%
def gradient(rows):
    """Gradient of the loss of some pairs, in one long vector, and their target words."""
    trainer.model.zero_grad()
    batch = Batch.of(trainer.src, trainer.tgt, rows)
    trainer.model.loss(batch).backward()
    return torch.cat([weight.grad.flatten() for weight in trainer.model.parameters()]), int(batch.tgt_lengths.sum())


def errors(rows):
    """How far two averages over two processes are from the gradient of the whole batch, relative."""
    whole, _ = gradient(rows)
    (one, n_one), (two, n_two) = (gradient(Group(rank, 2).share(rows)) for rank in (0, 1))
    check_shape(one, tuple(whole.shape))
    averages = (one * n_one + two * n_two) / (n_one + n_two), (one + two) / 2
    return [float((average - whole).norm() / whole.norm()) for average in averages]


# %%
rows_of = {
    kind: epoch_order(trainer.src.lengths, trainer.tgt.lengths, 8, seed=0, epoch=0, bucketed=kind == "like length")[:20]
    for kind in ("like length", "mixed lengths")
}
means = {kind: np.mean([errors(rows) for rows in batches], axis=0) for kind, batches in rows_of.items()}
assert all(by_word < 1e-5 < plain for by_word, plain in means.values())
show_table(
    ["batches of 8 pairs", "by word: error", "plain mean: error"],
    [[kind, f"{by_word:.0e}", f"{plain:.1%}"] for kind, (by_word, plain) in means.items()],
)

# %% [markdown]
# By word, the error is that of rounding: sums are added up in another order. The plain mean is wrong by far more.
#
# The package does all of (15.1) in one exchange. Gradients, loss and number of words lie in one vector;
# **[all-reduce](../book/glossary.md)** adds the vectors of all processes up and gives everybody the sum.

# %%
show_source(Group.average)

# %% [markdown]
# ## Two processes that know of each other
#
# `torchrun` comes with PyTorch. It starts as many processes as you ask for and tells each its **[rank](../book/glossary.md)** (its number)
# and how to find the others. The command line of the package needs nothing else:
#
# ```bash
# torchrun --nproc-per-node 2 -m s2s_tutorial.cli train --folder runs/shared
# ```
#
# (`--folder` is the same as `--run`, which `torchrun` would take for an option of its own.) For this chapter a worker
# of a few lines is better: it takes its settings from its command line, and it can die on command.

# %%
WORKER = """
import json, os, signal, sys
from pathlib import Path
from s2s_tutorial.settings import Settings
from s2s_tutorial.data.corpus import prepare
from s2s_tutorial.training.distributed import Group, join
from s2s_tutorial.training.trainer import Trainer
from s2s_tutorial.training.watchers import ProgressBar, Watcher

job = json.loads(sys.argv[1])
settings = Settings.from_dict(job["settings"])
with join("cpu") as group:
    trainer = Trainer(prepare(settings.data), settings, Path(job["run"]), "cpu", [ProgressBar()], group=group)
    exec(job["before"])
    trainer.fit()
"""


# %%
def torchrun(processes, settings, run, before="", threads=1, restarts=0):
    """Let several processes train one run; returns everything they said."""
    (place / "worker.py").write_text(WORKER)
    job = {"settings": settings.to_dict(), "run": str(place / run), "before": before}
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(processes)]
    command += ["--max-restarts", str(restarts), str(place / "worker.py"), json.dumps(job)]
    environment = os.environ | {
        "OMP_NUM_THREADS": str(threads),
        "OMP_WAIT_POLICY": "passive",  # a thread that waits should not keep a core from another process
        "PYTHONPATH": os.pathsep.join(sys.path),
    }
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def losses(run):
    """Loss of every step of a run's record."""
    return np.array([line["loss"] for line in read_record(place / run / "record.jsonl") if line["kind"] == "step"])


# %% [markdown]
# First one process, here in the notebook. Then two, each with half of every batch. There is no dropout, so the losses
# should be the same numbers. And **break it**: two processes once more, which believe that everybody has one word, and so
# take the plain mean. Figure 15.1 compares both with the one process.

# %%
alone = Trainer(corpus, steady, place / "alone", "cpu", watchers=[])
alone.fit()
code, said = torchrun(2, steady, "two")
assert code == 0, said
difference = np.abs(losses("two") / losses("alone") - 1)
assert difference[:50].max() < 1e-5

# %%
PLAIN_MEAN = """
average = Group.average
Group.average = lambda group, loss, words, model: average(group, loss, 1, model)
"""
code, said = torchrun(2, steady, "plain", before=PLAIN_MEAN)
assert code == 0, said
plain = np.abs(losses("plain") / losses("alone") - 1)
assert plain.max() > difference.max()

# %% tags=["hide-input"] mystnb={"image": {"alt": "Two rows of dots over training steps on a logarithmic axis. The losses averaged by word differ by less than a dashed line at ten to the minus five; after the first steps those of the plain mean lie above it, most of them far."}}
figure = Figure(figsize=(7, 3), layout="constrained")
axes = figure.add_subplot()
axes.semilogy(
    np.arange(1, len(difference) + 1), np.maximum(difference, 1e-9), ".", color=BLUE, label="averaged by word"
)
axes.semilogy(np.arange(1, len(plain) + 1), np.maximum(plain, 1e-9), "x", color=GREY, label="plain mean")
axes.axhline(1e-5, linestyle="--", color=ORANGE, label="what we allow over 50 steps")
axes.set(xlabel="step", ylabel="relative difference of losses")
figure.legend(loc="outside upper center", ncols=3)
show_figure(figure)

# %% [markdown]
# **Figure 15.1.** Relative difference of the losses of two processes from those of one. By word it is rounding (dots
# on the lowest line: no difference at all); with the plain mean it is thousands of times as large as rounding,
# although still small.

# %% tags=["hide-input"]
show_text(
    f"Over {len(difference)} steps the largest relative difference is **{difference.max():.7f}**; the loss went from "
    f"{losses('two')[0]:.2f} to {losses('two')[-1]:.2f} nats a word. With the plain mean the difference is {plain.max():.2%}, and its "
    f"last loss is {losses('plain')[-1]:.2f}: nothing crashed, and nothing looks wrong."
)

# %% [markdown]
# With dropout every process must toss coins of its own, or both would drop the same places. The coins depend on the seed,
# the step and the rank, and on nothing else, so a run that goes on tosses the same ones again. Two processes then
# cannot give the very losses of one; they give losses just as good.

# %% tags=["nbval-check-output"]
rng = torch.Generator()
for rank, step in ((0, 1), (1, 1), (0, 2), (0, 1)):
    Group(rank, 2).reseed(rng, 0, step)
    print(f"process {rank}, step {step}: coins {(torch.rand(6, generator=rng) < 0.5).int().tolist()}")

# %% [markdown]
# ## One writer
#
# Only process 0 touches the run's folder. It holds the lock, writes checkpoints and the record, translates the
# validation set and shows the progress. What the others need, they get from it. They must also *leave* together: if
# one stopped by itself, the others would wait for its gradients for ever. So after every step they agree on what comes
# next, and the most urgent wish counts: Ctrl-C in any of them stops all.
#
# ## A process dies
#
# A machine with one part that fails every thousand days is reliable. Of a thousand such machines, one fails every day. So the
# question is not whether a process dies, but what happens then.
#
# > **Guess first**
# >
# > Process 1 is killed without warning in the middle of a step. A checkpoint is written every
# > ten steps. What can process 0 do without it? How many steps are lost, and will the losses after the restart be the
# > old ones?

# %%
KILL = """
take_step = trainer.train_step
def step_or_die(batch):
    if trainer.progress.step == 24 and group.rank == 1 and os.environ["TORCHELASTIC_RESTART_COUNT"] == "0":
        os.kill(os.getpid(), signal.SIGKILL)
    return take_step(batch)
trainer.train_step = step_or_die
"""
code, said = torchrun(2, steady, "killed", before=KILL, restarts=1)
assert code == 0, said
again = np.abs(losses("killed") / losses("alone") - 1)
assert len(again) == len(difference)
assert again[:50].max() < 1e-5

# %% tags=["hide-input"]
going_on = next(line for line in said.splitlines() if "Resuming from" in line)
show_text(
    f"The writer of the second life said: *{going_on[going_on.index('Resuming') :].strip()}* The record has "
    f"{len(again)} steps, each once, and the largest difference from one unhurt process is {again.max():.7f}. "
    f"The two runs of two processes, hurt and unhurt, are {'equal to the last bit' if (losses('killed') == losses('two')).all() else 'not bit for bit the same'}."
)

# %% [markdown]
# Four steps were lost, 21 to 24, and were taken again. Process 0 could do nothing but end: half of the gradient was
# gone. `torchrun` noticed, ended what was left and started both again, which it does as often as `--max-restarts` says.
# What saved the run is what saved it in [Training](08_training.ipynb): the newest checkpoint, and an order that is a
# function of the step.
#
# That order does not know the number of processes. So a run may go on with *another* number, when a machine is lost
# for good or a third one comes. Kill one of two again, without a restart, and go on with three.

# %%
code, _ = torchrun(2, steady, "grown", before=KILL)
assert code != 0
before = len(losses("grown"))
code, said = torchrun(3, steady, "grown")
assert code == 0, said
grown = np.abs(losses("grown") / losses("alone") - 1)
assert len(grown) == len(difference)
assert grown[:50].max() < 1e-5

# %% tags=["hide-input"]
show_text(
    f"Two processes wrote {before} steps down, three went on to step {len(grown)}. Largest difference from one process: "
    f"{grown.max():.7f}."
)

# %% [markdown]
# ## Several cores in one process
#
# Processes are one way to use several cores. On a single machine there is another way, which needs no `torchrun`: one
# process with several **threads**, which share its memory. PyTorch uses threads by itself. It cuts every single product of
# matrices into pieces, one for each core, and before the next operation begins, all threads wait for the slowest of them.
# A training step consists of thousands of small operations, so the threads wait thousands of times. When another program
# takes one of the cores, each of these waits becomes long. We measured a training that ran at a quarter of its speed beside
# one busy program.
#
# Our trainer uses the cores in another way, the one that you have just seen with processes: it cuts the *batch* into parts
# and gives each part to a **worker**, a thread that computes the loss and all gradients of its part on one core. The workers
# wait for each other once per step, when their gradients are added.

# %%
show_source(compute_gradients)

# %% [markdown]
# How a batch is cut depends on its size and on the size of the model, and not on the number of cores. The gradients of the
# parts are added in the order of the parts, no matter which worker was first.
#
# > **Guess first**
# >
# > Compute the gradients of one batch with one worker, with two and with four. In how many of the weights do the results
# > differ, and by how much? (The processes above gave losses that were equal up to rounding.)

# %% tags=["nbval-check-output"]
wide = replace(timed, name="wide", model=PRESETS["sample"].model)
pairs = prepare(wide.data)
wide_trainer = Trainer(pairs, wide, place / "wide", device="cpu", watchers=[])
model = wide_trainer.model.train()
rows = epoch_order(wide_trainer.src.lengths, wide_trainer.tgt.lengths, 64, seed=13, epoch=0)[0]
batch = Batch.of(wide_trainer.src, wide_trainer.tgt, rows)
gradients = {}
for workers in (1, 2, 4):
    rng = torch.Generator().manual_seed(13)
    compute_gradients(model, batch, lambda model, part, rng: model.loss(part), rng, workers)
    gradients[workers] = [weight.grad.clone() for weight in model.parameters()]
for workers in (2, 4):
    differ = sum(int((a != b).sum()) for a, b in zip(gradients[1], gradients[workers], strict=True))
    print(f"{workers} workers: {differ} of the gradients differ from those of one worker")

# %% [markdown]
# Not one number differs, in its last bit either, although dropout is on. Each part is computed on one thread and has its own
# random generator, so neither the number of workers nor the other programs of your machine can change a result. That is why
# a run that you resume on a machine with more cores ends with the same weights, bit for bit.
#
# ## What does a second core gain?
#
# > **Guess first**
# >
# > Compare one process with one worker, one process with two workers, and two processes with one worker each.
# > Two cores are the same work for two hands: order the three by time per step.

# %%
CLOCK = """
import statistics
seconds = []
class Clock(Watcher):
    def step(self, step, now, values): seconds.append(now)
    def end(self, outcome):
        steps = [b - a for a, b in zip(seconds, seconds[1:])]
        print("TIMES", json.dumps(steps[len(steps) // 4:]))
if group.writes: trainer.display.watchers = [Clock()]
"""

# %%
ways = {"1 process, 1 worker": (1, 1), "1 process, 2 workers": (1, 2), "2 processes, 1 worker": (2, 1)}
times = {way: [] for way in ways}
for turn in range(1 if small else 2):  # by turns, so that a slow moment of the machine hits all
    for number, (way, (processes, threads)) in enumerate(ways.items()):
        code, said = torchrun(processes, timed, f"timed-{turn}-{number}", before=CLOCK, threads=threads)
        assert code == 0, said
        times[way] += json.loads(said.split("TIMES", 1)[1].splitlines()[0])

# %%
step_seconds = {way: statistics.median(found) for way, found in times.items()}
first = step_seconds["1 process, 1 worker"]
show_table(
    ["way", "steps timed", "ms a step (median)", "times as fast"],
    [[way, len(times[way]), 1000 * value, first / value] for way, value in step_seconds.items()],
)

# %% tags=["hide-input"] mystnb={"image": {"alt": "Three horizontal bars of milliseconds a step: one process with one worker, one process with two workers, two processes with one worker each; each bar has a line over the middle half of its steps."}}
figure = Figure(figsize=(7, 2.4), layout="constrained")
axes = figure.add_subplot()
for row, way in enumerate(ways):
    low, middle, high = (1000 * np.quantile(times[way], share) for share in (0.25, 0.5, 0.75))
    axes.barh(row, middle, color=BLUE if row else GREY)
    axes.plot([low, high], [row, row], color=ORANGE, linewidth=3)
axes.set_yticks(range(len(ways)), labels=list(ways))
axes.set(xlabel="milliseconds a step", xlim=(0, None))
axes.invert_yaxis()
show_figure(figure)

# %% [markdown]
# **Figure 15.2.** Milliseconds a step for the same batches: median, with the middle half of all steps as a line.

# %% tags=["hide-input"]
workers, processes = (first / step_seconds[way] for way in list(ways)[1:])
weights = sum(weight.numel() for weight in alone.model.parameters())
show_text(
    f"On this machine ({os.cpu_count()} cores, shared with whatever else runs here) two workers are **{workers:.1f}** and two "
    f"processes **{processes:.1f}** times as fast as one core alone; 2 would be perfect. "
    + (
        "Neither way comes near: "
        if max(workers, processes) < 1.5
        else "The better way comes near: "
        if max(workers, processes) > 1.8
        else "There is a gain and there is a price: "
    )
    + "a step has parts that are not shared, and two processes also exchange every gradient. (These are medians; single steps "
    "differ a good deal, as the lines in the picture show.)"
)

# %% [markdown]
# An honest line about what Figure 15.2 shows. **Two cores can show that the mechanism is right, and what it costs to
# talk inside one machine. They cannot show how a training scales to many machines**: both processes share one memory
# and its bandwidth, there is no network between them, and there is nothing beyond two. For that you would need the
# machines. The rule of thumb: what is exchanged grows with the *weights*, what is computed with weights times *words of
# the share*. So the larger the share of each process, the less the talking matters; and the share shrinks with every
# process you add, unless the batch grows. A larger batch is another training, though, with another learning rate.
#
# ## Half precision
#
# The second way to train faster is to compute with shorter numbers. A `float32` number has 24 significant bits, about seven
# decimal digits. Who needs seven digits of a gradient that comes from 64 random sentences? Processors since about 2020 can
# multiply **[bfloat16](../book/glossary.md)** numbers, of 16 bits, two to four times as fast. There are two kinds of
# 16-bit numbers:

# %% tags=["nbval-check-output"]
for name in ("float32", "float16", "bfloat16"):
    facts = torch.finfo(getattr(torch, name))
    print(f"{name:9} largest {facts.max:.1e}, smallest {facts.tiny:.1e}, next number after 1: 1 + {facts.eps:.1e}")

# %% [markdown]
# `float16` spends its bits on digits, so numbers above 65,504 overflow and small gradients become 0. `bfloat16` has the
# range of `float32` and only 8 significant bits, less than three decimal digits. So nothing overflows, but much is rounded.
#
# > **Guess first**
# >
# > A weight is 1, and each of 1,000 training steps adds 0.001 to it. What is it at the end, in `float32` and in `bfloat16`?

# %% tags=["nbval-check-output"]
full = torch.tensor(1.0)
half = full.bfloat16()
for _ in range(1_000):
    full, half = full + 0.001, half + 0.001
print(f"float32 {full.item():.3f}, bfloat16 {half.item():.3f}")

# %% [markdown]
# In `bfloat16` the weight never moves, because 1.001 is rounded to 1 every time: the next number after 1 is about 1.008. A
# model whose weights are `bfloat16` stops learning as soon as its steps are small. Therefore [Micikevicius et al.
# (2018)](https://arxiv.org/abs/1710.03740) keep **master weights** in `float32`. Each product rounds a copy of its two
# matrices, the result goes back to `float32`, and the optimiser changes the master weights. What is *added up* over many
# steps or many words stays in `float32` too: Adam's means, the softmax and the loss. The products are where the time goes,
# and they can be rounded because their errors are small and independent: some are too large, some too small.
#
# How large is the error of a product, and how much time does it save here? Take one of the sizes of a training step.

# %%
hidden = PRESETS["sample"].model.hidden_size
states, weight = torch.randn(64, hidden), torch.randn(hidden, 3 * hidden)  # (B, H), (H, 3H)
exact = states.double() @ weight.double()
rows = []
for dtype in (torch.float32, torch.bfloat16):
    a, b = states.to(dtype), weight.to(dtype)
    error = ((a @ b).double() - exact).norm() / exact.norm()
    seconds = []
    for _ in range(50):
        start = time.perf_counter()
        a @ b
        seconds.append(time.perf_counter() - start)
    rows.append([str(dtype).removeprefix("torch."), f"{error.item():.1e}", f"{1e6 * min(seconds):.0f}"])
show_table(["numbers", "relative error", "microseconds, the shortest of 50"], rows)

# %% [markdown]
# A processor without instructions for these numbers is slower with them, so the setting `precision`, which is `auto` unless
# you choose `fp32` or `bf16`, measures this product when a run begins. The run keeps what was chosen, so that it resumes
# with the same numbers on any machine.

# %%
show_source(choose_precision, low_precision)

# %%
curves, step_times = {}, {}
for precision in ("fp32", "bf16"):
    settings = replace(wide, training=replace(wide.training, precision=precision))
    half_trainer = Trainer(pairs, settings, place / precision, device="cpu", watchers=[])
    taken, curves[precision] = [], []
    for rows in epoch_order(half_trainer.src.lengths, half_trainer.tgt.lengths, 64, seed=13, epoch=0)[:40]:
        batch, start = Batch.of(half_trainer.src, half_trainer.tgt, rows), time.perf_counter()
        curves[precision].append(half_trainer.train_step(batch)["loss"])
        taken.append(time.perf_counter() - start)
        half_trainer.progress.step += 1
    step_times[precision] = statistics.median(taken)
apart = np.abs(np.subtract(curves["fp32"], curves["bf16"]))
table = [[name, 1_000 * step_times[name], curves[name][0], curves[name][-1]] for name in curves]
show_table(["precision", "ms per step (median)", "first loss", "last loss"], table)
auto = choose_precision("auto", wide.model, torch.device("cpu"))
assert np.isfinite(apart).all()

# %% tags=["hide-input"]
show_text(
    f"From the same first weights and with the same batches, the two losses differ by at most **{apart.max():.3f}** in "
    f"{len(apart)} steps. In `bf16` a step takes {step_times['bf16'] / step_times['fp32']:.0%} of the time in `fp32`, and "
    f"`auto` means `{auto}` on this machine."
)

# %% [markdown]
# The losses are not equal, and they need not be: another seed changes them more. What counts is the quality at the end. We
# trained ten epochs of `standard` on real pairs with three seeds in each precision. Held-out BLEU was 58.2, 58.8 and 58.3
# in `bf16`, and 58.9, 60.2 and 58.0 in `fp32`. Three seeds cannot show a small difference: the ranges overlap, and if there
# is one, it is smaller than what the seed does.
#
# ## Pairs that do not fit into memory
#
# Sentences in memory are expensive: a short piece of text takes many times the bytes of its letters. Encoded, a word is
# two or four bytes. **[Streaming](../book/glossary.md)** reads a corpus piece by piece: `stream` encodes it into files *once*,
# and maps those files into memory. The system reads a page when somebody looks at it, and forgets it when memory is short.

# %%
settings = replace(preset.data, sample_pairs=stream_pairs)
streamed = stream(settings, place)
files = {path.name: path.stat().st_size for path in sorted(place.glob("encoded-*/*")) if path.stat().st_size}
show_table(["file", "bytes"], [[name, size] for name, size in files.items()])

# %% [markdown]
# The training pairs are in `src.ids.npy` and `tgt.ids.npy`, one after the other, and `starts` says where each begins.
# The held-out sentences stay text, for they are to be read. Is it the corpus that [From sentences to
# numbers](01_sentences_to_numbers.ipynb) prepared? The filters, and above all the split, must not let a sentence leak,
# and no text is in memory to compare. So every sentence is kept as 64 bits of its hash while the files are made.
# Compare with the plain way:

# %% tags=["nbval-check-output"]
few = replace(settings, sample_pairs=2_000)
in_memory, on_disk = prepare(few), stream(few, place)
print("same pairs, in the same order:", list(on_disk.train.sources) == in_memory.train.sources)
print("same words, with the same numbers:", on_disk.src_vocabulary == in_memory.src_vocabulary)
print("same held-out sentences and references:", on_disk.test == in_memory.test)

# %% [markdown]
# A file on the disk may be damaged, or made by somebody else. So nothing is believed: each file has a checksum, and each
# number must be that of a word. What fails is encoded again.

# %%
show_source(open_encoded)

# %% [markdown]
# The command line does the same with `--stream`, and with every large corpus unasked:
#
# ```bash
# s2s-tutorial train --stream --sample-pairs 200000 --run runs/streamed
# ```

# %% [markdown]
# ## Recap
#
# - `batch_size` is the whole batch. Processes share it, and order, steps and learning rate do not depend on how many they are.
# - Gradients are averaged by word, in one all-reduce. The plain mean of means is wrong as soon as shares differ in words.
# - One process writes. All leave after the same step. A killed one takes the others with it; `torchrun` starts all again, from the
#   last checkpoint, to the same losses, also with another number of processes.
# - Two cores prove the mechanism, not the scaling.
# - In one process, workers compute parts of a batch on one core each. The result has the same bits with any number of workers.
# - Half precision rounds the operands of products to 8 significant bits. Weights, optimiser, softmax and loss stay in `float32`.
# - A corpus larger than memory is encoded once and mapped. The split is the same, by hashes.

# %% [markdown]
# ## Exercises

# %% [markdown]
# ### Exercise 15.1: How much is exchanged?
#
# How many bytes does a process send and receive in one step? In a ring of $P$ processes an all-reduce of $n$ numbers
# costs each about $2 n (P - 1) / P$ numbers in each direction. Compute it for the model that was timed here, for 2, 8
# and 64 processes. How long would a network of one gigabit a second take for it, beside a step?

# %% [markdown]
# ### Solution to exercise 15.1

# %% tags=["solution"]
timed_corpus = prepare(timed.data)
model = Trainer(timed_corpus, timed, place / "counted", "cpu", watchers=[]).model
numbers = sum(weight.numel() for weight in model.parameters())
rows = []
for size in (2, 8, 64):
    sent = 4 * 2 * numbers * (size - 1) / size
    rows.append([size, f"{sent / 1e6:.1f}", f"{1000 * 8 * sent / 1e9:.0f}", f"{1000 * first:.0f}"])
assert float(rows[0][1]) < float(rows[2][1]) < 2 * float(rows[0][1]) + 0.1
show_table(["processes", "MB sent by each", "ms on the network", "ms a step of one process"], rows)

# %% [markdown]
# From 2 processes to 64 it nearly doubles, and with more it never reaches twice the amount for 2, because $(P - 1) /
# P$ rises from 1/2 towards 1. That is what rings are for: if one process collected the numbers of all others and sent
# the sums back, it would receive and send $(P - 1)\, n$ numbers, and that grows without limit. But what is exchanged
# does not shrink either, while the work of each process does. Over a slow network a small model soon waits more than
# it works.

# %% [markdown]
# ### Exercise 15.2: The largest share
#
# A step ends when the slowest process ends. `share` takes every second pair, not the first half. The pairs of a batch
# are sorted by length. Compare the words of the larger share with half of all words, for both ways of sharing, over one
# epoch.

# %% [markdown]
# ### Solution to exercise 15.2

# %% tags=["solution"]
order = epoch_order(trainer.src.lengths, trainer.tgt.lengths, 64, seed=0, epoch=0)
words = trainer.tgt.lengths
excess = {"every second pair": [], "first and second half": []}
for rows in order:
    halves = np.array_split(rows, 2)
    shares = [Group(rank, 2).share(rows) for rank in (0, 1)]
    for name, parts in zip(excess, (shares, halves), strict=True):
        excess[name].append(max(words[part].sum() for part in parts) / (words[rows].sum() / 2) - 1)
assert all(0 <= value < 1 for values in excess.values() for value in values)
show_table(
    ["way to share", "the larger share is above one half by"], [[n, f"{np.mean(v):.1%}"] for n, v in excess.items()]
)

# %% [markdown]
# Neighbours are of like length, so taking them by turns deals out like hands. Halves differ more: the second has the longer
# sentences, and the first process waits.

# %% [markdown]
# ## What to read next
#
# This is as far as two cores go. `torchrun` starts the same command on several machines, too; `torchrun --help` says
# how. The [reference](../book/api.md) has every function that was shown here. [Commands to a
# machine](16_commands.ipynb) gives the same network another task.
