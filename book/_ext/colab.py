"""Run every notebook of the site as Colab does, and print a table.

    python book/_ext/colab.py [--newest] [NAME …]

Each runs alone in an empty folder, in an environment of its own that has what a host brings (torch, and packages that
it has already imported) but no ``digitlib``. Its own first cell fetches that from a server on this machine. The host's
packages are those that Colab had for years, or with ``--newest`` the newest of all.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from time import perf_counter

import nbformat
import publishing
from jupyter_client import AsyncKernelManager
from jupyter_client.kernelspec import KernelSpecManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from packaging.requirements import Requirement

from digitlib import data, mnist

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))
from servers import listening
from tables import table

COLUMNS = "chapter", "result", "first picture", "whole", "installed", "replaced", "left"
# What Colab had loaded before a notebook's first cell, in versions of early 2024.
OLD = (
    "numpy==1.26.*",
    "matplotlib==3.8.*",
    "scipy==1.11.*",
    "scikit-learn==1.4.*",
    "Pillow==10.1.*",
    "ipywidgets==7.7.1",
)
TORCH = ("torch", "torchvision")
LOADED = "import numpy, matplotlib.pyplot, scipy, sklearn, PIL.Image, ipywidgets"
# In a package's own words and on disk; they differ where what is loaded was replaced.
ASK = """
import json, sys
from importlib import metadata
print(json.dumps({name: [sys.modules[module].__version__, metadata.version(name)] for name, module in
    {"numpy": "numpy", "matplotlib": "matplotlib", "scipy": "scipy", "scikit-learn": "sklearn", "Pillow": "PIL",
     "ipywidgets": "ipywidgets", "torch": "torch"}.items()}))
"""


@dataclass
class Run:
    """What came of a notebook: an ``error`` or none, seconds, and what it changed around it."""

    name: str
    error: str = ""
    picture: float | None = None
    whole: float = 0.0
    installed: list[str] = field(default_factory=list)
    replaced: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)

    @property
    def sound(self) -> bool:
        """It ended well, replaced nothing and left nothing."""
        return not (self.error or self.replaced or self.left)


def main(arguments: list[str] | None = None) -> int:
    """Run the named chapters, all if there is none; returns 1 where one isn't sound."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="such as 03-train")
    parser.add_argument("--newest", action="store_true", help="the newest of all")
    options = parser.parse_args(arguments)
    data.load("mnist")  # once, and not for every chapter
    with tempfile.TemporaryDirectory() as scratch:
        host = Path(scratch) / "host"
        install(host, options.newest)
        print(told(host))
        print(*table(COLUMNS, []), sep="\n", flush=True)
        bad = 0
        with served(Path(scratch) / "site") as site:
            names = options.names or sorted(path.stem for path in (site / "notebooks").iterdir())
            for name in names:
                path = site / "notebooks" / f"{name}.ipynb"
                run = visit(path, packages(host), Path(scratch) / name)
                print(table(COLUMNS, [cells(run)])[-1], flush=True)
                bad += not run.sound
    return int(bad > 0)


@contextmanager
def served(site: Path) -> Iterator[Path]:
    """A site without pages, served on this machine: the package, the weights and the notebooks that fetch them."""
    site.mkdir()
    with listening(site) as address:
        publishing.package(site)
        publishing.put_notebooks(site, address.rstrip("/"))
        yield site


def install(host: Path, newest: bool) -> None:
    """Make an environment with what a host brings."""
    uv = [sys.executable, "-m", "uv"]
    subprocess.run([*uv, "venv", "--quiet", "--seed", str(host)], check=True)
    wanted = [name.partition("=")[0] for name in OLD] if newest else OLD
    pinned = [] if newest else [f"{name}=={metadata.version(name)}" for name in TORCH]
    command = ["pip", "install", "--quiet", "--python", str(host), "--compile-bytecode"]
    wanted = [*wanted, *(pinned or TORCH), "ipykernel"]
    subprocess.run([*uv, *command, *wanted], check=True)


def packages(environment: Path) -> Path:
    """The folder in which an environment keeps its packages."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    lib = "Lib" if os.name == "nt" else f"lib/{version}"
    return environment / lib / "site-packages"


def linked(host: Path, requirements: Iterable[str]) -> None:
    """Fill a folder with links to this environment's packages: those that are asked for, and what they ask for."""
    host.mkdir()
    for there in brought(requirements).values():
        for name in {file.parts[0] for file in there.files} - {"..", "__pycache__"}:
            if not (host / name).exists():
                (host / name).symlink_to(there.locate_file(name))


def brought(requirements: Iterable[str]) -> dict[str, metadata.Distribution]:
    """The distributions that requirements bring, in the versions of this environment, by who asked for them."""
    found, left = {}, [Requirement(line) for line in requirements]
    while left:
        asked = left.pop()
        if str(asked) in found:
            continue
        there = found[str(asked)] = metadata.distribution(asked.name)
        assert asked.specifier.contains(there.version, prereleases=True), asked
        left += [
            needed
            for needed in map(Requirement, there.requires or [])
            if not needed.marker
            or any(needed.marker.evaluate({"extra": e}) for e in {"", *asked.extras})
        ]
    return found


def visit(path: Path, host: Path, scratch: Path, folder: Path | None = None) -> Run:
    """Run a notebook in a new environment that has a folder of packages below it.

    Args:
        path: the notebook.
        host: the packages.
        scratch: a folder for the environment, made if it isn't there.
        folder: where the notebook runs; a new, empty one if None.
    """
    environment, folder = scratch / "environment", folder or scratch / "empty"
    venv.create(environment, symlinks=os.name != "nt")
    own = packages(environment)
    (own / "host.pth").write_text(f"{host}\n")
    folder.mkdir(exist_ok=True)
    files, run = set(folder.iterdir()), Run(path.stem)
    execute(path, environment, folder, run)
    before, after = names(host), names(own)
    run.installed, run.replaced = sorted(after - before), sorted(after & before)
    run.left = sorted(file.name for file in set(folder.iterdir()) - files)
    return run


def execute(path: Path, environment: Path, folder: Path, run: Run) -> None:
    """Run all cells, and note how long it took and what went wrong."""
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        cell.outputs = []
    notebook.cells.append(nbformat.v4.new_code_cell(ASK))
    start = perf_counter()

    def note(cell, cell_index, execute_reply):
        shown = any("image/png" in output.get("data", {}) for output in cell.outputs)
        if shown and run.picture is None:
            run.picture = perf_counter() - start

    client = NotebookClient(
        notebook,
        timeout=900,
        km=manager(environment),
        resources={"metadata": {"path": str(folder)}},
        on_cell_executed=note,
    )
    kept = {"PYTHONPATH", "DIGITLIB_CHECK", "VIRTUAL_ENV"}
    clean = {name: value for name, value in os.environ.items() if name not in kept}
    try:
        # A cache of its own, as on a new machine; but MNIST isn't downloaded for each chapter.
        there = os.environ.get("DIGITLIB_DATA_DIR") or str(mnist.cache_folder())
        own = {"XDG_CACHE_HOME": str(environment), "DIGITLIB_DATA_DIR": there}
        client.execute(cleanup_kc=True, env={**clean, **own})
    except CellExecutionError as error:
        run.error = f"{error.ename}: {error.evalue}"
    else:
        run.error = differing(notebook)
    run.whole = perf_counter() - start


def manager(environment: Path) -> AsyncKernelManager:
    """What starts a kernel in an environment that has already imported what a host has."""
    python = environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    command = [str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    command += [f"--IPKernelApp.exec_lines={LOADED}"]
    spec = environment / "kernels" / "host" / "kernel.json"
    spec.parent.mkdir(parents=True)
    about = {"argv": command, "display_name": "host", "language": "python"}
    spec.write_text(json.dumps(about))
    found = KernelSpecManager(kernel_dirs=[str(spec.parents[1])])
    return AsyncKernelManager(kernel_name="host", kernel_spec_manager=found)


def differing(notebook) -> str:
    """What differs from the book: figures, and versions of what was loaded from those on disk."""
    *cells, asked = (cell for cell in notebook.cells if cell.cell_type == "code")
    texts = [
        "".join(output.get("data", {}).get("text/markdown", ""))
        for cell in cells
        for output in cell.outputs
    ]
    found = [text for text in texts if "*(this run gives" in text]
    versions = json.loads(asked.outputs[-1]["text"])
    found += [
        f"{name}: {loaded} is loaded, {there} on disk"
        for name, (loaded, there) in versions.items()
        if loaded.partition("+")[0] != there.partition("+")[0]  # torch's says its build
    ]
    return "; ".join(found)


def names(folder: Path) -> set[str]:
    """The packages that lie in a folder."""
    there = metadata.distributions(path=[str(folder)])
    return {one.metadata["Name"].lower().replace("_", "-") for one in there}


def told(host: Path) -> str:
    """Which versions a host brings."""
    wanted = {name.partition("=")[0] for name in (*OLD, *TORCH)}
    there = metadata.distributions(path=[str(packages(host))])
    found = {one.metadata["Name"]: one.version for one in there}
    return ", ".join(
        f"{name} {version}"
        for name, version in sorted(found.items())
        if name.lower() in {one.lower() for one in wanted}
    )


def cells(run: Run) -> list[str]:
    """A run's row."""
    picture = f"{run.picture:.0f} s" if run.picture else "none"
    lists = [" ".join(some) or "nothing" for some in (run.replaced, run.left)]
    return [
        run.name,
        run.error or "as in the book",
        picture,
        f"{run.whole:.0f} s",
        f"{len(run.installed)} packages",
        *lists,
    ]


if __name__ == "__main__":
    sys.exit(main())
