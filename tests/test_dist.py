"""What is built for others: the archive of the sources, the wheel, the page on an index; and a folder with any name."""

import os
import re
import shlex
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from email.parser import BytesParser
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
HEAVY = {"benchmarks/record.safetensors", "book/_static/pad.webp"}


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The archive of the sources and the wheel, made without a network."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "--directory", folder]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    [archive], [wheel] = folder.glob("*.tar.gz"), folder.glob("*.whl")
    return archive, wheel


@pytest.fixture(scope="module")
def unpacked(built, tmp_path_factory):
    folder = tmp_path_factory.mktemp("unpacked")
    with tarfile.open(built[0]) as archive:
        archive.extractall(folder, filter="data")
    [inside] = folder.iterdir()
    return inside


def test_the_archive_holds_all_but_the_heavy_files(built, unpacked):
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("not a git checkout")
    ours = {name for name in listed.stdout.split("\0") if (ROOT / name).is_file()}
    held = {path.relative_to(unpacked).as_posix() for path in unpacked.rglob("*")}
    assert ours - held == HEAVY
    assert built[0].stat().st_size < 4_250_000  # the photos of a chapter are 450 kB of it


@pytest.mark.server
def test_the_archives_tests_can_be_collected(unpacked):
    options = ["--collect-only", "--quiet", "-p", "no:cacheprovider"]
    settings = {name: value for name, value in os.environ.items() if name != "PYTEST_ADDOPTS"}
    result = subprocess.run(
        [sys.executable, "-m", "pytest", *options],
        cwd=unpacked,
        env=settings,
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stdout[-2000:]
    for part in ("tests/test_house.py", "tests/test_benchmarks.py", "digitlib/"):
        assert f"\n{part}" in f"\n{result.stdout}"


def test_the_archive_builds_the_same_wheel(built, unpacked, tmp_path):
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel"]
    command += ["--directory", tmp_path]
    subprocess.run(command, cwd=unpacked, check=True, capture_output=True)
    [again] = tmp_path.glob("*.whl")
    assert again.read_bytes() == built[1].read_bytes()


def test_the_wheel_holds_the_package_alone(built):
    with zipfile.ZipFile(built[1]) as wheel:
        names = wheel.namelist()
    assert {name.partition("/")[0] for name in names} == {
        "digitlib",
        f"digitlib-{PROJECT['version']}.dist-info",
    }
    package = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "digitlib").rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }
    assert {name for name in names if name.startswith("digitlib/")} == package
    assert "digitlib/py.typed" in names  # without it no checker of types would read them


def description(wheel):
    """What an index shows of the package."""
    with zipfile.ZipFile(wheel) as files:
        [name] = [name for name in files.namelist() if name.endswith("/METADATA")]
        return BytesParser().parsebytes(files.read(name)).get_payload()


def test_a_page_on_an_index_links_to_nothing_beside_it(built):
    shown = description(built[1])
    addresses = re.findall(r"\]\(([^)]*)\)|(?:src|href)=.([^\s\"'>]*)", shown)
    assert addresses and all(
        address.startswith("https://") for pair in addresses for address in pair if address
    )  # fmt: skip
    assert "![" not in shown and "pad.webp" not in shown
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    relative = re.findall(r"(?<!!)\[([^\]]+)\]\((?!https://)", readme)
    assert len(relative) > 8 and all(words in shown for words in relative)
    blocks = re.findall(r"```.*?```", readme, re.DOTALL)
    assert blocks and all(block in shown for block in blocks)


def test_the_version_is_the_same_wherever_it_stands():
    version = PROJECT["version"]
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == version
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"## [{version}]" in changelog or f"this becomes {version}." in changelog


def test_no_command_breaks_in_a_folder_with_spaces_and_umlauts(tmp_path):
    """Each target's commands, as the shell would take them apart: the folder's name is in one piece, or isn't there."""
    folder = tmp_path / "Wörk üb er"
    folder.mkdir()
    shutil.copy(ROOT / "Makefile", folder)
    targets = re.search(r"^\.PHONY: (.*)", (ROOT / "Makefile").read_text(), re.M)[1]
    for name in ("pyproject.toml", "constraints.txt"):
        (folder / name).touch()
    settings = {key: os.environ[key] for key in os.environ if not key.startswith("MAKE")}
    said = subprocess.run(
        ["make", "--dry-run", "--always-make", *targets.split()],
        cwd=folder,
        env=settings,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    words = [word for word in shlex.split(said) if "Wörk" in word]
    assert words and all(folder.name in word for word in words)
