"""A folder with a folder of pictures for each class becomes images, labels and names: the layout of ``ImageFolder``.

The names of the folders are the classes, in their order, brought to Unicode's composed form (NFC). All pictures below
a class's folder are its own. What can't be taken is left out and said, once and on one line, by :class:`LeftOut`. The
pictures are read one by one into an array that is asked for once: beside it, memory holds a picture and the names.
"""

import os
import unicodedata
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from digitlib import picture
from digitlib.engine import progress
from digitlib.plain import listed, one_line
from digitlib.preprocess import SIDE, NoInk, check_preparation, prepare
from digitlib.weights import check_answers, usual_preparation

__all__ = ["Gathered", "LeftOut", "Pictures", "composed", "gather", "left_out", "read"]


class LeftOut(UserWarning):
    """Of what was to be read, some was left out, or is of little use; one line says what.

    >>> issubclass(LeftOut, UserWarning)
    True
    """


@dataclass(frozen=True)
class Pictures:
    """What a folder held, or something else that pictures come from.

    Attributes:
        images: uint8 ``(N, 28, 28)``.
        labels: int64 ``(N,)``, 0 to C - 1.
        classes: their names.
        preparation: how the pictures became images.
        files: where each lies, relative to the folder, with slashes; None for what lies in none.

    >>> dark = np.zeros((1, 28, 28), dtype=np.uint8)
    >>> Pictures(dark, np.array([1]), ("cat", "dog"), "picture", ("dog/1.png",)).files
    ('dog/1.png',)
    """

    images: np.ndarray
    labels: np.ndarray
    classes: tuple[str, ...]
    preparation: str
    files: tuple[str, ...] | None = None


def composed(name: str) -> str:
    """A name in Unicode's composed form, in which an ä is one letter, however a file system or keyboard writes it.

    >>> len("a\\u0308"), len(composed("a\\u0308"))
    (2, 1)
    """
    return unicodedata.normalize("NFC", name)


# What is said of pictures, classes and files that are odd.
_ODD = {
    "empty": "class{es} without a picture",
    "unreadable": "picture{s} that can't be read",
    "blank": "picture{s} without ink",
    "others": "file{s} beside the folders or not named as pictures are",
    "alone": "class{es} of a single picture, which is for training",
}


def left_out(where: object, **names: Sequence[str]) -> None:
    """Warn of what was left out, once and on one line, with the first ten names of each kind.

    Args:
        where: what it was left out of.
        names: by kind (``empty`` classes, ``unreadable`` or ``blank`` pictures, ``others`` that are no pictures, or
            classes with one picture ``alone``), what it is said of; without any there is no warning.

    >>> with warnings.catch_warnings(record=True) as told:
    ...     warnings.simplefilter("always")
    ...     left_out("pets", blank=["cat/1.png", "dog/7.png"], empty=[])
    >>> print(told[0].message)
    pets: 2 pictures without ink (cat/1.png, dog/7.png)
    """
    if said := _said(names):
        # Of whoever calls digitlib.data.load.
        warnings.warn(LeftOut(one_line(f"{where}: {said}")), stacklevel=5)


def _said(names: Mapping[str, Sequence[str]]) -> str:
    """A clause for each kind that there is."""
    said = []
    for kind, what in _ODD.items():
        if some := names.get(kind):
            many = {"s": "s", "es": "es"} if len(some) > 1 else {"s": "", "es": ""}
            said.append(f"{len(some):,} {what.format(**many)} ({listed(some)})")
    return "; ".join(said)


def read(
    folder: str | Path, classes: Sequence[str] | None = None, preparation: str | None = None
) -> Pictures:
    """Read a folder of folders of pictures; whatever is odd about it is told by a warning, :class:`LeftOut`.

    Left out are a class without pictures, a picture that can't be read or holds no ink, and a file whose name doesn't
    end as a picture's does (:data:`digitlib.picture.SUFFIXES`) or that lies beside the folders. What is hidden is
    passed by.

    Args:
        folder: where the classes' folders lie.
        classes: the names that the labels count, in their order, where they are known already; a class may then have
            no folder or no picture. None for the folders' names, sorted.
        preparation: how pictures become images (:data:`digitlib.preprocess.PREPARATIONS`); None for what is usual.

    Raises:
        FileNotFoundError, NotADirectoryError: no such folder.
        ValueError: it holds no folders, two that are one name, or one that isn't among ``classes``; fewer than two
            classes have pictures, or none where ``classes`` are given.

    >>> import tempfile
    >>> from PIL import Image
    >>> with tempfile.TemporaryDirectory() as there:
    ...     for name in ("cat/1.png", "cat/2.png", "dog/1.png", "dog/2.png"):
    ...         (Path(there) / name).parent.mkdir(exist_ok=True)
    ...         Image.new("L", (40, 40), 99).save(Path(there) / name)
    ...     found = read(there)
    >>> found.images.shape, found.labels.tolist(), found.classes, found.files[0]
    ((4, 28, 28), [0, 0, 1, 1], ('cat', 'dog'), 'cat/1.png')
    """
    root = Path(folder)
    folders, beside = _folders(root)
    known, idle = _known(root, folders, classes)
    files, labels, others = _files(root, folders, known)
    with_files = [known[label] for label in np.unique(labels)]
    preparation = preparation or usual_preparation(classes or with_files)
    taken = gather(lambda i: picture.read(root / files[i], preparation), len(files), preparation)
    labels = labels[taken.kept]
    counts = np.bincount(labels, minlength=len(known))
    odd = {
        "empty": [name for name, n in zip(known, counts, strict=True) if not n and name in folders]
        + idle,
        "unreadable": [files[i] for i in taken.unreadable],
        "blank": [files[i] for i in taken.blank],
        "others": beside + others,
    }
    if classes is None:  # each class that is left moves up
        odd["alone"] = [name for name, n in zip(known, counts, strict=True) if n == 1]
        labels = (np.cumsum(counts > 0) - 1)[labels]
        known = tuple(name for name, n in zip(known, counts, strict=True) if n)
    if not len(labels) or len(known) < 2:
        got = "; ".join(
            filter(None, [f"one, {listed(known)}" if len(labels) else "none", _said(odd)])
        )
        wanted = "two classes or more" if classes is None else f"any of {listed(known)}"
        raise ValueError(one_line(f"{root}: expected pictures of {wanted}, got {got}"))
    left_out(root, **odd)
    kept = tuple(files[i] for i in taken.kept)
    return Pictures(taken.images, labels, known, preparation, kept)


def _folders(root: Path) -> tuple[dict[str, Path], list[str]]:
    """The classes' folders by their names, sorted, and the names of the files that lie beside them."""
    if not root.exists():
        raise FileNotFoundError(f"{root}: no such folder")
    inside = sorted(path for path in root.iterdir() if not picture.is_hidden(path.name))
    beside = [_text(path.name) for path in inside if not path.is_dir()]
    found: dict[str, Path] = {}
    for path in inside:
        name = composed(_text(path.name))
        if name in found:
            raise ValueError(f"{root}: expected another name for each class, got {name!r} twice")
        if path.is_dir():
            found[name] = path
    if not found:
        files = "file" if len(beside) == 1 else "files"
        got = f"{len(beside):,} {files}: {listed(beside)}" if beside else "nothing"
        raise ValueError(
            f"{root}: expected a folder of pictures for each class, or a pair of IDX files, got {one_line(got)}"
        )
    if {name.lower() for name in found} <= _PARTS and any(map(_holds_folders, found.values())):
        first = max(found)
        raise ValueError(
            f"{root}: expected a folder of pictures for each class, got the parts of a set, {listed(list(found))}; "
            f"name one of them, such as {root / first}"
        )
    return dict(sorted(found.items())), beside


# What the parts of a set are called, each of which has the classes' folders in it.
_PARTS = {"train", "training", "test", "testing", "val", "valid", "validation"}


def _holds_folders(folder: Path) -> bool:
    return any(path.is_dir() and not picture.is_hidden(path.name) for path in folder.iterdir())


def _text(name: str) -> str:
    """The name of a file as text, though a terminal's language may have no letters for it."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def _known(
    root: Path, folders: dict[str, Path], classes: Sequence[str] | None
) -> tuple[tuple[str, ...], list[str]]:
    """The names that the labels count, ``folders`` by just these names, and the names of idle folders beside them."""
    if classes is None:
        return tuple(folders), []
    known = check_answers(classes, "picture")
    given = {composed(name): name for name in known}
    others = [name for name in folders if name not in given]
    if unknown := [name for name in others if any(picture.walk(folders[name]))]:
        raise ValueError(f"{root}: expected folders out of {listed(known)}, got {listed(unknown)}")
    for name in list(folders):
        path = folders.pop(name)
        if name in given:
            folders[given[name]] = path
    return known, others


def _files(
    root: Path, folders: dict[str, Path], known: tuple[str, ...]
) -> tuple[list[str], np.ndarray, list[str]]:
    """The pictures' places relative to the root, their labels, and the places of what is no picture by its name."""
    files: list[str] = []
    others: list[str] = []
    counts = []
    for name in known:
        before = len(files)
        for path in picture.walk(folders[name], None) if name in folders else ():
            taken = files if picture.is_picture(path) else others
            taken.append(path.relative_to(root).as_posix())
        counts.append(len(files) - before)
    return files, np.repeat(np.arange(len(known)), counts), others


@dataclass(frozen=True)
class Gathered:
    """Images that were brought to 28 x 28, and what happened to the others.

    Attributes:
        images: uint8 ``(M, 28, 28)``, those that were kept, in their order.
        kept: int64 ``(M,)``, which they are.
        unreadable: by their places, what was wrong with those that couldn't be read.
        blank: the places of those without ink.

    >>> none = np.zeros((0, 28, 28), dtype=np.uint8)
    >>> Gathered(none, np.array([], dtype=np.int64), {0: "a.png: expected a picture"}, []).unreadable
    {0: 'a.png: expected a picture'}
    """

    images: np.ndarray
    kept: np.ndarray
    unreadable: dict[int, str]
    blank: list[int]


def gather(draw: Callable[[int], np.ndarray], count: int, preparation: str) -> Gathered:
    """Prepare drawings one by one into one array, with a progress bar where somebody looks.

    Args:
        draw: gives the drawing at a place, as :func:`digitlib.preprocess.prepare` takes it, or raises OSError or
            ValueError.
        count: how many there are.
        preparation: one of :data:`digitlib.preprocess.PREPARATIONS`.

    >>> found = gather(lambda place: np.full((50, 40), place), 3, "picture")
    >>> found.images.shape, found.kept.tolist(), found.blank
    ((2, 28, 28), [1, 2], [0])
    """
    check_preparation(preparation)
    images = np.empty((count, SIDE, SIDE), dtype=np.uint8)
    kept: list[int] = []
    unreadable, blank = {}, []
    # What Pillow warns of, such as a damaged comment, would be said beside our own line.
    with warnings.catch_warnings(action="ignore"), progress.bar(count, unit="picture") as bar:
        for place in range(count):
            try:
                images[len(kept)] = prepare(draw(place), preparation)
                kept.append(place)
            except NoInk:
                blank.append(place)
            except (OSError, ValueError) as error:
                unreadable[place] = one_line(error)
            bar.update()
    return Gathered(images[: len(kept)], np.array(kept, dtype=np.int64), unreadable, blank)
