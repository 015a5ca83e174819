import re
from pathlib import Path

import pytest
import torch
from torch.nn import functional as F

from digitlib.checks import Bug, say
from digitlib.exercises.stepping import check_epoch
from digitlib.train import train_epoch


def right_loop(model, batches, optimizer):
    for x, y in batches:
        loss = F.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


def cleared_afterwards(model, batches, optimizer):
    for x, y in batches:
        F.cross_entropy(model(x), y).backward()
        optimizer.step()
        model.zero_grad(set_to_none=False)


def from_log_softmax(model, batches, optimizer):
    model.train()
    losses = []
    for x, y in batches:
        optimizer.zero_grad()
        loss = F.nll_loss(model(x).log_softmax(dim=1), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def of_the_book(model, batches, optimizer):
    steady = torch.optim.lr_scheduler.ConstantLR(optimizer, factor=1)
    return train_epoch(model, batches, optimizer, steady)


@pytest.mark.parametrize("loop", [right_loop, cleared_afterwards, from_log_softmax, of_the_book])
def test_a_loop_that_learns_passes(loop):
    before = torch.get_rng_state()
    check_epoch(loop)
    assert torch.equal(torch.get_rng_state(), before)


def loop_with(body):
    """A loop over the batches with this line in it."""
    found = {"F": F}
    exec(f"def loop(model, batches, optimizer):\n    for x, y in batches:\n        {body}", found)
    return found["loop"]


FORWARD = "loss = F.cross_entropy(model(x), y)"
WRONG = {
    "no zero_grad": (
        f"{FORWARD}; loss.backward(); optimizer.step()",
        r"batch 2's mean loss, got the earlier batches' added to it: zero_grad\(\) is missing",
    ),
    "no step": (
        f"{FORWARD}; optimizer.zero_grad(); loss.backward()",
        r"a step for each of 4 batches, got 0: the loop never calls step\(\)",
    ),
    "no backward": (
        f"{FORWARD}; optimizer.zero_grad(); optimizer.step()",
        r"batch 1's mean loss, got none: backward\(\) is missing, or comes after step",
    ),
    "zero_grad behind backward": (
        f"{FORWARD}; loss.backward(); optimizer.zero_grad(); optimizer.step()",
        r"got none: .* or zero_grad\(\) comes between",
    ),
    "backward behind step": (
        f"optimizer.zero_grad(); {FORWARD}; optimizer.step(); loss.backward()",
        r"got none: backward\(\) is missing, or comes after step\(\), or",
    ),
    "a step between zero_grad and backward": (
        f"{FORWARD}; optimizer.step(); optimizer.zero_grad(); loss.backward()",
        r"expected the loop to go through, got RuntimeError: ",
    ),
    "a name that isn't there": (
        "optimizer.zero_grad(); F.cross_entropy(model(images), y).backward(); optimizer.step()",
        r"got NameError: name 'images' is not defined",
    ),
    "the optimizer asked backwards": (
        f"{FORWARD}; optimizer.backward(); optimizer.step()",
        r"got AttributeError: 'SGD' object has no attribute 'backward'",
    ),
    "a number in place of the loss": (
        f"optimizer.zero_grad(); {FORWARD}.item(); loss.backward(); optimizer.step()",
        r"got AttributeError: 'float' object has no attribute 'backward'",
    ),
    "upwards": (
        f"{FORWARD}; optimizer.zero_grad(); (-loss).backward(); optimizer.step()",
        "got its opposite: the steps go up",
    ),
    "labels in another order": (
        "loss = F.cross_entropy(model(x), y.flip(0)); optimizer.zero_grad(); loss.backward(); optimizer.step()",
        r"got one that points \d+ degrees away: are these its own images and labels",
    ),
    "a softmax too many": (
        "loss = F.cross_entropy(model(x).softmax(1), y); optimizer.zero_grad(); loss.backward(); optimizer.step()",
        "got that of a softmax before cross_entropy",
    ),
    "a sum": (
        "optimizer.zero_grad(); F.cross_entropy(model(x), y, reduction='sum').backward(); optimizer.step()",
        "got that of a sum, 25 times as long",
    ),
    "two steps": (
        f"{FORWARD}; optimizer.zero_grad(); loss.backward(); optimizer.step(); optimizer.step()",
        "for each of 4 batches, got 8: the loop steps more than once for a batch",
    ),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_loop_that_does_not(wrong):
    body, line = WRONG[wrong]
    with pytest.raises(Bug, match=line):
        check_epoch(loop_with(body))


def dots(model, batches, optimizer): ...


def dots_below_a_docstring(model, batches, optimizer):
    """Take one step for each batch."""
    ...


def dots_returned(model, batches, optimizer):
    """Take one step for each batch."""
    return ...


@pytest.mark.parametrize("loop", [dots, dots_below_a_docstring, dots_returned])
def test_a_function_without_a_body_is_not_yet_written(loop):
    found = say(check_epoch, loop)
    assert found == f"not yet: {loop.__name__} is still to be written"


def test_a_loop_that_only_begins():
    found = say(check_epoch, lambda *_: 0)
    assert found.startswith("fails: expected the model to be asked about each batch, got no call: ")
    assert found.endswith("is it written yet, and does it ask the model handed in?")


def test_a_step_behind_the_loop_and_a_loop_that_ends_early():
    def behind(model, batches, optimizer):
        for x, y in batches:
            F.cross_entropy(model(x), y).backward()
        optimizer.step()

    def early(model, batches, optimizer):
        for x, y in batches:
            F.cross_entropy(model(x), y).backward()
            optimizer.step()
            return

    for loop in (behind, early):
        with pytest.raises(Bug, match="for each of 4 batches, got 1: the loop ends early, or"):
            check_epoch(loop)


def test_weights_that_move_without_the_optimizer():
    def by_hand(model, batches, optimizer):
        for x, y in batches:
            F.cross_entropy(model(x), y).backward()
            for weight in model.parameters():
                weight.data -= 0.1 * weight.grad
                weight.grad = None

    with pytest.raises(Bug, match=r"expected the optimizer's step\(\) to move the weights, got"):
        check_epoch(by_hand)


def test_the_line_that_raised_is_told():
    def loop(model, batches, optimizer):
        for x, _ in batches:
            model(x).backward()

    found = say(check_epoch, loop)
    assert "got RuntimeError at `model(x).backward()`: grad can be implicitly" in found


@pytest.mark.parametrize("loop", [lambda model, batches: 0, torch.optim.SGD, "a loop"])
def test_what_is_no_loop_fails_in_a_line(loop):
    assert say(check_epoch, loop).startswith("fails: expected the loop to go through")


def test_the_page_for_teachers_quotes_what_it_says():
    page = (Path(__file__).parents[1] / "book" / "teach.md").read_text(encoding="utf-8")
    quoted = re.findall(r"^\| .+ \| (got .+|the loop .+) \|$", page, re.MULTILINE)
    early = f"{FORWARD}; optimizer.zero_grad(); loss.backward(); optimizer.step(); return"
    bodies = [*(body for body, _ in WRONG.values()), early]
    said = [say(check_epoch, loop_with(body)) for body in bodies]
    assert len(quoted) == 5
    assert [quote for quote in quoted if not any(quote in line for line in said)] == []
