"""How a place comes to use an intervention: it hears, decides, and copies somebody's version."""

from qispread.engines.place import Place
from qispread.engines.practice import Practice
from qispread.rules import copying, deciding, draws, hearing, outcome
from qispread.world.layout import AGREED_STANDARD, AWARE, IMPLEMENTING, LAPSED, LITERATURE, OWN_INVENTION, UNAWARE


class Adopter(Place):
    """A place that hears of interventions, decides, and copies."""

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

    def look_at_peers(self, name: str) -> tuple[float, Place | None]:
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

    def copy(self, practice: Practice, example: Place | None) -> None:
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
