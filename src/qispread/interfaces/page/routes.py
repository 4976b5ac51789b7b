"""Routes and endpoints of the page's server."""

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
    load_static_files,
    make_static_file,
    render_index,
)
from qispread.interfaces.page.teaching.budget import evaluate_plans, parse_plan_codes
from qispread.interfaces.page.teaching.initial_data import initial_page_data
from qispread.interfaces.page.teaching.lesson import find_lesson
from qispread.interfaces.page.teaching.lesson_results import stream_lesson_results, validate_part
from qispread.interfaces.page.work_queue import IMMEDIATE, PRIORITY_REST, Priority, WorkQueue
from qispread.model.rules.jit import is_compiled

RequestData = dict[str, Any]
NO_STORE_HEADERS: dict[str, str] = {"cache-control": "no-store"}


class PageEndpoints:
    """The endpoints of the page. They store no data of visitors, only results, which visitors share.

    Parameters
    ----------
    start : Scenario
        The start scenario of the page.
    """

    def __init__(self, start: Scenario) -> None:
        self.states, self.queue, self.vega = PageStateReader(start), WorkQueue(), VegaBundle()
        self.ensembles = EnsembleCache(self.queue)
        self.files = load_static_files()
        self.html = make_static_file(render_index(initial_page_data(start)).encode(), CONTENT_TYPES["html"])
        self.compiling = not is_compiled()

    @asynccontextmanager
    async def lifespan(self, _: Starlette) -> AsyncIterator[None]:
        """Start the chart library and the first runs; stop the threads at the end."""
        self.vega.start_build()
        warm_up = asyncio.create_task(self.warm_up())
        yield
        warm_up.cancel()
        self.queue.close()

    async def warm_up(self) -> None:
        """Compile the model, and run the start scenario."""
        start = self.states.start
        await self.ensembles.get(start).ensure_replicates(1, self.queue, IMMEDIATE)
        self.compiling = False
        await self.ensembles.get(start).ensure_replicates(start.replicates, self.queue, Priority(PRIORITY_REST))

    async def read_state(self, request: RequestData) -> PageState:
        """Return the page state of a request; new scenarios are built in a worker thread."""
        return await self.queue.run(partial(self.states.read, request.get("setting", {})))

    async def get_page(self, request: Request) -> Response:
        """Send the HTML page."""
        return self.html.respond(request)

    async def get_file(self, request: Request) -> Response:
        """Send a static file."""
        file = self.files.get(request.url.path)
        return file.respond(request) if file else Response("Not found.", 404, media_type="text/plain")

    async def get_library(self, request: Request) -> Response:
        """Send the chart library."""
        return await self.vega.respond(request)

    async def get_parameters(self, request: RequestData) -> Response:
        """Send the parameters of a page state."""
        state = await self.read_state(request)
        return JSONResponse(list_parameters(state.baseline), headers=NO_STORE_HEADERS)

    async def stream_compare(self, request: RequestData) -> Response:
        """Stream the comparison of option and baseline, in parts."""
        state = await self.read_state(request)
        return stream_response(self.announce_compilation(stream_comparison(state, self.ensembles)))

    async def announce_compilation(self, messages: AsyncIterator[Message]) -> AsyncIterator[Message]:
        """Yield messages, preceded by a progress message while the model is being compiled."""
        if self.compiling:
            yield {
                "activity": "Compiling the model (once on this computer, about 15 seconds)",
                "done": 0,
                "total": 1,
            }
        async for message in messages:
            yield message

    async def stream_lesson(self, request: RequestData) -> Response:
        """Stream the results of one step of a lesson."""
        lesson = find_lesson(request.get("lesson"))
        part, value = validate_part(request.get("part"), request.get("value"), lesson)
        return stream_response(self.announce_compilation(stream_lesson_results(lesson, part, value, self.ensembles)))

    async def stream_budget(self, request: RequestData) -> Response:
        """Stream the effects of budget plans, and the best known plan."""
        return stream_response(
            self.announce_compilation(evaluate_plans(parse_plan_codes(request.get("plans")), self.ensembles))
        )

    async def get_world(self, request: RequestData) -> Response:
        """Send one run, month by month, for the map."""
        state = await self.read_state(request)
        run_data = await self.queue.run(partial(build_map_data, *self.parse_world_request(state, request)))
        return JSONResponse(run_data, headers=NO_STORE_HEADERS)

    def parse_world_request(self, state: PageState, request: RequestData) -> tuple[Scenario, int, str]:
        """Return scenario, replicate and intervention of a request for one run."""
        scenario = state.arm(request.get("arm"))
        replicate = validate_replicate(request.get("replicate", 0), scenario)
        return scenario, replicate, validate_intervention(request.get("intervention"), scenario)

    async def stream_organisation(self, request: RequestData) -> Response:
        """Stream the history of one organisation: first its context and chart, then its events with their reasons."""
        scenario, replicate, intervention = self.parse_world_request(await self.read_state(request), request)
        name, arm = request.get("organisation"), request["arm"]
        first = partial(build_story, scenario, arm, replicate, intervention, name)

        def events(cancelled: Any, report_progress: Any) -> Message:
            return {"events": organisation_events(scenario, replicate, name, cancelled, report_progress)}

        return stream_response(stream_partial(self.queue, first, events))

    async def get_yaml(self, request: RequestData) -> Response:
        """Send one arm as a scenario file."""
        return download_response(downloads.render_arm_yaml(await self.read_state(request), request.get("arm")))

    async def get_table(self, request: RequestData) -> Response:
        """Send curves or differences as CSV."""
        state = await self.read_state(request)
        curves = request.get("table") == "curves"
        render = downloads.render_curves_csv if curves else downloads.render_differences_csv
        return download_response(await self.queue.run(partial(render, state, *await self.full_ensembles(state))))

    async def get_picture(self, request: RequestData) -> Response:
        """Send one curve as an image."""
        state = await self.read_state(request)
        figure = request.get("measure"), request.get("kind", "svg")
        arms = await self.full_ensembles(state)
        return download_response(await self.queue.run(partial(downloads.render_picture, state, *arms, *figure)))

    async def full_ensembles(self, state: PageState) -> tuple[Ensemble, Ensemble]:
        """Return the ensembles of both arms with all replicates."""
        priority = Priority(PRIORITY_REST, self.queue.next_ticket())
        return await self.ensembles.get_both(state.baseline, state.option, state.baseline.replicates, priority)

    async def stream_report(self, request: RequestData) -> Response:
        """Stream the progress of the report, then the report."""
        state = await self.read_state(request)

        def build(cancelled: Any, report_progress: Any) -> Message:
            report = downloads.build_page_report(state, cancelled, report_progress)
            return {"name": report.name, "kind": report.kind, "content": report.content.decode()}

        return stream_response(stream_progress(self.queue, build))

    async def post_upload(self, request: RequestData) -> Response:
        """Read uploaded files, and send back the scenario that they contain; nothing is stored."""
        uploads = downloads.validate_uploads(request.get("files"))
        default = (await self.read_state(request)).baseline

        def read(cancelled: Any, report_progress: Any) -> Message:  # noqa: ARG001 - signature of a long task
            return read_uploads(
                [UploadedFile(name, decode_upload(name, content)) for name, content in uploads], default
            )

        return stream_response(stream_progress(self.queue, read))


def read_uploads(uploads: list[UploadedFile], default: Scenario) -> Message:
    """Return the scenario of uploaded files as JSON, with notes and parameters."""
    scenario = scenario_from_uploads(uploads, default)
    check_size(scenario)
    return {
        "scenario": non_default_data(scenario),
        "notes": [*scenario.notes, *adaptation_notes(scenario)],
        "parameters": list_parameters(scenario),
    }


def decode_upload(name: str, content: str) -> bytes:
    """Decode an uploaded file."""
    try:
        return base64.b64decode(content, validate=True)
    except (binascii.Error, ValueError):
        raise InputError([Fault(name[:60], "arrived incomplete; upload it again")]) from None


def download_response(download: downloads.Download) -> Response:
    """Return a file as a download response."""
    ascii_name = download.name.encode("ascii", "replace").decode().replace('"', "'").replace("?", "_")
    headers = {"content-disposition": f'attachment; filename="{ascii_name}"', **NO_STORE_HEADERS}
    return Response(download.content, media_type=download.kind, headers=headers)


def make_handler(endpoint: Callable[[RequestData], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    """Wrap an endpoint: parse the request's JSON, and return input errors with status 400."""

    async def handle(request: Request) -> Response:
        try:
            return await endpoint(await parse_request(request))
        except InputError as error:
            return JSONResponse(error_faults(error), 400, headers=NO_STORE_HEADERS)

    return handle


async def parse_request(request: Request) -> RequestData:
    """Parse the JSON of a request; a GET request has none and refers to the start scenario."""
    if request.method != "POST":
        return {}
    try:
        data = json.loads(await request.body())
    except (ValueError, RecursionError):
        data = None
    if not isinstance(data, dict):
        raise InputError([Fault("request", "needed: a mapping, as JSON")])
    return data


def create_application(start: Scenario) -> SecurityMiddleware:
    """Return the server of the page as an ASGI application.

    Parameters
    ----------
    start : Scenario
        The start scenario of the page.

    Raises
    ------
    InputError
        For a scenario that is too large for the page.
    """
    page = PageEndpoints(start)
    endpoints = {
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
        *(Route(path, make_handler(endpoint), methods=["POST"]) for path, endpoint in endpoints.items()),
        Route("/vega.js", page.get_library),
        Route("/{path:path}", page.get_file),
    ]
    application = Starlette(routes=routes, lifespan=page.lifespan)
    application.state.page = page
    return SecurityMiddleware(application)
