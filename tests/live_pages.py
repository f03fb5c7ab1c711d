"""The page that tests of the live translator open: a trained model and an untrained one that has no attention."""

import sys
from dataclasses import replace
from pathlib import Path

import torch
from browsing import ROOT

from s2s_tutorial.model.seq2seq import Seq2Seq
from s2s_tutorial.runs.weights import load_translator
from s2s_tutorial.web.export import export

sys.path.insert(0, str(ROOT / "book" / "_tools"))
import live_page


def write_talking_page(folder: Path, run: Path) -> Path:
    """Write the page with two models of a run's vocabularies; return its path."""
    translator = load_translator(run)
    note, longest = "trained for seconds", (12, "words")
    export(translator, folder / "models", "main", "Main <b>model</b>", note, longest)
    settings = replace(translator.model.settings, attention="none")
    sizes = len(translator.src_vocabulary), len(translator.tgt_vocabulary)
    torch.manual_seed(0)
    untrained = replace(translator, model=Seq2Seq(settings, *sizes).eval())
    export(untrained, folder / "models", "none", "No attention", longest=(20, "characters"))
    return live_page.write_page(folder)
