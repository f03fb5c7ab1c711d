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
# # How good is it?
#
# The loss has fallen and the sample translations look fine. Neither tells us how good the translator is: the loss was computed on the training pairs, and
# we chose the samples ourselves. So in this chapter we measure. How good is it, compared with what,
# and how sure can we be?
#
# > **What you will be able to do**
# >
# > - compute BLEU of a sentence by hand, and say what it rewards and what it cannot see
# > - put an interval around a score with a bootstrap of your own, and say when two scores differ
# > - tell learning from memorising, and a model from a baseline
# > - read a sacrebleu signature, and compare ten sentences by eye in a fair way
# > - read a challenge set: at what kind of sentence does the model fail, and why?
#
# The chapter uses the run of [Training](09_training.ipynb) and trains it twice more with other seeds, and an exercise trains it on
# another split. This takes seconds at `small`, about ten minutes at `standard`, and hours at `large`.

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
from s2s_tutorial.presets import load_scale

scale = load_scale()  # S2S_SCALE: small, standard or large
beam_size = 5  # compared with greedy search
bootstrap_samples = 1000  # test sets drawn for an interval
set_sizes = (30, 100, 300)  # sizes of smaller test sets, to see their intervals
more_seeds = (1, 2)  # of further runs, besides the scale's own
lookup_pairs = 20_000  # training pairs, at most, that the look-up baseline searches

# %% tags=["hide-input"]
import math
from collections import Counter, defaultdict
from dataclasses import replace
from itertools import pairwise
from unittest import mock

import numpy as np
import torch
from matplotlib.figure import Figure
from sacrebleu.metrics import BLEU, CHRF

from s2s_tutorial.data.batches import Batch, Encoded
from s2s_tutorial.data.corpus import HeldOut, challenge_set, prepare
from s2s_tutorial.data.filters import divide
from s2s_tutorial.data.text import normalise
from s2s_tutorial.model.loss import masked_cross_entropy
from s2s_tutorial.notebook.show import show_figure, show_table, show_text
from s2s_tutorial.runs.folder import folder_for
from s2s_tutorial.training.trainer import Trainer
from s2s_tutorial.training.watchers import Board, LiveLine
from s2s_tutorial.translation.evaluation import (
    bleu_score,
    evaluate,
    exact_match,
    normalised_words,
    show_scores,
)
from s2s_tutorial.translation.groups import score_groups

BLUE, ORANGE, GREEN, GREY = "#00429d", "#b8560b", "#2a7f62", "0.5"  # colours that everybody can tell apart


# %% [markdown]
# ## BLEU by hand
#
# To score thousands of translations we need a program, and the program needs reference translations to compare with. Take
# « Le chat noir dort sur le lit. » The reference is "the black cat is sleeping on the bed&nbsp;." and the output is "the cat black is
# sleeping on the bed&nbsp;.", with the full stop as a word of its own. Every word is there, but two are in the wrong order. How many
# points should the output get?
#
# **[BLEU](../book/glossary.md)** ([Papineni et al., 2002](https://aclanthology.org/P02-1040)) counts **n-grams**, which are runs of n words, and asks which share of the output's n-grams are in
# the reference. This share is called the *precision*, and it is computed for n from 1 to 4.
#
# | n | n-grams of the output | found in the reference | precision |
# | ---: | ---: | :--- | ---: |
# | 1 | 9 | all: every word is there | 9/9 |
# | 2 | 8 | not "the cat", "cat black", "black is" | 5/8 |
# | 3 | 7 | not the three that touch "cat black" | 4/7 |
# | 4 | 6 | not the three at the beginning | 3/6 |
#
# The score is their geometric mean, the fourth root of $1 \cdot \frac58 \cdot \frac47 \cdot \frac12$, which is about
# 0.650. It is usually multiplied by 100: BLEU 65.0.
#
# Two tricks would give a high score without a good translation. The first is repetition: "the the the the the the the the&nbsp;." would have a good share of its
# words in the reference. So a word counts at most as often as the reference contains it. This is called **clipping** of counts (it
# has nothing to do with gradient clipping). The second is to write little: "is sleeping on the bed&nbsp;." has no wrong n-gram at all. So
# an output that is shorter than its reference is multiplied by a **brevity penalty**.
#
# $$
# \begin{aligned}
# \mathrm{BLEU} &= \mathrm{BP} \cdot \Bigl(\prod_{n=1}^{4} p_n\Bigr)^{1/4} \\
# \mathrm{BP} &= \min\bigl(1,\ e^{1 - r/c}\bigr)
# \end{aligned}
# \tag{13.1}
# $$
#
# Here $p_n$ is the precision of n-grams, $c$ is the number of words in the output and $r$ in the reference. For a whole test set the
# counts of all sentences are added up first, and the formula is applied once. Two functions compute (13.1):


# %%
def ngrams(words, n):
    """How often each run of n words occurs."""
    return Counter(tuple(words[i : i + n]) for i in range(len(words) - n + 1))


def count_matches(output, references):
    """For n = 1 to 4 matches and n-grams of the output; then its length and that of the closest reference: ten numbers."""
    words, texts = output.split(), [text.split() for text in references]
    counts = []
    for n in range(1, 5):
        allowed = Counter()
        for text in texts:
            allowed |= ngrams(text, n)  # | keeps the larger count: the best of all references
        ours = ngrams(words, n)
        counts += [(ours & allowed).total(), ours.total()]  # & keeps the smaller one: clipping
    closest = min((abs(len(text) - len(words)), len(text)) for text in texts)[1]
    return np.array([*counts, len(words), closest])


def bleu_of_counts(counts):
    """BLEU times 100, for counts (…, 10) that were added up."""
    matches, total = np.maximum(counts[..., 0:8:2], 1e-9), np.maximum(counts[..., 1:8:2], 1)
    brevity = np.minimum(1.0, np.exp(1.0 - counts[..., 9] / np.maximum(counts[..., 8], 1)))
    return 100 * brevity * np.exp(np.log(matches / total).mean(axis=-1))


# %% [markdown]
# There are many small decisions in BLEU, and programs make them differently. For this reason published scores should come from one program,
# sacrebleu ([Post, 2018](https://aclanthology.org/W18-6319)), and the package uses it everywhere. Does our version give the same numbers?

# %% tags=["nbval-check-output"]
reference = "the black cat is sleeping on the bed ."
for output in ("the cat black is sleeping on the bed .", "is sleeping on the bed .", reference):
    counts = count_matches(output, [reference])
    ours, theirs = bleu_of_counts(counts), bleu_score([output], [[reference]])
    precisions = " ".join(f"{a}/{b}" for a, b in counts[:8].reshape(4, 2))
    print(f"{precisions}  lengths {counts[8]}, {counts[9]}  BLEU {ours:5.1f}  sacrebleu {theirs:5.1f}")
    assert math.isclose(ours, theirs, abs_tol=1e-6)

# %% [markdown]
# **Break it.** What would "the the the the the the the the&nbsp;." get for its single words without the clipping (`& allowed`)? With clipping it is:

# %% tags=["nbval-check-output"]
matches, total = count_matches("the the the the the the the the .", [reference])[:2]
print(f"{matches} of {total} words")

# %% [markdown]
# ## What BLEU cannot see
#
# Before we use the score, let us look at its limits. Here are three outputs for the same reference, "the black cat is sleeping on the bed&nbsp;.":
#
# - "the cat black is sleeping on the bed&nbsp;."
# - "the black cat is not sleeping on the bed&nbsp;."
# - "the black cat sleeps on the bed&nbsp;."
#
# > **Guess first**
# >
# > Order them from best to worst as a teacher would. Then guess the order of their BLEU scores.

# %% tags=["nbval-check-output"]
reference = "the black cat is sleeping on the bed ."
for output in (
    "the cat black is sleeping on the bed .",
    "the black cat is not sleeping on the bed .",
    "the black cat sleeps on the bed .",
):
    print(f"{bleu_of_counts(count_matches(output, [reference])):5.1f}  {output}")

# %% [markdown]
# BLEU gives its highest score to the output that says the opposite, and its lowest to the one that is right. It counts matching words and knows nothing of
# meaning. Over a whole test set such cases partly cancel out, and for comparing similar systems BLEU is useful. For a single sentence it says very little.

# %% [markdown]
# ## More than one right answer
#
# The third output above was right, but the reference said it in another way. So BLEU accepts several
# references, and an n-gram counts if *any* of them contains it. The next cell shows how much is lost with one reference only. The sentence and its
# references come from the **[challenge set](../book/glossary.md)**, which was written for this project.

# %% tags=["nbval-check-output"]
references = [
    normalise(text) for text in ("The cat isn't drinking.", "The cat is not drinking.", "The cat doesn't drink.")
]
for output in references:
    one, all_three = (bleu_of_counts(count_matches(output, texts)) for texts in (references[:1], references))
    print(f"{output:26} against the first reference {one:5.1f}, against all three {all_three:5.1f}")

# %% [markdown]
# The second and third are good translations, and with the first reference alone we would not see it. (In this plain form, a single sentence without any
# matching run of four words gets 0. Sacrebleu uses a small number instead. For whole test sets
# this makes no difference.) The test sets of this book keep *all* translations of a source that the corpus contains.
#
# ## Two other scores
#
# **[chrF](../book/glossary.md)** ([Popović, 2015](https://aclanthology.org/W15-3049)) counts runs of *characters*
# instead of words, up to six, and combines precision with recall, the share of the reference that was found. In the
# form that we use, chrF2, recall counts twice as much as precision. "sleep" instead of "sleeping" is simply wrong for BLEU,
# but half right for chrF.
#
# **Exact match** is the share of outputs that equal a reference. For short sentences it is easy to understand.

# %% tags=["nbval-check-output"]
reference = "she often sleeps here in the morning ."
for output in ("she often sleep here in the morning .", "she often eats here in the morning ."):
    chrf = CHRF().sentence_score(output, [reference]).score
    print(f"{output:40} BLEU {bleu_score([output], [[reference]]):.1f}  chrF {chrf:.1f}")

# %% [markdown]
# BLEU gives both outputs the same score, although one has a grammar mistake and the other another meaning. chrF sees the difference.
#
# ## The score of the run
#
# Now we can measure the translator. Its test set shares no sentence with the training pairs, on either side ([A fair
# test](02_fair_test.ipynb)), and no setting was chosen by looking at it.
#
# > **Guess first**
# >
# > Write down a BLEU for greedy search on the test set, and how much a beam of five will add.

# %%
corpus = prepare(scale.data)
trainer = Trainer(corpus, scale, folder_for(scale), samples=challenge_set(), watchers=[LiveLine(), Board()])
trainer.fit()
translator = trainer.translator

# %%
greedy_scores, greedy = evaluate(translator, corpus.test)
beam_scores, beam = evaluate(translator, corpus.test, beam_size)
print("greedy:", show_scores(greedy_scores))
print(f"beam {beam_size}:", show_scores(beam_scores))
print(greedy_scores.signature)


# %% [markdown]
# The last line is sacrebleu's **signature**. It records the decisions that change the score, so that others can compute it in the same way:
#
# | field | meaning |
# | :--- | :--- |
# | `nrefs:var` | the number of references differs from sentence to sentence (`nrefs:1` would be one each) |
# | `bs:1000`, `seed:12345` | the interval comes from 1,000 drawn test sets, and this number started the random draws |
# | `case:mixed` | upper and lower case count as different; `case:lc` would compare in lower case |
# | `eff:no` | n-gram orders without any match are not skipped |
# | `tok:none` or `tok:13a` | how the text is cut into words: at spaces only (our text is cut already), or by the rules of the evaluation campaigns |
# | `smooth:exp` | how a precision of 0 is replaced |
# | `version` | of sacrebleu |
#
# Scores with different signatures are not comparable: another way of cutting text into words changes a score by several points. "Unknown words" is the share of source words outside the vocabulary. If
# the corpus has gold alignments, as the built-in one has, a second line scores the attention ([Seeing
# attention](14_seeing_attention.ipynb)).
#
# The pairs of `standard` contain no rare words, in the test set as in training. So this is a score on easy sentences, and by the
# rule of [A fair test](02_fair_test.ipynb) it must not stand alone: without that filter, the same training scores several points
# lower (the row "the same, rare words kept" of the table under *Epochs* in [Which sizes](../book/which-sizes.md)).
#
# ## An interval of your own
#
# The test set is a sample. Another few hundred sentences of the same kind would have given another score. How
# different would it be? We have no other test set, but we can *draw* one from ours: as many sentences, with
# replacement, so that some come twice and others not at all. We do this a thousand times ([Koehn,
# 2004](https://aclanthology.org/W04-3250)). The range that contains the middle 95% of the thousand scores is called a **[bootstrap
# interval](../book/glossary.md "bootstrap")**.


# %%
def outputs_of(translations):
    """Translations as normalised text, as they are compared with references."""
    return [" ".join(normalised_words(translation.words)) for translation in translations]


def all_counts(outputs, references):
    """The ten numbers of every sentence: (N, 10)."""
    return np.stack([count_matches(output, texts) for output, texts in zip(outputs, references, strict=True)])


def bootstrap(counts, samples=bootstrap_samples, seed=0):
    """BLEU of as many test sets, each drawn with replacement from the sentences that were counted (N, 10)."""
    rng = np.random.default_rng(seed)
    drawn = [counts[rng.integers(len(counts), size=len(counts))].sum(axis=0) for _ in range(samples)]
    return bleu_of_counts(np.stack(drawn))


# %%
counts = all_counts(outputs_of(greedy), corpus.test.references)
scores = bootstrap(counts)
low, high = np.percentile(scores, [2.5, 97.5])
assert abs(bleu_of_counts(counts.sum(axis=0)) - greedy_scores.bleu) < 0.01 or greedy_scores.bleu < 1
show_table(
    ["95% interval", "from", "to"],
    [["yours", low, high], ["sacrebleu's", greedy_scores.bleu_low, greedy_scores.bleu_high]],
)

# %% [markdown]
# The two intervals differ a little, because other sentences were drawn and because sacrebleu reports a mean and half a width.
#
# How does the interval depend on the size of the test set? We use only the first sentences of it:

# %%
rows = []
for size in sorted({min(size, len(counts)) for size in set_sizes} | {len(counts)}):
    low, high = np.percentile(bootstrap(counts[:size]), [2.5, 97.5])
    rows.append([size, bleu_of_counts(counts[:size].sum(axis=0)), f"{low:.1f} to {high:.1f}", high - low])
show_table(["sentences", "BLEU", "95% interval", "width"], rows)

# %% [markdown]
# Four times as many sentences make the interval about half as wide. So the last point of precision needs many sentences, and a difference of one BLEU on a few hundred
# sentences can easily be chance.
#
# When we compare two systems, we can do better. If both translate the *same* sentences, easy and hard sentences affect both in the same way. So we draw the same sentences
# for both, and look at the **difference** each time (on the right of Figure 13.1). This **paired
# bootstrap** detects much smaller differences.

# %%
beam_counts = all_counts(outputs_of(beam), corpus.test.references)
differences = bootstrap(beam_counts) - bootstrap(counts)  # the same seed draws the same sentences
low, high = np.percentile(differences, [2.5, 97.5])

# %% tags=["hide-input"] mystnb={"image": {"alt": "Two histograms. The left one shows BLEU of drawn test sets, a bell shape. The right one shows the difference between beam and greedy search on the same drawn sets, with a dotted line at zero."}}
figure = Figure(figsize=(8, 3), layout="constrained")
left, right = figure.subplots(1, 2)
left.hist(scores, bins=30, color=BLUE)
left.set(xlabel="BLEU, greedy", ylabel="drawn test sets")
right.hist(differences, bins=30, color=ORANGE)
right.axvline(0, linestyle=":", color="0.2")
right.set(xlabel=f"BLEU of beam {beam_size} minus greedy")
show_figure(figure)

# %% [markdown]
# **Figure 13.1.** Scores of a thousand drawn test sets for greedy search, and the difference that a beam makes on the same sentences.
# To the right of the dotted line the beam is better.

# %% tags=["hide-input"]
gain = beam_scores.bleu - greedy_scores.bleu
overlap = beam_scores.bleu_low < greedy_scores.bleu_high and greedy_scores.bleu_low < beam_scores.bleu_high
show_text(
    f"The beam scores **{gain:+.1f}** BLEU against greedy search. The two intervals "
    f"{'overlap' if overlap else 'do not overlap'}, but the paired one says {low:+.1f} to {high:+.1f}: "
    + (
        "it leaves out 0, so chance in the choice of the sentences is unlikely to explain the difference."
        if low > 0 or high < 0
        else "it holds 0, so these sentences do not show a difference."
    )
)

# %% [markdown]
# Does this agree with [Translating](11_translating.ipynb), which compared beams on the validation set? We compute the gain and
# its interval on that set in the same way. But two gains and two intervals are awkward to report. To use both sets, we **pool**
# them: we put the counts of all sentences together and draw from all of them at once. This gives one gain and one interval, which
# is narrower than either because it rests on more sentences.

# %% tags=["hide-input"]
validation = corpus.validation.head(1000)
pair = [outputs_of(translator.translate_words(validation.sources, size)) for size in (1, beam_size)]
of_greedy, of_beam = (all_counts(outputs, validation.references) for outputs in pair)
its_low, its_high = np.percentile(bootstrap(of_beam) - bootstrap(of_greedy), [2.5, 97.5])
its_gain = bleu_of_counts(of_beam.sum(axis=0)) - bleu_of_counts(of_greedy.sum(axis=0))

# %% tags=["hide-input"]
pooled_greedy, pooled_beam = (np.concatenate(both) for both in ((counts, of_greedy), (beam_counts, of_beam)))
pooled_low, pooled_high = np.percentile(bootstrap(pooled_beam) - bootstrap(pooled_greedy), [2.5, 97.5])
pooled_gain = bleu_of_counts(pooled_beam.sum(axis=0)) - bleu_of_counts(pooled_greedy.sum(axis=0))
show_table(
    ["sentences of", "number", "gain by the beam", "95% from", "to"],
    [
        ["the test set", len(counts), gain, low, high],
        ["the validation set", len(of_greedy), its_gain, its_low, its_high],
        ["both, pooled", len(pooled_greedy), pooled_gain, pooled_low, pooled_high],
    ],
)

# %% tags=["hide-input"]
show_text(
    f"Over all {len(pooled_greedy):,} sentences the beam gains **{pooled_gain:+.1f}**, with an interval of "
    f"{pooled_low:+.1f} to {pooled_high:+.1f}. "
    + (
        "It leaves out 0, so chance in the choice of the sentences is unlikely to explain the difference."
        if pooled_low > 0 or pooled_high < 0
        else "It holds 0, so even both sets together do not show a difference."
    )
)

# %% [markdown]
# ## Learned or memorised?
#
# A model could score well on its training sentences by remembering them ([Overfitting](10_overfitting.ipynb)). To see how much that is, we take as many training sources as the test set has, with all their
# translations, and compare.

# %% tags=["hide-input"]
translations_of = defaultdict(list)
for source, target in zip(corpus.train.sources, corpus.train.targets, strict=True):
    if target not in translations_of[source]:
        translations_of[source].append(target)
rng = np.random.default_rng(0)
sources = list(translations_of)
rows = rng.permutation(len(sources))[: len(corpus.test)]
seen = HeldOut([sources[row] for row in rows], [translations_of[sources[row]] for row in rows])
seen_scores, _ = evaluate(translator, seen)

# %% [markdown]
# A score also needs something to compare with. We use two baselines that have learned nothing. **Copying** leaves the French as it is. **Look-up**
# finds the training source that shares the most words with the sentence, where rare words count more, and gives its
# translation, so it can only remember. The table compares both with the model, and its last row has the training sentences.

# %% tags=["hide-input"]
known = list(zip(corpus.train.sources, corpus.train.targets, strict=True))[:lookup_pairs]
holders = defaultdict(set)  # word → numbers of the pairs whose source has it
for number, (source, _) in enumerate(known):
    for word in source.split():
        holders[word].add(number)


def look_up(source):
    """The translation of the most similar training source."""
    votes = Counter({0: 0.0})
    for word in set(source.split()):
        if 0 < len(holders[word]) <= len(known) // 10:  # words that are everywhere tell nothing
            for number in holders[word]:
                votes[number] += math.log(len(known) / len(holders[word]))
    best = max(votes, key=lambda number: (votes[number] / (1 + known[number][0].count(" ")) ** 0.5, -number))
    return known[best][1]


# %% tags=["hide-input"]
contestants = {
    "copying": corpus.test.sources,
    "look-up": [look_up(source) for source in corpus.test.sources],
    "model, greedy": outputs_of(greedy),
    f"model, beam {beam_size}": outputs_of(beam),
}
rows = []
for name, outputs in contestants.items():
    of_all = all_counts(outputs, corpus.test.references)
    bleu, (low, high) = bleu_of_counts(of_all.sum(axis=0)), np.percentile(bootstrap(of_all), [2.5, 97.5])
    rows.append(
        [f"test · {name}", bleu, f"{low:.1f} to {high:.1f}", f"{exact_match(outputs, corpus.test.references):.0%}"]
    )
interval = f"{seen_scores.bleu_low:.1f} to {seen_scores.bleu_high:.1f}"
rows.append(["training · model, greedy", seen_scores.bleu, interval, f"{seen_scores.exact_match:.0%}"])
show_table(["", "BLEU", "95% interval", "exact"], rows)

# %% tags=["hide-input"]
lookup, model_bleu, train_bleu = rows[1][1], greedy_scores.bleu, seen_scores.bleu
show_text(
    f"The model is **{abs(model_bleu - lookup):.1f}** BLEU {'above' if model_bleu > lookup else 'below'} looking up, so it "
    + (
        "has learned more than what remembering alone can give. "
        if model_bleu > lookup + 2
        else "has not learned more than what remembering alone can give. "
    )
    + f"On its own training sentences it scores {train_bleu:.1f}, on unseen ones {model_bleu:.1f}. "
    + (
        f"The gap of **{train_bleu - model_bleu:.1f}** is memory, and a report that gives only the first number includes it."
        if train_bleu - model_bleu > 5
        else "The two are close, so what it has learned helps with unseen sentences as well."
    )
)

# %% [markdown]
# ## Perplexity is another question
#
# Training lowers the [cross-entropy](../book/glossary.md). **[Perplexity](../book/glossary.md)** is its exponential: a
# perplexity of 8 means that the model is as uncertain as if it had to choose between 8 equally likely words at every
# position. Why do we not report it?
#
# Perplexity says how probable the *reference* is for the model when it is given every true word before, while BLEU looks at what
# the model *writes*. To see how different the two are, we multiply all logits by a number. The most probable word stays the same,
# so greedy search writes the same words and BLEU does not change. But the probabilities do.

# %%
src = Encoded.encode(corpus.test.sources, corpus.src_vocabulary)
tgt = Encoded.encode([texts[0] for texts in corpus.test.references], corpus.tgt_vocabulary)
batch = Batch.of(src, tgt, np.arange(min(len(src), 500))).to(translator.model.device)
with torch.inference_mode():
    logits = translator.model.decoder.logits(translator.model(batch).attn_states)  # (B, T, V)
rows = []
for factor in (0.25, 0.5, 1.0, 2.0, 4.0):
    nats = masked_cross_entropy(logits * factor, batch.tgt_ids, batch.tgt_mask).item()
    right = (logits * factor).argmax(dim=-1)[batch.tgt_mask] == batch.tgt_ids[batch.tgt_mask]
    rows.append([factor, nats, math.exp(nats), f"{right.float().mean():.1%}", greedy_scores.bleu])
show_table(["logits times", "cross-entropy (nats)", "perplexity", "next word right", "greedy BLEU"], rows)

# %% [markdown]
# The model writes the same words, with five different perplexities. Perplexity is useful for comparing models with the same vocabulary while
# they train. Between models with different vocabularies it means nothing, because the one with fewer words has fewer
# to choose from.
#
# ## Where does it fail? By length
#
# A single number hides where the errors are. First we group the test sentences by their number of source words, cut at the
# quartiles, and give every group an interval of its own (Figure 13.2). There are four groups of about equal size, or fewer and
# unequal ones if many sentences have the same length.

# %% tags=["hide-input"]
lengths = np.array([len(source.split()) for source in corpus.test.sources])
edges = np.unique(np.quantile(lengths, [0.25, 0.5, 0.75]))
group_of = np.searchsorted(edges, lengths)
by_length = []
for group in np.unique(group_of):
    members = np.flatnonzero(group_of == group)
    low, high = np.percentile(bootstrap(counts[members]), [2.5, 97.5])
    shortest, longest = lengths[members].min(), lengths[members].max()
    name = str(shortest) if shortest == longest else f"{shortest}–{longest}"
    by_length.append((name, len(members), bleu_of_counts(counts[members].sum(axis=0)), low, high))

# %% tags=["hide-input"] mystnb={"image": {"alt": "A bar chart with one bar for each group of source lengths, BLEU upwards, and an error bar on each."}}
figure = Figure(figsize=(7, 3), layout="constrained")
axes = figure.add_subplot()
for place, (_name, count, bleu, low, high) in enumerate(by_length):
    axes.bar(place, bleu, color=BLUE, width=0.6)
    axes.plot([place, place], [low, high], color=ORANGE, linewidth=3)
    axes.annotate(
        f"{count:,} sentences", (place, 0), (0, 4), textcoords="offset points", ha="center", color="white", fontsize=8
    )
axes.set(xlabel="source words", ylabel="BLEU", xticks=range(len(by_length)))
axes.set_xticklabels([row[0] for row in by_length])
show_figure(figure)

# %% [markdown]
# **Figure 13.2.** BLEU by the number of source words, with 95% intervals. If two intervals overlap widely, the scores may well be equal.

# %% [markdown]
# ## Where does it fail? By phenomenon
#
# A test set says *how often* a model fails, because its sentences come as the corpus has them. The **challenge set** says
# *at what*. It consists of [held-out](../book/glossary.md) sentences written for this project, a dozen or so for each thing in which French and English
# differ: negation, the place of adjectives, small pronouns before the verb, idioms and so on. A sentence that happens to be in the
# training data is moved into a group of its own, because it says nothing about the model.
#
# > **Guess first**
# >
# > Which three groups will score lowest in Figure 13.3? (« Il pleut des cordes » is an idiom; a blue door is
# > « une porte bleue ».)

# %%
challenge = challenge_set()
challenge_scores, answers = evaluate(translator, challenge, beam_size)
groups = score_groups(answers, challenge, trainer.run.challenge_seen)
show_table(
    ["phenomenon", "sentences", "BLEU", "chrF", "exact"],
    [
        [name.replace("_", " "), g["sentences"], g["bleu"], g["chrf"], f"{g['exact_match']:.0%}"]
        for name, g in groups.items()
    ],
)

# %% tags=["hide-input"] mystnb={"image": {"alt": "A horizontal bar chart, one bar for each phenomenon sorted by chrF, each with an interval drawn as an orange line that spans a good part of the bar."}}
per_sentence = [
    CHRF().sentence_score(out, texts).score
    for out, texts in zip(outputs_of(answers), challenge.references, strict=True)
]
members = defaultdict(list)
for source, group, score in zip(challenge.sources, challenge.groups, per_sentence, strict=True):
    members["in training data" if source in trainer.run.challenge_seen else group].append(score)
order = sorted(members, key=lambda name: np.mean(members[name]), reverse=True)
rng = np.random.default_rng(0)
figure = Figure(figsize=(7.5, 4.2), layout="constrained")
axes = figure.add_subplot()
for place, name in enumerate(order):
    values = np.array(members[name])
    drawn = values[rng.integers(len(values), size=(bootstrap_samples, len(values)))].mean(axis=1)
    axes.barh(place, values.mean(), color=BLUE, height=0.6)
    axes.plot(np.percentile(drawn, [2.5, 97.5]), [place, place], color=ORANGE, linewidth=3)
axes.set(xlabel="mean chrF of a sentence", xlim=(0, 100), yticks=range(len(order)))
axes.set_yticklabels([name.replace("_", " ") for name in order])
show_figure(figure)

# %% [markdown]
# **Figure 13.3.** chrF by phenomenon, worst first, with 95% intervals from drawing the sentences of a group again and again. A dozen
# sentences make wide intervals.

# %% [markdown]
# Which group is lowest depends on the measure: the figure orders the groups by the mean chrF of their sentences, and in the table
# BLEU or exact match may put another group last. When the measures disagree and the intervals are as wide as these, we cannot say
# which of the lowest groups is the worst.

# %% tags=["hide-input"]
worst, best = order[-1].replace("_", " "), order[0].replace("_", " ")
show_text(
    f"Lowest by mean chrF: **{worst}**; highest: **{best}**. Over the whole challenge set BLEU is {challenge_scores.bleu:.1f}, with "
    f"{challenge_scores.unknown_rate:.1%} of the words unknown; on the test set it is {beam_scores.bleu:.1f}, with "
    f"{beam_scores.unknown_rate:.1%} unknown. "
    + (
        "The challenge set is harder: it was not drawn from this corpus and has passed none of its filters, so it shows "
        "weaknesses that a test set from the same corpus does not show."
        if challenge_scores.bleu < beam_scores.bleu
        else "The challenge set is not harder than the test set here."
    )
)


# %% [markdown]
# ## Errors worth looking at
#
# Scores do not say *why* a translation is wrong. A few simple rules sort the outputs of the challenge set by what can be seen without knowing French. The first rule
# that fits counts.


# %%
def diagnose(translation, output, references):
    """What is to be seen in an output, in a few words."""
    words, texts = output.split(), [text.split() for text in references]
    closest = min(
        texts, key=lambda text: sum(((Counter(text) - Counter(words)) | (Counter(words) - Counter(text))).values())
    )
    if output in references:
        return "equals a reference"
    if translation.unknown:
        return "a source word is unknown"
    if sorted(words) == sorted(closest):
        return "the right words in another order"
    if any(a == b for a, b in pairwise(words)):
        return "a word is said twice"
    if len(words) < min(map(len, texts)):
        return "something is left out"
    if (Counter(words) - Counter(closest)).total() == (Counter(closest) - Counter(words)).total() == 1:
        return "one word differs"
    return "several words differ"


# %% tags=["hide-input"]
kinds = defaultdict(list)
for row, (answer, output) in enumerate(zip(answers, outputs_of(answers), strict=True)):
    kinds[diagnose(answer, output, challenge.references[row])].append(row)
show_table(
    ["what is seen", "sentences", "share"],
    [
        [kind, len(rows), f"{len(rows) / len(challenge):.0%}"]
        for kind, rows in sorted(kinds.items(), key=lambda item: -len(item[1]))
    ],
)

# %% [markdown]
# Now read two outputs of each kind, with the first reference. Read them as a teacher would: is it really wrong?

# %% tags=["hide-input"]
shown = [(kind, row) for kind in sorted(kinds) if kind != "equals a reference" for row in kinds[kind][:2]]
show_table(
    ["source", "a reference", "output", "what is seen"],
    [
        [challenge.sources[row], challenge.references[row][0], outputs_of([answers[row]])[0], kind]
        for kind, row in shown
    ],
)

# %% [markdown]
# Look for these:
#
# - **Right, but not in the references.** A person sees it, but a program does not. Each such row makes the score too low.
# - **Fluent and false.** This is the worst kind, because the sentence reads well and says something else. A reader without French
#   would not notice.
# - **Left out.** Perhaps attention never looked at a part of the source. [Seeing attention](14_seeing_attention.ipynb) has pictures in
#   which you can check that, and [Where it fails](16_where_it_fails.ipynb) counts such words.
# - **The order of the source.** In an output such as "a hat blue", each word is right but the order is French.
#
# ## Ten sentences by eye
#
# No score replaces reading. If you compare two systems yourself, do it so that you cannot fool yourself:
#
# 1. Choose ten test sentences at random, before you see any output.
# 2. Put the two outputs of each sentence side by side, in random order and without the systems' names.
# 3. For each sentence ask first: does it say everything that the source says, and nothing else? Then: is it good English? Mark better, worse or equal.
# 4. Only then look up which is which, and count.
# 5. With ten sentences, 8 to 2 is weak evidence: for two equal systems, chance alone gives at least 8 to 2 in one direction or the other in about 11% of cases. With two readers, compare their marks; where they differ, the question was not clear.
#
# ## How much is chance?
#
# The score depends on the sentences, and we have an interval for that. It also depends on the *[seed](../book/glossary.md)*, which determines the first weights, the
# order of the pairs and dropout. The interval does not include this. So we train again with other seeds, and everything else the same.
#
# > **Guess first**
# >
# > With three seeds, how far apart are the best and the worst, in BLEU?

# %%
by_seed = {scale.training.seed: greedy_scores}
for seed in more_seeds:
    settings = replace(scale, training=replace(scale.training, seed=seed))
    other = Trainer(corpus, settings, folder_for(settings), watchers=[LiveLine()])
    other.fit()
    by_seed[seed], _ = evaluate(other.translator, corpus.test)
show_table(
    ["seed", "test BLEU", "95% interval", "exact"],
    [[seed, s.bleu, f"{s.bleu_low:.1f} to {s.bleu_high:.1f}", f"{s.exact_match:.1%}"] for seed, s in by_seed.items()],
)

# %% tags=["hide-input"]
of_seeds = [s.bleu for s in by_seed.values()]
spread = max(of_seeds) - min(of_seeds)
show_text(
    f"From {min(of_seeds):.2f} to {max(of_seeds):.2f}: **{spread:.1f}** BLEU from nothing but the seed, "
    + ("more" if spread > abs(gain) else "less")
    + f" than the {abs(gain):.1f} between greedy search and beam {beam_size}. An improvement in *training* that is smaller "
    "than this, shown with one seed, has not been shown."
)

# %% [markdown]
# ## What not to conclude
#
# - **Not** "this is a good score". BLEU has no scale of its own. It depends on the sentences, on the references, and on how words
#   are cut. It compares systems on the *same* test set, and nothing else.
# - **Not** "better than the paper". Its data, words and signature were different.
# - **Not** "it knows French". The test set comes from one collection, and the challenge set has shown what that hides.
# - **Not** "A is better than B" from one run each, without an interval, or after trying ten things and reporting the best.
# - **Not** "no difference" from an interval that contains 0. It only says that the difference was not shown with so few sentences.
#
# ## Recap
#
# - BLEU is the geometric mean of clipped n-gram precisions, times a brevity penalty, over the whole set, with all references.
# - It does not see meaning. For single sentences it says very little.
# - Give every score an interval and a signature. To compare two systems, pair them.
# - Compare with baselines, and with the training sentences: the difference is memory.
# - Perplexity and BLEU answer different questions.
# - A challenge set says at what a model fails, and only reading says why.
# - Seeds matter as much as many "improvements".
#
# ## Exercises

# %% [markdown]
# ### Exercise 13.1: A score without a model
#
# Find one English sentence that, given as the answer to *every* test sentence, has a BLEU above 0. How high can you
# get with a training target? Try the hundred most frequent ones.

# %% [markdown]
# ### Solution to exercise 13.1

# %% tags=["solution"]
frequent = [text for text, _ in Counter(corpus.train.targets).most_common(100)]
few = corpus.test.head(200)
best = max(bleu_of_counts(all_counts([text] * len(few), few.references).sum(axis=0)) for text in frequent)
assert best < greedy_scores.bleu or greedy_scores.bleu < 5
show_text(f"The best constant answer reaches **{best:.1f}** BLEU, the model {greedy_scores.bleu:.1f}.")

# %% [markdown]
# BLEU's geometric mean makes this hard. A constant answer gets its "." and a few frequent words, but hardly ever four
# words in a row.

# %% [markdown]
# ### Exercise 13.2: The same words, cut otherwise
#
# Compare "i m not cold&nbsp;." with "i am not cold&nbsp;." Then compare them as people write them, "I'm not cold." and
# "I am not cold.", once cut at spaces only and once with sacrebleu's tokenizer 13a, which splits marks off. How many
# scores do you get?

# %% [markdown]
# ### Solution to exercise 13.2

# %% tags=["solution", "nbval-check-output"]
for output, reference, cut in (
    ("i m not cold .", "i am not cold .", "none"),
    ("I'm not cold.", "I am not cold.", "none"),
    ("I'm not cold.", "I am not cold.", "13a"),
):
    score = BLEU(tokenize=cut, force=True, effective_order=True).sentence_score(output, [reference]).score
    print(f"{output:15} cut by {cut:5} BLEU {score:.1f}")

# %% [markdown]
# It is one sentence with one mistake (if it is one), and it has three scores. This is why the signature belongs to the number.

# %% [markdown]
# ### Exercise 13.3: How many sentences to see a difference?
#
# Suppose beam search really is as much better as it was on your test set. With how many of its sentences would the paired
# bootstrap have missed it? Compute the interval of the difference for growing sets.

# %% [markdown]
# ### Solution to exercise 13.3

# %% tags=["solution"]
rows = []
for size in sorted({min(size, len(counts)) for size in (25, 50, 100, 200, 400, 800, len(counts))}):
    low, high = np.percentile(bootstrap(beam_counts[:size]) - bootstrap(counts[:size]), [2.5, 97.5])
    rows.append([size, f"{low:+.1f} to {high:+.1f}", "yes" if low > 0 or high < 0 else "no"])
assert rows[-1][0] == len(counts)
show_table(["sentences", "difference, 95%", "shown?"], rows)

# %% [markdown]
# Where the last column says "no", the bootstrap would have missed the difference. The intervals shrink roughly with the square root
# of the number of sentences. It would be wrong to look at them one after another and to stop at the first one that excludes 0:
# if you look often enough, chance gives you one.

# %% [markdown]
# ### Exercise 13.4: A careless split
#
# [A fair test](02_fair_test.ipynb) measured what a random split is worth to a program that only remembers. What is it worth to our
# network? Shuffle the pairs, cut them into sets of the same sizes, train the same network with the same seed, and measure it on
# *its* test set, as its author would. How does it score on the test sentences that have a side in training, and on the others?

# %% [markdown]
# ### Solution to exercise 13.4


# %% tags=["solution"]
def at_random(parts, second_keys, rows, claim=True):
    """Break `divide`: a shuffle decides, and the sets are as large as those of the package."""
    sets = divide(parts, second_keys, rows, claim)
    ends = np.cumsum([len(chosen) for chosen in sets.values()])
    mixed = np.random.default_rng(0).permutation(rows)[: ends[-1]]
    return dict(zip(sets, np.split(mixed, ends[:-1]), strict=True))


with mock.patch("s2s_tutorial.data.filters.divide", at_random):
    careless = prepare(scale.data)
epochs = {"small": 1}.get(scale.name, scale.training.epochs)  # at small, only to see that the code runs
its = replace(scale, name=f"{scale.name}-random-split", training=replace(scale.training, epochs=epochs))
careless_trainer = Trainer(careless, its, folder_for(its), watchers=[LiveLine()])
_ = careless_trainer.fit()

# %% tags=["solution"]
_, found = evaluate(careless_trainer.translator, careless.test)
of_all = all_counts(outputs_of(found), careless.test.references)
sources, targets = set(careless.train.sources), set(careless.train.targets)
pairs = zip(careless.test.sources, careless.test.references, strict=True)
leaked = np.array([source in sources or not targets.isdisjoint(texts) for source, texts in pairs])
rows = []
for name, its_counts in (
    ("the split of this book", counts),
    ("random split", of_all),
    ("random split, a side in training", of_all[leaked]),
    ("random split, neither side", of_all[~leaked]),
):
    if not len(its_counts):  # at `small`, the grammar may have repeated nothing
        continue
    low, high = np.percentile(bootstrap(its_counts), [2.5, 97.5])
    rows.append([name, len(its_counts), bleu_of_counts(its_counts.sum(axis=0)), f"{low:.1f} to {high:.1f}"])
assert len(rows) >= 3
show_table(["test set", "sentences", "BLEU", "95% interval"], rows)

# %% [markdown]
# The difference between the first two rows is what the leak adds to the report, apart from the luck of two different test sets,
# which the intervals show. The network is the same, and on new sentences it is not better. The last two rows tell where the points
# come from, but be careful with them: sentences that occur in several pairs are often short and frequent ones, so they are also
# easier. The parrot of *A fair test*, the program that only remembers, gains more from the leak than the network does, because it
# has nothing but its memory.

# %% [markdown]
# ## What to read next
#
# [Seeing attention](14_seeing_attention.ipynb) looks inside a model of the same kind, trained where the right alignment
# is known. Before you publish a score, read [Post (2018)](https://aclanthology.org/W18-6319), and on when a difference
# means something, [Koehn (2004)](https://aclanthology.org/W04-3250).
