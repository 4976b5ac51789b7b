"""The style that ruff does not check: single conditional expressions, no text times a condition, short modules."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FILES = [path for folder in ("src", "experiments", "benchmarks") for path in sorted((ROOT / folder).rglob("*.py"))]


def nested_conditionals(tree):
    """Yield the lines of conditional expressions that are direct parts of another."""
    for node in ast.walk(tree):
        if isinstance(node, ast.IfExp):
            for part in (node.test, node.body, node.orelse):
                if isinstance(part, ast.IfExp):
                    yield part.lineno


def strings_by_conditions(tree):
    """Yield the lines on which text is multiplied by a comparison or another condition."""
    for node in ast.walk(tree):
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
            for text, factor in ((node.left, node.right), (node.right, node.left)):
                is_text = isinstance(text, ast.JoinedStr) or (
                    isinstance(text, ast.Constant) and isinstance(text.value, str)
                )
                if is_text and isinstance(factor, ast.Compare | ast.BoolOp | ast.Call | ast.UnaryOp):
                    yield node.lineno


def places(find):
    return [
        f"{path.relative_to(ROOT)}:{line}"
        for path in FILES
        for line in find(ast.parse(path.read_text(encoding="utf-8")))
    ]


@pytest.mark.parametrize("find", [nested_conditionals, strings_by_conditions])
def test_conditions_in_expressions_are_simple(find):
    assert not places(find)


@pytest.mark.parametrize(
    ("find", "source"),
    [
        (nested_conditionals, "x = 1 if a else 2 if b else 3"),
        (strings_by_conditions, "x = 's' * (n > 1)"),
        (strings_by_conditions, "x = (not n) * f'{n}'"),
    ],
)
def test_what_is_not_simple_is_found(find, source):
    assert list(find(ast.parse(source))) == [1]


def test_modules_are_short():
    # These three hold one thing each, an agent, the Mesa model, one compiled loop; no other may grow so long.
    longest = {"agents.py": 400, "mesa_model.py": 360, "measure_kernel.py": 352}
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in (ROOT / "src").rglob("*.py")}
    assert not {str(path): lines for path, lines in lengths.items() if lines > longest.get(path.name, 350)}
