"""The page of how-tos: what a reader types there is run, section by section, and says what the page says it does.

What needs a server is ``sh by-hand``: tests of its own take it from the page.
"""

import random
import re
import shlex
import shutil
import sys
from importlib import util
from itertools import pairwise
from urllib.request import urlopen

import pytest
from PIL import Image, ImageDraw, ImageOps

from digitlib.classify import load
from drawings import draw
from folders import strokes
from how_to import BY_HAND, Block, agree, blocks, run, sections
from servers import serving

SIGNS, WRITERS = ("camp", "ford", "gate", "well"), ("ada", "bob", "cem", "dia", "eva")


def scans(folder):
    """Three digits, an empty sheet, a house, and a file that was cut off."""
    (folder / "scans").mkdir()
    for name, digit in ((1, 7), (2, 4), (3, 9)):
        ImageOps.invert(draw(digit)).save(folder / "scans" / f"{name}.png")
    sheet = Image.new("L", (280, 280), 255)
    sheet.save(folder / "scans" / "4.png")
    house = [(60, 240), (60, 120), (140, 40), (220, 120), (220, 240), (60, 240), (220, 120)]
    ImageDraw.Draw(sheet).line([*house, (60, 120), (220, 240)], fill=0, width=18)
    sheet.save(folder / "scans" / "5.png")
    (folder / "scans" / "6.png").write_bytes((folder / "scans" / "1.png").read_bytes()[:60])


def signs(folder, times=26):
    """Four signs that five people drew so many times each; one lies beside the folder too."""
    chance = random.Random(0)
    for label, sign in enumerate(SIGNS):
        (folder / "signs" / sign).mkdir(parents=True)
        for writer in WRITERS:
            for i in range(times):
                path = folder / "signs" / sign / f"{writer}-{i + 1:02}.png"
                strokes(label + 3, chance).save(path)
    shutil.copy(folder / "signs" / "ford" / "ada-01.png", folder / "sign.png")


def signs_and_more(folder):
    """Such a folder as it is found: with a damaged picture, an empty folder and a note."""
    signs(folder, 12)
    (folder / "signs" / "camp" / "ada-13.png").write_bytes(b"\x89PNG")
    (folder / "signs" / "rest").mkdir()
    (folder / "signs" / "notes.txt").write_text("who drew what")


def nothing(_):
    pass


FOUND = {
    "Classify a folder of scans": scans,
    "Train on pictures of your own": signs_and_more,
    "Take a network of your own into the app": signs,
    "Put the pad on your own site in three lines": nothing,
    "Answer other programs with FastAPI": nothing,
    "Keep a ledger in your own notebooks": nothing,
}
"""What a reader has before each section."""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_every_section_is_run():
    assert list(sections()) == list(FOUND)


@pytest.mark.server
@pytest.mark.parametrize("title", FOUND)
def test_what_one_types_says_what_the_page_says(title, folder):
    FOUND[title](folder)
    run(blocks(title), folder)


@pytest.mark.parametrize(
    ("said", "shown", "near", "agreed"),
    [
        ("a 1\nb\n", "a 1\nb\n", False, True),
        ("a 1\nb\n", "a …\nb\n", False, True),
        ("a 1\n", "a 2\n", False, False),
        ("a 1\nmore\n", "a 1\n", False, False),
        ("", "a\n", False, False),
        ("97.5 % of 1,000\n", "98.0 % of 1,010\n", True, True),
        ("87.5 % of 1,000\n", "98.0 % of 1,000\n", True, False),
        ("97.5 % of 1,000\n", "98.0 % wrong of 1,000\n", True, False),
        ("1\n2\n98.5 % at the end\n", "1\n…\n98.0 % at the end\n", True, True),
        ("of 1\nof 20\nof 60\n", "of 1\n…\nof 60\n", True, True),
        ("a 1\nb\n", "a …\n", False, False),
        ("a\nb\n", "…\n", False, True),
    ],
)
def test_outputs_agree_or_not(said, shown, near, agreed):
    assert agree(said, shown, near) is agreed


def test_what_a_block_says_must_be_on_the_page(folder):
    silent = Block("python", "", "answer = 1")
    error = Block("python", "", "int('x')")
    run([silent, error, Block("text", "", "ValueError: …\n")], folder)
    for talks in (Block("python", "", "print(1)"), error, Block("sh", "", "echo 1")):
        with pytest.raises(AssertionError, match="said"):
            run([silent, talks, silent], folder)


def by_hand(title):
    """The commands of a section that need a server."""
    found = [block for block in blocks(title) if block.word == BY_HAND]
    return [line for block in found for line in block.text.splitlines()]


@pytest.mark.server
def test_the_app_takes_a_model_in_onnx(folder):
    title = "Take a network of your own into the app"
    signs(folder)
    run(blocks(title)[:2], folder)
    [line] = by_hand(title)
    command = [sys.executable, "-m", *shlex.split(line), "--port", "{port}"]
    with serving(folder / "log", command) as url, urlopen(url) as page:
        told = page.read().decode()
    assert load(folder / "mine.onnx").classes == SIGNS
    assert all(sign in told for sign in SIGNS)


@pytest.fixture
def service(folder):
    """The section's program, and something that asks it."""
    pytest.importorskip("fastapi")
    from fastapi.testclient import TestClient

    title = "Answer other programs with FastAPI"
    [program] = [block for block in blocks(title) if block.word == "service.py"]
    (folder / "service.py").write_text(program.text)
    spec = util.spec_from_file_location("service", folder / "service.py")
    module = util.module_from_spec(spec)
    before = Image.MAX_IMAGE_PIXELS
    spec.loader.exec_module(module)
    with TestClient(module.app) as client:
        yield client
    Image.MAX_IMAGE_PIXELS = before


def posted(line, service, folder):
    """The answer to a line with curl."""
    field, name, path = re.fullmatch(r"curl -F (\w+)=@(\S+) localhost:8000(/\w+)", line).groups()
    return service.post(path, files={field: (name, (folder / name).read_bytes())})


def test_the_service_answers_as_the_page_says(service, folder):
    draw(7).save(folder / "7.png")
    (folder / "notes.txt").write_text("who drew what")
    found = blocks("Answer other programs with FastAPI")
    asked = [pair for pair in pairwise(found) if pair[0].word == BY_HAND]
    for (_, _, line), below in asked:
        answer = posted(line.strip(), service, folder)
        assert agree(answer.text + "\n", below.text)
    assert len(asked) == 2 and answer.status_code == 422


def test_the_service_refuses_what_is_too_large(service, folder):
    line, _ = by_hand("Answer other programs with FastAPI")
    with (folder / "7.png").open("wb") as file:
        file.truncate(5_000_001)
    assert posted(line, service, folder).status_code == 413
    Image.new("L", (5_000, 5_000), 255).save(folder / "7.png")
    answer = posted(line, service, folder)
    assert answer.status_code == 422 and "10,000,000 pixels" in answer.json()["detail"]
