import math
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from digitlib.checks import Bug, say
from digitlib.exercises import stepping
from digitlib.exercises.stepping import check_cross_entropy, check_epoch, check_momentum
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


def by_log_sum(logits, labels):
    return (logits.logsumexp(dim=1) - logits[torch.arange(len(labels)), labels]).mean()


def by_exp(logits, labels):
    z = logits - logits.max(dim=1, keepdim=True).values
    return (z.exp().sum(dim=1).log() - z[range(len(z)), labels]).mean().item()


def by_numpy(logits, labels):
    z = logits.double().numpy()
    z -= z.max(axis=1)[:, None]
    return np.log(np.exp(z).sum(axis=1)).mean() - z[np.arange(len(z)), labels.numpy()].mean()


def by_plain_python(logits, labels):
    losses = []
    for scores, label in zip(logits.tolist(), labels.tolist(), strict=True):
        top = max(scores)
        losses.append(math.log(sum(math.exp(s - top) for s in scores)) + top - scores[label])
    return sum(losses) / len(losses)


@pytest.mark.parametrize(
    "loss", [by_log_sum, by_exp, by_numpy, by_plain_python, F.cross_entropy, nn.CrossEntropyLoss()]
)
def test_a_cross_entropy_passes(loss):
    assert say(check_cross_entropy, loss) == "passes"


def given(logits, labels):
    return logits.softmax(dim=1)[torch.arange(len(labels)), labels]


def sure(logits, labels, off):
    """Cross-entropy with something taken off the scores first, or nothing."""
    z = logits - off(logits)
    return (z.exp().sum(dim=1).log() - z[torch.arange(len(z)), labels]).mean()


def whole_overflow(logits, labels):
    powers = logits.exp()
    return -(powers / powers.sum(dim=1, keepdim=True))[range(len(labels)), labels].log().mean()


LARGE = "expected the loss of large scores to be 334.6, got "
WRONG_LOSSES = {
    "the sum over the batch, not": lambda z, y: F.cross_entropy(z, y, reduction="sum"),
    "the largest probability, not": lambda z, y: -z.softmax(dim=1).amax(dim=1).log().mean(),
    "the probability itself": lambda z, y: given(z, y).mean(),
    "what the probability lacks of 1": lambda z, y: (1 - given(z, y)).mean(),
    "the minus is missing": lambda z, y: given(z, y).log().mean(),
    "the logarithm of the mean": lambda z, y: -given(z, y).mean().log(),
    "add up to 1 over the batch": lambda z, y: F.nll_loss(z.log_softmax(dim=0), y),
    "to base 2": lambda z, y: -given(z, y).log2().mean(),
    "expected a single number, got shape (4,)": lambda z, y: -given(z, y).log(),
    f"{LARGE}nan: some": lambda z, y: sure(z, y, lambda z: 0),
    f"{LARGE}nan: some power of e was more": whole_overflow,
    f"{LARGE}-inf: some power of e was more": lambda z, y: sure(z, y, lambda z: z.max()),
    f"{LARGE}inf: some power of e was more than a float holds, or came to 0": lambda z, y: (
        -given(z, y).log().mean()
    ),
    f"{LARGE}7.4": lambda z, y: -(given(z, y) + 1e-8).log().mean(),
}


@pytest.mark.parametrize("slip", WRONG_LOSSES)
def test_a_cross_entropy_that_is_none(slip):
    assert slip in say(check_cross_entropy, WRONG_LOSSES[slip])


def in_place(weights, gradients, velocities, rate, momentum):
    for weight, gradient, velocity in zip(weights, gradients, velocities, strict=True):
        velocity *= momentum
        velocity += gradient
        weight -= rate * velocity


def with_new_velocities(weights, gradients, velocities, rate, momentum):
    for i in range(len(weights)):
        velocities[i] = momentum * velocities[i] + gradients[i]
        weights[i].data.add_(velocities[i], alpha=-rate)
    return weights


def with_the_rate_in_the_velocity(weights, gradients, velocities, rate, momentum):
    for weight, gradient, velocity in zip(weights, gradients, velocities, strict=True):
        weight += velocity.mul_(momentum).sub_(rate * gradient)


def by_numpy_views(weights, gradients, velocities, rate, momentum):
    for weight, gradient, velocity in zip(weights, gradients, velocities, strict=True):
        velocity.numpy()[:] = momentum * velocity.numpy() + gradient.numpy()
        weight.numpy()[:] -= rate * velocity.numpy()


@pytest.mark.parametrize(
    "step", [in_place, with_new_velocities, with_the_rate_in_the_velocity, by_numpy_views]
)
def test_a_step_with_momentum_passes(step):
    assert say(check_momentum, step) == "passes"


def step_with(body):
    """A step with these lines for each weight w, its gradient g and its velocity v."""
    head = "def step(weights, gradients, velocities, rate, momentum):\n"
    loop = "    for w, g, v in zip(weights, gradients, velocities):\n        "
    found = {}
    exec(f"{head}{loop}{body}", found)
    return found["step"]


WRONG_STEPS = {
    "w -= rate * g": "the velocity is not used, or not kept",
    "v = momentum * v + g; w -= rate * v": "the velocity is not used, or not kept",
    "v.copy_(momentum * v + g); w += rate * v": "after step 1 to be [0. 2.5 2.5], got [2. 1.5 3.5]: the steps go up",
    "v.copy_(momentum * v - g); w -= rate * v": "the steps go up",
    "v.copy_(momentum * v + (1 - momentum) * g); w -= rate * v": "counts whole, not by 1 - momentum",
    "w -= rate * v; v.copy_(momentum * v + g)": "or the step goes by the velocity of before",
    "v.copy_(momentum * v + g); w = w - rate * v": "no tensor is changed in place, as `-=` does",
    "v.copy_(momentum * v + g); w -= rate * (g + momentum * v)": "as Nesterov's momentum does",
    "v.copy_(0.9 * v + g); w -= rate * v": "the weights after step 2 to be",
    "v += momentum * v + g; w -= rate * v": "the weights after step 2 to be",
    "v.copy_(momentum * v + g); w -= 0.1 * v": "the weights after step 1 to be",
    "w -= rate * velocity": "got NameError",
}


@pytest.mark.parametrize("body", WRONG_STEPS)
def test_a_step_that_goes_elsewhere(body):
    assert WRONG_STEPS[body] in say(check_momentum, step_with(body))


def test_a_step_of_the_first_weights_alone():
    def first(weights, gradients, velocities, rate, momentum):
        in_place(weights[:1], gradients[:1], velocities[:1], rate, momentum)

    assert "the weights after step 1 to be" in say(check_momentum, first)


def test_no_two_slips_of_momentum_end_alike():
    start, gradients = torch.zeros(3), torch.tensor([[2.0, -1.0, 1.0], [1.0, 1.5, -2.0]])
    ends = [stepping._path(start, gradients, rule)[-1] for rule in stepping.SLIPS.values()]
    assert len({tuple(end.tolist()) for end in ends}) == len(ends)
