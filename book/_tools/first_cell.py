# Find the package in this clone, or install it from where the book is published. Otherwise stop and say what to do.
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

REPOSITORY = ""  # filled in where the book is published
NEEDED = "s2s_tutorial babel filelock matplotlib msgspec numpy pooch sacrebleu safetensors sentencex tensorboard torch tornado tqdm typer"
clone = next((f for f in (Path.cwd(), *Path.cwd().parents) if (f / "s2s_tutorial" / "__init__.py").is_file()), None)
sys.path[:0] = [str(clone)] if clone else []
source = f"git+{REPOSITORY}" if REPOSITORY else clone or "the folder of your clone"
ready = all(map(find_spec, NEEDED.split()))
if REPOSITORY and not ready:
    command = [sys.executable, "-m", "pip", "install", "--quiet", source]
    ready = subprocess.run(command, capture_output=True, check=False).returncode == 0
if not ready:
    stop = ImportError(f'Packages are missing. Run %pip install "{source}" in a cell, and then run this cell again.')
    stop._render_traceback_ = lambda: [str(stop)]  # one line, no traceback
    raise stop
