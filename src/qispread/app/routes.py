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

from qispread.app import downloads
from qispread.app.answers import answers
from qispread.app.desk import AT_ONCE, REST, Desk, Urgency
from qispread.app.ensemble import Ensemble, Ensembles
from qispread.app.guard import Guard
from qispread.app.limits import refuse_large
from qispread.app.pages import KINDS, Charting, asset, assets, page_html, start_data
from qispread.app.parameters import parameters_of
from qispread.app.setting import Setting, Settings
from qispread.app.story import events_of, story_of
from qispread.app.streams import Message, faults_of, first_then_long, streamed, told_long
from qispread.app.teaching.answering import checked_part, lesson_answers
from qispread.app.teaching.budget import outcomes, plans_of
from qispread.app.teaching.lesson import lesson_called
from qispread.app.worlds import checked_intervention, checked_replicate, world_of
from qispread.config.adapting import adaptation_notes
from qispread.config.faults import Fault, InputError
from qispread.config.scenario import Scenario
from qispread.config.uploads import Upload, scenario_from_uploads
from qispread.config.writing import short_data
from qispread.rules.compiling import already_compiled

Asked = dict[str, Any]
PLAIN_JSON: dict[str, str] = {"cache-control": "no-store"}


class Page:
    """The answers to all questions of all visitors: it keeps nothing of them but results, for whoever asks the same.

    Parameters
    ----------
    start : Scenario
        With which the page opens.
    """

    def __init__(self, start: Scenario) -> None:
        self.settings, self.desk, self.charting = Settings(start), Desk(), Charting()
        self.ensembles = Ensembles(self.desk)
        self.files = assets()
        self.html = asset(page_html(start_data(start)).encode(), KINDS["html"])
        self.compiling = not already_compiled()

    @asynccontextmanager
    async def lifespan(self, _: Starlette) -> AsyncIterator[None]:
        """Prepare what every visitor needs first, and stop the threads at the end."""
        self.charting.begin()
        first = asyncio.create_task(self.warm_up())
        yield
        first.cancel()
        self.desk.close()

    async def warm_up(self) -> None:
        """Compile the model, and run the worlds that the page opens with."""
        start = self.settings.start
        await self.ensembles.of(start).reach(1, self.desk, AT_ONCE)
        self.compiling = False
        await self.ensembles.of(start).reach(start.replicates, self.desk, Urgency(REST))

    async def setting(self, asked: Asked) -> Setting:
        """Return the setting of a question; a scenario that was never seen is read aside."""
        return await self.desk.work(partial(self.settings.read, asked.get("setting", {})))

    async def page(self, request: Request) -> Response:
        """Send the page."""
        return self.html.answer(request)

    async def file(self, request: Request) -> Response:
        """Send a file of the page."""
        found = self.files.get(request.url.path)
        return found.answer(request) if found else Response("There is nothing here.", 404, media_type="text/plain")

    async def library(self, request: Request) -> Response:
        """Send the library that draws the charts."""
        return await self.charting.answer(request)

    async def parameters(self, asked: Asked) -> Response:
        """Tell what can be changed in a setting."""
        setting = await self.setting(asked)
        return JSONResponse(parameters_of(setting.base), headers=PLAIN_JSON)

    async def compare(self, asked: Asked) -> Response:
        """Tell what a setting comes to, in parts."""
        setting = await self.setting(asked)

        return streamed(self.compiled_first(answers(setting, self.ensembles)))

    async def compiled_first(self, messages: AsyncIterator[Message]) -> AsyncIterator[Message]:
        """Yield messages, after word that the model is being compiled where it is."""
        if self.compiling:
            yield {
                "doing": "Compiling the model: once on this computer, about a quarter of a minute",
                "done": 0,
                "of": 1,
            }
        async for one in messages:
            yield one

    async def lesson(self, asked: Asked) -> Response:
        """Tell what one step of a lesson comes to."""
        lesson = lesson_called(asked.get("lesson"))
        part, value = checked_part(asked.get("part"), asked.get("value"), lesson)
        return streamed(self.compiled_first(lesson_answers(lesson, part, value, self.ensembles)))

    async def budget(self, asked: Asked) -> Response:
        """Tell what the plans of some teams avert, and the best that a search found."""
        return streamed(self.compiled_first(outcomes(plans_of(asked.get("plans")), self.ensembles)))

    async def world(self, asked: Asked) -> Response:
        """Tell one world month by month, for the map."""
        setting = await self.setting(asked)
        found = await self.desk.work(partial(world_of, *self.one_world(setting, asked)))
        return JSONResponse(found, headers=PLAIN_JSON)

    def one_world(self, setting: Setting, asked: Asked) -> tuple[Scenario, int, str]:
        """Return arm, number and intervention of the world that is asked for."""
        scenario = setting.arm(asked.get("arm"))
        replicate = checked_replicate(asked.get("replicate", 0), scenario)
        return scenario, replicate, checked_intervention(asked.get("intervention"), scenario)

    async def organisation(self, asked: Asked) -> Response:
        """Tell the story of one organisation: at once what the run holds, then the events with their reasons."""
        scenario, replicate, intervention = self.one_world(await self.setting(asked), asked)
        name, arm = asked.get("organisation"), asked["arm"]
        first = partial(story_of, scenario, arm, replicate, intervention, name)

        def events(stop: Any, tell: Any) -> Message:
            return {"events": events_of(scenario, replicate, name, stop, tell)}

        return streamed(first_then_long(self.desk, first, events))

    async def yaml(self, asked: Asked) -> Response:
        """Send one arm as a scenario."""
        return sent(downloads.yaml_of(await self.setting(asked), asked.get("arm")))

    async def table(self, asked: Asked) -> Response:
        """Send curves or differences as CSV."""
        setting = await self.setting(asked)
        made = downloads.curves_csv if asked.get("table") == "curves" else downloads.differences_csv
        return sent(await self.desk.work(partial(made, setting, *await self.all_worlds(setting))))

    async def picture(self, asked: Asked) -> Response:
        """Send one curve as a picture."""
        setting = await self.setting(asked)
        what = asked.get("measure"), asked.get("kind", "svg")
        arms = await self.all_worlds(setting)
        return sent(await self.desk.work(partial(downloads.picture_of, setting, *arms, *what)))

    async def all_worlds(self, setting: Setting) -> tuple[Ensemble, Ensemble]:
        """Return the ensembles of both arms with all their worlds."""
        urgency = Urgency(REST, self.desk.ticket())
        return await self.ensembles.both(setting.base, setting.what_if, setting.base.replicates, urgency)

    async def report(self, asked: Asked) -> Response:
        """Send the report, telling how far it is."""
        setting = await self.setting(asked)

        def made(stop: Any, tell: Any) -> Message:
            found = downloads.report_of(setting, stop, tell)
            return {"name": found.name, "kind": found.kind, "content": found.content.decode()}

        return streamed(told_long(self.desk, made))

    async def upload(self, asked: Asked) -> Response:
        """Read files that a visitor chose, and send back the scenario that they hold; nothing is kept."""
        given = downloads.checked_files(asked.get("files"))
        otherwise = (await self.setting(asked)).base

        def read(stop: Any, tell: Any) -> Message:  # noqa: ARG001 - as long work is called
            return received([Upload(name, decoded(name, content)) for name, content in given], otherwise)

        return streamed(told_long(self.desk, read))


def received(uploads: list[Upload], otherwise: Scenario) -> Message:
    """Return the scenario of some files as the page keeps it, with what reading them left out."""
    scenario = scenario_from_uploads(uploads, otherwise)
    refuse_large(scenario)
    return {
        "scenario": short_data(scenario),
        "notes": [*scenario.notes, *adaptation_notes(scenario)],
        "parameters": parameters_of(scenario),
    }


def decoded(name: str, content: str) -> bytes:
    """Return the bytes of a file that was sent in letters."""
    try:
        return base64.b64decode(content, validate=True)
    except (binascii.Error, ValueError):
        raise InputError([Fault(name[:60], "did not arrive whole; send it again")]) from None


def sent(found: downloads.Download) -> Response:
    """Return a file to be kept, not shown."""
    ascii_name = found.name.encode("ascii", "replace").decode().replace('"', "'").replace("?", "_")
    headers = {"content-disposition": f'attachment; filename="{ascii_name}"', **PLAIN_JSON}
    return Response(found.content, media_type=found.kind, headers=headers)


def asking(answer: Callable[[Asked], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    """Return what answers a request from what answers a question; faults are told in plain words."""

    async def answered(request: Request) -> Response:
        try:
            return await answer(await question_of(request))
        except InputError as error:
            return JSONResponse(faults_of(error), 400, headers=PLAIN_JSON)

    return answered


async def question_of(request: Request) -> Asked:
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


def application(start: Scenario) -> Guard:
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
    page = Page(start)
    questions = {
        "/api/compare": page.compare,
        "/api/lesson": page.lesson,
        "/api/budget": page.budget,
        "/api/world": page.world,
        "/api/organisation": page.organisation,
        "/api/scenario.yaml": page.yaml,
        "/api/table.csv": page.table,
        "/api/picture": page.picture,
        "/api/report": page.report,
        "/api/upload": page.upload,
    }
    routes = [
        Route("/", page.page),
        Route("/api/parameters", asking(page.parameters), methods=["GET", "POST"]),
        *(Route(path, asking(answer), methods=["POST"]) for path, answer in questions.items()),
        Route("/vega.js", page.library),
        Route("/{path:path}", page.file),
    ]
    found = Starlette(routes=routes, lifespan=page.lifespan)
    found.state.page = page
    return Guard(found)
