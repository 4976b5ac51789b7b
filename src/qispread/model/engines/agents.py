"""An organisation as a Mesa agent: one method for each step of a month.

Subclass `Organisation` and override one method to change one behaviour. Steps with branches call
`qispread.model.rules.steps`, as the compiled kernel does (decision 62); tests compare the two engines bit by bit.
"""

from typing import TYPE_CHECKING, Any, cast

from mesa.discrete_space import FixedAgent

from qispread.common.deprecation import keep_former_members
from qispread.inputs.scenario import Scenario
from qispread.model.engines.practice import (
    NO_OBSERVATION,
    ORGANISATION_FIELDS,
    VERSION_FIELDS,
    OrganisationLevers,
    PeerTie,
    Practice,
    set_levers,
)
from qispread.model.rules import (
    capacity,
    deciding,
    hearing,
    improving,
    leaders,
    local_improvement,
    outcome,
    random_draws,
    steps,
)
from qispread.model.world.state_arrays import (
    COPIED_FROM_LITERATURE,
    COPIED_FROM_SELF,
    COPIED_FROM_STANDARD,
    ORIGIN,
    Stage,
)

if TYPE_CHECKING:
    from qispread.model.engines.mesa_model import SpreadModel

UNAWARE, AWARE, IMPLEMENTING, EMBEDDED, DISCONTINUED = Stage


@keep_former_members
class Organisation(FixedAgent):
    """An organisation, such as a trust, a unit or a practice: its local context and its use of each intervention.

    Attributes
    ----------
    id, name, partnership : str
    index : int
        Index among all organisations, from 0.
    leadership, alignment, culture, capability, measurement, slack, turnover : float
        Local context, in [0, 1].
    size, baseline, setting_1, setting_2, local_improvement, event_rate, staff_time, cost, events_averted : float
        As in `qispread.model.world.state_arrays`.
    practices : dict of str to Practice
        Practices by intervention.
    levers : OrganisationLevers
        Levers of the policies in force this month.
    """

    levers: OrganisationLevers
    scenario: Scenario = cast("Scenario", None)  # a property in Mesa 3.5, which is slower to read

    def __init__(self, model: "SpreadModel", index: int, cell: Any) -> None:
        model.require_incomplete()
        super().__init__(model)
        self.model: SpreadModel = model
        self.scenario, self.index, self.cell = model.settings, index, cell
        static_world = model.world.static_world
        self.id, self.name = static_world.ids[index], static_world.names[index]
        self.partnership = static_world.partnership_names[static_world.partnership[index]]
        values: list[float] = model.start.organisations[:, index].tolist()  # by `world.state_arrays.ORGANISATION_ROWS`
        self.leadership, self.alignment, self.culture, self.capability = values[:4]
        self.measurement, self.slack, self.turnover, self.size, self.baseline = values[4:9]
        self.setting_1, self.setting_2, self.local_improvement, self.event_rate, self.climate = values[9:14]
        self.available_time, self.dose, self.spare_time, self.effective_measurement, self.vigilance = values[14:19]
        self.staff_time, self.cost, self.events_averted, self.exposure = values[19:]
        self.stream = model.plan.streams[-1, index]
        self.practices: dict[str, Practice] = {}
        for k, name in enumerate(model.settings.interventions):
            origin = int(model.start.histories[k, ORIGIN, index])
            self.practices[name] = Practice(name, model.attributes[k], model.plan.streams[k, index], origin)
        self._ties: list[PeerTie] | None = None

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.id}>"

    def __getstate__(self) -> dict[str, Any]:
        # Copying along ties would recurse through the whole network; the model reads ties from its graph again.
        return {**self.__dict__, "_ties": None}

    @property
    def ties(self) -> list[PeerTie]:
        """Ties to the remaining peers, in their order."""
        if self._ties is None:
            self.model.refresh_ties()
        return self._ties or []

    @ties.setter
    def ties(self, ties: list[PeerTie]) -> None:
        self._ties = ties

    def enter_epoch(self, epoch: int) -> None:
        """Set the levers of the policies in force from this month."""
        plan = self.model.plan
        set_levers(self, plan.organisation_levers[epoch, :, self.index], plan.practice_levers[epoch, :, :, self.index])

    @property
    def workload(self) -> float:
        """Staff time that its practices need, in full teams."""
        load = 0.0
        for practice in self.practices.values():
            if practice.stage == IMPLEMENTING:
                load += practice.attributes.workload
            elif practice.stage == EMBEDDED:
                load += practice.attributes.workload_embedded
        return load

    def draw_uniform(self, purpose: int, practice: Practice | None = None) -> float:
        """Return this month's uniform draw for a purpose, for the organisation or one practice.

        Purposes from `qispread.model.rules.random_draws.FIRST_FREE` to 63 are free for subclasses.
        """
        if not 0 <= purpose < random_draws.PURPOSES_PER_MONTH:
            raise ValueError(f"got purpose {purpose}; needed: 0 to {random_draws.PURPOSES_PER_MONTH - 1}")
        return random_draws.uniform((practice or self).stream, self.model.month, purpose)

    def log_event(self, event: str, reason: str, practice: Practice | None = None) -> None:
        """Record an event, if events are kept."""
        self.model.record_event(self, event, reason, practice)

    def remove(self) -> None:
        """Remove the organisation from the model: peers and measures no longer include it; idempotent."""
        if self in self.model.organisations:
            self.model.drop_organisation(self)
            super().remove()

    # The steps of a month, in the order of the model's calls.

    def apply_policies(self) -> None:
        """Apply the gradual effects of policies for a month."""
        levers = self.levers
        self.capability = capacity.trained_capability(self.capability, levers.capability_growth, self.turnover)
        self.leadership = capacity.grown_factor(self.leadership, levers.leadership_growth)
        self.alignment = capacity.grown_factor(self.alignment, levers.alignment_growth)
        self.culture = capacity.resented_culture(self.culture, levers.resentment)
        self.update_climate()
        for practice in self.practices.values():
            if practice.in_use:
                practice.fidelity = improving.moved_towards(practice.fidelity, 1.0, practice.levers.refresh)

    def change_leader(self) -> None:
        """Replace a leader who leaves; the successor may drop practices still being implemented."""
        if not self.model.leaders_leaving[self.index]:
            return
        parameters, pool, old = self.scenario.leaders, self.model.plan.leadership_at_start, self.leadership
        candidate = float(pool[int(self.draw_uniform(random_draws.SUCCESSOR) * pool.size)])
        self.leadership = leaders.successor_leadership(old, candidate, parameters.continuity)
        self.update_climate()
        self.log_event("leader left", f"leadership changed from {old:.2f} to {self.leadership:.2f}")
        for practice in self.practices.values():
            if (
                practice.stage == IMPLEMENTING
                and self.draw_uniform(random_draws.DROPPED, practice) < parameters.new_broom
            ):
                practice.discontinue()
                self.log_event("dropped", "the new leader had other plans", practice)

    def update_capacity(self) -> None:
        """Compute the time, measurement and vigilance of the month, and add the cost of policies."""
        levers, unled_time = self.levers, self.scenario.capacity.unled_time
        self.available_time, self.effective_measurement, self.vigilance = steps.update_capacity(
            self.slack, levers.protected_time, self.leadership, unled_time, self.measurement, levers.measurement
        )
        self.cost += levers.cost

    def hear(self) -> None:
        """Hear of interventions from peers or the media, and reconsider discontinued ones."""
        for practice in self.practices.values():
            if practice.stage == DISCONTINUED:
                if self.draw_uniform(random_draws.READOPTS, practice) < self.scenario.reviewing.readopting:
                    practice.stage = AWARE
                    self.log_event("reconsiders", "time has passed since it was discontinued", practice)
            elif practice.stage == UNAWARE and self.model.month >= practice.attributes.launch:
                self.hear_practice(practice)

    def decide(self) -> None:
        """Decide whether to adopt interventions that it is aware of; a pilot site starts at the launch."""
        for practice in self.practices.values():
            if practice.origin and self.model.month == practice.attributes.launch:
                self.begin_as_origin(practice)
            if practice.stage == AWARE and self.model.month >= practice.attributes.launch:
                under_way = sum(other.stage == IMPLEMENTING for other in self.practices.values())
                if under_way < self.levers.at_most:
                    self.decide_practice(practice)

    def share_time(self) -> None:
        """Divide the available time among practices in use."""
        self.dose, self.spare_time, time_used = steps.share_time(self.available_time, self.workload)
        self.staff_time += time_used

    def improve(self) -> None:
        """Update each practice in use: a PDSA cycle or drift, embedding and the effect."""
        for practice in self.practices.values():
            if practice.in_use:
                self.improve_practice(practice)

    def review(self) -> None:
        """Review each practice at its interval, and continue or discontinue it."""
        month = self.model.month
        phase = month % self.scenario.reviewing.interval
        for practice in self.practices.values():
            if practice.review_phase == phase and practice.last_adopted != month and practice.in_use:
                self.review_practice(practice)

    def improve_locally(self) -> None:
        """Use spare time for other local improvement."""
        gain, loss = self.scenario.local_improvement.gain, self.scenario.local_improvement.loss
        self.local_improvement = local_improvement.local_improvement_after(
            self.local_improvement,
            self.capability,
            self.effective_measurement,
            self.spare_time,
            self.vigilance,
            gain,
            loss,
        )

    def update_events(self) -> None:
        """Compute the adverse event rate of the month, and the events averted in total and by each practice."""
        trend_rate = self.baseline * self.model.trend
        event_rate = trend_rate * (1.0 - self.local_improvement)
        effective = [practice for practice in self.practices.values() if practice.result > 0.0]
        for practice in effective:
            event_rate = outcome.remaining_rate(event_rate, practice.attributes.benefit, practice.result)
        for practice in effective:
            prevented = outcome.prevented_rate(event_rate, practice.attributes.benefit, practice.result)
            practice.events_averted += prevented * self.exposure
        self.event_rate = event_rate
        self.events_averted += (trend_rate - event_rate) * self.exposure

    def publish_state(self) -> None:
        """Publish what peers can see next month."""
        for practice in self.practices.values():
            practice.publish_state()

    # Parts of the steps.

    def update_climate(self) -> None:
        """Update the climate after a change of leadership, alignment or culture."""
        form = self.model.step_parameters.climate_form
        self.climate = capacity.climate_in_form(form, self.leadership, self.alignment, self.culture)

    def hear_practice(self, practice: Practice) -> None:
        """Draw whether the organisation hears of one intervention."""
        if self.draw_uniform(random_draws.HEARS, practice) < self.hearing_probability(practice):
            practice.stage = AWARE
            user_count = sum(peer.practices[practice.name].visible.practising for peer, _, _ in self.ties)
            source = f"{user_count} of {len(self.ties)} peers use it" if user_count else "from outside"
            self.log_event("heard", source, practice)

    def hearing_probability(self, practice: Practice) -> float:
        """Return the probability of hearing of an intervention this month."""
        parameters, observability, silent = self.scenario.hearing, practice.attributes.observability, 1.0
        contact, name = parameters.contact * self.levers.contact, practice.name
        for peer, weight, _ in self.ties:
            if peer.practices[name].visible.practising:
                silent *= hearing.chance_peer_silent(contact, weight, observability)
        return hearing.chance_hears(parameters.broadcast, silent)

    def peer_influence(self, name: str) -> "tuple[float, Organisation | None]":
        """Return the share of tie weight to users of an intervention, and the most attractive peer to copy."""
        total = practising = 0.0
        best, example = -1.0, None
        form, draw = self.model.step_parameters.attraction_form, (self.practices[name].stream, self.model.month)
        for peer, weight, similarity in self.ties:
            visible = peer.practices[name].visible
            total += weight
            if visible.practising:
                practising += weight
                attraction = deciding.attraction_in_form(form, weight, visible.result, similarity, *draw, peer.stream)
                if attraction > best:
                    best, example = attraction, peer
        return (practising / total if total > 0.0 else 0.0), example

    def decide_practice(self, practice: Practice) -> None:
        """Decide whether to adopt one intervention."""
        levers, name = practice.levers, practice.name
        peers, example = self.peer_influence(name)
        adopts, goal = steps.decide(
            practice.stream,
            self.model.month,
            peers,
            example.practices[name].visible.result if example else self.scenario.deciding.claimed_result,
            self.climate,
            levers.standard * self.model.partnership_share_practising(self, name) if levers.standard else 0.0,
            self.workload,
            self.available_time,
            levers.push,
            levers.ambition,
            practice.attributes.effort,
            self.model.step_parameters.deciding,
            self.model.step_parameters.deciding_forms,
        )
        if adopts:
            self.copy(practice, example)
            practice.goal = goal

    def begin(self, practice: Practice, source: int, generation: int, reason: str) -> None:
        """Start to implement a copied version."""
        month = self.model.month
        practice.stage, practice.last_adopted = IMPLEMENTING, month
        practice.review_phase = month % self.scenario.reviewing.interval
        practice.first_adopted = month if practice.first_adopted < 0 else practice.first_adopted
        practice.copied_from, practice.generation, practice.embedding = source, generation, 0.0
        self.log_event("adopted", f"{reason}; fidelity {practice.fidelity:.2f}, copy number {generation}", practice)

    def begin_as_origin(self, practice: Practice) -> None:
        """Start an intervention at its pilot site: complete, and fitted to the local setting."""
        practice.fidelity, practice.appropriateness = 1.0, 1.0
        practice.tuning_1, practice.tuning_2 = self.setting_1, self.setting_2
        practice.goal = deciding.expected_goal(practice.levers.ambition, 0.0, self.scenario.deciding.claimed_result)
        self.begin(practice, COPIED_FROM_SELF, 0, "it is the pilot site")

    def copy(self, practice: Practice, best_peer: "Organisation | None") -> None:
        """Adopt by copying the partnership's standard, else the best visible peer, else the literature."""
        name, levers, model = practice.name, practice.levers, self.model
        visible = best_peer.practices[name].visible if best_peer else NO_OBSERVATION
        origin, practice.fidelity, practice.tuning_1, practice.tuning_2, practice.appropriateness = steps.copy(
            practice.stream,
            model.month,
            levers.standard,
            levers.support,
            best_peer is not None,
            (visible.fidelity, visible.tuning_1, visible.tuning_2),
            model.partnership_setting(self),
            model.origin_setting(name),
            (self.setting_1, self.setting_2),
            practice.attributes.copied,
            model.step_parameters.copying,
        )
        if origin == steps.FROM_STANDARD:
            self.begin(practice, COPIED_FROM_STANDARD, 1, f"copied the standard of {self.partnership}")
        elif origin == steps.FROM_PEER and best_peer is not None:
            self.begin(practice, best_peer.index, visible.generation + 1, f"copied from {best_peer.id}")
        else:
            self.begin(practice, COPIED_FROM_LITERATURE, 1, "copied from the literature")

    def improve_practice(self, practice: Practice) -> None:
        """Update one practice: a PDSA cycle or drift, embedding and the effect."""
        levers, previous_fidelity, stage = practice.levers, practice.fidelity, practice.stage
        outcome_code, embedded, *version, practice.result, self.capability = steps.improve(
            practice.stream,
            self.model.month,
            ORGANISATION_FIELDS(self),
            (levers.support, levers.standard, levers.latitude),
            VERSION_FIELDS(practice),
            practice.attributes.improved,
            self.model.step_parameters.improving,
            self.model.step_parameters.improving_forms,
        )
        practice.fidelity, practice.tuning_1, practice.tuning_2, practice.embedding, practice.appropriateness = version
        practice.best_result = max(practice.best_result, practice.result)
        practice.stage = EMBEDDED if embedded else IMPLEMENTING
        if outcome_code == steps.REACTIVE_CHANGE and self.model.events is not None:
            eroded = improving.eroded_fidelity(
                previous_fidelity, self.scenario.improving.erosion, practice.attributes.complexity
            )
            self.log_event(
                "reactive change",
                f"for lack of time; fidelity fell from {previous_fidelity:.2f} to {eroded:.2f}",
                practice,
            )
        if practice.stage != stage:
            event = "embedded" if embedded else "no longer embedded"
            self.log_event(event, f"embedding {practice.embedding:.2f}, effect {practice.result:.2f}", practice)

    def review_practice(self, practice: Practice) -> None:
        """Compare the observed effect of a practice with its goal, and continue or discontinue it."""
        parameters, result, goal = self.model.step_parameters.reviewing, practice.result, practice.goal
        month = self.model.month
        outcome_code, observed, self.culture = steps.review(
            practice.stream, month, result, goal, self.effective_measurement, self.culture, self.leadership, parameters
        )
        self.update_climate()
        if outcome_code == steps.DISCONTINUED:
            practice.discontinue()
            self.log_event(
                "discontinued",
                f"observed effect {observed:.2f}, goal {goal:.2f}: short by {goal - observed:.2f}",
                practice,
            )
