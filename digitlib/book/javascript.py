"""The pad's JavaScript, asked without a browser: Node runs it, where there is one.

>>> from digitlib.book import javascript
>>> javascript.NODE is None or javascript.NODE.endswith(("node", "node.exe", "node.EXE"))
True
"""

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np

from digitlib.weights import SHIPPED

__all__ = ["NODE", "ask"]

NODE = shutil.which("node")
"""The path of Node, or None where it isn't installed."""

_PAD = Path(__file__).parents[1] / "pad" / "pad.mjs"
_SCRIPT = """
import { readFileSync } from "node:fs";
const [pad, weights, width, height] = process.argv.slice(-4);
const { preprocess, readWeights, classify } = await import(pad);
const network = readWeights(readFileSync(weights));
const placement = network.preparation === "picture" ? "plain" : "mass";
const levels = new Uint8Array(readFileSync(0));
const image = preprocess(levels, Number(width), Number(height), placement);
console.log(JSON.stringify(classify(network, image)));
"""


def ask(drawing: np.ndarray, weights: str | Path = SHIPPED) -> dict:
    """What the pad's own code says of a drawing: ``{"label", "name", "reason", "probabilities", "doubt"}``.

    Args:
        drawing: uint8 ``(H, W)``, bright on dark; a square, as the pad's sheet is, for what isn't digits.
        weights: a weights file.

    Returns:
        its answer; empty where there is no Node.

    Raises:
        RuntimeError: Node ended without an answer; its last words.

    >>> import numpy as np
    >>> from digitlib.book import javascript
    >>> answer = javascript.ask(np.zeros((280, 280), dtype=np.uint8))
    >>> answer.get("reason", "blank")
    'blank'
    """
    if NODE is None:
        return {}
    height, width = drawing.shape
    told = [_PAD.as_uri(), Path(weights).resolve(), width, height]
    command = [NODE, "--input-type=module", "-e", _SCRIPT, "--", *map(str, told)]
    levels = np.ascontiguousarray(drawing, dtype=np.uint8).tobytes()
    done = subprocess.run(command, input=levels, capture_output=True)
    if done.returncode:
        raise RuntimeError(f"expected an answer from Node, got: {done.stderr.decode()[-300:]}")
    return json.loads(done.stdout)
