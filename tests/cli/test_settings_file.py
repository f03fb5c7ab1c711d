"""Settings as a TOML file: what is printed is read back, comments say what each means, mistakes are named."""

from dataclasses import fields, replace

import pytest

from s2s_tutorial.cli.choosing import Given, choose
from s2s_tutorial.cli.settings_file import print_settings, read_settings
from s2s_tutorial.presets import PRESETS, with_transformer
from s2s_tutorial.settings import PARTS


@pytest.mark.parametrize("name", PRESETS)
@pytest.mark.parametrize("network", ["gru", "transformer"])
def test_printed_settings_are_read_back_unchanged(tmp_path, name, network):
    settings = PRESETS[name] if network == "gru" else with_transformer(PRESETS[name])
    settings = replace(settings, data=replace(settings.data, valid=("a\\b.en", 'quoted ".de'), source_column="né\t"))
    (tmp_path / "all.toml").write_text(print_settings(settings, ["a note"]), encoding="utf-8")
    assert choose(Given(file=tmp_path / "all.toml")).settings == settings
    assert choose(Given(preset="original", file=tmp_path / "all.toml")).settings == settings


def test_every_setting_has_a_comment():
    lines = print_settings(PRESETS["sample"], []).splitlines()
    for kind in PARTS.values():
        for each in fields(kind):
            (place,) = [number for number, line in enumerate(lines) if line.startswith(f"{each.name} = ")]
            assert lines[place - 1].startswith("# ")
            assert lines[place - 1].endswith(".")


def test_a_file_may_give_some_settings_and_options_come_before_it(tmp_path):
    path = tmp_path / "some.toml"
    path.write_text(
        '[model]\nhidden_size = 64\nembedding_size = 64\n[training]\nepochs = 7\nseed = 3\n[data]\ncorpus = "sample"\n'
    )
    settings = choose(Given(preset="small", file=path, training={"epochs": 9})).settings
    assert (settings.model.hidden_size, settings.training.epochs, settings.training.seed) == (64, 9, 3)
    assert settings.training.batch_size == PRESETS["small"].training.batch_size
    path.write_text('[model]\nnetwork = "transformer"\nnum_layers = 5\n')
    model = choose(Given(preset="small", file=path)).settings.model
    assert (model.network, model.num_layers) == ("transformer", 5)
    assert model.hidden_size == with_transformer(PRESETS["small"]).model.hidden_size


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("epochs = ", r"some.toml is not a TOML file .*s2s-tutorial settings prints one"),
        (
            "[optimiser]\nrate = 3\n",
            r"some.toml has 'optimiser', expected name or a table: \[data\], \[model\], \[training\]",
        ),
        ("[training]\nepoch = 3\n", r"has 'epoch' in \[training\], expected some of: epochs, batch_size"),
        ('[training]\nepochs = "many"\n', "epochs is 'many', expected `?int`?"),
        ("[model]\ndropout = 1.5\n", r"dropout is 1\.5, expected"),
        ("name = 3\n", "has 'name'"),
        ("data = 3\n", "has 'data'"),
        ("[data]\ncorpus = 3\n", "corpus is 3, expected"),
    ],
)
def test_mistakes_in_a_file_are_named(tmp_path, text, words):
    (tmp_path / "some.toml").write_text(text)
    with pytest.raises(ValueError, match=words):
        choose(Given(file=tmp_path / "some.toml"))


def test_a_huge_file_is_not_read(tmp_path):
    with (tmp_path / "huge.toml").open("wb") as file:
        file.truncate(2 << 20)
    with pytest.raises(ValueError, match="too large"):
        read_settings(tmp_path / "huge.toml")


def test_options_of_the_recurrent_network_are_refused_for_a_transformer():
    with pytest.raises(
        ValueError, match="--attention, --decoder and --input-feeding are options of the recurrent network"
    ):
        choose(Given(model={"network": "transformer", "attention": "dot"}))


def test_the_hidden_size_is_that_of_the_embeddings_too():
    model = choose(Given(model={"hidden_size": 40})).settings.model
    assert (model.embedding_size, model.hidden_size) == (40, 40)


def test_a_transformer_of_another_size_has_the_inner_size_and_the_learning_rate_for_it():
    settings = choose(Given(preset="small", model={"network": "transformer", "hidden_size": 64})).settings
    assert (settings.model.embedding_size, settings.model.feed_forward_size) == (64, 128)
    assert settings.training.learning_rate == pytest.approx(0.04 / 8)
    model, training = {"network": "transformer", "hidden_size": 64}, {"learning_rate": 0.01}
    assert choose(Given(model=model, training=training)).settings.training.learning_rate == 0.01
    with pytest.raises(ValueError, match="hidden_size is 30, expected a multiple of num_heads, 4"):
        choose(Given(model=model | {"hidden_size": 30}))
