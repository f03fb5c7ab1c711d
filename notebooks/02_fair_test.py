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
# # A fair test: splits, leaks and rare words
#
# We now have pairs of sentences as text. Before we train anything on them, we decide how to find out whether it has learned to translate. The idea is simple: keep some pairs out of
# training, and test the model on them. But sentences have many paraphrases, and if we choose the test pairs carelessly, their answers are in the training set. In this chapter you measure how much that is
# worth, with a program that understands nothing and looks like a translator. You also see why leaving out rare words improves every score without improving any model.
#
# > **What you will be able to do**
# >
# > - split pairs so that no test sentence has leaked into training
# > - measure the leak of a random split, and what it is worth
# > - keep a split stable while the file grows
# > - say what it costs to drop rare words, and why it flatters every score
#
# Nothing is trained here. The chapter runs in a few seconds at `small` and takes about a minute on large files.

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
from collections import Counter
from dataclasses import replace

import numpy as np
from matplotlib.figure import Figure

from s2s_tutorial.data import corpus as corpora
from s2s_tutorial.data import filters, split
from s2s_tutorial.data.readers import read_corpus
from s2s_tutorial.data.text import normalise
from s2s_tutorial.notebook.show import show_drawing, show_figure, show_source, show_table, show_text
from s2s_tutorial.presets import load_scale
from s2s_tutorial.translation.evaluation import bleu_score, exact_match

scale = load_scale()  # S2S_SCALE: small, standard or large
data = replace(
    scale.data,
    sample_pairs=12_000,  # used by the built-in corpus only
    min_length=3,  # both sides have 3 to 25 …
    max_length=25,
    unit="characters",  # … characters (or "words")
    trim_below=5,  # a pair is dropped if one of its words is seen fewer times
)
seed = 0  # of the random split
measured = 1_000  # held-out sentences, at most, for the program that only memorises

# %% [markdown]
# ## Rare words
#
# We start with the pairs that the last chapter kept, and with one more filter that many people use: drop every pair that contains a word seen fewer than 5 times. The reason is
# sound, because a model cannot learn much about a word that it has seen once. But what else is dropped with those pairs?
#
# > **Guess first**
# >
# > Of all the different words in the filtered pairs, which share is seen only once? And if you drop every pair that contains a
# > word seen fewer than 5 times, which share of the *words* goes, and which share of the *pairs*?

# %%
columns = read_corpus(data)
kept = corpora.keep_lengths(columns, data)

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
# **Figure 2.1.** Trimming loses words faster than pairs, because most words are rare.

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
# Figure 2.1 shows a property of every language: a small number of words occur everywhere, and very many words occur once. These rare words are where a
# translator is needed most. Trimming removes them *from the test set too*, because it comes before
# the split. So the model is tested only on words that it knows well, and **every score gets better without the model
# getting better**. To see by how much, we need the split.
#
# ## A split that does not leak
#
# We keep some pairs back and never train on them. They are called **[held out](../book/glossary.md "held-out")**. The usual
# way is to shuffle the pairs and take the first few. For sentence pairs this is wrong, and ten pairs are enough to see why:

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
# People write one sentence in many ways, so for a held-out pair a related pair is often in the training set. This is called a
# **[leak](../book/glossary.md)**: to translate such a sentence, it is enough to remember. Two rules prevent it (Figure 2.2):
#
# 1. The English sentence determines the set, and all its translations go into the same set.
# 2. A French sentence that has a reference in the test set is taken out of training, whatever other English translations it has.

# %% tags=["hide-input"] mystnb={"image": {"alt": "Three English sentences, each in a frame with its French translations, lead over a hash number to a set: good day, 4, test; she s cold, 5, validation; hello, 81, training. Under hello, bonjour is crossed out because it belongs to the test set already."}}
show_drawing("split")

# %% [markdown]
# **Figure 2.2.** A hash of the English sentence determines its set, and all its French translations go with it. A French sentence that is
# already in the test set is not trained on.

# %% [markdown]
# How can the English sentence determine its set? We compute a hash of its text, which is a number that depends on every letter:

# %%
show_source(split.place_of, split.part_of)

# %% [markdown]
# SHA-256 turns a text into a number that looks random and is always the same for the same text. Its last two decimal digits choose the
# set: 0 to 4 test, 5 to 7 validation, and the rest training. Nothing is drawn at random and no list has to be kept. On every machine, this year and
# next year, a sentence goes into the same set:

# %%
import hashlib

rows = []
for text in ("I am in a hurry.", "I'm in a hurry.", "She is cold.", "He sold his car.", "The cat is black."):
    english = normalise(text)
    place = int(hashlib.sha256(english.encode()).hexdigest(), 16) % 100
    rows.append([english, place, split.part_of(english)])
show_table(["English", "place of 100", "set"], rows)

# %% [markdown]
# "i am in a hurry ." and "i m in a hurry ." are two texts to a hash, so they can be in different sets, as here, and both are translations of
# « je suis presse . ». For such cases we need the second rule:

# %%
show_source(corpora.split, filters.divide)


# %% [markdown]
# ### How large is the leak?
#
# Now we take the same pairs twice. Once they are shuffled and cut into sets of the same sizes, and once they are split by
# the rules above. For every held-out pair we ask whether its French sentence, its English sentence, or either of them is also in
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
# How much a random split leaks depends on the file. Where people collect sentences, one English sentence comes with « tu » and
# with « vous », for a man and for a woman. The built-in grammar rarely says one thing in two ways, so at `small` there is less
# to leak. You have to measure it for every file, whereas with the split by hash there is nothing to measure.
#
# ### What a program that only memorises would score
#
# How much is a leak worth? Let us build the simplest "translator" there is, a **parrot**. It keeps the training pairs in a dictionary.
# For a sentence that it has stored, it recites the translation. For another sentence, it recites the translation of the training
# sentence that shares the most words with it. It learns nothing, and it can never write a sentence that is not in its list.


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
# "Shares the most words" is measured as the number of words that both sentences contain, divided by the number of words that at least one of them contains.


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
# **Exact match** is the share of translations that equal a reference word for word. **[BLEU](../book/glossary.md)**, from 0 to 100, counts the
# runs of one to four words that a translation shares with its references. [How good is it?](13_how_good_is_it.ipynb) explains both.

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
# The difference between the two rows cannot be translation, because this program cannot translate. If you report a model's score on a
# random split, you report the model *and* the parrot, and the two cannot be told apart. The second row is useful too: it is what
# memorising the training sentences is worth on honest data, and every model of this book should be far better.
#
# ### Stable when the file grows
#
# Collections of sentences grow. Suppose that you train today on the first four fifths of the file. Next year you take a test set from all of
# it, and test the old model on it. How many of its pairs was the model trained on?

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
# With the hash the number is 0, today and in ten years, because a sentence's set depends on its own letters and on nothing else.
#
# ## What trimming costs
#
# Now we can return to the rare words. We run everything twice, with and without trimming, and count how many words of the test set
# the training vocabulary does not contain:

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
# Two of these numbers may puzzle you. We counted a few more test *pairs* above than the table has test *sentences*, because two pairs with
# the same French sentence are one test sentence with two references. And the columns of words count those that pass the filter. When the pairs
# with a rare word are dropped, and the held-out pairs are taken away, some of these words go too. So the vocabulary of the
# training pairs, which later chapters print, is smaller, and some of its words now occur only once.
#
# The last row is the harder and more realistic test, so a score on trimmed data should never stand alone. The `standard` scale of this book
# trains on trimmed pairs, because they train quickly. With `trim_below=1` in the settings, any chapter runs on
# the untrimmed set.
#
# The function `prepare` does everything in one call: read, filter, trim, drop repetitions, split, count. Later chapters that need data start
# with it. Its steps are those that you have just seen one by one:

# %%
corpus = corpora.prepare(data)
assert dict(corpus.steps)["distinct"] == len(distinct)
assert len(corpus.train) == len(by_hash[0])
assert corpus.test_pairs == len(by_hash[2])
show_table(["step", "pairs left"], corpus.steps)


# %% [markdown]
# ## Recap
#
# - Sentences have many paraphrases, so with a random split the answers to many test sentences are in the training set.
# - A program that only memorises scores well on a random split. Compare with it before you believe a score.
# - A split by the hash of the English text, with shared French sentences taken out of training, leaks nothing and stays the same when the file grows.
# - Dropping pairs with rare words makes the test easier and the model no better. Report the untrimmed set too.
#
# ## Exercises

# %% [markdown]
# ### Exercise 2.1: Which rule does the work?
#
# Split by the hash of the English sentence alone, without the second rule. Measure the leak. On which side is it, and
# why can it not be on the other?

# %% [markdown]
# ### Solution to exercise 2.1

# %% tags=["solution"]
first_rule_only = {part: [] for part in ("training", "validation", "test")}
for row in distinct:
    first_rule_only[split.part_of(columns.first[row])].append(row)
french, english, either = leak(first_rule_only["training"], first_rule_only["test"])
assert english == 0.0
assert either == french
show_text(f"French in training: **{french:.1%}**; English in training: **{english:.1%}**.")

# %% [markdown]
# All pairs of one English sentence are in one set, so no English sentence can be in two sets. A French sentence with two
# English translations can be, because their hashes differ.

# %% [markdown]
# ### Exercise 2.2: A larger test set
#
# Write `in_test(text, percent)`, which puts so many percent of all sentences into the test set by their hash. Check the share on ten thousand
# different texts. If you raise the share from 5 to 10 percent, what happens to the sentences that were in the test set before?

# %% [markdown]
# ### Solution to exercise 2.2


# %% tags=["solution", "nbval-check-output"]
def in_test(text: str, percent: int) -> bool:
    """Whether a text belongs to a test set of about so many percent."""
    return int(hashlib.sha256(text.encode()).hexdigest(), 16) % 100 < percent


texts = [f"sentence number {number}" for number in range(10_000)]
for percent in (5, 10):
    print(f"{percent:2} percent asked for, {np.mean([in_test(text, percent) for text in texts]):.1%} found")
assert all(in_test(text, 10) for text in texts if in_test(text, 5))

# %% [markdown]
# They stay in the test set, because a place below 5 is also below 10. Only sentences of the training set move. In the other direction, from 10 to 5, test
# sentences would move into training, and a model that was tested on them before could now be trained on them.

# %% [markdown]
# ## What to read next
#
# [Batches: many sentences in one rectangle](03_batches.ipynb) packs sentences of different lengths into one tensor, and
# shows that the [padding](../book/glossary.md) between them changes nothing.
