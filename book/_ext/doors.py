"""Sphinx extension: where a page leads out of the book: to a notebook that runs, to what can be taken along, and to
where a mistake is reported or mended.

``make site ADDRESS=https://…`` says where the book will be served, or ``html: baseurl`` in ``_config.yml`` does. The
repository is ``repository: url`` there, or the git remote ``origin``, where that is on GitHub. A door that would lead
nowhere isn't shown: Colab and Binder need a repository and an address, downloads a site to lie in.
"""

import os
import re
import subprocess
from html import escape
from pathlib import Path
from urllib.parse import quote

import yaml
from docutils import nodes
from sphinx.util.osutil import relative_uri

BRANCH = "published"
"""The branch on which the workflow puts the site, and from which Colab opens notebooks."""

# What a site may hold for its readers to take along: a pattern, and what it is.
TO_TAKE = {
    "book.pdf": "the book as PDF",
    "book.epub": "as EPUB",
    "digitlib-*.whl": "the package",
    "slides/session-1.html": "slides for a class",
    "book.zip": "all of it, for a stick",
}
REPORT = "sentence-or-figure.yml"
"""The form for a mistake in the book, among ``.github/ISSUE_TEMPLATE``; it takes the page's name along."""
LINE = "*In the published book, what can be taken along is listed here.*"


def web_address(remote: str) -> str:
    """The https address of a git remote on GitHub, which Colab can open; empty for any other, such as a folder."""
    prefix = r"(?:https://|ssh://git@|git@)github\.com[/:]"
    match = re.fullmatch(prefix + r"(.+?)(?:\.git)?/?", remote.strip())
    return f"https://github.com/{match[1]}" if match else ""


def origin(folder) -> str:
    """The address of the remote ``origin``; empty without one, or without git."""
    try:
        command = ["git", "-C", str(folder), "remote", "get-url", "origin"]
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout
    except FileNotFoundError:
        return ""


def address(text: str) -> str:
    """The address of a site, without a slash at its end; ValueError for what isn't one."""
    if text and not re.fullmatch(r"https?://[^\s/?#]+(/[^\s?#]*)?", text):
        raise ValueError(f"expected ADDRESS as https://…, got {text!r}")
    return text.rstrip("/")


def configured() -> str:
    """The address that the configuration gives, or none."""
    text = (Path(__file__).parents[2] / "_config.yml").read_text(encoding="utf-8")
    return yaml.safe_load(text)["html"]["baseurl"]


def doors(name: str, site: str, repository: str, branch: str) -> dict[str, str]:
    """The ways to run a chapter, ``{text: address}``: those that lead somewhere."""
    if not (site and repository):
        return {}
    path = repository.removeprefix("https://github.com/")
    return {
        "in Colab": f"https://colab.research.google.com/github/{path}/blob/{BRANCH}/notebooks/{name}.ipynb",
        "in Binder": f"https://mybinder.org/v2/gh/{path}/{branch}?urlpath=lab/tree/book/{name}.ipynb",
    }


def to_take(folder: Path) -> dict[str, str]:
    """What lies in a site's folder for its readers, ``{its path there: what it is}``."""
    found = {text: sorted(folder.glob(pattern)) for pattern, text in TO_TAKE.items()}
    return {
        path.relative_to(folder).as_posix(): text
        for text, paths in found.items()
        for path in paths[:1]
    }


def configure(app, config):
    """Settle the two addresses before anything is read."""
    options = config.html_theme_options
    config.html_baseurl = address(os.environ.get("DIGITLIB_ADDRESS") or config.html_baseurl)
    remote = web_address(origin(app.srcdir))
    options["repository_url"] = options.get("repository_url") or remote
    options.pop("launch_buttons", None)  # they know of one branch only


def place_ways(app, doctree, docname):
    """Put the ways to run a chapter under its title, in the HTML book alone."""
    folder, name = os.path.split(docname)
    chapter = folder == "book" and re.match(r"\d\d-", name)
    if not chapter or app.builder.name != "html":
        return
    options, here = app.config.html_theme_options, app.builder.get_target_uri(docname)
    branch = options.get("repository_branch") or "main"
    ways = doors(name, app.config.html_baseurl, options["repository_url"], branch)
    ways["on your own machine"] = relative_uri(here, "book/run.html")
    if os.environ.get("DIGITLIB_SITE") and app.config.html_baseurl:
        file = relative_uri(here, f"notebooks/{name}.ipynb")
        ways["download the notebook"] = file
    title = next(doctree.findall(nodes.title))
    title.parent.insert(title.parent.index(title) + 1, line("Run it", ways))


def place_list(app, doctree, docname):
    """Put the list of what can be taken along in the place of its line; what is taken along needs neither."""
    for paragraph in list(doctree.findall(nodes.paragraph)):
        if paragraph.astext() != LINE.strip("*"):
            continue
        if app.builder.name != "html":
            paragraph.parent.remove(paragraph)
        elif os.environ.get("DIGITLIB_SITE"):
            here = app.builder.get_target_uri(docname)
            things = to_take(Path(os.environ["DIGITLIB_SITE"])).items()
            links = {text: relative_uri(here, name) for name, text in things}
            paragraph.replace_self(line("Take it with you", links))


def offer_mending(app, pagename, templatename, context, doctree):
    """Give a page's foot the addresses where a mistake is reported, and where the page's source is edited."""
    repository = app.config.html_theme_options["repository_url"]
    if doctree is None or not repository:
        return
    place = quote(f"{context['title']}, {pagename}")
    context["report"] = f"{repository}/issues/new?template={REPORT}&place={place}"
    branch = app.config.html_theme_options.get("repository_branch") or "main"
    context["edit"] = f"{repository}/edit/{branch}/{source_of(pagename)}"


def source_of(page: str) -> str:
    """The file that one edits to change a page: for a chapter the text that its notebook is made from."""
    folder, name = page.split("/")
    return f"{folder}/text/{name}.md" if re.match(r"\d\d-", name) else f"{page}.md"


def line(start: str, links: dict[str, str]) -> nodes.raw:
    """A line of links."""
    shown = " · ".join(
        f'<a href="{escape(href)}">{escape(text)}</a>' for text, href in links.items()
    )
    return nodes.raw("", f'<p class="doors">{start}: {shown}</p>', format="html")


def setup(app):
    """Register with Sphinx."""
    app.connect("config-inited", configure)
    app.connect("doctree-resolved", place_ways)
    app.connect("doctree-resolved", place_list)
    app.connect("html-page-context", offer_mending)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
