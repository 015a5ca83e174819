"""The measuring instruments of benchmarks/, on small real digits; what they measure takes most of an hour."""

import argparse
import itertools
import json
import sys
from dataclasses import replace
from pathlib import Path

import nbformat
import numpy as np
import pytest
import torch
from nbclient.exceptions import CellExecutionError
from PIL import Image

import bench
import classroom
import eyes
import listing
import peers
import record
import reproducibility
import sprint
import stopwatch
from digitlib import data, weights
from digitlib.book import eyes as shown
from digitlib.book.entries import entries
from digitlib.model import MLP
from digitlib.recipes import RECIPES, Network, Recipe
from digitlib.train import Training, fit
from named import write_onnx


class Clock:
    """A clock that a test moves."""

    def __init__(self, monkeypatch):
        self.now = 100.0
        monkeypatch.setattr(peers.time, "perf_counter", lambda: self.now)

    def after(self, seconds, accuracy):
        """A measurement that takes so long."""

        def measure():
            self.now += seconds
            return accuracy

        return measure


@pytest.fixture
def clock(monkeypatch):
    return Clock(monkeypatch)


def test_the_clock_stands_still_while_the_watch_looks(clock):
    watch = peers.Watch(0.9, limit=60, every=1)
    watch.start()
    clock.now += 3
    watch.look(clock.after(5, 0.5))
    clock.now += 2
    with pytest.raises(peers.Stop):
        watch.look(clock.after(5, 0.95))
    assert watch.looks == [(3.0, 0.5), (5.0, 0.95)] and watch.seconds == 5.0


def test_the_first_time_counts(clock):
    watch = peers.Watch(0.99, limit=60, every=1)
    watch.start()
    for accuracy in (0.97, 0.985, 0.98, 0.985):
        clock.now += 1
        watch.look(clock.after(0, accuracy))
    assert watch.first(0.98) == 2.0 and watch.first(0.99) is None
    assert watch.best == (0.985, 2.0) and watch.ended == 4.0


def test_the_time_limit_stops(clock):
    watch = peers.Watch(0.99, limit=60, every=1)
    watch.start()
    clock.now += 61
    with pytest.raises(peers.Stop):
        watch.look(clock.after(0, 0.5))


def test_the_watch_looks_every_so_many_steps():
    watch = peers.Watch(None, limit=60, every=3)
    watch.start()
    looks = []
    for step in range(10):
        watch.step(lambda step=step: looks.append(step) or 0.5)
    assert looks == [3, 6, 9]


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_a_watched_training_is_the_same_training(small, precision):
    train, valid = data.split(small, valid=287)
    recipe = Training(epochs=2, batch=100, precision=precision)
    plain, watched = MLP((32,)), MLP((32,))
    watch = peers.Watch(None, limit=60, every=5)
    watch.start()
    fit(plain, train, valid, recipe)
    exam = data.scale(valid.images), valid.labels
    history = fit(peers.hooked(watched, watch, *exam), train, valid, recipe)
    assert watch.steps == 24
    assert all(map(torch.equal, plain.parameters(), watched.parameters()))
    assert peers.accuracy_of(watched, *exam) == history[-1].valid_accuracy


def test_the_official_network_has_its_published_shape():
    model = peers.OfficialCNN().eval()
    assert sum(parameter.numel() for parameter in model.parameters()) == 1_199_882
    answers = model(torch.rand(3, 1, 28, 28))
    assert torch.allclose(answers.exp().sum(dim=1), torch.ones(3), atol=1e-5)


def test_the_table_of_the_race():
    def run(*looks):
        watch = peers.Watch(None, 600, 1)
        watch.looks = list(looks)
        return watch

    base = [run((9, 0.98), (20, 0.99))]
    slow = [run((60, 0.98), (90, 0.985), (600, 0.98))]
    runs = {
        bench.QUICK: [run((1, 0.9), (second, 0.981)) for second in (1, 2, 3)],
        bench.FLOAT32: [run((4, 0.98))],
        bench.BASE: base,
        bench.TUTORIAL: slow,
        bench.FED: slow,
        bench.SHUFFLED: slow,
        bench.PUBLISHED: slow,
        bench.LOADED: [run((5, 0.9))],
        bench.SKLEARN: [run((30, 0.98), (40, 0.982), (80, 0.981))],
    }
    lines = bench.race_report(runs)
    for line in (
        f"| {bench.QUICK} | 3 | 2.0 (1.0 to 3.0) | -, 3 did not | 98.10 (98.10 to 98.10) | 2.0 (1.0 to 3.0) |",
        f"| {bench.TUTORIAL} | 1 | 60.0 | -, 1 did not | 98.50 | 90.0 |",
        "| (a) to 98 % / quick | 30.0 |",
        "| (b) with our loader to 98 % / quick | more than 2.5 |",
        "| (c) to its own best / quick to 98 % | 20.0 |",
        "| (c) to its own best / base to that | 2.0 |",
        "| (b) shuffled to 99 % / base | more than 30.0 |",
    ):
        assert line in lines


@pytest.fixture
def tiny_mnist(small, monkeypatch, tmp_path):
    """Small digits wherever MNIST is asked for, and torchvision's data set of them."""

    class Served(torch.utils.data.Dataset):
        def __init__(self, root, train, transform):
            assert root == tmp_path and train
            self.targets, self.transform = small.labels, transform

        def __len__(self):
            return len(small)

        def __getitem__(self, i):
            image = Image.fromarray(small.images[i].numpy())
            return self.transform(image), int(small.labels[i])

    monkeypatch.setattr(data, "load", lambda name="mnist": small)
    monkeypatch.setattr(data.split, "__defaults__", (287, 0, None))
    monkeypatch.setattr(data.split_indices, "__defaults__", (287, 0))
    monkeypatch.setattr("torchvision.datasets.MNIST", Served)
    return tmp_path


def test_each_runner_runs(tiny_mnist, monkeypatch):
    """Until the digits are learned a little, on a clock that moves on when it is read: no machine is too slow."""
    monkeypatch.setattr(peers.time, "perf_counter", itertools.count().__next__)
    runners = [
        lambda watch: peers.digitlib_recipe(watch, Recipe(training=Training(epochs=20, batch=64))),
        lambda watch: peers.tutorial_loop(watch, tiny_mnist, 0),
        lambda watch: peers.official_example(watch, tiny_mnist, 0, shuffle=True),
        lambda watch: peers.official_example(watch, tiny_mnist, 0, False, True),
        lambda watch: peers.scikit_learn(watch, 0),
    ]
    for run in runners:
        watch = peers.Watch(0.7, limit=60, every=15)
        with pytest.raises(peers.Stop):
            run(watch)
        assert watch.first(0.7)


@pytest.mark.server
def test_files_are_named_by_both_ways(tiny_mnist, monkeypatch):
    named, measured = [], bench.listed
    monkeypatch.setattr(bench, "FILES", 5)
    monkeypatch.setattr(bench, "listed", lambda words: named.append(words) or measured(words))
    model = write_onnx(tiny_mnist / "m.onnx", weights.DIGITS).read_bytes()
    monkeypatch.setattr(bench.export, "to_onnx", lambda _: model)  # seconds
    lines = bench.files(argparse.Namespace(rounds=2))
    rows = [line.split(" | ") for line in lines if line.startswith("| ")][2:]
    assert [row[1] for row in rows] == ["2", "2"]
    assert [words[0] for words in named] == ["digitlib", "loop"] * 2
    for row in rows:
        rate, first, peak = (float(cell.split()[0].replace(",", "")) for cell in row[2:])
        assert rate > 0 and first > 0 and 10 < peak < 2_000


@pytest.mark.parametrize("way", ["digitlib", "loop"])
def test_a_listing_is_a_line_of_json_for_each_file(small, capsys, tmp_path, way):
    onnx = tmp_path / "m.onnx"
    write_onnx(onnx, weights.DIGITS)
    (tmp_path / "in").mkdir()
    for i, image in enumerate(small.images[:3].numpy()):
        Image.fromarray(image).save(tmp_path / "in" / f"{i}.png")
    folder = str(tmp_path / "in")
    assert listing.main(way, folder, *([str(onnx)] if way == "loop" else [])) == 0
    output, errors = capsys.readouterr()
    lines = [json.loads(line) for line in output.splitlines()]
    assert [line["file"] for line in lines] == [f"{folder}/{i}.png" for i in range(3)]
    assert all(len(line["probabilities"]) == 10 for line in lines)
    assert float(errors) > 10


def test_a_step_is_taken_apart(small):
    recipe = RECIPES["base"].but(epochs=1, batch=100, hidden=(256,))
    rows = bench.parts_of_a_step(recipe, small, 100.0)
    names = ["loading", "deforming", "forward", "backward", "optimiser"]
    assert [row[0] for row in rows[:-2]] == names
    assert rows[-1][0] == "a step as fit runs it" and float(rows[-1][1]) > 0
    assert all(float(row[1]) >= 0 for row in rows)
    parts = sum(float(row[1]) for row in rows[:-1])
    assert parts == pytest.approx(float(rows[-1][1]), abs=0.05)


def test_the_stopwatch_changes_nothing(small):
    """The same weights, and every second belongs to one part."""
    recipe = RECIPES["base"].but(epochs=4, batch=100, hidden=(256,))
    plain, watch = recipe.model(), stopwatch.Stopwatch()
    fit(plain, small, small[:10], recipe.training)
    took, watched = watch.of(recipe, small), watch.model
    assert all(map(torch.equal, plain.parameters(), watched.parameters()))
    assert all(took.values())
    marks = [("loading", 0.0), ("deforming", 1.0), ("loading", 3.0), ("else", 3.5)]
    marks += [("forward", 4.0), ("backward", 6.0), ("optimiser", 9.0), ("else", 9.5)]
    assert watch.sums(marks) == {
        "loading": 1.5,
        "deforming": 2.0,
        "forward": 2.0,
        "backward": 3.0,
        "optimiser": 0.5,
    }


def test_a_part_measured_again_takes_the_place_of_its_section():
    page = "# Title\n\n## One\n\nold\n\n## Two\n\nstays\n"
    found = bench.with_section(page, "## One\n\nnew")
    assert found == page.replace("old", "new")
    assert bench.with_section(page, "## Three\n\nmore") == page + "\n## Three\n\nmore\n"


@pytest.fixture
def answers():
    """What a training of the matrix came to."""

    def answers(weights, right):
        return {
            "versions": np.array(["3.11", "2.15", "0.29", "2.4", "12.3"]),
            "weights": np.array(weights),
            "right": np.array(right),
            "answers": np.eye(10)[np.zeros(5_000, dtype=int)],
        }

    return answers


def test_the_matrix_says_what_came_out_otherwise(tiny_mnist):
    cases = {}, {}, {"seed": 1, "threads": 1, "precision": "bfloat16"}
    first, again, other = map(reproducibility.measured, cases)
    for here, bits in ((again, "yes"), (other, "no")):
        row = reproducibility.trained_row("", here, first)
        row = dict(zip(reproducibility.TRAINED, row, strict=True))
        assert row["same bits"] == bits
        assert (row["named otherwise"] > 0) == (bits == "no")
        assert row["within tolerance"] == "no"  # the ledger's is of 5,000 digits
        row = reproducibility.untrained_row("", here, first)
        assert row[2] == "yes" and row[4:] == ["0", bits, 0, "0", 0, "0"]
        assert (row[3] == "0") == (bits == "yes")


def test_a_broken_promise_fails(answers):
    first, again = ("new", reproducibility.REFERENCE), ("new", reproducibility.AGAIN)
    seed = "new", reproducibility.OTHER_SEED
    kept = {
        first: answers("a", 4_907),
        again: answers("a", 4_907),
        seed: answers("b", 0),
    }
    assert reproducibility.failures(kept) == []
    for broken in (answers("b", 4_907), answers("a", 4_800)):
        [said] = reproducibility.failures(kept | {again: broken})
        assert said == "nothing: once more (torch 2.15)"


def recorded(recipe):
    """A recipe as the log has it, which is older than the name of its styles."""
    plain = json.loads(json.dumps(recipe.flat()))
    return {("hands" if name == "styles" else name): value for name, value in plain.items()}


def test_the_tables_and_the_digest_are_made_from_the_log(monkeypatch, tmp_path):
    log, table = record.read(), record.LOG.with_suffix(".md")
    assert [
        len(record.runs_in(title, log)) for title in ("Candidates", "The last round", "The recipe")
    ] == [46, 12, 13]
    for name, recipe in record.RUNS.items():
        trained = recipe.but(precision="bfloat16")
        assert log[name]["recipe"] == recorded(trained), name
    assert [name for name in log if len(log[name]["curve"]) > 1] == [record.SHOWN]
    written, digest = table.read_text(), record.DIGEST.read_text()
    monkeypatch.setattr(record, "LOG", tmp_path / "log.jsonl")
    monkeypatch.setattr(record, "DIGEST", tmp_path / "digest.json")
    record.write(log)
    assert (tmp_path / "log.md").read_text() == written
    assert record.DIGEST.read_text() == digest


def test_a_later_line_replaces_an_earlier_one_and_a_count_adds_to_it(monkeypatch, tmp_path):
    monkeypatch.setattr(record, "LOG", tmp_path / "log.jsonl")
    first, again = ({"name": "a", "curve": [{"wrong": wrong}]} for wrong in (1, 2))
    other, count = first | {"name": "b"}, {"name": "a", "test_wrong": 3}
    for lines, a in (
        ([first, other], first),
        ([first, other, count], first | count),
        ([first, other, count, again], again),
        ([first, other, again, count], again | count),
    ):
        record.LOG.unlink(missing_ok=True)
        for line in lines:
            record.add(line)
        assert list(record.read().items()) == [("a", a), ("b", other)]


def test_ledger_and_chapter_say_what_the_log_says():
    log, told = record.read(), entries("mnist")
    finals = {
        kind: [run for name, run in log.items() if name.startswith(kind)]
        for kind in ("record, seed", "record, then", "taught")
    }
    plain = finals["record, seed"]
    for name, key, n in (
        ("recipe.record", None, 5_000),
        ("record.test", "test_wrong", 10_000),
    ):
        wrong = [entry[key] if key else entry["curve"][-1]["wrong"] for entry in plain]
        assert told[name]["value"] == pytest.approx(1 - np.mean(wrong) / n)
        assert told[name]["spread"] == pytest.approx([1 - max(wrong) / n, 1 - min(wrong) / n])
    text = (Path(record.__file__).parents[1] / "book/text/11-record.md").read_text()
    for kind in ("record, then", "taught"):
        wrong = [entry["test_wrong"] for entry in finals[kind]]
        assert f"got {min(wrong)} to {max(wrong)}" in text
    assert told["record.weights"]["value"] == 1 - plain[0]["test_wrong"] / 10_000


def test_the_weights_of_the_record_say_what_the_log_says():
    file = Path(record.__file__).with_name("record.safetensors")
    if not file.is_file():
        pytest.skip(f"{file.name} lies in the repository alone")
    recipe = Recipe.named("record", precision="bfloat16")
    told = weights.load(file).provenance
    assert told["recipe"] == recorded(recipe)
    first = record.read()["record, seed 0"]
    assert told["valid"]["right"] == 5_000 - first["curve"][-1]["wrong"]


def test_bad_names_and_folders_are_told_before_the_training(monkeypatch, capsys):
    for arguments, said in (
        (["nothing"], "'record, seed 4', got 'nothing'"),
        (["on a GPU", "record, seed 1"], "got 'on a GPU'"),
        (["record, seed 0", "--out", "nowhere"], "nowhere: no such folder"),
    ):
        monkeypatch.setattr(sys, "argv", ["record.py", *arguments])
        with pytest.raises(SystemExit):
            record.main()
        assert said in capsys.readouterr().err


def test_training_one_writes_the_log_and_its_weights(small, monkeypatch, tmp_path):
    parts = data.split(small, valid=287)
    monkeypatch.setattr(record.data, "load", lambda name: small)
    monkeypatch.setattr(record.data, "split", lambda digits: parts)
    monkeypatch.setattr(record, "DIGEST", tmp_path / "digest.json")
    before, log = record.LOG.read_text(), tmp_path / "log.jsonl"
    log.write_text(before)
    monkeypatch.setattr(record, "LOG", log)
    short = Recipe(Network((16,)), Training(epochs=2, batch=100))
    monkeypatch.setitem(record.RUNS, "record, seed 1", short)
    arguments = ["record.py", "record, seed 1", "--out", str(tmp_path)]
    monkeypatch.setattr(sys, "argv", arguments)
    record.main()
    assert log.read_text().startswith(before)
    assert log.read_text().count("\n") == before.count("\n") + 1
    assert record.read()["record, seed 1"]["curve"][-1]["epoch"] == 2
    assert "not read" in (tmp_path / "log.md").read_text()
    told = weights.load(tmp_path / "record, seed 1.safetensors").provenance
    assert told["command"].endswith('--out FOLDER "record, seed 1"')
    assert told["recipe"] == record.read()["record, seed 1"]["recipe"]


def test_tables_are_written_without_a_training(monkeypatch, tmp_path):
    log = tmp_path / "log.jsonl"
    log.write_text(record.LOG.read_text())
    written = record.LOG.with_suffix(".md").read_text()
    monkeypatch.setattr(record, "LOG", log)
    monkeypatch.setattr(record, "DIGEST", tmp_path / "digest.json")
    monkeypatch.setattr(record, "fit", None)
    record.add({"name": "record, seed 1", "test_wrong": 55})
    monkeypatch.setattr(sys, "argv", ["record.py", "--tables"])
    record.main()
    ours = (tmp_path / "log.md").read_text()
    pairs = zip(ours.splitlines(), written.splitlines(), strict=True)
    changed = [now for now, before in pairs if now != before]
    assert len(changed) == 2 and "| 55 of 10,000 |" in changed[0]
    assert changed[1].startswith("The five seeds of `record`: 0.52 % on average")


def test_the_candidates_of_the_sprint_are_logged_and_its_table_made_from_the_log():
    log = [json.loads(line) for line in sprint.LOG.read_text().splitlines()]
    logged = {(line["name"], line["seed"]) for line in log}
    assert logged == {(name, s) for name in sprint.CANDIDATES for s in sprint.SEEDS}
    page = sprint.LOG.with_name("choices-sprint.md")
    assert page.read_text() == sprint.report()
    assert sprint.CANDIDATES["SGD"].recipe == RECIPES["sprint"]


def test_a_torch_that_names_no_processor_is_measured_too(monkeypatch):
    monkeypatch.delattr(torch.cpu, "get_capabilities", raising=False)
    assert bench.processor().endswith(f"({torch.backends.cpu.get_cpu_capability()})")


@pytest.mark.parametrize("name", ["SGD, early peak", "last layer of zeros", "Muon"])
def test_a_candidate_of_the_sprint_runs(tiny_mnist, monkeypatch, name):
    candidate = sprint.CANDIDATES[name]
    # With as few digits as these the race's rate is too bold.
    rate = candidate.recipe.training.rate / 5
    short = candidate.recipe.but(epochs=10, batch=64, rate=rate)
    monkeypatch.setitem(sprint.CANDIDATES, name, replace(candidate, recipe=short))
    line = sprint.measured(name, 7, "float32")
    assert line["name"] == name and line["seed"] == 7 and line["best"] > 0.5
    assert line["reached"] == (line["best"] >= sprint.GOAL)


def notebook_of(*sources):
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(each) for each in sources])


@pytest.mark.server
@pytest.mark.skipif(
    not Path("/proc/self/status").exists(), reason="the kernel's memory is asked on Linux"
)
def test_a_notebooks_peak_is_told_even_when_the_memory_was_given_back():
    _, little = classroom.run(notebook_of("x = 1"))
    seconds, much = classroom.run(notebook_of("x = b'1' * 300_000_000", "del x"))
    assert 290 < much - little < 400 and 0 < seconds < 300


@pytest.mark.server
def test_a_notebook_that_fails_is_not_measured():
    with pytest.raises(CellExecutionError):
        classroom.run(notebook_of("1 / 0"))


def test_the_table_for_teachers_has_every_chapter():
    page = Path(classroom.__file__).with_name("classroom.md").read_text(encoding="utf-8")
    rows = [line.strip("| ").split(" | ") for line in page.splitlines() if line.startswith("| ")]
    chapters = [
        classroom.title(nbformat.read(path, as_version=4), path.stem)
        for path in sorted(classroom.BOOK.glob("[0-9]*.ipynb"))
    ]
    assert rows[0] == classroom.HEAD and [row[0] for row in rows[2:]] == chapters
    assert all(int(row[1]) > 0 and int(row[2].replace(",", "")) > 100 for row in rows[2:])


def test_ledger_and_package_say_what_the_log_of_the_convolutions_says():
    log, told = eyes.read(), entries("mnist")
    assert set(eyes.RUNS) <= set(log)
    runs = eyes.of(log, "eyes")
    wrong = [len(line["wrong"]["full"]) for line in runs]
    assert [line["curve"][-1] for line in runs] == wrong
    assert told["eyes.full"]["value"] == pytest.approx(1 - np.mean(wrong) / 5_000)
    assert told["eyes.full"]["spread"] == pytest.approx(
        [1 - max(wrong) / 5_000, 1 - min(wrong) / 5_000]
    )
    made = sum(weight.numel() for weight in shown.load().parameters())
    assert {line["weights"] for line in runs} == {made}
    assert json.loads(eyes.DIGEST.read_text()) == eyes.digest(log)


def test_a_training_of_the_convolutions_is_logged(tiny_mnist, small, monkeypatch):
    """On few digits and in one epoch; its weights are such as the chapter's network takes."""
    file = tiny_mnist / "w.safetensors"
    monkeypatch.setattr(eyes, "LOG", tiny_mnist / "eyes.jsonl")
    monkeypatch.setattr(shown, "TRAINING", replace(shown.TRAINING, epochs=1))
    monkeypatch.setattr(eyes, "pictures", lambda: (small.images[:5], small.labels[:5]))
    monkeypatch.setattr(sys, "argv", ["eyes.py", eyes.SHOWN, "--out", str(file)])
    eyes.main()
    monkeypatch.setattr(shown, "WEIGHTS", file)
    shown.load()
    [line] = eyes.read().values()
    assert line["n"]["full"] == 287 and line["n"]["pictures"] == 5
    assert line["curve"] == [len(line["wrong"]["full"])]
