"""Where the time of a training's step goes, told from outside while ``fit`` runs it."""

import functools
import time
from itertools import pairwise
from unittest import mock

from digitlib import augment
from digitlib import train as training
from digitlib.engine.batches import Batches
from digitlib.recipes import Recipe
from digitlib.train import fit

__all__ = ["Stopwatch"]


class Stopwatch:
    """Times the parts of a training from outside, while ``fit`` runs it.

    ``train_epoch`` calls the same things in the same order in every step, so what it does between two calls is known by
    them: the loss and its backward pass lie between the optimizer's ``zero_grad`` and its ``step``.
    """

    def __init__(self):
        self.marks: list[tuple[str, float]] = []
        self.model = None  # the last training's

    def of(self, recipe: Recipe, train, epochs: int = 4) -> dict[str, float]:
        """Mean milliseconds of a step's parts in the epoch that took the median of the time, and of the whole step."""
        steps = -(-len(train) // recipe.training.batch)
        short, ends = recipe.but(epochs=epochs), []
        with (
            self.timing(Batches, "of_epoch", self.fetched),
            self.timing(training, "optimizer_for", self.stepped),
            self.timing(augment.Deform, "__call__", self.called("deforming")),
        ):
            self.model = self.watched(recipe.model())
            history = fit(
                self.model,
                train,
                train[:10],
                short.training,
                after_epoch=lambda _: ends.append(len(self.marks)),
            )
        # The first epoch of a process pays for what the others use.
        order = sorted(range(1, epochs), key=lambda i: history[i].seconds)
        chosen = order[len(order) // 2]
        took = self.sums(self.marks[ends[chosen - 1] : ends[chosen]])
        took["a step"] = history[chosen].seconds
        return {part: 1_000 * seconds / steps for part, seconds in took.items()}

    @staticmethod
    def sums(marks: list[tuple[str, float]]) -> dict[str, float]:
        """Seconds of each part between its marks."""
        parts = dict.fromkeys(["loading", "deforming", "forward", "backward", "optimiser"], 0.0)
        for (name, start), (_, end) in pairwise(marks):
            if name in parts:
                parts[name] += end - start
        return parts

    def mark(self, name: str) -> None:
        """From now on, time belongs to this part."""
        self.marks.append((name, time.perf_counter()))

    def timing(self, owner, name: str, wrap):
        """Have a function wrapped, within a ``with``."""
        return mock.patch.object(owner, name, wrap(getattr(owner, name)))

    def called(self, part: str, then: str = "loading"):
        """Wraps a function whose calls are a part, after which another goes on."""

        def wrap(function):
            @functools.wraps(function)
            def timed(*arguments, **options):
                self.mark(part)
                result = function(*arguments, **options)
                self.mark(then)
                return result

            return timed

        return wrap

    def fetched(self, batches):
        """Wraps the function that deals batches."""

        def dealt(*arguments):
            dealing = batches(*arguments)
            while True:
                self.mark("loading")
                batch = next(dealing, None)
                self.mark("else")
                if batch is None:
                    return
                yield batch

        return dealt

    def stepped(self, making):
        """Wraps the function that makes optimizer and schedule."""

        def made(*arguments):
            optimizer, schedule = making(*arguments)
            optimizer.zero_grad = self.called("backward", "backward")(optimizer.zero_grad)
            optimizer.step = self.called("optimiser", "optimiser")(optimizer.step)
            schedule.step = self.called("optimiser", "else")(schedule.step)
            return optimizer, schedule

        return made

    def watched(self, model):
        """Marks where a model is called in training; the loss behind it counts as forward."""

        def before(*_):
            if model.training:
                self.mark("forward")

        model.register_forward_pre_hook(before)
        return model
