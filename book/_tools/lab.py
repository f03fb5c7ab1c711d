"""Open the chapters in JupyterLab, from the root of the repository: `make lab`.

JupyterLab has two problems with notebooks from another machine. It does not trust them, so interactive pictures stay blank;
this tool signs the chapters first, as `jupyter trust` does. And it marks them as changed as soon as they are open, because it
writes the reader's version of Python into them; this tool serves them with that version.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import nbformat
from ipykernel.ipkernel import IPythonKernel
from jupyter_server.services.contents.largefilemanager import AsyncLargeFileManager
from jupyterlab.labapp import LabApp
from nbformat.sign import NotebookNotary

ROOT = Path(__file__).parents[2]
FIRST = "notebooks/00_first_translation.ipynb"


class Chapters(AsyncLargeFileManager):
    """The files of the repository, with notebooks as this version of Python would save them."""

    async def get(self, path: str, *arguments: Any, **options: Any) -> dict[str, Any]:
        """Read a file or folder; see `ContentsManager.get`."""
        model = await super().get(path, *arguments, **options)
        if model["type"] == "notebook" and model["content"]:
            model["content"]["metadata"]["language_info"] = dict(IPythonKernel.language_info)
        return model


def main() -> None:
    """Sign the chapters, and start JupyterLab with the first chapter or with the arguments of the command line."""
    notary = NotebookNotary()
    for path in sorted((ROOT / "notebooks").glob("[0-9]*.ipynb")):
        notary.sign(nbformat.read(path, as_version=4))
    own = [f"--ServerApp.root_dir={ROOT}", FIRST] if len(sys.argv) == 1 else sys.argv[1:]
    LabApp.launch_instance([f"--ServerApp.contents_manager_class={__name__}.Chapters", *own])


if __name__ == "__main__":
    main()
