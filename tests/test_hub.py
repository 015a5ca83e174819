"""Models fetched by the real client from a stand-in hub; and what an error there means, in one line."""

import subprocess
import sys
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest

from digitlib import DigitClassifier, weights
from digitlib.hosts import deploy
from digitlib.hosts.publish import publish
from digitlib.hub import explained
from digitlib.preprocess import preprocess
from drawings import draw
from hub import TOKEN, client, environment

FROM_HUB = """
import sys
import numpy as np
from digitlib import DigitClassifier
images, *revisions = sys.argv[1:]
for number, revision in enumerate(revisions):
    classifier = DigitClassifier.from_hub("ada/digits", revision or None)
    np.save(f"{number}.npy", classifier.outputs(np.load(images)))
    print(classifier.threshold, classifier.temperature, "torch" in sys.modules)
"""


def from_hub(hub, folder, *revisions, **more):
    """What the classifiers on the hub say of some drawings, and of themselves; in a process, and without a token."""
    np.save(folder / "images.npy", images())
    process = subprocess.run(
        [sys.executable, "-W", "error", "-c", FROM_HUB, "images.npy", *revisions],
        env=environment(hub, HF_HUB_DISABLE_PROGRESS_BARS="1", **more),
        cwd=folder,
        capture_output=True,
        text=True,
    )
    assert (process.returncode, process.stderr) == (0, "")
    outputs = [np.load(folder / f"{number}.npy") for number in range(len(revisions))]
    return zip(outputs, map(str.split, process.stdout.splitlines()), strict=True)


@pytest.fixture
def complaint(hub, capfd):
    """The error of ``from_hub``, one line; nothing else is said."""

    def refused(name="ada/digits", revision="", **more):
        with (
            client(hub, **more),
            pytest.raises((OSError, ValueError, ModuleNotFoundError)) as caught,
        ):
            DigitClassifier.from_hub(name, revision or None)
        assert capfd.readouterr() == ("", "") and "\n" not in str(caught.value)
        return f"{caught.type.__name__}: {caught.value}"

    return refused


def images():
    noise = np.random.RandomState(0).randint(256, size=(20, 28, 28)).astype(np.uint8)
    drawn = [preprocess(np.asarray(draw(digit))) for digit in range(10)]
    return np.concatenate([noise, drawn])


@pytest.mark.server
def test_from_hub_gives_the_very_same_answers(hub, tmp_path):
    """The newest, or the pinned; without a token; and once fetched, without a hub."""
    with client(hub, TOKEN):
        for file in (weights.SHIPPED, weights.TINY):
            publish(deploy.gather("model", "ada/digits", file), "ada/digits", "model")
    first, second = hub.models["ada/digits"].versions
    versions = {"": weights.TINY, first: weights.SHIPPED, second: weights.TINY}
    found = from_hub(hub, tmp_path, *versions)
    for (there, told), file in zip(found, versions.values(), strict=True):
        ours = DigitClassifier.load(file)
        np.testing.assert_array_equal(there, ours.outputs(images()))
        assert told == [str(ours.threshold), str(ours.temperature), "False"]
    before = list(hub.requests)
    del versions[second]
    found = from_hub(hub, tmp_path, *versions, HF_HUB_OFFLINE="1")
    for (there, _), file in zip(found, versions.values(), strict=True):
        ours = DigitClassifier.load(file)
        np.testing.assert_array_equal(there, ours.outputs(images()))
    assert hub.requests == before


@pytest.mark.parametrize(
    ("name", "revision", "message"),
    [
        ("bob/digits", "", "FileNotFoundError: bob/digits: no such model on the hub"),
        ("ada/digits", "v9", "FileNotFoundError: ada/digits: expected a commit, tag or branch, got 'v9'"),
        ("ada/empty", "", "FileNotFoundError: ada/empty: expected a model that `digitlib deploy` published"),
        ("ada/other", "", "digits.safetensors: expected a digitlib weights file, got something else"),
        ("ada/no/name", "", "ValueError: expected USER/NAME, such as ada/digits, got 'ada/no/name'"),
        ("ada/my digits", "", "ValueError: expected USER/NAME, such as ada/digits, got 'ada/my digits'"),
    ],
)  # fmt: skip
@pytest.mark.server
def test_from_hub_says_plainly_what_is_missing(hub, complaint, name, revision, message):
    hub.add("ada/digits", None).files["digits.safetensors"] = weights.TINY.read_bytes()
    hub.add("ada/empty", None)
    hub.add("ada/other", None).files["digits.safetensors"] = b"somebody else's"
    assert message in complaint(name, revision)


@pytest.mark.parametrize(
    ("trouble", "message"),
    [
        ({"drop": "resolve"}, "ConnectionError: ada/digits: the hub doesn't answer (Rem"),
        ({"refuse": {"resolve": 418}}, "OSError: ada/digits: the hub answered 418: Invalid"),
        ({"refuse": {"resolve": 401}}, "OSError: ada/digits: the hub answered 401: Invalid"),
        ({}, "ConnectionError: ada/digits: the hub doesn't answer (Off"),
    ],
)  # fmt: skip
@pytest.mark.server
def test_from_hub_without_an_answer(hub, complaint, trouble, message):
    hub.add("ada/digits", None).files["digits.safetensors"] = weights.TINY.read_bytes()
    for name, value in trouble.items():
        setattr(hub, name, value)
    offline = {} if trouble else {"HF_HUB_OFFLINE": "1"}
    said = complaint(**offline)
    assert said.startswith(message)
    assert said.endswith("; no copy is kept here") == ("doesn't answer" in message)


def test_from_hub_without_its_client(monkeypatch):
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    told = "huggingface_hub is not installed; pip install huggingface-hub"
    with pytest.raises(ModuleNotFoundError, match=f"^{told}$"):
        DigitClassifier.from_hub("ada/digits")


class Answered(Exception):
    """As the hub's client raises it."""

    def __init__(self, status, said):
        self.response, self.server_message = SimpleNamespace(status_code=status), said


REASONS = {"Answered": (FileNotFoundError, "by name"), 402: (PermissionError, "by status")}


def raised(*errors):
    """The last of several errors, each of which came from the one before."""
    for before, error in pairwise(errors):
        error.__cause__ = before
    return errors[-1]


@pytest.mark.parametrize(
    ("errors", "reasons", "line"),
    [
        ([Answered(402, "pay")], REASONS, "FileNotFoundError: a/b: by name; left"),
        ([Answered(402, "pay")], {402: REASONS[402]}, "PermissionError: a/b: by status; left"),
        ([Answered(418, "tea")], {402: REASONS[402]}, "OSError: a/b: the hub answered 418: tea; left"),
        ([Answered(418, None)], {}, "OSError: a/b: the hub answered 418: Answered; left"),
        ([Answered(418, "tea"), OSError(), RuntimeError("")], {}, "OSError: a/b: the hub answered 418: tea; left"),
        ([ValueError("no YAML")], REASONS, "OSError: a/b: no YAML; left"),
        ([TimeoutError(), OSError()], REASONS, "ConnectionError: a/b: the hub doesn't answer (TimeoutError); again"),
    ],
)  # fmt: skip
def test_a_failure_is_explained_in_one_line(errors, reasons, line):
    found = explained(raised(*errors), "a/b", reasons, "again", "left")
    assert f"{type(found).__name__}: {found}" == line


def test_what_leaves_nothing_says_nothing_of_it():
    assert str(explained(Answered(418, "tea"), "a/b", {}, "no")) == "a/b: the hub answered 418: tea"
