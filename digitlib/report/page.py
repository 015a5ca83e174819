"""The page that ``digitlib report`` writes: what was measured, in words and pictures.

It is one file that asks nothing of any other. Its pictures are narrow, so that their letters can be read on a
telephone, and each says how to read it.

Of a model that looks whether the left half is the brighter one; the second file makes the first again:

>>> import json
>>> import tempfile
>>> from pathlib import Path
>>> import torch
>>> from torch import nn
>>> from digitlib.data import Images
>>> from digitlib.report import page
>>> from digitlib.report.findings import Report
>>> images = torch.zeros(100, 28, 28, dtype=torch.uint8)
>>> images[:50, :, :14], images[50:, :, 14:] = 255, 255
>>> halves = Images(images, torch.arange(100) // 50, ("left", "right"))
>>> model = nn.Sequential(nn.AdaptiveAvgPool2d((1, 2)), nn.Flatten())
>>> with tempfile.TemporaryDirectory() as folder:
...     report = page.write(folder, model, halves, name="halves")
...     files = (Path(folder) / f"report.{kind}" for kind in ("html", "json"))
...     html, plain = (file.read_text(encoding="utf-8") for file in files)
>>> print(report.clean.accuracy)
100.0 % (96.3 to 100.0) of 100
>>> page.render(Report.from_json(json.loads(plain)), halves) == html
True
"""

import json
from collections.abc import Callable, Iterator
from html import escape
from importlib import resources
from pathlib import Path

from digitlib import evaluate, show, style
from digitlib.accuracy import Share, percent
from digitlib.data import Images
from digitlib.files import write_whole
from digitlib.plain import one_line
from digitlib.report.corruptions import UNITS
from digitlib.report.findings import Calibration, NonDigits, Redrawn, Refusal, Report, Written
from digitlib.report.measure import FEWEST, measure
from digitlib.report.parts import figure, section, table

__all__ = ["render", "write"]

_STYLE = (resources.files("digitlib.report") / "page.css").read_text(encoding="utf-8")
_HEAD = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
{style}</style>
<main>
<h1>{title}</h1>
<p>{about}</p>
"""


def write(
    folder: str | Path,
    model: evaluate.Model,
    images: Images,
    *,
    name: str = "a model",
    temperature: float | None = None,
    threshold: float | None = None,
    quick: bool = False,
    tell: Callable[[str], None] = lambda text: None,
) -> Report:
    """Measure a model in every way that this book knows, and write ``report.html`` and ``report.json``.

    Args:
        folder: made if it isn't there; the two files in it are replaced.
        model: a classifier, or what takes float ``(N, 28, 28)`` in [0, 1] and returns logits ``(N, C)``, or
            ``(N, C + 1)`` with a score for what is none of the classes.
        images: what to measure on; none of them may have been trained on.
        name: what the page calls the model.
        temperature: what logits are divided by, above 0; if None, a classifier's own, and of any other model 1. One
            that was fitted on the same images makes the model look a little better here than elsewhere.
        threshold: the doubt (:func:`digitlib.calibrate.doubt`) above which it refuses, for a model with a score for
            what is none of the classes; if None, a classifier's own, and of any other model none.
        quick: a fifth of everything.
        tell: called with a line at each step.

    Returns:
        what ``report.json`` holds.

    Raises:
        NotADirectoryError, FileNotFoundError: the folder can't be made.
        ValueError: fewer than 100 images, a temperature not above 0.001, or a model that can't be asked, returns
            something else or names other classes.
    """
    folder = Path(folder)
    if folder.exists() and not folder.is_dir():
        raise NotADirectoryError(f"{folder}: expected a folder")
    if len(images) >= FEWEST:  # or it is refused, and leaves nothing behind
        folder.mkdir(exist_ok=True)  # before the measuring, not after it
    calibration = {"temperature": temperature, "threshold": threshold}
    report = measure(model, images, name=name, quick=quick, tell=tell, **calibration)
    # A file's name, and so the model's, may hold what UTF-8 can't.
    content = render(report, images).encode(errors="backslashreplace")
    write_whole(folder / "report.html", content)
    plain = json.dumps(report.to_json(), indent=1) + "\n"
    write_whole(folder / "report.json", plain.encode())
    return report


def render(report: Report, images: Images) -> str:
    """The report as HTML.

    Args:
        report: what :func:`digitlib.report.page.write` returns; ``Report.from_json`` makes it of ``report.json`` again.
        images: those that were measured on, for the pictures of the worst mistakes.

    Returns:
        a whole page with its pictures in it.
    """
    about = f"Measured on {report.date} by {report.made_by}. Each share has its 95 % interval and its n."
    parts = [_HEAD.format(title=escape(f"Report: {report.model}"), style=_STYLE, about=about)]
    parts += [
        *_clean(report),
        *_mistakes(report, images),
        *_reliability(report.calibration, report.noun),
        *_risk(report),
        *_worse(report),
        *_elsewhere(report),
        *_refusal(report),
    ]
    text = "\n".join(parts) + "\n</main>\n</html>\n"
    return text.replace(" %", "&nbsp;%")  # no line begins with it


def _clean(report: Report) -> Iterator[str]:
    noun, classes, found = report.noun, report.classes, report.by_class
    missing = [escape(name) for name in classes if name not in found]
    without = f"None of them is labelled {' or '.join(missing)}: of that, nothing is said."
    yield from section(
        f"{noun.title()}s as they are",
        f"Right: {report.clean.accuracy} {noun}s.",
        *[without] * bool(missing),
        *_abbreviations(classes),
    )
    written = dict(zip(classes, show.written(classes), strict=True))
    one, each = ("digit", "the ten digits") if noun == "digit" else ("class", "the classes")
    yield figure(
        show.intervals(list(found.values()), [written[name] for name in found]),
        f"Accuracy of each of {each}, with intervals.",
        f"Each row is a {one}: the point is its accuracy, the bar the 95 % interval.",
    )
    yield from _matrix(report, one, list(written.values()))


def _matrix(report: Report, one: str, names: list[str]) -> Iterator[str]:
    """The confusion matrix, as large as its names and numbers need."""
    wide = len(str(max(map(max, report.clean.confusion)))) * (len(names) <= show.NUMBERED)
    cell = max(0.18, 0.04 + 0.09 * wide)  # inches: as wide as its number, as high as a name
    side = max(style.WIDTH, 0.6 + cell * len(names) + 0.08 * max(map(len, names)))
    darker = "" if len(names) <= show.NUMBERED else ", the more of them the darker"
    yield figure(
        show.matrix(report.clean.confusion, "called", "labelled", True, side, names),
        f"How often each {one} was called each other.",
        f"Each row is what {report.noun}s are, each column what they were called; "
        f"the mistakes are coloured{darker}.",
        wide=side > style.WIDTH,
    )


def _abbreviations(classes: tuple[str, ...]) -> Iterator[str]:
    """What the pictures call otherwise than by its name, if anything."""
    pairs = zip(show.written(classes), classes, strict=True)
    others = [
        f"{escape(short)} is {escape(name)}" for short, name in pairs if short != one_line(name)
    ]
    if others:
        yield f"In the pictures, {'; '.join(others)}."


def _mistakes(report: Report, images: Images) -> Iterator[str]:
    worst, classes = report.clean.worst, report.classes
    if not worst:
        return
    yield from section("The worst mistakes")
    names = show.written(classes)
    # Names of a few letters have room on one line, four to a row.
    short = max(map(len, names)) < 3
    between, columns = (", ", 4) if short else (",\n", 3)
    titles = [f"{names[one.label]}{between}called {names[one.called]}" for one in worst]
    yield figure(
        show.digits(
            images.images[[one.index for one in worst]].numpy(),
            titles,
            columns=columns,
            size=style.WIDTH / columns,
        ),
        "; ".join(f"{classes[one.label]}, called {classes[one.called]}" for one in worst),
        "Those whose own label got the least probability, worst first.",
    )


def _reliability(about: Calibration, noun: str) -> Iterator[str]:
    yield from section(
        "How sure, and how right",
        f"Expected calibration error: {percent(about.error, 2)}. "
        f"A perfectly calibrated model would show {percent(about.chance, 2)} by chance.",
        *_fitted(about.temperature, noun),
    )
    yield figure(
        show.reliability([(part.sure, part.right) for part in about.bins]),
        "Reliability diagram: how often it was right against how sure it was.",
        f"Each point is one of {len(about.bins)} groups of equally many {noun}s, from the least sure to the surest: on "
        "the dashed line it is as often right as it is sure, below it less often; the bar is the 95 % interval.",
    )


def _fitted(temperature: float, noun: str) -> Iterator[str]:
    if temperature != 1:
        yield (
            f"Its logits were divided by a temperature of {temperature:.2f}. If that was chosen on these same {noun}s, "
            "the error looks a little smaller here than it would elsewhere."
        )


def _risk(report: Report) -> Iterator[str]:
    noun, about = report.noun, report.calibration
    given, missed = ([100 * share for share in part] for part in (about.coverage, about.risk))
    curves = {f"surest {noun}s first": (given, missed)}
    caption = (
        f"At the right it answers every {noun}; the further left, the fewer it answers, the least sure left out first, "
        "and the height is the share of these answers that are wrong."
    )
    if report.refusal and report.refusal.answered:
        answered = report.refusal.answered
        wrong = Share(answered.n - answered.count, answered.n)
        coverage = answered.n / report.clean.accuracy.n
        curves["at the threshold"] = ([100 * coverage], [100 * wrong.value])
        other = "no digit" if noun == "digit" else "none of the classes"
        caption += (
            f" The square is the threshold of doubt: {percent(coverage)} of the {noun}s get an answer, and {wrong} "
            f"answers are wrong. It may lie off the curve, since it leaves out what looks like {other}."
        )
    labels = f"{noun}s that get an answer (%)", "wrong answers (%)"
    yield figure(
        show.lines(curves, *labels),
        "Risk against coverage: the share of wrong answers if only the surest are given.",
        caption,
    )


def _worse(report: Report) -> Iterator[str]:
    curves, noun = report.worse.curves, report.noun
    kind, severity = min(
        ((kind, severity) for kind in curves for severity in curves[kind]),
        key=lambda place: curves[place[0]][place[1]].value,
    )
    yield from section(
        f"{noun.title()}s made worse",
        f"Wrong, averaged over all kinds and severities: {percent(report.worse.mean_error)}.",
        f"Worst ({kind}, {severity:g} {UNITS[kind]}): {curves[kind][severity]} right.",
    )
    yield figure(
        show.curves({"this model": curves}, UNITS),
        "Accuracy against severity, a small frame for each kind.",
        f"Each frame is one way to make {noun}s worse, more so towards the right: the points are the accuracy, the "
        "band is the 95 % interval, and all frames have the same scale.",
    )


def _elsewhere(report: Report) -> Iterator[str]:
    """Of the ten digits alone."""
    if not (report.redrawn and report.elsewhere):
        return
    yield from section(
        "Digits drawn elsewhere",
        f"Redrawn in any size, with any pen: {report.redrawn.all} drawings right.",
        f"Scikit-learn's digits, by other writers: {report.elsewhere.writers} right.",
    )
    yield from _grid(report.redrawn)
    styles = report.elsewhere.styles
    yield figure(
        show.intervals(list(styles.values()), list(styles), "named rightly (%)"),
        "Accuracy on each way to write a digit.",
        "Each row is a way to write a digit, drawn by program, some of them rare in MNIST: the point is the share that "
        "is named rightly, the bar the 95 % interval.",
    )


def _grid(found: Redrawn) -> Iterator[str]:
    """A table with a row for each size and a column for each pen."""
    cells = {(cell.size, cell.pen): cell.right for cell in found.cells}
    sizes, pens = (sorted(set(values)) for values in zip(*cells, strict=True))
    caption = (
        "Each row is a size of the redrawn digits, in parts of the canvas, each column a pen, in parts of the digit: "
        f"the share right in %, with its 95 % interval, of {found.cells[0].right.n} drawings."
    )
    rows = {f"size {size:.0%}": [cells[size, pen] for pen in pens] for size in sizes}
    yield from table(caption, [f"pen {pen:.0%}" for pen in pens], rows)


def _refusal(report: Report) -> Iterator[str]:
    digit = report.noun == "digit"
    title = "What is no digit" if digit else "What is none of the classes"
    if not report.refusal:
        names = "a digit" if digit else "one of its classes"
        text = f"This model has no threshold of doubt: it names {names} on everything."
        yield from section(title, text)
        return
    passed = report.non_digits
    said = [f"Refused of the {report.noun}s: {report.refusal.refused}."]
    if report.written:
        name, style = report.written.worst
        worst = report.written.refused[name][style]
        said.append(f"Most of drawings of one digit in one style: {worst} ({name}, {style}).")
    if passed:
        said += [f"Taken for digits, {group}: {share}." for group, share in passed.groups.items()]
    elif report.refusal.answered:
        said.append(f"Right of those that get an answer: {report.refusal.answered}.")
    yield from section(title, *said)
    yield _refused(report.refusal, report.noun, report.classes)
    if report.written:
        yield from _styles(report.written)
    if passed:
        yield _non_digits(passed)


def _refused(about: Refusal, noun: str, classes: tuple[str, ...]) -> str:
    """By class: a mean over all may hide that one pays for the others."""
    found, names = about.by_class, dict(zip(classes, show.written(classes), strict=True))
    one = "digit" if noun == "digit" else "class"
    return figure(
        show.intervals(list(found.values()), [names[name] for name in found], "refused (%)"),
        f"Each {one}'s share that is refused.",
        f"Each row is a {one}: the point is the share that is refused, the bar the 95 % interval; further "
        "left is better.",
    )


def _styles(found: Written) -> Iterator[str]:
    """A table with a row for each style and a column for each digit."""
    refused = found.refused
    styles = list(refused["0"])
    caption = (
        "Each row is a style in which a program drew digits that no recipe learns from, each column a digit: "
        f"the share refused in %, with its 95 % interval, of {refused['0'][styles[0]].n} drawings."
    )
    rows = {style: [by_style[style] for by_style in refused.values()] for style in styles}
    yield from table(caption, list(refused), rows)


def _non_digits(passed: NonDigits) -> str:
    kinds = passed.kinds
    return figure(
        show.intervals(list(kinds.values()), list(kinds), "taken for a digit (%)"),
        "Each kind's share that is taken for a digit.",
        "Each row is a kind of non-digits: the point is the share that passes for a digit, the bar the 95 % interval; "
        "further left is better.",
    )
