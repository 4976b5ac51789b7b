"""The page in a real browser: seen, changed, shared, heard, and never in touch with anybody else."""

import json
import re

import pytest

from browser_client import SLIDER, PageVisitor
from optional import require

HOSTILE = "<img src=x onerror=alert(1)>"


def test_the_first_screen_shows_the_map_the_curves_and_the_switches(open_visitor):
    visitor = open_visitor()
    for selector in ("#map svg", "#chart-current_use svg", "#chart-effect svg", "#lever-list", "#play"):
        box = visitor.page.locator(selector).bounding_box()
        assert box["y"] < 800
        assert box["width"] > 20
    assert visitor.page.locator(".lever").count() == 13
    assert "of the other organisations use" in visitor.page.inner_text("#headline")
    assert not visitor.page.locator("#more details[open]").count()


def test_a_switch_and_a_slider_move_the_curves(open_visitor):
    visitor = open_visitor()
    before = visitor.final_values()
    assert list(before) == ["baseline"]
    visitor.page.get_by_role("switch", name="Coaching").check()
    visitor.page.wait_for_selector(SLIDER)
    visitor.wait_for_change("#chart-fidelity", "data-end", json.dumps(before, separators=(",", ":")))
    visitor.wait_until_drawn()
    weak = visitor.final_values()
    assert weak["baseline"] == before["baseline"]
    assert weak["option"] > weak["baseline"]
    visitor.move_slider(0.9)
    assert visitor.final_values()["option"] > weak["option"]
    assert visitor.final_values()["baseline"] == before["baseline"]


@pytest.mark.slow
def test_the_address_restores_the_setting(open_visitor):
    first = open_visitor("#coaching")
    first.move_slider(0.75)
    first.page.fill("[aria-label='Month']", "12")
    first.page.get_by_text("Stage", exact=True).click()
    address = first.page.url
    assert "coaching=support:0.75" in address
    assert "month=12" in address
    second = open_visitor(address.removeprefix(first.url))
    assert second.final_values() == first.final_values()
    assert second.page.locator(SLIDER).first.input_value() == "0.75"
    assert second.page.inner_text("#month-label") == "Month 12 (year 1)"
    assert second.page.locator("[name=colour][value=stage]").is_checked()


@pytest.mark.slow
def test_two_visitors_do_not_disturb_each_other(open_visitor):
    one, other = open_visitor("#coaching"), open_visitor("#mandate")
    before = other.final_values()
    one.move_slider(0.9)
    other.page.wait_for_timeout(300)
    assert other.final_values() == before
    assert "coaching" not in other.page.url
    assert "mandate" not in one.page.url


@pytest.mark.slow
def test_reset_brings_back_what_was(open_visitor):
    visitor = open_visitor("#coaching=support:0.9&copying.copy_loss=0.2&both.hearing.contact=0.1")
    assert "option" in visitor.final_values()
    before = visitor.page.get_attribute("#chart-fidelity", "data-end")
    visitor.page.get_by_role("button", name="Reset").click()
    visitor.wait_for_change("#chart-fidelity", "data-end", before)
    visitor.wait_until_drawn()
    assert list(visitor.final_values()) == ["baseline"]
    assert visitor.page.url == visitor.url
    assert not visitor.page.get_by_role("switch", name="Coaching").is_checked()


@pytest.mark.slow
def test_the_table_on_the_page_is_the_one_that_the_server_sends(open_visitor, read_lines):
    visitor = open_visitor("#coaching=support:0.8")
    visitor.page.click("#numbers summary")
    visitor.page.locator("#differences tbody tr").first.wait_for()
    rows = visitor.page.locator("#differences tbody tr").all()
    shown = [[cell.inner_text() for cell in row.locator("th, td").all()] for row in rows]
    setting = {"policies": {"coaching": {"support": 0.8}}}
    assert shown == read_lines("/api/compare", {"setting": setting})[-1]["table"]["rows"]


@pytest.mark.slow
def test_a_number_that_is_assumed_can_be_changed_in_one_arm_or_both(open_visitor):
    visitor = open_visitor()
    page = visitor.page
    page.click("#assumptions > summary")
    page.locator("summary", has_text="What a copy loses").click()
    slider = page.get_by_label("Copy loss", exact=True)
    before = page.get_attribute("#chart-fidelity", "data-end")
    slider.focus()
    for _ in range(5):
        page.keyboard.press("ArrowLeft")
    visitor.wait_for_change("#chart-fidelity", "data-end", before)
    visitor.wait_until_drawn()
    alone = visitor.final_values()
    assert alone["option"] > alone["baseline"]
    before = page.get_attribute("#chart-fidelity", "data-end")
    page.get_by_label("Copy loss: in the baseline too").check()
    visitor.wait_for_change("#chart-fidelity", "data-end", before)
    visitor.wait_until_drawn()
    assert visitor.final_values()["baseline"] == alone["option"]
    assert "both.copying.copy_loss" in page.url
    assert "untested assumption" in page.locator("#assumptions").inner_text()


PRESS = "button => button.click()"
"""A click that waits for no frame: where the clock stands still none is drawn."""


def stopped_clock(page):
    """Stop the clock of a page, and return what lets so many milliseconds pass: no test waits for a real clock."""
    page.clock.install(time=0)
    page.clock.pause_at(1000)
    return page.clock.run_for


def test_time_passes_and_can_be_stopped(open_visitor):
    visitor = open_visitor("#month=0")
    colours = "[...document.querySelectorAll('.node')].map(one => one.getAttribute('fill')).join()"
    start = visitor.page.evaluate(colours)
    let_time_pass = stopped_clock(visitor.page)
    visitor.page.get_by_role("button", name="Play").evaluate(PRESS)
    let_time_pass(900)
    visitor.page.get_by_role("button", name="Pause").evaluate(PRESS)
    let_time_pass(5000)
    assert visitor.page.input_value("#month") == "8"
    assert "month=8" in visitor.page.url
    assert visitor.page.evaluate(colours) != start


def test_whoever_wants_no_motion_gets_whole_years(open_visitor):
    visitor = open_visitor("#month=0", reduced_motion="reduce")
    let_time_pass = stopped_clock(visitor.page)
    visitor.page.get_by_role("button", name="Play").evaluate(PRESS)
    let_time_pass(1000)
    assert visitor.page.input_value("#month") == "0"
    let_time_pass(1300)
    assert visitor.page.input_value("#month") == "24"


def test_an_organisation_tells_its_story(open_visitor):
    visitor = open_visitor("#coaching")
    visitor.page.click("#organisation-3")
    dialog = visitor.page.get_by_role("dialog")
    dialog.locator(".events li").first.wait_for()
    told = dialog.inner_text()
    assert "organisation-004" in told
    assert "Leadership" in told
    assert "Events and their reasons" in told
    dialog.locator(".chart svg").wait_for()
    visitor.page.keyboard.press("Escape")
    dialog.wait_for(state="hidden")


@pytest.mark.slow
def test_pointing_at_an_organisation_shows_from_whom_it_copied(open_visitor):
    visitor = open_visitor()
    labels = visitor.page.locator(".node").evaluate_all("all => all.map(one => one.getAttribute('aria-label'))")
    copied = next(place for place, label in enumerate(labels) if re.search("copy number .*, from organisation", label))
    visitor.page.hover(f"#organisation-{copied}")
    visitor.page.locator("#map .from").first.wait_for(state="attached")
    assert visitor.page.inner_text("#caption") == f"{labels[copied]}."


@pytest.mark.slow
def test_all_can_be_done_with_the_keyboard(open_visitor):
    visitor = open_visitor()
    page = visitor.page
    reached = set()
    for _ in range(45):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.id || document.activeElement.textContent.slice(0, 30)"))
        if page.evaluate("document.activeElement.closest('#map') !== null"):
            page.keyboard.press("ArrowRight")
            page.keyboard.press("ArrowDown")
            assert page.get_attribute("#map svg", "aria-activedescendant").startswith("organisation-")
            page.keyboard.press("Enter")
            page.get_by_role("dialog").wait_for()
            page.keyboard.press("Escape")
            page.wait_for_function("document.activeElement.closest('#map') !== null")
    assert {"reset", "copy", "play", "month"} <= reached
    assert any(one.startswith("lever-") for one in reached)
    assert {"Differences in numbers", "Downloads and uploads"} <= {one[:30] for one in reached}
    page.get_by_role("switch", name="Mandate").focus()
    page.keyboard.press("Space")
    page.wait_for_selector(SLIDER)
    assert "mandate" in page.url


@pytest.mark.quick_cases(1)
@pytest.mark.parametrize(("width", "zoom"), [(1280, 1), (390, 1), (1280, 2)])
def test_it_fits_the_screen_and_has_no_fault_of_accessibility(open_visitor, width, zoom):
    axe = require("axe_playwright_python.sync_playwright", "test")
    visitor = open_visitor(
        "#coaching&standard&month=20", width=width // zoom, height=800 // zoom, device_scale_factor=zoom
    )
    page = visitor.page
    for name in ("numbers", "assumptions", "files"):
        page.click(f"#{name} > summary")
    page.locator("#assumptions .group summary").first.click()
    page.wait_for_selector("#chart-event_rate svg")
    assert page.evaluate("document.documentElement.scrollWidth") <= width // zoom
    found = axe.Axe().run(page)
    assert not found.response["violations"], found.generate_report()
    page.click("#organisation-3")
    page.locator("dialog .events li").first.wait_for()
    found = axe.Axe().run(page)
    assert not found.response["violations"], found.generate_report()


def upload(visitor, **files):
    """Choose files on the page: names with two underscores for a dot."""
    if not visitor.page.locator("#upload").count():
        visitor.page.click("#files > summary")
    visitor.page.set_input_files(
        "#upload",
        [
            {"name": name.replace("__", "."), "mimeType": "text/plain", "buffer": text.encode()}
            for name, text in files.items()
        ],
    )


@pytest.mark.slow
def test_marks_in_names_and_formulas_do_nothing(open_visitor):
    visitor = open_visitor()
    page = visitor.page
    before = page.get_attribute("#chart-fidelity", "data-end")
    table = f"id,name,partnership\na,{HOSTILE},{HOSTILE}\nb,=1+1,x\nc,@SUM(A1),x\nd,'; DROP TABLE,y\n"
    scenario = f'name: mine\ndescription: "{HOSTILE}"\nhorizon: 24\nreplicates: 4\norganisations: {{file: o.csv}}\n'
    upload(visitor, mine__yaml=scenario, o__csv=table, t__csv="from,to\na,b\nb,c\nc,d\n")
    page.get_by_text("The page now shows mine.").wait_for()
    visitor.wait_for_change("#chart-fidelity", "data-end", before)
    visitor.wait_until_drawn()
    page.wait_for_selector("#map .node:nth-child(4)")
    page.click("#organisation-0")
    page.locator("dialog .events").wait_for()
    assert HOSTILE in page.get_by_role("dialog").inner_text()
    assert page.locator("img").count() == 0
    page.keyboard.press("Escape")
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Differences").click()
    assert waiting.value.suggested_filename == "mine-differences.csv"
    address = page.url
    assert "scenario=" in address
    other = open_visitor(address.removeprefix(visitor.url))
    assert "mine" in other.page.inner_text("#extent")


BAD_FILES = (
    ({"bad__yaml": "horizon: 12\nreplicats: 3\n"}, "bad.yaml, line 2"),
    ({"bomb__yaml": "a: &a [x]\nb: [*a, *a]\n"}, "bomb.yaml, line 2: holds an alias"),
    ({"sly__yaml": "organisations: {file: /etc/passwd}\n"}, "which was not uploaded"),
    ({"bad__csv": "id,culture\na,0.5\nb,7\n"}, "bad.csv, line 3"),
    ({"big__csv": "id\n" + "x" * (3 * 2**20)}, "Too large: at most 3 MB"),
    ({f"{HOSTILE}__exe": "MZ"}, "neither a YAML scenario nor a CSV table"),
)


@pytest.mark.slow
def test_bad_files_are_refused_with_the_line_and_the_page_stays(open_visitor):
    visitor = open_visitor()
    before = visitor.final_values()
    for files, said in BAD_FILES:
        upload(visitor, **files)
        visitor.page.locator("#files li, #files p", has_text=said).first.wait_for()
        assert visitor.page.locator("#files [role=alert]").count() == 1
    assert visitor.final_values() == before
    assert visitor.page.locator("img").count() == 0


@pytest.mark.slow
def test_what_is_taken_away_can_be_run(open_visitor, tmp_path):
    import qispread as qs

    visitor = open_visitor("#coaching=support:0.8,start:7")
    visitor.page.click("#files > summary")
    with visitor.page.expect_download() as waiting:
        visitor.page.get_by_role("button", name="Your option", exact=True).click()
    waiting.value.save_as(tmp_path / "taken.yaml")
    policy = qs.read_scenario(tmp_path / "taken.yaml").policies["coaching"]
    assert (policy.support, policy.start) == (0.8, 7)
    with visitor.page.expect_download() as waiting:
        visitor.page.get_by_role("button", name="Map", exact=True).click()
    waiting.value.save_as(tmp_path / "map.svg")
    drawn = (tmp_path / "map.svg").read_text()
    assert drawn.count("<circle") > 15
    assert "class=" not in drawn


@pytest.mark.slow
def test_long_work_can_be_cancelled(open_visitor):
    visitor = open_visitor("#coaching")
    visitor.page.click("#files > summary")
    visitor.page.get_by_role("button", name="Write report").click()
    visitor.page.get_by_role("button", name="Cancel").click()
    visitor.page.get_by_text("Cancelled.").wait_for()
    assert visitor.page.get_by_role("button", name="Write report").is_enabled()


BAD_ADDRESSES = (
    ("#coaching=support:7", "policies.coaching.support"),
    ("#copying.copy_los=0.2", "did you mean 'copying.copy_loss'"),
    ("#nonsense", "unknown part"),
    (f"#coaching&of=abc123&{HOSTILE}", "another scenario"),
    ("#scenario={", "incomplete"),
    ("#uploaded=mine&coaching", "needs the file mine"),
)


@pytest.mark.slow
def test_an_address_that_is_wrong_is_told_in_plain_words(browser, server):
    visitor = PageVisitor(browser, server.url)
    for address, said in BAD_ADDRESSES:
        visitor.page.goto("about:blank")
        visitor.page.goto(server.url + address)
        visitor.page.locator("#notice p", has_text=said).first.wait_for()
        assert visitor.page.locator("img").count() == 0
        visitor.page.get_by_role("button", name="Reset").click()
        visitor.wait_until_drawn()
        visitor.page.wait_for_selector("#map .node")
        assert not visitor.page.locator("#notice").is_visible()
    visitor.complaints = [one for one in visitor.complaints if "400 (Bad Request)" not in one]
    visitor.close()


@pytest.mark.slow
def test_an_address_that_asks_too_much_of_the_map_is_kept_within_it(open_visitor):
    visitor = open_visitor("#month=99999&world=-3&colour=%ZZ")
    assert visitor.page.input_value("#month") == "36"


@pytest.mark.slow
def test_a_screen_reader_hears_the_answer_and_not_every_step_to_it(open_visitor):
    visitor = open_visitor("#coaching")
    assert visitor.page.get_attribute("#headline", "role") == "status"
    before = visitor.page.inner_text("#headline")
    visitor.move_slider(0.9)
    after = visitor.page.inner_text("#headline")
    assert after != before
    assert "95% interval" in after
    chart = visitor.page.get_attribute("#chart-fidelity", "aria-label")
    assert re.search(r"baseline \d+%.*option \d+%", chart)


@pytest.mark.slow
def test_the_map_shows_the_arm_that_is_chosen_also_from_addresses_of_earlier_versions(open_visitor):
    for address, arm in (
        ("#coaching", "option"),
        ("#coaching&arm=what-if", "option"),
        ("#coaching&arm=base", "baseline"),
    ):
        page = open_visitor(address).page
        assert page.locator(f"[name=arm][value={arm}]").is_checked()
    page.get_by_text("Your option", exact=True).first.click()
    assert page.locator("[name=arm][value=option]").is_checked()
    assert "arm=" not in page.url
