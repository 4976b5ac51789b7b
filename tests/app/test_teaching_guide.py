"""The guide and the handout keep to the lessons, to the clock and to one sheet."""

import re
from pathlib import Path

import pytest

import qispread as qs
from qispread.interfaces.page.default_scenario import default_scenario
from qispread.interfaces.page.teaching.budget import BUDGET_UNITS, BUDGET_YEARS, PRICES, BudgetPlan
from qispread.interfaces.page.teaching.lesson import load_lessons

FOLDER = Path(__file__).parents[2] / "docs/teaching"
STEPS = ("predict", "see", "change", "discuss")


def script_rows():
    """Return the rows of the script: from, minutes, what."""
    rows = re.findall(r"^\| (\d+) \| (\d+) \| ([^|]+) \|", (FOLDER / "guide.md").read_text(), flags=re.MULTILINE)
    return [(int(start), int(minutes), what.strip()) for start, minutes, what in rows]


def test_the_script_lasts_45_minutes_without_a_gap():
    clock = 0
    for start, minutes, _ in script_rows():
        assert start == clock
        clock += minutes
    assert clock == 45


def test_the_script_gives_each_step_of_a_lesson_the_time_that_it_says():
    for number in (1, 3):
        declared = load_lessons()[number - 1].minutes.model_dump()
        given = {
            step: minutes
            for _, minutes, what in script_rows()
            for step in STEPS
            if what.startswith(f"Lesson {number}, {step}")
        }
        assert given == declared


def test_the_guide_speaks_of_every_lesson_by_its_title():
    text = (FOLDER / "guide.md").read_text()
    for number, one in enumerate(load_lessons(), start=1):
        assert f"**{number}. {one.title.rstrip('?')}" in text


def test_the_guide_says_of_policies_together_what_runs_say():
    base = default_scenario().replace(replicates=20)

    def averted(*levers, years=31):
        plan = BudgetPlan(tuple(years if lever in levers else 0 for lever in PRICES))
        return qs.simulate(plan.scenario(base), workers=1).final_values("events_averted").mean()

    for some, others in ((("mandate",), ("coaching",)), (("mandate", "standard"), ("training",))):
        assert averted(*some, *others) > max(averted(*some), averted(*others))
    assert PRICES["coaching"] * BUDGET_YEARS == BUDGET_UNITS


def test_the_handout_has_the_prices_of_the_page():
    cells = re.findall(r"<tr><td>[^<]+</td><td>(\d+)</td>", (FOLDER / "handout.html").read_text())
    assert [int(one) for one in cells] == list(PRICES.values())


def test_the_handout_prints_on_one_sheet(browser):
    page = browser.new_page()
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto((FOLDER / "handout.html").as_uri())
    # With some room to spare, since fonts differ between machines.
    printed = [page.pdf(prefer_css_page_size=True, print_background=True, scale=scale) for scale in (1.0, 1.03)]
    page.close()
    assert [len(re.findall(rb"/Type\s*/Page\b(?!s)", one)) for one in printed] == [1, 1]
    assert len(asked) == 1


@pytest.mark.parametrize("name", ["guide.md", "handout.html"])
def test_nothing_asks_for_anything_from_elsewhere(name):
    assert "http" not in (FOLDER / name).read_text()
