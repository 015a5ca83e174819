"""A stand-in for the hub that Spaces live on: it answers huggingface_hub on 127.0.0.1 and keeps what it was sent."""

import base64
import hashlib
import json
import re
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import yaml

# What the hub does, by method and path. {space} is USER/NAME.
ROUTES = {
    "info": r"GET /api/spaces/(?P<space>[^/]+/[^/]+)(/revision/main)?",
    "tree": r"GET /api/spaces/(?P<space>[^/]+/[^/]+)/tree/main",
    "create": r"POST /api/repos/create",
    "delete": r"DELETE /api/repos/delete",
    "validate": r"POST /api/validate-yaml",
    "preupload": r"POST /api/spaces/(?P<space>[^/]+/[^/]+)/preupload/main",
    "batch": r"POST /spaces/(?P<space>[^/]+/[^/]+)\.git/info/lfs/objects/batch",
    "object": r"PUT /objects/(?P<oid>[0-9a-f]{64})",
    "commit": r"POST /api/spaces/(?P<space>[^/]+/[^/]+)/commit/main",
}
CREDENTIALS = "Invalid credentials in Authorization header"
COLOURS = {"red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray"}


@dataclass
class Space:
    """What a Space holds, and the commits that brought it there."""

    sdk: str
    files: dict[str, bytes]
    commits: list[list[dict]] = field(default_factory=list)


class Hub:
    """Serves on ``address`` while used as a context.

    Attributes:
        tokens: whose each token is.
        spaces: by name.
        objects: large files by their SHA-256.
        requests: the names of ROUTES, in the order in which they were asked for.
        refuse: name of a route -> status to answer it with.
        drop: a route at which the connection breaks, in the middle of the body.
        drop_after: a route whose work is done, and whose answer is lost.
        hold: a route that waits, when its body has come, until ``go`` is set; ``held`` says that it was reached.
    """

    def __init__(self, tokens: dict[str, str]):
        self.tokens = tokens
        self.spaces: dict[str, Space] = {}
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
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.go.set()
        self.server.shutdown()
        self.server.server_close()

    def add(self, name: str, sdk: str = "static") -> Space:
        """A new Space as the hub makes it."""
        files = {".gitattributes": b"*.safetensors filter=lfs\n", "README.md": b"new"}
        self.spaces[name] = Space(sdk, files)
        return self.spaces[name]


class Refusal(Exception):
    """The status, and the header that says why."""

    def __init__(self, status: int, message: str, code: str = ""):
        self.status, self.message, self.code = status, message, code


class _Handler(BaseHTTPRequestHandler):
    hub: Hub
    protocol_version = "HTTP/1.1"

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
            self.hub.go.wait(60)
        try:
            if name in self.hub.refuse:
                raise Refusal(self.hub.refuse[name], CREDENTIALS)
            # An object's address is a secret in itself.
            user = None if name == "object" else self._user()
            answer = getattr(self, f"_{name}")(user, body, **match.groupdict())
        except Refusal as refusal:
            headers = {"X-Error-Message": refusal.message, "X-Error-Code": refusal.code}
            return self._send(refusal.status, {"error": refusal.message}, headers)
        if self.hub.drop_after == name:
            self.close_connection = True
            return None
        return self._send(200, answer)

    do_GET = do_POST = do_PUT = do_DELETE = _answer

    def log_message(self, *_):
        pass

    def _send(self, status, answer, headers=()):
        content = json.dumps(answer).encode()
        self.send_response(status)
        for name, value in dict(headers).items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _user(self) -> str:
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        if token not in self.hub.tokens:
            raise Refusal(401, CREDENTIALS)
        return self.hub.tokens[token]

    def _space(self, user, name, write=False) -> Space:
        if name not in self.hub.spaces:
            raise Refusal(404, "Repository not found", "RepoNotFound")
        if write and not name.startswith(f"{user}/"):
            raise Refusal(403, "You don't have the rights to write here")
        return self.hub.spaces[name]

    def _info(self, user, body, space):
        there = self._space(user, space)
        siblings = [{"rfilename": name} for name in there.files]
        sha = f"{len(there.commits):040x}"
        return {"id": space, "sha": sha, "sdk": there.sdk, "siblings": siblings}

    def _tree(self, user, body, space):
        return [
            {"type": "file", "path": name, "size": len(content), "oid": _oid(content)}
            for name, content in self._space(user, space).files.items()
        ]

    def _create(self, user, body):
        asked = json.loads(body)
        name = f"{asked['organization']}/{asked['name']}"
        if asked["organization"] != user:
            raise Refusal(403, "You don't have the rights to create here")
        if name in self.hub.spaces:
            raise Refusal(409, "You already created this space repo")
        self.hub.add(name, asked["sdk"])
        return {"url": f"{self.hub.address}/spaces/{name}", "name": name}

    def _delete(self, user, body):
        asked = json.loads(body)
        name = f"{asked['organization']}/{asked['name']}"
        self._space(user, name, write=True)
        del self.hub.spaces[name]
        return {}

    def _validate(self, user, body):
        content = json.loads(body)["content"]
        head = yaml.safe_load(content.split("---\n")[1])
        right = (
            head["sdk"] in ("static", "gradio")
            and {head["colorFrom"], head["colorTo"]} <= COLOURS
            and len(head["short_description"]) <= 60
        )
        if not right:
            raise Refusal(400, "Invalid metadata in README.md")
        return {"errors": [], "warnings": []}

    def _preupload(self, user, body, space):
        there = self._space(user, space, write=True)
        files = []
        for asked in json.loads(body)["files"]:
            name = asked["path"]
            old = there.files.get(name)
            mode = "lfs" if name.endswith(".safetensors") else "regular"
            oid = None if old is None else _oid(old, mode)
            files.append(
                {"path": name, "uploadMode": mode, "shouldIgnore": False, "oid": oid}
            )
        return {"files": files}

    def _batch(self, user, body, space):
        self._space(user, space, write=True)
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

    def _commit(self, user, body, space):
        there = self._space(user, space, write=True)
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
        oid = f"{len(there.commits):040x}"
        address = f"{self.hub.address}/spaces/{space}/commit/{oid}"
        return {"success": True, "commitOid": oid, "commitUrl": address}


def _oid(content: bytes, mode: str = "regular") -> str:
    """Git's own name for a file, or a large file's SHA-256."""
    if mode == "lfs":
        return hashlib.sha256(content).hexdigest()
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
