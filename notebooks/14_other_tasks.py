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
# # Other tasks: commands, questions, talk
#
# A translator reads words and writes words. Nothing in it says that both are languages of people. In this chapter the same
# network drives a small robot, answers questions about a story, and, in an exercise, makes polite conversation. The first
# task ends in a famous failure. The second lets you check where attention looks, because you know where the answer is.
#
# > **What you will be able to do**
# >
# > - turn a task into a file of pairs, and train on it without a new line in the package
# > - find the rules about translation that hide in a translator: in its search, and in its split
# > - test a model on what it has *not* been prepared for, and say which kind of new it cannot do
# > - measure how often attention looks at the one fact that holds the answer
# > - make a model use a name that it has never seen
#
# Each task has its own small language, written by a few lines below. At `small` everything is trained once, in less than a
# minute; at `standard` with three seeds, in a few minutes.

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
import tempfile
from dataclasses import replace
from pathlib import Path

from s2s_tutorial.presets import PRESETS, load_scale
from s2s_tutorial.settings import DataSettings

scale = load_scale()  # S2S_SCALE: small, standard or large
seeds = (0,) if scale.name == "small" else (0, 1, 2)  # of the models that are compared
handfuls = (64,) if scale.name == "small" else (4, 16, 64)  # examples of something new, in the second exercise
own = replace(  # small languages need a small model, whatever the scale
    PRESETS["small"],
    name="other-tasks",
    model=replace(PRESETS["small"].model, decoder="bahdanau", attention="additive", dropout=0.0),
    training=replace(PRESETS["small"].training, learning_rate=2e-2),
)
LONGEST = 16  # actions of a command to train on
work = Path(tempfile.mkdtemp(prefix="s2s-"))  # files of this chapter; name a folder of yours to keep them

# %%
import cmath
import math
import random
from collections import Counter
from itertools import product

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MultipleLocator

from s2s_tutorial.data.corpus import (
    Corpus,
    HeldOut,
    Pairs,
    drop_repeats,
    gather_references,
    held_out_from,
    hold_out,
    part_of,
    prepare,
    split,
)
from s2s_tutorial.data.readers import Columns, CorpusError, read_file
from s2s_tutorial.data.text import tokenise
from s2s_tutorial.data.vocabulary import SPECIAL_WORDS, Vocabulary
from s2s_tutorial.notebook.plots import plot_attention
from s2s_tutorial.notebook.show import show_figure, show_source, show_table, show_text
from s2s_tutorial.training.trainer import Trainer
from s2s_tutorial.training.watchers import LiveLine
from s2s_tutorial.translation.evaluation import evaluate
from s2s_tutorial.translation.search import length_limits
from s2s_tutorial.translation.translator import Translator

BLUE, ORANGE, GREEN, GREY = "#00429d", "#b8560b", "#2a7f62", "0.5"


# %% [markdown]
# The network is a Bahdanau decoder with additive attention ([Decoders: writing one word at a time](05_decoders.ipynb)).
# It looks *before* each step, so what it has seen stays in its state. One function trains it, whatever the pairs are
# about:


# %%
def train(name: str, corpus: Corpus, seed: int = 0, attention: str = "additive", epochs: int = 6) -> Translator:
    """A trained model; run the cell again after a stop, and it goes on."""
    settings = replace(
        own,
        name=f"{name}-{attention}-{seed}",
        model=replace(own.model, attention=attention),
        training=replace(own.training, seed=seed, epochs=epochs),
    )
    print(settings.name)
    trainer = Trainer(corpus, settings, work / settings.name, watchers=[LiveLine()])
    trainer.fit()
    return trainer.translator


# %% [markdown]
# And one writes files of pairs, in the format of [Your own data](12_your_own_data.ipynb): first what is to be written,
# then what is read.


# %%
def write_pairs(name: str, rows: list[tuple[str, ...]]) -> Path:
    """A file with a line for each row, tabs between its columns."""
    path = work / name
    path.write_text("".join("\t".join(row) + "\n" for row in rows), encoding="utf-8")
    return path


# %% [markdown]
# ## Commands to a machine
#
# A robot on a field of squares knows six actions: `step`, `leap` (over one square), `left` and `right` (a quarter turn on
# the spot), `dig`, and `beep`. People do not talk like that. They say "walk twice and turn left". Who translates?
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
# The idea is that of SCAN ([Lake and Baroni, 2018](https://arxiv.org/abs/1711.00350)), a language of commands that was made to test what networks like ours
# understand of rules. Words and rules here are our own. First the single **phrases**: a verb, where to, how often.

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
# A **command** is a phrase, or two of them. "After" turns the order round:

# %% tags=["nbval-check-output"]
COMMANDS = dict(PHRASES)
for (one, first), (other, second) in product(PHRASES.items(), repeat=2):
    COMMANDS[f"{one} and {other}"] = first + second
    COMMANDS[f"{one} after {other}"] = second + first
print(f"{len(PHRASES)} phrases, {len(COMMANDS):,} commands")
for command in ("walk twice and turn left", "walk twice after turn left", "dig and jump in a square to the right"):
    print(f"{command}:\n    {' '.join(COMMANDS[command])}")


# %% [markdown]
# What does the robot *do*? Follow it, and draw its way (Figure 14.1). A place on the field is a complex number,
# and so is the direction it faces: times $i$ is a quarter turn to the left, times $-i$ to the right. (Python writes `j` for
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
        shape, shift = ("s", (10, -14)) if action == "dig" else ("*", (10, 6))
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
# **Figure 14.1.** What three commands make the robot do. It starts at the circle, facing up, and ends at the triangle, which points
# where it faces. Blue is a step, a dashed line a leap, a green square digging.

# %% [markdown]
# ### A rule about French, in the search
#
# Before you train, ask what the translator believes about its work. The search of [Translating](07_translating.ipynb)
# cuts a translation that becomes too long:

# %%
show_source(length_limits)

# %% [markdown]
# That is a rule about languages of people. A robot may well need fifty actions for nine words, and then *every* model
# would fail, without a warning. Here "three times" is two words, and that saves us:

# %% tags=["nbval-check-output"]
room = {command: 2 * (len(command.split()) + 1) + 10 - len(actions) for command, actions in COMMANDS.items()}
tightest = min(room, key=room.get)
print(f"tightest: {tightest}\n{len(COMMANDS[tightest])} actions, room for {room[tightest]} more")
assert room[tightest] >= 0

# %% [markdown]
# ### Three kinds of new
#
# The test set of a random split is new, but of the same make as training. Two further sets are new in other ways. The model
# gets
#
# - commands of at most 16 actions to learn from: **longer** ones are kept for a test;
# - "jump" only on its own: commands that *combine* it with anything are kept for another test.
#
# Commands that are both, long and with a "jump", are left out.
#
# A person who knows "walk", "walk twice" and "jump" can "jump twice". Using known parts in a new combination
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
# People say "please", and it changes nothing. Every command gets a random wrapping. For the lonely "jump" all wrappings are
# written down, so that the model meets the word often enough:

# %% tags=["nbval-check-output"]
BEFORE = ("", "please", "now", "robot,", "dear robot,", "go on,", "well,")
AFTER = ("", "please", "now", "at once", "if you can")


def wrap(command: str, before: str, after: str) -> str:
    """A command as somebody says it."""
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
command_file = write_pairs("commands.tsv", rows["as in training"])
commands = prepare(DataSettings(corpus=str(command_file)))
new_sets = {"as in training": commands.test}
for kind in ("longer", "new combination"):
    path = write_pairs(f"{kind.replace(' ', '-')}.tsv", rng.sample(rows[kind], 400))
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
drivers = {seed: train("commands", commands, seed) for seed in seeds}

# %%
outcomes = {
    (kind, seed): evaluate(driver, held_out) for kind, held_out in new_sets.items() for seed, driver in drivers.items()
}
right = {kind: [outcomes[kind, seed][0].exact_match for seed in seeds] for kind in new_sets}
assert min(right["as in training"]) > 0.8
assert min(right["as in training"]) > max(right["longer"] + right["new combination"]) + 0.3


# %%
def spread(shares: list[float]) -> str:
    """The mean of some shares and, where there are several, how far they lie apart."""
    mean, low, high = (f"{share:.0%}" for share in (np.mean(shares), min(shares), max(shares)))
    return mean if low == high else f"{mean} ({low} to {high})"


show_table(
    ["test commands", "number", "every action right" + (f", mean of {len(seeds)} seeds" if len(seeds) > 1 else "")],
    [[kind, len(new_sets[kind]), spread(shares)] for kind, shares in right.items()],
)

# %% [markdown]
# The first row is what most reports would print. The model deserves it: not one of these lines of actions was in training.
# And it is no sign at all of what comes in the other two rows. See what the robot does instead (Figure 14.2):

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
# **Figure 14.2.** What was asked, above, and what the first model makes of it, below: a command as in training, a longer one, and a new
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
    f"written; it never learnt a line of more than {LONGEST}. *New combination*: of all the leaps that are due, "
    f"**{leaps:.0%}** are written. In **{outlines:.0%}** of these commands turns and number of actions are right, whatever "
    "the actions are."
)

# %% [markdown]
# *Longer*: the model has learnt from thousands of examples when a line of actions ends, and no example goes on beyond that.
# [Newman et al. (2020)](https://arxiv.org/abs/2010.07174) show how learning where to end stands in the way of longer outputs. *New combination*: "walk", "dig"
# and "sing" were seen in the same places, again and again. "Jump" was seen in one place only, and nothing told the model that
# it is a word like those. Where the turns and the number of actions are right, they come from the other words, and the
# missing action from a verb that the model knows there. The rule "any verb can be done twice" is ours. The network found
# rules of its own that fit everything it was shown.
#
# [Lake and Baroni (2018)](https://arxiv.org/abs/1711.00350) found the same two failures in larger networks. The second
# exercise asks how many examples it takes.
#
# Look at Figure 14.3 before you go on: "after" turns the order round, and attention follows: what is said last is
# done first.

# %% tags=["hide-input"] mystnb={"image": {"alt": "Heat map of attention weights: the words of the command walk twice after turn left in columns, the actions in rows."}}
show_figure(plot_attention(drivers[seeds[0]].translate("Walk twice after turn left.")))

# %% [markdown]
# **Figure 14.3.** The first model reads the end of the command first, because “after” turns the order round.

# %% [markdown]
# ## Questions about a story
#
# "Anna is in the hall. Tom is in the barn. Where is Anna?" The answer stands in the story, in one sentence of it, the
# [supporting fact](../book/glossary.md). [Weston et al. (2015)](https://arxiv.org/abs/1502.05698) made twenty kinds of
# such stories to find out what a network can do; ours are of their simplest kind. You write them, so you know the
# supporting fact of each. Keep its number in the third column: it is for you, the model never sees it.

# %%
PEOPLE = ("Anna", "Tom", "Mia", "Ben", "Eva", "Max")
ROOMS = ("kitchen", "garden", "cellar", "hall", "attic", "barn")


def story_of(rng: random.Random, facts: int) -> tuple[str, str, str]:
    """The answer, a story of so many facts with a question, and the number of the supporting fact, from 0."""
    told = list(zip(rng.sample(PEOPLE, facts), rng.sample(ROOMS, facts), strict=True))
    number = rng.randrange(facts)
    person, room = told[number]
    question, answer = f"Where is {person}?", f"In the {room}."
    if rng.random() < 0.5:
        question, answer = f"Who is in the {room}?", f"{person} is."
    return answer, " ".join([*(f"{who} is in the {where}." for who, where in told), question]), str(number)


# %% tags=["nbval-check-output"]
rng = random.Random(15)
stories = [story_of(rng, rng.randint(1, 4)) for _ in range(7_000)]
longer_stories = [story_of(rng, facts) for facts in (5, 6) for _ in range(200)]
for answer, story, number in stories[2:5]:
    print(f"{story}\n    {answer}  (fact {number})")

# %% [markdown]
# ### A rule about French, in the split
#
# Now prepare the file as always.

# %% tags=["nbval-check-output"]
story_file = write_pairs("stories.tsv", stories)
try:
    prepare(DataSettings(corpus=str(story_file)))
except CorpusError as error:
    print(str(error).replace(str(work), "…"))

# %% [markdown]
# Thousands of pairs, and not one for the test? The message says why in passing. The split forbids a
# [leak](../book/glossary.md) on *either* side ([From sentences to numbers](01_sentences_to_numbers.ipynb)): pairs with
# the same translation go into the same set, and a hash of it says which. There are only a dozen answers, and more pairs
# would have the same dozen. See where they went:

# %% tags=["nbval-check-output"]
columns = read_file(story_file)
of_the_package = [len(rows) for rows in split(columns, range(len(columns.first)))]
print(f"{len(set(columns.first))} different answers; training, validation, test: {of_the_package}")


# %% [markdown]
# For a translator that is strict and right. For answers it is wrong: "In the hall." is no secret, and a model can only
# give answers that it has learnt. What must be new is the story with its question. So you split on that side alone, with the
# same hash and the package's own pieces:


# %%
def corpus_of(columns: Columns) -> Corpus:
    """Training, validation and test that share no source; targets may be shared."""
    rows = drop_repeats(columns, range(len(columns.first)))
    parts: dict[str, list[int]] = {"training": [], "validation": [], "test": []}
    for row in rows:
        parts[part_of(columns.second[row])].append(row)
    train, validation, test = parts.values()
    pairs = Pairs([columns.second[row] for row in train], [columns.first[row] for row in train])
    references = gather_references(columns, rows, reverse=False)
    held_out = [hold_out(columns, part, references, reverse=False) for part in (validation, test)]
    vocabularies = [Vocabulary.count(side) for side in (pairs.sources, pairs.targets)]
    return Corpus(
        steps=[("read", len(columns.first)), ("distinct", len(rows))],
        word_counts=tuple(len(vocabulary) - len(SPECIAL_WORDS) for vocabulary in vocabularies),
        train=pairs, validation=held_out[0], test=held_out[1],
        validation_pairs=len(validation), test_pairs=len(test),
        src_vocabulary=vocabularies[0], tgt_vocabulary=vocabularies[1],
    )  # fmt: skip


# %%
questions = corpus_of(columns)
assert not questions.train.find(questions.test.sources)
longer_questions = held_out_from(read_file(write_pairs("longer-stories.tsv", longer_stories)))
show_table(["step", "pairs"], [*questions.steps, ("training", len(questions.train)), ("test", len(questions.test))])

# %% [markdown]
# > **Guess first**
# >
# > One model has attention, the other has not: it must squeeze the whole story into one vector, before it knows which fact will
# > matter. (Does it really not know? Its encoder reads in both directions.) Guess the share of right answers for both, for
# > stories of one to four facts, and for five and six, which training never had. Then see Figure 14.4.

# %%
readers = {
    (attention, seed): train("questions", questions, seed, attention, epochs=7)
    for attention in ("additive", "none")
    for seed in seeds
}


# %%
def right_by_facts(translator: Translator, *held_out: HeldOut) -> dict[int, float]:
    """Share of right answers for each number of facts."""
    found: dict[int, list[bool]] = {}
    for part in held_out:
        for translation, texts in zip(translator.translate_words(part.sources), part.references, strict=True):
            facts = translation.src_words.count(".")
            found.setdefault(facts, []).append(" ".join(translation.words) in texts)
    return {facts: float(np.mean(answers)) for facts, answers in sorted(found.items())}


by_facts = {key: right_by_facts(reader, questions.test, longer_questions) for key, reader in readers.items()}
whole = {key: evaluate(reader, questions.test)[0].exact_match for key, reader in readers.items()}
with_attention, without = ([whole[kind, seed] for seed in seeds] for kind in ("additive", "none"))
assert np.mean(with_attention) > np.mean(without)

# %% tags=["hide-input"] mystnb={"image": {"alt": "Lines over one to six facts: with attention in blue, without attention in orange, and a grey line for a random fact, which falls from one to one sixth. A dashed vertical line stands between four and five facts."}}
figure = Figure(figsize=(7, 3.4), layout="constrained")
axes = figure.add_subplot()
for (kind, seed), shares in by_facts.items():
    colour, style, name = (BLUE, "o-", "attention") if kind == "additive" else (ORANGE, "s--", "no attention")
    label = name if seed == seeds[0] else None
    axes.plot(list(shares), list(shares.values()), style, color=colour, alpha=0.75, label=label)
axes.plot(range(1, 7), [1 / facts for facts in range(1, 7)], ":", color=GREY, label="a fact at random")
axes.axvline(4.5, linestyle="--", color="0.2")
axes.set(xlabel="facts in the story", ylabel="right answers", xticks=range(1, 7), ylim=(0, 1.05))
axes.legend(loc="lower left")
show_figure(figure)

# %% [markdown]
# **Figure 14.4.** Right answers by the number of facts in the story: a thin line for each seed. Right of the dashed line stories are
# longer than any in training.

# %%
show_text(
    f"On the test set **{spread(with_attention)}** of the answers are right with attention, **{spread(without)}** without. "
    f"With five and six facts it is **{spread([np.mean([by_facts['additive', seed][n] for n in (5, 6)]) for seed in seeds])}** "
    f"and **{spread([np.mean([by_facts['none', seed][n] for n in (5, 6)]) for seed in seeds])}**."
)

# %% [markdown]
# ### Does it look at the fact?
#
# Figure 14.5 is a picture of the kind that is always shown. The second fact is the supporting one: does the row of
# the room look there?

# %% tags=["hide-input"] mystnb={"image": {"alt": "Heat map of attention weights: the words of a story of two facts and a question in columns, the words of the answer in rows."}}
example = readers["additive", seeds[0]].translate("Tom is in the attic. Eva is in the barn. Where is Eva?")
show_figure(plot_attention(example))


# %% [markdown]
# **Figure 14.5.** Where the first model looks while it answers.

# %% [markdown]
# One picture is an anecdote. You know the supporting fact of *every* story, so count. Take the word that tells the
# answer, the room or the person. Find the source word with the largest weight in its row. In which fact does it stand?
# A full stop ends a fact, so the number of full stops before a word is the number of its fact:


# %% tags=["nbval-check-output"]
def fact_at(words: list[str], place: int) -> int:
    """Which fact a word belongs to; the question counts as one more."""
    return words[:place].count(".")


words = tokenise("Tom is in the attic. Eva is in the barn. Where is Eva?")
for number in range(3):
    print(f"fact {number}:", *(word for place, word in enumerate(words) if fact_at(words, place) == number))

# %%
TELLING = set(tokenise(" ".join(PEOPLE + ROOMS)))


def looks(translator: Translator, held_out: HeldOut) -> list[tuple[bool, bool, float]]:
    """For each story: is the strongest weight in the supporting fact, is it the answer itself, and what is chance?"""
    answers = [texts[0] for texts in held_out.references]
    found = []
    for source, answer, number, weights in zip(
        held_out.sources, answers, held_out.groups, translator.forced_attention(held_out.sources, answers), strict=True
    ):
        words, said = source.split(), answer.split()
        [row] = [place for place, word in enumerate(said) if word in TELLING]
        strongest = int(weights[row].argmax())
        facts = [fact_at(words, place) for place in range(len(words))]
        there = strongest < len(words) and facts[strongest] == int(number)
        found.append((there, there and words[strongest] == said[row], facts.count(int(number)) / (len(words) + 1)))
    return found


# %% tags=["nbval-check-output"]
for row in [row for row, story in enumerate(questions.test.sources) if story.count(".") > 2][:3]:
    print(
        f"{questions.test.sources[row]}\n    {questions.test.references[row][0]}  (fact {questions.test.groups[row]})"
    )

# %% [markdown]
# Now all stories of the test set, and every seed. *Chance* is the share of the source that the supporting fact takes up.

# %%
looked = {seed: np.mean(looks(readers["additive", seed], questions.test), axis=0) for seed in seeds}
show_table(
    ["seed", "right answers", "looks at the fact", "at the very word", "chance"],
    [[seed, f"{whole['additive', seed]:.0%}", *(f"{share:.0%}" for share in looked[seed])] for seed in seeds],
)
facts_seen, word_seen, by_chance = zip(*looked.values(), strict=True)
assert np.mean(facts_seen) > np.mean(by_chance)

# %% tags=["hide-input"]
gap = [seed for seed in seeds if whole["additive", seed] - looked[seed][0] > 0.05]
show_text(
    f"The strongest weight falls into the supporting fact in **{spread(facts_seen)}** of the stories, and on the very word that "
    f"answers in **{spread(word_seen)}**. Nobody told the model that there is such a thing as a supporting fact. "
    + (
        f"But more answers are right than looks fall into the fact (seed {', '.join(map(str, gap))}): there the model finds the "
        "answer in the state of another place. A column is a state that has read the whole story, not a word."
        if gap
        else "Right answers and right looks go together here. They need not: a column is a state that has read the whole "
        "story, not a word."
    )
)

# %% [markdown]
# Do the seeds lie far apart? Then do not trust one. Training may have ended before a model had found out where to look: give
# the one that lags more `epochs`, and count again.
#
# That is [Seeing attention](09_seeing_attention.ipynb) with an answer sheet: pictures first, then a count, with chance
# beside it and more than one seed.
#
# **Break it.** Ask about somebody of whom the story says nothing:

# %%
missing = ["Tom is in the attic. Ben is in the hall. Where is Eva?", "Mia is in the barn. Who is in the garden?"]
show_table(
    ["story", "answer"],
    [[story, readers["additive", seeds[0]].translate(story).text] for story in missing],
)

# %% [markdown]
# It never says that it does not know. No pair of its training says so, and a decoder always has a likeliest word. If you want
# "nobody knows" for an answer, you have to write such stories, too.
#
# ## Recap
#
# - A task is a file of pairs: what is to be written, a tab, what is read. The network does not change.
# - A translator's habits are rules about languages of people: how long an output may be, what a leak is. Check them
#   for every new task.
# - A random split tests more of the same. Longer, or combined in a new way, is another question, and here a much worse answer.
# - Where you write the data, you know where the answer stands. Then attention can be counted, and not only shown.
# - A model without attention is the comparison that says what attention is worth; seeds say how far to trust it.
#
# ## Exercises

# %% [markdown]
# ### Exercise 14.1: Small talk, and a name
#
# "Good evening, my name is Ada. I am tired." – "Good evening Ada, rest a little." Write a generator of such pairs, with
# a few hundred made-up names, so that many are rare. Train with `vocabulary_min_count=6`: names seen fewer times are
# unknown words ([Translating](07_translating.ipynb)), and an unknown word in the output is answered by copying the
# source word that attention looks at. How often does the model get a *known* name right, and how often an *unknown*
# one? And without attention?

# %% [markdown]
# ### Solution to exercise 14.1

# %% tags=["solution"]
GREETINGS = ("Hello", "Good morning", "Good evening")
NAMING = ("I am {}.", "my name is {}.", "{} here.", "people call me {}.")
REMARKS = {
    "How are you?": "I am fine.",
    "I like tea.": "tea is good.",
    "I like music.": "music is good.",
    "It is raining.": "take a coat.",
    "I am tired.": "rest a little.",
    "I am hungry.": "eat some bread.",
}

# %% tags=["solution", "nbval-check-output"]
rng = random.Random(16)
syllables = [consonant + vowel for consonant in "bdfklmnrstvz" for vowel in "aeiou"]
names = ["".join(rng.choices(syllables, k=rng.choice((2, 3)))).capitalize() for _ in range(400)]
talk = []
for _ in range(2_500):
    name, greeting, remark = rng.choice(names), rng.choice(GREETINGS), rng.choice(list(REMARKS))
    said = f"{greeting}, {rng.choice(NAMING).format(name)} {remark}"
    talk.append((f"{greeting} {name}, {REMARKS[remark]}", said))
for answer, said in talk[:3]:
    print(f"{said}\n    {answer}")

# %% [markdown]
# Here every answer names its partner, so answers are nearly as many as questions, and the package's split works as it is.

# %% tags=["solution"]
chat = prepare(DataSettings(corpus=str(write_pairs("talk.tsv", talk)), vocabulary_min_count=6))
partners = {attention: train("talk", chat, attention=attention) for attention in ("additive", "none")}


def right_by_name(translator: Translator) -> dict[str, tuple[int, float]]:
    """For known and for unknown names: test sentences, and the share that is answered right."""
    right: dict[str, list[bool]] = {"known": [], "unknown": []}
    for answer, texts in zip(translator.translate_words(chat.test.sources), chat.test.references, strict=True):
        right["unknown" if answer.unknown else "known"].append(" ".join(answer.words) in texts)
    return {name: (len(answers), float(np.mean(answers))) for name, answers in right.items()}


# %% tags=["solution"]
shares = {attention: right_by_name(partner) for attention, partner in partners.items()}
assert shares["additive"]["unknown"][1] > 0.5  # copied by attention
assert shares["none"]["unknown"][1] == 0.0  # nothing to copy with: <unk> stays
show_table(
    ["attention", "name", "test sentences", "right"],
    [
        [attention, name, count, f"{share:.0%}"]
        for attention, its in shares.items()
        for name, (count, share) in its.items()
    ],
)

# %% tags=["solution"]
meeting = "Good evening, my name is Zanzibara. I am tired."
show_table(
    ["attention", "answer to a name that is nowhere in the file"],
    [[attention, partner.translate(meeting).text] for attention, partner in partners.items()],
)

# %% [markdown]
# Without attention a known name has to come through a single vector; an unknown one cannot come through at all.
#
# To the model all unknown names are the same word, and it answers with that word: "good evening `<unk>`, rest a
# little." Only the *place* it looks at makes a name of it. So attention does here what no vocabulary can. [Vinyals and
# Le (2015)](https://arxiv.org/abs/1506.05869) trained the same kind of network on real conversations and describe what
# it does well, and how it contradicts itself; [Gu et al. (2016)](https://arxiv.org/abs/1603.06393) make copying a part
# of the network.

# %% [markdown]
# ### Exercise 14.2: A handful of examples
#
# Nobody has to wait for a cleverer network: show it some combinations of "jump". Move a random handful from the set
# *new combination* into training, train anew, and test on those that are left. How many does it take?

# %% [markdown]
# ### Solution to exercise 14.2

# %% tags=["solution"]
rng = random.Random(17)
shuffled = rng.sample(rows["new combination"], len(rows["new combination"]))
handed, untold = shuffled[: max(handfuls)], shuffled[max(handfuls) :][:400]
left = held_out_from(read_file(write_pairs("untold.tsv", untold)))
learnt = {0: evaluate(drivers[seeds[0]], left)[0].exact_match}
for number in handfuls:
    path = write_pairs(f"with-{number}.tsv", rows["as in training"] + handed[:number])
    driver = train(f"handful-{number}", prepare(DataSettings(corpus=str(path))), seeds[0])
    learnt[number] = evaluate(driver, left)[0].exact_match
show_table(["combinations shown", "others right"], [[number, f"{share:.0%}"] for number, share in learnt.items()])
assert learnt[max(handfuls)] > learnt[0]

# %% [markdown]
# With four examples the share falls to 0% in the run shown here, from 3% without any. Both are a handful of commands
# out of 400, from one seed each, so this says only that four examples are not enough. With 16, the network answers
# nearly half of the other commands right, and with 64 most of them.
#
# So the network *can* do it. What it lacks is not a place for the rule but a reason to prefer that rule to others,
# and a few examples are such a reason. Which examples matters as much as how many ([Loula et al.,
# 2018](https://arxiv.org/abs/1807.07545)).

# %% [markdown]
# ### Exercise 14.3: By what it does
#
# "Turn around" is `right right` in our rules; `left left` would do the same. Count an answer as right if the robot has moved
# over the same squares with the same marks and ends in the same place, facing the same way. How many mistakes
# turn out to be none?

# %% [markdown]
# ### Solution to exercise 14.3

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
# The words are compared with one way to do it, the effect with all ways. Where something can be *run*, run it: that is
# a better reference than any text. Where both columns agree, you know that the mistakes are real ones.

# %% [markdown]
# ## What to read next
#
# [Borrowed parts](15_borrowed_parts.ipynb) begins a training with what another one has learnt. Then [Lake and Baroni
# (2018)](https://arxiv.org/abs/1711.00350) for commands and [Weston et al. (2015)](https://arxiv.org/abs/1502.05698)
# for stories; both are easy to read, and to argue with. A network that looks several times before it answers, for
# stories with more than one supporting fact: [Sukhbaatar et al. (2015)](https://arxiv.org/abs/1503.08895). For a task
# of your own, [Your own data](12_your_own_data.ipynb) has the format of the file, and [Which
# attention?](11_which_attention.ipynb) how to compare models fairly.
