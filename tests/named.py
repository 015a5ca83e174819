"""Models of any classes, for tests: their names, and files with random numbers."""

from itertools import pairwise

import numpy as np

from digitlib import weights
from digitlib.weights import Weights

# As awkward as names may be.
AWKWARD = (
    "T-shirt/top", "a|b", '"quoted"', "<b>", "ä", "日", "*x* _y_", "`c` ~~d~~", "[e](f)", "www.g.org", "{h}",
    "&amp; $i$", "j\\k", "two\nlines", "100 %", "#1", "x" * 200,
)  # fmt: skip
COUNTS = [2, 10, 20, 47]


def names(count):
    """So many names of classes."""
    return (*AWKWARD, *(f"class {number}" for number in range(count)))[:count]


def write(path, classes, none=False, preparation="picture", **said):
    """A weights file with random layers; ``said`` are its provenance and calibration."""
    random = np.random.RandomState(0)
    widths = [784, 16, len(classes) + none]
    layers = [
        (random.normal(size=(out, into)).astype(np.float32) / 9, np.zeros(out, dtype=np.float32))
        for into, out in pairwise(widths)
    ]
    weights.save(path, Weights(layers, classes=classes, preparation=preparation, **said))
    return path


def write_onnx(path, classes, none=False, preparation="picture", provenance=None, calibration=None):
    """A model in ONNX of one layer with random numbers, which says the same of itself."""
    from onnx import TensorProto, helper, numpy_helper, save

    outputs = len(classes) + none
    random = np.random.RandomState(0)
    numbers = random.normal(size=(784, outputs)).astype(np.float32)
    images = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 28, 28])
    logits = helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["n", outputs])
    nodes = [
        helper.make_node("Flatten", ["x"], ["flat"], axis=1),
        helper.make_node("MatMul", ["flat", "weight"], ["logits"]),
    ]
    weight = numpy_helper.from_array(numbers, "weight")
    graph = helper.make_graph(nodes, "mine", [images], [logits], [weight])
    versions = {"opset_imports": [helper.make_opsetid("", 18)], "ir_version": 10}
    model = helper.make_model(graph, **versions)
    said = weights.to_metadata(
        provenance=provenance or {},
        calibration=calibration or {},
        classes=classes,
        preparation=preparation,
    )
    helper.set_model_props(model, said)
    save(model, path)
    return path
