"""The tutorial runs whole, tells what the README tells, and holds no outputs."""

import runpy
from pathlib import Path

import pytest

from optional import require

NOTEBOOK = Path(__file__).parents[1] / "docs/tutorial/first_steps.py"


@pytest.mark.slow
def test_it_runs_from_the_first_cell_to_the_last():
    require("marimo", "notebook")
    _, found = runpy.run_path(str(NOTEBOOK))["app"].run()
    assert f"{found['current_use']:.0%} {found['ratio']:.0%}" == "68% 34%"
    gained = found["comparison"].difference("coaching", "effect")
    assert gained["low"] > 0.0
    assert len(found["swept"]) == 64 * 4
    observed = found["observed"]
    assert list(observed["month"]) == list(range(1, 121))
    last = observed.iloc[-1]
    assert last["one copy"] > last["two copies"] > last["three copies"]
