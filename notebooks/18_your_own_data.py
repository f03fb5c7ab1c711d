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
# Sooner or later you will want to translate something else: another pair of languages, the sentences of your company, or
# the questions and answers of a game. You then start with a file, and this chapter follows it all the way: we *look* at the
# file, *choose* settings that fit it, *train*, *measure*, *compare* with another system, *adapt* the model to new sentences, and
# *show* it to others. Every step is one command of `s2s-tutorial`, which you can type in a terminal exactly as it is written
# here. (In the cells, the function `terminal` runs it for us.)
#
# Several of these steps can end in a wrong result without any error: columns that are swapped, letters that get lost, a score
# of sentences that the model has learned by heart, a difference that is nothing but chance. So at each step we also see how
# to notice this.
#
# > **What you will be able to do**
# >
# > - say which columns of a file are read, which lines are left out, and why
# > - train a model with settings that were chosen for your pairs, and change them
# > - measure any system on the same held-out sentences, and say whether a difference is more than chance
# > - continue a training, adapt a trained model to new sentences, and notice what it forgets
# > - show a model as a web page, and send it to others in two files that cannot run code
#
# At `small` the chapter trains for some seconds, at `standard` for two or three minutes.

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
import contextlib
import json
import pickle
import random
import shlex
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from IPython.utils.capture import capture_output
from typer.testing import CliRunner

from s2s_tutorial.cli.commands import app
from s2s_tutorial.data.readers import read_file
from s2s_tutorial.model.seq2seq import count_parameters
from s2s_tutorial.notebook.plots import plot_attention
from s2s_tutorial.notebook.show import show_figure, show_source, show_table, show_text
from s2s_tutorial.presets import load_scale
from s2s_tutorial.runs.folder import RunError
from s2s_tutorial.runs.weights import load_translator

scale = load_scale()  # S2S_SCALE: small, standard or large
work = Path(tempfile.mkdtemp(prefix="s2s-"))  # files of this chapter; name a folder of yours to keep them
own_pairs = {"small": 300}.get(scale.name, 1_500)  # sentence pairs of the new language
less = {"small": " --epochs 4 --hidden-size 64"}.get(scale.name, "")  # at small, train less than the pairs need
seed = 0  # of the sentences written below


def terminal(line: str, show: bool = True, live: bool = False) -> str:
    """Run a command line of `s2s-tutorial` in the chapter's folder, and return what it prints.

    With `show`, what it prints is shown, and with `live`, the pictures of a training.
    """
    with contextlib.chdir(work), capture_output(display=not live):
        result = CliRunner().invoke(app, shlex.split(line)[1:])
    if not isinstance(result.exception, SystemExit | None):
        raise result.exception
    if show:
        print(f"$ {line}\n{result.output}".rstrip())
    return result.stdout


# %% [markdown]
# ## A language of our own
#
# We need a file that you have not seen before, and one that we understand completely. So we write it ourselves, with a few
# lines that generate Esperanto. Esperanto does something that neither French nor English does: **the ending says who does
# what to whom, the order does not**. The object ends in *-n*:
#
# | Esperanto | order | English |
# | :--- | :--- | :--- |
# | <span lang="eo">La kato vidas la hundon.</span> | subject, verb, object | The cat sees the dog. |
# | <span lang="eo">La hundon vidas la kato.</span> | object, verb, subject | The cat sees the dog. |
# | <span lang="eo">La kato la hundon vidas.</span> | subject, object, verb | The cat sees the dog. |
# | <span lang="eo">La hundo vidas la katon.</span> | subject, verb, object | The dog sees the cat. |
#
# Nouns end in *-o* and adjectives in *-a*. In the plural both get a *-j*, and as objects both get an *-n*. Verbs end in
# *-as* in the present, in *-is* in the past and in *-os* in the future, for every person. That is enough for a
# generator: `pair_of` draws a subject, a verb and an object from short lists of words, and puts the Esperanto into one
# of the word orders that we name. `write_pairs` writes such pairs into a file.

# %% tags=["hide-input"]
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


# %% tags=["hide-input"]
def noun_phrase(rng: random.Random, is_object: bool) -> tuple[str, str, bool]:
    """Return English, Esperanto, and whether it is a plural."""
    (singular, plural, stem), many = rng.choice(nouns), rng.random() < 0.3
    ending = "j" * many + "n" * is_object
    english, esperanto = (plural if many else singular), f"{stem}o{ending}"
    if rng.random() < 0.5:
        adjective, its_stem = rng.choice(adjectives)
        english, esperanto = f"{adjective} {english}", f"{its_stem}a{ending} {esperanto}"
    return f"the {english}", f"la {esperanto}", many


def pair_of(rng: random.Random, orders: list[str]) -> tuple[str, str, str]:
    """Return an English sentence, its Esperanto, and the word order of that."""
    (subject, its_eo, many), (thing, thing_eo, _) = noun_phrase(rng, False), noun_phrase(rng, True)
    (third, base, past, stem), tense = rng.choice(verbs), rng.choice(("as", "is", "os"))
    verb = {"as": base if many else third, "is": past, "os": f"will {base}"}[tense]
    order = rng.choice(orders)
    words = {"S": its_eo, "V": stem + tense, "O": thing_eo}
    esperanto = " ".join(words[letter] for letter in order)
    return f"{subject} {verb} {thing}.".capitalize(), f"{esperanto}.".capitalize(), order


def write_pairs(name: str, rows: list[tuple[str, ...]]) -> None:
    """Write a file of columns separated by tabs."""
    (work / name).write_text("".join("\t".join(row) + "\n" for row in rows), encoding="utf-8")


# %% tags=["nbval-check-output"]
rng = random.Random(seed)
rows = [pair_of(rng, ["SVO", "OVS", "SOV"]) for _ in range(own_pairs)]
write_pairs("esperanto.tsv", rows)
for english, esperanto, order in rows[:4]:
    print(f"{esperanto}\n    {order}  {english}")

# %% [markdown]
# The file has three columns: English, Esperanto, and the word order of the Esperanto. The third one is not translated, but we
# will get a score for each word order from it.
#
# ## Look
#
# Before we train on a file, we look at what the package makes of it. `data` prints which columns it reads, with an example
# of each, and how many pairs are left after each step:

# %%
_ = terminal("s2s-tutorial data --corpus esperanto.tsv --languages eo en")

# %% [markdown]
# Read the two example sentences first. The model translates the *source* into the *target*; without a header, the second column
# is the source and the first one the target. If that is the wrong way round, `--reverse` turns it, and `--source-column` and
# `--target-column` take the name or the number of a column. `--languages` names the two languages in tables, messages and pages. If
# a header has their names, or if they have different scripts, it also decides which column is which, and a column whose letters are
# not those of its language gets a warning.
#
# The pairs are then divided so that no sentence is in two sets, on either side. If your file contains questions and answers, many
# questions share the answer "yes", and this rule would drop most of them. `data` then reports it and proposes `--split-by source`.
# If you have files for validation and test already, name them with `--valid` and `--test`.
#
# Files that people write contain mistakes. For each of these five files, the package prints one line with what is wrong, where
# it is, and what to do:

# %% tags=["nbval-check-output"]
mistakes = {
    "spaces.tsv": b"Good morning.\tBonan matenon.\nThank you. Dankon.\n",
    "columns.tsv": b"Yes.\tJes.\tmine\ttoday\nNo.\tNe.\tmine\ttoday\nGood.\tBone.\tmine\tnow\n",
    "old.tsv": "Bread.\tPano.\nTomorrow.\tMorgaŭ.\n".encode("iso-8859-3"),
    "nothing.tsv": b"\n\n",
    "few.tsv": b"Yes.\tJes.\nNo.\tNe.\n",
}
for name, data in mistakes.items():
    (work / name).write_bytes(data)
    _ = terminal(f"s2s-tutorial data --corpus {name}")

# %% [markdown]
# A single bad line among many thousand should not stop you. With `--skip-bad` such lines are left out, counted and listed, so
# that you can see whether it really was one line:

# %% tags=["nbval-check-output"]
lines = (work / "esperanto.tsv").read_text(encoding="utf-8").splitlines()
(work / "one-bad.tsv").write_text("\n".join([*lines[:10], "no tab in this line", *lines[10:]]), encoding="utf-8")
print("\n".join(terminal("s2s-tutorial data --corpus one-bad.tsv --skip-bad", show=False).splitlines()[:5]))

# %% [markdown]
# The same command reads the other formats in which pairs come: CSV, JSON lines, two parallel files (`--corpus train.en
# train.eo`), all of them packed or not. `s2s-tutorial data -h` lists the options.
#
# ## Choose
#
# How large should the model be, and how long should it train? The presets of this book were made for its own corpora, and on 500
# pairs their few [epochs](../book/glossary.md "epoch") would end before the model has learned anything. Without `--preset`, the settings
# are therefore chosen from your pairs: from their number, their length and their script. `settings` prints them as a file, with
# a comment for each:

# %%
chosen = terminal("s2s-tutorial settings --corpus esperanto.tsv --languages eo en", show=False)
wanted = (
    "# settings",
    "#    ",
    "[",
    "text =",
    "tokens =",
    "hidden_size =",
    "dropout =",
    "batch_size =",
    "learning_rate =",
    "epochs =",
)
print("\n".join(line for line in chosen.splitlines() if line.startswith(wanted)))

# %% [markdown]
# These are the lines of the file that matter most. Small data need a small model, small batches and many epochs, so that there
# are enough steps. Words are kept whole, because most pieces of words ([Subwords](24_subwords.ipynb)) would be too rare to be
# learned from so few pairs.
#
# The rule cannot know what you plan. Later in this chapter, we will give the model sentences that begin with a verb. For a
# model of words, "Vidas" with a capital letter is another word than "vidas", and one that it has never met. Pieces of words have no
# unknown words, so we choose them with the option `--tokens subwords`. Every setting has such an option. If you change
# several, write them into a file, which needs only the settings that you change:

# %%
(work / "my-settings.toml").write_text('[data]\ntokens = "subwords"\n\n[training]\npatience = 8\n', encoding="utf-8")
changed = terminal("s2s-tutorial settings --corpus esperanto.tsv --settings my-settings.toml", show=False)
print("\n".join(line for line in changed.splitlines() if line.startswith(("tokens", "patience"))))

# %% [markdown]
# ## Train
#
# > **Guess first**
# >
# > A model with attention is trained on these pairs. Which of the three word orders will it translate worst on sentences that it
# > has never seen? And how good would a translation be that simply replaces each word by its meaning?

# %% mystnb={"image": {"alt": "Curves of the loss, of validation BLEU and of the gradient norms over the steps of the training, and the attention to a sample sentence."}}
command = f"s2s-tutorial train --corpus esperanto.tsv --languages eo en --tokens subwords{less} --run runs/esperanto"
print("$", command)
trained = terminal(command, show=False, live=True)

# %% [markdown]
# **Figure 18.1.** The training as a notebook shows it. In a terminal you see a progress bar instead.

# %%
print("\n".join(trained[trained.index("Finished") :].splitlines()[:8]))

# %% [markdown]
# At its end, the command prints how training ended, the scores on the test set, and ten held-out sentences, of which we show the
# first. Each has its source (`>`), its reference (`=`) and its translation (`<`). Read these before you believe any score. If a model
# has learned nothing, or if its loss has diverged, the command reports it and names what to try.
#
# ## Measure
#
# `evaluate` measures a run on its held-out test set. Because our file has a third column whose entries repeat, we get a table
# of these categories. (If the lengths of your sentences differ more than here, a second table groups them by length.)

# %%
_ = terminal("s2s-tutorial evaluate --run runs/esperanto")

# %% [markdown]
# There are two BLEU scores here. The first compares words in a simple form, without case and accents. It is used everywhere in
# this book, so that models with different text rules can be compared. The second one, "as printed", compares what a reader would
# see. [How good is it?](13_how_good_is_it.ipynb) explains the interval in brackets, which is wide when the test set is small, and
# the signatures below the scores. A score without a signature cannot be compared with others.
#
# What does the model do with sentences of your own? The language makes a good test possible: the same three
# words in another order, and an *-n* that moves. The last two sentences begin with the verb. This is good Esperanto, and the
# file has no such sentence.

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
translator = load_translator(work / "runs" / "esperanto")
answers = translator.translate(questions)
show_table(
    ["Esperanto", "translation"],
    [[question, answer.text] for question, answer in zip(questions, answers, strict=True)],
)

# %% tags=["hide-input"] mystnb={"image": {"alt": "Heat map of attention weights, Esperanto source words along one axis and the English translation along the other."}}
show_figure(plot_attention(answers[1]))

# %% [markdown]
# **Figure 18.2.** Attention for an object that comes first in Esperanto and last in English.

# %% [markdown]
# Compare the answers with the table of four sentences above. Where the first five are right, the model has found out that the
# ending matters and the position does not, from sentences alone. What it does with the last two is a guess beyond its data, and
# we come back to them.
#
# ## Compare
#
# Is that any good? A score means little alone, so we need something to compare it with. The simplest translator replaces
# each word by its meaning and leaves the order as it is. It takes the meanings from the lists of words with which our
# file was written, `nouns`, `adjectives` and `verbs`:

# %%
meanings = {"la": "the"}
for singular, plural, stem in nouns:
    meanings |= {f"{stem}o{n}": singular for n in ("", "n")} | {f"{stem}oj{n}": plural for n in ("", "n")}
for adjective, stem in adjectives:
    meanings |= {f"{stem}a{ending}": adjective for ending in ("", "n", "j", "jn")}
for third, base, past, stem in verbs:
    meanings |= {f"{stem}as": third, f"{stem}is": past, f"{stem}os": f"will {base}"}


def word_by_word(sentence: str) -> str:
    """Replace every word by its meaning."""
    return " ".join(meanings.get(word, word) for word in sentence.lower().rstrip(".").split()).capitalize() + "."


print(word_by_word("La kato vidas la hundon."), word_by_word("La hundon vidas la kato."))

# %% [markdown]
# Any two systems can be compared if they translate the *same* held-out sentences. `--write` writes these sentences into a folder
# as text, with their references and the translations of the run:

# %%
written = terminal("s2s-tutorial evaluate --run runs/esperanto --write texts", show=False)
print(written[written.index("wrote") :])
print(sorted(path.name for path in (work / "texts").iterdir()))

# %% [markdown]
# The last lines are commands for `sacrebleu`, the program with which most papers on translation are scored. It computes the same
# scores from these files, so you can check them without our package. We run the first of the two commands:

# %% tags=["hide-input"]
command = next(line.split(": ", 1)[1] for line in written.splitlines() if line.startswith("the scores as printed"))
arguments = shlex.split(command)[1:]
done = subprocess.run(
    [sys.executable, "-m", "sacrebleu", *arguments, "-b", "-w", "1"],
    cwd=work,
    capture_output=True,
    text=True,
    check=True,
)
values = json.loads(terminal("s2s-tutorial evaluate --run runs/esperanto --json", show=False))
by_sacrebleu, by_us = json.loads(done.stdout)[0], values["printed"]["bleu"]
show_text(f"BLEU as printed: {by_sacrebleu} by the command `sacrebleu`, {by_us:.1f} by `evaluate`.")
assert abs(by_sacrebleu - by_us) < 0.06

# %% [markdown]
# Now our simple translator gets the same sentences. Its output is a text file with one line for each source, and `--hypotheses`
# measures such a file. The translations may come from anywhere: another program, a website, or a person.

# %%
sources = (work / "texts" / "sources.txt").read_text(encoding="utf-8").splitlines()
(work / "word-by-word.txt").write_text("".join(f"{word_by_word(text)}\n" for text in sources), encoding="utf-8")
_ = terminal("s2s-tutorial evaluate --run runs/esperanto --hypotheses word-by-word.txt --compare runs/esperanto")

# %% [markdown]
# The last part of the output answers whether the difference could be chance. The **paired bootstrap test** draws many test sets
# from our sentences and scores both systems on each, as in [How good is it?](13_how_good_is_it.ipynb). From these it estimates
# *p*: how often a difference at least this large would appear if both systems were equally good. A small *p*, by convention below
# 0.05, means that one of them is better on sentences like these. A large one does *not* mean that they are equally good; the
# test set may just be too small to tell.
#
# Look at the categories as well. Where the order of the words is the same in both languages, replacing words already works. Where it
# differs, it fails, and a single score for the whole set would not have told you this.
#
# ## Adapt
#
# The model has never seen a sentence that begins with its verb. Suppose that we now get a small file of such sentences. We could
# train again on everything, or continue with the model that we have. The second is called **fine-tuning**, and it needs much
# less time and data, since the model already knows the words:

# %%
verb_first = [pair_of(rng, ["VSO", "VOS"]) for _ in range(own_pairs // 6)]
write_pairs("verb-first.tsv", verb_first)
adapt = "s2s-tutorial train --from runs/esperanto --corpus verb-first.tsv --languages eo en"
adapted = terminal(f"{adapt}{less.partition(' --hidden')[0]} --run runs/adapted", show=False)
print(f"$ {adapt} --run runs/adapted")
print("\n".join(line for line in adapted.splitlines() if line.startswith(("starts from", "old pairs", "Finished"))))

# %% [markdown]
# The new run has the network and the vocabularies of the first one, and remembers it as its parent. Its learning rate is lower,
# so that it does not overwrite at once what was learned. We compare both on new sentences of the new kind, which we write now:

# %%
new_test = [pair_of(rng, ["VSO", "VOS"]) for _ in range(200)]
known = {english for english, _, _ in [*rows, *verb_first]}
write_pairs("verb-first-test.tsv", [row for row in new_test if row[0] not in known])
_ = terminal("s2s-tutorial evaluate --run runs/adapted --pairs verb-first-test.tsv --compare runs/esperanto")

# %% [markdown]
# The warning in the output is about the capital letters with which the verbs now begin. No sentence of the first file
# begins with a verb, so most of these letters are missing from its vocabulary, which the new run has inherited, and both
# models read them only as bytes. The other letters of a verb still tell which one it is, so the scores need not suffer.
# But scores on new sentences answer only half of what we need to know, because the model may also have *forgotten*
# something. The files that we wrote above are two parallel files, and `--pairs` reads them like any other, the target
# first:

# %%
old_test = "texts/references.txt texts/sources.txt"
_ = terminal(f"s2s-tutorial evaluate --run runs/adapted --pairs {old_test} --compare runs/esperanto")

# %% [markdown]
# A model that is trained on new sentences alone may lose much of what it knew, since nothing tells it to remember. This is called
# **catastrophic forgetting**. The command therefore mixes pairs of the first run into the new ones, as its line "old pairs" says.
# Exercise 18.2 measures what happens without them.
#
# If a training has ended too early, you need no new pairs. `--more-epochs` continues a finished run with the pairs that it had. The
# result is a new run as well, so you can compare both:

# %%
longer = terminal("s2s-tutorial train --from runs/esperanto --more-epochs 1 --run runs/longer", show=False)
_ = terminal("s2s-tutorial runs runs")

# %% [markdown]
# `runs` lists all runs of a folder, their parents and their scores. Scores of runs with different test sets cannot be compared with
# one another, so look at the pairs, too.
#
# ## Show
#
# A model that only runs in your terminal convinces few people. `page` writes a folder with a web page, which translates in the
# browser, without a server and without a network connection:

# %%
_ = terminal("s2s-tutorial page --run runs/esperanto --to page")

# %% [markdown]
# Open `index.html` in that folder. The page shows held-out sentences of your file, the attention weights of each translation, and beam
# search. To put it on the web, copy the folder there. If a program is to use the model, `serve` answers on your own machine, with
# the same page and a small JSON interface ([Show your model](../book/show-your-model.md) describes both):
#
# ```bash
# s2s-tutorial serve --run runs/esperanto
# curl -H "Content-Type: application/json" -d '{"text": "La kato vidas la hundon."}' http://127.0.0.1:8765/translate
# ```
#
# ### Sending a model in two files
#
# To use a model in Python, you need only two files of its run. The table shows all files in its `folder`, and what each
# is for. The cell below it packs the two, unpacks them elsewhere as a friend would do, and checks that the translations
# are the same:

# %% tags=["hide-input"]
what = {
    "run.json": "settings, vocabularies, versions; written once",
    "model.safetensors": "the weights with the best validation score",
    "checkpoint": "everything that is needed to resume exactly; the newest two",
    "record.jsonl": "a line for every step and every evaluation",
    "lock": "keeps two processes from training one run",
}
folder = work / "runs" / "esperanto"
table = []
for path in sorted(folder.iterdir()):
    meaning = [text for name, text in what.items() if path.name.startswith(name)]
    size = "a folder" if path.is_dir() else f"{path.stat().st_size / 1024:,.0f} KiB"
    table.append([path.name, size, *(meaning or ["pictures, scores and curves"])])
show_table(["file", "size", "what it is"], table)

# %%
parcel = work / "parcel"
parcel.mkdir(exist_ok=True)
for name in ("run.json", "model.safetensors"):
    shutil.copy(folder / name, parcel / name)
archive = shutil.make_archive(str(work / "esperanto-to-english"), "zip", parcel)
shutil.unpack_archive(archive, work / "friend")
received = load_translator(work / "friend")
assert [received.translate(sentence).text for sentence in questions] == [answer.text for answer in answers]
show_text(
    f"{Path(archive).name}, {Path(archive).stat().st_size / 1024:,.0f} KiB, with {count_parameters(received.model):,} parameters"
)

# %% [markdown]
# Two things to know before you send it. `run.json` contains the vocabularies: *every word* of your training sentences and how often
# each was seen, or for a model of pieces, as here, the more frequent ones. If your data are private, you may not want to give that
# away. And a model is made of its data, so their licence and the names of those who wrote them belong beside it.
#
# ### Why loading it cannot run code
#
# Weights of neural networks used to be shared as pickles. A pickle is not only data. It is a *program* for a small machine inside
# Python, and one of its instructions is to call a function. This is what loading one can do:


# %% tags=["nbval-check-output"]
class Surprise:
    def __reduce__(self):  # tells pickle how to "rebuild" the object
        return print, ("this line was run by loading a file",)


_ = pickle.loads(pickle.dumps(Surprise()))

# %% [markdown]
# Here it is `print`, but it could be anything that Python can do with your files. A run therefore keeps its weights in a
# safetensors file: eight bytes with the length of a header, the header in JSON with the name, type, shape and place of each
# tensor, and then the numbers. It contains no instructions. `load_translator` reads it, and checks a SHA-256 of its content:

# %%
show_source(load_translator)


# %% [markdown]
# Disks fill up, downloads break off, and a bit may flip. So we load a copy of the two files, once as it is and once for each of
# four kinds of damage. `load_damaged` returns what the package reports:


# %% tags=["hide-input"]
def load_damaged(change: Callable[[Path], object]) -> str:
    """Change a copy of the parcel, load it, and return what the package reports."""
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
for name, change in {
    "nothing": lambda copy: None,
    "one bit flipped": flip_one_bit,
    "cut short": lambda copy: (copy / weights).write_bytes((copy / weights).read_bytes()[:10_000]),
    "settings cut short": lambda copy: (copy / settings_file).write_text('{"format": 1, "sett'),
    "settings missing": lambda copy: (copy / settings_file).unlink(),
}.items():
    print(f"{name}:\n    {load_damaged(change)}")

# %% [markdown]
# Even a single flipped bit is found. Without the checksum, the weight would have been loaded with a wrong value. The checksum guards
# against accidents, not against an attacker, who could compute a new one. But the worst that an attacker can do with such a file is
# to give you a bad translator.
#
# ## Recap
#
# - `data` shows which columns of a file are read and what is left out. Read its example sentences before anything else.
# - Without a preset, settings are chosen from the pairs. `settings` prints them, and options or a file change them.
# - `evaluate` measures a run, or with `--hypotheses` any other system, on the same held-out sentences. Categories in a third column
#   show where it fails. `--compare` says whether a difference is more than chance.
# - `train --from` adapts a model to new pairs, or continues its training, in a new run. Measure the old sentences, too.
# - `page` and `serve` show a model. Its weights are numbers in a file that cannot run code.
#
# ## Exercises

# %% [markdown]
# ### Exercise 18.1: English to Esperanto
#
# Train the other direction on the same file. The English says nothing about the word order of the Esperanto. What does this do to the
# scores? Compute the share of translations in which some word ends in *-n*.

# %% [markdown]
# ### Solution to exercise 18.1

# %% [markdown]
# `values` are the scores of the first direction, which we have computed above for the comparison with `sacrebleu`.

# %% tags=["solution"]
turned = terminal(
    f"s2s-tutorial train --corpus esperanto.tsv --languages en eo --reverse --tokens subwords{less} --run runs/to-esperanto",
    show=False,
)
_ = terminal("s2s-tutorial evaluate --run runs/to-esperanto --write to-esperanto", show=False)
outputs = (work / "to-esperanto" / "hypotheses.txt").read_text(encoding="utf-8").splitlines()
marked = sum(any(word.rstrip(".").endswith("n") for word in text.split()) for text in outputs) / len(outputs)
back = json.loads(terminal("s2s-tutorial evaluate --run runs/to-esperanto --json", show=False))
show_text(
    f"Word for word right: **{back['exact_match']:.0%}**, against {values['exact_match']:.0%} in the other direction. "
    f"A word with *-n* is in {marked:.0%} of the translations."
)

# %% [markdown]
# The English leaves the order open, and the file contains one of three at random. Even a person who speaks perfect Esperanto would meet
# the single reference about one time in three. A score with one reference measures agreement with one writer, so look at the
# *-n* before you call the model bad. But a share far below a third, as in the run shown here, is not explained by the order alone:
# print `outputs` beside the references to see the real mistakes.
#
# One model can also translate into several languages. [Johnson et al. (2017)](https://aclanthology.org/Q17-1024) put a word in front
# of each source sentence that names the language to translate into, and change nothing else. With this package, that is one file
# with the pairs of all directions, in which the sources begin with a word such as *Esperanto:* or *English:*. We have not
# measured it. If you try it, name the direction in the third column, and choose the held-out pairs yourself, with `--valid` and
# `--test`, so that no pair is held out in one direction and trained on in the other.

# %% [markdown]
# ### Exercise 18.2: Nothing but new sentences
#
# Adapt the first run once more, this time with `--no-rehearsal`, which leaves out the old pairs. Compare the result with the other
# adapted run, on the new and on the old test sentences. Which of the two would you give to a user?

# %% [markdown]
# ### Solution to exercise 18.2

# %% tags=["solution"]
only_new = terminal(f"{adapt}{less.partition(' --hidden')[0]} --no-rehearsal --run runs/only-new", show=False)
for pairs in ("verb-first-test.tsv", old_test):
    line = f"s2s-tutorial evaluate --run runs/only-new --pairs {pairs} --compare runs/adapted"
    print("\n".join(terminal(line, show=False).split("paired bootstrap test")[1].splitlines()[1:-1]), end="\n\n")

# %% [markdown]
# Compare the two tables. How much is forgotten depends on how different the new sentences are. Ours consist of the same words in
# another order, so you may see little loss here; with new words and subjects it is much larger. The test sentences were in neither of
# the two trainings. If they had been, the score would measure memory, and `--compare` would warn you of it.

# %% [markdown]
# ### Exercise 18.3: Rescue an old file
#
# A friend sends you Esperanto in ISO 8859-3, an encoding from the time before Unicode, and the package refuses it. Save it as
# UTF-8 and read it. Then read the same bytes as Latin-1 (ISO 8859-1). Why is it worse to see no error than to see one?

# %% [markdown]
# ### Solution to exercise 18.3

# %% tags=["solution", "nbval-check-output"]
file = work / "rescued.tsv"
bytes_of_old = "The horse hears the king.\tLa ĉevalo aŭdas la reĝon.\n".encode("iso-8859-3")
for encoding in ("iso-8859-3", "iso-8859-1"):
    file.write_text(bytes_of_old.decode(encoding), encoding="utf-8")
    print(encoding, read_file(file).second)

# %% [markdown]
# In Latin-1 every byte is some letter, so nothing is refused. <span lang="eo">“ĉevalo”</span> becomes "æevalo", which the text rule of
# this book turns into "aeevalo". This word does not exist, and yet you see no message.

# %% [markdown]
# ## What to read next
#
# [From the command line](../book/from-the-command-line.md) has all commands in their order, and [Which
# sizes](../book/which-sizes.md) helps you to choose the settings. If training takes too long, read [Faster on one
# machine](19_faster.ipynb) and [More machines](20_more_machines.ipynb). [Commands to a machine](21_commands.ipynb) and [Questions
# about a story](22_questions.ipynb) use the same package for tasks that are not translation. [Tatoeba (2026)](https://tatoeba.org)
# shows how to name the source and the licence of sentences.
