"""A chapter as Colab runs it: the package missing, its own first cell does the rest."""

from importlib import metadata

import colab
import nbformat
import pytest
from packaging.requirements import Requirement


@pytest.fixture(scope="module")
def host(tmp_path_factory):
    """Packages as a host has them, linked from here: all that a chapter needs, and pip, but not this project's."""
    needed = [Requirement(line) for line in metadata.requires("digitlib")]
    ground = [one for one in needed if not one.marker]
    train = [one for one in needed if one.marker and one.marker.evaluate({"extra": "train"})]
    folder = tmp_path_factory.mktemp("host") / "packages"
    colab.linked(folder, [*map(str, ground + train), "ipykernel", "pip"])
    return folder


@pytest.mark.server
def test_a_chapter_runs_as_colab_runs_it(host, tmp_path):
    with colab.served(tmp_path / "site") as site:
        run = colab.visit(site / "notebooks" / "02-design.ipynb", host, tmp_path)
    assert run.sound, run
    assert run.installed == ["digitlib"]
    assert 0 < run.picture < run.whole


@pytest.mark.server
def test_a_notebook_runs_from_a_stick(host, tmp_path):
    """It installs the wheel in the folder above it, with no index to ask."""
    stick = tmp_path / "a stick"
    stick.mkdir()
    colab.publishing.package(stick)
    colab.publishing.put_notebooks(stick, "")
    path = stick / "notebooks" / "02-design.ipynb"
    notebook = nbformat.read(path, as_version=4)
    notebook.cells = notebook.cells[:3]  # it installs, imports, shows a digit
    nbformat.write(notebook, path)
    run = colab.visit(path, host, tmp_path, path.parent)
    assert not run.error and run.installed == ["digitlib"]


@pytest.mark.server
def test_what_goes_wrong_is_told(host, tmp_path):
    """No wheel at the address; a file left behind."""
    source = 'open("left", "w").close()\n%pip install -q "digitlib @ {}"\nimport digitlib'
    cell = nbformat.v4.new_code_cell(source.format((tmp_path / "none.whl").as_uri()))
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), tmp_path / "bad.ipynb")
    run = colab.visit(tmp_path / "bad.ipynb", host, tmp_path)
    assert run.error == "ModuleNotFoundError: No module named 'digitlib'"
    assert run.left == ["left"] and not run.sound


@pytest.mark.parametrize("fault", ["error", "replaced", "left"])
def test_a_row_says_what_went_wrong(fault):
    run = colab.Run("02-design", picture=3.2, whole=20)
    assert run.sound
    assert colab.cells(run)[1:4] == ["as in the book", "3 s", "20 s"]
    setattr(run, fault, "numpy" if fault == "error" else ["numpy"])
    assert not run.sound and "numpy" in colab.cells(run)
