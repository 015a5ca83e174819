import csv
import io
import json
import os
import subprocess
import sys
import tracemalloc

import numpy as np
import pytest
from PIL import Image

from digitlib import classify
from digitlib.accuracy import percent
from digitlib.classify import DigitClassifier
from digitlib.weights import Weights, save
from drawings import draw
from named import AWKWARD, COUNTS, names, write, write_onnx
from shell import alone, bare, run, standard_input

FIELDS = ["file", "label", "name", "reason", "probabilities"]
# Some of which, cut off or changed in a byte, Pillow's readers raise errors of their own about.
FORMATS = [
    *("AVIF", "BMP", "DDS", "GIF", "JPEG", "JPEG2000", "PNG", "PPM", "QOI", "TGA", "TIFF", "WEBP"),
]


def test_predict(capsys, tmp_path):
    for digit in (1, 3, 7):
        draw(digit).save(tmp_path / f"{digit}.png")
    files = [tmp_path / f"{digit}.png" for digit in (1, 3, 7)]
    code, output, errors = run(capsys, "predict", *files)
    assert (code, errors) == (0, [])
    for file, line in zip(files, output, strict=True):
        assert line.startswith(f"{file}: {file.stem} (") and line.endswith("%)")


def test_predict_goes_on_after_a_bad_file(capsys, tmp_path):
    draw(7).save(tmp_path / "7.png")
    draw(7).point(lambda _: 0).save(tmp_path / "blank.png")
    (tmp_path / "note.txt").write_text("seven")
    files = [tmp_path / name for name in ("note.txt", "nowhere.png", "blank.png", "7.png")]
    code, output, errors = run(capsys, "predict", *files)
    assert code == 2
    assert output[0] == f"{files[2]}: blank" and output[1].startswith(f"{files[3]}: 7 (")
    assert [line.split(": ")[2].split(" (")[0] for line in errors] == [
        "expected a picture",
        "no such file",
    ]


def test_predict_prints_what_the_classifier_says(capsys, tmp_path):
    draw(2).save(tmp_path / "2.png")
    probabilities = DigitClassifier.load().probabilities(np.asarray(draw(2)))[0]
    _, output, _ = run(capsys, "predict", tmp_path / "2.png")
    assert output == [f"{tmp_path / '2.png'}: 2 ({percent(probabilities[2])})"]


@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize(("kind", "suffix"), [(write, "safetensors"), (write_onnx, "onnx")])
def test_predict_prints_the_name(capsys, tmp_path, count, kind, suffix):
    file = kind(tmp_path / f"w.{suffix}", names(count))
    draw(2).save(tmp_path / "2.png")
    code, output, errors = run(capsys, "predict", "--weights", file, tmp_path / "2.png")
    said = classify.load(file).classify(tmp_path / "2.png")
    share = percent(said.probabilities[said.label])
    assert said.name == names(count)[said.label]
    assert (code, errors) == (0, [])
    assert output == [f"{tmp_path / '2.png'}: {' '.join(said.name.split())} ({share})"]


def test_predict_says_why_there_is_no_name(capsys, tmp_path):
    calibration = {"threshold": -1e9}
    file = write(tmp_path / "w", ("a", "b"), none=True, calibration=calibration)
    draw(2).save(tmp_path / "2.png")
    _, output, _ = run(capsys, "predict", "--weights", file, tmp_path / "2.png")
    assert output == [f"{tmp_path / '2.png'}: none of these"]


@pytest.fixture
def asked(tmp_path, monkeypatch):
    """Weights of awkward names, a picture of an awkward name, and a blank one."""
    monkeypatch.chdir(tmp_path)
    draw(2).save('ein größeres, "Ärgernis".png')
    Image.new("L", (28, 28)).save("leer.png")
    weights = write("w", AWKWARD)
    return ['ein größeres, "Ärgernis".png', "leer.png", "--weights", weights]


def rows(output):
    return list(csv.reader(io.StringIO("\n".join(output))))


def test_json_lines_hold_what_the_classifier_says(capsys, asked):
    code, output, errors = run(capsys, "predict", "--json", *asked)
    assert (code, errors, len(output)) == (0, [], 2)
    classifier = classify.load(asked[-1])
    for line, file in zip(output, asked, strict=False):
        found, said = json.loads(line), classifier.classify(file)
        assert list(found) == FIELDS and found["file"] == file
        assert [found[name] for name in FIELDS[1:4]] == [said.label, said.name, said.reason]
        assert tuple(found["probabilities"]) == AWKWARD
        np.testing.assert_allclose(
            [*found["probabilities"].values()], said.probabilities, atol=5e-7
        )
    assert "größeres" in output[0] and "日" in output[0]
    assert json.loads(output[1])["reason"] == "blank"


def test_a_table_holds_the_same(capsys, asked):
    _, lines, _ = run(capsys, "predict", "--json", *asked)
    code, output, errors = run(capsys, "predict", "--csv", *asked)
    assert (code, errors) == (0, [])
    head, *body = rows(output)
    assert head == [*FIELDS[:4], *(f"probabilities.{name}" for name in AWKWARD)]
    for row, line in zip(body, map(json.loads, lines), strict=True):
        texts = ["" if line[name] is None else str(line[name]) for name in FIELDS[:4]]
        assert row[:4] == texts
        assert [float(value) for value in row[4:]] == [*line["probabilities"].values()]


def test_a_line_waits_for_no_other_picture(capsys, tmp_path, monkeypatch):
    """Each is printed before the next is read."""
    for digit in (1, 3, 7):
        draw(digit).save(tmp_path / f"{digit}.png")
    lines, classify_one = [], DigitClassifier.classify

    def counting(self, image):
        lines.append(len(capsys.readouterr().out.splitlines()))
        return classify_one(self, image)

    monkeypatch.setattr(DigitClassifier, "classify", counting)
    assert run(capsys, "predict", tmp_path)[0] == 0
    assert lines == [0, 1, 1]


def test_one_form_at_a_time(capsys):
    code, output, [error] = run(capsys, "predict", "--json", "--csv", "x.png")
    assert (code, output) == (2, []) and "not allowed with argument --json" in error


@pytest.mark.parametrize("form", ["--json", "--csv", None])
@pytest.mark.filterwarnings("ignore:.* encountered in:RuntimeWarning")
def test_no_number_is_no_answer(capsys, tmp_path, form):
    """Weights so large that their products are infinite, and their softmax NaN."""
    huge = np.full((2, 784), 9e37, dtype=np.float32)
    layers = [(huge, np.zeros(2, np.float32)), (np.eye(2, dtype=np.float32), huge[0, :2])]
    save(tmp_path / "w", Weights(layers, classes=("a", "b"), preparation="picture"))
    draw(2).save(tmp_path / "2.png")
    asked = ["predict", "--weights", tmp_path / "w", tmp_path / "2.png"]
    code, output, [error] = run(capsys, *asked, *filter(None, [form]))
    assert code == 2 and len(output) == (form == "--csv")
    assert error.startswith(f"digitlib: {tmp_path / '2.png'}: expected finite probabilities")


def test_a_folder_is_walked_in_order(capsys, tmp_path):
    for name in ("b/2.png", "b/1.JPG", "a.png", "c/d/3.png", ".hidden/7.png", "__MACOSX/a.png"):
        (tmp_path / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        draw(3).save(tmp_path / "in" / name)
    (tmp_path / "in" / "note.txt").write_text("three")
    draw(1).save(tmp_path / "1.png")
    (tmp_path / "in" / "b" / "3.HEIC").write_text("a telephone's")
    code, output, errors = run(capsys, "predict", tmp_path / "in", tmp_path / "1.png")
    passed = os.path.join("b", "3.HEIC")
    assert (code, errors) == (
        0,
        [
            f"digitlib: {tmp_path / 'in'}: passed by 2 not named as pictures are ({passed}, note.txt)"
        ],
    )
    files = ["in/a.png", "in/b/1.JPG", "in/b/2.png", "in/c/d/3.png", "1.png"]
    assert [line.split(":")[0] for line in output] == [str(tmp_path / name) for name in files]


def test_an_empty_folder_is_a_complaint_and_the_rest_goes_on(capsys, tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "note.txt").write_text("none")
    draw(1).save(tmp_path / "1.png")
    code, output, [error] = run(capsys, "predict", tmp_path / "empty", tmp_path / "1.png")
    assert code == 2 and len(output) == 1
    assert error.startswith(f"digitlib: {tmp_path / 'empty'}: expected pictures in it (.avif, ")


def test_a_folder_that_may_not_be_entered_is_a_complaint(capsys, tmp_path, monkeypatch):
    """What lies before it and after it is named all the same."""
    for name in ("1.png", "closed/3.png", "open/7.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        draw(int(name[-5])).save(tmp_path / name)
    listdir = os.listdir

    def guarded(folder):
        if str(folder).endswith("closed"):
            raise PermissionError(13, "Permission denied", folder)
        return listdir(folder)

    monkeypatch.setattr("os.listdir", guarded)
    code, output, errors = run(capsys, "predict", tmp_path)
    assert code == 2 and [line.partition(": ")[2][0] for line in output] == ["1", "7"]
    assert errors == [f"digitlib: {tmp_path / 'closed'}: Permission denied"]


def test_a_name_that_no_file_can_have_is_a_complaint(capsys, tmp_path):
    draw(1).save(tmp_path / "1.png")
    code, output, errors = run(capsys, "predict", "x" * 300, tmp_path / "1.png")
    assert code == 2 and len(output) == 1
    assert errors == [f"digitlib: {'x' * 300}: File name too long"]


def test_a_line_is_one_whatever_a_file_is_called(capsys, tmp_path):
    draw(1).save(tmp_path / "a\nb  \x1b[31m.png")
    _, [line], _ = run(capsys, "predict", tmp_path)
    assert line.startswith(f"{tmp_path}/a\\nb  \\x1b[31m.png: 1 (")
    _, [line], _ = run(capsys, "predict", "--json", tmp_path)
    assert json.loads(line)["file"] == f"{tmp_path}/a\nb  \x1b[31m.png"


@pytest.mark.parametrize(
    ("closing", "code"), [("<&-", 2), (">&-", 0), ("2>&-", 0), ("<&- >&- 2>&-", 2)]
)
@pytest.mark.parametrize("form", ["", "--json"])
def test_a_closed_stream_is_no_failure(tmp_path, closing, code, form):
    draw(1).save(tmp_path / "1.png")
    asked = "-" if "<" in closing else "1.png"
    command = f"{sys.executable} -m digitlib predict {form} {asked} {closing}"
    ended = subprocess.run(
        ["/bin/sh", "-c", command], cwd=tmp_path, env=bare(), capture_output=True, text=True
    )
    assert ended.returncode == code and len(ended.stderr.splitlines()) == (closing == "<&-")


def picture_file():
    content = io.BytesIO()
    draw(7).save(content, "PNG")
    return content.getvalue()


def test_a_dash_is_the_standard_input(capsys, monkeypatch, tmp_path):
    draw(1).save(tmp_path / "1.png")
    standard_input(monkeypatch, picture_file())
    code, output, errors = run(capsys, "predict", "-", tmp_path / "1.png")
    assert (code, errors) == (0, []) and output[0].startswith("-: 7 (")
    standard_input(monkeypatch, picture_file())
    assert json.loads(run(capsys, "predict", "--json", "-")[1][0])["file"] == "-"


@pytest.mark.parametrize("content", [b"", b"no picture", picture_file()[:60]])
def test_what_is_no_picture_on_the_standard_input_is_a_complaint(capsys, monkeypatch, content):
    standard_input(monkeypatch, content)
    code, output, [error] = run(capsys, "predict", "-")
    assert (code, output) == (2, []) and ": expected a picture" in error


def test_the_standard_input_is_read_once(capsys):
    code, output, errors = run(capsys, "predict", "-", "x.png", "-")
    assert (code, output) == (2, [])
    assert errors == ["digitlib: expected the standard input once, got - twice"]


@pytest.mark.parametrize("kind", FORMATS)
def test_whatever_a_damaged_file_makes_of_pillow_is_one_line(capsys, tmp_path, kind):
    """Cut off, or with bytes changed: an answer or a complaint that names the file, and no other word."""
    content, random = io.BytesIO(), np.random.RandomState(0)
    try:
        draw(2).resize((24, 20)).convert("RGB").save(content, kind)
    except (KeyError, OSError):
        pytest.skip(f"a Pillow that writes no {kind}")
    for number in range(40):
        damaged = bytearray(content.getvalue())
        if number % 2:
            del damaged[random.randint(len(damaged)) :]
        for place in random.randint(min(len(damaged), 200) or 1, size=3) if damaged else []:
            damaged[place] = random.randint(256)
        (tmp_path / f"{number:02}.{kind.lower()}").write_bytes(damaged)
    code, output, errors = run(capsys, "predict", *sorted(tmp_path.iterdir()))
    assert code == 2 and len(output) + len(errors) == 40
    assert all(line.startswith(f"digitlib: {tmp_path}") for line in errors)
    assert all(line.startswith(f"{tmp_path}") for line in output)


@pytest.mark.server
def test_what_a_library_says_of_a_damaged_file_is_not_heard(tmp_path):
    """libtiff writes to the error stream by itself; between our lines it would be one without a name."""
    content = io.BytesIO()
    draw(2).resize((24, 20)).save(content, "TIFF", compression="tiff_lzw")
    damaged = bytearray(content.getvalue())
    damaged[8:60] = bytes(byte ^ 0x5A for byte in damaged[8:60])
    (tmp_path / "2.tiff").write_bytes(damaged)
    draw(7).save(tmp_path / "7.png")
    said = alone(tmp_path, "predict", "2.tiff", "nowhere.png", "7.png", stdout=subprocess.PIPE)
    assert said.stdout.startswith("7.png: 7 (")
    assert [line.split(": ")[1] for line in said.stderr.splitlines()] == ["2.tiff", "nowhere.png"]


@pytest.mark.parametrize("form", ["--json", "--csv", None])
@pytest.mark.server
def test_a_locale_without_umlauts_stops_nothing(asked, form, tmp_path):
    """As under ``LANG=C`` where Python isn't told to take UTF-8 for it."""
    os.mkdir("Bögen")
    draw(3).save("Bögen/Größe 3.png")
    arguments = ["predict", *filter(None, [form]), *asked[:2], "Bögen", "kein Ä.png", *asked[2:]]
    told = bare() | {"LC_ALL": "C", "LANG": "C", "PYTHONUTF8": "0"}
    result = alone(tmp_path, *arguments, stdout=subprocess.PIPE, env=told)
    assert result.returncode == 2 and result.stdout.isascii()
    assert result.stderr.splitlines() == [r"digitlib: kein \xc4.png: no such file"]
    lines = result.stdout.splitlines()
    if form == "--json":
        files = [json.loads(line)["file"] for line in lines]
        assert files == [*asked[:2], "Bögen/Größe 3.png"]
        assert tuple(json.loads(lines[0])["probabilities"]) == AWKWARD
    else:
        assert r"B\xf6gen/Gr\xf6\xdfe 3.png" in lines[-1]


def test_a_class_of_half_a_character_is_named(capsys, tmp_path, monkeypatch):
    file = write(tmp_path / "w", ("\ud800", "b"))
    monkeypatch.chdir(tmp_path)
    draw(2).save("2.png")
    with open("log", "w", encoding="utf-8", errors="backslashreplace") as log:
        monkeypatch.setattr(sys, "stdout", log)
        assert run(capsys, "predict", "--json", "--weights", file, "2.png")[0] == 0
    with open("log", encoding="utf-8") as log:
        assert list(json.loads(log.read())["probabilities"]) == ["\ud800", "b"]


def test_many_pictures_take_no_more_memory_than_two(tmp_path, capsys):
    """What was answered is let go of: a picture here is a thousand times as large as its line."""
    Image.fromarray(np.eye(512, dtype=np.uint8) * 255).save(tmp_path / "0.png")
    for number in range(1, 40):
        os.link(tmp_path / "0.png", tmp_path / f"{number}.png")
    peaks = []
    for files in (sorted(tmp_path.iterdir())[:2], [tmp_path]):
        tracemalloc.start()
        assert run(capsys, "predict", "--json", *files)[0] == 0
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] + 512 * 512
