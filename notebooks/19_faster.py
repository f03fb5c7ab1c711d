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
# # Faster on one machine
#
# The models of this book are trained in minutes, but a larger corpus takes hours. In this chapter we look at three ways to shorten
# that on the machine that you have: use all its cores, compute with shorter numbers, and use a GPU. For each way we ask two
# questions: does the model still learn the same, and how much time do we gain? [More machines](20_more_machines.ipynb) then does the
# same with several processes and several machines.
#
# > **What you will be able to do**
# >
# > - say what a thread and a process are, and why many small operations gain so little from a second core
# > - split a batch into parts and add up their gradients so that the result is that of the whole batch
# > - explain what half precision rounds, what it must not round, and when it is worth it
# > - train on a GPU, and know what to expect there
#
# The chapter takes a few seconds at `small` and less than a minute at `standard`. At every scale it uses the built-in corpus.

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
pairs_to_generate, repeats = (1_500, 3) if scale.name == "small" else (3_000, 20)  # repeats of each measurement
settings = replace(
    PRESETS["sample"], name="timed", data=replace(PRESETS["sample"].data, sample_pairs=pairs_to_generate)
)

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

from s2s_tutorial.data.batches import Batch, epoch_order
from s2s_tutorial.data.corpus import prepare
from s2s_tutorial.model.precision import choose_precision, low_precision
from s2s_tutorial.notebook.show import check_shape, show_source, show_table, show_text
from s2s_tutorial.runs.weights import choose_device
from s2s_tutorial.training.gradients import compute_gradients
from s2s_tutorial.training.trainer import Trainer

workshop = TemporaryDirectory()
place = Path(workshop.name)

# %% [markdown]
# ## Threads and processes
#
# A processor has several **cores**, and each core executes one sequence of instructions. So a program that does one thing
# after the other uses one core, however many there are. To use more of them, it needs several **threads**: sequences of
# instructions that run at the same time and share the memory of the program. A **process** is a program that runs, with a
# memory of its own. Two processes can also use two cores, but neither sees the variables of the other, so they have to send
# each other what they want to share.
#
# PyTorch uses threads by itself: it cuts each single operation, such as a product of two matrices, into one piece for each
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
large, many = (gain for *_, gain in gains.values())
show_text(
    f"With two threads the large product is **{large:.1f}** times as fast and the small ones **{many:.1f}** times. "
    + (
        "So a second core helps with a large operation, and many small ones "
        + ("even take longer with it." if many < 0.9 else "gain less from it.")
        if large > many + 0.2
        else "On this machine, at this moment, the large product gains no more than the small ones; other programs may have used "
        "the second core."
    )
)

# %% [markdown]
# Handing out the pieces and waiting for them costs some microseconds. A small product is finished in about that time, so sharing
# it gains nothing, and if another program has taken the core of one thread, the other thread waits for it. A training step of our
# models consists of thousands of operations, most of them small: one for each word position, one for each gate. This is why we need
# another way to use the second core.
#
# ## Cut the batch instead of the operations
#
# The sentences of a batch do not depend on each other. So we can cut the *batch* into parts, and let each core compute the
# loss and all gradients of its part without waiting for the other one, which is called **[data
# parallelism](../book/glossary.md)**. The parts have to meet only once per step, when their gradients are added up. But how
# should we add them?
#
# ### The mean of means is not the mean
#
# Let us take an example with a pencil. The sentences of part 1 have 90 words in all, those of part 2 have 10. Both parts compute
# the mean loss per word and get, say, 2 and 4. To get the loss of the whole batch, we have to count each word once:
#
# $$
# \begin{aligned}
# \mathcal{L} &= \frac{\sum_p n_p \mathcal{L}_p}{\sum_p n_p} \\[1ex]
# \nabla \mathcal{L} &= \frac{\sum_p n_p \nabla \mathcal{L}_p}{\sum_p n_p}
# \end{aligned}
# \tag{19.1}
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
pairs = prepare(settings.data)
trainer = Trainer(pairs, settings, place / "trial", device="cpu", watchers=[])
model = trainer.model
src, tgt = trainer.src, trainer.tgt


# %%
def gradient(rows):
    """Gradient of the loss of some pairs, in one long vector, and their target words."""
    model.eval().zero_grad()  # without dropout
    batch = Batch.of(src, tgt, rows)
    model.loss(batch).backward()
    return torch.cat([weight.grad.flatten() for weight in model.parameters()]), int(batch.tgt_lengths.sum())


def errors(rows):
    """How far two averages over two halves are from the gradient of the whole batch, relative."""
    whole, _ = gradient(rows)
    (one, n_one), (two, n_two) = gradient(rows[::2]), gradient(rows[1::2])
    check_shape(one, tuple(whole.shape))
    averages = (one * n_one + two * n_two) / (n_one + n_two), (one + two) / 2
    return [float((average - whole).norm() / whole.norm()) for average in averages]


# %% tags=["hide-input"]
rows_of = {
    name: epoch_order(src.lengths, tgt.lengths, 8, seed=0, epoch=0, bucketed=name.startswith("similar"))
    for name in ("similar lengths", "mixed lengths")
}
means = {name: np.mean([errors(rows) for rows in batches[:repeats]], axis=0) for name, batches in rows_of.items()}
assert all(by_word < 1e-5 < plain for by_word, plain in means.values())
show_table(
    ["batches of 8 pairs", "by word: error", "plain mean: error"],
    [[name, f"{by_word:.0e}", f"{plain:.1%}"] for name, (by_word, plain) in means.items()],
)

# %% [markdown]
# If we weight by words, as (19.1) says, the only error is rounding, because the numbers are added up in another order. The
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
order = epoch_order(src.lengths, tgt.lengths, 64, seed=13, epoch=0)
batch = Batch.of(src, tgt, order[0])


def gradients_of(workers):
    """Gradients of all weights for one batch, computed by some workers."""
    model.train()
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


# %% tags=["hide-input"]
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

# %% tags=["hide-input"]
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
        "So the workers lose less, as we expected."
        if operations > 1.2 * workers
        else "So this run does not show that the workers lose less; something else may have used the cores in the first measurement."
    )
)

# %% [markdown]
# Nothing can make up for a core that is taken: with one of two cores left, even a perfect method takes up to twice the time. `make
# bench` measures how much of its speed the whole trainer keeps beside one and beside two busy programs; the figures are on the
# [status page](../book/status.md).
#
# ## Half precision
#
# The next way to save time is to compute with shorter numbers. A `float32` number has 32 bits: 1 for the sign, 8 for the
# exponent, which says how large the number is, and 23 for its digits. That is about seven decimal digits, while the gradient
# of a batch comes from 64 random sentences and would be another one for 64 others. We do not need seven digits of it.
# Some processors since about 2020, and GPUs, multiply numbers of 16 bits two to four times as fast. There are two forms of
# them:

# %% tags=["nbval-check-output"]
for name in ("float32", "float16", "bfloat16"):
    facts = torch.finfo(getattr(torch, name))
    print(f"{name:9} largest {facts.max:.1e}, smallest {facts.tiny:.1e}, next number after 1: 1 + {facts.eps:.1e}")

# %% [markdown]
# `float16` has a short exponent, so numbers above 65,504 overflow to infinity and small gradients become 0.
# **[bfloat16](../book/glossary.md)** has the exponent of `float32` and is shorter in the digits, of which it has less than
# three decimal ones, so nothing overflows, but much is rounded. For training this is the better choice, and we use it. Can we
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
# In `bfloat16` the weight never moves, because the next number after 1 is about 1.008 and 1.001 is rounded back to 1 every time. A
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
hidden = settings.model.hidden_size
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
# any machine. During a step, PyTorch's `autocast` then does the rounding. These two functions of the package do it:

# %%
show_source(choose_precision, low_precision)

# %% [markdown]
# Does the model learn the same? We train it from the same first weights, on the same batches, once in each precision:

# %%
curves, step_times = {}, {}
for precision in ("fp32", "bf16"):
    chosen = replace(settings, training=replace(settings.training, precision=precision))
    half_trainer = Trainer(pairs, chosen, place / precision, device="cpu", watchers=[])
    taken, curves[precision] = [], []
    for rows in order[: 2 * repeats]:
        start = time.perf_counter()
        curves[precision].append(half_trainer.train_step(Batch.of(src, tgt, rows))["loss"])
        taken.append(time.perf_counter() - start)
        half_trainer.progress.step += 1
    step_times[precision] = statistics.median(taken)
table = [[name, 1_000 * step_times[name], curves[name][0], curves[name][-1]] for name in curves]
show_table(["precision", "ms per step (median)", "first loss", "last loss"], table)

# %% tags=["hide-input"]
apart = np.abs(np.subtract(curves["fp32"], curves["bf16"]))
assert np.isfinite(apart).all()
share = step_times["bf16"] / step_times["fp32"]
auto = choose_precision("auto", settings.model, torch.device("cpu"))
show_text(
    f"In {len(apart)} steps, the two losses differ by at most **{apart.max():.4f}**. A step in `bf16` takes **{share:.0%}** of the time "
    f"in `fp32`: half precision {'gains' if share < 0.95 else 'does not gain'} time here, and `auto` chooses `{auto}`."
)

# %% [markdown]
# The losses are not equal, and they need not be, because another seed changes them more. What counts is the quality at the
# end. `python -m benchmarks.precision` trains some epochs of three presets with three seeds in each precision, and measures
# each model on its test set. These are the lowest and the highest values of the three seeds (the loss is in nats per word):
#
# | preset | epochs | loss, `bf16` | loss, `fp32` | BLEU, `bf16` | BLEU, `fp32` |
# | --- | ---: | --- | --- | --- | --- |
# | `large` | 2 | 1.236 to 1.263 | 1.243 to 1.262 | 46.4 to 47.2 | 46.1 to 47.0 |
# | `sample` | 3 | 0.149 to 0.154 | 0.147 to 0.156 | 95.2 to 95.5 | 95.4 to 96.0 |
# | `standard` | 10 | 0.942 to 0.959 | 0.943 to 0.957 | 55.4 to 56.1 | 56.3 to 58.9 |
#
# For each preset the ranges of the loss overlap, so three seeds show no difference. BLEU seems to say something else about
# `standard`, where all three scores in `bf16` are below those in `fp32`. But its test set has only 821 sentences, and
# BLEU depends on single words, whereas the loss uses the probability of every word. With the 6,309 test sentences of `large` the
# BLEU scores overlap, too. So if half precision costs anything, it is less than what another seed changes.
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
# microseconds, and a small operation is finished sooner. So with a small model and small batches the GPU is idle most of the
# time, and we gain little. A batch of 512 pairs needs hardly more operations than a batch of 64, each on eight times
# the numbers, so a GPU gains a lot with a large model and large batches: `--preset large --batch-size 512` is such a case.
# The learning rate then has to be chosen again, because an epoch has fewer steps.
#
# A recurrent network has one more limit: the state at a word needs the state before it, so no hardware can compute its time
# steps at once. This is a main reason for the networks of [Attention without
# recurrence](27_attention_without_recurrence.ipynb). We made this book without a GPU, so we give no figures here;
# `python -m benchmarks.gpu` measures speed, memory and the time to a given BLEU on yours.
#
# Half precision is chosen there if the GPU supports it. A run that was stopped resumes from its checkpoint, as on a
# processor. But some operations of a GPU add up numbers in an order that varies, so "bit for bit" holds for processors only.
# You can also move a run between a GPU and a processor: weights, optimiser and the order of the pairs are kept.
# But the two round differently and draw other random numbers for dropout, so from there on the run is another one, and the
# trainer prints a sentence that says so.
#
# With several GPUs, each of them needs a process of its own, which is the subject of [More machines](20_more_machines.ipynb).

# %% [markdown]
# ## Recap
#
# - Threads share the memory of a process, processes do not. Threads that wait for each other after each small operation gain
#   little, and lose much beside other programs.
# - So the trainer gives each core a part of the batch. The gradients of the parts are weighted by their words, and the result is the
#   same, bit for bit, with any number of workers.
# - Half precision rounds the operands of products. Weights, optimiser, softmax and loss stay in `float32`, because small
#   numbers are added up there.
# - `--device` chooses a GPU. It gains most with large models and large batches.

# %% [markdown]
# ## Exercises

# %% [markdown]
# ### Exercise 19.1: A sum that stops growing
#
# In `bfloat16`, add 1 to a sum one thousand times. Guess first where it ends: the numbers have 8 significant bits. Then find a way to
# add up one thousand ones in `bfloat16` that loses less.

# %% [markdown]
# ### Solution to exercise 19.1

# %% tags=["solution", "nbval-check-output"]
one_by_one = torch.tensor(0.0, dtype=torch.bfloat16)
for _ in range(1_000):
    one_by_one = one_by_one + 1
values = torch.ones(1_024, dtype=torch.bfloat16)
values[1_000:] = 0
while len(values) > 1:
    values = values[::2] + values[1::2]
print(
    f"one by one {one_by_one.item():.0f}, in pairs {values.item():.0f}, with a float32 sum {torch.ones(1_000).sum():.0f}"
)

# %% [markdown]
# With 8 significant bits, the next number after 256 is 258. The sum 257 is between the two and is rounded to 256, so the sum
# never grows again. If we add numbers in pairs, then the pairs of pairs, and so on, both numbers of each addition are about equally
# large, and little is lost. The simplest remedy is a sum in `float32`, which is what our trainer uses.

# %% [markdown]
# ### Exercise 19.2: How much can more cores gain?
#
# Suppose a share $p$ of a step can be divided over cores, and the rest cannot. With $n$ cores, a step then takes $1 - p + p / n$ of the
# time (Amdahl's law). With two cores a step is 1.6 times as fast. How large is $p$? What would 4, 8 and infinitely many cores gain?

# %% [markdown]
# ### Solution to exercise 19.2

# %% tags=["solution", "nbval-check-output"]
gained = 1.6
p = 2 * (1 - 1 / gained)  # from 1 / gained = 1 - p + p / 2
assert abs(1 / (1 - p + p / 2) - gained) < 1e-9
cores = (f"{n} cores: {1 / (1 - p + p / n):.1f}" for n in (2, 4, 8))
print(f"p = {p:.2f}", *cores, f"at most: {1 / (1 - p):.1f}", sep="; ")

# %% [markdown]
# A quarter of the step cannot be divided, so however many cores you add, the step never becomes more than four times as fast. This is why
# it is worth looking for the parts that are not divided before buying a machine with more cores.

# %% [markdown]
# ## What to read next
#
# [Micikevicius et al. (2018)](https://arxiv.org/abs/1710.03740) is short, and shows what happens to small gradients in 16 bits. The
# [reference](../book/api.md) has every function that was shown here. [More machines](20_more_machines.ipynb) continues with processes.
