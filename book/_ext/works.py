"""Sphinx extension: the bibliography's entries are places that Markdown can link to, and each shows where its work is.

``[a title](bibliography.md#key)`` leads to an entry from a notebook as well, which can use no role. In the style
``linked`` an entry ends with its addresses, in words, so that they can be read on paper.
"""

from pybtex.plugin import register_plugin
from pybtex.style.formatting.plain import Style
from pybtex.style.template import field, href, join


class Linked(Style):
    """Plain, and with a DOI and an address as one can type them."""

    def format_doi(self, entry):
        """The address that a DOI stands for."""
        address = join["https://doi.org/", field("doi", raw=True)]
        return href(address)[address]

    def format_url(self, entry):
        """The address alone."""
        address = field("url", raw=True)
        return href(address)[address]


def places(app, doctree):
    """Tell MyST the places of a page's entries, which it knows of headings alone."""
    here = app.env.docname
    for bibliography, told in app.env.get_domain("cite").bibliographies.items():
        if bibliography.docname == here:
            slugs = app.env.metadata[here].setdefault("myst_slugs", {})
            for key, entry in told.citation_nodes.items():
                [place] = entry["ids"]
                slugs[place] = (told.line, place, key)


def setup(app):
    """Register with Sphinx."""
    register_plugin("pybtex.style.formatting", "linked", Linked)
    app.setup_extension("sphinxcontrib.bibtex")
    app.connect("doctree-read", places)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
