import torch

from digitlib import data, evaluate
from digitlib.book import eyes


def test_the_weights_are_few_and_their_file_is_small():
    assert sum(weight.numel() for weight in eyes.load().parameters()) < 100_000
    assert eyes.WEIGHTS.stat().st_size <= 150_000


def test_it_names_digits_that_others_wrote():
    foreign = data.load("optdigits")
    assert (
        evaluate.accuracy(evaluate.logits(eyes.load(), foreign.images), foreign.labels).value > 0.8
    )


def test_a_moved_digit_moves_the_answers_of_the_filters():
    x = torch.zeros(2, 28, 28)
    x[0, 8:20, 10:14] = x[1, 8:20, 13:17] = 1
    with torch.no_grad():
        first, second = eyes.load()[:3](x)
    torch.testing.assert_close(first[:, :, 5:20], second[:, :, 8:23])
