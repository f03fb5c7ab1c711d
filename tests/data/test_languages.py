"""Names and codes of languages."""

import pytest

from s2s_tutorial.data.languages import all_scripts_of, language_code, language_name, scripts_of
from s2s_tutorial.data.unicode_text import script_of


@pytest.mark.parametrize(
    ("code", "name"), [("de", "German"), ("tt", "Tatar"), ("pt-BR", "Brazilian Portuguese"), ("nds", "Low German")]
)
def test_a_language_is_named_and_found_by_its_name_again(code, name):
    assert language_name(code, "source") == name
    assert language_code(name.upper()) == language_code(code) == code


@pytest.mark.parametrize("name", ["Deutsch", "allemand", "NĚMČINA", "जर्मन", "немецкий", "ドイツ語"])
def test_a_language_is_found_by_its_name_in_other_languages(name):
    assert language_code(name) == "de"


def test_a_language_that_is_not_known_keeps_its_code_or_is_called_otherwise():
    assert language_name("xq", "source") == "xq"
    assert language_name("", "target") == "target"


def test_codes_of_three_letters_become_those_of_two():
    assert (language_code("deu"), language_code("fra")) == ("de", "fr")


@pytest.mark.parametrize("text", ["", "Klingonese", "x" * 500, "de\n"[:2] + "1"])
def test_an_unknown_language_is_refused_with_what_to_give(text):
    with pytest.raises(ValueError, match="give its code, such as de"):
        language_code(text)


@pytest.mark.parametrize(
    ("code", "letter"),
    [
        ("ka", "ა"),
        ("or", "ଅ"),
        ("cr", "ᐁ"),
        ("nqo", "ߊ"),
        ("bn", "অ"),
        ("zh", "语"),
        ("yue", "語"),
        ("ja", "の"),
        ("ko", "한"),
    ],
)
def test_the_script_of_a_language_is_that_of_its_letters(code, letter):
    assert script_of(letter) in scripts_of(code)


def test_a_language_may_have_several_scripts():
    assert all_scripts_of("uz") >= {"LATIN", "CYRILLIC", "ARABIC"}
    assert "LATIN" not in all_scripts_of("hi")
    assert "LATIN" in all_scripts_of("hi-Latn")
    assert not all_scripts_of("")
