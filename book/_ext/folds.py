"""Sphinx extension: what the reader unfolds. On paper, where nothing can be unfolded, it lies open under its name.

Notebooks have two kinds of folds. Text in ``<details>`` is folded wherever a notebook is shown: an answer to a quick
question, a hint, a solution in words and code that isn't run. A section named "Solution" holds cells that are run; here
it becomes ``<details>`` too, and Jupyter and Colab are told to show it closed (``notebooks.py``).
"""

import re

from docutils import nodes

SOLUTION = "Solution"
OPENING = re.compile(r"<details>\s*<summary>(.+?)</summary>\s*", re.DOTALL)
CLOSING = "</details>"


def fold(app, doctree):
    """Let sections named "Solution" be folds, and say of each fold what it is."""
    for section in list(doctree.findall(nodes.section)):
        if section.next_node(nodes.title).astext() == SOLUTION:
            content = section.children[1:]
            opening = raw(f"<details><summary>{SOLUTION}</summary>")
            section.replace_self([opening, *content, raw(CLOSING)])
    for part in list(doctree.findall(nodes.raw)):
        if match := OPENING.fullmatch(part.astext()):
            kind = kind_of(match[1], part.next_node(siblings=True, descend=False))
            named = f'<details class="fold {kind}"><summary>{match[1]}</summary>'
            part.replace_self(raw(named, kind, match[1]))


def raw(html: str, kind: str = "", name: str = "") -> nodes.raw:
    """A piece of HTML."""
    return nodes.raw("", html, format="html", kind=kind, name=name)


def kind_of(summary: str, first: nodes.Node | None) -> str:
    """What a fold is, by its name; of an answer, whether it is right, by its first word."""
    if summary == SOLUTION:
        return "solution"
    if summary.endswith("hint"):
        return "hint"
    right = first is not None and first.astext().startswith("Right")
    return "answer right" if right else "answer"


def unfold(app, doctree, docname):
    """On paper a fold's name stands above what it holds."""
    if app.builder.name != "epub":
        return
    for part in list(doctree.findall(nodes.raw)):
        if part.get("name"):
            name = nodes.paragraph("", "", nodes.strong("", part["name"]))
            part.replace_self(nodes.container("", name, classes=["fold", *part["kind"].split()]))
        elif part.astext().strip() == CLOSING:
            part.parent.remove(part)


def setup(app):
    """Register with Sphinx."""
    app.connect("doctree-read", fold, priority=400)  # before the menus are made from the sections
    app.connect("doctree-resolved", unfold)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
