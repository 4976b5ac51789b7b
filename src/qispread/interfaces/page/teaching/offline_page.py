"""The page as a file that works offline: all its results are computed when it is written."""

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
from qispread.interfaces.page.static_files import bundle_vega
from qispread.interfaces.page.teaching.budget import (
    BUDGET_UNITS,
    BUDGET_YEARS,
    PRICES,
    BudgetPlan,
    evaluate_plans,
    load_best_plan,
)
from qispread.interfaces.page.teaching.initial_data import initial_page_data
from qispread.interfaces.page.teaching.js_bundle import render_single_file
from qispread.interfaces.page.teaching.lesson import Lesson, load_lessons
from qispread.interfaces.page.teaching.lesson_results import PART_CHANGED, PART_MOVED, PART_SEEN, stream_lesson_results
from qispread.interfaces.page.work_queue import PRIORITY_FIRST, Priority, WorkQueue
from qispread.model.engines.trace import trace

OFFLINE_SLIDER_STEPS = 6
"""Approximate steps of a slider; every value is simulated when the file is written."""
OFFLINE_DIGITS = 4
"""Decimals of the values of curves: an eighth of a pixel."""
COARSE_STEP = FIDELITY_STEPS // 50
FileProgress = Callable[[int, int], None]
StoredResults = dict[str, Any]
ByteArray = NDArray[np.uint8]


def render_offline_page(only: Lesson | None = None, progress: FileProgress | None = None) -> str:
    """Render the page as one file that needs no server and no network.

    Parameters
    ----------
    only : Lesson, optional
        The only lesson of the file; the page and all lessons if not given.
    progress : callable, optional
        Called with the number of finished results and their total.
    """
    return run_in_new_loop(build_offline_page(only, progress or (lambda _done, _total: None)))


def run_in_new_loop(work: Coroutine[Any, Any, str]) -> str:
    """Run a coroutine in an event loop of a new thread, since a notebook already runs a loop, and return its result.

    An interrupt cancels the work and ends the wait.
    """
    cancel: Future[Callable[[], object]] = Future()

    async def cancellable() -> str:
        task, loop = asyncio.current_task(), asyncio.get_running_loop()
        cancel.set_result(lambda: task and loop.call_soon_threadsafe(task.cancel))
        return await work

    pool = ThreadPoolExecutor(1)
    try:
        return pool.submit(asyncio.run, cancellable()).result()
    except KeyboardInterrupt:
        cancel.add_done_callback(lambda ready: ready.result()())
        raise
    finally:
        pool.shutdown(wait=False)


async def build_offline_page(only: Lesson | None, progress: FileProgress) -> str:
    """Compute all results on all cores, and render the file."""
    queue = WorkQueue()
    try:
        library = asyncio.create_task(bundle_vega())
        scenario = default_scenario()
        start = offline_initial_data(scenario, only)
        stored: StoredResults = {"charts": {}, "answers": {}, "plans": {}}
        tasks = list(iterate_tasks(scenario, EnsembleCache(queue), start, stored, only))
        for done, task in enumerate(tasks):
            progress(done, len(tasks))
            await task()
        progress(len(tasks), len(tasks))
        return render_single_file(start, stored, (await library).content)
    finally:
        queue.close()


def offline_initial_data(scenario: Scenario, only: Lesson | None) -> StoredResults:
    """Return the initial data of the page, with fewer slider values than with a server."""
    start = initial_page_data(scenario)
    start["file"] = {"only": only is not None, "version": __version__}
    if only is not None:
        start["lessons"] = [lesson for lesson in start["lessons"] if lesson["name"] == only.name]
    for lever, section in zip(start["parameters"]["levers"], policy_classes(), strict=True):
        lever["strengths"] = [strength for strength in lever["strengths"][:1] if strength["slider"]]
        for strength in lever["strengths"]:
            field = section.model_fields[strength["name"]]
            strength["slider"] = build_slider(field, field.default, OFFLINE_SLIDER_STEPS)
    return start


def policy_classes() -> list[Any]:
    """Return the classes of policies, in the order of the page."""
    return [section for section in section_classes(AnyPolicy) if discriminator(section)]


def iterate_tasks(
    scenario: Scenario, ensembles: EnsembleCache, start: StoredResults, stored: StoredResults, only: Lesson | None
) -> Iterator[Callable[[], Awaitable[None]]]:
    """Yield the computations of the file, one for each result."""
    for lesson in load_lessons() if only is None else [only]:
        steps = [
            (PART_SEEN, None),
            (PART_CHANGED, None),
            *((PART_MOVED, value) for value in lesson.choice.slider.values),
        ]
        for part, value in steps:
            yield partial(store_lesson, lesson, part, value, ensembles, stored)
        if lesson.budget:
            stored["best"] = load_best_plan()
            for plan in affordable_plans():
                yield partial(store_plan, plan, ensembles, stored)
    if only is None:
        stored["levers"] = {}
        yield partial(store_baseline, scenario, ensembles, stored)
        for lever in start["parameters"]["levers"]:
            first = next(iter(lever["strengths"]), None)
            defaults = {"name": first and first["name"], "default": first and first["value"]}
            stored["levers"][lever["lever"]] = defaults
            for value in slider_values(first):
                yield partial(store_policy, scenario, lever["lever"], first, value, ensembles, stored)


def slider_values(strength: StoredResults | None) -> list[float | None]:
    """Return the values of a slider; a single None if there is no slider."""
    if strength is None:
        return [None]
    low, high, step = (strength["slider"][name] for name in ("low", "high", "step"))
    values = np.round(low + step * np.arange(round((high - low) / step) + 1), 10)
    return [float(value) for value in values]


def affordable_plans() -> list[BudgetPlan]:
    """Return every plan within the budget that buys each policy for all five years or not at all."""
    plans = [BudgetPlan(masks) for masks in product((0, 2**BUDGET_YEARS - 1), repeat=len(PRICES))]
    return [plan for plan in plans if plan.units_spent <= BUDGET_UNITS]


def compress_json(data: Any) -> str:
    """Return data as compressed, base64-encoded JSON with rounded numbers."""
    text = json.dumps(round_numbers(data), allow_nan=False, separators=(",", ":"))
    return b64encode(zlib.compress(text.encode(), 9)).decode()


def round_numbers(data: Any) -> Any:
    """Return data with all floats rounded to `OFFLINE_DIGITS`."""
    if isinstance(data, float):
        return round(data, OFFLINE_DIGITS)
    if isinstance(data, dict):
        return {key: round_numbers(item) for key, item in data.items()}
    return [round_numbers(item) for item in data] if isinstance(data, list) else data


def format_js_number(value: float) -> str:
    """Format a number as the page does in the names of results."""
    return f"{value:.10g}"


def store_result(name: str, answer: StoredResults, stored: StoredResults) -> None:
    """Store a result; chart specifications that results share are stored once."""
    curves = []
    for curve in answer.get("curves", []):
        shared = ("measure", "title", "data", "unit", "specification")
        stored["charts"].setdefault(curve["chart_id"], {key: curve[key] for key in shared})
        curves.append({key: value for key, value in curve.items() if key not in shared})
    stored["answers"][name] = compress_json({**answer, "curves": curves} if curves else answer)


async def store_lesson(
    lesson: Lesson, part: str, value: float | None, ensembles: EnsembleCache, stored: StoredResults
) -> None:
    """Compute and store one step of a lesson."""
    answer = [message async for message in stream_lesson_results(lesson, part, value, ensembles)][-1]
    suffix = [] if value is None else [format_js_number(value)]
    store_result(" ".join(("lesson", lesson.name, part, *suffix)), answer, stored)


async def store_plan(plan: BudgetPlan, ensembles: EnsembleCache, stored: StoredResults) -> None:
    """Compute and store the effect of a plan."""
    answer = [message async for message in evaluate_plans([plan], ensembles)][-1]
    (stored["plans"][plan.code],) = answer["plans"]


async def store_baseline(scenario: Scenario, ensembles: EnsembleCache, stored: StoredResults) -> None:
    """Compute and store the results of the baseline, and the layout of the map."""
    await store_state("baseline", scenario, scenario, ensembles, stored)


async def store_policy(
    scenario: Scenario,
    lever: str,
    strength: StoredResults | None,
    value: float | None,
    ensembles: EnsembleCache,
    stored: StoredResults,
) -> None:
    """Compute and store the results of one policy at one strength."""
    if strength is None or value is None:
        await store_state(lever, scenario, scenario.with_policy(lever), ensembles, stored)
        return
    fields: dict[str, Any] = {strength["name"]: round(value) if strength["integer"] else value}
    option = scenario.with_policy(lever, **fields)
    await store_state(f"{lever}={format_js_number(value)}", scenario, option, ensembles, stored)


async def store_state(
    name: str, baseline: Scenario, option: Scenario, ensembles: EnsembleCache, stored: StoredResults
) -> None:
    """Compute and store the curves and the table of a page state, and one run of its option for the map."""
    queue, count = ensembles.queue, baseline.replicates
    both = await ensembles.get_both(baseline, option, count, Priority(PRIORITY_FIRST, queue.next_ticket()))
    store_result(f"compare {name}", await queue.run(partial(comparison_message, *both, count)), stored)
    run_trace = await queue.run(partial(trace, option, 0))
    run = map_message(run_trace, option, next(iter(baseline.interventions)))
    for shared in ("layout", "sources"):
        stored[shared] = run.pop(shared)
    stage, fidelity = (np.frombuffer(b64decode(run[key]), dtype=np.uint8) for key in ("stage", "fidelity"))
    size = len(stored["layout"]["ids"])
    run |= {"stage": delta_encode(stage, size), "fidelity": delta_encode(coarsen_fidelity(fidelity), size)}
    store_result(f"world {name}", run, stored)


def coarsen_fidelity(fidelity: ByteArray) -> ByteArray:
    """Return encoded fidelity rounded to fiftieths, which halves its size."""
    coarse = COARSE_STEP * np.round(fidelity / COARSE_STEP)
    return np.where(fidelity == NOT_IN_USE, fidelity, coarse).astype(np.uint8)


def delta_encode(values: ByteArray, count: int) -> list[int]:
    """Return the monthly changes of `count` organisations modulo 256: mostly zeros, which compress well."""
    months = values.reshape(-1, count)
    changes: list[int] = np.diff(months, axis=0, prepend=np.zeros_like(months[:1])).ravel().tolist()
    return changes
