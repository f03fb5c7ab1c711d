"""Tatoeba's French-English sentence pairs: downloaded once, remembered by their checksum."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

from s2s_tutorial.data.columns import CorpusError
from s2s_tutorial.files import write_atomically

TATOEBA_URL = "https://www.manythings.org/anki/fra-eng.zip"  # CC BY 2.0 FR, tatoeba.org and manythings.org/anki
DATA_VARIABLE = "S2S_TUTORIAL_DATA"


def tatoeba_file() -> Path:
    """Find the file of pairs: the one that `S2S_TUTORIAL_DATA` names, the one in the cache, or a new download into it.

    The checksum of the first download is stored beside the file, so that a changed file is noticed.

    Returns:
        Path of the file.

    Raises:
        CorpusError: The file is not there and cannot be downloaded, or it has changed; the message tells what to do.
    """
    named = os.environ.get(DATA_VARIABLE)
    if named:
        if not Path(named).is_file():
            raise CorpusError(f"{DATA_VARIABLE} names {named}, which is not a file: point it at fra-eng.zip or fra.txt")
        return Path(named)
    import pooch  # here, because it is slow to import

    cache = Path(pooch.os_cache("s2s_tutorial"))
    path, remembered = cache / "fra-eng.zip", cache / "fra-eng.json"
    known = _remembered_checksum(remembered)
    if not path.is_file():
        # The server refuses clients that do not name themselves.
        downloader = pooch.HTTPDownloader(progressbar=True, timeout=60, headers={"User-Agent": "s2s_tutorial"})
        try:
            pooch.retrieve(TATOEBA_URL, known_hash=None, fname=path.name, path=cache, downloader=downloader)
        except Exception as error:  # pooch passes on any error of its transport
            raise CorpusError(
                f"the Tatoeba pairs could not be downloaded ({type(error).__name__}): connect to the internet, or set "
                f"{DATA_VARIABLE} to the path of a copy of {TATOEBA_URL}, or use the built-in corpus (S2S_SCALE=small)"
            ) from None
    checksum = hashlib.sha256(path.read_bytes()).hexdigest()
    if known is None:
        # Another process that looks at the same moment must not find half of the file.
        write_atomically(remembered, json.dumps({"url": TATOEBA_URL, "sha256": checksum}).encode())
    elif known != checksum:
        raise CorpusError(
            f"{path} is not the file that was downloaded first (sha256 {checksum[:12]}…, then {known[:12]}…). To use it "
            f"from now on delete {remembered}; to download it again delete {path} too"
        )
    return path


def is_at_hand() -> bool:
    """Return whether the file of pairs can be read without a download."""
    import pooch

    return bool(os.environ.get(DATA_VARIABLE)) or (Path(pooch.os_cache("s2s_tutorial")) / "fra-eng.zip").is_file()


def _remembered_checksum(path: Path) -> str | None:
    """Read the checksum of the first download; None if there was none."""
    if not path.is_file():
        return None
    try:
        return str(json.loads(path.read_text(encoding="utf-8"))["sha256"])
    except (ValueError, KeyError, TypeError, RecursionError):
        raise CorpusError(f"{path} is damaged: delete it, and the file beside it is used as it is") from None
