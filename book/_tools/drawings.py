"""Draw the package's PNG copies of the drawings that chapters show: `python book/_tools/drawings.py`, after a change of one.

The site shows the drawings of `book/images` as SVG. JupyterLab, VS Code, GitHub and Colab all show PNG inside a notebook, but
some of them do not show SVG, so Chromium draws a PNG of each drawing for the package. The PNG contains a checksum of the SVG,
so that a test notices when the two differ.
"""

import hashlib
import io
import re
from pathlib import Path

import typer
from pdf import browser_page
from PIL import Image
from PIL.PngImagePlugin import PngInfo

ROOT = Path(__file__).parents[2]
TARGET = ROOT / "s2s_tutorial" / "assets" / "drawings"
SHARPNESS = 2  # pixels of the PNG per pixel of the drawing
COLOURS = 64


def shown() -> list[str]:
    """Return the names of the drawings that chapters show."""
    scripts = (path.read_text(encoding="utf-8") for path in (ROOT / "notebooks").glob("[0-9]*.py"))
    return sorted({name for text in scripts for name in re.findall(r'show_drawing\("([\w-]+)"\)', text)})


def checksum(name: str) -> str:
    """Return the checksum of a drawing."""
    return hashlib.sha256((ROOT / "book" / "images" / f"{name}.svg").read_bytes()).hexdigest()


def main() -> None:
    """Draw a PNG of every drawing that a chapter shows."""
    TARGET.mkdir(parents=True, exist_ok=True)
    for old in TARGET.glob("*.png"):
        old.unlink()
    with browser_page(scale=SHARPNESS) as page:
        for name in shown():
            page.goto((ROOT / "book" / "images" / f"{name}.svg").as_uri())
            picture = Image.open(io.BytesIO(page.locator("svg").first.screenshot()))
            marks = PngInfo()
            marks.add_text("svg-sha256", checksum(name))
            small = picture.convert("RGB").quantize(COLOURS)
            small.save(TARGET / f"{name}.png", optimize=True, pnginfo=marks)
            print(f"{name}.png: {(TARGET / f'{name}.png').stat().st_size:,} bytes")


if __name__ == "__main__":
    typer.run(main)
