import json
from dataclasses import replace

import pytest

from digitlib.accuracy import Share
from digitlib.report import findings
from digitlib.report.findings import Report
from named import COUNTS, names


def report(classes, full):
    """Of a model that calls everything the first of its classes."""
    share, n = Share(3, 4), len(classes)
    rows = tuple((4, *[0] * (n - 1)) for _ in range(n))
    more = {
        "redrawn": findings.Redrawn(share, (findings.Cell(0.3, 0.05, share),)),
        "elsewhere": findings.Elsewhere(share, {"7 with a bar": share}),
        "refusal": findings.Refusal(-1.5, share, None, {"a": share}),
        "written": findings.Written({"0": {"thin": share}, "1": {"thin": Share(1, 4)}}),
        "non_digits": findings.NonDigits({"letters": share}, {"kinds trained on": share}),
    }
    return Report(
        "mine",
        "digitlib",
        "2026-01-01",
        classes,
        findings.Clean(Share(4, 4 * n), rows, (findings.Mistake(5, 1, 0),)),
        findings.Calibration(1.5, 0.01, 0.002, (findings.Bin(0.9, share),), (0.5, 1.0), (0.0, 0.1)),
        findings.Worse({"shift": {1.0: share, 0.25: share}}, 0.2),
        **(more if full else {}),
    )


@pytest.mark.parametrize("full", [True, False])
@pytest.mark.parametrize("count", COUNTS)
def test_a_report_comes_back_from_its_json(count, full):
    found = report(names(count), full)
    plain = json.loads(json.dumps(found.to_json()))
    assert Report.from_json(plain) == found
    assert plain["made by"] == "digitlib" and plain["classes"] == list(names(count))
    low, high = Share(4, 4 * count).interval
    expected = {"count": 4, "n": 4 * count, "value": 1 / count, "interval": [low, high]}
    assert plain["clean"]["accuracy"] == expected
    assert (plain["refusal"] is None) != full


def test_what_is_no_report_is_said_so():
    plain = report(names(2), True).to_json()
    without = {key: value for key, value in plain.items() if key != "clean"}
    for other in ({}, [], without, {**plain, "clean": 3}, {**plain, "worse": {"curves": []}}):
        with pytest.raises(ValueError, match="expected a report, got one with"):
            Report.from_json(other)


def test_each_class_that_there_is_has_its_share():
    found = report(("a", "b", "c"), False)
    assert found.by_class == {"a": Share(4, 4), "b": Share(0, 4), "c": Share(0, 4)}
    rows = ((4, 0, 0), (0, 0, 0), (1, 0, 1))
    missing = replace(found, clean=replace(found.clean, confusion=rows))
    assert missing.by_class == {"a": Share(4, 4), "c": Share(1, 2)}


@pytest.mark.parametrize(
    ("classes", "noun"), [(tuple("0123456789"), "digit"), (tuple("012345678a"), "picture")]
)
def test_digits_are_called_digits(classes, noun):
    assert findings.noun(classes) == report(classes, False).noun == noun


def test_the_worst_is_what_is_refused_most():
    few, more = Share(1, 10), Share(2, 10)
    found = findings.Written({"0": {"thin": few, "thick": few}, "1": {"thin": few, "thick": more}})
    assert found.worst == ("1", "thick")
