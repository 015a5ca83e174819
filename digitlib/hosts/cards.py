"""The model card and the data card: what the weights are for, what they were measured to do, and where they fail.

No figure is typed here. Those of the shipped weights come from the ledger; any other weights file is described by what
it says of itself, and by nothing else. The text takes the ground floor alone, so that the book shows it without torch;
only the metadata above a published card, from which the hub knows what it holds, needs huggingface_hub.
"""

import json
from pathlib import Path

from digitlib import weights
from digitlib.accuracy import Accuracy
from digitlib.book.entries import LEDGER

__all__ = ["LEDGER", "data_card", "model_card", "readme"]

TITLE = "Handwritten digits"
# MNIST's digits that are not test digits.
DIGITS = 60_000

_WHAT = """\
A small neural network that names a handwritten digit{refuses}. It is a multilayer perceptron whose layers are
{layers} numbers wide: {count:,} weights of 8 bits, in a file of {size:,} bytes. The pixels of a picture of 28 by 28 go
in, and out comes a score for each digit{eleventh}. It needs numpy and no PyTorch, and runs in a browser too.

## What it is for

One handwritten digit on one picture: drawn on a pad, or on paper and photographed. It was made for a book that shows
how such a thing is built, measured and published, and how it breaks.

It isn't for cheques, forms, meters or exam papers, nor for anything else where a wrong digit costs somebody something
and no person looks. It reads neither numbers of several digits nor letters, and tells nothing about whoever wrote.

## How to use it

```python
from digitlib import DigitClassifier

classifier = DigitClassifier.from_hub("{name}")
print(classifier.classify("drawing.png"))
```

`pip install digitlib huggingface-hub` brings what this needs. The weights are a safetensors file: numbers and text,
none of it executed. What a name holds can change, so pin what you have tried: `revision=` takes the hash of a commit.

`classify` first prepares a picture the way MNIST's were made: cropped to its ink, fitted into 20 by 20 pixels, and
centred by mass in 28 by 28. Whoever feeds the network directly has to do the same.

## How it was trained

{training}
"""
_MEASURED = """
## What was measured

The brackets hold 95 % Wilson intervals. Each figure was recorded with its date and the command that makes it.

| digits | right |
| --- | --- |
| MNIST's test digits, by which nothing was chosen | {figures[validate.test]} |
| MNIST's validation digits, by which everything was chosen | {figures[validate.accuracy]} |
| validation digits redrawn, at four sizes and with four pens | {figures[deploy.drawn].share} drawings |

Earlier versions of the model were read on the test digits too. No choice followed from that.

## Where it fails, and by how much

| digits | right |
| --- | --- |
| validation digits as they are, to compare with | {figures[validate.accuracy]} |
| written by other people elsewhere, and kept in 8 by 8 pixels (optdigits) | {figures[validate.other-handwriting]} |
| 1s with a flag, drawn by program as in the training | {figures[validate.flagged]} |
| a thousand validation digits drawn at half the size and prepared: no worse that shows | {figures[deploy.by-mass]} |
| the same drawings, scaled down without the preparation | {figures[deploy.plain]} |

Six ways to write a digit, some of them rare in MNIST, were drawn for the training, a 1 with a flag among them. A way
that nobody thought of will be read worse.

{spoilt}A mistake doesn't always come with a warning. Whoever hands all answers with a probability below 90 % to a
person hands over {figures[validate.passed]}, and of those that are kept
{figures[validate.kept].share} are right.

## What it refuses

It answers "not a digit" where its doubt is above a threshold, which was chosen on the validation digits.

| drawings | share |
| --- | --- |
| digits, redrawn, that it refuses | {figures[deploy.refused].share} |
| no digits, of kinds that it learned from, that it takes for one | {figures[deploy.accepted].share} |
| no digits, of kinds that it never met, that it takes for one | {figures[deploy.accepted-aside].share} |

The last row is the one to remember. It learned to refuse scribbles, letters and shapes; it doesn't know what a digit
is. Two digits at once, a symbol or a doodle may pass. A label is no proof that there was a digit.
"""
_SPOILT = """\
Moved, turned, blurred, covered in part or spoilt in other ways, {share} of a thousand validation digits are named
wrongly: the average over all ways and degrees. Most of these ways were practised in training; one that wasn't would
hurt more.

"""
_UNMEASURED = """
## What was measured

{valid} Nothing else was measured of these weights: no test digits, no drawings, no other people's handwriting. The
figures of digitlib's book belong to other weights and say nothing about these.

## Where it fails, and by how much

Nobody has looked. `digitlib evaluate --weights digits.safetensors --report FOLDER` does: it measures digits made worse,
redrawn and written by other people, and what is no digit.
"""
_LIMITS = """
## Limits

- One digit a picture. Whatever differs from the ground counts as ink: a frame, a smudge or a second digit is taken for
  a part of the first.
- A picture may be dark on bright or bright on dark; an array has to be bright ink on dark.
- It knows the hands that it learned from{hands}. Other people's digits are read worse.
- The digits don't say who wrote them. So nobody can tell from them whether some people are read worse than others.
- A probability was brought into line with the validation digits at best. On other drawings it is a guess.

## Licence

Code and weights are under the MIT licence.{credit}
"""
_DATASETS = {
    "mnist": {
        "hub": "ylecun/mnist",
        "hands": ", those of Americans around 1990",
        "credit": " MNIST is by Yann LeCun, Corinna Cortes and Christopher J. C. Burges,\n"
        "under [CC BY-SA 3.0](https://creativecommons.org/licenses/by-sa/3.0/).",
    },
    "optdigits": {
        "hands": ", those of a dozen people",
        "credit": " Optdigits is by Ethem Alpaydin and Cenk Kaynak,\n"
        "under [CC BY 4.0](https://creativecommons.org/licenses/by/4.0/).",
    },
}
_UNKNOWN = {"hands": "", "credit": ""}

_DATA = """\
MNIST: {all:,} pictures of handwritten digits, each of 28 by 28 grey levels, with the digit that somebody meant.

## Who made it

Yann LeCun, Corinna Cortes and Christopher J. C. Burges did, from two collections of the American institute of
standards, NIST. Employees of the Census Bureau wrote the one (*Special Database 3*), high-school students the other
(*Special Database 1*). Half of the training digits and half of the test digits come from each. By its makers' account
about 250 people wrote the training digits, and none of them a test digit.
[LeCun and others (1998)](https://doi.org/10.1109/5.726791) tell how it was made, and
[Yadav and Bottou (2019)](https://arxiv.org/abs/1905.10498) what got lost on the way.

## What a picture is

The scans were black and white. Each digit was fitted into a box of 20 by 20 pixels, keeping its proportions, which made
the grey levels; then it was moved until its centre of mass lay in the middle of 28 by 28. 0 is paper and 255 is ink.
`digitlib.preprocess` does the same to a drawing.

## How it is split here

| part | digits | for |
| --- | --- | --- |
| training | {train:,} | learning |
| validation | {figures[validate.accuracy].n:,} | every choice: the recipe, the temperature, the threshold |
| test | {figures[validate.test].n:,} | a reading after all choices, which decides nothing |

Training and validation digits are drawn from MNIST's training set, label by label and by one seed, so that the parts
are the same on every machine. MNIST doesn't tell who wrote which digit, so one writer's may lie in both, and the
validation figure may flatter for it. The test digits are MNIST's own, of other writers. They stay closed until
everything is chosen: no choice follows a reading of the test set.

## What is wrong with it

- **Labels.** [Northcutt, Athalye and Mueller (2021)](https://arxiv.org/abs/2103.14749) found about 15 wrong labels
  among the test digits. They are left as they are, so that figures can be compared with other people's. Between two
  models that are both nearly right, they are a good part of what is left to get wrong.
- **Hands.** Americans around 1990, on forms. Age, hand and schooling of a writer aren't recorded. The book's model is
  right about {figures[validate.test]} of the test set, and about {figures[validate.other-handwriting]} from another
  collection, of other hands and enlarged from 8 by 8 pixels.
- **Tidiness.** One digit a picture, upright, clean, centred and of one size. What people draw is none of that.
- **Only digits.** A model that has seen nothing else takes everything for one.

## What becomes of it here

Training digits are changed for training, and validation digits for measuring. They are

- turned, moved and bent a little, anew in each pass;
- redrawn on a sheet, at any size and with any pen, some of them as a poor scan would show them (few pixels, pale ink, a
  grey ground), and prepared again;
- cut out of a bright field, or put side by side, to make what is no digit. Scribbles, letters, shapes, symbols and
  doodles are drawn by a program.

## Where MNIST can't be had

A small real set takes its place, under its own name and with its own figures: *optdigits*, by Ethem Alpaydin and Cenk
Kaynak, of which scikit-learn brings along {other:,} digits by 13 people. They were reduced to 8 by 8 pixels, and are
enlarged here: {small:,} for training, {others[validate.accuracy].n:,} for validation, {others[validate.test].n:,} for
the test. With MNIST at hand they are the other handwriting that a model is measured on.

## Licence

MNIST is under [CC BY-SA 3.0](https://creativecommons.org/licenses/by-sa/3.0/), and so are pictures of its digits.
Optdigits is under [CC BY 4.0](https://creativecommons.org/licenses/by/4.0/).
"""


def model_card(weights_file: str | Path = weights.SHIPPED, name: str = "ada/digits") -> str:
    """The model card of a weights file, as Markdown in sections, without a title.

    Args:
        weights_file: the model. It is given the ledger's figures if they were measured on these very weights.
        name: where it is published, ``USER/NAME``.

    Raises:
        FileNotFoundError, ValueError: no such weights file, or not one.
    """
    read = weights.load(weights_file)
    widths = [784, *(len(bias) for _, bias in read.layers)]
    refuses = "threshold" in read.calibration
    what = _WHAT.format(
        refuses=', or says "not a digit"' if refuses else "",
        layers=f"{', '.join(map(str, widths[:-1]))} and {widths[-1]}",
        count=sum(weight.size for weight, _ in read.layers),
        size=Path(weights_file).stat().st_size,
        eleventh=' and one for "no digit"' if widths[-1] > 10 else "",
        name=name,
        training=_training(read.provenance),
    )
    if told := _told(weights_file):
        measured = _MEASURED.format(figures=_shares(told), spoilt=_spoilt(told))
    else:
        measured = _UNMEASURED.format(valid=_valid(read.provenance))
    return what + measured + _LIMITS.format(**_dataset(read))


def data_card() -> str:
    """The card of the digits that everything is learned from, as Markdown in sections, without a title."""
    figures, others = _shares(_entries("mnist")), _shares(_entries("optdigits"))
    foreign = figures["validate.other-handwriting"].n  # all that are no test digits
    return _DATA.format(
        figures=figures,
        others=others,
        all=DIGITS + figures["validate.test"].n,
        train=DIGITS - figures["validate.accuracy"].n,
        other=foreign + others["validate.test"].n,
        small=foreign - others["validate.accuracy"].n,
    )


def readme(name: str, weights_file: str | Path = weights.SHIPPED) -> str:
    """The model card as README.md of a model repository: with a title, and the metadata that the hub reads.

    Args and errors are :func:`model_card`'s.
    """
    from huggingface_hub import EvalResult, ModelCard, ModelCardData

    measured = {}
    if told := _told(weights_file):
        result = EvalResult(
            task_type="image-classification",
            dataset_type=_DATASETS["mnist"]["hub"],
            dataset_name="MNIST",
            dataset_split="test",
            metric_type="accuracy",
            metric_value=_shares(told)["validate.test"].value,
        )
        measured = {"model_name": name, "eval_results": [result]}
    learned_from = _dataset(weights.load(weights_file)).get("hub")
    metadata = ModelCardData(
        license="mit",
        library_name="digitlib",
        pipeline_tag="image-classification",
        tags=["handwritten-digits", "mlp", "numpy"],
        datasets=[learned_from] if learned_from else None,
        **measured,
    )
    text = f"\n# {TITLE}\n\n{model_card(weights_file, name)}"
    return str(ModelCard(f"---\n{metadata.to_yaml()}\n---\n{text}"))


def _entries(dataset: str) -> dict[str, dict]:
    """The ledger's entries for one data set, by name."""
    return json.loads(LEDGER.read_text(encoding="utf-8"))[dataset]


def _shares(entries: dict[str, dict]) -> dict[str, Accuracy]:
    """Those that are shares of something, by name."""
    return {
        name: Accuracy.from_share(entry["value"], entry["n"])
        for name, entry in entries.items()
        if entry["n"]
    }


def _told(weights_file: str | Path) -> dict[str, dict]:
    """What the ledger says of these very weights, wherever the file lies; nothing of any others."""
    told = {weights.SHIPPED.name: weights.checksum(weights_file)}.items()
    return {
        name: entry
        for name, entry in _entries("mnist").items()
        if told <= entry.get("weights", {}).items()
    }


def _spoilt(told: dict[str, dict]) -> str:
    """How much goes wrong where digits were made worse, if the ledger knows: a mean, so without an interval."""
    if "validate.spoilt" not in told:
        return ""
    return _SPOILT.format(share=f"{100 * told['validate.spoilt']['value']:.1f} %")


def _dataset(read: weights.Weights) -> dict[str, str]:
    """What is known of the digits that weights learned from."""
    return _DATASETS.get(read.provenance.get("dataset"), _UNKNOWN)


def _valid(provenance: dict) -> str:
    """What the training measured, where the file says so."""
    if not (valid := provenance.get("valid")):
        return "The file doesn't say how good its training found it."
    found = Accuracy(valid["right"], valid["n"])
    return f"After its training it was right about {found} in the validation set."


def _training(provenance: dict) -> str:
    """The command, and what its recipe comes to."""
    if "command" not in provenance:
        return "The file doesn't say."
    recipe, versions = provenance.get("recipe", {}), provenance.get("versions", {})
    lines = [f"```sh\n{provenance['command']}\n```\n"]
    if "epochs" in recipe:
        lines.append(
            f"That is {recipe['epochs']} passes over the training digits, "
            f"in batches of {recipe['batch']}, from seed {recipe['seed']}."
        )
    if recipe.get("deform"):
        lines.append("Each digit was turned, moved and bent a little, anew each time.")
    more = {
        "drawn in other hands' styles": recipe.get("hands"),
        "redrawn with any pen": recipe.get("redrawn"),
        "things that are no digits": recipe.get("nondigits"),
    }
    came = [f"{10 * share:g} {what}" for what, share in more.items() if share]
    if came:
        *before, last = came
        every = " and ".join([", ".join(before), last]) if before else last
        lines.append(f"With every 10 digits came {every}.")
    if part := recipe.get("degraded"):
        lines.append(
            f"Of every 10 redrawn ones {10 * part:g} were degraded: few pixels, pale ink, a grey ground."
        )
    if recipe.get("distil"):
        lines.append("It learned from a larger model's answers as well as from labels.")
    if versions:
        made = ", ".join(f"{name} {version}" for name, version in versions.items())
        lines.append(f"Made with {made}.")
    return "\n".join(lines)
