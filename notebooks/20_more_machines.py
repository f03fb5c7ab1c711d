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
# One process on one machine has trained everything so far. In this chapter several processes train one model. They may run on
# one machine or on many, and we ask two questions: does the model learn the same as with one process, and what happens when a
# process dies in the middle of a step? At the end we remove one more limit and train on sentence pairs that do not fit into memory.
#
# > **What you will be able to do**
# >
# > - split a batch over processes and average the gradients so that the result is that of the whole batch
# > - start, kill and resume a training with `torchrun`, also with another number of processes
# > - measure what a second core gains, and say what such a measurement cannot show
# > - start a training on several machines
# > - train on sentence pairs that stay on the disk
#
# The chapter takes less than a minute at `small` and about a minute at `standard`. At every scale it uses the built-in corpus.

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
tiny, sample = PRESETS["small"], PRESETS["sample"]
one_evaluation = {"batch_size": 64, "unknown_rate": 0.0, "checkpoint_steps": 10, "evaluations_per_epoch": 0.25}
steady = replace(  # without dropout and hidden words, so that nothing in the training is random
    tiny,
    name="steady",
    data=replace(tiny.data, sample_pairs=1_000),
    model=replace(tiny.model, dropout=0.0),
    training=replace(tiny.training, **one_evaluation),
)
timed = replace(  # the model whose steps are timed, in one epoch
    tiny if small else sample,
    name="timed",
    data=replace(sample.data, sample_pairs=1_500 if small else 3_000),
    training=replace(sample.training, epochs=1),
)
stream_pairs = 3_000 if small else 100_000  # pairs to encode into files

# %%
import os
import statistics
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from matplotlib.figure import Figure

from s2s_tutorial.data.batches import epoch_order
from s2s_tutorial.data.corpus import prepare
from s2s_tutorial.data.on_disk.cache import stream
from s2s_tutorial.notebook.processes import Job, StepClock, step_seconds, train_together
from s2s_tutorial.notebook.show import show_figure, show_source, show_table, show_text
from s2s_tutorial.training.distributed import Group
from s2s_tutorial.training.record import read_record
from s2s_tutorial.training.trainer import Trainer

workshop = TemporaryDirectory()
place = Path(workshop.name)
BLUE, ORANGE, GREY = "#00429d", "#b8560b", "0.5"

# %% [markdown]
# ## One batch, several processes
#
# A **process** is a program that runs, with a memory of its own. In [Faster on one machine](19_faster.ipynb) the workers of *one*
# process shared its memory, so they could not leave the machine. Processes share nothing and send each other what the others need.
# So they can be anywhere, and what we say here about two processes on your machine is also true for two machines.
#
# There are two ways to divide a training. Each process can hold *another part of the model*, or it can work on *another part of the
# batch*. Our models fit into any memory, so we take the second way, **[data parallelism](../book/glossary.md)**. Each process has all
# the weights, takes its share of the batch and computes gradients. Then the processes average their gradients, and all of them take
# the same step. So their weights remain equal without ever being compared.
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
# The shares have different numbers of words, so the average must not be the plain mean. Each process is weighted by its words, as each
# part of a batch is in formula (19.1) of [Faster on one machine](19_faster.ipynb).
#
# Gradients, loss and number of words are exchanged in one vector: **[all-reduce](../book/glossary.md)** adds up the vectors
# of all processes and gives every process the sum. Divided by the sum of the words, this
# gives the weighted mean:

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
# First we train with one process, here in the notebook. Then two processes do three trainings, each with half of every batch.
# The first should give the same losses as the one process. In the second we **break it**: the processes take the plain mean.
# The third is stopped after 24 steps, because we need such a run further down.

# %%
corpus = prepare(steady.data)
alone = Trainer(corpus, steady, place / "alone", "cpu", watchers=[])
alone.fit()
printed = train_together(
    2,
    [
        Job(steady, place / "two"),
        Job(steady, place / "plain", plain_mean=True),
        Job(steady, place / "stopped", stopped_at=24),
    ],
)


# %%
def losses(run):
    """Loss of every step of a run's record."""
    return np.array([line["loss"] for line in read_record(place / run / "record.jsonl") if line["kind"] == "step"])


difference, plain = (np.abs(losses(run) / losses("alone") - 1) for run in ("two", "plain"))
assert difference[:50].max() < 1e-5
assert plain.max() > difference.max()

# %% tags=["hide-input"] mystnb={"image": {"alt": "Two rows of dots over training steps on a logarithmic axis. Averaged by word, the differences of the losses are all far below a dashed line at ten to the minus five; those of the plain mean are above it at most steps after the first few."}}
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
# **Figure 20.1.** Relative difference of the losses of two processes from those of one. Averaged by word, it is rounding
# (dots on the lowest line: no difference at all). With the plain mean, at the largest, it is thousands of times as large as
# rounding, although still small.

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
# [Training](09_training.ipynb): the newest checkpoint has everything that the next step depends on, and the order of the pairs
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
# faster one. (In the code below, `StepClock` writes down the seconds of each step, and `step_seconds` reads them.)
#
# > **Guess first**
# >
# > Compare one process with one worker, one process with two workers, and two processes with one worker each. Which is the
# > fastest, and is it twice as fast as the slowest?

# %%
pairs = prepare(timed.data)
ways = {"1 process, 1 worker": (1, 1), "1 process, 2 workers": (1, 2), "2 processes, 1 worker each": (2, 1)}
times = {way: [] for way in ways}
for turn in range(1 if small else 2):  # they take turns, so that a slow moment of the machine affects all
    for way, (processes, workers) in ways.items():
        folder = place / f"{way} {turn}"
        if processes == 1:
            torch.set_num_threads(workers)
            Trainer(pairs, timed, folder, "cpu", watchers=[StepClock()]).fit()
            torch.set_num_threads(1)
        else:
            train_together(processes, [Job(timed, folder)])
        found = step_seconds(folder)
        times[way] += found[len(found) // 4 :]  # the first quarter warms up the memory

# %%
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
# **Figure 20.2.** Milliseconds per step for the same batches. The bar is the median, the line covers the middle half of all
# steps.

# %% tags=["hide-input"]
workers, processes = (first / medians[way] for way in list(medians)[1:])
show_text(
    f"On this machine, with {os.cpu_count()} cores, two workers are **{workers:.1f}** times and two processes **{processes:.1f}** times "
    "as fast as one worker. "
    + (
        "No way gains much."
        if max(workers, processes) < 1.3
        else "The better way comes near 2, the most that is possible."
        if max(workers, processes) > 1.8
        else "That is a gain, and it is less than 2, the most that is possible."
    )
    + " Some parts of a step are not shared, such as Adam's, and two processes also exchange every gradient."
)

# %% [markdown]
# What may you conclude from Figure 20.2? Two cores can show that the method is right, and what the exchange costs inside one
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
# `nccl` instead of `gloo`, the one for processors.
#
# ## Pairs that do not fit into memory
#
# Besides time there is one more limit, the memory. A sentence in memory takes many times the bytes of its letters, so some ten million pairs
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
# Held-out sentences stay text, because we want to read them. Is this the corpus that [A fair test](02_fair_test.ipynb) would
# prepare? No held-out sentence may be in training, and the texts are not in memory to be compared. So while the files are made,
# every sentence is kept as 64 bits of its hash (in `src.keys.npy`, those of the training sources). We compare with the plain way:

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
# - `torchrun` starts several processes, which share each batch. The batch size is that of the whole batch, so the order, the steps
#   and the learning rate do not depend on their number.
# - Gradients are averaged by word, in one all-reduce. The plain mean is wrong as soon as shares differ in words, and nothing crashes.
# - One process writes. If a process is killed, all are started again from the last checkpoint and give the same losses, also with
#   another number of processes.
# - Two cores prove that the method is right. They do not show how it scales.
# - A corpus larger than memory is encoded once and mapped. The split is the same, by hashes.

# %% [markdown]
# ## Exercises

# %% [markdown]
# ### Exercise 20.1: How much is exchanged?
#
# How many bytes does a process send and receive in one step? In a ring of $P$ processes, an all-reduce of $n$ numbers costs
# each of them about $2 n (P - 1) / P$ numbers in each direction. Compute it for the model that was timed here, for 2, 8 and 64
# processes. How long would a network of one gigabit per second take for it, beside a step?

# %% [markdown]
# ### Solution to exercise 20.1

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
# ### Exercise 20.2: The largest share
#
# A step ends when the slowest process has finished. `share` takes every second pair, and not the first half. The pairs of a
# batch are sorted by length. Compare the words of the larger share with half of all words, for both ways of sharing, over one
# epoch.

# %% [markdown]
# ### Solution to exercise 20.2

# %% tags=["solution"]
order = epoch_order(alone.src.lengths, alone.tgt.lengths, 64, seed=0, epoch=0)
words = alone.tgt.lengths
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
# `torchrun --help` explains all options for several machines. The [reference](../book/api.md) has every function that was shown
# here. In [Commands to a machine](21_commands.ipynb), the same network gets another task.
