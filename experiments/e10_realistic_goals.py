"""Claim 10: realistic goals.

Decided before it was run. Arms differ in the goal that is set when an organisation begins, as a multiple of the
advantage it sees: realistic 0.4, usual 0.8, heroic 1.5. Abandonment is the share of those that ever began which gave up
at least once; what is kept is the population effect at ten years, since the mean of those who stay improves when the
others leave. Ablation: disappointment has no consequences.
"""

from collections.abc import Mapping

import qispread as qs
from experiments.claim_test import (
    MIN_EFFECT_DIFFERENCE,
    MIN_SHARE_DIFFERENCE,
    ClaimPart,
    ClaimTest,
    MechanismAblation,
    Strengths,
    difference_contrast,
)
from experiments.experiment_command import main
from experiments.replicate_outcomes import OutcomeArm, ScenarioArm

AMBITION = "copying.ambition"
GOALS = {"realistic": 0.4, "usual": 0.8, "heroic": 1.5}
NO_CONSEQUENCES = MechanismAblation(
    "disappointment without consequences: nobody gives up over a result, and culture stays as it is",
    {"reviewing.discontinuing": 0.0, "reviewing.cynicism": 0.0, "reviewing.encouragement": 0.0},
)


def build_arms(base: qs.Scenario, _: Strengths) -> Mapping[str, OutcomeArm]:
    """Return the arms."""
    return {name: ScenarioArm(base.replace({AMBITION: ambition})) for name, ambition in GOALS.items()}


EXPERIMENT = ClaimTest(
    name="e10_realistic_goals",
    claim="Set realistic goals: heroic ones raise abandonment and lower what is kept at ten years.",
    source="repenning2002, schmidtke2017",
    design="Units that begin expect 0.4, 0.8 or 1.5 times the result of the best unit they see. Who gives up, and what "
    "is left after ten years?",
    caution="A goal does nothing here but measure what follows. That a stretching goal may also spur people on is not "
    "in the model, so it can only tell the cost of heroic goals and not their gain.",
    build_arms=build_arms,
    arms={name: f"the goal is {ambition:g} times the result seen" for name, ambition in GOALS.items()},
    parts=(
        ClaimPart(
            "abandonment",
            "More of those that began give up with heroic than with realistic goals",
            "discontinued",
            (difference_contrast("heroic", "realistic", "discontinued"),),
            MIN_SHARE_DIFFERENCE,
            NO_CONSEQUENCES,
        ),
        ClaimPart(
            "kept at ten years",
            "Less is kept at ten years with heroic than with realistic goals",
            "population_effect",
            (difference_contrast("realistic", "heroic", "population_effect"),),
            MIN_EFFECT_DIFFERENCE,
            NO_CONSEQUENCES,
        ),
    ),
    secondary=("discontinued", "population_effect", "current_use", "sustainment", "effect", "culture", "averted"),
    fixed=(AMBITION,),
)

if __name__ == "__main__":
    main(EXPERIMENT)
