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
# # From sentences to numbers
#
# A network reads numbers, and you have a text file. Between the two lie half a dozen small decisions: which characters
# count, which pairs stay, which words have a name, which sentences nobody may train on. None of them is about
# networks, and each can spoil a result more quietly than any bug in a network. The last decision can make a program that
# understands nothing look like a translator; you will measure by how much.
#
# > **What you will be able to do**
# >
# > - bring a sentence to a normal form step by step, and say what each step loses
# > - read sentence pairs from a file, keep where they come from, and choose the direction
# > - filter pairs by length, in characters or in words
# > - turn words into ids and ids into vectors, with an answer for words nobody has seen
# > - say what it costs to drop rare words, and why it flatters every score
# > - split pairs so that no test sentence has leaked into training, and measure the leak of a random split
#
# Nothing is trained here: the chapter runs for some seconds at every scale, a minute on large files.

# %% tags=["hide-input"]
# Find the package in this clone, or install it from where the book is published. Otherwise stop and say what to do.
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

REPOSITORY = ""  # filled in where the book is published
NEEDED = "s2s_tutorial babel filelock matplotlib msgspec numpy pooch sacrebleu safetensors sentencex tensorboard torch tqdm typer"
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
import unicodedata
from collections import Counter
from dataclasses import replace
from unittest.mock import patch

import numpy as np
import torch
from matplotlib.figure import Figure

from s2s_tutorial.data import corpus as corpora
from s2s_tutorial.data import filters, split
from s2s_tutorial.data.readers import CorpusError, parse_columns, read_corpus
from s2s_tutorial.data.text import LIGATURES, MARKS, detokenise, normalise, normalise_character
from s2s_tutorial.data.vocabulary import UNK, Vocabulary
from s2s_tutorial.notebook.show import show_figure, show_source, show_table, show_text
from s2s_tutorial.presets import load_scale
from s2s_tutorial.translation.evaluation import bleu_score, exact_match

scale = load_scale()  # S2S_SCALE: small, standard or large
data = replace(
    scale.data,
    sample_pairs=12_000,  # used by the embedded corpus only
    min_length=3,  # the filters of the 2017 notebook:
    max_length=25,  # both sides 3 to 25 …
    unit="characters",  # … characters (or "words")
    trim_below=5,  # a pair goes if one of its words is seen fewer times
)
seed = 0  # of the random split
measured = 1_000  # held-out sentences, at most, for the program that only memorises

# %% [markdown]
# ## One sentence, many spellings
#
# Two people type the same French sentence. Do their files hold the same characters? Look at what is really there. An
# « é » may be one character, or an *e* with an accent after it. The apostrophe has a straight and a curly form. French
# typography puts a space before a question mark, and it is often not the space bar's. Only the code points tell:

# %% tags=["nbval-check-output"]
for text in ("é", "e\u0301", "'", "’", " ", "\u202f", "œ"):
    print(" + ".join(f"U+{ord(c):04X} {unicodedata.name(c)}" for c in text))

# %% [markdown]
# To a program these are seven different strings. A word list that takes them as they come would hold « été » twice, and
# split in two what it knows of « été ».
#
# **Normalising** brings all of them to one form. Here is a sentence with every trap in it, and the steps one at a time:
#
# 1. *Decompose.* Unicode's form NFD takes composed letters apart: « é » becomes *e* and an accent.
# 2. *Drop the accents.* Every character of category `Mn` ("mark, nonspacing") goes.
# 3. *Open the ligatures.* « œ » and « æ » are letters of their own to Unicode; NFD leaves them whole. A table says *oe* and
#    *ae*.
# 4. *Lower case.*
# 5. *Set marks apart.* `,` `.` `!` `?` get spaces around them, so they become words of their own.
# 6. *Blank the rest.* Whatever is not a letter from a to z or one of the four marks becomes a space; runs of spaces become one.

# %% tags=["nbval-check-output"]
sentence = "L’été, ma SŒUR a-t-elle 7 chats\u202f?"
decomposed = unicodedata.normalize("NFD", sentence)
bare = "".join(c for c in decomposed if unicodedata.category(c) != "Mn")
opened = "".join(LIGATURES.get(c.lower(), c) for c in bare)
lowered = opened.lower()
spaced = "".join(f" {c} " if c in MARKS else c for c in lowered)
blanked = "".join(c if "a" <= c <= "z" or c in MARKS else " " for c in spaced)
by_hand = " ".join(blanked.split())
for text in (sentence, decomposed, bare, opened, lowered, spaced, by_hand):
    print(len(text), ascii(text))

# %% [markdown]
# The second line is longer than the first although it looks the same on a screen: two accents have become characters.
# (`ascii` shows what is beyond ASCII by its code, so nothing can hide.)
#
# The package does the same, character by character, and remembers each answer:

# %%
show_source(normalise_character)

# %% tags=["nbval-check-output"]
assert normalise(sentence) == by_hand
same = ["L'été ? ", "L’été\u202f?", "l'e\u0301te\u0301\u00a0?", "L´ÉTÉ?"]
print({normalise(text) for text in same})

# %% [markdown]
# Four spellings, one form.
#
# **Break it.** Take the table of ligatures away, and see what a widely copied version of these rules has done to French
# for years: « sœur » (sister) and « cœur » (heart) fall apart into pieces that are no words at all, and « œuf » (egg) and
# « vitæ » lose letters.

# %% tags=["nbval-check-output"]
with patch.dict(LIGATURES, clear=True):
    for word in ("sœur", "cœur", "œuf", "curriculum vitæ"):
        print(" ".join("".join(map(normalise_character, word)).split()))

# %% [markdown]
# ### What normalising loses
#
# Every step throws something away. Most of it is noise, and that is the point. Some is not. These pairs mean different
# things before, and are the same sentence afterwards:

# %% tags=["nbval-check-output"]
for one, other in (
    ("Il va pêcher.", "Il va pécher."),  # to fish, to sin
    ("Un homme tué.", "Un homme tue."),  # is killed, kills
    ("She has 7 cats.", "She has 12 cats."),
    ("Il est 8 h 30.", "Il est 9 h 45."),
):
    assert normalise(one) == normalise(other)
    print(f"{one:17}{other:18}{normalise(one)}")

# %% [markdown]
# **Digits vanish.** A model over these words cannot translate a price, a date or a phone number: it never sees one.
# The first exercise keeps them.
#
# Afterwards a reader wants "i'm", not "i m". Putting it back is guesswork with rules, because the apostrophe is gone:

# %% tags=["nbval-check-output"]
print(detokenise(normalise("I’m sure it’s Tom’s cat!").split()))
print(detokenise(normalise("J’ai dit qu’il aime l’été.").split(), language="fr"))

# %% [markdown]
# ## Reading pairs
#
# Sentence pairs come as plain text: English, a tab, French. Newer files have a third column that says who wrote the
# sentences. A reader that expects two columns stops there. Ours keeps the third as **provenance**: it is what a licence
# that asks for attribution needs. Here is a file of four lines, written for this page:

# %%
lines = [
    "I'm cold.\tJ’ai froid.\twritten for this page",
    "The black cat is asleep.\tLe chat noir dort.\twritten for this page",
    "The black cat is sleeping.\tLe chat noir dort.\twritten for this page",
    "Where is my sister?\tOù est ma sœur\u202f?",
]
pairs = parse_columns("\n".join(lines).encode(), "mine.tsv")
rows = list(zip(pairs.first, pairs.second, pairs.provenance, strict=True))
show_table(["first", "second", "provenance"], rows)

# %% [markdown]
# The book translates from the second column into the first, French into English. One flag, `reverse`, turns every pair
# around. What else does it turn? Watch the second sentence:

# %% tags=["nbval-check-output"]
for reverse in (False, True):
    turned = corpora.held_out_from(pairs, reverse)
    for source, references in zip(turned.sources, turned.references, strict=True):
        print(source, *(f"    → {reference}" for reference in references), sep="\n")
    print()

# %% [markdown]
# One French sentence has two good English translations, and both count as right: they are its **references**. In the
# other direction they are two sources. So a list of pairs is not a list of facts; keep this in mind for the split below.
#
# A broken line is refused, and the message gives its number. Silently skipping it would be kinder today and a mystery
# tomorrow:

# %% tags=["nbval-check-output"]
no_tab = b"I see.\tJe vois.\nI hear. J'entends.\n"
for bad in (no_tab, "I see.\tÇa se voit.\n".encode("latin-1"), b"\n\n"):
    try:
        parse_columns(bad, "mine.tsv")
    except CorpusError as error:
        print(error)

# %% [markdown]
# Now the real thing. At `standard` these are pairs that volunteers of the Tatoeba project wrote ([Tatoeba,
# 2026](https://tatoeba.org)); at `small` they come from the grammar inside the package. Where the file is not found and
# cannot be downloaded, the message names the ways out: connect, point `S2S_TUTORIAL_DATA` at a copy, or work at `small`.

# %%
columns = read_corpus(data)

# %% [markdown]
# ## Which pairs stay: length
#
# The notebook of 2017 from which many have learnt this ([From the 2017 notebook to this book](../book/from-2017.md))
# keeps pairs whose two sides have 3 to 25. It does not say 25 what. They are *characters*, of the normalised text,
# spaces counted, and that is shorter than you may think:

# %% tags=["nbval-check-output"]
short, longer = "He's cold.", "Il fait froid ce matin."
rows = []
for text in (short, longer, "I would like to eat an apple.", "Anticonstitutionnellement !"):
    clean = normalise(text)
    rows.append([clean, len(clean), len(clean.split())])
show_table(["normalised", "characters", "words"], rows)

# %% [markdown]
# Characters and words do not sort sentences alike: the third row has many short words, the last one a single long word
# and a mark. The package counts either, and the setting `unit` names which. How many pairs does the window let through?
# Figure 1.1 shows all lengths and the window.

# %% tags=["hide-input"] mystnb={"image": {"alt": "Two overlaid histograms of sentence length in characters, English dashed in orange and French in blue, with vertical dotted lines at the smallest and largest length kept."}}
figure = Figure(figsize=(5.5, 2.8), layout="constrained")
axes = figure.add_subplot()
sides = [[len(text) for text in side] for side in (columns.first, columns.second)]
bins = range(0, int(np.percentile(sides[1], 99.5)) + 2, 2)
axes.hist(sides[0], bins, histtype="step", color="#b8560b", linewidth=1.8, linestyle="--", label="English")
axes.hist(sides[1], bins, histtype="step", color="#00429d", linewidth=1.8, label="French")
for bound in (data.min_length, data.max_length):
    if data.unit == "characters":
        axes.axvline(bound, color="0.5", linestyle=":")
axes.set(xlabel="characters, normalised", ylabel="sentences")
axes.legend(frameon=False)
show_figure(figure)

# %% [markdown]
# **Figure 1.1.** A window of 25 characters keeps the short end of the corpus. Pairs with both sides between the dotted lines stay.

# %%
kept = corpora.keep_lengths(columns, data)
longest_in_words = 6  # try others
by_words = replace(data, min_length=1, max_length=longest_in_words, unit="words")
in_words = corpora.keep_lengths(columns, by_words)
both = len(set(kept) & set(in_words))

# %% tags=["hide-input"]
window = f"{data.min_length} to {data.max_length} {data.unit}"
show_text(
    f"Of **{len(columns.first):,}** pairs, **{len(kept):,}** have {window} a side. **{len(in_words):,}** have at most "
    f"{longest_in_words} words a side; {both:,} pairs are in both sets."
)

# %% [markdown]
# A filter is a choice of task. A score on sentences of 25 characters says nothing about a newspaper, and every score in
# this book comes with its filter.
#
# ## Words become ids
#
# A [vocabulary](../book/glossary.md) gives every word a number, its id. Count the words of two sentences by hand first:

# %% tags=["nbval-check-output"]
two = ["le chat noir dort .", "le chat a froid ."]
counts = Counter(" ".join(two).split())
print(counts.most_common())

# %% [markdown]
# Most frequent first, equal counts in alphabetical order: the same sentences give the same ids on every machine. And
# four ids are taken before the first word comes:
#
# - `<pad>` 0 fills short sentences up to the length of the longest beside them ([Batches: many sentences in one rectangle](02_batches.ipynb));
# - `<sos>` 1, start of sentence, is what a [decoder](../book/glossary.md) is fed before its first word;
# - `<eos>` 2, end of sentence, is how a decoder says that it is done;
# - `<unk>` 3 stands for every word that has no id of its own.

# %% tags=["nbval-check-output"]
vocabulary = Vocabulary.count(two)
print("  ".join(f"{number} {word}" for number, word in enumerate(vocabulary.words)))
ids = vocabulary.encode(["le", "chien", "noir", "dort", "."])
print(ids)
print(vocabulary.decode(ids))

# %% [markdown]
# « chien » was never counted. A plain dictionary would raise `KeyError` here, on the first sentence of the first
# user. With `<unk>` the model reads "some word I do not know", and the decoder may copy the word into its
# translation, as « kouglof » in [A first translation](00_first_translation.ipynb).
# [Translating](07_translating.ipynb) shows how, and why a model that is trained on the trimmed pairs of this chapter
# hardly ever does it.

# %%
show_source(Vocabulary.encode)

# %% [markdown]
# ### From ids to vectors
#
# An id is a name, not a quantity: word 7 is not more than word 4. The honest vector for it is **one-hot**: as many
# places as there are words, a single 1. All words are then equally far from each other, which is honest and useless:
# « chat » is as near to « chien » as to « hier ». So a network multiplies the one-hot vector by a matrix that it learns.
# All zeros but one: the product simply picks a row. That row is the word's **[embedding](../book/glossary.md)**, and
# nobody multiplies, they look it up (Figure 1.2):

# %% tags=["hide-input"] mystnb={"image": {"alt": "A list of words with ids, a column of zeros with a single 1 at chat, and a matrix with two numbers a row. The row of chat, 2 and 8, is highlighted and copied out as the word's vector."}}
from s2s_tutorial.notebook.show import show_drawing

show_drawing("one-hot-to-embedding")

# %% [markdown]
# **Figure 1.2.** A one-hot vector times the matrix is one row of it, so nobody multiplies: the row is looked up.

# %% tags=["nbval-check-output"]
embedding = torch.zeros(8, 2)  # a row for each of 8 ids
embedding[4:] = torch.tensor([[5, 1], [2, 8], [2, 9], [7, 3]])
one_hot = torch.nn.functional.one_hot(torch.tensor([5, 6]), num_classes=8).float()  # (2, 8)
print(one_hot.int().tolist())
print((one_hot @ embedding).tolist())
assert torch.equal(one_hot @ embedding, embedding[[5, 6]])

# %% [markdown]
# Words that behave alike can now lie close together, because training may move their rows. The 2017 sizes of this make the
# gain plain: 1,717 places per word become 500, and the numbers in them mean something.
#
# ## Which pairs stay: rare words
#
# The 2017 notebook drops every pair with a word seen fewer than 5 times. It went from 25,706 pairs to 15,896. The
# reason is sound: from one sighting a model learns nothing about a word. But what else goes with those pairs?
#
# > **Guess first**
# >
# > Of all the different words in the filtered pairs, which share is seen only once? And if you drop every pair that holds a
# > word seen fewer than 5 times, which share of the *words* goes, and which share of the *pairs*?

# %%
show_source(corpora.drop_rare, filters.frequent_rows)

# %%
thresholds = [1, 2, 3, 5, 10, 20, 50]
tries = [corpora.drop_rare(columns, kept, below) for below in thresholds]
pairs_left = np.array([len(rows) for rows, _ in tries]) / len(kept)
words_left = np.array([sum(words) for _, words in tries]) / sum(tries[0][1])

# %% tags=["hide-input"] mystnb={"image": {"alt": "Two falling curves over the trimming threshold: the share of pairs left, a solid blue line with circles, and the share of words left, a dashed orange line with squares."}}
figure = Figure(figsize=(5.5, 2.8), layout="constrained")
axes = figure.add_subplot()
axes.plot(thresholds, pairs_left, "o-", color="#00429d", label="pairs left")
axes.plot(thresholds, words_left, "s--", color="#b8560b", label="words left, both languages")
axes.set(xlabel="a word must be seen so many times", ylabel="share", xscale="log", ylim=(0, 1.05))
axes.set_xticks(thresholds, map(str, thresholds))
axes.minorticks_off()
axes.legend(frameon=False)
show_figure(figure)

# %% [markdown]
# **Figure 1.3.** Trimming loses words faster than pairs: most words are rare.

# %% tags=["hide-input"]
word_counts = Counter(" ".join(columns.second[row] for row in kept).split())
once = sum(count == 1 for count in word_counts.values()) / len(word_counts)
trimmed, words_kept = corpora.drop_rare(columns, kept, data.trim_below)
show_text(
    f"Here **{once:.0%}** of the different French words are seen once. When words must be seen {data.trim_below} times, "
    f"**{len(kept):,}** pairs become **{len(trimmed):,}**, so {1 - len(trimmed) / len(kept):.0%} of the pairs go, and "
    f"**{1 - sum(words_kept) / sum(tries[0][1]):.0%}** of the different words of both languages. The most "
    f"frequent words are {', '.join(f'`{word}`' for word, _ in word_counts.most_common(8))}."
)

# %% [markdown]
# Behind Figure 1.3 is a shape that every language has: a handful of words everywhere, and a long tail of words you meet
# once. The tail is where a translator is needed. Trimming cuts it off *from the test set too*, because it comes before
# the split. So the model is asked only about words it knows well, and **every score gets better without the model
# getting better**.
#
# To see the price you need the split, so here it comes.
#
# ## A split that does not leak
#
# You hold some pairs back and never train on them; they are **[held out](../book/glossary.md "held-out")**. The usual
# way is to shuffle the pairs and take the first few. For sentence pairs that is wrong, and ten pairs show why:

# %% tags=["nbval-check-output"]
ten = [("go away !", "va t en !"), ("go away !", "allez vous en !"), ("go away !", "partez !"),
       ("leave !", "partez !"), ("i m tired .", "je suis fatigue ."),
       ("i m tired .", "je suis fatiguee ."), ("i am tired .", "je suis fatigue ."),
       ("he is here .", "il est ici ."), ("he s here .", "il est ici ."),
       ("she sings .", "elle chante .")]  # fmt: skip
shuffled = [ten[number] for number in np.random.default_rng(3).permutation(10)]
held_out, rest = shuffled[:3], shuffled[3:]
all_english, all_french = ({pair[side] for pair in rest} for side in (0, 1))
rows = []
for english, french in held_out:
    seen = french in all_french, english in all_english
    rows.append([french, english, *("yes" if side else "no" for side in seen)])
show_table(["held-out French", "its English", "French in training?", "English in training?"], rows)

# %% [markdown]
# People write one sentence in many ways, so the other halves of a held-out pair sit in training. That is a
# **[leak](../book/glossary.md)**: to translate such a sentence, remembering is enough. Two rules close it, and Figure 1.4
# shows them at work:
#
# 1. The English sentence decides, and all of its translations go the same way.
# 2. A French sentence that has a reference in the test set is taken out of training, whatever its other English says.

# %% tags=["hide-input"] mystnb={"image": {"alt": "Three English sentences, each in a frame with its French translations, lead over a hash number to a set: good day, 4, test; she s cold, 5, validation; hello, 81, training. Under hello, bonjour is crossed out because it belongs to the test set already."}}
show_drawing("split")

# %% [markdown]
# **Figure 1.4.** A hash of the English sentence decides its set, and all its French goes along. A French sentence that is already in
# the test set is not trained on.

# %% [markdown]
# And *how* does the English sentence decide? Not by a random number: by a hash of its own text.

# %%
show_source(split.place_of, split.part_of)

# %% [markdown]
# SHA-256 scrambles a text into a number that looks random and is always the same. Its last two decimal digits place the
# sentence: 0 to 4 test, 5 to 7 validation, the rest training. Nothing is drawn and no list is kept. Your machine, mine and a
# colleague's next year put a sentence into the same set:

# %%
import hashlib

rows = []
for text in ("I am in a hurry.", "I'm in a hurry.", "She is cold.", "He sold his car.", "The cat is black."):
    english = normalise(text)
    place = int(hashlib.sha256(english.encode()).hexdigest(), 16) % 100
    rows.append([english, place, split.part_of(english)])
show_table(["English", "place of 100", "set"], rows)

# %% [markdown]
# "i am in a hurry ." and "i m in a hurry ." are two texts to a hash, so they may land apart, as here, and both are
# « je suis presse . ». That is what the second rule is for:

# %%
show_source(corpora.split, filters.divide)


# %% [markdown]
# ### How large is the leak?
#
# Now take the very same pairs twice. Once they are shuffled and cut into sets of the same sizes; once they are split by
# the rules above. For every held-out pair ask whether its French sentence, its English sentence, or either, stands in
# training.
#
# > **Guess first**
# >
# > With a random split, of all held-out pairs, what share has at least one side in training? Write a number down.


# %%
def random_split(rows: list[int], sizes: list[int], seed: int) -> list[list[int]]:
    """Shuffle and cut, as most people do. The test set is cut first."""
    training, validation, test = sizes
    shuffled = np.random.default_rng(seed).permutation(rows).tolist()
    rest = shuffled[test:]
    return [rest[validation : validation + training], rest[:validation], shuffled[:test]]


def leak(train: list[int], test: list[int]) -> list[float]:
    """Shares of test pairs whose French, English, and either side stands in training."""
    french = {columns.second[row] for row in train}
    english = {columns.first[row] for row in train}
    pairs = [(columns.second[row], columns.first[row]) for row in test]
    seen = np.array([[first in french, second in english] for first, second in pairs])
    return [*seen.mean(axis=0).tolist(), seen.any(axis=1).mean().item()]


# %%
distinct = corpora.drop_repeats(columns, trimmed)
by_hash = corpora.split(columns, distinct)
at_random = random_split(distinct, [len(part) for part in by_hash], seed)
splits = {"random": at_random, "by hash": by_hash}
leaks = {name: leak(training, test) for name, (training, _, test) in splits.items()}
assert leaks["by hash"] == [0.0, 0.0, 0.0]

# %% tags=["hide-input"]
show_table(
    ["split", "training pairs", "test pairs", "French in training", "English in training", "either"],
    [
        [name, len(parts[0]), len(parts[2]), *(f"{share:.1%}" for share in leaks[name])]
        for name, parts in splits.items()
    ],
)
lost = len(distinct) - sum(map(len, by_hash))
show_text(
    f"With a random split, **{leaks['random'][2]:.0%}** of the held-out pairs have a side in training. With ours it is "
    f"**0**, and the code above asserts it. The price: {lost:,} of {len(distinct):,} pairs belong to neither side and are left "
    "out."
)


# %% [markdown]
# How much a random split leaks depends on the file. Where people collect sentences, one English sentence comes with
# « tu » and with « vous », for a man and for a woman. The embedded grammar seldom says one thing twice, so at `small` there
# is less to leak. You cannot know before you have measured, and the split by hash does not need to know.
#
# ### What a program that only memorises would score
#
# What is a leak worth? Build the dumbest translator there is: a **parrot**. It keeps the training pairs in a dictionary.
# Asked for a sentence that it holds, it recites the answer. Asked for another, it recites the answer to the training
# sentence that shares the most words with it. It learns nothing, and can never say a sentence that is not in its list.


# %%
class Parrot:
    """Recites translations of training sentences, and nothing else."""

    def __init__(self, rows: list[int]) -> None:
        self.sources = [columns.second[row] for row in rows]
        self.targets = [columns.first[row] for row in rows]
        self.answers = dict(zip(reversed(self.sources), reversed(self.targets), strict=True))
        bags = [set(source.split()) for source in self.sources]
        self.sizes = np.array([len(bag) for bag in bags])
        holders: dict[str, list[int]] = {}
        for number, bag in enumerate(bags):
            for word in bag:
                holders.setdefault(word, []).append(number)
        self.holders = {word: np.array(numbers) for word, numbers in holders.items()}


# %% [markdown]
# "Shares the most words" is measured as the size of the intersection of two sets of words over the size of their union.


# %%
def recite(parrot: Parrot, source: str) -> str:
    """The stored answer; for an unknown sentence, the answer to the most similar one."""
    if source in parrot.answers:
        return parrot.answers[source]
    words = set(source.split())
    found = [parrot.holders[word] for word in words if word in parrot.holders]
    counted = np.concatenate([[], *found]).astype(int)
    shared = np.bincount(counted, minlength=len(parrot.sources))
    similarity = shared / (parrot.sizes + len(words) - shared)
    return parrot.targets[similarity.argmax()]


def measure(rows: list[int], parts: list[list[int]]) -> list[str]:
    """Exact matches of the dictionary alone; exact matches and BLEU of the whole parrot."""
    references = corpora.gather_references(columns, rows, reverse=False)
    test = corpora.hold_out(columns, parts[2], references, reverse=False).head(measured)
    parrot = Parrot(parts[0])
    looked_up = [parrot.answers.get(source, "") for source in test.sources]
    recited = [recite(parrot, source) for source in test.sources]
    scores = exact_match(looked_up, test.references), exact_match(recited, test.references)
    bleu = bleu_score(recited, test.references)
    return [*(f"{score:.1%}" for score in scores), f"{bleu:.1f}"]


# %% [markdown]
# **Exact match** is the share of translations that equal a reference word for word. [BLEU](../book/glossary.md), 0 to 100, counts the
# runs of one to four words that a translation shares with its references; [How good is it?](08_how_good_is_it.ipynb) takes it apart.

# %%
random_scores, hash_scores = measure(trimmed, at_random), measure(trimmed, by_hash)

# %% tags=["hide-input"]
show_table(
    ["split", "exact, dictionary only", "exact, parrot", "BLEU, parrot"],
    [["random", *random_scores], ["by hash", *hash_scores]],
)
show_text(
    f"The same parrot, the same pairs: BLEU **{random_scores[2]}** on the random split and **{hash_scores[2]}** on the "
    f"split by hash. Its dictionary alone gets **{random_scores[0]}** of the held-out sentences of the random split word for "
    f"word, and **{hash_scores[0]}** of the other."
)

# %% [markdown]
# Whatever separates the two rows is not translation: there is none in that program. Whoever reports a model's score on a
# random split reports the model *and* the parrot, and cannot tell them apart. Remember the second row too. It is what
# knowing nothing but the training sentences is worth on honest data, a floor that every model of this book has to leave well
# behind.
#
# ### Stable when the file grows
#
# Collections grow. Suppose you train today on the first four fifths of the file. Next year you cut a test set from all of
# it, and try the old model on it. How many of its pairs was that model trained on?

# %%
older = distinct[: len(distinct) * 4 // 5]
moves = []


def cut_at_random(rows: list[int], seed: int) -> list[list[int]]:
    """The random split in the usual shares."""
    return random_split(rows, [len(rows) * share // 100 for share in (92, 3, 5)], seed)


def cut_by_hash(rows: list[int], seed: int) -> list[list[int]]:
    """The package's split, which needs no seed."""
    return corpora.split(columns, rows)


for name, cut in (("random", cut_at_random), ("by hash", cut_by_hash)):
    before, after = cut(older, seed), cut(distinct, seed + 1)
    trained_on = set(before[0])
    moves.append([name, len(after[2]), sum(row in trained_on for row in after[2])])
assert moves[1][2] == 0

# %% tags=["hide-input"]
show_table(["split", "test pairs of the grown file", "of them trained on before"], moves)
tested, leaked = moves[0][1:]
show_text(
    f"Could you have known the first number? A test pair of the grown file is in the older four fifths with a probability of "
    f"80%, and then in its training part with a probability of 92%. Of {tested:,} test pairs that makes an expected "
    f"**{0.8 * 0.92 * tested:.0f}**, and it is {leaked:,}."
)

# %% [markdown]
# The two random splits above have different seeds, because next year you would shuffle again. With the same seed for both,
# the number would be smaller, but only because the two shuffles would be similar: what comes early in one tends to come early
# in the other.
#
# With the hash it is none, today and in ten years: a sentence's place depends on its own letters and on nothing else.
# A fixed seed does not give you that. It only shuffles the same file the same way.
#
# ## What trimming costs
#
# Back to the rare words. Run the whole path twice, with and without trimming, and count how many words of the test set
# the training vocabulary does not hold.

# %%
prices = []
for below in (data.trim_below, 1):
    corpus = corpora.prepare(replace(data, trim_below=below))
    sentences = [source.split() for source in corpus.test.sources]
    unknown = [sum(word not in corpus.src_vocabulary for word in words) for words in sentences]
    rows, _ = corpora.drop_rare(columns, kept, below)
    parrot_scores = measure(rows, corpora.split(columns, corpora.drop_repeats(columns, rows)))
    unknown_words = sum(unknown) / sum(map(len, sentences))
    with_one = np.mean([count > 0 for count in unknown])
    name = "all" if below == 1 else f"≥\u00a0{below}\u00a0times"
    counts = [len(corpus.train), len(corpus.test), *corpus.word_counts]
    prices.append([name, *counts, f"{unknown_words:.1%}", f"{with_one:.1%}", parrot_scores[2]])

# %% tags=["hide-input"]
show_table(
    ["words", "training pairs", "test sentences", "French words", "English words", "unknown in test",
     "sentences with one", "BLEU, parrot"],
    prices,
)  # fmt: skip
show_text(
    f"Trimming takes the unknown words of the test set from **{prices[1][5]}** to **{prices[0][5]}**, and the sentences "
    f"that hold one from **{prices[1][6]}** to **{prices[0][6]}**. The parrot, the same program in both rows, scores BLEU "
    f"{prices[1][7]} on the untrimmed set and {prices[0][7]} on the trimmed one."
)

# %% [markdown]
# The last row is the harder and the truer exam, so a score on trimmed data must never stand alone. This book trains on
# trimmed pairs at `standard`, to stay close to the notebook of 2017. With `trim_below=1` in the settings, any chapter runs on
# the untrimmed set.
#
# `prepare` did the whole path in one call: read, filter, trim, drop repeats, split, count. Every later chapter starts
# with it. Its steps are those you have just taken one by one:

# %%
corpus = corpora.prepare(data)
assert dict(corpus.steps)["distinct"] == len(distinct)
assert len(corpus.train) == len(by_hash[0])
assert corpus.test_pairs == len(by_hash[2])
show_table(["step", "pairs left"], corpus.steps)


# %% [markdown]
# ## Recap
#
# - Normalising makes many spellings one. It needs a table for œ and æ, and it loses accents and digits for good.
# - A filter says what it counts: 25 characters are four to six words.
# - A vocabulary has four ids that are no words, and `<unk>` gives every unseen word an answer.
# - Dropping pairs with rare words changes the exam, not the student. Report the untrimmed set too.
# - Pairs share sentences. A random split lets a parrot look clever; a split by hash of the English text, with shared
#   French taken out of training, leaks nothing and stays where it is when the file grows.
#
# ## Exercises

# %% [markdown]
# ### Exercise 1.1: Keep the digits
#
# Write a normaliser that keeps every digit as a word of its own, so that « Il est 8 h 30. » becomes `il est 8 h 3 0 .`,
# and does to everything else what `normalise` does. Why digit by digit, and not number by number?

# %% [markdown]
# ### Solution to exercise 1.1


# %% tags=["solution", "nbval-check-output"]
def normalise_with_digits(text: str) -> str:
    """Like `normalise`, with every digit as a word."""
    parts = [f" {c} " if c in "0123456789" else normalise_character(c) for c in text]
    return " ".join("".join(parts).split())


print(normalise_with_digits("Il est 8 h 30."))
print(normalise_with_digits("Ma sœur a 12 chats\u202f!"))
assert normalise_with_digits(sentence.replace("7", "")) == normalise(sentence)

# %% [markdown]
# There are ten digits and no end of numbers. As whole words nearly all numbers would be rare or unknown; digit by digit the
# model knows each word well, and only has to copy them in order.

# %% [markdown]
# ### Exercise 1.2: Which rule does the work?
#
# Split by the hash of the English sentence alone, without the second rule. Measure the leak. On which side is it, and
# why can it be on no other?

# %% [markdown]
# ### Solution to exercise 1.2

# %% tags=["solution"]
first_rule_only = {part: [] for part in ("training", "validation", "test")}
for row in distinct:
    first_rule_only[split.part_of(columns.first[row])].append(row)
french, english, either = leak(first_rule_only["training"], first_rule_only["test"])
assert english == 0.0
assert either == french
show_text(f"French in training: **{french:.1%}**; English in training: **{english:.1%}**.")

# %% [markdown]
# All pairs of one English sentence land in one set, so no English sentence can be in two. A French sentence with two
# English translations can: their hashes differ.

# %% [markdown]
# ### Exercise 1.3: A vocabulary with a limit
#
# Instead of dropping pairs, keep all of them and leave rare words out of the *vocabulary*: `Vocabulary.count` has a
# `min_count`. Show that no pair is lost, that the same words are missing, and that they are read as `<unk>`.

# %% [markdown]
# ### Solution to exercise 1.3

# %% tags=["solution"]
full = Vocabulary.count(columns.second[row] for row in kept)
limited = Vocabulary.count((columns.second[row] for row in kept), min_count=data.trim_below)
rare = [word for word, count in zip(full.words, full.counts, strict=True) if 0 < count < data.trim_below]
assert len(limited) == len(full) - len(rare)
assert all(limited.id_of(word) == UNK for word in rare)
read_as_unknown = sum(full.counts[full.id_of(word)] for word in rare) / sum(full.counts)
show_text(f"All **{len(kept):,}** pairs stay; **{read_as_unknown:.1%}** of the words in them are read as `<unk>`.")

# %% [markdown]
# This is the kinder bargain: a rare word costs its own meaning and not the whole sentence. The preset `large` works like
# this, with `vocabulary_min_count`.

# %% [markdown]
# ## What to read next
#
# [Batches: many sentences in one rectangle](02_batches.ipynb) packs sentences of unlike length into one tensor, and
# shows that the [padding](../book/glossary.md) between them changes nothing. What rare words cost a translator, and one
# repair: [Luong et al. (2015b)](https://arxiv.org/abs/1410.8206).
