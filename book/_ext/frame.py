"""Sphinx extension: what stands around a page's text; the theme's faults are mended here and in ``theme/``, one by one.

What the theme and jupyter-book bring along and this book doesn't use is left out, of the pages and of their folder.
Thebe would run code on a server far away, and declares its settings twice, which throws an error on every page. Of
Font Awesome eleven icons are used; ``theme/static/webpack-macros.html`` leaves it out.
"""

import re
import shutil
from html import escape
from pathlib import Path

from docutils import nodes

CARD = "_static/card.png"
ABOUT = (
    "How a handwritten digit classifier is really built, from a file on disk to a live web page."
)
"""Said of pages that have no opening of their own."""
LONGEST = 160
"""How many characters of a page's description search engines show."""
CHAPTER = re.compile(r"(?:^|/)(\d\d)-[^/#]*$")
LINK = re.compile(r'<a class="[^"]*\breference internal" href="([^"]*)">')
MINUTES = re.compile(r"About (\w+) minutes for the text")
WORDS = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
]
MISSING = "404"
"""The page that servers show where none is, by the name that most of them look for."""
UNUSED = ("thebe", "togglebutton", "design-tabs", "sphinx-design", "sd-")
"""Parts of the names of scripts and styles that no page needs, and of the settings that stand in pages."""
LINES = re.compile(r'<dl>\n((?:<dd><em class="sig-param">.*?</dd>\n)+)</dl>', re.DOTALL)
LEFTOVERS = (
    "vendor",
    "sphinx-thebe.*",
    "togglebutton.*",
    "sphinx-design.*",
    "design-tabs.*",
    "*webpack-macros.html",
)


def describe(app, pagename, templatename, context, doctree):
    """Say what a page is, to who lists it or shares a link: its title, its opening, the book's card."""
    name, title = app.config.html_title, context.get("title") or app.config.html_title
    opening = (opening_of(doctree) if doctree else "") or ABOUT
    told = {"og:title": title, "og:type": "article", "og:site_name": name}
    told |= {"description": opening, "og:description": opening}
    if site := app.config.html_baseurl:
        told |= {"og:url": context["pageurl"], "og:image": f"{site.rstrip('/')}/{CARD}"}
        told |= {"twitter:card": "summary_large_image"}
    tags = [context.get("metatags", "")]
    for name, text in told.items():
        key = "property" if name.startswith("og:") else "name"
        tags.append(f'<meta {key}="{name}" content="{escape(text)}">\n')
    context["metatags"] = "".join(tags)


def widen(app, pagename, templatename, context, doctree):
    """Let the landing page have the room of its own contents, which it doesn't need."""
    if pagename == app.config.root_doc:
        context["meta"] = (context.get("meta") or {}) | {"html_theme.sidebar_secondary.remove": ""}


def opening_of(doctree) -> str:
    """A page's first paragraphs, as much as fits, to the end of a sentence or a word."""
    texts = [part.astext() for part in doctree.findall(nodes.paragraph)][:4]
    words = " ".join(" ".join(texts).split())
    if len(words) <= LONGEST:
        return words
    cut = words[: LONGEST - 2]
    end = max(cut.rfind(mark) for mark in (". ", "? ", ".\u201d "))
    return cut[: end + 1] if end > LONGEST // 2 else f"{cut.rpartition(' ')[0]} …"


def keep_together(app, doctree, docname):
    """Let no line begin with a per cent sign."""
    for text in list(doctree.findall(nodes.Text)):
        if " %" in text and not isinstance(text.parent, nodes.literal | nodes.literal_block):
            text.parent.replace(text, nodes.Text(re.sub(r"(?<=\d) %", "\N{NO-BREAK SPACE}%", text)))


def dress_contents(app, pagename, templatename, context, doctree):
    """Number the chapters in the list of pages, and tell those who hear it where they are.

    The theme makes headings of the parts' names, which would stand before a page's first.
    """
    tree = context["generate_toctree_html"]

    def numbered(match: re.Match) -> str:
        chapter = CHAPTER.search(pagename if match[1] == "#" else match[1])
        link = match[0].replace(' href="#"', ' href="#" aria-current="page"')
        return link + (f'<span class="number">{int(chapter[1])}</span> ' if chapter else "")

    def dressed(*arguments, **settings):
        html = LINK.sub(numbered, str(tree(*arguments, **settings)))
        html = html.replace("<summary>", '<summary aria-label="Pages below">')
        return html.replace(
            '<p aria-level="2" class="caption" role="heading">', '<p class="caption">'
        )

    context["generate_toctree_html"] = dressed


def place_byline(app, doctree, docname):
    """Say above a chapter's title which of how many it is, and how long it takes to read."""
    chapter = CHAPTER.search(docname)
    if not chapter:
        return
    told = MINUTES.search(doctree.astext())
    if not told:
        raise ValueError(f"expected 'About nine minutes for the text' in {docname}, got none")
    count = sum(1 for name in app.env.found_docs if CHAPTER.search(name))
    line = f"Chapter {int(chapter[1])} of {count} · {WORDS.index(told[1])} minutes to read"
    title = next(doctree.findall(nodes.title))
    byline = nodes.raw("", f'<p class="byline">{line}</p>', format="html")
    title.parent.insert(title.parent.index(title), byline)


def add_missing(app):
    """The page that is shown for any missing one."""
    return [(MISSING, {}, "missing.html")]


def stand_anywhere(app, pagename, templatename, context, doctree):
    """Let that page find its styles and links, wherever that would have been."""
    if pagename == MISSING and app.config.html_baseurl:
        base = f'<base href="{escape(app.config.html_baseurl.rstrip("/"))}/">\n'
        context["metatags"] = base + context.get("metatags", "")


def list_parameters(app, pagename, templatename, context, doctree):
    """Let a long signature's parameters be lines; Sphinx writes them as definitions of nothing."""
    if "body" in context:
        context["body"] = LINES.sub(as_lines, context["body"])


def name_cells(app, pagename, templatename, context, doctree):
    """Tell code from what it gave, for those who hear one after the other."""
    for part, name in (("input", "Code"), ("output", "Output")):
        if "body" in context:
            opening = f'<div class="cell_{part} docutils container"'
            named = f'{opening} role="group" aria-label="{name}"'
            context["body"] = context["body"].replace(opening, named)


def as_lines(match: re.Match) -> str:
    """A parameter's line for each of its definitions."""
    lines = match[1].replace("<dd>", '<span class="sig-line">').replace("</dd>", "</span>")
    return f'<span class="sig-lines">{lines}</span>'


def lighten(app, pagename, templatename, context, doctree):
    """Take the unused scripts and styles out of a page."""
    for kind in ("script_files", "css_files"):
        if kind in context:
            context[kind] = [file for file in context[kind] if not unused(file)]


def lighten_text(app, doctree, docname):
    """Take the settings for thebe out of a page's text, at whose end it puts them."""
    for script in list(doctree.findall(nodes.raw)):
        if "x-thebe-config" in script.astext() or script.astext().startswith("<script>kernelName"):
            script.parent.remove(script)


def unused(file) -> bool:
    """Whether a script or a style, by its name or by the text in it, is of what no page needs."""
    told = f"{getattr(file, 'filename', file)} {getattr(file, 'attributes', {}).get('body', '')}"
    return any(part in told.lower() for part in UNUSED) or "toggleHint" in told


def clear(app, error):
    """Remove the files that no page names."""
    if error is None:
        static = Path(app.outdir) / "_static"
        for pattern in LEFTOVERS:
            for path in [*static.rglob(pattern)]:
                shutil.rmtree(path) if path.is_dir() else path.unlink()


def stand_around(app):
    """Stand around the pages of the HTML book; a file for a reader or a printer has none of this."""
    if app.builder.name != "html":
        return
    for handler in (describe, stand_anywhere, list_parameters, name_cells):
        app.connect("html-page-context", handler)
    for handler in (lighten, dress_contents):  # when others have given what they change
        app.connect("html-page-context", handler, priority=900)
    app.connect("html-page-context", widen, priority=400)  # before the theme asks
    app.connect("html-collect-pages", add_missing)
    app.connect("doctree-resolved", place_byline)
    app.connect("build-finished", clear)
    app.add_js_file("book.js")


def setup(app):
    """Register with Sphinx."""
    app.connect("builder-inited", stand_around)
    app.connect("doctree-resolved", keep_together)
    app.connect("doctree-resolved", lighten_text, priority=900)  # when thebe has put it there
    return {"parallel_read_safe": True, "parallel_write_safe": True}
