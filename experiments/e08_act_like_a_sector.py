"""Claim 8: act like a sector, with agreed standards.

Decided before it was run. Each partnership agrees one version (the policy `standard` at its declared strength): rigid
(latitude 0), with latitude (0.6, as declared) or not at all. Three parts: a standard with latitude against free
copying; against a rigid one; and, where settings are alike (their spread at the low end of its plausible range, 0.3), a
rigid one against one with latitude. The map shows the gain over free copying by latitude and by how different settings
are. Ablations: a standard no better than any copy; settings without differences; a standard that protects nothing.
"""

from collections.abc import Mapping

import altair as alt
import numpy as np
import pandas as pd

import qispread as qs
from experiments.claim_figures import heat_map
from experiments.claim_test import (
    MIN_EFFECT_DIFFERENCE,
    ClaimPart,
    ClaimPicture,
    ClaimTest,
    MechanismAblation,
    RunSize,
    Strengths,
    baseline_scenario,
    difference_contrast,
)
from experiments.experiment_command import main
from experiments.replicate_outcomes import OutcomeArm, ScenarioArm, find_quantity
from qispread.model.engines.thread_map import map_in_threads
from qispread.outputs.figures.palette import INK

EFFECT = "population_effect"
SPREAD = "organisations.setting_spread"
RIGID, SOME, ALIKE = 0.0, 0.6, 0.3
LATITUDES = tuple(np.round(np.arange(0.0, 1.01, 0.1), 1).tolist())
SPREADS = tuple(np.round(np.arange(0.0, 2.01, 0.2), 1).tolist())


def build_arms(base: qs.Scenario, strengths: Strengths) -> Mapping[str, OutcomeArm]:
    """Return the arms."""
    agreed, alike = strengths["standard.standard"], base.replace({SPREAD: ALIKE})
    return {
        "free": ScenarioArm(base),
        "rigid": ScenarioArm(base.with_policy("standard", standard=agreed, latitude=RIGID)),
        "latitude": ScenarioArm(base.with_policy("standard", standard=agreed, latitude=SOME)),
        "rigid, alike": ScenarioArm(alike.with_policy("standard", standard=agreed, latitude=RIGID)),
        "latitude, alike": ScenarioArm(alike.with_policy("standard", standard=agreed, latitude=SOME)),
    }


def map_column(spread: float, replicates: int) -> list[dict[str, float]]:
    """Return one column of the map: the gain over free copying by latitude."""
    base, value = baseline_scenario().replace({SPREAD: spread}), find_quantity(EFFECT).value

    def mean(scenario: qs.Scenario) -> float:
        arm = ScenarioArm(scenario)
        return float(np.mean([value(arm.simulate(replicate)) for replicate in range(replicates)]))

    free = mean(base)
    return [
        {
            "setting_spread": spread,
            "latitude": latitude,
            "gain": mean(base.with_policy("standard", latitude=latitude)) - free,
        }
        for latitude in LATITUDES
    ]


def build_picture(size: RunSize, workers: int | None) -> ClaimPicture:
    """Return the map of the gain over free copying by latitude and by how different settings are."""
    replicates = max(2, size.replicates // 8)

    def map_columns(part: range) -> list[tuple[int, list[dict[str, float]]]]:
        return [(index, map_column(SPREADS[index], replicates)) for index in part]

    columns = dict(map_in_threads(map_columns, range(len(SPREADS)), workers=workers))
    table = pd.DataFrame([row for index in range(len(SPREADS)) for row in columns[index]])
    best = table.loc[table.groupby("setting_spread")["gain"].idxmax()]
    chart = heat_map(
        table,
        x=("setting_spread", "How different settings are (standard deviations)"),
        y=("latitude", "Latitude of the standard"),
        value=("gain", "Gain in population effect, percentage points"),
        title="Gain of a standard over free copying, at the defaults; dots: the best latitude",
        domain=(float(min(0.0, table["gain"].min())), float(table["gain"].max())),
        wide=True,
    )
    marks = (
        alt.Chart(best)
        .mark_point(fill="white", stroke=INK, strokeWidth=1, size=40, opacity=1.0)
        .encode(x="setting_spread:O", y=alt.Y("latitude:O", sort="descending"))
    )
    best_latitudes = ", ".join(f"{row.latitude:g} at {row.setting_spread:g}" for row in best.itertuples())
    caption = (
        "Gain in population effect over free copying, by the latitude of the standard and by how different settings "
        f"are; dots mark the best latitude: {best_latitudes}."
    )
    return ClaimPicture(chart + marks, caption, table)


EXPERIMENT = ClaimTest(
    name="e08_act_like_a_sector",
    claim="Act like a sector: agreed standards with latitude beat free copying and rigid standards; rigid standards "
    "win only where settings are alike.",
    source="dixonwoods2016, castro2004",
    design="Partnerships agree one version, rigid or with room to adapt it, or every unit copies the unit of its "
    "choice. Standards are compared where settings differ as usual, and where they are alike.",
    caution="A standard here is well written, agreed by all partners at once and free of cost; how partners agree on "
    "it is left out. How much latitude reduces the protection by the standard is an assumption.",
    build_arms=build_arms,
    arms={
        "free": "every unit copies the unit of its choice",
        "rigid": "an agreed standard without latitude",
        "latitude": "an agreed standard with latitude 0.6",
        "rigid, alike": "rigid, where settings are alike",
        "latitude, alike": "with latitude, where settings are alike",
    },
    parts=(
        ClaimPart(
            "beats free copying",
            "A standard with latitude achieves more than free copying",
            EFFECT,
            (difference_contrast("latitude", "free", EFFECT),),
            MIN_EFFECT_DIFFERENCE,
            MechanismAblation(
                "a standard no better than any copy: copies lose nothing and come from the original, and the standard "
                "neither protects fidelity nor attracts adopters",
                {
                    "copying.copy_loss": 0.0,
                    "copying.lineage": 1.0,
                    "improving.standard_guard": 0.0,
                    "deciding.standard": 0.0,
                },
            ),
        ),
        ClaimPart(
            "beats rigid",
            "A standard with latitude achieves more than a rigid one",
            EFFECT,
            (difference_contrast("latitude", "rigid", EFFECT),),
            MIN_EFFECT_DIFFERENCE,
            MechanismAblation("nothing to adapt to: settings without differences", {SPREAD: 0.0}),
        ),
        ClaimPart(
            "rigid where alike",
            "Where settings are alike a rigid standard achieves more than one with latitude",
            EFFECT,
            (difference_contrast("rigid, alike", "latitude, alike", EFFECT),),
            MIN_EFFECT_DIFFERENCE,
            MechanismAblation("a standard that prevents no hasty change", {"improving.standard_guard": 0.0}),
        ),
    ),
    secondary=(EFFECT, "current_use", "fidelity", "appropriateness", "effect", "discontinued", "averted"),
    curve="",
    strengths=("standard.standard",),
    picture=build_picture,
)

if __name__ == "__main__":
    main(EXPERIMENT)
