"""Open the chapters in JupyterLab, from the root of the repository: `make lab`.

Two things that JupyterLab gets wrong with notebooks from somebody else's machine are put right. It does not trust them, so
that interactive pictures stay blank; ours are signed first, as `jupyter trust` does. And it marks them as changed as soon as
they are open, because it writes the reader's own version of Python into them; here they are served with it.
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
    """The files of the repository, notebooks as this Python would have saved them."""

    async def get(self, path: str, *arguments: Any, **options: Any) -> dict[str, Any]:
        """Read a file or folder; see `ContentsManager.get`."""
        model = await super().get(path, *arguments, **options)
        if model["type"] == "notebook" and model["content"]:
            model["content"]["metadata"]["language_info"] = dict(IPythonKernel.language_info)
        return model


def main() -> None:
    """Sign the chapters, and start JupyterLab with the first; arguments, where there are any, are JupyterLab's own."""
    notary = NotebookNotary()
    for path in sorted((ROOT / "notebooks").glob("[0-9]*.ipynb")):
        notary.sign(nbformat.read(path, as_version=4))
    own = [f"--ServerApp.root_dir={ROOT}", FIRST] if len(sys.argv) == 1 else sys.argv[1:]
    LabApp.launch_instance([f"--ServerApp.contents_manager_class={__name__}.Chapters", *own])


if __name__ == "__main__":
    main()
