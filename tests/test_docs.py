"""Every page that shows code or commands is run, and prints what it shows."""

import re
import shlex
import subprocess
import sys
import tomllib
import warnings
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import pytest
import yaml

from few_worlds import copy_small, small_arguments, small_code
from optional import require
from qispread.inputs.extensions.plugins import forget
from qispread.inputs.load_scenario import build_scenario, read_scenario
from qispread.interfaces.cli.main import load_plugins, main
from qispread.runs.calibration.load_calibration import read_calibration
from qispread.runs.sweep.load_experiment import build_experiment, read_experiment

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs/how-to").glob("*.md"))]
EVERY_PAGE = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", flags=re.MULTILINE | re.DOTALL)
PLUGIN = "docs/examples/late_adopters/late_adopters.py"
"""The plug-in of all pages that have one."""


NEEDS = {"use_the_ema_workbench": ("ema_workbench", "ema")}
"""Pages whose code needs an extra, with a module that comes with it: they are in the slow part, which has it."""


def stem(page):
    return page.stem


def with_extra(page):
    """Return a page as a case of a test, slow where it needs an extra."""
    return pytest.param(page, marks=[pytest.mark.slow] if page.stem in NEEDS else [])


def require_extra(page):
    """Skip a page whose extra is not installed; what is imported first may warn of packages that it can do without."""
    if page.stem in NEEDS:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            require(*NEEDS[page.stem])


def blocks(page, wanted):
    """Return the blocks of code of a page that are in some languages."""
    found = BLOCK.findall(page.read_text(encoding="utf-8"))
    return [(language, text) for language, text in found if language in wanted]


def commands(page):
    """Return the arguments of every command of a page."""
    typed = [shlex.split(text.removeprefix("$ ")) for _, text in blocks(page, {"console"})]
    assert {program for program, *_ in typed} <= {"qispread"}
    return [arguments for _, *arguments in typed]


WITH_COMMANDS = [page for page in PAGES if commands(page)]
WITH_PYTHON = [page for page in PAGES if blocks(page, {"python"})]


@pytest.fixture(autouse=True)
def forget_plugins():
    """Leave no plug-in of a page for other tests."""
    yield
    forget()


@pytest.fixture
def checkout_folder(tmp_path, monkeypatch):
    """Stand in a folder that looks like the checkout, where results may be written."""
    (tmp_path / "configs").symlink_to(ROOT / "configs")
    (tmp_path / "experiments").symlink_to(ROOT / "experiments")
    (tmp_path / "docs").symlink_to(ROOT / "docs")
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def small_checkout(tmp_path, monkeypatch):
    """Stand in a folder that looks like the checkout, but whose scenarios and experiments have few runs."""
    copy_small(ROOT, tmp_path)
    monkeypatch.chdir(tmp_path)


def printed_by(page, text):
    """Return what the Python of a page prints."""
    with redirect_stdout(StringIO()) as out:
        exec(compile(text, page.name, "exec"), {"__name__": "page"})  # noqa: S102 - our own pages
    return out.getvalue()


@pytest.mark.filterwarnings("default::Warning:ema_workbench.*")
@pytest.mark.parametrize("page", [with_extra(page) for page in WITH_PYTHON], ids=stem)
def test_python_runs_in_few_worlds(page, small_checkout):
    require_extra(page)
    printed = [printed_by(page, small_code(text)) for _, text in blocks(page, {"python"})]
    assert any(printed)


@pytest.mark.slow
@pytest.mark.filterwarnings("default::Warning:ema_workbench.*")
@pytest.mark.parametrize("page", WITH_PYTHON, ids=stem)
def test_python_prints_what_the_page_shows(page, checkout_folder):
    require_extra(page)
    printed = ""
    for language, text in blocks(page, {"python", "text"}):
        if language == "python":
            printed = printed_by(page, text)
        else:
            assert printed == text


@pytest.mark.quick_cases(4)
@pytest.mark.parametrize("page", WITH_COMMANDS, ids=stem)
def test_commands_work_in_few_worlds(page, small_checkout, capsys):
    for arguments in commands(page):
        assert main(small_arguments(arguments)) == 0, (arguments, capsys.readouterr())


@pytest.mark.slow
@pytest.mark.parametrize("page", WITH_COMMANDS, ids=stem)
def test_commands_work(page, checkout_folder):
    for arguments in commands(page):
        done = subprocess.run(
            [sys.executable, "-m", "qispread.interfaces.cli.main", *arguments],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr


def test_what_is_made_small_is_smaller_than_on_the_pages(small_checkout):
    """What is replaced is there to be replaced: a page or a scenario that is written anew is noticed."""
    small, full = read_scenario("configs/prompt.yaml"), read_scenario(ROOT / "configs/prompt.yaml")
    assert small.replicates < full.replicates
    for name in ("first_sweep", "calibrations/first_calibration"):
        path = Path("experiments", f"{name}.yaml")
        assert path.read_text(encoding="utf-8") != (ROOT / path).read_text(encoding="utf-8")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_yaml_is_valid(page):
    text_of_page = page.read_text(encoding="utf-8")
    load_plugins([str(ROOT / PLUGIN)] if PLUGIN in text_of_page else [])
    for language, text in BLOCK.findall(text_of_page):
        if language == "yaml":
            data = yaml.safe_load(text)
            if "targets" in data:
                assert read_calibration(data, ROOT / "experiments/calibrations").factors
            elif "factors" in data:
                build_experiment(data, {}, ROOT / "experiments")
            else:
                build_scenario(data)


@pytest.mark.parametrize("path", sorted((ROOT / "experiments").glob("*.yaml")), ids=lambda path: path.stem)
def test_experiments_can_be_read(path):
    assert read_experiment(path).name == path.stem


@pytest.mark.parametrize("path", sorted((ROOT / "experiments").glob("*/*.yaml")), ids=lambda path: path.stem)
def test_calibrations_can_be_read(path):
    assert read_calibration(path).calibration.name == path.stem


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
