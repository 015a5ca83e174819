import gzip
import hashlib
import http.server
import os
import re
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
import torch

from digitlib import data, mnist
from idx import idx

NAMES = list(mnist._MD5)
CACHE_FOLDER = mnist.cache_folder


@pytest.fixture
def files(small, monkeypatch, tmp_path):
    """Four small files in MNIST's format, with their checksums in place of MNIST's, and no folder set."""
    parts = [small[:50], small[50:70]]
    contents = [idx(array.numpy()) for part in parts for array in (part.images, part.labels)]
    files = dict(zip(NAMES, contents, strict=True))
    monkeypatch.setattr(
        mnist,
        "_MD5",
        {name: hashlib.md5(content).hexdigest() for name, content in files.items()},
    )
    monkeypatch.delenv("DIGITLIB_DATA_DIR", raising=False)
    monkeypatch.setattr(mnist, "cache_folder", lambda: tmp_path / "cache")
    # Where nothing listens. By its name: an import at the head would cost each worker two seconds.
    nowhere = ["http://127.0.0.1:9/"]
    monkeypatch.setattr("torchvision.datasets.MNIST.mirrors", nowhere)
    return files


def write(files, folder):
    raw = folder / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for name, content in files.items():
        (raw / name).write_bytes(content)
    return raw


@pytest.fixture
def server(files, monkeypatch):
    """A mirror on this machine, and the list of what was asked of it."""
    zipped = {f"/{name}.gz": gzip.compress(content) for name, content in files.items()}
    asked = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_response(200)
            self.send_header("Content-Length", str(len(zipped[self.path])))
            self.end_headers()
            self.wfile.write(zipped[self.path])

        def log_message(self, *_):
            pass

    mirror = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    # The argument: how often it looks whether it shall end, which is waited for.
    thread = threading.Thread(target=mirror.serve_forever, args=(0.01,))
    thread.start()
    here = [f"http://127.0.0.1:{mirror.server_port}/"]
    monkeypatch.setattr("torchvision.datasets.MNIST.mirrors", here)
    resources = [(path[1:], hashlib.md5(content).hexdigest()) for path, content in zipped.items()]
    monkeypatch.setattr("torchvision.datasets.MNIST.resources", resources)
    yield asked
    mirror.shutdown()
    thread.join()
    mirror.server_close()


def test_mnist_is_read_from_the_named_folder(files, small, tmp_path, monkeypatch):
    write(files, tmp_path / "here")
    monkeypatch.setenv("DIGITLIB_DATA_DIR", str(tmp_path / "here"))
    digits = data.load("mnist")
    assert torch.equal(digits.images, small.images[:50])
    assert torch.equal(digits.labels, small.labels[:50])
    assert len(data.load_test("mnist")) == 20


def test_then_from_the_cache(files, tmp_path, monkeypatch):
    write(files, tmp_path / "cache")
    monkeypatch.setenv("DIGITLIB_DATA_DIR", str(tmp_path / "empty"))
    assert len(data.load("mnist")) == 50


def test_then_it_is_downloaded_once(server, tmp_path):
    assert len(data.load("mnist")) == 50
    assert sorted(set(server)) == sorted(f"/{name}.gz" for name in NAMES)
    server.clear()
    assert len(data.load("mnist")) == 50
    assert server == []
    assert sorted(path.name for path in (tmp_path / "cache").iterdir()) == [
        "MNIST"
    ]  # no scratch folder left


@pytest.mark.parametrize(
    "damage", [lambda content: content[:-7], lambda content: content[:-1] + b"\1"]
)
def test_a_damaged_file_is_named_and_fetched_again(server, files, tmp_path, damage):
    raw = write(files, tmp_path / "cache")
    path = raw / NAMES[0]
    path.write_bytes(damage(files[NAMES[0]]))
    with pytest.warns(UserWarning, match=f"{NAMES[0]}: damaged"):
        assert len(data.load("mnist")) == 50
    assert path.read_bytes() == files[NAMES[0]]


def test_a_damaged_download_changes_nothing(server, files, tmp_path, monkeypatch):
    raw = write(files, tmp_path / "cache")
    (raw / NAMES[0]).unlink()
    wrong = dict(mnist._MD5) | {NAMES[1]: "0" * 32}
    monkeypatch.setattr(mnist, "_MD5", wrong)
    with (
        pytest.warns(UserWarning, match="damaged"),
        pytest.raises(mnist.DatasetUnavailable, match=f"{NAMES[1]}: damaged"),
    ):
        data.load("mnist")
    assert (raw / NAMES[1]).read_bytes() == files[NAMES[1]]


def test_unavailable_says_what_was_tried_and_the_ways_out(files, tmp_path, monkeypatch):
    monkeypatch.setenv("DIGITLIB_DATA_DIR", str(tmp_path / "named"))
    with pytest.raises(mnist.DatasetUnavailable) as caught:
        data.load("mnist")
    message = str(caught.value)
    for part in (
        "named",
        "cache",
        "download: ",
        "1. connect",
        "2. set DIGITLIB_DATA_DIR",
        "3. use",
        "optdigits",
    ):
        assert part in message


@pytest.mark.parametrize("named", ["here", "~/here", "./elsewhere/../here"])
def test_the_named_folder_may_be_relative_or_in_the_home(files, tmp_path, monkeypatch, named):
    write(files, tmp_path / "here")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))  # what Windows calls it
    monkeypatch.setenv("DIGITLIB_DATA_DIR", named)
    assert mnist.folders()[0] == tmp_path / "here"
    assert len(data.load("mnist")) == 50


@pytest.mark.parametrize("by_option", [False, True])
def test_make_leads_notebooks_which_run_elsewhere_to_a_relative_folder(by_option):
    """The variables that make hands to its commands; none of them is run."""
    root = Path(__file__).parents[1]
    if not shutil.which("make"):
        pytest.skip("no make")
    # Not those of a make that runs these tests.
    told = {name: os.environ[name] for name in os.environ if "MAKE" not in name}
    told["DIGITLIB_DATA_DIR"] = "some where/digits"
    command = ["make", "--print-data-base", "--dry-run", "help"]
    if by_option:
        command += [f"DIGITLIB_DATA_DIR={told.pop('DIGITLIB_DATA_DIR')}"]
    result = subprocess.run(command, cwd=root, env=told, capture_output=True, text=True, check=True)
    [found] = re.findall(r"^(?:override )?DIGITLIB_DATA_DIR :?= (.*)$", result.stdout, re.MULTILINE)
    assert Path(found) == root / "some where" / "digits"


def locked(folder, monkeypatch):
    """Nothing in this folder may be looked at, as under another user; root, who runs some tests, may everything."""
    is_file, mkdir = Path.is_file, Path.mkdir

    def forbid(work):
        def asked(path, *arguments, **options):
            if folder in path.parents:
                raise PermissionError(13, "Permission denied", str(path))
            return work(path, *arguments, **options)

        return asked

    monkeypatch.setattr(Path, "is_file", forbid(is_file))
    monkeypatch.setattr(Path, "mkdir", forbid(mkdir))


@pytest.mark.parametrize("closed", ["here", "cache"])
def test_a_folder_that_may_not_be_entered_is_passed_by(files, tmp_path, monkeypatch, closed):
    monkeypatch.setenv("DIGITLIB_DATA_DIR", str(tmp_path / "here"))
    [open_one] = {"here", "cache"} - {closed}
    write(files, tmp_path / open_one)
    locked(tmp_path / closed, monkeypatch)
    if closed == "here":
        with pytest.warns(UserWarning, match="Permission denied; looking elsewhere"):
            assert len(data.load("mnist")) == 50
    else:
        assert len(data.load("mnist")) == 50


def test_a_cache_that_may_not_be_entered_leaves_three_ways_out(files, tmp_path, monkeypatch):
    locked(tmp_path / "cache", monkeypatch)
    with (
        pytest.warns(UserWarning, match="Permission denied"),
        pytest.raises(mnist.DatasetUnavailable) as caught,
    ):
        data.load("mnist")
    assert f"{NAMES[0]}: Permission denied" in str(caught.value)
    assert re.search(r"download: .*: Permission denied", str(caught.value))


@pytest.mark.parametrize("older", [False, True])
def test_who_has_no_home_needs_no_cache(files, tmp_path, monkeypatch, older):
    def user_cache_dir(*_, **__):
        """As platformdirs answers: an older one leaves what it can't expand."""
        if older:
            return "~nobody-has-this-name/.cache/digitlib"
        raise RuntimeError("could not determine the home directory")

    monkeypatch.setattr(mnist, "cache_folder", CACHE_FOLDER)
    monkeypatch.setattr("platformdirs.user_cache_dir", user_cache_dir)
    with pytest.raises(mnist.DatasetUnavailable, match=r"(?i)could not determine .*home"):
        data.load("mnist")
    write(files, tmp_path / "here")
    monkeypatch.setenv("DIGITLIB_DATA_DIR", str(tmp_path / "here"))
    assert len(data.load("mnist")) == 50


# Without a home, as a user whom nobody knows, as in a container that was given a number.
NOBODY = """import os
from digitlib import data, mnist
os.environ.pop("HOME", None)
os.setgid(54321)
os.setuid(54321)
try:
    data.load()
except mnist.DatasetUnavailable as error:
    print(error)"""


@pytest.mark.skipif(
    not hasattr(os, "getuid") or os.getuid() != 0,
    reason="only root can become a user whom nobody knows",
)
@pytest.mark.server
def test_a_user_without_name_and_home_gets_the_three_ways_out(tmp_path):
    tmp_path.chmod(0o700)
    told = {**os.environ, "DIGITLIB_DATA_DIR": str(tmp_path)}
    told.pop("XDG_CACHE_HOME", None)
    command = [sys.executable, "-W", "ignore", "-c", NOBODY]
    result = subprocess.run(command, env=told, capture_output=True, text=True)
    assert result.stderr == ""
    assert f"{NAMES[0]}: Permission denied" in result.stdout
    assert "home directory" in result.stdout and "3. use" in result.stdout


LIKES = [name for name in mnist.LIKES if name != "mnist"]
TORCHVISION = {"FashionMNIST": 10, "KMNIST": 10, "EMNIST": 26}


def like_files(name, count=7):
    """The four files of a set that comes as MNIST does: their contents by their names, and what they should become."""
    like = mnist.LIKES[name]
    random = np.random.RandomState(len(name))
    contents, expected = {}, {}
    for part in ("train", "t10k"):
        images = random.randint(256, size=(count, 28, 28)).astype(np.uint8)
        labels = random.randint(len(like.classes), size=count)
        labels[:2] = 0, len(like.classes) - 1
        expected[part] = images, labels
        lying = images.transpose(0, 2, 1) if name == "emnist-letters" else images
        first = 1 if name == "emnist-letters" else 0
        contents |= zip(like.names(part), (idx(lying), idx(labels + first)), strict=True)
        count += 1
    return contents, expected


def put(contents, folder, name, zipped=False):
    raw = folder / mnist.LIKES[name].folder / "raw"
    raw.mkdir(parents=True)
    for file, content in contents.items():
        (raw / (f"{file}.gz" if zipped else file)).write_bytes(
            gzip.compress(content) if zipped else content
        )
    return raw


@pytest.mark.parametrize("zipped", [False, True])
@pytest.mark.parametrize("name", LIKES)
def test_likes_are_read_and_put_right(files, tmp_path, monkeypatch, name, zipped):
    contents, expected = like_files(name)
    put(contents, tmp_path, name, zipped)
    monkeypatch.setenv("DIGITLIB_DATA_DIR", str(tmp_path))
    for part, found in (("train", data.load(name)), ("t10k", data.load_test(name))):
        images, labels = expected[part]
        assert torch.equal(found.images, torch.from_numpy(images))
        assert found.labels.tolist() == labels.tolist()
        assert found.classes == mnist.LIKES[name].classes and found.noun == "pictures"
        assert found.preparation == mnist.LIKES[name].preparation


def test_mnist_may_lie_gzipped_too(files, small, tmp_path, monkeypatch):
    raw = put(files, tmp_path, "mnist", zipped=True)
    monkeypatch.setenv("DIGITLIB_DATA_DIR", str(tmp_path))
    assert torch.equal(data.load("mnist").images, small.images[:50])
    path = raw / f"{NAMES[0]}.gz"
    for damaged in (gzip.compress(b"another"), path.read_bytes()[:-9]):
        path.write_bytes(damaged)
        with (
            pytest.warns(UserWarning, match=rf"{NAMES[0]}\.gz: damaged"),
            pytest.raises(mnist.DatasetUnavailable),
        ):
            data.load("mnist")


@pytest.mark.parametrize("name", LIKES)
def test_their_names_are_those_of_torchvision(name):
    """In the file system, and in the number of classes."""
    from torchvision import datasets

    like = mnist.LIKES[name]
    known = getattr(datasets, like.folder)
    assert len(set(like.classes)) == len(like.classes) == TORCHVISION[like.folder]
    if like.split:
        ours = object.__new__(known)
        ours.split, ours.root = like.split, "root"
        for ours.train, part in ((True, "train"), (False, "t10k")):
            paths = Path(ours.images_file), Path(ours.labels_file)
            assert tuple(path.name for path in paths) == like.names(part)
            assert paths[0].parent == Path("root", like.folder, "raw")
        letters = known.classes_split_dict["letters"][like.first :]
        assert [letter.upper() for letter in letters] == list(like.classes)
    else:
        stored = {file.removesuffix(".gz") for file, _ in known.resources}
        assert stored == {*like.names("train"), *like.names("t10k")}
    if name == "fashion-mnist":
        assert list(like.classes) == known.classes


@pytest.mark.parametrize("name", LIKES)
def test_who_cannot_have_one_is_told_which(files, tmp_path, monkeypatch, name):
    folder = mnist.LIKES[name].folder
    known = f"torchvision.datasets.{folder}"
    monkeypatch.setattr(f"{known}.mirrors", ["http://127.0.0.1:9/"])
    if name == "emnist-letters":
        monkeypatch.setattr(f"{known}.url", "http://127.0.0.1:9/gzip.zip")
    with pytest.raises(mnist.DatasetUnavailable) as caught:
        data.load(name)
    message = str(caught.value)
    first = mnist.LIKES[name].names("train")[0]
    assert message.startswith(f"{folder} is not to be had. Tried:\n")
    assert f"{folder}/raw/{first} and its three siblings" in message
    assert "for the book" not in message and "download: " in message


@pytest.mark.parametrize("name", LIKES)
def test_a_like_is_downloaded_whole(files, tmp_path, monkeypatch, name):
    """By a stand-in for torchvision's class, which leaves the files where that would."""
    contents, expected = like_files(name)
    asked = []

    def stand_in(root, download, **more):
        asked.append(more)
        put(contents, Path(root), name)

    monkeypatch.setattr(f"torchvision.datasets.{mnist.LIKES[name].folder}", stand_in)
    assert data.load(name).labels.tolist() == expected["train"][1].tolist()
    assert asked == [{"split": "letters"} if name == "emnist-letters" else {}]
    assert data.load_test(name).labels.tolist() == expected["t10k"][1].tolist()
    assert len(asked) == 1
    [left] = (tmp_path / "cache").iterdir()
    assert left.name == mnist.LIKES[name].folder


def test_a_download_without_a_file_leaves_none(files, tmp_path, monkeypatch):
    contents, _ = like_files("kmnist")
    contents.popitem()
    monkeypatch.setattr(
        "torchvision.datasets.KMNIST", lambda root, **_: put(contents, Path(root), "kmnist")
    )
    with pytest.raises(mnist.DatasetUnavailable, match="t10k-labels-idx1-ubyte: not there"):
        data.load("kmnist")
    assert list(tmp_path.rglob("*KMNIST*")) == []


def test_damage_of_a_like_is_named(files, tmp_path, monkeypatch):
    contents, _ = like_files("emnist-letters")
    raw = put(contents, tmp_path, "emnist-letters")
    monkeypatch.setenv("DIGITLIB_DATA_DIR", str(tmp_path))
    images, labels = (raw / name for name in mnist.LIKES["emnist-letters"].names("train"))
    labels.write_bytes(idx(np.arange(7)))
    with pytest.raises(ValueError, match=f"{labels.name}: expected labels 1 to 26, got 0"):
        data.load("emnist-letters")
    labels.write_bytes(idx(np.arange(21, 28)))
    with pytest.raises(ValueError, match="expected labels 1 to 26, got 27"):
        data.load("emnist-letters")
    images.write_bytes(images.read_bytes()[:-1])
    with pytest.raises(ValueError, match=f"{images.name}: expected 5,488 bytes after its header"):
        data.load("emnist-letters")
