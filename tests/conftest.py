"""What several tests share: real digits, a browser and a static site."""

import contextlib
import functools
import http.server
import os
import shutil
import socket
import subprocess
import threading
import time
import urllib.request
from types import SimpleNamespace

import numpy as np
import pytest

from digitlib import data, weights


@pytest.fixture(scope="session")
def small():
    """scikit-learn's 1,437 real digits: here on every machine."""
    return data.load("optdigits")


@pytest.fixture(scope="session")
def mnist():
    """MNIST's 60,000, unless the small set was chosen or they can't be had."""
    if os.environ.get("DIGITLIB_DATASET") == "optdigits":
        pytest.skip("MNIST is not at hand")
    try:
        return data.load("mnist")
    except data.DatasetUnavailable as error:
        pytest.skip(str(error))


@pytest.fixture
def noise():
    return np.random.RandomState(0).randint(256, size=(20, 28, 28)).astype(np.uint8)


CHROMIUM = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def launch(playwright):
    """Start the system's Chromium, or Playwright's own where there is none."""
    names = ("chromium", "chromium-browser", "google-chrome")
    path = next(filter(None, map(shutil.which, names)), None)
    return playwright.chromium.launch(executable_path=path, args=CHROMIUM)


@pytest.fixture(scope="session")
def browser():
    """Chromium: the system's, or Playwright's own. Without either its tests are skipped, or fail under CI=true."""
    from playwright.sync_api import Error, sync_playwright

    with sync_playwright() as playwright:
        try:
            chromium = launch(playwright)
        except Error as error:
            missing = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
            missing(f"no Chromium to test in: {str(error).splitlines()[0]}")
        yield chromium
        chromium.close()


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@contextlib.contextmanager
def served(folder):
    """The pad as a static site of this machine, in a folder: its ``folder`` and its ``address``."""
    shutil.copytree(weights.SHIPPED.with_name("pad"), folder, dirs_exist_ok=True)
    shutil.copy(weights.SHIPPED, folder)
    handler = functools.partial(Quiet, directory=folder)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield SimpleNamespace(
            folder=folder, address=f"http://127.0.0.1:{server.server_port}/"
        )
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(scope="session")
def static_site(tmp_path_factory):
    with served(tmp_path_factory.mktemp("site")) as site:
        yield site


@contextlib.contextmanager
def serving(log, command, cwd=None, env=os.environ):
    """The address of an app that a command starts, on a free port: its environment tells which, or {port} in it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    command = [str(word).replace("{port}", port) for word in command]
    with log.open("w") as file:
        told = {**env, "GRADIO_SERVER_PORT": port}
        server = subprocess.Popen(command, stdout=file, stderr=file, cwd=cwd, env=told)
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(120):
            assert server.poll() is None, log.read_text()
            try:
                urllib.request.urlopen(url, timeout=5).close()
                break
            except OSError:
                time.sleep(0.5)
        else:
            pytest.fail(f"nothing answered: {log.read_text()}")
        yield url
    finally:
        server.terminate()
        server.wait(timeout=20)
