"""Checks of the exercises on networks: what goes through the layers, and weights made by hand.

Weights are asked for as PyTorch stores them, a row for each unit.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise, product

import torch

from digitlib.checks import Bug, as_bug
from digitlib.exercises.marking import ask, mark

__all__ = ["check_forward", "check_one_of_three"]

Layers = Sequence[tuple[torch.Tensor, torch.Tensor]]
ON_SIDE = "the matrices lie on their side: a row is for a unit, so x @ W.T"


def check_forward(forward: Callable) -> None:
    """Check a function that takes a batch through linear layers, with ReLU between them.

    Args:
        forward: called with a batch ``(n, m)`` and a list of layers, each weights ``(k, m)`` and biases ``(k,)``;
            returns the last layer's scores, as a tensor, an array or lists.

    It is asked with three square layers, with three of other sizes, and with one.

    Raises:
        Bug: other scores. Named are no ReLU, one that is missing or one too many, biases forgotten or added behind the
            ReLU, a matrix on its side, a layer that is asked about the images again, and softmax at the end.

    >>> from digitlib.checks import say
    >>> def bent_to_the_end(x, layers):
    ...     for weights, biases in layers:
    ...         x = (x @ weights.T + biases).relu()
    ...     return x
    >>> say(check_forward, bent_to_the_end).rpartition(": ")[2]
    'a ReLU is last, and no score is below 0'
    """
    chance = torch.Generator().manual_seed(26)

    def whole(*shape: int) -> torch.Tensor:
        return torch.randint(-2, 3, shape, generator=chance).float()

    for sizes in ((2, 2, 2, 2), (3, 4, 2, 5), (4, 3)):
        x = whole(4, sizes[0])
        layers = [(whole(k, m), whole(k)) for m, k in pairwise(sizes)]
        mark(forward, (x, layers), _scores(x, layers, [False, True, True]), _slips(x, layers))


def _scores(x: torch.Tensor, layers: Layers, bends: Sequence[bool]) -> torch.Tensor:
    """The scores, where ``bends`` says of each layer whether a ReLU is before it."""
    for (weights, biases), bend in zip(layers, bends, strict=False):
        x = (x.relu() if bend else x) @ weights.T + biases
    return x


def _slips(x: torch.Tensor, layers: Layers) -> dict[str, object]:
    """For each usual slip, the scores that it gives."""
    bends = [False, True, True]
    right = _scores(x, layers, bends)
    bare = [(weights, torch.zeros_like(biases)) for weights, biases in layers]
    turned = [(weights.T, biases) for weights, biases in layers]
    *hidden, (last, ends) = layers
    late = x
    for weights, biases in hidden:
        late = (late @ weights.T).relu() + biases
    slips: dict[str, object] = {
        "there is no ReLU": _scores(x, layers, [False] * 3),
        "a ReLU is last, and no score is below 0": right.relu(),
        "a ReLU is before the first layer too": _scores(x, layers, [True] * 3),
        "a ReLU is behind the first layer alone": _scores(x, layers, [False, True, False]),
        "the biases are forgotten": _scores(x, bare, bends),
        "the biases are added behind the ReLU": late @ last.T + ends,
        "a softmax is last, and scores were asked for": right.softmax(dim=1),
        "the last layer is left out": _scores(x, hidden, bends).relu(),
    }
    if len({x.shape[1], *(side for weights, _ in layers for side in weights.shape)}) == 1:
        slips |= {
            ON_SIDE: _scores(x, turned, bends),
            f"there is no ReLU, and {ON_SIDE}": _scores(x, turned, [False] * 3),
            "each layer is asked about the images, and not about what came before": x @ last.T
            + ends,
        }
    return slips


STROKES = torch.tensor(list(product([0.0, 1.0], repeat=3)), dtype=torch.float64)
"""Each way to ink a left, a middle and a right place, ``(8, 3)``."""
PLACES = "the left", "the middle", "the right"


def check_one_of_three(design: Callable) -> None:
    """Check weights made by hand: a score above 0 where one place of three has ink, and 0 or less elsewhere.

    Args:
        design: called with nothing; returns weights ``(H, 3)`` and biases ``(H,)`` of hidden units with ReLU, then
            weights ``(1, H)`` and a bias ``(1,)`` of the score, as tensors, arrays or lists. Any number of units
            will do.

    All eight ways to ink three places are tried, with 1 for ink and 0 for none.

    Raises:
        Bug: a score is on the wrong side of 0; the first such way is named. So are shapes that don't fit, no unit with
            a bend among the eight, signs that are the other way round, and further strokes that take too little away.

    >>> from digitlib.checks import say
    >>> def sum_of_ink():
    ...     return torch.ones(1, 3), torch.zeros(1), torch.ones(1, 1), torch.zeros(1)
    >>> say(check_one_of_three, sum_of_ink).partition("got ")[2]
    '2: no unit is silent at one way and speaks at another, so this is a template'
    """
    first, start, second, end = _parts(ask(design))
    before = STROKES @ first.T + start
    scores = before.relu() @ second + end
    wanted, above = STROKES.sum(dim=1) == 1, scores > 1e-6
    if torch.equal(above, wanted):
        return
    way = int((above != wanted).nonzero()[0])
    places = " and ".join(name for name, ink in zip(PLACES, STROKES[way], strict=True) if ink)
    side = "above 0" if wanted[way] else "of 0 or less"
    line = f"expected a score {side} for {f'ink at {places}' if places else 'a blank page'}, got {scores[way]:.4g}"
    if not ((before > 0).any(dim=0) & (before < 0).any(dim=0)).any():
        why = ": no unit is silent at one way and speaks at another, so this is a template"
    elif torch.equal(scores < -1e-6, wanted):
        why = ": the signs are the other way round"
    elif above[wanted].all() and not above[0]:
        why = ": further strokes must take away what the first one gives"
    else:
        why = ""
    raise Bug(line + why)


def _parts(answer: object) -> tuple[torch.Tensor, ...]:
    """Weights and biases in double precision, the second layer's as ``(H,)`` and ``()``; Bug where shapes don't fit."""
    if not isinstance(answer, tuple | list) or len(answer) != 4:
        raise Bug(f"expected W1, b1, W2 and b2, got {type(answer).__name__}")
    with as_bug("numbers"):
        parts = list(map(torch.as_tensor, answer))
    first, start, second, end = (part.detach().double() for part in parts)
    units = len(first) if first.dim() else 0
    fits: dict[str, tuple[torch.Tensor, list[tuple[int, ...]]]] = {
        "W1 of shape (H, 3)": (first, [(units, 3)]),
        f"b1 of shape ({units},)": (start, [(units,)]),
        f"W2 of shape (1, {units})": (second, [(1, units), (units,)]),
        "b2 of shape (1,)": (end, [(1,), ()]),
    }
    for wanted, (part, shapes) in fits.items():
        if part.shape not in shapes:
            raise Bug(f"expected {wanted}, got {tuple(part.shape)}: a row is for a unit")
    return first, start, second.flatten(), end.squeeze()
