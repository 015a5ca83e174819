import pickle

import pytest
import torch
from torch import nn

from digitlib import checkpoint


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
    moments = [
        side["optimizer"].state_dict()["state"][0]["exp_avg"] for side in (old, new)
    ]
    assert torch.equal(*moments)


def test_no_file_means_from_the_start(tmp_path):
    assert checkpoint.resume(None, parts(), {}) == []
    assert checkpoint.resume(tmp_path / "nowhere", parts(), {}) == []


def test_another_training_is_named(tmp_path):
    checkpoint.save(tmp_path / "kept", parts(), {"seed": 1, "rate": 0.1}, [])
    with pytest.raises(ValueError, match=r"another training: expected seed 2, got 1$"):
        checkpoint.resume(tmp_path / "kept", parts(), {"seed": 2, "rate": 0.1})


class Trap:
    def __reduce__(self):
        return print, ("sprung",)


@pytest.mark.parametrize(
    "content", [b"", b"no training", "cut", "trap", "other", "number"]
)
def test_a_damaged_or_evil_file_is_refused(tmp_path, capsys, content):
    path = tmp_path / "kept"
    checkpoint.save(path, parts(), {}, [])
    if content == "cut":
        path.write_bytes(path.read_bytes()[:1000])
    elif content == "trap":
        path.write_bytes(pickle.dumps(Trap(), protocol=2))
    elif content == "other":
        torch.save({"model": torch.ones(1)}, path)
    elif content == "number":
        torch.save(5, path)
    else:
        path.write_bytes(content)
    with pytest.raises(ValueError, match="kept: expected an interrupted training, got"):
        checkpoint.resume(path, parts(), {})
    assert capsys.readouterr().out == ""
