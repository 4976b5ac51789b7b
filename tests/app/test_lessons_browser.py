"""Each lesson walked through to its end in a real browser, and the game with the budget."""

import json
import re
from contextlib import contextmanager

import pytest

from browser_client import PageVisitor
from optional import require
from patience import PATIENCE
from qispread.interfaces.page.teaching.budget import EMPTY_PLAN, PRICES, BudgetPlan, load_best_plan
from qispread.interfaces.page.teaching.lesson import load_lessons

HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture
def open_lesson(browser, server, fewer_replicates):
    """Return what lets a class come to a lesson; it leaves at the end."""
    came = []

    def attended(address, **how):
        visitor = PageVisitor(browser, server.url, **how)
        came.append(visitor)
        visitor.page.goto("about:blank")
        visitor.page.goto(server.url + address)
        visitor.page.wait_for_selector("#lesson h1")
        return visitor

    yield attended
    for one in came:
        one.close()


def answer_guesses(page):
    """Answer every question with the keyboard, and ask what the model says."""
    go = page.get_by_role("button", name="Show the model's results")
    for control in page.locator(".step").first.locator(".prediction").all():
        assert go.is_disabled()
        control.locator("input").first.focus()
        page.keyboard.press("ArrowRight" if control.locator("input[type=range]").count() else "Space")
    go.focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="What would change it?").wait_for()


def pick_change(page, place=0):
    """Pick one thing, and see what each does."""
    page.get_by_role("button", name="What would change it?").click()
    page.locator("#step-2 + div .options input").nth(place).check()
    page.get_by_role("button", name="Show the effect of each").click()
    page.locator(".discuss li").first.wait_for()
    page.wait_for_selector(".slider-result[data-value]")


def test_the_list_leads_to_every_lesson(open_lesson):
    page = open_lesson("#lessons").page
    links = page.locator(".cards a")
    assert links.count() == len(load_lessons())
    links.nth(3).click()
    page.get_by_role("heading", name=load_lessons()[3].title).wait_for()
    assert not page.locator("#explore").is_visible()
    page.get_by_role("link", name="Explore").click()
    page.wait_for_selector("#map .node")
    assert not page.locator("#lesson").is_visible()


@pytest.mark.quick_cases(1)
@pytest.mark.parametrize("name", [one.name for one in load_lessons()])
def test_a_class_walks_through_a_lesson_to_its_end(open_lesson, name):
    lesson = next(one for one in load_lessons() if one.name == name)
    page = open_lesson(f"#lesson={name}").page
    assert page.locator(".chart").count() == 0
    assert lesson.title in page.title()
    answer_guesses(page)
    told = page.inner_text("#lesson")
    assert len(re.findall("Your prediction:", told)) == len(lesson.questions)
    assert "{" not in told
    page.locator(".chart svg").nth(len(lesson.curves)).wait_for()
    assert page.evaluate("document.activeElement.id") == "step-1"
    pick_change(page)
    assert page.locator(".discuss li").count() == len(lesson.discuss)
    assert lesson.omissions[:40] in page.inner_text("#lesson")
    page.locator(".try .chart[data-runs]").first.wait_for()
    slider = page.locator(".try input[type=range]")
    before = page.locator(".try .chart").first.get_attribute("data-end")
    at_the_first = slider.input_value() == "0"
    slider.focus()
    page.keyboard.press("End" if at_the_first else "Home")
    stop = lesson.choice.slider.values[-1 if at_the_first else 0]
    page.wait_for_selector(f".slider-result[data-value='{stop:g}']")
    page.wait_for_function("before => document.querySelector('.try .chart').dataset.end !== before", arg=before)


@pytest.mark.slow
def test_the_address_holds_what_was_said_and_how_far_a_class_came(open_lesson):
    first = open_lesson("#lesson=mandate").page
    answer_guesses(first)
    pick_change(first, 3)
    address = first.url.partition("#")[2]
    second = open_lesson(f"#{address}").page
    second.locator(".discuss li").first.wait_for()
    assert second.locator(".comparisons").inner_text() == first.locator(".comparisons").inner_text()
    assert second.locator("#step-2 + div .options input").nth(3).is_checked()
    assert second.url.partition("#")[2] == address


@contextmanager
def all_cores_taken(served, page):
    """Let every question wait in the queue, as if others had taken all cores."""
    desk = served.page.app.state.page.queue
    wait_until_idle(desk, page)
    desk.busy = desk.slots
    yield desk
    desk.busy = 0


def wait_until_idle(desk, page):
    """Wait until nobody works or waits; gives up in the end."""
    for _ in range(round(PATIENCE / 0.05)):
        if not (desk.busy or desk.waiting_count):
            return
        page.wait_for_timeout(50)
    pytest.fail("somebody still waits")


def cancel_waiting(desk, part):
    """Cancel what a part of the page waits for; nobody does it then."""
    button = part.get_by_role("button", name="Cancel")
    button.wait_for()
    assert part.locator("progress").is_visible()
    assert desk.waiting_count == 1
    button.click()
    part.get_by_text("Cancelled").wait_for()
    assert part.locator("progress").count() == 0
    for _ in range(round(PATIENCE / 0.05)):
        if not desk.waiting_count:
            return
        part.page.wait_for_timeout(50)
    pytest.fail("what was cancelled still waits")


def test_a_step_of_a_lesson_is_cancelled_and_taken_up_again(open_lesson, server):
    page = open_lesson("#lesson=initiatives&said=0,0.5").page
    part = page.locator(".step").nth(1)
    with all_cores_taken(server, page) as desk:
        page.get_by_role("button", name="Show the model's results").click()
        cancel_waiting(desk, part)
    assert part.locator(".comparisons").count() == 0
    page.keyboard.press("Enter")
    part.locator(".comparisons").wait_for()
    assert part.get_by_role("button", name="Run the simulations").count() == 0


@pytest.mark.slow
def test_a_slider_that_takes_long_is_cancelled_and_moved_again(open_lesson, server):
    page = open_lesson("#lesson=mandate&step=3&said=0,1,0.3&pick=3").page
    page.wait_for_selector(".slider-result[data-value]")
    part, slider = page.locator(".try"), page.locator(".try input[type=range]")
    with all_cores_taken(server, page) as desk:
        slider.focus()
        page.keyboard.press("End")
        cancel_waiting(desk, part)
    page.keyboard.press("Home")
    part.get_by_text("with this change").wait_for()
    assert part.locator("progress").count() == 0


@pytest.mark.slow
def test_a_budget_that_takes_long_is_cancelled_and_asked_again(open_lesson, server):
    page = budget_game_page(open_lesson)
    page.get_by_label("Refresher, year 1", exact=True).check()
    part = page.locator(".game")
    go = page.get_by_role("button", name="Run the plan")
    with all_cores_taken(server, page) as desk:
        go.click()
        part.get_by_role("button", name="Cancel").click()
        part.locator(".progress").wait_for(state="detached")
    go.click()
    page.get_by_text("adverse events in ten years, compared with no new policy").wait_for()
    assert desk.waiting_count == 0


def test_whoever_goes_on_finds_the_change_on_the_page(open_lesson):
    page = open_lesson("#lesson=mandate").page
    answer_guesses(page)
    pick_change(page)
    page.get_by_role("link", name="Explore this option on the page").click()
    page.wait_for_selector("#result[aria-busy=false]")
    assert page.get_by_role("switch", name="Mandate").is_checked()
    assert page.get_by_role("switch", name="Coaching").is_checked()


def budget_game_page(attend):
    """Return a page at the game with the budget."""
    page = attend("#lesson=mandate&step=3&said=0,1,0.3&pick=3").page
    page.locator("#plan").wait_for()
    return page


@pytest.mark.slow
def test_a_team_spends_its_budget_and_the_room_is_compared(open_lesson):
    page = budget_game_page(open_lesson)
    for year in range(1, 6):
        page.get_by_label(f"Training, year {year}", exact=True).check()
    for year in (1, 2):
        page.get_by_label(f"Coaching, year {year}", exact=True).check()
    assert "90 of 100 units spent, 10 left" in page.inner_text("#lesson")
    assert page.get_by_label("Coaching, year 3", exact=True).is_disabled()
    page.get_by_role("button", name="Run the plan").click()
    page.get_by_text("adverse events in ten years, compared with no new policy").wait_for()
    years = [0] * len(PRICES)
    years[list(PRICES).index("training")], years[list(PRICES).index("coaching")] = 31, 3
    code = BudgetPlan(tuple(years)).code
    assert page.get_by_role("textbox", name="Code").input_value().replace("-", "") == code
    assert f"plan={code}" in page.url
    page.get_by_role("textbox", name="Team").fill(HOSTILE[:24])
    page.get_by_role("button", name="Add to the scoreboard").click()
    page.locator("#board tbody tr").first.wait_for()
    page.get_by_role("textbox", name="Team").fill("Idle")
    page.get_by_role("textbox", name="Code").fill(EMPTY_PLAN.code.lower())
    page.get_by_role("button", name="Add to the scoreboard").click()
    page.locator("#board tbody tr").nth(1).wait_for()
    rows = [row.inner_text().split("\t") for row in page.locator("#board tbody tr").all()]
    assert rows[0][0] == HOSTILE[:24]
    assert rows[1][0] == "Idle"
    assert rows[1][3] == "0"
    page.get_by_role("button", name="Show the best known plan").click()
    page.get_by_text("A better plan may exist.").wait_for()
    assert load_best_plan()["code"] in page.inner_text("#lesson").replace("-", "")
    other = open_lesson(f"#{page.url.partition('#')[2]}").page
    other.locator("#board tbody tr").nth(1).wait_for()
    assert [row.inner_text().split("\t") for row in other.locator("#board tbody tr").all()] == rows
    assert other.get_by_label("Training, year 5", exact=True).is_checked()


def test_a_slip_in_a_code_is_told(open_lesson):
    page = budget_game_page(open_lesson)
    page.get_by_role("textbox", name="Code").fill("0000-0000-012")
    page.get_by_role("button", name="Add to the scoreboard").click()
    page.get_by_text("compare it letter by letter").wait_for()
    assert page.locator("#board tbody tr").count() == 0


@pytest.mark.parametrize("address", ["#lesson=mandat", f"#lesson={HOSTILE}"])
def test_a_lesson_that_there_is_not_is_told(open_lesson, address):
    page = open_lesson(address).page
    page.get_by_text("There is no lesson named").wait_for()
    assert page.locator("img").count() == 0


def test_an_address_with_nonsense_in_it_begins_anew(open_lesson):
    page = open_lesson("#lesson=board&step=9&said=x,,7&pick=99&plan=zz&room=:::").page
    assert page.get_by_role("button", name="Show the model's results").is_disabled()
    assert page.locator(".step:visible").count() == 1


@pytest.mark.quick_cases(1)
@pytest.mark.parametrize(("width", "zoom"), [(1280, 1), (390, 1), (1280, 2)])
def test_lessons_fit_the_screen_and_have_no_fault_of_accessibility(open_lesson, width, zoom):
    axe = require("axe_playwright_python.sync_playwright", "test")
    visitor = open_lesson("#lessons", width=width // zoom, height=800 // zoom, device_scale_factor=zoom)
    for address in ("#lessons", "#lesson=mandate&step=3&said=0,1,0.3&pick=3"):
        page = visitor.page
        page.goto("about:blank")
        page.goto(visitor.url + address)
        page.wait_for_selector("#lesson h1")
        if "=" in address:
            page.locator("#plan").wait_for()
            page.wait_for_selector(".try .chart[data-runs]")
        assert page.evaluate("document.documentElement.scrollWidth") <= width // zoom
        found = axe.Axe().run(page)
        assert not found.response["violations"], found.generate_report()


@pytest.mark.slow
def test_two_classes_do_not_disturb_each_other(open_lesson):
    one, other = open_lesson("#lesson=board").page, open_lesson("#lesson=sector").page
    answer_guesses(one)
    assert other.locator(".comparisons").count() == 0
    assert json.loads(other.evaluate("JSON.stringify(location.hash)")) == "#lesson=sector"
