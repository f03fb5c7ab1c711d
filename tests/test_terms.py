"""Links to the glossary that the site adds, and tables that it copies from the chapters' outputs."""

import json
import re
import sys

import pytest
from browsing import ROOT
from docutils import nodes
from docutils.utils import new_document

sys.path.insert(0, str(ROOT / "book" / "_ext"))
import s2s_outputs
import s2s_search
import s2s_terms
from sphinx.errors import ExtensionError

TERMS = {"vocabulary": 0, "unknown word": 1, "UNK": 1, "Adam": 2, "key": 3, "sequence-to-sequence model": 4}


def linked(*paragraphs: nodes.Node) -> list[tuple[str, str]]:
    """Return term and text of each link that is added to a page."""
    document = new_document("page")
    document += paragraphs
    before = document.astext()
    s2s_terms.link_first_uses(document, TERMS, "notebooks/x")
    assert document.astext() == before
    return [(link["reftarget"], link.astext()) for link in document.findall(s2s_terms.addnodes.pending_xref)]


def text(words: str, kind: type[nodes.Element] | None = None) -> nodes.paragraph:
    return nodes.paragraph("", "", kind("", words) if kind else nodes.Text(words))


def test_the_first_use_of_a_term_is_linked_and_no_later_one():
    assert linked(text("A vocabulary and a vocabulary."), text("The vocabulary.")) == [("vocabulary", "vocabulary")]


def test_plurals_starts_of_sentences_and_other_hyphens_are_found():
    found = linked(text("Unknown\nwords in a sequence to sequence model."))
    assert found == [("unknown word", "Unknown\nwords"), ("sequence-to-sequence model", "sequence to sequence model")]


def test_synonyms_have_one_link_and_names_keep_their_case():
    assert linked(text("The unknown word is UNK. An adam and Adam.")) == [
        ("unknown word", "unknown word"),
        ("Adam", "Adam"),
    ]


def test_a_common_word_is_linked_only_where_it_stands_alone_in_bold():
    assert linked(text("The key."), text("keys", nodes.strong)) == [("key", "keys")]
    assert linked(text("The key."), text("key correlation", nodes.strong)) == []


def test_parts_of_words_code_links_and_titles_stay_as_they_are():
    assert linked(
        text("vocabulary_size and the sub-vocabulary"),
        text("vocabulary", nodes.literal),
        nodes.paragraph("", "", nodes.reference("", "vocabulary", refuri="#")),
        nodes.section("", nodes.title("", "vocabulary")),
    ) == []  # fmt: skip


def test_a_link_that_the_author_made_counts_as_the_first():
    own = s2s_terms.term_link("vocabulary", "list of words", "notebooks/x")
    assert linked(nodes.paragraph("", "", own), text("A vocabulary.")) == [("vocabulary", "list of words")]


def test_the_terms_of_the_glossary_are_all_read_with_their_synonyms():
    terms = s2s_terms.read_terms(s2s_terms.GLOSSARY.read_text(encoding="utf-8"))
    assert terms["RNN"] == terms["recurrent neural network"] != terms["GRU"]
    assert set(terms) >= s2s_terms.COMMON
    wanted = (  # terms that a newcomer looked for
        "softmax|GRU|gate|state|query|key|value|score|logit|dropout|label smoothing|tied embeddings|input feeding|warm-up|"
        "Adam|nat|gold|reference|seed|bootstrap|n-gram|length penalty|hash|overfitting|LSTM|human evaluation|signature|coverage"
    )
    assert set(wanted.split("|")) <= set(terms)


def test_a_search_finds_a_term_in_its_british_and_its_american_spelling():
    assert "optimizer" in s2s_search.spellings("optimiser")
    assert "layer normalization" in s2s_search.spellings("layer normalisation")
    assert {"tokenisation", "tokenization"} <= set(s2s_search.spellings("tokenization"))


# Tables of outputs


def test_every_table_that_a_page_copies_is_there_once():
    asked = [
        (path.name, *found)
        for path in (ROOT / "book").glob("*.md")
        for found in re.findall(r"```\{s2s-output\} (\S+)\n(?::.*\n\n)?(.*)\n```", path.read_text(encoding="utf-8"))
    ]
    assert len(asked) >= 5
    for _, source, header in asked:
        table = s2s_outputs.find_table(ROOT / source, header)
        assert len(table) >= 3
        assert all(line.startswith("|") for line in table)


def test_a_table_that_is_missing_or_there_twice_stops_the_build(tmp_path):
    path = tmp_path / "chapter.ipynb"
    output = {"data": {"text/markdown": ["| size | BLEU |\n", "| --- | --- |\n", "| a | 1 |\n", "Then text.\n"]}}
    path.write_text(json.dumps({"cells": [{"outputs": [output]}, {}]}))
    assert s2s_outputs.find_table(path, "size") == ["| size | BLEU |", "| --- | --- |", "| a | 1 |"]
    assert s2s_outputs.choose_columns(["| size | BLEU |", "| a | 1 |"], [2]) == ["| BLEU |", "| 1 |"]
    with pytest.raises(ExtensionError, match="0 tables"):
        s2s_outputs.find_table(path, "sizes")
    path.write_text(json.dumps({"cells": [{"outputs": [output, output]}]}))
    with pytest.raises(ExtensionError, match="2 tables"):
        s2s_outputs.find_table(path, "size")
