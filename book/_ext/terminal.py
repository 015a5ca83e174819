"""The command line as a part of the reference: what its parser knows of each command, as reStructuredText."""

import argparse
import re

from digitlib import cli

MARKS = re.compile(r"(?<!\S)(--[\w-]+)|([\\`*|_])")


def commands() -> dict[str, argparse.ArgumentParser]:
    """The parsers of the commands, by name."""
    actions = cli._parser()._actions
    [several] = [one for one in actions if isinstance(one, argparse._SubParsersAction)]
    return several.choices


def section(parser: argparse.ArgumentParser) -> str:
    """A command: what it does, an example, and what can be given to it."""
    parts = [plain(parser.description or "")]
    if parser.epilog:
        parts.append(f".. code-block:: sh\n\n   {parser.epilog.removeprefix('example: ')}")
    parts.append(f".. program:: {parser.prog}")
    formatter = parser._get_formatter()
    for action in parser._actions:
        if argparse.SUPPRESS not in (action.help, action.dest) and action.dest != "help":
            head = formatter._format_action_invocation(action)
            text = formatter._expand_help(action) if action.help else ""
            parts.append(f".. option:: {head}\n\n   {plain(text)}")
    return "\n\n".join(parts)


def plain(text: str) -> str:
    """A text in which no sign is markup, and options are code."""
    return MARKS.sub(lambda found: f"``{found[1]}``" if found[1] else f"\\{found[2]}", text)
