"""The command line as a part of the reference: what its parser knows of each command, as reStructuredText."""

import argparse

from digitlib import cli


def commands() -> dict[str, argparse.ArgumentParser]:
    """The parsers of the commands, by name."""
    actions = cli._parser()._actions
    [several] = [one for one in actions if isinstance(one, argparse._SubParsersAction)]
    return several.choices


def section(parser: argparse.ArgumentParser) -> str:
    """A command: how it is called, what it does, an example, and what can be given to it."""
    usage = " ".join(parser.format_usage().removeprefix("usage: ").split())
    parts = [parser.description, f".. code-block:: none\n   :class: usage\n\n   {usage}"]
    if parser.epilog:
        parts.append(f".. code-block:: sh\n\n   {parser.epilog.removeprefix('example: ')}")
    parts.append(f".. program:: {parser.prog}")
    formatter = parser._get_formatter()
    for action in parser._actions:
        if argparse.SUPPRESS not in (action.help, action.dest) and action.dest != "help":
            head = formatter._format_action_invocation(action)
            text = formatter._expand_help(action) if action.help else ""
            parts.append(f".. option:: {head}\n\n   {text}")
    return "\n\n".join(parts)
