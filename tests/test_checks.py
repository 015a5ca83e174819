import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset, WeightedRandomSampler

from digitlib import checks, data, evaluate
from digitlib.augment import Deform
from digitlib.checks import Bug
from digitlib.model import MLP, Normalize


@pytest.fixture(autouse=True)
def same_luck():
    """Whatever other tests have drawn before."""
    torch.manual_seed(0)


@pytest.fixture(scope="module")
def x(small):
    """A batch of images as a model takes it."""
    return data.scale(small.images[:200])


@pytest.fixture(scope="module")
def parts(small):
    return data.split(small, valid=287)


@pytest.fixture(scope="module")
def few(small):
    return small[:200]


def loader(digits, **settings):
    examples = TensorDataset(data.scale(digits.images), digits.labels)
    return DataLoader(examples, batch_size=64, **settings)


def test_say_tells_and_lets_other_errors_through(small):
    assert checks.say(checks.check_apart, train=small[:9], valid=small[9:]) == "passes"
    said = checks.say(checks.check_apart, train=small[:9], valid=small[8:12])
    assert said == (
        "fails: expected train and valid to share no image, got 1 of 4 in valid that are in train"
    )
    with pytest.raises(ValueError, match="expected at least two parts, got 1"):
        checks.say(checks.check_apart, train=small)


# 1. What stands behind the last layer


def network(*last, **settings):
    return MLP((16,), **settings).extend(last)


@pytest.mark.parametrize("seed", range(20))
def test_logits_pass_and_cut_ones_do_not(x, seed):
    checks.check_logits(network(seed=seed), x)
    with pytest.raises(Bug, match=r"none in 2,000 outputs and [\d,]+ that are exactly"):
        checks.check_logits(network(nn.ReLU(), seed=seed), x)


@pytest.mark.parametrize("last", [nn.Softmax(dim=1), nn.Softmax(dim=0)], ids=["rows", "columns"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_probabilities_are_no_logits(x, last, dtype):
    class Cast(nn.Module):
        def forward(self, x):
            return x.to(dtype)

    with pytest.raises(Bug, match="probabilities that sum to 1"):
        checks.check_logits(network(Cast(), last), x)


def test_a_layer_that_starts_from_zero_is_no_relu(x):
    model = network()
    nn.init.zeros_(model[-1].weight)
    nn.init.zeros_(model[-1].bias)
    with torch.no_grad():
        checks.check_logits(model, x)
    with pytest.raises(Bug, match="2,000 that are exactly 0"):
        checks.check_logits(model.append(nn.ReLU()), x)
    with pytest.raises(Bug, match="2,000 that are exactly 0"):
        checks.check_logits(model.requires_grad_(False), x)


def test_a_trained_model_whose_logits_all_lie_high_passes(x):
    model = network()
    nn.init.constant_(model[-1].bias, 100)
    checks.check_logits(model, x)


def test_log_softmax_passes(x):
    checks.check_logits(network(nn.LogSoftmax(dim=1)), x)


def test_a_model_is_asked_in_evaluation_mode_and_left_alone(x):
    model = network(nn.BatchNorm1d(10), nn.Dropout(0.9)).train()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    checks.check_logits(model, x)
    assert model.training and all(parameter.grad is None for parameter in model.parameters())
    assert all(map(torch.equal, before.values(), model.state_dict().values()))


def test_outputs_that_are_no_logits(x):
    with pytest.raises(ValueError, match=r"expected outputs \(B, C\), got \(200,\)"):
        checks.check_logits(
            network(
                nn.Flatten(0),
                nn.Unflatten(0, (200, 10)),
                nn.MaxPool1d(10),
                nn.Flatten(0),
            ),
            x,
        )
    with pytest.raises(ValueError, match=r"got \(0, 10\)"):
        checks.check_logits(network(), x[:0])
    model = network()
    nn.init.constant_(model[-1].bias, float("nan"))
    with pytest.raises(Bug, match="got nan"):
        checks.check_logits(model, x)


# 2. The order of the batches


def test_a_loader_that_shuffles_passes(small):
    before = torch.get_rng_state()
    checks.check_shuffled(loader(small, shuffle=True))
    checks.check_shuffled(loader(small, shuffle=True, drop_last=True))
    with_replacement = WeightedRandomSampler(torch.ones(len(small)), 500)
    checks.check_shuffled(loader(small, sampler=with_replacement))
    assert torch.equal(torch.get_rng_state(), before)


def test_a_loader_that_does_not_shuffle(small):
    line = "got 1,437 labels in the same order 2 times: the loader doesn't shuffle"
    with pytest.raises(Bug, match=line):
        checks.check_shuffled(loader(small))
    with pytest.raises(Bug, match=line):
        checks.check_shuffled(list(loader(small, shuffle=True)))  # once and for all


class Deformed:
    """Batches in the same order, no image twice alike."""

    def __init__(self, digits):
        self.batches = loader(digits)

    def __iter__(self):
        return ((Deform()(x, torch.Generator()), y) for x, y in self.batches)


def test_deformed_images_do_not_hide_the_order(small):
    with pytest.raises(Bug, match="same order"):
        checks.check_shuffled(Deformed(small[:200]))


class Buffered:
    """Sorted examples through a shuffling buffer that is too small, as streams of files are read."""

    def __init__(self, digits, size):
        self.digits, self.size = digits[digits.labels.argsort(stable=True)], size

    def __iter__(self):
        for start in range(0, len(self.digits), self.size):
            part = self.digits[start : start + self.size]
            order = torch.randperm(len(part))
            yield part.images[order], part.labels[order]


def test_classes_in_blocks(small):
    in_order = small[small.labels.argsort(stable=True)]
    line = r"expected at most 216 of 1,437 labels .* got 1,427: the classes come in blocks"
    with pytest.raises(Bug, match=line):
        checks.check_shuffled(loader(in_order))
    checks.check_shuffled(loader(in_order, shuffle=True))
    with pytest.raises(Bug, match="in blocks"):
        checks.check_shuffled(Buffered(small, 100))
    checks.check_shuffled(Buffered(small, len(small)))


@pytest.mark.parametrize(
    "labels",
    [[0, 1], [0, 0, 0, 1], [0, 1, 2], list(range(10)), [0] * 99 + [1], [0, 1] * 10],
    ids=len,
)
def test_a_tiny_set_raises_no_false_alarm(labels):
    examples = TensorDataset(torch.zeros(len(labels), 1), torch.tensor(labels))
    for seed in range(20):
        generator = torch.Generator().manual_seed(seed)
        checks.check_shuffled(DataLoader(examples, 3, shuffle=True, generator=generator))
    with pytest.raises(Bug, match="same order"):
        checks.check_shuffled(DataLoader(examples, 3))


@pytest.mark.parametrize("counts", [[200] * 10, [1000, 1000], [1900, 60, 40], [2] * 500])
def test_neighbours_are_counted_as_chance_has_them(counts):
    labels = torch.arange(len(counts)).repeat_interleave(torch.tensor(counts))
    generator = torch.Generator().manual_seed(0)
    shuffled = [labels[torch.randperm(len(labels), generator=generator)] for _ in range(400)]
    found = torch.stack([(y[1:] == y[:-1]).sum() for y in shuffled]).double()
    expected = found.mean() + 6 * found.std() + 6
    assert checks._neighbours(counts) == pytest.approx(expected.item(), rel=0.04, abs=1.5)


def test_what_cannot_be_gone_through_twice(small):
    once = ((x, y) for x, y in loader(small, shuffle=True))
    with pytest.raises(ValueError, match="a generator, or any iterator, can be gone"):
        checks.check_shuffled(once)
    with pytest.raises(ValueError, match="a generator, or any iterator, can be gone"):
        checks.check_shuffled([])


def test_labels_whose_order_cannot_be_told():
    x = torch.zeros(4, 1)
    with pytest.raises(ValueError, match="expected labels of two classes, got 1"):
        checks.check_shuffled([(x, torch.zeros(4))])
    with pytest.raises(ValueError, match=r"expected labels \(B,\), got \(4, 10\)"):
        checks.check_shuffled([(x, torch.zeros(4, 10))])


# 3. Evaluation mode


def careless(model, batches):
    """An accuracy as it is often written."""
    right = seen = 0
    for x, y in batches:
        right += (model(x).argmax(1) == y).sum().item()
        seen += len(y)
    return right / seen


def careful(model, batches):
    model.eval()
    with torch.no_grad():
        return careless(model, batches)


LAYERS = {
    "dropout": lambda: nn.Dropout(0.5),
    "batch norm": lambda: nn.BatchNorm1d(10),
    "a little dropout": lambda: nn.Dropout(0.1),
}


@pytest.mark.parametrize("layer", LAYERS)
def test_eval_is_missing(few, layer):
    model, batches = network(LAYERS[layer]()).eval(), loader(few)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    random = torch.get_rng_state()
    checks.check_repeatable(lambda model: careful(model, batches), model)
    with pytest.raises(Bug, match=r"got some that differ by [\d.]+: eval\(\) is missing"):
        checks.check_repeatable(lambda model: careless(model, batches), model)
    assert not model.training and torch.equal(torch.get_rng_state(), random)
    assert all(map(torch.equal, before.values(), model.state_dict().values()))


def test_dropout_without_a_layer_of_its_own(few):
    class Functional(MLP):
        def forward(self, x):
            return F.dropout(super().forward(x), 0.2, self.training)

    with pytest.raises(Bug, match="eval"):
        checks.check_repeatable(lambda m: careless(m, loader(few)), Functional((16,)))
    checks.check_repeatable(lambda m: careful(m, loader(few)), Functional((16,)))


@pytest.mark.parametrize("size", [1, 2, 3])
def test_batches_of_a_few(few, size):
    digits, model = few[:size], network(nn.BatchNorm1d(10))
    checks.check_repeatable(lambda model: careful(model, loader(digits)), model)
    if size > 1:  # in training, batch normalisation takes no batch of one
        with pytest.raises(Bug, match="eval"):
            checks.check_repeatable(lambda model: careless(model, loader(digits)), model)


def test_our_own_measurement_is_repeatable(parts):
    _, valid = parts

    def measure(model):
        return evaluate.accuracy(evaluate.logits(model, valid.images), valid.labels)

    checks.check_repeatable(measure, MLP((16,)))
    checks.check_repeatable(measure, network(nn.BatchNorm1d(10), nn.Dropout()))


def test_the_order_of_the_examples_may_change(few):
    def loss(model):
        model.eval()
        batches = loader(few, shuffle=True)
        total = sum(F.cross_entropy(model(x), y) * len(y) for x, y in batches)
        return total / len(few)

    checks.check_repeatable(loss, network(nn.Dropout()))


def test_a_sample_is_not_repeatable(few):
    def measure(model):
        chosen = few[torch.randperm(len(few))[:100]]
        model.eval()
        return F.cross_entropy(model(data.scale(chosen.images)), chosen.labels)

    with pytest.raises(Bug, match=r"expected one figure twice, got 2\.3\d+ and 2\.3\d+"):
        checks.check_repeatable(measure, network())


def test_a_measurement_that_changes_the_model(few):
    def measure(model):
        model[-1].weight.data[0, 0] += 1
        return careful(model, loader(few))

    model = network()
    with pytest.raises(Bug, match=r"expected the model unchanged, got another 4\.weight"):
        checks.check_repeatable(measure, model)
    instances = nn.Sequential(
        nn.Unflatten(1, (1, 28)),
        nn.InstanceNorm2d(1, track_running_stats=True),
        MLP((4,)),
    )  # which normalises each image by itself, and still learns from it
    instances = nn.Sequential(*instances[:2], nn.Flatten(1, 2), instances[2])
    with pytest.raises(Bug, match=r"another 1\.running_mean"):
        checks.check_repeatable(lambda model: careless(model, loader(few)), instances)


def test_a_measurement_that_cannot_be_judged(few):
    with pytest.raises(ValueError, match="expected measure to call the model"):
        checks.check_repeatable(lambda _: 0.97, network())
    with pytest.raises(ValueError, match=r"expected a number to be measured, got \(1, 2"):
        checks.check_repeatable(lambda _: (1, 2), network())


# 4. Sums over examples


def mean_of_means(model, batches):
    """As in many a training loop."""
    accuracies = [(model(x).argmax(1) == y).float().mean() for x, y in batches]
    return torch.stack(accuracies).mean()


def mean_loss_of_means(model, batches):
    return sum(F.cross_entropy(model(x), y).item() for x, y in batches) / len(batches)


def every_batch_full(model, batches):
    right = sum((model(x).argmax(1) == y).sum() for x, y in batches)
    return right / (len(batches) * batches.batch_size)


@pytest.mark.parametrize(
    ("measure", "figures"),
    [
        (mean_of_means, "0.6667 and 0.5"),
        (mean_loss_of_means, "1.794 and 1.961"),
        (every_batch_full, "0.6667 and 0.5"),
        (lambda model, batches: 100 * mean_of_means(model, batches), "66.67 and 50"),
    ],
)
def test_means_over_batches(measure, figures):
    with pytest.raises(Bug, match=f"got {figures}: not a mean over examples"):
        checks.check_mean(measure)


def of_the_tutorial(model, batches):
    """As PyTorch's own tutorial counts."""
    size, right = len(batches.dataset), 0
    model.eval()
    with torch.no_grad():
        for x, y in batches:
            right += (model(x).argmax(1) == y).type(torch.float).sum().item()
    return 100 * right / size


def ours(model, batches):
    answers, labels = zip(*((model(x), y) for x, y in batches), strict=True)
    return evaluate.accuracy(torch.cat(answers), torch.cat(labels))


def mean_loss(model, batches):
    device = next(model.parameters()).device
    total = seen = 0
    for x, y in batches:
        x, y = x.to(device).view(len(x), -1), y.to(device)
        total += F.cross_entropy(model(x), y, reduction="sum").item()
        seen += len(y)
    return total / seen


@pytest.mark.parametrize("measure", [careless, careful, of_the_tutorial, ours, mean_loss])
def test_means_over_examples(measure):
    checks.check_mean(measure)


def test_normalising_on_the_way_does_no_harm():
    def measure(model, batches):
        return careful(model, [((x - 0.13) / 0.31, y) for x, y in batches])

    checks.check_mean(measure)


# 5. Parts that share nothing


def test_parts_of_a_split_are_apart(parts):
    train, valid = parts
    checks.check_apart(train=train, valid=valid)
    rest, test = data.split(train, valid=200)
    checks.check_apart(train=rest, valid=valid, test=test)


def test_the_test_set_as_validation_set(parts):
    train, test = parts
    with pytest.raises(
        Bug,
        match="expected valid and test to share no image, got 287 of 287 in test that are in valid",
    ):
        checks.check_apart(train=train, valid=test, test=test)


def test_augmented_before_it_was_split(small):
    doubled = data.Images(small.images.repeat(2, 1, 1), small.labels.repeat(2))
    train, valid = data.split(doubled, valid=200)
    with pytest.raises(Bug, match=r"expected train and valid .* \d+ of 200 in valid"):
        checks.check_apart(train=train, valid=valid)


# 6. The training set's mean and deviation


def by_its_own(images):
    x = data.scale(images)
    return (x - x.mean()) / x.std()


def test_normalised_by_the_batch_itself(small):
    line = r"expected an image to come out alone .* got pixels that differ by [\d.]+: its"
    with pytest.raises(Bug, match=line):
        checks.check_normalised(by_its_own, small.images)
    blank = torch.cat([torch.zeros_like(small.images[:1]), small.images])
    with pytest.raises(Bug, match="that differ by nan"):
        checks.check_normalised(by_its_own, blank)


@pytest.mark.parametrize("digits", [3, 4, 7])
def test_constants_of_the_training_images_pass(parts, digits):
    train = data.scale(parts[0].images)
    mean, std = (round(figure.item(), digits) for figure in (train.mean(), train.std()))
    checks.check_normalised(lambda x: (x - mean) / std, train)
    checks.check_normalised(Normalize(mean, std), train)


def test_constants_of_other_images(parts):
    train, few = (data.scale(digits.images) for digits in (parts[0], parts[1][:50]))
    line = r"expected mean 0 and .* over 1,150 images, got -?0\.\d+ and [01]\.\d+"
    with pytest.raises(Bug, match=line):
        checks.check_normalised(lambda x: (x - few.mean()) / few.std(), train)


def test_bytes_that_were_not_scaled(small):
    with pytest.raises(Bug, match="expected mean 0 and standard deviation 1"):
        checks.check_normalised(lambda x: (x - 0.1307) / 0.3081, small.images)


def test_one_image_tells_nothing(small):
    with pytest.raises(ValueError, match="expected at least two images, got 1"):
        checks.check_normalised(by_its_own, small.images[:1])


def test_the_constants_of_the_house_are_those_of_mnist(mnist):
    train, _ = data.split(mnist)
    checks.check_normalised(Normalize(), data.scale(train.images))
    with pytest.raises(Bug, match=r"over 55,000 images, got -0\.006\d and [01]\.\d+"):
        checks.check_normalised(Normalize(mean=0.1327), data.scale(train.images))
