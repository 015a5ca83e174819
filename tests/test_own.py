"""Pictures of one's own, all the way by command: from a folder to a page on which somebody draws."""

import json
import os
import re

import numpy as np
import pytest
from PIL import Image

from digitlib import classify, data
from digitlib.commands.options import parted
from digitlib.sheets import stem_of
from folders import make, sign
from gestures import painted, stroke
from pads import guess
from servers import listening
from shell import run

NAMES = ["Größe", "süße Äpfel", "日本", "a b", 'x "q", y']


@pytest.fixture(scope="module")
def signs(tmp_path_factory):
    """Five kinds of signs, thirty pictures of each, by names as awkward as folders may have."""
    root = tmp_path_factory.mktemp("signs")
    make("strokes", len(NAMES), 30, root)
    try:
        for label, name in enumerate(NAMES):
            (root / f"strokes {label:02}").rename(root / name)
    except OSError:
        pytest.skip("a disk that takes no such names")
    return root


@pytest.fixture(scope="module")
def weights_file(signs, tmp_path_factory):
    from digitlib import cli

    out = tmp_path_factory.mktemp("out") / "w.safetensors"
    assert cli.main(["train", "--data", str(signs), "--out", str(out)]) == 0
    return out


def test_a_training_says_what_it_made_of_a_folder(signs, weights_file, capsys):
    model = classify.load(weights_file)
    assert model.classes == tuple(sorted(NAMES)) and model.preparation == "digit"
    said = model.provenance
    assert said["dataset"] == f"{signs.name}/"
    assert f" --data {signs.name}/ --preparation digit --recipe own " in said["command"]
    code, output, errors = run(capsys, "evaluate", "--data", signs, "--weights", weights_file)
    assert (code, errors) == (0, [])
    right = said["valid"]["right"]
    assert output[0].endswith("of 30 pictures in the validation set") and right >= 25
    assert output[0].startswith(f"{100 * right / 30:.1f} %")
    assert sum(" pictures" in line for line in output[1:6]) == 5


@pytest.fixture(scope="module")
def sheets(signs, tmp_path_factory):
    """The same pictures of three kinds as six people's, five on a sheet of each."""
    root = tmp_path_factory.mktemp("sheets")
    for name in NAMES[:3]:
        (root / name).mkdir()
        for i in range(30):
            os.link(signs / name / f"{i:04}.png", root / name / f"writer-{i % 6}-{i:02}.png")
    return root


def test_whole_sheets_are_held_back_and_found_again(capsys, sheets, tmp_path):
    """Eighteen of ninety are a fifth: of sheets of fifteen one comes nearest."""
    out = tmp_path / "w"
    asked = ["train", "--data", sheets, "--by-sheet", "--epochs", "2", "--out", out]
    code, output, errors = run(capsys, *asked)
    assert (code, errors) == (0, [])
    assert output[1] == "75 pictures of 3 classes to learn from, 15 held back"
    assert re.fullmatch(r"held back: writer-\d, 1 of 6 sheets", output[2])
    said = classify.load(out).provenance
    assert " --by-sheet " in said["command"]
    images = data.load(sheets, preparation="digit")
    _, valid = parted(images, by_sheet=True)
    assert len({stem_of(file) for file in valid.files}) == 1
    assert data.fingerprint(valid.images, valid.labels) == said["valid"]["images"]
    code, output, errors = run(capsys, "evaluate", "--data", sheets, "--weights", out)
    assert (code, errors) == (0, [])
    assert output[0].endswith("of 15 pictures in the validation set")


def test_one_sheet_alone_can_not_be_held_back(capsys, signs, tmp_path):
    for name in NAMES[:2]:
        (tmp_path / "in" / name).mkdir(parents=True)
        for i in range(4):
            os.link(signs / name / f"{i:04}.png", tmp_path / "in" / name / f"ada-{i}.png")
    asked = ["train", "--data", tmp_path / "in", "--by-sheet", "--out", tmp_path / "w"]
    code, _, [error] = run(capsys, *asked)
    assert code == 2 and "expected two sheets or more for --by-sheet, got one" in error


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("optdigits", "expected for --by-sheet a folder that digitlib sheets made, got no such"),
        (
            "signs",
            "expected a sign's file as digitlib sheets names it, such as camp/ada-07.png, got ",
        ),
    ],
)
def test_what_knows_no_sheets_cant_be_held_back_by_them(capsys, signs, tmp_path, source, message):
    source = signs if source == "signs" else source
    asked = ["train", "--data", source, "--by-sheet", "--out", tmp_path / "w"]
    code, _, [error] = run(capsys, *asked)
    assert code == 2 and message in error and not list(tmp_path.iterdir())


def test_what_is_odd_in_a_folder_is_named_and_the_rest_is_learned(capsys, signs, tmp_path):
    """Ten damaged files, an empty class, notes."""
    root = tmp_path / "odd"
    for name in NAMES[:3]:
        (root / name).mkdir(parents=True)
        for i in range(10):
            os.link(signs / name / f"{i:04}.png", root / name / f"{i}.png")
    for i in range(10):
        (root / "Größe" / f"broken {i}.png").write_bytes(
            (signs / "a b" / "0000.png").read_bytes()[: 60 + i]
        )
    (root / "empty").mkdir()
    (root / "a note.txt").write_text("mine")
    options = ["--set", "epochs=2", "--set", "deform=none", "--preparation", "digit"]
    code, output, [error] = run(capsys, "train", "--data", root, *options, "--out", tmp_path / "w")
    assert code == 0 and output[1] == "24 pictures of 3 classes to learn from, 6 held back"
    assert (
        "1 class without a picture (empty); 10 pictures that can't be read (Größe/broken 0.png"
        in error
    )
    assert "1 file beside" in error and "a note.txt" in error
    said = classify.load(tmp_path / "w").provenance["command"]
    assert "--set epochs=2 --set deform=none" in said and "--preparation digit" in said
    code, output, errors = run(capsys, "predict", "--json", "--weights", tmp_path / "w", root)
    assert code == 2 and (len(output), len(errors)) == (30, 11)  # and what was passed by
    found = [json.loads(line) for line in output]
    assert {name for one in found for name in one["probabilities"]} == set(NAMES[:3])


def test_pictures_that_can_only_be_taken_whole_are(capsys, tmp_path):
    make("bars", 4, 10, tmp_path / "bars")
    code, output, errors = run(
        capsys, "train", "--data", tmp_path / "bars", "--out", tmp_path / "w"
    )
    assert (code, errors) == (0, [])
    assert re.match(r"pictures are taken whole: of 1\d in a trial ", output[2])
    assert "100.0 %" in output[-1] and classify.load(tmp_path / "w").preparation == "picture"


def test_few_pictures_are_enough_for_signs_that_differ(capsys, tmp_path):
    """Twelve kinds of seventeen: two thirds of what was held back is named right, at least."""
    make("strokes", 12, 17, tmp_path / "few")
    asked = ["train", "--data", tmp_path / "few", "--out", tmp_path / "w"]
    code, _, errors = run(capsys, *asked)
    assert (code, errors) == (0, [])
    valid = classify.load(tmp_path / "w").provenance["valid"]
    assert valid["n"] == 40 and valid["right"] >= 27


def test_drawings_kept_on_a_pad_are_learned_by_their_names(capsys, tmp_path):
    """Its export: two files in MNIST's format, and one with the names."""
    from idx import idx

    images = np.zeros((12, 28, 28), dtype=np.uint8)
    images[:6, 4:20, 8:12] = images[6:, 8:12, 4:20] = 255
    (tmp_path / "drawings-images-idx3-ubyte").write_bytes(idx(images))
    (tmp_path / "drawings-labels-idx1-ubyte").write_bytes(idx(np.arange(12) // 6))
    names = {"classes": ["ä b", "c"], "preparation": "digit"}
    (tmp_path / "drawings-classes.json").write_text(json.dumps(names), encoding="utf-8")
    asked = ["train", "--data", tmp_path, "--set", "epochs=2", "--out", tmp_path / "w"]
    code, _, errors = run(capsys, *asked)
    assert (code, errors) == (0, [])
    model = classify.load(tmp_path / "w")
    assert (model.classes, model.preparation) == (("ä b", "c"), "digit")


def test_the_ten_digits_in_folders_are_digits(capsys, small, tmp_path):
    for label in range(10):
        (tmp_path / "in" / str(label)).mkdir(parents=True)
        for i, image in enumerate(small.images[small.labels == label][:5]):
            Image.fromarray(image.numpy()).save(tmp_path / "in" / str(label) / f"{i}.png")
    options = ["--recipe", "quick", "--epochs", "1", "--out", tmp_path / "w"]
    code, output, errors = run(capsys, "train", "--data", tmp_path / "in", *options)
    assert (code, errors) == (0, []) and "digits of 10 classes" in output[1]
    model = classify.load(tmp_path / "w")
    assert (model.classes, model.preparation) == (data.DIGITS, "digit")


def test_on_the_page_a_sign_that_somebody_draws_has_its_name(
    browser, capsys, weights_file, tmp_path
):
    """In another place and size than on any picture, and bright on dark where those were dark on bright."""
    site = tmp_path / "my page"
    assert run(capsys, "deploy", "--static", "--weights", weights_file, "--out", site)[0] == 0
    with listening(site) as address:
        page = browser.new_page()
        try:
            page.goto(address)
            page.wait_for_function("performance.getEntriesByName('pad-ready').length")
            for label, name in enumerate(NAMES):
                for line in sign(label):
                    stroke(page, [(15 + 55 * x, 35 + 55 * y) for x, y in line])
                painted(page)
                page.wait_for_function("document.querySelector('.pad-guess').innerText !== ''")
                assert name in guess(page)
                page.click(".pad-clear")
        finally:
            page.close()
