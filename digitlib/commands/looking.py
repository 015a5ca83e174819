"""A page on which to look over the signs of a folder: all of them by class, each a button that marks it as bad.

The page lies beside the folder and shows its pictures by relative addresses. What is marked it offers as a list, a text
file with a sign on each line, for ``digitlib sheets --drop``: a page from a disk can't move a file itself. What it says
of odd cells it keeps as JSON, too, for the page that is written when sheets are added or signs are dropped.
"""

import json
import re
import shlex
from collections.abc import Mapping, Sequence
from html import escape
from importlib import resources
from pathlib import Path
from urllib.parse import quote

from digitlib import picture
from digitlib.files import write_whole
from digitlib.plain import readable

__all__ = ["page", "write"]

_PAGE = (resources.files("digitlib.commands") / "look.html").read_text(encoding="utf-8")


def write(
    folder: Path,
    odd: Mapping[str, Sequence[str]],
    doubtful: Sequence[str] = (),
    earlier: bool = False,
) -> Path:
    """Write the page beside a folder, as ``FOLDER-look.html``, and return its path.

    Args:
        folder: with a folder of signs for each class.
        odd: cells of which something is to be said, by what that is.
        doubtful: signs to be looked at first, by their paths in the folder.
        earlier: whether what the page says already is said again.
    """
    folder = folder.resolve()
    path = folder.with_name(f"{folder.name}-look.html")
    if earlier:
        before, again = _said(path)
        odd = {kind: [*before.get(kind, ()), *odd.get(kind, ())] for kind in {**before, **odd}}
        doubtful = [*again, *doubtful]
    write_whole(path, page(folder, odd, doubtful).encode())
    return path


def _said(path: Path) -> tuple[dict[str, list[str]], list[str]]:
    """The odd and the doubtful cells of which a page tells; none where there is no page, or another one."""
    text = path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
    found = re.search(r'<script type="application/json" id="said">(.*)</script>', text)
    odd, doubtful = json.loads(found[1]) if found else ({}, [])
    return odd, doubtful


def page(folder: Path, odd: Mapping[str, Sequence[str]], doubtful: Sequence[str] = ()) -> str:
    """The page's HTML. Args are those of :func:`write`."""
    classes: dict[str, list[str]] = {}
    for path in picture.walk(folder):
        name = readable(path.relative_to(folder).as_posix())
        classes.setdefault(name.partition("/")[0], []).append(name)
    first = {readable(file) for file in doubtful}
    sections = [
        _section(folder.name, name, files, first) for name, files in sorted(classes.items())
    ]
    notes = [_note(kind, cells) for kind, cells in odd.items() if cells]
    said = {
        "title": escape(f"Signs in {readable(folder.name)}"),
        "folder": escape(shlex.quote(readable(folder.name)), quote=True),
        "sections": "\n".join(sections),
        "notes": "\n".join(notes),
        "said": json.dumps([dict(odd), sorted(first)]).replace("<", "\\u003c"),
    }
    text = _PAGE
    for name, value in said.items():
        text = text.replace("{{" + name + "}}", value)
    return text


def _section(folder: str, name: str, files: Sequence[str], doubtful: set[str]) -> str:
    signs = "\n".join(_sign(folder, name, file, file in doubtful) for file in files)
    head = f"<h2>{escape(name)} <small>{len(files)}</small></h2>"
    return f'<section>\n{head}\n<div class="signs">\n{signs}\n</div>\n</section>'


def _sign(folder: str, name: str, file: str, doubtful: bool) -> str:
    sheet, _, number = Path(file).stem.rpartition("-")
    said = f"{name}, {sheet}, {number}" + ", look closely" * doubtful
    said, path = (escape(text, quote=True) for text in (said, file))
    kind = ' class="doubtful"' if doubtful else ""
    return (
        f'<button type="button"{kind} aria-pressed="false" data-file="{path}" title="{said}">'
        f'<img src="{quote(f"{folder}/{file}")}" width="58" height="62" alt="{said}" loading="lazy"></button>'
    )


def _note(kind: str, cells: Sequence[str]) -> str:
    lines = "".join(f"<li>{escape(cell)}</li>" for cell in cells)
    return (
        f"<details>\n<summary>{escape(kind)}: {len(cells)}</summary>\n<ul>{lines}</ul>\n</details>"
    )
