"""The smallest network, by a pencil and by PyTorch."""

import pytest
import torch
from torch.nn import functional as F

from digitlib.book.pencil import draw_pencil, work


def by_autograd(x, w, v1, v2):
    leaves = {
        name: torch.tensor(value, dtype=torch.float64, requires_grad=True)
        for name, value in {"w": w, "v1": v1, "v2": v2}.items()
    }
    a = leaves["w"] * x
    h = a.relu()
    z = [leaves["v1"] * h, leaves["v2"] * h]
    middle = {"a": a, "h": h, "z1": z[0], "z2": z[1]}
    for each in middle.values():
        each.retain_grad()
    loss = F.cross_entropy(torch.stack(z)[None], torch.tensor([1]))
    loss.backward()
    return loss.item(), {name: each.grad.item() for name, each in (leaves | middle).items()}


@pytest.mark.parametrize(
    "given", [(2, 0.5, 0.5, -0.5), (2, -0.7, 0.5, -0.5), (-1.5, -1.2, 1.4, 0.3), (0.4, 1, -1, 2)]
)
def test_slopes_are_autograds(given):
    numbers, slopes = work(*given)
    loss, theirs = by_autograd(*given)
    assert numbers["loss"] == pytest.approx(loss, abs=1e-12)
    assert slopes == pytest.approx(theirs, abs=1e-12)


def test_another_weight_is_another_picture():
    assert draw_pencil().png == draw_pencil(w=0.5).png != draw_pencil(w=-0.5).png
