"""Hugging Face's hub, where models are fetched from: a file of theirs, and in one plain line why there is none.

Its client, huggingface_hub, is imported when it is called for. Whoever sends something there has its failures explained
here too.
"""

from collections.abc import Mapping

__all__ = ["Reasons", "explained", "fetch"]

Reasons = Mapping[str | int, tuple[type[OSError], str]]
"""What an error means: its kind and what to say, by the client's name of it or by the status of the hub's answer."""


def fetch(name: str, file: str, revision: str | None = None) -> str:
    """The path of a model's file, fetched now or kept from before.

    Args:
        name: ``USER/NAME``.
        file: the file's path in the model.
        revision: a commit's hash, a tag or a branch; without it, what is there now.

    Raises:
        ModuleNotFoundError: huggingface_hub isn't installed.
        FileNotFoundError: no such model, revision or file.
        ConnectionError: the hub doesn't answer, and nothing was fetched before.
        OSError: the hub refused.
        ValueError: not a name.

    >>> fetch("ada digits", "digits.safetensors")
    Traceback (most recent call last):
        ...
    ValueError: expected USER/NAME, such as ada/digits, got 'ada digits'
    """
    try:
        from huggingface_hub import errors, hf_hub_download
    except ModuleNotFoundError as error:
        message = f"{error.name} is not installed; pip install huggingface-hub"
        raise ModuleNotFoundError(message, name=error.name) from None
    reasons = {
        "RepositoryNotFoundError": "no such model on the hub, or none that you may read",
        "RevisionNotFoundError": f"expected a commit, tag or branch, got {revision!r}",
        "RemoteEntryNotFoundError": f"expected a model that `digitlib deploy` published, with {file}",
    }
    missing: Reasons = {kind: (FileNotFoundError, why) for kind, why in reasons.items()}
    try:
        return hf_hub_download(name, file, revision=revision, library_name="digitlib")
    except errors.HFValidationError:
        message = f"expected USER/NAME, such as ada/digits, got {name!r}"
        raise ValueError(message) from None
    except (errors.HTTPError, errors.LocalEntryNotFoundError) as error:
        raise explained(error, name, missing, "no copy is kept here") from None


def explained(
    error: BaseException, name: str, reasons: Reasons, unanswered: str, left: str | None = None
) -> OSError:
    """The hub's answer, or its silence, in one line.

    Args:
        error: what its client raised.
        name: what was asked for, ``USER/NAME``; the line starts with it.
        reasons: what is to be expected. Any other answer is given in the hub's own words.
        unanswered: what it means if no answer came.
        left: what an answer leaves behind, if that has to be said.

    Returns:
        An error to be raised: of the kind in ``reasons``; ConnectionError where no answer came, OSError for any other.

    >>> explained(TimeoutError(), "ada/digits", {}, "no copy is kept here")
    ConnectionError("ada/digits: the hub doesn't answer (TimeoutError); no copy is kept here")
    """
    reason, response = error, getattr(error, "response", None)
    while response is None and reason.__cause__:  # the one that tells stands behind others
        reason = reason.__cause__
        response = getattr(reason, "response", None)
    status = getattr(response, "status_code", None)
    said = getattr(reason, "server_message", None) or type(reason).__name__
    end = f"; {left}" if left else ""
    keys: list[str | int] = [kind.__name__ for kind in type(reason).__mro__]
    for key in [*keys, status] if status else keys:
        if key in reasons:
            kind, why = reasons[key]
            return kind(f"{name}: {why}{end}")
    if status:
        return OSError(f"{name}: the hub answered {status}: {said}{end}")
    if isinstance(reason, ValueError):  # of its client, before anything was asked
        return OSError(f"{name}: {reason}{end}")
    return ConnectionError(f"{name}: the hub doesn't answer ({said}); {unanswered}")
