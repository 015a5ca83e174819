from functools import partial

import numpy as np
import pytest
import torch
from torch.nn.utils import parameters_to_vector

from digitlib import calibrate, data, evaluate, export
from digitlib.accuracy import total
from digitlib.augment import Deform
from digitlib.drawn import nondigits, redrawn, styles
from digitlib.model import MLP, Normalize
from digitlib.recipes import RECIPES, Network, Recipe
from digitlib.train import Training, fit

WIDE = Recipe(Network((64,)), Training(epochs=10, batch=64))


@pytest.fixture(scope="module")
def parts(small):
    return data.split(small, valid=287)


def numbers(model):
    return parameters_to_vector(model.parameters()).detach()


def trained(recipe, train, valid, **options):
    model = recipe.model()
    history = fit(model, recipe.images(train), valid, recipe.training, **options)
    return model, history


def test_named_recipes():
    assert Recipe.named("quick") == Recipe() == RECIPES["quick"]
    base = RECIPES["base"]
    changed = Recipe.named("base", seed=3, hidden=(8,), nondigits=0.1)
    assert changed.flat() == base.flat() | {"seed": 3, "hidden": (8,), "nondigits": 0.1}
    assert changed.training.deform == base.training.deform
    with pytest.raises(ValueError, match="pad, own, record, got 'slow'"):
        Recipe.named("slow")
    with pytest.raises(ValueError, match=r"expected fields out of hidden, .* seed, .*, got speed"):
        Recipe.named("quick", speed=3)


def test_a_recipe_makes_its_network(parts):
    plain = Recipe(Network((8,)), Training(seed=3))
    normed = plain.but(norm=True)
    assert torch.equal(numbers(plain.model()), numbers(MLP((8,), seed=3)))
    assert plain.but(nondigits=0.1).model()[-1].out_features == 11
    assert normed.but(nondigits=0.1).model(classes=5).none
    assert numbers(normed.model()).numel() == numbers(plain.model()).numel() + 16
    _, history = trained(normed.but(epochs=10, batch=64), *parts)
    assert history[-1].valid_accuracy > 0.8


def test_a_network_for_other_images_begins_with_their_constants():
    model = WIDE.model(classes=47, normalize=Normalize(0.5, 0.25))
    assert (model[0].mean, model[0].std, model[-1].out_features) == (0.5, 0.25, 47)


def test_a_recipe_of_numpys_numbers_is_one_of_plain_ones(parts, tmp_path):
    """Also in the files that hold it: weights and an interrupted training."""
    one, plain = np.float64(1), Deform(10.0, shift=(0.5, 1.0), coarseness=5)
    recipe = WIDE.but(
        hidden=np.array([8, 6]),
        norm=np.bool_(False),
        epochs=np.int32(2),
        batch=np.int64(100),
        rate=np.float32(0.25) / 32,
        deform=Deform(10 * one, shift=(np.float32(0.5), one), coarseness=np.int64(5)),
        seed=np.int64(1),
    )
    how = Training(epochs=2, batch=100, rate=1 / 128, deform=plain, seed=1)
    same = Recipe(Network((8, 6)), how)
    assert recipe == same and repr(recipe) == repr(same)
    weights_of = []
    for some in (recipe, same):
        # The second goes on from what the first has kept, which is all.
        model, _ = trained(some, *parts, keep=tmp_path / "kept")
        path = tmp_path / f"{len(weights_of)}"
        export.export_weights(model, path, parts[1], "optdigits", some.flat())
        weights_of.append(path.read_bytes())
    assert weights_of[0] == weights_of[1]


def test_redrawn_digits_teach_any_pen(parts):
    train, valid = parts
    drawn = redrawn.mixed(valid, 1.0, seed=5)[len(valid) :]
    right = []
    for share in (0.0, 1.0):
        recipe = WIDE.but(epochs=round(20 / (1 + share)), redrawn=share)
        model, _ = trained(recipe, train, valid)
        answers = evaluate.logits(model, drawn.images)
        right.append(evaluate.accuracy(answers, drawn.labels).value)
    assert right[1] > right[0] + 0.03


def test_drawn_digits_teach_other_hands(parts):
    train, valid = parts
    right = []
    for share in (0.0, 0.5):
        model, history = trained(WIDE.but(styles=share), train, valid)
        assert history[-1].valid_accuracy > 0.93
        found = styles.right(partial(evaluate.logits, model), n=50)
        right.append(total(found.values()).value)
    assert right[1] > right[0] + 0.1


def test_what_is_no_digit_is_learned_as_an_eleventh_class(parts):
    train, valid = parts
    model, history = trained(WIDE.but(epochs=20, nondigits=0.5), train, valid)
    assert (evaluate.outputs(model, valid.images).shape[1], model.none) == (11, True)
    assert history[-1].valid_accuracy > 0.9
    digits = calibrate.doubt(evaluate.outputs(model, valid.images))
    limit = calibrate.threshold(digits, valid.labels, refused=0.05)
    for kind in ("textures", "inverted"):
        others = nondigits.draw(kind, 50, valid, seed=9)
        found = calibrate.doubt(evaluate.outputs(model, others))
        assert (found > limit).float().mean() > 0.8, kind


def test_non_digits_are_not_taught_by_a_teacher(parts):
    """With a teacher alone for digits, and labels alone for the rest, the eleventh class is learned all the same."""
    train, valid = parts
    teacher = MLP((64,))
    fit(teacher, train, valid, WIDE.training)
    model, _ = trained(WIDE.but(nondigits=0.5, distil=1.0), train, valid, teacher=teacher)
    assert (evaluate.outputs(model, valid.images).argmax(1) < 10).float().mean() > 0.9
    others = nondigits.draw("textures", 50, valid, seed=9)
    assert (evaluate.outputs(model, others).argmax(1) == 10).float().mean() > 0.6
