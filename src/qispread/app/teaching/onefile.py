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
from qispread.app.answers import told
from qispread.app.desk import FIRST, Desk, Urgency
from qispread.app.ensemble import Ensembles
from qispread.app.pages import charting, start_data
from qispread.app.sliders import slider_of
from qispread.app.starting import default_scenario
from qispread.app.teaching.answering import CHANGED, MOVED, SEEN, lesson_answers
from qispread.app.teaching.budget import PRICES, UNITS, YEARS, Plan, best_found, outcomes
from qispread.app.teaching.bundle import page_in_one
from qispread.app.teaching.lesson import Lesson, lessons
from qispread.app.worlds import NOT_IN_USE, STEPS, world_told
from qispread.config.parameter import sections_within
from qispread.config.policies import AnyPolicy
from qispread.config.scenario import Scenario
from qispread.config.validate import tag_of
from qispread.engines.trace import trace

NOTCHES = 6
"""Steps of a slider, about: each place of each is run when the file is written."""
DIGITS = 4
"""Of the numbers of curves: an eighth of a pixel."""
COARSE = STEPS // 50
Progress = Callable[[int, int], None]
Held = dict[str, Any]
Bytes = NDArray[np.uint8]


def lesson_file(only: Lesson | None = None, progress: Progress | None = None) -> str:
    """Return the page as one file that needs no server and no network.

    Parameters
    ----------
    only : Lesson, optional
        The one lesson that the file has; the page and all lessons unless given.
    progress : callable, optional
        Told how many answers are there, and of how many.
    """
    return in_own_loop(written(only, progress or (lambda _done, _of: None)))


def in_own_loop(work: Coroutine[Any, Any, str]) -> str:
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


async def written(only: Lesson | None, progress: Progress) -> str:
    """Return the file; the worlds of its answers are run on all cores."""
    desk = Desk()
    try:
        library = asyncio.create_task(charting())
        scenario = default_scenario()
        start = start_of(scenario, only)
        held: Held = {"charts": {}, "answers": {}, "plans": {}}
        work = list(tasks(scenario, Ensembles(desk), start, held, only))
        for done, task in enumerate(work):
            progress(done, len(work))
            await task()
        progress(len(work), len(work))
        return page_in_one(start, held, (await library).content)
    finally:
        desk.close()


def start_of(scenario: Scenario, only: Lesson | None) -> Held:
    """Return what the page begins with: fewer places of each slider than with a server."""
    start = start_data(scenario)
    start["file"] = {"only": only is not None, "version": __version__}
    if only is not None:
        start["lessons"] = [one for one in start["lessons"] if one["name"] == only.name]
    for lever, section in zip(start["parameters"]["levers"], levers(), strict=True):
        lever["strengths"] = [one for one in lever["strengths"][:1] if one["slider"]]
        for one in lever["strengths"]:
            field = section.model_fields[one["name"]]
            one["slider"] = slider_of(field, field.default, NOTCHES)
    return start


def levers() -> list[Any]:
    """Return the classes of policies, in the order of the page."""
    return [section for section in sections_within(AnyPolicy) if tag_of(section)]


def tasks(
    scenario: Scenario, ensembles: Ensembles, start: Held, held: Held, only: Lesson | None
) -> Iterator[Callable[[], Awaitable[None]]]:
    """Yield what must be computed, each by itself."""
    for lesson in lessons() if only is None else [only]:
        steps = [(SEEN, None), (CHANGED, None), *((MOVED, stop) for stop in lesson.one_thing.slider.stops)]
        for part, value in steps:
            yield partial(keep_lesson, lesson, part, value, ensembles, held)
        if lesson.budget:
            held["best"] = best_found()
            for plan in whole_plans():
                yield partial(keep_plan, plan, ensembles, held)
    if only is None:
        held["levers"] = {}
        yield partial(keep_base, scenario, ensembles, held)
        for lever in start["parameters"]["levers"]:
            first = next(iter(lever["strengths"]), None)
            held["levers"][lever["lever"]] = {"name": first and first["name"], "usual": first and first["value"]}
            for value in stops_of(first):
                yield partial(keep_policy, scenario, lever["lever"], first, value, ensembles, held)


def stops_of(strength: Held | None) -> list[float | None]:
    """Return the places of a slider; where there is none, the one setting there is."""
    if strength is None:
        return [None]
    low, high, step = (strength["slider"][name] for name in ("low", "high", "step"))
    places = np.round(low + step * np.arange(round((high - low) / step) + 1), 10)
    return [float(one) for one in places]


def whole_plans() -> list[Plan]:
    """Return every plan that can be paid for and buys policies for all five years or not at all."""
    found = [Plan(masks) for masks in product((0, 2**YEARS - 1), repeat=len(PRICES))]
    return [one for one in found if one.spent <= UNITS]


def packed(data: Any) -> str:
    """Return data as compressed text, with numbers to the digits that a screen shows."""
    text = json.dumps(rounded(data), allow_nan=False, separators=(",", ":"))
    return b64encode(zlib.compress(text.encode(), 9)).decode()


def rounded(data: Any) -> Any:
    """Return data with its numbers rounded."""
    if isinstance(data, float):
        return round(data, DIGITS)
    if isinstance(data, dict):
        return {key: rounded(one) for key, one in data.items()}
    return [rounded(one) for one in data] if isinstance(data, list) else data


def named(value: float) -> str:
    """Return a number as the page writes it."""
    return f"{value:.10g}"


def keep(name: str, answer: Held, held: Held) -> None:
    """Put an answer into the file; the looks of its charts stand there once."""
    curves = []
    for curve in answer.get("curves", []):
        looks = ("measure", "title", "data", "unit", "specification")
        held["charts"].setdefault(curve["mark"], {look: curve[look] for look in looks})
        curves.append({key: value for key, value in curve.items() if key not in looks})
    held["answers"][name] = packed({**answer, "curves": curves} if curves else answer)


async def keep_lesson(lesson: Lesson, part: str, value: float | None, ensembles: Ensembles, held: Held) -> None:
    """Keep one step of a lesson."""
    answer = [one async for one in lesson_answers(lesson, part, value, ensembles)][-1]
    ending = [] if value is None else [named(value)]
    keep(" ".join(("lesson", lesson.name, part, *ending)), answer, held)


async def keep_plan(plan: Plan, ensembles: Ensembles, held: Held) -> None:
    """Keep what a plan averts."""
    answer = [one async for one in outcomes([plan], ensembles)][-1]
    (held["plans"][plan.code],) = answer["plans"]


async def keep_base(scenario: Scenario, ensembles: Ensembles, held: Held) -> None:
    """Keep the base, and where everybody stands."""
    await keep_setting("base", scenario, scenario, ensembles, held)


async def keep_policy(
    scenario: Scenario, lever: str, strength: Held | None, value: float | None, ensembles: Ensembles, held: Held
) -> None:
    """Keep one policy at one strength."""
    if strength is None or value is None:
        await keep_setting(lever, scenario, scenario.with_policy(lever), ensembles, held)
        return
    fields: dict[str, Any] = {strength["name"]: round(value) if strength["whole"] else value}
    what_if = scenario.with_policy(lever, **fields)
    await keep_setting(f"{lever}={named(value)}", scenario, what_if, ensembles, held)


async def keep_setting(name: str, base: Scenario, what_if: Scenario, ensembles: Ensembles, held: Held) -> None:
    """Keep curves and table of a setting, and one world of its what-if."""
    desk, count = ensembles.desk, base.replicates
    both = await ensembles.both(base, what_if, count, Urgency(FIRST, desk.ticket()))
    keep(f"compare {name}", await desk.work(partial(told, *both, count)), held)
    lived = await desk.work(partial(trace, what_if, 0))
    world = world_told(lived, what_if, next(iter(base.interventions)))
    for shared in ("places", "sources"):
        held[shared] = world.pop(shared)
    stage, fidelity = (np.frombuffer(b64decode(world[name]), dtype=np.uint8) for name in ("stage", "fidelity"))
    number = len(held["places"]["ids"])
    world |= {"stage": by_month(stage, number), "fidelity": by_month(coarse(fidelity), number)}
    keep(f"world {name}", world, held)


def coarse(fidelity: Bytes) -> Bytes:
    """Return fidelity in steps of a fiftieth, which take half the room."""
    fewer = COARSE * np.round(fidelity / COARSE)
    return np.where(fidelity == NOT_IN_USE, fidelity, fewer).astype(np.uint8)


def by_month(values: Bytes, number: int) -> list[int]:
    """Return what changes in each month in each of `number` places, modulo 256: mostly nothing, which takes no room."""
    months = values.reshape(-1, number)
    found: list[int] = np.diff(months, axis=0, prepend=np.zeros_like(months[:1])).ravel().tolist()
    return found
