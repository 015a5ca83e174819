"""Sphinx extension: figures that answer to touch, in the place of a notebook's still pictures.

A cell of a notebook names a figure in its metadata (``figure: split``). Where notebooks are shown, and where scripts
are off, the reader sees the picture that the cell gave; in the HTML book ``figures.js`` puts the module
``book/_static/figures/split.mjs`` in its place. A page opened from a disk may import no module, so each goes out in a
script that hands over its text; what one imports, it names as ``"./name.mjs"`` or ``"./name.json"``.
"""

import base64
import json
import re
from pathlib import Path

from docutils import nodes
from inlining import PAD
from sphinx.util.osutil import relative_uri

from digitlib import weights
from digitlib.files import write_whole

FOLDER = "_static/figures"
SOURCES = Path(__file__).parents[1] / "_static" / "figures"
AS_JSON = re.compile(r' with \{ type: "json" \}')


def place(app, doctree, docname):
    """Say around a picture which figure takes its place."""
    if app.builder.name != "html":
        return
    folder = relative_uri(app.builder.get_target_uri(docname), f"{FOLDER}/")
    for cell in doctree.findall(nodes.container):
        name = cell.get("cell_metadata", {}).get("figure")
        if not name:
            continue
        if not (SOURCES / f"{name}.mjs").is_file():
            raise ValueError(f"{docname}: expected {name}.mjs in book/{FOLDER}, got none")
        pictures = list(cell.findall(nodes.image))
        if len(pictures) != 1:
            raise ValueError(f"{docname}: expected one picture for {name}, got {len(pictures)}")
        opening = f'<div class="live" data-figure="{name}" data-from="{folder}">'
        around = nodes.raw("", opening, format="html"), nodes.raw("", "</div>", format="html")
        picture = pictures[0].deepcopy()
        pictures[0].replace_self([around[0], picture, around[1]])


def modules() -> dict[str, str]:
    """The text of every module that a figure may import, by the name that it goes by."""
    texts = {
        path.name: AS_JSON.sub("", path.read_text("utf-8"))
        for path in sorted(SOURCES.glob("*.mjs"))
    }
    for path in sorted(SOURCES.glob("*.json")):
        texts[path.name] = f"export default {path.read_text('utf-8')}"
    texts["pad.mjs"] = (PAD / "pad.mjs").read_text("utf-8")
    content = base64.b64encode(weights.SHIPPED.read_bytes()).decode()
    return texts | {"weights.mjs": f'export default "{content}";'}


def hand_over(name: str, text: str) -> str:
    """A script that hands over a module's text."""
    return f"giveModule({json.dumps(name)}, {json.dumps(text)});\n"


def write(app, error):
    """Write the scripts that the pages ask for when a reader gets near a figure."""
    if error is None and app.builder.name == "html":
        folder = Path(app.outdir) / FOLDER
        for path in folder.glob("*"):
            path.unlink()  # the modules themselves, which no page asks for
        for name, text in modules().items():
            write_whole(folder / f"{name}.js", hand_over(name, text).encode())


def setup(app):
    """Register with Sphinx."""
    app.connect("doctree-resolved", place)
    app.add_js_file("figures.js")
    app.connect("build-finished", write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
