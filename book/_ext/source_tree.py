"""The package as its source says it, read without importing any of it: what is public, and what a name means where.

griffe reads the source. :class:`Package` follows names through imports and base classes, as Python would.
"""

import ast
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

import griffe

ROOT = Path(__file__).parents[2]
HIDDEN = ("__init__", "__post_init__")  # what a class's own entry says


class NoSuchName(ValueError):
    """A docstring refers to something that isn't there; says where, and to what."""


class Package:
    """A package's modules, and what is public in them.

    Args:
        folder: where the package lies.
        name: its own.

    Attributes:
        root: griffe's tree of it.
    """

    def __init__(self, folder: Path = ROOT, name: str = "digitlib"):
        options = {
            "warnings": False,
            "returns_named_value": False,
            "returns_multiple_items": False,
        }
        self.root = griffe.load(
            name,
            search_paths=[folder],
            docstring_parser="google",
            docstring_options=options,
            allow_inspection=False,
        )

    @cached_property
    def modules(self) -> dict[str, griffe.Module]:
        """Every module and folder by its path, in the order of their names."""
        found = [self.root, *_within(self.root)]
        return {module.path: module for module in sorted(found, key=lambda module: module.path)}

    @cached_property
    def entries(self) -> dict[str, griffe.Object]:
        """What is public, by its path where it is defined: the modules' names in ``__all__``."""
        public = {}
        for module in self.modules.values():
            for name in exported(module):
                found = self.find(f"{module.path}.{name}")
                if found is None:
                    raise NoSuchName(f"{module.path}: __all__ names {name}, which isn't there")
                public[found.path] = found
        return public

    @cached_property
    def linked(self) -> set[str]:
        """The paths that have a place in the reference."""
        parts = [
            part.path
            for entry in self.entries.values()
            if entry.is_class
            for part in members(entry)
        ]
        return {*self.entries, *self.modules, *parts}

    def find(self, path: str) -> griffe.Object | None:
        """What a dotted path leads to, through imports and base classes; None for nothing of the package's."""
        first, *rest = path.split(".")
        found = self.root if first == self.root.name else None
        for name in rest:
            found = self._member(found, name) if found is not None else None
        return found

    def resolve(self, scope: griffe.Object, name: str) -> griffe.Object | None:
        """What a name means in a function, a class or a module; None for nothing that is the package's own."""
        while scope is not None:
            found = self.find(f"{scope.path}.{name}")
            if found is not None:
                return found
            scope = scope.parent
        return self.find(name)

    def entry_of(self, path: str) -> str | None:
        """The public name that a path is, or is a part of; None if neither."""
        found = self.find(path)
        while found is not None and found.path not in self.entries:
            found = found.parent
        return found and found.path

    def _member(self, owner: griffe.Object, name: str) -> griffe.Object | None:
        found = owner.members.get(name)
        if found is not None:
            return self.find(found.target_path) if found.is_alias else found
        for base in owner.bases if owner.is_class else ():
            parent = self.resolve(owner.parent, str(base))
            if parent is not None and parent.is_class:
                found = self._member(parent, name)
                if found is not None:
                    return found
        return None


def _within(module: griffe.Module) -> Iterator[griffe.Module]:
    """A folder's modules and theirs, without what is imported."""
    for member in module.members.values():
        if not member.is_alias and member.is_module and member.name != "__main__":
            yield member
            yield from _within(member)


def exported(module: griffe.Module) -> list[str]:
    """The names in a module's ``__all__``, in its order."""
    return [str(name) for name in module.exports or []]


def members(owner: griffe.Class) -> list[griffe.Object]:
    """The parts of a class that have an entry: public or special methods, properties and attributes with docstrings."""
    return [
        part
        for name, part in owner.members.items()
        if not part.is_alias
        and part.docstring
        and name not in HIDDEN
        and (not name.startswith("_") or name.endswith("__"))
    ]


def imported(scope: griffe.Object) -> set[str]:
    """The packages that an object's module imports, wherever in it, also by the names that it gives them."""
    tree = ast.parse(Path(scope.module.filepath).read_text(encoding="utf-8"))
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.asname or alias.name.partition(".")[0] for alias in node.names}
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.partition(".")[0])
    return names - {scope.package.name}
