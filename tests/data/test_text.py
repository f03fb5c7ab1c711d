"""Normalising, compared with a slow version of its rules, and detokenising."""

import re
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from s2s_tutorial.data.text import LIGATURES, detokenise, normalise, normalise_all, tokenise


def normalise_rule_by_rule(text: str) -> str:
    """Apply the five rules of the documentation, each in a pass of its own over the whole text."""
    text = unicodedata.normalize("NFD", text.lower())
    for letter, replacement in LIGATURES.items():
        text = text.replace(letter, replacement)
    text = "".join(c for c in text if unicodedata.category(c) != "Mn")
    text = re.sub(r"([,.!?])", r" \1 ", text)
    return re.sub(r"[^a-z,.!?]+", " ", text).strip()


# Any text, and text like that of French files, because the characters of the rules are rare in the former.
texts = st.text() | st.text("aàÂçéÊïœŒæÆßuz ,.!?'’-\n\r\t\u2028\u202f\u00a0\u00ad\u0301\u03277€😀")


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("Été, Noël, ça, où, forêt", "ete , noel , ca , ou , foret"),
        ("E\u0301te\u0301", "ete"),  # accents as characters of their own
        ("ma sœur", "ma soeur"),
        ("Œuvre ŒDIPE", "oeuvre oedipe"),
        ("ex æquo, ÆTHER", "ex aequo , aether"),
        ("Straße", "strasse"),
        ("J'ai froid", "j ai froid"),
        ("J’ai froid", "j ai froid"),
        ("Ça va\u202f?", "ca va ?"),
        ("Ça va\u00a0!", "ca va !"),
        ("« Oui »", "oui"),
        ("Non!Si...", "non ! si . . ."),
        ("J'ai 27 ans", "j ai ans"),
        ("de 3,5 %", "de ,"),
        ("a-t-il", "a t il"),
        ("  deux \t espaces \n", "deux espaces"),
        ("😀", ""),
        ("", ""),
    ],
)
def test_examples_are_normalised_as_expected(written, read):
    assert normalise(written) == read


def test_ligatures_become_two_letters_and_not_a_space():
    assert normalise("sœur cœur œil Œil et cætera").split() == ["soeur", "coeur", "oeil", "oeil", "et", "caetera"]


def test_the_notebooks_first_closing_sentence_comes_out_as_it_was_printed():
    assert normalise("Je suis trop froid.") == "je suis trop froid ."
    assert normalise("Est le chien vert aujourd'hui ?") == "est le chien vert aujourd hui ?"


@given(texts)
@example("İstanbul K Å ſ ẞ")
def test_normalising_equals_the_rules_applied_one_after_another(text):
    assert normalise(text) == normalise_rule_by_rule(text)


def test_normalising_equals_the_rules_for_every_letter_of_european_scripts():
    for codepoint in range(0x2100):
        character = chr(codepoint)
        assert normalise(f"a{character}b") == normalise_rule_by_rule(f"a{character}b"), hex(codepoint)


@given(texts)
def test_normalising_twice_changes_nothing_more(text):
    assert normalise(normalise(text)) == normalise(text)


@given(texts)
def test_only_26_letters_four_marks_and_single_spaces_are_left(text):
    assert re.fullmatch(r"(?:(?:[a-z]+|[,.!?])(?: (?=.)|$))*", normalise(text))


@given(st.lists(texts, max_size=6))
@example([])
@example([""])
@example(["", ""])
@example(["a\n", "\nb\r\n\u2028c", "\u0301", "e", "\u0301e", "😀"])
def test_many_texts_at_once_come_out_as_one_by_one(many):
    assert normalise_all(many) == [normalise(text) for text in many]


def test_many_texts_may_come_from_a_generator():
    assert normalise_all(word for word in ("Été", "Hiver")) == ["ete", "hiver"]


@given(texts)
def test_tokens_are_the_words_of_the_normalised_text(text):
    assert " ".join(tokenise(text)) == normalise(text)
    assert all(tokenise(text))


@pytest.mark.parametrize(
    "sentence",
    [
        "I'm too cold.",
        "He's five years younger than I am.",
        "Don't you know what's wrong?",
        "It's ten o'clock.",
        "They've left, and we'll see you!",
        "I can't, she won't, he isn't.",
        "You're right, I'd go.",
        "That's Tom's dog, not John's.",
        "A hundred people were stopped here.",
        "I am a student. Did it rain? Was he sad, or mad?",
    ],
)
def test_an_english_sentence_comes_back_as_it_was_written(sentence):
    assert detokenise(tokenise(sentence)) == sentence.lower()


@pytest.mark.parametrize(
    "sentence",
    [
        "J'ai froid.",
        "L'homme n'a pas d'argent, c'est vrai.",
        "Qu'il s'en aille, puisqu'il m'ennuie!",
        "Je t'aime jusqu'aux os.",
        "Parle-t-elle, ou n'a-t-il rien dit?",
        "Va-t-on au bois aujourd'hui?",
        "Le chat me parle.",
    ],
)
def test_a_french_sentence_comes_back_as_it_was_written(sentence):
    assert detokenise(tokenise(sentence), "fr") == sentence.lower()


_PIECES = "i he you don isn can m s t d ll re ve o clock j ai l homme n a il elle on qu parle aujourd hui , . ! ? <unk>"


@given(st.lists(st.sampled_from(_PIECES.split())), st.sampled_from(["en", "fr", "other"]))
def test_putting_words_together_adds_and_loses_none(words, language):
    joined = detokenise(words, language)
    assert re.findall(r"<unk>|[a-z]+|[,.!?]", joined) == words


@pytest.mark.parametrize("language", ["en", "fr", "other"])
def test_no_space_is_left_before_a_mark(language):
    assert detokenise(["well", ",", "yes", "!", ".", ".", "."], language) == "well, yes!..."
    assert detokenise([], language) == ""


def test_apostrophes_belong_to_their_language():
    assert detokenise(["i", "m", "l", "ami"], "en") == "i'm l ami"
    assert detokenise(["don", "t", "l", "ami"], "fr") == "don t l'ami"
    assert detokenise(["i", "m", "l", "ami"], "other") == "i m l ami"
