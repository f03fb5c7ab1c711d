"""Which set each pair belongs to: by one side or both, by held-out files, and when there are few pairs or few answers."""

import random
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s2s_tutorial.data.columns import CorpusError
from s2s_tutorial.data.corpus import Corpus, prepare
from s2s_tutorial.data.on_disk.cache import fingerprint, stream
from s2s_tutorial.data.split import place_of
from s2s_tutorial.settings import DataSettings

ANSWERS = ["music on.", "music off.", "calling mum.", "lights on.", "lights off."]
WORDS = tuple(
    "anna ben eva max tom mia sees hears likes finds a the red old big dog cat car house door".split()  # noqa: SIM905
)


def write(path: Path, pairs: list[tuple[str, str]]) -> str:
    path.write_text("".join(f"{first}\t{second}\n" for first, second in pairs), encoding="utf-8")
    return str(path)


def questions(count: int, seed: int = 0) -> list[tuple[str, str]]:
    """Return pairs of an answer and a question; there are five answers."""
    rng = random.Random(seed)
    asked = sorted({" ".join(rng.choices(WORDS, k=5)) for _ in range(2 * count)})[:count]
    return [(rng.choice(ANSWERS), question) for question in asked]


def sentences(count: int, seed: int = 0) -> list[tuple[str, str]]:
    rng = random.Random(seed)
    found = {" ".join(rng.choices(WORDS, k=4)) for _ in range(2 * count)}
    return [(text, f"x {text[::-1]}") for text in sorted(found)[:count]]


def sides(corpus: Corpus) -> dict[str, tuple[set, set]]:
    """Return the sources and the targets of each set."""
    held_out = {"validation": corpus.validation, "test": corpus.test}
    found = {name: (set(each.sources), {texts[0] for texts in each.references}) for name, each in held_out.items()}
    return found | {"training": (set(corpus.train.sources), set(corpus.train.targets))}


# Many sources, few targets


@pytest.mark.parametrize("reverse", [False, True])
def test_questions_with_few_answers_are_named_and_a_split_is_proposed(tmp_path, reverse):
    pairs = questions(300)
    path = write(tmp_path / "chat.tsv", [(b, a) for a, b in pairs] if reverse else pairs)
    with pytest.raises(CorpusError, match=r"300 different sources have 5 different targets.*--split-by source"):
        prepare(DataSettings(corpus=path, reverse=reverse))
    corpus = prepare(DataSettings(corpus=path, reverse=reverse, split_by="source"))
    assert len(corpus.train) + corpus.validation_pairs + corpus.test_pairs == 300
    assert all(place_of(source) < 5 for source in corpus.test.sources)
    assert 5 < len(corpus.test) < 30
    found = sides(corpus)
    assert found["test"][0].isdisjoint(found["training"][0])
    assert found["test"][1] <= found["training"][1]


def test_answers_that_are_translated_into_questions_are_named(tmp_path):
    path = write(tmp_path / "chat.tsv", questions(300))
    with pytest.raises(CorpusError, match=r"5 different sources have 300 different targets.*\(without --reverse\)"):
        prepare(DataSettings(corpus=path, reverse=True))
    corpus = prepare(DataSettings(corpus=path, reverse=True, split_by="target"))
    assert sides(corpus)["test"][1].isdisjoint(sides(corpus)["training"][1])


def test_translations_with_some_repeats_get_no_advice(tmp_path):
    pairs = sentences(400)
    corpus = prepare(DataSettings(corpus=write(tmp_path / "x.tsv", [*pairs, *((a, f"{b} y") for a, b in pairs)])))
    assert [label for label, _ in corpus.notes] == ["read from", "source", "target"]


def test_a_mild_case_is_split_as_usual_with_a_note(tmp_path):
    rng = random.Random(0)
    answers = [f"answer {a} {b}" for a in WORDS for b in WORDS][:150]
    corpus = prepare(
        DataSettings(corpus=write(tmp_path / "x.tsv", [(rng.choice(answers), q) for _, q in questions(900)]))
    )
    assert any(label == "note" and "--split-by source" in text for label, text in corpus.notes)


def test_every_dropped_pair_is_in_the_steps(tmp_path):
    pairs = sentences(400)
    shared = [(first, pairs[0][1]) for first, _ in pairs[:80]]
    corpus = prepare(DataSettings(corpus=write(tmp_path / "x.tsv", pairs + shared + pairs[:7])))
    steps = dict(corpus.steps)
    left = len(corpus.train) + corpus.validation_pairs + corpus.test_pairs
    assert steps["read"] == 487
    assert steps["distinct"] == 479
    assert steps["share no sentence with a held-out set"] == left < 479


# Few pairs


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("count", [10, 12, 30, 50])
def test_ten_pairs_are_enough_and_something_is_held_out(tmp_path, count, seed):
    corpus = prepare(DataSettings(corpus=write(tmp_path / "x.tsv", sentences(count, seed))))
    assert corpus.test_pairs >= 1
    assert corpus.validation_pairs >= 1
    assert len(corpus.train) >= count / 2
    assert len(corpus.train) + corpus.validation_pairs + corpus.test_pairs == count
    found = sides(corpus)
    assert found["test"][0].isdisjoint(found["training"][0] | found["validation"][0])


def test_nine_pairs_are_too_few_unless_other_files_are_held_out(tmp_path):
    nine = [pair for pair in sentences(300) if place_of(pair[0]) >= 8][:9]
    settings = DataSettings(corpus=write(tmp_path / "x.tsv", nine))
    with pytest.raises(CorpusError, match="give at least 10 pairs"):
        prepare(settings)
    held_out = write(tmp_path / "held.tsv", sentences(20, seed=7)[:4])
    other = write(tmp_path / "other.tsv", sentences(20, seed=8)[:4])
    assert len(prepare(replace(settings, valid=held_out, test=other)).train) == 9


# Held-out files


def test_held_out_files_take_the_place_of_the_parts_of_the_corpus(tmp_path):
    pairs = sentences(300)
    settings = DataSettings(
        corpus=write(tmp_path / "train.tsv", pairs[:280]),
        valid=write(tmp_path / "dev.tsv", pairs[280:290]),
        test=write(tmp_path / "test.tsv", [*pairs[290:], *pairs[:5], ("", "x"), ("y", "")]),
    )
    corpus = prepare(settings)
    assert corpus.test.sources == [second for _, second in [*pairs[290:], *pairs[:5]]]
    assert corpus.validation.sources == [second for _, second in pairs[280:290]]
    assert len(corpus.train) == 275
    assert dict(corpus.steps)["not in your held-out files"] == 275
    assert any("2 pairs left out: empty" in text for _, text in corpus.notes)


@pytest.mark.parametrize(("split_by", "left"), [("both", 90), ("source", 95), ("target", 95)])
def test_pairs_that_share_a_sentence_with_a_held_out_file_are_not_trained_on(tmp_path, split_by, left):
    pairs = sentences(130)
    train = [*pairs[:90], *((f"other {n}", pairs[100 + n][1]) for n in "01234" for n in [int(n)])]
    train += [(pairs[110 + n][0], f"another {n}") for n in range(5)]
    settings = DataSettings(
        corpus=write(tmp_path / "train.tsv", train), split_by=split_by,
        test=write(tmp_path / "test.tsv", pairs[100:120]), valid=write(tmp_path / "dev.tsv", pairs[120:]),
    )  # fmt: skip
    assert len(prepare(settings).train) == left


def test_only_one_held_out_file_leaves_the_other_set_to_the_corpus(tmp_path):
    pairs = sentences(600)
    settings = DataSettings(
        corpus=write(tmp_path / "train.tsv", pairs[:500]), test=write(tmp_path / "t.tsv", pairs[500:])
    )
    corpus = prepare(settings)
    assert len(corpus.test) == 100
    places = [place_of(first) for first, _ in pairs[:500]]
    assert corpus.validation_pairs == sum(place < 3 for place in places)
    assert len(corpus.train) == sum(place >= 3 for place in places)


def test_a_pair_for_validation_that_is_in_the_test_file_is_left_out(tmp_path):
    pairs = sentences(40)
    settings = DataSettings(
        corpus=write(tmp_path / "train.tsv", pairs[:20]), test=write(tmp_path / "t.tsv", pairs[20:30]),
        valid=write(tmp_path / "v.tsv", pairs[25:]),
    )  # fmt: skip
    assert prepare(settings).validation.sources == [second for _, second in pairs[30:]]


def test_a_held_out_file_without_pairs_to_measure_on_is_an_error(tmp_path):
    pairs = sentences(40)
    settings = DataSettings(corpus=write(tmp_path / "x.tsv", pairs), test=write(tmp_path / "t.tsv", [("1", "2")]))
    with pytest.raises(CorpusError, match=r"t.tsv has no pair that can be measured on"):
        prepare(settings)


# The same from files


@pytest.mark.parametrize(
    "changes",
    [{}, {"split_by": "source"}, {"split_by": "target", "reverse": True}, {"test": "t.tsv"}, {"valid": "t.tsv"}],
)
@pytest.mark.parametrize("count", [20, 300])
def test_a_streamed_corpus_is_split_the_same_way(tmp_path, changes, count):
    pairs = sentences(count + 20)
    write(tmp_path / "t.tsv", pairs[count - 5 :])
    files = {name: str(tmp_path / value) for name, value in changes.items() if name in ("test", "valid")}
    settings = replace(DataSettings(corpus=write(tmp_path / "x.tsv", pairs[:count])), **{**changes, **files})
    whole, streamed = prepare(settings), stream(settings, tmp_path / "place")
    assert (streamed.steps, streamed.notes) == (whole.steps, whole.notes)
    assert (streamed.test.sources, streamed.test.references) == (whole.test.sources, whole.test.references)
    groups = whole.validation.groups if "valid" in changes else None  # kept for files of their own alone
    assert streamed.validation == replace(whole.validation, groups=groups)
    assert (streamed.test_pairs, streamed.validation_pairs) == (whole.test_pairs, whole.validation_pairs)
    assert streamed.train.find(whole.train.sources) == set(whole.train.sources)
    assert len(streamed.train) == len(whole.train)


def test_an_encoded_corpus_belongs_to_its_files_wherever_they_are(tmp_path):
    here, there = tmp_path / "x.tsv", tmp_path / "y.tsv"
    settings = DataSettings(corpus=write(here, sentences(20)), test=write(tmp_path / "t.tsv", sentences(5, 3)))
    before = fingerprint(settings)
    assert fingerprint(replace(settings, corpus=write(there, sentences(20)))) == before
    assert fingerprint(replace(settings, split_by="source")) != before
    write(tmp_path / "t.tsv", sentences(6, 3))
    assert fingerprint(settings) != before


@given(
    st.lists(
        st.tuples(st.sampled_from(WORDS), st.sampled_from(WORDS), st.sampled_from(WORDS)), min_size=30, max_size=60
    ),
    st.sampled_from(["source", "target"]),
)
def test_the_side_that_a_split_goes_by_is_in_one_set_only(tmp_path_factory, rows, split_by):
    folder = tmp_path_factory.getbasetemp()
    path = write(folder / "any.tsv", [(f"{a} {b}", f"{b} {c}") for a, b, c in rows])
    try:
        found = sides(prepare(DataSettings(corpus=path, split_by=split_by)))
    except CorpusError:
        return
    side = 0 if split_by == "source" else 1
    assert found["test"][side].isdisjoint(found["training"][side] | found["validation"][side])
    assert found["validation"][side].isdisjoint(found["training"][side])


@pytest.mark.parametrize("part", ["valid", "test"])
@pytest.mark.parametrize("pair", [("One tea.", "Один чай."), ("Один чай.", "One tea.")], ids=["source", "target"])
def test_a_held_out_file_that_loses_its_letters_is_refused_by_name(tmp_path, part, pair):
    corpus, own = write(tmp_path / "pairs.tsv", sentences(60)), write(tmp_path / "own.tsv", [pair])
    column = "second" if pair[0].isascii() else "first"
    with pytest.raises(
        CorpusError, match=rf"100% of the letters of the {column} column of .*own\.tsv \(script: Cyrillic\)"
    ):
        prepare(DataSettings(corpus=corpus, **{part: own}))
    assert len(prepare(DataSettings(corpus=corpus, text="unicode", **{part: own})).train) > 0


def test_it_is_told_if_all_pairs_share_a_sentence_with_held_out_files(tmp_path):
    pairs = sentences(60)
    own = write(tmp_path / "own.tsv", [(first, "y") for first, _ in pairs])
    with pytest.raises(
        CorpusError, match=r"60 distinct after all filters, 0 of them not in .*give pairs that share no"
    ):
        prepare(DataSettings(corpus=write(tmp_path / "pairs.tsv", pairs), test=own))
