import argparse
import json

import pytest
import torch
from PIL import Image

from digitlib import classify, data, export, weights
from digitlib.commands import options
from digitlib.model import MLP
from folders import make
from idx import idx
from named import write
from shell import run


def parsed(*arguments):
    parser = argparse.ArgumentParser()
    options.add_data(parser)
    options.add_weights(parser)
    return parser.parse_args([str(argument) for argument in arguments])


def held_back(*arguments):
    asked = parsed(*arguments)
    return options.held_back(asked, classify.load(asked.weights))


def test_without_a_word_it_is_mnist_and_the_packages_own_weights():
    asked = parsed()
    assert (asked.data, asked.weights) == ("mnist", weights.SHIPPED)
    assert parsed("--weights", "w").weights.name == "w"


@pytest.mark.parametrize("name", data.NAMES)
def test_every_data_set_can_be_asked_for(name):
    assert parsed("--data", name).data == parsed("--dataset", name).data == name


def test_what_was_left_out_is_said(capsys, tmp_path):
    make("dots", 2, 3, tmp_path)
    (tmp_path / "dots 00" / "0.png").write_bytes(b"no picture")
    (tmp_path / "empty").mkdir()
    images = options.read(str(tmp_path))
    assert len(images) == 6
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith(f"digitlib: {tmp_path}: 1 class without a picture (empty); 1 picture")
    assert "dots 00/0.png" in line


def test_what_a_file_calls_its_data(tmp_path):
    (tmp_path / "my signs").mkdir()
    assert options.called("mnist") == "mnist"
    assert options.called(str(tmp_path / "my signs" / "..") + "/my signs/") == "my signs/"
    assert options.called(str(tmp_path / "x-images-idx3-ubyte")) == "x-images-idx3-ubyte"


def test_of_a_named_set_the_validation_digits_are_asked_about():
    images, place = held_back("--data", "optdigits")
    assert (len(images), place) == (287, "the validation set")


@pytest.fixture
def trained(tmp_path):
    """A folder of pictures, and weights that a fifth of them was held back from."""
    make("dots", 4, 10, tmp_path / "signs")
    images = data.load(tmp_path / "signs")
    _, valid = data.split(images, 8)
    model = MLP((8,), classes=4)
    export.export_weights(model, tmp_path / "w", valid, "signs/", {})
    return tmp_path / "signs", tmp_path / "w"


def test_of_the_pictures_of_its_training_those_that_were_held_back(trained):
    signs, file = trained
    images, place = held_back("--data", signs, "--weights", file)
    assert (len(images), place) == (8, "the validation set")
    assert len(set(images.files)) == 8


def test_of_other_pictures_all(trained, tmp_path, capsys):
    signs, file = trained
    (signs / "dots 00" / "0003.png").unlink()
    images, place = held_back("--data", signs, "--weights", file)
    assert (len(images), place) == (39, str(signs))
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith(f"digitlib: {signs}: not the very pictures that {file} was trained on")
    make("dots", 1, 1, tmp_path / "one")
    (tmp_path / "one" / "not yet").mkdir()
    images, place = held_back("--data", tmp_path / "one", "--weights", file)
    assert (len(images), images.labels.tolist()) == (1, [0])
    assert "1 class without a picture (not yet)" in capsys.readouterr().err


def test_of_classes_that_a_model_has_not_nobody_is_asked(trained, tmp_path):
    _, file = trained
    make("bars", 2, 2, tmp_path / "bars")
    with pytest.raises(
        ValueError, match=r"expected folders out of dots 00, .*, got bars 00, bars 01"
    ):
        held_back("--data", tmp_path / "bars", "--weights", file)
    with pytest.raises(ValueError, match=f"{file}: expected the classes of optdigits"):
        held_back("--data", "optdigits", "--weights", file)


@pytest.mark.parametrize("said", [None, ("a", "b"), ("b", "a")])
def test_files_of_images_are_of_the_models_classes_unless_they_say_otherwise(tmp_path, said):
    file = write(tmp_path / "w", ("a", "b"))
    (tmp_path / "i-images-idx3-ubyte").write_bytes(idx(torch.ones(3, 28, 28).numpy()))
    (tmp_path / "i-labels-idx1-ubyte").write_bytes(idx(torch.tensor([0, 1, 1]).numpy()))
    if said:
        (tmp_path / "i-classes.json").write_text(json.dumps({"classes": said}))
    asked = "--data", tmp_path / "i-images-idx3-ubyte", "--weights", file
    if said == ("b", "a"):
        with pytest.raises(ValueError, match="expected images of a, b, got those of b, a"):
            held_back(*asked)
    else:
        assert held_back(*asked)[0].classes == ("a", "b")


@pytest.mark.parametrize("provenance", [{}, {"valid": None}, {"valid": {"n": 3}}, {"valid": [1]}])
def test_a_file_may_say_anything_of_its_origin(tmp_path, provenance):
    make("dots", 2, 2, tmp_path / "dots")
    file = write(tmp_path / "w", ("dots 00", "dots 01"), provenance=provenance)
    assert len(held_back("--data", tmp_path / "dots", "--weights", file)[0]) == 4


def test_mistakes_are_named_by_their_files(capsys, tmp_path):
    """Of two classes that random weights can't tell, some picture is named wrong."""
    for i, name in enumerate(("umlaut ä", "b")):
        (tmp_path / "in" / name).mkdir(parents=True)
        for j in range(3):
            Image.new("L", (28, 28), 50 * (i + j) + 1).save(tmp_path / "in" / name / f"{j} .png")
    file = write(tmp_path / "w", ("b", "umlaut ä"))
    code, output, errors = run(capsys, "evaluate", "--weights", file, "--data", tmp_path / "in")
    assert (code, errors) == (0, []) and output[0].endswith(f"of 6 pictures in {tmp_path / 'in'}")
    wrong = [line for line in output if line.startswith(("  b/", "  umlaut ä/"))]
    assert wrong and all(", called " in line for line in wrong)


def test_a_home_is_found_where_the_shell_has_left_its_sign(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    parser = argparse.ArgumentParser()
    options.add_data(parser)
    assert parser.parse_args(["--data=~/scans"]).data == f"{tmp_path}/scans"
    assert parser.parse_args([]).data == "mnist"
