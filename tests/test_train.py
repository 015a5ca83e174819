import io
import sys
from dataclasses import replace

import pytest
import torch
from torch.nn import functional as F

from digitlib import data, evaluate
from digitlib.model import MLP
from digitlib.train import Diverged, Recipe, best_device, fit, train_epoch

QUICK = Recipe(epochs=2, batch=100)


@pytest.fixture(scope="module")
def parts(small):
    return data.split(small, valid=287)


def weights_after(train, valid, recipe=QUICK, seed=0):
    model = MLP((32,), seed=seed)
    fit(model, train, valid, recipe)
    return torch.cat([parameter.detach().flatten() for parameter in model.parameters()])


def test_it_learns(parts):
    model = MLP((64,))
    history = fit(model, *parts, Recipe(epochs=15, batch=64))
    assert history[-1].valid_accuracy > 0.93
    assert history[-1].train_loss < history[0].train_loss / 4
    assert [epoch.number for epoch in history] == list(range(1, 16))


def test_the_same_seed_gives_the_same_bits(parts):
    assert torch.equal(weights_after(*parts), weights_after(*parts))
    assert not torch.equal(
        weights_after(*parts), weights_after(*parts, replace(QUICK, seed=1))
    )


def test_validation_digits_touch_no_weight(parts):
    train, valid = parts
    assert torch.equal(weights_after(train, valid), weights_after(train, valid[:5]))


def test_the_last_epoch_is_the_result(parts):
    model = MLP((32,))
    history = fit(model, *parts, QUICK)
    accuracy = evaluate.accuracy(
        evaluate.logits(model, parts[1].images), parts[1].labels
    )
    assert accuracy.value == history[-1].valid_accuracy


def test_means_are_over_examples_not_batches(parts):
    train = parts[0][:250]  # 100 + 100 + 50
    model = MLP((32,))
    images = data.scale(train.images)
    frozen = torch.optim.SGD(model.parameters(), lr=0.0)
    schedule = torch.optim.lr_scheduler.ConstantLR(frozen, factor=1)
    loss, right = train_epoch(
        model, images, train.labels, torch.arange(250).split(100), frozen, schedule
    )
    logits = model(images)
    assert loss == pytest.approx(F.cross_entropy(logits, train.labels).item(), rel=1e-5)
    assert right == evaluate.accuracy(logits, train.labels).value


def test_an_infinite_loss_stops_with_step_and_rate(parts):
    model = MLP((32,))
    with torch.no_grad():
        model[-1].bias[0] = float("nan")
    with pytest.raises(
        Diverged, match=r"nan at step 1, with a learning rate of 0\.00012"
    ):
        fit(model, *parts, QUICK)


@pytest.mark.parametrize(
    "wrong", [{"epochs": 0}, {"batch": 0}, {"rate": 0.0}, {"rate": float("nan")}]
)
def test_impossible_recipes_are_refused(wrong):
    with pytest.raises(ValueError, match=r"expected .* got"):
        Recipe(**wrong)


def test_no_digits_to_learn_from(parts):
    with pytest.raises(ValueError, match="got 0 and 287"):
        fit(MLP(), parts[0][:0], parts[1])
    with pytest.raises(ValueError, match="got 1150 and 0"):
        fit(MLP(), parts[0], parts[1][:0])


def test_each_epoch_is_reported(parts):
    seen = []
    history = fit(MLP((32,)), *parts, QUICK, after_epoch=seen.append)
    assert seen == history


def test_the_bar_is_for_people_only(parts, monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    for check, expected in (("1", False), ("", True)):
        screen = Terminal()
        monkeypatch.setenv("DIGITLIB_CHECK", check)
        monkeypatch.setattr(sys, "stderr", screen)
        fit(MLP((32,)), *parts, QUICK)
        assert ("step" in screen.getvalue()) is expected


def test_the_model_comes_home(parts):
    model = MLP((32,))
    fit(model, *parts, QUICK)
    assert next(model.parameters()).device.type == "cpu"
    assert best_device().type in ("cuda", "mps", "cpu")
