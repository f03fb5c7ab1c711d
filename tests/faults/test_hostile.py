"""Untrusted files: refused with a clear message, without running code, filling the memory or writing outside their folder.

Each is opened by a child of the warm process, which measures how much its memory grows and is killed if it hangs.
"""

import io
import json
import os
import pickle
import re
import shutil
import stat
import struct
import zipfile

import pytest
import torch
from faults import COUNTS

from s2s_tutorial.files import save_tensors
from s2s_tutorial.runs.checkpoints import Checkpoints

MOST_MIB = 200
TERABYTE = 1 << 40


class Evil:
    """A pickle that runs code when it is loaded."""

    def __reduce__(self):
        return os.mkdir, ("executed",)


@pytest.fixture
def run(tiny_run, tmp_path):
    """A copy of a valid run."""
    return shutil.copytree(tiny_run, tmp_path / "run", ignore=shutil.ignore_patterns("tensorboard"))


@pytest.fixture
def refused(warm, tmp_path):
    """Open a file in a child process; it must be refused with the given words and change nothing on the disk."""

    def opened(kind, path, words):
        before = everything_below(tmp_path)
        code = warm.train(tmp_path.with_name(tmp_path.name + "-words"), load=[kind, str(path)])
        log = tmp_path.with_name(tmp_path.name + "-words.log.out")
        assert code == 0, (code, log.with_suffix(".err").read_text())
        found = json.loads(log.read_text())
        assert found["error"] is not None, "it was accepted"
        assert found["kind"] in ("RunError", "BadFileError", "CorpusError", "UnreadableFileError"), found
        assert re.search(words, found["error"]), found["error"]
        assert "\n" not in found["error"]
        assert len(found["error"]) < 600
        assert found["mib"] < MOST_MIB
        assert everything_below(tmp_path) == before
        COUNTS["hostile files refused"] += 1

    return opened


def everything_below(folder):
    """Return names, kinds, sizes and times of change of everything but `lock`, which is created and deleted at any time."""
    found = {}
    for path in folder.rglob("*"):
        if path.name != "lock" and not path.is_dir():
            what = path.lstat()
            found[path] = (what.st_mode, what.st_size, what.st_mtime_ns)
    return found


def sparse(path, size, start=b""):
    """Make a sparse file: it has the size, but takes no space on the disk."""
    with path.open("wb") as file:
        file.write(start)
        file.truncate(size)


def with_header(tensors, data=b""):
    header = json.dumps({"__metadata__": {"values": "null", "sha256": ""}, **tensors}).encode()
    return struct.pack("<Q", len(header)) + header + data


def tensor(shape, begin, end, kind="F32"):
    return {"dtype": kind, "shape": shape, "data_offsets": [begin, end]}


# Weights

DEEP = b"[" * 100_000 + b"]" * 100_000
WEIGHTS = {
    "a pickle": pickle.dumps(Evil()),
    "a header of 2^60 bytes": struct.pack("<Q", 1 << 60) + b"{}",
    "a header nested 100,000 deep": struct.pack("<Q", len(DEEP)) + DEEP,
    "tensors that overlap": with_header({"a": tensor([4], 0, 16), "b": tensor([4], 8, 24)}, bytes(24)),
    "a gap between tensors": with_header({"a": tensor([1], 0, 4), "b": tensor([1], 8, 12)}, bytes(12)),
    "a tensor of 2^60 bytes": with_header({"a": tensor([1 << 58], 0, 1 << 60)}),
    "sizes whose product overflows": with_header({"a": tensor([1 << 40, 1 << 40], 0, 4)}, bytes(4)),
    "a shape of 100,000 numbers": with_header({"a": tensor([1] * 100_000, 0, 4)}, bytes(4)),
    "an endless empty tensor": with_header({"a": tensor([0, 1 << 62], 0, 0)}),
    "a negative size": with_header({"a": tensor([-1], 0, 4)}, bytes(4)),
    "ten thousand tensors": with_header({f"t{n}": tensor([0], 0, 0) for n in range(10_000)}),
}


@pytest.mark.parametrize("kind", WEIGHTS)
@pytest.mark.parametrize("place", ["model", "newest checkpoint"])
def test_files_that_are_not_weights_are_refused(refused, run, tmp_path, kind, place):
    if place == "model":
        (run / "model.safetensors").write_bytes(WEIGHTS[kind])
        refused("translator", run, r"model\.safetensors is damaged|too large|another model")
        assert not (tmp_path / "executed").exists()
    else:
        path = Checkpoints(run).paths()[-1]
        path.write_bytes(WEIGHTS[kind])
        refused("tensors", path, r"is damaged")


def test_the_pickle_of_these_tests_does_run_code_when_loaded(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    pickle.loads(WEIGHTS["a pickle"])
    assert (tmp_path / "executed").is_dir()


@pytest.mark.parametrize("start", [b"", with_header({"a": tensor([1 << 36], 0, 1 << 38)})], ids=["zeros", "a header"])
def test_a_huge_file_with_nothing_in_it_is_not_read(refused, run, start):
    sparse(run / "model.safetensors", TERABYTE, start)
    refused("translator", run, "is too large .*bytes, at most")


def test_weights_as_large_as_allowed_but_of_another_model_take_no_memory(refused, run):
    sparse(run / "model.safetensors", 3 << 30, with_header({"a": tensor([3 << 28], 0, 3 << 30)}))
    refused("translator", run, "is too large")


def test_a_whole_checkpoint_of_something_else_is_never_used(refused, run):
    tensors, values = {"model.a": torch.zeros(3)}, {"step": 5}
    path = Checkpoints(run).paths()[-1]
    save_tensors(path, tensors, values)
    refused("training", run, r"is not damaged, but not a checkpoint of this run \(expected the values")
    assert path.exists()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda t, v: v.update(step=-1), "step is below 0"),
        (lambda t, v: v.update(step=10**6), "is after the last one"),
        (lambda t, v: v.update(seconds=float("inf")), "seconds is negative or not finite"),
        (lambda t, v: v.update(finished="no"), "finished is not of type bool"),
        (lambda t, v: t.pop("rng"), "rng is missing"),
        (lambda t, v: t.update(rng=torch.zeros(7, dtype=torch.uint8)), "another kind of device"),
        (lambda t, v: t.update(rng=torch.full((5056,), 255, dtype=torch.uint8)), "another kind of device"),
        (lambda t, v: t.update({"optimiser.0.exp_avg": torch.zeros(1)}), "does not belong to this model"),
        (lambda t, v: t.pop("optimiser.0.exp_avg"), "exp_avg is missing"),
        (lambda t, v: t.update({"optimiser.x": torch.zeros(1)}), "does not belong to this model"),
        (lambda t, v: t.update({"model.encoder.embedding.weight": torch.zeros(1)}), "does not belong to this model"),
    ],
)
def test_a_checkpoint_with_one_thing_wrong_is_never_used(refused, run, change, words):
    from s2s_tutorial.files import load_tensors

    path = Checkpoints(run).paths()[-1]
    tensors, values = load_tensors(path)
    change(tensors, values)
    save_tensors(path, tensors, values)
    refused("training", run, words)


# Settings, vocabularies, records


def changed(run, change):
    values = json.loads((run / "run.json").read_text())
    change(values)
    (run / "run.json").write_text(json.dumps(values))


RUNS = {
    "10^9 hidden units": lambda v: v["settings"]["model"].update(hidden_size=10**9, embedding_size=10**9),
    "sizes of a model that no memory holds": lambda v: v["settings"]["model"].update(
        hidden_size=4096, embedding_size=4096, num_layers=16
    ),
    "10^12 generated pairs": lambda v: v["settings"]["data"].update(sample_pairs=10**12),
    "a learning rate that is no number": lambda v: v["settings"]["training"].update(learning_rate=float("nan")),
    "an endless norm": lambda v: v["settings"]["training"].update(clip_norm=float("inf")),
    "no patience": lambda v: v["settings"]["training"].update(patience=0),
    "a seed of 400 digits": lambda v: v["settings"]["training"].update(seed=10**400),
    "bounds the wrong way round": lambda v: v["settings"]["data"].update(min_length=9, max_length=3),
    "a corpus with a zero in its name": lambda v: v["settings"]["data"].update(corpus="a\0b"),
    "a name that is a list": lambda v: v["settings"].update(name=[[]]),
    "a name that steers the terminal": lambda v: v["settings"].update(name="\x1b[2J"),
    "a word that steers the terminal": lambda v: v["tgt_vocabulary"]["words"].__setitem__(0, "\x1b[2J"),
    "a word with a line end": lambda v: v["tgt_vocabulary"]["words"].__setitem__(0, "a\nb"),
    "a word that is half a character": lambda v: v["tgt_vocabulary"]["words"].__setitem__(0, "\ud800"),
    "a count of 400 digits": lambda v: v["tgt_vocabulary"]["counts"].__setitem__(0, 10**400),
    "a format of 10,000 characters": lambda v: v.update(format="x" * 10_000),
}


@pytest.mark.parametrize("kind", RUNS)
def test_invalid_settings_and_words_are_refused(refused, run, kind):
    changed(run, RUNS[kind])
    refused("translator", run, r"run\.json is damaged|weights, at most|was written in format")


def test_no_memory_is_allocated_for_a_model_larger_than_its_weights(refused, run):
    changed(run, lambda v: v["settings"]["model"].update(hidden_size=2048, embedding_size=2048, num_layers=2))
    refused("translator", run, "another model")


@pytest.mark.parametrize(
    "data",
    [DEEP, b'{"a":' * 100_000, b"[" + b"[]," * 2_000_000 + b"[]]", b"1" * 100_000, b'{"format": ' + b"9" * 5000 + b"}"],
    ids=["deep lists", "deep objects", "millions of lists", "a number of 100,000 digits", "a format of 5,000 digits"],
)
def test_a_hostile_run_file_is_refused(refused, run, data):
    (run / "run.json").write_bytes(data)
    refused("translator", run, r"run\.json is damaged")


def test_a_huge_run_file_is_not_read(refused, run):
    sparse(run / "run.json", TERABYTE)
    refused("translator", run, "is too large")


def test_a_huge_record_is_not_read(refused, run):
    sparse(run / "record.jsonl", TERABYTE)
    refused("record", run / "record.jsonl", "is too large")


def test_hostile_lines_of_a_record_are_skipped(warm, run, tmp_path):
    good = (run / "record.jsonl").read_bytes()
    traps = [DEEP, b"1" * 5000, b'{"step": 1}', b'{"kind": "step", "step": 1, "loss": "x"}', b'{"kind": [], "step": 1}']
    (run / "record.jsonl").write_bytes(b"\n".join(traps) + b"\n" + good)
    from s2s_tutorial.training.record import read_record

    assert read_record(run / "record.jsonl") == [json.loads(line) for line in good.splitlines()]


# Links, pipes and other entries that are not regular files


@pytest.mark.parametrize(
    "name", ["model.safetensors", "run.json", "lock", "record.jsonl", "checkpoint-000000099.safetensors"]
)
@pytest.mark.parametrize("kind", ["translator", "training"])
def test_a_link_in_a_run_is_refused_and_what_it_leads_to_stays_as_it_is(refused, run, tmp_path, name, kind):
    outside = tmp_path / "outside"
    outside.write_text("mine")
    (run / name).unlink(missing_ok=True)
    (run / name).symlink_to(outside)
    refused(kind, run, f"{re.escape(name)} is a link or a device")
    assert outside.read_text() == "mine"


def test_a_pipe_that_never_ends_is_not_opened(refused, run):
    (run / "model.safetensors").unlink()
    os.mkfifo(run / "model.safetensors")
    refused("translator", run, "is a link or a device")


@pytest.mark.parametrize("kind", ["link", "pipe", "folder"])
def test_tensors_are_read_from_files_only(refused, tmp_path, kind):
    path = tmp_path / "w.safetensors"
    {"link": lambda: path.symlink_to("/dev/zero"), "pipe": lambda: os.mkfifo(path), "folder": path.mkdir}[kind]()
    refused("tensors", path, "is a link, folder or device")


def test_a_link_under_the_temporary_name_is_not_followed(tmp_path):
    from s2s_tutorial.files import write_atomically

    (tmp_path / "outside").write_text("mine")
    (tmp_path / f".file.{os.getpid()}.tmp").symlink_to(tmp_path / "outside")
    write_atomically(tmp_path / "file", b"new")
    assert ((tmp_path / "outside").read_text(), (tmp_path / "file").read_bytes()) == ("mine", b"new")


def test_an_unreadable_checkpoint_is_reported_and_left_where_it_is(run, monkeypatch):
    from s2s_tutorial.files import UnreadableFileError

    newest = Checkpoints(run).paths()[-1]
    real = type(newest).open

    def refuse(self, *arguments, **options):
        if self == newest:
            raise PermissionError(13, "Permission denied", str(self))
        return real(self, *arguments, **options)

    monkeypatch.setattr(type(newest), "open", refuse)
    with pytest.raises(
        UnreadableFileError, match=r"cannot be read: Permission denied\. It may be undamaged: make it readable"
    ):
        Checkpoints(run).newest()
    assert newest.exists()
    assert list(run.glob("*.bad")) == []


# Corpora


def archive(path, members, method=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, "w", method) as file:
        for name, data in members.items():
            with file.open(name, "w", force_zip64=True) as member:
                for piece in data if isinstance(data, list) else [data]:
                    member.write(piece)
    return path


def link_archive(path):
    """Write an archive whose one member is a symbolic link."""
    info = zipfile.ZipInfo("pairs.tsv")
    info.create_system, info.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(path, "w") as file:
        file.writestr(info, "/etc/passwd")
    return path


def lying_contents(path):
    """Write an archive whose list of contents claims to have four gigabytes, in a sparse file of that size."""
    with path.open("wb") as file:
        file.truncate((4 << 30) + 100)
        file.seek(0, io.SEEK_END)
        file.write(struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 1, 1, (4 << 30) - 2, 100, 0))
    return path


MIB = bytes(1 << 20)
LINES = b"ab\tcd\n" * 170_000
CORPORA = {
    "a name that leads out": (lambda p: archive(p, {"../pairs.tsv": b"a\tb"}), "unsafe name"),
    "a name from the root": (lambda p: archive(p, {"/etc/pairs.tsv": b"a\tb"}), "unsafe name"),
    "a link": (link_archive, "line 1 of pairs.tsv in .* has 1 column"),
    "a bomb of zeros": (lambda p: archive(p, {"pairs.tsv": [MIB] * 100}), "times its size, which text never does"),
    "a bomb of lines": (lambda p: archive(p, {"pairs.tsv": [LINES] * 60}), "times its size, which text never does"),
    "an archive of archives": (lambda p: archive(p, {"a.zip": MIB}), "holds 0 files of pairs"),
    "twenty thousand members": (
        lambda p: archive(p, {f"{n:0>200}.png": b"" for n in range(20_000)}, zipfile.ZIP_STORED),
        "list of contents is too long",
    ),
    "a list of contents of four gigabytes": (lying_contents, "list of contents is too long"),
    "a name that steers the terminal": (lambda p: archive(p, {"\x1b[2J.tsv": b"a"}), r"line 1 of \?\[2J\.tsv"),
}


@pytest.mark.parametrize("kind", CORPORA)
def test_a_hostile_archive_is_refused(refused, tmp_path, kind):
    make, words = CORPORA[kind]
    refused("corpus", make(tmp_path / "pairs.zip"), words)


def test_a_huge_file_of_pairs_is_not_read(refused, tmp_path):
    sparse(tmp_path / "pairs.tsv", TERABYTE)
    refused("corpus", tmp_path / "pairs.tsv", "holds more than 1024 MiB")


def test_a_file_of_zeros_is_refused_by_its_start(refused, tmp_path):
    sparse(tmp_path / "pairs.tsv", 1 << 30)
    refused("corpus", tmp_path / "pairs.tsv", "pairs.tsv is not a text file")


def test_a_file_of_one_endless_line_is_read_only_up_to_the_line_limit(refused, tmp_path):
    (tmp_path / "pairs.tsv").write_bytes(b"x" * (32 << 20))
    refused("corpus", tmp_path / "pairs.tsv", "line 1 of pairs.tsv is longer than")


def test_a_pipe_is_refused_as_a_corpus(refused, tmp_path):
    os.mkfifo(tmp_path / "pairs.tsv")
    refused("corpus", tmp_path / "pairs.tsv", "is not a file")
