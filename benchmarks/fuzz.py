"""Bytes that nobody meant, for everything that reads bytes from outside: ``python benchmarks/fuzz.py --minutes 60``.

Small valid files are changed at random: bits and bytes, numbers of a header, parts left out, doubled, mixed with those
of another file, the end cut off. Where a checksum would end it at once, it is set right again. Each is given to the
reader of its kind, which may answer, or raise ValueError or OSError with a line. A finding is any other error, a
message of several lines, the end of the process, and more than ``CPU`` seconds of the processor's time for one input.
No reader gets more than ``MEMORY`` megabytes beside what it begins with. What made a finding is kept in a folder.

The inputs follow from the seed alone. The reading is done in a process of its own, so that an end is seen.
"""

import argparse
import base64
import gzip
import hashlib
import io
import json
import random
import resource
import signal
import struct
import subprocess
import sys
import tempfile
import time
import warnings
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
from PIL import Image

CPU = 20
MEMORY = 1_500
# The scratch file holds what is tried just now; beside it a line says for whom.
SCRATCH, WHOM = "input", "reader"

Ask = Callable[[Path], object]


def mutated(content: bytes, other: bytes, rng: random.Random) -> bytes:
    """A file with one to four changes; ``other`` is one that parts may come from."""
    changed = bytearray(content)
    for _ in range(rng.randint(1, 4)):
        size = len(changed)
        if not size:
            break
        place = min(rng.randrange(size), rng.randrange(size))  # headers come first
        length = rng.randint(1, min(64, size))
        change = rng.randrange(8)
        if change == 0:
            changed[place] ^= 1 << rng.randrange(8)
        elif change == 1:
            changed[place] = rng.choice((0, 1, 127, 128, 255, rng.randrange(256)))
        elif change == 2:
            number = rng.choice(
                (0, 1, 2**15, 2**16 - 1, 2**31 - 1, 2**32 - 1, rng.randrange(2**32))
            )
            form = rng.choice("<>") + rng.choice("HI")
            changed[place : place + struct.calcsize(form)] = struct.pack(
                form, number & (2 ** (8 * struct.calcsize(form)) - 1)
            )
        elif change == 3:
            del changed[place : place + length]
        elif change == 4:
            changed[place:place] = changed[place : place + length] * rng.randint(1, 9)
        elif change == 5:
            start = rng.randrange(max(1, len(other)))
            changed[place : place + length] = other[start : start + length]
        elif change == 6:
            changed[place : place + length] = rng.randbytes(length)
        else:
            del changed[rng.randrange(size) :]
    return bytes(changed)


def with_checks(content: bytes) -> bytes:
    """The file; of a PNG, one whose chunks have the checksums that they should have."""
    if not content.startswith(b"\x89PNG"):
        return content
    fixed, place = bytearray(content[:8]), 8
    while place + 12 <= len(content):
        length = int.from_bytes(content[place : place + 4], "big")
        end = place + 8 + length
        if end + 4 > len(content):
            break
        fixed += content[place:end] + struct.pack(">I", zlib.crc32(content[place + 4 : end]))
        place = end + 4
    return bytes(fixed + content[place:])


def pictures() -> Iterator[bytes]:
    """A small picture in each format that is opened, and in each that isn't but might be."""
    Image.init()
    grey = Image.fromarray((np.indices((24, 20)).sum(0) * 6 % 256).astype(np.uint8))
    turned = Image.Exif()
    turned[0x0112] = 6
    for kind in sorted(Image.SAVE):
        for mode in ("L", "RGB", "RGBA", "P", "1", "I;16", "CMYK", "F"):
            yield from _saved(grey, mode, kind, exif=turned)
    for kind in ("GIF", "PNG", "WEBP", "TIFF", "MPO", "AVIF"):
        frames = [grey.point(lambda level, by=by: level // by) for by in (2, 3)]
        yield from _saved(grey.point(lambda _: 255), "L", kind, save_all=True, append_images=frames)
    for compression in ("tiff_lzw", "tiff_adobe_deflate", "jpeg", "packbits", "group4"):
        for mode in ["1"] if compression == "group4" else ["L", "RGB"]:  # others end the process
            yield from _saved(grey, mode, "TIFF", compression=compression)
    for start in (b"P1", b"P2", b"P3", b"Pf"):
        yield start + b"\n# a comment\n3 2\n255\n1 0 1\n0 1 0\n" + bytes(30)


def _saved(image: Image.Image, mode: str, kind: str, **options: object) -> Iterator[bytes]:
    """The file, where Pillow can write it; of what opens other programs, that is no matter."""
    file = io.BytesIO()
    try:
        image.convert(mode).save(file, kind, **options)
    except Exception:
        return
    if 0 < len(file.getvalue()) < 100_000:
        yield file.getvalue()


def sets() -> Iterator[bytes]:
    """Files in MNIST's format, gzipped or not."""
    for array in (np.arange(3 * 784, dtype=np.uint32).reshape(3, 28, 28), np.arange(9)):
        head = bytes([0, 0, 8, array.ndim]) + b"".join(n.to_bytes(4, "big") for n in array.shape)
        content = head + array.astype(np.uint8).tobytes()
        yield content
        yield gzip.compress(content, mtime=0)


def networks() -> Iterator[bytes]:
    """Weights files with few numbers, of digits and of other classes."""
    from digitlib import weights

    rng = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as folder:
        for classes, preparation in ((weights.DIGITS, "digit"), (("cat", "dog"), "picture")):
            widths = (784, 2, len(classes) + 1)
            layers = [
                (rng.normal(size=(out, into)).astype("f4"), np.zeros(out, "f4"))
                for into, out in pairwise(widths)
            ]
            calibration = {"temperature": 1.2, "threshold": 0.5}
            weights.save(
                f"{folder}/w",
                weights.Weights(layers, {"seed": 1}, calibration, classes, preparation),
            )
            yield Path(folder, "w").read_bytes()


def trainings() -> Iterator[bytes]:
    """An interrupted training."""
    from torch import nn

    from digitlib.engine import checkpoint

    with tempfile.TemporaryDirectory() as folder:
        checkpoint.save(f"{folder}/c", {"model": nn.Linear(2, 1)}, {"seed": 1}, [{"loss": 0.5}])
        yield Path(folder, "c").read_bytes()


def with_digest(content: bytes) -> bytes:
    """An interrupted training whose digest is that of what follows it."""
    from digitlib.engine import checkpoint

    start = len(checkpoint._MARK)
    rest = content[start + 32 :]
    return checkpoint._MARK + hashlib.sha256(rest).digest() + rest


def models() -> Iterator[bytes]:
    """A model in ONNX that says what it answers."""
    from onnx import helper
    from onnx.parser import parse_model

    from digitlib import weights

    text = """<ir_version: 8, opset_import: ["": 17]> means (float[n, 28, 28] x) => (float[n, 28] y) {
        y = ReduceMean <axes=[2], keepdims=0> (x) }"""
    model = parse_model(text)
    names = [f"row {number}" for number in range(28)]
    said = weights.to_metadata({}, {"temperature": 1.1}, names, "picture")
    helper.set_model_props(model, said)
    yield model.SerializeToString()


def as_it_is(content: bytes) -> bytes:
    """Of what has no checksum."""
    return content


def readers() -> dict[str, tuple[list[bytes], Callable[[bytes], bytes], Ask]]:
    """By name: what to begin with, what sets checksums right, and who is asked about a file."""
    from digitlib import classify, idx, pixels
    from digitlib.engine import checkpoint
    from digitlib.hosts import app, limits

    classifier = classify.DigitClassifier.load()
    small = [content for content in pictures() if content.startswith(b"\x89PNG")]

    def looked_at(path: Path) -> object:
        return classifier.classify(path), [grey.shape for grey in pixels.greys(path)]

    def drawn(path: Path) -> object:
        content = base64.b64encode(path.read_bytes()).decode()
        return classifier.classify(limits.decode(f"data:image/png;base64,{content}"))

    def uploaded(path: Path) -> object:
        upload = {"path": str(path), "meta": {"_type": "gradio.FileData"}}
        return app._shown(classifier, upload)

    return {
        "picture": (list(pictures()), with_checks, looked_at),
        "canvas": (small, with_checks, drawn),
        "upload": (list(pictures()), with_checks, uploaded),
        "IDX": (list(sets()), as_it_is, lambda path: (idx.read(path, (28, 28)), idx.read(path))),
        "weights": (list(networks()), as_it_is, lambda path: asked(classify.load(path))),
        "training": (list(trainings()), with_digest, checkpoint.epochs),
        "ONNX": (list(models()), as_it_is, lambda path: asked(classify.load(path))),
    }


def asked(classifier: object) -> object:
    """What a classifier that could be read says of an image."""
    return classifier.classify(np.eye(28))


def work(folder: Path, seconds: float, seed: int, skip: int) -> None:
    """Ask the readers in turn until the time is over, and say on a line what came of it."""
    import gradio

    warnings.simplefilter("ignore")
    who = readers()
    names = list(who)
    tried: Counter[str] = Counter()
    found = []
    limit = resource.getrlimit(resource.RLIMIT_AS)[1]
    resource.setrlimit(resource.RLIMIT_AS, (_size() + MEMORY * 2**20, limit))
    end, number = time.monotonic() + seconds, skip
    while time.monotonic() < end:
        name = names[number % len(names)]
        begin, mend, ask = who[name]
        rng = random.Random(f"{seed} {number}")
        content = mutated(rng.choice(begin), rng.choice(begin), rng)
        content = mend(content) if rng.random() < 0.5 else content
        (folder / SCRATCH).write_bytes(content)
        (folder / WHOM).write_text(f"{name} {number} {sum(tried.values())}")
        signal.setitimer(signal.ITIMER_PROF, CPU)  # ends the process
        fault = asked_for_fault(ask, folder / SCRATCH, gradio.Error)
        signal.setitimer(signal.ITIMER_PROF, 0)
        tried[name] += 1
        number += 1
        if fault:
            found.append((name, number - 1, fault, base64.b64encode(content).decode()))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(json.dumps({"tried": tried, "found": found, "peak": peak, "number": number}))


def asked_for_fault(ask: Ask, path: Path, refusal: type[Exception]) -> str | None:
    """What was wrong in how a file was answered; None where nothing was."""
    try:
        ask(path)
    except (ValueError, OSError, refusal) as error:
        message = str(error)
        if "\n" in message or len(message) > 1_000:
            return f"no single line: {message[:200]!r}"
    except Exception as error:
        return f"{type(error).__name__}: {str(error)[:200]}"
    return None


def _size() -> int:
    """The bytes of memory that this process may touch already."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    return pages * resource.getpagesize()


def run(seconds: float, seed: int = 0, keep: Path | None = None) -> dict:
    """Fuzz for some seconds, and return what was ``tried`` by reader, what was ``found``, and the ``peak`` in MB."""
    tried: Counter[str] = Counter()
    found, peak, number = [], 0, 0
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        with tempfile.TemporaryDirectory() as folder:
            command = [
                sys.executable,
                __file__,
                "--work",
                folder,
                str(min(left, 300)),
                str(seed),
                str(number),
            ]
            done = subprocess.run(command, capture_output=True, text=True, timeout=left + 600)
            if done.returncode == 0:
                said = json.loads(done.stdout.splitlines()[-1])
                tried.update(said["tried"])
                found += said["found"]
                peak, number = max(peak, said["peak"]), said["number"]
                continue
            if not (Path(folder) / WHOM).is_file():
                raise RuntimeError(done.stderr)
            name, at, before = (Path(folder) / WHOM).read_text().split()
            ended = (
                "a hang" if done.returncode == -signal.SIGPROF else f"an end by {done.returncode}"
            )
            content = (Path(folder) / SCRATCH).read_bytes()
            found.append((name, int(at), ended, base64.b64encode(content).decode()))
            tried[name] += int(before)
            number = int(at) + 1
    if keep is not None:
        kept(found, keep)
    return {"tried": dict(tried), "found": found, "peak": peak}


def kept(found: Iterable[tuple[str, int, str, str]], folder: Path) -> None:
    """Write what made the findings into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, number, _, content in found:
        (folder / f"{name}-{number}").write_bytes(base64.b64decode(content))


def closing(said: dict) -> str:
    """The closing line."""
    each = ", ".join(f"{name} {count:,}" for name, count in said["tried"].items())
    faults = [fault for _, _, fault, _ in said["found"]]
    hangs = faults.count("a hang")
    ends = sum(fault.startswith("an end by") for fault in faults)
    return (
        f"{sum(said['tried'].values()):,} inputs ({each}); ends of the process: {ends}; hangs: {hangs}; "
        f"other findings: {len(faults) - hangs - ends}; at most {said['peak']:,} MB"
    )


def main() -> int:
    """Fuzz for as long as is asked, and say what came of it."""
    if sys.argv[1:2] == ["--work"]:
        folder, seconds, seed, number = sys.argv[2:]
        work(Path(folder), float(seconds), int(seed), int(number))
        return 0
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=1, help="how long (1)")
    parser.add_argument("--seed", type=int, default=0, help="what the inputs follow from (0)")
    parser.add_argument("--keep", type=Path, help="a folder for what makes findings")
    options = parser.parse_args()
    said = run(60 * options.minutes, options.seed, options.keep)
    for name, number, fault, _ in said["found"]:
        print(f"{name} {number}: {fault}")
    print(closing(said))
    return bool(said["found"])


if __name__ == "__main__":
    sys.exit(main())
