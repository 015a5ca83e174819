"""Sphinx extension: where the launch buttons lead, from one setting or from the git remote.

``repository: url`` in ``_config.yml`` decides. Where it is empty, the remote ``origin`` does, if it is on
GitHub. Where there is neither, the launch buttons are left out.
"""

import re
import subprocess


def web_address(remote: str) -> str:
    """The https address of a git remote on GitHub, which Colab can open; empty for any other, such as a folder."""
    prefix = r"(?:https://|ssh://git@|git@)github\.com[/:]"
    match = re.fullmatch(prefix + r"(.+?)(?:\.git)?/?", remote.strip())
    return f"https://github.com/{match[1]}" if match else ""


def origin(folder) -> str:
    """The address of the remote ``origin``; empty without one, or without git."""
    try:
        command = ["git", "-C", str(folder), "remote", "get-url", "origin"]
        return subprocess.run(
            command, capture_output=True, text=True, check=False
        ).stdout
    except FileNotFoundError:
        return ""


def set_repository(app, config):
    """Fill in the repository's address, or drop the buttons that need it."""
    options = config.html_theme_options
    options["repository_url"] = options.get("repository_url") or web_address(
        origin(app.srcdir)
    )
    if not options["repository_url"]:
        options.pop("launch_buttons", None)


def setup(app):
    """Register with Sphinx."""
    app.connect("config-inited", set_repository)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
