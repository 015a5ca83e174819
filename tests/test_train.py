import io
import math
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.nn import functional as F
from torch.nn.utils import parameters_to_vector

from digitlib import calibrate, data, evaluate, export
from digitlib.augment import Deform
from digitlib.drawn import nondigits, redrawn, styles
from digitlib.model import MLP
from digitlib.train import (
    RECIPES,
    Diverged,
    Recipe,
    _batches,
    _optimizer,
    count_right,
    fit,
    train_epoch,
)

QUICK = Recipe(epochs=2, batch=100)
DEFORMED = replace(QUICK, deform=Deform(rotation=10, shift=1, elastic=1))


@pytest.fixture(scope="module")
def parts(small):
    return data.split(small, valid=287)


def numbers(model):
    return parameters_to_vector(model.parameters()).detach()


def weights_after(train, valid, recipe=QUICK, seed=0, **options):
    model = MLP((32,), seed=seed)
    fit(model, train, valid, recipe, **options)
    return numbers(model)


def test_it_learns(parts):
    model = MLP((64,))
    history = fit(model, *parts, Recipe(epochs=15, batch=64))
    assert history[-1].valid_accuracy > 0.93
    assert history[-1].train_loss < history[0].train_loss / 4
    assert [epoch.number for epoch in history] == list(range(1, 16))


@pytest.mark.parametrize("recipe", [QUICK, DEFORMED])
def test_the_same_seed_gives_the_same_bits(parts, recipe):
    assert torch.equal(weights_after(*parts, recipe), weights_after(*parts, recipe))
    assert not torch.equal(
        weights_after(*parts, recipe), weights_after(*parts, replace(recipe, seed=1))
    )


def test_deforming_changes_what_is_learned(parts):
    assert not torch.equal(weights_after(*parts), weights_after(*parts, DEFORMED))


def test_validation_digits_touch_no_weight(parts):
    train, valid = parts
    assert torch.equal(weights_after(train, valid), weights_after(train, valid[:5]))


def test_a_recipe_makes_its_network(parts):
    plain, normed = Recipe(hidden=(8,), seed=3), Recipe(hidden=(8,), seed=3, norm=True)
    assert torch.equal(numbers(plain.network()), numbers(MLP((8,), seed=3)))
    assert Recipe(nondigits=0.1).network()[-1].out_features == 11
    assert numbers(normed.network()).numel() == numbers(plain.network()).numel() + 16
    history = fit(normed.network(), *parts, replace(normed, epochs=10, batch=64))
    assert history[-1].valid_accuracy > 0.8


def test_a_recipe_of_numpys_numbers_is_one_of_plain_ones(parts, tmp_path):
    """Also in the files that hold it: weights and an interrupted training."""
    one, plain = np.float64(1), Deform(10.0, shift=(0.5, 1.0), coarseness=5)
    deform = Deform(10 * one, shift=(np.float32(0.5), one), coarseness=np.int64(5))
    recipe = Recipe(
        hidden=np.array([8, 6]),
        norm=np.bool_(False),
        epochs=np.int32(2),
        batch=np.int64(100),
        rate=np.float32(0.25) / 32,
        deform=deform,
        seed=np.int64(1),
    )
    same = Recipe((8, 6), epochs=2, batch=100, rate=1 / 128, deform=plain, seed=1)
    assert recipe == same and repr(recipe) == repr(same)
    weights_of = []
    for some in (recipe, same):
        model = some.network()
        # The second goes on from what the first has kept, which is all.
        fit(model, *parts, some, keep=tmp_path / "kept")
        path = tmp_path / f"{len(weights_of)}"
        export.export_weights(model, path, parts[1], "optdigits", some)
        weights_of.append(path.read_bytes())
    assert weights_of[0] == weights_of[1]


def test_a_batch_of_one_is_left_out_where_there_is_norm(parts):
    train, valid = parts
    recipe = Recipe(hidden=(8,), norm=True, epochs=1, batch=50)
    fit(recipe.network(), train[:101], valid, recipe)
    with pytest.raises(
        ValueError,
        match="at least 2 in a batch for each of 1 processes, got a batch of 1",
    ):
        fit(recipe.network(), train[:1], valid, recipe)
    with pytest.raises(ValueError, match="batch of at least 2, got 1 and 1"):
        replace(recipe, batch=1)


def test_deformations_fade_to_none():
    deform = Deform(rotation=10, elastic=1)
    recipe = Recipe(epochs=10, deform=deform, fade=0.4)
    rotations = [recipe.deforms(number).times(1).rotation[1] for number in range(1, 11)]
    assert rotations == pytest.approx([10] * 6 + [7.5, 5, 2.5, 0])
    assert replace(recipe, fade=0).deforms(10) == deform
    assert Recipe(fade=0.5).deforms(3) is None


def test_fading_changes_what_is_learned(parts):
    faded = replace(DEFORMED, fade=0.5)
    assert not torch.equal(weights_after(*parts, faded), weights_after(*parts, DEFORMED))


def test_descent_with_momentum_learns_too(parts):
    recipe = Recipe(hidden=(32,), epochs=10, batch=64, rate=0.05, optimizer="SGD")
    history = fit(recipe.network(), *parts, recipe)
    assert history[-1].valid_accuracy > 0.9
    with pytest.raises(ValueError, match="AdamW or SGD, got Adam"):
        replace(recipe, optimizer="Adam")


@pytest.mark.parametrize("optimizer", ["AdamW", "SGD"])
def test_optimizers_are_fused_only_where_each_pytorch_has_that(optimizer):
    """A device without numbers stands in for Apple's GPU, for which PyTorch 2.4 hasn't."""
    recipe = Recipe(optimizer=optimizer)
    for device, fused in (("cpu", True), ("meta", False)):
        model = MLP((8,)).to(device)
        assert _optimizer(model, recipe, 10)[0].defaults["fused"] is fused


def test_smoothed_labels_make_less_sure(parts):
    train, valid = parts
    recipe = Recipe(hidden=(32,), epochs=30, batch=64, smoothing=0.2)
    model = recipe.network()
    fit(model, train, valid, recipe)
    surest = evaluate.logits(model, train.images).softmax(1).amax(1)
    # What is asked for of the label itself: 0.8, and its part of the 0.2 that is shared out.
    assert surest.mean() == pytest.approx(0.82, abs=0.03)
    with pytest.raises(ValueError, match=r"smoothing or distil, got 0\.1 and 0\.5"):
        Recipe(smoothing=0.1, distil=0.5)


def test_batches_are_fetched_together_and_hold_each_digit_once(parts):
    """As many as make two fetches and a part of a third, the last batch smaller than the others."""
    train = parts[0]
    recipe = Recipe(batch=30, seed=3)
    dealt = _batches(train.images, train.labels, recipe, 2, None)
    batches = [(x.clone(), y) for x, y in dealt]
    order = torch.randperm(len(train), generator=torch.Generator().manual_seed(3_000 + 2))
    assert [len(y) for _, y in batches] == [30] * 38 + [10]
    x, y = (torch.cat(some) for some in zip(*batches, strict=True))
    assert torch.equal(x, data.scale(train.images[order]))
    assert torch.equal(y, train.labels[order])


def test_the_last_epoch_is_the_result(parts):
    model = MLP((32,))
    history = fit(model, *parts, QUICK)
    accuracy = evaluate.accuracy(evaluate.logits(model, parts[1].images), parts[1].labels)
    assert accuracy.value == history[-1].valid_accuracy


def frozen_epoch(model, x, y, size=100):
    """An epoch at a learning rate of 0."""
    frozen = torch.optim.SGD(model.parameters(), lr=0.0)
    schedule = torch.optim.lr_scheduler.ConstantLR(frozen, factor=1)
    batches = zip(x.split(size), y.split(size), strict=True)
    return train_epoch(model, batches, frozen, schedule)


def test_sums_are_over_examples_not_batches(parts):
    train = parts[0][:250]  # 100 + 100 + 50
    model = MLP((32,))
    images = data.scale(train.images)
    losses, right, seen = frozen_epoch(model, images, train.labels)
    logits = model(images)
    mean = F.cross_entropy(logits, train.labels).item()
    assert losses.shape == (3,) and seen == 250
    assert losses.sum().item() / seen == pytest.approx(mean, rel=1e-5)
    assert right == evaluate.accuracy(logits, train.labels).right


def test_a_teachers_answers_are_learned_like_labels(parts):
    x, y = data.scale(parts[0].images[:250]), parts[0].labels[:250]
    model = MLP((32,))
    hard = frozen_epoch(model, x, y)
    soft = frozen_epoch(model, x, F.one_hot(y, 10).float())
    assert torch.allclose(hard[0], soft[0]) and hard[1:] == soft[1:]


def test_a_student_comes_to_agree_with_its_teacher(parts):
    train, valid = parts
    teacher, student = MLP((64,)), MLP((32,), seed=1)
    fit(teacher, train, valid, Recipe(epochs=10, batch=64))
    before = numbers(teacher)
    # Labels that are all wrong: a student that looked at them would learn to be wrong.
    misled = data.Images(train.images, (train.labels + 1) % 10)
    recipe = Recipe(epochs=10, batch=64, distil=1.0)
    history = fit(student, misled, valid, recipe, teacher=teacher)
    answers = evaluate.logits(teacher, valid.images).argmax(1)
    agreed = count_right(evaluate.logits(student, valid.images), answers)
    assert agreed / len(valid) > 0.93 and history[-1].valid_accuracy > 0.9
    assert torch.equal(numbers(teacher), before)


def test_redrawn_digits_teach_any_pen(parts):
    train, valid = parts
    drawn = redrawn.mixed(valid, 1.0, seed=5)[len(valid) :]
    right = []
    for share in (0.0, 1.0):
        recipe = Recipe(epochs=round(20 / (1 + share)), batch=64, redrawn=share)
        model = MLP((64,))
        fit(model, train, valid, recipe)
        answers = evaluate.logits(model, drawn.images)
        right.append(evaluate.accuracy(answers, drawn.labels).value)
    assert right[1] > right[0] + 0.03


def test_drawn_digits_teach_other_hands(parts):
    train, valid = parts
    right = []
    for share in (0.0, 0.5):
        model = MLP((64,))
        history = fit(model, train, valid, Recipe(epochs=10, batch=64, hands=share))
        assert history[-1].valid_accuracy > 0.93
        found = styles.right(
            lambda images, model=model: evaluate.logits(model, torch.from_numpy(images)).numpy(),
            n=50,
        )
        right.append(evaluate.total(found.values()).value)
    assert right[1] > right[0] + 0.1


def test_what_is_no_digit_is_learned_as_an_eleventh_class(parts):
    train, valid = parts
    recipe = Recipe(epochs=20, batch=64, nondigits=0.5)
    assert (recipe.outputs, Recipe().outputs) == (11, 10)
    model = MLP((64,), none=recipe.outputs > 10)
    history = fit(model, train, valid, recipe)
    assert history[-1].valid_accuracy > 0.9
    digits = calibrate.doubt(evaluate.outputs(model, valid.images))
    limit = calibrate.threshold(digits, refused=0.05)
    for kind in ("textures", "inverted"):
        others = nondigits.draw(kind, 50, valid, seed=9)
        found = calibrate.doubt(evaluate.outputs(model, others))
        assert (found > limit).float().mean() > 0.8, kind


def test_non_digits_are_not_taught_by_a_teacher(parts):
    """With a teacher alone for digits, and labels alone for the rest, the eleventh class is learned all the same."""
    train, valid = parts
    teacher = MLP((64,))
    fit(teacher, train, valid, Recipe(epochs=10, batch=64))
    recipe = Recipe(epochs=10, batch=64, nondigits=0.5, distil=1.0)
    model = MLP((64,), none=True)
    fit(model, train, valid, recipe, teacher=teacher)
    assert (evaluate.outputs(model, valid.images).argmax(1) < 10).float().mean() > 0.9
    others = nondigits.draw("textures", 50, valid, seed=9)
    assert (evaluate.outputs(model, others).argmax(1) == 10).float().mean() > 0.6


@pytest.mark.parametrize(("outputs", "nondigits"), [(10, 0.3), (11, 0.0)])
def test_a_model_has_the_outputs_of_its_recipe(parts, outputs, nondigits):
    recipe = replace(QUICK, nondigits=nondigits)
    with pytest.raises(ValueError, match=f"{21 - outputs} outputs .* {outputs}$"):
        fit(MLP((8,), none=outputs > 10), *parts, recipe)


@pytest.mark.parametrize(("distil", "teacher"), [(0.5, None), (0.0, MLP((8,)))])
def test_a_teacher_goes_with_distillation(parts, distil, teacher):
    with pytest.raises(ValueError, match="expected a teacher exactly for"):
        fit(MLP((8,)), *parts, replace(QUICK, distil=distil), teacher=teacher)


@pytest.mark.parametrize("step", [1, 9])
def test_an_infinite_loss_stops_with_step_and_rate(parts, step):
    model, batches = MLP((32,)), 0

    def spoil(*_):
        nonlocal batches
        batches += model.training
        if batches == step:
            with torch.no_grad():
                model[-1].bias[0] = float("nan")

    model.register_forward_pre_hook(spoil)
    optimizer = torch.optim.AdamW(model.parameters())
    steps = 2 * math.ceil(len(parts[0]) / QUICK.batch)
    cycle = torch.optim.lr_scheduler.OneCycleLR(optimizer, QUICK.rate, steps)
    for _ in range(step - 1):
        optimizer.step()
        cycle.step()
    rate = f"{cycle.get_last_lr()[0]:.3g}"
    with pytest.raises(Diverged, match=rf"nan at step {step}, .* rate of {rate};"):
        fit(model, *parts, QUICK)


def test_named_recipes():
    assert Recipe.named("quick") == Recipe() == RECIPES["quick"]
    assert Recipe.named("base", seed=3) == replace(RECIPES["base"], seed=3)
    with pytest.raises(ValueError, match="tiny, pad, record, got 'slow'"):
        Recipe.named("slow")


class Stop(Exception):
    """Pull the plug."""


@pytest.mark.parametrize("epochs", [1, 2])
def test_an_interrupted_training_ends_with_the_same_bits(parts, tmp_path, epochs):
    recipe = replace(DEFORMED, epochs=3)
    whole = weights_after(*parts, recipe)
    kept = tmp_path / "kept"

    def stop(epoch):
        if epoch.number == epochs:
            raise Stop

    with pytest.raises(Stop):
        weights_after(*parts, recipe, keep=kept, after_epoch=stop)
    seen = []
    model = MLP((32,), seed=5)  # its weights are put back to the kept ones
    history = fit(model, *parts, recipe, keep=kept, after_epoch=seen.append)
    assert torch.equal(numbers(model), whole)
    assert [epoch.number for epoch in history] == [1, 2, 3]
    assert seen == history[epochs:]


def test_stopped_in_the_middle_of_an_epoch_the_last_whole_one_counts(parts, tmp_path):
    recipe, kept = replace(DEFORMED, epochs=3), tmp_path / "kept"
    model, batches = MLP((32,)), 0

    def stop(*_):
        nonlocal batches
        batches += model.training
        if batches == 17:  # of 12 an epoch
            raise Stop

    handle = model.register_forward_pre_hook(stop)
    with pytest.raises(Stop):
        fit(model, *parts, recipe, keep=kept)
    handle.remove()
    fit(model, *parts, recipe, keep=kept)
    assert torch.equal(numbers(model), weights_after(*parts, recipe))


def test_another_training_is_not_taken_up(parts, tmp_path):
    kept = tmp_path / "kept"
    weights_after(*parts, keep=kept)
    with pytest.raises(ValueError, match=r"expected epochs 5, got 2"):
        weights_after(*parts, replace(QUICK, epochs=5), keep=kept)
    with pytest.raises(ValueError, match="expected training digits"):
        weights_after(parts[0][:500], parts[1], keep=kept)
    with pytest.raises(ValueError, match="expected validation digits"):
        weights_after(parts[0], parts[1][:5], keep=kept)
    negative = data.Images(255 - parts[0].images, parts[0].labels)
    with pytest.raises(ValueError, match="expected training digits"):
        weights_after(negative, parts[1], keep=kept)


def test_another_teacher_is_not_taken_up(parts, tmp_path):
    recipe, kept = replace(QUICK, distil=0.5), tmp_path / "kept"
    weights_after(*parts, recipe, teacher=MLP((8,)), keep=kept)
    with pytest.raises(ValueError, match=r"expected teacher \w+, got \w+$"):
        weights_after(*parts, recipe, teacher=MLP((8,), seed=1), keep=kept)


def test_another_network_is_not_taken_up(parts, tmp_path):
    weights_after(*parts, keep=tmp_path / "kept")
    with pytest.raises(ValueError, match="expected the state of this model"):
        fit(MLP((16,)), *parts, QUICK, keep=tmp_path / "kept")


def test_a_folder_that_is_not_there_is_noticed_before_the_training(parts, tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere: no such folder"):
        weights_after(*parts, keep=tmp_path / "nowhere" / "kept")


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_matrices_are_multiplied_in_the_precision_of_the_recipe(parts, precision):
    model, seen = MLP((32,)), set()

    def look(layer, _, output):
        if layer.training:
            seen.add(output.dtype)

    for layer in list(model)[2:]:
        layer.register_forward_hook(look)
    fit(model, *parts, replace(QUICK, precision=precision))
    assert seen == {getattr(torch, precision)}


def test_bfloat16_learns_about_as_well(parts):
    recipe = Recipe(epochs=10, batch=64, precision="bfloat16")
    model = MLP((64,))
    history = fit(model, *parts, recipe)
    assert history[-1].valid_accuracy > 0.93
    assert {parameter.dtype for parameter in model.parameters()} == {torch.float32}


@pytest.mark.parametrize(
    "wrong",
    [
        {"epochs": 0},
        {"batch": 0},
        {"rate": 0.0},
        {"rate": float("nan")},
        {"precision": "int4"},
        {"distil": 1.5},
        {"redrawn": 1.0, "degraded": -0.1},
        {"degraded": 0.5},
        {"hands": -0.1},
        {"redrawn": -0.1},
        {"nondigits": -0.1},
        {"nondigits": math.inf},
    ],
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
