"""How a folder's pictures become images, where nobody has said it: both ways are tried, and the better one is taken.

Signs that somebody drew are best cropped to their ink and centred: the ground may be dark or bright then, and a visitor
of the pad may draw anywhere. Where the place tells one class from another, or where there is no ink but a whole
picture, that destroys what was to be learned. The pictures alone don't show which it is; a small trial does.
"""

from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import torch

from digitlib import data, evaluate, folder, idx, picture
from digitlib.accuracy import Share
from digitlib.commands import options
from digitlib.data import Images
from digitlib.model import Normalize
from digitlib.recipes import Recipe
from digitlib.train import fit

__all__ = ["Trial", "is_folder", "read_better", "try_both"]

MOST = 1_000
"""Of a larger folder, so many pictures are tried."""

UNLIKELY = 0.05
"""Whole pictures are taken where so uneven a result would be less probable than this if both ways were equally good."""


class Trial(NamedTuple):
    """What a trial showed.

    Attributes:
        preparation: the better one of :data:`digitlib.preprocess.PREPARATIONS`.
        cropped: how many were named right cropped to their ink and centred.
        whole: how many whole.
    """

    preparation: str
    cropped: Share
    whole: Share

    def __str__(self) -> str:
        taken = "cropped to their ink and centred" if self.preparation == "digit" else "whole"
        return (
            f"pictures are taken {taken}: of {self.whole.n} in a trial {self.cropped.count} were named right cropped, "
            f"{self.whole.count} whole"
        )


def is_folder(source: str) -> bool:
    """Whether it is a folder that holds folders of pictures, not a pair of files in MNIST's format."""
    return Path(source).is_dir() and idx.pair_in(Path(source)) is None


def read_better(source: str, by_sheet: bool = False) -> tuple[Images, Trial | None]:
    """Read a folder's pictures in the better way, and say what a trial showed.

    There is none for the ten digits, whose preparation is known, nor where no ink is found, nor of so few pictures that
    each is the only one of its class, which are cropped; what was left out is said on the error stream. The trial is
    held on what :func:`digitlib.commands.options.parted` leaves to learn from.
    """
    try:
        cropped, told = options.reading(source, preparation="digit")
    except ValueError:  # said again, if it isn't for want of ink
        return options.read(source, preparation="picture"), None
    trial = None
    if not cropped.of_digits:
        learned, _ = options.parted(cropped, by_sheet=by_sheet)
        trial = try_both(Path(source), learned) if data.shared(_some(learned)).any() else None
    if trial and trial.preparation == "picture":
        return options.read(source, preparation="picture"), trial
    options.tell(told)
    return cropped, trial


def try_both(root: Path, cropped: Images) -> Trial:
    """Learn from half of some pictures of a folder, in both ways, and ask about the other half.

    Args:
        root: the folder.
        cropped: pictures of it that no figure will be measured on, with their ``files``, prepared as ``"digit"``.
    """
    some = _some(cropped)
    learned, asked = data.split(some, int(data.shared(some).sum()) // 2)
    right = _right(learned, asked)
    # Some may be dark all over when they are whole: those count as wrong.
    right_whole = torch.zeros(len(asked), dtype=torch.bool)
    whole, kept = _whole(root, asked)
    right_whole[kept] = _right(_whole(root, learned)[0], whole)
    both = Share.of(right), Share.of(right_whole)
    better = both[1].value > both[0].value and evaluate.mcnemar(right, right_whole) < UNLIKELY
    return Trial("picture" if better else "digit", *both)


def _some(images: Images) -> Images:
    """At most :data:`MOST` of them, evenly."""
    return images[:: max(1, -(-len(images) // MOST))]


def _right(learned: Images, asked: Images) -> torch.Tensor:
    """Which pictures a short training names right, booleans ``(N,)``."""
    recipe = Recipe.named("own", epochs=20)
    model = recipe.model(len(learned.classes), Normalize.of(learned.images))
    fit(model, learned, asked, recipe.training)
    return evaluate.logits(model, asked.images).argmax(1) == asked.labels


def _whole(root: Path, images: Images) -> tuple[Images, torch.Tensor]:
    """The same pictures, read again as they are, and the places ``(M,)`` of those that aren't dark all over."""
    files = images.files or ()
    read = folder.gather(lambda i: picture.read(root / files[i], "picture"), len(files), "picture")
    kept = torch.from_numpy(read.kept)
    again = replace(images[kept], images=torch.from_numpy(read.images), preparation="picture")
    return again, kept
