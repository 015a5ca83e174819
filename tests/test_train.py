import math
from dataclasses import replace

import pytest
import torch
from torch.nn import functional as F
from torch.nn.utils import parameters_to_vector

from digitlib import data, evaluate
from digitlib.augment import Deform
from digitlib.model import MLP, with_norm
from digitlib.train import (
    Diverged,
    Training,
    count_right,
    fit,
    optimizer_for,
    train_epoch,
)
from signs import Convolutions, striped

QUICK = Training(epochs=2, batch=100)
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
    history = fit(model, *parts, Training(epochs=15, batch=64))
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


@pytest.mark.parametrize("network", [lambda: with_norm(MLP((8,))), lambda: Convolutions(10)])
def test_a_last_batch_of_one_is_left_out_where_there_is_normalisation(parts, network):
    train, valid = parts
    training = Training(epochs=1, batch=50)
    history = fit(network(), train[:101], valid, training)
    assert math.isfinite(history[-1].valid_loss)
    for images, batch in ((train[:1], 50), (train, 1)):
        with pytest.raises(ValueError, match="a batch of at least 2 for this model in 1 processes"):
            fit(network(), images, valid, replace(training, batch=batch))


@pytest.mark.parametrize("count", [2, 5, 20, 47])
@pytest.mark.parametrize("none", [False, True])
def test_any_number_of_classes_is_learned(count, none):
    """Images of one bright row each, by class; and dark ones that belong to none."""
    train, valid = (striped(count, n, none and n > 10) for n in (20, 10))
    model = Convolutions(count + none)
    history = fit(model, train, valid, Training(epochs=max(12, 120 // count), batch=32, rate=2e-2))
    assert history[-1].valid_accuracy > 0.9
    if none:
        others = train.images[train.labels == count]
        assert (evaluate.outputs(model, others).argmax(1) == count).float().mean() > 0.8


def test_deformations_fade_to_none():
    deform = Deform(rotation=10, elastic=1)
    recipe = Training(epochs=10, deform=deform, fade=0.4)
    rotations = [recipe.deforms(number).times(1).rotation[1] for number in range(1, 11)]
    assert rotations == pytest.approx([10] * 6 + [7.5, 5, 2.5, 0])
    assert replace(recipe, fade=0).deforms(10) == deform
    assert Training(fade=0.5).deforms(3) is None


def test_fading_changes_what_is_learned(parts):
    faded = replace(DEFORMED, fade=0.5)
    assert not torch.equal(weights_after(*parts, faded), weights_after(*parts, DEFORMED))


def test_descent_with_momentum_learns_too(parts):
    recipe = Training(epochs=10, batch=64, rate=0.05, optimizer="SGD")
    history = fit(MLP((32,)), *parts, recipe)
    assert history[-1].valid_accuracy > 0.9
    with pytest.raises(ValueError, match="AdamW or SGD, got Adam"):
        replace(recipe, optimizer="Adam")


@pytest.mark.parametrize("optimizer", ["AdamW", "SGD"])
def test_optimizers_are_fused_only_where_each_pytorch_has_that(optimizer):
    """A device without numbers stands in for Apple's GPU, for which PyTorch 2.4 hasn't."""
    recipe = Training(optimizer=optimizer)
    for device, fused in (("cpu", True), ("meta", False)):
        model = MLP((8,)).to(device)
        assert optimizer_for(model, recipe, 10)[0].defaults["fused"] is fused


def test_smoothed_labels_make_less_sure(parts):
    train, valid = parts
    recipe = Training(epochs=30, batch=64, smoothing=0.2)
    model = MLP((32,))
    fit(model, train, valid, recipe)
    surest = evaluate.logits(model, train.images).softmax(1).amax(1)
    # What is asked for of the label itself: 0.8, and its part of the 0.2 that is shared out.
    assert surest.mean() == pytest.approx(0.82, abs=0.03)
    with pytest.raises(ValueError, match=r"smoothing or distil, got 0\.1 and 0\.5"):
        Training(smoothing=0.1, distil=0.5)


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
    fit(teacher, train, valid, Training(epochs=10, batch=64))
    before = numbers(teacher)
    # Labels that are all wrong: a student that looked at them would learn to be wrong.
    misled = data.Images(train.images, (train.labels + 1) % 10)
    recipe = Training(epochs=10, batch=64, distil=1.0)
    history = fit(student, misled, valid, recipe, teacher=teacher)
    answers = evaluate.logits(teacher, valid.images).argmax(1)
    agreed = count_right(evaluate.logits(student, valid.images), answers)
    assert agreed / len(valid) > 0.93 and history[-1].valid_accuracy > 0.9
    assert torch.equal(numbers(teacher), before)


@pytest.mark.parametrize(("outputs", "others"), [(10, 3), (11, 0)])
def test_a_model_has_as_many_outputs_as_the_images_ask_for(parts, outputs, others):
    train, valid = parts
    train = train.and_also(train.images[:others], torch.full((others,), 10))
    wanted = 11 if others else 10
    with pytest.raises(
        ValueError, match=f"{wanted} outputs for 10 classes.* got one with {outputs}$"
    ):
        fit(MLP((8,), classes=outputs), train, valid, QUICK)


def test_what_is_measured_belongs_to_the_classes_that_are_learned(parts):
    train, valid = parts
    with pytest.raises(ValueError, match="expected the same classes"):
        fit(MLP((8,)), train, replace(valid, classes=tuple("abcdefghij")), QUICK)
    some_of_none = valid.and_also(valid.images[:1], torch.tensor([10]))
    with pytest.raises(ValueError, match="images of the classes alone"):
        fit(MLP((8,)), train, some_of_none, QUICK)


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
    with pytest.raises(ValueError, match="expected training images"):
        weights_after(parts[0][:500], parts[1], keep=kept)
    with pytest.raises(ValueError, match="expected validation images"):
        weights_after(parts[0], parts[1][:5], keep=kept)
    negative = data.Images(255 - parts[0].images, parts[0].labels)
    with pytest.raises(ValueError, match="expected training images"):
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
    recipe = Training(epochs=10, batch=64, precision="bfloat16")
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
        {"smoothing": -0.1},
        {"fade": 2.0},
    ],
)
def test_impossible_trainings_are_refused(wrong):
    with pytest.raises(ValueError, match=r"expected .* got"):
        Training(**wrong)


def test_no_digits_to_learn_from(parts):
    with pytest.raises(ValueError, match="got 0 and 287"):
        fit(MLP(), parts[0][:0], parts[1])
    with pytest.raises(ValueError, match="got 1150 and 0"):
        fit(MLP(), parts[0], parts[1][:0])


def test_each_epoch_is_reported(parts):
    seen = []
    history = fit(MLP((32,)), *parts, QUICK, after_epoch=seen.append)
    assert seen == history


def test_the_model_comes_home(parts):
    model = MLP((32,))
    fit(model, *parts, QUICK)
    assert next(model.parameters()).device.type == "cpu"
