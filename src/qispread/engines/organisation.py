"""An organisation as a Mesa agent: the months of the model, told as a story.

Each method is one step of the month; subclass `Organisation` and override one to change one behaviour. The kernel
does the same on arrays: whoever changes a step here changes it there, and the tests compare every bit.
"""

from qispread.engines.adopter import Adopter
from qispread.engines.practice import Practice
from qispread.rules import draws, home_grown, improving, outcome, reviewing
from qispread.world.layout import EMBEDDED, IMPLEMENTING


class Organisation(Adopter):
    """A trust, a unit or a practice: what it makes of what it has copied.

    Attributes are those of `Place`; hearing, deciding and copying are those of `Adopter`.
    """

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
            self.spare,
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
