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
# # Your own data
#
# The built-in corpus and the challenge set are French and English, and `detokenise` puts the apostrophes of these two
# languages back into a finished translation ("isn t" becomes "isn't"). Apart from that, the translator contains no
# rule of either language: it learns from two columns of sentences. In this chapter you give it a file of your own in
# a language with another grammar, train on it, turn the direction of the built-in corpus around, and hand a finished
# model to a friend. Then you damage the file on its way and see what the friend sees.
#
# > **What you will be able to do**
# >
# > - write a file of sentence pairs that the package accepts, and read its complaints about one that it does not
# > - train a translator for another pair of languages
# > - train in the reverse direction, English to French, and say what changes
# > - name every file in a run's folder, and share a model in two of them
# > - explain why loading these weights cannot run code, and what happens to a damaged file
#
# At `small` the chapter trains for some seconds, at `standard` for a few minutes.

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
import json
import pickle
import random
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import torch

from s2s_tutorial.data.corpus import prepare
from s2s_tutorial.data.readers import CorpusError, read_file
from s2s_tutorial.data.text import normalise
from s2s_tutorial.files import load_tensors
from s2s_tutorial.model.seq2seq import count_parameters
from s2s_tutorial.notebook.plots import plot_attention
from s2s_tutorial.notebook.show import show_figure, show_source, show_table, show_text
from s2s_tutorial.presets import PRESETS, load_scale
from s2s_tutorial.runs.folder import RunError, folder_for, open_run
from s2s_tutorial.runs.weights import load_translator, save_model
from s2s_tutorial.settings import DataSettings
from s2s_tutorial.training.trainer import Trainer
from s2s_tutorial.training.watchers import LiveLine
from s2s_tutorial.translation.evaluation import evaluate, score_groups

scale = load_scale()  # S2S_SCALE: small, standard or large
work = Path(tempfile.mkdtemp(prefix="s2s-"))  # files of this chapter; name a folder of yours to keep them
own_pairs = 1_800  # sentence pairs of the new language
own = replace(  # a small language needs a small model, whatever the scale
    PRESETS["small"],
    name="esperanto",
    data=DataSettings(corpus=str(work / "esperanto.tsv")),
    training=replace(PRESETS["small"].training, epochs=6, learning_rate=1e-2),
)
reverse = replace(  # English to French, on the embedded corpus
    scale,
    name=f"{scale.name}-reverse",
    data=replace(PRESETS["sample"].data, sample_pairs=min(scale.data.sample_pairs, 36_000), reverse=True),
    training=replace(scale.training, epochs=min(scale.training.epochs, 3)),
)
seed = 0  # of the sentences written below

# %% [markdown]
# ## A file of pairs
#
# The format is the plainest there is: one pair a line, UTF-8, a tab between the two sentences, and if you like a second
# tab with a note. The text of the first column decides which set a pair belongs to ([From sentences to
# numbers](01_sentences_to_numbers.ipynb)), and the model translates the second column into the first, or with `reverse`
# the other way. So begin with the language that you want translations in.

# %% tags=["nbval-check-output"]
file = work / "greetings.tsv"
file.write_text("Good morning.\tBonan matenon.\tmine\nHow are you?\tKiel vi fartas?\n", encoding="utf-8")
columns = read_file(file)
print(columns.first, columns.second, columns.provenance, sep="\n")

# %% [markdown]
# Files written by people have mistakes. Each gets one line that says what is wrong, where, and what to look for:

# %% tags=["nbval-check-output"]
mistakes = {
    "a space for the tab": b"Good morning.\tBonan matenon.\nThank you. Dankon.\n",
    "a tab too many": b"Yes.\tJes.\tmine\ttoday\n",
    "not UTF-8": "Bread.\tPano.\nTomorrow.\tMorgaŭ.\n".encode("iso-8859-3"),
    "nothing in it": b"\n\n",
}
for name, data in mistakes.items():
    file.write_bytes(data)
    try:
        read_file(file)
    except CorpusError as error:
        print(f"{name}:\n    {error}")

# %% [markdown]
# And a file may be faultless and too small. A split needs something to split:

# %% tags=["nbval-check-output"]
file.write_text("Yes.\tJes.\nNo.\tNe.\n", encoding="utf-8")
try:
    prepare(DataSettings(corpus=str(file)))
except CorpusError as error:
    print(str(error).replace(str(work), "…"))

# %% [markdown]
# ## Another language pair
#
# You could download a language. It is more instructive to write one with a grammar you can see through, so here are a few
# lines that write Esperanto. Esperanto does something that neither French nor English does: **the ending says who does
# what to whom, the order does not**. The object ends in *-n*:
#
# | Esperanto | order | English |
# | :--- | :--- | :--- |
# | <span lang="eo">La kato vidas la hundon.</span> | subject, verb, object | The cat sees the dog. |
# | <span lang="eo">La hundon vidas la kato.</span> | object, verb, subject | The cat sees the dog. |
# | <span lang="eo">La kato la hundon vidas.</span> | subject, object, verb | The cat sees the dog. |
# | <span lang="eo">La hundo vidas la katon.</span> | subject, verb, object | The dog sees the cat. |
#
# Nouns end in *-o*, adjectives in *-a*; plurals add *-j* to both, objects *-n* to both. Verbs end in *-as* now, *-is*
# then and *-os* one day, for every person. That is enough for a generator.

# %%
nouns = [line.split() for line in """
cat cats kat|dog dogs hund|bird birds bird|horse horses ĉeval|child children infan|woman women virin|man men vir
teacher teachers instruist|friend friends amik|farmer farmers farmist|sister sisters fratin|king kings reĝ
""".replace("\n", "|").strip("|").split("|")]  # fmt: skip
adjectives = [line.split() for line in """
big grand|small malgrand|young jun|old maljun|good bon|bad malbon|happy feliĉ|unhappy malfeliĉ|black nigr|tired lac
""".strip().split("|")]  # fmt: skip
verbs = [line.split() for line in """
sees see saw vid|loves love loved am|hears hear heard aŭd|finds find found trov|follows follow followed sekv
knows know knew kon|helps help helped help|seeks seek sought serĉ
""".replace("\n", "|").strip("|").split("|")]  # fmt: skip


# %% [markdown]
# A noun phrase is a noun in one of two numbers, with an adjective half of the time. The object's Esperanto gets its *-n*
# on every word that can carry one:


# %%
def noun_phrase(rng: random.Random, is_object: bool) -> tuple[str, str, bool]:
    """English, Esperanto, and whether it is a plural."""
    (singular, plural, stem), many = rng.choice(nouns), rng.random() < 0.3
    ending = "j" * many + "n" * is_object
    english, esperanto = (plural if many else singular), f"{stem}o{ending}"
    if rng.random() < 0.5:
        adjective, its_stem = rng.choice(adjectives)
        english, esperanto = f"{adjective} {english}", f"{its_stem}a{ending} {esperanto}"
    return f"the {english}", f"la {esperanto}", many


def pair_of(rng: random.Random) -> tuple[str, str, str]:
    """An English sentence, its Esperanto, and the order of that."""
    (subject, its_eo, many), (thing, thing_eo, _) = noun_phrase(rng, False), noun_phrase(rng, True)
    (third, base, past, stem), tense = rng.choice(verbs), rng.choice(("as", "is", "os"))
    verb = {"as": base if many else third, "is": past, "os": f"will {base}"}[tense]
    order = rng.choice(("SVO", "OVS", "SOV"))
    words = {"S": its_eo, "V": stem + tense, "O": thing_eo}
    esperanto = " ".join(words[letter] for letter in order)
    return f"{subject} {verb} {thing}.".capitalize(), f"{esperanto}.".capitalize(), order


# %% tags=["nbval-check-output"]
rng = random.Random(seed)
rows = [pair_of(rng) for _ in range(own_pairs)]
Path(own.data.corpus).write_text("".join("\t".join(row) + "\n" for row in rows), encoding="utf-8")
for english, esperanto, order in rows[:4]:
    print(f"{esperanto}\n    {order}  {english}")

# %% [markdown]
# Every pair has its word order in the third column. A held-out set keeps that column as its groups, so you can ask for
# each order separately how well it is translated.
#
# Esperanto's ĉ, ĝ, ŝ and ŭ lose their hats in normalising, like French letters their accents. Do two words become one
# that way? With a language of yours, look before you trust:

# %%
words = {word.lower().strip(".") for _, esperanto, _ in rows for word in esperanto.split()}
assert len({normalise(word) for word in words}) == len(words)  # none became another

# %%
corpus = prepare(own.data)
show_table(["step", "pairs left"], corpus.steps)
show_text(
    f"{len(corpus.train):,} pairs to train on, {len(corpus.test):,} test sentences; vocabularies of "
    f"{len(corpus.src_vocabulary)} Esperanto and {len(corpus.tgt_vocabulary)} English words."
)

# %% [markdown]
# > **Guess first**
# >
# > A model with attention is trained on these pairs for some seconds. Which of the three orders will it translate worst
# > on sentences it has never seen? And what will it make of an order that the generator never writes, verb first?

# %%
trainer = Trainer(corpus, own, work / "esperanto", watchers=[LiveLine()])
progress = trainer.fit()

# %%
scores, translations = evaluate(trainer.translator, corpus.test)
by_order = score_groups(translations, corpus.test, seen=frozenset())
show_table(
    ["order", "test sentences", "BLEU", "word for word right"],
    [[order, row["sentences"], row["bleu"], f"{row['exact_match']:.0%}"] for order, row in by_order.items()],
)
show_text(f"All test sentences together: BLEU **{scores.bleu:.1f}**, word for word right **{scores.exact_match:.0%}**.")

# %% [markdown]
# Not one of these sentences was in training, on either side. Now put the model to the test that the language makes possible:
# the same three words in another order, and an *-n* that moves. The last two lines have the verb first, an order that is good
# Esperanto and is not in the file:

# %%
questions = [
    "La kato vidas la hundon.",
    "La hundon vidas la kato.",
    "La kato la hundon vidas.",
    "La hundo vidas la katon.",
    "La katon vidas la hundo.",
    "Vidas la kato la hundon.",
    "Vidas la katon la hundo.",
]
answers = [trainer.translator.translate(sentence) for sentence in questions]
show_table(
    ["Esperanto", "translation"],
    [[question, answer.text] for question, answer in zip(questions, answers, strict=True)],
)

# %% tags=["hide-input"] mystnb={"image": {"alt": "Heat map of attention weights, Esperanto source words along one axis and the English translation along the other."}}
crossing = answers[1]
if crossing.attn_weights is not None:
    show_figure(plot_attention(crossing))

# %% [markdown]
# **Figure 12.1.** An object that comes first in Esperanto and last in English: attention has to cross over.

# %% [markdown]
# Compare the answers with the table of four sentences above, and look at Figure 12.1. Where all of the
# first five are right, a model without any rule about cases has found out that an ending matters and a place does not,
# from sentences alone. What it does with the last two it was never told. Read them as what they are: a guess beyond the
# data.
#
# ### Which language is this?
#
# The package puts apostrophes back for English and for French. For any other target it only sets marks, and it has to
# be told, because a file does not say what language it is in. A translator that goes *into* your language is told like this:

# %%
esperanto_speaker = replace(trainer.translator, language="eo")
print(esperanto_speaker.language)

# %% [markdown]
# ## The reverse direction
#
# The flag `reverse` makes the first column the source. With the embedded corpus that is English to French. The pairs are
# the same, the split is the same (the English text decides it in both directions), and the task is another:

# %%
corpus_fr = prepare(reverse.data)
trainer_fr = Trainer(corpus_fr, reverse, folder_for(reverse), watchers=[LiveLine()])
progress_fr = trainer_fr.fit()

# %%
scores_fr, _ = evaluate(trainer_fr.translator, corpus_fr.test)
show_text(
    f"English to French on {len(corpus_fr.test):,} held-out sentences: BLEU **{scores_fr.bleu:.1f}** (95%: "
    f"{scores_fr.bleu_low:.1f} to {scores_fr.bleu_high:.1f}), word for word right **{scores_fr.exact_match:.0%}**."
)

# %%
english = [
    "The black cat is asleep.",
    "The cats aren't asleep.",
    "She ate the red apples.",
    "I love it.",
    "Are you tired?",
]
show_table(
    ["English", "French, as the model writes it"],
    [[sentence, trainer_fr.translator.translate(sentence).text] for sentence in english],
)

# %% [markdown]
# (Where French comes out that makes no sense, look for a word that the grammar does not have: "asleep" is one.) What
# changes when you turn around?
#
# - *French asks for more than English tells.* "Tired" is « fatigué » or « fatiguée », "you" is « tu » or « vous ». The
#   source often does not say which. The model has to pick one, and may be marked down for a good answer.
# - *The accents are gone for good.* On the side you read, normalising does little harm. On the side you write, your reader
#   gets « fatigue » for « fatigué ». A product would keep accents in its target: other rules in `text.py`, the same network.
# - Scores of the two directions are on different languages and different references. Do not compare them.
#
# ## What is in a run's folder
#
# Training has written a folder. Everything that a run is lies in it:

# %%
what = {
    "run.json": "settings, vocabularies, versions; written once",
    "model.safetensors": "the weights that validation liked best",
    "checkpoint": "all that is needed to go on exactly; the newest two",
    "record.jsonl": "a line for every step and every evaluation",
    "lock": "keeps two processes from training one run",
}
folder = trainer.run.folder
table = []
for path in sorted(folder.iterdir()):
    meaning = [text for name, text in what.items() if path.name.startswith(name)]
    table.append([path.name, f"{path.stat().st_size / 1024:,.0f} KiB", *(meaning or ["written by other commands"])])
show_table(["file", "size", "what it is"], table)

# %% [markdown]
# A checkpoint is about three times as large as the model: Adam keeps two more numbers for every weight. Opening a run reads
# `run.json` and nothing else; `load_translator` adds the weights:

# %%
show_source(load_translator)

# %%
run = open_run(folder)
assert run.settings == own
assert run.src_vocabulary == corpus.src_vocabulary
again = load_translator(folder)
assert [again.translate(sentence).text for sentence in questions] == [answer.text for answer in answers]
show_text(f"`{run.settings.name}`: {count_parameters(again.model):,} parameters.")


# %% [markdown]
# ### Why loading cannot run code
#
# Weights of neural networks used to be shared as pickles. A pickle is not data. It is a *program* for a small machine inside
# Python, and one of its instructions is: call this function. See what loading one can do:


# %% tags=["nbval-check-output"]
class Surprise:
    def __reduce__(self):  # what pickle is told to do in order to "rebuild" the object
        return print, ("this line was run by loading a file",)


_ = pickle.loads(pickle.dumps(Surprise()))

# %% [markdown]
# Here it is `print`. It could be anything that Python can do with your files. So a run keeps its weights in a safetensors
# file. Its whole format fits into one sentence: eight bytes that say how long the header is, a header in JSON that names
# each tensor with its type, shape and place, and then the numbers. There is no instruction in it. A few lines read it:

# %% tags=["nbval-check-output"]
with (folder / "model.safetensors").open("rb") as stream:
    size = int.from_bytes(stream.read(8), "little")
    header = json.loads(stream.read(size))
metadata = header.pop("__metadata__")
print("metadata:", ", ".join(sorted(metadata)))
for name in ("encoder.layers.0.weight_hh_l0", "encoder.layers.0.weight_hh_l0_reverse", "encoder.layers.0.bias_hh_l0"):
    print(name, header[name]["dtype"], header[name]["shape"])

# %% [markdown]
# The metadata holds a SHA-256 over names, types, shapes and numbers. It guards against accidents, not against a liar, who
# could write a new checksum with new weights. The worst a liar can do is a bad translator.
#
# ## Sharing
#
# A friend needs two files: `run.json` and `model.safetensors`. Pack them; carry the archive over; unpack it; translate.

# %%
parcel = work / "parcel"
parcel.mkdir(exist_ok=True)
for name in ("run.json", "model.safetensors"):
    shutil.copy(folder / name, parcel / name)
archive = shutil.make_archive(str(work / "esperanto-to-english"), "zip", parcel)

friend = work / "friend"
shutil.unpack_archive(archive, friend)
received = load_translator(friend)
show_text(
    f"{Path(archive).name}, {Path(archive).stat().st_size / 1024:,.0f} KiB. It says: *{received.translate(questions[1]).text}*"
)

# %% [markdown]
# Equal, or only similar? Every number is compared:

# %%
sent, arrived = again.model.state_dict(), received.model.state_dict()
assert sent.keys() == arrived.keys()
assert all(torch.equal(sent[name], arrived[name]) for name in sent)
assert [received.translate(sentence).text for sentence in questions] == [answer.text for answer in answers]


# %% [markdown]
# Two things to know before you send it. `run.json` holds *every word* of your training sentences and how often each was
# seen; with private data, that is something you may not want to give away. And a model is made of its data: the licence of
# the sentences, and the names of those who wrote them, belong beside it.
#
# ### A file that was damaged on the way
#
# Disks fill up, downloads break off, a bit flips. Try it: change the file in five ways, and let the friend load it
# each time.


# %%
def load_damaged(change: Callable[[Path], object]) -> str:
    """Load a copy of the parcel after something has been done to it; what the package says."""
    copy = work / "damaged"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(parcel, copy)
    change(copy)
    try:
        load_translator(copy)
    except RunError as error:
        return str(error).replace(str(copy), "damaged")
    return "loaded without a complaint"


def flip_one_bit(folder: Path) -> None:
    path = folder / "model.safetensors"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


# %% tags=["nbval-check-output"]
weights, settings_file = "model.safetensors", "run.json"
smaller = replace(run, settings=replace(own, model=replace(own.model, embedding_size=16, hidden_size=16)))
for name, change in {
    "nothing": lambda copy: None,
    "one bit flipped": flip_one_bit,
    "cut short": lambda copy: (copy / weights).write_bytes((copy / weights).read_bytes()[:10_000]),
    "weights of another model": lambda copy: save_model(copy / weights, smaller.build_model()),
    "settings cut short": lambda copy: (copy / settings_file).write_text('{"format": 1, "sett'),
    "settings missing": lambda copy: (copy / settings_file).unlink(),
}.items():
    print(f"{name}:\n    {load_damaged(change)}")

# %% [markdown]
# One bit among millions, and it is found. Without the checksum that weight would have been loaded, wrong by a little or by
# a lot, and you would have looked for the reason in your code. A run in training is treated likewise: a damaged checkpoint
# is set aside, and the one before it is used.
#
# The last thing a folder guards against is its owner. Give it another seed and call it the same run:

# %% tags=["nbval-check-output"]
try:
    Trainer(corpus, replace(own, training=replace(own.training, seed=1)), folder, watchers=[])
except RunError as error:
    print(str(error).replace(str(folder), "runs/esperanto"))

# %% [markdown]
# ## Recap
#
# - Two columns with a tab are all the package asks for; a third is kept. Mistakes are named by their line.
# - Another language needs another file, no other code. First see what normalising does to its letters.
# - `reverse` turns the direction; the split stays where it is, and the target side pays for what normalising throws away.
# - A run is a folder. `run.json` and `model.safetensors` are the model; the rest is for going on.
# - Weights are numbers in a file that cannot do anything, with a checksum that finds a single flipped bit.
#
# ## Exercises

# %% [markdown]
# ### Exercise 12.1: English to Esperanto
#
# Train the other direction on the same file. The English says nothing about the order of the Esperanto. What does this do to
# the scores, and what does the model do about the *-n*? Check that it has put one on some word of each sentence.

# %% [markdown]
# ### Solution to exercise 12.1

# %% tags=["solution"]
turned = replace(own, name="to-esperanto", data=replace(own.data, reverse=True))
corpus_eo = prepare(turned.data)
trainer_eo = Trainer(corpus_eo, turned, work / "to-esperanto", watchers=[LiveLine()])
progress_eo = trainer_eo.fit()
scores_eo, translations_eo = evaluate(replace(trainer_eo.translator, language="eo"), corpus_eo.test)

# %% tags=["solution"]
assert {text for texts in corpus.test.references for text in texts} == set(corpus_eo.test.sources)
orders = Counter(
    "object first" if words.index(marked[0]) < len(words) / 2 else "object later"
    for words in (translation.words for translation in translations_eo)
    if (marked := [word for word in words if word.endswith("n")])
)
show_text(
    f"Word for word right: **{scores_eo.exact_match:.0%}**, against {scores.exact_match:.0%} in the other direction. "
    f"An *-n* stands in {orders.total() / len(translations_eo):.0%} of the translations: "
    + ", ".join(f"{count} with the {name}" for name, count in orders.most_common())
    + "."
)

# %% [markdown]
# The English leaves the order open, and the file holds one of three at random. Nobody can guess it: even someone with
# perfect Esperanto would meet the one reference about one time in three. A score with a single reference measures agreement
# with a single writer. Look for the *-n* before you call the model bad.

# %% [markdown]
# ### Exercise 12.2: Weigh without unpacking
#
# How many parameters has a model? Work it out from the header of its safetensors file alone, and check it against
# `count_parameters`. Do they agree?

# %% [markdown]
# ### Solution to exercise 12.2

# %% tags=["solution"]
stored = sum(torch.Size(entry["shape"]).numel() for entry in header.values())
tensors, _ = load_tensors(folder / "model.safetensors")
assert stored == sum(tensor.numel() for tensor in tensors.values())
assert stored == count_parameters(again.model)
show_text(f"{stored:,} numbers in the file, {count_parameters(again.model):,} parameters.")

# %% [markdown]
# ### Exercise 12.3: Rescue an old file
#
# A friend sends you Esperanto in ISO 8859-3, an encoding from before Unicode won. The package refuses it. Write it
# anew as UTF-8 and read it. Then try to read the same bytes as Latin-1 (ISO 8859-1): why is no error worse than an error?

# %% [markdown]
# ### Solution to exercise 12.3

# %% tags=["solution", "nbval-check-output"]
old = "The horse hears the king.\tLa ĉevalo aŭdas la reĝon.\n".encode("iso-8859-3")
for encoding in ("iso-8859-3", "iso-8859-1"):
    file.write_text(old.decode(encoding), encoding="utf-8")
    print(encoding, read_file(file).second)

# %% [markdown]
# In Latin-1 every byte is some letter, so nothing is refused. <span lang="eo">"ĉevalo"</span> becomes "æevalo", which
# normalising turns into "aeevalo". This word does not exist, and yet you see no message.

# %% [markdown]
# ## What to read next
#
# Your own file of pairs: [From the command line](../book/from-the-command-line.md) has all commands in their order, and [Which
# sizes](../book/which-sizes.md) helps you to choose the settings. Then [More machines](13_more_machines.ipynb) once it has grown too large for one process. The
# [reference](../book/api.md) has every function of the package, the [glossary](../book/glossary.md) every term. Where
# your data come from, and under which licence, belongs beside your model: [Tatoeba (2026)](https://tatoeba.org) shows
# how.
