"""Renaming: each epoch has other names and numbers in some pairs, the same on both sides."""

import re
from dataclasses import replace

import pytest
from tiny import TINY

from s2s_tutorial.data.corpus import HeldOut, Pairs
from s2s_tutorial.training.renaming import SHARED, Renaming

PAIRS = Pairs(
    [
        "Où est Tom ?", "Elle voit Tom et Boston.", "J'ai 45 ans.", "Il est ici.", "Attention !", "En 1984, Marie vient.",
        "Ici Rome dort.",
    ],
    [
        "Where is Tom?", "She sees Tom and Boston.", "I'm 45 years old.", "He is here.", "Attention!",
        "In 1984, Marie comes.", "Here Rome sleeps.",
    ],
)  # fmt: skip


def epochs(renaming: Renaming, count: int = 60) -> list[Pairs]:
    return [renaming.of_epoch([0, epoch]) for epoch in range(count)]


def test_names_and_numbers_are_found_and_other_words_are_not():
    renaming = Renaming.of(PAIRS, ("fr", "en"), 1.0)
    assert dict(renaming.rows) == {0: ["Tom"], 1: ["Boston", "Tom"], 2: ["45"], 5: ["1984", "Marie"], 6: ["Rome"]}
    assert renaming.names == ["Boston", "Marie", "Rome", "Tom"]  # « Attention » stands only at the beginning


def test_both_sides_get_the_same_name_or_the_same_number_of_as_many_digits():
    renaming = Renaming.of(PAIRS, ("", ""), 1.0)
    for pairs in epochs(renaming):
        assert [pairs.sources[3], pairs.sources[4]] == ["Il est ici.", "Attention !"]
        for row in (0, 1, 2, 5, 6):
            source, target = ({*SHARED.findall(side[row])} for side in (pairs.sources, pairs.targets))
            assert 1 <= len(source & target) <= len(dict(renaming.rows)[row])  # two words may become the same one
        assert re.fullmatch(r"J'ai [1-9]\d ans\.", pairs.sources[2])
        assert re.search(r"En [1-9]\d{3},", pairs.sources[5])


def test_some_names_get_a_title_and_are_made_of_two():
    found = {pairs.sources[0]: pairs.targets[0] for pairs in epochs(Renaming.of(PAIRS, ("fr", "en"), 1.0))}
    assert len(found) > 5
    titled = [source for source in found if source.startswith("Où est M. ")]
    assert 0 < len(titled) < len(found)
    assert all(found[source].startswith("Where is Mr. ") for source in titled)


def test_the_share_of_changed_pairs_is_the_rate_and_an_epoch_repeats_exactly():
    renaming = Renaming.of(Pairs(PAIRS.sources[2:3] * 1000, PAIRS.targets[2:3] * 1000), ("fr", "en"), 0.3)
    changed = renaming.of_epoch([1, 2, 3])
    share = sum(source != PAIRS.sources[2] for source in changed.sources) / 1000
    assert share == pytest.approx(0.3, abs=0.05)
    assert changed == renaming.of_epoch([1, 2, 3])
    assert changed != renaming.of_epoch([1, 2, 4])


def test_no_changed_pair_has_a_held_out_sentence():
    pairs = Pairs(["Tom dort.", "Voici Marie, Tom et Boston."], ["Tom sleeps.", "Here are Marie, Tom and Boston."])
    free = {each.sources[0] for each in epochs(Renaming.of(pairs, ("", ""), 1.0), 200)}
    assert {"Marie dort.", "Boston dort."} <= free
    held_out = [HeldOut(["Marie dort."], [["Mary's asleep."]]), HeldOut(["Bien."], [["Fine.", "BOSTON sleeps."]])]
    kept = {each.sources[0] for each in epochs(Renaming.of(pairs, ("", ""), 1.0, held_out), 200)}
    assert kept == free - {"Marie dort.", "Boston dort."}


def test_renaming_without_subwords_is_an_error():
    with pytest.raises(ValueError, match="renaming need tokens 'subwords'"):
        replace(TINY, training=replace(TINY.training, renaming=0.1))
