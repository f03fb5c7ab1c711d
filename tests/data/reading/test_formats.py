"""From lines to columns: each format, how it is found out, and lines that are not in it."""

import pytest

from s2s_tutorial.data.columns import CorpusError
from s2s_tutorial.data.readers import parse_columns
from s2s_tutorial.data.reading.formats import find_format, read_object
from s2s_tutorial.data.reading.lines import BadLines
from s2s_tutorial.settings import DataSettings


def rows(text: str, name: str = "x", skip: bool = False):
    lines = text.split("\n")
    form = find_format([line for line in lines if line.strip()], name)
    return [list(cells) for _, cells in form.rows(lines, BadLines(skip), name)]


def test_a_tab_decides_even_beside_commas_quotes_and_pipes():
    assert rows('"Hello," he said.\t« Bonjour », dit-il.\na, b | c\td\n') == [
        ['"Hello," he said.', "« Bonjour », dit-il."], ["a, b | c", "d"],
    ]  # fmt: skip


def test_values_with_quotes_may_hold_the_delimiter_quotes_and_line_ends():
    text = 'source,target\n"Hi, you.","Salut, vous."\n"He said ""no"".",Il a dit « non ».\n"two\nlines",deux lignes\n'
    assert rows(text)[1:] == [
        ["Hi, you.", "Salut, vous."], ['He said "no".', "Il a dit « non »."], ["two\nlines", "deux lignes"],
    ]  # fmt: skip


@pytest.mark.parametrize(("name", "delimiter"), [("a.csv", ","), ("a.csv.gz", ";"), ("a.csv", "\t")])
def test_a_file_that_is_called_csv_needs_no_quotes(name, delimiter):
    assert rows(f"Hi{delimiter}Salut\nNo{delimiter}Non\n", name) == [["Hi", "Salut"], ["No", "Non"]]


def test_sentences_with_commas_are_not_comma_separated_values():
    with pytest.raises(CorpusError, match=r"line 1 of x has 1 column, expected 2 or 3: no tab .* in a file named .csv"):
        parse_columns(b"Yes, sir.\nNo, sir.\n", "x")


def test_a_comma_outside_quotes_is_named():
    text = b'"a, b",c\n"d, e",f\na, b, c, d\n'
    with pytest.raises(CorpusError, match=r"line 3 of x.csv has 4 columns.*a ',' outside quotes"):
        parse_columns(text, "x.csv")


def test_a_quote_that_is_not_closed_is_named_and_can_be_left_out():
    text = b'"a, b",c\n"d, e",f\n"g" h,i\n"j, k",l\n'
    with pytest.raises(CorpusError, match=r"line 3 of x.csv is not CSV .*twice"):
        parse_columns(text, "x.csv")
    assert parse_columns(text, "x.csv", DataSettings(skip_bad=True)).first == ["a , b", "d , e", "j , k"]


def test_quotes_of_csv_in_another_file_are_named():
    text = '"He said ""no""."\tIl a dit « non ».\n"Yes."\tOui.\n'.encode()
    notes = [note for label, note in parse_columns(text, "x.tsv").notes if label == "warning"]
    assert [note.partition(":")[0] for note in notes] == [
        """quotes are read as part of the text, such as '"He said ""no""."'"""
    ]
    assert parse_columns(text, "x.csv").first == ["he said no .", "yes ."]
    assert not any(label == "warning" for label, _ in parse_columns(text, "x.csv").notes)


def test_a_mark_of_three_bars_separates():
    assert rows("Hi. ||| Salut.\nNo. ||| Non.\n") == [["Hi.", "Salut."], ["No.", "Non."]]


def test_objects_are_read_with_their_fields_in_any_order():
    text = '{"de": "Ja.", "en": "Yes."}\n\n{"en": "No.", "de": "Nein."}\n'
    assert rows(text) == [["Ja.", "Yes."], ["Nein.", "No."]]


def test_objects_inside_objects_are_read_too():
    assert read_object('{"id": 1, "translation": {"en": "Yes.", "de": "Ja."}, "tags": ["x"], "none": null}') == {
        "id": "1", "en": "Yes.", "de": "Ja.",
    }  # fmt: skip


@pytest.mark.parametrize("line", ["[1, 2]", "{", "7", '{"a": ' * 9_000, '{"a": ' + "9" * 5_000 + "}"])
def test_a_line_that_is_not_an_object_is_named(line):
    text = '{"en": "Yes.", "de": "Ja."}\n' + line + "\n"
    with pytest.raises(CorpusError, match=r"line 2 of x is not a JSON object: write one object per line"):
        parse_columns(text.encode(), "x")


def test_an_object_without_a_field_that_is_read_is_named():
    text = b'{"en": "Yes.", "de": "Ja.", "note": "x"}\n{"en": "No.", "de": "Nein."}\n{"en": "Hm."}\n'
    with pytest.raises(CorpusError, match=r"line 3 of x has no 'de'"):
        parse_columns(text, "x")
    assert parse_columns(text, "x", DataSettings(skip_bad=True)).first == ["yes .", "no ."]


@pytest.mark.parametrize("text", ['[{"en": "Yes."}]', '[\n{"en": "Yes."}\n]', '{\n"en": "Yes."}'])
def test_a_single_json_value_is_refused_with_a_command_that_helps(text):
    with pytest.raises(CorpusError, match=r"is a single JSON value, expected one object per line .*jq -c"):
        parse_columns(text.encode(), "x.json")
