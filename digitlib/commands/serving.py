"""``digitlib app``, ``smoke`` and ``deploy``: the pad on this machine; is it well; and on Hugging Face, or a model."""

import argparse
from pathlib import Path

from digitlib.commands.options import add_weights
from digitlib.files import write_folder
from digitlib.plain import readable

__all__ = ["app", "app_options", "deploy", "deploy_options", "smoke", "smoke_options"]


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


def smoke_options(parser: argparse.ArgumentParser) -> None:
    """What ``digitlib smoke`` takes."""
    parser.add_argument("address", metavar="ADDRESS", help="such as http://127.0.0.1:7860")
    text = "a picture and what is on it, or 'not a digit' or 'blank', in place of three digits; as often as you like"
    parser.add_argument("--drawing", dest="known", action="append", metavar="NAME=FILE", help=text)
    text = "how many answers are timed (default: 30)"
    parser.add_argument("--times", type=int, default=30, metavar="N", help=text)
    text = "how long to wait for an app that is being started (default: 0)"
    parser.add_argument("--wait", type=float, default=0, metavar="SECONDS", help=text)


def smoke(options: argparse.Namespace) -> int:
    """Ask a running app about drawings with known answers; exit code 1 where it names one wrongly."""
    from digitlib.hosts.smoke import smoke

    known = None if options.known is None else list(map(_drawing, options.known))
    found = smoke(options.address, known, options.times, options.wait)
    print(found)
    return 0 if found.right else 1


def _drawing(said: str) -> tuple[str, bytes]:
    """The name and the content of ``NAME=FILE``."""
    name, _, file = said.partition("=")
    if not (name and file):
        raise ValueError(f"expected NAME=FILE, such as 7=seven.png, got {said!r}")
    return name, Path(file).read_bytes()


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
