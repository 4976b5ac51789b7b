"""A file that works without a server: every answer that it can give is computed when it is written."""

import asyncio
import json
import zlib
from base64 import b64decode, b64encode
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qispread import __version__
from qispread.inputs.field_errors import discriminator
from qispread.inputs.parameter import section_classes
from qispread.inputs.policies import AnyPolicy
from qispread.inputs.scenario import Scenario
from qispread.interfaces.page.compare_endpoint import comparison_message
from qispread.interfaces.page.default_scenario import default_scenario
from qispread.interfaces.page.ensembles import EnsembleCache
from qispread.interfaces.page.map_data import FIDELITY_STEPS, NOT_IN_USE, map_message
from qispread.interfaces.page.sliders import build_slider
from qispread.interfaces.page.static_files import bundle_vega, initial_page_data
from qispread.interfaces.page.teaching.budget import (
    BUDGET_UNITS,
    BUDGET_YEARS,
    PRICES,
    BudgetPlan,
    evaluate_plans,
    load_best_plan,
)
from qispread.interfaces.page.teaching.js_bundle import render_single_file
from qispread.interfaces.page.teaching.lesson import Lesson, load_lessons
from qispread.interfaces.page.teaching.lesson_results import PART_CHANGED, PART_MOVED, PART_SEEN, stream_lesson_results
from qispread.interfaces.page.work_queue import PRIORITY_FIRST, Priority, WorkQueue
from qispread.model.engines.trace import trace

OFFLINE_SLIDER_STEPS = 6
"""Steps of a slider, about: each place of each is run when the file is written."""
OFFLINE_DIGITS = 4
"""Of the numbers of curves: an eighth of a pixel."""
COARSE_STEP = FIDELITY_STEPS // 50
FileProgress = Callable[[int, int], None]
StoredResults = dict[str, Any]
ByteArray = NDArray[np.uint8]


def render_offline_page(only: Lesson | None = None, progress: FileProgress | None = None) -> str:
    """Return the page as one file that needs no server and no network.

    Parameters
    ----------
    only : Lesson, optional
        The one lesson that the file has; the page and all lessons unless given.
    progress : callable, optional
        Told how many answers are there, and of how many.
    """
    return run_in_new_loop(build_offline_page(only, progress or (lambda _done, _of: None)))


def run_in_new_loop(work: Coroutine[Any, Any, str]) -> str:
    """Return what asynchronous work returns, run in a thread of its own: a notebook has a loop running already.

    Who is interrupted while waiting for it does not wait any longer; the work is cancelled.
    """
    begun: Future[Callable[[], object]] = Future()

    async def cancellable() -> str:
        task, loop = asyncio.current_task(), asyncio.get_running_loop()
        begun.set_result(lambda: task and loop.call_soon_threadsafe(task.cancel))
        return await work

    pool = ThreadPoolExecutor(1)
    try:
        return pool.submit(asyncio.run, cancellable()).result()
    except KeyboardInterrupt:
        begun.add_done_callback(lambda how: how.result()())
        raise
    finally:
        pool.shutdown(wait=False)


async def build_offline_page(only: Lesson | None, progress: FileProgress) -> str:
    """Return the file; the worlds of its answers are run on all cores."""
    desk = WorkQueue()
    try:
        library = asyncio.create_task(bundle_vega())
        scenario = default_scenario()
        start = offline_initial_data(scenario, only)
        held: StoredResults = {"charts": {}, "answers": {}, "plans": {}}
        work = list(iterate_tasks(scenario, EnsembleCache(desk), start, held, only))
        for done, task in enumerate(work):
            progress(done, len(work))
            await task()
        progress(len(work), len(work))
        return render_single_file(start, held, (await library).content)
    finally:
        desk.close()


def offline_initial_data(scenario: Scenario, only: Lesson | None) -> StoredResults:
    """Return what the page begins with: fewer places of each slider than with a server."""
    start = initial_page_data(scenario)
    start["file"] = {"only": only is not None, "version": __version__}
    if only is not None:
        start["lessons"] = [one for one in start["lessons"] if one["name"] == only.name]
    for lever, section in zip(start["parameters"]["levers"], policy_classes(), strict=True):
        lever["strengths"] = [one for one in lever["strengths"][:1] if one["slider"]]
        for one in lever["strengths"]:
            field = section.model_fields[one["name"]]
            one["slider"] = build_slider(field, field.default, OFFLINE_SLIDER_STEPS)
    return start


def policy_classes() -> list[Any]:
    """Return the classes of policies, in the order of the page."""
    return [section for section in section_classes(AnyPolicy) if discriminator(section)]


def iterate_tasks(
    scenario: Scenario, ensembles: EnsembleCache, start: StoredResults, held: StoredResults, only: Lesson | None
) -> Iterator[Callable[[], Awaitable[None]]]:
    """Yield what must be computed, each by itself."""
    for lesson in load_lessons() if only is None else [only]:
        steps = [
            (PART_SEEN, None),
            (PART_CHANGED, None),
            *((PART_MOVED, stop) for stop in lesson.one_thing.slider.stops),
        ]
        for part, value in steps:
            yield partial(store_lesson, lesson, part, value, ensembles, held)
        if lesson.budget:
            held["best"] = load_best_plan()
            for plan in affordable_plans():
                yield partial(store_plan, plan, ensembles, held)
    if only is None:
        held["levers"] = {}
        yield partial(store_baseline, scenario, ensembles, held)
        for lever in start["parameters"]["levers"]:
            first = next(iter(lever["strengths"]), None)
            held["levers"][lever["lever"]] = {"name": first and first["name"], "usual": first and first["value"]}
            for value in slider_stops(first):
                yield partial(store_policy, scenario, lever["lever"], first, value, ensembles, held)


def slider_stops(strength: StoredResults | None) -> list[float | None]:
    """Return the places of a slider; where there is none, the one setting there is."""
    if strength is None:
        return [None]
    low, high, step = (strength["slider"][name] for name in ("low", "high", "step"))
    places = np.round(low + step * np.arange(round((high - low) / step) + 1), 10)
    return [float(one) for one in places]


def affordable_plans() -> list[BudgetPlan]:
    """Return every plan that can be paid for and buys policies for all five years or not at all."""
    found = [BudgetPlan(masks) for masks in product((0, 2**BUDGET_YEARS - 1), repeat=len(PRICES))]
    return [one for one in found if one.units_spent <= BUDGET_UNITS]


def compress_json(data: Any) -> str:
    """Return data as compressed text, with numbers to the digits that a screen shows."""
    text = json.dumps(round_numbers(data), allow_nan=False, separators=(",", ":"))
    return b64encode(zlib.compress(text.encode(), 9)).decode()


def round_numbers(data: Any) -> Any:
    """Return data with its numbers rounded."""
    if isinstance(data, float):
        return round(data, OFFLINE_DIGITS)
    if isinstance(data, dict):
        return {key: round_numbers(one) for key, one in data.items()}
    return [round_numbers(one) for one in data] if isinstance(data, list) else data


def format_js_number(value: float) -> str:
    """Return a number as the page writes it."""
    return f"{value:.10g}"


def store_result(name: str, answer: StoredResults, held: StoredResults) -> None:
    """Put an answer into the file; the looks of its charts stand there once."""
    curves = []
    for curve in answer.get("curves", []):
        looks = ("measure", "title", "data", "unit", "specification")
        held["charts"].setdefault(curve["mark"], {look: curve[look] for look in looks})
        curves.append({key: value for key, value in curve.items() if key not in looks})
    held["answers"][name] = compress_json({**answer, "curves": curves} if curves else answer)


async def store_lesson(
    lesson: Lesson, part: str, value: float | None, ensembles: EnsembleCache, held: StoredResults
) -> None:
    """Keep one step of a lesson."""
    answer = [one async for one in stream_lesson_results(lesson, part, value, ensembles)][-1]
    ending = [] if value is None else [format_js_number(value)]
    store_result(" ".join(("lesson", lesson.name, part, *ending)), answer, held)


async def store_plan(plan: BudgetPlan, ensembles: EnsembleCache, held: StoredResults) -> None:
    """Keep what a plan averts."""
    answer = [one async for one in evaluate_plans([plan], ensembles)][-1]
    (held["plans"][plan.code],) = answer["plans"]


async def store_baseline(scenario: Scenario, ensembles: EnsembleCache, held: StoredResults) -> None:
    """Keep the base, and where everybody stands."""
    await store_state("baseline", scenario, scenario, ensembles, held)


async def store_policy(
    scenario: Scenario,
    lever: str,
    strength: StoredResults | None,
    value: float | None,
    ensembles: EnsembleCache,
    held: StoredResults,
) -> None:
    """Keep one policy at one strength."""
    if strength is None or value is None:
        await store_state(lever, scenario, scenario.with_policy(lever), ensembles, held)
        return
    fields: dict[str, Any] = {strength["name"]: round(value) if strength["whole"] else value}
    what_if = scenario.with_policy(lever, **fields)
    await store_state(f"{lever}={format_js_number(value)}", scenario, what_if, ensembles, held)


async def store_state(
    name: str, base: Scenario, what_if: Scenario, ensembles: EnsembleCache, held: StoredResults
) -> None:
    """Keep curves and table of a setting, and one world of its what-if."""
    desk, count = ensembles.desk, base.replicates
    both = await ensembles.get_both(base, what_if, count, Priority(PRIORITY_FIRST, desk.next_ticket()))
    store_result(f"compare {name}", await desk.run(partial(comparison_message, *both, count)), held)
    lived = await desk.run(partial(trace, what_if, 0))
    world = map_message(lived, what_if, next(iter(base.interventions)))
    for shared in ("places", "sources"):
        held[shared] = world.pop(shared)
    stage, fidelity = (np.frombuffer(b64decode(world[name]), dtype=np.uint8) for name in ("stage", "fidelity"))
    number = len(held["places"]["ids"])
    world |= {"stage": delta_encode(stage, number), "fidelity": delta_encode(coarsen_fidelity(fidelity), number)}
    store_result(f"world {name}", world, held)


def coarsen_fidelity(fidelity: ByteArray) -> ByteArray:
    """Return fidelity in steps of a fiftieth, which take half the room."""
    fewer = COARSE_STEP * np.round(fidelity / COARSE_STEP)
    return np.where(fidelity == NOT_IN_USE, fidelity, fewer).astype(np.uint8)


def delta_encode(values: ByteArray, count: int) -> list[int]:
    """Return what changes in each month in each of `count` places, modulo 256: mostly nothing, which takes no room."""
    months = values.reshape(-1, count)
    found: list[int] = np.diff(months, axis=0, prepend=np.zeros_like(months[:1])).ravel().tolist()
    return found
