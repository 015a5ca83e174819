"""A stand-in for the hub of Spaces and models: it answers huggingface_hub on 127.0.0.1 and keeps what it was sent.

:func:`client` leads this process to it, and :func:`environment` another one.
"""

import base64
import hashlib
import importlib
import json
import os
import re
import threading
import time
import warnings
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

import huggingface_hub
import yaml
from huggingface_hub.utils import _http

TOKEN = "hf_of_nobody_but_ada"

# What the hub does, by method and path. {kind} is "spaces" or "models", {name} is USER/NAME.
API = r"/api/(?P<kind>spaces|models)/(?P<name>[^/]+/[^/]+)"
GIT = r"/(?:(?P<kind>spaces)/)?(?P<name>[^/]+/[^/]+)"
ROUTES = {
    "info": rf"GET {API}(/revision/main)?",
    "tree": rf"GET {API}/tree/main",
    "create": r"POST /api/repos/create",
    "delete": r"DELETE /api/repos/delete",
    "validate": r"POST /api/validate-yaml",
    "preupload": rf"POST {API}/preupload/main",
    "batch": rf"POST {GIT}\.git/info/lfs/objects/batch",
    "object": r"PUT /objects/(?P<oid>[0-9a-f]{64})",
    "commit": rf"POST {API}/commit/main",
    "resolve": rf"(HEAD|GET) {GIT}/resolve/(?P<revision>[^/]+)/(?P<path>.+)",
}
CREDENTIALS = "Invalid credentials in Authorization header"
COLOURS = {"red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray"}


@dataclass
class Repository:
    """What a Space or a model holds, and the commits that brought it there.

    Attributes:
        sdk: a Space's; None for a model.
        files: what it holds now.
        commits: the operations of each.
        versions: what it held after each commit, by the commit's name.
    """

    sdk: str | None
    files: dict[str, bytes]
    commits: list[list[dict]] = field(default_factory=list)
    versions: dict[str, dict[str, bytes]] = field(default_factory=dict)

    @property
    def newest(self) -> str:
        return f"{len(self.commits):040x}"


class Hub:
    """Serves on ``address`` while used as a context.

    Attributes:
        tokens: whose each token is.
        home: where its client keeps a login, and what it fetched.
        spaces, models: repositories by name.
        objects: large files by their SHA-256.
        requests: the names of ROUTES, in the order in which they were asked for.
        refuse: name of a route -> status to answer it with.
        drop: a route at which the connection breaks, in the middle of the body.
        drop_after: a route whose work is done, and whose answer is lost.
        hold: a route that waits, when its body has come, until ``go`` is set; ``held`` says that it was reached.
    """

    def __init__(self, tokens: dict[str, str], home: Path):
        self.tokens = tokens
        self.home = home
        self.spaces: dict[str, Repository] = {}
        self.models: dict[str, Repository] = {}
        self.objects: dict[str, bytes] = {}
        self.requests: list[str] = []
        self.refuse: dict[str, int] = {}
        self.drop: str | None = None
        self.drop_after: str | None = None
        self.hold: str | None = None
        self.held, self.go = threading.Event(), threading.Event()

    def __enter__(self):
        handler = type("Handler", (_Handler,), {"hub": self})
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}"
        # The argument: how often it looks whether it shall end, which is waited for.
        serve = self.server.serve_forever
        threading.Thread(target=serve, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self.go.set()
        self.server.shutdown()
        self.server.server_close()

    def add(self, name: str, sdk: str | None = "static") -> Repository:
        """A new Space, or a model without an sdk, as the hub makes it."""
        files = {".gitattributes": b"*.safetensors filter=lfs\n"}
        if sdk:
            files["README.md"] = b"new"
        self.kind(sdk)[name] = Repository(sdk, files)
        return self.kind(sdk)[name]

    def kind(self, sdk: str | None) -> dict[str, Repository]:
        """The Spaces, or the models."""
        return self.spaces if sdk else self.models


class Refusal(Exception):
    """The status, and the header that says why."""

    def __init__(self, status: int, message: str, code: str = ""):
        self.status, self.message, self.code = status, message, code


class _Handler(BaseHTTPRequestHandler):
    hub: Hub
    protocol_version = "HTTP/1.1"
    # An answer is written in two parts, and the second would wait for the client to acknowledge the first: 40 ms.
    disable_nagle_algorithm = True

    def _answer(self):
        path = self.path.partition("?")[0]
        found = {
            name: match
            for name, pattern in ROUTES.items()
            if (match := re.fullmatch(pattern, f"{self.command} {path}"))
        }
        length = int(self.headers.get("Content-Length", 0))
        if not found:
            self.rfile.read(length)
            return self._send(404, {"error": f"no such route: {self.command} {path}"})
        [(name, match)] = found.items()
        self.hub.requests.append(name)
        if self.hub.drop == name:
            self.rfile.read(length // 2)
            self.close_connection = True
            return None
        body = self.rfile.read(length)
        if self.hub.hold == name:
            self.hub.held.set()
            self.hub.go.wait()
        try:
            if name in self.hub.refuse:
                raise Refusal(self.hub.refuse[name], CREDENTIALS)
            # An object's address is a secret in itself, and anybody may read.
            open_to_all = name in ("object", "resolve")
            user = None if open_to_all else self._user()
            answer = getattr(self, f"_{name}")(user, body, **match.groupdict())
        except Refusal as refusal:
            headers = {"X-Error-Message": refusal.message, "X-Error-Code": refusal.code}
            return self._send(refusal.status, {"error": refusal.message}, headers)
        if self.hub.drop_after == name:
            self.close_connection = True
            return None
        return self._send(200, *(answer if name == "resolve" else (answer,)))

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = _answer

    def log_message(self, *_):
        pass

    def _send(self, status, answer, headers=()):
        content, headers = answer, dict(headers)
        if not isinstance(answer, bytes):
            content = json.dumps(answer).encode()
            headers["Content-Type"] = "application/json"
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def _user(self) -> str:
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        if token not in self.hub.tokens:
            raise Refusal(401, CREDENTIALS)
        return self.hub.tokens[token]

    def _repository(self, user, kind, name, write=False) -> Repository:
        there = self.hub.spaces if kind == "spaces" else self.hub.models
        if name not in there:
            raise Refusal(404, "Repository not found", "RepoNotFound")
        if write and not name.startswith(f"{user}/"):
            raise Refusal(403, "You don't have the rights to write here")
        return there[name]

    def _info(self, user, body, kind, name):
        there = self._repository(user, kind, name)
        siblings = [{"rfilename": path} for path in there.files]
        told = {"id": name, "sha": there.newest, "siblings": siblings}
        return told | ({"sdk": there.sdk} if there.sdk else {})

    def _tree(self, user, body, kind, name):
        return [
            {"type": "file", "path": path, "size": len(content), "oid": _oid(content)}
            for path, content in self._repository(user, kind, name).files.items()
        ]

    def _create(self, user, body):
        asked = json.loads(body)
        name = f"{asked['organization']}/{asked['name']}"
        # A model has no sdk, and a Space must have one.
        sdk = asked["sdk"] if asked.get("type", "model") == "space" else None
        if asked["organization"] != user:
            raise Refusal(403, "You don't have the rights to create here")
        if name in self.hub.kind(sdk):
            raise Refusal(409, "You already created this repo")
        self.hub.add(name, sdk)
        below = "spaces/" if sdk else ""
        return {"url": f"{self.hub.address}/{below}{name}", "name": name}

    def _delete(self, user, body):
        asked = json.loads(body)
        name = f"{asked['organization']}/{asked['name']}"
        kind = "spaces" if asked.get("type") == "space" else "models"
        self._repository(user, kind, name, write=True)
        del getattr(self.hub, kind)[name]
        return {}

    def _validate(self, user, body):
        asked = json.loads(body)
        head = yaml.safe_load(asked["content"].split("---\n")[1])
        if asked["repoType"] == "space":
            right = (
                head["sdk"] in ("static", "gradio")
                and {head["colorFrom"], head["colorTo"]} <= COLOURS
                and len(head["short_description"]) <= 60
            )
        else:
            right = isinstance(head.get("license", ""), str) and "sdk" not in head
        if not right:
            raise Refusal(400, "Invalid metadata in README.md")
        return {"errors": [], "warnings": []}

    def _preupload(self, user, body, kind, name):
        there = self._repository(user, kind, name, write=True)
        files = []
        for asked in json.loads(body)["files"]:
            path = asked["path"]
            old = there.files.get(path)
            mode = _mode(path)
            oid = None if old is None else _oid(old, mode)
            files.append({"path": path, "uploadMode": mode, "shouldIgnore": False, "oid": oid})
        return {"files": files}

    def _batch(self, user, body, kind, name):
        self._repository(user, kind, name, write=True)
        objects = json.loads(body)["objects"]
        for asked in objects:
            if asked["oid"] not in self.hub.objects:
                href = f"{self.hub.address}/objects/{asked['oid']}"
                asked["actions"] = {"upload": {"href": href}}
        return {"transfer": "basic", "objects": objects}

    def _object(self, user, body, oid):
        if hashlib.sha256(body).hexdigest() != oid:
            raise Refusal(400, "not what was announced")
        self.hub.objects[oid] = body
        return {}

    def _commit(self, user, body, kind, name):
        there = self._repository(user, kind, name, write=True)
        operations = [json.loads(line) for line in body.splitlines()]
        files = dict(there.files)
        for operation in operations[1:]:
            value = operation["value"]
            match operation["key"]:
                case "file":
                    files[value["path"]] = base64.b64decode(value["content"])
                case "lfsFile":
                    files[value["path"]] = self.hub.objects[value["oid"]]
                case "deletedFile":
                    del files[value["path"]]
        there.files = files  # all of it or nothing
        there.commits.append(operations)
        oid = there.newest
        there.versions[oid] = files
        below = "spaces/" if kind == "spaces" else ""
        address = f"{self.hub.address}/{below}{name}/commit/{oid}"
        return {"success": True, "commitOid": oid, "commitUrl": address}

    def _resolve(self, user, body, kind, name, revision, path):
        """A file's content, and the headers by which it is known."""
        there = self._repository(user, kind, name)
        commit = there.newest if revision == "main" else revision
        if revision != "main" and commit not in there.versions:
            raise Refusal(404, "Invalid rev id", "RevisionNotFound")
        files = there.files if revision == "main" else there.versions[commit]
        if path not in files:
            raise Refusal(404, "Entry not found", "EntryNotFound")
        content, mode = files[path], _mode(path)
        headers = {"ETag": f'"{_oid(content, mode)}"', "X-Repo-Commit": commit}
        if mode == "lfs":
            headers["X-Linked-Etag"] = headers["ETag"]
            headers["X-Linked-Size"] = str(len(content))
        return content, headers


def _mode(path: str) -> str:
    """Whether git keeps a file itself or its large-file storage does."""
    return "lfs" if path.endswith((".safetensors", ".onnx")) else "regular"


def _oid(content: bytes, mode: str = "regular") -> str:
    """Git's own name for a file, or a large file's SHA-256."""
    if mode == "lfs":
        return hashlib.sha256(content).hexdigest()
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


@contextmanager
def client(hub, token=None, **more):
    """Leads the hub's client in this process to the stand-in.

    It reads the environment when it is imported, so what it has read is read again, here and afterwards.
    ``hub.waits`` are the seconds that it would have waited before each new try of the same request.
    """
    hub.waits = []
    bars = huggingface_hub.utils.are_progress_bars_disabled()
    verbosity = huggingface_hub.logging.get_verbosity()
    clock = SimpleNamespace(**{**vars(time), "sleep": hub.waits.append})

    def restore():
        importlib.reload(huggingface_hub.constants)
        huggingface_hub.logging.set_verbosity(verbosity)
        if not bars:
            huggingface_hub.utils.enable_progress_bars()

    with ExitStack() as stack:
        stack.callback(restore)  # last, once the environment is itself again
        told = environment(hub, token, **more)
        stack.enter_context(mock.patch.dict(os.environ, told, clear=True))
        stack.enter_context(mock.patch.object(_http, "time", clock))
        stack.enter_context(warnings.catch_warnings())
        # Its own business, and shown to nobody outside of tests.
        warnings.filterwarnings("ignore", "Use 'content=", DeprecationWarning)
        importlib.reload(huggingface_hub.constants)
        huggingface_hub.close_session()
        stack.callback(huggingface_hub.close_session)
        huggingface_hub.utils.disable_progress_bars()
        yield


def environment(hub, token=None, **more):
    """The environment of a process that has the stand-in for its hub."""
    # The number of threads may decide the last bit of a sum.
    names = ("PATH", "PYTHONPATH", "HOME", "OMP_NUM_THREADS")
    keep = {name: os.environ[name] for name in names if name in os.environ}
    there = {
        "HF_ENDPOINT": hub.address,
        "HF_HOME": str(hub.home),
        "HF_HUB_DISABLE_XET": "1",
        "NO_PROXY": "127.0.0.1",
    }
    return keep | there | ({"HF_TOKEN": token} if token else {}) | more
