"""What marks a project that is handed in: a folder with the parts of a split, a model's file and a report.

The folder holds ``parts.npz``, which :func:`save_parts` writes; one weights file or model in ONNX, as
:mod:`digitlib.export` writes them; ``report.md``, with a section for each of :data:`SECTIONS`; and the report's
pictures. No code in it is run. The model is asked anew about the images handed in, and the report must say what comes
of that.

Not seen by any machine: whether the test part has chosen something, whether images that are not alike pixel for pixel
belong together, whether the data card is true, and whose work it is.
"""

import re
import zipfile
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from PIL import Image

from digitlib import classify, evaluate
from digitlib.accuracy import Accuracy, percent
from digitlib.checks import Bug, check_apart
from digitlib.data import Images
from digitlib.exercises.figures import fault
from digitlib.pixels import FORMATS
from digitlib.plain import listed, one_line

__all__ = ["LARGEST", "SECTIONS", "mark_project", "save_parts"]

SECTIONS = (
    "Data card",
    "Split",
    "Model and choices",
    "Measured",
    "Failures",
    "Before anybody relies on it",
)
"""The headings of second level that a report has."""

LARGEST = 5_000_000
"""How many bytes a model's file may have."""

_PARTS = ("train", "valid", "test")
_UNPACKED = 500_000_000  # bytes; a small file may hold many more
_WORDS = 10  # of a section that says something
_FAILURES = 3

_FAILURE = re.compile(r"^(?:\d+\.)?\W*(train|valid|test) (\d+)\W*: *(.+)$", re.MULTILINE)
_PICTURE = re.compile(r"!\[[^\]]*\]\(<?([^)>]+?)>?\)")


class _NotYet(Exception):
    """Something isn't there yet, which is no fault."""


def save_parts(
    folder: str | Path, train: Images, valid: Images, test: Images | None = None
) -> None:
    """Write the parts of a split into a folder, as ``parts.npz``; the folder is made if it isn't there.

    Args:
        folder: what is to be handed in.
        train, valid: what the model learned from, and what it was chosen by.
        test: a part that chose nothing, if there is one.

    Raises:
        ValueError: parts of different classes, or prepared in different ways.

    >>> import tempfile
    >>> from digitlib import data
    >>> train, valid = data.split(data.load("optdigits"), valid=400)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_parts(folder, train, valid)
    ...     print(*(path.name for path in Path(folder).iterdir()))
    parts.npz
    """
    parts = {name: part for name, part in zip(_PARTS, (train, valid, test), strict=True) if part}
    kinds = {(part.classes, part.preparation) for part in parts.values()}
    if len(kinds) > 1:
        raise ValueError(f"expected parts of the same classes and preparation, got {kinds}")
    arrays: dict[str, Any] = {
        "classes": np.array(train.classes),
        "preparation": np.array(train.preparation),
    }
    for name, part in parts.items():
        arrays |= {f"{name}_images": part.images.numpy(), f"{name}_labels": part.labels.numpy()}
    Path(folder).mkdir(parents=True, exist_ok=True)
    np.savez_compressed(Path(folder) / "parts.npz", **arrays)


def mark_project(handed_in: str | Path) -> dict[str, str]:
    """Mark what a machine can mark of a project.

    Args:
        handed_in: a folder, or a zip archive of it, which is unpacked elsewhere for as long as this takes. What belongs
            to the project may lie in a folder within it.

    Returns:
        For each step, always the same ones in the same order: ``"passes"``; ``"fails: "``, with what was expected and
        what came; or ``"not yet: "``, with what is missing. The steps are

        - ``parts``: ``parts.npz`` holds images of every class in each part;
        - ``apart``: no image lies in two parts, pixel for pixel;
        - ``sizes``: the section on the split names the size of each part;
        - ``weights``: one model's file of at most :data:`LARGEST` bytes, which loads and has the parts' classes;
        - ``learned``: of the validation part it names more than whoever says the commonest class every time, and not by
          chance;
        - ``figures``: for each part but the first the report has its line, such as ``valid: 97.0 % (94.8 to 98.3) of
          400``, and that is what the model gives; the interval is Wilson's, of 95 %;
        - ``failures``: three lines such as ``valid 17: 4 → 9``, a part, a position in it, the label and the answer,
          all of them so;
        - ``pictures``: the section on failures shows a picture that is there;
        - ``sections``: all of :data:`SECTIONS` are there, and say something.

        Taken for a fault: an interval that was widened because images belong together; what a model that can refuse
        refuses, since it is asked to name each image.

    Raises:
        FileNotFoundError: no such folder or archive.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     marks = mark_project(folder)
    >>> marks["parts"], marks["apart"]
    ('not yet: no parts.npz', 'not yet: waits for parts')
    >>> len(SECTIONS), LARGEST
    (6, 5000000)
    """
    path = Path(handed_in)
    if path.is_dir():
        return _marked(path)
    try:
        with zipfile.ZipFile(path) as archive, TemporaryDirectory() as folder:
            _check_unpacked(archive)
            archive.extractall(folder)
            return _marked(Path(folder))
    except (zipfile.BadZipFile, ValueError, NotImplementedError, RuntimeError) as error:
        return dict.fromkeys(_STEPS, f"fails: expected a folder or a zip, got: {one_line(error)}")


def _check_unpacked(archive: zipfile.ZipFile) -> None:
    """ValueError for an archive that holds far more than a project does."""
    if (size := sum(one.file_size for one in archive.infolist())) > _UNPACKED:
        raise ValueError(f"{size:,} bytes when it is unpacked, more than {_UNPACKED:,}")


def _marked(folder: Path) -> dict[str, str]:
    """The verdict on each step, of a folder."""
    handed, marks = _HandedIn(_inside(folder)), dict[str, str]()
    for step, (check, needs) in _STEPS.items():
        if missing := [name for name in needs if marks[name] != "passes"]:
            marks[step] = f"not yet: waits for {listed(missing)}"
            continue
        try:
            check(handed)
            marks[step] = "passes"
        except _NotYet as what:
            marks[step] = f"not yet: {what}"
        except Bug as bug:
            marks[step] = f"fails: {bug}"
    return marks


def _inside(folder: Path) -> Path:
    """Where the parts lie: here, or in the one folder below that has them."""
    found = [path.parent for path in folder.rglob("parts.npz") if "__MACOSX" not in path.parts]
    return found[0] if len(found) == 1 else folder


class _HandedIn:
    """A folder, and what lies in it as far as it was asked for."""

    def __init__(self, folder: Path):
        self.folder = folder

    @cached_property
    def parts(self) -> dict[str, Images]:
        """The parts by their names."""
        path = self.folder / "parts.npz"
        if not path.is_file():
            raise _NotYet("no parts.npz")
        try:
            return _read_parts(path)
        except KeyError as error:
            raise Bug(f"expected {error.args[0]} in parts.npz, got none") from error
        except (ValueError, TypeError, OSError, EOFError, zipfile.BadZipFile) as error:
            raise Bug(
                f"expected parts.npz as save_parts writes it, got: {one_line(error)}"
            ) from error

    @cached_property
    def model(self) -> classify.Classifier:
        """The model, whichever kind of file holds it."""
        kinds = (".safetensors", ".onnx")
        found = sorted(path for path in self.folder.iterdir() if path.suffix in kinds)
        if not found:
            raise _NotYet("no file named .safetensors or .onnx")
        if len(found) > 1:
            raise Bug(f"expected one model's file, got {listed([path.name for path in found])}")
        [path] = found
        if (size := path.stat().st_size) > LARGEST:
            raise Bug(f"expected at most {LARGEST:,} bytes of weights, got {size:,}")
        try:
            return classify.load(path)
        except (ValueError, OSError) as error:
            why = one_line(error).replace(f"{path}: ", "")
            raise Bug(f"expected {path.name} to load, got: {why}") from error

    @cached_property
    def logits(self) -> dict[str, torch.Tensor]:
        """What the model says of each part: ``(N, C)``."""
        return {name: evaluate.logits(self.model, part.images) for name, part in self.parts.items()}

    @cached_property
    def accuracies(self) -> dict[str, Accuracy]:
        """How good it is on each part."""
        return {
            name: evaluate.accuracy(self.logits[name], part.labels)
            for name, part in self.parts.items()
            if name != "train" or int(part.labels.max()) < len(part.classes)
        }

    @cached_property
    def sections(self) -> dict[str, str]:
        """The report's sections by their headings, in small letters."""
        path = self.folder / "report.md"
        if not path.is_file():
            raise _NotYet("no report.md")
        text = path.read_text(encoding="utf-8-sig", errors="replace")
        found = re.split(r"^##[ \t]+(.+?)[ \t#]*$", text, flags=re.MULTILINE)[1:]
        return {
            title.casefold(): below for title, below in zip(found[::2], found[1::2], strict=True)
        }

    def section(self, title: str) -> str:
        """What stands below one of the headings."""
        if title.casefold() not in self.sections:
            raise _NotYet(f'no heading "## {title}" in report.md')
        return self.sections[title.casefold()]


def _read_parts(path: Path) -> dict[str, Images]:
    """What ``parts.npz`` holds; KeyError for what it doesn't."""
    with zipfile.ZipFile(path) as archive:
        _check_unpacked(archive)
    with np.load(path, allow_pickle=False) as arrays:
        classes, preparation = tuple(map(str, arrays["classes"])), str(arrays["preparation"])
        names = [*_PARTS[:2], *(name for name in _PARTS[2:] if f"{name}_images" in arrays)]
        return {
            name: Images(
                torch.from_numpy(arrays[f"{name}_images"]),
                torch.from_numpy(arrays[f"{name}_labels"].astype(np.int64)),
                classes,
                preparation,
            )
            for name in names
        }


def _check_parts(handed: _HandedIn) -> None:
    for name, part in handed.parts.items():
        n = len(part.classes)
        counts = part.labels[part.labels < n].bincount(minlength=n).tolist()
        if none := [part.classes[i] for i, count in enumerate(counts) if not count]:
            raise Bug(f"expected images of every class in {name}, got none of {listed(none)}")
        if name != "train" and sum(counts) < len(part):
            raise Bug(f"expected {name} to hold the classes alone, got some that are none of them")


def _check_together(handed: _HandedIn) -> None:
    check_apart(**handed.parts)


def _check_sizes(handed: _HandedIn) -> None:
    said = {int(text.replace(",", "")) for text in re.findall(r"\d[\d,]*", handed.section("Split"))}
    for name, part in handed.parts.items():
        if len(part) not in said:
            raise Bug(
                f'expected "Split" to name the size of {name}, {len(part):,}, got no such number'
            )


def _check_weights(handed: _HandedIn) -> None:
    train = handed.parts["train"]
    try:
        handed.model.check_for(train.classes, train.preparation)
        finite = all(logits.isfinite().all() for logits in handed.logits.values())
    except ValueError as error:
        raise Bug(one_line(error)) from error
    if not finite:
        raise Bug("expected a number for each class, got NaN or infinity")


def _check_learned(handed: _HandedIn) -> None:
    right, labels = handed.accuracies["valid"], handed.parts["valid"].labels
    commonest = int(labels.bincount().max()) / len(labels)
    if right.interval[0] <= commonest:
        raise Bug(
            f"expected valid to be named better than by naming the commonest class, {percent(commonest)}, got {right}"
        )


def _check_figures(handed: _HandedIn) -> None:
    text = handed.section("Measured")
    for name in list(handed.parts)[1:]:
        lines = re.findall(rf"^\W*{name}(?:ation)?\b.*$", text, re.MULTILINE | re.IGNORECASE)
        faults = [fault(line, name, handed.accuracies) for line in lines]
        if not (found := [each for each in faults if each is not None]):
            raise _NotYet(f'no line such as "{name}: 83.0 % (81.2 to 84.7) of 1,800"')
        if wrong := "; ".join(filter(None, found)):
            raise Bug(f'expected "{name}: {handed.accuracies[name]}", got {wrong}')


def _check_failures(handed: _HandedIn) -> None:
    found = _FAILURE.findall(handed.section("Failures"))
    places = {(name, int(number)): text for name, number, text in found}
    if len(places) < _FAILURES:
        raise _NotYet(f'{len(places)} of {_FAILURES} lines such as "valid 17: 4 → 9"')
    for (name, number), text in places.items():
        if name == "train" or name not in handed.parts or number >= len(handed.parts[name]):
            last = {each: len(part) - 1 for each, part in handed.parts.items() if each != "train"}
            wanted = " or ".join(f"{each} 0 to {end:,}" for each, end in last.items())
            raise Bug(f"expected failures out of {wanted}, got {name} {number}")
        part = handed.parts[name]
        label = part.classes[int(part.labels[number])]
        answer = part.classes[int(handed.logits[name][number].argmax())]
        if label == answer:
            raise Bug(
                f"expected images that the model names wrongly, got {name} {number}, rightly named {label}"
            )
        if not re.match(rf"{re.escape(label)} *(?:→|->) *{re.escape(answer)}(?!\w)", text):
            raise Bug(
                f'expected "{name} {number}: {label} → {answer}", got "{one_line(text)[:40]}"'
            )


def _check_pictures(handed: _HandedIn) -> None:
    names = _PICTURE.findall(handed.section("Failures"))
    if not names:
        raise _NotYet('no picture in "Failures", such as ![Three digits](failures.png)')
    for name in names:
        path = (handed.folder / name).resolve()
        if not path.is_relative_to(handed.folder.resolve()) or not path.is_file():
            raise Bug(f"expected the picture {name} in the folder, got none")
        try:
            with Image.open(path, formats=FORMATS) as picture:
                picture.verify()
        except Exception as error:  # Pillow's readers raise what they meet in a damaged file
            raise Bug(f"expected {name} to be a picture, got what can't be read") from error


def _check_sections(handed: _HandedIn) -> None:
    for title in SECTIONS:
        words = len(_PICTURE.sub("", handed.section(title)).split())
        if words < _WORDS:
            raise _NotYet(f'{words} words below "{title}"')


_Check = Callable[[_HandedIn], None]

_STEPS: dict[str, tuple[_Check, tuple[str, ...]]] = {
    "parts": (_check_parts, ()),
    "apart": (_check_together, ("parts",)),
    "sizes": (_check_sizes, ("parts",)),
    "weights": (_check_weights, ("parts",)),
    "learned": (_check_learned, ("weights",)),
    "figures": (_check_figures, ("weights",)),
    "failures": (_check_failures, ("weights",)),
    "pictures": (_check_pictures, ()),
    "sections": (_check_sections, ()),
}
