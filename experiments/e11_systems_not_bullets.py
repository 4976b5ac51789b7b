"""Claim 11: develop systems and cultures, and do not hunt for magic bullets.

Decided before it was run. The same resource is spent in two ways over ten years, beside one launch of PROMPT. Launches:
four more interventions as good as PROMPT, one every two years, and all of the resource as staff time for them. Systems:
nothing more is launched, and a third of the resource each goes to training, to staff time and to measurement. One unit
of resource is the declared strength of one lever, for want of prices (assumption); strengths vary over their plausible
ranges in the models, and so do the prices. The cost of developing four more interventions is left out, which favours
launches. The measure is the adverse events averted over all ten years and all organisations, from any cause.
"""

from collections.abc import Mapping

import qispread as qs
from experiments.claim_test import (
    MIN_AVERTED_DIFFERENCE,
    ClaimPart,
    ClaimTest,
    MechanismAblation,
    Strengths,
    difference_contrast,
)
from experiments.experiment_command import main
from experiments.replicate_outcomes import OutcomeArm, ScenarioArm

EVERY = 24
MORE = 4
THIRD = 1.0 / 3.0


def extra_launches(base: qs.Scenario, time: float) -> qs.Scenario:
    """Return four more launches, and the staff time for them."""
    intervention = base.interventions["prompt"].model_dump(mode="json")
    added = {f"interventions.bullet-{i}": {**intervention, "launch": EVERY * i + 1} for i in range(1, MORE + 1)}
    return base.replace(added).with_policy("protected_time", protected_time=time)


def system_levers(base: qs.Scenario, training: float, time: float, measurement: float) -> qs.Scenario:
    """Return a third of each lever."""
    return (
        base.with_policy("training", capability_growth=THIRD * training)
        .with_policy("protected_time", protected_time=THIRD * time)
        .with_policy("feedback", measurement=THIRD * measurement)
    )


def build_arms(base: qs.Scenario, strengths: Strengths) -> Mapping[str, OutcomeArm]:
    """Return the arms."""
    training, time = strengths["training.capability_growth"], strengths["protected_time.protected_time"]
    return {
        "one launch": ScenarioArm(base),
        "launches": ScenarioArm(extra_launches(base, time)),
        "systems": ScenarioArm(system_levers(base, training, time, strengths["feedback.measurement"])),
    }


EXPERIMENT = ClaimTest(
    name="e11_systems_not_bullets",
    claim="Develop systems and cultures; do not hunt for magic bullets.",
    source="dixonwoods2016, reed2018",
    design="The same resource goes to four more launches of interventions as good as PROMPT with staff time for them, "
    "or to skill, time and measurement for PROMPT alone. Which averts more adverse events in ten years?",
    caution="Prices are assumed, and each new intervention is assumed to prevent the same adverse events and to be as "
    "good as PROMPT, which favours launches: bullets that miss would cost the same. The result depends on both.",
    build_arms=build_arms,
    arms={
        "one launch": "PROMPT and nothing else",
        "launches": "PROMPT, four more interventions and staff time for them",
        "systems": "PROMPT, and the same resource for skill, time and measurement",
    },
    parts=(
        ClaimPart(
            "systems beat launches",
            "The resource averts more adverse events if spent on systems than on launches",
            "averted",
            (difference_contrast("systems", "launches", "averted"),),
            MIN_AVERTED_DIFFERENCE,
            MechanismAblation(
                "nothing that skill, time and measurement could improve: no drift, no hasty changes, cycles that "
                "restore and tune nothing, no other local improvement",
                {
                    "improving.decay": 0.0,
                    "improving.erosion": 0.0,
                    "improving.repair": 0.0,
                    "improving.tuning_step": 0.0,
                    "local_improvement.gain": 0.0,
                },
            ),
        ),
    ),
    secondary=(
        "averted",
        "event_rate",
        "local_improvement",
        "population_effect",
        "effect",
        "culture",
        "capability",
        "staff_time",
    ),
    curve="averted",
    strengths=("training.capability_growth", "protected_time.protected_time", "feedback.measurement"),
)

if __name__ == "__main__":
    main(EXPERIMENT)
