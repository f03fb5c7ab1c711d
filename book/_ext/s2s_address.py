"""The address of the published repository: buttons that lead to it, and downloads whose first cell installs from it.

The address is in the environment variable S2S_REPOSITORY, which .github/workflows/publish.yml sets. Without it, the book is
built without these buttons.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

sys.path.insert(0, str(Path(__file__).parents[1] / "_tools"))

from address import write_first_cells

VARIABLE = "S2S_REPOSITORY"
# Contributors edit the first branch. The publish workflow writes the second: the same files, with the address in the first
# cells.
EDITED, LAUNCHED = "main", "notebooks"


def theme_options(address: str) -> dict[str, Any]:
    """Return the theme's options for buttons that lead to the repository; an empty address switches the buttons off.

    Raises:
        ExtensionError: The address does not belong to a repository on GitHub, so Colab could not open it.
    """
    if address and not re.fullmatch(r"https://github\.com/[\w.-]+/[\w.-]+", address):
        raise ExtensionError(
            f"{VARIABLE} is {address!r}, expected https://github.com/OWNER/NAME: leave it empty for a book without buttons"
        )
    services = {
        "notebook_interface": "jupyterlab",
        "binderhub_url": "https://mybinder.org",
        "colab_url": "https://colab.research.google.com",
    }
    return {
        "repository_url": address,
        "repository_branch": LAUNCHED,
        "launch_buttons": services if address else {},
        "use_repository_button": bool(address),
        "use_issues_button": bool(address),
        "use_edit_page_button": bool(address),
    }


def set_theme_options(app: Sphinx, config: Any) -> None:
    """Set the theme's options for this address. If they have changed, Sphinx writes all pages again."""
    config.html_theme_options.update(theme_options(os.environ.get(VARIABLE, "")))


def edit_the_edited_branch(app: Sphinx) -> None:
    """Let the button "edit" lead to the edited branch. The theme only has an option for the launched branch."""
    if "github_version" in app.config.html_context:
        app.config.html_context["github_version"] = EDITED


def edit_the_script(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Let the button "edit" of a chapter lead to its script, from which the notebook is made."""
    for group in context.get("header_buttons", []):
        for button in group.get("buttons", []):
            if button.get("label") == "source-edit-button":
                button["url"] = button["url"].replace(".ipynb", ".py")


def fill_downloads(app: Sphinx, problem: Exception | None) -> None:
    """Write the address into the first cell of the notebooks and scripts that the site offers."""
    if problem is None and app.builder.format == "html":
        for folder in ("_sources/notebooks", "_static/scripts"):
            write_first_cells(os.environ.get(VARIABLE, ""), Path(app.outdir) / folder)


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect this extension to Sphinx."""
    app.connect("config-inited", set_theme_options)
    app.connect("builder-inited", edit_the_edited_branch, priority=600)  # after the theme
    app.connect("html-page-context", edit_the_script, priority=901)
    app.connect("build-finished", fill_downloads, priority=600)  # after copy_scripts
    return {"parallel_read_safe": True, "parallel_write_safe": True}
