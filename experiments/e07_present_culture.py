"""Claim 7: be aware of the present culture; a history of failed projects lowers what the next one can achieve.

Decided before it was run, and after an earlier run had shown that failed projects build capability while culture falls.
What is the fair test? A history is three projects, begun in all organisations in months 1, 21 and 41 of five years. A
project fails if its result is below its goal: the goals can be met by no organisation or by all, and nothing else
differs. Then PROMPT is launched, in organisations that keep only their leadership, alignment, culture and capability,
from the same unit in every arm (the one with the most ties, because readiness differs between arms). Three comparisons,
each judged:

- with no history at all, as the claim is worded: failure costs culture, and its work may teach;
- with a history of the same work that succeeded: the failure alone, which is the fairest test;
- with no history, where the work of failed projects taught nothing.

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
UNREACHABLE_GOAL, REACHED_GOAL = 5.0, 0.0
CULTURE_UNAFFECTED = MechanismAblation(
    "culture unaffected by reviews: disappointment reduces none of it, and success builds none",
    {"reviewing.cynicism": 0.0, "reviewing.encouragement": 0.0},
)


def failed_projects_history(base: qs.Scenario, ambition: float) -> qs.Scenario:
    """Return five years with three projects in every organisation but one, and goals as given."""
    intervention = base.interventions["prompt"].model_dump(mode="json")
    everyone = {"rule": "most_ready", "number": base.organisations.number - 1}
    projects = {f"project-{month}": {**intervention, "launch": month, "origin": everyone} for month in LAUNCHES}
    return base.replace({"interventions": projects, "horizon": 12 * YEARS_BEFORE}).with_policy(
        "goals", ambition=ambition
    )


def matched_history(base: qs.Scenario) -> qs.Scenario:
    """Return five years in which a single organisation has a project, without effort, that no other hears of."""
    intervention = base.interventions["prompt"].model_dump(mode="json")
    alone = {**intervention, "launch": 1, "effort": 0.0, "benefit": 0.0, "origin": "least_ready"}
    quiet = {"hearing.broadcast": 0.0, "hearing.contact": 0.0}
    return base.replace({"interventions": {"none": alone}, "horizon": 12 * YEARS_BEFORE, **quiet})


def build_arms(base: qs.Scenario, _: Strengths) -> Mapping[str, OutcomeArm]:
    """Return the arms."""
    after = base.replace({"interventions.prompt.origin": "hub"})
    failed = failed_projects_history(base, UNREACHABLE_GOAL)
    return {
        "no history": ArmAfterHistory(matched_history(base), after),
        "failed": ArmAfterHistory(failed, after),
        "failed, nothing learnt": ArmAfterHistory(failed.replace({"improving.learning": 0.0}), after),
        "succeeded": ArmAfterHistory(failed_projects_history(base, REACHED_GOAL), after),
    }


EXPERIMENT = ClaimTest(
    name="e07_present_culture",
    claim="Be aware of the present culture: a history of failed projects lowers what the next one can achieve.",
    source="repenning2002",
    design="Five years with three projects that fell short of their goals, then PROMPT for ten years; compared with no "
    "projects, with the same projects and goals that were met, and with no projects where failed work taught nothing.",
    caution="A history changes only culture and capability: worn-out staff, lost trust in those who led it and "
    "remembered reasons for the failure are not in the model. How much a disappointing review costs is an assumption.",
    build_arms=build_arms,
    arms={
        "no history": "five years without projects",
        "failed": "three projects that fell short of their goals",
        "failed, nothing learnt": "the same, but their cycles built no skill",
        "succeeded": "three projects that met their goals",
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
            "After failed projects the next one achieves less than after the same projects with success",
            EFFECT,
            (difference_contrast("succeeded", "failed", EFFECT),),
            MIN_EFFECT_DIFFERENCE,
            CULTURE_UNAFFECTED,
        ),
        ClaimPart(
            "taught nothing",
            "After failed projects that taught nothing the next one achieves less than with no history",
            EFFECT,
            (difference_contrast("no history", "failed, nothing learnt", EFFECT),),
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
