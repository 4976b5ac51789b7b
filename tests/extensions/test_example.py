"""The plug-in among the examples: its own tests pass, and the how-tos show it as it is."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import qispread as qs
from qispread.inputs.extensions.plugin_files import ENTRY_POINT_GROUP
from qispread.inputs.extensions.plugins import forget
from qispread.model.extensions.own_network import Places
from qispread.model.world.lever_slots import ORGANISATION_SLOTS, PRACTICE_SLOTS

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "docs/examples/late_adopters"
HOW_TOS = ROOT / "docs/how-to"
PAGES = [page for page in sorted(HOW_TOS.glob("*.md")) if EXAMPLE.name in page.read_text(encoding="utf-8")]
EXCERPT = re.compile(r"^```py\n(.*?)^```$", flags=re.MULTILINE | re.DOTALL)
YAML = re.compile(r"^```(?:yaml|toml)\n(.*?)^```$", flags=re.MULTILINE | re.DOTALL)


@pytest.fixture
def plugin():
    """Return the plug-in, and leave nothing of it for other tests."""
    yield qs.read_plugin(EXAMPLE / "late_adopters.py")
    forget()


def texts(pattern):
    return [path.read_text(encoding="utf-8") for path in sorted(EXAMPLE.glob(pattern))]


def test_there_is_a_page_for_each_kind_and_one_to_publish(plugin):
    assert len(PAGES) == len({one.kind for one in plugin.extensions}) + 1 == 5


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_excerpts_are_in_the_example(page):
    excerpts = EXCERPT.findall(page.read_text(encoding="utf-8"))
    assert excerpts
    for excerpt in excerpts:
        assert any(f"\n{excerpt}" in text for text in texts("*.py")), excerpt


def test_every_function_of_the_example_is_on_a_page(plugin):
    shown = "".join(excerpt for page in PAGES for excerpt in EXCERPT.findall(page.read_text(encoding="utf-8")))
    assert [one.name for one in plugin.extensions if f"def {one.function.__name__}(" not in shown] == []


def test_the_entry_point_on_the_page_is_that_of_the_package():
    project = tomllib.loads((EXAMPLE / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    page = (HOW_TOS / "publish_a_plug_in.md").read_text(encoding="utf-8")
    shown = tomllib.loads(YAML.findall(page)[0])["project"]
    assert shown["entry-points"] == project["entry-points"] == {ENTRY_POINT_GROUP: {EXAMPLE.name: EXAMPLE.name}}


def test_the_pages_name_what_own_functions_are_given():
    network, policy = (
        (HOW_TOS / f"{name}.md").read_text(encoding="utf-8")
        for name in ("draw_a_network_of_your_own", "add_a_policy_of_your_own")
    )
    assert [field for field in Places._fields if f"`{field}`" not in network] == []
    reference = (ROOT / "docs/plug_in_reference.md").read_text(encoding="utf-8").partition("## Slots")[2]
    listed = set(re.findall(r"^\| `(\w+)` \|", reference, flags=re.MULTILINE))
    assert listed == {*ORGANISATION_SLOTS, *PRACTICE_SLOTS} - {"cost"}
    named = re.search(r"such as (`support`.*?)\.", policy, flags=re.DOTALL)[1]
    assert set(re.findall(r"`(\w+)`", named)) <= listed


@pytest.mark.slow
def test_its_own_tests_pass_in_a_folder_elsewhere(tmp_path):
    """As a stranger runs them: a copy, pytest with the settings of its pyproject, in a process of its own."""
    folder = tmp_path / EXAMPLE.name
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("__pycache__", ".*"))
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "PYTEST_ADDOPTS": ""}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout
    assert "skipped" not in done.stdout
