"""Files and folders, written whole or not at all."""

import os
import secrets
import shutil
import stat
from collections.abc import Mapping
from pathlib import Path

__all__ = ["grow_folder", "is_free", "write_folder", "write_whole"]


def write_whole(path: str | Path, content: bytes) -> None:
    """Write a file so that a reader sees the old content or the new, never half of it.

    A link stays a link: the file that it leads to is written. A file that is there keeps its permissions.

    Raises:
        PermissionError: what is there is no file, but a device or a folder, or a link that leads nowhere but to itself.
        FileNotFoundError: no folder to write it into.

    >>> import os, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_whole(f"{folder}/notes.txt", b"a first draft")
    ...     write_whole(f"{folder}/notes.txt", b"final")
    ...     print(*os.listdir(folder))  # nothing else is left behind
    notes.txt
    """
    named, path = Path(path), Path(os.path.realpath(path))
    if path.is_symlink() or (named.exists() and not named.is_file()):
        raise PermissionError(f"{named}: expected a file that can be written")
    if not path.parent.is_dir():
        raise FileNotFoundError(f"{path.parent}: no such folder")
    scratch = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        # Not a temporary file, which is private to its owner: this one gets the permissions of any new file.
        with scratch.open("xb") as file:
            file.write(content)
        if path.exists():
            scratch.chmod(stat.S_IMODE(path.stat().st_mode))
        os.replace(scratch, path)
    except BaseException:
        scratch.unlink(missing_ok=True)
        raise


def is_free(folder: str | Path) -> bool:
    """Whether :func:`write_folder` may write a folder: there is none yet, or an empty one.

    >>> is_free("a folder that nobody has made"), is_free(__file__)
    (True, False)
    """
    folder = Path(folder)
    return not folder.exists() or (folder.is_dir() and not any(folder.iterdir()))


def write_folder(files: Mapping[str, bytes], folder: str | Path) -> None:
    """Write files, by their paths with slashes, into a new or empty folder: all of them or none.

    Raises:
        FileExistsError: what is there is a file, or a folder that holds any.
        FileNotFoundError: no folder to write it into.

    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_folder({"index.html": b"<p>", "data/names.json": b"[]"}, f"{folder}/site")
    ...     print(*sorted(path.name for path in Path(folder).rglob("*.*")))
    index.html names.json
    """
    folder = Path(os.path.realpath(folder))  # a link stays a link
    if not is_free(folder):
        raise FileExistsError(f"{folder}: expected a new or empty folder")
    if not folder.parent.is_dir():
        raise FileNotFoundError(f"{folder.parent}: no such folder")
    scratch = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}")
    try:
        # Not a temporary folder, which is private to its owner: this one gets the permissions of any new folder.
        scratch.mkdir()
        _fill(scratch, files)
        if folder.exists():
            scratch.chmod(stat.S_IMODE(folder.stat().st_mode))
            folder.rmdir()
        os.replace(scratch, folder)
    except BaseException:
        shutil.rmtree(scratch, ignore_errors=True)
        raise


def grow_folder(files: Mapping[str, bytes], folder: str | Path) -> None:
    """Add files, by their paths with slashes, to a folder that is there: all or none. One of the same path gives way.

    A copy of the folder gets them, and takes its place.

    Raises:
        FileNotFoundError: no such folder.

    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_folder({"camp/1.png": b"a sign"}, f"{folder}/signs")
    ...     grow_folder({"rest/1.png": b"another"}, f"{folder}/signs")
    ...     print(*sorted(path.name for path in Path(f"{folder}/signs").iterdir()))
    camp rest
    """
    folder = Path(os.path.realpath(folder))  # a link stays a link
    fresh, old = (folder.with_name(f".{folder.name}.{secrets.token_hex(4)}") for _ in range(2))
    try:
        shutil.copytree(folder, fresh)
        _fill(fresh, files)
        os.replace(folder, old)
        try:
            os.replace(fresh, folder)
        except BaseException:
            os.replace(old, folder)
            raise
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    shutil.rmtree(old, ignore_errors=True)


def _fill(folder: Path, files: Mapping[str, bytes]) -> None:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
