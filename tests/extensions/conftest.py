"""A scenario with measures of its own, from a plug-in as a stranger would write it."""

from pathlib import Path

import pytest

import qispread as qs
from helpers_sweep import SCENARIO_YAML
from qispread.inputs.extensions.plugins import forget

PLUGIN = Path(__file__).parent / "plugins" / "waiting.py"


@pytest.fixture(scope="module", autouse=True)
def forget_plugins():
    """Leave no plug-in for the tests of other modules."""
    yield
    forget()


@pytest.fixture(scope="module")
def scenario(tmp_path_factory):
    """Return a small scenario that uses the plug-in."""
    file = tmp_path_factory.mktemp("own") / "small.yaml"
    file.write_text(SCENARIO_YAML + "replicates: 6\n", encoding="utf-8")
    return qs.read_scenario(file, plugins=[PLUGIN])
