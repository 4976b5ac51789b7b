"""Claim 10: realistic goals.

Decided before it was run. Arms differ in the goal that is set when an organisation begins, as a multiple of the
advantage it sees: realistic 0.4, usual 0.8, heroic 1.5. Discontinuation is the share of those that ever adopted that
discontinued at least once; the effect is the population effect at ten years, because the mean of those who stay
improves when the others leave. Ablation: disappointment has no consequences.
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
    "disappointment without consequences: no organisation discontinues over a result, and culture does not change",
    {"reviewing.discontinuing": 0.0, "reviewing.cynicism": 0.0, "reviewing.encouragement": 0.0},
)


def build_arms(base: qs.Scenario, _: Strengths) -> Mapping[str, OutcomeArm]:
    """Return the arms."""
    return {name: ScenarioArm(base.replace({AMBITION: ambition})) for name, ambition in GOALS.items()}


EXPERIMENT = ClaimTest(
    name="e10_realistic_goals",
    claim="Set realistic goals: heroic ones raise discontinuation and lower the effect at ten years.",
    source="repenning2002, schmidtke2017",
    design="Units that begin expect 0.4, 0.8 or 1.5 times the result of the best unit they see. How many discontinue, "
    "and what effect is left after ten years?",
    caution="In the model a goal is only a yardstick. That an ambitious goal may also motivate people is left out, so "
    "the test shows the cost of heroic goals and not their gain.",
    build_arms=build_arms,
    arms={name: f"the goal is {ambition:g} times the result seen" for name, ambition in GOALS.items()},
    parts=(
        ClaimPart(
            "discontinuation",
            "More of those that ever adopted discontinue with heroic than with realistic goals",
            "discontinued",
            (difference_contrast("heroic", "realistic", "discontinued"),),
            MIN_SHARE_DIFFERENCE,
            NO_CONSEQUENCES,
        ),
        ClaimPart(
            "effect at ten years",
            "The effect at ten years is smaller with heroic than with realistic goals",
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
