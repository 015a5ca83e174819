"""The rules of the house: floors, names, and what may lie in the repository."""

import ast
import doctest
import importlib
import inspect
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.version import Version

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "digitlib"
FILES = {
    ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted(PACKAGE.rglob("*.py"))
}
MODULES = [name for name, path in FILES.items() if not path.name.startswith("__")]
FACES = [name for name in FILES if f"{name}." in " ".join(FILES)]
GROUND = {
    *(
        "accuracy",
        "classify",
        "files",
        "hub",
        "inputs",
        "picture",
        "pixels",
        "plain",
        "preprocess",
        *("reading", "reading.components", "reading.ground", "reading.ink", "reading.morphology"),
        *("reading.ruling", "reading.sheet", "reading.sign"),
        *("paper", "paper.blank", "paper.cells", "paper.marks", "paper.straight", "paper.template"),
        "sheets",
        "weights",
    ),
}
# Which rooms may import a room; all may import what lies on the way, none what isn't listed.
WHO_IMPORTS = {
    "reading": {"reading", "picture", "paper"},
    "paper": {"paper", "sheets"},
    "book": {"book", "commands"},
    "hosts": {"hosts", "commands"},
    "report": {"book", "report", "commands"},
    "commands": {"commands", "cli"},
    "drawn": {"drawn", "recipes", "report", "commands"},
    "cli": {"__main__"},
}
# What a function of the ground floor may import when it is called, and not before.
WHEN_CALLED = {"classify": {"onnxruntime"}, "hub": {"huggingface_hub"}}

# Where test digits may be read, and why.
READS_TEST_DIGITS = {
    "digitlib/data.py": "defines load_test",
    "digitlib/mnist.py": "knows the names of their files",
    "digitlib/commands/asking.py": "digitlib evaluate --test",
    "book/text/04-validate.md": "once, at its end",
    "book/04-validate.ipynb": "made from that text",
    "book/text/11-record.md": "the published weights, chosen before",
    "book/11-record.ipynb": "made from that text",
    "tests/test_data.py": "the size of optdigits'",
    "tests/test_mnist.py": "files of its own making",
}


def imports(module):
    """Every name that a module imports, anywhere in it, in full: ``digitlib.data``, ``numpy``."""
    return names_in(ast.parse(FILES[module].read_text()))


def names_in(tree):
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            assert not node.level, "a relative import"
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
    return names


def imports_at_once(module):
    """Every name that a module imports outside its functions."""
    tree = ast.parse(FILES[module].read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            node.body = []
    return names_in(tree)


def imported(module):
    """The package's modules and faces that a module imports."""
    return {name.removeprefix("digitlib.") for name in imports(module)} & set(FILES)


def room(module):
    """The folder that a module lies in, or the module itself where it lies in none."""
    return module.partition(".")[0]


def tracked():
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("not a git checkout")
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def texts():
    for path in tracked():
        if path.suffix not in (".npz", ".png", ".webp", ".safetensors"):
            yield path, path.read_text(encoding="utf-8")


def test_importing_the_package_imports_no_torch():
    heavy = {"torch", "gradio", "matplotlib", "huggingface_hub"}
    code = f"import sys, digitlib, digitlib.cli; print({heavy} & set(sys.modules) or 'none')"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "none"


@pytest.mark.parametrize("module", [*sorted(GROUND & set(FILES)), "__init__"])
def test_the_ground_floor_stands_on_itself(module):
    assert imported(module) <= GROUND
    allowed = {"digitlib", "numpy", "PIL", "safetensors"} | sys.stdlib_module_names
    assert {name.partition(".")[0] for name in imports_at_once(module)} <= allowed
    allowed |= WHEN_CALLED.get(module, set())
    assert {name.partition(".")[0] for name in imports(module)} <= allowed


def test_a_room_is_entered_by_few():
    for room_asked, allowed in WHO_IMPORTS.items():
        entering = {
            room(module)
            for module in FILES
            for name in imported(module)
            if room(name) == room_asked
        }
        assert entering <= allowed, room_asked


@pytest.mark.parametrize("low", ["drawn", "engine"])
def test_what_draws_and_what_drives_know_nothing_above_them(low):
    """Not the way beyond data, deformations and shares, and no room but themselves."""
    way = GROUND | {"augment", "data", "evaluate", low}
    for module in FILES:
        if room(module) == low:
            assert {room(name) for name in imported(module)} <= way, module


@pytest.mark.parametrize("face", FACES)
def test_a_face_defines_nothing(face):
    """A folder's ``__init__`` says what lies there."""
    [said] = ast.parse(FILES[face].read_text()).body
    assert isinstance(said, ast.Expr) and isinstance(said.value.value, str)


def test_no_import_goes_in_a_circle():
    above = {module: imported(module) - {module} for module in FILES}
    while leaves := [module for module, needs in above.items() if not needs & set(above)]:
        for module in leaves:
            del above[module]
    assert above == {}


@pytest.mark.parametrize("module", MODULES)
def test_public_names_are_listed_and_documented(module):
    loaded = importlib.import_module(f"digitlib.{module}")
    assert loaded.__doc__
    for name in loaded.__all__:
        thing = getattr(loaded, name)
        if inspect.isclass(thing) or inspect.isfunction(thing):
            assert inspect.getdoc(thing), name
        if inspect.isclass(thing):
            for method, function in vars(thing).items():
                if not method.startswith("_") and inspect.isfunction(function):
                    assert function.__doc__ or method == "forward", f"{name}.{method}"


@pytest.mark.parametrize(
    "module",
    [name for name in MODULES if room(name) not in ("cli", "commands")],
)
def test_each_public_name_is_shown_in_an_example(module):
    """By its bare name or its module's, in a docstring of that module; what a terminal asks has none."""
    tree = ast.parse(FILES[module].read_text())
    listed = importlib.import_module(f"digitlib.{module}").__all__
    public = [
        part.name for part in tree.body if isinstance(part, DOCUMENTED) and part.name in listed
    ]
    shown = {name for text in docstrings(tree) for name in names_shown(text, module)}
    assert [name for name in public if name not in shown] == []


DOCUMENTED = ast.FunctionDef | ast.ClassDef


def docstrings(tree):
    parts = [part for part in ast.walk(tree) if isinstance(part, DOCUMENTED)]
    return [ast.get_docstring(part) or "" for part in (tree, *parts)]


def names_shown(text, module):
    """The names that a docstring's examples use: ``name``, or ``module.name``; to import one is not to use it."""
    own = module.rpartition(".")[2]
    for example in doctest.DocTestParser().get_examples(text):
        for node in ast.walk(ast.parse(example.source)):
            if isinstance(node, ast.Name):
                yield node.id
            elif isinstance(node, ast.Attribute) and getattr(node.value, "id", "") == own:
                yield node.attr


@pytest.mark.parametrize("module", FILES)
def test_no_module_is_long_and_no_function_either(module):
    """Beside what their docstrings explain and show."""
    text = FILES[module].read_text()
    tree = ast.parse(text)
    parts = [part for part in ast.walk(tree) if isinstance(part, ast.FunctionDef | ast.ClassDef)]
    told = sum(map(lines_told, [tree, *parts]))
    assert len(text.splitlines()) - told <= 300
    for part in parts:
        if isinstance(part, ast.FunctionDef):
            assert part.end_lineno - part.lineno - lines_told(part) < 35, part.name


def test_every_function_says_its_types():
    """All but the one that the book prints before it speaks of types; the checker lets its module pass."""
    untyped = {
        f"{module}.{part.name}"
        for module in FILES
        for part in ast.walk(ast.parse(FILES[module].read_text()))
        if isinstance(part, ast.FunctionDef) and not says_its_types(part)
    }
    assert untyped == {"train.train_epoch"}


def says_its_types(function):
    named = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
    named += filter(None, [function.args.vararg, function.args.kwarg])
    said = all(name.annotation or name.arg in ("self", "cls") for name in named)
    return said and (function.returns or function.name == "__init__")


def lines_told(part):
    """How many lines a docstring takes."""
    if ast.get_docstring(part) is None:
        return 0
    return part.body[0].end_lineno - part.body[0].lineno + 1


@pytest.mark.parametrize("module", MODULES)
def test_each_module_has_its_tests(module):
    assert (ROOT / "tests" / f"test_{module.rpartition('.')[2]}.py").is_file()


def test_test_digits_are_read_in_few_places():
    ways = re.compile(
        r"load_test|_load_mnist|_load_optdigits|load_digits|t10k|mnist\.find|train=False"
    )
    readers = {
        path.relative_to(ROOT).as_posix()
        for path, text in texts()
        if ways.search(text) and path != Path(__file__)
    }
    assert readers == set(READS_TEST_DIGITS)


def test_the_chapter_reads_them_once_at_its_end():
    text = (ROOT / "book/text/04-validate.md").read_text()
    assert text.count("load_test(") == 1
    assert (
        text.index("load_test(") > text.index("## The second drawer") > text.index("## On your own")
    )
    rest = text[text.index("load_test(") :]
    [comparison] = re.findall(r"\{code-cell\}.*?```", rest, re.S)
    assert not re.search(r"train|fit|step", comparison)


def test_the_book_states_the_rule():
    rule = "No choice follows a reading of the test set."
    assert rule in (ROOT / "book/text/01-split.md").read_text()
    assert rule.lower() in (ROOT / "book/index.md").read_text().lower()


def test_no_file_names_a_machine():
    homes = re.compile(r"(?<![\w.~-])/(?:home|Users|root|work|tmp|farm)/\w|[A-Z]:\\Users")
    found = [(path.name, match[0]) for path, text in texts() if (match := homes.search(text))]
    assert found == []


def test_no_file_is_large():
    large = [path.name for path in tracked() if path.stat().st_size > 3_000_000]
    assert large == ["record.safetensors"]
    assert (ROOT / "benchmarks" / large[0]).stat().st_size < 13_000_000


def test_constraints_name_no_host():
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    assert all(re.fullmatch(r"#.*|[\w.-]+==[^ /]+( ; .+)?", line) for line in lines)


def project():
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def name_of(requirement):
    return re.match(r"[\w.-]+", requirement)[0].lower()


def test_each_dependency_is_named_once():
    extras = project()["optional-dependencies"]
    names = [
        name_of(line) for part in (project()["dependencies"], *extras.values()) for line in part
    ]
    # Twice torch: a reader's own trains, and a newer one exports as well.
    assert sorted(names) == sorted([*set(names), "torch"])
    constrained = {
        name_of(line)
        for line in (ROOT / "constraints.txt").read_text().splitlines()
        if line[0] != "#"
    }
    assert set(names) <= constrained


def test_environment_names_what_pyproject_does():
    dependencies = yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]
    [pip] = [item["pip"] for item in dependencies if isinstance(item, dict)]
    conda = [item for item in dependencies if isinstance(item, str) and item != "pip"]
    [extras] = [re.fullmatch(r"-e \.\[(.+)\]", line)[1].split(",") for line in pip]
    offered = project()["optional-dependencies"]
    assert {"train", "app"} <= set(extras) <= set(offered)
    ranges = {line.replace("pytorch-cpu", "torch") for line in conda if ">" in line}
    heavy = {}  # the highest that any of the extras asks for, or pip would fetch another
    for line in (line for extra in extras for line in offered[extra]):
        if line.startswith("torch"):
            both = [line, heavy.get(name_of(line), line)]
            heavy[name_of(line)] = max(both, key=lambda one: Version(one.split("=")[1]))
    assert ranges == set(heavy.values())
    assert "jupyterlab" in conda


def test_the_root_holds_what_belongs_there():
    top = {path.relative_to(ROOT).parts[0] for path in tracked()}
    assert top <= {
        "README.md", "LICENSE", "CITATION.cff", "CHANGELOG.md", "pyproject.toml", "constraints.txt", "environment.yml",
        "Makefile", "_config.yml", "_toc.yml",
        "book", "digitlib", "benchmarks", "tests", ".ci", ".github", ".gitignore",
    }  # fmt: skip
