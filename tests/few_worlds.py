"""The how-tos in few worlds: the same commands and code, on copies of `configs` and `experiments` with fewer runs.

Nothing of the product knows of it. What the pages print at full size is held to the letter by the slow tests.
"""

import re
import shutil

FILES = (
    (r"\breplicates: \d+", "replicates: 4"),
    # As few as the analyses of each take.
    (r"\bpoints: 256\b", "points: 80"),
    (r"\bpoints: \d{3,}", "points: 300"),
)
CODE = (
    (r"\breplicates=\d+", "replicates=4"),
    (r'"points": 64', '"points": 16'),
    (r"\bmodels=\d+", "models=4"),
    # A fit takes 20 or more.
    (r"\breplicates=\d+(?=, shuffles)", "replicates=20"),
    (r"\bshuffles=\d+", "shuffles=99"),
)
OPTIONS = {"--replicates": "4", "--self-check": "4", "--precision": "0.05"}
"""Options that are given another value wherever they stand."""
ADDED = {"compare": {"--models": "4"}, "fit": {"--worlds": "20", "--shuffles": "99"}}
"""Options that a command is given where it has them not."""


def copy_small(root, folder):
    """Copy the scenarios, experiments and examples of the checkout, with fewer replicates and points."""
    for name in ("configs", "experiments"):
        shutil.copytree(root / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "*.py"))
    # The plug-in among the examples is code, and needed.
    shutil.copytree(root / "docs/examples", folder / "docs/examples", ignore=shutil.ignore_patterns("__pycache__"))
    for path in folder.rglob("*.yaml"):
        path.write_text(replaced(path.read_text(encoding="utf-8"), FILES), encoding="utf-8")


def small_code(text):
    """Return the Python of a page with fewer replicates, points and models."""
    return replaced(text, CODE)


def small_arguments(arguments):
    """Return the arguments of a command with fewer replicates, worlds and models."""
    found = list(arguments)
    for index, name in enumerate(arguments[:-1]):
        found[index + 1] = OPTIONS.get(name, found[index + 1])
    for name, value in ADDED.get(arguments[0], {}).items():
        if name not in found:
            found += [name, value]
    return found


def replaced(text, pairs):
    """Return a text with each pattern replaced."""
    for pattern, replacement in pairs:
        text = re.sub(pattern, replacement, text)
    return text
