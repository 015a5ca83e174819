import numpy as np
import pytest
import torch
from torch.nn import functional as F

from digitlib.augment import Deform
from digitlib.checks import say
from digitlib.engine.batches import Batches
from digitlib.exercises.deforming import check_batches, check_shift


def by_index(images, labels, size, generator):
    order = torch.randperm(len(images), generator=generator)
    for some in order.split(size):
        yield images[some] / 255, labels[some]


def by_sorting_chance(images, labels, size, generator):
    order = torch.rand(len(images), generator=generator).argsort()
    starts = range(0, len(images), size)
    some = [order[start : start + size] for start in starts]
    return [(images[each].double() / 255, labels[each].tolist()) for each in some]


def of_numpy(images, labels, size, generator):
    seed = torch.randint(2**31, (), generator=generator).item()
    order, found = np.random.default_rng(seed).permutation(len(images)).tolist(), []
    while order:
        some, order = order[:size], order[size:]
        found.append(
            ([images[i].numpy().astype("f4") / 255 for i in some], [labels[i] for i in some])
        )
    return found


def of_the_package(images, labels, size, generator):
    seed = torch.randint(2**31, (), generator=generator).item()
    return Batches(images, labels, size, seed).of_epoch(1)


@pytest.mark.parametrize("deal", [by_index, by_sorting_chance, of_numpy, of_the_package])
def test_batches_of_a_shuffled_epoch_pass(deal):
    assert say(check_batches, deal) == "passes"


def in_order(order, images, labels, size):
    return [(images[some] / 255, labels[some]) for some in order.split(size)]


def seeded_within(images, labels, size, generator):
    return by_index(images, labels, size, torch.Generator().manual_seed(0))


def of_its_own_chance(images, labels, size, generator):
    return in_order(torch.randperm(len(images)), images, labels, size)


def without_the_last(*asked):
    return list(by_index(*asked))[:-1]


def with_replacement(images, labels, size, generator):
    order = torch.randint(len(images), (len(images),), generator=generator)
    return in_order(order, images, labels, size)


def two_orders(images, labels, size, generator):
    order, other = (torch.randperm(len(images), generator=generator) for _ in range(2))
    return in_order(order, images, labels[other], size)


def turned_round(images, labels, size, generator):
    start = int(torch.randint(1, len(images) - 1, (1,), generator=generator))
    order = torch.arange(len(images)).roll(start)
    return [(images[some] / 255, labels[some]) for some in order.split(size)]


def labels_as_stored(images, labels, size, generator):
    order = torch.randperm(len(images), generator=generator)
    return in_order(torch.arange(len(images)), images[order], labels, size)


def as_stored(images, labels, size, generator):
    return in_order(torch.arange(len(images)), images, labels, size)


def shuffled_within(images, labels, size, generator):
    blocks = torch.arange(len(images)).split(size)
    order = [block[torch.randperm(len(block), generator=generator)] for block in blocks]
    return in_order(torch.cat(order), images, labels, size)


WRONG_BATCHES = {
    "expected another order in the next epoch, got the same: is a seed set": seeded_within,
    "expected the same order from a generator with the same seed, got another": of_its_own_chance,
    "4, 2], got [4, 4, 4, 4, 4]: the last one, which is not full, is left out": without_the_last,
    "images once, got ": with_replacement,
    "expected each image with its own label, got others: one order for both": two_orders,
    "expected each image with its own label, got others: one order": labels_as_stored,
    "expected a shuffled order, got the one in which the images are stored": as_stored,
    "of 22 beside their stored neighbour": turned_round,
    "expected a batch of images from everywhere, got neighbours": shuffled_within,
    "expected floats from 0 to 1, got uint8: divide by 255": lambda *asked: [
        ((255 * x).byte(), y) for x, y in by_index(*asked)
    ],
    ": divide by 255": lambda *asked: [(255 * x, y) for x, y in by_index(*asked)],
    "expected the images divided by 255, got others, up to 0.0": lambda *asked: [
        (x / 255, y) for x, y in by_index(*asked)
    ],
    "expected floats from 0 to 1, got -0.00": lambda *asked: [
        ((x - 0.1307) / 0.3081, y) for x, y in by_index(*asked)
    ],
    "of shape (4, 28, 28) and y (4,), got (4, 784) and (4,)": lambda *asked: [
        (x.flatten(1), y) for x, y in by_index(*asked)
    ],
    "got TypeError: 'NoneType' object is not iterable": lambda *asked: print(end=""),
    "got [5, 5, 5, 5, 2]": lambda images, labels, size, generator: by_index(
        images, labels, size + 1, generator
    ),
}


@pytest.mark.parametrize("slip", WRONG_BATCHES)
def test_batches_that_are_none(slip):
    assert slip in say(check_batches, WRONG_BATCHES[slip])


def starts(images, generator, high=5):
    return torch.randint(high, (2, len(images)), generator=generator)


def cut(images, starts):
    """A window of each padded image, that begins 0 to 4 pixels down and to the right."""
    padded = F.pad(images, (2, 2, 2, 2))
    pairs = zip(*starts.tolist(), strict=True)
    return torch.stack(
        [image[r : r + 28, c : c + 28] for image, (r, c) in zip(padded, pairs, strict=True)]
    )


def by_window(images, generator):
    return cut(images, starts(images, generator))


def by_index_of_all(images, generator):
    down, right = starts(images, generator)
    rows = (down[:, None] + torch.arange(28))[:, :, None]
    columns = (right[:, None] + torch.arange(28))[:, None, :]
    padded = F.pad(images, (2, 2, 2, 2)).double()
    return padded[torch.arange(len(images))[:, None, None], rows, columns]


def in_place(images, generator):
    for image in images:
        down, right = torch.randint(-2, 3, (2,), generator=generator).tolist()
        rolled = image.roll((down, right), dims=(0, 1))
        rolled[: max(down, 0)] = rolled[28 + min(down, 0) :] = 0
        rolled[:, : max(right, 0)] = rolled[:, 28 + min(right, 0) :] = 0
        image.copy_(rolled)
    return images


def by_places(images, generator):
    """As the package deforms, of whole pixels."""
    n, pixel = len(images), 2 / 28
    theta = torch.eye(2, 3).repeat(n, 1, 1)
    theta[:, :, 2] = pixel * torch.randint(-2, 3, (n, 2), generator=generator)
    grid = F.affine_grid(theta, [n, 1, 28, 28], align_corners=False)
    return F.grid_sample(images[:, None], grid, align_corners=False)[:, 0]


def of_lists(images, generator):
    return list(by_window(images, generator))


RIGHT_SHIFTS = [by_window, by_index_of_all, in_place, by_places, of_lists]


@pytest.mark.parametrize("shift", RIGHT_SHIFTS)
def test_images_moved_each_by_its_own_pass(shift):
    assert say(check_shift, shift) == "passes"


def all_alike(images, generator):
    return cut(images, starts(images[:1], generator).expand(2, len(images)))


def rolled(images, generator):
    down, right = starts(images, generator).sub(2).tolist()
    moves = zip(images, down, right, strict=True)
    return torch.stack([image.roll((r, c), dims=(0, 1)) for image, r, c in moves])


def one_number_for_both(images, generator):
    return cut(images, starts(images, generator)[:1].expand(2, -1))


def rounded(images, generator):
    return cut(images, (4 * torch.rand(2, len(images), generator=generator)).round().int())


def sideways(images, generator):
    down, right = starts(images, generator)
    return cut(images, torch.stack([torch.full_like(down, 2), right]))


def edges_repeated(images, generator):
    down, right = starts(images, generator)
    rows = (down[:, None] + torch.arange(-2, 26)).clamp(0, 27)[:, :, None]
    columns = (right[:, None] + torch.arange(-2, 26)).clamp(0, 27)[:, None, :]
    return images[torch.arange(len(images))[:, None, None], rows, columns]


def in_an_overlap(images, generator):
    """Moved within their own memory, pixel by pixel, so that what was moved is read again."""
    for image, c in zip(images.numpy(), starts(images, generator)[1].sub(2).tolist(), strict=True):
        for column in range(28):
            image[:, column] = image[:, column - c] if 0 <= column - c < 28 else 0
    return images


WRONG_SHIFTS = {
    "expected a move of its own for each image, got one for the whole batch": all_alike,
    "what leaves on one side comes in on the other": rolled,
    "expected down and right to be drawn apart, got 5 pairs of 25": one_number_for_both,
    "are numbers rounded, or is a sign drawn apart?": rounded,
    "expected moves down by -2 to 2, got 0 to 0": sideways,
    "expected 0 to come in where nothing was, got other numbers there": edges_repeated,
    "expected moves down by -2 to 2, got -1 to 2: randint leaves out its upper end": (
        lambda images, generator: cut(images, starts(images, generator, high=4))
    ),
    "expected moves down by -2 to 2, got 0 to 2": (
        lambda images, generator: cut(images, starts(images, generator, high=3))
    ),
    "expected the same moves from a generator with the same seed, got others": (
        lambda images, generator: by_window(images, None)
    ),
    "expected other moves of the next batch, got the same: is a seed set": (
        lambda images, generator: by_window(images, torch.Generator().manual_seed(0))
    ),
    "expected images, got None: does the function return them?": lambda images, generator: print(
        end=""
    ),
    "expected shape (1, 28, 28), got shape (28, 28)": (
        lambda images, generator: by_window(images, generator).squeeze()
    ),
    "expected shape (1, 28, 28), got shape (1, 1, 28, 28)": (
        lambda images, generator: by_window(images, generator)[:, None]
    ),
    "expected each image moved by whole pixels and else as it was, got ": Deform(shift=2),
    "got 1 of 1 that are not": lambda images, generator: by_window(images, generator).byte(),
    "expected images, got RuntimeError": lambda images, generator: images.view(3, 3),
    "that are not": in_an_overlap,
}


@pytest.mark.parametrize("slip", WRONG_SHIFTS)
def test_images_moved_otherwise(slip):
    assert slip in say(check_shift, WRONG_SHIFTS[slip])
