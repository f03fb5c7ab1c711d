"""Which columns are read: by position, by what they hold, by their names, and as the settings say."""

import re

import pytest

from s2s_tutorial.data.columns import CorpusError
from s2s_tutorial.data.readers import parse_columns
from s2s_tutorial.data.reading.layout import is_header
from s2s_tutorial.settings import DataSettings

PAIRS = [("The cat sleeps here.", "Die Katze schläft hier."), ("We read a book.", "Wir lesen ein Buch."),
         ("You sing well.", "Du singst gut.")]  # fmt: skip


def table(*columns: list, header: list[str] | None = None, end: str = "") -> bytes:
    lines = [header] if header else []
    lines += [list(map(str, row)) for row in zip(*columns, strict=True)]
    return "".join("\t".join(line) + end + "\n" for line in lines).encode()


ENGLISH, GERMAN = ([pair[side] for pair in PAIRS] for side in (0, 1))


def sides(data: bytes, **settings) -> tuple[str, str]:
    """Return source and target of the first pair."""
    columns = parse_columns(data, "x.tsv", DataSettings(**settings))
    source, target = columns.sides(settings.get("reverse", False))
    assert len(source) == len(PAIRS)
    return source[0], target[0]


DE_EN, EN_DE = (
    ("die katze schlaft hier .", "the cat sleeps here ."),
    ("the cat sleeps here .", "die katze schlaft hier ."),
)


def test_the_first_column_is_the_target_and_reverse_turns_it():
    assert sides(table(ENGLISH, GERMAN)) == DE_EN
    assert sides(table(ENGLISH, GERMAN), reverse=True) == EN_DE


@pytest.mark.parametrize(
    "data",
    [
        table([11, 12, 13], ENGLISH, [501, 502, 503], GERMAN),
        table([11, 12, 13], ENGLISH, GERMAN),
        table(ENGLISH, GERMAN, [0.91, 1.2, 0.7]),
        table(["https://a.example/1"] * 3, ["https://b.example/2"] * 3, ENGLISH, GERMAN),
        table(ENGLISH, GERMAN, end="\t\t"),
        table(ENGLISH, GERMAN, end="\t \t\t\t"),
    ],
    ids=["ids", "one id", "scores", "links", "two tabs at the end", "many tabs at the end"],
)
def test_ids_scores_links_and_empty_columns_are_not_sentences(data):
    assert sides(data) == DE_EN


def test_numbers_are_sentences_if_there_is_nothing_else():
    columns = parse_columns(b"seven\t7\ntwelve\t12\n", "x.tsv")
    assert columns.first == ["seven", "twelve"]


def test_what_is_read_and_what_is_not_is_noted():
    notes = parse_columns(table([1, 2, 3], ENGLISH, [4, 5, 6], GERMAN), "x.tsv").notes
    assert notes == [
        ("read from", "x.tsv: columns separated by tabs"),
        ("source", "column 4, such as 'Die Katze schläft hier.'"),
        ("target", "column 2, such as 'The cat sleeps here.'"),
        ("not read", "column 1, column 3"),
    ]


# Headers


@pytest.mark.parametrize(
    "header",
    [["english", "german"], ["en", "de"], ["EN", "DE"], ["sentence_en", "sentence_de"], ["Target", "Source text"]],
)
def test_a_header_is_found_left_out_and_noted(header):
    data = table(ENGLISH, GERMAN, header=header)
    assert sides(data) == DE_EN
    assert ("left out", "line 1, which names the columns") in parse_columns(data, "x.tsv").notes


@pytest.mark.parametrize(
    "rows",
    [
        [["no", "ne"], ["yes", "da"], ["is", "je"]],  # codes of languages, and words
        [["Hello.", "Hallo."], *map(list, PAIRS)],
        [["german", "deutsch"], *map(list, PAIRS)],
        [["english", "german"]],
        [["english", ""], *map(list, PAIRS)],
    ],
)
def test_sentences_are_not_taken_for_a_header(rows):
    assert not is_header(rows)


@pytest.mark.parametrize(
    "header", [["english", "greek", "topic"], ["question", "answer", "how hard"], ["English", "level 1", "German"]]
)
def test_beside_the_names_of_both_sides_a_header_may_have_any_name(header):
    rows = [["The cat sleeps.", "Die Katze schläft.", "x"], ["He eats.", "Er isst.", "y"]]
    assert is_header([header, *rows])
    assert not is_header([[*header[:2], "A sentence, and no name."], *rows])
    assert not is_header([["cat", *header[1:]], *rows])


def test_columns_are_chosen_by_the_scripts_of_the_languages():
    russian = ["Кошка спит.", "Он ест хлеб.", "Мы идём домой."]
    notes = ["CC-BY, sentence 1", "CC-BY, sentence 2", "CC-BY, sentence 3"]
    for columns in (
        (ENGLISH, russian),
        (russian, ENGLISH),
        (ENGLISH, russian, notes),
        (russian, ENGLISH, notes),
        ([1, 2, 3], russian, [7, 8, 9], ENGLISH),
    ):
        data = table(*columns)
        assert sides(data, languages=("ru", "en"), text="unicode") == (russian[0], ENGLISH[0])
        assert sides(data, languages=("en", "ru"), text="unicode") == (ENGLISH[0], russian[0])
        assert sides(data, languages=("ru", "en"), reverse=True, text="unicode") == (russian[0], ENGLISH[0])
    # Where the scripts do not tell, the first column is the target.
    assert sides(table(GERMAN, ENGLISH), languages=("de", "en")) == EN_DE
    assert sides(table(russian, russian[::-1]), languages=("ru", "en"), text="unicode") == (russian[-1], russian[0])


GEORGIAN = ["კატა აქ ზის.", "წიგნს ვკითხულობთ.", "კარგად მღერი."]


@pytest.mark.parametrize(
    ("columns", "settings", "asked"),
    [
        (
            (ENGLISH, GEORGIAN),
            {"languages": ("th", "en")},
            ["Thai is written in Thai letters, and column 2 in Georgian"],
        ),
        (
            (ENGLISH, GEORGIAN),
            {"languages": ("en", "zh"), "reverse": True},
            ["Chinese is .* column 2 in Georgian ones"],
        ),
        (
            (ENGLISH, GERMAN),
            {"languages": ("ru", "el")},
            ["Russian .* column 2 in Latin", "Greek .* column 1 in Latin"],
        ),
        ((ENGLISH, GEORGIAN), {"languages": ("ka", "en")}, []),
        ((ENGLISH, GEORGIAN), {}, []),
        ((ENGLISH, GERMAN), {"languages": ("sr", "en")}, []),  # also written in Latin letters
        ((ENGLISH, [1, 2, 3]), {"languages": ("ru", "en")}, []),
        ((ENGLISH, ["Мы IBM, Intel, Siemens", "iPhone, Windows", "LG"]), {"languages": ("ru", "en")}, ["Russian"]),
        ((ENGLISH, ["Мы читаем IBM", "Они LG", "iPhone"]), {"languages": ("ru", "en")}, []),
    ],
)
def test_a_column_without_the_letters_of_its_language_is_questioned(columns, settings, asked):
    notes = parse_columns(table(*columns), "x.tsv", DataSettings(text="unicode", **settings)).notes
    warnings = [text for label, text in notes if label == "warning"]
    assert len(warnings) == len(asked)
    assert all(map(re.search, asked, warnings))


def test_an_example_shows_the_joiners_of_its_spelling():
    notes = dict(parse_columns(table(ENGLISH, ["نمی\u200cدانم", "\u200bیک", "دو"]), "x.tsv", DataSettings()).notes)
    assert notes["source"] == "column 2, such as 'نمی\u200cدانم'"


def test_columns_are_chosen_by_the_names_of_the_languages():
    for header, columns in (
        (["de", "en"], (GERMAN, ENGLISH)),
        (["English", "note", "German"], (ENGLISH, ["x"] * 3, GERMAN)),
    ):
        data = table(*columns, header=header)
        assert sides(data, languages=("de", "en")) == DE_EN
        assert sides(data, languages=("en", "de")) == EN_DE


@pytest.mark.parametrize(
    "header",
    [["Englisch", "Deutsch"], ["anglais", "allemand"], ["İNGİLİZCE", "ALMANCA"], ["अंग्रेज़ी", "जर्मन"], ["英语", "德语"]],
)
def test_names_of_languages_in_other_languages_make_a_header(header):
    data = table(ENGLISH, GERMAN, header=header)
    assert sides(data) == DE_EN
    assert sides(data, languages=("en", "de")) == EN_DE
    assert not is_header([["Lets vote", "Roma"], *([["Let us vote.", "Rom"]] * 3)])


@pytest.mark.parametrize(
    ("source", "target"), [("question", "answer"), ("input", "output"), ("src", "tgt"), ("prompt", "completion")]
)
def test_columns_are_chosen_by_the_names_of_sides(source, target):
    for header, columns in (
        ([source, target], (GERMAN, ENGLISH)),
        ([target, "id", source], (ENGLISH, [1, 2, 3], GERMAN)),
    ):
        data = table(*columns, header=header)
        assert sides(data) == DE_EN
        assert sides(data, reverse=True) == EN_DE


# As the settings say


def test_columns_can_be_named_by_name_or_number():
    data = table(GERMAN, ["note"] * 3, ENGLISH, header=["german", "comment", "english"])
    for source, target in (("german", "english"), ("1", "3"), ("GERMAN", "3"), ("1", "English")):
        assert sides(data, source_column=source, target_column=target) == DE_EN


def test_one_column_is_enough_if_only_one_other_is_left():
    assert sides(table(ENGLISH, GERMAN), source_column="1") == EN_DE
    assert sides(table(ENGLISH, GERMAN), target_column="2") == EN_DE
    three = table(ENGLISH, GERMAN, ["a note", "another", "a third"])
    with pytest.raises(CorpusError, match="give both --source-column and --target-column"):
        sides(three, source_column="1")


@pytest.mark.parametrize("name", ["3", "0", "french", "-1", "9" * 400, "0000000012"])
def test_a_column_that_is_not_there_is_an_error_that_lists_those_there_are(name):
    data = table(ENGLISH, GERMAN, header=["english", "german"])
    with pytest.raises(CorpusError, match=r"x.tsv has no column .*, but 1 \(english\), 2 \(german\)"):
        sides(data, source_column=name)


def test_a_column_cannot_be_both_sides():
    with pytest.raises(CorpusError, match=r"column 1 of x.tsv cannot be both source and target"):
        sides(table(ENGLISH, GERMAN), source_column="1", target_column="1")


def test_four_columns_of_sentences_are_refused_with_what_to_type():
    data = table(ENGLISH, GERMAN, ENGLISH[::-1], GERMAN[::-1])
    with pytest.raises(CorpusError, match=r"line 1 of x.tsv has 4 columns .*--source-column and --target-column"):
        parse_columns(data, "x.tsv")
    assert sides(data, source_column="2", target_column="1") == DE_EN


def test_a_line_with_more_columns_than_the_others_is_named():
    data = table(ENGLISH, GERMAN) + b"One\ttab\ttoo\tmany\n"
    with pytest.raises(CorpusError, match=r"line 4 of x.tsv has 4 columns, expected 2 or 3: a tab too many.*'One"):
        parse_columns(data, "x.tsv")
    notes = parse_columns(data, "x.tsv", DataSettings(skip_bad=True)).notes
    assert ("left out (--skip-bad)", "1 line") in notes
    assert any("line 4 of x.tsv has 4 columns" in text for _, text in notes)


def test_a_third_column_of_numbers_is_kept():
    data = "".join(f"{first}\t{second}\t{number}\n" for number, (first, second) in enumerate(PAIRS)).encode()
    assert parse_columns(data, "x.tsv", DataSettings(corpus="x.tsv")).provenance == ["0", "1", "2"]
