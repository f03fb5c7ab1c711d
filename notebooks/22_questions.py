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
# # Questions about a story
#
# In the last chapter a translator drove a robot. Now it answers questions about a story, and makes conversation. Both tasks have
# something that translation does not have: many inputs share one answer. This breaks our rule for splitting data. On the other
# hand we know in which sentence of the story each answer is, so we can count how often attention looks there.
#
# > **What you will be able to do**
# >
# > - split the data of a task in which many inputs have the same answer
# > - measure how often attention looks at the one fact that contains the answer
# > - say what attention is worth for longer inputs than those in training
# > - explain why a conversation partner prefers safe answers, and choose others
# > - make a model use a name that it has never seen
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
import math
import random
import tempfile
from collections import Counter
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from s2s_tutorial.data.corpus import HeldOut, held_out_from, prepare
from s2s_tutorial.data.readers import CorpusError, read_file
from s2s_tutorial.data.text import normalise, tokenise
from s2s_tutorial.notebook.experiments import spread
from s2s_tutorial.notebook.plots import plot_attention
from s2s_tutorial.notebook.show import show_figure, show_table, show_text
from s2s_tutorial.notebook.tasks import train_on_task, write_pairs
from s2s_tutorial.presets import load_scale
from s2s_tutorial.settings import DataSettings
from s2s_tutorial.translation.evaluation import evaluate
from s2s_tutorial.translation.translator import Translator

scale = load_scale()  # S2S_SCALE: small, standard or large
seeds = (0,) if scale.name == "small" else (0, 1, 2)  # of the models that are compared
work = Path(tempfile.mkdtemp(prefix="s2s-"))  # files of this chapter; name a folder of yours to keep them
BLUE, ORANGE, GREY = "#00429d", "#b8560b", "0.5"

# %% [markdown]
# We use two functions whose source is in [Commands to a machine](21_commands.ipynb). `train_on_task` trains a small model with
# a Bahdanau decoder and additive attention, whatever the pairs are about, and `write_pairs` writes a file of pairs: first what
# the model is to write, then what it reads.

# %% [markdown]
# ## Stories
#
# "Anna is in the hall. Tom is in the barn. Where is Anna?" One sentence of the story contains the answer, and it is called the
# [supporting fact](../book/glossary.md). [Weston et al. (2015)](https://arxiv.org/abs/1502.05698) made twenty kinds of
# such stories to find out what a network can do, and ours are of their simplest kind. Because we write them ourselves, we know the
# supporting fact of each. Its number goes into the third column of the file, which the model never sees.

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
# ### A rule about translations, in the split
#
# We prepare the file as always:

# %% tags=["nbval-check-output"]
story_file = write_pairs(work / "stories.tsv", stories)
try:
    prepare(DataSettings(corpus=str(story_file)))
except CorpusError as error:
    print(str(error).replace(str(work), "…"))

# %% [markdown]
# The message explains what went wrong. The split forbids a
# [leak](../book/glossary.md) on *either* side ([A fair test](02_fair_test.ipynb)), so pairs with
# the same translation go into the same set. But there are only a dozen answers, however many pairs we write. For a translator
# this rule is right. For answers it is too strict: "In the hall." is no secret, and a model can only give answers that it has learned. What must be new is
# the story with its question. So we split by the source side alone, with the setting that the message names:

# %%
questions = prepare(DataSettings(corpus=str(story_file), split_by="source"))
assert not questions.train.find(questions.test.sources)
longer_questions = held_out_from(read_file(write_pairs(work / "longer-stories.tsv", longer_stories)))
show_table(["step", "pairs"], [*questions.steps, ("training", len(questions.train)), ("test", len(questions.test))])

# %% [markdown]
# > **Guess first**
# >
# > One model has attention. The other has not, so it must put the whole story into one vector before it knows which fact will
# > matter. (Does it really not know? Its encoder reads in both directions.) Guess the share of right answers for both, for
# > stories of one to four facts, and for five and six facts, which never occurred in training. Then see Figure 22.1.

# %%
readers = {
    (attention, seed): train_on_task(work, "questions", questions, seed, attention, epochs=7)
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
# **Figure 22.1.** Right answers by the number of facts in the story, with a line for each seed. To the right of the dashed line, stories are
# longer than any in training.

# %%
show_text(
    f"On the test set **{spread(with_attention)}** of the answers are right with attention, **{spread(without)}** without. "
    f"With five and six facts it is **{spread([np.mean([by_facts['additive', seed][n] for n in (5, 6)]) for seed in seeds])}** "
    f"and **{spread([np.mean([by_facts['none', seed][n] for n in (5, 6)]) for seed in seeds])}**."
)

# %% [markdown]
# In the run shown here, the lead of attention is about as large for stories that are longer than any in training. But one of
# its three seeds is no better than the models without attention, so a single seed could have shown the opposite. What makes
# the difference between its seeds?
#
# ### Does it look at the fact?
#
# Figure 22.2 is a picture of the kind that is often shown. The second fact is the supporting one. Does the row of
# the room look there?

# %% tags=["hide-input"] mystnb={"image": {"alt": "Heat map of attention weights: the words of a story of two facts and a question in columns, the words of the answer in rows."}}
example = readers["additive", seeds[0]].translate("Tom is in the attic. Eva is in the barn. Where is Eva?")
show_figure(plot_attention(example))


# %% [markdown]
# **Figure 22.2.** Where the first model looks while it answers.

# %% [markdown]
# A single picture proves little. We know the supporting fact of *every* story, so we can count. We take the word that gives the
# answer, the room or the person, and find the source word with the largest weight in its row. In which fact is it?
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
# Now we count over all stories of the test set, for every seed. *Chance* is the share of the source words that belong to the supporting fact.

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
    f"answers in **{spread(word_seen)}**. In training, nothing marked the supporting fact. "
    + (
        f"But more answers are right than looks fall into the fact (seed {', '.join(map(str, gap))}): there the model may find "
        "the answer in the state of another place. A column is a state that has read the whole story, not a word."
        if gap
        else "Right answers and right looks go together here. They need not: a column is a state that has read the whole "
        "story, not a word."
    )
)

# %% [markdown]
# The strongest weight is not the only one, so the fact may have a large part of the other weights even where it does not have the
# strongest. If the seeds differ a lot, one seed is not enough to conclude anything. Training may have ended before a model had
# found out where to look. Give that model more `epochs`, and count again.
#
# We have done here what [Seeing attention](14_seeing_attention.ipynb) recommends: first pictures, then a count, with chance
# beside it and more than one seed.
#
# **Break it.** Ask about a person who is not in the story:

# %%
missing = ["Tom is in the attic. Ben is in the hall. Where is Eva?", "Mia is in the barn. Who is in the garden?"]
show_table(
    ["story", "answer"],
    [[story, readers["additive", seeds[0]].translate(story).text] for story in missing],
)

# %% [markdown]
# The model never answers that it does not know. No training pair has that answer, and a decoder always has a most probable word. If you want
# "unknown" as an answer, write such stories too.
#
# ## The safe answer
#
# In conversation we meet the opposite: the model says "I do not know." although it could say more. To see why, suppose that
# people answer a question about tea in seven ways. One in four says "I do not know.", and the others divide the rest among six
# different sentences about tea, so that each of these has a probability of one in eight. Which answer does a model give that
# has learned exactly these probabilities, and how often?
#
# Let us try it. The cell below writes small talk about eight things, with such answers. Each remark begins with a made-up name,
# so that no two are equal.

# %%
THINGS = ("tea", "music", "snow", "bread", "chess", "summer", "soup", "rain")
REPLIES = (
    "{} makes me happy.", "there is too much {} here.", "my sister loves {}.",
    "we had {} yesterday.", "nothing is better than {}.", "never say {} to me.",
)  # fmt: skip
SAFE = "I do not know."
rng = random.Random(17)
remarks = []
for _ in range(800 if scale.name == "small" else 2_000):
    name, thing = "".join(rng.choices("aeioukmnrst", k=7)).capitalize(), rng.choice(THINGS)
    answer = SAFE if rng.random() < 0.25 else rng.choice(REPLIES).format(thing)
    remarks.append((answer, f"{name} here. What do you think of {thing}?"))
small_talk = prepare(
    DataSettings(corpus=str(write_pairs(work / "remarks.tsv", remarks)), vocabulary_min_count=2, split_by="source")
)
partner = train_on_task(work, "remarks", small_talk, epochs=4)

# %% [markdown]
# > **Guess first**
# >
# > What share of the test remarks does it answer with "I do not know."? And would a beam of five change that?
#
# The search takes the most probable answer *each time*, and not a quarter of the time. (Answers that
# are drawn at random, as in [When the model is unsure](12_when_it_is_unsure.ipynb), come as often as the model believes.) [Li et al.
# (2016)](https://arxiv.org/abs/1510.03055) therefore look for an answer that the remark makes more probable than it is anyway.
# This is the answer $T$ to the remark $S$ with the highest
#
# $$
# \ln p(T \mid S) - \lambda \ln p(T)
# \tag{22.1}
# $$
#
# With $\lambda = 0$ this is the usual choice. The larger $\lambda$ is, the more it costs an answer to be frequent everywhere. Here we
# can take $p(T)$ from counts, because we know all answers, and choose among the answers of a finished beam. Li et al. computed it
# with a language model, and subtracted it during the search, for the first words of an answer only.

# %%
seen = Counter(small_talk.train.targets)


def answers_with(strength: float, beam_size: int = 5) -> list[str]:
    """For each test remark the answer of the beam that is best by (22.1)."""
    chosen = []
    for found in partner.translate_words(small_talk.test.sources, beam_size, penalty=0.0):
        listed = [(normalise(text), score) for text, score in [(found.text, found.score), *found.others]]
        plain = [score - strength * math.log((seen[text] + 1) / len(small_talk.train)) for text, score in listed]
        chosen.append(listed[int(np.argmax(plain))][0])
    return chosen


def sort_answers(answers: list[str], asked: list[str]) -> list[str]:
    """Shares of the answers that are safe, that name the thing, and of all others."""
    safe = np.array([answer == normalise(SAFE) for answer in answers])
    about = np.array([source.split()[-2] in answer.split() for answer, source in zip(answers, asked, strict=True)])
    return [f"{share.mean():.0%}" for share in (safe, about, ~safe & ~about)]


test = small_talk.test
show_table(
    ["answers", "I do not know.", "about the thing", "other"],
    [
        ["in the test set", *sort_answers([texts[0] for texts in test.references], test.sources)],
        ["greedy search", *sort_answers(answers_with(0.0, beam_size=1), test.sources)],
        ["beam of 5", *sort_answers(answers_with(0.0), test.sources)],
        ["beam of 5, λ = 0.5", *sort_answers(answers_with(0.5), test.sources)],
    ],
)

# %% [markdown]
# If the model has learned the probabilities well, then it gives the safe answer nearly always, although only a quarter of the people
# do. Nothing is wrong with its training: the safe answer *is* the most probable one. A score against one reference does not help
# either, because any single answer about tea would be right only one time in eight. With (22.1) it talks about the thing instead,
# because what it says about tea is improbable after any other remark.
#
# The same network could also learn to summarise: the input is a long text, and the output is a short one. We do not do it in this book,
# because our built-in grammar writes single sentences, and because BLEU says little about what matters in a summary. But two of the
# failures that you have seen would occur there, too. A summary may leave out what matters, as translations leave out words in [Where
# it fails](16_where_it_fails.ipynb), and a sentence that fits many texts would often be its most probable beginning.
#
# ## Recap
#
# - In tasks where many inputs share one answer, split by the source side. It is the question that must not leak, not the answer.
# - If you write the data, you know where the answer is, so you can count where attention looks.
# - Compare with a model without attention to see what attention is worth, and with several seeds to see how far to trust it.
# - Where many answers are possible, a search for the most probable one finds the safe answer. A score that subtracts how
#   probable the answer is anyway finds one that belongs to the question.
#
# ## Exercises

# %% [markdown]
# ### Exercise 22.1: Small talk, and a name
#
# "Good evening, my name is Ada. I am tired." – "Good evening Ada, rest a little." Write a generator of such pairs, with
# a few hundred made-up names, so that many are rare. Train with `vocabulary_min_count=6`: names seen fewer times are
# unknown words ([When the model is unsure](12_when_it_is_unsure.ipynb)), and an unknown word in the output is answered by copying the
# source word that attention looks at. How often does the model get a *known* name right, and how often an *unknown*
# one? And without attention?

# %% [markdown]
# ### Solution to exercise 22.1

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
# Here every answer contains the partner's name, so there are nearly as many answers as questions, and the usual split works.

# %% tags=["solution"]
chat = prepare(DataSettings(corpus=str(write_pairs(work / "talk.tsv", talk)), vocabulary_min_count=6))
partners = {attention: train_on_task(work, "talk", chat, attention=attention) for attention in ("additive", "none")}


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
# Without attention, a known name has to come through a single vector, and an unknown one cannot come through at all.
#
# For the model all unknown names are the same word, and it answers with that word: "good evening `<unk>`, rest a
# little." Only the *place* at which it looks tells which name it is. So attention does here what no vocabulary can. [Vinyals and
# Le (2015)](https://arxiv.org/abs/1506.05869) trained the same kind of network on real conversations and describe what
# it does well and how it contradicts itself. [Gu et al. (2016)](https://arxiv.org/abs/1603.06393) make copying a part
# of the network.

# %% [markdown]
# ### Exercise 22.2: I do not know
#
# Write stories in which the question is about a person or a room that the story does not mention, with the answer "I do not know." Add them to
# the file, train again, and measure both kinds of questions. Does the model learn when to refuse?

# %% [markdown]
# ### Solution to exercise 22.2


# %% tags=["solution"]
def story_without(rng: random.Random, facts: int) -> tuple[str, str, str]:
    """An answer that refuses, and a story that does not contain what the question asks for."""
    people, rooms = rng.sample(PEOPLE, facts + 1), rng.sample(ROOMS, facts + 1)
    question = rng.choice((f"Where is {people[-1]}?", f"Who is in the {rooms[-1]}?"))
    told = [f"{who} is in the {where}." for who, where in zip(people[:-1], rooms[:-1], strict=True)]
    return "I do not know.", " ".join([*told, question]), "none"


rng = random.Random(18)
unanswerable = [story_without(rng, rng.randint(1, 4)) for _ in range(2_000)]
careful_file = write_pairs(work / "careful.tsv", stories + unanswerable)
careful_pairs = prepare(DataSettings(corpus=str(careful_file), split_by="source"))
careful = train_on_task(work, "careful", careful_pairs, seeds[0], epochs=7)

# %% tags=["solution"]
right: dict[bool, list[bool]] = {True: [], False: []}
test = careful_pairs.test
for answer, texts in zip(careful.translate_words(test.sources), test.references, strict=True):
    right["i do not know ." in texts].append(" ".join(answer.words) in texts)
rows = [
    [name, len(right[refuse]), f"{np.mean(right[refuse]):.0%}"]
    for name, refuse in (("in the story", False), ("not in the story", True))
]
show_table(["the answer is", "test questions", "right"], rows)

# %% [markdown]
# At `standard`, the model hardly learns to refuse. It gives the answer "I do not know." to few of the questions that need
# it, although training shows it many such questions, and it answers fewer of the others than the first model above. To
# refuse, it has to compare the question with every fact, and not only to find the fact that fits. Seven epochs seem to be
# too few for that, so train longer, and measure both kinds again.

# %% [markdown]
# ## What to read next
#
# [Borrowed parts](23_borrowed_parts.ipynb) starts a training with what another one has learned. [Weston et al.
# (2015)](https://arxiv.org/abs/1502.05698) is easy to read. A network that looks several times before it answers, for
# stories with more than one supporting fact: [Sukhbaatar et al. (2015)](https://arxiv.org/abs/1503.08895).
