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
# designs, which differ in whether the decoder looks before or after its own step, and this decides
# how fast they train. In this chapter we assemble both for three sentences, small enough to print every shape, and put the whole network together.
#
# > **What you will be able to do**
# >
# > - follow one word through a Luong decoder and a Bahdanau decoder, shape by shape
# > - explain why one of them can read all target words at once in training and the other cannot, and show it
# > - name the shape of every tensor of the whole network
# > - count the parameters of every form, and say what tying two matrices saves
# > - apply the cheapest test of a new model: can it learn three sentences by heart?
#
# The chapter needs no data but three sentences. It runs in under a minute at every scale.

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
from dataclasses import replace

import numpy as np
import torch
from matplotlib.figure import Figure

from s2s_tutorial.data.batches import Batch, Encoded
from s2s_tutorial.data.vocabulary import Vocabulary
from s2s_tutorial.model.decoder import BahdanauDecoder, Decoder, LuongDecoder
from s2s_tutorial.model.gru import gru_step
from s2s_tutorial.model.seq2seq import Seq2Seq, count_parameters, shift_right
from s2s_tutorial.notebook.show import (
    check_shape,
    show_drawing,
    show_figure,
    show_shapes,
    show_source,
    show_table,
    show_text,
)
from s2s_tutorial.presets import load_scale
from s2s_tutorial.settings import ModelSettings
from s2s_tutorial.translation.translator import Translator

scale = load_scale()  # S2S_SCALE: small, standard or large
SOURCES = ["je n ai pas faim .", "le chat noir dort .", "merci ."]  # normalised; two or more
TARGETS = ["i m not hungry .", "the black cat is asleep .", "thank you ."]
# Embedding, hidden size and layers. E and H differ, so that their shapes cannot be confused.
E, H, L = 5, 8, 2
SEED = 5  # of all initial weights
STEPS, LEARNING_RATE = 120, 0.03  # of learning by heart
RACE_WORDS, RACE_SENTENCES = 10, (2, 16, 64)  # of the race: in a sentence, in a batch
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
# Equation (7.1) is the chain rule of probability, so it holds for any distribution and loses nothing. The model's own assumption is only in how
# $y_{t-1}$ and everything before it are summarised in one state $h_t$ of the decoder. Figure 6.5 has shown the two designs of this
# chapter.

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
# What is the decoder's *input*? At position $t$ it reads the word before, $y_{t-1}$. So the target words are shifted by one
# position, and `<sos>` fills the first:

# %% tags=["nbval-check-output"]
prev_ids = shift_right(batch.tgt_ids)
print("in      out")
for pair in zip(prev_ids[1].tolist(), batch.tgt_ids[1].tolist(), strict=True):
    read, said = (tgt_vocabulary.words[number] for number in pair)
    print(f"{read:7} {said}")

# %% [markdown]
# Read the table row by row: given `<sos>`, write *the*; given *the*, write *black*. Every word stands on the right and, one row
# lower, on the left. During training the decoder reads the true previous word and not the word that it would have written itself. This is called
# **[teacher forcing](../book/glossary.md)**, and [Training](08_training.ipynb) looks at its consequences.
#
# ## Before the first word
#
# The encoder hands over two things: `enc_states`, one for each source word, and a first state for each layer of the
# decoder. The decoder's `start` puts them into two objects. `Memory` holds what stays the same during a sentence, and
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
# Luong's decoder follows three formulas ([Luong et al., 2015](https://arxiv.org/abs/1508.04025)). First its GRU takes a step. It reads
# only the word before:
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
# look](06_attention.ipynb)). State and context pass through one more layer. The result, $\tilde h_t$, is called the **attentional
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
# Formulas (7.2) to (7.4) are the whole decoder. The package's `step` does the same, and these two functions are its main parts:

# %%
show_source(LuongDecoder.advance, LuongDecoder.attend)

# %%
step_logits, next_state, step_weights = decoder.step(prev_ids[:, 0], memory, state)
torch.testing.assert_close(step_logits, logits)
torch.testing.assert_close(step_weights, attn_weights[:, 0])
torch.testing.assert_close(next_state.dec_state, torch.stack(states))


# %% [markdown]
# ### Without attention
#
# With `attention="none"` there is no [context](../book/glossary.md), and (7.3) becomes $\tilde h_t = \tanh(W_c h_t)$.
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
# Luong's decoder does not remember where it looked, because the context goes to the output and not into the GRU. At step $t$
# it has only the word $y_{t-1}$ and its own state to guess which source words it has already translated. The same paper offers
# a remedy, **input feeding** (section 3.3): the last attentional state is added to the next input.
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
# What stays: an encoder, a GRU, attention and an output layer. What changes is their order. The older design ([Bahdanau et al.,
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
# In the package, the $g$ of (7.7) is $\tanh(W[y_{t-1}; h_t; c_t])$ followed by the output layer. The attention and the
# state update are the paper's. Three other parts are simpler than in its appendix A.2. The paper's $g$ has a maxout layer;
# its annotations are the two directions *concatenated*, with 2H numbers, whereas we add them and keep H; and its first
# state is a learned function, $\tanh(W_s \overleftarrow{h}_1)$, of the backward state at the first word. Luong's paper
# differs from our Luong decoder too: its networks are stacked LSTMs, not GRUs.
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
# The widths are E + H for the GRU and E + 2H for the output. Here is the package's form, and then the check that it computes the same:

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
# One experiment shows the difference between the two designs. We change the word that the decoder reads, and ask only whether
# it looks elsewhere at *this* step:

# %% tags=["nbval-check-output"]
for name, model in (("luong", luong), ("bahdanau", bahdanau)):
    memory, state = model.encode(batch.src_ids, batch.src_mask)
    _, _, one = model.decoder.step(torch.full((B,), 4), memory, state)
    _, _, other = model.decoder.step(torch.full((B,), 5), memory, state)
    print(f"{name:8} other word, other look: {not torch.equal(one, other)}")

# %% [markdown]
# Bahdanau's decoder has not read the word yet when it looks. Where it looks was decided by its state one step earlier.
#
# ## All words at once
#
# Under teacher forcing, every input word is known before the model predicts anything. Does training have to go word by
# word, then? That depends on what step $t$ has to wait for.
#
# - **Luong:** $h_t$ needs $y_{t-1}$ and $h_{t-1}$, but no context. So the GRU can run over the whole target first, and *then*
#   all T states can look at the source at once, in one large product.
# - **Bahdanau:** $h_t$ needs $c_t$, which needs $h_{t-1}$, which needed $c_{t-1}$. The context is inside the loop,
#   and so is attention. Input feeding puts Luong's decoder into the same situation.
#
# We can test this. If states do not depend on contexts, then moving the encoder states must leave the decoder's GRU
# states unchanged, even after three words:

# %% tags=["nbval-check-output"]
for name, model in (("luong", luong), ("luong, fed", fed), ("bahdanau", bahdanau)):
    memory, state = model.encode(batch.src_ids, batch.src_mask)
    ends = []
    for mem in (memory, move_sources(memory)):
        now = state
        for words in prev_ids[:, :3].unbind(dim=1):
            _, now, _ = model.decoder.step(words, mem, now)
        ends.append(now.dec_state)
    print(f"{name:10} waits for the context: {not torch.equal(*ends)}")

# %% [markdown]
# So the package has two ways through a known sequence: a plain one, word by word, for all decoders, and a faster one for Luong's decoder:

# %%
show_source(Decoder.forward, LuongDecoder.forward)


# %% [markdown]
# Both ways must give the same numbers, and the same gradient for every weight of the model, including those of the encoder. Otherwise the fast way
# would train another model than the one that translates. We compare both for all four decoders:


# %%
def whole(model: Seq2Seq, batch: Batch) -> torch.Tensor:
    """Logits (B, T, V), all words at once where the decoder can."""
    memory, state = model.encode(batch.src_ids, batch.src_mask)
    output = model.decoder(shift_right(batch.tgt_ids), memory, state)
    return model.decoder.logits(output.attn_states)


def stepwise(model: Seq2Seq, batch: Batch) -> torch.Tensor:
    """Logits (B, T, V), from `step` alone, as search does it."""
    memory, state = model.encode(batch.src_ids, batch.src_mask)
    logits = []
    for words in shift_right(batch.tgt_ids).unbind(dim=1):
        step_logits, state, _ = model.decoder.step(words, memory, state)
        logits.append(step_logits)
    return torch.stack(logits, dim=1)


# %% tags=["nbval-check-output"]
models = {"luong": luong, "luong, fed": fed, "bahdanau": bahdanau, "none": build(attention="none")}
for name, model in models.items():
    results = []
    for form in (whole, stepwise):
        logits = form(model, batch)
        check_shape(logits, (B, T, len(tgt_vocabulary)))
        gradients = torch.autograd.grad(logits.sin().sum(), list(model.parameters()))
        results.append([logits, *gradients])
    torch.testing.assert_close(*results)
    print(f"{name:10} logits and {len(gradients)} gradients agree")


# %% [markdown]
# ### How much time it saves
#
# Next we measure the time at the sizes of your scale. Luong's decoder runs forward and back over sentences of `RACE_WORDS` words, once in
# its fast way and once word by word. The encoder and the output layer, which are the same in both, are left out.
#
# > **Guess first**
# >
# > Both ways do the same arithmetic. How many times as long does the stepwise one take with 2
# > sentences in a batch? And with 64?


# %%
def milliseconds(forward, sentences: int, words: int) -> float:
    """One pass of a decoder's `forward` and back, over random sentences; the best of five."""
    plain = replace(scale.model, decoder="luong", input_feeding=False, dropout=0.0)
    model = Seq2Seq(plain, SRC_WORDS, TGT_WORDS)
    ids = torch.randint(4, TGT_WORDS, (sentences, words))
    with torch.no_grad():
        memory, state = model.encode(ids, torch.ones_like(ids, dtype=torch.bool))
    times = []
    for _ in range(5):
        start = time.perf_counter()
        forward(model.decoder, shift_right(ids), memory, state).attn_states.sum().backward()
        times.append(1000 * (time.perf_counter() - start))
    return min(times)


# %%
forms = (LuongDecoder.forward, Decoder.forward)
rows = []
for sentences in RACE_SENTENCES:
    times = [milliseconds(form, sentences, RACE_WORDS) for form in forms]
    rows.append([sentences, *times, times[1] / times[0]])
show_table(["sentences", "all words at once (ms)", "word by word (ms)", "times as long"], rows)

# %% tags=["hide-input"]
few, many = rows[0], rows[-1]
show_text(
    f"In this run the loop took **{few[-1]:.1f} times** as long with {few[0]} sentences a batch, "
    f"and **{many[-1]:.1f} times** with {many[0]}."
)

# %% [markdown]
# Why does the batch size matter if the arithmetic is the same? Every call of a product costs some time of its
# own, whatever the size of its matrices, and the loop makes many more calls. With few sentences these calls take most of
# the time. With many sentences the multiplications take longer than the calls, so the two ways come closer. A GPU multiplies so
# much at a time that nearly every product is small to it, so there the difference stays large.
#
# In translation there is no fast way, because the next input is the model's own last word, which does not
# exist yet. [Translating](10_translating.ipynb) therefore goes step by step with any decoder. So the fast way exists only with teacher forcing.
#
# ## The whole network
#
# All parts are now there. Figure 7.1 shows them together with the shape of every tensor, for Luong's decoder. B is the number of sentences in the batch, S and T
# are the lengths of source and target, E and H are the sizes of embeddings and states, L is the number of layers and V the size of the target vocabulary.

# %% tags=["hide-input"] mystnb={"image": {"alt": "Two columns that meet in attention. The encoder turns source ids (B, S) into embeddings (B, S, E) and enc_states (B, S, H). The decoder turns previous ids (B, T) into embeddings (B, T, E) and states (B, T, H). Attention gives weights (B, T, S) and a context (B, T, H), which is joined with the states to give attn_states (B, T, H), logits (B, T, V) and the loss. An arrow labelled first_states leads from the encoder's GRU to the decoder's."}}
show_drawing("network")

# %% [markdown]
# **Figure 7.1.** The whole network with Luong's decoder, and the shape of every tensor. In use, the last step's word takes the place of `prev_ids`, one word at a time.

# %% [markdown]
# The class `Seq2Seq` holds encoder and decoder together. Its three methods follow the figure from top to bottom: `encode` does the left
# column, `forward` the right one, and `loss` the end:

# %%
show_source(Seq2Seq.encode, Seq2Seq.forward, Seq2Seq.loss)

# %% [markdown]
# ## Counting, and tying
#
# How many numbers does training have to find? Here are all forms at the sizes of your scale, with vocabularies of
# 1,717 and 1,529 words:

# %%
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

# %% [markdown]
# In Luong's decoder attention costs almost no parameters. The dot score has none of its own; only $W_c$ becomes wider. Bahdanau's
# decoder needs more, and mostly not for its score: the context makes the inputs of its GRU and of $W$ in
# (7.7) wider.
#
# The word vectors are a large part of the model. The decoder needs two matrices of V rows: the [embedding](../book/glossary.md), which
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
# What does tying do to quality? The vector of a word now learns from both tasks. For language models, which only continue a text,
# the paper found better predictions with tied embeddings. For translation it claims less: the models shrink to less
# than half of their size without harm to their performance. [Overfitting](09_overfitting.ipynb) measures it with our network.
#
# ## Three sentences by heart
#
# Before you train a new model for an hour, give it the cheapest test there is: train it on
# three sentences. A model with thousands of weights that cannot learn three sentences by heart has a bug. (A model
# that passes this test may still have one.)
#
# We begin with a single step of training, in which the loss must fall. An **optimiser** changes the weights a little in the direction in which the loss falls;
# [Training](08_training.ipynb) explains how.

# %% tags=["nbval-check-output"]
kinds = {
    "luong, general": build(),
    "luong, none": build(attention="none"),
    "luong, fed": build(input_feeding=True),
    "bahdanau, additive": build(decoder="bahdanau", attention="additive"),
}
for name, model in kinds.items():
    optimiser = torch.optim.SGD(model.parameters(), lr=0.01)
    before = model.loss(batch)
    before.backward()
    optimiser.step()
    lower = model.loss(batch).item() < before.item()
    print(f"{name:18} lowers the loss: {lower}")

# %% [markdown]
# A model that knows nothing gives each of the V words the same probability, and its loss is $\ln V$, the
# dashed line in the next figure. Now we let all four learn for more steps:

# %%
curves = {}
for name, model in kinds.items():
    optimiser = torch.optim.Adam(model.parameters(), LEARNING_RATE)
    curves[name] = []
    for _ in range(STEPS):
        loss = model.loss(batch)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        curves[name].append(loss.item())

# %% tags=["hide-input"] mystnb={"image": {"alt": "Four curves of loss over training steps, one for each decoder. All start near a dashed line, the loss of a blind guess, and fall close to zero."}}
figure = Figure(figsize=(5.5, 3), layout="constrained")
axes = figure.add_subplot()
for (name, curve), style in zip(
    curves.items(), (("-", "#00429d"), ("--", "#b8560b"), (":", "#2a7f62"), ("-.", "0.3")), strict=True
):
    axes.plot(range(1, STEPS + 1), curve, style[0], color=style[1], lw=2, label=name)
axes.axhline(np.log(len(tgt_vocabulary)), color="0.5", lw=1, linestyle=(0, (6, 3)))
axes.set(xlabel="training step", ylabel="loss (nats per word)", ylim=(0, None))
axes.legend()
show_figure(figure)


# %% [markdown]
# **Figure 7.2.** Every form learns three sentences by heart: the loss starts near that of a blind guess and goes to zero.

# %% [markdown]
# The loss in Figure 7.2 was computed with the true previous words. Whether the models can *translate*, with their
# own words as inputs, is another question, so we test that too:


# %%
def right_translations(model: Seq2Seq) -> int:
    """How many of the three sentences come out exactly."""
    translator = Translator(model, src_vocabulary, tgt_vocabulary)
    found = translator.translate_words(SOURCES)
    pairs = zip(found, TARGETS, strict=True)
    return sum(" ".join(each.words) == target for each, target in pairs)


# %% tags=["nbval-check-output"]
for name, model in kinds.items():
    print(f"{name:18} {right_translations(model)} of {len(SOURCES)} right")

# %% [markdown]
# Even the decoder without attention passes, because a few numbers are enough to tell three sentences apart.
# [Encoder and decoder](05_encoder_decoder.ipynb) shows what it cannot do.
#
# **Break it.** Forget the shift: feed $y_t$ where $y_{t-1}$ belongs. It is one missing call, no shape changes, and
# nothing crashes.
#
# > **Guess first**
# >
# > Is the loss after training higher, lower or the same? And how many of the three sentences come out right?

# %%
cheat = build()
optimiser = torch.optim.Adam(cheat.parameters(), LEARNING_RATE)
for _ in range(STEPS):
    loss = cheat.loss(batch, prev_ids=batch.tgt_ids)  # the answer is the question
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()

# %% tags=["hide-input"]
honest, right = curves["luong, general"][-1], right_translations(cheat)
show_text(
    f"The loss is **{loss.item():.3f}**; with the right inputs it was {honest:.3f}. And **{right} of {len(SOURCES)}** sentences come "
    "out right."
)


# %% [markdown]
# The model has learned to copy its input, because in training the input *was* the answer. When it translates, the input is only the word
# before. So a low loss proves nothing until the model has written something of its own.

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
# | whole equals stepwise | `forward`, `step` | `test_the_whole_sequence_at_once_equals_step_by_step` |
# | a decoder without attention | both | `test_a_decoder_without_attention_works_and_has_no_weights` |
# | shapes at every step | all | `test_a_small_batch_has_the_right_shape_at_every_step` |
#
# ## Recap
#
# - A [decoder](../book/glossary.md) answers one question per word: what comes next, given the source and the words so far?
# - Luong's decoder steps and then looks, Bahdanau's looks and then steps. So under teacher forcing Luong's can read the whole
#   target at once.
# - Input feeding tells Luong's decoder where it looked, and in return the fast way is lost.
# - A fast way must be compared with the slow one, in values *and* gradients.
# - Luong's attention adds few parameters, and Bahdanau's wider inputs add more. Word vectors are a large part of a small
#   model, and tying saves one of their matrices.
# - Let every new model learn three sentences by heart, and then let it *translate* them.
#
# ## Exercises

# %% [markdown]
# ### Exercise 7.1: Count by hand
#
# Write a function of E, H, L and V that counts the parameters of an untied Luong decoder with general attention, and
# check it against `count_parameters`. A GRU layer with input I has three gates, each with a matrix for the input, a
# matrix for the state and two biases.

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
# It is the first word's state. The backward direction computed its half last, after it had read the sentence from
# the end to the beginning, so it summarises the whole sentence. Unlike Luong's decoder, this one gets the summary again at every
# step and does not have to carry it in its state.

# %% [markdown]
# ### Exercise 7.3: Longer sentences, wider gap?
#
# Measure both ways with `milliseconds` for 5, 10 and 20 words. Which part of the work cannot be done at once even in
# the fast form?

# %% [markdown]
# ### Solution to exercise 7.3

# %% tags=["solution"]
rows = []
for length in (5, 10, 20):
    times = [milliseconds(form, RACE_SENTENCES[0], length) for form in forms]
    rows.append([length, *times, times[1] / times[0]])
show_table(["words", "all words at once (ms)", "word by word (ms)", "times as long"], rows)
assert all(at_once > 0 and in_steps > 0 for _, at_once, in_steps, _ in rows)

# %% [markdown]
# Both grow with the length. The GRU itself remains a loop in both forms, because $h_t$
# has to wait for $h_{t-1}$. Embedding, attention and everything after it are done at once. Only models
# without recurrence, such as the Transformer, have no such loop.

# %% [markdown]
# ## What to read next
#
# [Training](08_training.ipynb) trains what you have built. On sharing the weights of input and output words: [Press and
# Wolf (2017)](https://arxiv.org/abs/1608.05859).
