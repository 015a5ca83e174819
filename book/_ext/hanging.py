"""Sphinx extension: a line of code that is too long for the screen goes on below, further in than it began.

Each line is a ``span`` that says how far it is indented, and each block says how wide it would be; ``book.css`` does
the rest.
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
    """A block of code as lines, with the length of the longest. (Pygments ends its colours with each line.)"""
    lines, width = "", 1
    for line in match[2].split("\n"):
        text = unescape(TAG.sub("", line))
        width = max(width, len(text))
        indent = INDENT.match(text).end()
        lines += f'<span class="line" style="--indent: {indent}ch">{line}\n</span>'
    start = match[1].replace("<pre>", f'<pre style="--width: {width}">')
    return start + lines + match[3]


def setup(app):
    """Register with Sphinx."""
    app.connect("html-page-context", hang)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
