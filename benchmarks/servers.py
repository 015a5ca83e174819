"""What a page is opened with and served by, in tests, measurements and recordings: a browser, a site, an app."""

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

from digitlib import weights

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
    """Start the system's Chromium, or Playwright's own where there is none.

    The shell without windows comes first: it opens a page in a third of the time that the whole browser takes.
    """
    names = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
    path = next(filter(None, map(shutil.which, names)), None)
    return playwright.chromium.launch(executable_path=path, args=CHROMIUM)


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves files and tells nobody."""

    def log_message(self, *_):
        """No line for each request."""


@contextlib.contextmanager
def served(folder):
    """The pad as a static site of this machine, in a folder: its ``folder`` and its ``address``."""
    shutil.copytree(weights.SHIPPED.with_name("pad"), folder, dirs_exist_ok=True)
    shutil.copy(weights.SHIPPED, folder)
    with listening(folder) as address:
        yield SimpleNamespace(folder=folder, address=address)


@contextlib.contextmanager
def listening(folder, handler=Quiet):
    """The address at which a folder's files are served on this machine, as long as it is needed."""
    handler = functools.partial(handler, directory=folder)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()


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
        while not answers(url):
            assert server.poll() is None, log.read_text()
            time.sleep(0.1)
        yield url
    finally:
        server.terminate()
        server.wait()


def answers(url):
    """Whether anything is there."""
    try:
        urllib.request.urlopen(url).close()
    except OSError:
        return False
    return True
