"""What docstrings say, as reStructuredText: :func:`module` writes a module's part of the reference.

It does so in the words of Sphinx's Python domain. A role in a docstring becomes a link if what it names has an entry,
and code if not; one that leads to nothing is a :class:`~source_tree.NoSuchName`.
"""

import builtins
import re
from collections.abc import Mapping, Sequence
from textwrap import indent

import griffe
from source_tree import NoSuchName, Package, exported, imported, members

ROLE = re.compile(r":(func|meth|class|exc|data|attr|mod|obj):`(~?)([\w.]+)`")
CALLED = ("func", "meth")
FORMAL = ("ABC", "Protocol")  # bases that say nothing of what a class can do
SHORT = 60
"""The longest value of a constant that is shown, in characters."""
FEW = 3
"""So many names of a module are found without a list of them above."""

# How griffe calls a docstring's sections that list something, and how the reference does.
LISTED = {
    "parameters": "Parameters",
    "attributes": "Attributes",
    "returns": "Returns",
    "yields": "Yields",
    "raises": "Raises",
}
QUOTED_OR_NAME = re.compile(r"""("[^"]*"|'[^']*')|([A-Za-z_][\w.]*)""")


def module(package: Package, path: str, used: Mapping[str, str] | None = None) -> str:
    """A module's part of the reference: what it is, then an entry for each public name.

    Args:
        package: all of them.
        path: the module's.
        used: for a public name's path, a line that ends its entry.

    Returns:
        reStructuredText.

    Raises:
        NoSuchName: a docstring's role leads to nothing.
    """
    one = package.modules[path]
    parts = [f".. py:module:: {path}", *sections(package, one)]
    names = exported(one)
    if len(names) > FEW:
        links = " · ".join(link(name, f"{path}.{name}") for name in names)
        parts.append(directive("container", "names", [], [links]))
    parts += [entry(package, one, name, used or {}) for name in names]
    return "\n\n".join(parts)


def entry(package: Package, module: griffe.Module, name: str, used: Mapping[str, str]) -> str:
    """A public name, with what belongs to it."""
    one = package.find(f"{module.path}.{name}")
    if one.path != f"{module.path}.{name}":
        parts = [f"The same as {link(one.path, one.path)}."]
        return directive(f"py:{kind(package, one)}", name, [], parts)
    parts = sections(package, one)
    if one.path in used:
        parts.append(used[one.path])
    if one.is_class:
        parts = bases(package, one) + parts
        parts += [part_of(package, part) for part in members(one)]
    return directive(
        f"py:{kind(package, one)}", name + signature(package, one), options(package, one), parts
    )


def part_of(package: Package, one: griffe.Object) -> str:
    """A method, a property or an attribute of a class."""
    name = "py:method"
    if one.is_attribute:
        name = "py:property" if "property" in one.labels else "py:attribute"
    head = one.name + signature(package, one)
    return directive(name, head, options(package, one), sections(package, one))


def directive(name: str, head: str, options: Sequence[str], parts: Sequence[str]) -> str:
    """A directive with its content."""
    lines = "\n".join([f".. {name}:: {head}", *[f"   :{option}" for option in options]])
    return "\n\n".join([lines, *[indent(part, "   ") for part in parts]])


def kind(package: Package, one: griffe.Object) -> str:
    """How Sphinx's Python domain calls it."""
    if one.is_class:
        return "exception" if is_exception(package, one) else "class"
    return "function" if one.is_function else "data"


def is_exception(package: Package, one: griffe.Class) -> bool:
    """Whether a class can be raised."""
    for base in map(str, one.bases):
        parent, known = package.resolve(one.parent, base), getattr(builtins, base, None)
        if parent is not None and parent.is_class and is_exception(package, parent):
            return True
        if isinstance(known, type) and issubclass(known, BaseException):
            return True
    return False


def options(package: Package, one: griffe.Object) -> list[str]:
    """A directive's: a type, a short value, what kind of method."""
    if one.is_function:
        kinds = ("classmethod", "staticmethod", "abstractmethod")
        return [f"{kind}:" for kind in kinds if kind in {*one.labels, *abstract(one)}]
    if one.is_class:
        return []
    said = [f"type: {qualified(package, one, one.annotation)}"] if one.annotation else []
    value = str(one.value) if one.value is not None else ""
    return said + [f"value: {value}"] * (0 < len(value) <= SHORT)


def abstract(one: griffe.Function) -> list[str]:
    """``abstractmethod``, if a function is one."""
    return [
        "abstractmethod" for label in one.decorators if str(label.value).endswith("abstractmethod")
    ]


def bases(package: Package, one: griffe.Class) -> list[str]:
    """The line that names a class's bases, if it has any."""
    bases = [str(base) for base in one.bases if str(base) not in FORMAL]
    names = [name(package, one, base) for base in bases]
    return [f"A kind of {' and '.join(names)}."] if names else []


def signature(package: Package, one: griffe.Object) -> str:
    """Parameters and result of what can be called; empty for what can't, or takes nothing of its own."""
    if one.is_attribute:
        return ""
    called = one
    if one.is_class:
        called = package.find(f"{one.path}.__init__")
        if called is None:
            return ""
    given = list(called.parameters)
    if given and given[0].name in ("self", "cls"):
        given = given[1:]
    result = one.returns if one.is_function else None
    arrow = f" -> {qualified(package, one, result)}" if result else ""
    return f"({', '.join(parameters(package, called, given))}){arrow}"


def parameters(
    package: Package, scope: griffe.Object, given: Sequence[griffe.Parameter]
) -> list[str]:
    """Parameters as Python writes them."""
    kinds = griffe.ParameterKind
    marks = {kinds.var_positional: "*", kinds.var_keyword: "**"}
    written, before = [], None
    for one in given:
        if before is kinds.positional_only and one.kind is not before:
            written.append("/")
        if one.kind is kinds.keyword_only and before not in (one.kind, kinds.var_positional):
            written.append("*")
        before = one.kind
        text = marks.get(one.kind, "") + one.name
        if one.annotation:
            text += f": {qualified(package, scope, one.annotation)}"
        if one.default is not None and one.kind not in marks:
            text += f" = {one.default}" if one.annotation else f"={one.default}"
        written.append(text)
    return written + ["/"] * (before is kinds.positional_only)


def qualified(package: Package, scope: griffe.Object, annotation) -> str:
    """An annotation in which the package's own types have their whole path, so that they become links."""

    def replaced(match):
        quoted, name = match.groups()
        found = None if quoted else package.resolve(scope, name)
        return found.path if found is not None and found.path in package.linked else match[0]

    return QUOTED_OR_NAME.sub(replaced, str(annotation))


def sections(package: Package, one: griffe.Object) -> list[str]:
    """A docstring's parts, each a block."""
    parsed = one.docstring.parsed if one.docstring else []
    return [section(package, one, part) for part in parsed]


def section(package: Package, one: griffe.Object, part) -> str:
    """Text, a list of what goes in or comes out, examples, or a part with a title of its own."""
    title = LISTED.get(part.kind.value)
    if title:
        lines = [listed(package, one, title, item) for item in part.value]
        return field(title, "\n".join(lines))
    if part.kind is griffe.DocstringSectionKind.examples:
        return "\n\n".join(with_links(package, one, text) for _, text in part.value)
    if part.kind is griffe.DocstringSectionKind.text:
        return with_links(package, one, part.value)
    return field(part.title, with_links(package, one, part.value.contents))


def field(title: str, content: str) -> str:
    """A field of an entry, such as Raises."""
    return f":{title}:\n{indent(content, '   ')}"


def listed(package: Package, one: griffe.Object, title: str, item) -> str:
    """An item of a list: a name and what it means, or what comes out."""
    text = with_links(package, one, item.description)
    if title in ("Returns", "Yields"):
        # Before a colon griffe expects a type, where our docstrings have words.
        said = str(item.annotation or "")
        own = said and said != str(getattr(one, "returns", None) or "")
        return f"{with_links(package, one, said)}: {text}" if own and title == "Returns" else text
    if title == "Raises":
        names = re.findall(r"[\w.]+", str(item.annotation))
        term = ", ".join(name(package, one, each) for each in names)
    else:
        term = ", ".join(f"``{each}``" for each in item.name.split(", "))
    return f"{term}\n{indent(text, '   ')}"


def name(package: Package, scope: griffe.Object, text: str) -> str:
    """A name of a class as code: a link to its entry if it has one."""
    found = package.resolve(scope, text)
    has_entry = found is not None and found.path in package.linked
    return link(text, found.path) if has_entry else f"``{text}``"


def link(text: str, path: str) -> str:
    """A link to an entry."""
    return f":py:obj:`{text} <{path}>`"


def with_links(package: Package, scope: griffe.Object, text: str) -> str:
    """A text with its roles resolved: links to what has an entry, code otherwise; NoSuchName for what isn't there."""

    def replaced(match):
        role, short, path = match.groups()
        found = package.resolve(scope, path)
        if found is None and path.partition(".")[0] not in imported(scope):
            raise NoSuchName(f"{scope.path}: {match[0]} leads to nothing")
        shown = path.rpartition(".")[2] if short else path
        shown += "()" * (role in CALLED)
        has_entry = found is not None and found.path in package.linked
        return link(shown, found.path) if has_entry else f"``{shown}``"

    return ROLE.sub(replaced, text)


def opening(package: Package, path: str) -> str:
    """The first sentence of a module, with its links."""
    one = package.modules[path]
    text = one.docstring.value.partition("\n\n")[0] if one.docstring else ""
    first = re.split(r"(?<=[.?])\s", " ".join(text.split()))[0]
    return with_links(package, one, first)
