"""The book as EPUB and PDF: whole and valid, readable on paper and on a telephone, with nothing for browsers alone."""

import json
import os
import re
import subprocess
import sys
import zipfile
from copy import deepcopy
from pathlib import Path
from posixpath import dirname, join, normpath
from urllib.parse import urlsplit
from xml.etree import ElementTree

import printed
import pytest
import yaml
from printed import MATH, OPF, XHTML

ROOT = Path(__file__).parents[1]
BOOK = ROOT / "book"
DC = "{http://purl.org/dc/elements/1.1/}"
SVG = "http://www.w3.org/2000/svg"
SITE = "https://example.org/digits/"
PAPER = {"width": 643, "height": 951}  # what the margins leave of A4, in pixels
TELEPHONE = {"width": 360, "height": 640}
BEYOND = """() => [...document.querySelectorAll("body *")]
  .filter((element) => element.getBoundingClientRect().right > innerWidth + 1)
  .map((element) => element.outerHTML.slice(0, 200))"""


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """What the command says and writes where git knows a public remote, and nothing knows a browser."""
    folder, tools = tmp_path_factory.mktemp("made"), tmp_path_factory.mktemp("tools")
    git = tools / "git"
    git.write_text("#!/bin/sh\necho https://github.com/someone/digits\n")
    git.chmod(0o755)
    (folder / "book.pdf").write_text("an older one")
    nowhere = {"PATH": str(tools), "PLAYWRIGHT_BROWSERS_PATH": str(folder / "none")}
    command = [printed.__file__, str(folder), "--address", SITE.rstrip("/")]
    result = subprocess.run(
        [sys.executable, *command],
        env=os.environ | nowhere,
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr
    return folder, result.stdout


@pytest.fixture(scope="module")
def epub(alone):
    folder, _ = alone
    return folder / "book.epub"


@pytest.fixture(scope="module")
def files(epub):
    with zipfile.ZipFile(epub) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture(scope="module")
def pages(files):
    """Each page of the EPUB, parsed as the XML that it must be."""
    return {
        name: ElementTree.fromstring(content)
        for name, content in files.items()
        if name.endswith(".xhtml")
    }


@pytest.fixture(scope="module")
def unpacked(epub, tmp_path_factory):
    """The EPUB's files in a folder, and what is printed of them in ``book.xhtml``."""
    folder = tmp_path_factory.mktemp("unpacked")
    with zipfile.ZipFile(epub) as archive:
        archive.extractall(folder)
    printed.write_page(folder / "book.xhtml", printed.joined(folder))
    return folder


@pytest.fixture(scope="module")
def pdf(epub, browser, tmp_path_factory):
    """Printed in a process of its own, as this one's playwright is at work."""
    path = tmp_path_factory.mktemp("printed") / "book.pdf"
    code = "import printed, sys, pathlib; printed.write_pdf(*map(pathlib.Path, sys.argv[1:]))"
    subprocess.run(
        [sys.executable, "-c", code, str(path), str(epub)],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        check=True,
    )
    return path.read_bytes()


def sources():
    """The book's pages in the order of its table of contents."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text())
    chapters = [item for part in toc["parts"] for item in part["chapters"]]
    return [toc["root"], *(item["file"] for item in chapters)]


def cells():
    for path in sorted(BOOK.glob("*.ipynb")):
        yield from json.loads(path.read_text(encoding="utf-8"))["cells"]


def test_without_a_browser_the_pdf_is_left_out_and_the_command_says_so(alone):
    folder, said = alone
    assert "The PDF was left out: there is no Chromium" in said
    assert (folder / "book.epub").is_file() and not (folder / "book.pdf").exists()


def test_without_playwright_there_is_no_browser(monkeypatch):
    monkeypatch.setitem(sys.modules, "playwright.sync_api", None)
    with (
        pytest.raises(printed.NoBrowser, match="there is no playwright"),
        printed.browser(),
    ):
        pass


def test_an_address_that_is_none_is_refused(tmp_path, capsys):
    with pytest.raises(SystemExit):
        printed.main([str(tmp_path), "--address", "example.org"])
    assert "expected ADDRESS as https://…, got 'example.org'" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_both_fit_into_a_letter(epub, pdf):
    assert epub.stat().st_size + len(pdf) < 15_000_000


def test_the_pages_hold_what_every_reader_can_show(pages):
    only_browsers = {"script", "iframe", "form", "button", "input", "details", "style"}
    for name, page in pages.items():
        tags = {element.tag.removeprefix(XHTML) for element in page.iter()}
        assert not tags & only_browsers, name
        ids = [element.get("id") for element in page.iter() if element.get("id")]
        assert len(ids) == len(set(ids)), name
        assert page.get("lang") == "en", name


def test_every_picture_has_words(pages):
    pictures = [image for page in pages.values() for image in page.iter(f"{XHTML}img")]
    drawn = sum(
        "image/png" in output.get("data", {})
        for cell in cells()
        for output in cell.get("outputs", [])
    )
    assert len(pictures) > drawn > 50
    assert all(len(image.get("alt", "")) > 30 for image in pictures)


def test_every_link_leads_to_what_is_there(pages, files):
    ids = {name: {element.get("id") for element in page.iter()} for name, page in pages.items()}
    for name, page in pages.items():
        for element in page.iter():
            address = element.get("href") or element.get("src") or ""
            parts = urlsplit(address)
            if parts.scheme:
                assert "someone" not in address  # no button that launches a notebook
            elif address:
                target = normpath(join(dirname(name), parts.path or Path(name).name))
                assert target in files, (name, address)
                assert not parts.fragment or parts.fragment in ids[target], address


def test_the_package_says_what_it_is_and_what_it_holds(pages, files):
    package = ElementTree.fromstring(files["content.opf"])
    book = yaml.safe_load((ROOT / "_config.yml").read_text())
    told = {key: package.findtext(f".//{DC}{key}") for key in ("title", "creator")}
    assert told == {"title": book["title"], "creator": book["author"]}
    assert package.findtext(f".//{DC}language") == "en"
    identifier = package.find(f".//{DC}identifier")
    assert identifier.text.startswith("urn:uuid:")
    assert identifier.get("id") == package.get("unique-identifier")
    assert f'name="dtb:uid" content="{identifier.text}"'.encode() in files["toc.ncx"]
    items = {item.get("href"): item for item in package.iter(f"{OPF}item")}
    outside = {"mimetype", "META-INF/container.xml", "content.opf"}
    assert set(items) == set(files) - outside
    marked = {name for name, item in items.items() if item.get("properties") == "mathml"}
    formulas = {name for name, page in pages.items() if page.find(f".//{MATH}math") is not None}
    assert marked == formulas and len(formulas) > 2
    [cover] = [x for x in items.values() if x.get("properties") == "cover-image"]
    assert cover.get("href") in files


def test_the_contents_name_every_page_in_order(pages):
    links = [link.get("href") for link in pages["nav.xhtml"].iter(f"{XHTML}a")]
    assert links == [f"{name}.xhtml" for name in sources()]


def test_the_cover_says_title_subtitle_and_address(pages):
    cover = pages["epub-cover.xhtml"]
    words = "".join(cover.itertext())
    book = yaml.safe_load((ROOT / "_config.yml").read_text())
    for part in (book["title"], printed.SUBTITLE, book["author"], SITE):
        assert part in words
    assert cover.find(f".//{XHTML}img") is not None


def test_the_reference_is_a_list_on_paper(pages):
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text())
    chapters = [item for part in toc["parts"] for item in part["chapters"]]
    [below] = [item["sections"] for item in chapters if "sections" in item]
    assert len(below) > 5 and not {f"{page['file']}.xhtml" for page in below} & set(pages)
    words = "".join(pages["book/reference.xhtml"].itertext())
    for page in below:
        title = (ROOT / f"{page['file']}.md").read_text().partition("\n")[0]
        assert title.removeprefix("# ") in words or page["file"].endswith("-terminal")


def test_folds_stand_open(pages):
    """Each under its name, with what it holds behind it."""
    text = "".join("".join(cell["source"]) + "\n" for cell in cells())
    names = re.findall(r"<summary>(.+?)</summary>|^###+ (Solution)$", text, re.MULTILINE)
    folds = [
        "".join(part.itertext()).strip()
        for page in pages.values()
        for part in page.iter(f"{XHTML}div")
        if "fold" in part.get("class", "").split()
    ]
    assert len(folds) == len(names) > 100
    assert folds.count("Solution") > 40 and folds.count("First hint") > 20


def test_what_moved_says_where_it_moves(pages):
    lines = {
        name: [
            "".join(part.itertext())
            for part in page.iter(f"{XHTML}p")
            if part.get("class") == "still"
        ]
        for name, page in pages.items()
    }
    pad = "To draw on it yourself, open its page: {}"
    live = "To try it yourself, run the notebook: {}"
    figure = "To try it yourself, open its page: {}"
    expected = {
        "index": [pad],
        "01-split": [live, figure],
        "02-design": [figure, figure],
        "03-train": [figure, figure],
        "04-validate": [figure],
        "05-deploy": [pad, figure, live],
        "06-backprop": [figure],
        "07-trust": [figure, figure],
    }
    assert {name: said for name, said in lines.items() if said} == {
        f"book/{name}.xhtml": [line.format(f"{SITE}book/{name}.html") for line in some]
        for name, some in expected.items()
    }


def test_without_an_address_it_says_what_to_run():
    picture, cell = printed.nodes.image(uri=printed.PICTURE), printed.nodes.container()
    cell += printed.nodes.literal_block("", "pad = DigitPad()")
    cell["nb_element"] = "cell_code"
    drawn = printed.nodes.image(uri="drawn.png")
    cell += drawn
    printed.tell(picture_in(picture), "book/a", "")
    printed.tell(drawn, "book/a", "")
    assert "make book" in picture.parent.parent[1].astext()
    assert "book/a.ipynb" in cell[-1].astext()


def picture_in(image):
    section, paragraph = printed.nodes.section(), printed.nodes.paragraph()
    section += paragraph
    paragraph += image
    return image


def test_the_pdf_is_tagged_and_has_an_outline(pdf, pages):
    assert pdf.startswith(b"%PDF") and b"/Marked true" in pdf and b"/Outlines" in pdf
    assert b"/Lang (en)" in pdf
    pictures = sum(len(list(page.iter(f"{XHTML}img"))) for page in pages.values())
    assert len(re.findall(rb"/S /Figure\b", pdf)) == pictures
    assert len(re.findall(rb"/Alt [(<]", pdf)) == pictures


def test_the_contents_name_the_sheets(pdf):
    sheets = printed.places(pdf)
    [count] = {max(map(int, re.findall(rb"/Type /Pages\n/Count (\d+)", pdf)))}
    starts = [int(sheets[Path(name).stem]) for name in sources()]
    assert starts[0] == 3 and starts == sorted(set(starts)) and starts[-1] <= count
    assert count > 100


def test_a_pdf_that_is_written_otherwise_names_no_sheets():
    otherwise = b"\n3 0 obj\n<< /Type /Page >>\n/03-train [3 0 R /XYZ 6 826 0]"
    assert printed.places(otherwise) == {}


def test_the_contents_take_the_numbers(unpacked):
    book = printed.joined(unpacked)
    printed.number(book, {"03-train": "22"})
    [link] = [
        link
        for link in book.iterfind(f".//{XHTML}nav//{XHTML}a")
        if link.get("href") == "#03-train"
    ]
    assert "".join(link.itertext()) == "Let the mistakes do the teaching22"


def test_the_pdf_leaves_out_spans_that_no_style_names_and_keeps_their_words(unpacked, pages):
    rules = "".join(style.read_text() for style in (unpacked / "_static").glob("*.css"))
    for name in " ".join(printed.BARE - {"w"}).split():  # blanks have a colour that nobody sees
        assert not re.search(rf"\.{name}[ ,{{]", rules), name
    page = deepcopy(pages["book/03-train.xhtml"].find(f"{XHTML}body"))
    words = "".join(page.itertext())
    before = sum(1 for _ in page.iter(f"{XHTML}span"))
    printed.unwrap(page)
    assert "".join(page.itertext()) == words
    left = {span.get("class") for span in page.iter(f"{XHTML}span")}
    assert not left & printed.BARE and left
    assert sum(1 for _ in page.iter(f"{XHTML}span")) < before / 2


def test_every_link_of_the_pdf_leads_into_it(unpacked):
    book = printed.joined(unpacked)
    ids = [element.get("id") for element in book.iter() if element.get("id")]
    assert len(ids) == len(set(ids))
    for link in book.iter(f"{XHTML}a"):
        address = link.get("href")
        if address.startswith("#"):
            assert address[1:] in ids
        else:
            assert address in "".join(link.itertext())  # paper can't be clicked


def test_nothing_is_wider_or_higher_than_the_paper(unpacked, browser):
    page = browser.new_page(viewport=PAPER)
    page.emulate_media(media="print")
    page.goto((unpacked / "book.xhtml").as_uri())
    assert page.evaluate(BEYOND) == []
    heights = page.evaluate(
        """async (tall) => {
          document.images[0].src = tall;
          await document.images[0].decode();
          return [...document.images].map((image) => image.getBoundingClientRect().height);
        }""",
        f"data:image/svg+xml,<svg xmlns='{SVG}' width='300' height='3000'/>",
    )
    page.close()
    assert min(heights) > 0 and max(heights) < 0.9 * PAPER["height"]


def test_nothing_is_wider_than_a_telephone(unpacked, pages, browser):
    page = browser.new_page(viewport=TELEPHONE)
    for name in pages:
        page.goto((unpacked / name).as_uri())
        assert page.evaluate(BEYOND) == [], name
    page.close()
