from dataclasses import fields

import pytest

from digitlib.augment import Deform
from digitlib.commands.changes import changed
from digitlib.recipes import RECIPES, Recipe


@pytest.mark.parametrize(
    ("text", "field", "value"),
    [
        ("batch=512", "batch", 512),
        (" batch = 512 ", "batch", 512),
        ("hidden=512,256", "hidden", (512, 256)),
        ("hidden=64", "hidden", (64,)),
        ("hidden=none", "hidden", ()),
        ("rate=1e-3", "rate", 1e-3),
        ("optimizer=SGD", "optimizer", "SGD"),
        ("norm=yes", "norm", True),
        ("norm=FALSE", "norm", False),
        ("deform=none", "deform", None),
        ("seed=7", "seed", 7),
        ("styles=0.5", "styles", 0.5),
    ],
)
def test_a_field_is_set(text, field, value):
    recipe = Recipe.named("base")
    assert changed(recipe, [text]).flat() == recipe.flat() | {field: value}


@pytest.mark.parametrize(
    ("text", "value"), [("rotation=10", 10.0), ("shift=-1,2", (-1.0, 2.0)), ("coarseness=4", 4)]
)
@pytest.mark.parametrize("name", ["base", "quick"])
def test_a_deformation_is_set(name, text, value):
    """Also of a recipe that leaves the images alone."""
    deform = changed(Recipe.named(name), [f"deform.{text}"]).training.deform
    before = RECIPES[name].training.deform or Deform()
    field = text.partition("=")[0]
    assert getattr(deform, field) == value
    same = [one.name for one in fields(Deform) if one.name != field]
    assert [getattr(deform, one) for one in same] == [getattr(before, one) for one in same]


def test_every_field_can_be_set_to_what_it_is():
    """So the list in a complaint is one of changes that can be typed."""
    for recipe in RECIPES.values():
        with pytest.raises(ValueError) as caught:
            changed(recipe, ["?"])
        listed = str(caught.value).removeprefix("expected FIELD=VALUE of ")
        texts = listed.removesuffix("; got '?'").split(", ")
        assert {text.partition("=")[0] for text in texts} > set(recipe.flat())
        kept = [text for text in texts if text != "deform=none" and "deform." not in text]
        assert changed(recipe, kept) == recipe
        for text in texts:
            changed(recipe, [text])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("speed=3", "got 'speed=3'"),
        ("batch", "got 'batch'"),
        ("=3", "got '=3'"),
        ("batch=x", "--set batch=x: expected a whole number, got 'x'; the fields are hidden=512"),
        ("batch=1.5", "expected a whole number, got '1.5'"),
        ("batch=0", "expected epochs and batch of at least 1, got 18 and 0"),
        ("rate=fast", "expected a number, got 'fast'"),
        ("rate=nan", "expected a positive learning rate, got nan"),
        ("decay=-1", "expected a decay of 0 or more, got -1"),
        ("hidden=3,,2", "expected whole numbers with commas, or none, got ''"),
        ("hidden=0", "expected widths of hidden layers of at least 1"),
        ("norm=perhaps", "expected yes or no, got 'perhaps'"),
        ("optimizer=Adam", "expected AdamW or SGD, got Adam"),
        ("deform=3", "expected none, or a field such as deform.rotation, got '3'"),
        ("deform.rotation=1,2,3", "expected"),
        ("deform.shift=far", "expected a number, or two with a comma, got 'far'"),
        ("deform.speed=3", "got 'deform.speed=3'"),
    ],
)
def test_a_wrong_one_is_answered_with_the_list(text, message):
    with pytest.raises(ValueError) as caught:
        changed(Recipe.named("base"), ["seed=1", text])
    assert message in str(caught.value) and "deform.elastic=0.8" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("field", ["hidden", "batch", "epochs", "seed"])
def test_a_number_too_large_for_any_machine_is_refused(field):
    with pytest.raises(ValueError, match=r"below 2\*\*63, got 9999"):
        changed(Recipe.named("own"), [f"{field}={'9' * 30}"])
