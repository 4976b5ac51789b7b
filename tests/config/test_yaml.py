"""YAML as the scenarios are written in it: version 1.2, with line numbers, and hostile files refused."""

import math
from pathlib import Path

import pytest

from helpers_input import catch_input_error, line_of_mark, only_fault, write_file
from qispread.inputs import yaml_reader
from qispread.inputs.load_scenario import read_scenario
from qispread.inputs.scenario import Scenario
from qispread.inputs.yaml_reader import read_yaml


def read_yaml_text(text):
    return read_yaml(write_file("s.yaml", text), "s.yaml")


def parse_value(text):
    return read_yaml_text(f"value: {text}\n")[0]["value"]


@pytest.mark.parametrize("word", ["on", "off", "yes", "no", "NO", "y", "n", "On", "2020-01-01", "1.2.3", "1e", "e5"])
def test_these_are_words(word):
    assert parse_value(word) == word


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1e-3", 0.001),
        ("1E5", 1e5),
        ("6.02e+23", 6.02e23),
        ("-.5", -0.5),
        ("1.", 1.0),
        ("0.0", 0.0),
        ("12", 12),
        ("+3", 3),
        ("-0", 0),
        ("0", 0),
        (".inf", math.inf),
        ("-.inf", -math.inf),
    ],
)
def test_these_are_numbers(text, number):
    found = parse_value(text)
    assert (found, type(found)) == (number, type(number))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *[(text, True) for text in ("true", "True", "TRUE")],
        *[(text, False) for text in ("false", "False", "FALSE")],
        *[(text, None) for text in ("null", "Null", "NULL", "~", "")],
    ],
)
def test_these_are_truth_values_or_nothing(text, value):
    assert parse_value(text) is value


def test_not_a_number_is_read_as_such_and_refused_later():
    assert math.isnan(parse_value(".nan"))


@pytest.mark.parametrize("text", ["'12'", '"on"', "'null'", "|\n  12", ">-\n  12"])
def test_quoted_text_stays_text(text):
    assert isinstance(parse_value(text), str)


@pytest.mark.parametrize(("text", "shown"), [("0123", "0123"), ("12:30", "12:30"), ("'24'", "24"), ("on", "on")])
def test_text_is_refused_where_a_number_is_needed(text, shown):
    fault = only_fault(read_scenario, write_file("s.yaml", f"name: x\nhorizon: {text}\n"))
    assert (fault.file, fault.line, fault.path) == ("s.yaml", 2, "horizon")
    assert f"got the text '{shown}'" in fault.problem
    assert "needed: a whole number" in fault.problem


def test_a_number_of_thousands_of_digits_is_a_fault():
    assert only_fault(read_scenario, write_file("s.yaml", f"name: x\nseed: {'9' * 5000}\n")).line == 2


def test_every_key_given_twice_is_a_fault_on_the_line_of_the_second():
    text = """\
        horizon: 24
        organisations:
          number: 30
          number: 40
        horizon: 36
        improving: {decay: 0.1, decay: 0.2}
        """
    faults = catch_input_error(read_yaml_text, text).faults
    assert [(fault.line, fault.path) for fault in faults] == [
        (4, "organisations.number"),
        (5, "horizon"),
        (6, "improving.decay"),
    ]
    assert "first on line 1" in faults[1].problem


def test_an_anchor_may_be_used_again():
    data, _ = read_yaml_text("a: &a {x: 1}\nb: *a\n")
    assert data == {"a": {"x": 1}, "b": {"x": 1}}


def test_an_alias_bomb_is_refused(monkeypatch):
    monkeypatch.setattr(yaml_reader, "MAX_NODES", 5_000)
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 30)]
    assert "5,000 values" in only_fault(read_yaml_text, "\n".join(lines)).problem


@pytest.mark.parametrize("text", ["a: &a [*a]\n", "a: &a\n  b: *a\n"])
def test_an_alias_to_itself_is_refused(text):
    assert "refers to itself" in only_fault(read_yaml_text, text).problem


@pytest.mark.parametrize(
    "text",
    [
        "a: 1\nb:\n\tc: 1  # here\n",
        "a: 1\nb: [1, 2\nc: 3  # here\n",
        "a: *nobody  # here\n",
        "a: 1\n---  # here\nb: 2\n",
        "a: 'one\ntwo\n  # here",
    ],
)
def test_what_is_not_yaml_is_refused_with_its_line(text):
    fault = only_fault(read_yaml_text, text)
    assert fault.problem.startswith("is not valid YAML: ")
    assert (fault.file, fault.line) == ("s.yaml", line_of_mark(text))


@pytest.mark.parametrize("text", ["- a\n- b\n", "hello\n", "12\n", "[]\n"])
def test_a_file_must_be_a_mapping(text):
    fault = only_fault(read_yaml_text, text)
    assert (fault.line, fault.problem) == (1, "must be a mapping of names to values")


@pytest.mark.parametrize("text", ["", "\n\n", "# nothing but words\n", "{}\n"])
def test_an_empty_file_is_a_scenario_of_defaults(text):
    assert read_scenario(write_file("s.yaml", text)) == Scenario()


@pytest.mark.parametrize("text", [b"name: caf\xe9\n", "name: x\n".encode("utf-16"), b"\xff\xfe\x00"])
def test_what_is_not_utf8_is_refused(text):
    fault = only_fault(read_yaml_text, text)
    assert fault.file == "s.yaml"
    assert "is not UTF-8" in fault.problem


def test_a_byte_order_mark_is_accepted():
    data, places = read_yaml_text(b"\xef\xbb\xbfname: caf\xc3\xa9\n")
    assert data == {"name": "café"}
    assert places["name",].line == 1


@pytest.mark.parametrize("text", [b"name: a\x00b\n", b"name: \x07\n"])
def test_control_characters_are_refused(text):
    assert only_fault(read_yaml_text, text).problem.startswith("is not valid YAML: ")


def test_a_missing_file_is_a_fault():
    fault = only_fault(read_scenario, "nowhere/s.yaml")
    assert (fault.file, fault.problem) == ("nowhere/s.yaml", "no such file")


def test_a_folder_is_a_fault():
    Path("folder").mkdir()
    fault = only_fault(read_scenario, "folder")
    assert (fault.file, fault.problem) == ("folder", "is a folder, not a file")


def test_a_tag_cannot_run_anything():
    catch_input_error(read_scenario, write_file("s.yaml", "name: !!python/object/apply:os.mkdir [harm]\n"))
    assert not Path("event_rate").exists()


NESTED = """\
    # a comment

    name: x
    description: |
      several
      lines
    organisations:

      number: 30
      context: {leadership: 0.4,
                culture: 0.6}
    policies:
      one: {lever: mandate}
      two:
        lever: standard
        target:
          partnerships:
          - partnership-01
          - partnership-02
    """


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("name",), 3),
        (("description",), 4),
        (("organisations",), 7),
        (("organisations", "number"), 9),
        (("organisations", "context", "leadership"), 10),
        (("organisations", "context", "culture"), 11),
        (("policies", "one", "lever"), 13),
        (("policies", "two", "target", "partnerships", 1), 19),
    ],
)
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_every_value_knows_its_line(path, line, ending):
    text = "\n".join(part.removeprefix("    ") for part in NESTED.splitlines()) + "\n"
    _, places = read_yaml_text(text.replace("\n", ending).encode())
    assert (places[path].file, places[path].line) == ("s.yaml", line)
