"""The site: what lies in it, what its notebooks install, and where its links lead."""

import ast
import json
import re
import shutil
import zipfile
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import unquote, urlsplit

import nbformat
import publishing
import pytest

from drawings import STROKES
from gestures import stroke

ROOT = Path(__file__).parents[1]
CHAPTERS = sorted((ROOT / "book").glob("[0-9]*.ipynb"))
ADDRESS = "https://ada.github.io/digits"
PAGES = ("", "book/", "slides/")


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A site for an address, without what :mod:`printed` makes, which has tests of its own."""
    folder = tmp_path_factory.mktemp("published") / "site"
    with pytest.MonkeyPatch.context() as patch:
        fake = SimpleNamespace(write=lambda site, _: (site / "book.epub").touch())
        patch.setattr(publishing, "printed", fake)
        publishing.make(folder, ADDRESS)
    return folder


@pytest.fixture(scope="module")
def stick(site, tmp_path_factory):
    """``book.zip``, unpacked elsewhere."""
    folder = tmp_path_factory.mktemp("a stick with spaces")
    with zipfile.ZipFile(site / "book.zip") as file:
        file.extractall(folder)
    return folder / "book"


def first_cell(path):
    notebook = nbformat.read(path, as_version=4)
    return next(cell.source for cell in notebook.cells if cell.cell_type == "code")


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda path: path.stem)
def test_the_install_cell_binds_the_same_names_on_both_branches(chapter):
    source = first_cell(chapter)
    [line] = re.findall(r'    %pip install -q "digitlib\[.+\]".* \|\| echo ".+"', source)
    tree = ast.parse(source.replace(line, "    pass"))
    [branch] = [node for node in tree.body if isinstance(node, ast.If)]
    assert ast.unparse(branch.test) == "find_spec('digitlib') is None"
    within = {node.id for node in ast.walk(branch) if isinstance(node, ast.Name)}
    within -= {"find_spec", "version"}  # imported above it
    imported = [node.lineno for node in tree.body if "digitlib" in ast.unparse(node)]
    assert min(imported) == branch.lineno  # nothing of it before it is there
    for cell in nbformat.read(chapter, as_version=4).cells:
        if cell.cell_type == "code" and cell.source != source:
            names = {
                node.id for node in ast.walk(ast.parse(cell.source)) if isinstance(node, ast.Name)
            }
            assert not names & (within | {"digitlib"})
            assert "import digitlib" not in cell.source


@pytest.mark.server
@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda path: path.stem)
def test_a_notebook_installs_the_wheel_beside_it(site, stick, chapter):
    [wheel] = (path.name for path in site.glob("*.whl"))
    extras = re.search(r"\[([\w,]+)\]", first_cell(chapter))[1]
    line = f'    %pip install -q "digitlib[{extras}] @ {ADDRESS}/{wheel}"'
    assert line in first_cell(site / "notebooks" / chapter.name)
    line = f'    %pip install -q "../{wheel}[{extras}]"'
    assert line in first_cell(stick / "notebooks" / chapter.name)
    assert (stick / wheel).read_bytes() == (site / wheel).read_bytes()


def test_a_chapter_without_an_install_cell_is_refused():
    cells = [nbformat.v4.new_code_cell("import digitlib")]
    with pytest.raises(ValueError, match="expected a first cell that installs"):
        publishing.adapted(nbformat.v4.new_notebook(cells=cells), "{}", "")


@pytest.mark.server
def test_the_wheel_is_small_and_whole(site):
    [wheel] = site.glob("*.whl")
    assert wheel.stat().st_size < 1_750_000  # the photos of a chapter are 450 kB of it
    with zipfile.ZipFile(wheel) as file:
        names = set(file.namelist())
    package = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "digitlib").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert package <= names
    assert all(name.startswith("digitlib") for name in names)


@pytest.mark.server
def test_the_weights_that_the_wheel_leaves_out_lie_beside_it(site):
    from digitlib.book import search

    assert search._digest((site / search.NAME).read_bytes()) == search.SHA256


def dead(folder):
    """The local links and pictures of a site's pages and notebooks that lead nowhere."""
    for page in sorted(path for place in PAGES for path in folder.glob(f"{place}*.html")):
        text = page.read_text(encoding="utf-8")
        for link in re.findall(r'(?:href|src)="([^"#]+)', text):
            path = urlsplit(link)
            if not path.scheme and not (page.parent / unquote(path.path)).exists():
                yield page.name, link
    for page in sorted(folder.glob("notebooks/*.ipynb")):
        for cell in json.loads(page.read_text(encoding="utf-8"))["cells"]:
            text = "".join(cell["source"]) if cell["cell_type"] == "markdown" else ""
            text = re.sub(r"```.*?```|`[^`]*`", "", text, flags=re.DOTALL)
            for link in re.findall(r"\]\(([^)#]+)", text):
                here = page.parent
                if link.startswith(ADDRESS):
                    link, here = link.removeprefix(f"{ADDRESS}/"), folder
                if not urlsplit(link).scheme and not (here / link).exists():
                    yield page.name, link


@pytest.mark.server
def test_no_link_is_dead(site, stick):
    assert sorted(set(dead(site))) == []
    assert sorted(set(dead(stick))) == []


@pytest.mark.server
def test_a_dead_link_is_noticed(stick, tmp_path):
    shutil.copytree(stick, tmp_path / "book")
    (tmp_path / "book" / "notebooks" / CHAPTERS[1].name).unlink()
    found = set(dead(tmp_path / "book"))
    assert (CHAPTERS[0].name, CHAPTERS[1].name) in found


@pytest.mark.server
def test_pages_offer_what_is_there(site):
    landing = (site / "book" / "index.html").read_text(encoding="utf-8")
    [offered] = re.findall(r'<p class="doors">Take it with you: (.*?)</p>', landing)
    names = re.findall(r'href="([^"]+)"', offered)
    wheel = next(site.glob("*.whl")).name
    taken = ("book.epub", wheel, "slides/session-1.html", "book.zip")
    assert names == [f"../{name}" for name in taken]
    chapter = (site / "book" / "02-design.html").read_text(encoding="utf-8")
    [ways] = re.findall(r'<p class="doors">Run it: (.*?)</p>', chapter)
    assert "../notebooks/02-design.ipynb" in ways and "run.html" in ways


def test_the_same_site_makes_the_same_file(tmp_path):
    (tmp_path / "page.html").write_text("<p>4</p>")
    for name in ("one.zip", "two.zip"):
        (tmp_path / name).touch()
        publishing.pack(tmp_path, tmp_path / name)
        if name == "one.zip":
            one = (tmp_path / name).read_bytes()
            (tmp_path / name).unlink()
    assert one == (tmp_path / "two.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "two.zip") as file:
        assert file.namelist() == ["book/page.html"]


@pytest.fixture
def offline(browser):
    """A page without a network, and what it asked for from anywhere but the stick."""
    context = browser.new_context(offline=True)
    page = context.new_page()
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    yield page
    context.close()
    assert [url for url in asked if not url.startswith(("file:", "blob:", "data:"))] == []


def test_from_a_stick_the_pad_names_a_digit(stick, offline):
    offline.goto((stick / "index.html").as_uri())
    offline.wait_for_selector(".pad-frame[style*='px']")  # it took its page's height
    offline.frame_locator(".pad-frame").locator(".pad-canvas").scroll_into_view_if_needed()
    for points in STROKES[4]:
        stroke(offline, points, frame=offline.frames[1])
    offline.frames[1].wait_for_selector(".pad-guess[data-label='4']")


def test_from_a_stick_the_search_finds(stick, offline):
    offline.goto((stick / "search.html").as_uri() + "?q=softmax")
    offline.wait_for_selector("#search-results li a[href*='03-train']")


def test_from_a_stick_a_chapter_has_its_figures_and_formulas(stick, offline):
    offline.goto((stick / "book" / "03-train.html").as_uri())
    # A figure that answers to touch takes its picture's place.
    images = offline.locator("article img:not([data-figure] img)").all()
    assert len(images) > 5
    for image in images:
        image.scroll_into_view_if_needed()  # it waits for that
        offline.wait_for_function("(image) => image.naturalWidth", arg=image.element_handle())
    formula = offline.locator("article math").first.bounding_box()
    assert formula["width"] > 5 and formula["height"] > 5
