"""The model card and the data card: what the weights are for, what they were measured to do, and where they fail.

No figure is typed here. Those of the shipped weights come from the ledger's entries, which whoever asks for a card
hands in; any other weights file is described by what it says of itself, and by nothing else. The prose lies in
``templates/``. The text takes the ground floor alone, so that the book shows it without torch; only the metadata above
a published card, from which the hub knows what it holds, needs huggingface_hub.
"""

from collections.abc import Mapping
from importlib import resources
from pathlib import Path

from digitlib import weights
from digitlib.accuracy import Accuracy, Share, percent
from digitlib.classify import refusal_of
from digitlib.hosts import words
from digitlib.plain import one_line
from digitlib.weights import are_digits

__all__ = ["Entries", "data_card", "model_card", "readme", "template"]

Entries = Mapping[str, Mapping]
"""The ledger's entries for one data set, by name."""

# MNIST's digits that are not test digits.
DIGITS = 60_000
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
_PREPARED = {
    "digit": "`classify` first prepares a picture: cropped to its ink, fitted into 20 by 20 pixels, and centred by\n"
    "mass in 28 by 28.",
    "picture": "`classify` first brings a picture, as it is, to 28 by 28 grey levels: its proportions are kept, and\n"
    "what they leave free is dark.",
}
# How weights are read that lie on the hub, and those that lie in a folder.
_LOADED = {
    True: {
        "load": 'from_hub("{name}")',
        "needs": "`pip install digitlib huggingface-hub` brings what this needs. The weights are a safetensors file: "
        "numbers and text,\nnone of it executed. What a name holds can change, so pin what you have tried: "
        "`revision=` takes the hash of a commit.",
    },
    False: {
        "load": 'load("{file}")',
        "needs": "`pip install digitlib` brings what this needs. The weights are a safetensors file: numbers and "
        "text, none of it\nexecuted.",
    },
}


def template(name: str) -> str:
    """A text out of ``templates/``, to be filled by ``str.format``.

    Raises:
        FileNotFoundError: there is none of this name.

    >>> from digitlib.hosts import cards
    >>> cards.template("static.md").partition(":")[0].split()[:5]
    ['{what}', 'It', 'runs', 'in', 'your']
    """
    return (resources.files("digitlib.hosts") / "templates" / name).read_text(encoding="utf-8")


def model_card(
    weights_file: str | Path = weights.SHIPPED,
    name: str | None = "ada/digits",
    entries: Entries | None = None,
) -> str:
    """The model card of a weights file, as Markdown in sections, without a title.

    Args:
        weights_file: the model.
        name: where it is published, ``USER/NAME``; None if nowhere, but beside its weights in a folder.
        entries: the ledger's for MNIST. The card has their figures if they were measured on these very weights.

    Raises:
        FileNotFoundError, ValueError: no such weights file, or not one.
        KeyError: the entries speak of these weights, but lack one that the card needs.

    With the ledger's entries it has figures; of weights that they don't speak of, it never has:

    >>> from digitlib.book.entries import entries
    >>> from digitlib.hosts import cards
    >>> plain, measured = cards.model_card(), cards.model_card(entries=entries("mnist"))
    >>> "290,600 weights of 8 bits" in plain, len(plain) < len(measured)
    (True, True)
    """
    read = weights.load(weights_file)
    size = Path(weights_file).stat().st_size
    if not _reads_digits(read):
        return _of_classes(read, size, name)
    what = template("card.md").format(
        refuses=', or says "not a digit"' if _refuses(read) else "",
        eleventh=_more(read),
        **_loaded(name),
        training=_training(read.provenance, "digit"),
        **_network(read, size),
    )
    if told := _told(weights_file, entries):
        measured = _measured(told)
    else:
        measured = template("unmeasured.md").format(valid=_valid(read.provenance, "digits"))
    return what + measured + template("limits.md").format(**_dataset(read))


def data_card(entries: Entries, others: Entries) -> str:
    """The card of the digits that everything is learned from, as Markdown in sections, without a title.

    Args:
        entries: the ledger's for MNIST.
        others: the ledger's for optdigits.

    Raises:
        KeyError: either lacks one that the card needs.

    >>> from digitlib.book.entries import entries
    >>> from digitlib.hosts import cards
    >>> cards.data_card(entries("mnist"), entries("optdigits")).splitlines()[0]
    'MNIST: 70,000 pictures of handwritten digits, each of 28 by 28 grey levels, with the digit that somebody meant.'
    """
    figures, small = _figures(entries), _figures(others)
    foreign = figures["trust.other-handwriting"].n  # all that are no test digits
    return template("data.md").format(
        figures=figures,
        others=small,
        all=DIGITS + figures["validate.test"].n,
        train=DIGITS - figures["validate.accuracy"].n,
        other=foreign + small["validate.test"].n,
        small=foreign - small["validate.accuracy"].n,
    )


def readme(
    name: str | None, weights_file: str | Path = weights.SHIPPED, entries: Entries | None = None
) -> str:
    """The model card as README.md of a model repository: with a title, and the metadata that the hub reads.

    Args and errors are :func:`digitlib.hosts.cards.model_card`'s.

    Raises:
        ModuleNotFoundError: there is no huggingface_hub.

    >>> from digitlib.hosts import cards
    >>> text = cards.readme("ada/digits")
    >>> "pipeline_tag: image-classification" in text, text.endswith(cards.model_card())
    (True, True)
    """
    from huggingface_hub import ModelCard, ModelCardData

    card, read = model_card(weights_file, name, entries), weights.load(weights_file)
    told = _told(weights_file, entries)
    digits = _reads_digits(read)
    learned_from = _dataset(read).get("hub")
    metadata = ModelCardData(
        license="mit" if weights.is_ours(weights_file) else None,
        library_name="digitlib",
        pipeline_tag="image-classification",
        tags=["handwritten-digits"] * digits + ["mlp", "numpy"],
        datasets=[learned_from] if learned_from else None,
        **_results(told, name),
    )
    title = "Handwritten digits" if digits else f"Pictures of {len(read.classes)} classes"
    return str(ModelCard(f"---\n{metadata.to_yaml()}\n---\n\n# {title}\n\n{card}"))


def _results(told: Entries, name: str | None) -> dict:
    """The test accuracy as the hub's metadata have it, where it is known."""
    from huggingface_hub import EvalResult

    if not told:
        return {}
    result = EvalResult(
        task_type="image-classification",
        dataset_type=_DATASETS["mnist"]["hub"],
        dataset_name="MNIST",
        dataset_split="test",
        metric_type="accuracy",
        metric_value=_figures(told)["validate.test"].value,
    )
    return {"model_name": name or weights.SHIPPED.stem, "eval_results": [result]}


def _reads_digits(read: weights.Weights) -> bool:
    """Whether weights name the ten digits, prepared as MNIST's are."""
    return are_digits(read.classes) and read.preparation == "digit"


def _loaded(name: str | None) -> dict[str, str]:
    """How to read the weights, from the hub or from where they lie."""
    said = _LOADED[name is not None]
    return said | {"load": said["load"].format(name=name, file=weights.SHIPPED.name)}


def _of_classes(read: weights.Weights, size: int, name: str | None) -> str:
    """The card of weights that name anything else."""
    more, refuses = _more(read), ""
    unknown = "What belongs to none of them gets one of these names all the same."
    if _refuses(read):
        refuses = f'Of what it doubts too much it says "{refusal_of(read.classes)}".\n'
        unknown = "It may refuse the rest, but what it never met may still pass for one of them."
    return template("classes.md").format(
        classes=len(read.classes),
        names=words.listed(read.classes),
        refuses=refuses,
        more=more,
        unknown=unknown,
        **_loaded(name),
        prepared=_PREPARED[read.preparation],
        training=_training(read.provenance, "picture"),
        valid=_valid(read.provenance, "pictures"),
        **_network(read, size),
    )


def _refuses(read: weights.Weights) -> bool:
    """Whether weights may answer that a picture is none of their classes."""
    return read.none and "threshold" in read.calibration


def _more(read: weights.Weights) -> str:
    """What the network says beside a score for each class."""
    score = "no digit" if are_digits(read.classes) else refusal_of(read.classes)
    return f' and one for "{score}"' if read.none else ""


def _network(read: weights.Weights, size: int) -> dict:
    """The network in numbers."""
    widths = [weight.shape[1] for weight, _ in read.layers]
    return {
        "layers": f"{', '.join(map(str, widths))} and {len(read.layers[-1][1])}",
        "count": sum(weight.size for weight, _ in read.layers),
        "size": size,
    }


def _measured(told: Entries) -> str:
    """The sections about what was measured; a mean, of digits made worse, has no interval."""
    spoilt = ""
    if "trust.spoilt" in told:
        value = told["trust.spoilt"]["value"]
        spoilt = template("spoilt.md").format(share=percent(value)) + "\n"
    figures = _figures(told)
    shares = {name: Share(one.count, one.n, one.effective) for name, one in figures.items()}
    return template("measured.md").format(figures=figures, shares=shares, spoilt=spoilt)


def _figures(entries: Entries) -> dict[str, Accuracy]:
    """Those that are shares of something, by name."""
    return {
        name: Accuracy.from_value(entry["value"], entry["n"], entry.get("effective"))
        for name, entry in entries.items()
        if entry["n"]
    }


def _told(weights_file: str | Path, entries: Entries | None) -> Entries:
    """What the ledger says of these very weights, wherever the file lies; nothing of any others."""
    told = {weights.SHIPPED.name: weights.checksum(weights_file)}.items()
    return {
        name: entry
        for name, entry in (entries or {}).items()
        if told <= entry.get("weights", {}).items()
    }


def _dataset(read: weights.Weights) -> dict[str, str]:
    """What is known of the digits that weights learned from."""
    known = _DATASETS.get(read.provenance.get("dataset", "")) if _reads_digits(read) else None
    return known or _UNKNOWN


def _valid(provenance: dict, what: str) -> str:
    """What the training measured, where the file says so."""
    if not (valid := provenance.get("valid")):
        return "The file doesn't say how good its training found it."
    share = Share(valid["right"], valid["n"])
    dataset = provenance.get("dataset")
    of = f" of {words.escaped(dataset)}" if dataset and what == "pictures" else ""
    return f"After its training it was right about {share} {what} in the validation set{of}."


def _training(provenance: dict, what: str) -> str:
    """The command, and what its recipe comes to, in lines; ``what`` one of its images is called."""
    recipe, versions = provenance.get("recipe", {}), provenance.get("versions", {})
    lines = []
    if command := provenance.get("command"):
        lines.append(f"```sh\n{one_line(command)}\n```\n")
    if {"epochs", "batch", "seed"} <= set(recipe):
        lines.append(
            f"That is {recipe['epochs']} passes over the training {what}s, "
            f"in batches of {recipe['batch']}, from seed {recipe['seed']}."
        )
    if recipe.get("deform"):
        lines.append(f"Each {what} was turned, moved and bent a little, anew each time.")
    lines += _additions(recipe, what)
    if recipe.get("distil"):
        lines.append("It learned from a larger model's answers as well as from labels.")
    if versions:
        made = ", ".join(f"{name} {version}" for name, version in versions.items())
        lines.append(f"Made with {made}.")
    return "\n".join(lines) or "The file doesn't say."


def _additions(recipe: dict, what: str) -> list[str]:
    """What was drawn for the training, in lines."""
    more = {
        "drawn in other hands' styles": recipe.get("styles"),
        "redrawn with any pen": recipe.get("redrawn"),
        f"things that are no {what}s": recipe.get("nondigits"),
    }
    came = [f"{10 * share:g} {kind}" for kind, share in more.items() if share]
    lines = []
    if came:
        *before, last = came
        every = " and ".join([", ".join(before), last]) if before else last
        lines.append(f"With every 10 {what}s came {every}.")
    if part := recipe.get("degraded"):
        lines.append(
            f"Of every 10 redrawn ones {10 * part:g} were degraded: few pixels, pale ink, a grey ground."
        )
    return lines
