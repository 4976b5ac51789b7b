"""Lessons: what they say is what the runs say."""

import re
from functools import partial
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import qispread as qs
from event_loop import run_in_event_loop
from qispread.inputs.errors import InputError
from qispread.inputs.load_scenario import read_scenario
from qispread.interfaces.page.default_scenario import default_scenario
from qispread.interfaces.page.ensembles import EnsembleCache
from qispread.interfaces.page.teaching.budget import (
    BUDGET_UNITS,
    BUDGET_YEARS,
    CODE_DIGITS,
    EMPTY_PLAN,
    PRICES,
    BudgetPlan,
    evaluate_plans,
    load_best_plan,
    parse_plan_code,
    year_ranges,
)
from qispread.interfaces.page.teaching.lesson import Lesson, find_lesson, lesson_scenario, load_lessons
from qispread.interfaces.page.teaching.lesson_api import describe_lessons
from qispread.interfaces.page.teaching.lesson_results import (
    PART_CHANGED,
    PART_MOVED,
    PART_SEEN,
    arm_values,
    part_scenarios,
    stream_lesson_results,
)
from qispread.interfaces.page.teaching.templating import (
    CONDITION,
    OTHERWISE_CONDITION,
    PLACEHOLDER,
    condition_holds,
    fill_template,
)
from qispread.interfaces.page.work_queue import WorkQueue
from qispread.model.measures import MEASURES

ROOT = Path(__file__).parents[2]
NAMES = [one.name for one in load_lessons()]


def last_answer(lesson, part, value=None):
    """Return the last answer to a step of a lesson."""

    async def asked():
        desk = WorkQueue()
        try:
            return [one async for one in stream_lesson_results(lesson, part, value, EnsembleCache(desk))]
        finally:
            desk.close()

    return run_in_event_loop(asked)


def lesson_ensembles(lesson):
    """Return the ensembles of all arms of a lesson."""

    async def lived():
        desk = WorkQueue()
        ensembles = EnsembleCache(desk)
        try:
            found = {}
            for part in (PART_SEEN, PART_CHANGED):
                for name, scenario in part_scenarios(lesson, part, None).items():
                    found[name] = ensembles.get(scenario)
                    await found[name].ensure_replicates(scenario.replicates, desk, (0, 0))
            for one in found.values():
                one.discard_months()
            return found
        finally:
            desk.close()

    return run_in_event_loop(lived)


def lesson_texts(lesson):
    """Return every text of a lesson that is not a fact from a source."""
    return [*lesson.statements, *lesson.choice.statements]


def test_there_are_six_of_ten_to_fifteen_minutes():
    assert len(load_lessons()) == 6
    assert all(10 <= one.minutes.total <= 15 for one in load_lessons())
    assert sum(one.budget for one in load_lessons()) == 1


@pytest.mark.quick_cases(2)
@pytest.mark.parametrize("name", NAMES)
def test_what_a_lesson_says_is_true_of_the_model(fewer_replicates, name):
    lesson = find_lesson(name)
    values = partial(arm_values, lesson_ensembles(lesson))
    assert [one for one in lesson.checks if not condition_holds(one, values)] == []
    for text in lesson_texts(lesson):
        assert not set("{}") & set(fill_template(text, values))
        assert " -  " not in fill_template(text, values)
    for guess in lesson.questions:
        assert guess.kind == "share" or guess.options[-1].holds_if == OTHERWISE_CONDITION or len(guess.options) == 2


@pytest.mark.parametrize("name", NAMES)
def test_every_number_in_a_sentence_about_the_model_comes_from_runs(name):
    for text in lesson_texts(find_lesson(name)):
        kept = PLACEHOLDER.sub("", text).replace("per 10,000", "").replace("80%", "")
        assert not re.search(r"\d", kept), kept


@pytest.mark.parametrize("name", NAMES)
def test_every_place_and_condition_names_an_arm_and_a_measure(name):
    lesson = find_lesson(name)
    arms = {one.name for one in (*lesson.arms, *lesson.choice.arms)}
    found = [
        place.group("arm", "other", "measure") for text in lesson_texts(lesson) for place in PLACEHOLDER.finditer(text)
    ]
    options = [option for question in lesson.questions for option in question.options]
    conditions = [option.holds_if for option in options if option.holds_if != OTHERWISE_CONDITION]
    for condition in (*lesson.checks, *conditions):
        term = CONDITION.fullmatch(condition)
        assert term, condition
        found.append((term["arm"], term["less"] or term["other"], term["measure"]))
    for arm, other, measure in found:
        assert arm in arms
        assert other is None or other in arms
        assert measure.partition("@")[0] in MEASURES


def test_a_lesson_answers_in_three_steps(fewer_replicates):
    lesson = find_lesson("sector")
    *doing, seen = last_answer(lesson, PART_SEEN)
    assert [one["done"] for one in doing] == [0, 1, 2]
    assert [one["measure"] for one in seen["curves"]] == list(lesson.curves)
    assert seen["answers"] == [{"option": 1}, {"option": 2}]
    assert len(seen["statements"]) == len(lesson.statements)
    changed = last_answer(lesson, PART_CHANGED)[-1]
    assert changed["best"][0] == [one.name for one in lesson.choice.arms].index("Identical local contexts")
    moved = last_answer(lesson, PART_MOVED, 0.6)[-1]
    free, rigid = (
        qs.simulate(lesson_scenario("sector", arm), workers=1).final_values("effect").mean()
        for arm in ("Allow latitude", "Rigid standard")
    )
    assert f"{100 * rigid:.0f}% without, {100 * free:.0f}% with" in moved["statement"]


def test_numbers_in_sentences_are_those_of_a_comparison(fewer_replicates):
    lesson = find_lesson("mandate")
    mandate, coaching = (lesson_scenario("mandate", name) for name in ("Mandate", "Coaching"))
    found = qs.compare(lesson_scenario("mandate", "No policy"), {"mandate": mandate, "coaching": coaching}, workers=1)
    said = " ".join(last_answer(lesson, PART_SEEN)[-1]["statements"])
    for arm in ("mandate", "coaching"):
        for measure in ("current_use", "effect", "discontinued"):
            assert f"{100 * found.difference(arm, measure)['arm_mean']:.0f}%" in said


def test_a_slider_begins_where_its_arm_stands():
    for one in describe_lessons():
        slider = find_lesson(one["name"]).choice.slider
        start = slider.values[one["slider"]["start"]]
        scenario = lesson_scenario(one["name"], slider.arm)
        assert lesson_scenario(one["name"], slider.arm, start).fingerprint() == scenario.fingerprint()


def test_what_the_page_is_told_before_holds_no_answer():
    told_before = str(describe_lessons())
    for one in load_lessons():
        assert all(text[:30] not in told_before for text in one.statements)
        assert all(check not in told_before for check in one.checks)


@pytest.mark.parametrize(
    ("part", "value", "said"),
    [
        ("sen", None, "needed: seen, changed, moved"),
        (PART_MOVED, 0.123, "needed: one of"),
        (PART_MOVED, True, "needed: one of"),
    ],
)
def test_a_step_that_there_is_not_is_refused(part, value, said):
    from qispread.interfaces.page.teaching.lesson_results import validate_part

    with pytest.raises(InputError, match=said):
        validate_part(part, value, load_lessons()[0])


def test_an_unknown_lesson_is_refused_with_the_nearest_name():
    with pytest.raises(InputError, match="did you mean 'mandate'"):
        find_lesson("mandat")


def test_a_lesson_that_names_what_there_is_not_is_refused():
    whole = {**load_lessons()[0].model_dump(), "distribution": "efect"}
    with pytest.raises(ValueError, match="efect"):
        Lesson.model_validate(whole)


def test_conditions_compare_means():
    values = {("a", "effect"): np.array([0.2, 0.4, np.nan]), ("b c", "effect"): np.array([0.1, 0.1, 0.1])}
    given_values = lambda arm, measure: values[arm, measure]  # noqa: E731 - as a mapping is asked
    assert condition_holds("a.effect > 0.29", given_values)
    assert not condition_holds("a.effect > 0.31", given_values)
    assert condition_holds("b c.effect < a.effect", given_values)
    assert condition_holds("a.effect - b c.effect > 0.19", given_values)
    told = fill_template("{a.effect}, {a - b c.effect}, {b c - a.effect}, {a > b c.effect}", given_values)
    assert told == "30%, 20.0, \N{MINUS SIGN}20.0, 100%"
    with pytest.raises(ValueError, match="is not a condition"):
        condition_holds("a.effect", given_values)


MASKS = st.tuples(*[st.integers(0, 2**BUDGET_YEARS - 1)] * len(PRICES))


@given(MASKS)
def test_a_code_holds_its_plan(years):
    plan = BudgetPlan(years)
    if plan.units_spent <= BUDGET_UNITS:
        assert parse_plan_code(plan.code) == plan
        assert parse_plan_code(f" {plan.code[:4].lower()}-{plan.code[4:]}") == plan
    else:
        with pytest.raises(InputError, match="the budget is"):
            parse_plan_code(plan.code)


@given(MASKS, st.data())
def test_a_slip_in_a_code_is_found(years, data):
    code = BudgetPlan(years).code
    place = data.draw(st.integers(0, len(code) - 1))
    other = data.draw(st.sampled_from([one for one in CODE_DIGITS if one != code[place]]))
    wrong = code[:place] + other + code[place + 1 :]
    # The last of 32 digits is never a check digit, and digits that differ by 31 look alike to it.
    if abs(CODE_DIGITS.index(other) - CODE_DIGITS.index(code[place])) != 31:
        with pytest.raises(InputError, match=r"typing error|the budget is"):
            parse_plan_code(wrong)


@pytest.mark.parametrize("code", ["", "x", None, "0" * 12, "0000000000é", {"a": 1}])
def test_what_is_no_code_is_refused(code):
    with pytest.raises(InputError, match="letters and digits"):
        parse_plan_code(code)


@given(st.integers(0, 2**BUDGET_YEARS - 1))
def test_stretches_cover_the_years_of_a_mask(mask):
    found = year_ranges(mask)
    assert sum(1 << year for first, last in found for year in range(first, last + 1)) == mask
    assert all(after[0] > before[1] + 1 for before, after in pairwise(found))


def test_prices_are_the_declared_costs():
    for lever, price in PRICES.items():
        scenario = read_scenario(ROOT / "configs/prompt.yaml", policies=[ROOT / f"configs/policies/{lever}.yaml"])
        (policy,) = scenario.policies.values()
        assert policy.cost == 100.0 * price


def test_what_a_plan_spends_is_what_the_model_says_it_cost():
    plan = BudgetPlan((3, 0, 0, 0, 0, 9, 0, 31, 0, 0))
    scenario = plan.scenario(default_scenario().replace(replicates=2))
    cost = qs.simulate(scenario, workers=1).final_values("cost")
    assert cost == pytest.approx([plan.units_spent * 100.0 * 12 * 152] * 2)


def test_plans_are_told_beside_doing_nothing(fewer_replicates):
    plan = BudgetPlan((31, 0, 0, 0, 0, 0, 0, 0, 0, 0))

    async def asked():
        desk = WorkQueue()
        try:
            return [one async for one in evaluate_plans([EMPTY_PLAN, plan], EnsembleCache(desk))]
        finally:
            desk.close()

    *doing, last = run_in_event_loop(asked)
    assert [one["done"] for one in doing] == [0, 1]
    nothing, coached = last["plans"]
    assert (nothing["spent"], nothing["averted"], nothing["half"]) == (0, 0, 0)
    expected = qs.compare(fewer_replicates, {"plan": plan.scenario(fewer_replicates)}, workers=1).difference(
        "plan", "events_averted"
    )
    assert (coached["spent"], coached["averted"]) == (100, round(expected["difference"]))


@pytest.mark.science
@pytest.mark.parametrize("name", NAMES)
def test_what_a_lesson_says_is_true_in_all_worlds_of_the_page(name):
    lesson = find_lesson(name)
    values = partial(arm_values, lesson_ensembles(lesson))
    assert [one for one in lesson.checks if not condition_holds(one, values)] == []


def test_the_best_that_was_found_is_a_plan_and_what_is_said_of_it_is_true():
    found = load_best_plan()
    plan = parse_plan_code(found["code"])
    assert found["spent"] == plan.units_spent <= BUDGET_UNITS
    base = default_scenario()
    apart = qs.simulate(plan.scenario(base), workers=1).final_values("events_averted") - qs.simulate(
        base, workers=1
    ).final_values("events_averted")
    assert round(float(apart.mean())) == pytest.approx(found["averted"], rel=1e-6)
    assert found["how"]["command"] == "python -m experiments.best_budget"


@pytest.mark.parametrize("name", NAMES)
def test_every_arm_of_a_lesson_is_a_valid_scenario(name):
    lesson = find_lesson(name)
    for arm in (*lesson.arms, *lesson.choice.arms):
        assert lesson_scenario(name, arm.name).name == default_scenario().name
    for value in lesson.choice.slider.values:
        assert lesson_scenario(name, lesson.choice.slider.arm, value).name == default_scenario().name
