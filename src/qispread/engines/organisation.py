"""An organisation as a Mesa agent: the months of the model, told as a story.

Each method is one step of the month; subclass `Organisation` and override one to change one behaviour. The kernel
does the same on arrays: whoever changes a step here changes it there, and the tests compare every bit.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mesa.discrete_space import FixedAgent

from qispread.engines.practice import Practice
from qispread.rules import (
    capacity,
    copying,
    deciding,
    draws,
    hearing,
    home_grown,
    improving,
    leaders,
    outcome,
    reviewing,
)
from qispread.rules.draws import uniform
from qispread.world.layout import (
    AGREED_STANDARD,
    AWARE,
    EMBEDDED,
    IMPLEMENTING,
    LAPSED,
    LITERATURE,
    ORGANISATION_ROWS,
    OWN_INVENTION,
    UNAWARE,
)

if TYPE_CHECKING:
    from qispread.engines.model import SpreadModel


@dataclass(slots=True)
class Tie:
    """A tie to a peer, its weight, and how alike the two settings are."""

    peer: "Organisation"
    weight: float
    alike: float


class Organisation(FixedAgent):
    """A trust, a unit or a practice.

    Attributes
    ----------
    id, name, system : str
    leadership, alignment, culture, capability, measurement, slack, turnover : float
        Local context, in [0, 1].
    size, baseline, setting_1, setting_2, local_gain, harm, staff_time, cost, harm_averted : float
        As in `qispread.world.layout`.
    practices : dict of str to Practice
        By intervention.
    ties : list of Tie
        To peers, in their order.
    levers : dict of str to float
        What policies do to it this month, by slot.
    """

    leadership: float
    alignment: float
    culture: float
    capability: float
    measurement: float
    slack: float
    turnover: float
    size: float
    baseline: float
    setting_1: float
    setting_2: float
    local_gain: float
    climate: float
    available: float
    dose: float
    watched: float
    vigilance: float
    staff_time: float
    cost: float
    harm_averted: float
    exposure: float
    harm: float

    def __init__(self, model: "SpreadModel", index: int, cell: Any) -> None:
        super().__init__(model)
        self.model: SpreadModel = model
        self.index = index
        self.cell = cell
        frame = model.world.frame
        self.id, self.name = frame.ids[index], frame.names[index]
        self.system = frame.system_names[frame.system[index]]
        for name, value in zip(ORGANISATION_ROWS, model.start.organisations[:, index].tolist(), strict=True):
            setattr(self, name, value)
        self.stream = model.plan.streams[-1, index]
        self.practices: dict[str, Practice] = {}
        self.ties: list[Tie] = []
        self.levers: dict[str, float] = {}

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.id}>"

    @property
    def load(self) -> float:
        """Staff time that its practices ask, in full teams."""
        load = 0.0
        for practice in self.practices.values():
            if practice.in_use:
                one = practice.attributes
                load += capacity.workload(one.effort, one.upkeep, practice.stage == EMBEDDED)
        return load

    def draw(self, purpose: int, practice: Practice | None = None) -> float:
        """Return this month's uniform draw for a purpose, of the organisation or of one practice."""
        stream = self.stream if practice is None else practice.stream
        return float(uniform(stream, self.model.month, purpose))

    def tell(self, what: str, why: str, practice: Practice | None = None) -> None:
        """Note an event, if events are kept."""
        self.model.note(self, what, why, practice)

    def follow_policies(self) -> None:
        """Let what policies build up or wear down move by a month."""
        levers = self.levers
        self.capability = capacity.trained(self.capability, levers["capability_growth"], self.turnover)
        self.leadership = capacity.grown(self.leadership, levers["leadership_growth"])
        self.alignment = capacity.grown(self.alignment, levers["alignment_growth"])
        self.culture = capacity.resented(self.culture, levers["resentment"])
        self.settle_climate()
        for practice in self.practices.values():
            if practice.in_use:
                practice.fidelity = improving.moved_towards(practice.fidelity, 1.0, practice.levers["refresh"])

    def settle_climate(self) -> None:
        """Work out the climate after leadership, alignment or culture has changed."""
        self.climate = capacity.climate(self.leadership, self.alignment, self.culture)

    def change_leader(self) -> None:
        """See a leader leave, perhaps; the successor drops some of what is still being implemented."""
        parameters = self.model.settings.leaders
        chance = leaders.chance_leader_leaves(parameters.leader_exit * self.levers["leader_exit"])
        if self.draw(draws.LEADER_LEAVES) >= chance:
            return
        pool, old = self.model.plan.leadership_at_start, self.leadership
        drawn = float(pool[int(self.draw(draws.SUCCESSOR) * pool.size)])
        self.leadership = leaders.successor_leadership(old, drawn, parameters.continuity)
        self.settle_climate()
        self.tell("leader left", f"leadership went from {old:.2f} to {self.leadership:.2f}")
        for practice in self.practices.values():
            if practice.stage == IMPLEMENTING and self.draw(draws.DROPPED, practice) < parameters.new_broom:
                practice.lapse()
                self.tell("dropped", "the new leader had other plans", practice)

    def take_stock(self) -> None:
        """Work out the time, measurement and vigilance of the month, and pay for policies."""
        levers = self.levers
        self.available = capacity.available_time(
            self.slack, levers["protected_time"], self.leadership, self.model.settings.capacity.unled_time
        )
        self.watched = min(1.0, self.measurement + levers["measurement"])
        self.vigilance = capacity.vigilance(self.watched, self.leadership)
        self.cost += levers["cost"]

    def hear(self) -> None:
        """Hear of what is new from peers or the media, and think again of what was given up."""
        for practice in self.practices.values():
            if self.model.month < practice.attributes.launch:
                continue
            if (
                practice.stage == LAPSED
                and self.draw(draws.RETURNS, practice) < self.model.settings.reviewing.returning
            ):
                practice.stage = AWARE
                self.tell("considers it again", "time has passed since it was given up", practice)
            if practice.stage == UNAWARE and self.draw(draws.HEARS, practice) < self.chance_hears(practice):
                practice.stage = AWARE
                users = self.count_practising(practice.name)
                self.tell("heard", f"{users} of {len(self.ties)} peers use it" if users else "from outside", practice)

    def count_practising(self, name: str) -> int:
        """Return how many peers are seen using an intervention."""
        return sum(tie.peer.practices[name].visible.practising for tie in self.ties)

    def chance_hears(self, practice: Practice) -> float:
        """Return the probability of hearing of an intervention this month."""
        parameters = self.model.settings.hearing
        contact = parameters.contact * self.levers["contact"]
        silent = 1.0
        for tie in self.ties:
            if tie.peer.practices[practice.name].visible.practising:
                silent *= hearing.chance_peer_silent(contact, tie.weight, practice.attributes.observability)
        return hearing.chance_hears(parameters.broadcast, silent)

    def decide(self) -> None:
        """Begin what it has heard of, perhaps; the origin begins at the launch."""
        for practice in self.practices.values():
            if practice.origin and self.model.month == practice.attributes.launch:
                self.begin_as_origin(practice)
            if practice.stage != AWARE or self.model.month < practice.attributes.launch:
                continue
            under_way = sum(other.stage == IMPLEMENTING for other in self.practices.values())
            if under_way < self.levers["at_most"]:
                self.consider(practice)

    def consider(self, practice: Practice) -> None:
        """Weigh one intervention, and begin or wait."""
        weights, levers = self.model.settings.deciding, practice.levers
        peers, example = self.look_at_peers(practice.name)
        advantage = example.practices[practice.name].visible.result if example else weights.claimed_result
        inclined = deciding.inclination(
            peers,
            advantage,
            self.climate - 0.5,
            levers["standard"] * self.model.fellows_practising(self, practice.name),
            weights.peers,
            weights.advantage,
            weights.climate,
            weights.standard,
        )
        excess = deciding.overload(self.load, practice.attributes.effort, self.available)
        chance = deciding.chance_begins(weights.reluctance, inclined, levers["push"], weights.overload, excess)
        if self.draw(draws.BEGINS, practice) < chance:
            self.copy(practice, example)
            practice.goal = deciding.expected_goal(levers["ambition"], advantage, weights.claimed_result)

    def look_at_peers(self, name: str) -> "tuple[float, Organisation | None]":
        """Return the share of tie weight that uses an intervention, and the peer most worth copying."""
        total = practising = 0.0
        best, example = -1.0, None
        for tie in self.ties:
            seen = tie.peer.practices[name].visible
            total += tie.weight
            if seen.practising:
                practising += tie.weight
                attraction = deciding.attraction(tie.weight, seen.result, tie.alike)
                if attraction > best:
                    best, example = attraction, tie.peer
        return (practising / total if total > 0.0 else 0.0), example

    def begin(self, practice: Practice, source: int, generation: int, fidelity: float, why: str) -> None:
        """Begin to implement a version that has been copied."""
        month = self.model.month
        practice.stage, practice.since = IMPLEMENTING, month
        practice.anniversary = month % self.model.settings.reviewing.interval
        practice.first = month if practice.first < 0 else practice.first
        practice.copied_from, practice.generation = source, generation
        practice.fidelity, practice.embedding = fidelity, 0.0
        self.tell("began", f"{why}; fidelity {fidelity:.2f}, copy number {generation}", practice)

    def begin_as_origin(self, practice: Practice) -> None:
        """Start an intervention where it was made: whole, and fitted to the place."""
        self.begin(practice, OWN_INVENTION, 0, 1.0, "it was made here")
        practice.tuning_1, practice.tuning_2, practice.fit = self.setting_1, self.setting_2, 1.0
        claimed = self.model.settings.deciding.claimed_result
        practice.goal = deciding.expected_goal(practice.levers["ambition"], 0.0, claimed)

    def copy(self, practice: Practice, example: "Organisation | None") -> None:
        """Begin by copying: the partnership's standard, else the best visible peer, else the literature."""
        one, parameters, levers = practice.attributes, self.model.settings.copying, practice.levers
        loss, support = parameters.copy_loss, levers["support"]
        if self.draw(draws.COPIES_STANDARD, practice) < levers["standard"]:
            codification = max(one.codification, parameters.standard_codification)
            fidelity = 1.0 - copying.copy_loss(loss, one.complexity, codification, support)
            self.begin(practice, AGREED_STANDARD, 1, fidelity, f"copied the standard of {self.system}")
            practice.tuning_1, practice.tuning_2 = self.model.mean_setting(self)
        elif example is not None:
            seen = example.practices[practice.name].visible
            lost = copying.copy_loss(loss, one.complexity, one.codification, support)
            fidelity = copying.copied_fidelity(seen.fidelity, parameters.lineage, lost)
            self.begin(practice, example.index, seen.generation + 1, fidelity, f"copied from {example.id}")
            practice.tuning_1, practice.tuning_2 = seen.tuning_1, seen.tuning_2
        else:
            fidelity = 1.0 - copying.copy_loss(loss, one.complexity, one.codification, 0.0)
            self.begin(practice, LITERATURE, 1, fidelity, "copied from the literature")
            practice.tuning_1, practice.tuning_2 = self.model.origin_setting(practice.name)
        practice.fit = self.fit_of(practice)

    def fit_of(self, practice: Practice) -> float:
        """Return how well the version in use fits this place."""
        distance = outcome.squared_distance(practice.tuning_1, practice.tuning_2, self.setting_1, self.setting_2)
        return outcome.fit(distance, practice.attributes.breadth)

    def share_time(self) -> None:
        """Divide the time at hand among what is in use."""
        self.dose = capacity.dose(self.available, self.load)
        self.staff_time += min(self.available, self.load)

    def improve(self) -> None:
        """Run a PDSA cycle on each practice, or drift; embed; see the result."""
        for practice in self.practices.values():
            if practice.in_use:
                self.run_cycle(practice)
                self.drift_and_embed(practice)

    def run_cycle(self, practice: Practice) -> None:
        """Run a real PDSA cycle; failing that, perhaps change something for lack of time."""
        parameters, levers = self.model.settings.improving, practice.levers
        real = improving.chance_real_cycle(
            self.capability,
            levers["support"],
            self.watched,
            self.dose,
            parameters.support_skill,
            parameters.blind_cycles,
        )
        if self.draw(draws.REAL_CYCLE, practice) < real:
            self.learn(practice)
        elif self.draw(draws.REACTIVE_CHANGE, practice) < improving.chance_reactive_change(
            self.dose, levers["standard"], levers["latitude"], parameters.reactive, parameters.standard_guard
        ):
            before = practice.fidelity
            practice.fidelity = improving.eroded_fidelity(before, parameters.erosion, practice.attributes.complexity)
            why = f"for lack of time; fidelity went from {before:.2f} to {practice.fidelity:.2f}"
            self.tell("reactive change", why, practice)

    def learn(self, practice: Practice) -> None:
        """Learn from a real cycle: fit the version to the place, restore its core, gain skill."""
        parameters = self.model.settings.improving
        step = parameters.tuning_step * practice.levers["latitude"]
        practice.tuning_1 = improving.moved_towards(practice.tuning_1, self.setting_1, step)
        practice.tuning_2 = improving.moved_towards(practice.tuning_2, self.setting_2, step)
        practice.fit = self.fit_of(practice)
        practice.fidelity = improving.moved_towards(practice.fidelity, 1.0, parameters.repair)
        self.capability = improving.moved_towards(self.capability, 1.0, parameters.learning)

    def drift_and_embed(self, practice: Practice) -> None:
        """Lose some fidelity, embed some more, and achieve what follows from both."""
        parameters, one, before = self.model.settings.improving, practice.attributes, practice.stage
        practice.fidelity = improving.decayed_fidelity(
            practice.fidelity, parameters.decay, self.vigilance, practice.embedding, parameters.embedding_holds
        )
        practice.embedding = improving.embedded_further(
            practice.embedding, parameters.embed, self.climate, self.dose, self.turnover
        )
        responded = outcome.response(practice.fidelity, one.half, one.steepness)
        practice.result = outcome.practice_result(responded, practice.fit, one.social, practice.embedding)
        practice.best = max(practice.best, practice.result)
        practice.stage = EMBEDDED if practice.embedding > parameters.embedded_above else IMPLEMENTING
        if practice.stage != before:
            what = "embedded" if practice.stage == EMBEDDED else "no longer embedded"
            self.tell(what, f"embedding {practice.embedding:.2f}, result {practice.result:.2f}", practice)

    def review(self) -> None:
        """Look back on the anniversary of each start, and go on or give up."""
        month, parameters = self.model.month, self.model.settings.reviewing
        for practice in self.practices.values():
            today = practice.anniversary == month % parameters.interval and practice.since != month
            if practice.in_use and today:
                self.review_one(practice)

    def review_one(self, practice: Practice) -> None:
        """Compare the result that it sees with the goal."""
        parameters = self.model.settings.reviewing
        noise = draws.normal(practice.stream, self.model.month, draws.SEEN_FIRST)
        seen = reviewing.seen_result(practice.result, parameters.noise, self.watched, noise)
        shortfall = practice.goal - seen
        if shortfall <= 0.0:
            self.culture = improving.moved_towards(self.culture, 1.0, parameters.encouragement)
            self.settle_climate()
            return
        self.culture = reviewing.disappointed(self.culture, parameters.cynicism)
        self.settle_climate()
        chance = reviewing.chance_gives_up(shortfall, parameters.giving_up, parameters.forbearance, self.leadership)
        if self.draw(draws.GIVES_UP, practice) < chance:
            practice.lapse()
            self.tell(
                "gave up", f"saw {seen:.2f} of the {practice.goal:.2f} expected: short by {shortfall:.2f}", practice
            )

    def grow_at_home(self) -> None:
        """Put time that is left over into local improvement."""
        parameters = self.model.settings.home_grown
        self.local_gain = home_grown.local_gain_after(
            self.local_gain,
            self.capability,
            self.watched,
            max(0.0, self.available - self.load),
            self.vigilance,
            parameters.gain,
            parameters.loss,
        )

    def suffer_harm(self) -> None:
        """Work out the harm of the month, and what was averted and by what."""
        anyway = self.baseline * outcome.trend(self.model.settings.outcome.secular, self.model.month)
        left = anyway * (1.0 - self.local_gain)
        for practice in self.practices.values():
            left = outcome.remaining(left, practice.attributes.benefit, practice.result)
        for practice in self.practices.values():
            if practice.result > 0.0:
                prevented = outcome.prevented(left, practice.attributes.benefit, practice.result)
                practice.harm_averted += prevented * self.exposure
        self.harm = left
        self.harm_averted += (anyway - left) * self.exposure

    def publish(self) -> None:
        """Show peers what they can see next month."""
        for practice in self.practices.values():
            practice.publish()
