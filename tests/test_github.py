"""What the repository does on GitHub: workflows, forms, and the branch with the site. What can run without it, runs."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
GITHUB = ROOT / ".github"
WORKFLOWS = sorted(path.stem for path in (GITHUB / "workflows").glob("*.yml"))
CONFIG = GITHUB / "ISSUE_TEMPLATE" / "config.yml"
SCHEMAS = {
    "github-workflows": [GITHUB / "workflows" / f"{name}.yml" for name in WORKFLOWS],
    "github-issue-forms": sorted(set(CONFIG.parent.glob("*.yml")) - {CONFIG}),
    "github-issue-config": [CONFIG],
    "dependabot": [GITHUB / "dependabot.yml"],
    "citation-file-format": [ROOT / "CITATION.cff"],
}
# What each job may do. Whatever isn't named, it may not.
PERMISSIONS = {
    ("ci", "check"): {"contents": "read"},
    ("pages", "publish"): {"contents": "write", "pages": "read"},
    ("release", "build"): {"contents": "read", "pages": "read"},
    ("release", "release"): {"contents": "write"},
    ("release", "index"): {"id-token": "write"},
    ("release", "hub"): {"contents": "read"},
    ("weekly", "colab"): {"contents": "read"},
    ("weekly", "pages"): {"contents": "read"},
    ("weekly", "tell"): {"issues": "write"},
}
# Without what a git hook or a make around this test would hand down; and with somebody who commits.
PLAIN = {name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "MAKE"))}
WRITER = PLAIN | {
    f"GIT_{role}_{part}": "somebody@example.org"
    for role in ("AUTHOR", "COMMITTER")
    for part in ("NAME", "EMAIL")
}


def workflow(name):
    text = (GITHUB / "workflows" / f"{name}.yml").read_text(encoding="utf-8")
    return yaml.safe_load(text)


def jobs():
    for name in WORKFLOWS:
        for job, content in workflow(name)["jobs"].items():
            yield name, job, content


def steps(key):
    """Every step that has a ``run`` or ``uses``: workflow, job and its value."""
    return [
        (name, job, step[key])
        for name, job, content in jobs()
        for step in content["steps"]
        if key in step
    ]


def script(name, part):
    """The one step of a workflow with a part of a command in it."""
    [found] = [run for place, _, run in steps("run") if place == name and part in run]
    return found


def run(command, folder, **settings):
    """Run a step as GitHub does, with stand-ins from ``folder``; what it says, and the calls that they noted."""
    path = f"{folder}{os.pathsep}{os.environ['PATH']}"
    settings = PLAIN | settings | {"PATH": path, "CALLS": f"{folder}/calls"}
    shell = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", command]
    subprocess.run(shell, cwd=folder, env=settings, check=True, capture_output=True)
    return (folder / "calls").read_text().splitlines()


def stand_in(folder, name, body=""):
    """A command that notes how it was called, and then does what ``body`` says."""
    file = folder / name
    file.write_text(f'#!/bin/sh\necho "{name} $*" >> "$CALLS"\n{body}\n')
    file.chmod(0o755)


@pytest.mark.parametrize("schema", SCHEMAS)
def test_each_file_fits_its_schema(schema):
    command = ["check_jsonschema", "--builtin-schema", f"vendor.{schema}"]
    result = subprocess.run(
        [sys.executable, "-m", *command, *SCHEMAS[schema]],
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stdout


def test_ci_runs_the_two_commands():
    commands = [run for name, _, run in steps("run") if name == "ci"]
    assert commands == ["make book", "make lint", "make test", "make quick"]


def test_ci_checks_the_oldest_python_and_both_ends_of_the_ranges():
    matrix = workflow("ci")["jobs"]["check"]["strategy"]["matrix"]
    assert f'requires-python = ">={matrix["python"][0]}"' in (ROOT / "pyproject.toml").read_text(
        encoding="utf-8"
    )
    ends = {item["resolution"] for item in matrix["include"]}
    assert ends == {"highest", "lowest-direct"}
    help_of_test = re.search(r"^test:.*", (ROOT / "Makefile").read_text(), re.M)[0]
    assert all(end in help_of_test for end in ends)


@pytest.mark.parametrize("end", ["highest", "lowest-direct", ""])
def test_a_resolution_leaves_the_constraints_aside(end):
    command = ["make", "--dry-run", "--always-make", "test", f"RESOLUTION={end}"]
    said = subprocess.run(
        command, cwd=ROOT, env=PLAIN, capture_output=True, text=True, check=True
    ).stdout
    assert (f"--resolution {end}" in said) == bool(end)
    assert ("--constraint constraints.txt" in said) == (not end)
    assert (f".venv-{end}/bin/python -m pytest" in said) == bool(end)


def test_binder_gets_a_python_that_ci_checks():
    """repo2docker overlooks a range, and takes a Python of its own choice."""
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    [python] = [
        re.fullmatch(r"python=([\d.]+)", item)[1]
        for item in environment["dependencies"]
        if str(item).startswith("python")
    ]
    matrix = workflow("ci")["jobs"]["check"]["strategy"]["matrix"]
    assert python in matrix["python"]


def test_every_target_that_a_workflow_makes_is_there():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
    made = {
        (name, target)
        for name, _, run in steps("run")
        for target in re.findall(r"\bmake ([a-z]+)", run)
    }
    assert {(name, target) for name, target in made if target not in targets} == set()
    assert {name for name, _ in made} == set(WORKFLOWS)


def test_no_job_may_do_more_than_it_does():
    assert {
        (name, job): content.get("permissions", workflow(name)["permissions"])
        for name, job, content in jobs()
    } == PERMISSIONS
    # A job that is added and forgets to say what it may do may then read at most.
    assert all(workflow(name)["permissions"] in ({}, {"contents": "read"}) for name in WORKFLOWS)


def test_actions_are_githubs_own_but_for_the_indexs():
    others = {(name, uses) for name, _, uses in steps("uses") if not uses.startswith("actions/")}
    assert others == {("release", "pypa/gh-action-pypi-publish@release/v1")}


def test_no_step_pastes_what_others_can_write():
    """A title or a branch's name in a script would be run; through ``env`` it is only read."""
    assert [run for _, _, run in steps("run") if "${{" in run] == []


@pytest.mark.parametrize(
    ("answer", "address"),
    [
        ("echo https://digits.example.org/", "https://digits.example.org"),
        ("""echo '{"message": "Not Found"}'; exit 1""", "https://ada.github.io/digits"),
    ],
)
def test_the_sites_address_is_known_before_pages_is_on(answer, address, tmp_path):
    stand_in(tmp_path, "gh", answer)
    stand_in(tmp_path, "make")
    calls = run(
        script("pages", "make site"),
        tmp_path,
        GITHUB_REPOSITORY="ada/digits",
        GITHUB_REPOSITORY_OWNER="ada",
    )
    assert calls[-1] == f"make site ADDRESS={address}"


@pytest.mark.parametrize("open_one", ["", "7"])
def test_what_breaks_by_itself_opens_one_issue(open_one, tmp_path):
    stand_in(tmp_path, "gh", f'case "$2" in list) echo "{open_one}" ;; esac')
    command = script("weekly", "gh issue")
    _, asked, told = run(command, tmp_path, RUN="https://example.org/run/1")
    assert "--label weekly --state open" in asked
    first = "gh issue comment 7 " if open_one else "gh issue create --label weekly "
    assert told.startswith(first) and told.endswith("https://example.org/run/1")


@pytest.mark.parametrize(
    ("names", "deploys"),
    [
        ({"NAME": "ada/digits", "HF_TOKEN": "secret"}, True),
        ({"NAME": "ada/digits", "HF_TOKEN": ""}, False),
        ({"NAME": "", "HF_TOKEN": "secret"}, False),
    ],
)
def test_a_release_fills_the_hub_where_it_is_told_a_name_and_a_token(names, deploys, tmp_path):
    stand_in(tmp_path, "digitlib")
    (tmp_path / "calls").touch()
    command = script("release", "digitlib deploy")
    calls = run(command, tmp_path, KIND="static", **names)
    assert calls == ["digitlib deploy --static ada/digits"] * deploys
    if deploys:
        stand_in(tmp_path, "digitlib", "exit 1")
        with pytest.raises(subprocess.CalledProcessError):
            run(command, tmp_path, KIND="static", **names)


@pytest.mark.parametrize("tag", ["v0.3.1", "v0.3.10", "0.3", "v0.3-1"])
def test_a_tag_must_be_the_packages_version(tag, tmp_path):
    (tmp_path / "pyproject.toml").write_text('[project]\nversion = "0.3.1"\n')
    for name in ("python", "uv"):
        stand_in(tmp_path, name)
    (tmp_path / "calls").touch()
    command = f"make --file '{ROOT}/Makefile' BIN=. dist TAG=\"$GITHUB_REF_NAME\""
    assert command.endswith(script("release", "make dist").removeprefix("make "))
    if tag == "v0.3.1":
        built, checked = run(command, tmp_path, GITHUB_REF_NAME=tag)
        assert built.startswith("python -m uv build")
        assert "twine check --strict" in checked
        return
    with pytest.raises(subprocess.CalledProcessError) as error:
        run(command, tmp_path, GITHUB_REF_NAME=tag)
    assert f'version = "0.3.1", got {tag}' in error.value.stdout.decode()
    assert (tmp_path / "calls").read_text() == ""


def git(folder, *arguments):
    return subprocess.run(
        ["git", *arguments],
        cwd=folder,
        env=WRITER,
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def make_published(folder):
    return subprocess.run(
        ["make", "--file", ROOT / "Makefile", "published"],
        cwd=folder,
        env=WRITER,
        capture_output=True,
        text=True,
    )


@pytest.fixture
def checkout(tmp_path):
    """A checkout with one commit, a made site and a remote that takes it."""
    git(tmp_path, "init", "--quiet", "--bare", "remote")
    git(tmp_path, "init", "--quiet", "here")
    here = tmp_path / "here"
    git(here, "remote", "add", "origin", str(tmp_path / "remote"))
    (here / ".gitignore").write_text("_site/\n")
    (here / ".git" / "info").mkdir(exist_ok=True)
    (here / ".git" / "info" / "exclude").write_text("*.zip\n")  # as people have it
    git(here, "add", ".gitignore")
    git(here, "commit", "--quiet", "--message", "A commit")
    (here / "_site" / "_static").mkdir(parents=True)
    (here / "_site" / "index.html").write_text("one")
    (here / "_site" / "_static" / "book.css").write_text("two")
    (here / "_site" / "book.zip").write_text("three")
    return here


def test_the_published_branch_is_the_site_in_one_commit(checkout):
    remote, before = checkout.parent / "remote", git(checkout, "status", "--short")
    for text in ("one", "another"):
        (checkout / "_site" / "index.html").write_text(text)
        result = make_published(checkout)
        assert result.returncode == 0, result.stderr
        files = git(remote, "ls-tree", "-r", "--name-only", "published").split()
        assert files == [".nojekyll", "_static/book.css", "book.zip", "index.html"]
        assert git(remote, "show", "published:index.html") == text
        assert git(remote, "rev-list", "--count", "published").strip() == "1"
    (checkout / "_site" / "_static" / "book.css").unlink()
    assert make_published(checkout).returncode == 0
    assert "book.css" not in git(remote, "ls-tree", "-r", "--name-only", "published")
    assert git(checkout, "status", "--short") == before


def test_a_domain_of_ones_own_is_kept(checkout):
    assert make_published(checkout).returncode == 0
    git(checkout, "fetch", "--quiet", "origin", "published")
    git(checkout, "checkout", "--quiet", "FETCH_HEAD")
    (checkout / "CNAME").write_text("digits.example.org\n")
    git(checkout, "add", "CNAME")
    git(checkout, "commit", "--quiet", "--message", "As GitHub does it")
    git(checkout, "push", "--quiet", "origin", "HEAD:published")
    (checkout / "_site").mkdir(exist_ok=True)
    (checkout / "_site" / "index.html").write_text("a new one")
    for _ in range(2):
        assert make_published(checkout).returncode == 0
        kept = git(checkout.parent / "remote", "show", "published:CNAME")
        assert kept == "digits.example.org\n"


def test_what_github_would_refuse_is_not_pushed(checkout):
    with (checkout / "_site" / "book.zip").open("wb") as file:
        file.truncate(100 * 2**20 + 1)
    result = make_published(checkout)
    assert result.returncode and "_site/book.zip" in result.stdout
    (checkout / "_site" / "book.zip").unlink()
    (checkout / "_site" / "index.html").unlink()
    result = make_published(checkout)
    assert result.returncode and "make site" in result.stdout
    assert git(checkout.parent / "remote", "branch") == ""
