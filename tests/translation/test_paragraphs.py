"""A text is split into sentences that join to the same text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s2s_tutorial.translation.paragraphs import Sentences, abbreviations


@pytest.mark.parametrize(
    ("language", "text", "sentences"),
    [
        ("fr", "Bonsoir. Entrez donc !", ["Bonsoir.", "Entrez donc !"]),
        ("fr", "M. Petit dort. Il pèse 3.5 kg.", ["M. Petit dort.", "Il pèse 3.5 kg."]),
        ("fr", "Mme Roux et le Dr. Petit parlent. Oui.", ["Mme Roux et le Dr. Petit parlent.", "Oui."]),
        ("fr", "« Viens. Vite. » Il court.", ["« Viens. Vite. »", "Il court."]),
        ("fr", "J. B. Petit rit. Non ?!", ["J. B. Petit rit.", "Non ?!"]),
        ("fr", "J.-P. Petit rit. M.-C. Roux sort.", ["J.-P. Petit rit.", "M.-C. Roux sort."]),
        ("fr", "J. Petit rit. Oui.", ["J. Petit rit.", "Oui."]),
        ("fr", "L'ami d'A. Petit rit. L'O.N.U. vote.", ["L'ami d'A. Petit rit.", "L'O.N.U. vote."]),
        ("fr", "Il vit aux U.S.A. depuis 3 ans. Oui.", ["Il vit aux U.S.A. depuis 3 ans.", "Oui."]),
        ("fr", "1. Prends le pain. 2. Coupe-le.", ["Prends le pain.", "Coupe-le."]),
        ("fr", "... Merci.\n***\nOui.", ["Merci.", "Oui."]),
        ("fr", "Un titre\nIl dort", ["Un titre", "Il dort"]),
        ("fr", "12. 13.", ["12.", "13."]),
        ("hi", "वह सोता है। क्या तुम सोते हो? हाँ!", ["वह सोता है।", "क्या तुम सोते हो?", "हाँ!"]),
        ("ar", "ينام القط. هل تنام؟ نعم!", ["ينام القط.", "هل تنام؟", "نعم!"]),
        ("ko", "고양이가 잡니다. 너도 자니? 네!", ["고양이가 잡니다.", "너도 자니?", "네!"]),
        ("fr", "oui. non.", ["oui.", "non."]),
        ("fr", "Lis le no. 7. Merci.", ["Lis le no. 7.", "Merci."]),
        ("en", "No. I will not.", ["No. I will not."]),
        ("en", "Mr. Small paid $3.50. He left.", ["Mr. Small paid $3.50.", "He left."]),
        ("ru", "Всё, т. е. много. Да.", ["Всё, т. е. много.", "Да."]),
        ("zh", "我看书。你呢？他睡觉！", ["我看书。", "你呢？", "他睡觉！"]),
        ("ja", "雨です。寒い。", ["雨です。", "寒い。"]),
        ("no such language", "Un. Deux.", ["Un.", "Deux."]),
        ("fr", "Un !\n\nDeux... !!", ["Un !", "Deux... !!"]),
        ("en", "I thought… Then I slept… a bit.", ["I thought…", "Then I slept… a bit."]),
        ("fr", "« Ah… Oui… » dit-il. Il a… 5 ans.", ["« Ah… Oui… » dit-il.", "Il a… 5 ans."]),
        ("en", "(He was late.) We waited (at home.) for him.", ["(He was late.)", "We waited (at home.) for him."]),
        ("fr", "Il connaît J. Martin. Il part à 5 h. Oui.", ["Il connaît J. Martin.", "Il part à 5 h.", "Oui."]),
        ("en", "So did I. We left.", ["So did I.", "We left."]),
        ("de", "Er wohnt im 3. Stock. Er starb 1990. Ja.", ["Er wohnt im 3. Stock.", "Er starb 1990.", "Ja."]),
        ("fr", "  ", []),
    ],
)
def test_sentences_of_a_text(language, text, sentences):
    assert Sentences.of(text, language).texts == sentences


@given(st.text() | st.text("aB. !?…«»\n。M12"))
def test_sentences_and_spaces_are_the_text(text):
    found = Sentences.of(text, "fr")
    parts = [part for pair in zip(found.spaces, [*found.texts, ""], strict=True) for part in pair]
    assert "".join(parts) == text
    assert all(sentence == sentence.strip() != "" for sentence in found.texts)


@pytest.mark.parametrize(
    "text", ["Z\u202f. Oui.", "A\r\u3000.", "Il dort\u2028. É\u00a0\x85. Non.", "Un \ud800. Deux."]
)
@pytest.mark.parametrize("language", ["fr", "en"])
def test_text_at_which_the_library_crashes_is_split(language, text):
    found = Sentences.of(text, language)
    assert found.join(found.texts) == text


def test_what_has_no_letter_stays_where_it_is():
    assert Sentences.of("1. Un.\n* * *\n2. Deux.", "fr").join(["One.", "Two."]) == "1. One.\n* * *\n2. Two."


def test_translations_keep_the_spaces_of_the_text():
    assert Sentences.of(" Un.  Deux.\nTrois. ", "fr").join(["One.", "Two.", "Three."]) == " One.  Two.\nThree. "


def test_translations_get_a_space_where_their_script_has_one_and_the_text_has_none():
    text = Sentences.of("我看书。你呢？", "zh")
    assert text.join(["I read.", "And you?"]) == "I read. And you?"
    assert text.join(["本を読む。", "君は？"]) == "本を読む。君は？"


def test_one_space_remains_for_a_sentence_that_is_left_out():
    text = Sentences.of("Un. Deux.  Trois.\nQuatre. Cinq.", "fr")
    assert text.without([1]) == Sentences(["Un.", "Trois.", "Quatre.", "Cinq."], ["", " ", "\n", " ", ""])
    assert text.without([0, 4]) == Sentences(["Deux.", "Trois.", "Quatre."], ["", "  ", "\n", ""])
    assert text.without([2, 3]).spaces == ["", " ", "  \n ", ""]


def test_the_short_abbreviations_of_the_library_are_found():
    assert {"av", "etc"} <= set(abbreviations("fr"))
    assert {"usw", "ca"} <= set(abbreviations("de"))
    assert not {"les", "un"} & set(abbreviations("fr"))
