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
# # Decoders: writing one word at a time
#
# We have an [encoder](../book/glossary.md) and we have [attention](../book/glossary.md). What is still missing is the
# [decoder](../book/glossary.md), which writes the translation word by word and looks at the source for each word. There are two famous
# designs, which differ in whether the decoder looks before or after its own step. In this chapter we assemble both for three sentences, small
# enough to print every shape, and count their parameters.
#
# > **What you will be able to do**
# >
# > - follow one word through a Luong decoder and a Bahdanau decoder, shape by shape
# > - explain what each of them knows about the source at every step, and show it with an experiment
# > - say what input feeding adds
# > - count the parameters of every form, and say what tying two matrices saves
#
# The chapter needs no data but three sentences. It runs in seconds at every scale.

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

import numpy as np
import torch
from matplotlib.figure import Figure

from s2s_tutorial.data.batches import Batch, Encoded
from s2s_tutorial.data.vocabulary import Vocabulary
from s2s_tutorial.model.decoder import BahdanauDecoder, Decoder, LuongDecoder
from s2s_tutorial.model.gru import gru_step
from s2s_tutorial.model.seq2seq import Seq2Seq, count_parameters, shift_right
from s2s_tutorial.notebook.show import check_shape, show_figure, show_shapes, show_source, show_table, show_text
from s2s_tutorial.presets import load_scale
from s2s_tutorial.settings import ModelSettings

scale = load_scale()  # S2S_SCALE: small, standard or large
SOURCES = ["je n ai pas faim .", "le chat noir dort .", "merci ."]  # normalised; two or more
TARGETS = ["i m not hungry .", "the black cat is asleep .", "thank you ."]
# Embedding, hidden size and layers. E and H differ, so that their shapes cannot be confused.
E, H, L = 5, 8, 2
SEED = 5  # of all initial weights
SRC_WORDS, TGT_WORDS = 1_717, 1_529  # sizes of two vocabularies, to count parameters

# %% [markdown]
# ## What a decoder computes
#
# A translation is a sequence of words $y_1 \ldots y_T$. There are far too many possible sentences to give each a probability of its own. So a
# [decoder](../book/glossary.md) splits the question into one for each word: given the source $x$ and all words so far, which word
# comes next?
#
# $$
# p(y \mid x) = \prod_{t=1}^{T} p(y_t \mid y_1, \ldots, y_{t-1}, x)
# \tag{7.1}
# $$
#
# For example, the probability of *thank you .* is the probability that the first word is *thank*, times that of *you* after *thank*, times
# that of the full stop after both, times that of `<eos>` at the end. Equation (7.1) is the chain rule of probability, so it holds for any
# distribution and loses nothing. What our models add is one assumption: that $y_{t-1}$ and everything before it can be summarised in one state
# $h_t$ of the decoder. You have seen the two designs of this chapter in Figure 6.5. Now we compute them, one word at a time.

# %% [markdown]
# ## Three sentences
#
# It is a good habit to try a new network on a tiny batch first and to print every shape. We take three sentences, a hidden size of 8
# and 2 layers:

# %%
src_vocabulary, tgt_vocabulary = Vocabulary.count(SOURCES), Vocabulary.count(TARGETS)
src, tgt = Encoded.encode(SOURCES, src_vocabulary), Encoded.encode(TARGETS, tgt_vocabulary)
batch = Batch.of(src, tgt, np.arange(len(SOURCES)))
B, S, T = len(SOURCES), batch.src_ids.shape[1], batch.tgt_ids.shape[1]
show_shapes(src_ids=batch.src_ids, src_mask=batch.src_mask, tgt_ids=batch.tgt_ids)

# %% [markdown]
# What is the decoder's *input*? At position $t$ it reads the word before, $y_{t-1}$. So we shift the target words by one
# position, and put `<sos>` into the first:

# %% tags=["nbval-check-output"]
prev_ids = shift_right(batch.tgt_ids)
print("in      out")
for pair in zip(prev_ids[1].tolist(), batch.tgt_ids[1].tolist(), strict=True):
    read, said = (tgt_vocabulary.words[number] for number in pair)
    print(f"{read:7} {said}")

# %% [markdown]
# Read the table row by row: given `<sos>`, write *the*; given *the*, write *black*. Every word on the right but `<eos>` is also on the left,
# one row lower. During training the decoder reads the true previous word and not the word that it would have written itself. This is called
# **[teacher forcing](../book/glossary.md)**, and [Training](09_training.ipynb) looks at its consequences.
#
# ## Before the first word
#
# Before the decoder can write a word, it needs what the encoder has read. That is two things: `enc_states`, one for each source word, and a
# first state for each layer of the decoder. The decoder's `start` puts them into two objects. `Memory` holds what stays the same during a sentence, and
# `DecoderState` holds what changes with every word.

# %%
show_source(LuongDecoder.start)

# %% tags=["nbval-check-output"]
settings = ModelSettings("luong", "general", E, H, L, dropout=0.0, tie_embeddings=False)
torch.manual_seed(SEED)
# Double precision: equal means equal.
luong = Seq2Seq(settings, len(src_vocabulary), len(tgt_vocabulary)).double()
enc_states, first_states = luong.encoder(batch.src_ids, batch.src_mask)
memory, state = luong.decoder.start(enc_states, batch.src_mask, first_states)
show_shapes(enc_states=memory.enc_states, keys=memory.keys)
show_shapes(dec_state=state.dec_state, attn_state=state.attn_state)
check_shape(memory.enc_states, (B, S, H))
check_shape(state.dec_state, (L, B, H))

# %% [markdown]
# ## The Luong decoder, one word
#
# Now we can write the first word. Luong's decoder does this with three formulas ([Luong et al., 2015](https://arxiv.org/abs/1508.04025)). First its
# GRU takes a step, in which it reads only the word before:
#
# $$
# h_t = \mathrm{GRU}(y_{t-1}, h_{t-1})
# \tag{7.2}
# $$

# %% tags=["nbval-check-output"]
decoder = luong.decoder
word = decoder.embedding(prev_ids[:, 0])  # the embedded SOS, once for each sentence
top, states = word, []
for layer, before in zip(decoder.layers, state.dec_state, strict=True):
    top = gru_step(layer, top, before)  # the new state of a layer is the input of the one above
    states.append(top)
    print("a layer of", layer.input_size, "inputs")
show_shapes(word=word, top=top, dec_state=torch.stack(states))
check_shape(top, (B, H))

# %% [markdown]
# Then it looks at the source, with the state of (7.2) in the top layer as the query ([Attention: choosing where to
# look](06_attention.ipynb)). State and context then pass through one more layer, whose result, $\tilde h_t$, is called the **attentional
# state**:
#
# $$
# \tilde h_t = \tanh(W_c [c_t; h_t])
# \tag{7.3}
# $$

# %% tags=["nbval-check-output"]
seen = memory.keys, memory.enc_states, memory.src_mask
context, attn_weights = decoder.attention(top[:, None], *seen)
attn_state = torch.tanh(decoder.combine(torch.cat([context[:, 0], top], dim=-1)))
show_shapes(attn_weights=attn_weights, context=context, attn_state=attn_state)
check_shape(attn_weights, (B, 1, S))
check_shape(context, (B, 1, H))
print("weights at padding:", attn_weights[-1, 0, batch.src_lengths[-1] :].tolist())

# %% [markdown]
# Finally, the attentional state of (7.3) gives a score for every word of the [vocabulary](../book/glossary.md). These scores are called
# **[logits](../book/glossary.md "logit")**, and a softmax turns them into probabilities:
#
# $$
# p(y_t) = \mathrm{softmax}(W_s \tilde h_t + b)
# \tag{7.4}
# $$

# %% tags=["nbval-check-output"]
logits = attn_state @ decoder.output_weight.T + decoder.output_bias
show_shapes(logits=logits)
check_shape(logits, (B, len(tgt_vocabulary)))
sums = logits.softmax(dim=-1).sum(dim=-1)
torch.testing.assert_close(sums, torch.ones_like(sums))

# %% [markdown]
# Formulas (7.2) to (7.4) are the whole decoder. The package's `step` computes the same. Its main parts are these two functions,
# in which you can find (7.2) and (7.3) again. The output layer (7.4) comes after them. (In their comments, N is the number of rows
# of the batch, which is B here. When a search follows K translations of each sentence at a time, as in [Translating](11_translating.ipynb), N is B times K.)

# %%
show_source(LuongDecoder.advance, LuongDecoder.attend)

# %%
step_logits, next_state, step_weights = decoder.step(prev_ids[:, 0], memory, state)
torch.testing.assert_close(step_logits, logits)
torch.testing.assert_close(step_weights, attn_weights[:, 0])
torch.testing.assert_close(next_state.dec_state, torch.stack(states))


# %% [markdown]
# **Break it.** The loop that calls `step` has to pass each new state to the next call. Suppose that it passes the first state every time. No shape
# changes, and nothing crashes.
#
# > **Guess first**
# >
# > We let the decoder read the same word twice, one after the other. Are its two predictions the same if we pass the new state on? And if we pass
# > the first state again?

# %% tags=["nbval-check-output"]
for name, passed in (("new state", next_state), ("first state", state)):
    second_logits, _, _ = decoder.step(prev_ids[:, 0], memory, passed)
    print(f"{name:11} same prediction: {torch.equal(second_logits, step_logits)}")

# %% [markdown]
# With the first state, every step is a first step. The prediction then depends on the source and on the word before, and on nothing that was
# written earlier, so in such a translation *the* is followed by the same word wherever it occurs. The state is the decoder's only memory of
# what it has written.

# %% [markdown]
# ### Without attention
#
# How much does attention contribute to this step? With `attention="none"` there is no [context](../book/glossary.md), and (7.3) becomes $\tilde h_t = \tanh(W_c h_t)$.
# What does such a decoder still know about the source? Only what is in its first state. We can check this by moving every encoder state
# far away: the prediction must not change.


# %%
def build(**changes) -> Seq2Seq:
    """A model of this chapter's sizes, with the same seed, in double precision."""
    torch.manual_seed(SEED)
    changed = replace(settings, **changes)
    return Seq2Seq(changed, len(src_vocabulary), len(tgt_vocabulary)).double()


def move_sources(memory):
    """The same memory, every encoder state somewhere else."""
    return replace(memory, enc_states=memory.enc_states + 100.0)


# %% tags=["nbval-check-output"]
for name in ("none", "general"):
    model = build(attention=name)
    memory, state = model.encode(batch.src_ids, batch.src_mask)
    before, _, weights = model.decoder.step(prev_ids[:, 0], memory, state)
    after, _, _ = model.decoder.step(prev_ids[:, 0], move_sources(memory), state)
    moved = not torch.equal(before, after)
    print(f"{name:8} weights {weights is not None!s:6} the moved source counts: {moved}")

# %% [markdown]
# ### Input feeding
#
# Even with attention, Luong's decoder does not remember where it looked, because the context goes to the output and not into the GRU. At step $t$
# it has only the word $y_{t-1}$ and its own state to guess which source words it has already translated. The same paper offers
# a remedy, **input feeding** (section 3.3): the last attentional state is appended to the next input.
#
# $$
# h_t = \mathrm{GRU}([y_{t-1}; \tilde h_{t-1}], h_{t-1})
# \tag{7.5}
# $$
#
# In (7.5) the input of the first layer has E + H numbers. Before the first word there is no attentional state, so zeros are used
# instead.

# %% tags=["nbval-check-output"]
fed = build(input_feeding=True)
for name, model in (("plain", luong), ("fed", fed)):
    print(f"{name:5} input of the first layer: {model.decoder.layers[0].input_size}")
memory, state = fed.encode(batch.src_ids, batch.src_mask)
assert state.attn_state.eq(0).all()
_, second, _ = fed.decoder.step(prev_ids[:, 0], memory, state)
whole = fed.decoder(prev_ids, memory, state)
# What step 1 put out is what step 2 reads:
torch.testing.assert_close(second.attn_state, whole.attn_states[:, 0])
check_shape(second.attn_state, (B, H))

# %% [markdown]
# ## The Bahdanau decoder, one word
#
# The second decoder has the same parts as the first, a GRU, attention and an output layer, but uses them in another order. This older design ([Bahdanau et al.,
# 2015](https://arxiv.org/abs/1409.0473)) looks *first*. Its query is the state before the step, $h_{t-1}$, and the context goes into the GRU together with
# the word:
#
# $$
# \begin{aligned}
# c_t &= \sum_s a_{ts}\, \bar h_s \\
# h_t &= \mathrm{GRU}([y_{t-1}; c_t], h_{t-1})
# \end{aligned}
# \tag{7.6}
# $$
#
# The output layer gets the word before, the new state and the context:
#
# $$
# p(y_t) = \mathrm{softmax}\, g(y_{t-1}, h_t, c_t)
# \tag{7.7}
# $$
#
# In our package, the $g$ of (7.7) is $\tanh(W[y_{t-1}; h_t; c_t])$ followed by the output layer. The attention and the state
# update are the paper's, but we made three other parts simpler than in its appendix A.2. The paper's $g$ has a maxout layer,
# which takes the larger of every two values instead of a tanh; its encoder states are the two directions *concatenated*, with 2H
# numbers, whereas we add them and keep H; and its first state is a learned function, $\tanh(W_s \overleftarrow{h}_1)$, of the
# backward state at the first word. Luong's paper differs from our Luong decoder too: its networks are stacked LSTMs, not GRUs.
#
# > **Guess first**
# >
# > How wide is the input of the first GRU layer, and how wide is the input of $W$ in $g$? Use E and H from the chapter's
# > second cell.

# %% tags=["nbval-check-output"]
bahdanau = build(decoder="bahdanau", attention="additive")
decoder = bahdanau.decoder
memory, state = bahdanau.encode(batch.src_ids, batch.src_mask)
word = decoder.embedding(prev_ids[:, 0])
query = state.dec_state[-1]  # h before the step, of the top layer
seen = memory.keys, memory.enc_states, memory.src_mask
context, attn_weights = decoder.attention(query[:, None], *seen)
into_gru = torch.cat([word, context[:, 0]], dim=-1)
top, states = into_gru, []
for layer, before in zip(decoder.layers, state.dec_state, strict=True):
    top = gru_step(layer, top, before)
    states.append(top)
into_output = torch.cat([word, top, context[:, 0]], dim=-1)
show_shapes(query=query, context=context, into_gru=into_gru, top=top, into_output=into_output)

# %% [markdown]
# The widths are E + H for the GRU and E + 2H for the output, 13 and 21 with our sizes. Here is how the package computes this step, and below it the
# check that we have computed the same:

# %%
show_source(BahdanauDecoder.look, BahdanauDecoder.advance)

# %%
step_logits, next_state, step_weights = decoder.step(prev_ids[:, 0], memory, state)
attn_state = torch.tanh(decoder.combine(into_output))
by_hand = attn_state @ decoder.output_weight.T + decoder.output_bias
torch.testing.assert_close(step_logits, by_hand)
torch.testing.assert_close(step_weights, attn_weights[:, 0])
torch.testing.assert_close(next_state.dec_state, torch.stack(states))

# %% [markdown]
# One experiment shows you the difference between the two designs. We change the word that the decoder reads, and ask only whether
# it looks elsewhere at *this* step:

# %% tags=["nbval-check-output"]
for name, model in (("luong", luong), ("bahdanau", bahdanau)):
    memory, state = model.encode(batch.src_ids, batch.src_mask)
    _, _, one = model.decoder.step(torch.full((B,), 4), memory, state)
    _, _, other = model.decoder.step(torch.full((B,), 5), memory, state)
    print(f"{name:8} other word, other look: {not torch.equal(one, other)}")

# %% [markdown]
# Bahdanau's decoder has not read the word yet when it looks, so its state of one step earlier decides where it looks. In training, the
# order also decides which of the two designs is faster, as we see in [All words at once](08_all_words_at_once.ipynb).
#
# ## Counting, and tying
#
# We have seen that the two decoders need layers of different widths. What does that cost, in other words how many numbers does training have to
# find? Here are all forms at the sizes of your scale, encoder and decoder together, with vocabularies of 1,717 and 1,529 words. A *tied* model saves one
# matrix, as we explain below the figure:

# %% tags=["hide-input"]
kinds = [("luong", score, False) for score in ("none", "dot", "general", "concat", "local-p")]
kinds += [("luong", "general", True), ("bahdanau", "additive", False)]
rows = []
for kind, score, feeding in kinds:
    form = replace(scale.model, decoder=kind, attention=score, input_feeding=feeding)
    counts = []
    for tied in (True, False):
        model = Seq2Seq(replace(form, tie_embeddings=tied), SRC_WORDS, TGT_WORDS)
        counts.append(count_parameters(model))
    rows.append([kind + (", fed" if feeding else ""), score, *counts])
show_table(["decoder", "attention", "tied", "untied"], rows)

# %% tags=["hide-input"] mystnb={"image": {"alt": "Four horizontal bars, one for each form of the network, divided into word vectors, encoder GRU, decoder GRU, attention, and the layer that joins context and state. Word vectors and GRUs fill nearly the whole bar. Attention is a narrow strip. The bar of the Bahdanau decoder is the longest, because its decoder GRU and its joining layer are wider."}}
parts = {
    "word vectors, output": ("embedding", "output"),
    "encoder GRU": ("encoder.layers",),
    "decoder GRU": ("decoder.layers",),
    "attention score": ("attention",),
    "$W_c$ or $W$": ("combine",),
}
forms = {"luong, none": {"attention": "none"}, "luong, general": {"attention": "general"}}
forms |= {"luong, general, fed": {"attention": "general", "input_feeding": True}}
forms |= {"bahdanau, additive": {"decoder": "bahdanau", "attention": "additive"}}
figure = Figure(figsize=(6.5, 2.6), layout="constrained")
axes = figure.add_subplot()
for place, (name, changes) in enumerate(forms.items()):
    model = Seq2Seq(replace(scale.model, tie_embeddings=False, **changes), SRC_WORDS, TGT_WORDS)
    left, of_model = 0, {name: weight.numel() / 1000 for name, weight in model.named_parameters()}
    for (part, signs), color in zip(parts.items(), ("0.75", "#00429d", "#2a7f62", "#b8560b", "0.35"), strict=True):
        size = sum(count for name, count in of_model.items() if any(sign in name for sign in signs))
        axes.barh(place, size, left=left, color=color, height=0.6, label=part if place == 0 else None)
        left += size
    assert round(1000 * left) == count_parameters(model)  # each weight is in one part
axes.set_yticks(range(len(forms)), list(forms))
axes.invert_yaxis()
axes.set(xlabel="parameters (thousands), untied")
figure.legend(loc="outside upper center", ncols=3, fontsize="small")
show_figure(figure)

# %% [markdown]
# **Figure 7.1.** Where the parameters of four forms are, untied, at the scale of this run. Word vectors and GRUs have most of them, and the attention score has
# few.

# %% [markdown]
# In Luong's decoder attention costs few parameters, as you see in Figure 7.1. The dot score has none of its own; only $W_c$
# becomes wider. Bahdanau's decoder needs more, and mostly not for its score: the context makes the inputs of its GRU and of $W$
# in (7.7) wider.
#
# The word vectors are a large part of the model, so that is where we can save most. The decoder needs two matrices of V rows: the [embedding](../book/glossary.md), which
# turns a word into a vector, and the output layer, which compares $\tilde h_t$ with a vector for each word. Both describe words, so why keep
# two lists? **[Tied embeddings](../book/glossary.md)** use one matrix for both ([Press and Wolf,
# 2017](https://arxiv.org/abs/1608.05859)). For this, a word vector must have as many numbers as a state, E = H.

# %%
show_source(Decoder.output_weight.fget)

# %% tags=["nbval-check-output"]
tied = build(embedding_size=H, tie_embeddings=True)
untied = build(embedding_size=H)
words = len(tgt_vocabulary)
print("one tensor for both:", tied.decoder.output_weight is tied.decoder.embedding.weight)
saved = count_parameters(untied) - count_parameters(tied)
print(f"saved: {saved} = {words} words x {H} numbers")
assert saved == words * H

# %% tags=["hide-input"]
of_kind = {f"{row[0]} {row[1]}": row[2:] for row in rows}
all_tied, all_untied = of_kind["luong general"]
of_words = [SRC_WORDS * scale.model.embedding_size, TGT_WORDS * scale.model.embedding_size]  # one matrix a language
of_output = TGT_WORDS * scale.model.hidden_size
show_text(
    f"At your scale, with general attention, word vectors are **{(sum(of_words) + of_output) / all_untied:.0%}** of the "
    f"whole model untied and **{sum(of_words) / all_tied:.0%}** tied; most of the rest are GRUs. Tying saves "
    f"**{1 - all_tied / all_untied:.0%}** of the whole."
)

# %% [markdown]
# What does tying do to the quality of translations? Each vector now has to learn two tasks. For language models, which only
# continue a text, the paper found better predictions with tied embeddings. For translation it claims less: the models shrink to
# less than half of their size without harm to their performance. (They shrink more than ours does, because their vocabularies are
# larger and the source words share the matrix, too.) [Overfitting](10_overfitting.ipynb) measures it with our network.

# %% [markdown]
# ## Every formula, its code and its test
#
# The code is in `s2s_tutorial/model/decoder.py`. The tests are in `tests/model/test_decoder.py` and run for every decoder with every
# attention.
#
# | what | code | test |
# | :--- | :--- | :--- |
# | (7.2) to (7.4) | `LuongDecoder` | `test_the_luong_step_equals_the_formulas_by_hand` |
# | (7.6), (7.7) | `BahdanauDecoder` | `test_the_bahdanau_step_equals_the_formulas_by_hand` |
# | (7.5) | `LuongDecoder.advance` | `test_input_feeding_feeds_what_the_step_before_put_out` |
# | which state looks | `look`, `attend` | `test_bahdanau_attends_from_the_state_before_and_luong_from_the_one_after` |
# | a decoder without attention | both | `test_a_decoder_without_attention_works_and_has_no_weights` |
# | shapes at every step | all | `test_a_small_batch_has_the_right_shape_at_every_step` |
#
# ## Recap
#
# - A [decoder](../book/glossary.md) answers one question per word: what comes next, given the source and the words so far?
# - Luong's decoder steps and then looks, Bahdanau's looks and then steps.
# - Without attention, all that Luong's decoder knows about the source is in its first state.
# - The state is the decoder's only memory of what it has written. Luong's does not remember where it looked, and input feeding tells it.
# - Luong's attention adds few parameters, and Bahdanau's wider inputs add more. Word vectors are a large part of a small
#   model, and tying saves one of their matrices.
#
# ## Exercises

# %% [markdown]
# ### Exercise 7.1: Count by hand
#
# Write a function of E, H, L and V that counts the parameters of an untied Luong decoder with general attention, and
# check it against `count_parameters`. A GRU layer with input I has three parts, two gates and the candidate, each with a
# matrix for the input, a matrix for the state and two biases.

# %% [markdown]
# ### Solution to exercise 7.1


# %% tags=["solution"]
def count_luong(E: int, H: int, L: int, V: int) -> int:
    layers = sum(3 * (size * H + H * H + 2 * H) for size in [E] + [H] * (L - 1))
    general, combine = H * H, 2 * H * H  # W; W_c
    return V * E + layers + general + combine + V * H + V  # embedding first, output layer and its bias last


assert count_luong(E, H, L, len(tgt_vocabulary)) == count_parameters(luong.decoder)

# %% [markdown]
# ### Exercise 7.2: What does Bahdanau see without attention?
#
# With `attention="none"` the Bahdanau decoder still has a context: `look` returns one fixed encoder state. Which one,
# and why is it a good choice in a bidirectional encoder? Show with gradients that it depends on every source word.

# %% [markdown]
# ### Solution to exercise 7.2

# %% tags=["solution", "nbval-check-output"]
model = build(decoder="bahdanau", attention="none")
embedded = model.encoder.embedding(batch.src_ids[:1]).detach().requires_grad_()
# So that every word of the first sentence has a gradient of its own:
model.encoder.embedding.forward = lambda ids: embedded
memory, state = model.encode(batch.src_ids[:1], batch.src_mask[:1])
del model.encoder.embedding.forward
context, weights = model.decoder.look(state, memory)
context.sum().backward()
print("weights:", weights)
print("the state of the first word:", torch.equal(context, memory.enc_states[:, 0]))
heard = embedded.grad.abs().sum(-1).gt(0)
print("every source word has a part in it:", heard.all().item())

# %% [markdown]
# It is the first word's state. The backward direction computed its half of it last, after it had read the sentence from
# the end to the beginning, so this state summarises the whole sentence. Unlike Luong's decoder, this one gets the summary again at every
# step and does not have to carry it in its state.

# %% [markdown]
# ## What to read next
#
# [All words at once](08_all_words_at_once.ipynb) puts the whole network together, and compares how fast the two decoders read a translation
# that is already known. On sharing the weights of input and output words: [Press and Wolf (2017)](https://arxiv.org/abs/1608.05859).
