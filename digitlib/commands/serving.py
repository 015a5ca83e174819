"""``digitlib app`` and ``digitlib deploy``: the pad on this machine, and on Hugging Face, where a model can lie too."""

import argparse
from pathlib import Path

from digitlib.commands.options import add_weights
from digitlib.files import write_folder
from digitlib.plain import readable

__all__ = ["app", "app_options", "deploy", "deploy_options"]


def app_options(parser: argparse.ArgumentParser) -> None:
    """What ``digitlib app`` takes."""
    add_weights(parser)
    text = "default: the first free one from 7860"
    parser.add_argument("--port", type=int, help=text)


def app(options: argparse.Namespace) -> int:
    """Serve the drawing pad on this machine."""
    from digitlib.hosts import app

    app.serve(options.port, options.weights)
    return 0


def deploy_options(parser: argparse.ArgumentParser) -> None:
    """What ``digitlib deploy`` takes."""
    kind = parser.add_mutually_exclusive_group(required=True)
    texts = {
        "static": "the pad, computed in the visitor's browser",
        "gradio": "the pad and an API, computed by the Space",
        "model": "the weights and their card, for DigitClassifier.from_hub",
    }
    for name, text in texts.items():
        # False where it isn't asked for, None where it is but under no name.
        kind.add_argument(f"--{name}", nargs="?", default=False, metavar="USER/NAME", help=text)
    add_weights(parser, "a weights file; with --gradio a model in ONNX too")
    instead = parser.add_mutually_exclusive_group()
    text = "publish nothing, so that no name is needed; list the files"
    instead.add_argument("--dry-run", action="store_true", help=text)
    text = "publish nothing, so that no name is needed; write the files into a new or empty folder"
    instead.add_argument("--out", dest="folder", type=Path, metavar="FOLDER", help=text)


def deploy(options: argparse.Namespace) -> int:
    """Publish the pad as a Space on Hugging Face, or the weights as a model; or make the folder of it."""
    from digitlib.book.entries import entries
    from digitlib.hosts import deploy
    from digitlib.hosts.publish import publish

    asked = {kind: getattr(options, kind) for kind in deploy.KINDS}
    [(kind, name)] = [item for item in asked.items() if item[1] is not False]
    if name is not None:
        deploy.check_name(name)
    elif not (options.dry_run or options.folder):
        raise ValueError(
            f"expected a name to publish it under, such as --{kind} ada/digits; "
            "--out FOLDER and --dry-run need none"
        )
    files = deploy.gather(kind, name, options.weights, entries("mnist"))
    if options.dry_run:
        print(deploy.front_matter(files), deploy.listing(files), sep="\n")
    elif options.folder:
        write_folder(files, options.folder)
        print(f"{readable(options.folder)}: {len(files)} files")
    else:
        address, gone = publish(files, name, kind)
        print(f"{address}: {len(files)} files" + "".join(f"\n  deleted: {name}" for name in gone))
    return 0
