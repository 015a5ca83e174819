"""Sphinx extension: the package's reference, written from its docstrings while the book is built.

A page in git has a title, an opening and a line ``PLACE`` that names modules, a folder's name for all in it; GitHub
shows them as they are. In the book the modules stand in the line's place. Nothing of the package that needs torch is
imported: :mod:`source_tree` reads the source, :mod:`docstrings` writes what it says, :mod:`uses` reads the chapters,
:mod:`terminal` the commands' parser.
"""

import re
from functools import cache
from pathlib import Path

import docstrings
import source_tree
import terminal
import uses
from docutils import nodes
from sphinx.addnodes import pending_xref

BOOK = Path(__file__).parents[1]
PLACE = re.compile(r"^\*In the book, what the source says of (.+) stands here\.\*$", re.MULTILINE)
TABLE = "the modules, one by one,"
COMMANDS = "the commands"
LEFT_OUT = ("digitlib.cli", "digitlib.commands")  # the terminal's, with a page of its own
WIDE = 60
"""The longest signature that stays on one line, in characters."""


@cache
def package() -> source_tree.Package:
    """The package, read once a build."""
    return source_tree.Package()


@cache
def used() -> dict[str, str]:
    """For each public name that chapters use, the line that links them."""
    paths = sorted((BOOK / "text").glob("[0-9]*.md"))
    texts = {path.stem: path.read_text(encoding="utf-8") for path in paths}
    found = uses.uses(package(), texts)
    return {entry: uses.line(chapters, texts) for entry, chapters in found.items()}


def place(text: str) -> str:
    """What a page has a place for; ValueError if it has none, or several."""
    found = PLACE.findall(text)
    if len(found) != 1:
        raise ValueError(f"expected one line of the form {PLACE.pattern}, got {len(found)}")
    return found[0]


def named(place: str) -> list[str]:
    """The paths of the modules that a place names, in its order; ValueError for a name that is none."""
    paths = []
    for name in re.findall(r"`([\w.]+)`", place):
        path = f"digitlib.{name}"
        if path not in package().modules:
            raise ValueError(f"expected names of modules, got {name}")
        within = [other for other in package().modules if other.startswith(f"{path}.")]
        paths += [path, *within]
    return paths


def pages() -> dict[str, list[str]]:
    """The pages that show modules, in the order of the table of contents, and which.

    ValueError if a module stands on no page, or on two.
    """
    toc = (BOOK.parent / "_toc.yml").read_text(encoding="utf-8")
    shown = {}
    for name in re.findall(r"file: book/(reference-[\w-]+)", toc):
        shown[name] = named(place((BOOK / f"{name}.md").read_text(encoding="utf-8")))
    there = [path for paths in shown.values() for path in paths]
    for path in package().modules:
        wanted = int(path != "digitlib" and not path.startswith(LEFT_OUT))
        if there.count(path) != wanted:
            raise ValueError(
                f"expected {path} on {wanted} of the pages book/reference-*.md, got {there.count(path)}"
            )
    return shown


def filled(text: str) -> str:
    """A page with what it has a place for."""
    wanted = place(text)
    if wanted == TABLE:
        content = overview()
    elif wanted == COMMANDS:
        content = "\n\n".join(
            part(f"digitlib {name}", terminal.section(parser))
            for name, parser in terminal.commands().items()
        )
    else:
        content = "\n\n".join(
            part(path, docstrings.module(package(), path, used())) for path in named(wanted)
        )
    return PLACE.sub(lambda _: content, text)


def part(name: str, content: str) -> str:
    """A section of a page."""
    return f"## `{name}`\n\n`````{{eval-rst}}\n{content}\n`````"


def overview() -> str:
    """The package's own page: a table for each page of the reference, then what the package itself says."""
    parts = []
    for page, paths in pages().items():
        head = (BOOK / f"{page}.md").read_text(encoding="utf-8").partition("\n")[0]
        rows = [row(path) for path in paths if source_tree.exported(package().modules[path])]
        title = f"## [{head.removeprefix('# ')}]({page}.md)"
        if rows:
            content = ".. list-table::\n   :widths: 30 70\n\n" + "\n".join(rows)
            parts.append(f"{title}\n\n`````{{eval-rst}}\n{content}\n`````")
    return "\n\n".join([*parts, part("digitlib", docstrings.module(package(), "digitlib"))])


def row(path: str) -> str:
    """A module's line in the table."""
    name = docstrings.link(path.removeprefix("digitlib."), path)
    return f"   * - {name}\n     - {docstrings.opening(package(), path)}"


def fill(app, docname, source):
    """Write the reference into its pages, which are read again when what they are made from changes."""
    if not docname.startswith("book/reference"):
        return
    pages()
    source[0] = filled(source[0])
    for path in [*(BOOK / "text").glob("*.md"), *(BOOK.parent / "digitlib").rglob("*.py")]:
        app.env.note_dependency(str(path))


def chapter(role, rawtext, text, lineno, inliner, options=None, content=()):
    """The role ``:chapter:`Title <name#section>```: a link into a notebook, which MyST resolves and checks."""
    title, name, section = re.fullmatch(r"(.+) <([\w-]+)#?([\w-]*)>", text).groups()
    reference = pending_xref(
        rawtext,
        nodes.inline("", title),
        refdomain="doc",
        reftype="myst",
        refexplicit=True,
        reftarget=f"book/{name}",
        reftargetid=section or None,
    )
    reference["refdoc"] = inliner.document.settings.env.docname
    return [reference], []


def resolve(app, env, node, contnode):
    """Leave types of other packages, and all types on paper, as text. Sphinx seeks classes; a type's name is data."""
    if node.get("refdomain") != "py":
        return None
    target = node["reftarget"]
    if not target.startswith("digitlib."):
        return nodes.inline("", target)
    text = nodes.inline("", target.rpartition(".")[2]) if node["reftype"] == "class" else contnode
    domain = env.get_domain("py")
    if app.builder.name == "epub":  # which has no page of entries
        return text
    return domain.resolve_xref(env, node["refdoc"], app.builder, "obj", target, node, text)


def configure(app, config):
    """How signatures look: a parameter a line where they are long, types by their own names."""
    config.add_module_names = False
    config.python_use_unqualified_type_names = True
    config.python_maximum_signature_line_length = WIDE
    config.toc_object_entries = False  # each page's menu would hold every name of all pages


def setup(app):
    """Register with Sphinx."""
    app.add_role("chapter", chapter)
    app.connect("config-inited", configure)
    app.connect("source-read", fill)
    app.connect("missing-reference", resolve)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
