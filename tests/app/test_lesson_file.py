"""The page as one file: the same answers, without a server and without a network."""

import json
import re
import zlib
from base64 import b64decode

import numpy as np
import pytest

from patience import PATIENCE
from qispread.interfaces.cli.main import main
from qispread.interfaces.page.teaching import budget, lesson, offline_page
from qispread.interfaces.page.teaching.js_bundle import bundle_modules, escape_script
from qispread.interfaces.page.teaching.lesson import load_lessons
from qispread.interfaces.page.teaching.offline_page import (
    affordable_plans,
    render_offline_page,
    round_numbers,
    slider_values,
)

WORLDS = 4


@pytest.fixture(scope="module")
def minimal_lessons():
    """Let all answers be of as few worlds as have a meaning, and sliders have few places."""
    patch = pytest.MonkeyPatch()
    small = lesson.default_scenario().replace(replicates=WORLDS)
    for module in (budget, lesson, offline_page):
        patch.setattr(module, "default_scenario", lambda: small)
    patch.setattr(offline_page, "OFFLINE_SLIDER_STEPS", 2)
    lesson.lesson_scenario.cache_clear()
    yield small
    patch.undo()
    lesson.lesson_scenario.cache_clear()


@pytest.fixture(scope="module")
def offline_page_path(minimal_lessons, tmp_path_factory):
    """Return the file of the whole page."""
    told = []
    path = tmp_path_factory.mktemp("stick") / "lessons.html"
    path.write_text(render_offline_page(progress=lambda done, of: told.append((done, of))), encoding="utf-8")
    assert told[0][0] == 0
    assert told[-1][0] == told[-1][1] == len(told) - 1
    return path


@pytest.fixture
def offline(browser):
    """Return what opens a file in a browser without a network; nothing is asked for or complained of."""
    opened = []

    def look(path, address="", **how):
        context = browser.new_context(offline=True, viewport={"width": 1280, "height": 860}, **how)
        page, asked, complaints = context.new_page(), [], []
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(path.as_uri() + address)
        opened.append((context, path, asked, complaints))
        return page

    yield look
    for context, path, asked, complaints in opened:
        context.close()
        assert [one for one in asked if not one.startswith((path.as_uri(), "blob:", "data:"))] == []
        assert complaints == []


def read_stored_results(path):
    """Return what a file holds."""
    pattern = r'<script type="application/json" id="stored-results">(.*?)</script>'
    return json.loads(re.search(pattern, path.read_text(), re.DOTALL)[1])


def decompress_result(text):
    """Return an answer of a file."""
    return json.loads(zlib.decompress(b64decode(text)))


def walk_through_lesson(page):
    """Walk through a lesson to its end."""
    for control in page.locator(".step").first.locator(".prediction").all():
        control.locator("input").first.focus()
        page.keyboard.press("ArrowRight" if control.locator("input[type=range]").count() else "Space")
    page.get_by_role("button", name="Show the model's results").click()
    page.get_by_role("button", name="What would change it?").click()
    page.locator("#step-2 + div .options input").first.check()
    page.get_by_role("button", name="Show the effect of each").click()
    page.locator(".discuss li").first.wait_for()
    page.locator(".try .chart[data-runs]").first.wait_for()


@pytest.mark.slow
@pytest.mark.parametrize("name", [one.name for one in load_lessons()])
def test_every_lesson_can_be_walked_through_to_its_end(offline, offline_page_path, name):
    page = offline(offline_page_path, f"#lesson={name}")
    walk_through_lesson(page)
    slider = page.locator(".try input[type=range]")
    for key in ("Home", "End"):
        slider.focus()
        page.keyboard.press(key)
        stop = next(one for one in load_lessons() if one.name == name).choice.slider.values[0 if key == "Home" else -1]
        page.wait_for_selector(f".slider-result[data-value='{stop:g}']")


@pytest.mark.slow
def test_the_page_is_explored_one_policy_at_a_time(offline, offline_page_path):
    page = offline(offline_page_path)
    page.wait_for_selector("#map .node")
    page.wait_for_selector("#chart-effect svg")
    for name in ("Coaching", "Training"):
        page.get_by_role("switch", name=name).check()
        page.wait_for_function(
            "Object.keys(JSON.parse(document.getElementById('chart-effect').dataset.end)).length === 2"
        )
    assert not page.get_by_role("switch", name="Coaching").is_checked()
    before = page.get_attribute("#chart-effect", "data-end")
    page.locator(".lever.on input[type=range]").focus()
    page.keyboard.press("End")
    page.wait_for_function("before => document.getElementById('chart-effect').dataset.end !== before", arg=before)
    page.locator("#numbers > summary").click()
    page.locator("#differences tbody tr").nth(9).wait_for()
    page.click("#organisation-3")
    page.get_by_text("This file does not contain the histories").wait_for()


@pytest.mark.slow
def test_every_switch_and_every_place_of_a_slider_has_its_answer(offline_page_path, minimal_lessons):
    held = read_stored_results(offline_page_path)
    levers = offline_page.offline_initial_data(minimal_lessons, None)["parameters"]["levers"]
    assert len(levers) == 13
    for lever in levers:
        first = next(iter(lever["strengths"]), None)
        for stop in slider_values(first):
            name = lever["lever"] if stop is None else f"{lever['lever']}={stop:.10g}"
            assert f"compare {name}" in held["answers"]
            assert f"world {name}" in held["answers"]
        usual = held["levers"][lever["lever"]]["default"]
        assert usual is None or usual in slider_values(first)


@pytest.mark.slow
def test_the_answers_are_those_of_the_page(offline_page_path, minimal_lessons, serve_scenario):
    served = serve_scenario(minimal_lessons)
    import http.client

    def ask(path, question):
        connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=PATIENCE)
        connection.request("POST", path, json.dumps(question), {"content-type": "application/json"})
        lines = [json.loads(line) for line in connection.getresponse().read().splitlines()]
        connection.close()
        return lines[-1]

    held = read_stored_results(offline_page_path)
    for name, path, question in (
        ("compare coaching=0.7", "/api/compare", {"setting": {"policies": {"coaching": {"support": 0.7}}}}),
        ("lesson board seen", "/api/lesson", {"lesson": "board", "part": "seen"}),
        ("lesson sector moved 0.3", "/api/lesson", {"lesson": "sector", "part": "moved", "value": 0.3}),
    ):
        expected = round_numbers(ask(path, question))
        found = decompress_result(held["answers"][name])
        found["curves"] = [{**one, **held["charts"][one["chart_id"]]} for one in found["curves"]]
        assert found == expected
    world = decompress_result(held["answers"]["world coaching=0.9"])
    there = ask("/api/world", {"setting": {"policies": {"coaching": {"support": 0.9}}}, "arm": "option"})
    for name, off in (("stage", 0), ("fidelity", offline_page.COARSE_STEP / 2)):
        found = np.cumsum(np.reshape(world[name], (-1, len(held["layout"]["ids"]))), axis=0) % 256
        expected = np.frombuffer(b64decode(there[name]), np.uint8).reshape(found.shape)
        assert np.abs(found - expected.astype(int)).max() <= off
    assert held["layout"] == there["layout"]
    code = affordable_plans()[1].code
    assert held["plans"][code] == ask("/api/budget", {"plans": [code]})["plans"][0]


@pytest.mark.slow
def test_a_team_plays_with_the_budget_and_is_told_what_the_file_does_not_hold(offline, offline_page_path):
    page = offline(offline_page_path, "#lesson=mandate&step=3&said=0,1,0.3&pick=3")
    page.locator("#plan").wait_for()
    page.get_by_label("Training, all years").check()
    page.get_by_role("button", name="Run the plan").click()
    page.get_by_text("adverse events in ten years, compared").wait_for()
    page.get_by_role("button", name="Add to the scoreboard").click()
    page.locator("#board tbody tr").wait_for()
    page.get_by_role("textbox", name="Code").fill(budget.BudgetPlan((1, *[0] * 9)).code)
    page.get_by_role("button", name="Add to the scoreboard").click()
    page.get_by_text("This file does not contain that plan").wait_for()


@pytest.mark.slow
def test_a_file_may_have_one_lesson_alone_and_is_the_same_when_written_again(
    minimal_lessons, offline, tmp_path, capsys
):
    path = tmp_path / "one.html"
    assert main(["lesson", "--html", str(path), "--lesson", "4"]) == 0
    assert "open it in a browser" in capsys.readouterr().out
    page = offline(path)
    walk_through_lesson(page)
    assert page.get_by_role("link", name="All lessons").count() == 0
    assert not page.locator("#explore").is_visible()
    assert render_offline_page(load_lessons()[3]) == path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--lesson", "7"], "got 7; needed: a number from 1 to 6"),
        (["--lesson", "mandat"], "did you mean 'mandate'"),
        (["--html", "."], "is a folder"),
        (["--html", "nowhere/x.html"], "the folder nowhere does not exist"),
        (["--html", "there.html"], "--overwrite replaces it"),
    ],
)
def test_what_cannot_be_written_is_refused_before_anything_is_run(options, said, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "there.html").write_text("mine")
    asked = options if "--html" in options else ["--html", "new.html", *options]
    assert main(["lesson", *asked]) == 2
    assert said in " ".join(capsys.readouterr().err.split())
    assert (tmp_path / "there.html").read_text() == "mine"


def test_the_modules_of_the_page_are_one_script():
    script = bundle_modules()
    assert not re.search(r"^(import|export)\b", script, flags=re.MULTILINE)
    assert script.index("const module_dom") < script.index("const module_map") < script.index("const module_main")
    assert "fetch(" not in script


def test_nothing_in_a_script_ends_it():
    assert "</script" not in escape_script("a = '</script>' + '<!-- x'")
    assert "<!--" not in escape_script("a = '</script>' + '<!-- x'")
