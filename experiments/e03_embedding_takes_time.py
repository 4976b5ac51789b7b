"""Claim 3: embedding attitudes and behaviours takes time.

Decided before it was run. Arms differ in the share of the benefit that needs attitudes and behaviours, at the two ends
of its plausible range. Results trail adoption by the months between the first month with 80% of the largest adoption
and the first with 80% of the largest population effect; 80% counts as obtained everywhere in the model.
Twenty years are run, so that adoption is past its rise. "By years" is read as: by a year more than for a technical one.

Added later, and therefore weaker evidence: a trial of six runs showed that results of both kinds trail adoption by
years, because skill is built and fidelity regained slowly, whatever has to be embedded. In the third part all
organisations begin in the first month with the whole intervention, fitted to their setting, so that only embedding
delays results.
"""

from collections.abc import Mapping

import qispread as qs
from experiments.claim_test import ArmContrast, ClaimPart, ClaimTest, MechanismAblation, Strengths, difference_contrast
from experiments.experiment_command import main
from experiments.replicate_outcomes import OutcomeArm, ScenarioArm

SOCIAL, ORIGIN = "interventions.prompt.social", "interventions.prompt.origin"
TECHNICAL_SHARE, SOCIAL_SHARE = 0.2, 0.9
YEAR, HALF_A_YEAR = 12.0, 6.0
AT_ONCE = MechanismAblation(
    "immediate embedding: full attitudes and behaviours within months, and no staff turnover that reduces them",
    {"improving.embed": 1.0, "organisations.context.turnover": 0.001},
)


def build_arms(base: qs.Scenario, _: Strengths) -> Mapping[str, OutcomeArm]:
    """Return the arms."""
    together = base.replace({ORIGIN: {"rule": "most_ready", "number": base.organisations.number - 1}})
    return {
        "technical": ScenarioArm(base.replace({SOCIAL: TECHNICAL_SHARE})),
        "social": ScenarioArm(base.replace({SOCIAL: SOCIAL_SHARE})),
        "technical, together": ScenarioArm(together.replace({SOCIAL: TECHNICAL_SHARE})),
        "social, together": ScenarioArm(together.replace({SOCIAL: SOCIAL_SHARE})),
    }


EXPERIMENT = ClaimTest(
    name="e03_embedding_takes_time",
    claim="Embedding attitudes and behaviours takes time.",
    source="dixonwoods2014, crofts2016",
    design="Two interventions spread for twenty years, alike in all but the share of their benefit that needs "
    "attitudes and behaviours: a fifth, or nine tenths. By how many months do results trail adoption?",
    caution="The pace of embedding is set by one parameter, fitted to one place (Southmead); the delay follows from it "
    "and from the effects of climate, time and turnover on it.",
    build_arms=build_arms,
    arms={"technical": "a fifth of the benefit needs embedding", "social": "nine tenths of it do"},
    parts=(
        ClaimPart(
            "social ones trail",
            "The results of a social intervention trail adoption by a year more than those of a technical one",
            "lag",
            (difference_contrast("social", "technical", "lag"),),
            YEAR,
            AT_ONCE,
        ),
        ClaimPart(
            "technical ones do not",
            "The results of a technical intervention trail adoption by less than half a year",
            "lag",
            (ArmContrast(((-1.0, "technical", "lag"),), HALF_A_YEAR),),
            0.0,
            None,
            "by which they trail by less than half a year",
        ),
        ClaimPart(
            "begun together (added)",
            "Where all begin together and with full fidelity, results of a social intervention take a year longer "
            "(added later)",
            "ripening",
            (difference_contrast("social, together", "technical, together", "ripening"),),
            YEAR,
            AT_ONCE,
        ),
    ),
    secondary=("lag", "current_use", "population_effect", "effect", "embedding", "discontinued"),
    horizon=240,
    fixed=(SOCIAL,),
)

if __name__ == "__main__":
    main(EXPERIMENT)
