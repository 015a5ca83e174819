"""Which chapters use a public name: read from the code cells of their texts, without running them."""

import ast
import re
from collections.abc import Iterator, Mapping

from ledger import anchor
from source_tree import Package

# A cell, any other fence, or a heading; a comment in code is no heading.
PART = re.compile(
    r"^```\{code-cell\}[^\n]*\n(?P<cell>.*?)^```$|^```.*?^```$|^#{1,3} (?P<heading>[^\n]+)$",
    re.MULTILINE | re.DOTALL,
)
SETTINGS = re.compile(r"\A---\n.*?^---\n|\A(?::[\w-]+:[^\n]*\n)+", re.MULTILINE | re.DOTALL)
MAGIC = re.compile(r"^( *)[%!].*$", re.MULTILINE)


def cells(text: str) -> Iterator[tuple[str, str]]:
    """A chapter's code cells, each after the heading that it stands under."""
    heading = ""
    for part in PART.finditer(text):
        if part["heading"]:
            heading = part["heading"]
        elif part["cell"]:
            code = SETTINGS.sub("", part["cell"])
            yield heading, MAGIC.sub(r"\1pass", code)


def title(text: str) -> str:
    """A chapter's own."""
    return next(part["heading"] for part in PART.finditer(text) if part["heading"])


def uses(package: Package, chapters: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """For each public name that chapters use: those chapters, each with the heading above the first use.

    A name counts where code reads it: imported by itself, through its module, or under another name. A method counts
    for its class.

    Args:
        package: whose names.
        chapters: their texts by name, in order.
    """
    found: dict[str, dict[str, str]] = {}
    for chapter, text in chapters.items():
        bound: dict[str, str] = {}
        for heading, code in cells(text):
            tree = ast.parse(code)
            bound |= imports(tree, package.root.name)
            for path in sorted(read(tree, bound)):
                entry = package.entry_of(path)
                if entry:
                    found.setdefault(entry, {}).setdefault(chapter, heading)
    return found


def imports(tree: ast.AST, package: str) -> dict[str, str]:
    """What a cell's imports of a package bind: names, and the paths that they stand for."""
    bound: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            path = node.module or ""
            pairs = [(alias.asname or alias.name, f"{path}.{alias.name}") for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [(alias.asname, alias.name) for alias in node.names]
            pairs = [(to or path.partition(".")[0], path if to else package) for to, path in names]
        else:
            continue
        bound |= {name: path for name, path in pairs if (path + ".").startswith(f"{package}.")}
    return bound


def read(tree: ast.AST, bound: Mapping[str, str]) -> set[str]:
    """The paths that a cell's code reads, through the names that are bound to some."""
    chains = (node for node in ast.walk(tree) if isinstance(node, ast.Name | ast.Attribute))
    paths = (path_of(node, bound) for node in chains if isinstance(node.ctx, ast.Load))
    return {path for path in paths if path}


def path_of(node: ast.AST, bound: Mapping[str, str]) -> str | None:
    """What a name, or a chain of attributes that begins with one, stands for; None if for nothing bound."""
    if isinstance(node, ast.Name):
        return bound.get(node.id)
    if not isinstance(node, ast.Attribute):
        return None
    owner = path_of(node.value, bound)
    return owner and f"{owner}.{node.attr}"


def line(chapters: Mapping[str, str], texts: Mapping[str, str]) -> str:
    """The line under an entry that links the chapters which use it."""
    links = []
    for chapter, heading in chapters.items():
        name = title(texts[chapter])
        place = "" if heading == name else f"#{anchor(heading)}"
        links.append(f":chapter:`{name} <{chapter}{place}>`")
    return f".. container:: used\n\n   Used in {' · '.join(links)}"
