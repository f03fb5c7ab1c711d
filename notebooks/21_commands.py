# ---
# jupyter:
#   jupytext:
#     cell_metadata_filter: tags,mystnb,-all
#     formats: ipynb,py:percent
#     text_representation:
#       extension: .py
#       format_name: percent
#       format_version: '1.3'
#       jupytext_version: 1.19.6
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Commands to a machine
#
# A translator reads words and writes words. Nothing in it requires that both are human languages. In this chapter the same
# network turns commands into the actions of a small robot. It learns its task almost perfectly, and then fails at commands that a child would
# understand. This well-known failure shows what such a network learns, and what it does not.
#
# > **What you will be able to do**
# >
# > - turn a task into a file of pairs, and train on it without changing the package
# > - find a rule about human languages inside a translator's search
# > - test a model on what it was *not* prepared for, and say which kinds of new input it cannot handle
# > - say how many examples it needs to learn a new combination
#
# The chapter writes its own small language with a few lines of code. At `small` everything is trained once, in less than a
# minute, and at `standard` with three seeds, in a few minutes.

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
import cmath
import math
import random
import tempfile
from collections import Counter
from itertools import product
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MultipleLocator

from s2s_tutorial.data.corpus import held_out_from, prepare
from s2s_tutorial.data.readers import read_file
from s2s_tutorial.notebook.experiments import spread
from s2s_tutorial.notebook.plots import plot_attention
from s2s_tutorial.notebook.show import show_figure, show_source, show_table, show_text
from s2s_tutorial.notebook.tasks import train_on_task, write_pairs
from s2s_tutorial.presets import load_scale
from s2s_tutorial.settings import DataSettings
from s2s_tutorial.translation.evaluation import evaluate
from s2s_tutorial.translation.search import length_limits

scale = load_scale()  # S2S_SCALE: small, standard or large
seeds = (0,) if scale.name == "small" else (0, 1, 2)  # of the models that are compared
handfuls = (64,) if scale.name == "small" else (4, 16, 64)  # examples of something new, in exercise 21.1
LONGEST = 16  # actions of a command to train on
work = Path(tempfile.mkdtemp(prefix="s2s-"))  # files of this chapter; name a folder of yours to keep them
BLUE, ORANGE, GREEN = "#00429d", "#b8560b", "#2a7f62"

# %% [markdown]
# A small language needs only a small model, whatever the scale of the chapter is. We use a Bahdanau decoder with additive
# attention ([Decoders: writing one word at a time](07_decoders.ipynb)). It looks *before* each step, so its state contains what
# it has seen. One function trains it, whatever the pairs are about. Another function writes files of pairs in the format of
# [Your own data](18_your_own_data.ipynb): first what the model is to write, then what it reads.

# %%
show_source(train_on_task, write_pairs)

# %% [markdown]
# ## A language of commands
#
# A robot on a field of squares knows six actions: `step`, `leap` (over one square), `left` and `right` (a quarter turn on
# the spot), `dig`, and `beep`. A person would rather say "walk twice and turn left". So we need a translator:
#
# | the person says | the robot does |
# | :--- | :--- |
# | walk | `step` |
# | jump to the left | `left leap` |
# | dig twice | `dig dig` |
# | sing in a square to the right | `right beep right beep right beep right beep` |
# | turn around | `right right` |
# | walk after turn left | `left step` |
#
# The idea is that of SCAN ([Lake and Baroni, 2018](https://arxiv.org/abs/1711.00350)), a language of commands that was made to test whether networks like ours
# learn rules. Our words and rules are different. We begin with single **phrases**, which have a verb, a direction and a number of times.

# %%
VERBS = {"walk": "step", "jump": "leap", "dig": "dig", "sing": "beep"}
TURNS = {"left": ["left"], "right": ["right"], "around": ["right", "right"]}
TIMES = {"": 1, "twice": 2, "three times": 3}

PHRASES: dict[str, list[str]] = {}
for often, count in TIMES.items():
    for where, turn in TURNS.items():
        PHRASES[f"turn {where} {often}".strip()] = turn * count
    for verb, action in VERBS.items():
        PHRASES[f"{verb} {often}".strip()] = [action] * count
        for side in ("left", "right"):
            PHRASES[f"{verb} to the {side} {often}".strip()] = [side, action] * count
            PHRASES[f"{verb} in a square to the {side} {often}".strip()] = [side, action] * 4 * count

# %% [markdown]
# A **command** is one phrase or two. The word "after" reverses the order:

# %% tags=["nbval-check-output"]
COMMANDS = dict(PHRASES)
for (one, first), (other, second) in product(PHRASES.items(), repeat=2):
    COMMANDS[f"{one} and {other}"] = first + second
    COMMANDS[f"{one} after {other}"] = second + first
print(f"{len(PHRASES)} phrases, {len(COMMANDS):,} commands")
for command in ("walk twice and turn left", "walk twice after turn left", "dig and jump in a square to the right"):
    print(f"{command}:\n    {' '.join(COMMANDS[command])}")


# %% [markdown]
# What does the robot *do*? We follow it and draw its path (Figure 21.1). A place on the field is a complex number,
# and so is the direction in which the robot faces: multiplying by $i$ is a quarter turn to the left, by $-i$ to the right. (Python writes `j` for
# $i$.)


# %% tags=["nbval-check-output"]
def drive(actions: list[str]) -> tuple[list, list, complex, complex]:
    """Moves (action, from, to), marks (action, place), and at the end where the robot is and faces."""
    place, facing, moves, marks = 0j, 1j, [], []  # it starts in the middle and faces up
    for action in actions:
        if action in ("left", "right"):
            facing *= 1j if action == "left" else -1j
        elif action in ("step", "leap"):
            start, place = place, place + facing * (1 if action == "step" else 2)
            moves.append((action, start, place))
        else:
            marks.append((action, place))
    return moves, marks, place, facing


moves, marks, place, facing = drive(COMMANDS["dig twice after walk in a square to the left"])
print(f"{len(moves)} moves; marks: {marks}; it ends at {place} and faces {facing}")


# %% tags=["hide-input"]
def draw_drive(axes, actions, title):
    """Draw what the robot does: lines for steps, dashes for leaps, marks for digging and beeping."""
    moves, marks, place, facing = drive(actions)
    passed = Counter()  # a way that is taken again is drawn beside itself
    for action, start, end in moves:
        style, colour = ("-", BLUE) if action == "step" else ("--", ORANGE)
        beside = 0.13 * passed[start, end] * 1j * (end - start) / abs(end - start)
        passed[start, end] += 1
        start, end = start + beside, end + beside
        axes.plot([start.real, end.real], [start.imag, end.imag], style, color=colour, linewidth=2.5)
    for (action, spot), often in Counter(marks).items():
        shape, shift = ("s", (-14, 11)) if action == "dig" else ("*", (10, 6))
        axes.plot(spot.real, spot.imag, shape, color=GREEN, markersize=14)
        axes.annotate(f"{action} ×{often}", (spot.real, spot.imag), shift, textcoords="offset points", fontsize=9)
    axes.plot(0, 0, "o", markerfacecolor="none", markeredgecolor="black", markersize=17)
    angle = math.degrees(cmath.phase(facing)) - 90
    axes.plot(place.real, place.imag, marker=(3, 0, angle), color="black", markersize=11)
    spots = np.array([0j, place, *(end for _, _, end in moves)])
    half = max(np.ptp(spots.real), np.ptp(spots.imag), 4) / 2 + 1
    x, y = ((part.max() + part.min()) / 2 for part in (spots.real, spots.imag))
    axes.set(xlim=(x - half, x + half), ylim=(y - half, y + half), aspect="equal")
    axes.xaxis.set_major_locator(MultipleLocator(1))
    axes.yaxis.set_major_locator(MultipleLocator(1))
    axes.tick_params(length=0, labelbottom=False, labelleft=False)
    axes.grid(color="0.9")
    axes.set_title(title, fontsize=9)


# %% tags=["hide-input"] mystnb={"image": {"alt": "Three fields of squares. In the first a blue line goes two squares up and the triangle points left. In the second a dashed line makes a square of leaps after three steps up. In the third the robot goes one square to the left and digs there twice."}}
figure = Figure(figsize=(7.5, 3), layout="constrained")
shown = (
    "walk twice and turn left",
    "jump in a square to the right\nafter walk three times",
    "walk to the left\nand dig twice",
)
figure.get_layout_engine().set(h_pad=0.1)
for axes, title in zip(figure.subplots(1, 3), shown, strict=True):
    draw_drive(axes, COMMANDS[title.replace("\n", " ")], title)
show_figure(figure)

# %% [markdown]
# **Figure 21.1.** What three commands make the robot do. It starts at the circle, facing up, and ends at the triangle, which points
# in the direction in which the robot faces. Blue lines are steps, dashed lines leaps, and green squares digging.

# %% [markdown]
# ### A rule about human languages, in the search
#
# Before we train, we should ask which assumptions about translation the package makes. The search of [Translating](11_translating.ipynb)
# cuts off a translation that becomes too long:

# %%
show_source(length_limits)

# %% [markdown]
# This rule is about human languages. A robot may need fifty actions for nine words, and then *every* model
# would fail without a warning. In our language there is room enough, but only just:

# %% tags=["nbval-check-output"]
room = {command: 2 * (len(command.split()) + 1) + 10 - len(actions) for command, actions in COMMANDS.items()}
tightest = min(room, key=room.get)
print(f"tightest: {tightest}\n{len(COMMANDS[tightest])} actions, room for {room[tightest]} more")
assert room[tightest] >= 0

# %% [markdown]
# ### Three kinds of new commands
#
# The test set of a random split is new to the model, but it was made in the same way as the training set. We add two test sets that are new in other ways:
#
# - The model learns from commands of at most 16 actions. **Longer** commands are kept for a test.
# - In training, "jump" occurs only on its own. Commands that *combine* it with anything are kept for another test.
#
# Commands that are both long and contain "jump" are left out.
#
# A person who knows "walk", "walk twice" and "jump" also understands "jump twice". The ability to use known parts in a new combination
# is called [compositional generalization](../book/glossary.md).

# %% tags=["nbval-check-output"]
kinds: dict[str, list[str]] = {"as in training": [], "longer": [], "new combination": []}
for command, actions in COMMANDS.items():
    new = "leap" in actions and command != "jump"
    if new and len(actions) <= LONGEST:
        kinds["new combination"].append(command)
    elif not new:
        kinds["longer" if len(actions) > LONGEST else "as in training"].append(command)
print({kind: len(members) for kind, members in kinds.items()})

# %% [markdown]
# People say "please" without changing what they ask for. So every command gets random words around it. The single "jump" gets all of
# them, so that the model sees the word often enough:

# %% tags=["nbval-check-output"]
BEFORE = ("", "please", "now", "robot,", "dear robot,", "go on,", "well,")
AFTER = ("", "please", "now", "at once", "if you can")


def wrap(command: str, before: str, after: str) -> str:
    """A command as a person would say it."""
    return " ".join(f"{before} {command} {after}".split()).capitalize() + "."


rng = random.Random(14)
rows = {
    kind: [(" ".join(COMMANDS[c]), wrap(c, rng.choice(BEFORE), rng.choice(AFTER))) for c in members]
    for kind, members in kinds.items()
}
rows["as in training"] += [("leap", wrap("jump", *around)) for around in product(BEFORE, AFTER)]
for actions, command in rows["as in training"][100::1200]:
    print(f"{command}\n    {actions}")

# %%
command_file = write_pairs(work / "commands.tsv", rows["as in training"])
commands = prepare(DataSettings(corpus=str(command_file)))
new_sets = {"as in training": commands.test}
for kind in ("longer", "new combination"):
    path = write_pairs(work / f"{kind.replace(' ', '-')}.tsv", rng.sample(rows[kind], 400))
    new_sets[kind] = held_out_from(read_file(path))
assert "leap" in commands.train.targets  # the hash decides that, as for any other line of actions
show_text(
    f"{len(commands.train):,} pairs to train on, {len(commands.test)} in the test set. The longest line of actions in "
    f"training has {max(len(text.split()) for text in commands.train.targets)}, in the set *longer* "
    f"{max(len(texts[0].split()) for texts in new_sets['longer'].references)}."
)

# %% [markdown]
# > **Guess first**
# >
# > How many commands of each set will be right, action for action: of the test set, of the longer ones, of the new combinations
# > with "jump"? What will the robot do instead?

# %%
drivers = {seed: train_on_task(work, "commands", commands, seed) for seed in seeds}

# %%
outcomes = {
    (kind, seed): evaluate(driver, held_out) for kind, held_out in new_sets.items() for seed, driver in drivers.items()
}
right = {kind: [outcomes[kind, seed][0].exact_match for seed in seeds] for kind in new_sets}
assert min(right["as in training"]) > 0.8
assert min(right["as in training"]) > max(right["longer"] + right["new combination"]) + 0.3


# %%
show_table(
    ["test commands", "number", "every action right" + (f", mean of {len(seeds)} seeds" if len(seeds) > 1 else "")],
    [[kind, len(new_sets[kind]), spread(shares)] for kind, shares in right.items()],
)

# %% [markdown]
# Many reports would give only the first row. That result is correct, because none of these sequences of actions was in training,
# but it says nothing about the other two rows. Figure 21.2 shows what the robot does there:

# %% tags=["hide-input"] mystnb={"image": {"alt": "Two rows of three fields of squares with the path of the robot. The left column is a command as in training, the middle one a longer command, the right one a command with jump in a new combination; the lower row is what the model does."}}
asked = (
    "walk to the left and dig three times",
    "walk in a square to the left twice\nand walk to the right three times",
    "jump three times\nand walk to the right twice",
)
figure = Figure(figsize=(7.5, 6), layout="constrained")
figure.get_layout_engine().set(h_pad=0.1)
for column, title in zip(figure.subplots(2, 3).T, asked, strict=True):
    command = title.replace("\n", " ")
    answer = drivers[seeds[0]].translate(command + ".").words
    same = "as asked" if answer == COMMANDS[command] else f"{len(answer)} actions"
    draw_drive(column[0], COMMANDS[command], f"{title}\n{len(COMMANDS[command])} actions")
    draw_drive(column[1], answer, f"the model: {same}")
show_figure(figure)

# %% [markdown]
# **Figure 21.2.** What was asked (above) and what the first model does (below): a command as in training, a longer one, and a new
# combination.

# %%
written = {kind: outcomes[kind, seeds[0]][1] for kind in new_sets}
asked_for = {kind: [texts[0].split() for texts in held_out.references] for kind, held_out in new_sets.items()}


def outline(actions: list[str]) -> list[str]:
    """Turns as they are, everything else as one kind of action."""
    return [action if action in ("left", "right") else "act" for action in actions]


lengths = [
    float(np.mean([len(words) for words in texts]))
    for texts in (asked_for["longer"], [answer.words for answer in written["longer"]])
]
combined = list(zip(written["new combination"], asked_for["new combination"], strict=True))
leaps = sum(answer.words.count("leap") for answer, _ in combined) / sum(words.count("leap") for _, words in combined)
outlines = np.mean([outline(answer.words) == outline(words) for answer, words in combined])

# %% tags=["hide-input"]
show_text(
    f"The first model, by its mistakes. *Longer*: **{lengths[0]:.1f}** actions are asked for on average, and **{lengths[1]:.1f}** "
    f"written; in training it never saw more than {LONGEST}. *New combination*: of all the leaps that are due, "
    f"**{leaps:.0%}** are written. In **{outlines:.0%}** of these commands turns and number of actions are right, whatever "
    "the actions are."
)

# %% [markdown]
# *Longer*: the model has learned from thousands of examples when a sequence of actions ends, and no example is longer.
# [Newman et al. (2020)](https://arxiv.org/abs/2010.07174) show how learning where to end prevents longer outputs. *New combination*: "walk", "dig"
# and "sing" were seen in the same places again and again. "Jump" was seen in one place only, and nothing in the data says that
# it is a word of the same kind. Where the turns and the number of actions are right, they come from the other words, and instead of the leap the model writes the
# action of a verb that it has seen there. The rule "any verb can be done twice" is ours. The network found
# other rules that fit everything it was shown.
#
# [Lake and Baroni (2018)](https://arxiv.org/abs/1711.00350) found the same two failures in larger networks. Exercise 21.1
# asks how many examples it takes to overcome the second.
#
# Look at Figure 21.3 too: "after" reverses the order, and attention follows, because what is said last is
# done first.

# %% tags=["hide-input"] mystnb={"image": {"alt": "Heat map of attention weights: the words of the command walk twice after turn left in columns, the actions in rows."}}
show_figure(plot_attention(drivers[seeds[0]].translate("Walk twice after turn left.")))

# %% [markdown]
# **Figure 21.3.** The first model reads the end of the command first, because "after" turns the order round.

# %% [markdown]
# ## Recap
#
# - A task is a file of pairs: what the model is to write, a tab, what it reads. The network does not change.
# - A translator contains assumptions about human languages, such as how long an output can be. Check them for every new task.
# - A random split tests more of the same. Longer commands and new combinations are another question, and here the answer is much worse.
#
# ## Exercises

# %% [markdown]
# ### Exercise 21.1: A few examples
#
# Does it take a better network, or better data? Move a few random combinations of "jump" from the set
# *new combination* into training, train again, and test on those that are left. How many does it take?

# %% [markdown]
# ### Solution to exercise 21.1

# %% tags=["solution"]
rng = random.Random(17)
shuffled = rng.sample(rows["new combination"], len(rows["new combination"]))
handed, untold = shuffled[: max(handfuls)], shuffled[max(handfuls) :][:400]
left = held_out_from(read_file(write_pairs(work / "untold.tsv", untold)))
learnt = {0: evaluate(drivers[seeds[0]], left)[0].exact_match}
for number in handfuls:
    path = write_pairs(work / f"with-{number}.tsv", rows["as in training"] + handed[:number])
    driver = train_on_task(work, f"handful-{number}", prepare(DataSettings(corpus=str(path))), seeds[0])
    learnt[number] = evaluate(driver, left)[0].exact_match
show_table(["combinations shown", "others right"], [[number, f"{share:.0%}"] for number, share in learnt.items()])
assert learnt[max(handfuls)] > learnt[0]

# %% [markdown]
# With four examples the share falls to 0% in the run shown here, from 1% without any. Both are a few commands
# out of 400, from one seed each, so this says only that four examples are not enough. With 16, the network answers
# nearly half of the other commands right, and with 64 most of them.
#
# So the network *can* do it. It lacks a reason to prefer our rule to others, and a few examples are such a reason. Not only their
# number matters, but also which examples they are ([Loula et al., 2018](https://arxiv.org/abs/1807.07545)).

# %% [markdown]
# ### Exercise 21.2: Judge by the effect
#
# "Turn around" is `right right` in our rules, and `left left` would do the same. Count an answer as right if the robot has moved
# over the same squares with the same marks and ends in the same place, facing in the same direction. How many of the mistakes
# are not mistakes?

# %% [markdown]
# ### Solution to exercise 21.2

# %% tags=["solution", "nbval-check-output"]
assert drive(["left", "left"]) == drive(["right", "right"]) != drive(["right"])
print(drive(["left", "left", "left", "step"]) == drive(["right", "step"]))

# %% tags=["solution"]
table = []
for kind, answers in written.items():
    pairs = [(answer.words, asked) for answer, asked in zip(answers, asked_for[kind], strict=True)]
    by_words = float(np.mean([actions == asked for actions, asked in pairs]))
    by_effect = float(np.mean([drive(actions) == drive(asked) for actions, asked in pairs]))
    assert by_effect >= by_words
    table.append([kind, f"{by_words:.0%}", f"{by_effect:.0%}"])
show_table(["test commands", "right by the words", "right by the effect"], table)

# %% [markdown]
# The first column compares with one way to do it, and the second accepts all ways. If an output can be *run*, run it, because that is
# a better test than comparing with a text. If both columns agree, as in the run shown here, the mistakes are real ones.

# %% [markdown]
# ## What to read next
#
# [Questions about a story](22_questions.ipynb) gives the network another task, in which we know where the answer is. [Lake and Baroni
# (2018)](https://arxiv.org/abs/1711.00350) is easy to read. For a task
# of your own, [Your own data](18_your_own_data.ipynb) has the format of the file, and [Which
# attention?](17_which_attention.ipynb) shows how to compare models fairly.
