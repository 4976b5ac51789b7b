"""Every page that shows code or commands is run, and prints what it shows."""

import re
import shlex
import subprocess
import sys
import tomllib
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import pytest
import yaml

from qispread.calibrating.load import load_calibration
from qispread.config.load import scenario_from
from qispread.sweeping.load import experiment_from, load_experiment

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs/how-to").glob("*.md"))]
EVERY_PAGE = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", flags=re.MULTILINE | re.DOTALL)


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """Stand in a folder that looks like the checkout, where results may be written."""
    (tmp_path / "configs").symlink_to(ROOT / "configs")
    (tmp_path / "experiments").symlink_to(ROOT / "experiments")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_python_prints_what_the_page_shows(page, checkout):
    printed = ""
    for language, text in BLOCK.findall(page.read_text(encoding="utf-8")):
        if language == "python":
            with redirect_stdout(StringIO()) as out:
                exec(compile(text, page.name, "exec"), {"__name__": "page"})  # noqa: S102 - our own pages
            printed = out.getvalue()
        elif language == "text":
            assert printed == text


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_commands_work(page, checkout):
    for language, text in BLOCK.findall(page.read_text(encoding="utf-8")):
        if language == "console":
            program, *arguments = shlex.split(text.removeprefix("$ "))
            assert program == "qispread"
            done = subprocess.run(
                [sys.executable, "-m", "qispread.cli", *arguments], capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_yaml_is_valid(page):
    for language, text in BLOCK.findall(page.read_text(encoding="utf-8")):
        if language == "yaml":
            data = yaml.safe_load(text)
            if "targets" in data:
                assert load_calibration(data, ROOT / "experiments/calibrations").factors
            elif "factors" in data:
                experiment_from(data, {}, ROOT / "experiments")
            else:
                scenario_from(data)


@pytest.mark.parametrize("path", sorted((ROOT / "experiments").glob("*.yaml")), ids=lambda path: path.stem)
def test_experiments_can_be_read(path):
    assert load_experiment(path).name == path.stem


@pytest.mark.parametrize("path", sorted((ROOT / "experiments").glob("*/*.yaml")), ids=lambda path: path.stem)
def test_calibrations_can_be_read(path):
    assert load_calibration(path).calibration.name == path.stem


@pytest.mark.parametrize("page", [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")], ids=lambda page: page.stem)
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
        assert target.startswith("https://") or (page.parent / target).exists(), target


@pytest.mark.parametrize("page", EVERY_PAGE, ids=lambda page: page.stem)
def test_what_is_installed_comes_from_the_clone_with_extras_that_there_are(page):
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    text = page.read_text(encoding="utf-8")
    assert not re.search(r"pip install\s+(-U\s+)?[\"']?qispread", text)
    assert set(re.findall(r'pip install -e "\.\[(\w+)\]"', text)) <= set(extras)
