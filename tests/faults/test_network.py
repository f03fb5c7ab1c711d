"""Training, translating, evaluating and drawing make no connection to other machines; for imports see test_project.py."""

import pytest
from faults import said
from tiny import TINY

TRAIN = ["train", "--preset", "small", "--epochs", "1", "--device", "cpu", "--run", "RUN"]
COMMANDS = [
    TRAIN,
    ["translate", "--run", "RUN", "le chat dort ."],
    ["evaluate", "--run", "RUN", "--pairs", "challenge"],
    ["plot", "attention", "--run", "RUN", "--out", "RUN/a.svg", "le chat dort ."],
    ["plot", "losses", "--run", "RUN", "--out", "RUN/l.png"],
    ["data", "--preset", "small"],
]


def test_everything_from_training_to_pictures_works_without_a_network(warm, tmp_path):
    assert TINY.data.corpus == "sample"
    for command in COMMANDS:
        arguments = [part.replace("RUN", str(tmp_path / "run")) for part in command]
        code = warm.train(tmp_path / "run", command=arguments, fault=["no_network", str(tmp_path)])
        assert code == 0, (command, said(tmp_path / "run"))


def test_a_download_without_a_network_is_detected_and_reported(warm, tmp_path):
    command = ["data", "--corpus", "tatoeba"]
    assert warm.train(tmp_path / "run", command=command, fault=["no_network", str(tmp_path)]) == 1
    assert "could not be downloaded (RuntimeError)" in said(tmp_path / "run")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_connections_to_this_machine_are_allowed(host, monkeypatch):
    import injected

    hooks = []
    monkeypatch.setattr(injected.sys, "addaudithook", hooks.append)
    monkeypatch.setenv("XDG_CACHE_HOME", "")
    injected.no_network("")
    hooks[0]("socket.getaddrinfo", (host, 80))
    hooks[0]("socket.connect", (None, (host, 80)))
    with pytest.raises(RuntimeError, match="the network was touched"):
        hooks[0]("socket.connect", (None, ("192.0.2.1", 80)))
