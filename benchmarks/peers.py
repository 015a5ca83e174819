"""The trainings that digitlib is measured beside, written anew from what their authors publish.

Each function trains until its watch says stop, on the accelerator if PyTorch sees one. The clock starts before the
first byte of a digit is read, and stands still while the watch measures on the validation digits.
"""

import time

import numpy as np
import torch
from sklearn.neural_network import MLPClassifier
from torch import nn
from torch.nn import functional as F

from digitlib import data
from digitlib.engine import hardware
from digitlib.model import MEAN, MLP, STD, Normalize
from digitlib.recipes import RECIPES
from digitlib.train import fit


class Stop(Exception):
    """The goal is reached, or the time is up."""


class Watch:
    """Times a training, and measures its validation accuracy every few steps with the clock stopped.

    Attributes:
        goal: the accuracy at which the training is stopped, or None.
        looks: for each look, the seconds of training so far and the accuracy.
    """

    def __init__(self, goal, limit, every):
        self.goal, self.limit, self.every = goal, limit, every
        self.looks, self.steps = [], 0
        self.paused = self.started = 0.0

    def start(self):
        """Begin: everything is imported, no digit has been read."""
        self.started = time.perf_counter()

    @property
    def seconds(self):
        """Seconds of training so far, without those of measuring."""
        return time.perf_counter() - self.started - self.paused

    @property
    def best(self):
        """The highest accuracy seen, and the seconds at which it was first."""
        best = max((right for _, right in self.looks), default=0.0)
        return best, self.first(best)

    @property
    def ended(self):
        """The seconds of the last look."""
        return self.looks[-1][0]

    def first(self, accuracy):
        """The seconds of the first look that was as good as this, or None."""
        return next((now for now, right in self.looks if right >= accuracy), None)

    def step(self, measure):
        """Count a step, and look where it is time to."""
        if self.steps and self.steps % self.every == 0:
            self.look(measure)
        self.steps += 1

    def look(self, measure):
        """Measure, and raise Stop when the goal is met or the time is up."""
        if torch.accelerator.is_available():  # it is asked ahead of time: wait until it is done
            torch.accelerator.synchronize()
        now = self.seconds
        accuracy = measure()
        self.looks.append((now, accuracy))
        self.paused += self.seconds - now
        if now > self.limit or (self.goal and accuracy >= self.goal):
            raise Stop


def accuracy_of(model, images, labels):
    """Accuracy of a PyTorch model on inputs that are ready for it; its mode is left as it was."""
    was_training = model.training
    model.eval()
    device = next(model.parameters()).device
    # In float32, whatever the training that asks is in the middle of.
    with torch.no_grad(), torch.autocast(device.type, enabled=False):
        parts = zip(images.split(1_000), labels.split(1_000), strict=True)
        right = sum((model(x.to(device)).argmax(1).cpu() == y).sum().item() for x, y in parts)
    model.train(was_training)
    return right / len(labels)


def hooked(model, watch, images, labels):
    """Have the watch called before each step of a training: whenever the model is called in training mode."""

    def before_step(*_):
        if model.training:
            watch.step(lambda: accuracy_of(model, images, labels))

    model.register_forward_pre_hook(before_step)
    return model


def digitlib_recipe(watch, recipe, prepare=None):
    """digitlib: ``fit`` with a recipe; ``prepare`` may change its network beforehand."""
    _, valid = data.split(data.load("mnist"))
    exam = data.scale(valid.images), valid.labels
    watch.start()
    train, valid = data.split(data.load("mnist"))
    model = hooked(recipe.model(), watch, *exam)
    if prepare:
        prepare(model)
    fit(model, train, valid, recipe.training)
    watch.look(lambda: accuracy_of(model, *exam))


def normalised(images):
    """Images as the two loops below want them: ``(N, 1, 28, 28)``, digitlib's own normalisation done beforehand."""
    return Normalize()(data.scale(images))[:, None]


def normalised_exam():
    """The validation digits, normalised, and their labels."""
    _, valid = data.split(data.load("mnist"))
    return normalised(valid.images), valid.labels


def tutorial_loader(root, shuffle, **settings):
    """torchvision's data set with the usual transforms, digitlib's training part of it, in a DataLoader."""
    from torchvision import datasets, transforms  # slow to import

    prepare = transforms.Compose([transforms.ToTensor(), transforms.Normalize((MEAN,), (STD,))])
    everything = datasets.MNIST(root, train=True, transform=prepare)
    train, _ = data.split_indices(everything.targets)
    part = torch.utils.data.Subset(everything, train.tolist())
    return torch.utils.data.DataLoader(part, batch_size=64, shuffle=shuffle, **settings)


def memory_loader(shuffle):
    """The same digits as digitlib holds them: one tensor where the network is, batches taken by index."""
    train, _ = data.split(data.load("mnist"))
    device = hardware.best_device()
    images, labels = normalised(train.images.to(device)), train.labels.to(device)

    class Batches:
        def __iter__(self):
            order = torch.randperm(len(train)) if shuffle else torch.arange(len(train))
            return ((images[i], labels[i]) for i in order.to(device).split(64))

    return Batches()


def tutorial_loop(watch, root, seed, in_memory=False):
    """(a) The loop of most tutorials, around digitlib's MLP: DataLoader, batch 64, Adam.

    ``in_memory`` gives it digitlib's loader.
    """
    exam = normalised_exam()
    watch.start()
    torch.manual_seed(seed)
    device = hardware.best_device()
    loader = memory_loader(True) if in_memory else tutorial_loader(root, shuffle=True)
    layers = list(MLP(RECIPES["quick"].network.hidden, seed=seed))[1:]  # normalised already
    model = hooked(nn.Sequential(*layers).to(device), watch, *exam)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    while True:
        for images, labels in loader:
            optimizer.zero_grad()
            loss = F.cross_entropy(model(images.to(device)), labels.to(device))
            loss.backward()
            optimizer.step()


class OfficialCNN(nn.Module):
    """The network of PyTorch's official MNIST example: two convolutions, pooling, dropout, two linear layers."""

    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 32, 3),
            nn.ReLU(),
            nn.Conv2d(32, 64, 3),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Dropout(0.25),
        )
        self.head = nn.Sequential(
            nn.Flatten(),
            nn.Linear(9_216, 128),
            nn.ReLU(),
            nn.Dropout(0.5),
            nn.Linear(128, 10),
            nn.LogSoftmax(dim=1),
        )

    def forward(self, x):
        """Log-probabilities (N, 10) of (N, 1, 28, 28)."""
        return self.head(self.features(x))


def official_example(watch, root, seed, shuffle, in_memory=False):
    """(b) PyTorch's official example: that CNN, batch 64, Adadelta at 1.0, times 0.7 after each epoch, 14 epochs.

    As published it shuffles only on an accelerator, where a second process also reads for it, into pinned memory.
    ``in_memory`` gives it digitlib's loader.
    """
    exam = normalised_exam()
    watch.start()
    torch.manual_seed(seed)
    device = hardware.best_device()
    ahead = {"num_workers": 1, "persistent_workers": True, "pin_memory": True}
    settings = ahead if device.type != "cpu" else {}
    model = hooked(OfficialCNN().to(device), watch, *exam)
    loader = memory_loader(shuffle) if in_memory else tutorial_loader(root, shuffle, **settings)
    optimizer = torch.optim.Adadelta(model.parameters(), lr=1.0)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=1, gamma=0.7)
    for _ in range(14):
        model.train()
        for images, labels in loader:
            optimizer.zero_grad()
            loss = F.nll_loss(model(images.to(device)), labels.to(device))
            loss.backward()
            optimizer.step()
        scheduler.step()
    watch.look(lambda: accuracy_of(model, *exam))


def scikit_learn(watch, seed, patience=10):
    """(c) scikit-learn's MLPClassifier, of the same width, with its own settings, until it stops getting better."""
    watch.start()
    train, valid = data.split(data.load("mnist"))
    x, exam = (
        part.images.numpy().reshape(len(part), -1) / np.float32(255) for part in (train, valid)
    )
    y, answers = train.labels.numpy(), valid.labels.numpy()
    hidden = RECIPES["quick"].network.hidden
    model = MLPClassifier(hidden_layer_sizes=hidden, random_state=seed)
    random = np.random.RandomState(seed)
    since = 0
    while since < patience:
        before = watch.best[0]
        # partial_fit takes batches of 200, as fit does; ten looks an epoch.
        for part in np.array_split(random.permutation(len(x)), 10):
            model.partial_fit(x[part], y[part], classes=range(10))
            watch.look(lambda: (model.predict(exam) == answers).mean())
        since = 0 if watch.best[0] > before else since + 1
