"""The page that ``digitlib evaluate --report`` writes: what was measured, in words and pictures.

It is one file that asks nothing of any other. Its pictures are narrow, so that their letters can be read on a
telephone, and each says how to read it.
"""

import base64
import json
import math
from collections.abc import Callable, Iterator
from html import escape
from pathlib import Path

from torch import nn

from digitlib import show
from digitlib.data import Images
from digitlib.evaluate import Accuracy
from digitlib.files import write_whole
from digitlib.report.corruptions import UNITS
from digitlib.report.measure import measure

__all__ = ["render", "write"]

WIDTH = 4.4
"""Inches of a picture: 572 pixels, which a telephone shows in three fifths of their size."""

_HEAD = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif; }}
body {{ max-width: 44rem; margin: 0 auto; padding: 1rem; overflow-wrap: break-word; }}
figure {{ margin: 1.5rem 0; }}
img {{ max-width: 100%; height: auto; }}
table {{ border-collapse: collapse; margin: 1.5rem 0; line-height: 1.3; }}
caption {{ caption-side: bottom; text-align: left; line-height: 1.5; padding-top: 0.5rem; }}
td, th {{ padding: 0.3rem 0.5rem; text-align: right; border-bottom: 1px solid #8886; }}
small {{ white-space: nowrap; }}
.wide {{ overflow-x: auto; }}
</style>
<main>
<h1>{title}</h1>
<p>{about}</p>
"""


def write(
    folder: str | Path,
    model: nn.Module,
    digits: Images,
    *,
    name: str = "a model",
    temperature: float = 1.0,
    threshold: float = math.inf,
    quick: bool = False,
    tell: Callable[[str], None] = lambda text: None,
) -> dict:
    """Measure a model in every way that this book knows, and write ``report.html`` and ``report.json``.

    Args:
        folder: made if it isn't there; the two files in it are replaced.
        model: takes float ``(N, 28, 28)`` in [0, 1], returns logits ``(N, 10)``, or ``(N, 11)`` with a score for what
            is no digit.
        digits: what to measure on; none of them may have been trained on.
        name: what the page calls the model.
        temperature, threshold: its calibration, if it has one; what was fitted on the same digits looks a little better
            here than elsewhere.
        quick: a fifth of everything.
        tell: called with a line at each step.

    Returns:
        what ``report.json`` holds.

    Raises:
        NotADirectoryError, FileNotFoundError: the folder can't be made.
        ValueError: fewer than 100 digits, or a model that can't be asked or returns something else.
    """
    folder = Path(folder)
    if folder.exists() and not folder.is_dir():
        raise NotADirectoryError(f"{folder}: expected a folder")
    folder.mkdir(exist_ok=True)  # before the measuring, not after it
    found = measure(model, digits, temperature, threshold, quick, tell)
    found = {"model": name, **found}
    text = render(found, digits)
    # A file's name, and so the model's, may hold what UTF-8 can't.
    content = text.encode(errors="backslashreplace")
    write_whole(folder / "report.html", content)
    plain = json.dumps(found, indent=1) + "\n"
    write_whole(folder / "report.json", plain.encode())
    return found


def render(found: dict, digits: Images) -> str:
    """The report as HTML.

    Args:
        found: what :func:`write` returns, or what its ``report.json`` holds.
        digits: those that were measured on, for the pictures of the worst mistakes.
    """
    about = f"Measured on {found['date']} by {found['made by']}. Each share has its 95 % interval and its n."
    parts = [_HEAD.format(title=escape(f"Report: {found['model']}"), about=about)]
    parts += [
        *_clean(found),
        *_mistakes(found["worst mistakes"], digits),
        *_reliability(found["calibration"]),
        *_risk(found),
        *_worse(found),
        *_elsewhere(found),
        *_refusals(found),
    ]
    text = "\n".join(parts) + "\n</main>\n</html>\n"
    return text.replace(" %", "&nbsp;%")  # no line begins with it


def _share(plain: dict) -> str:
    return Accuracy.from_counts(plain).share


def _section(title: str, *paragraphs: str) -> Iterator[str]:
    yield f"<h2>{title}</h2>"
    yield from (f"<p>{text}</p>" for text in paragraphs)


def _figure(picture: show.Picture, alt: str, caption: str) -> str:
    """A picture: ``alt`` for who can't see it, ``caption`` for how to read it."""
    source = f"data:image/png;base64,{base64.b64encode(picture.png).decode()}"
    image = f'<img src="{source}" alt="{escape(alt)}">'
    return f"<figure>{image}<figcaption>{caption}</figcaption></figure>"


def _clean(found: dict) -> Iterator[str]:
    right = f"Right: {_share(found['accuracy'])} digits."
    missing = [str(i) for i, row in enumerate(found["confusion"]) if not sum(row)]
    without = f"None of them is labelled {' or '.join(missing)}: of that, nothing is said."
    yield from _section("Digits as they are", right, *[without] * bool(missing))
    rows = {
        str(digit): Accuracy(row[digit], sum(row))
        for digit, row in enumerate(found["confusion"])
        if sum(row)
    }
    yield _figure(
        show.intervals(list(rows.values()), list(rows), width=WIDTH),
        "Accuracy of each of the ten digits, with intervals.",
        "Each row is a digit: the point is its accuracy, the bar the 95 % interval.",
    )
    yield _figure(
        show.matrix(found["confusion"], "called", "labelled", True, WIDTH),
        "How often each digit was called each other.",
        "Each row is what digits are, each column what they were called; the mistakes are coloured.",
    )


def _mistakes(worst: list[dict], digits: Images) -> Iterator[str]:
    if not worst:
        return
    yield from _section("The worst mistakes")
    titles = [f"{one['label']}, called {one['called']}" for one in worst]
    images = digits.images[[one["index"] for one in worst]].numpy()
    yield _figure(
        show.digits(images, titles, columns=4, size=WIDTH / 4),
        "; ".join(titles),
        "Those whose own label got the least probability, worst first.",
    )


def _reliability(about: dict) -> Iterator[str]:
    error = 100 * about["expected calibration error"]
    chance = 100 * about["of a perfect model, by chance"]
    yield from _section(
        "How sure, and how right",
        f"Expected calibration error: {error:.2f} %. A perfectly calibrated model would show {chance:.2f} % by chance.",
        *_fitted(about["temperature"]),
    )
    bins = [(part["sure"], Accuracy.from_counts(part)) for part in about["bins"]]
    yield _figure(
        show.reliability(bins),
        "Reliability diagram: how often it was right against how sure it was.",
        f"Each point is one of {len(bins)} groups of equally many digits, from the least sure to the surest: on the "
        "dashed line it is as often right as it is sure, below it less often; the bar is the 95 % interval.",
    )


def _fitted(temperature: float) -> Iterator[str]:
    if temperature != 1:
        yield (
            f"Its logits were divided by a temperature of {temperature:.2f}. If that was chosen on these same digits, "
            "the error looks a little smaller here than it would elsewhere."
        )


def _risk(found: dict) -> Iterator[str]:
    about = found["calibration"]
    percents = [[100 * share for share in about[key]] for key in ("coverage", "risk")]
    curves = {"surest digits first": percents}
    caption = (
        "At the right it answers every digit; the further left, the fewer it answers, the least sure left out first, "
        "and the height is the share of these answers that are wrong."
    )
    if "answered digits" in found:
        answered = Accuracy.from_counts(found["answered digits"])
        share, wrong = answered.n / found["accuracy"]["n"], 1 - answered.value
        curves["at the threshold"] = ([100 * share], [100 * wrong])
        mistakes = Accuracy(answered.n - answered.right, answered.n).share
        caption += (
            f" The square is the threshold of doubt: {100 * share:.1f} % of the digits get an answer, and {mistakes} "
            "answers are wrong. It may lie off the curve, since it leaves out what looks like no digit."
        )
    labels = "digits that get an answer (%)", "wrong answers (%)"
    yield _figure(
        show.lines(curves, *labels, width=WIDTH),
        "Risk against coverage: the share of wrong answers if only the surest are given.",
        caption,
    )


def _worse(found: dict) -> Iterator[str]:
    curves = {
        kind: {float(severity): Accuracy.from_counts(plain) for severity, plain in curve.items()}
        for kind, curve in found["corruptions"].items()
    }
    kind, severity = min(
        ((kind, severity) for kind in curves for severity in curves[kind]),
        key=lambda place: curves[place[0]][place[1]].value,
    )
    yield from _section(
        "Digits made worse",
        f"Wrong, averaged over all kinds and severities: {100 * found['mean corruption error']:.1f} %.",
        f"Worst ({kind}, {severity:g} {UNITS[kind]}): {curves[kind][severity].share} right.",
    )
    yield _figure(
        show.curves({"this model": curves}, UNITS),
        "Accuracy against severity, a small frame for each kind.",
        "Each frame is one way to make digits worse, more so towards the right: the points are the accuracy, the band "
        "is the 95 % interval, and all frames have the same scale.",
    )


def _elsewhere(found: dict) -> Iterator[str]:
    yield from _section(
        "Digits drawn elsewhere",
        f"Redrawn in any size, with any pen: {_share(found['redrawn']['all'])} drawings right.",
        f"Scikit-learn's digits, by other writers: {_share(found['other handwriting'])} right.",
    )
    cells = {(cell["size"], cell["pen"]): cell for cell in found["redrawn"]["cells"]}
    sizes, pens = (sorted(set(values)) for values in zip(*cells, strict=True))
    caption = (
        "Each row is a size of the redrawn digits, in parts of the canvas, each column a pen, in parts of the digit: "
        f"the share right in %, with its 95 % interval, of {found['redrawn']['cells'][0]['n']} drawings."
    )
    head = "".join(f'<th scope="col">pen {pen:.0%}</th>' for pen in pens)
    yield f'<div class="wide"><table><caption>{caption}</caption><tr><td></td>{head}</tr>'
    for size in sizes:
        row = "".join(_cell(cells[size, pen]) for pen in pens)
        yield f'<tr><th scope="row">size {size:.0%}</th>{row}</tr>'
    yield "</table></div>"
    styles = found["other styles"]
    yield _figure(
        show.intervals(
            [Accuracy.from_counts(plain) for plain in styles.values()],
            list(styles),
            "named rightly (%)",
            WIDTH,
        ),
        "Accuracy on each of six ways to write a digit.",
        "Each row is a way to write a digit, drawn by program, some of them rare in MNIST: the point is the share that "
        "is named rightly, the bar the 95 % interval.",
    )


def _cell(plain: dict) -> str:
    low, high = plain["interval"]
    # With "to" between them the table would be wider than a telephone.
    interval = f"{100 * low:.0f}&ndash;{100 * high:.0f}"
    return f"<td>{100 * plain['value']:.0f}<br><small>{interval}</small></td>"


def _refusals(found: dict) -> Iterator[str]:
    if "refused digits" not in found:
        text = "This model has no threshold of doubt: it names a digit on everything."
        yield from _section("What is no digit", text)
        return
    yield from _section(
        "What is no digit",
        f"Refused of the digits: {_share(found['refused digits'])}.",
        *(
            f"Taken for digits, {title}: {_share(plain)}."
            for title, plain in found["accepted by group"].items()
        ),
    )
    passed = found["accepted non-digits"]
    accuracies = [Accuracy.from_counts(plain) for plain in passed.values()]
    yield _figure(
        show.intervals(accuracies, list(passed), "taken for a digit (%)", WIDTH),
        "Each kind's share that is taken for a digit.",
        "Each row is a kind of non-digits: the point is the share that passes for a digit, the bar the 95 % interval; "
        "further left is better.",
    )
