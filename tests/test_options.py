import argparse

import pytest

from digitlib import data, weights
from digitlib.commands import options


def parsed(*arguments):
    parser = argparse.ArgumentParser()
    options.add_dataset(parser)
    options.add_weights(parser)
    return parser.parse_args(arguments)


def test_without_a_word_it_is_mnist_and_the_packages_own_weights():
    asked = parsed()
    assert (asked.dataset, asked.weights) == ("mnist", weights.SHIPPED)
    assert parsed("--weights", "w").weights.name == "w"


@pytest.mark.parametrize("name", data.NAMES)
def test_every_data_set_can_be_asked_for(name):
    assert parsed("--dataset", name).dataset == name


def test_the_split_is_the_books():
    train, valid = options.split("optdigits")
    assert (len(train), len(valid)) == (1437 - 287, 287)
