"""The ledger in a notebook of one's own: the how-to's lines, run as a reader runs them."""

import json
import os
import re
import subprocess
import sys

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from how_to import blocks

FOUND = blocks("Keep a ledger in your own notebooks")
LINES, TOLD = (block.text for block in FOUND if block.language == "python")
SAID, FAILED = (block.text.splitlines() for block in FOUND if block.language == "text")
ANSWERS = """\
import numpy as np

labels = np.zeros(100)
answers = np.arange(100) >= {right}
"""


@pytest.fixture
def execute(tmp_path, monkeypatch):
    """Runs a notebook in a folder, by the page's command; its exit code, complaints and what its last cells show."""
    for name in ("DIGITLIB_CHECK", "DIGITLIB_RECORD"):
        monkeypatch.delenv(name, raising=False)
    path = tmp_path / "mine.ipynb"
    jupyter = [sys.executable, "-m", "jupyter", "execute", "--inplace", path.name]

    def run(right, **environment):
        sources = ANSWERS.format(right=right), LINES, TOLD
        cells = [new_code_cell(source) for source in sources]
        nbformat.write(new_notebook(cells=cells), path)
        told = os.environ | {"PYTHONPATH": os.pathsep.join(map(os.path.abspath, sys.path))}
        done = subprocess.run(
            jupyter, cwd=tmp_path, env=told | environment, capture_output=True, text=True
        )
        _, *cells = nbformat.read(path, 4).cells
        shown = [
            output.data["text/markdown"].replace("*", "")
            for cell in cells
            for output in cell.outputs
            if "data" in output
        ]
        return done.returncode, re.sub(r"\x1b\[[\d;]*m", "", done.stderr), shown

    return run


def test_a_figure_is_recorded_and_compared_and_fails_where_it_is_checked(execute, tmp_path):
    code, _, shown = execute(93)
    assert code == 0
    assert shown == [SAID[0], "93 % (86 to 97) of 100 (recorded)"]
    file = tmp_path / "figures.json"
    content = file.read_bytes()
    entry = json.loads(content)["signs.right"]
    assert (entry["value"], entry["n"], entry["tolerance"]) == (0.93, 100, 0.01)
    assert entry["interval"] == pytest.approx([0.863, 0.966], abs=0.001)
    code, _, shown = execute(93, DIGITLIB_CHECK="1")
    assert (code, shown[0]) == (0, SAID[1])
    code, _, shown = execute(80)
    assert (code, shown[0]) == (0, SAID[2])
    code, complaints, shown = execute(80, DIGITLIB_CHECK="1")
    assert code != 0 and FAILED[0] in complaints and shown == []
    assert file.read_bytes() == content
