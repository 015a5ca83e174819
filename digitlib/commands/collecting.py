"""``digitlib sheets``: from photos of filled-in sheets to a folder of signs for each class, for ``train --data``.

It makes the sheet to print, reads photos of it, and puts aside what somebody didn't like among the signs. A photo that
can't be read is a line on the error stream, the rest goes on, and the exit code tells. A folder is written whole or not
at all, and one that is there stays as it is unless ``--add`` is given. Beside it lies a page to look the signs over.
"""

import argparse
import os
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from digitlib import picture
from digitlib import sheets as reader
from digitlib.commands import looking, terminal
from digitlib.files import grow_folder, is_free, write_folder, write_whole
from digitlib.plain import listed, one_line, readable, shown

__all__ = ["sheets", "sheets_options"]

Odd = dict[str, list[str]]
"""By what is said of them, the cells of which it is said, each by photo, class and number."""

_EMPTY, _LOST, _CROSSING = "empty", "lost", "whole, across its border"
_PARTED = "ink parted between neighbours"


def sheets_options(parser: argparse.ArgumentParser) -> None:
    """What ``digitlib sheets`` takes."""
    text = (
        "a photo of a filled-in sheet, as JPEG or PNG, such as ada.jpg for the one that Ada wrote: its name, without "
        "the ending, becomes that of its signs, and what has one name is one writer's"
    )
    parser.add_argument("photos", nargs="*", type=Path, metavar="PHOTO", help=text)
    text = (
        "the classes' names, two to ten, with commas between them, in the order of the sheet's rows"
    )
    parser.add_argument("--names", type=_names, metavar="NAME,NAME…", help=text)
    text = "a new folder, which gets a folder of signs for each class"
    parser.add_argument("--out", type=Path, metavar="FOLDER", help=text)
    text = "add to that folder, which is there already"
    parser.add_argument("--add", action="store_true", help=text)
    text = "write the sheet to print, a PDF or PNG, and read no photo"
    parser.add_argument("--blank", type=Path, metavar="FILE", help=text)
    text = "move the signs on this list, which the page makes, out of the folder"
    parser.add_argument("--drop", type=Path, metavar="LIST", help=text)


def _names(text: str) -> tuple[str, ...]:
    try:
        return reader.check_names(text.split(","))
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def sheets(options: argparse.Namespace) -> int:
    """Print a sheet for signs of your own, and cut photos of it up into a folder for each class."""
    modes = [bool(options.photos), options.blank is not None, options.drop is not None]
    if sum(modes) != 1:
        raise ValueError("expected photos, --blank or --drop, one of the three")
    if options.drop is None and options.names is None:
        raise ValueError("expected --names, the classes' names in the order of the sheet's rows")
    if options.blank is not None:
        return _blank(options.blank, options.names)
    if options.out is None:
        raise ValueError("expected --out, the folder of the signs")
    if options.drop is not None:
        return _drop(options.drop, options.out)
    return _collect(options)


def _blank(file: Path, names: tuple[str, ...]) -> int:
    write_whole(file, reader.blank(names, file.suffix))
    print(f"wrote {readable(file)}: {listed(names)}, {reader.COLUMNS} cells each, on A4")
    if missing := reader.unprinted(names):
        print(f"  only a number beside the rows of {listed(missing)}: write the names yourself")
    return 0


def _collect(options: argparse.Namespace) -> int:
    stems = _stems(options.photos)
    _check_place(options.out, options.add, options.names, stems)
    files: dict[str, bytes] = {}
    odd: Odd = {}
    doubtful: list[str] = []
    refused = False
    for photo, stem in zip(options.photos, stems, strict=True):
        try:
            sheet = reader.read(photo, options.names)
        except (OSError, ValueError) as error:
            line = one_line(error)
            terminal.complain(line if line.startswith(str(photo)) else f"{photo}: {line}")
            refused = True
            continue
        for line in _told(photo, sheet, odd):
            print(line)
        files |= reader.pictures(sheet, stem)
        doubtful += [reader.path_of(sheet, cell, stem) for cell in sheet.taken if cell.parted]
    if not files:
        terminal.complain("expected signs on one sheet at least, got none; nothing was written")
        return 2
    if options.add:
        grow_folder(files, options.out)
    else:
        write_folder(files, options.out)
    page = looking.write(options.out, odd, doubtful, earlier=options.add)
    print(f"wrote {readable(options.out)}: {_counted(files, options.names)}")
    print(f"to look them over, open {readable(page)}")
    return 2 if refused else 0


def _stems(photos: Sequence[Path]) -> list[str]:
    """What the signs of each photo are called.

    Raises:
        ValueError: two photos of one name, in different folders or with different endings.
    """
    found = [unicodedata.normalize("NFC", readable(photo.stem)).lstrip(".") for photo in photos]
    found = [
        "".join(one if one.isprintable() else "_" for one in stem) or "sheet" for stem in found
    ]
    counts = Counter(stem.casefold() for stem in found)
    if twice := next((stem for stem in found if counts[stem.casefold()] > 1), None):
        raise ValueError(f"expected another name for each photo, got {twice} twice; rename one")
    return found


def _check_place(folder: Path, add: bool, names: tuple[str, ...], stems: list[str]) -> None:
    """Before anything is read: whether the folder may be written."""
    if not add:
        if not is_free(folder):
            raise FileExistsError(
                f"{folder}: expected a new folder; --add puts further sheets into one that is there"
            )
        return
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder}: no such folder to add to")
    there = [path.name for path in folder.iterdir() if not picture.is_hidden(path.name)]
    if others := sorted(set(there) - set(names)):
        raise ValueError(f"{folder}: expected folders out of {listed(names)}, got {listed(others)}")
    known = {path.stem.rpartition("-")[0].casefold() for path in picture.walk(folder)}
    if again := next((stem for stem in stems if stem.casefold() in known), None):
        raise FileExistsError(f"{folder}: expected new photos, got {again}, whose signs it has")


def _told(photo: Path, sheet: reader.Sheet, odd: Odd) -> Iterator[str]:
    """What is said of a sheet; the cells that are odd are noted in full."""
    kinds: Odd = {_LOST: [], _PARTED: [], _CROSSING: [], _EMPTY: []}
    for cell in sheet.cells:
        name = f"{sheet.names[cell.row]} {cell.column + 1}"
        so = cell.lost, cell.parted, cell.crosses and not cell.parted, cell.empty
        for kind in (kind for kind, is_so in zip(kinds, so, strict=True) if is_so):
            kinds[kind].append(name)
    lost, empty = len(kinds[_LOST]), len(kinds[_EMPTY])
    yield f"{shown(str(photo))}: {len(sheet.taken)} cells taken, {empty} empty, {lost} lost"
    if lost:
        yield f"  lost, as their lines aren't seen in their places: {', '.join(kinds[_LOST])}"
    if kinds[_PARTED]:
        yield f"  look at these, whose ink and a neighbour's were parted: {', '.join(kinds[_PARTED])}"
    if kinds[_CROSSING]:
        yield f"  taken whole, though the ink crosses the border: {', '.join(kinds[_CROSSING])}"
    if empty:
        by_class = Counter(name.rpartition(" ")[0] for name in kinds[_EMPTY])
        yield f"  empty: {', '.join(f'{count} of {name}' for name, count in by_class.items())}"
    for kind, cells in kinds.items():
        odd.setdefault(kind, []).extend(f"{readable(photo.name)}: {cell}" for cell in cells)


def _counted(files: Mapping[str, bytes], names: tuple[str, ...]) -> str:
    """How many signs of each class there are."""
    counts = Counter(name.partition("/")[0] for name in files)
    return f"{len(files):,} signs ({', '.join(f'{name} {counts[name]}' for name in names)})"


def _drop(file: Path, folder: Path) -> int:
    """Move the signs on a list out of a folder, into one beside it: all or none."""
    text = file.read_text(encoding="utf-8-sig")
    names = list(dict.fromkeys(line.strip() for line in text.splitlines() if line.strip()))
    if not names:
        raise ValueError(f"{file}: expected a sign's file on each line, got an empty list")
    aside = folder.with_name(f"{Path(os.path.realpath(folder)).name}-dropped")
    for name in names:
        parts = Path(name).parts
        if len(parts) != 2 or ".." in parts or not (folder / name).is_file():
            raise ValueError(f"{file}: expected files in {folder}, got {shown(name)}")
        if (aside / name).exists():
            raise FileExistsError(f"{aside / name}: is there already")
    moved: list[str] = []
    try:
        for name in names:
            (aside / name).parent.mkdir(parents=True, exist_ok=True)
            os.replace(folder / name, aside / name)
            moved.append(name)
    except BaseException:
        for name in moved:
            os.replace(aside / name, folder / name)
        raise
    looking.write(folder, {}, earlier=True)
    print(f"moved {len(names)} out of {readable(folder)} into {readable(aside)}")
    return 0
