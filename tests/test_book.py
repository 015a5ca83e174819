"""The book: texts and notebooks agree, every cell was run in order, and figures in prose are the ledger's."""

import base64
import io
import json
import re
import subprocess
import sys
from pathlib import Path

import ledger
import nbformat
import notebooks
import numpy as np
import pytest
import yaml
from jupytext.compare import NotebookDifference, compare_notebooks
from PIL import Image

from digitlib import weights
from digitlib.accuracy import Share
from digitlib.book.entries import entries, share
from digitlib.book.ledger import recorded
from digitlib.data import VALID_SIZE
from digitlib.show import VIEW
from recipes import OF_DIGITS

ROOT = Path(__file__).parents[1]
BOOK = ROOT / "book"
CHAPTERS = sorted(path.stem for path in (BOOK / "text").glob("*.md"))
PAGES = [  # that are no notebooks
    "many-machines",
    "pictures",
    "beside-peers",
    "same-again",
    "ledger",
    "exercises",
    "sheet",
    "glossary",
    "notation",
    "bibliography",
    "teach",
    "project",
    "run",
    "publish",
    "how-to",
    "reference",
    "model-card",
    "data-card",
]
LOADED = sorted(set(notebooks.LOADED.values()))
EXPLORED = ("01-split", "03-train", "05-deploy", "07-trust")


def text_of(chapter):
    return (BOOK / "text" / f"{chapter}.md").read_text(encoding="utf-8")


def stored(chapter):
    return nbformat.read(BOOK / f"{chapter}.ipynb", as_version=4)


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def prose(notebook):
    return "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")


def check_run(notebook):
    """Every code cell was executed, from top to bottom, and none ended in an error."""
    assert [cell.execution_count for cell in code_cells(notebook)] == list(
        range(1, len(code_cells(notebook)) + 1)
    )
    assert not [
        output
        for cell in code_cells(notebook)
        for output in cell.outputs
        if output.output_type == "error"
    ]


def check_same(text, notebook):
    """The text and the notebook have the same cells, with the same tags and alternative texts."""
    compare_notebooks(
        notebook,
        text,
        fmt={"extension": ".md", "format_name": "myst"},
        compare_outputs=False,
    )
    for ours, theirs in zip(text.cells, notebook.cells, strict=True):
        for key in ("tags", "mystnb"):
            assert ours.metadata.get(key) == theirs.metadata.get(key)


def test_the_table_of_contents_names_every_chapter():
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text())
    chapters = [item for part in toc["parts"] for item in part["chapters"]]
    assert [item["file"] for item in chapters] == [f"book/{name}" for name in CHAPTERS + PAGES]
    assert sorted(path.stem for path in BOOK.glob("*.ipynb")) == CHAPTERS
    below = [page["file"] for item in chapters for page in item.get("sections", ())]
    written = {f"book/{path.stem}" for path in BOOK.glob("*.md")}
    assert written == {toc["root"], *below} | {f"book/{name}" for name in PAGES}


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_text_and_notebook_agree(chapter):
    check_same(notebooks.read(chapter), stored(chapter))


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_every_cell_was_run_in_order(chapter):
    check_run(stored(chapter))


def test_drift_is_noticed():
    text, notebook = notebooks.read(CHAPTERS[0]), stored(CHAPTERS[0])
    code_cells(notebook)[1].source += "\nprint(1)"
    with pytest.raises(NotebookDifference):
        check_same(text, notebook)


@pytest.mark.parametrize("change", ["unexecuted", "reordered", "error"])
def test_a_cell_not_run_in_order_is_noticed(change):
    notebook = stored(CHAPTERS[0])
    cells = code_cells(notebook)
    if change == "unexecuted":
        cells[3].execution_count = None
    elif change == "reordered":
        cells[3].execution_count, cells[4].execution_count = (
            cells[4].execution_count,
            cells[3].execution_count,
        )
    else:
        cells[3].outputs = [
            nbformat.v4.new_output("error", ename="ValueError", evalue="", traceback=[])
        ]
    with pytest.raises(AssertionError):
        check_run(notebook)


def test_nbval_fails_on_a_changed_number_and_names_the_cell(tmp_path):
    """On a small notebook made like the book's own: as it is, with another output, with another source."""
    cells = [nbformat.v4.new_code_cell(source) for source in ("x = 41", "print(f'{x + 1} digits')")]
    notebook = notebooks.execute(nbformat.v4.new_notebook(cells=cells))
    nbformat.write(notebook, tmp_path / "same.ipynb")
    notebook.cells[1].outputs[0].text = "43 digits\n"
    nbformat.write(notebook, tmp_path / "output.ipynb")
    notebook.cells[1].outputs[0].text = "42 digits\n"
    notebook.cells[0].source = "x = 42"
    nbformat.write(notebook, tmp_path / "source.ipynb")
    options = [
        "-c",
        str(ROOT / "pyproject.toml"),
        "--rootdir",
        str(tmp_path),
        "-p",
        "no:cacheprovider",
    ]
    command = [sys.executable, "-m", "pytest", *options, "--nbval", "-rA", "."]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert result.returncode == 1, result.stdout
    told = re.findall(r"^(PASSED|FAILED) (.*)::Cell (\d)", result.stdout, re.MULTILINE)
    assert sorted(told) == [
        ("FAILED", "output.ipynb", "1"),
        ("FAILED", "source.ipynb", "1"),
        ("PASSED", "output.ipynb", "0"),
        ("PASSED", "same.ipynb", "0"),
        ("PASSED", "same.ipynb", "1"),
        ("PASSED", "source.ipynb", "0"),
    ]
    assert "2 failed, 4 passed" in result.stdout


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_a_chapter_has_its_parts(chapter):
    notebook = stored(chapter)
    text = re.sub(r"```.*?```", "", prose(notebook), flags=re.DOTALL)
    story, exercises = text.split("## On your own\n")
    exercises, _, rest = exercises.partition("\n## ")
    assert 1_200 <= len((story + rest).split()) <= 2_050  # exercises are done and not read
    assert len(exercises.split()) <= 1_700
    assert prose(notebook).startswith("# ") and "?" in notebook.cells[0].source
    for part in ("**You will**", "**Aim for**", "**You need**", "to run.*"):
        assert part in notebook.cells[0].source
    first = code_cells(notebook)[0].source
    assert 'if find_spec("digitlib") is None:' in first and "%pip install" in first
    assert "from digitlib import" in first
    of_digits = chapter != "13-signs"  # which shows none, and no other data than its own
    assert ("DATASET = choose_dataset()" in first) == of_digits
    assert ("CC BY-SA 3.0" in notebook.cells[-1].source) == of_digits
    assert ("data.load(" in "".join(cell.source for cell in code_cells(notebook))) == of_digits


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_a_notebook_reads_well_everywhere(chapter):
    """No MyST directive or role, which Colab would show raw; no widget state, which would be an empty box."""
    notebook = stored(chapter)
    assert not re.search(r"^:::|^```\{|\{\w+\}`", prose(notebook), re.MULTILINE)
    assert "widgets" not in notebook.metadata and "version" not in notebook.metadata.get(
        "language_info", {}
    )
    for cell in code_cells(notebook):
        assert not [output for output in cell.outputs if output.get("name") == "stderr"]
        assert not [output for output in cell.outputs if VIEW in output.get("data", {})]
        if any("image/png" in output.get("data", {}) for output in cell.outputs):
            assert len(cell.metadata["mystnb"]["image"]["alt"]) > 30


@pytest.mark.parametrize("chapter", EXPLORED)
def test_explorations_keep_a_still_picture(chapter):
    cells = [
        cell
        for cell in code_cells(stored(chapter))
        if "explore(" in cell.source or "DigitPad()" in cell.source
    ]
    assert cells
    for cell in cells:
        assert "image/png" in cell.outputs[-1]["data"]


def test_the_ledger_holds_what_the_chapters_use():
    measured, alone = named("claim"), named("recorded")
    assert not measured & alone
    assert {f"recipe.{name}" for name in OF_DIGITS} <= alone
    elsewhere = told_on_pages()
    assert not elsewhere & (measured | alone)
    assert set(entries("mnist")) == measured | alone | elsewhere
    assert set(entries("optdigits")) == measured


def named(function):
    """The entries that the chapters' texts hand to one of the ledger's functions."""
    pattern = rf'{function}\(\s*"([\w.-]+)"'
    return {name for chapter in CHAPTERS for name in re.findall(pattern, text_of(chapter))}


def told_on_pages():
    """The entries that only pages which are no chapters tell."""
    pages = "".join(page.read_text(encoding="utf-8") for page in BOOK.glob("*.md"))
    return {match[2] for match in ledger.RECORDED.finditer(pages)} - named("claim")


@pytest.mark.parametrize("dataset", VALID_SIZE)
def test_entries_say_how_they_were_measured(dataset):
    for name, entry in entries(dataset).items():
        assert {"value", "seed", "command", "date", "versions"} <= set(entry), name
        assert "spread" in entry or "weights" in entry, name
        assert set(entry.get("weights", {})) <= {path.name for path in LOADED}, name
        assert "at_least" in entry or "tolerance" in entry, name
        if entry.get("tolerance") and entry["n"]:
            assert entry["tolerance"] >= 1 / entry["n"], name
        if entry["n"]:
            assert entry["interval"] == pytest.approx(share(entry).interval), name
        if "at_least" in entry:
            assert min(entry.get("spread", [entry["value"]])) >= entry["at_least"], name
        if name in named("recorded"):
            assert entry["command"].startswith("python benchmarks/")
            assert max(entry.get("seeds", 0), entry.get("folds", 0)) >= 5
            assert entry["spread"][0] <= entry["value"] <= entry["spread"][1]
        elif name in told_on_pages():
            assert entry["command"].startswith("python benchmarks/")
            assert entry["n"] and entry["weights"]
        else:
            chapter = entry["command"].removeprefix("make results NB=")
            assert f'"{name}"' in text_of(chapter)


@pytest.mark.parametrize("file", LOADED, ids=lambda file: file.name)
def test_entries_were_measured_on_the_weights_that_are_here(file):
    if not file.is_file():
        pytest.skip(f"{file.name} lies in the repository alone")
    mark = weights.checksum(file)
    marks = {
        (dataset, name): entry["weights"][file.name]
        for dataset in VALID_SIZE
        for name, entry in entries(dataset).items()
        if file.name in entry.get("weights", {})
    }
    assert marks and set(marks.values()) == {mark}, marks


# Every figure with "%" or "accuracy" that was typed and not printed by a cell: the ledger's entry that it repeats, or
# what else it is.
TYPED = {
    "01-split": {"98 %": "a question's supposition"},
    "02-design": {"98.0 %": "design.with-relu", "91.6 %": "design.without-relu"},
    "03-train": {"98.0 %": "train.accuracy"},
    "04-validate": {
        "99.4 %": "validate.accuracy",
        "95 %": "of every interval",
        "97 %": "a supposition",
        "99 %": "a supposition",
        "99.0 %": "a supposition",
        "99.3 %": "of an earlier model on the test digits, in the project's history",
        "90 %": "the share of what is no 9",
        "98.5 %": "arithmetic: 985 of 1,000",
        "99.1 %": "arithmetic: the interval's end",
    },
    "05-deploy": {
        "98.9 %": "deploy.by-mass",
        "24.8 %": "deploy.plain",
        "98.6 %": "of benchmarks/choices-pad.md",
        "97.7 %": "of benchmarks/choices-pad.md",
        "1.5 %": "a choice of ours, calibrate.REFUSED",
        "2 %": "a supposition",
    },
    "08-yours": {
        "90 %": "a supposition",
        "1.5 %": "a choice of ours, calibrate.REFUSED",
        "72 %": "arithmetic: the interval of ten of ten",
    },
    "06-backprop": {"95 %": "an aim, below backprop.accuracy"},
    "07-trust": {
        "96 %": "validate.our-digit",
        "95 %": "a question's supposition",
        "90 %": "a threshold",
    },
    "09-fast": {
        "99.2 %": "fast.base",
        "98 %": "the aim of a race",
        "94 %": "the title of an article",
    },
    "10-sceptic": {"98.0 %": "train.accuracy"},
    "11-record": {"0.50 %": "a supposition"},
    "12-eyes": {"99.5 %": "an aim, below eyes.full"},
    "13-signs": {
        "1.5 %": "a choice of ours, calibrate.REFUSED",
        "97 %": "a question's supposition",
        "100 %": "a question's supposition",
    },
    "pictures": {
        "85 %": "a bound that three kinds missed",
        "98 %": "benchmarks/pictures.md, of what was mended",
    },
    "beside-peers": {"98 %": "the aim of a race", "99 %": "the aim of another"},
    "ledger": {"95 %": "of every interval"},
    "teach": {"90 %": "the share of what is no 9", "95 %": "a question's supposition"},
    "project": {
        "95 %": "of every interval",
        "98.2 %": "of book/handed-in, which tests mark",
    },
    "sheet": {
        "95 %": "of every interval",
        "98.0 %": "design.with-relu",
        "91.6 %": "design.without-relu",
        "99.4 %": "validate.accuracy",
        "98 %": "a supposition",
        "98.4 %": "arithmetic: an interval's end",
        "72 %": "arithmetic: the interval of ten of ten",
        "98.9 %": "deploy.by-mass",
        "24.8 %": "deploy.plain",
    },
    "glossary": {"90 %": "in a section's title"},
    "notation": {"95 %": "of every interval"},
    "index": {
        "99.4 %": "validate.accuracy",
        "98.0 %": "train.accuracy",
        "95 %": "of every interval",
    },
    "README": {
        "99.4 %": "validate.accuracy",
        "98.0 %": "train.accuracy",
        "98 %": "the aim of a race",
    },
    "measured.md": {"95 %": "of every interval", "90 %": "a threshold"},
}


def typed(text):
    """Shares of a hundred, and accuracies as parts of 1."""
    spoken = re.findall(r"\d+(?:\.\d+)?(?= ?(?:%|per ?cent))", text)
    parts = re.findall(r"accura\w+ (?:of|is|was|:)? ?(0?\.\d+)", text)
    return {f"{figure} %" for figure in spoken} | {f"{part} as a part" for part in parts}


def of_the_ledger(figure, entry):
    """Whether a typed share is the recorded one, rounded as it is."""
    digits = len(figure.removesuffix(" %").partition(".")[2])
    return figure == f"{100 * entry['value']:.{digits}f} %"


def pages():
    """Each page's name and what is typed on it; of the chapters and where code is run, what isn't code."""
    yield from ((chapter, prose(stored(chapter))) for chapter in CHAPTERS)
    for path in (*BOOK.glob("*.md"), ROOT / "README.md"):
        text = path.read_text()
        if path.stem in ("README", "how-to", "project"):
            text = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
        yield path.stem, text
    package = ROOT / "digitlib"
    yield "index.html", (package / "pad" / "index.html").read_text()
    yield "pad.mjs", (package / "pad" / "pad.mjs").read_text()
    for name in ("app", "cards", "deploy", "publish", "words"):
        yield name, (package / "hosts" / f"{name}.py").read_text()
    for path in sorted((package / "hosts" / "templates").iterdir()):
        yield path.name, path.read_text()


def check_typed(name, text, ledger):
    """What is typed on a page is registered, and what is registered is there and the ledger's."""
    registered = TYPED.get(name, {})
    assert typed(text) == set(registered), name
    for figure, source in registered.items():
        assert " " in source or of_the_ledger(figure, ledger[source]), (name, figure)


@pytest.mark.parametrize("name", [name for name, _ in pages()])
def test_typed_figures_are_the_ledgers_or_stand_on_a_list(name):
    check_typed(name, dict(pages())[name], entries("mnist"))


def test_latencies_that_a_chapter_types_are_the_benchmarks():
    """Its table's rows and its sentences, all of ``benchmarks/hosts.md``."""
    measured = (ROOT / "benchmarks" / "hosts.md").read_text()
    rows = {
        "the book's page": "book, from a file",
        "the static folder": "static folder",
        "the Gradio program": "Gradio",
    }
    text = text_of("05-deploy")
    for ours, theirs in rows.items():
        [row] = [line.split(" | ") for line in measured.splitlines() if f"| {theirs} |" in line]
        middle, span = row[6].split(" ", 1)
        assert f"| {ours} | {row[5]} | {middle} ms {span} |" in text
    for said in ("0.30 (0.20 to 1.10) ms", "by 20 clients at once", "half came within 1.17 s"):
        assert said in measured
    assert "0.30 ms (0.20 to 1.10)" in text and "answers came within 1.17 s" in text


def test_what_a_chapter_repeats_of_a_benchmark_is_there():
    measured = (ROOT / "benchmarks" / "choices-pad.md").read_text().splitlines()
    for name, grid, worst in (
        ("pad (the recipe)", "98.6 %", "97.7 ("),
        ("pad, none redrawn", "97.7 %", "94.0 ("),
    ):
        [row] = [line.split(" | ") for line in measured if line.startswith(f"| {name} | 99")]
        assert row[3].startswith(grid) and row[4].startswith(worst)


def test_every_page_with_registered_figures_is_there():
    assert set(TYPED) <= {name for name, _ in pages()}


@pytest.mark.parametrize("place", ["prose", "README", "ledger", "part"])
def test_a_figure_edited_by_hand_is_noticed(place):
    texts, ledger = dict(pages()), entries("mnist")
    name = "README" if place == "README" else "04-validate"
    if place == "ledger":
        ledger["validate.accuracy"]["value"] += 0.001
    elif place == "part":
        texts[name] += "It has an accuracy of 0.994."
    else:
        texts[name] = texts[name].replace("99.4 %", "99.5 %")
    with pytest.raises(AssertionError):
        check_typed(name, texts[name], ledger)


def test_the_recording_is_small():
    if not (BOOK / "_static" / "pad.webp").is_file():
        pytest.skip("an archive of the sources leaves it out")
    assert (BOOK / "_static" / "pad.webp").stat().st_size < 1_000_000


def test_a_page_shows_a_recorded_share_and_the_ledger_leads_there():
    [match] = ledger.RECORDED.finditer("RECORDED pictures.right: Named right: {share} pictures.")
    entry = entries("mnist")["pictures.right"]
    accuracy = str(Share.from_value(entry["value"], entry["n"]))
    assert ledger.sentence(match) == f"Named right: {accuracy} pictures."
    line = "[pictures.right](pictures.md#how-often-is-it-right)"
    assert f"| {line} | " in ledger.tables()
    source = [(BOOK / "pictures.md").read_text(encoding="utf-8")]
    ledger.fill(None, "book/pictures", source)
    assert f"\nNamed right: {accuracy} pictures of one digit. *(recorded)*\n" in source[0]
    with pytest.raises(KeyError):
        ledger.sentence(ledger.RECORDED.match("RECORDED pictures.nothing: {share}"))


def test_the_landing_page_shows_a_figure_of_the_book():
    landing = (BOOK / "index.md").read_text()
    told = recorded("train.accuracy").replace("(recorded)", "(recorded; this run agrees)")
    assert f"\n> {told}\n" in landing


def test_the_ledgers_page_has_a_line_for_each_entry():
    tables = ledger.tables()
    for name, entry in entries("mnist").items():
        [line] = re.findall(rf"^\| \[{re.escape(name)}\]\(.*$", tables, re.MULTILINE)
        assert "recorded" not in line and line.count(" | ") == 3
        figure = line.split(" | ")[2]
        assert figure.startswith("**") and not re.search(r"seeds|folds", figure), line
        ranged = line.endswith((" seeds |", " folds |"))
        assert ranged == ("spread" in entry), line
    assert weights.checksum() in tables


def told(value, n=100):
    return {"value": value, "n": n}


def test_results_prints_old_new_and_difference(capsys):
    entry = {"value": 0.9, "tolerance": 0.01, "n": 100}
    assert not notebooks.report("mnist", "a", entry, told(0.905))
    assert notebooks.report("mnist", "a", entry, told(0.95))
    assert (
        "old 0.900000   new 0.950000   difference +0.050000   DISAGREES" in capsys.readouterr().out
    )


def test_a_kind_of_processor_joins_the_others_and_nothing_else_is_recorded():
    ledger = {
        "near": {"value": 0.9, "n": 100, "tolerance": 0.05},  # from before kinds were kept
        "far": {"value": 0.9, "n": 100, "tolerance": 0.02, "processors": {"A": [0.89, 0.9]}},
        "claim": {"value": 0.9, "n": None, "at_least": 0.8},
    }
    runs = [
        {"near": told(0.91), "far": told(0.88), "claim": told(0.5, None), "new": told(0.5)},
        {"near": told(0.9), "far": told(0.93), "claim": told(0.5, None), "new": told(0.5)},
    ]
    joined = {
        "near": {"value": 0.9, "n": 100, "tolerance": 0.05, "processors": {"B": [0.9, 0.91]}},
        "far": {
            "value": 0.9,
            "n": 100,
            "tolerance": pytest.approx(0.1),
            "processors": {"A": [0.89, 0.9], "B": [0.88, 0.93]},
        },
        "claim": {"value": 0.9, "n": None, "at_least": 0.8},
    }
    for _ in range(2):
        notebooks.join(ledger, runs, "B")
        assert ledger == joined
    notebooks.join(ledger, [{"far": told(0.87)}], "B")
    assert ledger["far"]["processors"]["B"] == [0.87, 0.93]
    with pytest.raises(ValueError, match=r"expected far of 100 digits, as recorded, got 99"):
        notebooks.join(ledger, [{"far": told(0.9, 99)}], "B")


def recorded_again(monkeypatch, entry, *machines, seeds=(0.9,), text="SEED = 0", trained=()):
    """An entry of 100 digits after ``--write`` on processor B, which gives these figures, the first as it is."""
    cells = [nbformat.v4.new_code_cell(text)]
    found, *others = [{"right": told(figure)} for figure in machines]
    by_seed = iter([{"right": told(figure)} for figure in seeds])
    monkeypatch.setattr(notebooks, "SEEDS", range(1, 1 + len(seeds)))
    monkeypatch.setattr(notebooks, "read", lambda name: nbformat.v4.new_notebook(cells=cells))
    monkeypatch.setattr(notebooks, "on_machines", lambda name: others)
    monkeypatch.setattr(notebooks, "measure", lambda name, seed: next(by_seed))
    monkeypatch.setattr(notebooks, "processor", lambda: "B")
    ledger = {"right": entry} if entry else {}
    notebooks.add("03-train", ledger, found, set(trained))
    return ledger["right"]


def test_a_figure_recorded_again_keeps_what_other_processors_gave(monkeypatch, capsys):
    known = {"A": [0.85, 0.9], "B": [0.9, 0.92]}
    entry = {"value": 0.9, "n": 100, "tolerance": 0.14, "processors": known}
    again = recorded_again(monkeypatch, entry, 0.92, 0.9)
    assert again["processors"] == known and again["value"] == 0.92
    assert again["tolerance"] == pytest.approx(0.14)
    assert again["spread"] == [0.9, 0.92] and again["command"] == "make results NB=03-train"
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("change", ["figure", "n", "weights", "a kind not met before"])
def test_a_figure_that_has_changed_forgets_what_other_processors_gave(monkeypatch, capsys, change):
    entry = {"value": 0.9, "n": 100, "processors": {"A": [0.85, 0.9], "B": [0.9, 0.92]}}
    if change == "n":
        entry["n"] = 99
    elif change == "weights":
        entry["weights"] = {"digits.safetensors": "others"}
    elif change == "a kind not met before":
        del entry["processors"]["B"]
    again = recorded_again(monkeypatch, entry, 0.9, 0.93 if change == "figure" else 0.91)
    assert list(again["processors"]) == ["B"]
    assert "right: recorded anew, without what A gave" in capsys.readouterr().out


def test_a_figure_recorded_for_the_first_time(monkeypatch, capsys):
    entry = recorded_again(monkeypatch, None, 0.9, 0.9)
    assert entry["processors"] == {"B": [0.9, 0.9]} and entry["tolerance"] == 0.01
    claim = recorded_again(monkeypatch, {"at_least": 0.95}, 0.9, 0.9)
    assert claim["at_least"] == 0.95 and not {"tolerance", "processors"} & set(claim)
    assert "a seed gave less than the claim, 0.9" in capsys.readouterr().out


def test_a_tolerance_covers_all_kinds_of_processor():
    for dataset in VALID_SIZE:
        for name, entry in entries(dataset).items():
            assert "processors" not in entry or "tolerance" in entry, name
            if "processors" in entry:
                assert entry["tolerance"] >= notebooks.tolerance(entry) - 1e-12, name


def test_a_kind_of_processor_is_named():
    assert re.fullmatch(r"\S+ [A-Z]\S+", notebooks.processor())


def test_every_way_to_load_weights_is_one_that_a_chapter_takes():
    together = "".join(map(text_of, CHAPTERS))
    assert [call for call in notebooks.LOADED if call not in together] == []


def test_results_names_what_it_does_not_measure():
    slow = notebooks.slow({dataset: entries(dataset) for dataset in VALID_SIZE})
    assert {line.partition(" (")[0] for line in slow} == named("recorded") | told_on_pages()
    for name in OF_DIGITS:
        assert f"recipe.{name} (python benchmarks/recipes.py {name})" in slow


def test_a_figure_hangs_on_seeds_or_on_the_weights_that_its_chapter_loads():
    loads = "model = export.load_model()"
    shipped = {weights.SHIPPED.name: weights.checksum()}
    assert notebooks.origin(loads, [0.9, 0.9]) == {"weights": shipped}
    assert notebooks.origin(loads, [0.9]) == {"weights": shipped}
    spread = {"spread": [0.8, 0.9], "seeds": 2}
    assert notebooks.origin(loads, [0.9, 0.8]) == spread
    assert notebooks.origin("", [0.9, 0.8]) == spread


def test_seeds_that_agree_by_chance_stay_seeds(monkeypatch):
    """On a small set all may be right; that no seed changes the weights, another set tells."""
    loads = "SEED = 0; export.load_model()"
    stored = recorded_again(monkeypatch, {}, 0.9, text=loads)
    assert "weights" in stored and "spread" not in stored
    found = recorded_again(monkeypatch, {}, 0.9, text=loads, trained=["right"])
    assert found["spread"] == [0.9, 0.9] and "weights" not in found


def test_notebooks_are_written_in_one_way():
    for chapter in CHAPTERS:
        content = (BOOK / f"{chapter}.ipynb").read_text(encoding="utf-8")
        assert content == nbformat.writes(nbformat.from_dict(json.loads(content))) + "\n"


def test_pictures_are_stored_small_and_look_the_same():
    """A picture of more colours than that, with clear ground, smooth edges and shades."""
    levels = np.linspace(0, 240, 64)
    drawn = np.stack(np.broadcast_arrays(levels, levels[:, None], 180, 240), axis=2)
    drawn = (drawn + np.random.RandomState(0).randint(16, size=drawn.shape)).astype(np.uint8)
    drawn[:16, :, 3] = 0
    file = io.BytesIO()
    Image.fromarray(drawn, "RGBA").save(file, "PNG")
    large = base64.b64encode(file.getvalue()).decode()
    small = notebooks.smaller(large)
    assert len(small) < len(large) and notebooks.smaller(small) == small
    kept = np.asarray(Image.open(io.BytesIO(base64.b64decode(small))).convert("RGBA")).astype(int)
    assert kept.shape == drawn.shape and not kept[:16, :, 3].any()
    assert np.abs(kept - drawn)[16:].mean() < 12
