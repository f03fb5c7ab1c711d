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
# # Subwords
#
# So far, every model of this book reads and writes whole words, and it knows only the words that it met in training. [From
# sentences to numbers](01_sentences_to_numbers.ipynb) made this bearable, because it removed case, accents and digits, and
# [A fair test](02_fair_test.ipynb) dropped all pairs with a rare word. A translator for real text cannot do that, because people write « Ngozi a 45 ans. », with a name
# that few corpora contain, and with a number. In this chapter we therefore cut words into pieces, so that a small vocabulary
# can write any text at all. Then we measure how long sentences become, and choose the size of the vocabulary. In
# [Words, pieces and characters](25_words_pieces_characters.ipynb), we then train a network on such pieces, and measure how well and
# how fast it translates.
#
# > **What you will be able to do**
# >
# > - say what a vocabulary of words costs, and what kinds of words are missing from it
# > - learn the merges of byte-pair encoding with a pencil, and cut a new word with them
# > - explain how a marker for spaces and 256 bytes make the pieces reversible, so that no text is unknown
# > - choose the size of a vocabulary of pieces from measurements
# > - say from which texts you may learn merges, and why not from others
#
# We train no network in this chapter. At `small` it takes a few seconds, and at `standard` less than a minute.

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
import time
from collections import Counter
from dataclasses import replace
from itertools import pairwise

import numpy as np
from matplotlib.figure import Figure

from s2s_tutorial.data.corpus import prepare
from s2s_tutorial.data.pieces import PieceVocabulary
from s2s_tutorial.data.rules import ASCII, UNICODE
from s2s_tutorial.data.subwords import apply_merges, join_pair, learn_merges
from s2s_tutorial.data.unicode_text import join_tokens, split_words
from s2s_tutorial.notebook.show import show_figure, show_source, show_table, show_text
from s2s_tutorial.presets import load_scale

scale = load_scale()  # S2S_SCALE: small, standard or large
# All pairs of the scale, rare words included; at small they are few and short.
data = replace(scale.data, trim_below=1, vocabulary_min_count=1, text="unicode")
if scale.name == "small":
    data = replace(data, sample_pairs=1_500, max_length=40)
# Entries of the vocabulary in the last sections, and the sizes that are compared before:
PIECES = {"small": 600, "standard": 4_000, "large": 8_000}[scale.name]
SIZES = (512, 1_000, 2_000, 4_000, 8_000, 16_000)
BLUE, ORANGE, GREY = "#00429d", "#b8560b", "0.5"

# %% [markdown]
# ## What a vocabulary of words costs
#
# Why did chapter 1 remove accents and capitals at all? The reason is that every form of a word takes an entry of its own in the
# vocabulary, and the model can hardly learn a form that training shows only once. So the text rule of that chapter, which is
# called `ascii`, leaves only lower-case letters from a to z and four marks.
#
# Now we want to keep what people write. For this the package has a second text rule, `unicode`. It keeps the letters of all
# scripts, case, accents, digits and marks. It removes only what you cannot see, such as the soft hyphen, and it writes every
# accented letter as a single character. Let us apply both rules to the same sentences:

# %% tags=["nbval-check-output"]
for text in (
    "J’ai mangé une pêche.",
    "J’ai commis un péché.",
    "Elle a 45\u202fans.",
    "Αυτό είναι το σπίτι μου.",
):
    print(f"{text:25} ascii: {ASCII.normalise(text):25} unicode: {UNICODE.normalise(text)}")

# %% [markdown]
# With `ascii`, « pêche » (peach) and « péché » (sin) become the same word `peche`, the number disappears, and only the full stop
# is left of the Greek sentence. With `unicode` the sentences keep what they say, and the price is a larger vocabulary. How high
# is this price? To measure it, we prepare the same pairs with each rule, and this time we do not drop any pair because of a
# rare word. (At `standard` the two rules leave different numbers of pairs, because the limit of 25 characters counts after
# normalising, and `ascii` puts spaces around marks.)

# %%
by_rule = {rule: prepare(replace(data, text=rule)) for rule in ("ascii", "unicode")}


def unknown_words(corpus):
    """Words of each test source, and for each of them whether it is unknown."""
    split = [corpus.rule.split(source) for source in corpus.test.sources]
    return split, [[word not in corpus.src_vocabulary for word in words] for words in split]


rows = []
for rule, prepared in by_rule.items():
    vocabulary = prepared.src_vocabulary
    once = vocabulary.seen_once().mean()
    flags = unknown_words(prepared)[1]
    share = np.mean([flag for each in flags for flag in each])
    with_one = np.mean([any(each) for each in flags])
    counted = [len(prepared.train), len(vocabulary)]
    rows.append([rule, *counted, f"{once:.0%}", f"{share:.1%}", f"{with_one:.0%}"])

# %% tags=["hide-input"]
show_table(
    ["text rule", "training pairs", "French words", "of them seen once", "unknown words in test", "sentences with one"],
    rows,
)
show_text(
    f"Keeping all characters takes the French vocabulary from {rows[0][2]:,} to **{rows[1][2]:,}** words, of which "
    f"**{rows[1][3]}** occur only once in training. **{rows[1][4]}** of the words of the test set are unknown, and "
    f"**{rows[1][5]}** of its sentences contain at least one of them."
)

# %% [markdown]
# With both rules, some words of the test set are unknown. Which ones? We sort them by three simple tests, each of which is only
# roughly right. Is the word known with another case, as « Maisons » is if only « maisons » was seen? Is it a known word except for
# its last letter, as « maisons » is if only « maison » was seen? Or does it begin with a capital inside a sentence, as names do?

# %% tags=["hide-input"]
corpus = by_rule["unicode"]
src_words = corpus.src_vocabulary
known = set(src_words.words)
letters = sorted({word[-1] for word in known if word[-1].isalpha()})


def kind_of(word, place):
    """Sort an unknown word by the first test that it meets."""
    stem = word[:-1]
    if word.lower() in src_words or word[:1] + word[1:].capitalize() in src_words:
        return "known with another case"
    if word[1:2].isupper() and place > 0:
        return "capital inside the sentence"
    if stem in src_words or any({word + letter, stem + letter} & known for letter in letters):
        return "known but for its last letter"
    return "other"


kinds = Counter()
for words, flags in zip(*unknown_words(corpus), strict=True):
    for place, (word, is_unknown) in enumerate(zip(words, flags, strict=True)):
        if is_unknown:
            kinds[kind_of(word, place)] += 1
shares = [[kind, f"{count / kinds.total():.0%}"] for kind, count in kinds.most_common()]
show_table(["unknown words of the test set", "share"], shares)

# %% [markdown]
# To you, many of these words are not new: if you know « maison », you can read « maisons ». A vocabulary of words, however, gives
# the two words unrelated ids, so what the model has learned about the first one does not help it with the second.
#
# Could we simply take a larger vocabulary? Figure 24.1 gives the answer. It shows how many of the test words are in a vocabulary
# of the most frequent training words, for every size up to the whole list.

# %% tags=["hide-input"] mystnb={"image": {"alt": "A rising curve. The horizontal axis is the number of words in the vocabulary on a logarithmic scale, the vertical axis the share of the test words that are in it. The curve rises at first almost in a straight line, then bends, and ends below a dotted line at 100 percent."}}
ranks = np.array([src_words.id_of(word) for words in unknown_words(corpus)[0] for word in words]) - 3  # from 1
known_ranks = np.sort(ranks[ranks > 0])
figure = Figure(figsize=(5.5, 3), layout="constrained")
axes = figure.add_subplot()
axes.plot(known_ranks, 100 * np.arange(1, len(known_ranks) + 1) / len(ranks), color=BLUE, lw=2)
axes.axhline(100, color=GREY, linestyle=":")
axes.set(xscale="log", ylim=(0, 104), xlabel="most frequent words in the vocabulary", ylabel="known test words (%)")
axes.xaxis.set_major_formatter("{x:,.0f}")
show_figure(figure)

# %% [markdown]
# **Figure 24.1.** Each further percent of known words costs more entries than the one before, and even the whole list of training words
# (the right end of the curve) leaves some test words unknown.

# %% [markdown]
# ## The other extreme: characters
#
# If whole words are too many, we can go to the other extreme. What a vocabulary numbers is called a **token**, and a token does
# not have to be a word. It can also be a character. Then a hundred entries are enough for French and English, and almost nothing
# is unknown:

# %% tags=["nbval-check-output"]
sentence = "Les maisons sont petites."
for name, tokens in (("words", split_words(sentence)), ("characters", list(sentence))):
    print(f"{len(tokens):2} {name:11}", *tokens)

# %% [markdown]
# (The sign ▁ marks a word that follows a space, and we come back to it below.) The price of characters is length. An encoder with
# a GRU takes one step per token, and attention compares each target token with each source token. So if a sequence is five times
# as long, we pay with five times as many steps and twenty-five times as many comparisons. Moreover, a single letter means little,
# so the network has to learn first how letters form words.
#
# We therefore look for something in between: a vocabulary that keeps frequent words whole, and that cuts rare words into pieces
# which occur in other words too. Such a piece is called a [subword](../book/glossary.md).
#
# > **Guess first**
# >
# > Suppose that we allow 1,000 entries for both languages together. Into how many pieces is a French word of the test set cut on
# > average, if marks count as words: 1.2, 1.6, 2.5 or 4? And how many is it with 8,000 entries? Write two numbers down.
#
# ## Byte-pair encoding with a pencil
#
# Which pieces should we take? We could ask a linguist for stems and endings, but then we would need one for every language.
# [Sennrich et al. (2016)](https://arxiv.org/abs/1508.07909) found an answer that needs neither a dictionary nor a grammar, in a
# method for compressing files that is called [byte-pair encoding](../book/glossary.md). It only counts:
#
# 1. Begin with characters, so that every word is a list of single letters.
# 2. Find the pair of neighbours that occurs most often, and join it into one piece wherever it occurs. This is called a
#    **merge**.
# 3. Repeat this until there are as many merges as you want.
#
# Let us do it with these ten words, and suppose that each of them occurs once in our text:
#
# > sing, sings, singing, walk, walks, walking, talk, talks, talking, king
#
# Take a pencil and count the pairs of neighbours. For example, *s i* occurs three times, in *sing*, *sings* and *singing*. Which
# pair is the most frequent one, so that we join it first? And which pairs will be joined second and third?

# %% tags=["nbval-check-output"]
ten = Counter([
    "sing", "sings", "singing", "walk", "walks", "walking", "talk", "talks", "talking", "king",
])  # fmt: skip
pairs = Counter(pair for word in ten for pair in pairwise(word))
print(", ".join(f"{a} {b}: {count}" for (a, b), count in pairs.most_common(6)))

# %% [markdown]
# Two pairs, *i n* and *n g*, occur seven times each. Of equally frequent pairs we take the first one in the alphabet, so that
# everyone who learns from this text gets the same merges. So the first merge is *i n*. From now on *in* is one piece, and when we
# count again, *n g* has disappeared, while *in g* occurs seven times. After that, *a l* and *l k* have six each. The loop below
# does the same as your pencil:

# %% tags=["nbval-check-output"]
spelled, by_hand = {word: list(word) for word in ten}, []
for _ in range(3):
    pairs = Counter(pair for pieces in spelled.values() for pair in pairwise(pieces))
    # The most frequent pair, and of several the first one in the alphabet:
    best = min(pairs, key=lambda pair: (-pairs[pair], pair))
    by_hand.append(best)
    spelled = {word: join_pair(pieces, best) for word, pieces in spelled.items()}
    print(f"{best[0]} + {best[1]}: {pairs[best]} times")
print(", ".join(" ".join(pieces) for pieces in spelled.values()))

# %% [markdown]
# With two merges the method has found the ending *ing*, although it has only counted. It has also cut *king* into *k ing*, where
# *ing* is not an ending, because frequency is all that it knows. (In a real text, words occur with different frequencies, and a
# pair then counts once for each time that its word occurs.)
#
# The loop counts all pairs again after every merge, which takes too long on a real corpus. But a merge changes only the words that
# contain its pair, so the package counts only those again. It keeps a list of the words that contain each pair, and all pairs in a
# heap, which is a list from which we can quickly take the most frequent pair:

# %%
show_source(learn_merges)
merges = learn_merges(ten, 3)
assert merges == by_hand

# %% [markdown]
# The list of merges is all that we have to remember. How do we cut a word with it, and in particular a word that was not in the
# text? We spell it, and then we repeat the merges in the order in which they were learned. Do this with a pencil for *stalking*
# and our three merges. Then compare your result with what the package's function prints. (Its argument `dropout` is for
# training, and [Words, pieces and characters](25_words_pieces_characters.ipynb) explains it.)

# %%
show_source(apply_merges)

# %% tags=["nbval-check-output"]
rank_of = {pair: rank for rank, pair in enumerate(merges)}
for word in ("stalking", "skiing", "kings"):
    print(f"{word}:", *apply_merges(list(word), rank_of))

# %% [markdown]
# None of the three words was in the text, and yet each is written with pieces that were. So a model that has learned what *ing*
# does in *walking* has something to begin with when it reads *skiing*.
#
# ## Nothing is lost: spaces and bytes
#
# A translator writes pieces, but you want to read text, so it must be clear how the pieces are joined. With the pieces that we
# have so far, it is not. **Break it:** we cut two different texts at their spaces and then into pieces, and look at what is left.

# %% tags=["nbval-check-output"]
for text in ("walking", "walk ing"):
    cut = [apply_merges(list(word), rank_of) for word in text.split()]
    print(f"{text:10}", *(piece for pieces in cut for piece in pieces))

# %% [markdown]
# Both texts give the same pieces, so no program can know how to join them. The remedy is to make the spaces a part of the pieces:
# we write the sign ▁ in front of each word that follows a space. [Kudo and Richardson
# (2018)](https://arxiv.org/abs/1808.06226) introduced this sign, while Sennrich et al. mark the end of a word instead. The first
# word of a sentence gets the sign as well, so that « Chats » is the same piece everywhere.
#
# Marks and numbers are words of their own. Merges never join two digits, so that a model can copy a number digit by digit. To get
# the text back, we put the pieces side by side and turn each ▁ into a space. The cell below checks that this gives back exactly
# what we cut:

# %% tags=["nbval-check-output"]
for text in ("Ngozi a 45 ans.", "L’été, c’est fini !", "M. Dupont l'a dit."):
    print(*split_words(text))
    assert join_tokens(split_words(text)) == text

# %% [markdown]
# This works in the same way for every language. Chapter 1 had to guess where an apostrophe belongs, because it had thrown the
# apostrophes away. Here we do not throw anything away, so there is nothing to guess.
#
# One case is left. What do we do with a character that the training text does not contain, such as an emoji or a letter of another
# script? A computer stores a character as one to four **bytes**, which are numbers from 0 to 255, and the usual way to do so is
# called UTF-8. So the package reserves an entry for each of the 256 bytes, and writes an unseen character as its bytes. In the next
# cell we learn a vocabulary from our ten words, and then use it on text that it cannot know:

# %% tags=["nbval-check-output"]
marked = Counter({"▁" + word: count for word, count in ten.items()})
tiny = PieceVocabulary.learn(marked, size=280)
for text in ("a singing king", "né", "🙂"):
    pieces = tiny.tokens(split_words(text))
    print(f"{text}:", *pieces)
    assert join_tokens(pieces) == text

# %% [markdown]
# In the first line, *a* is written as ▁ and *a*, because no merge joins these two. In the second line, *é* is not a letter of the
# ten words, so it becomes its two bytes, and the emoji below it becomes four. So no word is unknown any more, whatever the text is.
# Of course a sentence in a script that the model has never seen is long, and the model cannot *understand* it. But it can be read,
# copied and written.
#
# The package's code consists of the same steps. It spells a word with characters and bytes, applies the merges, and remembers the
# result, because most words come again:

# %%
show_source(PieceVocabulary.cut, PieceVocabulary.tokens)

# %% [markdown]
# ## How many pieces?
#
# With ten words we could choose the number of merges as we liked. For a real corpus it is a decision, because it determines the
# size of the vocabulary. From `corpus`, the pairs prepared with `unicode`, we learn one vocabulary for both languages, which is
# called a **joint** vocabulary. Its advantage is that a name that is the same in French and English is cut into the same pieces on
# both sides.
#
# To choose the size, we try several sizes and measure how long the sentences of the test set become. A size counts everything: four
# special tokens, 256 bytes, the characters, and the merges. (We do not reach the largest size: merging ends when no pair occurs
# twice.)

# %%
counts = Counter()
for side in (corpus.train.sources, corpus.train.targets):
    counts.update(corpus.rule.split_all(side)[0])
test_words = [word for source in corpus.test.sources for word in corpus.rule.split(source)]
characters = PieceVocabulary.learn(counts, max(SIZES), merging=False)
vocabularies, seconds = {len(characters): characters}, {}
for size in SIZES:
    start = time.perf_counter()
    learned = PieceVocabulary.learn(counts, size)
    vocabularies[len(learned)] = learned
    seconds[len(learned)] = time.perf_counter() - start
per_sentence = {}
for size, vocabulary in sorted(vocabularies.items()):
    per_sentence[size] = len(vocabulary.tokens(test_words)) / len(corpus.test)
words_per_sentence = len(test_words) / len(corpus.test)

# %% tags=["hide-input"]
rare = [sum(0 < n < 10 for n in vocabularies[size].counts) / size for size in per_sentence]
show_table(
    ["entries", "pieces per sentence", "pieces per word", "entries seen 1 to 9 times", "seconds to learn"],
    [
        [size, length, length / words_per_sentence, f"{share:.0%}", seconds.get(size)]
        for (size, length), share in zip(per_sentence.items(), rare, strict=True)
    ],
)
show_text(
    f"The first row has no merges: its entries are characters and bytes. A test sentence has **{words_per_sentence:.1f}** "
    f"words, marks included."
)

# %% tags=["hide-input"] mystnb={"image": {"alt": "Two curves over the number of entries of the vocabulary, on a logarithmic scale. The blue one, pieces per test sentence, falls steeply and then flattens towards a dotted line, the number of words per sentence. The orange dashed one, the share of entries seen one to nine times, has its axis at the right: it stays low up to 4,000 entries and then rises steeply."}}
figure = Figure(figsize=(5.8, 3.2), layout="constrained")
axes = figure.add_subplot()
sizes = list(per_sentence)
(length_line,) = axes.plot(sizes, list(per_sentence.values()), "o-", color=BLUE, label="pieces per sentence")
axes.axhline(words_per_sentence, color=BLUE, linestyle=":", lw=1)
axes.set(xscale="log", ylim=(0, None), xlabel="entries of the vocabulary", ylabel="pieces per test sentence")
axes.set_xticks(sizes, labels=[f"{size:,}" for size in sizes], rotation=45)
axes.minorticks_off()
right = axes.twinx()
(rare_line,) = right.plot(
    sizes, [100 * share for share in rare], "s--", color=ORANGE, label="entries seen 1 to 9 times"
)
right.set(ylim=(0, None), ylabel="rare entries (%)")
axes.legend(handles=[length_line, rare_line], frameon=False, loc="upper center")
show_figure(figure)

# %% [markdown]
# **Figure 24.2.** The first thousand entries shorten sentences most. Later ones save little, and more of them are so rare that the model
# cannot learn them well. The dotted line is the length in words.

# %% [markdown]
# How near was your guess? A larger vocabulary gives shorter sequences, but its last entries are whole rare words, each of them seen
# only a few times, and this is the problem that we wanted to get rid of. For a corpus like this one, 2,000 to 4,000 entries are a
# good compromise, whereas with millions of pairs 32,000 is common.
#
# What do these sizes do to single words? We look at a frequent word and its plural, and at names and other words that few corpora
# contain. A frequent word becomes one piece, and a rare word stays in parts at every size:

# %%
examples = [
    "maison", "maisons", "Ngozi", "Ouagadougou", "ornithorynque", "anticonstitutionnellement",
]  # fmt: skip
chosen = list(per_sentence)[1::2]  # every second size
rows = []
for word in examples:
    cuts = [vocabularies[size].cut("▁" + word) for size in chosen]
    rows.append([word, *(" ".join(pieces) for pieces in cuts)])
show_table(["word", *(f"{size:,} entries" for size in chosen)], rows)

# %% [markdown]
# ## Break it
#
# We learn merges from a text, so we can learn them from the wrong text. This raises no error, because any text can still be written,
# only with more pieces. Below are the pieces per word that the French test sentences need, with merges from four different texts.
#
# > **Guess first**
# >
# > One of the four would be a mistake although its number looks good. Which one is it, and why?

# %% tags=["hide-input"]
RUSSIAN = "Бабушка рисует эту картину. Мы рисуем эту собаку. Учитель ищет эту книгу. Я хочу купить этот стул."
french, english = (corpus.rule.split_all(side)[0] for side in (corpus.train.sources, corpus.train.targets))
wrong = {
    "training pairs, both languages": counts,
    "English side only": Counter(english),
    "four Russian sentences": Counter(split_words(RUSSIAN)),
    "the test set itself": Counter(test_words),
}
rows = []
for name, text in wrong.items():
    learned = PieceVocabulary.learn(text, PIECES)
    pieces = learned.tokens(test_words)
    as_bytes = sum(piece.startswith("<0x") for piece in pieces) / len(pieces)
    rows.append([name, len(learned), len(pieces) / len(test_words), f"{as_bytes:.0%}"])
show_table(["merges learned from", "entries", "pieces per word", "of them bytes"], rows)

# %% [markdown]
# It is the last one. With merges from the test set, the words of the test sentences have become entries, so we have used the test set
# before the test. This is a leak like those of [A fair test](02_fair_test.ipynb), although a small one. So learn merges from the
# training pairs only, as `prepare` does. And keep them with the model, as a run does, because with other merges the same ids would mean
# other pieces.
#
# ## Recap
#
# - A vocabulary of words grows with every form of a word. Many of its entries are seen only once, and it still meets unknown
#   words.
# - Characters leave nothing unknown, but they make sequences several times as long.
# - Byte-pair encoding begins with characters and joins the most frequent pair again and again. The list of merges is its whole
#   result, and cutting a word repeats the merges in their order.
# - A marker for the space makes pieces reversible, and 256 bytes make it possible to write every text. So we need no rule for
#   apostrophes, and no word is unknown.
# - More merges mean shorter sequences and rarer entries.
# - Learn merges from the training pairs only.
#
# ## Exercises

# %% [markdown]
# ### Exercise 24.1: Words that occur more often
#
# Suppose that *walk* occurs three times in the text of ten words, and all other words once. Which are the first three merges now? Work
# it out with a pencil, and then check your result with `learn_merges`.

# %% [markdown]
# ### Solution to exercise 24.1

# %% tags=["solution", "nbval-check-output"]
print(learn_merges(ten | Counter(walk=3), 3))

# %% [markdown]
# *walk* now counts three times, so *a l* and *l k* occur eight times each, which is more than the seven of *i n*. Of these two, *a l*
# comes first in the alphabet. Then *al k* has eight. The third merge is *i n*, because it comes before *n g* in the alphabet.

# %% [markdown]
# ### Exercise 24.2: A vocabulary for each language
#
# The encoder and the decoder have embeddings of their own, so a vocabulary of `PIECES` entries for each language makes the network
# no larger than a joint vocabulary of `PIECES` entries does. Learn two such vocabularies. (You find the words of each language in
# `french` and `english`, from the folded cell above.) How many pieces per word do the French test sentences need? How many merged
# pieces are the same in both languages? And what could be an advantage of the joint vocabulary?

# %% [markdown]
# ### Solution to exercise 24.2

# %% tags=["solution"]
own, other = (PieceVocabulary.learn(Counter(side), PIECES) for side in (french, english))
joint = PieceVocabulary.learn(counts, PIECES)
per_word = [len(each.tokens(test_words)) / len(test_words) for each in (own, joint)]
own_pieces, other_pieces = ({a + b for a, b in each.merges} for each in (own, other))
show_text(
    f"Pieces per French word: **{per_word[0]:.2f}** with its own vocabulary, **{per_word[1]:.2f}** with the joint one. "
    f"Of the {len(own_pieces):,} merged pieces of French, **{len(own_pieces & other_pieces):,}** are pieces of English too."
)

# %% [markdown]
# Two vocabularies make shorter sequences, because no entry is spent on the other language. The advantage of a joint vocabulary is in the
# names: a name that both languages write in the same way is the same list of pieces on both sides, so the model can learn one thing,
# "write what you read", for all names. With two vocabularies, the same name may be cut in two different ways.

# %% [markdown]
# ### Exercise 24.3: How large may the vocabulary be?
#
# [Gowda and May (2020)](https://arxiv.org/abs/2004.02334) compared sizes on several corpora, and suggest the largest size at which 95% of
# the entries still occur at least 100 times in training. What does this rule say here, and why does it depend on the number of training
# pairs?

# %% [markdown]
# ### Solution to exercise 24.3

# %% tags=["solution"]
rows = []
for size, vocabulary in sorted(vocabularies.items()):
    of_entry = zip(vocabulary.words, vocabulary.counts, strict=True)
    often = [count >= 100 for word, count in of_entry if not word.startswith("<")]
    rows.append([size, f"{np.mean(often):.0%}"])
show_table(["entries", "of them seen at least 100 times"], rows)

# %% [markdown]
# (Special tokens and bytes are left out, because their number is fixed.) With a corpus as small as ours, the rule asks for a small
# vocabulary. At `standard` the share is largest near 1,000 entries, and even there it is below 95%. With ten times as many pairs, each
# piece would occur about ten times as often, so we would reach the same share at a larger size. In [Words, pieces and
# characters](25_words_pieces_characters.ipynb) we train with more entries than the rule allows, because shorter sequences are worth
# more to us there. Try both: change `PIECES` in the second cell of that chapter.

# %% [markdown]
# ## What to read next
#
# [Words, pieces and characters](25_words_pieces_characters.ipynb) trains a network with the pieces of this chapter, and compares it
# with networks that read whole words or single characters. [Sennrich et al. (2016)](https://arxiv.org/abs/1508.07909) show what
# subwords do for names, compounds and loan words, and [Kudo and Richardson (2018)](https://arxiv.org/abs/1808.06226) describe a widely
# used program that learns such pieces.
