"""Sphinx extension: a line of code that is too long for the screen goes on below, further in than it began.

Each line is a ``span`` that says how far it is indented; ``book.css`` does the rest.
"""

import re
from html import unescape

CODE = re.compile(r'(<div class="highlight"><pre>(?:<span></span>)?)(.*?)\n?(</pre>)', re.DOTALL)
TAG = re.compile(r"<[^>]*>")
INDENT = re.compile(r"(?:>>> |\.\.\. )? *")


def hang(app, pagename, templatename, context, doctree):
    """Let each line of a page's code know where it begins."""
    if app.builder.name == "html" and "body" in context:
        context["body"] = CODE.sub(in_lines, context["body"])


def in_lines(match: re.Match) -> str:
    """A block of code as lines. (Pygments ends its colours with each line.)"""
    lines = ""
    for line in match[2].split("\n"):
        indent = INDENT.match(unescape(TAG.sub("", line))).end()
        lines += f'<span class="line" style="--indent: {indent}ch">{line}\n</span>'
    return match[1] + lines + match[3]


def setup(app):
    """Register with Sphinx."""
    app.connect("html-page-context", hang)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
