"""Options of version 0.1: read as those of now, with a note on stderr, and not in any help."""

import pytest

from qispread.common.former_names import MEASURES, OPTIONS, REFUSED_MEASURES, REMOVED_IN
from qispread.interfaces.cli.former_options import read_former_arguments
from qispread.interfaces.cli.main import build_parser, main

NEEDED = {
    "compare": ["s.yaml"],
    "discover": ["folder", "--below", "1"],
    "fit": ["people.csv", "ties.csv"],
    "sensitivity": ["folder"],
}
EACH = [(command, old) for command, renamed in OPTIONS.items() for old in renamed]
WITH_MEASURE = ("compare", "discover", "sensitivity")


@pytest.mark.parametrize(("command", "old"), EACH)
def test_options(command, old, capsys):
    new, words = OPTIONS[command][old], [command, *NEEDED[command]]
    former = build_parser().parse_args([*words, old, "12"])
    note = capsys.readouterr().err
    now = build_parser().parse_args([*words, new, "12"])
    assert vars(former) == vars(now)
    assert note == f'note: "{old}" is now "{new}"; the old name is read until {REMOVED_IN}\n'
    assert capsys.readouterr().err == ""
    assert vars(build_parser().parse_args(words)) != vars(now)


@pytest.mark.parametrize(("command", "old"), EACH)
def test_help_has_the_option_of_now_alone(command, old, capsys):
    with pytest.raises(SystemExit):
        main([command, "--help"])
    words = capsys.readouterr().out.replace("[", " ").replace("]", " ").split()
    assert OPTIONS[command][old] in words
    assert old not in words


@pytest.mark.parametrize(("command", "old"), EACH)
def test_both_names_are_refused(command, old, capsys):
    assert main([command, *NEEDED[command], old, "12", f"{OPTIONS[command][old]}=12"]) == 2
    assert f"{old}: is the former name of {OPTIONS[command][old]}" in capsys.readouterr().err


@pytest.mark.parametrize("command", WITH_MEASURE)
@pytest.mark.parametrize("name", MEASURES)
def test_measures(command, name, capsys):
    typed = [command, *NEEDED[command], "--measure", name]
    arguments = build_parser().parse_args(typed)
    read_former_arguments(arguments, typed)
    assert arguments.measure == MEASURES[name]
    assert f'"{name}" is now "{MEASURES[name]}"' in capsys.readouterr().err


@pytest.mark.parametrize("command", WITH_MEASURE)
@pytest.mark.parametrize("name", REFUSED_MEASURES)
def test_refused_measures(command, name, capsys):
    assert main([command, *NEEDED[command], "--measure", name]) == 2
    assert f"--measure: '{name}' meant something else" in capsys.readouterr().err.replace("\n", " ")
