"""The app as its visitors meet it: in a browser, drawn on with mouse and finger, and as an API."""

import asyncio
import json
import math
import os
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from gradio_client.exceptions import AppError
from PIL import Image, ImageFilter
from playwright.sync_api import TimeoutError

from clients import ask, connect, visits
from digitlib import picture, preprocess
from digitlib.classify import DigitClassifier, load
from digitlib.hosts import app, limits, words
from digitlib.preprocess import PREPARATIONS
from drawings import STROKES, draw
from gestures import PHONE, places, stroke, swipe
from named import COUNTS, names, write, write_onnx
from servers import answers, serving


@pytest.mark.server
@pytest.mark.parametrize("length", ["8000001", "9" * 18, "-1"])
def test_a_request_too_large_is_refused_before_it_is_read(address, length):
    request = post(address, "queue/join", [])
    request.add_unredirected_header("Content-Length", length)
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request).close()
    assert caught.value.code == (413 if length != "-1" else 400)
    caught.value.close()


@pytest.mark.server
def test_an_upload_runs_no_program(address, tmp_path):
    eps = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n{} loop\n"
    for _ in range(6):  # more than are answered at once
        with pytest.raises(AssertionError, match="event: error"):
            asked_in_plain_http(address, eps)


@pytest.mark.parametrize(
    ("environment", "host"),
    [({}, "127.0.0.1"), ({"SPACE_ID": "ada/digits"}, "0.0.0.0")],
)
def test_only_a_space_listens_to_everybody(monkeypatch, environment, host):
    told = {}
    blocks = SimpleNamespace(launch=lambda **options: told.update(options))
    monkeypatch.setattr(app, "build", lambda classifier: blocks)
    monkeypatch.delenv("SPACE_ID", raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    app.launch()
    assert (told["server_name"], told["max_file_size"]) == (host, "10mb")


# The command, in a process that looks through its uploads every second, and whose clock a file sets ahead.
START = """import sys
from datetime import datetime, timedelta
from pathlib import Path
from digitlib import cli
from digitlib.hosts import app
from gradio import route_utils

class Clock(datetime):
    @classmethod
    def now(cls):
        return datetime.now() + timedelta(seconds=app.KEEP[1] * Path(sys.argv[1]).exists())

route_utils.datetime = Clock
app.KEEP = (1, app.KEEP[1])
cli.main(["app", "--port", sys.argv[2]])"""


@pytest.fixture(scope="module")
def ahead(tmp_path_factory):
    """While this file exists, the app's clock is ahead by the time for which it keeps an upload."""
    return tmp_path_factory.mktemp("clock") / "ahead"


@pytest.fixture(scope="module")
def address(tmp_path_factory, ahead):
    """The app, started by its command."""
    log = tmp_path_factory.mktemp("app") / "log"
    with serving(log, [sys.executable, "-c", START, ahead, "{port}"]) as url:
        yield url


def opened(page, address):
    """The app in a page, when it is there for good.

    While parts of it are still fetched, Gradio holds a veil over the pad, on which a stroke selects text, and what
    comes late moves the pad down.
    """
    page.goto(address)
    page.get_by_role("heading", name="Draw a digit").wait_for()
    page.evaluate("document.fonts.ready.then(() => true)")
    page.locator(".pad-canvas").click(trial=True)  # it lies still, and on top
    return page


@pytest.fixture(scope="module")
def tab(browser):
    """One for all visits: it keeps Gradio's files."""
    page = browser.new_page(viewport={"width": 900, "height": 700})
    yield page
    page.close()


@pytest.fixture
def page(tab, address):
    yield opened(tab, address)
    tab.mouse.up()
    tab.unroute_all()


def wait_for_label(page, label):
    """As long as it takes the pad to notice a lost answer and to ask again; fails with what it shows instead."""
    try:
        page.wait_for_selector(f".pad-guess[data-label='{label}']", timeout=20_000)
    except TimeoutError:
        shows = page.locator(".pad").inner_text()
        ink = page.evaluate(
            """document.querySelector(".pad-canvas").getContext("2d").getImageData(0, 0, 280, 280)
            .data.filter((level, i) => i % 4 === 0 && level > 0).length"""
        )
        pytest.fail(f"expected {label!r}, the pad shows {shows!r} over {ink} inked pixels")


SHEET = "document.querySelector('.pad-canvas').toDataURL('image/png')"
BARS = """(texts) => {
  const bars = [...document.querySelectorAll(".pad-percent")];
  return bars.every((bar, digit) => bar.textContent === texts[digit]);
}"""


def answered(page):
    """The bars' percentages, when they are what the classifier says of the sheet as it is."""
    sheet = limits.decode(page.evaluate(SHEET))
    shares = DigitClassifier.load().classify(sheet).probabilities
    rounded = [math.floor(100 * float(share) + 0.5) for share in shares]
    page.wait_for_function(BARS, arg=[f"{share} %" for share in rounded])
    return rounded


@pytest.mark.parametrize("digit", STROKES)
@pytest.mark.server
def test_a_drawn_digit_is_named(page, digit):
    for points in STROKES[digit]:
        stroke(page, points)
    wait_for_label(page, digit)
    shares = answered(page)
    assert page.locator(".pad-guess").get_attribute("data-label") == str(digit)
    assert len(shares) == 10 and shares.index(max(shares)) == digit and 95 <= sum(shares) <= 105


@pytest.mark.server
def test_the_bars_move_during_the_stroke(page):
    seen = []
    [points] = STROKES[3]
    stroke(page, points, watch=lambda: seen.append(tuple(answered(page))))
    assert len(set(seen)) >= 3


QUESTION = "**/component_server/**"

# Notes each label that is shown from now on.
SHOWN = """() => {
  window.shown = [];
  const guess = document.querySelector(".pad-guess");
  new MutationObserver(() => shown.push(guess.dataset.label)).observe(guess, { attributes: true });
}"""


@pytest.mark.server
def test_clear_goes_back_to_a_blank(page):
    """An answer that is still under way must not come back."""
    blank = page.locator(".pad-guess").inner_text()
    stroke(page, STROKES[1][0])
    wait_for_label(page, 1)
    held = []
    page.route(QUESTION, lambda route: held.append(route))
    with page.expect_request(QUESTION):
        stroke(page, STROKES[1][0])
    page.evaluate(SHOWN)
    page.get_by_role("button", name="Clear").click()
    for question in held:
        question.continue_()
    page.wait_for_function(
        "(blank) => document.querySelector('.pad-guess').textContent === blank",
        arg=blank,
    )
    assert set(page.evaluate("shown")) == {""}


@pytest.mark.server
def test_a_finger_draws_on_a_phone(browser, address):
    phone = browser.new_context(**PHONE)
    page = opened(phone.new_page(), address)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    swipe(page, places(page, STROKES[7][0]))
    wait_for_label(page, 7)
    assert page.evaluate("window.scrollY") == 0
    phone.close()


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """Some drawings, and a phone's photo of a 7: turned by EXIF, under light from one side."""
    folder = tmp_path_factory.mktemp("pictures")
    for digit in STROKES:
        draw(digit).save(folder / f"{digit}.png")
    ink = np.asarray(draw(7).filter(ImageFilter.GaussianBlur(2))) / 255
    light = np.linspace(230, 90, 280)[None, :]
    photo = Image.fromarray((light * (1 - 0.7 * ink)).astype(np.uint8)).convert("RGB")
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was held on its side
    turned = photo.transpose(Image.Transpose.ROTATE_90)
    turned.save(folder / "photo.jpg", exif=exif, quality=92)
    (folder / "note.txt").write_text("a 4")
    Image.new("L", (280, 280)).save(folder / "blank.png")
    Image.new("1", (6000, 5000)).save(folder / "vast.png")
    (folder / "heavy.png").write_bytes(bytes(10_500_000))
    (folder / "cut.png").write_bytes((folder / "7.png").read_bytes()[:400])
    return folder


def test_a_photo_of_no_digit_is_told(pictures):
    classifier = DigitClassifier.load()
    said, seen = app._shown(classifier, upload_of(pictures / "3.png"))
    assert said.startswith("This is a 3 (") and seen.shape == (280, 280)
    classifier.threshold = -math.inf  # it doubts everything
    said, seen = app._shown(classifier, upload_of(pictures / "3.png"))
    assert said == "This is no digit" and seen.shape == (280, 280)
    blank = upload_of(pictures / "blank.png")
    assert app._shown(classifier, blank) == ("Nothing drawn in sight", None)


def upload_of(path):
    """A picture's file as Gradio hands it over."""
    return {"path": str(path), "meta": {"_type": "gradio.FileData"}}


@pytest.mark.parametrize("preparation", PREPARATIONS)
@pytest.mark.parametrize("count", COUNTS)
def test_other_classes_go_by_their_names(pictures, tmp_path, count, preparation):
    said = {"calibration": {"threshold": 1e9}}
    file = write(tmp_path / "w", names(count), True, preparation, **said)
    classifier = DigitClassifier.load(file)
    prediction = classifier.classify(pictures / "photo.jpg")
    text, seen = app._shown(classifier, upload_of(pictures / "photo.jpg"))
    assert text.startswith(f"{words.escaped(names(count)[prediction.label])} (")
    drawing = picture.read(pictures / "photo.jpg", preparation)
    np.testing.assert_array_equal(seen[::10, ::10], preprocess.prepare(drawing, preparation))
    classifier.threshold = -math.inf
    assert app._shown(classifier, upload_of(pictures / "3.png"))[0] == "None of these"
    blank = upload_of(pictures / "blank.png")
    assert app._shown(classifier, blank) == ("Nothing in sight", None)


@pytest.mark.parametrize("none", [False, True])
@pytest.mark.parametrize("count", COUNTS)
def test_an_answer_is_plain_json(pictures, tmp_path, count, none):
    classifier = DigitClassifier.load(write(tmp_path / "w", names(count), none))
    prediction = classifier.classify(pictures / "3.png")
    answer = json.loads(json.dumps(app._answer(prediction)))
    assert list(answer) == ["label", "name", "reason", "probabilities"]
    assert answer["name"] == names(count)[answer["label"]] and answer["reason"] is None
    np.testing.assert_allclose(answer["probabilities"], prediction.probabilities, atol=1e-6)


@pytest.fixture
def loop(monkeypatch):
    """Gradio makes an event loop for each page that finds none, and closes none of them."""
    loops, make = [], asyncio.new_event_loop
    monkeypatch.setattr(asyncio, "new_event_loop", lambda: loops.append(make()) or loops[-1])
    yield
    asyncio.set_event_loop(None)
    for one in loops:
        one.close()


@pytest.mark.usefixtures("loop")
def test_files_of_every_kind_wait_in_one_queue():
    functions = app.page(DigitClassifier.load()).fns.values()
    assert {"classify", "classify_batch"} < {function.api_name for function in functions}
    [queue] = {(function.concurrency_id, function.concurrency_limit) for function in functions}
    assert queue == ("pictures", 4)


@pytest.mark.usefixtures("loop")
@pytest.mark.parametrize("preparation", PREPARATIONS)
@pytest.mark.parametrize("count", COUNTS)
def test_the_page_speaks_of_its_classes(tmp_path, count, preparation):
    """To its visitors, and to the pad in it."""
    file = write(tmp_path / "w", names(count), preparation=preparation)
    config = app.build(DigitClassifier.load(file)).get_config_file()
    parts = [part["props"] for part in config["components"]]
    [head] = [part["value"] for part in parts if str(part.get("value")).startswith("# ")]
    assert head.startswith("# Draw something\n") and words.listed(names(count)) in head
    assert "digit" not in head and config["title"] == "Draw something"
    [start] = [part["js_on_load"] for part in parts if part.get("js_on_load")]
    told = json.dumps({"classes": names(count), "preparation": preparation})
    assert f"...{told}," in start
    [label] = [part["label"] for part in parts if str(part.get("label")).startswith("Or ")]
    assert label == "Or a picture" + ", dark ink on paper" * (preparation == "digit")


@pytest.mark.usefixtures("loop")
def test_digits_keep_their_page():
    config = app.build().get_config_file()
    parts = [part["props"] for part in config["components"]]
    [head] = [part["value"] for part in parts if str(part.get("value")).startswith("# ")]
    assert head.startswith("# Draw a digit\nA small neural network, trained on MNIST, says what")
    labels = {part.get("label") for part in parts}
    assert "Or a photo of a digit, dark ink on paper" in labels
    assert config["title"] == "Draw a digit"


@pytest.fixture(scope="module")
def client(address):
    return connect(address)


@pytest.mark.server
def test_a_client_gets_what_the_classifier_says(client, pictures):
    answer = ask(client, pictures / "3.png")
    prediction = DigitClassifier.load().classify(pictures / "3.png")
    assert (answer["label"], answer["name"], answer["reason"]) == (3, "3", None)
    np.testing.assert_allclose(answer["probabilities"], prediction.probabilities, atol=1e-6)


@pytest.mark.server
def test_a_photo_and_a_blank(client, pictures):
    assert ask(client, pictures / "photo.jpg")["label"] == 7
    blank = ask(client, pictures / "blank.png")
    nothing = {"label": None, "name": None, "reason": "blank"}
    assert blank == nothing | {"probabilities": [0.0] * 10}


@pytest.mark.server
def test_a_batch(client, pictures):
    files = [pictures / f"{digit}.png" for digit in STROKES]
    answers = ask(client, *files, api_name="/classify_batch")
    assert [answer["label"] for answer in answers] == list(STROKES)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("note.txt", "note.txt: expected a picture"),
        ("cut.png", "cut.png: expected a picture"),
        ("vast.png", "vast.png: expected at most 25,000,000 pixels, got 6000 x 5000"),
    ],
)
@pytest.mark.server
def test_what_is_no_picture_gets_one_line(client, pictures, name, message):
    for files, api_name in (
        ([pictures / name], "/classify"),
        ([pictures / "7.png", pictures / name], "/classify_batch"),
    ):
        with pytest.raises(AppError) as caught:
            ask(client, *files, api_name=api_name)
        assert str(caught.value).startswith(message)
        assert "\n" not in str(caught.value) and "/" not in str(caught.value)


@pytest.mark.parametrize("value", ["a 4", 7, None, {"path": __file__}])
@pytest.mark.server
def test_what_is_no_upload_gets_one_line(client, value):
    with pytest.raises(AppError, match="expected an uploaded picture, got"):
        client.predict(value, api_name="/classify")


@pytest.mark.parametrize("value", [[], "a 4", [{}] * 101])
@pytest.mark.server
def test_what_is_no_batch_gets_one_line(client, value):
    with pytest.raises(AppError, match="expected a list of 1 to 100 pictures, got"):
        client.predict(value, api_name="/classify_batch")


@pytest.mark.server
def test_files_of_the_server_stay_there(client):
    stolen = {"path": __file__, "meta": {"_type": "gradio.FileData"}}
    with urllib.request.urlopen(post(client.src, "call/classify", [stolen])) as answer:
        event = json.load(answer)["event_id"]
    with urllib.request.urlopen(f"{client.src}gradio_api/call/classify/{event}") as answer:
        assert answer.read().startswith(b"event: error")


def post(address, path, data):
    """A request as ``curl -d`` makes it."""
    return urllib.request.Request(
        f"{address.rstrip('/')}/gradio_api/{path}",
        data=json.dumps({"data": data}).encode(),
        headers={"Content-Type": "application/json"},
    )


def upload(address, content, name="7.png"):
    """A request as ``curl -F`` makes it."""
    head = f'--x\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n\r\n'
    return urllib.request.Request(
        f"{address}/gradio_api/upload",
        data=head.encode() + content + b"\r\n--x--\r\n",
        headers={"Content-Type": "multipart/form-data; boundary=x"},
    )


def asked_in_plain_http(address, content):
    """What the app answers to a picture's content."""
    with urllib.request.urlopen(upload(address, content)) as answer:
        [path] = json.load(answer)
    picture = {"path": path, "meta": {"_type": "gradio.FileData"}}
    with urllib.request.urlopen(post(address, "call/classify", [picture])) as answer:
        event = json.load(answer)["event_id"]
    with urllib.request.urlopen(f"{address}/gradio_api/call/classify/{event}") as answer:
        kind, data = answer.read().decode().strip().splitlines()
    assert kind == "event: complete"
    return json.loads(data.removeprefix("data: "))[0]


@pytest.mark.server
def test_plain_http(address, pictures):
    assert asked_in_plain_http(address, (pictures / "7.png").read_bytes())["label"] == 7


NOWHERE = "127.0.0.1:9"


@pytest.mark.parametrize(
    "proxies",
    [
        {"HTTP_PROXY": f"http://{NOWHERE}", "ALL_PROXY": f"socks5://{NOWHERE}"},
        {"http_proxy": f"http://{NOWHERE}", "no_proxy": "example.org"},
        {},
    ],
    ids=["SOCKS", "HTTP", "none"],
)
@pytest.mark.server
def test_it_runs_behind_a_proxy_and_beside_another_users_folder(tmp_path, pictures, proxies):
    """The app by its command. Into the other's folder not even root could write: it is a file."""
    shared = tmp_path / "shared"
    shared.mkdir()
    (shared / "gradio").write_text("somebody else's")
    told = {**os.environ, **dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(shared))}
    told = {**told, **proxies}
    told.pop("GRADIO_TEMP_DIR", None)
    log = tmp_path / "log"
    command = [sys.executable, "-m", "digitlib", "app", "--port", "{port}"]
    with serving(log, command, env=told) as url:
        while "public link" not in log.read_text():  # its last word at the start
            assert answers(url), log.read_text()
            time.sleep(0.01)
        picture = (pictures / "7.png").read_bytes()
        assert asked_in_plain_http(url, picture)["label"] == 7
        assert len(list(shared.rglob("7.png"))) == 1
    assert [path.name for path in shared.iterdir()] == ["gradio"]


@pytest.mark.parametrize("share", [True, False])
def test_proxies_are_left_alone_but_where_the_app_asks_itself(monkeypatch, share):
    monkeypatch.setenv("no_proxy", "example.org")
    monkeypatch.delenv("NO_PROXY", raising=False)
    told = []

    def launch(**_):
        told.append(os.environ["no_proxy"])

    monkeypatch.setattr(app, "build", lambda classifier: SimpleNamespace(launch=launch))
    app.launch(share=share)
    assert told == ["example.org" if share else "*"]
    assert os.environ["no_proxy"] == "example.org" and "NO_PROXY" not in os.environ


@pytest.mark.server
def test_a_heavy_file_is_refused(address, pictures):
    content = (pictures / "heavy.png").read_bytes()
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(upload(address, content, "heavy.png")).close()
    assert caught.value.code == 413
    assert b"maximum allowed size" in caught.value.read()
    caught.value.close()


@pytest.mark.server
def test_an_upload_does_not_stay(address, ahead, pictures):
    """Nor does it fill the server's disk. The page says for how long it is kept."""
    assert sum(app.KEEP) == 900
    for introduction in (app._DIGITS, app._CLASSES):
        assert "for a quarter of an hour at most" in " ".join(introduction.split())
    content = (pictures / "7.png").read_bytes()
    with urllib.request.urlopen(upload(address, content)) as answer:
        [path] = map(Path, json.load(answer))
    assert path.exists()
    ahead.touch()
    while path.exists():  # for ever, should it stay
        time.sleep(0.01)
    ahead.unlink()


@pytest.mark.server
def test_200_requests_from_20_clients(address, pictures):
    """None is lost, and each answer is the right one; benchmarks/hosts.py says how long they take."""
    answers = visits(address, {digit: pictures / f"{digit}.png" for digit in STROKES})
    assert len(answers) == 200 and all(right for right, _ in answers)


@pytest.mark.server
def test_a_visitor_uploads_a_photo(page, pictures):
    page.locator("input[type=file]").first.set_input_files(pictures / "photo.jpg")
    page.wait_for_selector("#photo-answer:has-text('This is a 7 (')", timeout=10_000)


@pytest.mark.server
def test_a_visitor_uploads_something_else(page, pictures):
    page.locator("input[type=file]").first.set_input_files(pictures / "cut.png")
    page.get_by_text("cut.png: expected a picture").wait_for(timeout=10_000)


@pytest.mark.server
def test_a_model_in_onnx_is_served_with_the_names_of_its_classes(browser, tmp_path, pictures):
    """By its command: to other programs, and on the pad, as names and never as markup."""
    pytest.importorskip("onnx")
    classes = names(5)
    file = write_onnx(tmp_path / "mine.onnx", classes)
    command = [sys.executable, "-m", "digitlib", "app", "--weights", file, "--port", "{port}"]
    with serving(tmp_path / "log", command) as url:
        answer = asked_in_plain_http(url, (pictures / "7.png").read_bytes())
        page = browser.new_page()
        page.goto(url)
        page.get_by_role("heading", name="Draw something").first.wait_for()
        page.locator(".pad-canvas").click(trial=True)
        text = page.inner_text("body")
        page.close()
    expected = load(file).classify(pictures / "7.png")
    assert answer["name"] == expected.name in classes
    assert all(name in text for name in classes)
