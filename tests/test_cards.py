"""The cards say what the ledger says, of the weights that it speaks of, and nothing else."""

import re
import subprocess
import sys
from pathlib import Path

import cards as pages
import pytest
import yaml
from huggingface_hub import ModelCard

from digitlib import data, weights
from digitlib.accuracy import Share
from digitlib.book.entries import entries
from digitlib.hosts import cards, deploy, words
from digitlib.preprocess import PREPARATIONS
from digitlib.recipes import Recipe
from digitlib.weights import Weights
from named import COUNTS, names, write

ROOT = Path(__file__).parents[1]

FIGURE = r"\d+\.\d % \(\d+\.\d to \d+\.\d\) of [\d,]*\d"
# What a line of the card says, and the ledger's entry that it has to say.
LINES = {
    "MNIST's test digits": "validate.test",
    "MNIST's validation digits": "validate.accuracy",
    "validation digits redrawn": "deploy.drawn",
    "validation digits as they are": "validate.accuracy",
    "written by other people": "trust.other-handwriting",
    "1s with a flag": "trust.flagged",
    "drawn at half the size": "deploy.by-mass",
    "the same drawings, scaled down": "deploy.plain",
    "digits, redrawn, that it refuses": "deploy.refused",
    "of kinds that it learned from": "deploy.accepted",
    "of kinds that it never met": "deploy.accepted-aside",
}
IN_PROSE = ["trust.passed", "trust.kept"]
SPLIT = ["validate.accuracy", "validate.test", "trust.other-handwriting"]


def share(entry):
    return str(Share.from_value(entry["value"], entry["n"]))


def figures(text):
    return re.findall(FIGURE, text.replace("\n", " "))


@pytest.fixture
def told():
    """The ledger's entries for MNIST, which a test may change."""
    return entries("mnist")


def model_card(weights_file=weights.SHIPPED, name="ada/digits"):
    """The card as it is published: with the ledger's figures, if it has any of these weights."""
    return cards.model_card(weights_file, name, entries("mnist"))


def data_card():
    return cards.data_card(entries("mnist"), entries("optdigits"))


def test_each_line_has_its_own_figure():
    card, told = model_card(), entries("mnist")
    for said, name in LINES.items():
        [line] = [line for line in card.splitlines() if line.startswith("| ") and said in line]
        assert figures(line) == [share(told[name])], said
    rows = [line for line in card.splitlines() if figures(line) and line[0] == "|"]
    assert len(rows) == len(LINES)
    prose = "\n".join(line for line in card.splitlines() if line not in rows)
    assert figures(prose) == [share(told[name]) for name in IN_PROSE]


@pytest.mark.parametrize("card", [model_card, data_card])
def test_no_figure_is_the_cards_own(card):
    text, told = card(), entries("mnist").values()
    known = {share(entry) for entry in told if entry["n"]}
    assert figures(text) and set(figures(text)) <= known
    rest = re.sub(FIGURE, "", text.replace("\n", " "))
    # Of the intervals, and the probability from which an answer counts as sure.
    others = {"95 %", "90 %"}
    if spoilt := entries("mnist").get("trust.spoilt"):
        others.add(f"{100 * spoilt['value']:.1f} %")  # a mean
    assert set(re.findall(r"[\d.,]+ ?%", rest)) <= others


@pytest.mark.parametrize("name", sorted({*LINES.values(), *IN_PROSE}))
def test_another_ledger_makes_another_card(told, name):
    before, old = cards.model_card(entries=told), told[name]
    told[name] = {**old, "value": 0.125, "n": 8 * 77}
    after = cards.model_card(entries=told)
    gone = figures(before).count(share(old)) - figures(after).count(share(old))
    new = share(told[name])
    assert new == "12.5 % (10.1 to 15.3) of 616"
    # Another figure may happen to be the same, and stays.
    assert gone == figures(after).count(new) > 0
    assert set(figures(after)) - set(figures(before)) == {new}


def test_digits_made_worse_are_told_of_where_the_ledger_knows(told):
    told.pop("trust.spoilt", None)
    without = cards.model_card(entries=told)
    mark = told["validate.test"]["weights"]
    told["trust.spoilt"] = {"value": 0.1234, "n": None, "weights": mark}
    line = "in other ways, 12.3 % of a thousand validation digits are named"
    assert line in cards.model_card(entries=told) and "in other ways" not in without
    assert "12.3 %" not in cards.model_card(weights.TINY, entries=told)


@pytest.mark.parametrize("name", ["validate.test", "deploy.refused"])
def test_a_figure_that_the_ledger_lacks_is_missed(told, name):
    del told[name]
    with pytest.raises(KeyError, match=re.escape(name)):
        cards.model_card(entries=told)


def test_without_a_ledger_nothing_was_measured():
    card, valid = cards.model_card(), weights.load().provenance["valid"]
    assert figures(card) == [str(Share(valid["right"], valid["n"]))]
    assert "Nothing else was measured" in card
    assert "model-index" not in yaml.safe_load(cards.readme("ada/digits").split("---\n")[1])


def test_other_weights_are_given_none_of_the_ledgers_figures():
    card = model_card(weights.TINY)
    valid = weights.load(weights.TINY).provenance["valid"]
    assert figures(card) == [str(Share(valid["right"], valid["n"]))]
    assert "Nothing else was measured" in card and "Nobody has looked" in card
    assert weights.load(weights.TINY).provenance["command"] in card
    assert "not a digit" not in card  # it can't say so


def test_the_same_weights_elsewhere_are(tmp_path):
    copy = tmp_path / "mine.safetensors"
    copy.write_bytes(weights.SHIPPED.read_bytes())
    assert model_card(copy) == model_card()


def test_weights_that_replaced_the_shipped_ones_are_not(tmp_path, monkeypatch):
    """The ledger says which weights it speaks of; that a file lies in the package is no sign."""
    file = tmp_path / weights.SHIPPED.name
    file.write_bytes(weights.TINY.read_bytes())
    monkeypatch.setattr(weights, "SHIPPED", file)
    assert len(figures(model_card(file))) == 1


def test_weights_that_say_nothing(tmp_path):
    read = weights.load(weights.TINY)
    weights.save(tmp_path / "w", Weights(read.layers))
    card = model_card(tmp_path / "w")
    assert figures(card) == [] and card.count("The file doesn't say") == 2
    assert "MNIST is by" not in card and "```sh" not in card
    assert "datasets" not in yaml.safe_load(metadata(tmp_path / "w"))


def test_digits_of_another_set_have_other_makers(tmp_path):
    read = weights.load(weights.TINY)
    weights.save(tmp_path / "w", Weights(read.layers, {"dataset": "optdigits"}))
    card = model_card(tmp_path / "w")
    assert "Cenk Kaynak" in card and "LeCun" not in card and "CC BY 4.0" in card


def test_the_card_describes_the_network():
    card = model_card(name="grace/hopper")
    layers = weights.load().layers
    widths = [784, *(weight.shape[0] for weight, _ in layers)]
    count = sum(weight.size for weight, _ in layers)
    assert f"{', '.join(map(str, widths[:-1]))} and {widths[-1]} numbers wide" in " ".join(
        card.split()
    )
    assert f"{count:,} weights" in card
    assert f"{weights.SHIPPED.stat().st_size:,} bytes" in card
    assert 'DigitClassifier.from_hub("grace/hopper")' in card


def test_the_recipe_is_told(tmp_path):
    said = weights.load().provenance
    card = model_card()
    recipe = said["recipe"]
    assert f"```sh\n{said['command']}\n```" in card
    assert f"{recipe['epochs']} passes" in card
    assert f"batches of {recipe['batch']}" in card
    assert f"torch {said['versions']['torch']}" in card
    styles, redrawn, nondigits = (10 * recipe[name] for name in ("styles", "redrawn", "nondigits"))
    more = (
        f"With every 10 digits came {styles:g} drawn in other hands' styles, "
        f"{redrawn:g} redrawn with any pen and {nondigits:g} things"
    )
    assert more in card
    line = f"Of every 10 redrawn ones {10 * recipe['degraded']:g} were degraded"
    assert line in card
    tiny = model_card(weights.TINY)
    assert (
        "degraded" not in tiny
        and "With every 10" not in tiny
        and "a larger model's answers" in tiny
    )


def test_a_recipe_is_told_by_the_names_that_it_has_now(tmp_path):
    """Without a command too, as from a program of one's own."""
    recipe = Recipe.named("pad", seed=7)
    file = write(
        tmp_path / "w", weights.DIGITS, True, "digit", provenance={"recipe": recipe.flat()}
    )
    card = cards.model_card(file)
    shipped = model_card()
    for line in ("With every 10 digits came 1 drawn", "Of every 10 redrawn ones", "Each digit was"):
        [said] = [text for text in card.splitlines() if text.startswith(line)]
        assert said in shipped.splitlines()
    assert "That is 40 passes over the training digits, in batches of 256, from seed 7." in card
    assert "```sh" not in card


def metadata(file):
    return cards.readme("ada/digits", file, entries("mnist")).split("---\n")[1]


def test_the_metadata_is_what_the_hub_reads():
    text = cards.readme("ada/digits", entries=entries("mnist"))
    card = ModelCard(text)
    assert card.text.strip().startswith("# ") and card.text.endswith(model_card(name="ada/digits"))
    head = card.data.to_dict()
    assert head["license"] == "mit" and head["library_name"] == "digitlib"
    assert head["pipeline_tag"] == "image-classification"
    assert head["datasets"] == ["ylecun/mnist"]
    [result] = card.data.eval_results
    assert (result.dataset_split, result.metric_type) == ("test", "accuracy")
    assert result.metric_value == entries("mnist")["validate.test"]["value"]
    assert str(card) == text


def test_the_metadata_of_other_weights_has_no_results():
    head = yaml.safe_load(metadata(weights.TINY))
    assert "model-index" not in head and head["datasets"] == ["ylecun/mnist"]
    assert "model_name" not in head


def test_the_data_card_has_the_projects_own_sizes(small):
    card = data_card()
    valid = data.VALID_SIZE["mnist"]
    assert f"| training | {60_000 - valid:,} |" in card
    assert f"| validation | {valid:,} |" in card
    tested = {name: entries(name)["validate.test"]["n"] for name in data.VALID_SIZE}
    assert f"| test | {tested['mnist']:,} |" in card
    others = data.VALID_SIZE["optdigits"]
    text = " ".join(card.split())
    assert f"{len(small) + tested['optdigits']:,} digits by 13 people" in text
    assert f"{len(small) - others:,} for training, {others} for validation," in text
    assert f"{tested['optdigits']} for the test" in text


@pytest.mark.parametrize("name", SPLIT)
def test_another_ledger_makes_another_data_card(told, name):
    told[name] = {**told[name], "value": 0.125, "n": 8 * 77}
    card = cards.data_card(told, entries("optdigits"))
    assert card != data_card() and "616" in card


def test_no_file_and_no_weights_are_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="no such file"):
        cards.model_card(tmp_path / "nowhere")
    (tmp_path / "note").write_text("no weights")
    with pytest.raises(ValueError, match="expected a digitlib weights file"):
        cards.readme("ada/digits", tmp_path / "note")


def said_of(file):
    """What the card of a file says, without the lines that name the package."""
    head, text = cards.readme("ada/any", file).split("---\n")[1:]
    return yaml.safe_load(head), text


@pytest.mark.parametrize("preparation", PREPARATIONS)
@pytest.mark.parametrize("none", [False, True])
@pytest.mark.parametrize("count", COUNTS)
def test_weights_of_other_classes_have_words_of_their_own(tmp_path, count, none, preparation):
    calibration = {"temperature": 1.0, "threshold": 0.5} if none else {}
    file = write(tmp_path / "w", names(count), none, preparation, calibration=calibration)
    head, text = said_of(file)
    rest = text.replace("digitlib", "").replace("DigitClassifier", "")
    assert not re.search("digit|MNIST|redrawn|pen|hand", rest, re.IGNORECASE)
    assert f"# Pictures of {count} classes\n" in text and "T-shirt/top" in text
    assert (count > 10) == (f" and {count - 10} more." in text)
    assert f"784, 16 and {count + none} numbers wide" in " ".join(text.split())
    assert none == ('"none of these"' in text) == ("gets one of these names" not in text)
    assert ("centred" in text) == (preparation == "digit")
    assert head["tags"] == ["mlp", "numpy"] and "datasets" not in head and "license" not in head


@pytest.mark.parametrize("dataset", [None, "mnist", "<b>clothes</b>"])
def test_what_other_classes_were_measured_on(tmp_path, dataset):
    """As the file says; figures of the ledger are none of theirs, whatever it says it learned from."""
    valid = {"right": 90, "n": 100}
    said = {"dataset": dataset, "valid": valid} if dataset else {}
    file = write(tmp_path / "w", names(5), provenance=said)
    card = cards.model_card(file, "ada/any", entries("mnist"))
    assert figures(card) == ([str(Share(90, 100))] if dataset else [])
    if dataset:
        assert f"pictures in the validation set of {words.escaped(dataset)}." in card
    assert "<b>" not in card and "MNIST is by" not in card


def test_ten_digits_prepared_as_pictures_are_no_digits_of_mnists_kind(tmp_path):
    file = write(tmp_path / "w", weights.DIGITS, provenance={"dataset": "mnist"})
    card = cards.model_card(file)
    assert "cropped to its ink" not in card and "0, 1, 2, 3, 4, 5, 6, 7, 8 and 9." in card


def test_the_prose_is_all_used():
    """And nothing in the package is typed twice."""
    code = "".join(Path(part.__file__).read_text() for part in (cards, deploy))
    folder = Path(cards.__file__).parent / "templates"
    assert {f'"{path.name}"' for path in folder.iterdir()} == set(
        re.findall(r'"\w+\.md"', code)
    ) - {'"README.md"'}


def test_the_text_needs_neither_torch_nor_the_hubs_client():
    """As where the book alone is built; publishing a Space needs no torch either."""
    code = """
import sys
for name in ("torch", "torchvision", "scipy", "sklearn", "huggingface_hub"):
    sys.modules[name] = None
from digitlib.hosts import cards, deploy
deploy.gather("static", "ada/digits")
from digitlib.book.entries import entries
mnist, optdigits = entries("mnist"), entries("optdigits")
print(cards.model_card(entries=mnist) + cards.data_card(mnist, optdigits), end="")
"""
    command = [sys.executable, "-c", code]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    assert result.stdout == model_card() + data_card()


@pytest.mark.parametrize("page", pages.CARDS)
def test_the_book_shows_the_card(page):
    text = (ROOT / f"{page}.md").read_text()
    shown = pages.filled(text, pages.CARDS[page]())
    assert pages.CARDS[page]() in shown and pages.LINE not in shown
    assert shown.startswith("# ") and len(re.findall(r"^# ", shown, re.MULTILINE)) == 1
    assert not re.search(r"\d %", text)  # nothing that could drift


@pytest.mark.parametrize("text", ["# A page\n", f"# A page\n\n{pages.LINE}\n{pages.LINE}"])  # fmt: skip
def test_a_page_without_a_place_for_its_card_is_noticed(text):
    with pytest.raises(ValueError, match="expected one line"):
        pages.filled(text, "card")
