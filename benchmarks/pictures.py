"""Pictures as people send them: what does the classifier make of them? ``python benchmarks/pictures.py`` asks it.

Each condition of :mod:`album` is a kind of scan, photo, cut-out, board or screen, stated in a sentence. Of a digit,
right is its name. Of a picture without a digit, or with two, right is "blank" or a refusal. What is named otherwise is
wrong, and surely wrong above 0.9.

The reading of pictures was chosen on half of the conditions (:func:`album.halves`), which is what this asks about. The
other half is asked once, at the end: ``--all`` asks both, and writes ``pictures.json``, ``pictures.md`` and the entries
of the ledger. What is mended after that is asked about by ``--mended --condition NAME``, and stands apart.
"""

import argparse
import functools
import json
import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, astuple, dataclass, fields
from pathlib import Path

from album import CONDITIONS, draw, halves
from conditions import Condition
from digitlib import classify, weights
from digitlib.accuracy import Share, percent
from digitlib.book import ledger
from digitlib.files import write_whole
from tables import share, table

__all__ = ["SURE", "Tally", "ask", "outcome", "report", "summary"]

SURE = 0.9
"""A wrong name with a greater probability than this is surely wrong."""
N = 200
LOG = Path(__file__).with_suffix(".json")
COMMAND = "python benchmarks/pictures.py --all"


@dataclass(frozen=True)
class Tally:
    """What was said of a number of pictures.

    Attributes:
        n: how many.
        right: named right; of pictures without a digit, refused or blank.
        refused, blank: "not a digit", "blank".
        wrong: named, but not right.
        sure: of these, with a probability above :data:`SURE`.
    """

    n: int = 0
    right: int = 0
    refused: int = 0
    blank: int = 0
    wrong: int = 0
    sure: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(*(one + two for one, two in zip(astuple(self), astuple(other), strict=True)))


def outcome(said: classify.Prediction, label: int | None) -> Tally:
    """The tally of one picture: of a digit, or of none where ``label`` is None."""
    if said.label is None:
        blank = said.reason == "blank"
        return Tally(1, int(label is None), int(not blank), int(blank))
    if said.label == label:
        return Tally(1, right=1)
    return Tally(1, wrong=1, sure=int(said.probabilities.max() > SURE))


@functools.cache
def loaded(path: Path) -> classify.Classifier:
    """The model in a file, read once in each process."""
    return classify.load(path)


def ask(
    name: str, n: int, path: Path = weights.SHIPPED, folder: Path | None = None
) -> tuple[Tally, list[int]]:
    """What a model says of a condition's first ``n`` pictures, which go to a folder too where one is given.

    Returns:
        the tally, and the numbers of the pictures that were named wrong.
    """
    condition, told, misread = CONDITIONS[name], Tally(), []
    for i in range(n):
        image, label = draw(condition, i)
        expected = label if condition.named else None
        said = loaded(path).classify(image)
        one = outcome(said, expected)
        told += one
        misread += [i] * one.wrong
        if folder is not None:
            image.save(folder / f"{name} {i:03} of {expected}, said {said.name or said.reason}.png")
    return told, misread


def asked(
    conditions: list[Condition], n: int, path: Path, folder: Path | None, processes: int
) -> Iterator[tuple[str, tuple[Tally, list[int]]]]:
    """What :func:`ask` returns for every condition, in their order, as they come."""
    names = [one.name for one in conditions]
    if processes == 1:
        yield from ((name, ask(name, n, path, folder)) for name in names)
        return
    with ProcessPoolExecutor(processes) as pool:
        told = pool.map(ask, names, *([part] * len(names) for part in (n, path, folder)))
        yield from zip(names, told, strict=True)


HEAD = ["condition", "n", "right", "refused", "blank", "wrong", "surely wrong", "right before"]


def rows(
    conditions: Iterable[Condition], now: dict[str, Tally], before: dict[str, Tally]
) -> list[list]:
    """The table's lines, one for each condition that was asked about."""
    lines = []
    for one in conditions:
        if one.name in now:
            then = before.get(one.name)
            was = f"{percent(then.right / then.n)} of {then.n}" if then else ""
            lines.append([one.name, *astuple(now[one.name]), was])
    return lines


def summary(conditions: Iterable[Condition], told: dict[str, Tally]) -> list[str]:
    """Sums with their intervals, and the worst condition: one line for digits, one for pictures without."""
    some = [one for one in conditions if one.name in told]
    lines = []
    for named, words in ((True, "Digits"), (False, "Pictures without a digit to name")):
        mine = {one.name: told[one.name] for one in some if one.named == named}
        if not mine:
            continue
        every = sum(mine.values(), Tally())
        worst = min(mine, key=lambda name: mine[name].right / mine[name].n)
        lines.append(
            f"{words}, {len(mine)} conditions, {every.n:,} pictures: right {share(every.right, every.n)}, "
            f"wrong {share(every.wrong, every.n)}, surely wrong {share(every.sure, every.n)}; "
            f"worst: {worst}, {percent(mine[worst].right / mine[worst].n, 1)} right."
        )
    return lines


def report(
    now: dict[str, Tally], before: dict[str, Tally], mended: dict[str, Tally] | None = None
) -> str:
    """The page ``pictures.md``: what was asked, both halves, and what each condition is."""
    parts = [TOP, f"Made by `{COMMAND}`; each picture's stream of chance is its number's."]
    titles = ("The half that the method was chosen on", "The half that was asked once")
    for title, half in zip(titles, halves(), strict=True):
        parts += [f"## {title}", *summary(half, now)]
        parts += [f"Before: {line}" for line in summary(half, before)]
        digits, others = ([one for one in half if one.named == named] for named in (True, False))
        parts += ["\n".join(table(HEAD, rows(some, now, before))) for some in (digits, others)]
    if mended:
        parts += ["## Mended after that half had been asked", MENDED]
        head = ["condition", "asked once, right", *HEAD[1:-1]]
        lines = [
            [name, percent(now[name].right / now[name].n), *astuple(told)]
            for name, told in mended.items()
        ]
        parts.append("\n".join(table(head, lines)))
    parts += ["## All of them", *summary(CONDITIONS.values(), now)]
    parts += [f"Before: {line}" for line in summary(CONDITIONS.values(), before)]
    states = [[one.name, one.kind, one.states] for one in CONDITIONS.values()]
    parts += [
        "## What each condition is",
        "\n".join(table(["condition", "kind", "states"], states)),
    ]
    return "\n\n".join(parts) + "\n"


def record(told: dict[str, Tally]) -> None:
    """Write the sums over both halves to the ledger."""
    entries = {
        dataset: ledger.entries(dataset) for dataset in json.loads(ledger.LEDGER.read_text())
    }
    about = {"seed": 0, "tolerance": 0.0, "command": COMMAND, "weights": checksum()}
    digits = [told[one.name] for one in CONDITIONS.values() if one.named]
    others = [told[one.name] for one in CONDITIONS.values() if not one.named]
    every, none = sum(digits, Tally()), sum(others, Tally())
    worst = min(digits, key=lambda one: one.right / one.n)
    figures = {
        "right": (every.right, every.n),
        "wrong": (every.wrong, every.n),
        "surely-wrong": (every.sure, every.n),
        "worst": (worst.right, worst.n),
        "none-named": (none.wrong, none.n),
    }
    for name, (count, n) in figures.items():
        entry = {"value": Share(count, n).value, "n": n, **about, **ledger.measured_now()}
        entries["mnist"][f"pictures.{name}"] = entry
    ledger.write(entries)


def checksum() -> dict[str, str]:
    """The shipped weights' file, and the first characters of its checksum."""
    return {weights.SHIPPED.name: weights.checksum(weights.SHIPPED)}


TOP = """# Pictures as people send them

Digits, half of them MNIST's validation digits and half drawn by strokes that no recipe learned from, as scans, photos,
cut-outs, boards and screens show them; and a few pictures without a digit, or with two, where "blank" and "not a digit"
are right. The reading of pictures was chosen on every second condition of the list; the others were asked once, when
nothing was to be chosen any more. "Surely wrong" is a wrong name above 0.9; brackets hold 95 % intervals. "Before" is
the way of reading, and the weights, that came before: they cleaned only what was unevenly lit."""


MENDED = """These kinds showed that the reading lacked something: a form whose lines end before the picture does was no
form, a soft shadow was a sheet, a pen that lies on the page was a stroke. It was mended while looking at them, so what
they give since says nothing of pictures that nobody has looked at, and counts in no sum on this page."""


def arguments() -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument(
        "--all", action="store_true", help="both halves; writes pictures.md and the ledger"
    )
    parser.add_argument(
        "--before",
        action="store_true",
        help="with --all: keep it as the state before, in pictures.json",
    )
    parser.add_argument(
        "--mended",
        action="store_true",
        help="with --condition: keep it as asked after something was mended",
    )
    parser.add_argument("--n", type=int, default=N, help="pictures of each condition, %(default)s")
    parser.add_argument(
        "--condition",
        action="append",
        choices=CONDITIONS,
        metavar="NAME",
        help="of the first half, or any",
    )
    parser.add_argument("--weights", type=Path, default=weights.SHIPPED, metavar="FILE")
    parser.add_argument("--save", type=Path, metavar="FOLDER", help="write the pictures there")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument(
        "--gallery", action="store_true", help="make book/pictures.md and its pictures"
    )
    return parser.parse_args()


def main() -> None:
    """Ask, show the table, and write what was asked to write."""
    args = arguments()
    if args.gallery:
        import gallery

        return gallery.make(args.weights)
    if args.save:
        args.save.mkdir(parents=True, exist_ok=True)
    conditions = list(CONDITIONS.values()) if args.all else halves()[0]
    if args.condition:
        conditions = [CONDITIONS[name] for name in args.condition]
    told, misread = {}, {}
    for name, found in asked(conditions, args.n, args.weights, args.save, args.processes):
        told[name], misread[name] = found
        print(f"{name}: {told[name]}, misread: {misread[name]}", file=sys.stderr, flush=True)
    print("\n".join([*table(HEAD[:-1], [line[:-1] for line in rows(conditions, told, {})]), ""]))
    print("\n".join(summary(conditions, told)))
    if args.all and not args.condition:
        keep(told, misread, "before" if args.before else "now")
        if not args.before:
            record(told)
    if args.mended and args.condition:
        keep(told, misread, "mended")


def keep(told: dict[str, Tally], misread: dict[str, list[int]], column: str) -> None:
    """Write a column of ``pictures.json``, with the first pictures that were misread, and ``pictures.md`` of both."""
    log = json.loads(LOG.read_text(encoding="utf-8")) if LOG.exists() else {}
    found = {name: {**asdict(tally), "misread": misread[name][:3]} for name, tally in told.items()}
    log[column] = (log.get(column, {}) if column == "mended" else {}) | found
    write_whole(LOG, (json.dumps(log, indent=1) + "\n").encode())
    columns = (tallies(log, key) for key in ("now", "before", "mended"))
    write_whole(LOG.with_suffix(".md"), report(*columns).encode())


def tallies(log: dict[str, dict[str, dict]], column: str) -> dict[str, Tally]:
    """A column of the log, empty where there is none."""
    names = [field.name for field in fields(Tally)]
    return {
        condition: Tally(*(one[name] for name in names))
        for condition, one in log.get(column, {}).items()
    }


if __name__ == "__main__":
    main()
