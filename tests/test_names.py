"""Names in the code are the field's or Python's ordinary words (LANGUAGE.md); former names are in one module alone."""

import ast
import re
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

import qispread
from qispread.common import former_names

SOURCE = Path(qispread.__file__).parent
EXEMPT = SOURCE / "common" / "former_names.py"
"""The one module that may have any name: it says what former names are called now."""
PARTICIPLES = frozenset(
    re.findall(
        r"\w+",
        """
        accepted answered asked averaged bound called cast checked chosen compiled converted copied counted decorated
        drawn dressed felt fetched filled found given gone grown guarded heard held inlined joined kept known laid left
        listed lived made measured merged met named noted numbered paid picked placed played prepared ranked refused
        said sampled seen sent served shown shuffled spoken swept taken taught told tried turned used wanted weighed
        written
        """,
    )
)
"""Past participles by which functions were called; a property that is one is an adjective, and may be."""
METAPHORS = {
    "bearing",
    "crew",
    "desk",
    "dealing",
    "gaps",
    "guise",
    "house",
    "life",
    "lives",
    "living",
    "souls",
    "theatre",
}
BANNED_PARAMETERS = {"told", "said", "asked", "whose"}
# What is left of names that shall go: these numbers may only fall, and a change that lowers one writes it here.
MAX_PARTICIPLE_FUNCTIONS = 8
MAX_PARAMETERS_ONE, MAX_PARAMETERS_FOUND, MAX_PARAMETERS_GIVEN = 0, 0, 0
MAX_FUNCTIONS_OF = 8
MAX_WORLDS = 1
MAX_FORMER_WORDS_AS_STRINGS = 0


@cache
def trees():
    """Return the parsed source of every module but the exempt one."""
    paths = [path for path in SOURCE.rglob("*.py") if path != EXEMPT]
    return {path: ast.parse(path.read_text(encoding="utf-8")) for path in paths}


def nodes(*kinds):
    """Return all nodes of some kinds, with the file and line of each as text."""
    return [
        (f"{path.relative_to(SOURCE)}:{node.lineno}", node)
        for path, tree in trees().items()
        for node in ast.walk(tree)
        if isinstance(node, kinds)
    ]


def functions():
    """Return all functions and methods."""
    return nodes(ast.FunctionDef, ast.AsyncFunctionDef)


def is_property(function):
    """Return whether a function is read as an attribute."""
    named = {ast.unparse(one).rpartition(".")[2] for one in function.decorator_list}
    return bool(named & {"property", "cached_property", "setter"})


def parameters(name):
    """Return where a name is that of a parameter, in functions and in lambdas."""
    found = nodes(ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
    return [
        place
        for place, node in found
        for each in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)
        if each.arg == name
    ]


def constants():
    """Return the names that are assigned in modules, with their places."""
    return [
        (f"{path.relative_to(SOURCE)}:{node.lineno}", target.id)
        for path, tree in trees().items()
        for node in tree.body
        if isinstance(node, ast.Assign | ast.AnnAssign)
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name)
    ]


def check_ratchet(places, limit):
    """Make sure that there are as many places as noted: no more, and the note is lowered when there are fewer."""
    assert len(places) <= limit, f"{len(places) - limit} more than there were, among: {', '.join(places)}"
    assert len(places) == limit, f"there are {len(places)} left, {limit} are noted: lower the number"


def test_only_the_table_of_former_names_is_exempt():
    assert set(SOURCE.rglob("*.py")) - set(trees()) == {EXEMPT}
    assert set(former_names.PUBLIC_NAMES).isdisjoint(dir(qispread))


def test_classes_have_names_of_their_own():
    twice = [name for name, count in Counter(node.name for _, node in nodes(ast.ClassDef)).items() if count > 1]
    assert not twice


def test_functions_are_not_named_by_participles():
    found = [
        f"{place} {node.name}"
        for place, node in functions()
        if node.name.strip("_") in PARTICIPLES and not is_property(node)
    ]
    check_ratchet(found, MAX_PARTICIPLE_FUNCTIONS)


def test_modules_functions_and_classes_are_not_named_by_metaphors():
    defined = [(place, node.name) for place, node in nodes(ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)]
    modules = [(str(path), path.stem) for path in trees()]
    assert not [where for where in (*defined, *modules) if where[1].lower().strip("_") in METAPHORS]


def test_constants_say_min_and_max():
    assert not [where for where in constants() if where[1].strip("_").startswith(("MOST_", "LEAST_", "FEWEST_"))]


@pytest.mark.parametrize("name", sorted(BANNED_PARAMETERS))
def test_parameters_are_nouns(name):
    assert not parameters(name)


@pytest.mark.parametrize(
    ("name", "limit"),
    [("one", MAX_PARAMETERS_ONE), ("found", MAX_PARAMETERS_FOUND), ("given", MAX_PARAMETERS_GIVEN)],
)
def test_few_parameters_say_nothing(name, limit):
    check_ratchet(parameters(name), limit)


def test_few_functions_end_in_of():
    check_ratchet(
        [f"{place} {node.name}" for place, node in functions() if node.name.endswith("_of")], MAX_FUNCTIONS_OF
    )


def test_replicates_are_not_called_worlds():
    defined = [(place, node.name) for place, node in nodes(ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)]
    found = {f"{place} {name}" for place, name in (*defined, *constants()) if "worlds" in name.lower()}
    check_ratchet([*sorted(found), *parameters("worlds")[:1]], MAX_WORLDS)


def test_classes_and_public_names_of_the_past_are_defined_nowhere():
    defined = {node.name for _, node in nodes(ast.ClassDef)}
    assert defined.isdisjoint(former_names.PUBLIC_NAMES)
    modules = {".".join(path.relative_to(SOURCE).with_suffix("").parts) for path in trees()}
    assert modules.isdisjoint(former_names.former_modules())


def test_former_measures_are_written_in_the_table_alone():
    former = set(former_names.SAVED_MEASURES) - {"harm", "little", "reach", "adoption"}
    found = [
        f"{place} {node.value}"
        for place, node in nodes(ast.Constant)
        if isinstance(node.value, str) and node.value in former
    ]
    check_ratchet(found, MAX_FORMER_WORDS_AS_STRINGS)
