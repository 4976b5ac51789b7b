"""The Mesa engine: organisations on their collaboration network, one month in each step."""

import inspect
import os
from collections.abc import Mapping
from typing import Any

import mesa
import numpy as np
from mesa.discrete_space import Network
from numpy.typing import NDArray

from qispread.common.deprecation import keep_former_members
from qispread.inputs.cross_checks import POOLED
from qispread.inputs.errors import Fault, InputError, index_of
from qispread.inputs.former_data import read_measure
from qispread.inputs.scenario import Scenario
from qispread.inputs.scenario_argument import resolve_scenario
from qispread.model.engines.agents import Organisation
from qispread.model.engines.composed_model import ComposedModel, composed_model
from qispread.model.engines.measure_kernel import measure_month
from qispread.model.engines.own_levers import OwnLevers
from qispread.model.engines.peer_ties import TieNetwork
from qispread.model.engines.policy_events import policy_changes
from qispread.model.engines.practice import InterventionAttributes, Practice, StepParameters
from qispread.model.engines.seeds import read_replicate, read_seed
from qispread.model.engines.stages_context import leaders_leaving
from qispread.model.engines.state_tables import WorldFunction, build_data_collector, measured_state, read_state
from qispread.model.measures import measure_names
from qispread.model.rules import outcome
from qispread.model.world.observed_events import draw_observed_events
from qispread.model.world.run_inputs import SimulationState, prepare_scenario
from qispread.model.world.state_arrays import EVENT_RATE

MONTH_STEPS = (
    "change_leader",
    "update_capacity",
    "hear",
    "decide",
    "share_time",
    "improve",
    "review",
    "improve_locally",
    "update_events",
    "publish_state",
)
"""The steps of a month, in order, after `apply_policies`. All act on what peers published last month."""

COLLECTS_TOO_EARLY = tuple(int(part) for part in mesa.__version__.split(".")[:2]) < (3, 5)
"""Whether Mesa's `batch_run` counts the initial collection as the first step, so that its last row is a month early."""


@keep_former_members
class SpreadModel(mesa.Model):
    """One replicate of a scenario as a Mesa model.

    With only `replicate`, the seed is the scenario's and the run equals that replicate of `simulate`. Without
    `replicate`, `rng` and `seed`, the seed is drawn, as in any Mesa model, and kept in `scenario.seed` (decision 63).

    Parameters
    ----------
    scenario : Scenario, str or Path
        A scenario, the path of its YAML file, or "prompt", which is shipped with the package.
    replicate : int, optional
        Index of the replicate, from 0; default 0.
    rng, seed : int, numpy.random.Generator or numpy.random.SeedSequence, optional
        Seed to use instead of the scenario's; only one of the two (`seed` is Mesa's older name).
    organisation_class : type
        Class of the agents: `Organisation` or a subclass.
    keep_events : bool
        Whether to keep events with their reasons, in `events`.
    model_reporters, agent_reporters : dict, optional
        Additional reporters for `mesa.DataCollector`.
    measures : dict, optional
        Additional measures of a month: functions of a world, as for `qispread.measure`, in plain Python.

    Attributes
    ----------
    month : int
        The last simulated month; 0 at the start.
    scenario : Scenario
        The scenario with the seed in use.
    replicate : int
    network : mesa.discrete_space.GeneratedNetwork
        Cells by organisation id; its `G` is the networkx graph. Changes to either apply from the next month.
    organisations : list of Organisation
        The remaining organisations, in order.
    measures : list of arrays of (interventions + 1, measures)
        Measures of each month from 0, in the order of `measure_names`; the last row pools all interventions.
    events : list of dict, or None
        Events with their reasons, if kept.
    observed : list of arrays of (2, n)
        Adverse events expected and observed in each month from 1, if events are kept; 0 for removed organisations.
    datacollector : mesa.DataCollector
        Month, seed and pooled measures of each month, and additional reporters.

    Raises
    ------
    InputError
        For an invalid scenario, seed or replicate.
    """

    def __init__(
        self,
        scenario: Scenario | str | os.PathLike[str] = "prompt",
        *,
        replicate: int | None = None,
        rng: Any = None,
        seed: Any = None,
        organisation_class: type[Organisation] = Organisation,
        keep_events: bool = False,
        model_reporters: Mapping[str, Any] | None = None,
        agent_reporters: Mapping[str, Any] | None = None,
        measures: Mapping[str, WorldFunction] | None = None,
    ) -> None:
        settings, world = resolve_scenario(scenario), read_replicate(0 if replicate is None else replicate)
        if replicate is None or rng is not None or seed is not None:
            settings = settings.model_copy(update={"seed": read_seed(rng, seed)})
        prepared = prepare_scenario(settings)
        self.world = prepared.world(world)
        # Mesa's generators are seeded with the stream of the replicate, so that replicates do not share draws.
        super().__init__(rng=int(self.world.stream))
        # Mesa 3.5 takes no step after one that failed, so faults are raised before Mesa's step.
        self._mesa_step, self.step = self.step, self._accept_and_step  # type: ignore[method-assign]
        self.settings, self.replicate = settings, world
        bind_class, self.month, self.epoch, self._complete = self.composed.bind_class, 0, -1, False
        self.organisation_class = bind_class(organisation_class)
        self.plan, self.start = self.composed.initialise_run(prepared, self.world)
        self.step_parameters = StepParameters.from_record(self.plan.parameters)
        self.attributes = list(map(bind_class(InterventionAttributes).from_record, self.plan.interventions))
        self.events: list[dict[str, Any]] | None = [] if keep_events else None
        self.observed: list[NDArray[np.float64]] = []
        self.measures: list[NDArray[np.float64]] = []
        self._by_harm = np.argsort(self.start.organisations[EVENT_RATE])
        layout = {"layout": None} if "layout" in inspect.signature(Network).parameters else {}
        self.network = Network(self.world.graph(), random=self.random, **layout)
        self.tie_network = bind_class(TieNetwork)(self.network, self.world)
        self.organisations = [
            self.organisation_class(self, index, cell) for index, cell in enumerate(self.tie_network.cells)
        ]
        self._complete, self._own_levers = True, OwnLevers()
        self._enter_epoch()
        self.datacollector = build_data_collector(self, model_reporters, agent_reporters, measures)
        self._update_measures()

    @property
    def composed(self) -> ComposedModel:
        """The functions of the user's own in this model."""
        return composed_model(self.settings)

    @property
    def scenario(self) -> Scenario:
        """The scenario, with the seed in use."""
        return self.settings

    @scenario.setter
    def scenario(self, value: Any) -> None:
        # Mesa 3.5 assigns each model a scenario of its own class, which only holds the seed of its generators.
        if hasattr(self, "settings"):
            raise AttributeError("the scenario of a model cannot change; build a new model for another scenario")
        self._scenario = value

    @property
    def seed(self) -> int:
        """The seed in use: `SpreadModel(scenario, rng=seed, replicate=replicate)` gives the same run."""
        return self.settings.seed

    def register_agent(self, agent: mesa.Agent) -> None:
        """Register a new agent, as Mesa does."""
        super().register_agent(agent)
        # Mesa 3.3 counts agents in a class dictionary, which would keep every model alive.
        counters = getattr(mesa.Agent, "_ids", None)
        if counters is not None:
            counters.pop(self, None)
            agent.unique_id = self.last_id = getattr(self, "last_id", 0) + 1

    def step(self) -> None:
        """Run one month.

        Raises
        ------
        InputError
            After the last month of the scenario, and for invalid ties in the network; the model is then unchanged and
            can continue once they are corrected.
        """
        self._accept_month()
        self.month += 1
        self._enter_epoch()
        epoch = self._own_levers.apply(self)
        for event, policy in policy_changes(self.settings, self.month):
            self._append_event("", "", event, policy)
        if self.plan.has_growth[epoch]:
            self._do("apply_policies")
        self._draw_leader_exits()
        for step in MONTH_STEPS:
            self._do(step)
        self._update_measures()
        self._draw_observed_events()
        if self.month == self.settings.horizon:
            self._check_finite()

    def _accept_and_step(self) -> None:
        # After the last month a subclass may do nothing where this class raises an error.
        if self.month < self.settings.horizon:
            self._accept_month()
        self._mesa_step()

    def _accept_month(self) -> None:
        """Raise InputError after the last month and for invalid ties, before the month starts."""
        if self.month >= self.settings.horizon:
            problem = f"the run ended in month {self.month}; set a longer horizon for a longer run"
            raise InputError([Fault("horizon", problem)])
        if self.tie_network.has_changed():
            self.refresh_ties()

    def _do(self, step: str) -> None:
        # By type: a model may have other agents, which lack these steps.
        self.agents_by_type[self.organisation_class].do(step)

    def run_model(self) -> None:
        """Run all months up to the horizon."""
        while self.month < self.settings.horizon:
            self.step()
        self.steps = self.month

    def _check_finite(self) -> None:
        self.running = False
        if COLLECTS_TOO_EARLY:
            self.steps += 1

    def _enter_epoch(self) -> None:
        """Start a month with the levers and ties in force in it."""
        self.trend = self.composed.bind(outcome.secular_trend)(self.settings.outcome.secular, self.month)
        self._members: dict[str, int] = {}
        self._users: dict[tuple[str, str], int] = {}
        epoch = int(self.plan.epoch_of_month[self.month])
        if epoch != self.epoch:
            self.epoch = self._own_levers.epoch = epoch
            for organisation in self.organisations:
                organisation.enter_epoch(epoch)
            self.tie_network.apply_epoch(self.plan, epoch)
            if self.tie_network.has_changed():
                self.refresh_ties()

    def _draw_leader_exits(self) -> None:
        """Draw which leaders leave this month, for all organisations at once: faster than one call for each."""
        rates = np.zeros(self.world.static_world.organisation_count)
        for organisation in self.organisations:
            rates[organisation.index] = organisation.levers.leader_exit
        rates *= self.settings.leaders.leader_exit
        self.leaders_leaving = self.composed.bind(leaders_leaving)(self.plan.streams[-1], self.month, rates).tolist()

    def refresh_ties(self) -> None:
        """Update the ties of every organisation from the network.

        Raises
        ------
        InputError
            For invalid ties in the network.
        """
        self.tie_network.assign_ties(self.organisations, self.settings.deciding.similarity_range)

    def require_incomplete(self) -> None:
        """Raise InputError for organisations beyond those of the scenario, which have no inputs.

        Raises
        ------
        InputError
            Once the model has all its organisations.
        """
        if self._complete:
            problem_start = (
                f"the model has all {self.world.static_world.organisation_count} organisations of its scenario"
            )
            problem = f"{problem_start}; needed: a scenario with more, or an agent of another class"
            raise InputError([Fault("organisations", problem)])

    def drop_organisation(self, organisation: Organisation) -> None:
        """Remove an organisation and its ties."""
        for peer, _, _ in organisation.ties:
            peer.ties = [tie for tie in peer.ties if tie.peer is not organisation]
        self.organisations.remove(organisation)

    def partnership_share_practising(self, organisation: Organisation, name: str) -> float:
        """Return the share of other organisations in the partnership seen using an intervention (decision 16)."""
        if not self._members:
            self._update_partnership_counts()
        peer_count = self._members[organisation.partnership] - 1
        users = self._users[organisation.partnership, name] - organisation.practices[name].visible.practising
        return users / peer_count if peer_count > 0 else 0.0

    def _update_partnership_counts(self) -> None:
        for organisation in self.organisations:
            self._members[organisation.partnership] = self._members.get(organisation.partnership, 0) + 1
            for name, practice in organisation.practices.items():
                key = (organisation.partnership, name)
                self._users[key] = self._users.get(key, 0) + practice.visible.practising

    def partnership_setting(self, organisation: Organisation) -> tuple[float, float]:
        """Return the mean setting of an organisation's partnership at the start."""
        first, second = self.plan.partnership_setting[:, self.plan.partnership[organisation.index]]
        return float(first), float(second)

    def origin_setting(self, name: str) -> tuple[float, float]:
        """Return the setting to which the literature on an intervention is fitted."""
        first, second = self.plan.origin_setting[list(self.settings.interventions).index(name)]
        return float(first), float(second)

    def record_event(self, organisation: Organisation, event: str, reason: str, practice: Practice | None) -> None:
        """Record an event, if events are kept."""
        if self.events is not None:
            self._append_event(organisation.id, practice.name if practice else "", event, reason)

    def _append_event(self, organisation: str, intervention: str, event: str, reason: str) -> None:
        values = (self.month, organisation, intervention, event, reason)
        if self.events is not None:
            self.events.append(
                dict(zip(("month", "organisation", "intervention", "event", "reason"), values, strict=True))
            )

    def export_state(self) -> SimulationState:
        """Return the state of the remaining organisations as arrays of the kernel."""
        return read_state(self.organisations, self.settings.interventions)

    def _update_measures(self) -> None:
        row = np.full((len(self.settings.interventions) + 1, len(measure_names(self.settings))), np.nan)
        if self.organisations:
            state = measured_state(self.organisations, self.settings.interventions)
            if self._by_harm.size != len(self.organisations):
                self._by_harm = np.argsort(state[0][EVENT_RATE])
            measure_month(*state, self._by_harm, row)
            if self.composed.measures:
                self.composed.measure_own(self.export_state(), self.month, row[-1])
        self.measures.append(row)
        self.datacollector.collect(self)

    def _draw_observed_events(self) -> None:
        if self.events is not None:
            expected = np.zeros(self.world.static_world.organisation_count)
            for organisation in self.organisations:
                expected[organisation.index] = organisation.event_rate * organisation.exposure
            observed = draw_observed_events(self.plan.streams[-1], expected, self.month)
            self.observed.append(np.array([expected, observed]))

    def pooled_measure(self, name: str) -> float:
        """Return this month's measure over all interventions."""
        return float(self.measures[-1][-1, measure_names(self.settings).index(read_measure(name))])

    def measure(self, name: str, intervention: str = POOLED) -> float:
        """Return this month's measure of one intervention, or of all.

        Raises
        ------
        InputError
            For an unknown measure or intervention.
        """
        row = index_of(intervention, (*self.settings.interventions, POOLED), "intervention")
        return float(self.measures[-1][row, index_of(read_measure(name), measure_names(self.settings), "measure")])
