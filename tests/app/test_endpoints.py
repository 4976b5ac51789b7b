"""What the server answers, asked as a browser asks it."""

import base64
import csv
import html
import http.client
import io
import json
import re
import threading

import numpy as np
import pytest

import qispread as qs
from patience import PATIENCE
from qispread.inputs.factors import iterate_parameters
from qispread.inputs.field_errors import discriminator
from qispread.inputs.interventions import Origin
from qispread.inputs.parameter import section_classes
from qispread.inputs.parameter_descriptions import all_descriptions
from qispread.inputs.policies import AnyPolicy
from qispread.interfaces.cli.main import main
from qispread.interfaces.page.map_data import FIDELITY_STEPS, NOT_IN_USE
from qispread.model.engines.trace import trace
from qispread.model.world.state_arrays import EMBEDDED, IMPLEMENTING
from qispread.outputs.figures.map_layout import map_positions

SETTING = {"policies": {"coaching": {"support": 0.8, "start": 4, "cost": 10.0}}, "alone": {"copying.copy_loss": 0.4}}
BASE, OPTION = {"setting": SETTING, "arm": "baseline"}, {"setting": SETTING, "arm": "option"}


@pytest.fixture(scope="module")
def option(start):
    """Return the option of the setting."""
    return start.replace({"copying.copy_loss": 0.4}).with_policy("coaching", support=0.8, start=4, cost=10.0)


def test_an_answer_comes_first_from_some_worlds_and_then_from_all(read_lines, start):
    found = read_lines("/api/compare", {"setting": SETTING})
    assert [one["runs"] for one in found if "runs" in one] == [50, start.replicates]
    assert len(found[-1]["headline"]) == 2


def test_the_numbers_are_those_of_the_command_to_the_last_digit(
    send_request, read_lines, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "160")
    for question, name in ((BASE, "small.yaml"), (OPTION, "small-option.yaml")):
        answer = send_request("/api/scenario.yaml", question)
        assert answer.headers["content-disposition"] == f'attachment; filename="{name}"'
        (tmp_path / name).write_bytes(answer.body)
    assert main(["compare", "small.yaml", "small-option.yaml", "--models", "0"]) == 0
    printed = capsys.readouterr().out
    for cells in read_lines("/api/compare", {"setting": SETTING})[-1]["table"]["rows"]:
        line = next(line for line in printed.splitlines() if line.strip().startswith(f"{cells[0]} "))
        assert re.split(r"\s{2,}", line.strip()) == [cell for cell in cells if cell]


def test_a_scenario_to_take_away_is_the_one_on_the_page(send_request, tmp_path, start, option):
    for question, expected in ((BASE, start), (OPTION, option)):
        (tmp_path / "taken.yaml").write_bytes(send_request("/api/scenario.yaml", question).body)
        assert qs.read_scenario(tmp_path / "taken.yaml").fingerprint() == expected.fingerprint()


def test_every_number_of_the_scenario_and_every_lever_can_be_changed(read_lines, send_request, start):
    found = json.loads(send_request("/api/parameters", method="GET").body)
    numbers = {one["path"]: one for group in found["groups"] for one in group["parameters"]}
    assert set(numbers) == {path for path, _, _ in iterate_parameters(start)}
    assert [one["lever"] for one in found["levers"]] == [discriminator(one) for one in section_classes(AnyPolicy)]
    meanings = {one.meaning for one in all_descriptions()} | {Origin.model_fields["number"].description}
    assert all(one["meaning"] in meanings for one in numbers.values())
    assert {one["evidence"] for one in numbers.values()} == {
        "measured",
        "derived",
        "assumption",
        "hypothesis",
        "choice",
    }


def test_a_slider_reaches_the_value_and_both_ends(send_request):
    found = json.loads(send_request("/api/parameters", method="GET").body)
    numbers = [one for group in found["groups"] for one in group["parameters"]]
    numbers += [one for lever in found["levers"] for one in lever["strengths"]]
    sliders = [one for one in numbers if one["slider"]]
    assert len(sliders) > 60
    for one in sliders:
        low, high, step = (one["slider"][name] for name in ("low", "high", "step"))
        for end in (one["value"], high):
            assert (end - low) / step == pytest.approx(round((end - low) / step), abs=1e-5), one["path"]
        assert 10 <= (high - low) / step <= 1000 or one["integer"]


def bytes_of(text, months):
    return np.frombuffer(base64.b64decode(text), np.uint8).reshape(months + 1, -1)


def test_a_world_is_told_month_by_month_as_it_was_lived(send_request, start, option):
    for question, scenario in ((BASE, start), (OPTION, option)):
        found = json.loads(send_request("/api/world", {**question, "replicate": 3}).body)
        expected = trace(scenario, 3)
        name = next(iter(scenario.interventions))
        stage = expected.quantity("stage", name)
        np.testing.assert_array_equal(bytes_of(found["stage"], start.horizon), stage)
        fidelity = bytes_of(found["fidelity"], start.horizon)
        uses = np.isin(stage, (IMPLEMENTING, EMBEDDED))
        np.testing.assert_array_equal(fidelity != NOT_IN_USE, uses)
        np.testing.assert_allclose(
            fidelity[uses] / FIDELITY_STEPS, expected.quantity("fidelity", name)[uses], atol=0.5 / FIDELITY_STEPS
        )
        np.testing.assert_allclose(
            [found["layout"]["x"], found["layout"]["y"]], map_positions(expected.world), atol=1e-4
        )
        assert found["origins"] == np.flatnonzero(expected.quantity("origin", name)[0]).tolist()


def test_positions_are_the_same_in_both_arms(send_request):
    first, second = (json.loads(send_request("/api/world", one).body)["layout"] for one in (BASE, OPTION))
    assert first == second


def test_beginnings_tell_from_whom_everybody_copied(send_request, option):
    found = json.loads(send_request("/api/world", {**OPTION, "replicate": 1}).body)
    (run,) = qs.simulate(option.replace(replicates=2), keep_events=True).runs[1:]
    began = [event for event in run.events if event["event"] == "adopted"]
    ids = found["layout"]["ids"]
    told = {(month, ids[who]): from_whom for month, who, from_whom, _ in found["adoptions"]}
    assert set(told) == {(event["month"], event["organisation"]) for event in began}
    for event in began:
        source = told[event["month"], event["organisation"]]
        assert (ids[source] in event["reason"]) == (source >= 0)


def test_the_story_of_an_organisation_is_that_of_the_mesa_engine(read_lines, option):
    question = {**OPTION, "replicate": 2, "organisation": "organisation-004"}
    story, *_, last = read_lines("/api/organisation", question)
    (run,) = qs.simulate(option.replace(replicates=3), keep_events=True).runs[2:]
    expected = [
        {key: value for key, value in event.items() if key != "organisation"}
        for event in run.events
        if event["organisation"] in ("organisation-004", "")
    ]
    assert last["events"] == expected
    assert story["name"] == "organisation-004"
    assert [one["factor"] for one in story["context"]] == list(qs.Scenario().organisations.context.model_dump())[:7]
    assert "signal" in story["note"].lower() or "too few" in story["note"].lower()
    assert story["chart"]["specification"]["layer"]


@pytest.mark.parametrize(
    ("path", "question", "said"),
    [
        ("/api/world", {"arm": "bse"}, "needed: baseline or option"),
        ("/api/world", {"arm": "baseline", "replicate": 120}, "needed: an integer from 0 to 119"),
        ("/api/world", {"arm": "baseline", "replicate": True}, "needed: an integer"),
        ("/api/world", {"arm": "baseline", "intervention": "interventio"}, "did you mean"),
        ("/api/world", {"arm": "baseline", "intervention": ["x"]}, "no intervention is called"),
        ("/api/picture", {"measure": "event_rat"}, "did you mean"),
        ("/api/picture", {"measure": "event_rate", "kind": "exe"}, "no kind is called 'exe'"),
        ("/api/scenario.yaml", {"arm": {}}, "needed: baseline or option"),
        ("/api/upload", {"files": "all"}, "needed: a list of files"),
        ("/api/compare", {"setting": {"both": {"horizon": -1}}}, "horizon: got -1"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_plain_words(send_request, path, question, said):
    answer = send_request(path, question)
    assert answer.status == 400
    told = "; ".join(f"{one['where']}: {one['problem']}" for one in json.loads(answer.body)["faults"])
    assert said in told


def test_an_unknown_organisation_is_refused_in_the_answer(read_lines):
    (found,) = read_lines("/api/organisation", {**BASE, "organisation": "organisation-04"})
    assert "did you mean" in found["faults"][0]["problem"]


def test_tables_hold_the_curves_and_the_differences(send_request, read_lines, start):
    curves = list(
        csv.DictReader(io.StringIO(send_request("/api/table.csv", {**BASE, "table": "curves"}).body.decode()))
    )
    answer = read_lines("/api/compare", {"setting": SETTING})[-1]
    for curve in answer["curves"]:
        for arm, parts in curve["arms"].items():
            rows = [row for row in curves if (row["measure"], row["arm"]) == (curve["measure"], arm)]
            assert len(rows) == start.horizon + 1
            for row, value in zip(rows, parts["median"], strict=True):
                assert row["median"] == "" if value is None else float(row["median"]) == pytest.approx(value, abs=1e-6)
    differences = send_request("/api/table.csv", {**BASE, "table": "differences"}).body.decode()
    assert differences.startswith("arm,intervention,measure,")


@pytest.mark.slow
def test_pictures_are_drawn(send_request):
    drawn = send_request("/api/picture", {"setting": SETTING, "measure": "current_use", "kind": "svg"})
    assert drawn.body.startswith(b"<svg")
    assert b"option" in drawn.body
    assert send_request("/api/picture", {"setting": SETTING, "measure": "event_rate", "kind": "png"}).body.startswith(
        b"\x89PNG"
    )


@pytest.mark.slow
def test_a_report_is_written_and_tells_how_far_it_is(read_lines):
    *told, last = read_lines("/api/report", {"setting": {"policies": {"coaching": {}}, "both": {"replicates": 8}}})
    assert {one["activity"] for one in told} == {"Comparing", "Running plausible models", "Drawing"}
    assert last["name"] == "small-report.html"
    assert "What would coaching change?" in html.unescape(last["content"])


def upload_entry(name, text):
    return {"name": name, "content": base64.b64encode(text.encode()).decode()}


def test_files_that_are_sent_come_back_as_a_scenario(read_lines):
    text = "name: mine\nhorizon: 24\nreplicates: 5\norganisations: {file: o.csv}\n"
    files = [
        upload_entry("mine.yaml", text),
        upload_entry("o.csv", "id,name\na,<script>alert(1)</script>\nb,=1+1\nc,C\n"),
    ]
    files.append(upload_entry("t.csv", "from,to\na,b\nb,c\n"))
    *_, found = read_lines("/api/upload", {"files": files})
    assert found["scenario"]["name"] == "mine"
    question = {"setting": {"scenario": found["scenario"]}, "arm": "baseline"}
    assert read_lines("/api/compare", question)[-1]["total_runs"] == 5
    story = read_lines("/api/organisation", {**question, "organisation": "a"})[0]
    assert story["name"] == "<script>alert(1)</script>"


def test_faults_of_files_come_with_their_lines(read_lines):
    *_, found = read_lines("/api/upload", {"files": [upload_entry("mine.yaml", "horizon: 12\nreplicats: 5\n")]})
    (fault,) = found["faults"]
    assert (fault["file"], fault["line"]) == ("mine.yaml", 2)
    *_, found = read_lines("/api/upload", {"files": [{"name": "mine.yaml", "content": "not base64!"}]})
    assert "arrived incomplete" in found["faults"][0]["problem"]


def test_a_file_too_large_for_the_page_is_refused(read_lines):
    *_, found = read_lines("/api/upload", {"files": [upload_entry("large.yaml", "organisations: {number: 5000}\n")]})
    assert "at most 1,000" in found["faults"][0]["problem"]


def test_nothing_is_run_for_somebody_who_has_left(server, start):
    page = server.page.app.state.page
    setting = {"policies": {"mandate": {"push": 3.3}}, "both": {"replicates": 1000, "horizon": 240}}
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE)
    question = json.dumps({"setting": setting})
    connection.request("POST", "/api/compare", question, {"content-type": "application/json"})
    answer = connection.getresponse()
    assert b'"runs"' in answer.readline()
    connection.close()
    answer.close()
    ensemble = page.ensembles.get(page.states.read(setting).option)
    waited = threading.Event()
    for _ in range(round(PATIENCE / 0.02)):
        if not page.queue.busy and not page.queue.waiting_count:
            break
        waited.wait(0.02)
    assert not page.queue.busy
    assert len(ensemble.ends) < 1000


@pytest.mark.slow
def test_many_visitors_at_once_each_get_their_own_answer(read_lines):
    supports = [round(0.3 + 0.02 * place, 2) for place in range(30)]
    found = {}

    def visitor(support):
        setting = {"policies": {"coaching": {"support": support}}}
        found[support] = read_lines("/api/compare", {"setting": setting})[-1]["curves"][1]["arms"]["option"]["median"][
            -1
        ]

    threads = [threading.Thread(target=visitor, args=(support,)) for support in supports]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert len(found) == len(supports)
    fidelities = [found[support] for support in supports]
    assert fidelities == sorted(fidelities)


@pytest.mark.parametrize("policies", [{}, {"coaching": {}}], ids=["a run", "a comparison"])
def test_a_report_of_worlds_that_all_failed_says_so_in_a_line(read_lines, policies):
    extreme = {"interventions.intervention.response.steepness": 1e308, "replicates": 3}
    *_, last = read_lines("/api/report", {"setting": {"both": extreme, "policies": policies}})
    assert {one["problem"] for one in last["faults"]} == {
        "all 3 runs failed: the state is no longer finite: parameters are too extreme"
    }
    assert not any(one["file"] for one in last["faults"])
