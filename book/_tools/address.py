"""Write the first cell of every chapter: the text of first_cell.py, with the address of the published repository.

    python3 book/_tools/address.py "" notebooks          after a change of first_cell.py
    python3 book/_tools/address.py ADDRESS FOLDER        where the book is published

It needs only Python. A notebook's outputs and its other cells stay unchanged.
"""

from __future__ import annotations

import argparse
import json
import re
from pathlib import Path

CELL = Path(__file__).with_name("first_cell.py").read_text(encoding="utf-8").rstrip()
# In a script: the lines between the marker of the first code cell and the marker of the next cell.
FIRST = re.compile(r"^(# %%(?! \[markdown\])[^\n]*\n).*?(?=\n\n# %%)", re.MULTILINE | re.DOTALL)


def first_cell(address: str) -> str:
    """Return the source of the first cell, for a repository at this address ("" for none).

    Raises:
        ValueError: The address has a character that addresses do not have.
    """
    if not re.fullmatch(r"[\w.:/@~+-]*", address):
        raise ValueError(f"{address!r} is not the address of a repository: expected https://HOST/OWNER/NAME")
    return CELL.replace('REPOSITORY = ""', f'REPOSITORY = "{address}"')


def write_first_cells(address: str, folder: Path) -> None:
    """Write the first cell of every script and notebook in a folder."""
    cell = first_cell(address)
    for path in folder.glob("[0-9]*.py"):
        text = path.read_text(encoding="utf-8")
        path.write_text(FIRST.sub(lambda found: found[1] + cell, text, count=1), encoding="utf-8")
    for path in folder.glob("[0-9]*.ipynb"):
        notebook = json.loads(path.read_text(encoding="utf-8"))
        first = next(part for part in notebook["cells"] if part["cell_type"] == "code")
        first["source"] = cell.splitlines(keepends=True)
        path.write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("address", help='address of the published repository; "" for none')
    parser.add_argument("folder", type=Path, help="folder of the chapters")
    options = parser.parse_args()
    write_first_cells(options.address, options.folder)


if __name__ == "__main__":
    main()
