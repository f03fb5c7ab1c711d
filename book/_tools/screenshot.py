"""The README's picture of the front page: `python book/_tools/screenshot.py`, after `make book`.

The page is served on this machine, so that it is loaded as on the web. If it has the live translator, the picture is taken
after a translation by the large model.
"""

import functools
import http.server
import io
import threading
from pathlib import Path
from typing import Annotated

import typer
from pdf import SITE, browser_page
from PIL import Image

ROOT = Path(__file__).parents[2]
TARGET = ROOT / "book" / "images" / "site.png"
COLOURS = 128  # enough for text, lines and a few coloured cells, in a third of the bytes
MOST_BYTES = 300_000


class Quiet(http.server.SimpleHTTPRequestHandler):
    """A server that prints no requests."""

    def log_message(self, *arguments: object) -> None:
        """Ignore the message."""


def main(
    site: Annotated[Path, typer.Option(help="Folder of the built site.")] = SITE,
    target: Annotated[Path, typer.Option(help="Picture to write.")] = TARGET,
    page_name: Annotated[str, typer.Option("--page", help="Page of the site.")] = "book/index.html",
) -> None:
    """Take the README's picture of the front page."""
    if not (site / page_name).is_file():
        raise SystemExit(f"{site / page_name} is missing: build the site first, with make book")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=site))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with browser_page() as page:
        page.set_viewport_size({"width": 1280, "height": 800})
        page.emulate_media(reduced_motion="reduce")
        page.set_default_timeout(120_000)
        page.goto(f"http://127.0.0.1:{server.server_port}/{page_name}")
        page.evaluate("() => window.MathJax && MathJax.startup && MathJax.startup.promise")
        if page.locator(".s2s-live").count():
            page.wait_for_selector(".s2s-live[data-model=large] .s2s-word")
        picture = Image.open(io.BytesIO(page.screenshot()))
    server.shutdown()
    target.parent.mkdir(parents=True, exist_ok=True)
    picture.convert("RGB").quantize(COLOURS).save(target, optimize=True)
    if target.stat().st_size > MOST_BYTES:
        raise SystemExit(
            f"{target} has {target.stat().st_size:,} bytes, more than the {MOST_BYTES:,} a README should load"
        )
    print(f"{target}: {target.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    typer.run(main)
