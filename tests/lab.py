"""A real JupyterLab for tests, driven in a real browser as a reader would.

    with open_browser() as browser, open_lab(browser, folder, {"S2S_SCALE": "small"}) as lab:
        notebook = lab.open("chapter.ipynb")
        notebook.run_all()
        notebook.wait()
        assert "BLEU" in notebook.output(3).text

Nothing of the machine's own Jupyter settings matters, and nothing is left of a session. Every method waits for a
condition in the page and never for a length of time.
"""

import json
import os
import re
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import nbformat
import psutil
from browsing import ROOT

SECONDS = 60  # before a wait fails
SETTINGS = {
    "@jupyterlab/notebook-extension:tracker": {"windowingMode": "none"},  # every cell is in the page, visible or not
    "@jupyterlab/apputils-extension:notification": {
        "fetchNews": "false", "checkForUpdates": False, "doNotDisturbMode": True,
    },
}  # fmt: skip
# JupyterLab's own objects, which --LabApp.expose_app_in_browser makes readable.
PANEL = "const panel = jupyterapp.shell.currentWidget, notebook = panel.content;"
OPENED = """(name) => {
    const panel = jupyterapp.shell.currentWidget;
    const kernel = panel?.context?.path === name && panel.context.isReady && panel.sessionContext.session?.kernel;
    return Boolean(kernel) && kernel.connectionStatus === "connected" && ["idle", "busy"].includes(kernel.status);
}"""
IDLE = """() => {
    const panel = jupyterapp.shell.currentWidget;
    const kernel = panel?.context?.isReady && panel.sessionContext.session?.kernel;
    const waiting = () => [...document.querySelectorAll(".jp-InputPrompt")].some((one) => one.textContent.includes("*"));
    return Boolean(kernel) && kernel.connectionStatus === "connected" && kernel.status === "idle" && !waiting()
        && window.ran !== false && !document.querySelector(".jp-Dialog");
}"""


def write_notebook(path: Path, *sources: str) -> Path:
    """Write a notebook with a code cell for each source."""
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel}), path)
    return path


@dataclass(frozen=True)
class Output:
    """The output of one cell as the page shows it.

    Attributes:
        text: All its text.
        error: Whether it contains an error output, that is, a traceback on a red background.
        warned: Whether it contains standard error, which has a red background too.
        pictures: Number of its pictures.
    """

    text: str
    error: bool
    warned: bool
    pictures: int


class Notebook:
    """The notebook that is open in JupyterLab. Cells are counted from 0, Markdown cells too."""

    def __init__(self, lab: "Lab", name: str):
        self.lab, self.page, self.name = lab, lab.page, name
        self.open()

    def open(self):
        """Open its tab, and wait until its kernel answers; one that is busy is not waited for."""
        self._command("docmanager:open", {"path": self.name})
        self.page.wait_for_function(OPENED, arg=self.name)

    # Actions of a reader

    def run_all(self):
        """Run All. Returns at once; see `wait`."""
        self._start("notebook:run-all-cells")

    def restart_and_run_all(self):
        """Restart the kernel, agree to the question, run all cells. Returns when they wait to run; see `wait`."""
        self._start("notebook:restart-run-all")
        self.page.click(".jp-Dialog button.jp-mod-accept")
        last = "[...document.querySelectorAll('.jp-CodeCell .jp-InputPrompt')].at(-1)"
        self.page.wait_for_function(f"() => window.ran || {last}.textContent.includes('*')")

    def run(self, cell: int):
        """Run one cell. Returns at once; see `wait`."""
        self.page.evaluate(f"(cell) => {{ {PANEL} notebook.activeCellIndex = cell; notebook.deselectAll(); }}", cell)
        self._start("notebook:run-cell")

    def interrupt(self):
        """Press ■."""
        self.page.click('.jp-NotebookPanel:not(.lm-mod-hidden) [data-command="notebook:interrupt-kernel"]')

    def save(self):
        self._command("docmanager:save")

    def close(self):
        """Close the tab with its × and save changes; JupyterLab keeps the kernel running."""
        if self.unsaved:
            self.save()
        self._command("application:close")
        self.page.wait_for_function("() => !document.querySelector('.jp-NotebookPanel')")

    def reopen(self):
        """Close the browser's tab, open JupyterLab in a new one, and the notebook in it."""
        self.lab.visit()
        self.page = self.lab.page
        self.open()

    def kill_kernel(self):
        """Kill the kernel's process, and close JupyterLab's message about it."""
        number = self.page.evaluate(f"() => {{ {PANEL} return panel.sessionContext.session.kernel.id; }}")
        processes = psutil.Process(self.lab.server.pid).children()
        [kernel] = [one for one in processes if any(number in word for word in one.cmdline())]
        kernel.kill()
        self.page.click(".jp-Dialog button.jp-mod-accept")

    # State of the notebook

    def wait(self):
        """Wait until every queued cell has run or was dropped from the queue, and the kernel is idle."""
        self.page.wait_for_function(IDLE)

    def wait_for_text(self, cell: int, words: str | re.Pattern):
        """Wait until a cell's output contains a text."""
        self.cell(cell).locator(".jp-OutputArea-output", has_text=words).first.wait_for()

    def cell(self, number: int):
        """One cell, as a Playwright locator."""
        return self.page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-Notebook .jp-Cell").nth(number)

    def output(self, cell: int) -> Output:
        """Return the output of a cell as the page shows it."""
        kinds = self.page.evaluate(
            f"(cell) => {{ {PANEL} return notebook.widgets[cell].model.outputs.toJSON()"
            ".map((one) => one.name ?? one.output_type); }",
            cell,
        )
        area = self.cell(cell).locator(".jp-Cell-outputArea")
        texts = area.locator(".jp-OutputArea-output").all_inner_texts()
        return Output(
            "\n".join(texts), "error" in kinds, "stderr" in kinds, area.locator("img, .jp-RenderedSVG svg").count()
        )

    @property
    def counts(self) -> list[int | None]:
        """The execution counts of all code cells; None for one that has not run."""
        return self.page.evaluate(
            f"() => {{ {PANEL} return notebook.widgets.filter((one) => one.model.type === 'code')"
            ".map((one) => one.model.executionCount ?? null); }"
        )

    @property
    def unsaved(self) -> bool:
        """Whether the tab shows the mark of unsaved changes."""
        return self.page.locator("#jp-main-dock-panel .lm-TabBar-tab.lm-mod-current.jp-mod-dirty").count() > 0

    def _start(self, command: str):
        self.page.evaluate(
            "(command) => { window.ran = false;"
            " jupyterapp.commands.execute(command).finally(() => { window.ran = true; }); }",
            command,
        )

    def _command(self, command: str, values: dict | None = None):
        self.page.evaluate(
            "async ([command, values]) => { await jupyterapp.commands.execute(command, values); }",
            [command, values or {}],
        )


class Lab:
    """A JupyterLab server and one browser tab with it."""

    def __init__(self, browser, folder: Path, server: subprocess.Popen, address: str, width: int, height: int):
        self.browser, self.folder, self.server, self.address = browser, folder, server, address
        self.size = {"width": width, "height": height}
        self.page = None
        self.visit()

    def visit(self):
        """Open JupyterLab in a new browser tab; an earlier one is closed."""
        if self.page is not None:
            self.page.close()
        self.page = self.browser.new_page(viewport=self.size)
        self.page.set_default_timeout(1000 * SECONDS)
        self.page.goto(f"{self.address}lab?reset")
        self.page.wait_for_selector("#jp-main-dock-panel .jp-Launcher")

    def open(self, name: str) -> Notebook:
        """Open a notebook by its path below the server's folder."""
        return Notebook(self, name)


@contextmanager
def open_lab(
    browser, folder: Path, environment=None, settings=None, program=None, width: int = 1366, height: int = 768
):
    """Start JupyterLab in a folder, with an empty configuration, and open it.

    Args:
        browser: The browser of `browsing.open_browser`.
        folder: Folder that the server shows.
        environment: Variables for the server and its kernels, added to the current ones.
        settings: JupyterLab's settings by plugin, added to `SETTINGS`; `{"@jupyterlab/apputils-extension:themes": {"theme":
            "JupyterLab Dark"}}` is one.
        program: script that starts JupyterLab, and hands on its arguments; None for JupyterLab itself.
        width: Width of the window in pixels.
        height: Height of the window in pixels.
    """
    with TemporaryDirectory(prefix="s2s-lab-") as own:
        config = Path(own) / "config"
        (config / "labconfig").mkdir(parents=True)
        (config / "labconfig" / "default_setting_overrides.json").write_text(json.dumps(SETTINGS | (settings or {})))
        places = {
            "JUPYTER_CONFIG_DIR": config, "JUPYTER_DATA_DIR": Path(own) / "data", "JUPYTER_RUNTIME_DIR": Path(own) / "runtime",
            "JUPYTERLAB_SETTINGS_DIR": Path(own) / "settings", "JUPYTERLAB_WORKSPACES_DIR": Path(own) / "workspaces",
            "IPYTHONDIR": Path(own) / "ipython", "PYTHONPATH": ROOT
        }  # fmt: skip
        command = [
            *(sys.executable, *([program] if program else ["-m", "jupyterlab"])),
            *("--no-browser", "--allow-root", f"--ServerApp.root_dir={folder}"),
            *("--ServerApp.port=0", "--IdentityProvider.token=", "--LabApp.expose_app_in_browser=True"),
        ]
        words = {name: str(place) for name, place in places.items()} | (environment or {})
        with (Path(own) / "log").open("w") as log:
            server = subprocess.Popen(command, env=os.environ | words, stdout=log, stderr=subprocess.STDOUT)
        try:
            yield Lab(browser, folder, server, _address(server, Path(own)), width, height)
        finally:
            for child in psutil.Process(server.pid).children(recursive=True):
                child.kill()
            server.kill()
            server.wait()


def _address(server: subprocess.Popen, own: Path) -> str:
    """Return the server's address, which it writes into a file once it answers requests."""
    end = time.monotonic() + SECONDS
    while time.monotonic() < end and server.poll() is None:
        for path in (own / "runtime").glob("jpserver-*.json"):
            if text := path.read_text():
                return json.loads(text)["url"]
        time.sleep(0.05)
    raise AssertionError("JupyterLab does not start:\n" + (own / "log").read_text()[-3000:])
