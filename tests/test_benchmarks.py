"""The measuring instruments of benchmarks/, on small real digits; what they measure takes most of an hour."""

import sys
from pathlib import Path

import pytest
import torch

from digitlib import data
from digitlib.model import MLP
from digitlib.train import Recipe, fit

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))
import bench
import peers


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
    watch = peers.Watch([0.9], limit=60, every=1)
    watch.start()
    clock.now += 3
    watch.look(clock.after(5, 0.5))
    clock.now += 2
    with pytest.raises(peers.Stop):
        watch.look(clock.after(5, 0.95))
    assert watch.reached == {0.9: 5.0} and watch.seconds == 5.0


def test_each_goal_is_timed_and_the_last_one_stops(clock):
    watch = peers.Watch([0.99, 0.98], limit=60, every=1)
    watch.start()
    for accuracy in (0.97, 0.985, 0.98):
        clock.now += 1
        watch.look(clock.after(0, accuracy))
    clock.now += 1
    with pytest.raises(peers.Stop):
        watch.look(clock.after(0, 0.99))
    assert watch.reached == {0.98: 2.0, 0.99: 4.0}
    assert watch.best == (0.99, -4.0)


def test_the_time_limit_stops(clock):
    watch = peers.Watch([0.99], limit=60, every=1)
    watch.start()
    clock.now += 61
    with pytest.raises(peers.Stop):
        watch.look(clock.after(0, 0.5))
    assert watch.reached == {}


def test_the_watch_looks_every_so_many_steps():
    watch = peers.Watch([], limit=60, every=3)
    watch.start()
    looks = []
    for step in range(10):
        watch.step(lambda step=step: looks.append(step) or 0.5)
    assert looks == [3, 6, 9]


def test_a_watched_training_is_the_same_training(small):
    train, valid = data.split(small, valid=287)
    recipe = Recipe(epochs=2, batch=100)
    plain, watched = MLP((32,)), MLP((32,))
    watch = peers.Watch([], limit=60, every=5)
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
    def run(goals, reached, best):
        watch = peers.Watch(goals, 600, 1)
        watch.reached, watch.best = reached, best
        return watch

    ours = [run([0.98], {0.98: second}, (0.981, -second)) for second in (1, 2, 3)]
    base = [run([0.98, 0.99], {0.98: 9, 0.99: 20}, (0.99, -20))]
    slow = [run([0.98, 0.99], {0.98: 60}, (0.985, -90))]
    best = [run([], {}, (0.982, -40))]
    names = ["quick", "base", "a", "shuffled", "published", "loader", "c"]
    runs = [ours, base, slow, slow, slow, slow, best]
    lines = bench.race_report(dict(zip(names, runs, strict=True)))
    assert (
        "| quick | 3 | 2.0 (1.0 to 3.0) | - | 98.10 (98.10 to 98.10) | 2.0 (1.0 to 3.0) |"
        in lines
    )
    assert "| a | 1 | 60.0 | -, 1 did not | 98.50 | 90.0 |" in lines
    assert "| 98 %: (a) / quick | 30.0 |" in lines
    assert "| (c) to its best / quick to 98 % | 20.0 |" in lines
    assert "| 99 %: (b) shuffled / base | at least 30.0 |" in lines
