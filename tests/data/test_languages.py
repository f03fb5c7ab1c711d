"""Names and codes of languages."""

import pytest

from s2s_tutorial.data.languages import language_code, language_name


@pytest.mark.parametrize(
    ("code", "name"), [("de", "German"), ("tt", "Tatar"), ("pt-BR", "Brazilian Portuguese"), ("nds", "Low German")]
)
def test_a_language_is_named_and_found_by_its_name_again(code, name):
    assert language_name(code, "source") == name
    assert language_code(name.upper()) == language_code(code) == code


def test_a_language_that_is_not_known_keeps_its_code_or_is_called_otherwise():
    assert language_name("xq", "source") == "xq"
    assert language_name("", "target") == "target"


def test_codes_of_three_letters_become_those_of_two():
    assert (language_code("deu"), language_code("fra")) == ("de", "fr")


@pytest.mark.parametrize("text", ["", "Klingonese", "x" * 500, "de\n"[:2] + "1"])
def test_an_unknown_language_is_refused_with_what_to_give(text):
    with pytest.raises(ValueError, match="give its code, such as de"):
        language_code(text)
