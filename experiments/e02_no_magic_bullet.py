"""Claim 2: local context is crucial, and there is no magic bullet.

Decided before it was run. Two parts.

Context against attributes: if the contexts of all organisations were drawn anew, by how much would an organisation's
result change, against drawing anew any one attribute of the intervention over its plausible range? Total indices of a
grouped design (experiments/shuffles.py), each attribute against context, and context has to come first against every
one. (With 8 rows a model the sign could not be told in 71 % of models; there have been 32 since then.) All six sources
are decomposed at the defaults, with bootstrap intervals over rows.

Levers: the gap is what all six levers at their declared strength do together. It counts as closed at 80 %, as a result
counts as replicated. No single lever may close it. The combination spends six times as much, so a sixth of every lever
is shown as well. Ablation: only one shortage; where everything but capability is plentiful, one lever should do.
"""

from collections.abc import Mapping
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

import qispread as qs
from experiments.command import main
from experiments.condition import percent
from experiments.design import EFFECT_MATTERS, Ablation, Contrast, Experiment, Part, Picture, Size, Strengths, base_of
from experiments.figures import bars, titled
from experiments.lives import NEARLY_ALL, Arm, Plain
from experiments.shuffles import ATTRIBUTES, GROUPS, Redrawn, Shuffles, sums_of
from qispread.engines.run import in_threads

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
TOGETHER, SIXTHS, NOTHING = "all six", "a sixth of each", "nothing"
BOOTSTRAPS = 400
VARIANCE_MATTERS = 0.05
"""Smallest difference that matters between two shares of the variance."""


def with_levers(base: qs.Scenario, levers: tuple[str, ...], strengths: Strengths, share: float = 1.0) -> Plain:
    """Return the arm with some levers, at a share of their strength."""
    for lever in levers:
        fields: dict[str, Any] = {name: share * strengths[f"{lever}.{name}"] for name in LEVERS[lever]}
        if "leader_exit" in fields:
            fields["leader_exit"] = 1.0 - share * (1.0 - strengths[f"{lever}.leader_exit"])
        if lever == "coaching":
            fields["protected_time"] = share * 0.1
        base = base.with_policy(lever, **fields)
    return Plain(base)


def make(base: qs.Scenario, strengths: Strengths) -> Mapping[str, Arm]:
    """Return the arms: levers, and sources drawn anew."""
    shuffles = Shuffles(base)
    return {
        NOTHING: Plain(base),
        **{lever: with_levers(base, (lever,), strengths) for lever in LEVERS},
        TOGETHER: with_levers(base, tuple(LEVERS), strengths),
        SIXTHS: with_levers(base, tuple(LEVERS), strengths, 1.0 / len(LEVERS)),
        **{source: Redrawn(shuffles, source) for source in ("contexts", *ATTRIBUTES)},
    }


def indices(size: Size, workers: int | None) -> pd.DataFrame:
    """Return first-order and total indices of every group and attribute with bootstrap intervals."""
    shuffles, rows = Shuffles(base_of()), range(2 * size.worlds)
    sources = (*GROUPS, *ATTRIBUTES)

    def some(part: range) -> list[int]:
        return [row for row in part for source in ("A", "B", *sources) if shuffles.results(row, source).size]

    in_threads(some, rows, workers=workers)
    centre = float(np.mean([shuffles.results(row, "A").mean() for row in rows]))
    draws = np.random.default_rng(2).integers(len(rows), size=(BOOTSTRAPS, len(rows)))
    found = []
    for source in sources:
        sums = sums_of(shuffles, rows, source, centre)
        for index, values in (("total", sums.total), ("first", sums.first)):
            again = values[draws].mean(axis=1) / sums.variance[draws].mean(axis=1)
            low, high = np.quantile(again, [0.025, 0.975])
            share = values.mean() / sums.variance.mean()
            found.append({"source": source, "index": index, "value": share, "low": low, "high": high})
    return pd.DataFrame(found)


def picture(size: Size, workers: int | None) -> Picture:
    """Return the decomposition of the variance of an organisation's result."""
    table = indices(size, workers)
    total = table[table["index"] == "total"].drop(columns="index")
    groups = total[total["source"].isin(GROUPS)]
    attributes = total[total["source"].isin(ATTRIBUTES)]
    told = "; ".join(
        f"{row['source']} {percent(row['value'])} ({percent(row['low'])} to {percent(row['high'])})"
        for row in groups.to_dict("records")
    )
    largest = attributes.sort_values("value").iloc[-1]
    words = (
        f"Share of the variance of an organisation's result that involves each source (total index; shares overlap and "
        f"add up to more than 1): {told}. The largest single attribute is {largest['source']}, "
        f"{percent(largest['value'])}."
    )
    chart = alt.vconcat(
        bars(groups, "Sources", "source", "value"), bars(attributes, "Single attributes", "source", "value"), spacing=8
    )
    return Picture(
        chart.properties(title=titled("What an organisation's result hangs on, at the defaults")), words, table
    )


def closed_less(lever: str) -> Contrast:
    """Return by how much a lever falls short of closing the gap."""
    return Contrast(
        ((NEARLY_ALL, TOGETHER, EFFECT), (-1.0, lever, EFFECT), (1.0 - NEARLY_ALL, NOTHING, EFFECT)),
    )


def outdone(attribute: str) -> Contrast:
    """Return by how much more of the variance involves context than one attribute."""
    return Contrast(((1.0, "contexts", "moved"), (-1.0, attribute, "moved")), per=("contexts", "variance"))


EXPERIMENT = Experiment(
    name="e02_no_magic_bullet",
    claim="Local context is crucial; there is no magic bullet.",
    source="kaplan2010, kaplan2012, dixonwoods2014",
    design="First: does more of the variance of results lie with the contexts of organisations than with any one "
    "attribute of the intervention? Second: does any one of six levers close the gap that all six together close?",
    caution="Shares of variance depend on how far each source may range: context as drawn for England by assumption, "
    "attributes over their plausible ranges. Six levers cost more than one; a sixth of each is told beside them.",
    make=make,
    arms={
        NOTHING: "no policy",
        **{lever: f"the lever {lever.replace('_', ' ')} at its declared strength" for lever in LEVERS},
        TOGETHER: "all six levers",
        SIXTHS: "all six levers at a sixth of their strength",
    },
    parts=(
        Part(
            "context over attributes",
            "More of the variance of results involves context than any one attribute of the intervention",
            "share of variance",
            tuple(outdone(name) for name in ATTRIBUTES),
            VARIANCE_MATTERS,
            Ablation(
                "organisations that all have the same context",
                {"organisations.context.concentration": 10_000.0},
            ),
            "by which the share for context is above that of the attribute with the largest",
        ),
        Part(
            "no single lever",
            "No single lever closes 80 % of the gap that all six close together",
            EFFECT,
            tuple(closed_less(lever) for lever in LEVERS),
            EFFECT_MATTERS,
            Ablation(
                "a single shortage: leadership, alignment, culture, measurement and time plentiful, capability not",
                {
                    **{
                        f"organisations.context.{name}": 0.95
                        for name in ("leadership", "alignment", "culture", "measurement", "slack")
                    },
                    "organisations.context.turnover": 0.02,
                },
            ),
            "by which the best lever falls short of it",
        ),
    ),
    secondary=(EFFECT, "adoption", "effect", "fidelity", "averted"),
    curve="",
    strengths=STRENGTHS,
    picture=picture,
)

if __name__ == "__main__":
    main(EXPERIMENT)
