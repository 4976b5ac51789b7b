"""Every file, module, name and option that the pages mention exists, and the equations use the names of the code."""

import ast
import re
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest

import qispread as qs
from qispread.inputs.extensions.plugin_files import ENTRY_POINT_GROUP
from qispread.inputs.factors import iterate_parameters
from qispread.interfaces.cli import main
from qispread.model.world import lever_slots, state_arrays
from qispread.outputs.results.file_names import RESULT_TABLES
from qispread.runs.diffusion_fit.fit_tables import FIT_TABLES

ROOT = Path(__file__).parents[1]
PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "docs/model.md")),
    *sorted((ROOT / "docs/how-to").glob("*.md")),
]
FOLDERS = (".ci", "src", "tests", "docs", "experiments", "benchmarks", "configs")
MODEL = ROOT / "src/qispread/model"

CODE = re.compile(r"```.*?```|`([^`\n]+)`", re.DOTALL)
BLOCK = re.compile(r"^```\w*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FILE = re.compile(r"(?<![\w./:{}*])((?:[\w.-]+/)*[\w-]+\.(?:py|yaml|csv|toml|md|js|bib|txt|json))\b")
FOLDER = re.compile(r"(?<![\w./:{}*])((?:src|tests|docs|configs|experiments|benchmarks|\.ci)/[\w./-]*/)(?![\w*])")
DOTTED = re.compile(r"\bqispread(?:\.\w+)+|\bqs\.\w+")
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]*")

PLACEHOLDERS = re.compile(r"NAME|FILE|SCENARIO|eNN")
"""What stands for a name of the reader's own."""
WRITTEN = {
    *("manifest.json", "events.txt", "calibrated.yaml"),
    *(f"{table}.csv" for table in (*RESULT_TABLES, *(f"fit_{name}" for name in FIT_TABLES))),
}
"""Files that commands write."""
OF_THE_READER = {"mine.yaml", "people.csv", "ties.csv", "points.csv", "organisations.csv"}
"""Files that a reader brings."""
OF_OTHERS = {"--no-check-version", "--production"}
"""Options of other programs."""
OWN_PROGRAMS = {
    "--links": "docs/build.py",
    "--check": "docs/generate.py",
    "--smoke": "experiments/experiment_command.py",
    "--acknowledge": "experiments/freshness.py",
}
"""Options of programs of the repository beside the command line, with the file that declares each."""


def inline_code(page):
    """Return all that a page shows as code between single marks."""
    text = page.read_text(encoding="utf-8")
    return [found for found in CODE.findall(text) if found]


def shown_code(page):
    """Return all that a page shows as code, in blocks and between single marks."""
    return [*inline_code(page), *BLOCK.findall(page.read_text(encoding="utf-8"))]


@cache
def file_names():
    """Return the names of all files of the repository."""
    found = (path for folder in FOLDERS for path in (ROOT / folder).rglob("*"))
    return {path.name for path in (*ROOT.iterdir(), *found) if path.is_file()}


def mentioned_files(page):
    """Return the files and folders that a page mentions as files of the repository."""
    found = {name for code in inline_code(page) for name in (*FILE.findall(code), *FOLDER.findall(code))}
    mentioned = {name for name in found if not PLACEHOLDERS.search(name)}
    return {name for name in mentioned if not name.startswith("results/")} - WRITTEN - OF_THE_READER


def is_in_repository(name):
    """Return whether a file or folder is there: by its path from the root, or by its name alone."""
    return (ROOT / name).exists() if "/" in name else name in file_names()


def resolves(dotted):
    """Return whether a dotted name is a module, or a name within one."""
    parts = dotted.replace("qs.", "qispread.", 1).split(".") if dotted.startswith("qs.") else dotted.split(".")
    for end in range(len(parts), 0, -1):
        try:
            found = import_module(".".join(parts[:end]))
        except ModuleNotFoundError:
            continue
        for name in parts[end:]:
            if not hasattr(found, name):
                return False
            found = getattr(found, name)
        return True
    return False


@cache
def declared_options():
    """Return every option that the command line declares."""
    parser = main.build_parser()
    commands = next(action for action in parser._actions if hasattr(action, "choices") and action.choices)
    parsers = [parser, *commands.choices.values()]
    return {option for one in parsers for action in one._actions for option in action.option_strings}


@cache
def identifiers():
    """Return every name in the sources of the model, and every parameter, slot and state variable."""
    found = {*state_arrays.ORGANISATION_ROWS, *state_arrays.PRACTICE_ROWS, *state_arrays.HISTORY_ROWS}
    found |= {slot for slots in (lever_slots.ORGANISATION_SLOTS, lever_slots.PRACTICE_SLOTS) for slot in slots}
    found |= {
        part
        for path, _, _ in iterate_parameters(qs.read_scenario(ROOT / "configs/prompt.yaml"))
        for part in path.split(".")
    }
    for path in MODEL.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            found |= {getattr(node, field, None) for field in ("id", "arg", "attr", "name")}
    return found


def equation_names(text):
    """Return the names that equations use: what they define, and all names of several words."""
    rules = text.partition("## 7 Submodels")[2].partition("### 7.14 ")[0]
    equations = "\n".join(BLOCK.findall(rules))
    defined = re.findall(r"^(\w+)'?(?:\(\w+(?:, \w+)*\))? *= ", equations, re.MULTILINE)
    return {*defined, *re.findall(r"\b[a-z]+(?:_[a-z0-9]+)+\b", equations)}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_files_that_a_page_mentions_exist(page):
    assert {name for name in mentioned_files(page) if not is_in_repository(name)} == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_dotted_names_that_a_page_mentions_exist(page):
    found = {name for code in shown_code(page) for name in DOTTED.findall(code)}
    others = {*file_names(), ENTRY_POINT_GROUP}
    assert {name for name in found if not resolves(name) and name not in others} == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_options_that_a_page_mentions_exist(page):
    found = {name for code in shown_code(page) for name in OPTION.findall(code)}
    assert found - declared_options() - OF_OTHERS - set(OWN_PROGRAMS) == set()


@pytest.mark.parametrize(("option", "program"), OWN_PROGRAMS.items())
def test_options_of_other_programs_of_the_repository_are_declared(option, program):
    assert f'"{option}"' in (ROOT / program).read_text(encoding="utf-8")


def test_equations_use_the_names_of_the_code():
    found = equation_names((ROOT / "docs/model.md").read_text(encoding="utf-8"))
    assert len(found) > 30
    assert found - identifiers() == set()


def test_the_map_of_the_code_names_every_package():
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    section = text.partition("## Map of the code")[2].partition("\n## ")[0]
    packages = {path.parent.name for path in (ROOT / "src/qispread").glob("*/__init__.py")}
    assert packages - set(re.findall(r"`(\w+)`", section)) == set()


@pytest.mark.parametrize(
    ("mentioned", "is_there"),
    [
        ("src/qispread/model/rules/steps.py", True),
        ("src/qispread/model/rules/no_such_rule.py", False),
        ("steps.py", True),
        ("no_such_rule.py", False),
        ("tests/world/", True),
        ("tests/no_such_folder/", False),
    ],
)
def test_a_file_that_is_missing_is_noticed(mentioned, is_there, tmp_path):
    page = tmp_path / "page.md"
    page.write_text(f"See `{mentioned}`, and\n\n```sh\ncat elsewhere.py\n```\n", encoding="utf-8")
    assert mentioned_files(page) == {mentioned}
    assert is_in_repository(mentioned) == is_there


@pytest.mark.parametrize(
    ("name", "is_there"),
    [
        ("qispread.model.rules.steps", True),
        ("qispread.model.rules.steps.improve", True),
        ("qispread.model.rules.no_such_rule", False),
        ("qispread.no_such_package.steps", False),
        ("qs.compare", True),
        ("qs.no_such_function", False),
    ],
)
def test_a_name_that_is_missing_is_noticed(name, is_there):
    assert resolves(name) == is_there


def test_an_equation_with_another_name_is_noticed():
    text = "## 7 Submodels\n\n```\nclimat = leadership * free_time\n```\n\n### 7.14 Draws\n"
    assert equation_names(text) - identifiers() == {"climat", "free_time"}
