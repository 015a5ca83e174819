"""Send a folder to Hugging Face, as a Space or a model: in one commit, so that a lost connection leaves what was there.

What a folder holds, :mod:`digitlib.hosts.deploy` gathers. A repository that was made for it is deleted again where
nothing arrived.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from digitlib import __version__, hub
from digitlib.hosts.deploy import KINDS

__all__ = ["publish"]


@dataclass(frozen=True)
class _Repository:
    """A Space or a model on the hub.

    Attributes:
        hub: a :class:`huggingface_hub.HfApi` with a token.
        name: ``USER/NAME``.
        kind: one of :data:`digitlib.hosts.deploy.KINDS`.
    """

    hub: Any
    name: str
    kind: str

    @property
    def type(self) -> str:
        """What the hub calls it in its own addresses."""
        return "model" if self.kind == "model" else "space"

    @property
    def noun(self) -> str:
        """What a message calls it."""
        return "model" if self.kind == "model" else "Space"

    @property
    def address(self) -> str:
        """Its page."""
        below = "" if self.kind == "model" else "spaces/"
        return f"{self.hub.endpoint}/{below}{self.name}"

    @property
    def kept(self) -> str:
        """What a lost commit leaves of it: one commit carries everything."""
        return f"the {self.noun} is as it was, or complete"

    @property
    def reasons(self) -> hub.Reasons:
        """What the hub means when it refuses."""
        free = "" if self.kind == "model" else "; a static one is free"
        refusals = {
            401: "the hub refused the token; expected a valid one with write access",
            402: f"the hub wants to be paid for this kind of {self.noun}{free}",
            403: "the token has no right to write there; expected a name of your own",
            409: "the name is taken",
            429: "too many requests; try again later",
        }
        kinds = {401: PermissionError, 403: PermissionError}
        return {
            status: (kinds.get(status, OSError), f"{why} ({status})")
            for status, why in refusals.items()
        }


def publish(files: Mapping[str, bytes], name: str, kind: str) -> tuple[str, list[str]]:
    """Make the Space or the model if it isn't there, and send it the files in one commit.

    The token is ``HF_TOKEN`` or the saved login. What it held beside these files is deleted in the same commit.

    Args:
        files: contents by path, with slashes.
        name: ``USER/NAME``.
        kind: one of :data:`digitlib.hosts.deploy.KINDS`.

    Returns:
        its address, and the names of the deleted files.

    Raises:
        ValueError: another kind.
        PermissionError: no token, or one that may not do this.
        OSError: the hub said no for another reason, or the connection was lost.
        KeyboardInterrupt: it was interrupted; says what the hub holds now.
        ModuleNotFoundError: there is no huggingface_hub.

    What is asked wrongly is said before anything is sent:

    >>> from digitlib.hosts import deploy, publish
    >>> files = deploy.gather("static", "ada/digits")
    >>> publish.publish(files, "ada/digits", kind="page")
    Traceback (most recent call last):
    ValueError: expected a kind out of static, gradio, model, got 'page'
    """
    from huggingface_hub import errors

    if kind not in KINDS:
        raise ValueError(f"expected a kind out of {', '.join(KINDS)}, got {kind!r}")
    there = _Repository(_client(), name, kind)
    ours = False  # made here and now, so that it may be deleted again
    try:
        try:
            there.hub.repo_info(name, repo_type=there.type)
        except errors.RepositoryNotFoundError:
            ours = True  # even if the answer is lost
            try:
                _make(there)
            except errors.HfHubHTTPError:  # the hub answered, and said no
                ours = False
                raise
        gone = _commit(there, files)
    except KeyboardInterrupt:
        raise KeyboardInterrupt(_left(there) if ours else there.kept) from None
    except (errors.HTTPError, OSError, RuntimeError, ValueError) as error:
        left = _left(there) if ours else None
        unanswered = f"{left or there.kept}; run this again"
        raise hub.explained(error, name, there.reasons, unanswered, left) from None
    return there.address, gone


def _client() -> Any:
    """The hub's client, with a token and without a word of its own; PermissionError where there is no token."""
    import huggingface_hub

    huggingface_hub.logging.set_verbosity_error()  # it would tell of each new try
    huggingface_hub.utils.disable_progress_bars()
    token = huggingface_hub.get_token()
    if token is None:
        raise PermissionError(
            "no token: set HF_TOKEN, or log in once with `hf auth login`; "
            "expected one with write access, from https://huggingface.co/settings/tokens"
        )
    return huggingface_hub.HfApi(token=token, library_name="digitlib")


def _make(there: _Repository) -> None:
    """Make it, empty."""
    sdk = None if there.kind == "model" else there.kind
    there.hub.create_repo(there.name, repo_type=there.type, space_sdk=sdk)


def _commit(there: _Repository, files: Mapping[str, bytes]) -> list[str]:
    """Send everything in one commit; return what it deletes."""
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete

    old = there.hub.list_repo_files(there.name, repo_type=there.type)
    gone = sorted(set(old) - set(files) - {".gitattributes"})  # the hub's own
    there.hub.create_commit(
        there.name,
        [CommitOperationAdd(name, content) for name, content in files.items()]
        + [CommitOperationDelete(name, is_folder=False) for name in gone],
        commit_message=f"digitlib {__version__}",
        repo_type=there.type,
    )
    return gone


def _left(there: _Repository) -> str:
    """Delete what was made a moment ago and got no commit; say what is left of it."""
    from huggingface_hub import errors

    try:
        there.hub.delete_repo(there.name, repo_type=there.type, missing_ok=True)
    except (errors.HTTPError, OSError):
        return f"a new {there.noun} may stay behind, empty, at {there.address}"
    return f"nothing of the new {there.noun} is left"
