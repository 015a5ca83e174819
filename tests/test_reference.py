"""The reference: every public name has its place, roles lead somewhere, and the chapters that use a name are linked."""

import re
import subprocess
import sys
from pathlib import Path

import docstrings
import pytest
import reference
import source_tree
import terminal
import uses
from docutils.core import publish_doctree

ROOT = Path(__file__).parents[1]
BUILT = ROOT / "_build" / "html" / "book"
PACKAGE = reference.package()
PAGES = ["reference", *reference.pages(), "reference-terminal"]
PHONE = {"width": 390, "height": 844}
PROBLEM = 2  # docutils calls it a warning

# A package for what ours has no example of, or shall have none.
INIT = '"""Made up."""\n\nfrom made.parts import Base\n\n__all__ = ["Base"]\n'
PARTS = '''"""Parts. Of what is made up, see :func:`{role}`."""

from abc import ABC
from typing import Literal

import numpy as np

__all__ = ["Base", "Failed", "LONG", "LIMIT", "Own", "Shape", "called"]

LIMIT = 5
"""So many."""

LONG = {{"key": [{long}]}}
"""Too long to show."""

Shape = tuple[int, int]
"""Height and width."""


class Failed(ValueError):
    """It didn't work."""


class Base(ABC):
    """Something.

    Attributes:
        size: of it.
    """

    def __init__(self, size: int, *, name: str = "a"):
        self.size = size

    @classmethod
    def made(cls, size: int) -> "Own":
        """Another way."""

    @property
    def half(self) -> float:
        """Of its size."""

    def _hidden(self):
        """Nobody's business."""


class Own(Base):
    """A kind of :class:`~made.parts.Base`, by way of :meth:`made`."""


def called(first: np.ndarray, /, kind: Literal["Base"], *shapes: Shape, last: Base | None = None, **more) -> Own:
    """Call it.

    >>> called(1)
    2

    Args:
        first: one, ``(N,)``.
        kind, last: of it.

    Returns:
        ``(a, b)``: two.

    Raises:
        Failed: it didn't work.
        KeyError, TypeError: as ever.

    Source:
        A book.
    """
'''


def made(folder, role="called", used=None):
    """The module of a made-up package as reStructuredText."""
    (folder / "made").mkdir()
    (folder / "made" / "__init__.py").write_text(INIT)
    (folder / "made" / "parts.py").write_text(PARTS.format(role=role, long="1, " * 40))
    package = source_tree.Package(folder, "made")
    return package, docstrings.module(package, "made.parts", used)


@pytest.fixture
def html():
    """The reference in the built book."""
    if not (BUILT / "reference.html").exists():
        pytest.skip("the book is not built; make book builds it")
    return BUILT


@pytest.mark.browser
def test_every_name_has_an_entry_and_an_anchor(html):
    text = {name: (html / f"{name}.html").read_text(encoding="utf-8") for name in PAGES}
    ids = [one for page in text.values() for one in re.findall(r'\bid="([\w.-]+)"', page)]
    shown = {path for paths in reference.pages().values() for path in paths}
    for path in shown:
        assert ids.count(f"module-{path}") == 1
        for name in source_tree.exported(PACKAGE.modules[path]):
            assert ids.count(f"{path}.{name}") == 1
    for command in terminal.commands():
        assert f'<span class="pre">{command}</span>' in text["reference-terminal"]


@pytest.mark.browser
def test_links_of_entries_lead_somewhere(html):
    for name in PAGES:
        text = (html / f"{name}.html").read_text(encoding="utf-8")
        article = text.partition("<article")[2].partition("</article>")[0]
        for page, place in re.findall(r'href="([\w-]*(?:\.html)?)#([\w.-]+)"', article):
            target = (html / page).read_text(encoding="utf-8") if page else text
            assert f'id="{place}"' in target, (name, page, place)


@pytest.mark.browser
def test_a_chapter_is_linked_where_it_first_uses_a_name(html):
    entry = (html / "reference-data.html").read_text(encoding="utf-8")
    entry = entry.partition('id="digitlib.data.split_indices"')[2].partition("sig-object")[0]
    line = entry.partition('class="used docutils')[2].partition("</div>")[0]
    assert 'href="01-split.html#' in line and "Keep some digits in a drawer" in line


def test_neither_torch_nor_what_needs_it_is_imported():
    code = """
import sys
for name in ("torch", "torchvision", "scipy", "sklearn", "gradio", "huggingface_hub", "onnx"):
    sys.modules[name] = None
sys.path.insert(0, "book/_ext")
import reference
for path in sorted(reference.BOOK.glob("reference*.md")):
    reference.filled(path.read_text(encoding="utf-8"))
print(*(name for name in sys.modules if name.startswith("digitlib.")))
"""
    command = [sys.executable, "-c", code]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert {"digitlib.data", "digitlib.train", "digitlib.show"}.isdisjoint(result.stdout.split())


def test_every_module_stands_on_one_page(monkeypatch):
    read = Path.read_text
    modules = {**PACKAGE.modules, "digitlib.stray": PACKAGE.modules["digitlib.plain"]}
    monkeypatch.setattr(PACKAGE, "modules", modules)
    with pytest.raises(ValueError, match=r"expected digitlib\.stray on 1 of the pages .*, got 0"):
        reference.pages()
    monkeypatch.undo()

    def twice(path, **options):
        text = read(path, **options)
        return text.replace("`data`", "`data`, `plain`") if path.stem == "reference-data" else text

    monkeypatch.setattr(Path, "read_text", twice)
    with pytest.raises(ValueError, match=r"expected digitlib\.plain on 1 of the pages .*, got 2"):
        reference.pages()


@pytest.mark.parametrize("name", PAGES)
def test_a_page_in_git_has_an_opening_for_a_reader(name):
    text = (ROOT / "book" / f"{name}.md").read_text(encoding="utf-8")
    title, question, *_ = text.split("\n\n")
    assert title.startswith("# ") and "?" in question
    shown = reference.filled(text)
    assert len(shown) > 2 * len(text) and not reference.PLACE.search(shown)


@pytest.mark.parametrize(
    "text", ["# A page\n", 2 * "*In the book, what the source says of `data` stands here.*\n"]
)
def test_a_page_without_a_place_or_with_two_is_refused(text):
    with pytest.raises(ValueError, match="expected one line"):
        reference.filled(text)


def test_a_page_that_names_no_module_is_refused():
    with pytest.raises(ValueError, match="expected names of modules, got nothing"):
        reference.named("`data` and `nothing`")


def parts(path):
    """What of a module has a docstring, private or not."""
    waiting = [PACKAGE.modules[path]]
    while waiting:
        one = waiting.pop()
        yield one
        for part in one.members.values():
            if not part.is_alias and not part.is_module and part.docstring:
                waiting.append(part)


@pytest.mark.parametrize("path", PACKAGE.modules)
def test_docstrings_refer_to_what_is_there_and_are_well_formed(path):
    """Private ones too: who reads the source follows their roles as well."""
    for one in parts(path):
        text = "\n\n".join(docstrings.sections(PACKAGE, one))
        plain = re.sub(r":py:obj:`([^`<]+)(?: <[^`]*)?`", r"``\1``", text)
        settings = {"report_level": 5, "input_encoding": "unicode"}
        tree = publish_doctree(plain, settings_overrides=settings)
        levels = [mark["level"] for mark in tree.findall() if mark.tagname == "system_message"]
        assert not [level for level in levels if level >= PROBLEM], one.path


@pytest.mark.parametrize(
    "role", ["nothing", "Base.nothing", "made.nothing", "made.parts.Own.size_"]
)
def test_a_role_that_leads_to_nothing_is_named(tmp_path, role):
    with pytest.raises(
        source_tree.NoSuchName, match=rf"made\.parts: :func:`{role}` leads to nothing"
    ):
        made(tmp_path, role)


@pytest.mark.parametrize(
    ("role", "shown"),
    [
        ("called", ":py:obj:`called() <made.parts.called>`"),
        ("made.parts.called", ":py:obj:`made.parts.called() <made.parts.called>`"),
        ("~made.parts.called", ":py:obj:`called() <made.parts.called>`"),
        ("made.Base.made", ":py:obj:`made.Base.made() <made.parts.Base.made>`"),
        ("Own.half", ":py:obj:`Own.half() <made.parts.Base.half>`"),
        ("Base._hidden", "``Base._hidden()``"),
        ("Base.size", "``Base.size()``"),
        ("np.zeros", "``np.zeros()``"),
        ("numpy.zeros", "``numpy.zeros()``"),
    ],
)
def test_a_role_becomes_a_link_to_an_entry_or_else_code(tmp_path, role, shown):
    _, text = made(tmp_path, role)
    assert f"Of what is made up, see {shown}." in text


@pytest.mark.parametrize(
    "line",
    [
        ".. py:data:: LIMIT\n      :value: 5",
        ".. py:data:: LONG\n\n",
        ".. py:exception:: Failed\n\n",
        ".. py:class:: Base(size: int, *, name: str = 'a')",
        ".. py:class:: Own(size: int, *, name: str = 'a')",
        "A kind of :py:obj:`Base <made.parts.Base>`.",
        ".. py:method:: made(size: int) -> made.parts.Own\n      :classmethod:",
        ".. py:property:: half\n      :type: float",
        ".. py:function:: called(first: np.ndarray, /, kind: Literal['Base'], *shapes: made.parts.Shape, "
        "last: made.parts.Base | None = None, **more) -> made.parts.Own",
        ">>> called(1)\n   2",
        ":Parameters:\n      ``first``\n         one, ``(N,)``.\n      ``kind``, ``last``\n         of it.",
        ":Returns:\n      ``(a, b)``: two.",
        ":Raises:\n      :py:obj:`Failed <made.parts.Failed>`\n         it didn't work.\n"
        "      ``KeyError``, ``TypeError``\n         as ever.",
        ":Source:\n      A book.",
    ],
)  # fmt: skip
def test_what_an_entry_says(tmp_path, line):
    _, text = made(tmp_path)
    assert line.replace("\n      :", "\n   :") in text or line in text
    assert "_hidden" not in text and "ABC" not in text


def test_a_name_from_another_module_says_whose_it_is(tmp_path):
    package, _ = made(tmp_path)
    text = docstrings.module(package, "made")
    assert (
        ".. py:class:: Base\n\n   The same as :py:obj:`made.parts.Base <made.parts.Base>`." in text
    )


def test_a_name_that_is_exported_and_missing_is_an_error(tmp_path):
    (tmp_path / "made").mkdir()
    (tmp_path / "made" / "__init__.py").write_text('__all__ = ["gone"]\n')
    with pytest.raises(source_tree.NoSuchName, match="made: __all__ names gone"):
        _ = source_tree.Package(tmp_path, "made").entries


CHAPTER = """# A chapter

`Failed` and `parts.LONG` are prose.

```{code-cell} ipython3
---
tags: [hide-cell]
---
import numpy as np

import made
from made import parts as pieces
from made.parts import Own as Mine, Shape
%pip install made
```

## Second: what for?

```python
# A comment, and no heading
pieces.LIMIT
```

```{code-cell} ipython3
:tags: [hide-input]
pieces.called(np.zeros(3)), np.called
```

### Third

```{code-cell} ipython3
if True:
    !ls
Mine.made(2), made.parts.Base._hidden, pieces.called
```
"""


def test_uses_are_found_in_the_code_of_a_chapter(tmp_path):
    package, _ = made(tmp_path)
    found = uses.uses(package, {"01-made": CHAPTER, "02-other": "# Another\n"})
    assert found == {
        "made.parts.called": {"01-made": "Second: what for?"},
        "made.parts.Base": {"01-made": "Third"},
        "made.parts.Own": {"01-made": "Third"},
    }
    line = uses.line(found["made.parts.called"], {"01-made": CHAPTER})
    assert line.endswith("Used in :chapter:`A chapter <01-made#second-what-for>`")
    assert uses.line({"01-made": "A chapter"}, {"01-made": CHAPTER}).endswith("<01-made>`")


def test_a_text_of_the_terminal_has_no_markup():
    shown = terminal.plain("as --set batch=512, *.png or a_b|c; -- ends")
    assert shown == r"as ``--set`` batch=512, \*.png or a\_b\|c; -- ends"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_shows_every_page_without_scrolling_sideways(html, browser, scheme):
    page = browser.new_page(viewport=PHONE, color_scheme=scheme)
    for name in PAGES:
        page.goto((html / f"{name}.html").as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], name
    page.close()


def test_the_search_finds_a_name(html, browser):
    page = browser.new_page()
    page.goto((html.parent / "search.html").as_uri() + "?q=split_indices")
    page.wait_for_selector("#search-results li a")
    assert "digitlib.data.split_indices" in page.locator("#search-results").inner_text()
    page.close()
