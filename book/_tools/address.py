"""Write the first cell of every chapter: the one in first_cell.py, with the address of the published repository in it.

    python3 book/_tools/address.py "" notebooks          after a change of first_cell.py
    python3 book/_tools/address.py ADDRESS FOLDER        where the book is published

It needs nothing but Python. A notebook's outputs, and all its other cells, stay as they are.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

CELL = Path(__file__).with_name("first_cell.py").read_text(encoding="utf-8").rstrip()
# In a script: the lines between the marker of the first code cell and the marker of the next cell.
FIRST = re.compile(r"^(# %%(?! \[markdown\])[^\n]*\n).*?(?=\n\n# %%)", re.MULTILINE | re.DOTALL)


def first_cell(address: str) -> str:
    """Return the source of the first cell, for a repository at this address ("" for none).

    Raises:
        ValueError: The address has a character that no address has.
    """
    if not re.fullmatch(r"[\w.:/@~+-]*", address):
        raise ValueError(f"{address!r} is not the address of a repository: expected https://HOST/OWNER/NAME")
    return CELL.replace('REPOSITORY = ""', f'REPOSITORY = "{address}"')


def write_first_cells(address: str, folder: Path) -> None:
    """Write the first cell of every chapter in a folder, scripts and notebooks."""
    cell = first_cell(address)
    for path in folder.glob("[0-9]*.py"):
        text = path.read_text(encoding="utf-8")
        path.write_text(FIRST.sub(lambda found: found[1] + cell, text, count=1), encoding="utf-8")
    for path in folder.glob("[0-9]*.ipynb"):
        notebook = json.loads(path.read_text(encoding="utf-8"))
        first = next(part for part in notebook["cells"] if part["cell_type"] == "code")
        first["source"] = cell.splitlines(keepends=True)
        path.write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    write_first_cells(sys.argv[1], Path(sys.argv[2]))
