"""Six bugs that raise no error while a model trains, each with a check that does.

They serve any PyTorch code: a plain ``nn.Module``, batches ``(x, y)`` from a ``DataLoader`` or a list, the reader's own
functions. A check returns None or raises :class:`Bug`, one line with what was expected and what came; where it cannot
tell, it raises ValueError. It asks a copy of the model, so weights, buffers and mode stay as they were, and so do
torch's random numbers on the CPU. None is a proof: each says what it does not see.
"""

import copy
import math
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import combinations
from types import FunctionType
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset

from digitlib.data import Images
from digitlib.evaluate import Accuracy
from digitlib.plain import one_line
from digitlib.preprocess import SIDE

__all__ = [
    "Bug",
    "as_bug",
    "check_apart",
    "check_logits",
    "check_mean",
    "check_normalised",
    "check_repeatable",
    "check_shuffled",
    "say",
]


class Bug(AssertionError):
    """A check found what it looks for.

    >>> import torch
    >>> from torch import nn
    >>> try:
    ...     check_logits(nn.Softmax(dim=1), torch.rand(100, 10))
    ... except Bug as bug:
    ...     print(bug)
    expected logits, got probabilities that sum to 1: a softmax is last
    """


def say(check: Callable, *arguments: object, **named: object) -> str:
    """Run a check with these arguments: ``"passes"``, or ``"fails: "`` and what was found. Other errors are raised.

    Of a function with dots where its body should stand it says ``"not yet: "``, and which.

    >>> import torch
    >>> x = torch.stack([torch.zeros(28, 28), torch.ones(28, 28)])
    >>> say(check_normalised, lambda x: x - x.mean(), x).rpartition(": ")[2]
    "its own batch's mean or deviation was used"
    >>> say(check_mean, lambda model, loader: 1.0)  # a constant: not seen
    'passes'
    >>> def measure(model, loader): ...
    >>> say(check_mean, measure)
    'not yet: measure is still to be written'
    """
    for thing in arguments:
        if isinstance(thing, FunctionType) and _is_blank(thing):
            return f"not yet: {thing.__name__} is still to be written"
    try:
        check(*arguments, **named)
    except Bug as bug:
        return f"fails: {bug}"
    return "passes"


@contextmanager
def as_bug(expected: str) -> Iterator[None]:
    """Let an error be a Bug of one line, with the line of the code called that raised it.

    Args:
        expected: what the code should have done or given, such as ``"an answer"``.

    >>> def first():
    ...     with as_bug("an answer"):
    ...         return [][0]
    >>> say(first)
    'fails: expected an answer, got IndexError: list index out of range'
    """
    try:
        yield
    except Exception as error:
        frames = traceback.extract_tb(error.__traceback__)[2:3]  # behind this one and the caller's
        where = "".join(f" at `{frame.line}`" for frame in frames if frame.line)
        raise Bug(
            f"expected {expected}, got {type(error).__name__}{where}: {one_line(error)}"
        ) from error


@torch.enable_grad()
def check_logits(model: nn.Module, x: torch.Tensor) -> None:
    """Check that nothing stands behind a model's last layer: no ReLU, no softmax.

    Args:
        model: returns ``(B, C)``; trained or not.
        x: a batch as the model takes it. A hundred images will do. With very few, or with two classes before
            training, a ReLU may have nothing to cut off, and passes.

    A ReLU is told by outputs of exactly 0, none below, through which no weight learns; a softmax, along either side,
    by its sums of 1. Not seen: a sigmoid, a tanh, a leaky ReLU. A log-softmax passes, since cross-entropy takes its
    outputs as it takes logits.

    Raises:
        Bug: a ReLU or a softmax; or an output that is not a number.
        ValueError: the outputs aren't ``(B, C)``, or there are none.

    >>> import torch
    >>> from digitlib.model import MLP
    >>> model, x = MLP(), torch.rand(100, 28, 28)
    >>> check_logits(model, x)
    >>> say(check_logits, torch.nn.Sequential(model, torch.nn.ReLU()), x).rpartition(": ")[2]
    'a ReLU is last'
    """
    model = copy.deepcopy(model).eval()
    outputs = model(x)
    if outputs.dim() != 2 or not outputs.numel():
        raise ValueError(f"expected outputs (B, C), got {tuple(outputs.shape)}")
    if outputs.isnan().any():
        raise Bug("expected logits, got nan among the outputs")
    lowest = outputs.min()
    if lowest >= 0 and any((outputs.sum(d) - 1).abs().max() < 0.02 for d in (0, 1)):
        raise Bug("expected logits, got probabilities that sum to 1: a softmax is last")
    zeros = outputs[outputs == 0]
    # A last layer that starts from zero also gives zeros, but it learns.
    if lowest == 0 and not _reaches_weights(zeros, model):
        raise Bug(
            f"expected logits below 0 too, got none in {outputs.numel():,} outputs "
            f"and {len(zeros):,} that are exactly 0: a ReLU is last"
        )


def check_shuffled(loader: Iterable) -> None:
    """Check that batches come in another order in each pass, and not class by class.

    Args:
        loader: gives batches ``(x, y)``, labels y ``(B,)``, anew whenever it is gone through. It is gone through
            twice, a tiny set more often, until equal orders can't be chance; so it must have an end.

    Only labels are compared, so images may be deformed at random. Classes in blocks show in the number of neighbours
    with the same label, from about a hundred examples on. Not seen: a shuffle that moves examples a few places in a
    set whose classes were mixed before. Taken for a bug: a sampler that deals blocks of a class on purpose, and one
    that must be told each epoch (``set_epoch``), as nobody tells it here.

    Raises:
        Bug: the order is the same in every pass, or the classes come in blocks.
        ValueError: a pass gave no batches, as a generator's second does; labels aren't ``(B,)``, or all are the same.

    >>> import torch
    >>> from torch.utils.data import DataLoader, TensorDataset
    >>> examples = TensorDataset(torch.rand(500, 28, 28), torch.arange(500) % 10)
    >>> check_shuffled(DataLoader(examples, 50, shuffle=True))
    >>> say(check_shuffled, DataLoader(examples, 50)).partition("got ")[2]
    "500 labels in the same order 2 times: the loader doesn't shuffle"
    """
    with torch.random.fork_rng(devices=[]):
        first = _labels(loader)
        counts = first.unique(return_counts=True)[1].tolist()
        if len(counts) < 2:
            raise ValueError(f"expected labels of two classes, got {len(counts)}")
        found, allowed = int((first[1:] == first[:-1]).sum()), _neighbours(counts)
        if found > allowed:
            raise Bug(
                f"expected at most {allowed:,} of {len(first):,} labels to be like the "
                f"one before, got {found:,}: the classes come in blocks"
            )
        passes = _passes(counts)
        if all(torch.equal(_labels(loader), first) for _ in range(1, passes)):
            raise Bug(
                f"expected another order in each pass, got {len(first):,} labels in "
                f"the same order {passes} times: the loader doesn't shuffle"
            )


def check_repeatable(measure: Callable, model: nn.Module) -> None:
    """Check that a measurement switches the model to evaluation, whatever its mode: that ``eval()`` isn't missing.

    Args:
        measure: called with a copy of the model in training mode, twice; returns a number or an ``Accuracy``. It must
            put batches through the model that it is given, as in ``model(x)``.
        model: takes one batch, returns one tensor, a row an example. It needs dropout or batch normalisation: without
            anything of the kind, ``eval()`` changes nothing and nothing is found.

    Each batch is asked about again in larger company: an example's outputs must not depend on chance or on its
    neighbours. The figures must be equal, and the weights and buffers still be the model's. The order of the examples
    may change. Not seen: a measurement that leaves the model in evaluation mode, which is right where every epoch
    begins with ``train()``; a random sample of the examples, if it gives the same figure twice. Taken for a bug: chance
    on purpose, such as Monte Carlo dropout.

    Raises:
        Bug: another answer for the same example, another figure, or changed weights or buffers.
        ValueError: ``measure`` doesn't call the model, or returns no number.

    >>> import torch
    >>> from torch import nn
    >>> model, x = nn.Sequential(nn.Linear(20, 10), nn.Dropout()), torch.rand(200, 20)
    >>> check_repeatable(lambda model: model.eval()(x).mean(), model)
    >>> say(check_repeatable, lambda model: model(x).mean(), model).rpartition(": ")[2]
    'eval() is missing'
    """
    asked, sizes = copy.deepcopy(model), []

    @torch.no_grad()
    def ask_again(
        module: nn.Module, inputs: tuple[torch.Tensor, ...], outputs: torch.Tensor
    ) -> None:
        [x] = inputs
        sizes.append(len(x))
        company = torch.cat([x, x[: (len(x) + 1) // 2]])
        away = (module.forward(company)[: len(x)] - outputs).abs().max()
        if away > 0.01 * outputs.abs().max():
            raise Bug(
                "expected the same outputs for the same examples in another batch, "
                f"got some that differ by {away:.2g}: eval() is missing"
            )

    asked.register_forward_hook(ask_again)
    with torch.random.fork_rng(devices=[]):
        figures = [_figure(measure(asked.train())) for _ in range(2)]
    if not sizes:
        raise ValueError("expected measure to call the model that it is given")
    now, before = _tensors(asked), _tensors(model)
    if changed := [name for name in before if not torch.equal(now[name], before[name])]:
        raise Bug(f"expected the model unchanged, got another {changed[0]}")
    if not math.isclose(*figures, rel_tol=1e-5, abs_tol=1e-9):
        raise Bug("expected one figure twice, got {:.6g} and {:.6g}".format(*figures))


def check_mean(measure: Callable) -> None:
    """Check that a figure is a mean over examples, and not one over batches.

    Args:
        measure: called with a model and a ``DataLoader``, returns a number or an ``Accuracy``: an accuracy as a share
            or in per cent, a mean loss, an error rate. The images are float ``(B, 28, 28)`` in [0, 1], the model is a
            linear layer on the CPU; a function for other shapes or for a GPU goes into a lambda that converts.

    It measures the same 30 examples, 20 answered rightly and then 10 wrongly, in one batch and in batches of 20 and
    10. Not seen: a figure that is wrong in the same way for both, such as a constant.

    Raises:
        Bug: the two figures differ.
        ValueError: ``measure`` returns no number.

    >>> def of_batches(model, loader):
    ...     shares = [(model(x).argmax(1) == y).float().mean().item() for x, y in loader]
    ...     return sum(shares) / len(shares)
    >>> say(check_mean, of_batches).partition("got ")[2]
    '0.6667 and 0.5: not a mean over examples'
    """
    labels = torch.arange(10).repeat(3)
    answers = torch.cat([labels[:20], (labels[20:] + 1) % 10])
    # The answer is the bright one among an image's first ten pixels.
    images = F.one_hot(answers, SIDE * SIDE).float().view(-1, SIDE, SIDE)
    layer = nn.Linear(SIDE * SIDE, 10)
    layer.weight.data.copy_(torch.eye(10, SIDE * SIDE))
    layer.bias.data.zero_()
    examples = TensorDataset(images, labels)
    whole, parts = (
        _figure(measure(nn.Sequential(nn.Flatten(), layer), DataLoader(examples, size)))
        for size in (30, 20)
    )
    if not math.isclose(whole, parts, rel_tol=1e-5):
        raise Bug(
            f"expected the same figure for 30 examples in one batch and in two of 20 "
            f"and 10, got {whole:.4g} and {parts:.4g}: not a mean over examples"
        )


def check_apart(**parts: Images) -> None:
    """Check that no image lies in two parts, pixel for pixel: ``check_apart(train=train, valid=valid)``.

    Args:
        parts: at least two, by name; the test set too where it may be read. A test set that serves as the validation
            set is found by this as well.

    Not seen: an image that was moved or changed by one grey level, and another by the same writer. A set with twins of
    its own, such as blank images, fails until one of each is left out.

    Raises:
        Bug: an image lies in two parts; the first such pair is named, with how many they share.
        ValueError: fewer than two parts.

    >>> import torch
    >>> from digitlib.data import Images
    >>> images = torch.arange(20, dtype=torch.uint8).view(20, 1, 1).expand(20, 28, 28)
    >>> digits = Images(images, torch.arange(20) % 10)
    >>> check_apart(train=digits[:15], valid=digits[15:])
    >>> say(check_apart, train=digits[:16], valid=digits[15:])
    'fails: expected train and valid to share no image, got 1 of 5 in valid that are in train'
    """
    if len(parts) < 2:
        raise ValueError(f"expected at least two parts, got {len(parts)}")
    rows = {
        name: [image.tobytes() for image in digits.images.cpu().numpy()]
        for name, digits in parts.items()
    }
    for first, second in combinations(rows, 2):
        known = set(rows[first])
        if shared := sum(row in known for row in rows[second]):
            raise Bug(
                f"expected {first} and {second} to share no image, "
                f"got {shared:,} of {len(rows[second]):,} in {second} that are in {first}"
            )


def check_normalised(normalise: Callable, images: torch.Tensor) -> None:
    """Check that images are normalised by the training set's mean and standard deviation, all of them alike.

    Args:
        normalise: takes a batch of images, returns it normalised; ``lambda x: (x - mean) / std`` for two constants.
        images: all training images ``(N, …)``, as ``normalise`` takes them.

    The first image must come out alone as it does among the others: one that is normalised by its own batch doesn't.
    Then the pixels must have mean 0 and standard deviation 1 within 0.003, which allows for constants of three
    decimals. Not seen: constants of other images that happen to agree as far, as those of training and test set
    together mostly do; images that are normalised each by its own mean and deviation. Taken for a bug: each pixel by
    its own deviation where some pixels never change, and constants that came with a model trained on something else.

    Raises:
        Bug: an image depends on its batch, or the constants are those of other images.
        ValueError: no two images.

    >>> import torch
    >>> from digitlib.model import Normalize
    >>> images = torch.arange(256).byte().repeat(98).view(32, 28, 28)
    >>> own, x = Normalize.of(images), images / 255
    >>> check_normalised(own, x)
    >>> say(check_normalised, Normalize(), x).rpartition(": ")[2]  # MNIST's
    "the constants are other images'"
    """
    if len(images) < 2:
        raise ValueError(f"expected at least two images, got {len(images)}")
    normalised = normalise(images)
    away = (normalise(images[:1]) - normalised[:1]).abs().max()
    if not away < 1e-4:  # nan, too: a blank image has no deviation of its own
        raise Bug(
            "expected an image to come out alone as among the others, got pixels "
            f"that differ by {away:.2g}: its own batch's mean or deviation was used"
        )
    mean, deviation = normalised.mean().item(), normalised.std().item()
    if not (abs(mean) < 0.003 and abs(deviation - 1) < 0.003):
        raise Bug(
            f"expected mean 0 and standard deviation 1 over {len(images):,} images, "
            f"got {mean:.4f} and {deviation:.4f}: the constants are other images'"
        )


def _is_blank(function: FunctionType) -> bool:
    """Whether this is a function with no more of a body than a docstring, dots or ``pass``."""

    def dots() -> None: ...

    def told() -> None:
        """Say nothing."""

    def returned() -> object:
        return ...

    def told_and_returned() -> object:
        """Say nothing."""
        return ...

    code = function.__code__
    blank = {one.__code__.co_code for one in (dots, told, returned, told_and_returned)}
    return code.co_code in blank and set(code.co_consts) <= {None, ..., function.__doc__}


def _reaches_weights(outputs: torch.Tensor, model: nn.Module) -> bool:
    """Whether a gradient goes from these outputs to any weight."""
    weights = [weight for weight in model.parameters() if weight.requires_grad]
    if not weights or not outputs.requires_grad:
        return False
    gradients = torch.autograd.grad(outputs.sum(), weights, allow_unused=True)
    return any(gradient is not None and gradient.any() for gradient in gradients)


def _labels(loader: Iterable) -> torch.Tensor:
    """All labels of one pass, in their order: ``(N,)``."""
    batches = [torch.as_tensor(batch[1]).cpu() for batch in loader]
    if not batches:
        raise ValueError(
            "expected batches in every pass, got none; a generator, or any iterator, can be gone through only once"
        )
    for labels in batches:
        if labels.dim() != 1:
            raise ValueError(f"expected labels (B,), got {tuple(labels.shape)}")
    return torch.cat(batches)


def _neighbours(counts: list[int]) -> int:
    """How many labels may be like the one before, where classes of these counts are shuffled.

    The mean and six standard deviations, after Barton and David, *Multiple runs* (1957); and six more, for counts so
    small that they aren't spread like a bell.
    """
    n, squares, cubes = (sum(c**power for c in counts) for power in (1, 2, 3))
    variance = squares * (squares + n * (n + 1)) - 2 * n * cubes - n**3
    return int(squares / n - 1 + 6 * math.sqrt(variance / (n**2 * (n - 1))) + 6)


def _passes(counts: list[int]) -> int:
    """After how many passes equal orders of these labels are chance less than once in a million."""
    n = sum(counts)
    orders = math.lgamma(n + 1) - sum(math.lgamma(c + 1) for c in counts)  # a logarithm
    return 1 + math.ceil(math.log(1e6) / orders)


def _tensors(model: nn.Module) -> dict[str, torch.Tensor]:
    return {**dict(model.named_parameters()), **dict(model.named_buffers())}


def _figure(result: Any) -> float:
    """What a measurement returned, as a number."""
    if isinstance(result, torch.Tensor):
        result = result.detach()
    try:
        return float(result.value if isinstance(result, Accuracy) else result)
    except (TypeError, ValueError, RuntimeError):
        raise ValueError(f"expected a number to be measured, got {result!r}") from None
