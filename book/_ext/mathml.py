"""Sphinx extension: formulas as MathML, which browsers draw themselves: no script, no network.

``html_math_renderer: mathml`` in ``_config.yml`` chooses it.
"""

from docutils import nodes
from latex2mathml.converter import convert


def inline(translator, node):
    """A formula within a line."""
    translator.body.append(convert(node.astext(), display="inline"))
    raise nodes.SkipNode


def block(translator, node):
    """A formula on a line of its own."""
    formula = convert(node.astext(), display="block")
    translator.body.append(f'<div class="math notranslate">{formula}</div>')
    raise nodes.SkipNode


def setup(app):
    """Register with Sphinx."""
    app.add_html_math_renderer("mathml", (inline, None), (block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
