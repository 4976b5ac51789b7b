"""Files that somebody sends: read by the project's own reader, refused with the line, and nothing else is looked at."""

from itertools import pairwise

import pytest
from hypothesis import given, settings

import qispread as qs
from qispread.inputs.errors import InputError
from qispread.inputs.scenario_yaml import render_scenario_yaml
from qispread.inputs.uploads import UploadedFile, scenario_from_uploads
from strategies import scenarios

ORGANISATIONS = b"id,name,partnership\na,One,north\nb,Two,north\nc,Three,south\n"
TIES = b"from,to\na,b\nb,c\n"


def read_uploads(**files):
    """Read files: names with two underscores for a dot."""
    uploads = [UploadedFile(name.replace("__", "."), content) for name, content in files.items()]
    return scenario_from_uploads(uploads, qs.Scenario())


def faults(**files):
    with pytest.raises(InputError) as caught:
        read_uploads(**files)
    return str(caught.value)


@settings(max_examples=30)
@given(scenarios())
def test_a_scenario_that_is_written_reads_back_the_same(scenario):
    written = render_scenario_yaml(scenario, "A remark:\nof two lines # and more").encode()
    assert read_uploads(some__yaml=written).fingerprint() == scenario.fingerprint()


@pytest.mark.parametrize("name", ["on", "1e3", "true", "null", "0123", "12:30", "~", "- a", "a: b", "'", "é ü", "a#b"])
def test_words_stay_words(name):
    scenario = qs.Scenario().replace({"description": name, "policies": {name: {"lever": "coaching"}}})
    again = read_uploads(some__yaml=render_scenario_yaml(scenario).encode())
    assert again.description == name
    assert list(again.policies) == [name]


def test_defaults_are_not_written():
    assert render_scenario_yaml(qs.Scenario()) == "name: scenario\nhorizon: 120\nseed: 1\nreplicates: 200\n"


def test_a_scenario_comes_with_the_tables_that_it_names():
    text = b"organisations: {file: places.csv}\nnetwork: {kind: file, file: ties.csv}\n"
    scenario = read_uploads(some__yaml=text, places__csv=ORGANISATIONS, ties__csv=TIES)
    assert [row.name for row in scenario.organisations.rows] == ["One", "Two", "Three"]
    assert len(scenario.network.ties) == 2


def test_tables_alone_go_into_the_scenario_that_is_there():
    scenario = read_uploads(places__csv=ORGANISATIONS, ties__csv=TIES)
    assert len(scenario.organisations.rows) == 3
    assert len(scenario.network.ties) == 2
    assert any("drawn for every organisation" in note for note in scenario.notes)


def test_what_was_read_can_be_written_and_read_again():
    scenario = read_uploads(places__csv=ORGANISATIONS, ties__csv=TIES)
    assert read_uploads(some__yaml=render_scenario_yaml(scenario).encode()).fingerprint() == scenario.fingerprint()


BOMB = b"a: &a [x, x, x, x, x, x, x, x, x]\n" + b"".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n".encode() for before, name in pairwise("abcdefghi")
)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (BOMB, "some.yaml:2: holds an alias"),
        (b"a: &a [*a]", "holds an alias"),
        (b"a: 1\nb: " + b"[" * 5000, "some.yaml:2: is nested too deeply"),
        (b"name: !!python/object/apply:os.system ['true']", "name"),
        (b"extends: /etc/passwd", "some.yaml:1: extends: an upload cannot extend another file"),
        (b"organisations: {file: /etc/passwd}", "names the file '/etc/passwd', which was not uploaded"),
        (b"organisations: {file: ../places.csv}", "which was not uploaded"),
        (b"network: {kind: memberships, file: C:\\secrets.csv}", "which was not uploaded"),
        (b"horizon: 12\nseed: -1", "some.yaml:2: seed: got -1"),
        (b"hori zon: 12", "unknown name"),
        (b"\xff\xfe", "is not UTF-8"),
        (b"policies: {coaching: {lever: coaching}}", "needed: a scenario"),
        (b"name: ../../etc", "needed: a name that a folder can have"),
        (b"- a list", "must be a mapping"),
        (b"a: 1\na: 2", "given twice"),
    ],
)
def test_a_hostile_scenario_is_refused_with_its_line(text, said):
    assert said in faults(some__yaml=text)


def test_files_that_are_none_of_ours_are_refused():
    assert "neither a YAML scenario nor a CSV table" in faults(some__exe=b"MZ")
    assert "no file was uploaded" in faults()
    assert "got 2 scenarios" in faults(a__yaml=b"", b__yml=b"")
    with pytest.raises(InputError, match="two files have the same name"):
        scenario_from_uploads([UploadedFile("a.csv", TIES), UploadedFile("a.csv", ORGANISATIONS)], qs.Scenario())


def test_a_bad_row_is_refused_with_its_line():
    assert "places.csv:3" in faults(places__csv=b"id,culture\na,0.5\nb,2.5\nc,0.5\n")


def test_a_name_with_lines_and_marks_is_shown_in_one_line():
    with pytest.raises(InputError) as caught:
        scenario_from_uploads([UploadedFile("<b>a\nb</b>.exe", b"")], qs.Scenario())
    assert "<b>a b</b>.exe" in str(caught.value)
