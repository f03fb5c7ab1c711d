"""A distilled corpus has the teacher's translations as targets; everything else stays."""

import pytest
from tiny import TINY

from s2s_tutorial.data.corpus import Pairs
from s2s_tutorial.data.on_disk.cache import stream
from s2s_tutorial.runs.weights import load_translator
from s2s_tutorial.translation.distillation import distil


def test_targets_are_the_teachers_translations(talking_run, tiny_corpus):
    teacher = load_translator(talking_run)
    distilled = distil(tiny_corpus, teacher, beam_size=2)
    assert isinstance(distilled.train, Pairs)
    assert distilled.train.sources == tiny_corpus.train.sources
    few = tiny_corpus.train.sources[:20]
    assert distilled.train.targets[:20] == [each.normal_text for each in teacher.translate_words(few, 2)]
    assert distilled.train.targets != tiny_corpus.train.targets
    assert (distilled.test, distilled.tgt_vocabulary) == (tiny_corpus.test, tiny_corpus.tgt_vocabulary)


def test_pairs_on_disk_are_refused(talking_run, tmp_path):
    with pytest.raises(ValueError, match="distillation needs the pairs in memory"):
        distil(stream(TINY.data, tmp_path), load_translator(talking_run))
