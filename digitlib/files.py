"""Files and folders, written whole or not at all."""

import os
import secrets
import shutil
import stat
from collections.abc import Mapping
from pathlib import Path

__all__ = ["write_folder", "write_whole"]


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
    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        raise FileExistsError(f"{folder}: expected a new or empty folder")
    if not folder.parent.is_dir():
        raise FileNotFoundError(f"{folder.parent}: no such folder")
    scratch = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}")
    try:
        # Not a temporary folder, which is private to its owner: this one gets the permissions of any new folder.
        scratch.mkdir()
        for name, content in files.items():
            (scratch / name).parent.mkdir(parents=True, exist_ok=True)
            (scratch / name).write_bytes(content)
        if folder.exists():
            scratch.chmod(stat.S_IMODE(folder.stat().st_mode))
            folder.rmdir()
        os.replace(scratch, folder)
    except BaseException:
        shutil.rmtree(scratch, ignore_errors=True)
        raise
