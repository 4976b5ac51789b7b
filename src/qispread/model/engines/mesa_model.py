"""The Mesa engine: organisations on their collaboration network, one month a step."""

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
from qispread.inputs.scenario_argument import read_scenario
from qispread.model.engines.agents import Organisation
from qispread.model.engines.measure_kernel import measure_month
from qispread.model.engines.peer_ties import TieNetwork
from qispread.model.engines.practice import InterventionAttributes, Practice, StepParameters
from qispread.model.engines.seeds import read_replicate, read_seed
from qispread.model.engines.stages_context import leaders_leaving
from qispread.model.engines.state_tables import measured_state, read_state, reporter_function
from qispread.model.measures import MEASURE_NAMES
from qispread.model.rules import outcome
from qispread.model.world.observed_events import draw_observed_events
from qispread.model.world.run_inputs import SimulationState, initialise_run, prepare_scenario
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
"""The steps of a month, in order, after what policies move. All act on what peers published last month."""

COLLECTS_TOO_EARLY = tuple(int(part) for part in mesa.__version__.split(".")[:2]) < (3, 5)
"""Up to Mesa 3.4 `batch_run` takes what is collected at the start for the first step: its last row is a month early."""


@keep_former_members
class SpreadModel(mesa.Model):
    """A scenario in one world, as a Mesa model.

    With `replicate` alone the seed is the scenario's, so that the run is that replicate of `simulate`. With none of
    `replicate`, `rng` and `seed` the seed is drawn, as in any Mesa model, and kept in `scenario.seed`.

    Parameters
    ----------
    scenario : Scenario, str or Path
        A scenario, the path of its YAML file, or "prompt", which comes with the package.
    replicate : int, optional
        Which world, from 0; 0 unless given.
    rng, seed : int, numpy.random.Generator or numpy.random.SeedSequence, optional
        Seed to use in place of the scenario's; one of the two, `seed` being Mesa's older name.
    organisation_class : type
        Subclass of `Organisation` to place.
    keep_events : bool
        Whether to keep what happened and why, in `events`.
    model_reporters, agent_reporters : dict, optional
        More for the data collector, as `mesa.DataCollector` takes them.

    Attributes
    ----------
    month : int
        The last month that was run; 0 at the start.
    scenario : Scenario
        With the seed that is used.
    replicate : int
    network : mesa.discrete_space.GeneratedNetwork
        Cells by organisation id; its `G` is the networkx graph. A change of either counts from the next month on.
    organisations : list of Organisation
        Those that are left, in order.
    measures : list of arrays of (interventions + 1, measures)
        Of each month from 0, in the order of `qispread.model.measures.MEASURE_NAMES`; the last row pools all
        interventions.
    events : list of dict, or None
        What happened and why, if it is kept.
    observed : list of arrays of (2, n)
        Harmful events expected and observed in each month from 1, if events are kept; 0 of those that have closed.
    datacollector : mesa.DataCollector
        Month, seed and pooled measures of each month, and what else was asked for.

    Raises
    ------
    InputError
        For a scenario, seed or replicate that cannot be.
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
    ) -> None:
        settings, world = read_scenario(scenario), read_replicate(0 if replicate is None else replicate)
        if replicate is None or rng is not None or seed is not None:
            settings = settings.model_copy(update={"seed": read_seed(rng, seed)})
        blueprint = prepare_scenario(settings)
        self.world = blueprint.world(world)
        # Mesa's own generators start from all that names the world, so that no two worlds share their chances.
        super().__init__(rng=int(self.world.stream))
        # Mesa 3.5 takes no step after one that has failed, so what can be refused is refused before it is asked.
        self._mesa_step, self.step = self.step, self._accept_and_step  # type: ignore[method-assign]
        self.settings, self.replicate = settings, world
        self.month, self.epoch, self.organisation_class, self._complete = 0, -1, organisation_class, False
        self.plan, self.start = initialise_run(blueprint, self.world)
        self.step_parameters = StepParameters.from_record(self.plan.parameters)
        self.attributes = [InterventionAttributes.from_record(record) for record in self.plan.interventions]
        self.events: list[dict[str, Any]] | None = [] if keep_events else None
        self.observed: list[NDArray[np.float64]] = []
        self.measures: list[NDArray[np.float64]] = []
        self._by_harm = np.argsort(self.start.organisations[EVENT_RATE])
        layout = {"layout": None} if "layout" in inspect.signature(Network).parameters else {}
        self.network = Network(self.world.graph(), random=self.random, **layout)
        self.tie_network = TieNetwork(self.network, self.world)
        self.organisations = [
            organisation_class(self, index, cell) for index, cell in enumerate(self.tie_network.cells)
        ]
        self._complete = True
        self._enter_epoch()
        self.datacollector = mesa.DataCollector(
            model_reporters={"month": "month", "seed": "seed"}
            | {name: [self.pooled_measure, [name]] for name in MEASURE_NAMES}
            | dict(model_reporters or {}),
            agent_reporters={name: reporter_function(given) for name, given in (agent_reporters or {}).items()},
        )
        self._update_measures()

    @property
    def scenario(self) -> Scenario:
        """The scenario, with the seed that is used."""
        return self.settings

    @scenario.setter
    def scenario(self, given: Any) -> None:
        # Mesa 3.5 gives every model a scenario of its own kind, which holds nothing but the seed of its generators.
        if hasattr(self, "settings"):
            raise AttributeError("a model keeps its scenario; make another model for another one")
        self._scenario = given

    @property
    def seed(self) -> int:
        """The seed that is used: `SpreadModel(scenario, rng=seed, replicate=replicate)` is the same run."""
        return self.settings.seed

    def register_agent(self, agent: mesa.Agent) -> None:
        """Register an agent, as Mesa does whenever one is made."""
        super().register_agent(agent)
        # Mesa 3.3 counts in a dictionary of the class, which would keep every model alive.
        counted = getattr(mesa.Agent, "_ids", None)
        if counted is not None:
            counted.pop(self, None)
            agent.unique_id = self.last_id = getattr(self, "last_id", 0) + 1

    def step(self) -> None:
        """Run one month.

        Raises
        ------
        InputError
            After the last month of the scenario, and for ties in the network that cannot be; the model is then as it
            was after the month before, and goes on once they are put right.
        """
        self._accept_month()
        self.month += 1
        self._enter_epoch()
        self._log_policy_changes()
        if self.plan.has_growth[self.epoch]:
            self._do("apply_policies")
        self._draw_leader_exits()
        for what in MONTH_STEPS:
            self._do(what)
        self._update_measures()
        self._draw_observed_events()
        if self.month == self.settings.horizon:
            self._check_finite()

    def _accept_and_step(self) -> None:
        # After the last month a subclass may do nothing where this class refuses.
        if self.month < self.settings.horizon:
            self._accept_month()
        self._mesa_step()

    def _accept_month(self) -> None:
        """Refuse a month after the last, and ties that cannot be, before anything of the month has happened."""
        if self.month >= self.settings.horizon:
            problem = f"the run ended in month {self.month}; a longer horizon makes a longer run"
            raise InputError([Fault("horizon", problem)])
        if self.tie_network.has_changed():
            self.refresh_ties()

    def _do(self, what: str) -> None:
        # By type: a model may hold other agents, which know nothing of these steps.
        self.agents_by_type[self.organisation_class].do(what)

    def run_model(self) -> None:
        """Run all months up to the horizon."""
        while self.month < self.settings.horizon:
            self.step()
        self.steps = self.month

    def _check_finite(self) -> None:
        self.running = False
        if COLLECTS_TOO_EARLY:
            self.steps += 1

    def _log_policy_changes(self) -> None:
        if self.events is None:
            return
        for name, policy in self.settings.policies.items():
            if self.month == policy.start:
                self._append_event("", "", "policy begins", name)
            if self.month == (policy.end or self.settings.horizon) + 1:
                self._append_event("", "", "policy has ended", name)

    def _enter_epoch(self) -> None:
        """Begin a month with the levers and ties that are in force in it."""
        self.trend = outcome.secular_trend(self.settings.outcome.secular, self.month)
        self._members: dict[str, int] = {}
        self._users: dict[tuple[str, str], int] = {}
        epoch = int(self.plan.epoch_of_month[self.month])
        if epoch != self.epoch:
            self.epoch = epoch
            for organisation in self.organisations:
                organisation.enter_epoch(epoch)
            self.tie_network.apply_epoch(self.plan, epoch)
            if self.tie_network.has_changed():
                self.refresh_ties()

    def _draw_leader_exits(self) -> None:
        """Draw whose leader leaves this month, for all at once: most stay, and a call for each would cost more."""
        rates = np.zeros(self.world.static_world.organisation_count)
        for own in self.organisations:
            rates[own.index] = own.levers.leader_exit
        rates *= self.settings.leaders.leader_exit
        self.leaders_leaving = leaders_leaving(self.plan.streams[-1], self.month, rates).tolist()

    def refresh_ties(self) -> None:
        """Give every organisation its ties, as the network has them now.

        Raises
        ------
        InputError
            For ties in the network that cannot be.
        """
        self.tie_network.assign_ties(self.organisations, self.settings.deciding.similarity_range)

    def require_incomplete(self) -> None:
        """Refuse organisations beyond those of the scenario, for which there is neither plan nor world.

        Raises
        ------
        InputError
            Once the model has all its organisations.
        """
        if self._complete:
            of_scenario = f"the model has all {self.world.static_world.organisation_count} of its scenario"
            problem = f"{of_scenario}; needed: a scenario with more, or an agent of another kind"
            raise InputError([Fault("organisations", problem)])

    def drop_organisation(self, organisation: Organisation) -> None:
        """Go on without an organisation that is being removed."""
        for peer, _, _ in organisation.ties:
            peer.ties = [tie for tie in peer.ties if tie.peer is not organisation]
        self.organisations.remove(organisation)

    def partnership_share_practising(self, organisation: Organisation, name: str) -> float:
        """Return the share of the others in an organisation's partnership seen using an intervention."""
        if not self._members:
            self._update_partnership_counts()
        fellows = self._members[organisation.partnership] - 1
        others = self._users[organisation.partnership, name] - organisation.practices[name].visible.practising
        return others / fellows if fellows > 0 else 0.0

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
        """Keep an event, if events are kept."""
        if self.events is not None:
            self._append_event(organisation.id, practice.name if practice else "", event, reason)

    def _append_event(self, organisation: str, intervention: str, what: str, why: str) -> None:
        values = (self.month, organisation, intervention, what, why)
        if self.events is not None:
            self.events.append(
                dict(zip(("month", "organisation", "intervention", "event", "reason"), values, strict=True))
            )

    def export_state(self) -> SimulationState:
        """Return the state of the organisations that are left, as the kernel holds it."""
        return read_state(self.organisations, self.settings.interventions)

    def _update_measures(self) -> None:
        row = np.full((len(self.settings.interventions) + 1, len(MEASURE_NAMES)), np.nan)
        if self.organisations:
            state = measured_state(self.organisations, self.settings.interventions)
            if self._by_harm.size != len(self.organisations):
                self._by_harm = np.argsort(state[0][EVENT_RATE])
            measure_month(*state, self._by_harm, row)
        self.measures.append(row)
        self.datacollector.collect(self)

    def _draw_observed_events(self) -> None:
        if self.events is not None:
            expected = np.zeros(self.world.static_world.organisation_count)
            for own in self.organisations:
                expected[own.index] = own.event_rate * own.exposure
            counted = draw_observed_events(self.plan.streams[-1], expected, self.month)
            self.observed.append(np.array([expected, counted]))

    def pooled_measure(self, name: str) -> float:
        """Return this month's measure over all interventions."""
        return float(self.measures[-1][-1, MEASURE_NAMES.index(read_measure(name))])

    def measure(self, name: str, intervention: str = POOLED) -> float:
        """Return this month's measure of one intervention, or of all.

        Raises
        ------
        InputError
            For a measure or an intervention that there is not.
        """
        row = index_of(intervention, (*self.settings.interventions, POOLED), "intervention")
        return float(self.measures[-1][row, index_of(read_measure(name), MEASURE_NAMES, "measure")])
