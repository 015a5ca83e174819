"""Make the site: one folder that any web server can serve, and a stick can carry.

    python book/_ext/publishing.py [ADDRESS]

``_site`` holds the book's pages, the package as a wheel, notebooks that install that wheel from ADDRESS (without one,
from the folder above them), the weights that the wheel leaves out, slides, PDF, EPUB, and ``book.zip``, all of it for a
stick.
The folder appears whole or not at all.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import doors
import nbformat
import printed
import slides

ROOT = Path(__file__).parents[2]
OFFER = re.compile(rb'.{2} <a href="[./]*book\.zip">[^<]*</a>')
RECORD = ROOT / "benchmarks" / "record.safetensors"


def main(arguments: list[str] | None = None) -> None:
    """Make it anew and say what it holds."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("address", nargs="?", default="")
    given = parser.parse_args(arguments).address
    try:
        address = doors.address(given or doors.configured())
    except ValueError as error:
        parser.error(str(error))
    site, beside = ROOT / "_site", ROOT / "_build"
    beside.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=beside) as scratch:
        fresh = Path(scratch) / "site"
        make(fresh, address)
        shutil.rmtree(site, ignore_errors=True)
        fresh.rename(site)
    print(f"The site lies at {site}, for {address or 'no address of its own'}:")
    for line in listing(site):
        print(f"  {line}")


def make(site: Path, address: str) -> None:
    """Make the site in a new folder."""
    site.mkdir()
    package(site)
    printed.write(site, address)
    slides.write(site / "slides")
    stick = site / "book.zip"
    stick.touch()  # the pages offer what is there
    render(site, address)
    put_notebooks(site, "")
    pack(site, stick)
    put_notebooks(site, address)


def package(folder: Path) -> None:
    """Put the package there as a wheel, and the weights that it leaves out."""
    shutil.copy(RECORD, folder)
    command = ["-m", "hatchling", "build", "--target", "wheel", "--directory", folder]
    subprocess.run([sys.executable, *command], cwd=ROOT, check=True, capture_output=True)


def render(site: Path, address: str) -> None:
    """Build the pages into the folder; they offer what already lies there."""
    with tempfile.TemporaryDirectory() as scratch:
        command = [Path(sys.executable).with_name("jupyter-book"), "build", ROOT]
        command += ["--path-output", scratch, "--all", "--quiet"]
        command += ["--warningiserror", "--nitpick", "--keep-going"]
        where = {"DIGITLIB_SITE": str(site), "DIGITLIB_ADDRESS": address}
        subprocess.run(command, env={**os.environ, **where}, check=True)
        pages = Path(scratch) / "_build" / "html"
        shutil.copytree(pages, site, dirs_exist_ok=True)


def put_notebooks(site: Path, address: str) -> None:
    """Write the chapters' notebooks into the site; they install its wheel, from its address or the folder above."""
    [wheel] = (path.name for path in site.glob("*.whl"))
    what = f"digitlib[{{}}] @ {address}/{wheel}" if address else f"../{wheel}[{{}}]"
    (site / "notebooks").mkdir(exist_ok=True)
    for path in sorted((ROOT / "book").glob("[0-9]*.ipynb")):
        text = nbformat.writes(adapted(nbformat.read(path, as_version=4), what, address))
        (site / "notebooks" / path.name).write_text(text + "\n", encoding="utf-8")


def adapted(notebook, requirement: str, address: str):
    """A chapter that installs a requirement, ``{}`` in it being the extras, and whose links fit its place."""
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = linked(cell.source, address)
    first = next(cell for cell in notebook.cells if cell.cell_type == "code")
    first.source, found = re.subn(
        r'%pip install -q "digitlib\[(.+?)\]"(.*?) \|\| .*',
        lambda match: f'%pip install -q "{requirement.format(match[1])}"{match[2]}',
        first.source,
    )
    if found != 1:
        raise ValueError(f"expected a first cell that installs, got {first.source!r}")
    return notebook


def linked(text: str, address: str) -> str:
    """A text with links to the book's pages: at its address, or in the folder above, with notebooks as neighbours."""
    base = address or ".."
    text = re.sub(r"\]\(_static/", f"]({base}/_static/", text)
    kinds = "md|ipynb" if address else "md"
    return re.sub(rf"\]\(([\w-]+)\.(?:{kinds})(#[\w-]+)?\)", rf"]({base}/book/\1.html\2)", text)


def pack(site: Path, target: Path) -> None:
    """All of the site in one file, in a folder of its own; the same content gives the same bytes."""
    target.unlink()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as file:
        for path in sorted(path for path in site.rglob("*") if path.is_file()):
            if path == target:
                continue
            content = path.read_bytes()
            if path.suffix == ".html":  # its pages can't offer it
                content = OFFER.sub(b"", content)
            name = Path("book") / path.relative_to(site)
            info = zipfile.ZipInfo(name.as_posix())
            info.external_attr = 0o644 << 16  # for whoever unpacks it for others
            file.writestr(info, content, zipfile.ZIP_DEFLATED)


def listing(site: Path) -> list[str]:
    """What lies in the site, with sizes in MB: its files, then its folders, then everything but the zip."""
    sizes = {}
    for path in site.rglob("*"):
        if path.is_file():
            parts = path.relative_to(site).parts
            name = parts[0] + "/" * (len(parts) > 1)
            sizes[name] = sizes.get(name, 0) + path.stat().st_size
    sizes["without book.zip"] = sum(sizes.values()) - sizes.get("book.zip", 0)
    return [f"{size / 1e6:6.2f} MB  {name}" for name, size in sizes.items()]


if __name__ == "__main__":
    main()
