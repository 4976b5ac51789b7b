"""The Mesa engine: organisations on their collaboration graph, living the months one step at a time."""

import inspect
from typing import Any

import mesa
import numpy as np
from mesa.discrete_space import Network
from numpy.typing import NDArray

from qispread.config.cross import POOLED
from qispread.config.faults import Fault, InputError, place_of_name
from qispread.config.scenario import Scenario
from qispread.engines.measuring import measure_month
from qispread.engines.organisation import Organisation
from qispread.engines.place import Tie
from qispread.engines.practice import Practice
from qispread.measures import NAMES
from qispread.world.build import State, blueprint_of, start_run
from qispread.world.layout import HARM, HISTORY_ROWS, ORGANISATION_ROWS, PRACTICE_ROWS, VISIBLE_ROWS
from qispread.world.levers import ORGANISATION_SLOTS, PRACTICE_SLOTS
from qispread.world.observed import observed_events

MONTH = (
    "change_leader",
    "take_stock",
    "hear",
    "decide",
    "share_time",
    "improve",
    "review",
    "grow_at_home",
    "suffer_harm",
    "publish",
)
"""The steps of a month, in order, after what policies move. All act on what peers published last month."""


COLLECTED = ("id", "leadership", "alignment", "culture", "capability", "local_gain", "harm")
"""What the collector keeps of each organisation every month."""


class SpreadModel(mesa.Model):
    """A scenario in one world, as a Mesa model.

    Parameters
    ----------
    scenario : Scenario
    replicate : int
        Which world, from 0.
    rng : int, optional
        Seed to use in place of the scenario's.
    organisation_class : type
        Subclass of `Organisation` to place.
    keep_events : bool
        Whether to keep what happened and why, in `events`.

    Attributes
    ----------
    month : int
        The month that has been lived; 0 at the start.
    settings : Scenario
    network : mesa.discrete_space.Network
        Cells by organisation id; its `G` is the networkx graph.
    organisations : list of Organisation
    measures : list of arrays of (interventions + 1, measures)
        Of each month from 0, in the order of `qispread.measures.NAMES`; the last row pools all interventions.
    events : list of dict, or None
        What happened and why, if it is kept.
    observed : list of arrays of (2, n)
        Harmful events expected and observed in each month from 1, by organisation, if events are kept.
    datacollector : mesa.DataCollector
        The pooled measures of each month, and the context and harm of each organisation.
    """

    def __init__(
        self,
        scenario: Scenario,
        *,
        replicate: int = 0,
        rng: int | None = None,
        organisation_class: type[Organisation] = Organisation,
        keep_events: bool = False,
    ) -> None:
        settings = scenario if rng is None else scenario.replace(seed=int(rng))
        super().__init__(rng=settings.seed % 2**32)
        self.settings, self.month, self.epoch = settings, 0, -1
        blueprint = blueprint_of(settings)
        self.world = blueprint.world(replicate)
        self.plan, self.start = start_run(blueprint, self.world)
        self.events: list[dict[str, Any]] | None = [] if keep_events else None
        self.observed: list[NDArray[np.float64]] = []
        self.measures: list[NDArray[np.float64]] = []
        self.network = self._place_network()
        cells = [self.network[name] for name in self.world.frame.ids]
        self.organisations = [organisation_class(self, index, cell) for index, cell in enumerate(cells)]
        # Mesa 3.3 counts agents in a dictionary that would keep every model alive.
        getattr(mesa.Agent, "_ids", {}).pop(self, None)
        self._give_practices()
        self._enter_epoch()
        self._order = np.argsort(self.start.organisations[HARM])
        self._members, self._users = self._count_partnerships()
        self.datacollector = mesa.DataCollector(
            model_reporters={"month": "month"} | {name: [self.pooled, [name]] for name in NAMES},
            agent_reporters={name: name for name in COLLECTED},
        )
        self._measure()

    def _place_network(self) -> Network:
        layout = {"layout": None} if "layout" in inspect.signature(Network).parameters else {}
        return Network(self.world.graph(), random=self.random, **layout)

    def _give_practices(self) -> None:
        for index, organisation in enumerate(self.organisations):
            for place, name in enumerate(self.settings.interventions):
                practice = Practice(name, self.plan.interventions[place], self.plan.streams[place, index])
                practice.origin = int(self.start.histories[place, HISTORY_ROWS.index("origin"), index])
                organisation.practices[name] = practice

    def step(self) -> None:
        """Live one month.

        Raises
        ------
        InputError
            After the last month of the scenario.
        """
        if self.month >= self.settings.horizon:
            problem = f"the run ended in month {self.month}; a longer horizon makes a longer run"
            raise InputError([Fault("horizon", problem)])
        self.month += 1
        self._enter_epoch()
        self._tell_policies()
        if self.plan.acts[self.epoch]:
            self.agents.do("follow_policies")
        for what in MONTH:
            self.agents.do(what)
        self._members, self._users = self._count_partnerships()
        self._measure()
        self._observe()
        self.running = self.month < self.settings.horizon

    def run_model(self) -> None:
        """Live all months up to the horizon."""
        while self.month < self.settings.horizon:
            self.step()

    def _tell_policies(self) -> None:
        if self.events is None:
            return
        for name, policy in self.settings.policies.items():
            if self.month == policy.start:
                self._keep("", "", "policy begins", name)
            if self.month == (policy.end or self.settings.horizon) + 1:
                self._keep("", "", "policy has ended", name)

    def _enter_epoch(self) -> None:
        epoch = int(self.plan.of_month[self.month])
        if epoch == self.epoch:
            return
        self.epoch = epoch
        for index, organisation in enumerate(self.organisations):
            levers = self.plan.organisation_levers[epoch, :, index].tolist()
            organisation.levers = dict(zip(ORGANISATION_SLOTS, levers, strict=True))
            for place, practice in enumerate(organisation.practices.values()):
                levers = self.plan.practice_levers[epoch, place, :, index].tolist()
                practice.levers = dict(zip(PRACTICE_SLOTS, levers, strict=True))
            self._tie(organisation, epoch)
        self._connect_cells()

    def _tie(self, organisation: Organisation, epoch: int) -> None:
        start, end = self.plan.starts[epoch, organisation.index : organisation.index + 2]
        organisation.ties = [
            Tie(self.organisations[self.plan.others[tie]], float(self.plan.weights[tie]), float(self.plan.alike[tie]))
            for tie in range(start, end)
        ]

    def _connect_cells(self) -> None:
        """Bring Mesa's network in line with the ties, which learning networks add to."""
        wanted = {(own.id, tie.peer.id): tie.weight for own in self.organisations for tie in own.ties}
        graph = self.network.G
        for first, second in list(graph.edges):
            if (first, second) not in wanted:
                self.network.remove_connection(self.network[first], self.network[second])
        for (first, second), weight in wanted.items():
            if not graph.has_edge(first, second):
                self.network.add_connection(self.network[first], self.network[second])
            graph.edges[first, second]["weight"] = weight

    def _count_partnerships(self) -> tuple[dict[str, int], dict[tuple[str, str], int]]:
        members: dict[str, int] = {}
        users: dict[tuple[str, str], int] = {}
        for organisation in self.organisations:
            members[organisation.system] = members.get(organisation.system, 0) + 1
            for name, practice in organisation.practices.items():
                key = (organisation.system, name)
                users[key] = users.get(key, 0) + practice.visible.practising
        return members, users

    def fellows_practising(self, organisation: Organisation, name: str) -> float:
        """Return the share of the others in an organisation's partnership seen using an intervention."""
        fellows = self._members[organisation.system] - 1
        others = self._users[organisation.system, name] - organisation.practices[name].visible.practising
        return others / fellows if fellows > 0 else 0.0

    def mean_setting(self, organisation: Organisation) -> tuple[float, float]:
        """Return the mean setting of an organisation's partnership."""
        first, second = self.plan.system_setting[:, self.plan.system[organisation.index]]
        return float(first), float(second)

    def origin_setting(self, name: str) -> tuple[float, float]:
        """Return the setting to which the literature on an intervention is fitted."""
        first, second = self.plan.origin_setting[list(self.settings.interventions).index(name)]
        return float(first), float(second)

    def note(self, organisation: Organisation, what: str, why: str, practice: Practice | None) -> None:
        """Keep an event, if events are kept."""
        if self.events is not None:
            self._keep(organisation.id, practice.name if practice else "", what, why)

    def _keep(self, organisation: str, intervention: str, what: str, why: str) -> None:
        values = (self.month, organisation, intervention, what, why)
        if self.events is not None:
            self.events.append(dict(zip(("month", "organisation", "intervention", "what", "why"), values, strict=True)))

    def state(self) -> State:
        """Return the state as the kernel holds it."""

        def table(things: list[Any], rows: tuple[str, ...]) -> list[list[Any]]:
            return [[getattr(thing, name) for thing in things] for name in rows]

        practices = [[own.practices[name] for own in self.organisations] for name in self.settings.interventions]
        return State(
            organisations=np.array(table(self.organisations, ORGANISATION_ROWS), dtype=np.float64),
            practices=np.array([table(row, PRACTICE_ROWS) for row in practices], dtype=np.float64),
            histories=np.array([table(row, HISTORY_ROWS) for row in practices], dtype=np.int64),
            visible=np.array(
                [table([one.visible for one in row], VISIBLE_ROWS) for row in practices], dtype=np.float64
            ),
        )

    def _measure(self) -> None:
        state, row = self.state(), np.empty((len(self.settings.interventions) + 1, len(NAMES)))
        measure_month(state.organisations, state.practices, state.histories, self._order, row)
        self.measures.append(row)
        self.datacollector.collect(self)

    def _observe(self) -> None:
        if self.events is not None:
            expected = np.array([own.harm * own.exposure for own in self.organisations])
            counted = observed_events(self.plan.streams[-1], expected, self.month)
            self.observed.append(np.array([expected, counted]))

    def pooled(self, name: str) -> float:
        """Return this month's measure over all interventions."""
        return float(self.measures[-1][-1, NAMES.index(name)])

    def measure(self, name: str, intervention: str = POOLED) -> float:
        """Return this month's measure of one intervention, or of all."""
        row = place_of_name(intervention, (*self.settings.interventions, POOLED), "intervention")
        return float(self.measures[-1][row, place_of_name(name, NAMES, "measure")])
