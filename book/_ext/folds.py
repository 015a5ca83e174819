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


def is_answer(node: nodes.Node) -> bool:
    """Whether an answer to a quick question opens here."""
    return isinstance(node, nodes.raw) and node.get("kind", "").startswith("answer")


def gather(doctree: nodes.document) -> None:
    """Let the answers to one question be a group, for those who go through the page by ear."""
    last = None
    for answer in list(doctree.findall(is_answer)):
        siblings, place = answer.parent, answer.parent.index(answer)
        if not (place and siblings[place - 1] is last):
            siblings.insert(place, raw('<div role="group" aria-label="Answers">'))
        last = next(node for node in siblings[place:] if is_closing(node))
        end = siblings.index(last) + 1
        if end == len(siblings) or not is_answer(siblings[end]):
            siblings.insert(end, raw("</div>"))


def is_closing(node: nodes.Node) -> bool:
    """Whether a fold ends here."""
    return isinstance(node, nodes.raw) and node.astext().strip() == CLOSING


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
    """On paper a fold's name stands above what it holds; on a screen the answers to a question are a group."""
    if app.builder.name != "epub":
        return gather(doctree)
    for part in list(doctree.findall(nodes.raw)):
        if part.get("name"):
            name = nodes.paragraph("", "", nodes.strong("", part["name"]))
            part.replace_self(nodes.container("", name, classes=["fold", *part["kind"].split()]))
        elif is_closing(part):
            part.parent.remove(part)


def setup(app):
    """Register with Sphinx."""
    app.connect("doctree-read", fold, priority=400)  # before the menus are made from the sections
    app.connect("doctree-resolved", unfold)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
