"""The book to take along: ``python book/_ext/printed.py FOLDER`` writes ``book.epub`` and ``book.pdf`` into a folder.

Both come from the HTML book's source, with its stored outputs. Sphinx builds the EPUB, and as its extension this module
leaves out what only a browser can use. The EPUB's pages, joined to one, are what Chromium prints as PDF.
"""

import argparse
import contextlib
import json
import re
import shutil
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from posixpath import dirname, join, normpath
from urllib.parse import urlsplit
from xml.etree import ElementTree

import doors
import yaml
from docutils import nodes
from inlining import PICTURE
from jupyter_book.sphinx import build_sphinx
from sphinx.addnodes import pending_xref
from sphinx.builders.epub3 import Epub3Builder

import digitlib
from digitlib.files import write_whole

ROOT = Path(__file__).parents[2]
sys.path.append(str(ROOT / "benchmarks"))
from servers import launch  # noqa: E402

STYLE = Path(__file__).with_suffix(".css")
SUBTITLE = "From a file on disk to a live web page"
# The same for every edition, so that a reader's shelf holds one of them.
IDENTIFIER = "urn:uuid:5f0c8a0e-3a0b-4c52-9d6e-0d1c1f6b7a44"
# Spans that no style tells from what is around them. Each of them costs the PDF a hundred bytes.
BARE = {"n", "p", "w", "pre", "std std-ref", "std std-doc"}
LIVE = ("explore(", "DigitPad()")  # what moves, in cells that a notebook runs
OPF = "{http://www.idpf.org/2007/opf}"
XHTML = "{http://www.w3.org/1999/xhtml}"
MATH = "{http://www.w3.org/1998/Math/MathML}"

# What only paper has: sheets, and addresses in words. The chapters' running titles follow.
PAPER = """
@page { size: A4; margin: 22mm 20mm; font: 9pt "Liberation Sans", Arial, sans-serif;
  @bottom-center { content: counter(page); } }
@page :first { @bottom-center { content: none; } }
html { font: 10.5pt/1.45 Georgia, "Liberation Serif", "DejaVu Serif", serif; }
body { margin: 0; }
h1, h2, h3, table, nav { font-family: "Liberation Sans", Arial, sans-serif; }
h1 { margin-top: 0; }
a { color: #0a58ca; }
img { zoom: 0.75; max-height: 290mm; }
table { font-size: 0.8em; }
li > p { margin: 0.3em 0; }
.cover { padding-top: 25mm; }
.cover .title { font-size: 30pt; }
.cover .subtitle { margin-bottom: 12mm; font-size: 15pt; }
.cover .licence { margin-top: 12mm; }
.said { font-size: 0.85em; overflow-wrap: anywhere; }
nav ol { padding-left: 1.5em; list-style: none; }
nav > ol { padding: 0; }
nav a { display: flex; gap: 0.5em; margin: 0.3em 0; text-decoration: none; }
nav a::before { order: 1; flex: 1; margin-bottom: 0.4em; border-bottom: 1px dotted; content: ""; }
nav a span { order: 2; min-width: 2em; text-align: right; }
"""


class NoBrowser(RuntimeError):
    """Nothing to print with is at hand; says what is missing."""


class Pages(Epub3Builder):
    """Sphinx's EPUB with this book's style alone, and with the marks that the standard asks for."""

    html_tag = Epub3Builder.html_tag.replace(">", ' lang="en" xml:lang="en">')

    def add_css_file(self, filename, **attributes):
        """Link a page's colours and its style, and none that a theme or another extension brings."""
        if filename in ("pygments.css", STYLE.name):
            super().add_css_file(filename, **attributes)

    def copy_static_files(self):
        """Copy what is linked."""
        static = Path(self.outdir) / "_static"
        static.mkdir(exist_ok=True)
        self.create_pygments_style_file()
        for path in (STYLE, ROOT / "book" / PICTURE):
            shutil.copy(path, static)

    def toc_metadata(self, level, navpoints):
        """Let the old table of contents name the book as the package does; Sphinx takes another setting."""
        told = super().toc_metadata(level, navpoints)
        return told | {"uid": self.config.epub_identifier}

    def build_content(self):
        """List the files, and say which hold formulas and which is the cover's picture."""
        super().build_content()
        path = Path(self.outdir) / "content.opf"
        ElementTree.register_namespace("", OPF[1:-1])
        package = ElementTree.parse(path)
        for item in package.iter(f"{OPF}item"):
            name = item.get("href")
            if name == PICTURE:
                item.set("properties", "cover-image")
            elif name.endswith(".xhtml") and name != "nav.xhtml":
                page = ElementTree.parse(Path(self.outdir) / name)
                if page.find(f".//{MATH}math") is not None:
                    item.set("properties", "mathml")
        package.write(path, encoding="utf-8", xml_declaration=True)


def settings(address: str) -> dict:
    """What an EPUB of this book needs beyond ``_config.yml``."""
    book = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    version = digitlib.__version__
    return {
        # As jupyter-book's own command sets them.
        "latex_individualpages": False,
        "nitpicky": True,
        "version": version,
        "release": version,
        "templates_path": ["book/_ext"],
        "html_context": {
            "subtitle": SUBTITLE,
            "author": book["author"],
            "address": address,
            "licence": book["html"]["extra_footer"],
        },
        "project": book["title"],
        "epub_basename": "book",
        "epub_description": f"{SUBTITLE}.",
        "epub_contributor": book["author"],
        "epub_identifier": IDENTIFIER,
        "epub_uid": "book",
        "epub_css_files": [STYLE.name],
        "epub_cover": (PICTURE, "cover.html"),
        "epub_tocscope": "includehidden",
        "epub_tocdepth": 2,
        "epub_tocdup": False,
        "epub_use_index": False,
        "epub_show_urls": "no",
        "printed_address": address,
    }


def contents() -> dict:
    """The table of contents without pages below others, the reference's: on paper they would be half of the book."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    for part in toc["parts"]:
        for page in part["chapters"]:
            page.pop("sections", None)
    return toc


def write_epub(path: Path, address: str = "") -> None:
    """Build the EPUB; SystemExit if Sphinx warns. ``address`` is where the HTML book lies, if anywhere."""
    with tempfile.TemporaryDirectory() as folder:
        toc = Path(folder) / "toc.yml"
        toc.write_text(yaml.safe_dump(contents()), encoding="utf-8")
        status = build_sphinx(
            str(ROOT),
            f"{folder}/pages",
            path_config=ROOT / "_config.yml",
            confoverrides=settings(address) | {"external_toc_path": str(toc)},
            noconfig=True,
            doctreedir=f"{folder}/trees",
            builder="epub",
            quiet=True,
            warningiserror=True,
            keep_going=True,
        )
        if status:
            sys.exit(f"{path.name} was not written: {status}")
        shutil.copy(f"{folder}/pages/book.epub", path)


def unlink(app, doctree):
    """Let a link to a page that is left out be its words."""
    if app.builder.name != "epub":
        return
    for link in list(doctree.findall(pending_xref)):
        page = link["reftarget"]
        left_out = (ROOT / f"{page}.md").is_file() and page not in app.env.found_docs
        if link["reftype"] == "myst" and left_out:
            link.replace_self(link.children)


def prepare(app, doctree, docname):
    """Drop scripts, and say where one can move what doesn't move here."""
    if app.builder.name != "epub":
        return
    for raw in list(doctree.findall(nodes.raw)):
        if "<script" in raw.astext():
            raw.parent.remove(raw)
    for image in list(doctree.findall(nodes.image)):
        tell(image, docname, app.config.printed_address)


def tell(image: nodes.image, docname: str, site: str) -> None:
    """Put a line under a picture of something that moves elsewhere: where that is."""
    page = f"{site}{docname}.html"
    cell = cell_of(image)
    pad, touched = image["uri"].endswith(PICTURE), "figure" in cell.get("cell_metadata", {})
    if pad or touched:
        doing = "draw on it" if pad else "try it"
        words = f"To {doing} yourself, {'open' if site else 'build'} its page: "
        place = nodes.literal("", "make book")
    elif cell.children and any(call in cell[0].astext() for call in LIVE):
        words = "To try it yourself, run the notebook: "
        place = nodes.literal("", f"{docname}.ipynb")
    else:
        return
    if site:
        place = nodes.reference("", page, refuri=page)
    above = image.parent if isinstance(image.parent, nodes.paragraph) else image
    line = nodes.paragraph("", words, place, classes=["still"])
    above.parent.insert(above.parent.index(above) + 1, line)


def cell_of(node: nodes.Node) -> nodes.Element:
    """The cell that a picture stands in; an empty one for a picture in the text."""
    while node is not None and node.get("nb_element") != "cell_code":
        node = node.parent
    return node or nodes.Element()


def write_pdf(path: Path, epub: Path) -> None:
    """Print the pages of an EPUB, twice: the first print tells the contents' page numbers. NoBrowser without one."""
    with tempfile.TemporaryDirectory() as folder, browser() as chromium:
        with zipfile.ZipFile(epub) as pages:
            pages.extractall(folder)
        page = Path(folder) / "book.xhtml"
        book = joined(page.parent)
        write_page(page, book)
        number(book, places(sheets(chromium, page)))
        write_page(page, book)
        write_whole(path, sheets(chromium, page))


@contextlib.contextmanager
def browser() -> Iterator:
    """A Chromium, as long as it is needed; NoBrowser without one."""
    try:
        from playwright.sync_api import Error, sync_playwright
    except ImportError as error:
        raise NoBrowser("there is no playwright") from error
    with sync_playwright() as playwright:
        try:
            chromium = launch(playwright)
        except Error as error:
            raise NoBrowser("there is no Chromium") from error
        yield chromium
        chromium.close()


def write_page(path: Path, book: ElementTree.Element) -> None:
    """Write the joined pages; their pictures and styles must lie beside them."""
    ElementTree.ElementTree(book).write(path, encoding="utf-8", xml_declaration=True)


def sheets(chromium, page: Path) -> bytes:
    """A page as PDF, with tags for who listens to it, and an outline."""
    tab = chromium.new_page()
    tab.goto(page.as_uri(), timeout=0)
    pdf = tab.pdf(prefer_css_page_size=True, print_background=True, tagged=True, outline=True)
    tab.close()
    return pdf


def number(book: ElementTree.Element, places: dict[str, str]) -> None:
    """Put page numbers into the contents, as far as they are known."""
    for link in book.iterfind(f".//{XHTML}nav//{XHTML}a"):
        link[-1].text = places.get(link.get("href")[1:], "")


def places(pdf: bytes) -> dict[str, str]:
    """The page number of each place that a link leads to, as far as they are written as Chromium does."""
    pages = re.findall(rb"\n(\d+) 0 obj\n<</Type /Page\n", pdf)
    numbers = {page: str(number) for number, page in enumerate(pages, start=1)}
    found = re.findall(rb"/(\S+) \[(\d+) 0 R /XYZ", pdf)
    return {name.decode(): numbers[page] for name, page in found if page in numbers}


def joined(folder: Path) -> ElementTree.Element:
    """All pages of an unpacked EPUB as one, with the contents after the cover."""
    for prefix, name in (("", XHTML), ("m", MATH)):
        ElementTree.register_namespace(prefix, name[1:-1])
    cover, *rest = spine(folder)
    book = ElementTree.Element(f"{XHTML}html", lang="en")
    head = ElementTree.SubElement(book, f"{XHTML}head")
    body = ElementTree.SubElement(book, f"{XHTML}body")
    rules = PAPER
    for number, name in enumerate((cover, "nav.xhtml", *rest)):
        page = ElementTree.parse(folder / name)
        title = page.find(f"{XHTML}head/{XHTML}title")
        if number == 0:
            head.append(title)
            head.extend(page.iterfind(f"{XHTML}head/{XHTML}link"))
        elif number > 1:
            words = json.dumps(title.text, ensure_ascii=False)
            rules += f"@page leaf{number} {{ @top-right {{ content: {words}; }} }}\n"
        part = leaf(page, name)
        part.set("style", f"page: leaf{number}")
        body.append(part)
    ElementTree.SubElement(head, f"{XHTML}style").text = rules
    return book


def spine(folder: Path) -> list[str]:
    """The pages of an unpacked EPUB in the order of reading."""
    package = ElementTree.parse(folder / "content.opf")
    names = {item.get("id"): item.get("href") for item in package.iter(f"{OPF}item")}
    return [names[entry.get("idref")] for entry in package.iter(f"{OPF}itemref")]


def mark(name: str, place: str = "") -> str:
    """An anchor in the joined pages, of a page or of a place in it."""
    return "--".join(filter(None, (Path(name).stem, place)))


def leaf(page: ElementTree.ElementTree, name: str) -> ElementTree.Element:
    """A page as a section of the whole: its anchors are its own, its links lead to others, or say where."""
    part = page.find(f"{XHTML}body")
    part.tag = f"{XHTML}section"
    unwrap(part)
    for element in part.iter():
        if "id" in element.attrib:
            element.set("id", mark(name, element.get("id")))
    for image in part.iter(f"{XHTML}img"):
        image.set("src", normpath(join(dirname(name), image.get("src"))))
    for link in list(part.iter(f"{XHTML}a")):
        address, words = link.get("href"), "".join(link.itertext())
        said = ElementTree.SubElement(link, f"{XHTML}span", {"class": "said"})
        if not urlsplit(address).scheme:
            path, _, place = address.partition("#")
            target = normpath(join(dirname(name), path)) if path else name
            link.set("href", f"#{mark(target, place)}")
        elif words != address:
            said.text = f" ({address})"
    part.attrib |= {"id": mark(name), "class": "leaf"}
    return part


def unwrap(element: ElementTree.Element) -> None:
    """Leave out the bare spans below an element, and keep what they hold."""
    children, text = list(element), element.text
    element[:], element.text = [], None
    add(element, text)
    for child in children:
        unwrap(child)
        tail, child.tail = child.tail, None
        if (
            child.tag == f"{XHTML}span"
            and set(child.attrib) == {"class"}
            and child.get("class") in BARE
        ):
            add(element, child.text)
            element.extend(list(child))
        else:
            element.append(child)
        add(element, tail)


def add(element: ElementTree.Element, text: str | None) -> None:
    """Put a text at an element's end."""
    if len(element):
        element[-1].tail = (element[-1].tail or "") + (text or "")
    else:
        element.text = (element.text or "") + (text or "")


def main(arguments: list[str] | None = None) -> None:
    """Write both, or the EPUB alone where there is no browser."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument(
        "--address",
        default="",
        help="where the HTML book lies, if it is public: https://…",
    )
    options = parser.parse_args(arguments)
    try:
        address = doors.address(options.address)
    except ValueError as error:
        parser.error(str(error))
    options.folder.mkdir(parents=True, exist_ok=True)
    write(options.folder, address)


def write(folder: Path, address: str = "") -> None:
    """Write ``book.epub`` and ``book.pdf`` into a folder; says so where there is no browser to print with.

    Args:
        folder: one that is there.
        address: where the HTML book lies, without a slash at its end, or none.
    """
    epub, pdf = folder / "book.epub", folder / "book.pdf"
    write_epub(epub, address and f"{address}/")
    try:
        write_pdf(pdf, epub)
    except NoBrowser as error:
        pdf.unlink(missing_ok=True)  # an old one isn't this book
        print(f"The PDF was left out: {error}, which prints it.")


def setup(app):
    """Register with Sphinx."""
    app.add_builder(Pages, override=True)
    app.add_config_value("printed_address", "", "env")
    app.connect("doctree-read", unlink)
    app.connect("doctree-resolved", prepare, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


if __name__ == "__main__":
    main()
