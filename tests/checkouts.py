"""Other checkouts of the package, in which one rule differs."""

import shutil

from qispread.model.rules.source_hash import PACKAGE_FOLDER


def other_checkout(folder):
    """Copy the package to a folder, halve what a month takes from fidelity there, and return the folder."""
    shutil.copytree(PACKAGE_FOLDER, folder / "qispread", ignore=shutil.ignore_patterns("__pycache__"))
    path = folder / "qispread" / "model" / "rules" / "improving.py"
    text = path.read_text(encoding="utf-8")
    edited = text.replace("return fidelity * (1.0 - decay", "return fidelity * (1.0 - 0.5 * decay")
    assert edited != text
    path.write_text(edited, encoding="utf-8")
    return folder
