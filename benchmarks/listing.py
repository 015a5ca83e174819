"""A folder of pictures, each named on a line of JSON: by ``digitlib predict``, or by the loop that one would write.

``python benchmarks/listing.py digitlib FOLDER`` and ``python benchmarks/listing.py loop FOLDER MODEL``, a process each,
so that start and memory count; the second asks a model in ONNX. The most memory, in MB, is the last line on the error
stream.
"""

import json
import re
import resource
import sys
from pathlib import Path

import numpy as np
from PIL import Image

__all__ = ["loop", "main", "peak_memory"]


def main(way: str, folder: str, *model: str) -> int:
    """Name a folder's pictures, and say what memory it took."""
    if way == "digitlib":
        from digitlib import cli

        code = cli.main(["predict", "--json", folder])
    else:
        code = loop(folder, *model)
    print(f"{peak_memory():.1f}", file=sys.stderr)
    return code


def loop(folder: str, model: str) -> int:
    """Pillow and ONNX Runtime, a picture at a time, as it is: nothing is cropped, centred, refused or complained of."""
    import onnxruntime

    session = onnxruntime.InferenceSession(model)
    for path in sorted(Path(folder).iterdir()):
        with Image.open(path) as image:
            x = np.asarray(image.convert("L").resize((28, 28)), dtype=np.float32) / 255
        [logits] = session.run(None, {"x": x[None]})[0]
        powers = np.exp(logits[:10] - logits[:10].max())
        probabilities = (powers / powers.sum()).tolist()
        label = int(powers.argmax())
        said = {"file": str(path), "label": label, "probabilities": probabilities}
        print(json.dumps(said), flush=True)  # a line is there when it is done, as ours is
    return 0


def peak_memory() -> float:
    """The most memory this process has held, in MB.

    Linux hands getrusage's figure down from parent to child, so a child of a large process seems as large; what
    /proc says begins anew with each program.
    """
    status = Path("/proc/self/status")
    if status.exists():
        return int(re.search(r"VmHWM:\s+(\d+) kB", status.read_text())[1]) / 1_000
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6  # macOS: bytes


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
