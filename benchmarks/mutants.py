"""Mutants of a Python module: each is its source with one small fault, such as `<` for `<=`.

Decorators, annotations, docstrings, text and error messages are left alone; functions with decorators are not, which is
why this is not left to mutmut (every rule is decorated).
"""

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

ARITHMETIC = {
    ast.Add: ("+", "-"),
    ast.Sub: ("-", "+"),
    ast.Mult: ("*", "/"),
    ast.Div: ("/", "*"),
    ast.FloorDiv: ("//", "*"),
    ast.Mod: ("%", "*"),
    ast.Pow: ("**", "*"),
    ast.LShift: ("<<", ">>"),
    ast.RShift: (">>", "<<"),
    ast.BitAnd: ("&", "|"),
    ast.BitOr: ("|", "&"),
    ast.BitXor: ("^", "&"),
}
"""Each operator as it is written, and what it becomes."""
COMPARISONS = {
    ast.Lt: ("<", "<=", ">="),
    ast.LtE: ("<=", "<", ">"),
    ast.Gt: (">", ">=", "<="),
    ast.GtE: (">=", ">", "<"),
    ast.Eq: ("==", "!="),
    ast.NotEq: ("!=", "=="),
    ast.Is: ("is", "is not"),
    ast.IsNot: ("is not", "is"),
    ast.In: ("in", "not in"),
    ast.NotIn: ("not in", "in"),
}
"""Each comparison as it is written, and what it becomes: with the other boundary, and the opposite."""
OPPOSITES = (
    ("min", "max"),
    ("minimum", "maximum"),
    ("argmin", "argmax"),
    ("nanmin", "nanmax"),
    ("floor", "ceil"),
    ("any", "all"),
    ("zeros", "ones"),
    ("zeros_like", "ones_like"),
)
SWAPS = {**dict(OPPOSITES), **{other: one for one, other in OPPOSITES}}
"""Functions that are taken for each other."""
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
SKIPPED_FIELDS = {"decorator_list", "returns", "annotation", "bases", "type_params"}


@dataclass(frozen=True)
class Mutant:
    """One fault.

    Attributes
    ----------
    file : str
    function : str
        Its qualified name; empty at the level of the module.
    line, column : int
        From 1 and from 0.
    operator : str
        The kind of fault.
    before, after : str
        The source that is replaced, and what by.
    start, end : int
        Where it stands, in bytes.
    """

    file: str
    function: str
    line: int
    column: int
    operator: str
    before: str
    after: str
    start: int
    end: int

    @property
    def key(self) -> str:
        """What names it among all mutants of the same sources."""
        return f"{self.file}:{self.line}:{self.column}:{self.operator}:{self.after}"

    def applied(self, source: str) -> str:
        """Return the source with the fault."""
        text = source.encode()
        return (text[: self.start] + self.after.encode() + text[self.end :]).decode()


class Module:
    """The source of one module, with where its lines start."""

    def __init__(self, source: str, file: str) -> None:
        self.file, self.text = file, source.encode()
        self.tree = ast.parse(source)

    @cached_property
    def starts(self) -> list[int]:
        """Where each line starts, in bytes."""
        starts = [0]
        for line in self.text.splitlines(keepends=True):
            starts.append(starts[-1] + len(line))
        return starts

    def start(self, node: ast.AST) -> int:
        """Return where a node starts, in bytes."""
        return self.starts[node.lineno - 1] + node.col_offset

    def end(self, node: ast.AST) -> int:
        """Return where a node ends, in bytes."""
        return self.starts[node.end_lineno - 1] + node.end_col_offset

    def source(self, node: ast.AST) -> str:
        """Return the source of a node."""
        return self.text[self.start(node) : self.end(node)].decode()

    def between(self, left: ast.AST, right: ast.AST, symbol: str) -> tuple[int, int]:
        """Return where a symbol stands between two nodes, in bytes."""
        start = self.text.index(symbol.encode(), self.end(left), self.start(right))
        return start, start + len(symbol)

    def mutant(self, place: tuple[int, int], function: str, operator: str, after: str) -> Mutant:
        """Return a fault at a place."""
        start, end = place
        line = self.text.count(b"\n", 0, start) + 1
        before = self.text[start:end].decode()
        return Mutant(self.file, function, line, start - self.starts[line - 1], operator, before, after, start, end)


Change = tuple[tuple[int, int], str, str]
"""Where a fault stands, its kind, and what takes the place of what is there."""


def mutants_of(source: str, file: str) -> list[Mutant]:
    """Return all mutants of a module, in their order."""
    module, found = Module(source, file), {}
    for node, function in nodes(module.tree, ""):
        for place, operator, after in changes(module, node):
            one = module.mutant(place, function, operator, after)
            found.setdefault(one.key, one)
    return sorted(found.values(), key=lambda one: (one.start, one.end, one.operator, one.after))


def is_another(source: str, mutant: Mutant) -> bool:
    """Return whether a source with a fault is a program still, and not the same one (a symbol in a comment, say)."""
    try:
        return ast.dump(ast.parse(mutant.applied(source))) != ast.dump(ast.parse(source))
    except SyntaxError:
        return False


def nodes(node: ast.AST, function: str) -> Iterator[tuple[ast.AST, str]]:
    """Yield what may be mutated below a node, each with the qualified name of the function that it is in."""
    inside = function
    if isinstance(node, (*FUNCTIONS, ast.ClassDef)):
        inside = f"{function}.{node.name}" if function else node.name
    for name, value in ast.iter_fields(node):
        if name in SKIPPED_FIELDS:
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST) and not is_skipped(child):
                yield child, inside
                yield from nodes(child, inside)


def is_skipped(node: ast.AST) -> bool:
    """Return whether nothing of a node is mutated: text, imports, and what only type checkers see."""
    if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
        return True
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return True
    return isinstance(node, ast.JoinedStr | ast.Import | ast.ImportFrom)


def changes(module: Module, node: ast.AST) -> Iterator[Change]:
    """Yield the faults of one node."""
    yield from KINDS.get(type(node), of_nothing)(module, node)


def whole(module: Module, node: ast.AST) -> tuple[int, int]:
    """Return where a node stands, in bytes."""
    return module.start(node), module.end(node)


def of_nothing(module: Module, node: ast.AST) -> Iterator[Change]:  # noqa: ARG001 - called like all others
    """Yield no fault: there is none of this kind of node."""
    yield from ()


def of_arithmetic(module: Module, node: ast.BinOp) -> Iterator[Change]:
    """Yield another operator."""
    if type(node.op) in ARITHMETIC:
        symbol, other = ARITHMETIC[type(node.op)]
        yield module.between(node.left, node.right, symbol), "arithmetic", other


def of_update(module: Module, node: ast.AugAssign) -> Iterator[Change]:
    """Yield another operator, and no update."""
    if type(node.op) in ARITHMETIC:
        symbol, other = ARITHMETIC[type(node.op)]
        yield module.between(node.target, node.value, f"{symbol}="), "arithmetic", f"{other}="
    yield from of_removal(module, node)


def of_removal(module: Module, node: ast.AST) -> Iterator[Change]:
    """Yield nothing in place of a statement."""
    yield whole(module, node), "statement removed", "pass"


def of_expression(module: Module, node: ast.Expr) -> Iterator[Change]:
    """Yield nothing in place of a call for its effect."""
    if isinstance(node.value, ast.Call):
        yield from of_removal(module, node)


def of_assignment(module: Module, node: ast.Assign) -> Iterator[Change]:
    """Yield nothing in place of writing to a place; without a name the rest would fail, which anybody would notice."""
    if isinstance(node.targets[0], ast.Subscript | ast.Attribute):
        yield from of_removal(module, node)


def of_return(module: Module, node: ast.Return) -> Iterator[Change]:
    """Yield a function that returns nothing."""
    if node.value is not None and not (isinstance(node.value, ast.Constant) and node.value.value is None):
        yield whole(module, node.value), "return value", "None"


def of_break(module: Module, node: ast.Break) -> Iterator[Change]:
    """Yield a loop that goes on."""
    yield whole(module, node), "break and continue", "continue"


def of_continue(module: Module, node: ast.Continue) -> Iterator[Change]:
    """Yield a loop that ends."""
    yield whole(module, node), "break and continue", "break"


def of_comparison(module: Module, node: ast.Compare) -> Iterator[Change]:
    """Yield other comparisons."""
    for left, operator, right in zip([node.left, *node.comparators[:-1]], node.ops, node.comparators, strict=True):
        symbol, *others = COMPARISONS[type(operator)]
        for other in others:
            yield module.between(left, right, symbol), "comparison", other


def of_logic(module: Module, node: ast.BoolOp) -> Iterator[Change]:
    """Yield `or` for `and`, and the other way round."""
    symbol, other = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
    for left, right in zip(node.values, node.values[1:], strict=False):
        yield module.between(left, right, symbol), "and and or", other


def of_sign(module: Module, node: ast.UnaryOp) -> Iterator[Change]:
    """Yield what stands after `-`, `not` or `~`."""
    yield whole(module, node), "sign or negation removed", f"({module.source(node.operand)})"


def of_constant(module: Module, node: ast.Constant) -> Iterator[Change]:
    """Yield other numbers: one more and one less of whole ones; 0 and 1 for each other, a tenth more and less else."""
    place = whole(module, node)
    match node.value:
        case bool():
            yield place, "constant", str(not node.value)
        case int():
            yield place, "constant", str(node.value + 1)
            yield place, "constant", f"({node.value - 1})"
        case float():
            others = {0.0: [1.0], 1.0: [0.0]}.get(node.value, [1.1 * node.value, 0.9 * node.value])
            for other in others:
                yield place, "constant", f"{other!r}"


def of_condition(module: Module, node: ast.If | ast.IfExp | ast.While) -> Iterator[Change]:
    """Yield the opposite of a condition, unless it is a comparison, which has one of its own."""
    if not isinstance(node.test, ast.Compare):
        yield whole(module, node.test), "condition negated", f"(not ({module.source(node.test)}))"


def of_call(module: Module, node: ast.Call) -> Iterator[Change]:
    """Yield the function that is taken for the one that is called."""
    match node.func:
        case ast.Name(id=name) if name in SWAPS:
            yield whole(module, node.func), "function swapped", SWAPS[name]
        case ast.Attribute(attr=name) if name in SWAPS:
            end = module.end(node.func)
            yield (end - len(name.encode()), end), "function swapped", SWAPS[name]


KINDS: dict[type[ast.AST], Callable[[Module, Any], Iterator[Change]]] = {
    ast.BinOp: of_arithmetic,
    ast.AugAssign: of_update,
    ast.Compare: of_comparison,
    ast.BoolOp: of_logic,
    ast.UnaryOp: of_sign,
    ast.Constant: of_constant,
    ast.If: of_condition,
    ast.IfExp: of_condition,
    ast.While: of_condition,
    ast.Call: of_call,
    ast.Return: of_return,
    ast.Break: of_break,
    ast.Continue: of_continue,
    ast.Raise: of_removal,
    ast.Expr: of_expression,
    ast.Assign: of_assignment,
}
"""What is done to each kind of node."""
