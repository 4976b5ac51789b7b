"""Claim 7: be aware of the present culture; a history of failed projects lowers what the next one can do.

Decided before it was run, and after an earlier look had shown that failed projects build capability while culture
falls. What is the fair test? A history is three projects, begun everywhere in months 1, 21 and 41 of five years. A
project fails if its result is short of what was promised: goals that nobody can meet, or goals that everybody meets,
and nothing else differs. Then PROMPT is launched, in places that keep only their leadership, alignment, culture and
capability, from the same unit in every arm (the one with the most ties, since readiness is what differs). Three
readings, each judged:

- against no history at all, as the claim is worded: failure costs culture, and its work may teach;
- against a history of the same work that went well: the failure alone, which is the fairest test;
- against no history, where the work of failed projects taught nothing.

Ablation: reviews leave culture as it is.
"""

from collections.abc import Mapping

import qispread as qs
from experiments.claim_test import (
    MIN_EFFECT_DIFFERENCE,
    ClaimPart,
    ClaimTest,
    MechanismAblation,
    Strengths,
    difference_contrast,
)
from experiments.experiment_command import main
from experiments.replicate_outcomes import ArmAfterHistory, OutcomeArm

EFFECT = "population_effect"
YEARS_BEFORE = 5
LAUNCHES = (1, 21, 41)
NOBODY_MEETS, EVERYBODY_MEETS = 5.0, 0.0
CULTURE_UNAFFECTED = MechanismAblation(
    "culture unmoved by reviews: disappointment costs none of it, and success builds none",
    {"reviewing.cynicism": 0.0, "reviewing.encouragement": 0.0},
)


def failed_projects_history(base: qs.Scenario, ambition: float) -> qs.Scenario:
    """Return five years with three projects in every organisation but one, and goals as given."""
    one = base.interventions["prompt"].model_dump(mode="json")
    everyone = {"rule": "most_ready", "number": base.organisations.number - 1}
    projects = {f"project-{month}": {**one, "launch": month, "origin": everyone} for month in LAUNCHES}
    return base.replace({"interventions": projects, "horizon": 12 * YEARS_BEFORE}).with_policy(
        "goals", ambition=ambition
    )


def matched_history(base: qs.Scenario) -> qs.Scenario:
    """Return five years in which one organisation of all has a project without effort, of which nobody hears."""
    one = base.interventions["prompt"].model_dump(mode="json")
    alone = {**one, "launch": 1, "effort": 0.0, "benefit": 0.0, "origin": "least_ready"}
    quiet = {"hearing.broadcast": 0.0, "hearing.contact": 0.0}
    return base.replace({"interventions": {"none": alone}, "horizon": 12 * YEARS_BEFORE, **quiet})


def build_arms(base: qs.Scenario, _: Strengths) -> Mapping[str, OutcomeArm]:
    """Return the arms."""
    after = base.replace({"interventions.prompt.origin": "hub"})
    failed = failed_projects_history(base, NOBODY_MEETS)
    return {
        "no history": ArmAfterHistory(matched_history(base), after),
        "failed": ArmAfterHistory(failed, after),
        "failed, taught nothing": ArmAfterHistory(failed.replace({"improving.learning": 0.0}), after),
        "went well": ArmAfterHistory(failed_projects_history(base, EVERYBODY_MEETS), after),
    }


EXPERIMENT = ClaimTest(
    name="e07_present_culture",
    claim="Be aware of the present culture: a history of failed projects lowers what the next one can do.",
    source="repenning2002",
    design="Five years with three projects that fell short of what was promised, then PROMPT for ten years; against no "
    "projects, against the same projects with goals that were met, and against none where failed work taught nothing.",
    caution="A history leaves only culture and capability behind: worn-out staff, lost trust in those who led it and "
    "remembered reasons why it failed are not in the model. How much a disappointing review costs is an assumption.",
    build_arms=build_arms,
    arms={
        "no history": "five years without projects",
        "failed": "three projects that fell short of their goals",
        "failed, taught nothing": "the same, and their cycles built no skill",
        "went well": "three projects that met their goals",
    },
    parts=(
        ClaimPart(
            "against no history",
            "After failed projects the next one achieves less than with no history",
            EFFECT,
            (difference_contrast("no history", "failed", EFFECT),),
            MIN_EFFECT_DIFFERENCE,
            CULTURE_UNAFFECTED,
        ),
        ClaimPart(
            "against success",
            "After failed projects the next one achieves less than after the same projects had gone well",
            EFFECT,
            (difference_contrast("went well", "failed", EFFECT),),
            MIN_EFFECT_DIFFERENCE,
            CULTURE_UNAFFECTED,
        ),
        ClaimPart(
            "taught nothing",
            "After failed projects that taught nothing the next one achieves less than with no history",
            EFFECT,
            (difference_contrast("no history", "failed, taught nothing", EFFECT),),
            MIN_EFFECT_DIFFERENCE,
            CULTURE_UNAFFECTED,
        ),
    ),
    secondary=(
        "culture_left",
        "capability_left",
        EFFECT,
        "current_use",
        "effect",
        "fidelity",
        "embedding",
        "discontinued",
    ),
)

if __name__ == "__main__":
    main(EXPERIMENT)
