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
# # From sentences to numbers
#
# A network computes with numbers, and what we have is a text file. To get from one to the other, we have to make several small
# decisions: which characters count, which pairs we keep, and which words get a number. None of them is about networks, but a mistake
# in one of them can spoil a result without any error message. So we make them one at a time and look at what each one loses.
#
# > **What you will be able to do**
# >
# > - bring a sentence into a normal form step by step, and say what each step loses
# > - read sentence pairs from a file, keep where they come from, and choose the direction
# > - filter pairs by length, in characters or in words
# > - turn words into ids and back, with an answer for words that were never seen
#
# Nothing is trained here. The chapter runs in a few seconds at every scale.

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
import unicodedata
from collections import Counter
from dataclasses import replace
from unittest.mock import patch

import numpy as np
from matplotlib.figure import Figure

from s2s_tutorial.data import corpus as corpora
from s2s_tutorial.data.readers import parse_columns, read_corpus
from s2s_tutorial.data.text import LIGATURES, MARKS, detokenise, normalise, normalise_character
from s2s_tutorial.data.vocabulary import UNK, Vocabulary
from s2s_tutorial.notebook.show import show_figure, show_source, show_table, show_text
from s2s_tutorial.presets import load_scale

scale = load_scale()  # S2S_SCALE: small, standard or large
data = replace(
    scale.data,
    sample_pairs=12_000,  # used by the built-in corpus only
    min_length=3,  # both sides have 3 to 25 …
    max_length=25,
    unit="characters",  # … characters (or "words")
)

# %% [markdown]
# ## One sentence, many spellings
#
# Two people type the same French sentence. Do their files contain the same characters? Often they do not. An
# « é » can be one character, or an *e* followed by an accent. The apostrophe has a straight and a curly form. French
# typography puts a space before a question mark, and it is often another space than that of the space bar. On the screen you cannot see the difference, so we print
# the code points:

# %% tags=["nbval-check-output"]
for text in ("é", "e\u0301", "'", "’", " ", "\u202f", "œ"):
    print(" + ".join(f"U+{ord(c):04X} {unicodedata.name(c)}" for c in text))

# %% [markdown]
# For a program these are seven different strings. A word list that takes them as they are would contain « été » twice, and what the model
# learns about one spelling would not help with the other.
#
# **Normalising** brings all spellings into one form. Here is a sentence that contains every difficulty, and the steps one at a time:
#
# 1. *Decompose.* Unicode's form NFD takes composed letters apart: « é » becomes *e* and an accent.
# 2. *Drop the accents.* Every character of category `Mn` ("mark, nonspacing") is removed.
# 3. *Split the ligatures.* « œ » and « æ » are letters of their own in Unicode, so NFD leaves them whole. A table replaces them by *oe* and
#    *ae*.
# 4. *Lower case.*
# 5. *Separate the punctuation.* `,` `.` `!` `?` get spaces around them, so that they become words of their own.
# 6. *Remove the rest.* Whatever is not a letter from a to z or one of the four marks becomes a space, and several spaces become one.

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
# The second line is longer than the first although it looks the same on a screen, because two accents have become characters of their own.
# (`ascii` prints every character beyond ASCII as its code, so that you can see all of them.)
#
# The package does the same, character by character, and remembers the result for each character:

# %%
show_source(normalise_character)

# %% tags=["nbval-check-output"]
assert normalise(sentence) == by_hand
same = ["L'été ? ", "L’été\u202f?", "l'e\u0301te\u0301\u00a0?", "L´ÉTÉ?"]
print({normalise(text) for text in same})

# %% [markdown]
# The four spellings have become one.
#
# **Break it.** Take the table of ligatures away. The cell below shows what these rules do without it, and many published notebooks
# have them like this: « sœur » (sister) and « cœur » (heart) fall apart into pieces that are not words, and « œuf » (egg) and
# « vitæ » lose letters.

# %% tags=["nbval-check-output"]
with patch.dict(LIGATURES, clear=True):
    for word in ("sœur", "cœur", "œuf", "curriculum vitæ"):
        print(" ".join("".join(map(normalise_character, word)).split()))

# %% [markdown]
# ### What normalising loses
#
# These steps throw information away. Most of it is only another way to write the same thing, and we wanted to be rid of it, but some of it
# carries meaning. The two sentences in each line below mean different things, and normalising makes them equal:

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
# **Digits are lost.** A model over these words cannot translate a price, a date or a phone number, because it never sees one.
# Exercise 1.1 keeps them. For the first chapters the simple rules are good enough, and [Subwords](24_subwords.ipynb) replaces them by rules that lose nothing.
#
# For display we want "i'm" and not "i m". We can only guess where an apostrophe was, so the package uses rules:

# %% tags=["nbval-check-output"]
print(detokenise(normalise("I’m sure it’s Tom’s cat!").split()))
print(detokenise(normalise("J’ai dit qu’il aime l’été.").split(), language="fr"))

# %% [markdown]
# ## Reading pairs
#
# Sentence pairs usually come as plain text: English, a tab, French. Newer files have a third column that says who wrote the
# sentences. We keep it as **provenance**, because a licence that asks for attribution needs it. Here is a file of four lines, written for this page:

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
# The book translates from the second column into the first, French into English. The setting `reverse` turns every pair
# around. Does it change anything else? Watch the second sentence:

# %% tags=["nbval-check-output"]
for reverse in (False, True):
    turned = corpora.held_out_from(pairs, reverse)
    for source, references in zip(turned.sources, turned.references, strict=True):
        print(source, *(f"    → {reference}" for reference in references), sep="\n")
    print()

# %% [markdown]
# One French sentence has two good English translations here, and both count as right. They are called its **references**. In the
# other direction they are two different sources. So the pairs of a file are not independent of each other, and [A fair test](02_fair_test.ipynb)
# will show why this matters.
#
# If a line is broken, the reader refuses the file and reports the line's number. If it skipped the line silently, you would find
# out much later that something is missing, or never. [Your own data](18_your_own_data.ipynb) shows what it reports for five such
# files.
#
# Now we read the real file. At `standard` these are pairs that volunteers of the Tatoeba project wrote ([Tatoeba,
# 2026](https://tatoeba.org)). At `small` they come from the grammar inside the package. If the file is not found and
# cannot be downloaded, the message says what you can do: connect, set `S2S_TUTORIAL_DATA` to a copy, or work at `small`.

# %%
columns = read_corpus(data)

# %% [markdown]
# ## Which pairs stay: length
#
# A network learns short sentences quickly, so the book's `standard` scale keeps pairs whose two sides have 3 to 25 *characters*
# of normalised text, spaces included (the limits of [the notebook that this book started from](../book/from-2017.md)). This is
# shorter than you may think:

# %% tags=["nbval-check-output"]
short, longer = "He's cold.", "Il fait froid ce matin."
rows = []
for text in (short, longer, "I would like to eat an apple.", "Anticonstitutionnellement !"):
    clean = normalise(text)
    rows.append([clean, len(clean), len(clean.split())])
show_table(["normalised", "characters", "words"], rows)

# %% [markdown]
# A limit in characters and one in words do not keep the same sentences. The third row has many short words, the last one a
# single long word and a mark. The package can count either, and the setting `unit` says which. How many pairs does the filter
# keep? Figure 1.1 shows the lengths of the sentences, and the limits of the filter.

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
# **Figure 1.1.** A limit of 25 characters keeps the short sentences of the corpus. Pairs with both sides between the dotted lines stay.

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
# When you choose a filter, you also choose how hard the task is. A score on sentences of 25 characters tells you nothing about the sentences
# of a newspaper, so this book gives the filter with every score.
#
# ## Words become ids
#
# A [vocabulary](../book/glossary.md) gives every word a number, its id. We count the words of two sentences first.
#
# > **Guess first**
# >
# > Ids are given by frequency. Which words of « le chat noir dort . » and « le chat a froid . » get the smallest ids? And what should
# > happen to « chien », which is in neither?

# %% tags=["nbval-check-output"]
two = ["le chat noir dort .", "le chat a froid ."]
counts = Counter(" ".join(two).split())
print(counts.most_common())

# %% [markdown]
# The most frequent word comes first, and equal counts are in alphabetical order, so the same sentences give the same ids on every machine. Four
# ids are reserved:
#
# - `<pad>` (0) fills short sentences up to the length of the longest one in their batch ([Batches](03_batches.ipynb));
# - `<sos>` (1), start of sentence, is what a [decoder](../book/glossary.md) reads before its first word;
# - `<eos>` (2), end of sentence, is what a decoder writes when it is finished;
# - `<unk>` (3) stands for every word that has no id of its own.

# %% tags=["nbval-check-output"]
vocabulary = Vocabulary.count(two)
print("  ".join(f"{number} {word}" for number, word in enumerate(vocabulary.words)))
ids = vocabulary.encode(["le", "chien", "noir", "dort", "."])
print(ids)
print(vocabulary.decode(ids))

# %% [markdown]
# « chien » was never counted. A plain dictionary would raise `KeyError` here. With `<unk>` the model reads "some word that I do not know", and the decoder
# can copy the word into its translation. [When the model is unsure](12_when_it_is_unsure.ipynb) shows how, and why a model that is trained on few
# rare words hardly ever does it.

# %%
show_source(Vocabulary.encode)

# %% [markdown]
# ## Recap
#
# - Normalising turns many spellings into one. It needs a table for œ and æ, and it loses accents and digits.
# - A filter must say what it counts: 25 characters are about six words, punctuation included.
# - A vocabulary gives each word an id. Four ids are not words, and `<unk>` stands for every word that was not counted.
#
# ## Exercises

# %% [markdown]
# ### Exercise 1.1: Keep the digits
#
# Write a normaliser that keeps every digit as a word of its own, so that « Il est 8 h 30. » becomes `il est 8 h 3 0 .`,
# and that does to everything else what `normalise` does. Why digit by digit, and not number by number?

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
# There are ten digits but any number of numbers. As whole words, nearly all numbers would be rare or unknown. Digit by digit, the
# model knows each word well and only has to copy them in order.
#
# How would you train with a rule of your own? The package has two rules, `ascii` for this one and `unicode` for text as people
# write it in any script ([Subwords](24_subwords.ipynb)), and the option `--text` of the command line chooses one. For any other rule, apply it to both columns of your
# file before you train, let `--text unicode` read the result, and apply the same rule to every sentence that you translate.

# %% [markdown]
# ### Exercise 1.2: A vocabulary with a limit
#
# One way to deal with rare words is to leave them out of the *vocabulary*, for which `Vocabulary.count` has a `min_count`. Show
# that exactly the words with fewer occurrences are missing, that they are read as `<unk>`, and that no pair is lost.

# %% [markdown]
# ### Solution to exercise 1.2

# %% tags=["solution"]
rarely = 5  # words seen fewer times get no id
full = Vocabulary.count(columns.second[row] for row in kept)
limited = Vocabulary.count((columns.second[row] for row in kept), min_count=rarely)
rare = [word for word, count in zip(full.words, full.counts, strict=True) if 0 < count < rarely]
assert len(limited) == len(full) - len(rare)
assert all(limited.id_of(word) == UNK for word in rare)
read_as_unknown = sum(full.counts[full.id_of(word)] for word in rare) / sum(full.counts)
show_text(f"All **{len(kept):,}** pairs stay; **{read_as_unknown:.1%}** of the words in them are read as `<unk>`.")

# %% [markdown]
# A rare word then costs its own meaning but not the whole sentence. The next chapter measures what it costs to drop all pairs that contain
# a rare word instead.

# %% [markdown]
# ## What to read next
#
# [A fair test](02_fair_test.ipynb) divides these pairs into some to learn from and some to be tested on, which is harder than it looks. [Luong et al.
# (2015b)](https://arxiv.org/abs/1410.8206) measure what rare words cost a translator, and propose a remedy.
