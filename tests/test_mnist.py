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
    assert "download: [Errno 13] Permission denied" in str(caught.value)


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
