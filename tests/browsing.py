"""Helpers for tests in a real browser: the browser, a server, a page that records every event, models inside a page."""

import functools
import http.server
import shutil
import threading
from base64 import b64encode
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[1]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
PARTS = (
    *("text", "unicode_text", "pieces", "sentences", "rules", "honesty", "reader"),
    *("tensors", "matrix", "weights", "network", "transformer", "drawing", "search"),
)


@contextmanager
def open_browser():
    """Open this machine's Chromium, and close it at the end."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@contextmanager
def serve(folder: Path):
    """Serve a folder on this machine, and yield its address."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *arguments):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=folder))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


class Visit:
    """A page with the live translator, driven as a reader would."""

    def __init__(self, browser, address: str, width: int = 1000, height: int = 900, wait: bool = True, before=None):
        # With reduced motion, the words of a translation appear at once and not one after another.
        self.page = browser.new_page(viewport={"width": width, "height": height}, reduced_motion="reduce")
        self.requests, self.problems = [], []
        self.page.on("request", lambda asked: self.requests.append(asked.url))
        self.page.on("console", lambda said: self.problems.append(said.text) if said.type == "error" else None)
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))
        if before:
            before(self.page)
        self.page.goto(address, wait_until="load" if wait else "commit")
        if wait:
            self.ready()

    def ready(self):
        """Wait until a translation and its beam, or an error, is shown."""
        self.page.wait_for_selector(".s2s-beam button, .s2s-error, .s2s-live > [role=alert]", timeout=30_000)

    def mark(self):
        """Remove the old results, so that `ready` waits for new ones."""
        script = """for (const part of document.querySelectorAll('.s2s-beam li')) part.remove();
          for (const line of document.querySelectorAll('.s2s-error')) line.classList.remove('s2s-error');"""
        self.page.evaluate(script)

    def translate(self, sentence: str):
        self.page.fill(".s2s-input", sentence)
        self.mark()
        self.page.press(".s2s-input", "Enter")
        self.ready()

    def text(self, selector: str) -> str:
        return self.page.locator(selector).first.inner_text()

    @property
    def translation(self) -> str:
        return self.text(".s2s-translation")


class Room:
    """An empty page that runs the translator's scripts without its worker and its controls."""

    def __init__(self, browser):
        self.page = browser.new_page()
        for name in PARTS:
            script = (ROOT / "book" / "_web" / f"{name}.js").read_text(encoding="utf-8")
            self.page.add_script_tag(content=script)

    def load(self, path: Path):
        """Read an exported model; evaluated code can use it as `model`."""
        data = b64encode(path.read_bytes()).decode()
        self.page.evaluate("data => { self.model = new s2sSearch.Translator(s2sSearch.bytesOf(data)); }", data)

    def translate(self, sentences: list[str], **options):
        return self.page.evaluate(
            "([sentences, options]) => sentences.map((one) => model.translate(one, options))", [sentences, options]
        )

    def beam(self, sentences: list[str], size: int, **options):
        return self.page.evaluate(
            "([sentences, size, options]) => sentences.map((one) => model.translateBeam(one, size, options))",
            [sentences, size, options],
        )
