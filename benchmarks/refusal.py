"""Ways to say "not a digit", beside each other: ``python benchmarks/refusal.py``.

Recipe ``pad``, none of its digits degraded or in other hands, is trained with and without non-digits, and scores of
doubt are asked about digits and about everything else. Each refuses of no validation digit more than the same share.
The table goes to the screen and to ``benchmarks/choices-refusal.md``. The kinds set aside are shown; nothing is to be
chosen by them.
"""

from pathlib import Path

import torch

from digitlib import calibrate, data, evaluate
from digitlib.accuracy import percent
from digitlib.drawn import nondigits
from digitlib.drawn.strokes import EXAM
from digitlib.files import write_whole
from digitlib.model import MLP
from digitlib.recipes import Recipe
from digitlib.train import fit
from tables import table

SEEDS = (0, 1)
N = 1_000  # of each kind
CHOICE = (
    "Chosen: the extra score. It lets the fewest of the kinds trained on pass. Nothing may be chosen by the kinds set "
    "aside; when this was chosen, the energy of the same model did better on those."
)


def main() -> None:
    """Train, ask, and write the table."""
    train, valid = data.split(data.load("mnist"))
    asked = {kind: nondigits.draw(kind, N, valid, EXAM) for kind in nondigits.KINDS}
    rows: dict[str, list] = {}
    for seed in SEEDS:
        for name, changes in (("with non-digits", {}), ("without", {"nondigits": 0.0})):
            recipe = Recipe.named("pad", seed=seed, styles=0.0, degraded=0.0, **changes)
            model = recipe.model()
            fit(model, recipe.images(train), valid, recipe.training)
            for way, score in scores(model, train).items():
                limit = calibrate.threshold(score(valid.images), valid.labels)
                row = [(score(images) <= limit).float().mean().item() for images in asked.values()]
                rows.setdefault(f"{way}, trained {name}", []).append(row)
                print(seed, way, name, [f"{100 * share:.1f}" for share in row], flush=True)
    text = "\n".join(report(rows, list(asked))) + "\n"
    print(text)
    write_whole(Path(__file__).with_name("choices-refusal.md"), text.encode())


def scores(model: MLP, train: data.Images) -> dict:
    """Functions from uint8 images to a doubt for each."""
    layers = list(model)[:-1]

    @torch.no_grad()
    def hidden(images):
        x = data.scale(images)
        for layer in layers:
            x = layer(x)
        return x

    known = hidden(train.images)
    found = {
        "energy": lambda images: calibrate.energy(evaluate.logits(model, images)),
        "distance in the last hidden layer": lambda images: calibrate.distance(
            hidden(images), known, train.labels
        ),
    }
    if list(model)[-1].out_features > 10:
        found["extra score"] = lambda images: calibrate.doubt(evaluate.outputs(model, images))
    return found


def report(rows: dict[str, list], kinds: list[str]) -> list[str]:
    """The table: what share of each kind passes for digits, averaged over the seeds."""
    groups = {"all trained on": nondigits.TRAINED, "all set aside": nondigits.SET_ASIDE}
    lines = []
    for name, runs in rows.items():
        means = dict(zip(kinds, torch.tensor(runs).mean(0).tolist(), strict=True))
        together = [sum(means[k] for k in group) / len(group) for group in groups.values()]
        cells = [f"{100 * value:.1f}" for value in [*together, *means.values()]]
        lines.append([name, *cells])
    return [
        "# How should the classifier say that it isn't a digit?",
        "",
        "Non-digits taken for digits, in per cent, where each score refuses "
        f"at most {percent(calibrate.REFUSED, 2)} of each digit among 5,000 validation digits: {N:,} of each kind, "
        f"mean of {len(SEEDS)} seeds of recipe `pad`, no digits degraded or in other hands; made by "
        f"`python benchmarks/refusal.py`. One seed's share has a 95 % interval of at most "
        f"± {100 * 1.96 * (0.25 / N) ** 0.5:.1f}.",
        "",
        *table(["score", *groups, *kinds], lines),
        "",
        CHOICE,
    ]


if __name__ == "__main__":
    main()
