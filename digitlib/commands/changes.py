"""What ``digitlib train --set FIELD=VALUE`` says: changes to the fields of a recipe, from text to values.

Every field of a recipe's parts can be set, and those of its deformations as ``deform.rotation=10``; ``deform=none``
leaves the images alone. The kind of a value is the field's own.
"""

from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any, get_args, get_type_hints

from digitlib.augment import Deform
from digitlib.recipes import Recipe

__all__ = ["changed"]

_DEFORM = "deform."
_WORDS = {True: ("yes", "true", "1"), False: ("no", "false", "0")}


def changed(recipe: Recipe, texts: Sequence[str]) -> Recipe:
    """A recipe with the changes that texts ask for, in their order.

    Args:
        recipe: what is changed.
        texts: ``FIELD=VALUE`` each: ``batch=512``, ``hidden=512,256``, ``deform.rotation=10``.

    Raises:
        ValueError: no such field, or a value that isn't its kind; names all fields and what they are now.

    >>> recipe = changed(Recipe.named("base"), ["hidden=64,32", "deform.shift=0,2", "norm=yes"])
    >>> recipe.network.hidden, recipe.training.deform.shift, recipe.network.norm
    ((64, 32), (0.0, 2.0), True)
    """
    for text in texts:
        name, sign, value = (part.strip() for part in text.partition("="))
        if not sign or name not in _now(recipe):
            raise ValueError(f"expected FIELD=VALUE of {_listed(recipe)}; got {text!r}")
        try:
            recipe = _with(recipe, name, value)
        except ValueError as error:
            raise ValueError(f"--set {text}: {error}; the fields are {_listed(recipe)}") from None
    return recipe


def _with(recipe: Recipe, name: str, text: str) -> Recipe:
    if name.startswith(_DEFORM):
        part = name.removeprefix(_DEFORM)
        deform = recipe.training.deform or Deform()
        changes = {part: _value(get_type_hints(Deform)[part], text)}
        return recipe.but(deform=replace(deform, **changes))
    return recipe.but(**{name: _value(_kinds(recipe)[name], text)})


def _value(kind: Any, text: str) -> Any:
    """A field's value from text; ValueError where that says none of its kind."""
    if kind is bool:
        for value, words in _WORDS.items():
            if text.lower() in words:
                return value
        raise ValueError(f"expected yes or no, got {text!r}")
    if kind == Deform | None:
        if text.lower() == "none":
            return None
        raise ValueError(f"expected none, or a field such as deform.rotation, got {text!r}")
    if kind is str:
        return text
    if kind is int:
        return _number(int, "a whole number", text)
    if kind is float:
        return _number(float, "a number", text)
    if int in get_args(kind):  # widths of layers
        parts = [] if text.lower() == "none" else text.split(",")
        return tuple(_number(int, "whole numbers with commas, or none", part) for part in parts)
    ends = tuple(_number(float, "a number, or two with a comma", end) for end in text.split(","))
    return ends[0] if len(ends) == 1 else ends


def _number(kind: type, what: str, text: str) -> Any:
    try:
        number = kind(text)
    except ValueError:
        raise ValueError(f"expected {what}, got {text!r}") from None
    if kind is int and abs(number) >= 2**63:
        raise ValueError(f"expected {what}, below 2**63, got {text}")
    return number


def _kinds(recipe: Recipe) -> dict[str, Any]:
    """The type of each field of the recipe's parts."""
    parts = [type(getattr(recipe, part.name)) for part in fields(recipe)]
    return {name: kind for part in parts for name, kind in get_type_hints(part).items()}


def _now(recipe: Recipe) -> dict[str, Any]:
    """What can be set, and what it is now."""
    now = recipe.flat() | {"deform": None}
    deform = recipe.training.deform or Deform()
    return now | {_DEFORM + field.name: getattr(deform, field.name) for field in fields(Deform)}


def _listed(recipe: Recipe) -> str:
    """All that can be set, as it could be set to what it is; of deformations, how to do without."""
    return ", ".join(f"{name}={_text(value)}" for name, value in _now(recipe).items())


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return _WORDS[value][0]
    if isinstance(value, tuple):
        return ",".join(map(str, value)) or "none"
    return "none" if value is None else str(value)
