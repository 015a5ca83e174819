import hashlib
import io
import pickle

import pytest
import torch
from torch import nn

from digitlib.engine import checkpoint


def parts():
    model = nn.Linear(2, 1)
    optimizer = torch.optim.AdamW(model.parameters())
    return {"model": model, "optimizer": optimizer}


def test_what_is_kept_comes_back(tmp_path):
    old, new = parts(), parts()
    old["model"](torch.ones(1, 2)).sum().backward()
    old["optimizer"].step()
    checkpoint.save(tmp_path / "kept", old, {"seed": 1, "hidden": (4,)}, [{"n": 1}])
    about = {"seed": 1, "hidden": (4,)}
    assert checkpoint.resume(tmp_path / "kept", new, about) == [{"n": 1}]
    assert checkpoint.epochs(tmp_path / "kept") == 1
    assert torch.equal(old["model"].weight, new["model"].weight)
    moments = [side["optimizer"].state_dict()["state"][0]["exp_avg"] for side in (old, new)]
    assert torch.equal(*moments)


def test_no_file_means_from_the_start(tmp_path):
    assert checkpoint.resume(None, parts(), {}) == []
    assert checkpoint.resume(tmp_path / "nowhere", parts(), {}) == []


def test_another_training_is_named(tmp_path):
    checkpoint.save(tmp_path / "kept", parts(), {"seed": 1, "rate": 0.1}, [])
    with pytest.raises(ValueError, match=r"another training: expected seed 2, got 1$"):
        checkpoint.resume(tmp_path / "kept", parts(), {"seed": 2, "rate": 0.1})


def test_another_model_is_said_so_in_one_line(tmp_path):
    checkpoint.save(tmp_path / "kept", parts(), {}, [])
    other = {**parts(), "model": nn.Linear(3, 4)}
    with pytest.raises(ValueError, match=r"expected the state of this model, .* mismatch") as error:
        checkpoint.resume(tmp_path / "kept", other, {})
    assert "\n" not in str(error.value)


@pytest.fixture
def kept(tmp_path):
    checkpoint.save(tmp_path / "kept", parts(), {"seed": 1}, [])
    return tmp_path / "kept"


@pytest.mark.parametrize("place", [0.0, 0.02, 0.3, 0.5, 0.8, 0.999])
def test_one_flipped_bit_is_noticed(kept, place):
    """Also in a weight, which is a number as good as another."""
    content = bytearray(kept.read_bytes())
    content[int(place * len(content))] ^= 1
    kept.write_bytes(content)
    for ask in (checkpoint.epochs, lambda path: checkpoint.resume(path, parts(), {})):
        with pytest.raises(ValueError, match="kept: expected an interrupted training"):
            ask(kept)


def test_a_flipped_bit_and_an_older_file_are_told_apart(kept):
    content = bytearray(kept.read_bytes())
    content[-1] ^= 1
    kept.write_bytes(content)
    with pytest.raises(ValueError, match="its checksum differs; remove it to start"):
        checkpoint.epochs(kept)
    torch.save({"parts": {}, "about": {}, "history": []}, kept)
    with pytest.raises(ValueError, match="no checksum, as in files of older versions"):
        checkpoint.epochs(kept)


class Trap:
    def __reduce__(self):
        return print, ("sprung",)


def sealed(content):
    """With the line and the checksum of a file that is whole."""
    return checkpoint._MARK + hashlib.sha256(content).digest() + content


def saved(thing):
    buffer = io.BytesIO()
    torch.save(thing, buffer)
    return buffer.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no training",
        sealed(b""),
        sealed(b"no training"),
        sealed(saved(parts()["model"].state_dict())[:1000]),
        sealed(pickle.dumps(Trap(), protocol=2)),
        sealed(saved({"model": torch.ones(1)})),
        sealed(saved(5)),
    ],
    ids=["empty", "text", "none", "words", "cut", "trap", "other", "number"],
)
def test_a_damaged_or_evil_file_is_refused(tmp_path, capsys, content):
    path = tmp_path / "kept"
    path.write_bytes(content)
    with pytest.raises(ValueError, match="kept: expected an interrupted training, got"):
        checkpoint.resume(path, parts(), {})
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("fault", [TypeError, AssertionError, UnicodeDecodeError, OverflowError])
def test_whatever_pytorch_makes_of_a_damaged_file_is_one_line(tmp_path, monkeypatch, fault):
    """Its checksum may be right, where somebody made it so."""
    checkpoint.save(tmp_path / "kept", parts(), {}, [])

    def damaged(*_, **__):
        raise fault(
            *(["utf-8", b"x", 0, 1, "no text"] if fault is UnicodeDecodeError else ["a\nb"])
        )

    monkeypatch.setattr(torch, "load", damaged)
    with pytest.raises(
        ValueError, match="kept: expected an interrupted training, got something"
    ) as error:
        checkpoint.epochs(tmp_path / "kept")
    assert "\n" not in str(error.value)
