"""Write the pages of the API reference: the public names, a page for each, and a page for each module of rules.

Everything is found in the package when the site is built, so that no page names a module that has moved.
"""

import inspect
import pkgutil
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from bibliography import read_sources

import qispread

PACKAGE = qispread.__name__
KINDS = {"function": "Functions", "class": "Classes", "data": "Data"}
"""Headings of the list, by Sphinx's word for what is below them."""

CITED = re.compile(r"\[([a-z]+\d{4})\]_")
"""A source as numpydoc cites it in the docstring of a module."""


def find_rules() -> str:
    """Return the name of the package of rules, wherever it is."""
    root = Path(qispread.__path__[0])
    found = next(root.rglob("rules/__init__.py")).parent.relative_to(root.parent)
    return ".".join(found.parts)


RULES = find_rules()


def kind(item: object) -> str:
    """Return Sphinx's word for a function, a class or data."""
    if inspect.isclass(item):
        return "class"
    return "function" if inspect.isroutine(item) else "data"


def first_sentence(item: object) -> str:
    """Return the first paragraph of the docstring of a function or a class, and nothing for data."""
    text = "" if kind(item) == "data" else inspect.getdoc(item) or ""
    return " ".join(text.split("\n\n")[0].split())


def heading(title: str, mark: str = "=") -> list[str]:
    """Return the lines of a heading."""
    return [title, mark * len(title), ""]


def summary_table(rows: Iterable[tuple[str, str]]) -> list[str]:
    """Return the lines of a table of two columns."""
    lines = [".. list-table::", "   :class: summary", "   :widths: 30 70", ""]
    for name, text in rows:
        lines += [f"   * - {name}", f"     - {text}"]
    return [*lines, ""]


def toctree(names: Iterable[str]) -> list[str]:
    """Return the lines of a table of contents that only the sidebar shows."""
    return [".. toctree::", "   :hidden:", "", *(f"   {name}" for name in names), ""]


def public_names() -> list[str]:
    """Return the public names, without those of Python's own such as `__version__`."""
    return [name for name in dir(qispread) if not name.startswith("__")]


def own_members(item: type) -> list[str]:
    """Return the directives of the methods and properties of a class with a docstring that the package declares."""
    found: dict[str, str] = {}
    for owner in inspect.getmro(item):
        if owner.__module__.partition(".")[0] == PACKAGE:
            for name, value in vars(owner).items():
                if not name.startswith("_") and inspect.getdoc(value):
                    found.setdefault(name, member_kind(value))
    return [f"   .. auto{what}:: {name}" for name, what in found.items() if what]


def member_kind(value: object) -> str:
    """Return Sphinx's word for a member of a class, and nothing for one that is neither method nor property."""
    if isinstance(value, property | cached_property):
        return "property"
    is_method = inspect.isroutine(value) or isinstance(value, classmethod | staticmethod)
    return "method" if is_method else ""


def fields(item: Any) -> list[str]:
    """Return the lines of a table of the fields of a class that is read from a file."""
    found = getattr(item, "model_fields", None)
    if not found:
        return []
    rows = ((f"``{name}``", field.description or field_meaning(field.annotation)) for name, field in found.items())
    return [*heading("Fields", "-"), *summary_table(rows)]


def field_meaning(annotation: Any) -> str:
    """Return the first sentence of the class of a field, and nothing where it is a choice of classes."""
    return first_sentence(annotation) if inspect.isclass(annotation) else ""


def page(name: str) -> str:
    """Return the page of a public name."""
    item = getattr(qispread, name)
    what = kind(item)
    lines = [*heading(name), f".. auto{what}:: {PACKAGE}.{name}"]
    if what == "class":
        lines += ["", *(line for member in own_members(item) for line in (member, ""))]
    if isinstance(item, Mapping):
        keys = ", ".join(f"``{key}``" for key in item)
        lines += ["   :no-value:", "", f"   {type(item).__name__} with {len(item)} entries: {keys}."]
    return "\n".join([*lines, "", *fields(item)])


def front() -> str:
    """Return the list of the public names."""
    lines = [
        *heading("API reference"),
        f"What ``import {PACKAGE}`` offers. Everything else may change between releases without notice, except that",
        "the :doc:`rules of the model <rules>` may be replaced one by one.",
        "",
    ]
    for what, title in KINDS.items():
        names = [name for name in public_names() if kind(getattr(qispread, name)) == what]
        rows = ((f":doc:`{name} <{PACKAGE}.{name}>`", first_sentence(getattr(qispread, name))) for name in names)
        lines += [*heading(title, "-"), *summary_table(rows)]
    return "\n".join([*lines, *toctree([*(f"{PACKAGE}.{name}" for name in public_names()), "rules"])])


def rule_modules() -> Iterator[tuple[ModuleType, list[str]]]:
    """Yield each module of rules with the names of its compiled functions, in the order of the source."""
    for found in pkgutil.iter_modules(import_module(RULES).__path__, f"{RULES}."):
        module = import_module(found.name)
        compiled = {name: value for name, value in vars(module).items() if hasattr(value, "py_func")}
        names = [name for name, value in compiled.items() if value.py_func.__module__ == module.__name__]
        if names:
            yield module, names


def rule_page(module: ModuleType, names: Iterable[str]) -> str:
    """Return the page of a module of rules, and let Sphinx see the functions before they were compiled."""
    lines = [*heading(module.__name__.rpartition(".")[2]), CITED.sub(r"\1", inspect.getdoc(module) or ""), ""]
    for name in names:
        setattr(module, name, getattr(module, name).py_func)
        lines += [f".. autofunction:: {module.__name__}.{name}", ""]
    return "\n".join(lines)


def with_equation(docstring: str) -> str:
    """Return the docstring of a rule with its equation as code and its source as a paragraph."""
    text = re.sub(r"\s*Equation: (.+?)\.?(?=\s+Source:\s|\n\n|\Z)", equation, docstring, count=1, flags=re.DOTALL)
    return re.sub(r"\s*Source:\s+", "\n\n**Source:** ", text, count=1)


def equation(found: re.Match[str]) -> str:
    """Return an equation as a paragraph of code."""
    return f"\n\n**Equation:** ``{' '.join(found[1].split())}``"


def rules_front(modules: Iterable[ModuleType]) -> str:
    """Return the list of the modules of rules."""
    found = [(module.__name__, first_line(module)) for module in modules]
    lines = [
        *heading("Rules"),
        "The compiled functions that the model is made of, by mechanism. The table of rules in",
        ":doc:`the description of the model </docs/model>` shows all of them with equation and source.",
        "",
        *summary_table((f":doc:`{name.rpartition('.')[2]} <{name}>`", text) for name, text in found),
    ]
    return "\n".join([*lines, *toctree(name for name, _ in found)])


def first_line(module: ModuleType) -> str:
    """Return the first paragraph of the docstring of a module."""
    return " ".join((inspect.getdoc(module) or "").split("\n\n")[0].split())


def references() -> str:
    """Return the page of all sources, each under its key."""
    lines = heading("References")
    for key, text in read_sources().items():
        cited = re.sub(r"([*`_|\\])", r"\\\1", text)
        linked = re.sub(r"doi:(\S+?)\.$", r"`doi:\1 <https://doi.org/\1>`__.", cited)
        lines += [f".. _{key}:", "", f"**{key}** {linked}", ""]
    return "\n".join(lines)


def pages() -> dict[str, str]:
    """Return every page of the reference by the name of its file."""
    found = {f"{PACKAGE}.{name}.rst": page(name) for name in public_names()}
    rules = list(rule_modules())
    found |= {f"{module.__name__}.rst": rule_page(module, names) for module, names in rules}
    return {
        "index.rst": front(),
        "rules.rst": rules_front(module for module, _ in rules),
        "references.rst": references(),
        **found,
    }


def write(folder: Path) -> None:
    """Write the pages into a folder, remove what an earlier build left there, and touch no page that is the same."""
    folder.mkdir(exist_ok=True)
    wanted = pages()
    for old in folder.glob("*.rst"):
        if old.name not in wanted:
            old.unlink()
    for name, text in wanted.items():
        path = folder / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
