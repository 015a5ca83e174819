"""Record what the figures in the pages show: ``python book/_ext/recorded.py [NAME …]``, all if none is named.

Each is computed from MNIST by what its chapter imports, and written to ``book/_static/figures/NAME.json``. Tests hold
the figures in a browser against the same functions.
"""

import base64
import json
import string
import sys
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import nn

from digitlib import data, evaluate, export
from digitlib.book import bends as sheets
from digitlib.book.exams import Exams
from digitlib.book.film import MOMENTS, Moment, film
from digitlib.book.slope import Line
from digitlib.export import fold
from digitlib.files import write_whole
from digitlib.model import MLP
from digitlib.train import Training, fit

FOLDER = Path(__file__).parents[1] / "_static" / "figures"
LARGEST = 150_000  # bytes of one
SEED = 0
OURS = 48_522  # of MNIST's training files
RATES = (0.001, 0.1, 10.0)  # too low, right, too high
UNITS = 4  # whose weights are shown
INNER = slice(2, 26)  # rows and columns of a digit's picture that are shown
LETTERS = string.ascii_uppercase + string.ascii_lowercase + string.digits + "+/"  # base64's
LARGEST_WEIGHT = 0.155  # what lies beyond is shown as this
LINE = (-25.0, 40.0)  # the part of the line down the gradient that is recorded
ESCAPES = 40  # digits that were named right with the least to spare
SHOWN = 400  # validation digits that the shipped model is least sure of


def exams() -> dict:
    """The first chapter's: of a thousand digits, 50 to 950 are held back."""
    pool, _ = data.split(data.load("mnist"), valid=data.VALID_SIZE["mnist"])
    order = torch.randperm(len(pool), generator=torch.Generator().manual_seed(SEED))
    sitting = Exams(pool[order[:6000]])
    sizes = range(50, sitting.few, 50)
    all_of = [sitting.sit(held) for held in sizes]
    return {
        "few": sitting.few,
        "others": all_of[0][0].truth.n,
        "sizes": list(sizes),
        "right": [[exam.score.right for exam in exams] for exams in all_of],
        "truth": [[exam.truth.right for exam in exams] for exams in all_of],
    }


def ours() -> dict:
    """The doubtful 4."""
    digits = data.load("mnist")
    return {"levels": digits.images[OURS].flatten().tolist(), "label": digits.labels[OURS].item()}


def sixteen() -> dict:
    """The second chapter's network of sixteen hidden units, by its recipe: three epochs on 55,000 digits, seed 0.

    Weights and biases are in thousandths, and the normalisation is folded into them.
    """
    train, valid = data.split(data.load("mnist"), valid=data.VALID_SIZE["mnist"])
    model = MLP(hidden=(16,), seed=SEED)
    fit(model, train, valid, Training(epochs=165_000 // len(train), seed=SEED))
    arrays = [array for layer in fold(model) for array in layer]
    names = ("first", "firstBias", "second", "secondBias")
    return {
        name: (1000 * array).round().astype(int).ravel().tolist()
        for name, array in zip(names, arrays, strict=True)
    }


def bends() -> dict:
    """The second chapter's points in a plane, and where the folds lie at first."""
    told = {}
    for name, make in (("eleven", sheets.eleven), ("ring", sheets.ring)):
        points, labels = make()
        told[name] = {"points": points.tolist(), "labels": labels.astype(int).tolist()}
    return told | {"folds": sheets.FOLDS}


def network() -> nn.Sequential:
    """The third chapter's, with its first weights."""
    torch.manual_seed(SEED)
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 10))


def lettered(weights: torch.Tensor) -> str:
    """Weights ``(784,)`` of a unit, the inner 24 by 24: a letter each, 31 steps to either side of 0."""
    inner = weights.view(28, 28)[INNER, INNER].flatten() / LARGEST_WEIGHT
    return "".join(LETTERS[i] for i in (31 * (1 + inner.clamp(-1, 1))).round().int().tolist())


def epochs() -> dict:
    """The third chapter's network over eight epochs of 10,000 digits, at three rates: seed 0, plain descent."""
    digits = data.load("mnist")
    train, valid = data.split(digits, valid=data.VALID_SIZE["mnist"])
    some = train[torch.randperm(len(train), generator=torch.Generator().manual_seed(SEED))[:10_000]]
    films = {
        rate: film(network(), some, valid, digits.images[[OURS]], rate, MOMENTS) for rate in RATES
    }
    first, *_, last = films[RATES[1]]
    moved = (last.weights - first.weights).square().sum(dim=1)
    units = moved.topk(UNITS).indices.tolist()  # those that learn the most at the right rate
    return {
        "steps": list(MOMENTS),
        "learned": len(some),
        "rates": list(RATES),
        "largest": LARGEST_WEIGHT,
        "films": [[_told(moment, units) for moment in taken] for taken in films.values()],
    }


def _told(moment: Moment, units: list[int]) -> dict:
    return {
        "train": round(moment.train_loss, 4),
        "valid": round(moment.valid_loss, 4),
        "confusion": moment.confusion.flatten().tolist(),
        "ours": [round(p, 5) for p in moment.ours.tolist()],
        "weights": [lettered(moment.weights[unit]) for unit in units],
    }


def slope() -> dict:
    """The third chapter's loss of 128 digits along the gradient of its first weights."""
    train, _ = data.split(data.load("mnist"), valid=data.VALID_SIZE["mnist"])
    line = Line(network().double(), data.scale(train.images[:128]).double(), train.labels[:128])
    places = torch.linspace(*LINE, 651, dtype=torch.float64).tolist()
    losses, slopes = line.curve(places)
    return {
        "from": LINE[0],
        "to": LINE[1],
        "square": round(line.square, 9),
        "losses": [round(loss, 6) for loss in losses],
        "slopes": [round(slope, 6) for slope in slopes],
    }


def mistakes() -> dict:
    """The shipped model's mistakes among the validation digits, and the right answers with the least to spare."""
    _, valid = data.split(data.load("mnist"), valid=data.VALID_SIZE["mnist"])
    answers = evaluate.logits(export.load_model(), valid.images)
    wrong = evaluate.mistakes(answers, valid.labels)
    first, second = answers.topk(2, dim=1).values.T
    spare = (first - second).masked_fill(answers.argmax(dim=1) != valid.labels, torch.inf)
    shown = torch.cat([wrong, spare.argsort(stable=True)[:ESCAPES]])
    levels = valid.images[shown].flatten().numpy().tobytes()
    return {
        "asked": len(valid),
        "wrong": len(wrong),
        "labels": valid.labels[shown].tolist(),
        "images": base64.b64encode(levels).decode(),
    }


def packed(levels: np.ndarray) -> str:
    """Bytes as a page unpacks them (``packed.mjs``)."""
    return base64.b64encode(zlib.compress(np.ascontiguousarray(levels, np.uint8), 9)).decode()


def sureness() -> dict:
    """The validation digits that the shipped model is least sure of, least sure first, and how many of all are wrong.

    How sure it is, in millionths and without a temperature, as the seventh chapter has it; what it says; what is true.
    """
    _, valid = data.split(data.load("mnist"), valid=data.VALID_SIZE["mnist"], seed=SEED)
    logits = evaluate.logits(export.load_model(), valid.images).double()
    sure, said = logits.softmax(dim=1).max(dim=1)
    first = sure.argsort(stable=True)[:SHOWN]
    return {
        "count": len(valid),
        "wrong": (said != valid.labels).sum().item(),
        "sure": (1e6 * sure[first]).floor().int().tolist(),
        "said": said[first].tolist(),
        "labels": valid.labels[first].tolist(),
        "pictures": packed(valid.images[first].numpy()),
    }


def sheet() -> dict:
    """The doubtful 4 as the fifth chapter's visitor draws it: half size, up and to the left, 280 x 280 levels."""
    digit = Image.fromarray(data.load("mnist").images[OURS].numpy())
    drawn = np.zeros((280, 280), dtype=np.uint8)
    drawn[25:165, 40:180] = digit.resize((140, 140), Image.Resampling.BICUBIC)
    return {"levels": packed(drawn)}


RECORDED: dict[str, Callable[[], dict]] = {
    "bends": bends,
    "epochs": epochs,
    "exams": exams,
    "mistakes": mistakes,
    "ours": ours,
    "sheet": sheet,
    "sixteen": sixteen,
    "slope": slope,
    "sureness": sureness,
}


def main(names: list[str]) -> None:
    """Write the files."""
    for name in names or RECORDED:
        content = json.dumps(RECORDED[name](), separators=(",", ":")).encode() + b"\n"
        if len(content) > LARGEST:
            raise ValueError(f"{name}: expected at most {LARGEST:,} bytes, got {len(content):,}")
        write_whole(FOLDER / f"{name}.json", content)
        print(f"{len(content):7,} bytes: {name}")


if __name__ == "__main__":
    main(sys.argv[1:])
