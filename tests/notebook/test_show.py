"""Helpers of the chapters: they show the package's source, shapes, tables, text and pictures."""

import base64

import pytest
import torch
from matplotlib.figure import Figure

from s2s_tutorial.model.attention import DotScore
from s2s_tutorial.notebook import show


@pytest.fixture
def shown(monkeypatch):
    """All displayed outputs, as (data, metadata)."""
    kept = []
    monkeypatch.setattr(
        "IPython.display.display",
        lambda thing, raw=False, metadata=None: kept.append((thing if raw else thing._repr_mimebundle_(), metadata)),
    )
    return kept


def test_source_is_the_installed_one_under_its_name(shown):
    show.show_source(DotScore.forward)
    [(data, metadata)] = shown
    assert metadata == {"source_of": "s2s_tutorial.model.attention:DotScore.forward"}
    first, name, code, *_ = data["text/markdown"].splitlines()
    assert (first, name) == ("```python", "# s2s_tutorial.model.attention.DotScore.forward")
    assert code.startswith("def forward(self, queries")
    assert "return queries @ keys.transpose(1, 2)" in data["text/markdown"]


def test_a_right_shape_passes_and_a_wrong_one_raises(capsys):
    show.check_shape(torch.zeros(2, 3), (2, 3))
    assert capsys.readouterr().out == ""
    with pytest.raises(ValueError, match=r"the shape is \(2, 3\), expected \(3, 2\)"):
        show.check_shape(torch.zeros(2, 3), (3, 2))


def test_shapes_are_printed_under_their_names(capsys):
    show.show_shapes(src_ids=torch.zeros(2, 3, dtype=torch.int64), logits=torch.zeros(2, 4, 5))
    assert capsys.readouterr().out.splitlines() == [
        "src_ids  (2, 3)           int64",
        "logits   (2, 4, 5)        float32",
    ]


def test_a_table_rounds_floats_aligns_numbers_right_and_escapes_pipes_and_special_words(shown):
    show.show_table(["word", "count", "share"], [["a|b", 1234, 0.123], ["<unk> `<eos>`", 5, 10.0]])
    assert shown[0][0]["text/markdown"].splitlines() == [
        "| word | count | share |",
        "| :--- | ---: | ---: |",
        "| a\\|b | 1,234 | 0.12 |",
        "| \\<unk> `<eos>` | 5 | 10.00 |",
    ]


def test_missing_values_are_dashes_and_minus_signs_are_not_hyphens(shown):
    show.show_table(
        ["name", "count", "change"],
        [["seed -1", None, -0.5], ["c", -12, None], ["-1.5%", 0, 0.5], ["-7.3 to +2.8", 1, -1]],
    )
    show.show_text("BLEU changes by **-3.2** (-1 to +2): encoder-2, `x[:,-1]`, -n")
    assert shown[0][0]["text/markdown"].splitlines()[1:] == [
        "| :--- | ---: | ---: |",
        "| seed -1 | – | −0.50 |",
        "| c | −12 | – |",
        "| −1.5% | 0 | 0.50 |",
        "| −7.3 to +2.8 | 1 | −1 |",
    ]
    assert shown[1][0]["text/markdown"] == "BLEU changes by **−3.2** (−1 to +2): encoder-2, `x[:,-1]`, -n"


def test_a_figure_is_shown_as_a_picture(monkeypatch):
    kept = []
    monkeypatch.setattr("IPython.display.display", kept.append)
    figure = Figure(figsize=(1, 1))
    figure.add_subplot()
    show.show_figure(figure)
    assert base64.b64decode(kept[0]._repr_png_()).startswith(b"\x89PNG")
