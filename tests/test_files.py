"""Files: written whole or not at all, read back bit for bit, and never trusted or run if they come from elsewhere."""

import json
import os
import pickle
import struct
import tracemalloc

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from s2s_tutorial import files as checkpoint
from s2s_tutorial.files import (
    BadFileError,
    load_tensors,
    read_json,
    save_tensors,
    write_atomically,
    write_json,
)
from s2s_tutorial.runs.checkpoints import Checkpoints


def some_tensors(seed: int = 0) -> dict[str, torch.Tensor]:
    rng = torch.Generator().manual_seed(seed)
    return {
        "weight": torch.randn(3, 5, generator=rng),
        "odd": torch.tensor([float("nan"), float("-inf"), -0.0, 1e-45]),
        "double": torch.randn(2, generator=rng, dtype=torch.float64),
        "half": torch.randn(3, generator=rng).to(torch.bfloat16),
        "number": torch.tensor(7.0),
        "ids": torch.arange(4),
        "mask": torch.tensor([True, False]),
        "turned": torch.randn(4, 3, generator=rng).T,
        "rng": rng.get_state(),
    }


def bits(tensor: torch.Tensor) -> tuple:
    return tensor.dtype, tuple(tensor.shape), bytes(tensor.contiguous().reshape(-1).view(torch.uint8).tolist())


def names_in(folder) -> set[str]:
    return {path.name for path in folder.iterdir()}


# Writing


def test_a_written_file_has_the_bytes_and_leaves_no_other_file(tmp_path):
    for data in (b"first", b"", b"\x00second" * 1000):
        write_atomically(tmp_path / "file", data)
        assert (tmp_path / "file").read_bytes() == data
        assert names_in(tmp_path) == {"file"}


class Fails(Exception):
    """A fault put there by a test."""


def fail(*args, **kwargs):
    raise Fails


class FullDisk:
    """A file whose disk is full after half of a write."""

    def __init__(self, file):
        self.file = file

    def __enter__(self):
        self.file.__enter__()
        return self

    def __exit__(self, *error):
        return self.file.__exit__(*error)

    def write(self, data):
        self.file.write(data[: len(data) // 2])
        raise Fails


@pytest.mark.parametrize("place", ["open", "write", "fsync", "replace"])
@pytest.mark.parametrize("before", [None, b"old"])
def test_a_fault_at_any_moment_leaves_the_old_contents_and_nothing_else(tmp_path, monkeypatch, place, before):
    path = tmp_path / "file"
    if before is not None:
        path.write_bytes(before)
    open_file = type(path).open
    with monkeypatch.context() as patch:
        if place == "open":
            patch.setattr(type(path), "open", fail)
        elif place == "write":
            patch.setattr(type(path), "open", lambda self, mode: FullDisk(open_file(self, mode)))
        else:
            patch.setattr(checkpoint.os, place, fail)
        with pytest.raises(Fails):
            write_atomically(path, b"new contents")
    assert names_in(tmp_path) == (set() if before is None else {"file"})
    assert before is None or path.read_bytes() == before


def test_contents_reach_the_disk_before_the_name_does(tmp_path, monkeypatch):
    order = []
    for name in ("fsync", "replace"):
        real = getattr(os, name)
        monkeypatch.setattr(checkpoint.os, name, lambda *a, name=name, real=real: (order.append(name), real(*a))[1])
    write_atomically(tmp_path / "file", b"data")
    assert order[:2] == ["fsync", "replace"]
    assert order[2:] == ["fsync"] * (os.name == "posix")  # the folder's


# Tensors


def test_tensors_and_values_come_back_bit_for_bit(tmp_path):
    values = {"step": 7, "loss": 0.1, "text": "sœur", "list": [1, None, True]}
    save_tensors(tmp_path / "t.safetensors", some_tensors(), values)
    tensors, found = load_tensors(tmp_path / "t.safetensors")
    assert found == values
    assert {name: bits(t) for name, t in tensors.items()} == {name: bits(t) for name, t in some_tensors().items()}


def test_saving_twice_gives_the_same_file(tmp_path):
    save_tensors(tmp_path / "a", some_tensors(), {"a": 1, "b": 2})
    save_tensors(tmp_path / "b", dict(reversed(some_tensors().items())), {"b": 2, "a": 1})
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


@pytest.fixture(scope="module")
def whole_file(tmp_path_factory) -> bytes:
    path = tmp_path_factory.mktemp("whole") / "t.safetensors"
    save_tensors(path, some_tensors(), {"step": 7})
    return path.read_bytes()


@given(data=st.data())
def test_no_flipped_bit_goes_unnoticed(whole_file, tmp_path_factory, data):
    place, bit = data.draw(st.integers(0, len(whole_file) - 1)), data.draw(st.integers(0, 7))
    damaged = bytearray(whole_file)
    damaged[place] ^= 1 << bit
    path = tmp_path_factory.getbasetemp() / "flipped.safetensors"
    path.write_bytes(damaged)
    with pytest.raises(BadFileError, match=r"flipped\.safetensors is damaged .*restore it, or start a new run"):
        load_tensors(path)


@given(data=st.data())
def test_no_truncated_file_goes_unnoticed(whole_file, tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / "short.safetensors"
    path.write_bytes(whole_file[: data.draw(st.integers(0, len(whole_file) - 1))])
    with pytest.raises(BadFileError, match=r"short\.safetensors is damaged"):
        load_tensors(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(BadFileError, match=r"gone\.safetensors cannot be read: No such file"):
        load_tensors(tmp_path / "gone.safetensors")


def test_numbers_changed_with_their_checksum_left_are_refused(whole_file, tmp_path):
    size = int.from_bytes(whole_file[:8], "little")
    changed = whole_file[: 8 + size] + bytes(len(whole_file) - 8 - size)
    (tmp_path / "changed").write_bytes(changed)
    with pytest.raises(BadFileError, match="checksum"):
        load_tensors(tmp_path / "changed")


# Hostile files


class Evil:
    """A pickle that runs code when it is loaded."""

    def __reduce__(self):
        return os.mkdir, ("executed",)


def hostile_files() -> dict[str, bytes]:
    deep = b"[" * 100_000 + b"]" * 100_000
    return {
        "a pickle": pickle.dumps(Evil()),
        "a header of 2^60 bytes": struct.pack("<Q", 1 << 60) + b"{}",
        "a header as long as allowed and longer than the file": struct.pack("<Q", checkpoint.MAX_HEADER_BYTES) + b"{}",
        "a header too long though it is there": struct.pack("<Q", 2 << 20) + b" " * (2 << 20),
        "a header of no bytes": bytes(8),
        "a header nested 100,000 deep": struct.pack("<Q", len(deep)) + deep,
        "a header that is a list": struct.pack("<Q", 2) + b"[]",
        "a tensor of 2^60 bytes": with_header(
            {"w": {"dtype": "F32", "shape": [1 << 58], "data_offsets": [0, 1 << 60]}}
        ),
        "a tensor that reaches out of the file": with_header(
            {"w": {"dtype": "F32", "shape": [4], "data_offsets": [-16, 0]}}
        ),
        "a tensor of no known kind": with_header(
            {"w": {"dtype": "X9", "shape": [1], "data_offsets": [0, 4]}}, bytes(4)
        ),
        "no checksum": with_header({}, metadata={}),
        "a checksum that is a number": with_header({}, metadata={"values": "{}", "sha256": 1}),
    }


def with_header(tensors: dict, data: bytes = b"", metadata: dict | None = None) -> bytes:
    header = json.dumps({"__metadata__": metadata or {"values": "null", "sha256": ""}, **tensors}).encode()
    return struct.pack("<Q", len(header)) + header + data


@pytest.mark.parametrize("kind", hostile_files())
def test_a_hostile_file_is_refused_without_much_memory_and_never_run(tmp_path, monkeypatch, kind):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "evil.safetensors"
    path.write_bytes(hostile_files()[kind])
    tracemalloc.start()
    with pytest.raises(BadFileError, match=r"evil\.safetensors is damaged"):
        load_tensors(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8 << 20  # bytes, whatever sizes its header claims
    assert names_in(tmp_path) == {"evil.safetensors"}


def test_the_hostile_pickle_does_run_code_when_loaded(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    pickle.loads(hostile_files()["a pickle"])
    assert names_in(tmp_path) == {"executed"}


# JSON


def test_json_is_read_back_unchanged_and_is_readable(tmp_path):
    values = {"words": ["sœur", "<pad>"], "number": 0.1, "nothing": None}
    write_json(tmp_path / "v.json", values)
    assert read_json(tmp_path / "v.json") == values
    assert "sœur" in (tmp_path / "v.json").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b'{"a": 1}x', b"\xff\xfe", b"[" * 100_000 + b"]" * 100_000, b'{"a":' * 100_000],
    ids=["empty", "cut", "more after it", "not UTF-8", "nested 100,000 deep", "nested and cut"],
)
def test_bad_json_is_refused_naming_the_file(tmp_path, data):
    (tmp_path / "v.json").write_bytes(data)
    with pytest.raises(BadFileError, match=r"v\.json is damaged .*restore it"):
        read_json(tmp_path / "v.json")


def test_json_beyond_the_bound_is_not_even_read(tmp_path):
    with (tmp_path / "v.json").open("wb") as file:
        file.truncate(checkpoint.MAX_JSON_BYTES + 1)  # a sparse file
    with pytest.raises(BadFileError, match=r"too large \(8,388,609 bytes"):
        read_json(tmp_path / "v.json")


# The newest few


@pytest.fixture
def checkpoints(tmp_path) -> Checkpoints:
    """A folder into which three checkpoints were saved, so that two are left."""
    made = Checkpoints(tmp_path, keep=2)
    for step in (9, 10, 1000):
        made.save(step, {"w": torch.full((4,), float(step))}, {"step": step})
    return made


def test_only_the_newest_few_stay(checkpoints, tmp_path):
    assert names_in(tmp_path) == {"checkpoint-000000010.safetensors", "checkpoint-000001000.safetensors"}


def test_the_newest_is_loaded(checkpoints):
    (path, tensors, values), damaged = checkpoints.newest()
    assert path.name == "checkpoint-000001000.safetensors"
    assert (values, tensors["w"].tolist(), damaged) == ({"step": 1000}, [1000.0] * 4, [])


def test_an_empty_folder_has_none(tmp_path):
    assert Checkpoints(tmp_path).newest() == (None, [])


def flip(data: bytes, place: float) -> bytes:
    damaged = bytearray(data)
    damaged[int(place * (len(data) - 1))] ^= 0x10
    return bytes(damaged)


DAMAGES = {
    "empty": lambda data: b"",
    "half of it": lambda data: data[: len(data) // 2],
    "last byte lost": lambda data: data[:-1],
    "a byte too many": lambda data: data + b"\0",
    "all zeros": lambda data: bytes(len(data)),
    **{f"bit flipped at {place:.0%}": lambda data, place=place: flip(data, place) for place in (0, 0.03, 0.3, 0.6, 1)},
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_newest_one_is_set_aside_by_name_and_the_one_before_is_used(checkpoints, tmp_path, damage):
    newest = checkpoints.paths()[-1]
    newest.write_bytes(DAMAGES[damage](newest.read_bytes()))
    (path, tensors, values), damaged = checkpoints.newest()
    assert (path.name, values, tensors["w"].tolist()) == ("checkpoint-000000010.safetensors", {"step": 10}, [10.0] * 4)
    assert len(damaged) == 1
    assert newest.name in damaged[0]
    assert "set aside as checkpoint-000001000.bad" in damaged[0]
    assert names_in(tmp_path) == {"checkpoint-000000010.safetensors", "checkpoint-000001000.bad"}


def test_when_all_are_damaged_each_is_named(checkpoints):
    for path in checkpoints.paths():
        path.write_bytes(b"")
    found, damaged = checkpoints.newest()
    assert found is None
    assert ["1000.bad" in damaged[0], "010.bad" in damaged[1]] == [True, True]


def test_a_fault_while_saving_loses_no_older_one(checkpoints, monkeypatch):
    monkeypatch.setattr(checkpoint.os, "fsync", fail)
    with pytest.raises(Fails):
        checkpoints.save(1001, {"w": torch.zeros(4)}, {})
    assert [path.name[11:20] for path in checkpoints.paths()] == ["000000010", "000001000"]


def test_only_the_leftovers_of_a_killed_writer_are_deleted(checkpoints, tmp_path):
    (tmp_path / ".checkpoint-000001001.safetensors.4711.tmp").write_bytes(b"half")
    (tmp_path / "notes.tmp").write_bytes(b"the user's own")
    before = checkpoints.paths()
    checkpoints.clear_temporary()
    assert names_in(tmp_path) == {"notes.tmp", *(path.name for path in before)}
