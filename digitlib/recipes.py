"""Recipes by name: what to learn from, which network, and how to learn. Each can be changed, field by field.

They are the book's, so their networks begin with MNIST's two constants. For images of another kind hand
:meth:`Recipe.model` those images' own.
"""

from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

from torch import nn

from digitlib.augment import Deform
from digitlib.data import Images
from digitlib.drawn.additions import Additions
from digitlib.model import MLP, Normalize, with_norm
from digitlib.plain import make_plain
from digitlib.train import Training

__all__ = ["RECIPES", "Network", "Recipe"]


@dataclass(frozen=True)
class Network:
    """Which multilayer perceptron.

    Attributes:
        hidden: widths of the hidden layers.
        norm: whether batch normalisation stands after each of its linear layers but the last.

    Raises:
        ValueError: a width below 1.

    >>> RECIPES["pad"].network
    Network(hidden=(320, 120), norm=False)
    >>> Recipe(Network((64, 32))).model(classes=3)[-1]
    Linear(in_features=32, out_features=3, bias=True)
    """

    hidden: tuple[int, ...] = (256,)
    norm: bool = False

    def __post_init__(self) -> None:
        make_plain(self)
        if not all(width >= 1 for width in self.hidden):
            raise ValueError(f"expected widths of hidden layers of at least 1, got {self.hidden}")


@dataclass(frozen=True)
class Recipe:
    """A whole recipe, in three parts.

    Attributes:
        network: which network.
        training: how to learn.
        additions: what is learned from beside the images themselves.

    >>> recipe = Recipe.named("quick", epochs=5, hidden=(64,))
    >>> recipe.training.epochs, recipe.network.hidden
    (5, (64,))
    """

    network: Network = field(default_factory=Network)
    training: Training = field(default_factory=Training)
    additions: Additions = field(default_factory=Additions)

    @classmethod
    def named(cls, name: str, **changes: Any) -> "Recipe":
        """One of :data:`RECIPES`, with changes to fields of its parts: ``Recipe.named("quick", seed=1)``.

        ValueError for another name, or a field that no part has.
        """
        if name not in RECIPES:
            raise ValueError(f"expected a recipe out of {', '.join(RECIPES)}, got {name!r}")
        return RECIPES[name].but(**changes)

    def but(self, **changes: Any) -> "Recipe":
        """The same recipe with changes to fields of its parts. ValueError for a field that no part has."""
        parts = {}
        for part in fields(self):
            old = getattr(self, part.name)
            own = {one.name for one in fields(old)} & set(changes)
            parts[part.name] = replace(old, **{name: changes.pop(name) for name in own})
        if changes:
            known = ", ".join(self.flat())
            raise ValueError(f"expected fields out of {known}, got {', '.join(changes)}")
        return Recipe(**parts)

    def flat(self) -> dict:
        """The fields of all parts in one dictionary, as a weights file keeps them."""
        return {name: value for part in asdict(self).values() for name, value in part.items()}

    def model(self, classes: int = 10, normalize: Normalize | None = None) -> nn.Sequential:
        """The network, untrained; the training's seed decides its weights.

        Args:
            classes: how many it names.
            normalize: what comes first; MNIST's own constants if None.
        """
        network, seed = self.network, self.training.seed
        model = MLP(
            network.hidden,
            seed=seed,
            classes=classes,
            none=self.additions.none,
            normalize=normalize,
        )
        return with_norm(model) if network.norm else model

    def images(self, train: Images) -> Images:
        """What to learn from: the images, and what the recipe adds; the training's seed decides the drawings."""
        return self.additions.to(train, self.training.seed)


# Chosen on validation digits; benchmarks/choices-deformations.md has the table.
_GENTLE = Deform(rotation=8, scale=0.08, shear=0.05, shift=1.0, elastic=0.8)

RECIPES = {
    "quick": Recipe(),
    # The fewest seconds to 98 % of the validation digits; benchmarks/choices-sprint.md has the candidates.
    "sprint": Recipe(
        training=Training(epochs=2, rate=0.3, optimizer="SGD", decay=1e-4, smoothing=0.1)
    ),
    "base": Recipe(Network((512, 256)), Training(epochs=18, rate=3e-3, deform=_GENTLE)),
    "tiny": Recipe(Network((72, 60)), Training(epochs=60, rate=6e-3, deform=_GENTLE, distil=0.5)),
    "pad": Recipe(
        Network((320, 120)),
        Training(epochs=40, rate=3e-3, deform=_GENTLE),
        Additions(styles=0.1, redrawn=1.0, degraded=0.6, nondigits=0.4),
    ),
    # For pictures of one's own: benchmarks/choices-own.md has the candidates.
    "own": Recipe(Network((512, 256)), Training(epochs=60, batch=32, rate=1e-3, deform=_GENTLE)),
    # Chosen on validation digits too; benchmarks/record.md has the search.
    "record": Recipe(
        Network((2500, 2000, 1500, 1000, 500), norm=True),
        Training(
            epochs=200,
            batch=1024,
            rate=3e-3,
            decay=0.05,
            deform=Deform(rotation=12, scale=0.15, shear=0.1, shift=2.0, elastic=1.0),
            fade=0.3,
        ),
    ),
}
"""The book's recipes: ``quick`` for experiments, ``sprint`` to be soon at 98 %, ``base`` for a minute's training,
``tiny`` for 64 kB, ``own`` for pictures of one's own, of which there may be few, ``pad`` for drawings with any pen and
for what is no digit: its weights are the shipped ones; and ``record`` for the fewest mistakes on MNIST, with twelve
million weights."""
