"""The picture of the front page that the README shows: `python book/_tools/screenshot.py`, after `make book`.

The page is served on this machine, for a moment, as a reader's browser would meet it on the web; where it has the live
translator, the picture waits for a translation by the large model.
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
COLOURS = 128  # as many as a page of text, lines and a few coloured cells needs; a third of the bytes
MOST_BYTES = 300_000


class Quiet(http.server.SimpleHTTPRequestHandler):
    """A server that does not print what it serves."""

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


def main(
    site: Annotated[Path, typer.Option(help="Folder of the built site.")] = SITE,
    target: Annotated[Path, typer.Option(help="The picture to write.")] = TARGET,
    page_name: Annotated[str, typer.Option("--page", help="The page, in the site.")] = "book/index.html",
) -> None:
    """Take the picture."""
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
