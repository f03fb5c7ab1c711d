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
# Every model of this book so far was trained in minutes, and a larger corpus would take hours. In this chapter we look at
# five ways to shorten that: use all cores of the processor, compute with shorter numbers, use a GPU, let several processes
# share each batch, and let several machines do the same. We begin with what is nearest. For every way we ask two questions:
# does the model still learn the same, and how much time do we gain? At the end, we train on sentence pairs that do not fit
# into memory.
#
# > **What you will be able to do**
# >
# > - say what a thread and a process are, and why many small operations gain so little from a second core
# > - split a batch into parts and add up their gradients so that the result is that of the whole batch
# > - explain what half precision rounds, what it must not round, and when it is worth it
# > - train on a GPU, and know what to expect there
# > - start a training with `torchrun` on several processes or machines, and resume it after one of them has died
# > - measure what a second core gains, and say what such a measurement cannot show
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
steady = replace(  # without dropout and hidden words, so that nothing in the training is random
    PRESETS["small"],
    name="steady",
    data=replace(PRESETS["small"].data, sample_pairs=1_000),
    model=replace(PRESETS["small"].model, dropout=0.0),
    training=replace(
        PRESETS["small"].training,
        batch_size=64,
        unknown_rate=0.0,
        checkpoint_steps=10,
        evaluations_per_epoch=0.25,
    ),
)
timed = replace(  # the model whose steps are timed, in one epoch
    PRESETS["small" if small else "sample"],
    name="timed",
    data=replace(PRESETS["sample"].data, sample_pairs=1_500 if small else 3_000),
    training=replace(PRESETS["sample"].training, epochs=1),
)
repeats = 3 if small else 20  # of each measurement
stream_pairs = 3_000 if small else 100_000  # pairs to encode into files

# %%
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
from s2s_tutorial.model.precision import choose_precision, low_precision
from s2s_tutorial.notebook.processes import Job, StepClock, step_seconds, train_together
from s2s_tutorial.notebook.show import check_shape, show_figure, show_source, show_table, show_text
from s2s_tutorial.runs.weights import choose_device
from s2s_tutorial.training.distributed import Group
from s2s_tutorial.training.gradients import compute_gradients
from s2s_tutorial.training.record import read_record
from s2s_tutorial.training.trainer import Trainer

workshop = TemporaryDirectory()
place = Path(workshop.name)
BLUE, ORANGE, GREY = "#00429d", "#b8560b", "0.5"

# %% [markdown]
# ## Threads and processes
#
# A processor has several **cores**, and each core executes one sequence of instructions. So a program that does one thing
# after the other uses one core, however many there are. To use more of them, it needs several **threads**: sequences of
# instructions that run at the same time and share the memory of the program. A **process** is a program that runs, with a
# memory of its own. Two processes can also use two cores, but neither sees the variables of the other, so they have to send
# each other what they want to share.
#
# PyTorch uses threads by itself. It cuts each single operation, such as a product of two matrices, into one piece for each
# core, and before the next operation can begin, all threads wait until the last one has finished. How much does that gain?
# We compare one large product with many small ones that need as many multiplications together.
#
# > **Guess first**
# >
# > The large product multiplies two matrices of 1,024 × 1,024. The small ones multiply 64 × 64, four thousand times. With
# > two threads instead of one, how many times as fast is each?


# %%
def seconds_of(size, times, threads):
    """Shortest of several measurements of some products of square matrices."""
    torch.set_num_threads(threads)
    matrix = torch.randn(size, size)
    found = []
    for _ in range(repeats):
        start = time.perf_counter()
        for _ in range(times):
            matrix @ matrix
        found.append(time.perf_counter() - start)
    return min(found)


gains = {}
for name, size, times in (("one product of 1,024", 1_024, 1), ("4,096 products of 64", 64, 4_096)):
    one, two = (seconds_of(size, times, threads) for threads in (1, 2))
    gains[name] = one, two, one / two
show_table(
    ["work", "ms, one thread", "ms, two threads", "times as fast"],
    [[name, 1_000 * one, 1_000 * two, gain] for name, (one, two, gain) in gains.items()],
)

# %% tags=["hide-input"]
large, tiny = (gain for *_, gain in gains.values())
show_text(
    f"With two threads the large product is **{large:.1f}** times as fast and the small ones **{tiny:.1f}** times. "
    + (
        "So the second core is of use for a large operation, and of little use for many small ones."
        if large > tiny + 0.2
        else "On this machine, at this moment, the large product gains no more than the small ones; other programs may have used "
        "the second core."
    )
)

# %% [markdown]
# Handing out the pieces and waiting for them costs some microseconds. A small product is finished in less time than that,
# so PyTorch does not even try to share it. A training step of our models consists of thousands of operations, most of them
# small: one for each word position, one for each gate. This is why we need another way to use the second core.
#
# ## Cut the batch instead of the operations
#
# The sentences of a batch do not depend on each other. So we can cut the *batch* into parts, and let each core compute the
# loss and all gradients of its part without waiting for the other one. This is called **[data
# parallelism](../book/glossary.md)**. The parts have to meet only once per step, when their gradients are added up. But how
# should we add them?
#
# ### The mean of means is not the mean
#
# Take an example with a pencil. The sentences of part 1 have 90 words in all, those of part 2 have 10. Both parts compute
# the mean loss per word and get, say, 2 and 4. To get the loss of the whole batch, we have to count each word once:
#
# $$
# \begin{aligned}
# \mathcal{L} &= \frac{\sum_p n_p \mathcal{L}_p}{\sum_p n_p} \\[1ex]
# \nabla \mathcal{L} &= \frac{\sum_p n_p \nabla \mathcal{L}_p}{\sum_p n_p}
# \end{aligned}
# \tag{15.1}
# $$
#
# where $n_p$ is the number of words in part $p$. In the example this is $(90 \cdot 2 + 10 \cdot 4) / 100 = 2.2$, whereas the
# plain mean of the two is 3.
#
# > **Guess first**
# >
# > If you forget about the words, you get the plain mean. The sentences in our batches have similar lengths. How far from the
# > true gradient will the plain mean be: not at all, some percent, or half of it? And in a batch with sentences of *mixed*
# > lengths?

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
    """How far two averages over two halves are from the gradient of the whole batch, relative."""
    whole, _ = gradient(rows)
    (one, n_one), (two, n_two) = gradient(rows[::2]), gradient(rows[1::2])
    check_shape(one, tuple(whole.shape))
    averages = (one * n_one + two * n_two) / (n_one + n_two), (one + two) / 2
    return [float((average - whole).norm() / whole.norm()) for average in averages]


rows_of = {
    name: epoch_order(trainer.src.lengths, trainer.tgt.lengths, 8, seed=0, epoch=0, bucketed=name.startswith("similar"))
    for name in ("similar lengths", "mixed lengths")
}
means = {name: np.mean([errors(rows) for rows in batches[:20]], axis=0) for name, batches in rows_of.items()}
assert all(by_word < 1e-5 < plain for by_word, plain in means.values())
show_table(
    ["batches of 8 pairs", "by word: error", "plain mean: error"],
    [[name, f"{by_word:.0e}", f"{plain:.1%}"] for name, (by_word, plain) in means.items()],
)

# %% [markdown]
# If we weight by words, as (15.1) says, the only error is rounding, because the numbers are added up in another order. The
# plain mean is wrong by far more, most of all for mixed lengths.
#
# ### Workers
#
# The trainer of this book does exactly this. It gives every part of a batch to a **worker**, a thread that computes on one
# core, and adds up the gradients when all workers have finished:

# %%
show_source(compute_gradients)

# %% [markdown]
# How a batch is cut depends on its size and on the size of the model, and not on the number of cores. The gradients of the
# parts are added in the order of the parts, no matter which worker was first.
#
# > **Guess first**
# >
# > Compute the gradients of one batch with one worker, with two and with four. In how many of the numbers do the results
# > differ? Sums depend on the order of addition, and the model uses dropout, which is random.

# %% tags=["nbval-check-output"]
wide = replace(timed, name="wide", model=PRESETS["sample"].model)
pairs = prepare(wide.data)
wide_trainer = Trainer(pairs, wide, place / "wide", device="cpu", watchers=[])
model = wide_trainer.model.train()
rows = epoch_order(wide_trainer.src.lengths, wide_trainer.tgt.lengths, 64, seed=13, epoch=0)[0]
batch = Batch.of(wide_trainer.src, wide_trainer.tgt, rows)


def gradients_of(workers):
    """Gradients of all weights for one batch, computed by some workers."""
    rng = torch.Generator().manual_seed(13)
    compute_gradients(model, batch, lambda model, part, rng: model.loss(part), rng, workers)
    return [weight.grad.clone() for weight in model.parameters()]


one_worker = gradients_of(1)
for workers in (2, 4):
    differ = sum(int((a != b).sum()) for a, b in zip(one_worker, gradients_of(workers), strict=True))
    print(f"{workers} workers: {differ} of the gradients differ from those of one worker")

# %% [markdown]
# No number differs, not even in its last bit. Each part is computed on one thread and draws its random numbers from a
# generator of its own, so neither the number of workers nor the other programs of your machine can change a result. This is
# why a run that you resume on a machine with more cores ends with the same weights, bit for bit.
#
# ## A machine that does other things too
#
# You probably train beside a browser and an editor, perhaps beside a video call. Then another program takes a core from time
# to time. If the threads wait for each other after each operation, all of them wait whenever one has lost its core, and this
# happens thousands of times per step. If they wait once per step, it costs much less. To measure the difference, we keep all
# cores but one busy with programs that do nothing but count.


# %%
def step_time(threads_per_operation):
    """Median seconds for the gradients of a batch: with two threads per operation, or with two workers."""
    found = []
    for _ in range(repeats):
        start = time.perf_counter()
        if threads_per_operation:
            torch.set_num_threads(2)
            model.loss(batch).backward()
            torch.set_num_threads(1)
        else:
            gradients_of(workers=2)
        found.append(time.perf_counter() - start)
    return statistics.median(found)


torch.set_num_threads(1)
forms = {"two threads per operation": True, "two workers": False}
alone_times = {name: step_time(form) for name, form in forms.items()}
busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(max(os.cpu_count() - 1, 1))]
try:
    busy_times = {name: step_time(form) for name, form in forms.items()}
finally:
    for program in busy:
        program.kill()
        program.wait()

# %%
slower = {name: busy_times[name] / alone_times[name] for name in forms}
show_table(
    ["way", "ms alone", "ms beside busy programs", "times as long"],
    [[name, 1_000 * alone_times[name], 1_000 * busy_times[name], slower[name]] for name in forms],
)

# %% tags=["hide-input"]
operations, workers = slower.values()
show_text(
    f"Beside {len(busy)} busy program{'s' * (len(busy) > 1)}, on {os.cpu_count()} cores, a step with two threads per operation takes "
    f"**{operations:.1f}** times as long as alone, and with two workers **{workers:.1f}** times. "
    + (
        "The workers suffer less, as we expected."
        if operations > 1.2 * workers
        else "This run does not show that the workers suffer less; something else may have used the cores in the first measurement."
    )
)

# %% [markdown]
# With one of two cores taken, no method can do better than to need twice the time of a perfect division. How the whole
# trainer fares beside one and beside two busy programs is measured by `make bench`; the figures are on the [status
# page](../book/status.md).
#
# ## Half precision
#
# The next way to save time is to compute with shorter numbers. A `float32` number has 32 bits: 1 for the sign, 8 for the
# exponent, which says how large the number is, and 23 for its digits. That is about seven decimal digits, while the gradient
# of a batch comes from 64 random sentences and would be another one for 64 others. We do not need seven digits of it.
# Processors since about 2020, and GPUs, can multiply numbers of 16 bits two to four times as fast. There are two forms of
# them:

# %% tags=["nbval-check-output"]
for name in ("float32", "float16", "bfloat16"):
    facts = torch.finfo(getattr(torch, name))
    print(f"{name:9} largest {facts.max:.1e}, smallest {facts.tiny:.1e}, next number after 1: 1 + {facts.eps:.1e}")

# %% [markdown]
# `float16` has a short exponent, so numbers above 65,504 overflow to infinity and small gradients become 0.
# **[bfloat16](../book/glossary.md)** has the exponent of `float32` and is shorter in the digits, of which it has less than
# three decimal ones. Nothing overflows, but much is rounded. For training this is the better choice, and we use it. Can we
# then store everything in it?
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
# In `bfloat16` the weight never moves. The next number after 1 is about 1.008, so 1.001 is rounded back to 1 every time. A
# model whose weights are `bfloat16` stops learning as soon as its steps are small, and for the same reason a sum over many
# words would stop growing. Therefore [Micikevicius et al. (2018)](https://arxiv.org/abs/1710.03740) divide the work:
#
# | in `float32` | in half precision |
# | :--- | :--- |
# | the weights (called **master weights**) and the optimiser's means, which change by small steps | a rounded copy of the two matrices of each product |
# | the softmax and the loss, which are sums over many words | |
#
# The products take most of the time, and they may be rounded, because the errors of their many terms are small and
# independent: some are too large, some too small, and their sum is nearly right. How large is the error of a product, and
# how much time do we save? Take a size that occurs in our training step.

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
# When is it not worth it? A processor without instructions for `bfloat16` converts the numbers back and forth and is slower
# than before, and small products gain less than the conversion costs. Therefore the setting `precision` is `auto` unless you
# choose `fp32` or `bf16` yourself (`--precision` on the command line): at the beginning of a run, the trainer measures a
# product of the model's size in both ways. It keeps the answer in the run, so that the run resumes with the same numbers on
# any machine. During a step, PyTorch's `autocast` then does the rounding:

# %%
show_source(low_precision)

# %% [markdown]
# Does the model learn the same? We train it from the same first weights, on the same batches, once in each precision:

# %%
curves, step_times = {}, {}
for precision in ("fp32", "bf16"):
    settings = replace(wide, training=replace(wide.training, precision=precision))
    half_trainer = Trainer(pairs, settings, place / precision, device="cpu", watchers=[])
    taken, curves[precision] = [], []
    for rows in epoch_order(half_trainer.src.lengths, half_trainer.tgt.lengths, 64, seed=13, epoch=0)[: 2 * repeats]:
        batch, start = Batch.of(half_trainer.src, half_trainer.tgt, rows), time.perf_counter()
        curves[precision].append(half_trainer.train_step(batch)["loss"])
        taken.append(time.perf_counter() - start)
        half_trainer.progress.step += 1
    step_times[precision] = statistics.median(taken)
table = [[name, 1_000 * step_times[name], curves[name][0], curves[name][-1]] for name in curves]
show_table(["precision", "ms per step (median)", "first loss", "last loss"], table)

# %% tags=["hide-input"]
apart = np.abs(np.subtract(curves["fp32"], curves["bf16"]))
assert np.isfinite(apart).all()
share = step_times["bf16"] / step_times["fp32"]
auto = choose_precision("auto", wide.model, torch.device("cpu"))
show_text(
    f"In {len(apart)} steps, the two losses differ by at most **{apart.max():.3f}**. A step in `bf16` takes **{share:.0%}** of the time "
    f"in `fp32`: half precision {'gains' if share < 0.95 else 'does not gain'} time here, and `auto` chooses `{auto}`."
)

# %% [markdown]
# The losses are not equal, and they need not be, because another seed changes them more. What counts is the quality at the
# end. We trained ten epochs of `standard` on real pairs with three seeds in each precision. Held-out BLEU was 58.2, 58.8 and
# 58.3 in `bf16`, and 58.9, 60.2 and 58.0 in `fp32`. The ranges overlap, so three seeds do not show a difference; if there is
# one, it is smaller than the difference between seeds.
#
# ## A GPU
#
# A **[GPU](../book/glossary.md)** is a processor with thousands of simple cores and a fast memory of its own. It is good at
# one thing that we need: multiplying large matrices. To use an NVIDIA GPU, install PyTorch's CUDA build, as the README
# describes, and start the training as before. `--device auto`, which is the default, takes the GPU if PyTorch finds one, and
# `--device cpu` or `--device cuda` chooses. In Python it is an argument of the `Trainer`. The trainer then copies the weights
# and every batch into the memory of the GPU. What would it choose here, and what does it say about a GPU that is not there?

# %%
print("auto means", choose_device("auto"))
try:
    choose_device("cuda:99")
except ValueError as error:
    print(error)

# %% [markdown]
# What can you expect? The processor has to start every single operation on the GPU. That takes about five to ten
# microseconds, and a small operation is finished sooner. So with a small model and small batches a GPU mostly waits to be
# told what to do, and gains little. A batch of 512 pairs needs hardly more operations than a batch of 64, each on eight times
# the numbers, so a GPU gains a lot with a large model and large batches: `--preset large --batch-size 512` is such a case.
# The learning rate then has to be chosen again, because an epoch has fewer steps. A recurrent network has one more limit:
# the state at a word needs the state before it, so its time steps cannot be computed at once, on no hardware. This is a main
# reason for the networks of [Attention without recurrence](20_attention_without_recurrence.ipynb). We made this book without
# a GPU, so we give no figures here; `python -m benchmarks.gpu` measures speed, memory and the time to a given BLEU on yours.
#
# Half precision is chosen there if the GPU supports it. A run that was stopped resumes from its checkpoint, as on a
# processor. But some operations of a GPU add up numbers in an order that varies, so "bit for bit" holds for processors only.
# You can also move a run between a GPU and a processor: weights, optimiser and the order of the pairs are kept.
# But the two round differently and draw other random numbers for dropout, so from there on the run is another one, and the
# trainer prints a sentence that says so. With several GPUs, each of them needs a process of its own, which brings us to the
# next way.
#
# ## Several processes
#
# Workers share the memory of one process, so they end at the edge of one machine. Processes do not share anything, and
# therefore they can be anywhere. Each process has all the weights, takes its share of the batch and computes gradients; then
# the processes average their gradients by (15.1), and all of them take the same step. So their weights remain equal without
# ever being compared.
#
# The batch size stays the size of the *whole* batch: of 64 pairs, two processes take 32 each. So the order of the pairs, the
# number of steps and the learning rate do not depend on how many processes you have. Which process gets which pairs?

# %%
show_source(Group.share)

# %% tags=["nbval-check-output"]
batch_of_seven = np.arange(7)
for size in (1, 2, 3):
    shares = [Group(rank, size).share(batch_of_seven).tolist() for rank in range(size)]
    print(f"{size} process{'es' * (size > 1)}:", shares)
print("one pair for 2:", [Group(rank, 2).share(np.array([6])).tolist() for rank in range(2)])

# %% [markdown]
# The last line is the end of an epoch, where one pair is left for two processes. Both take it, and since the mean of two
# equal gradients is that gradient, it does not count twice.
#
# Gradients, loss and number of words are exchanged in one vector: **[all-reduce](../book/glossary.md)** adds up the vectors
# of all processes and gives every process the sum. The docstring repeats (15.1), and you find it in the last lines:

# %%
show_source(Group.average)

# %% [markdown]
# ### Starting them
#
# `torchrun` comes with PyTorch. It starts as many processes as you ask for, gives each its number, which is called its
# **[rank](../book/glossary.md)**, and tells it how to reach the others. The command line of the package needs nothing else:
#
# ```bash
# torchrun --nproc-per-node 2 -m s2s_tutorial.cli train --folder runs/shared
# ```
#
# (`--folder` is the same as `--run`, which `torchrun` would take for an option of its own.) In this chapter we let a function
# of the package call `torchrun`, because then we can also ask for accidents. It does several trainings one after the other,
# since starting two processes takes longer than training our small model.
#
# First we train with one process, here in the notebook. Then two processes do four trainings, each with half of every batch.
# The first should give the same losses as the one process. In the second we **break it**: the processes take the plain mean.
# The third is stopped after 24 steps, and in the fourth we measure the time; we need both further down.

# %%
alone = Trainer(corpus, steady, place / "alone", "cpu", watchers=[])
alone.fit()
train_together(
    2,
    [
        Job(steady, place / "two"),
        Job(steady, place / "plain", plain_mean=True),
        Job(steady, place / "stopped", stopped_at=24),
        Job(timed, place / "2 processes, 1 worker each"),
    ],
)


# %%
def losses(run):
    """Loss of every step of a run's record."""
    return np.array([line["loss"] for line in read_record(place / run / "record.jsonl") if line["kind"] == "step"])


difference, plain = (np.abs(losses(run) / losses("alone") - 1) for run in ("two", "plain"))
assert difference[:50].max() < 1e-5
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
# **Figure 15.1.** Relative difference of the losses of two processes from those of one. Averaged by word, it is rounding
# (dots on the lowest line: no difference at all). With the plain mean it is thousands of times as large as rounding, although
# still small.

# %% tags=["hide-input"]
show_text(
    f"Over {len(difference)} steps the largest relative difference is **{difference.max():.7f}**; the loss fell from "
    f"{losses('two')[0]:.2f} to {losses('two')[-1]:.2f} nats per word. With the plain mean the difference is {plain.max():.2%}, and its "
    f"last loss is {losses('plain')[-1]:.2f}. So nothing crashes and no curve looks wrong, although every step is a little wrong."
)

# %% [markdown]
# We trained without dropout here. With dropout, each process must draw its own random numbers, otherwise both would drop the
# same positions. The draws depend on the seed, the step and the rank, and on nothing else, so a run that is resumed draws the
# same numbers again. The losses of two processes then cannot equal those of one; they are only equally good.
#
# ### When a process dies
#
# A machine that fails once in a thousand days is reliable. If you have a thousand of them, one fails every day. So we have to
# know what happens then.
#
# Only process 0 writes into the run's folder: checkpoints, the record and the best weights. The others get from it whatever
# they need. After each step, all processes agree on what to do next, and if one of them was asked to stop, for example by
# Ctrl-C, all of them stop. But a process that is killed cannot agree on anything.
#
# > **Guess first**
# >
# > Process 1 is killed without warning after step 24. A checkpoint is written every ten steps. What can process 0 do alone?
# > How many steps are lost, and will the losses after the restart be the same as before?

# %%
printed = train_together(2, [Job(steady, place / "killed", killed_at=24)], restarts=1)
again = np.abs(losses("killed") / losses("alone") - 1)
assert len(again) == len(difference)
assert again[:50].max() < 1e-5

# %% tags=["hide-input"]
resuming = next(line for line in printed.splitlines() if "Resuming from" in line)
first_again = int(resuming.split("checkpoint-")[1].split(".")[0]) + 1
equal = (losses("killed") == losses("two")).all()
show_text(
    f"After the restart, process 0 printed: *{resuming[resuming.index('Resuming') :].strip()}* So the steps from {first_again} to 24 "
    f"were lost and computed again. The record has each of the {len(again)} steps once, and its losses are "
    f"{'equal, to the last bit, to' if equal else 'not bit for bit'} those of the two processes that were not killed."
)

# %% [markdown]
# Process 0 could only end as well, because half of the gradient was missing. `torchrun` noticed it, ended what was left, and
# started both again; it does so as often as `--max-restarts` allows. The run continued for the same reason as in
# [Training](08_training.ipynb): the newest checkpoint has everything that the next step depends on, and the order of the pairs
# is computed from the number of the step.
#
# That order does not depend on the number of processes either. So you may resume a run with *fewer* or *more* of them, for
# instance when one machine is gone for good. Above, two processes were stopped after step 24. One process alone now does the
# rest:

# %%
stopped_after = len(losses("stopped"))
Trainer(corpus, steady, place / "stopped", "cpu", watchers=[]).fit()
resumed = np.abs(losses("stopped") / losses("alone") - 1)
assert len(resumed) == len(difference)
assert resumed[:50].max() < 1e-5

# %% tags=["hide-input"]
show_text(
    f"Two processes did {stopped_after} steps, and one process did the others, up to step {len(resumed)}. The largest difference from "
    f"one process all the way is {resumed.max():.7f}."
)

# %% [markdown]
# ## What does a second core gain?
#
# We now have two ways to use a second core for a training, workers and processes. Both are right, so we can choose the
# faster one.
#
# > **Guess first**
# >
# > Compare one process with one worker, one process with two workers, and two processes with one worker each. Which is the
# > fastest, and is it twice as fast as the slowest?

# %%
ways = {"1 process, 1 worker": 1, "1 process, 2 workers": 2}
for way, workers in ways.items():
    torch.set_num_threads(workers)
    Trainer(pairs, timed, place / way, "cpu", watchers=[StepClock()]).fit()
torch.set_num_threads(1)
# The first quarter of the steps warms up the memory.
times = {way: step_seconds(place / way) for way in [*ways, "2 processes, 1 worker each"]}
times = {way: found[len(found) // 4 :] for way, found in times.items()}
medians = {way: statistics.median(found) for way, found in times.items()}
first = medians["1 process, 1 worker"]
show_table(
    ["way", "steps timed", "ms per step (median)", "times as fast"],
    [[way, len(times[way]), 1_000 * value, first / value] for way, value in medians.items()],
)

# %% tags=["hide-input"] mystnb={"image": {"alt": "Three horizontal bars of milliseconds per step: one process with one worker, one process with two workers, two processes with one worker each; each bar has a line over the middle half of its steps."}}
figure = Figure(figsize=(7, 2.4), layout="constrained")
axes = figure.add_subplot()
for row, way in enumerate(times):
    low, middle, high = (1_000 * np.quantile(times[way], share) for share in (0.25, 0.5, 0.75))
    axes.barh(row, middle, color=BLUE if row else GREY)
    axes.plot([low, high], [row, row], color=ORANGE, linewidth=3)
axes.set_yticks(range(len(times)), labels=list(times))
axes.set(xlabel="milliseconds per step", xlim=(0, None))
axes.invert_yaxis()
show_figure(figure)

# %% [markdown]
# **Figure 15.2.** Milliseconds per step for the same batches. The bar is the median, the line covers the middle half of all
# steps.

# %% tags=["hide-input"]
workers, processes = (first / medians[way] for way in list(medians)[1:])
show_text(
    f"On this machine, with {os.cpu_count()} cores, two workers are **{workers:.1f}** times and two processes **{processes:.1f}** times "
    "as fast as one worker. "
    + (
        "No way gains much: "
        if max(workers, processes) < 1.3
        else "The better way comes near 2, the most that is possible: "
        if max(workers, processes) > 1.8
        else "That is a gain, and it is less than 2, the most that is possible: "
    )
    + "a step has parts that are not shared, such as Adam's, and two processes also exchange every gradient."
)

# %% [markdown]
# What may you conclude from Figure 15.2? Two cores can show that the method is right, and what the exchange costs inside one
# machine. **They cannot show how a training scales to many machines.** Both processes use the same memory and its bandwidth,
# there is no network between them, and there are only two. To know more, you have to measure on those machines.
#
# A rule of thumb helps to choose. What is exchanged grows with the number of *weights*. What is computed grows with the weights times
# the *words in the share* of a process. So the larger the share, the less the exchange matters. But each process that you add
# makes the shares smaller, unless you make the batch larger, and with a larger batch you train differently: there are fewer
# steps, and the learning rate has to be chosen again.
#
# ## Several machines
#
# For several machines, you start `torchrun` on each of them. They need one address where they can meet: the name or number of
# one of the machines, and a free port.
#
# ```bash
# torchrun --nnodes 2 --nproc-per-node 1 --max-restarts 3 \
#     --rdzv-backend c10d --rdzv-endpoint 192.168.1.10:29400 \
#     -m s2s_tutorial.cli train --folder /shared/runs/pairs
# ```
#
# You type the same command on both machines, with the same version of the package. A corpus that is a file has to be on each
# of them. After a restart, process 0 may be on the other machine, so put the run's folder on a disk that both can reach.
# Machines that have a GPU each are used in the same way; the processes then exchange their gradients with NVIDIA's library
# `nccl` instead of `gloo`.
#
# ## Pairs that do not fit into memory
#
# There is one more limit than time. A sentence in memory takes many times the bytes of its letters, so some ten million pairs
# fill a laptop. Encoded, a word takes two or four bytes. **[Streaming](../book/glossary.md)** means to read a corpus piece by
# piece: the function `stream` encodes it *once* into files, and maps these files into memory. The operating system then reads
# a part of a file when it is used, and drops it again when memory is short.

# %%
settings = replace(timed.data, sample_pairs=stream_pairs)
streamed = stream(settings, place)
files = {path.name: path.stat().st_size for path in sorted(place.glob("encoded-*/*")) if path.stat().st_size}
show_table(["file", "bytes"], [[name, size] for name, size in files.items()])

# %% [markdown]
# The training pairs are in `src.ids.npy` and `tgt.ids.npy`, one after the other, and `starts` says where each of them begins.
# Held-out sentences stay text, because we want to read them. Is this the corpus that [From sentences to
# numbers](01_sentences_to_numbers.ipynb) would prepare? No held-out sentence may be in training, and the texts are not in memory
# to be compared. So while the files are made, every sentence is kept as 64 bits of its hash. We compare with the plain way:

# %% tags=["nbval-check-output"]
few = replace(settings, sample_pairs=2_000)
in_memory, on_disk = prepare(few), stream(few, place)
print("same pairs, in the same order:", list(on_disk.train.sources) == in_memory.train.sources)
print("same words, with the same numbers:", on_disk.src_vocabulary == in_memory.src_vocabulary)
print("same held-out sentences and references:", on_disk.test == in_memory.test)

# %% [markdown]
# The command line does the same with `--stream`, and by itself with every large corpus. Files that are damaged are found by
# their checksums and made again.
#
# ```bash
# s2s-tutorial train --stream --sample-pairs 200000 --run runs/streamed
# ```

# %% [markdown]
# ## Recap
#
# - Threads share the memory of a process, processes do not. Threads that wait for each other after each small operation gain
#   little, and lose much beside other programs. So the trainer gives each core a part of the batch, and the result is the same,
#   bit for bit, with any number of workers.
# - Gradients of parts are averaged by word. The plain mean is wrong as soon as parts differ in words, and nothing crashes.
# - Half precision rounds the operands of products. Weights, optimiser, softmax and loss stay in `float32`, because small
#   numbers are added up there.
# - `--device` chooses a GPU. It gains most with large models and large batches.
# - `torchrun` starts several processes, which share the batch. One of them writes. If one is killed, all are started again from
#   the last checkpoint and give the same losses, also with another number of processes.
# - Two cores prove that the method is right. They do not show how it scales.
# - A corpus larger than memory is encoded once and mapped. The split is the same, by hashes.

# %% [markdown]
# ## Exercises

# %% [markdown]
# ### Exercise 15.1: How much is exchanged?
#
# How many bytes does a process send and receive in one step? In a ring of $P$ processes, an all-reduce of $n$ numbers costs
# each of them about $2 n (P - 1) / P$ numbers in each direction. Compute it for the model that was timed here, for 2, 8 and 64
# processes. How long would a network of one gigabit per second take for it, beside a step?

# %% [markdown]
# ### Solution to exercise 15.1

# %% tags=["solution"]
counted = Trainer(pairs, timed, place / "counted", "cpu", watchers=[]).model
numbers = sum(weight.numel() for weight in counted.parameters())
rows = []
for size in (2, 8, 64):
    sent = 4 * 2 * numbers * (size - 1) / size
    rows.append([size, f"{sent / 1e6:.1f}", f"{1000 * 8 * sent / 1e9:.0f}", f"{1000 * first:.0f}"])
assert float(rows[0][1]) < float(rows[2][1]) < 2 * float(rows[0][1]) + 0.1
show_table(["processes", "MB sent by each", "ms on the network", "ms per step of one process"], rows)

# %% [markdown]
# From 2 processes to 64 it nearly doubles, and with more it never reaches twice the amount for 2, because $(P - 1) / P$ rises
# from 1/2 towards 1. This is the purpose of a ring: if one process collected the numbers of all others and sent the sums
# back, it would receive and send $(P - 1)\, n$ numbers, and that grows without limit. But the exchange does not shrink either
# when you add processes, while the work of each of them does. So over a slow network, a small model soon spends more time
# waiting than computing.

# %% [markdown]
# ### Exercise 15.2: The largest share
#
# A step ends when the slowest process has finished. `share` takes every second pair, and not the first half. The pairs of a
# batch are sorted by length. Compare the words of the larger share with half of all words, for both ways of sharing, over one
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
# Neighbours have similar lengths, so if the processes take them alternately, their shares have nearly equal numbers of words.
# Halves differ more: the second half has the longer sentences, and the first process waits.

# %% [markdown]
# ## What to read next
#
# [Micikevicius et al. (2018)](https://arxiv.org/abs/1710.03740) is short, and shows what happens to small gradients in 16 bits.
# `torchrun --help` explains all options for several machines. The [reference](../book/api.md) has every function that was shown
# here. In [Commands to a machine](16_commands.ipynb), the same network gets another task.
