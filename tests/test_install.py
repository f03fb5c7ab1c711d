"""Chapters away from the clone: from an installed wheel, and as one notebook that installs the package itself.

Every test has an environment of its own: it shares the libraries of this one, but has no s2s_tutorial. Nothing is
downloaded.
"""

import json
import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import matplotlib
import nbformat
import pytest

from s2s_tutorial.runs.weights import packaged_languages, pretrained_folder

ROOT = Path(__file__).parents[1]
# Runs a notebook as "Run All" does and saves its outputs; an error ends it.
RUN_ALL = """
import sys, nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

book = nbformat.read(sys.argv[1], as_version=4)
for cell in book.cells:
    cell.update(outputs=[], execution_count=None) if cell.cell_type == "code" else None
try:
    NotebookClient(book, timeout=300, kernel_name="python3").execute()
except CellExecutionError:
    pass
nbformat.write(book, sys.argv[1])
"""


def call(*command: object, **options) -> str:
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False, **options)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout


class Environment:
    """A fresh Python environment with a home and a working folder, both empty."""

    def __init__(self, folder: Path) -> None:
        venv.create(folder / "env", symlinks=True)
        self.python = folder / "env" / "bin" / "python"
        self.home, self.work = folder / "home", folder / "work"
        self.home.mkdir()
        self.work.mkdir()
        libraries = Path(sysconfig.get_path("purelib"))
        self.packages = folder / "env" / "lib" / libraries.parent.name / "site-packages"
        for path in libraries.iterdir():
            if "s2s_tutorial" not in path.name:
                (self.packages / path.name).symlink_to(path)
        (folder / "env" / "share").mkdir(exist_ok=True)
        (folder / "env" / "share" / "jupyter").symlink_to(Path(sys.prefix) / "share" / "jupyter")
        # pip uses the packages that are there, and setuptools too; a request would fail at once.
        offline = {"PIP_NO_INDEX": "1", "PIP_NO_BUILD_ISOLATION": "0", "HTTPS_PROXY": "http://127.0.0.1:9"}
        kept = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "S2S_RUNS")}
        self.variables = kept | offline | {"HOME": str(self.home), "MPLCONFIGDIR": matplotlib.get_configdir()}

    def run(self, *arguments: object) -> str:
        return call(self.python, *arguments, cwd=self.work, env=self.variables)

    def run_all(self, name: str, address: str = "", scale: str = "small") -> list[nbformat.NotebookNode]:
        """Copy one notebook into the working folder, run it there, and return its code cells."""
        path = self.work / f"{name}.ipynb"
        path.write_bytes((ROOT / "notebooks" / path.name).read_bytes())
        call(sys.executable, ROOT / "book" / "_tools" / "address.py", address, self.work)
        self.variables["S2S_SCALE"] = scale
        self.run("-c", RUN_ALL, path)
        return [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]


@pytest.fixture
def fresh(tmp_path):
    return Environment(tmp_path)


@pytest.fixture(scope="module")
def clone(tmp_path_factory) -> Path:
    """A repository with the files that pip needs of this one, committed."""
    folder = tmp_path_factory.mktemp("clone")
    for name in ("pyproject.toml", "README.md", "LICENSE", "environment.yml"):
        (folder / name).write_bytes((ROOT / name).read_bytes())
    for path in ROOT.joinpath("s2s_tutorial").rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            copy = folder / path.relative_to(ROOT)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(path.read_bytes())
    who = ("-c", "user.name=test", "-c", "user.email=test@localhost")
    call("git", "init", "--quiet", cwd=folder)
    call("git", "add", "--all", cwd=folder)
    call("git", *who, "commit", "--quiet", "--message", "All", cwd=folder)
    return folder


@pytest.fixture(scope="module")
def wheel(clone, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    call(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w", folder, clone)
    [path] = folder.iterdir()
    return path


def error_of(cells) -> list[str]:
    """Return the text of the error that ended the run."""
    failed = [n for n, cell in enumerate(cells) if any(output.output_type == "error" for output in cell.outputs)]
    assert len(failed) == 1
    assert all(cell.execution_count is None for cell in cells[failed[0] + 1 :])
    [error] = [output for output in cells[failed[0]].outputs if output.output_type == "error"]
    return error.traceback


def assert_whole(cells) -> None:
    assert [output for cell in cells for output in cell.outputs if output.output_type == "error"] == []
    assert all(cell.execution_count for cell in cells)


def test_the_wheel_holds_the_files_of_the_package_and_no_others(clone, wheel):
    held = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    listed = call("git", "ls-files", "s2s_tutorial", cwd=clone).splitlines()
    assert held == set(listed)
    assert {f"s2s_tutorial/{pretrained_folder(to).name}/model.safetensors" for to in packaged_languages()} <= held
    assert {Path(name).suffix for name in held} == {
        ".py",
        ".css",
        ".html",
        ".png",
        ".js",
        ".tsv",
        ".json",
        ".jsonl",
        ".md",
        ".safetensors",
    }


def test_a_chapter_runs_from_the_wheel_in_an_empty_folder_and_writes_only_its_runs(wheel, fresh):
    fresh.run("-m", "pip", "install", "--quiet", wheel)
    before = set(fresh.home.iterdir())
    assert_whole(fresh.run_all("11_translating"))
    assert {path.name for path in fresh.work.iterdir()} == {"11_translating.ipynb", "runs"}
    assert {path.name for path in set(fresh.home.iterdir()) - before} <= {".ipython", ".local", ".cache"}


def test_without_data_a_chapter_stops_with_one_line_that_names_the_ways_out(wheel, fresh):
    fresh.variables.pop("S2S_TUTORIAL_DATA", None)
    fresh.run("-m", "pip", "install", "--quiet", wheel)
    [line] = error_of(fresh.run_all("11_translating", scale="standard"))
    assert line.startswith("the Tatoeba pairs could not be downloaded")
    assert "S2S_TUTORIAL_DATA" in line
    assert "\n" not in line


def test_one_notebook_installs_the_package_from_its_address(clone, fresh):
    assert_whole(fresh.run_all("06_attention", address=clone.as_uri()))
    installed = json.loads(fresh.run("-m", "pip", "inspect"))["installed"]
    [ours] = [one for one in installed if one["metadata"]["name"] == "s2s_tutorial"]
    assert ours["direct_url"]["url"] == clone.as_uri()


@pytest.mark.parametrize("address", ["", "file:///nowhere/at/all"], ids=["no address", "wrong address"])
def test_without_the_package_one_line_says_what_to_install_and_nothing_else_runs(fresh, address):
    cells = fresh.run_all("06_attention", address=address)
    [line] = error_of(cells)
    source = f"git+{address}" if address else "the folder of your clone"
    assert line == f'Packages are missing. Run %pip install "{source}" in a cell, and then run this cell again.'
    assert cells[0].execution_count == 1
    assert len(cells[0].outputs) == 1


def test_without_pip_the_same_line_says_so(clone, fresh):
    for path in fresh.packages.glob("pip*"):
        path.unlink()
    [line] = error_of(fresh.run_all("06_attention", address=clone.as_uri()))
    assert line.startswith("Packages are missing. Run %pip install ")


def test_a_clone_without_its_libraries_names_itself(clone, fresh):
    (fresh.packages / "safetensors").unlink()
    fresh.work = clone / "notebooks"
    fresh.work.mkdir()
    [line] = error_of(fresh.run_all("06_attention"))
    assert f'%pip install "{clone}"' in line
