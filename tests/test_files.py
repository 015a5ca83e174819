import os
import stat
import sys
from pathlib import Path

import pytest

from digitlib.files import grow_folder, is_free, write_folder, write_whole

posix = pytest.mark.skipif(
    sys.platform == "win32", reason="Windows has other permissions and links"
)


def test_a_file_is_written_whole_or_not_at_all(tmp_path, monkeypatch):
    path = tmp_path / "file"
    write_whole(path, b"old")

    def fail(*_):
        raise OSError("disk full")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="disk full"):
        write_whole(path, b"new")
    assert path.read_bytes() == b"old" and list(tmp_path.iterdir()) == [path]


def test_without_a_folder_the_folder_is_named(tmp_path):
    """Not the file beside it that was to be written first."""
    with pytest.raises(FileNotFoundError, match=r"nowhere: no such folder$"):
        write_whole(tmp_path / "nowhere" / "file", b"new")


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def umask():
    """Sets the permissions that new files are not to have, and puts the old ones back."""
    before = os.umask(0o022)
    yield os.umask
    os.umask(before)


@posix
@pytest.mark.parametrize("kept_from", [0o002, 0o022, 0o077])
def test_a_new_file_has_the_permissions_of_any_new_file(tmp_path, umask, kept_from):
    umask(kept_from)
    write_whole(tmp_path / "file", b"new")
    assert mode(tmp_path / "file") == 0o666 & ~kept_from


@posix
def test_a_file_that_is_there_keeps_its_permissions(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"old")
    path.chmod(0o640)
    write_whole(path, b"new")
    assert path.read_bytes() == b"new" and mode(path) == 0o640


@posix
@pytest.mark.parametrize("there", [True, False])
def test_a_link_stays_a_link(tmp_path, there):
    """To a file in another folder, which is there or isn't yet."""
    (tmp_path / "elsewhere").mkdir()
    target, link = tmp_path / "elsewhere" / "file", tmp_path / "link"
    if there:
        target.write_bytes(b"old")
    link.symlink_to(Path("elsewhere") / "file")
    write_whole(link, b"new")
    assert link.is_symlink() and target.read_bytes() == b"new"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["elsewhere", "link"]
    assert list(target.parent.iterdir()) == [target]


def device(path):
    os.mknod(path, stat.S_IFCHR | 0o666, os.makedev(1, 3))  # as /dev/null is


def loop(path):
    path.symlink_to(path)


def link_to_a_fifo(path):
    os.mkfifo(path.with_name("fifo"))
    path.symlink_to(path.with_name("fifo"))


@posix
@pytest.mark.parametrize(
    "make", [getattr(os, "mkfifo", None), device, Path.mkdir, loop, link_to_a_fifo]
)
def test_what_is_no_file_is_left_as_it_is(tmp_path, make):
    path = tmp_path / "node"
    try:
        make(path)
    except PermissionError:
        pytest.skip("only root makes a device")
    before = path.lstat()
    with pytest.raises(PermissionError, match="node: expected a file that can be"):
        write_whole(path, b"new")
    after = path.lstat()
    assert (after.st_mode, after.st_ino) == (before.st_mode, before.st_ino)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other permissions")
def test_a_folder_has_the_permissions_of_any_new_one_and_a_link_stays(tmp_path):
    files, before = {"a": b"a"}, os.umask(0o077)
    try:
        write_folder(files, tmp_path / "new")
        (tmp_path / "empty").mkdir(0o750)
        (tmp_path / "empty").chmod(0o750)
        (tmp_path / "link").symlink_to("empty")
        write_folder(files, tmp_path / "link")
    finally:
        os.umask(before)
    for name, mode in (("new", 0o700), ("empty", 0o750)):
        assert (tmp_path / name / "a").read_bytes() == b"a"
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == mode
    assert (tmp_path / "link").is_symlink()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty", "link", "new"]


def test_a_half_written_folder_is_taken_back(tmp_path):
    with pytest.raises(OSError):
        write_folder({"a": b"a", "a/b": b"impossible"}, tmp_path / "folder")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_is_free_if_there_is_none_or_nothing_in_it(tmp_path):
    full, file = tmp_path / "full", tmp_path / "file"
    for folder in (full, tmp_path / "empty"):
        folder.mkdir()
    (full / "1.png").touch()
    file.touch()
    names = ("nowhere", "empty", "full", "file")
    assert [is_free(tmp_path / name) for name in names] == [True, True, False, False]


def contents(folder):
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


@pytest.mark.parametrize("fails_at", [None, 1, 2])
def test_a_folder_grows_whole_or_not_at_all(tmp_path, monkeypatch, fails_at):
    """Also where it fails between the two names that change: the old folder comes back."""
    folder = tmp_path / "signs"
    write_folder({"camp/1.png": b"old"}, folder)
    replace, calls = os.replace, []

    def failing(*places):
        calls.append(places)
        if len(calls) == fails_at:
            raise OSError("disk full")
        replace(*places)

    monkeypatch.setattr(os, "replace", failing)
    new = {"camp/1.png": b"new", "rest/deep/1.png": b"another"}
    if fails_at is None:
        grow_folder(new, folder)
    else:
        with pytest.raises(OSError, match="disk full"):
            grow_folder(new, folder)
    assert contents(folder) == (new if fails_at is None else {"camp/1.png": b"old"})
    assert list(tmp_path.iterdir()) == [folder]


def test_only_a_folder_that_is_there_grows(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        grow_folder({"1.png": b"a sign"}, tmp_path / "nowhere")
    assert not list(tmp_path.iterdir())
