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

from digitlib import data

NAMES = list(data._MD5)
CACHE_FOLDER = data.cache_folder


def idx(array):
    """An array in MNIST's file format."""
    sizes = b"".join(int(size).to_bytes(4, "big") for size in array.shape)
    return bytes([0, 0, 8, array.ndim]) + sizes + array.astype(np.uint8).tobytes()


@pytest.fixture
def files(small, monkeypatch, tmp_path):
    """Four small files in MNIST's format, with their checksums in place of MNIST's, and no folder set."""
    parts = [small[:50], small[50:70]]
    contents = [idx(array.numpy()) for part in parts for array in (part.images, part.labels)]
    files = dict(zip(NAMES, contents, strict=True))
    monkeypatch.setattr(
        data,
        "_MD5",
        {name: hashlib.md5(content).hexdigest() for name, content in files.items()},
    )
    monkeypatch.delenv("DIGITLIB_DATA_DIR", raising=False)
    monkeypatch.setattr(data, "cache_folder", lambda: tmp_path / "cache")
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
    wrong = dict(data._MD5) | {NAMES[1]: "0" * 32}
    monkeypatch.setattr(data, "_MD5", wrong)
    with (
        pytest.warns(UserWarning, match="damaged"),
        pytest.raises(data.DatasetUnavailable, match=f"{NAMES[1]}: damaged"),
    ):
        data.load("mnist")
    assert (raw / NAMES[1]).read_bytes() == files[NAMES[1]]


def test_unavailable_says_what_was_tried_and_the_ways_out(files, tmp_path, monkeypatch):
    monkeypatch.setenv("DIGITLIB_DATA_DIR", str(tmp_path / "named"))
    with pytest.raises(data.DatasetUnavailable) as caught:
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
    assert data.folders()[0] == tmp_path / "here"
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
        pytest.raises(data.DatasetUnavailable) as caught,
    ):
        data.load("mnist")
    assert f"{NAMES[0]}: Permission denied" in str(caught.value)
    assert "download: [Errno 13] Permission denied" in str(caught.value)


@pytest.mark.parametrize("older", [False, True])
def test_who_has_no_home_needs_no_cache(files, tmp_path, monkeypatch, older):
    def user_cache_dir(*_, **__):
        """As platformdirs answers: an older one leaves what it can't expand."""
        if older:
            return "~nobody-has-this-name/.cache/digitlib"
        raise RuntimeError("could not determine the home directory")

    monkeypatch.setattr(data, "cache_folder", CACHE_FOLDER)
    monkeypatch.setattr("platformdirs.user_cache_dir", user_cache_dir)
    with pytest.raises(data.DatasetUnavailable, match=r"(?i)could not determine .*home"):
        data.load("mnist")
    write(files, tmp_path / "here")
    monkeypatch.setenv("DIGITLIB_DATA_DIR", str(tmp_path / "here"))
    assert len(data.load("mnist")) == 50


# Without a home, as a user whom nobody knows, as in a container that was given a number.
NOBODY = """import os
from digitlib import data
os.environ.pop("HOME", None)
os.setgid(54321)
os.setuid(54321)
try:
    data.load()
except data.DatasetUnavailable as error:
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


def test_unknown_name():
    with pytest.raises(ValueError, match="mnist, optdigits, got 'cifar10'"):
        data.load("cifar10")


def test_optdigits(small):
    assert len(small) == 1437 and len(data.load_test("optdigits")) == 360
    assert small.labels.unique().tolist() == list(range(10))
    assert small.images.amax() == 255


def test_mnist(mnist):
    assert len(mnist) == 60_000
    assert mnist.labels.bincount().tolist() == [
        5923,
        6742,
        5958,
        6131,
        5842,
        5421,
        5918,
        6265,
        5851,
        5949,
    ]


@pytest.mark.parametrize("valid", [10, 143, 287, 1000])
@pytest.mark.parametrize("seed", [0, 7])
def test_split_is_disjoint_complete_and_stratified(small, valid, seed):
    train, held = data.split_indices(small.labels, valid, seed)
    assert sorted(train.tolist() + held.tolist()) == list(range(len(small)))
    assert len(held) == valid
    fair = small.labels.bincount() * valid / len(small)
    assert (small.labels[held].bincount(minlength=10) - fair).abs().max() < 1
    for part, indices in zip(data.split(small, valid, seed), (train, held), strict=True):
        assert torch.equal(part.images, small.images[indices])


def test_split_is_the_same_everywhere(small):
    train, valid = data.split_indices(small.labels, 287)
    assert (data.fingerprint(train), data.fingerprint(valid)) == (
        "76c9f40f404c",
        "902cdfaadf24",
    )
    assert data.fingerprint(data.split_indices(small.labels, 287, seed=1)[1]) != "902cdfaadf24"


def test_split_of_mnist_is_the_same_everywhere(mnist):
    train, valid = data.split_indices(mnist.labels)
    assert (data.fingerprint(train), data.fingerprint(valid)) == (
        "a505b37fac64",
        "08fcbe0571f9",
    )


@pytest.mark.parametrize("valid", [0, -1, 1437, 5000])
def test_split_refuses_impossible_sizes(small, valid):
    with pytest.raises(ValueError, match=f"from 1 to 1436, got {valid}"):
        data.split(small, valid)


def test_fingerprint_notices_order():
    assert data.fingerprint(torch.tensor([1, 2])) != data.fingerprint(torch.tensor([2, 1]))


def test_digits_refuses_wrong_shapes():
    with pytest.raises(ValueError, match=r"uint8 images \(N, 28, 28\), got torch.float32"):
        data.Digits(torch.zeros(3, 28, 28), torch.zeros(3, dtype=torch.int64))
    with pytest.raises(ValueError, match=r"int64 labels \(3,\), got torch.int64 \(2,\)"):
        data.Digits(torch.zeros(3, 28, 28, dtype=torch.uint8), torch.zeros(2, dtype=torch.int64))


def test_scale():
    levels, memory = torch.tensor([0, 255], dtype=torch.uint8), torch.empty(2)
    assert data.scale(levels).tolist() == [0.0, 1.0]
    assert data.scale(levels, out=memory) is memory and memory.tolist() == [0.0, 1.0]
    with pytest.raises(ValueError, match=r"got torch\.float32"):
        data.scale(torch.zeros(1))


def test_a_fingerprint_changes_with_any_number():
    one, other = torch.zeros(3), torch.zeros(3)
    assert data.fingerprint(one, one) == data.fingerprint(one, other)
    other[2] = 1e-9
    assert data.fingerprint(one, one) != data.fingerprint(one, other)


@pytest.fixture
def pair(small, tmp_path):
    """Two files such as the drawing pad exports."""
    paths = tmp_path / "images", tmp_path / "labels"
    for path, array in zip(paths, (small.images[:5], small.labels[:5]), strict=True):
        path.write_bytes(idx(array.numpy()))
    return paths


def test_idx_files_are_read(pair, small):
    digits = data.read_idx(*pair)
    assert torch.equal(digits.images, small.images[:5])
    assert torch.equal(digits.labels, small.labels[:5])
    pair[0].write_bytes(idx(np.zeros((0, 28, 28))))
    pair[1].write_bytes(idx(np.zeros(0)))
    assert len(data.read_idx(*map(str, pair))) == 0


@pytest.mark.parametrize(
    ("which", "content", "message"),
    [
        (0, b"", "begins with 0x00000803, got nothing"),
        (0, b"\x89PNG\r\n\x1a\n" + bytes(99), "begins with 0x00000803, got 0x89504e47"),
        (0, idx(np.zeros(5)), "begins with 0x00000803, got 0x00000801"),
        (0, bytes([0, 0, 8, 3]), "begins with 0x00000803"),
        (0, idx(np.zeros((5, 8, 8))), r"entries of \(28, 28\), got \[8, 8\]"),
        (0, idx(np.zeros((5, 28, 28)))[:-3], "3,920 bytes after its header, got 3,917"),
        (
            0,
            idx(np.zeros((5, 28, 28))) + b"!",
            "3,920 bytes after its header, got 3,921",
        ),
        (0, idx(np.zeros((4, 28, 28))), "expected 4 labels, one an image, got 5"),
        (1, idx(np.zeros((5, 28, 28))), "begins with 0x00000801, got 0x00000803"),
        (1, idx(np.zeros(6)), "expected 5 labels, one an image, got 6"),
        (1, idx(np.array([0, 1, 2, 3, 10])), "expected labels 0 to 9, got 10"),
    ],
)
def test_damaged_idx_files_are_refused(pair, which, content, message):
    pair[which].write_bytes(content)
    with pytest.raises(ValueError, match=message) as caught:
        data.read_idx(*pair)
    name = pair[1] if "labels" in message else pair[which]
    assert str(caught.value).startswith(f"{name}: ")


def test_a_missing_idx_file_is_named(pair):
    pair[1].unlink()
    with pytest.raises(FileNotFoundError, match="labels: no such file"):
        data.read_idx(*pair)
