"""Fingerprints of the sources that can change compiled code or a result; loads no compiler.

A fingerprint hashes syntax trees, without comments, docstrings, blank lines and formatting.
"""

import ast
import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

COMPILED_SOURCES = (
    "common/shipped_bindings.py",
    "inputs/organisations.py",
    "model/engines/extension_points.py",
    "model/engines/kernel.py",
    "model/engines/measure_kernel.py",
    "model/engines/own_functions.py",
    "model/engines/stages_*.py",
    "model/measures.py",
    "model/rules/*.py",
    "model/world/*.py",
)
"""Sources whose functions are compiled, or whose constants compiled code reads."""

MODEL = (
    "common/shipped_bindings.py",
    "inputs/*.py",
    "inputs/extensions/*.py",
    "model/engines/*.py",
    "model/extensions/*.py",
    "model/measures.py",
    "model/rules/*.py",
    "model/world/*.py",
    "runs/comparison/*.py",
    "runs/sweep/apply_point.py",
    "runs/sweep/designs.py",
    "runs/sweep/factor_spec.py",
    "runs/sweep/factor_validation.py",
    "runs/sweep/run_order.py",
    "runs/sweep/worker.py",
)
"""Sources that can change a number in a result: reading, drawing, running, measuring, varying and comparing."""

PACKAGE_FOLDER = Path(__file__).resolve().parents[2]


def compiled_fingerprint() -> str:
    """Return a hash of all sources of compiled code and of the choice of generator.

    Returns
    -------
    str
        16 hexadecimal digits, which change with any edit of these sources except in comments, docstrings and
        formatting.
    """
    return _fingerprint(COMPILED_SOURCES)


def model_fingerprint() -> str:
    """Return a hash of all sources that can change a result and of the choice of generator.

    Returns
    -------
    str
        16 hexadecimal digits, the same under every version of Python, which change with any edit of these sources
        except in comments, docstrings and formatting.
    """
    return _fingerprint(MODEL)


def source_fingerprint() -> str:
    """Return `model_fingerprint()`; the former name."""
    return model_fingerprint()


def files_of(patterns: Iterable[str]) -> list[Path]:
    """Return the files of the package that match patterns, sorted by path."""
    return sorted({file for pattern in patterns for file in PACKAGE_FOLDER.glob(pattern)})


def _fingerprint(patterns: Iterable[str]) -> str:
    digest = hashlib.blake2b(os.environ.get("QISPREAD_DRAWS", "").encode(), digest_size=8)
    for path in files_of(patterns):
        tree = ast.parse(path.read_bytes(), filename=str(path))
        digest.update("\n".join((path.relative_to(PACKAGE_FOLDER).as_posix(), *_tokens(tree), "")).encode())
    return digest.hexdigest()


def _tokens(tree: ast.AST) -> list[str]:
    """Return the tokens of a syntax tree, without string statements: docstrings, and descriptions of constants.

    `ast.dump` is slower and differs between versions of Python.
    """
    tokens: list[str] = []
    waiting: list[object] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, list):
            entries = [entry for entry in node if not _is_ignored_token(entry)]
            tokens.append(f"[{len(entries)}")
            waiting.extend(reversed(entries))
        elif isinstance(node, ast.AST):
            tokens.append(type(node).__name__)
            for name in node._fields:
                value = getattr(node, name, None)
                if value is not None and value != [] and name != "ctx":
                    tokens.append(name)
                    waiting.append(value)
        else:
            tokens.append(repr(node))
    return tokens


def _is_ignored_token(node: object) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
