"""An organisation as a Mesa agent: the months of the model, one method a step.

Subclass `Organisation` and override one method to change one behaviour. Steps with branches call
`qispread.model.rules.steps`, as the compiled kernel does; the tests compare every bit of the two engines.
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
    PracticeLevers,
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
    """A trust, a unit or a practice: its local context, and what it makes of each intervention.

    Attributes
    ----------
    id, name, partnership : str
    index : int
        Place among all organisations, from 0.
    leadership, alignment, culture, capability, measurement, slack, turnover : float
        Local context, in [0, 1].
    size, baseline, setting_1, setting_2, local_improvement, event_rate, staff_time, cost, events_averted : float
        As in `qispread.model.world.state_arrays`.
    practices : dict of str to Practice
        By intervention.
    levers : OrganisationLevers
        What policies do to it this month.
    """

    levers: OrganisationLevers
    scenario: Scenario = cast("Scenario", None)  # a property in Mesa 3.5, which takes longer to read

    def __init__(self, model: "SpreadModel", index: int, cell: Any) -> None:
        model.require_incomplete()
        super().__init__(model)
        self.model: SpreadModel = model
        self.scenario, self.index, self.cell = model.settings, index, cell
        frame = model.world.static_world
        self.id, self.name = frame.ids[index], frame.names[index]
        self.partnership = frame.partnership_names[frame.partnership[index]]
        values: list[float] = model.start.organisations[:, index].tolist()  # by `world.state_arrays.ORGANISATION_ROWS`
        self.leadership, self.alignment, self.culture, self.capability = values[:4]
        self.measurement, self.slack, self.turnover, self.size, self.baseline = values[4:9]
        self.setting_1, self.setting_2, self.local_improvement, self.event_rate, self.climate = values[9:14]
        self.available_time, self.dose, self.spare_time, self.effective_measurement, self.vigilance = values[14:19]
        self.staff_time, self.cost, self.events_averted, self.exposure = values[19:]
        self.stream = model.plan.streams[-1, index]
        self.practices: dict[str, Practice] = {}
        for place, name in enumerate(model.settings.interventions):
            origin = int(model.start.histories[place, ORIGIN, index])
            self.practices[name] = Practice(name, model.attributes[place], model.plan.streams[place, index], origin)
        self._ties: list[PeerTie] | None = None

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.id}>"

    def __getstate__(self) -> dict[str, Any]:
        # Copied along ties, a copy would be as deep as the network is long; the model reads them from its graph again.
        return {**self.__dict__, "_ties": None}

    @property
    def ties(self) -> list[PeerTie]:
        """Ties to the peers that are left, in their order."""
        if self._ties is None:
            self.model.refresh_ties()
        return self._ties or []

    @ties.setter
    def ties(self, ties: list[PeerTie]) -> None:
        self._ties = ties

    def enter_epoch(self, epoch: int) -> None:
        """Take the levers of the policies that are in force from this month on."""
        plan = self.model.plan
        self.levers = OrganisationLevers(*plan.organisation_levers[epoch, :, self.index].tolist())
        for place, practice in enumerate(self.practices.values()):
            practice.levers = PracticeLevers(*plan.practice_levers[epoch, place, :, self.index].tolist())

    @property
    def workload(self) -> float:
        """Staff time that its practices ask for, in full teams."""
        load = 0.0
        for practice in self.practices.values():
            if practice.stage == IMPLEMENTING:
                load += practice.attributes.workload
            elif practice.stage == EMBEDDED:
                load += practice.attributes.workload_embedded
        return load

    def draw_uniform(self, purpose: int, practice: Practice | None = None) -> float:
        """Return this month's uniform draw for a purpose, of the organisation or of one practice.

        Purposes of your own are `qispread.model.rules.random_draws.FIRST_FREE` to 63.
        """
        if not 0 <= purpose < random_draws.PURPOSES_PER_MONTH:
            raise ValueError(f"got purpose {purpose}; needed: 0 to {random_draws.PURPOSES_PER_MONTH - 1}")
        return random_draws.uniform((practice or self).stream, self.model.month, purpose)

    def log_event(self, event: str, reason: str, practice: Practice | None = None) -> None:
        """Note an event, if events are kept."""
        self.model.record_event(self, event, reason, practice)

    def remove(self) -> None:
        """Close: nobody learns from it any more, and measures are of those that are left. Doing so twice is once."""
        if self in self.model.organisations:
            self.model.drop_organisation(self)
            super().remove()

    # The steps of a month, in the order in which the model calls them.

    def apply_policies(self) -> None:
        """Let what policies build up or wear down move by a month."""
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
        """See a leader leave, perhaps; the successor drops some of what is still being implemented."""
        if not self.model.leaders_leaving[self.index]:
            return
        parameters, pool, old = self.scenario.leaders, self.model.plan.leadership_at_start, self.leadership
        drawn = float(pool[int(self.draw_uniform(random_draws.SUCCESSOR) * pool.size)])
        self.leadership = leaders.successor_leadership(old, drawn, parameters.continuity)
        self.update_climate()
        self.log_event("leader left", f"leadership went from {old:.2f} to {self.leadership:.2f}")
        for practice in self.practices.values():
            if (
                practice.stage == IMPLEMENTING
                and self.draw_uniform(random_draws.DROPPED, practice) < parameters.new_broom
            ):
                practice.discontinue()
                self.log_event("dropped", "the new leader had other plans", practice)

    def update_capacity(self) -> None:
        """Work out the time, measurement and vigilance of the month, and pay for policies."""
        levers, unled_time = self.levers, self.scenario.capacity.unled_time
        self.available_time, self.effective_measurement, self.vigilance = steps.update_capacity(
            self.slack, levers.protected_time, self.leadership, unled_time, self.measurement, levers.measurement
        )
        self.cost += levers.cost

    def hear(self) -> None:
        """Hear of what is new from peers or the media, and think again of what was given up."""
        for practice in self.practices.values():
            if practice.stage == DISCONTINUED:
                if self.draw_uniform(random_draws.READOPTS, practice) < self.scenario.reviewing.readopting:
                    practice.stage = AWARE
                    self.log_event("considers it again", "time has passed since it was given up", practice)
            elif practice.stage == UNAWARE and self.model.month >= practice.attributes.launch:
                self.hear_practice(practice)

    def decide(self) -> None:
        """Begin what it has heard of, perhaps; the origin begins at the launch."""
        for practice in self.practices.values():
            if practice.origin and self.model.month == practice.attributes.launch:
                self.begin_as_origin(practice)
            if practice.stage == AWARE and self.model.month >= practice.attributes.launch:
                under_way = sum(other.stage == IMPLEMENTING for other in self.practices.values())
                if under_way < self.levers.at_most:
                    self.decide_practice(practice)

    def share_time(self) -> None:
        """Divide the time at hand among what is in use."""
        self.dose, self.spare_time, given = steps.share_time(self.available_time, self.workload)
        self.staff_time += given

    def improve(self) -> None:
        """Run a PDSA cycle on each practice, or drift; embed; see the result."""
        for practice in self.practices.values():
            if practice.in_use:
                self.improve_practice(practice)

    def review(self) -> None:
        """Look back on the anniversary of each start, and go on or give up."""
        month = self.model.month
        today = month % self.scenario.reviewing.interval
        for practice in self.practices.values():
            if practice.review_phase == today and practice.last_adopted != month and practice.in_use:
                self.review_practice(practice)

    def improve_locally(self) -> None:
        """Put time that is left over into local improvement."""
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
        """Work out the harm of the month, and what was averted and by what."""
        anyway = self.baseline * self.model.trend
        left = anyway * (1.0 - self.local_improvement)
        effective = [practice for practice in self.practices.values() if practice.result > 0.0]
        for practice in effective:
            left = outcome.remaining_rate(left, practice.attributes.benefit, practice.result)
        for practice in effective:
            prevented = outcome.prevented_rate(left, practice.attributes.benefit, practice.result)
            practice.events_averted += prevented * self.exposure
        self.event_rate = left
        self.events_averted += (anyway - left) * self.exposure

    def publish_state(self) -> None:
        """Show peers what they can see next month."""
        for practice in self.practices.values():
            practice.publish_state()

    # What the steps are made of.

    def update_climate(self) -> None:
        """Work out the climate after leadership, alignment or culture has changed."""
        self.climate = capacity.climate(self.leadership, self.alignment, self.culture)

    def hear_practice(self, practice: Practice) -> None:
        """Hear of one intervention, perhaps."""
        if self.draw_uniform(random_draws.HEARS, practice) < self.hearing_probability(practice):
            practice.stage = AWARE
            users = sum(peer.practices[practice.name].visible.practising for peer, _, _ in self.ties)
            source = f"{users} of {len(self.ties)} peers use it" if users else "from outside"
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
        """Return the share of tie weight that uses an intervention, and the peer most worth copying."""
        total = practising = 0.0
        best, example = -1.0, None
        for peer, weight, alike in self.ties:
            seen = peer.practices[name].visible
            total += weight
            if seen.practising:
                practising += weight
                attraction = deciding.attraction(weight, seen.result, alike)
                if attraction > best:
                    best, example = attraction, peer
        return (practising / total if total > 0.0 else 0.0), example

    def decide_practice(self, practice: Practice) -> None:
        """Weigh one intervention, and begin or wait."""
        levers, name = practice.levers, practice.name
        peers, example = self.peer_influence(name)
        begins, goal = steps.decide(
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
        )
        if begins:
            self.copy(practice, example)
            practice.goal = goal

    def begin(self, practice: Practice, source: int, generation: int, reason: str) -> None:
        """Begin to implement a version that has been copied."""
        month = self.model.month
        practice.stage, practice.last_adopted = IMPLEMENTING, month
        practice.review_phase = month % self.scenario.reviewing.interval
        practice.first_adopted = month if practice.first_adopted < 0 else practice.first_adopted
        practice.copied_from, practice.generation, practice.embedding = source, generation, 0.0
        self.log_event("began", f"{reason}; fidelity {practice.fidelity:.2f}, copy number {generation}", practice)

    def begin_as_origin(self, practice: Practice) -> None:
        """Start an intervention where it was made: whole, and fitted to the place."""
        practice.fidelity, practice.appropriateness = 1.0, 1.0
        practice.tuning_1, practice.tuning_2 = self.setting_1, self.setting_2
        practice.goal = deciding.expected_goal(practice.levers.ambition, 0.0, self.scenario.deciding.claimed_result)
        self.begin(practice, COPIED_FROM_SELF, 0, "it was made here")

    def copy(self, practice: Practice, best_peer: "Organisation | None") -> None:
        """Begin by copying: the partnership's standard, else the best visible peer, else the literature."""
        name, levers, model = practice.name, practice.levers, self.model
        seen = best_peer.practices[name].visible if best_peer else NO_OBSERVATION
        whose, practice.fidelity, practice.tuning_1, practice.tuning_2, practice.appropriateness = steps.copy(
            practice.stream,
            model.month,
            levers.standard,
            levers.support,
            best_peer is not None,
            (seen.fidelity, seen.tuning_1, seen.tuning_2),
            model.partnership_setting(self),
            model.origin_setting(name),
            (self.setting_1, self.setting_2),
            practice.attributes.copied,
            model.step_parameters.copying,
        )
        if whose == steps.FROM_STANDARD:
            self.begin(practice, COPIED_FROM_STANDARD, 1, f"copied the standard of {self.partnership}")
        elif whose == steps.FROM_PEER and best_peer is not None:
            self.begin(practice, best_peer.index, seen.generation + 1, f"copied from {best_peer.id}")
        else:
            self.begin(practice, COPIED_FROM_LITERATURE, 1, "copied from the literature")

    def improve_practice(self, practice: Practice) -> None:
        """Run a PDSA cycle on one practice, or drift; embed; see the result."""
        levers, before, stage = practice.levers, practice.fidelity, practice.stage
        happened, embedded, *version, practice.result, self.capability = steps.improve(
            practice.stream,
            self.model.month,
            ORGANISATION_FIELDS(self),
            (levers.support, levers.standard, levers.latitude),
            VERSION_FIELDS(practice),
            practice.attributes.improved,
            self.model.step_parameters.improving,
        )
        practice.fidelity, practice.tuning_1, practice.tuning_2, practice.embedding, practice.appropriateness = version
        practice.best_result = max(practice.best_result, practice.result)
        practice.stage = EMBEDDED if embedded else IMPLEMENTING
        if happened == steps.CHANGED_IN_HASTE and self.model.events is not None:
            after = improving.eroded_fidelity(before, self.scenario.improving.erosion, practice.attributes.complexity)
            self.log_event(
                "reactive change", f"for lack of time; fidelity went from {before:.2f} to {after:.2f}", practice
            )
        if practice.stage != stage:
            what = "embedded" if embedded else "no longer embedded"
            self.log_event(what, f"embedding {practice.embedding:.2f}, result {practice.result:.2f}", practice)

    def review_practice(self, practice: Practice) -> None:
        """Compare the result that it sees with the goal."""
        month, result, goal, numbers = (
            self.model.month,
            practice.result,
            practice.goal,
            self.model.step_parameters.reviewing,
        )
        happened, seen, self.culture = steps.review(
            practice.stream, month, result, goal, self.effective_measurement, self.culture, self.leadership, numbers
        )
        self.update_climate()
        if happened == steps.GAVE_UP:
            practice.discontinue()
            self.log_event(
                "gave up", f"saw {seen:.2f} of the {goal:.2f} expected: short by {goal - seen:.2f}", practice
            )
