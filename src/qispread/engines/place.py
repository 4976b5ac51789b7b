"""A place as a Mesa agent: its context, what policies and leaders do to it, and its time."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mesa.discrete_space import FixedAgent

from qispread.engines.practice import Practice
from qispread.rules import capacity, draws, improving, leaders
from qispread.rules.draws import PURPOSES_A_MONTH, uniform
from qispread.world.layout import EMBEDDED, IMPLEMENTING, ORGANISATION_ROWS

if TYPE_CHECKING:
    from qispread.engines.model import SpreadModel


@dataclass(slots=True)
class Tie:
    """A tie to a peer, its weight, and how alike the two settings are."""

    peer: "Place"
    weight: float
    alike: float


class Place(FixedAgent):
    """A trust, a unit or a practice, with its local context.

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
    spare: float
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
        if not 0 <= purpose < PURPOSES_A_MONTH:
            raise ValueError(f"got purpose {purpose}; needed: 0 to {PURPOSES_A_MONTH - 1}")
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

    def share_time(self) -> None:
        """Divide the time at hand among what is in use."""
        self.dose = capacity.dose(self.available, self.load)
        self.spare = max(0.0, self.available - self.load)
        self.staff_time += min(self.available, self.load)
