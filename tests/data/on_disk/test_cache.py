"""A corpus encoded into files equals the same corpus in memory, and bad files are detected."""

import json
import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tiny import TINY, everything

from s2s_tutorial.data import corpus as corpora
from s2s_tutorial.data.corpus import CorpusError, challenge_set, prepare
from s2s_tutorial.data.on_disk import cache as streaming
from s2s_tutorial.data.on_disk import scan
from s2s_tutorial.data.on_disk.cache import fingerprint, load, load_encoded, stream
from s2s_tutorial.data.on_disk.mapped_pairs import StoredPairs, checksum, encode_pairs, sentence_key
from s2s_tutorial.settings import DataSettings
from s2s_tutorial.training.trainer import Trainer

SAMPLE = DataSettings(corpus="sample", sample_pairs=3_000)
FILES = ["src.ids.npy", "src.starts.npy", "tgt.ids.npy", "tgt.starts.npy", "src.keys.npy", "test.tsv", "validation.tsv",
         "vocabularies.json", "corpus.json"]  # fmt: skip


def folder_in(place: Path) -> Path:
    [folder] = place.glob("encoded-*")
    return folder


@pytest.fixture
def tangled_file(tmp_path) -> Path:
    """Pairs that share sentences both ways, repeat, and hold rare words, over more than one piece of reading."""
    rng = random.Random(5)
    letters = "abcdefghij"

    def sentence(side: str) -> str:
        rare = f" rare{rng.choice(letters)}{rng.choice(letters)}{rng.choice(letters)}" if rng.random() < 0.02 else ""
        return f"{side} {rng.choice(letters)} {rng.choice(letters)}{rng.choice(letters)}{rare}."

    lines = [f"{sentence('un')}\t{sentence('deux')}\tby me\n" for _ in range(4_000)]
    path = tmp_path / "pairs.tsv"
    more = [
        "Go!\tVa !\n",
        "\tvide\n",
        "seven &amp; 7.\tþrír &quot;7&quot; дом.\n",
    ]  # letters, digits and entities that are lost
    path.write_text("".join([*lines, *more, *lines[:50]]), encoding="utf-8")
    return path


def same_corpus(one: corpora.Corpus, other: corpora.Corpus) -> None:
    assert (one.steps, one.word_counts) == (other.steps, other.word_counts)
    assert (one.src_vocabulary, one.tgt_vocabulary) == (other.src_vocabulary, other.tgt_vocabulary)
    assert (one.validation_pairs, one.test_pairs) == (other.validation_pairs, other.test_pairs)
    assert one.losses == other.losses
    for part in ("validation", "test"):
        assert replace(getattr(one, part), groups=None) == getattr(other, part)
    assert isinstance(other.train, StoredPairs)
    for found, expected, vocabulary in (
        (other.train.sources, one.train.sources, one.src_vocabulary),
        (other.train.targets, one.train.targets, one.tgt_vocabulary),
    ):
        assert list(found) == [
            one.rule.unsplit(word if word in vocabulary else "<unk>" for word in one.rule.split(text))
            for text in expected
        ]
    for stored, in_memory in zip(
        encode_pairs(other.train, one.src_vocabulary, one.tgt_vocabulary, one.rule),
        encode_pairs(one.train, one.src_vocabulary, one.tgt_vocabulary, one.rule),
        strict=True,
    ):
        assert np.array_equal(stored.ids, in_memory.ids)
        assert np.array_equal(stored.starts, in_memory.starts)
    assert other.train.src_keys.tolist() == [sentence_key(text) for text in one.train.sources]


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"reverse": True},
        {"unit": "words", "max_length": 8, "vocabulary_min_count": 3},
        {"trim_below": 5, "min_length": 3, "max_length": 40},
    ],
    ids=str,
)
def test_the_streamed_corpus_is_the_one_in_memory(tmp_path, monkeypatch, changes):
    monkeypatch.setattr(scan, "ROWS_AT_ONCE", 700)
    settings = replace(SAMPLE, **changes)
    same_corpus(prepare(settings), stream(settings, tmp_path))


@pytest.mark.parametrize("changes", [{}, {"trim_below": 3, "reverse": True}, {"text": "unicode"}], ids=str)
def test_a_file_with_shared_sentences_and_repeats_is_split_the_same_way(tangled_file, tmp_path, monkeypatch, changes):
    monkeypatch.setattr(scan, "ROWS_AT_ONCE", 300)
    monkeypatch.setattr("s2s_tutorial.data.reading.opening.BYTES_AT_ONCE", 5_000)
    settings = DataSettings(corpus=str(tangled_file), **changes)
    whole = prepare(settings)
    assert whole.steps[-1][1] < whole.steps[0][1] - 50  # there were repeats
    assert whole.test_pairs > len(whole.test)  # and references
    assert sum(losses.dropped.total() for losses in whole.losses) == (0 if settings.text == "unicode" else 4)
    streamed = stream(settings, tmp_path / "place")
    same_corpus(whole, streamed)
    for sides in ("sources", "targets"):
        texts = set(getattr(streamed.train, sides))
        for held_out in (streamed.test, streamed.validation):
            other = (
                held_out.sources
                if sides == "sources"
                else [text for texts in held_out.references for text in texts[:1]]
            )
            assert texts.isdisjoint(other)


def test_the_held_out_sets_end_at_the_same_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr(corpora, "MOST_HELD_OUT", 20)
    whole, streamed = prepare(SAMPLE), stream(SAMPLE, tmp_path)
    assert len(whole.test) == len(streamed.test) == 20
    assert whole.test_pairs > 20
    same_corpus(whole, streamed)


def test_held_out_sets_of_your_own_files_have_their_groups_and_no_gold_alignments(tmp_path):
    path = tmp_path / "own.tsv"
    path.write_text("".join(f"He {verb}.\tIl {verb}.\t{verb[0]}\n" for verb in ("sings", "sees", "runs")))
    settings = replace(SAMPLE, sample_pairs=300, test=str(path))
    whole, streamed = prepare(settings), stream(settings, tmp_path)
    assert streamed.test == whole.test
    assert (whole.test.groups, whole.test.alignments) == (["s", "s", "r"], None)
    assert streamed.validation.alignments == whole.validation.alignments
    assert whole.validation.alignments is not None


def test_training_on_the_files_gives_the_same_run_bit_for_bit(tiny_run, tmp_path):
    corpus = stream(TINY.data, tmp_path)
    trainer = Trainer(corpus, TINY, tmp_path / "run", watchers=[])
    # Everything that is read in random order stays on the disk.
    assert not trainer.src.ids.flags.owndata
    trainer.fit()
    assert everything(tmp_path / "run") == everything(tiny_run)


def test_challenge_sentences_are_found_among_stored_sources(tmp_path):
    train = stream(SAMPLE, tmp_path).train
    some = [train.sources[0], train.sources[-1], *train.sources[5:7]]
    assert train.find([*some, "an unknown sentence ."]) == set(some)
    assert train.find(challenge_set().sources) == set(train.sources) & set(challenge_set().sources)
    with pytest.raises(IndexError):
        train.sources[len(train)]


def test_it_is_encoded_once_and_again_when_file_or_settings_change(tangled_file, tmp_path, monkeypatch):
    settings, place = DataSettings(corpus=str(tangled_file)), tmp_path / "place"
    stream(settings, place)
    with monkeypatch.context() as patch:
        patch.setattr(scan, "read_pieces", lambda *arguments: pytest.fail("read again"))
        stream(settings, place)
        settings = replace(settings, corpus=str(tangled_file.rename(tmp_path / "moved.tsv")))
        stream(settings, place)
    marks = {fingerprint(settings), fingerprint(replace(settings, reverse=True))}
    with Path(settings.corpus).open("a") as file:
        file.write("Stay!\tReste !\n")
    marks |= {fingerprint(each) for each in (settings, SAMPLE, replace(SAMPLE, sample_pairs=9))}
    assert len(marks) == 5
    stream(settings, place)
    assert len(list(place.glob("encoded-*"))) == 2


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("damage", ["cut", "flipped", "gone"])
def test_a_damaged_file_is_named_and_the_corpus_encoded_again(tmp_path, name, damage):
    settings, reported = replace(SAMPLE, sample_pairs=400), []
    stream(settings, tmp_path)
    path = folder_in(tmp_path) / name
    data = bytearray(path.read_bytes())
    if damage == "gone":
        path.unlink()
    else:
        data[len(data) // 2] ^= 4
        path.write_bytes(data if damage == "flipped" else data[: len(data) // 2])
    same_corpus(prepare(settings), stream(settings, tmp_path, reported.append))
    if (name, damage) != ("corpus.json", "gone"):  # which is how an unfinished folder looks
        assert "the corpus is encoded again" in reported[0]
    assert sorted(path.name for path in folder_in(tmp_path).iterdir()) == sorted([*FILES, "lock"])


@pytest.mark.parametrize("case", ["number", "starts", "kind", "pickle", "shape"])
def test_forged_files_are_refused_even_if_their_checksums_match(tmp_path, case):
    settings, reported = replace(SAMPLE, sample_pairs=400), []
    stream(settings, tmp_path)
    folder = folder_in(tmp_path)
    ids, starts = folder / "src.ids.npy", folder / "src.starts.npy"
    numbers, first_words = np.load(ids), np.load(starts)
    if case == "number":
        numbers[7] = 60_000
    elif case == "starts":
        first_words[3] = first_words[5]
    elif case == "kind":
        numbers = numbers.astype(np.float64)
    elif case == "pickle":
        numbers = np.array([print, numbers], dtype=object)
    np.save(ids, numbers, allow_pickle=True)
    np.save(starts, first_words)
    if case == "shape":
        ids.write_bytes(ids.read_bytes().replace(f"({len(numbers)},)".encode(), b"(10**9,)", 1))
    values = json.loads((folder / "corpus.json").read_text())
    for path in (ids, starts):
        values["sha256"][path.name] = checksum(path)
    (folder / "corpus.json").write_text(json.dumps(values))
    stream(settings, tmp_path, reported.append)
    assert len(reported) == 1
    assert "encoded again" in reported[0]


def test_a_failed_encoding_leaves_no_files_and_reports_why(tmp_path, monkeypatch):
    path = tmp_path / "pairs.tsv"
    path.write_text("Go!\tVa !\nno tab here\n")
    with pytest.raises(CorpusError, match=r"line 2 of pairs.tsv has 1 column"):
        stream(DataSettings(corpus=str(path)), tmp_path)
    assert [path.name for path in folder_in(tmp_path).iterdir()] == ["lock"]
    with pytest.raises(CorpusError, match=r"no .* pairs are left"):
        stream(replace(SAMPLE, sample_pairs=2), tmp_path / "few")


def test_a_large_corpus_is_streamed_by_default_and_evaluating_never_encodes(tmp_path, monkeypatch):
    monkeypatch.setattr(streaming, "LARGE_SAMPLE", 300)
    settings = replace(SAMPLE, sample_pairs=400)
    with pytest.raises(CorpusError, match=r"training .s2s-tutorial train. encodes it first"):
        load_encoded(settings, tmp_path)
    assert list(tmp_path.iterdir()) == []
    assert isinstance(load(settings, tmp_path).train, StoredPairs)
    assert load_encoded(settings, tmp_path).test == prepare(settings).test
    assert not isinstance(load(replace(settings, sample_pairs=300), tmp_path).train, StoredPairs)


def test_too_many_generated_pairs_for_memory_are_refused(monkeypatch):
    monkeypatch.setattr("s2s_tutorial.data.readers.MAX_PAIRS", 100)
    with pytest.raises(CorpusError, match="400 generated pairs are too many, at most 100"):
        prepare(replace(SAMPLE, sample_pairs=400))
