"""The training cell of chapter 9 in a real kernel: stopped, killed and resumed without losing anything."""

import os
import re
import signal
import time
from pathlib import Path

import jupytext
import pytest
from jupyter_client.manager import start_new_kernel

from s2s_tutorial.files import load_tensors

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"
TIMEOUT = 120


class Kernel:
    """Chapter 9, opened in a kernel of its own, up to its training cell."""

    def __init__(self, runs: Path) -> None:
        environment = os.environ | {"S2S_RUNS": str(runs)}
        self.manager, self.client = start_new_kernel(kernel_name="python3", cwd=str(NOTEBOOKS), env=environment)
        cells = [cell for cell in jupytext.read(NOTEBOOKS / "09_training.py").cells if cell.cell_type == "code"]
        self.names = next(n for n, cell in enumerate(cells) if "training-cell" in cell.metadata.get("tags", []))
        self.cell = cells[self.names].source
        self.before = [
            cell.source
            for cell in cells[: self.names]
            if not {"demonstration", "solution"} & set(cell.metadata.get("tags", []))
        ]

    def __enter__(self):
        for source in self.before:
            self.run(source)
        return self

    def __exit__(self, *reason):
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)

    def start(self, source: str) -> str:
        return self.client.execute(source)

    def run(self, source: str) -> str:
        return self.finish(self.start(source))

    def finish(self, number: str) -> str:
        """Wait for a cell's end and return all its text."""
        texts = []
        while True:
            message = self.client.get_iopub_msg(timeout=TIMEOUT)
            if message["parent_header"].get("msg_id") != number:
                continue
            content = message["content"]
            if message["msg_type"] == "error":
                raise AssertionError("\n".join(content["traceback"]))
            if message["msg_type"] == "stream":
                texts.append(content["text"])
            if message["msg_type"] in ("display_data", "update_display_data", "execute_result"):
                texts.append(content["data"].get("text/plain", ""))
            if message["msg_type"] == "status" and content["execution_state"] == "idle":
                return "\n".join(texts)

    def wait_for_steps(self, run: Path, steps: int) -> None:
        """Wait until the cell that runs has written a checkpoint at or after so many steps."""
        end = time.monotonic() + TIMEOUT
        while time.monotonic() < end:
            if any(int(path.stem.split("-")[1]) >= steps for path in run.glob("*/checkpoint-*.safetensors")):
                return
            time.sleep(0.02)
        raise AssertionError("training wrote no checkpoint")


def final_weights(runs: Path):
    [model] = [path for path in runs.glob("*/model.safetensors") if path.parent.name.startswith("small-")]
    newest = sorted(model.parent.glob("checkpoint-*.safetensors"))[-1]
    return newest.name, {name: value for path in (model, newest) for name, value in load_tensors(path)[0].items()}


def same(a, b) -> bool:
    return a[0] == b[0] and a[1].keys() == b[1].keys() and all(a[1][name].equal(b[1][name]) for name in a[1])


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory):
    runs = tmp_path_factory.mktemp("uninterrupted")
    with Kernel(runs) as kernel:
        kernel.run(kernel.cell)
    return final_weights(runs)


def test_a_stopped_training_cell_reports_it_and_resumes_to_the_same_weights(tmp_path, uninterrupted):
    with Kernel(tmp_path) as kernel:
        number = kernel.start(kernel.cell)
        kernel.wait_for_steps(tmp_path, 50)
        kernel.manager.interrupt_kernel()
        said = kernel.finish(number)
        stopped = re.search(r"Stopped after step (\d+) of (\d+); everything is saved", said)
        assert stopped, said
        assert 50 <= int(stopped[1]) < int(stopped[2])
        # The kernel still runs: translate and draw with the weights so far.
        assert kernel.run("print(len(trainer.translator.translate('Le chat dort.').words))").strip().isdigit()
        drawing = "from s2s_tutorial.notebook.plots import figure_bytes, plot_losses\n"
        drawing += "from s2s_tutorial.training.watchers import read_record\n"
        assert "PNG" in kernel.run(
            drawing + "print(figure_bytes(plot_losses(read_record(trainer.run.record_path)))[:4])"
        )
        said = kernel.run(kernel.cell)
        assert f"Resuming from checkpoint-{int(stopped[1]):09}" in said
    assert same(final_weights(tmp_path), uninterrupted)


def test_a_killed_kernel_loses_only_seconds_of_training(tmp_path, uninterrupted):
    with Kernel(tmp_path) as kernel:
        kernel.start(kernel.cell)
        kernel.wait_for_steps(tmp_path, 100)
        os.kill(kernel.manager.provisioner.pid, signal.SIGKILL)
    with Kernel(tmp_path) as kernel:  # the notebook is opened again
        assert "Resuming from checkpoint-" in kernel.run(kernel.cell)
    assert same(final_weights(tmp_path), uninterrupted)
