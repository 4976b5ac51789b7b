"""Claim 2: local context is crucial, and there is no magic bullet.

Decided before it was run. Two parts.

Context against attributes: if the contexts of all organisations were redrawn, by how much would an organisation's
result change, compared with redrawing any one attribute of the intervention over its plausible range? Total indices of
a grouped design (experiments/variance_decomposition.py), each attribute against context, and context has to be larger
than every one. (With 8 rows a model the sign was inconclusive in 71% of models; since then there are 32 rows.) All six
sources are decomposed at the defaults, with bootstrap intervals over rows.

Levers: the gap is the joint effect of all six levers at their declared strength. It counts as closed at 80%, as a
result counts as replicated. No single lever may close it. The combination costs six times as much, so a sixth of every
lever is shown as well. Ablation: a single shortage; where everything but capability is plentiful, one lever should
suffice.
"""

from collections.abc import Mapping
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

import qispread as qs
from experiments.claim_figures import interval_bars, panel_title
from experiments.claim_test import (
    MIN_EFFECT_DIFFERENCE,
    ArmContrast,
    ClaimPart,
    ClaimPicture,
    ClaimTest,
    MechanismAblation,
    RunSize,
    Strengths,
    baseline_scenario,
)
from experiments.condition import format_percent
from experiments.experiment_command import main
from experiments.replicate_outcomes import NEARLY_ALL, OutcomeArm, ScenarioArm
from experiments.variance_decomposition import ATTRIBUTES, GROUPS, RedrawnArm, VarianceDesign, variance_sums
from qispread.model.engines.thread_map import map_in_threads

EFFECT = "population_effect"
LEVERS = {
    "coaching": ("support",),
    "training": ("capability_growth",),
    "board_programme": ("leadership_growth", "leader_exit"),
    "distributed_leadership": ("alignment_growth",),
    "protected_time": ("protected_time",),
    "feedback": ("measurement",),
}
STRENGTHS = tuple(f"{lever}.{field}" for lever, fields in LEVERS.items() for field in fields)
TOGETHER, SIXTHS, NO_POLICY = "all six", "a sixth of each", "no policy"
BOOTSTRAPS = 400
VARIANCE_MATTERS = 0.05
"""Smallest difference that matters between two shares of the variance."""


def arm_with_levers(
    base: qs.Scenario, levers: tuple[str, ...], strengths: Strengths, share: float = 1.0
) -> ScenarioArm:
    """Return the arm with some levers, at a share of their strength."""
    for lever in levers:
        fields: dict[str, Any] = {name: share * strengths[f"{lever}.{name}"] for name in LEVERS[lever]}
        if "leader_exit" in fields:
            fields["leader_exit"] = 1.0 - share * (1.0 - strengths[f"{lever}.leader_exit"])
        if lever == "coaching":
            fields["protected_time"] = share * 0.1
        base = base.with_policy(lever, **fields)
    return ScenarioArm(base)


def build_arms(base: qs.Scenario, strengths: Strengths) -> Mapping[str, OutcomeArm]:
    """Return the arms: levers, and redrawn sources."""
    design = VarianceDesign(base)
    return {
        NO_POLICY: ScenarioArm(base),
        **{lever: arm_with_levers(base, (lever,), strengths) for lever in LEVERS},
        TOGETHER: arm_with_levers(base, tuple(LEVERS), strengths),
        SIXTHS: arm_with_levers(base, tuple(LEVERS), strengths, 1.0 / len(LEVERS)),
        **{source: RedrawnArm(design, source) for source in ("contexts", *ATTRIBUTES)},
    }


def sobol_indices(size: RunSize, workers: int | None) -> pd.DataFrame:
    """Return first-order and total indices of every group and attribute with bootstrap intervals."""
    design, rows = VarianceDesign(baseline_scenario()), range(2 * size.replicates)
    sources = (*GROUPS, *ATTRIBUTES)

    def run_rows(part: range) -> list[int]:
        return [row for row in part for source in ("A", "B", *sources) if design.row_results(row, source).size]

    map_in_threads(run_rows, rows, workers=workers)
    centre = float(np.mean([design.row_results(row, "A").mean() for row in rows]))
    draws = np.random.default_rng(2).integers(len(rows), size=(BOOTSTRAPS, len(rows)))
    indices = []
    for source in sources:
        sums = variance_sums(design, rows, source, centre)
        for index, values in (("total", sums.total), ("first", sums.first)):
            resampled = values[draws].mean(axis=1) / sums.variance[draws].mean(axis=1)
            low, high = np.quantile(resampled, [0.025, 0.975])
            share = values.mean() / sums.variance.mean()
            indices.append({"source": source, "index": index, "value": share, "low": low, "high": high})
    return pd.DataFrame(indices)


def build_picture(size: RunSize, workers: int | None) -> ClaimPicture:
    """Return the decomposition of the variance of an organisation's result."""
    table = sobol_indices(size, workers)
    total = table[table["index"] == "total"].drop(columns="index")
    groups = total[total["source"].isin(GROUPS)]
    attributes = total[total["source"].isin(ATTRIBUTES)]
    shares = "; ".join(
        f"{row['source']} {format_percent(row['value'])} "
        f"({format_percent(row['low'])} to {format_percent(row['high'])})"
        for row in groups.to_dict("records")
    )
    largest = attributes.sort_values("value").iloc[-1]
    caption = (
        f"Share of the variance of an organisation's result that involves each source (total index; shares overlap and "
        f"add up to more than 1): {shares}. The largest single attribute is {largest['source']}, "
        f"{format_percent(largest['value'])}."
    )
    chart = alt.vconcat(
        interval_bars(groups, "Sources", "source", "value"),
        interval_bars(attributes, "Single attributes", "source", "value"),
        spacing=8,
    )
    return ClaimPicture(
        chart.properties(title=panel_title("What an organisation's result depends on, at the defaults")), caption, table
    )


def unclosed_gap(lever: str) -> ArmContrast:
    """Return by how much a lever falls short of closing the gap."""
    return ArmContrast(
        ((NEARLY_ALL, TOGETHER, EFFECT), (-1.0, lever, EFFECT), (1.0 - NEARLY_ALL, NO_POLICY, EFFECT)),
    )


def excess_context_variance(attribute: str) -> ArmContrast:
    """Return by how much more of the variance involves context than one attribute."""
    return ArmContrast(((1.0, "contexts", "moved"), (-1.0, attribute, "moved")), per=("contexts", "variance"))


EXPERIMENT = ClaimTest(
    name="e02_no_magic_bullet",
    claim="Local context is crucial; there is no magic bullet.",
    source="kaplan2010, kaplan2012, dixonwoods2014",
    design="First: do the contexts of organisations explain more of the variance of results than any one attribute of "
    "the intervention does? Second: does any one of six levers close the gap that all six together close?",
    caution="Shares of variance depend on how far each source may range: context as drawn for England by assumption, "
    "attributes over their plausible ranges. Six levers cost more than one; a sixth of each is reported too.",
    build_arms=build_arms,
    arms={
        NO_POLICY: "no new policy",
        **{lever: f"the lever {lever.replace('_', ' ')} at its declared strength" for lever in LEVERS},
        TOGETHER: "all six levers",
        SIXTHS: "all six levers at a sixth of their strength",
    },
    parts=(
        ClaimPart(
            "context over attributes",
            "More of the variance of results involves context than any one attribute of the intervention",
            "share of variance",
            tuple(excess_context_variance(name) for name in ATTRIBUTES),
            VARIANCE_MATTERS,
            MechanismAblation(
                "organisations that all have the same context",
                {"organisations.context.concentration": 10_000.0},
            ),
            "by which the share of context is above the largest share of an attribute",
        ),
        ClaimPart(
            "no single lever",
            "No single lever closes 80% of the gap that all six close together",
            EFFECT,
            tuple(unclosed_gap(lever) for lever in LEVERS),
            MIN_EFFECT_DIFFERENCE,
            MechanismAblation(
                "a single shortage: leadership, alignment, culture, measurement and time plentiful, capability not",
                {
                    **{
                        f"organisations.context.{name}": 0.95
                        for name in ("leadership", "alignment", "culture", "measurement", "slack")
                    },
                    "organisations.context.turnover": 0.02,
                },
            ),
            "by which the best lever falls short of closing it",
        ),
    ),
    secondary=(EFFECT, "current_use", "effect", "fidelity", "averted"),
    curve="",
    strengths=STRENGTHS,
    picture=build_picture,
)

if __name__ == "__main__":
    main(EXPERIMENT)
