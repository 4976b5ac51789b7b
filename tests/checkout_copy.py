"""A copy of the checkout in which a recipe of CONTRIBUTING.md is followed."""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

ROOT = Path(__file__).parents[1]
COPIED = ("src", "tests", "docs", "configs", "experiments", "results", "pyproject.toml", "CONTRIBUTING.md", "README.md")
GENERATED = (
    "docs/*",
    "tests/baselines/*",
    "results/published/made_from.json",
    "src/qispread/outputs/text/references.json",
)
"""What the commands of recipes write."""


@dataclass(frozen=True)
class Edit:
    """A change of one file: text put before or after a line that is there, or a file of its own.

    Attributes
    ----------
    path : str
    text : str
    after, before : str
        The end or the beginning of what is there; a new file has neither.
    """

    path: str
    text: str
    after: str = ""
    before: str = ""


class Copy:
    """A copy of the checkout, in which a recipe is followed."""

    def __init__(self, folder):
        self.folder = folder
        for name in COPIED:
            ignored = shutil.ignore_patterns("__pycache__", "*.pyc")
            place = folder / name
            if (ROOT / name).is_dir():
                shutil.copytree(ROOT / name, place, ignore=ignored)
            else:
                shutil.copy(ROOT / name, place)
        self.before = self.contents()

    def contents(self):
        """Return every file of the copy that matters, as bytes by path."""
        paths = (path for path in self.folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
        return {path.relative_to(self.folder).as_posix(): path.read_bytes() for path in paths}

    def apply(self, *edits):
        """Change files."""
        for edit in edits:
            path = self.folder / edit.path
            if not (edit.after or edit.before):
                assert not path.exists()
                path.write_text(edit.text, encoding="utf-8")
                continue
            text, there = path.read_text(encoding="utf-8"), edit.after or edit.before
            assert text.count(there) == 1, f"{edit.path} has {text.count(there)} of: {there}"
            new = there + edit.text if edit.after else edit.text + there
            path.write_text(text.replace(there, new), encoding="utf-8")

    def changed(self):
        """Return the files that differ from what was copied, without what commands write."""
        now = self.contents()
        found = {path for path in now if now[path] != self.before.get(path)}
        ignored = (*GENERATED, ".pytest_cache/*", ".ruff_cache/*", ".hypothesis/*", "cache/*")
        return {path for path in found if not any(fnmatch(path, pattern) for pattern in ignored)}

    def run(self, *command):
        """Run a command in the copy with its own sources, and return what it printed."""
        paths = os.pathsep.join(str(self.folder / name) for name in ("src", "", "docs", "tests"))
        setting = {**os.environ, "PYTHONPATH": paths, "XDG_CACHE_HOME": str(self.folder / "cache")}
        done = subprocess.run(
            [sys.executable, *command], cwd=self.folder, env=setting, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout[-6000:]}\n{done.stderr[-2000:]}"
        return done.stdout

    def test(self, *paths):
        """Run tests of the copy, all of which must pass."""
        # Later options win: the copy's own markers are all on but for the slow ones.
        return self.run("-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "-n", "0", "-m", "not slow", *paths)

    def lint(self):
        """Check style and generated pages as .ci/run does."""
        self.run("-m", "ruff", "check", *sorted(path for path in self.changed() if path.endswith(".py")))
        self.run("-m", "ruff", "format", "--check", *sorted(path for path in self.changed() if path.endswith(".py")))
        self.run("docs/generate.py", "--check")


def named_files(heading):
    """Return the files that a recipe names: its paths in backticks, placeholders as patterns."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    recipe = re.search(rf"^## {re.escape(heading)}\n(.*?)(?=^## )", text, re.MULTILINE | re.DOTALL)
    assert recipe, heading
    found, folder = [], ""
    for path in re.findall(r"`([\w./*]+\.(?:py|yaml))`", recipe[1]):
        # "`src/a/b.py`, `c.py`" names two files of one folder.
        full = path if "/" in path else f"{folder}/{path}"
        folder = full.rpartition("/")[0]
        found.append(full.replace("NAME", "*").replace("eNN", "e[0-9][0-9]"))
    return found


def holds_to(copy, heading):
    """Check that nothing was changed that the recipe does not name."""
    unnamed = {path for path in copy.changed() if not any(fnmatch(path, one) for one in named_files(heading))}
    assert not unnamed, f"'{heading}' does not name {', '.join(sorted(unnamed))}"
