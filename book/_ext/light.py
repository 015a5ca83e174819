"""Sphinx extension: what a page weighs, and what it waits for before it shows its text.

Pictures say their size, so that nothing moves when they come, and come when one gets near them; a notebook's are
stored as WebP without loss where that is smaller. The styles of all pages become one sheet, without the rules for
what no page holds, and their scripts one file, which waits until the page is read. Of Bootstrap's script two
things are used, which ``light.js`` does.
"""

import hashlib
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from docutils import nodes
from PIL import Image

from digitlib.files import write_whole

SHEET = "_static/sheet.css"
SCRIPT = "_static/script.js"
FIRST = {  # what the theme's templates name, before and behind what Sphinx gathers
    "css_files": [
        "_static/basic.css",
        "_static/styles/bootstrap.css",
        "_static/styles/pydata-sphinx-theme.css",
    ],
    "script_files": [],
}
LAST = {"css_files": [], "script_files": ["_static/scripts/pydata-sphinx-theme.js"]}
OWN = Path(__file__).with_suffix(".js")
ALONE = ("_static/searchtools.js", "_static/language_data.js")
"""Scripts of the page of searches alone."""
FIGURES = "_static/figures"
"""And those of figures, which come when a reader gets near one."""
TEXT = r""""(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|url\([^"')][^)]*\)"""
COMMENT = re.compile(rf"({TEXT})|/\*.*?\*/", re.DOTALL)
MARK = re.compile(rf"{TEXT}|[{{}};]", re.DOTALL)
COMMA = re.compile(r",(?![^(\[]*[)\]])")
WITHIN = re.compile(r"\([^()]*\)|\[[^\]]*\]")
NAME = re.compile(r"[.#](-?[A-Za-z_][\w-]*)")
WORD = re.compile(r"[\w-]+")
NOTICE = re.compile(r"\s*/\*(?:(?!\*/).)*?(?:copyright|license).*?\*/", re.DOTALL | re.IGNORECASE)
SOURCE_MAP = re.compile(r"^//# sourceMappingURL=.*$", re.MULTILINE)

parts: dict[str, list[str]] = {}
"""What sheet and script are made of."""


def shrink(app, doctree, docname):
    """Store a page's PNG pictures as WebP, without loss, where that is smaller."""
    if app.builder.name != "html":
        return
    for image in doctree.findall(nodes.image):
        source = Path(app.srcdir, image["uri"])
        if source.suffix != ".png" or image["uri"] not in app.env.images:
            continue
        smaller = Path(app.doctreedir, "webp", f"{source.stem}.webp")
        smaller.parent.mkdir(exist_ok=True)
        with Image.open(source) as picture:
            picture.save(smaller, lossless=True)
        if smaller.stat().st_size < source.stat().st_size:
            image["uri"] = os.path.relpath(smaller, app.srcdir)
            app.env.images.add_file(docname, image["uri"])


def visit_image(writer, node):
    """Write a picture's element, with its size; it is asked for when the reader gets near it."""
    path = Path(writer.builder.srcdir, node["uri"])
    # As attributes: a style would keep the height where there is less room for the width.
    size = [node.attributes.pop(side) for side in ("width", "height") if side in node]
    type(writer).visit_image(writer, node)
    alone = writer.builder.name != "html"
    if not (size or alone):
        with Image.open(path) as picture:
            size = picture.size
    told = 'width="{}" height="{}" '.format(*size) if size else ""
    later = "" if alone else 'loading="lazy" decoding="async" '
    writer.body[-1] = writer.body[-1].replace("<img ", f"<img {told}{later}", 1)


def depart_image(writer, node):
    """Nothing is left to write."""
    type(writer).depart_image(writer, node)


def gather(app, pagename, templatename, context, doctree):
    """Let a page name one sheet and one script for all that it would name; they are written when all pages are."""
    if app.builder.name != "html":
        return
    for kind, name in (("css_files", SHEET), ("script_files", SCRIPT)):
        files = [f"{file.filename}" for file in context[kind] if file.filename]
        files = [*FIRST[kind], *files, *LAST[kind]]
        if parts.setdefault(name, files) != files:
            raise ValueError(f"{pagename}: expected {parts[name]}, got {files}")
        context[kind] = []
    context["gathered"] = {"sheet": SHEET, "script": SCRIPT, "edition": edition(app)}


def edition(app) -> str:
    """Tells these styles and scripts from others, to browsers that have kept those."""
    named = [name for names in parts.values() for name in names]
    files = [Path(app.outdir, name) for name in named]
    # What comes when the pages are written is named by its content.
    content = [path.read_bytes() for path in files if path.exists()]
    told = ["\n".join(named).encode(), *content, OWN.read_bytes()]
    return hashlib.sha256(b"".join(told)).hexdigest()[:8]


def write(app, error):
    """Write the sheet and the script, and remove what they were made of."""
    if error is not None or app.builder.name != "html" or not parts:  # no page was written anew
        return
    root = Path(app.outdir)
    scripts = [(root / name).read_text("utf-8") for name in parts[SCRIPT]]
    scripts.append(OWN.read_text("utf-8"))
    script = SOURCE_MAP.sub("", "\n;\n".join(scripts))  # not each of them ends with a semicolon
    write_whole(root / SCRIPT, script.encode())
    alone = [(root / name).read_text("utf-8") for name in ALONE]
    alone += [path.read_text("utf-8") for path in (root / FIGURES).glob("*.mjs.js")]
    pages = [path.read_text("utf-8") for path in root.rglob("*.html")]
    known = {word for text in [script, *alone, *pages] for word in WORD.findall(text)}
    sheets = [(root / name).read_text("utf-8") for name in parts[SHEET]]
    write_whole(root / SHEET, "\n".join(pruned(sheet, known) for sheet in sheets).encode())
    for name in [*parts[SHEET], *parts[SCRIPT]]:
        (root / name).unlink()
    for folder in ("styles", "scripts"):
        shutil.rmtree(root / "_static" / folder)


def pruned(sheet: str, known: set[str]) -> str:
    """A sheet without its comments, but for what it says of its licence, and without rules for what isn't known."""
    notice = NOTICE.match(sheet)
    rules = living(COMMENT.sub(lambda match: match[1] or "", sheet), known)
    return "\n".join([*([notice[0]] if notice else []), *rules])


def living(sheet: str, known: set[str]) -> Iterator[str]:
    """The rules, each with the selectors that name no class and no identifier but known ones."""
    for head, body in rules_of(sheet):
        if head.startswith("@import"):
            raise ValueError(f"expected a sheet that is whole, got {head}")
        if head.startswith(("@media", "@supports")):
            if rules := "".join(living(body, known)):
                yield f"{head}{{{rules}}}"
        elif head.startswith("@"):
            yield f"{head}{{{body}}}" if body else f"{head};"
        elif selectors := [part.strip() for part in COMMA.split(head) if lives(part, known)]:
            yield f"{','.join(selectors)}{{{body}}}"


def rules_of(sheet: str) -> Iterator[tuple[str, str]]:
    """Heads and bodies, as deep as the sheet's outermost braces."""
    start = depth = 0
    head = ""
    for mark in MARK.finditer(sheet):
        if mark[0] == "{":
            if depth == 0:
                head, start = sheet[start : mark.start()].strip(), mark.end()
            depth += 1
        elif mark[0] == "}":
            depth -= 1
            if depth == 0:
                yield head, sheet[start : mark.start()].strip()
                start = mark.end()
        elif mark[0] == ";" and depth == 0:
            yield sheet[start : mark.start()].strip(), ""
            start = mark.end()


def lives(selector: str, known: set[str]) -> bool:
    """Whether a page may hold what a selector asks for; what stands in brackets isn't asked."""
    bare = WITHIN.sub("", WITHIN.sub("", selector))
    return "\\" in bare or all(name in known for name in NAME.findall(bare))


def setup(app):
    """Register with Sphinx."""
    app.add_node(nodes.image, override=True, html=(visit_image, depart_image))
    app.connect("doctree-resolved", shrink)
    app.connect(
        "html-page-context", gather, priority=950
    )  # when others have taken out what they don't want
    app.connect("build-finished", write, priority=900)  # when every page is there
    return {"parallel_read_safe": True, "parallel_write_safe": False}
