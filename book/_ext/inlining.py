"""Sphinx extension: the drawing pad, live in the book's pages, from a file as well as from a server.

The pages are plain Markdown and show a picture, ``_static/pad.png``, which is what GitHub and Colab show too. In the
HTML book it becomes a frame with ``_static/pad.html``: one file that holds the pad's page, style, module and weights,
since a page opened from a disk may not import a module. Page and frame tell each other scheme and height by messages,
and what is drawn, which the browser keeps for the figures of other pages.
"""

import base64
import re
from html import escape
from pathlib import Path

from docutils import nodes
from sphinx.util.osutil import relative_uri

from digitlib import weights
from digitlib.files import write_whole

PAD = Path(weights.__file__).with_name("pad")
PICTURE = "_static/pad.png"
PAGE = "_static/pad.html"

STYLE = """<style>
    :root[data-theme="light"] { --ground: #fff; --ink: #23272b; color-scheme: light; }
    :root[data-theme="dark"] { --ground: #14181d; --ink: #ced6dd; color-scheme: dark; }
    :root.framed body { background: none; overflow: hidden; }
    :root.framed header { display: none; }
    :root.framed main { padding: 4px; }
  </style>"""

# In the page: the module from a blob address, the weights from text, and what the page around it needs to know.
SCRIPT = """<script type="text/plain" id="module">{module}</script>
  <script type="text/plain" id="weights">{weights}</script>
  <script type="module">
    const [module, weights] = ["module", "weights"].map((id) => document.getElementById(id).textContent);
    const address = URL.createObjectURL(new Blob([module], {{ type: "text/javascript" }}));
    const values = {{ weights }};
    let drawing;
    const set = window.parent !== window && ((name, value) => {{
      if (name === "drawing") drawing = value;
      else if (value.reason !== "blank") window.parent.postMessage({{ padDrawing: drawing }}, "*");
    }});
    const place = document.getElementById("pad");
    try {{
      const {{ default: pad }} = await import(address);
      pad.render({{ model: {{ get: (name) => values[name], set }}, el: place }});
    }} catch (error) {{
      place.textContent = `The drawing pad could not start (${{error.message}}). `;
      place.append(Object.assign(document.createElement("a"), {{ href: "", textContent: "Try again" }}));
    }}
    if (place.querySelector(".pad-others")) {{
      for (const text of document.querySelectorAll("[data-others]")) text.textContent = text.dataset.others;
    }}
    if (window.parent !== window) {{
      document.documentElement.classList.add("framed");
      window.addEventListener("message", ({{ source, data }}) => {{
        if (source === window.parent && data?.padTheme) document.documentElement.dataset.theme = data.padTheme;
      }});
      const main = document.querySelector("main");
      const height = () => Math.ceil(main.getBoundingClientRect().height);
      const tell = () => window.parent.postMessage({{ padHeight: height() }}, "*");
      new ResizeObserver(tell).observe(main);
    }}
  </script>"""

# Around it: a frame as high as its page, in the scheme of the book. Addresses of files are no origins, hence "*".
FRAME = """<iframe class="pad-frame" src="{address}" id="pad" title="{title}" loading="{loading}"
  style="width: 100%; height: 34rem; border: 0"></iframe>
<script>
(function (frame) {{
  const root = document.documentElement;
  const tell = () => frame.contentWindow.postMessage({{ padTheme: root.dataset.theme }}, "*");
  const keep = (drawing) => {{
    try {{
      localStorage.setItem("digitlib-drawing", drawing);
    }} catch {{}} // where nothing may be kept
    dispatchEvent(new Event("digitlib-drawing"));
  }};
  window.addEventListener("message", ({{ source, data }}) => {{
    if (source !== frame.contentWindow) return;
    if (data?.padDrawing) keep(data.padDrawing);
    if (!data?.padHeight) return;
    frame.style.height = data.padHeight + "px";
    tell();
  }});
  frame.addEventListener("load", tell);
  new MutationObserver(tell).observe(root, {{ attributeFilter: ["data-theme"] }});
}})(document.currentScript.previousElementSibling);
</script>"""


def inlined(content: bytes) -> str:
    """The pad's page with everything in it; ``content`` is a weights file's."""
    page = (PAD / "index.html").read_text(encoding="utf-8")
    style = (PAD / "pad.css").read_text(encoding="utf-8")
    module = (PAD / "pad.mjs").read_text(encoding="utf-8")
    for text, end in ((style, "</style"), (module, "</script")):
        if end in text.lower() or "<!--" in text:
            raise ValueError(f"expected a file that a page can hold, got {end} in it")
    script = SCRIPT.format(module=module, weights=base64.b64encode(content).decode())
    parts = {
        r' *<link rel="(?:preload|modulepreload)".*?>\n': "",
        r'<link rel="stylesheet" href="pad.css">': f"<style>\n{style}</style>",
        r"</head>": f"  {STYLE}\n</head>",
        r'<script type="module">.*?</script>': script,
    }
    for pattern, text in parts.items():
        page, found = re.subn(pattern, lambda _, text=text: text, page, flags=re.DOTALL)
        if not found:
            raise ValueError(f"index.html: expected {pattern}, found none")
    return page


def place_frames(app, doctree, docname):
    """Put the live pad in the place of its picture, in the HTML book alone."""
    if app.builder.name not in ("html", "dirhtml"):
        return
    address = relative_uri(app.builder.get_target_uri(docname), PAGE)
    loading = (
        "eager" if docname == app.config.root_doc else "lazy"
    )  # elsewhere when one gets near it
    for image in list(doctree.findall(nodes.image)):
        if image["uri"].endswith(PICTURE):
            frame = FRAME.format(address=escape(address), title="Drawing pad", loading=loading)
            image.replace_self(nodes.raw("", frame, format="html"))


def write_page(app, error):
    """Write the page beside the book's other static files."""
    if error is None and app.builder.name in ("html", "dirhtml"):
        page = inlined(weights.SHIPPED.read_bytes())
        write_whole(Path(app.outdir) / PAGE, page.encode())


def setup(app):
    """Register with Sphinx."""
    app.connect("doctree-resolved", place_frames)
    app.connect("build-finished", write_page)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
