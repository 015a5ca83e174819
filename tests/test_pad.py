"""The pad's JavaScript against the package's Python, in a real browser, and both against ONNX."""

import base64

import inlining
import numpy as np
import pytest
from safetensors.numpy import save

from digitlib import data, export, preprocess, weights
from digitlib.classify import DigitClassifier
from drawings import bitmaps, draw, on_sheet
from pads import guess, weights_file

ANSWER = """async (shapes) => {
  const pad = await import(new URL("pad.mjs", location));
  const fetched = async (name) => new Uint8Array(await (await fetch(name, { cache: "no-store" })).arrayBuffer());
  const network = pad.readWeights(await fetched("digits.safetensors"));
  const levels = await fetched("drawings.bin");
  let start = 0;
  return shapes.map(([height, width]) => {
    const image = pad.preprocess(levels.subarray(start, start += height * width), width, height);
    const { label, reason, probabilities } = pad.classify(network, image);
    return { image: image && btoa(String.fromCharCode(...image)), label, reason, probabilities };
  });
}"""


@pytest.fixture(scope="module")
def page(browser, static_site):
    page = browser.new_page(reduced_motion="reduce")
    page.goto(static_site.address)
    yield page
    page.close()


@pytest.fixture(scope="module")
def in_javascript(page, static_site):
    """What the pad says of drawings."""

    def answer(drawings):
        content = b"".join(drawing.tobytes() for drawing in drawings)
        (static_site.folder / "drawings.bin").write_bytes(content)
        return page.evaluate(ANSWER, [drawing.shape for drawing in drawings])

    return answer


@pytest.fixture(scope="module")
def in_onnx():
    """The probabilities of one 28 x 28 image by the shipped weights as ONNX."""
    onnxruntime = pytest.importorskip("onnxruntime")
    session = onnxruntime.InferenceSession(export.to_onnx(export.load_model()))
    temperature = DigitClassifier.load().temperature

    def answer(image):
        [outputs] = session.run(None, {"x": np.float32(image[None]) / 255})
        powers = np.exp(np.float64(outputs[0, :10]) / temperature)
        return powers / powers.sum()

    return answer


def in_python(drawings):
    classifier = DigitClassifier.load()
    for drawing in drawings:
        try:
            image = preprocess.preprocess(drawing)
        except preprocess.NoInk:
            image = None
        # As floats: whole numbers of two levels would be a mask, which a sheet with faint ink isn't.
        yield image, classifier.classify(drawing / 255)


def check_parity(drawings, answers, in_onnx):
    """The same image to the grey level, label and reason, and probabilities that differ by rounding alone.

    The largest differences are printed: ``pytest -s`` shows them.
    """
    largest = {"JavaScript": 0.0, "ONNX": 0.0}
    for (image, prediction), answer in zip(in_python(drawings), answers, strict=True):
        assert (image is None) == (answer["image"] is None)
        said = (answer["label"], answer["reason"])
        assert said == (prediction.label, prediction.reason)
        theirs = [answer["probabilities"]]
        if image is not None:
            levels = np.frombuffer(base64.b64decode(answer["image"]), dtype=np.uint8)
            np.testing.assert_array_equal(levels.reshape(28, 28), image)
            theirs.append(in_onnx(image))
            if prediction.reason is None:
                assert theirs[1].argmax() == prediction.label
        for name, probabilities in zip(largest, theirs, strict=False):
            apart = np.abs(probabilities - prediction.probabilities).max()
            largest[name] = max(largest[name], float(apart))
    print(f"{len(drawings)} drawings, the same images; probabilities apart: {largest}")
    assert max(largest.values()) <= 0.01


def test_our_own_bitmaps(in_javascript, in_onnx):
    drawings = list(bitmaps().values())
    answers = in_javascript(drawings)
    check_parity(drawings, answers, in_onnx)
    named = dict(zip(bitmaps(), answers, strict=True))
    assert all(named[f"digit {digit}"]["label"] == digit for digit in range(10))
    for name in ("noise", "inverted", "full"):
        assert named[name]["reason"] == "not a digit"
    for name in ("blank", "specks"):
        assert named[name]["reason"] == "blank" and sum(named[name]["probabilities"]) == 0


def test_a_thousand_digits_of_mnist(mnist, in_javascript, in_onnx):
    """Validation digits, as they are and at a size and place of their own on the pad's sheet."""
    _, valid = data.split(mnist)
    random = np.random.RandomState(0)
    for i in range(0, 1000, 250):
        images = list(valid.images[i : i + 250].numpy())
        drawings = []
        for image in images:
            size = random.randint(28, 281)
            left, top = random.randint(281 - size, size=2)
            drawings.append(on_sheet(image, size, left, top))
        for part in (images, drawings):
            check_parity(part, in_javascript(part), in_onnx)


@pytest.mark.parametrize("placement", ["plain", "box"])
def test_the_other_ways_to_prepare(page, placement):
    drawing = on_sheet(np.asarray(draw(7)), 120, 20, 140)
    theirs = page.evaluate(
        """async ([levels, placement]) => {
          const pad = await import(new URL("pad.mjs", location));
          const bytes = Uint8Array.from(atob(levels), (letter) => letter.charCodeAt(0));
          return [...pad.preprocess(bytes, 280, 280, placement)];
        }""",
        [base64.b64encode(drawing.tobytes()).decode(), placement],
    )
    if placement == "plain":
        expected = preprocess.prepare(drawing, "picture")
    else:
        ink = preprocess.fit(preprocess.crop(drawing))
        top, left = (28 - ink.shape[0]) // 2, (28 - ink.shape[1]) // 2
        expected = np.zeros((28, 28), dtype=np.uint8)
        expected[top : top + ink.shape[0], left : left + ink.shape[1]] = ink
    np.testing.assert_array_equal(np.reshape(theirs, (28, 28)), expected)


def by_hand(arrays, image):
    x = image.ravel() / 255
    for i in range(2):
        weight = arrays[f"{i}.weight"] * arrays[f"{i}.scale"][:, None]
        x = weight @ np.maximum(x, 0) + arrays[f"{i}.bias"]
    return x


def asked(page, content, image):
    return page.evaluate(
        """async ([weights, levels]) => {
          const pad = await import(new URL("pad.mjs", location));
          return pad.classify(pad.readWeights(weights), Uint8Array.from(levels));
        }""",
        [base64.b64encode(content).decode(), image.ravel().tolist()],
    )


@pytest.mark.parametrize("temperature", [None, 0.5, 3.0])
def test_the_eleventh_score_and_the_calibration(page, temperature):
    image = preprocess.preprocess(np.asarray(draw(3)))
    calibration = {} if temperature is None else {"temperature": temperature}
    arrays, _ = weights_file()
    scores = by_hand(arrays, image)
    doubt = scores[10] - np.log(np.exp(scores[:10]).sum())
    powers = np.exp(scores[:10] / (temperature or 1))
    for threshold, refused in (
        (doubt - 0.01, True),
        (doubt + 0.01, False),
        (None, False),
    ):
        limit = {} if threshold is None else {"threshold": threshold}
        _, content = weights_file(calibration=calibration | limit, odd=True)
        answer = asked(page, content, image)
        assert answer["doubt"] == pytest.approx(doubt, abs=1e-4)
        np.testing.assert_allclose(answer["probabilities"], powers / powers.sum(), atol=1e-4)
        if refused:
            assert (answer["label"], answer["reason"]) == (None, "not a digit")
        else:
            assert (answer["label"], answer["reason"]) == (powers.argmax(), None)


@pytest.mark.parametrize("count", [2, 10, 20, 47])
@pytest.mark.parametrize("none", [False, True])
def test_any_number_of_classes_answers_as_python_does(page, tmp_path, count, none):
    """The same index, name, reason and shares; at a threshold on either side of the doubt, and without one."""
    classes = [f"class {i}" for i in range(count)]
    drawing = np.asarray(draw(5))
    image = preprocess.preprocess(drawing)
    arrays, _ = weights_file(count + none)
    scores = by_hand(arrays, image)
    doubt = scores[-1] - np.log(np.exp(scores[:count]).sum()) if none else 0
    reasons = []
    for limit in ({}, {"threshold": doubt - 0.01}, {"threshold": doubt + 0.01}):
        calibration = {"temperature": 2.0} | limit
        _, content = weights_file(count + none, calibration, classes=classes)
        path = tmp_path / "w.safetensors"
        path.write_bytes(content)
        ours = DigitClassifier.load(path).classify(drawing)
        theirs = asked(page, content, image)
        for name in ("label", "name", "reason"):
            assert theirs[name] == getattr(ours, name)
        np.testing.assert_allclose(theirs["probabilities"], ours.probabilities, atol=1e-4)
        reasons.append(theirs["reason"])
    assert reasons == [None, "none of these" if none else None, None]


def read(page, content):
    """What ``readWeights`` finds beside the layers."""
    return page.evaluate(
        """async (weights) => {
          const pad = await import(new URL("pad.mjs", location));
          const { layers, ...said } = pad.readWeights(weights);
          return said;
        }""",
        base64.b64encode(content).decode(),
    )


def test_what_a_file_says_is_read(page):
    said = {
        "provenance": {"seed": 1},
        "calibration": {"temperature": 2, "threshold": -0.5},
        "classes": ["Katze", "猫", "<b>"],
        "preparation": "picture",
    }
    assert read(page, weights_file(4, **said)[1]) == said
    usual = {"classes": list(weights.DIGITS), "preparation": "digit"}
    assert read(page, weights_file()[1]) == usual | {"provenance": {}, "calibration": {}}


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"classes": "ab"}, "expected classes, two or more distinct names"),
        ({"classes": {"0": "a"}}, "expected classes"),
        ({"classes": ["a"]}, "expected classes"),
        ({"classes": ["a", "b", "a"]}, "expected classes"),
        ({"classes": ["a", ""]}, "expected classes"),
        ({"classes": ["a", " "]}, "expected classes"),
        ({"classes": ["a", 2]}, "expected classes"),
        ({"classes": None}, "expected classes"),
        ({"classes": ["a", "b", "c"], "outputs": 5}, "5 outputs for 3 classes"),
        ({"classes": ["a", "b", "c"], "outputs": 2}, "2 outputs for 3 classes"),
        ({"preparation": "letter"}, 'expected preparation, digit or picture, got "letter"'),
        ({"preparation": ["digit"]}, "expected preparation"),
        ({"calibration": [1]}, "expected calibration, a JSON object"),
        ({"calibration": {"temperature": 0}}, "its temperature above 0.001"),
        ({"calibration": {"temperature": -1}}, "its temperature above 0.001"),
        ({"calibration": {"threshold": None}}, "its threshold a number"),
        ({"calibration": {"threshold": "high"}}, "its threshold a number"),
        ({"provenance": None}, "expected provenance, a JSON object"),
    ],
)
def test_a_file_that_says_something_else_is_refused_as_in_python(page, tmp_path, said, message):
    from playwright.sync_api import Error

    said = dict(said)
    _, content = weights_file(said.pop("outputs", 11), **said)
    with pytest.raises(Error, match=f"expected a digitlib weights file: [^\\n]*{message}"):
        read(page, content)
    path = tmp_path / "w.safetensors"
    path.write_bytes(content)
    with pytest.raises(ValueError, match="expected a digitlib weights file"):
        weights.load(path)


def test_ten_scores_refuse_nothing(page):
    _, content = weights_file(outputs=10, calibration={"threshold": -1e9})
    answer = asked(page, content, preprocess.preprocess(np.asarray(draw(3))))
    assert answer["doubt"] is None and answer["label"] is not None


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda content: b"", "at 0 bytes"),
        (
            lambda content: b"<!doctype html><title>404</title>",
            "cut short or something else",
        ),
        (lambda content: content[:-8], "cut short"),
        (lambda content: weights_file(outputs=12)[1], "last layer has 12 outputs"),
        (lambda content: save({"a": np.zeros(1)}, {}), "no layers"),
    ],
)
def test_what_is_no_weights_file_is_refused(page, damage, message):
    from playwright.sync_api import Error

    content = damage(weights.SHIPPED.read_bytes())
    with pytest.raises(Error, match=f"expected a digitlib weights file.*{message}"):
        asked(page, content, np.zeros(784))


RENDER = """async (kind) => {
  const { default: pad } = await import(new URL("pad.mjs", location));
  const buffer = await (await fetch("digits.safetensors")).arrayBuffer();
  const shifted = new Uint8Array(buffer.byteLength + 1);
  shifted.set(new Uint8Array(buffer), 1);
  const forms = {
    ArrayBuffer: () => buffer,
    Uint8Array: () => shifted.subarray(1),
    DataView: () => new DataView(shifted.buffer, 1),
  };
  window.values = { weights: forms[kind]() };
  window.saves = 0;
  const model = {
    get: (name) => values[name],
    set: (name, value) => { values[name] = value; },
    save_changes: () => { saves += 1; },
  };
  window.cleanup = pad.render({ model, el: document.getElementById("pad") });
}"""


def own_pad(page, static_site):
    """Open the page and wait for its own pad, which would take the place of a test's if it came later."""
    page.goto(static_site.address)
    page.wait_for_selector(".pad-canvas")


@pytest.mark.parametrize("kind", ["ArrayBuffer", "Uint8Array", "DataView"])
def test_a_host_receives_the_drawing_and_the_prediction(page, static_site, kind):
    own_pad(page, static_site)
    page.evaluate(RENDER, kind)
    page.get_by_role("button", name="7", exact=True).click()
    page.wait_for_function("values.prediction?.label === 7")
    drawing = np.frombuffer(base64.b64decode(page.evaluate("values.drawing")), np.uint8)
    prediction = DigitClassifier.load().classify(drawing.reshape(280, 280))
    assert prediction.label == 7
    theirs = page.evaluate("values.prediction.probabilities")
    np.testing.assert_allclose(theirs, prediction.probabilities, atol=1e-3)
    page.evaluate("cleanup()")
    assert page.locator(".pad").count() == 0


# Renders the pad for a server that answers with an expression, in which `asked` counts and `waiting` collects.
SERVED = """async (answer) => {
  const { default: pad } = await import(new URL("pad.mjs", location));
  Object.assign(window, { asked: 0, waiting: [] });
  const classify = new Function(`return ${answer};`);
  const model = { get: (name) => ({ classify })[name] };
  window.cleanup = pad.render({ model, el: document.getElementById("pad") });
}"""


FRAME = 20  # milliseconds, one at least of the frames in which the pad asks


@pytest.fixture(scope="module")
def held(browser):
    """A page whose clock runs only when a test moves it."""
    page = browser.new_page(reduced_motion="reduce")
    page.clock.install(time=0)
    page.clock.pause_at(1000)
    yield page
    page.close()


@pytest.fixture
def served(held, static_site):
    """Open the pad for a server that answers with an expression, and draw a 7."""

    def open_for(answer):
        own_pad(held, static_site)
        held.evaluate(SERVED, answer)
        held.get_by_role("button", name="7", exact=True).click()
        held.clock.run_for(FRAME)
        return held

    return open_for


def test_a_server_may_predict(served):
    """One question at a time; an answer about a cleared sheet comes too late."""
    page = served("new Promise((answer) => waiting.push(answer))")
    assert page.evaluate("waiting.length") == 1
    page.get_by_role("button", name="2", exact=True).click()
    page.clock.run_for(4_000)  # for as long as the pad is patient
    assert page.evaluate("waiting.length") == 1
    answer = "waiting.at(-1)({ label: %d, reason: null, probabilities: Array(10).fill(0.1) })"
    page.evaluate(answer % 7)
    page.wait_for_function("waiting.length === 2")
    assert guess(page) == "Draw a digit"
    page.evaluate(answer % 2)
    page.wait_for_selector(".pad-guess[data-label='2']")
    page.get_by_role("button", name="a scribble", exact=True).click()
    page.clock.run_for(FRAME)
    assert page.evaluate("waiting.length") == 3
    refusal = answer.replace("null", "'not a digit'").replace("%d", "null")
    page.evaluate(refusal)
    page.get_by_text("Not a digit, I think").first.wait_for()
    assert page.locator(".pad-refused").count() == 1
    assert page.locator(".pad-best").count() == 0


AGAIN = "No answer from the classifier; asking again"


@pytest.mark.parametrize(
    ("first", "patience"),
    [("Promise.reject(new Error('lost'))", 0), ("new Promise(() => {})", 5_000)],
)
def test_a_lost_answer_is_asked_for_again(served, first, patience):
    """Whether the connection broke or nothing ever comes; a second later."""
    seven = "{ label: 7, reason: null, probabilities: Array(10).fill(0.1) }"
    page = served(f"(asked += 1) === 1 ? {first} : Promise.resolve({seven})")
    page.clock.run_for(patience)
    assert guess(page) == AGAIN
    page.clock.run_for(1_000 - 2 * FRAME)
    assert (guess(page), page.evaluate("asked")) == (AGAIN, 1)
    page.clock.run_for(2 * FRAME)
    page.wait_for_selector(".pad-guess[data-label='7']")
    page.clock.run_for(60_000)
    assert page.evaluate("asked") == 2


def test_a_server_that_never_answers_is_not_asked_for_ever(served):
    page = served("(asked += 1, Promise.reject(new Error('away')))")
    page.clock.run_for(60_000)
    assert guess(page) == "No answer from the classifier; draw on to try again"
    assert page.evaluate("asked") == 4


def test_a_pad_that_was_removed_asks_no_more(served):
    """It would have asked again after a second."""
    page = served("(asked += 1, Promise.reject(new Error('away')))")
    assert guess(page) == AGAIN
    page.evaluate("cleanup()")
    page.clock.run_for(60_000)
    assert page.evaluate("asked") == 1


@pytest.fixture
def inlined_page(tmp_path):
    path = tmp_path / "pad.html"
    path.write_text(inlining.inlined(weights.SHIPPED.read_bytes()), encoding="utf-8")
    return path


def test_one_file_holds_the_whole_pad(browser, inlined_page):
    page = browser.new_page()
    page.emulate_media(reduced_motion="reduce")
    requests = []
    page.on("request", lambda request: requests.append(request.url))
    page.goto(inlined_page.as_uri())
    page.get_by_role("button", name="2", exact=True).click()
    page.wait_for_selector(".pad-guess[data-label='2']")
    assert page.get_by_role("heading", name="Draw a digit").is_visible()
    outside = [url for url in requests if not url.startswith(("blob:", "data:"))]
    assert outside == [inlined_page.as_uri()]
    page.close()


def test_a_frame_follows_its_book(browser, inlined_page):
    """Its height and its scheme, from a file."""
    book = inlined_page.with_name("book.html")
    frame = inlining.FRAME.format(address="pad.html", title="Drawing pad", loading="eager")
    book.write_text(f"<!doctype html><html data-theme=dark><body>{frame}", encoding="utf-8")
    page = browser.new_page()
    page.goto(book.as_uri())
    inner = page.frame_locator(".pad-frame")
    inner.locator(".pad-canvas").wait_for()
    page.wait_for_selector(".pad-frame[style*='px']")  # it took its page's height
    scheme = "getComputedStyle(document.documentElement).colorScheme"
    inside = page.frames[1]
    inside.wait_for_function(f"{scheme} === 'dark'")
    page.evaluate("document.documentElement.dataset.theme = 'light'")
    inside.wait_for_function(f"{scheme} === 'light'")
    assert not inner.get_by_role("heading").is_visible()
    before = page.locator(".pad-frame").bounding_box()["height"]
    inner.get_by_text("More", exact=True).click()
    page.wait_for_function(f"document.querySelector('.pad-frame').clientHeight > {before + 100}")
    inside.wait_for_function(
        "document.documentElement.scrollHeight <= document.documentElement.clientHeight"
    )
    page.close()


@pytest.mark.parametrize("builder", ["html", "dirhtml", "text"])
def test_the_book_shows_the_pad_in_the_place_of_its_picture(tmp_path, builder):
    from sphinx.application import Sphinx

    source = tmp_path / "source"
    (source / "book" / "_static").mkdir(parents=True)
    for name in ("pad.png", "other.png"):
        draw(4, size=40, pen=4).save(source / "book" / "_static" / name)
    pictures = "![A pad.](_static/pad.png)\n\n![Another.](_static/other.png)\n"
    (source / "index.md").write_text("# A\n\n```{toctree}\nbook/page\n```\n")
    (source / "book" / "page.md").write_text(f"# B\n\n{pictures}")
    build = Sphinx(
        source,
        None,
        tmp_path / "out",
        tmp_path / "trees",
        builder,
        confoverrides={"extensions": ["myst_parser", "inlining"]},
        status=None,
        warning=None,
    )
    build.build()
    assert build.statuscode == 0
    made = {
        "html": "book/page.html",
        "dirhtml": "book/page/index.html",
        "text": "book/page.txt",
    }
    page = (tmp_path / "out" / made[builder]).read_text()
    still = tmp_path / "out" / "_static" / "pad.html"
    if builder == "text":
        assert "A pad." in page and not still.exists()
        return
    depth = made[builder].count("/")
    assert f'<iframe class="pad-frame" src="{"../" * depth}_static/pad.html"' in page
    assert "pad.png" not in page and "other.png" in page
    assert still.read_text() == inlining.inlined(weights.SHIPPED.read_bytes())


def test_a_file_that_a_page_cannot_hold_is_refused(tmp_path, monkeypatch):
    for name in ("index.html", "pad.css", "pad.mjs"):
        (tmp_path / name).write_text((inlining.PAD / name).read_text())
    monkeypatch.setattr(inlining, "PAD", tmp_path)
    (tmp_path / "pad.mjs").write_text("const x = '</script>';")
    with pytest.raises(ValueError, match="</script"):
        inlining.inlined(b"")
    (tmp_path / "pad.mjs").write_text("")
    (tmp_path / "index.html").write_text("<html></html>")
    with pytest.raises(ValueError, match=r"index\.html: expected"):
        inlining.inlined(b"")
