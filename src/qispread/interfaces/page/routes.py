"""What the page can ask, and who answers."""

import asyncio
import base64
import binascii
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from qispread.inputs.adapt_scenario import adaptation_notes
from qispread.inputs.errors import Fault, InputError
from qispread.inputs.scenario import Scenario
from qispread.inputs.scenario_yaml import non_default_data
from qispread.inputs.uploads import UploadedFile, scenario_from_uploads
from qispread.interfaces.page import downloads
from qispread.interfaces.page.compare_endpoint import stream_comparison
from qispread.interfaces.page.ensembles import Ensemble, EnsembleCache
from qispread.interfaces.page.map_data import build_map_data, validate_intervention, validate_replicate
from qispread.interfaces.page.ndjson import Message, error_faults, stream_partial, stream_progress, stream_response
from qispread.interfaces.page.organisation_story import build_story, organisation_events
from qispread.interfaces.page.page_parameters import list_parameters
from qispread.interfaces.page.page_state import PageState, PageStateReader
from qispread.interfaces.page.request_limits import check_size
from qispread.interfaces.page.security_middleware import SecurityMiddleware
from qispread.interfaces.page.static_files import (
    CONTENT_TYPES,
    VegaBundle,
    initial_page_data,
    load_static_files,
    make_static_file,
    render_index,
)
from qispread.interfaces.page.teaching.budget import evaluate_plans, parse_plan_codes
from qispread.interfaces.page.teaching.lesson import find_lesson
from qispread.interfaces.page.teaching.lesson_results import stream_lesson_results, validate_part
from qispread.interfaces.page.work_queue import IMMEDIATE, PRIORITY_REST, Priority, WorkQueue
from qispread.model.rules.jit import is_compiled

RequestData = dict[str, Any]
NO_STORE_HEADERS: dict[str, str] = {"cache-control": "no-store"}


class PageEndpoints:
    """The answers to all questions of all visitors: it keeps nothing of them but results, for whoever asks the same.

    Parameters
    ----------
    start : Scenario
        With which the page opens.
    """

    def __init__(self, start: Scenario) -> None:
        self.settings, self.desk, self.charting = PageStateReader(start), WorkQueue(), VegaBundle()
        self.ensembles = EnsembleCache(self.desk)
        self.files = load_static_files()
        self.html = make_static_file(render_index(initial_page_data(start)).encode(), CONTENT_TYPES["html"])
        self.compiling = not is_compiled()

    @asynccontextmanager
    async def lifespan(self, _: Starlette) -> AsyncIterator[None]:
        """Prepare what every visitor needs first, and stop the threads at the end."""
        self.charting.start_build()
        first = asyncio.create_task(self.warm_up())
        yield
        first.cancel()
        self.desk.close()

    async def warm_up(self) -> None:
        """Compile the model, and run the worlds that the page opens with."""
        start = self.settings.start
        await self.ensembles.get(start).ensure_replicates(1, self.desk, IMMEDIATE)
        self.compiling = False
        await self.ensembles.get(start).ensure_replicates(start.replicates, self.desk, Priority(PRIORITY_REST))

    async def read_state(self, request: RequestData) -> PageState:
        """Return the setting of a question; a scenario that was never seen is read aside."""
        return await self.desk.run(partial(self.settings.read, request.get("setting", {})))

    async def get_page(self, request: Request) -> Response:
        """Send the page."""
        return self.html.respond(request)

    async def get_file(self, request: Request) -> Response:
        """Send a file of the page."""
        found = self.files.get(request.url.path)
        return found.respond(request) if found else Response("There is nothing here.", 404, media_type="text/plain")

    async def get_library(self, request: Request) -> Response:
        """Send the library that draws the charts."""
        return await self.charting.respond(request)

    async def get_parameters(self, request: RequestData) -> Response:
        """Tell what can be changed in a setting."""
        setting = await self.read_state(request)
        return JSONResponse(list_parameters(setting.base), headers=NO_STORE_HEADERS)

    async def stream_compare(self, request: RequestData) -> Response:
        """Tell what a setting comes to, in parts."""
        setting = await self.read_state(request)

        return stream_response(self.announce_compilation(stream_comparison(setting, self.ensembles)))

    async def announce_compilation(self, messages: AsyncIterator[Message]) -> AsyncIterator[Message]:
        """Yield messages, after word that the model is being compiled where it is."""
        if self.compiling:
            yield {
                "doing": "Compiling the model: once on this computer, about a quarter of a minute",
                "done": 0,
                "of": 1,
            }
        async for one in messages:
            yield one

    async def stream_lesson(self, request: RequestData) -> Response:
        """Tell what one step of a lesson comes to."""
        lesson = find_lesson(request.get("lesson"))
        part, value = validate_part(request.get("part"), request.get("value"), lesson)
        return stream_response(self.announce_compilation(stream_lesson_results(lesson, part, value, self.ensembles)))

    async def stream_budget(self, request: RequestData) -> Response:
        """Tell what the plans of some teams avert, and the best that a search found."""
        return stream_response(
            self.announce_compilation(evaluate_plans(parse_plan_codes(request.get("plans")), self.ensembles))
        )

    async def get_world(self, request: RequestData) -> Response:
        """Tell one world month by month, for the map."""
        setting = await self.read_state(request)
        found = await self.desk.run(partial(build_map_data, *self.parse_world_request(setting, request)))
        return JSONResponse(found, headers=NO_STORE_HEADERS)

    def parse_world_request(self, state: PageState, request: RequestData) -> tuple[Scenario, int, str]:
        """Return arm, number and intervention of the world that is asked for."""
        scenario = state.arm(request.get("arm"))
        replicate = validate_replicate(request.get("replicate", 0), scenario)
        return scenario, replicate, validate_intervention(request.get("intervention"), scenario)

    async def stream_organisation(self, request: RequestData) -> Response:
        """Tell the story of one organisation: at once what the run holds, then the events with their reasons."""
        scenario, replicate, intervention = self.parse_world_request(await self.read_state(request), request)
        name, arm = request.get("organisation"), request["arm"]
        first = partial(build_story, scenario, arm, replicate, intervention, name)

        def events(stop: Any, tell: Any) -> Message:
            return {"events": organisation_events(scenario, replicate, name, stop, tell)}

        return stream_response(stream_partial(self.desk, first, events))

    async def get_yaml(self, request: RequestData) -> Response:
        """Send one arm as a scenario."""
        return download_response(downloads.render_arm_yaml(await self.read_state(request), request.get("arm")))

    async def get_table(self, request: RequestData) -> Response:
        """Send curves or differences as CSV."""
        setting = await self.read_state(request)
        made = downloads.render_curves_csv if request.get("table") == "curves" else downloads.render_differences_csv
        return download_response(await self.desk.run(partial(made, setting, *await self.full_ensembles(setting))))

    async def get_picture(self, request: RequestData) -> Response:
        """Send one curve as a picture."""
        setting = await self.read_state(request)
        what = request.get("measure"), request.get("kind", "svg")
        arms = await self.full_ensembles(setting)
        return download_response(await self.desk.run(partial(downloads.render_picture, setting, *arms, *what)))

    async def full_ensembles(self, state: PageState) -> tuple[Ensemble, Ensemble]:
        """Return the ensembles of both arms with all their worlds."""
        urgency = Priority(PRIORITY_REST, self.desk.next_ticket())
        return await self.ensembles.get_both(state.base, state.what_if, state.base.replicates, urgency)

    async def stream_report(self, request: RequestData) -> Response:
        """Send the report, telling how far it is."""
        setting = await self.read_state(request)

        def made(stop: Any, tell: Any) -> Message:
            found = downloads.build_page_report(setting, stop, tell)
            return {"name": found.name, "kind": found.kind, "content": found.content.decode()}

        return stream_response(stream_progress(self.desk, made))

    async def post_upload(self, request: RequestData) -> Response:
        """Read files that a visitor chose, and send back the scenario that they hold; nothing is kept."""
        given = downloads.validate_uploads(request.get("files"))
        otherwise = (await self.read_state(request)).base

        def read(stop: Any, tell: Any) -> Message:  # noqa: ARG001 - as long work is called
            return read_uploads(
                [UploadedFile(name, decode_upload(name, content)) for name, content in given], otherwise
            )

        return stream_response(stream_progress(self.desk, read))


def read_uploads(uploads: list[UploadedFile], default: Scenario) -> Message:
    """Return the scenario of some files as the page keeps it, with what reading them left out."""
    scenario = scenario_from_uploads(uploads, default)
    check_size(scenario)
    return {
        "scenario": non_default_data(scenario),
        "notes": [*scenario.notes, *adaptation_notes(scenario)],
        "parameters": list_parameters(scenario),
    }


def decode_upload(name: str, content: str) -> bytes:
    """Return the bytes of a file that was sent in letters."""
    try:
        return base64.b64decode(content, validate=True)
    except (binascii.Error, ValueError):
        raise InputError([Fault(name[:60], "did not arrive whole; send it again")]) from None


def download_response(download: downloads.Download) -> Response:
    """Return a file to be kept, not shown."""
    ascii_name = download.name.encode("ascii", "replace").decode().replace('"', "'").replace("?", "_")
    headers = {"content-disposition": f'attachment; filename="{ascii_name}"', **NO_STORE_HEADERS}
    return Response(download.content, media_type=download.kind, headers=headers)


def make_handler(endpoint: Callable[[RequestData], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    """Return what answers a request from what answers a question; faults are told in plain words."""

    async def answered(request: Request) -> Response:
        try:
            return await endpoint(await parse_request(request))
        except InputError as error:
            return JSONResponse(error_faults(error), 400, headers=NO_STORE_HEADERS)

    return answered


async def parse_request(request: Request) -> RequestData:
    """Return the question in a request; asking without one is asking about the scenario that the page opened with."""
    if request.method != "POST":
        return {}
    try:
        found = json.loads(await request.body())
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise InputError([Fault("question", "needed: a mapping, as JSON")])
    return found


def create_application(start: Scenario) -> SecurityMiddleware:
    """Return the server of the page as an ASGI application.

    Parameters
    ----------
    start : Scenario
        With which the page opens.

    Raises
    ------
    InputError
        For a scenario that is too large for a page that answers at once.
    """
    page = PageEndpoints(start)
    questions = {
        "/api/compare": page.stream_compare,
        "/api/lesson": page.stream_lesson,
        "/api/budget": page.stream_budget,
        "/api/world": page.get_world,
        "/api/organisation": page.stream_organisation,
        "/api/scenario.yaml": page.get_yaml,
        "/api/table.csv": page.get_table,
        "/api/picture": page.get_picture,
        "/api/report": page.stream_report,
        "/api/upload": page.post_upload,
    }
    routes = [
        Route("/", page.get_page),
        Route("/api/parameters", make_handler(page.get_parameters), methods=["GET", "POST"]),
        *(Route(path, make_handler(answer), methods=["POST"]) for path, answer in questions.items()),
        Route("/vega.js", page.get_library),
        Route("/{path:path}", page.get_file),
    ]
    found = Starlette(routes=routes, lifespan=page.lifespan)
    found.state.page = page
    return SecurityMiddleware(found)
