"""Faulty plug-ins: each fault is a sentence with file and line, and leaves nothing behind."""

from pathlib import Path

import pytest

import qispread as qs
from helpers_input import catch_input_error
from qispread.inputs.extensions import plugins
from qispread.inputs.own_sections import OWN_NETWORKS, OWN_POLICIES
from qispread.inputs.rule_forms import RULE_FORMS
from qispread.interfaces.cli.main import main
from qispread.model.measures import MEASURE_NAMES, MEASURES

HEAD = "import numpy as np\nimport random\nimport time\n\nimport qispread as qs\n\n\n"


def read_cases():
    """Return code and words of the fault by case."""
    text = (Path(__file__).parent / "faulty_plugins.txt").read_text(encoding="utf-8")
    cases = {}
    for part in text.split("\n=== ")[1:]:
        name, words, code = part.split("\n", 2)
        cases[name] = (code.strip(), words.removeprefix("--- "))
    return cases


FAULTS = read_cases()


def registries():
    """Return the names in all registries."""
    forms = {rule: sorted(forms) for rule, forms in RULE_FORMS.items()}
    return sorted(MEASURES), forms, sorted(OWN_NETWORKS), sorted(OWN_POLICIES), sorted(plugins.LOADED)


@pytest.mark.quick_cases(10)
@pytest.mark.parametrize("case", FAULTS)
def test_each_fault_is_told_with_file_and_line_and_nothing_is_known_of_the_plugin(case, tmp_path):
    code, problem = FAULTS[case]
    file, before = tmp_path / "faulty.py", registries()
    file.write_text(HEAD + code + "\n", encoding="utf-8")
    error = catch_input_error(qs.read_plugin, file)
    assert problem in str(error)
    assert all(fault.file.endswith("faulty.py") for fault in error.faults)
    assert case == "nothing" or all(fault.line >= 1 for fault in error.faults)
    assert "Traceback" not in str(error)
    assert registries() == before


def test_all_faults_of_a_file_are_told_at_once_on_the_command_line(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    two = [FAULTS["unknown field"][0], FAULTS["slot"][0].replace('"mine"', '"other"')]
    Path("two.py").write_text(HEAD + "\n\n\n".join(two), encoding="utf-8")
    assert main(["check", "--plugin", "two.py", "--plugin", "missing.py"]) == 2
    told = capsys.readouterr().err
    assert "two.py:8: measure 'mine': reads world.fidelty, which is no field; did you mean 'fidelity'?" in told
    assert "two.py:13: mine: moves 'pusch', which nothing reads; did you mean 'push'?" in told
    assert "missing.py: no such file" in told
    assert told.startswith("3 faults in the input")


def test_a_fault_in_a_session_is_raised_where_it_is_declared():
    error = catch_input_error(lambda: qs.measure("mine_here")(lambda world: world.cultur.mean()))
    assert "reads world.cultur" in str(error)
    assert "test_faults.py" in str(error)
    assert "mine_here" not in MEASURES
    assert tuple(MEASURES) == MEASURE_NAMES


def test_a_file_that_is_neither_python_nor_installed_is_refused():
    error = catch_input_error(qs.read_plugin, "caves")
    assert "'caves' is neither a Python file (.py) nor an installed plug-in" in str(error)
