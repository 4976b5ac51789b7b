"""The page of results for a reader of policy, written from the table of claims and from what experiments declare."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from experiments import verdict
from experiments.claim_figures import quantity_unit
from experiments.claim_test import MIN_MODELS, ClaimPart, ClaimTest, RunSize
from experiments.claims_table import COLUMNS, Means, read_arm_means, read_captions
from experiments.condition import format_percent
from experiments.condition_text import condition_parameters, describe_defaults, explain_condition, summarise_condition
from experiments.replicate_outcomes import DERIVED
from qispread.common.formatting import format_count

MIN_SHOWN_DIFFERENCE = 0.005
"""Below this, in its unit, a difference is shown as 0."""

HEAD = """# Published results

Tests of {count} claims about the spread of improvement in the model. `python -m experiments` (all {count}) or
`python -m experiments.e08_act_like_a_sector` (one) writes every number, figure and word of this page. Nothing
here is evidence about health care: it is evidence about what follows from the model's rules, most of whose numbers
have never been measured. A claim is as strong as the share of plausible models in which it holds.

The table has the difference that tests each part at the model's defaults, with its 95% interval, and the shares
of plausible models in which the difference has the sign of the claim, and in which it is large enough to matter. If a
part requires several differences, the smallest decides, and the others follow it. A part that is supported
under a condition has the condition beside the verdict: the parameter, its path, and how often the part holds in
plausible models that meet the condition.

"""

TRIAL = """**A trial run in {models} plausible models: too few for any verdict. It shows only that the experiments
run.**

"""
"""At the top of a page with fewer models than the rule requires."""

READING = """## How to read it

Each experiment runs arms that differ in one thing, {replicates} replicates each with common random numbers (the same
populations, the same chances), at the model's defaults: that gives the difference with its 95% interval. Then all arms
are run again in {models} plausible models, whose parameters are spread over every declared plausible range at once
({model_replicates} replicates each): the share in which the sign holds shows how far the answer depends on uncertain
assumptions. Finally the mechanism that the claim names is switched off: if the effect stays, it has another cause.

**Population effect**, the measure of most claims, is the mean result over all organisations except the pilot site, as %
of the full effect; organisations that do not use the intervention count as 0. A difference of 2 percentage points is
the smallest that matters: one adverse event in a hundred, or about 55 births a year in the 152 English maternity units.
Averages over users alone would favour policies that deter organisations that are not ready.

In the figures, circles are the defaults, squares the plausible models (median, 25th to 75th and 5th to 95th percentile)
and diamonds the model with the mechanism off; the dashed line is the smallest difference that matters.

"""


OTHERS = """
## Known limits, facts and diffusions

[docs/validation.md](../../docs/validation.md) compares the model with exact solutions and with measured facts;
[docs/diffusion.md](../../docs/diffusion.md) tests whether adoption in two observed diffusions spread through network
ties. Their tables and pictures are in this folder, by the first word of their names:

| files | made by | minutes |
| - | - | - |
| `validation...`: limits, exact values, model values, verdicts | `python -m experiments.validation --write` | 5 |
| `facts...`: facts with their counterparts, calibration, self-check | `python -m experiments.facts --write` | 3 |
| `diffusion...`: models fitted, held-out scores, shuffles, checks | `python -m experiments.diffusion` | 5 |

`python -m experiments.run_all` runs all of this and the claims.
"""

Row = dict[str, Any]
"""One row of the table of claims."""


def named_rows(claims: pd.DataFrame) -> list[Row]:
    """Return the rows of a table by name of column."""
    return [{str(name): value for name, value in row.items()} for row in claims.to_dict("records")]


def brief_verdicts_table(claims: pd.DataFrame, experiments: Mapping[int, ClaimTest], folder: Path) -> str:
    """Return the table of verdicts."""
    lines = [
        "## In brief",
        "",
        "| claim | part | verdict | under which condition | at the defaults | sign holds in | matters in |",
        "| - | - | - | - | - | - | - |",
    ]
    for row in named_rows(claims):
        experiment = experiments[row["claim"]]
        part = find_part(experiment, row["part"])
        also = "".join(
            f"; also {' '.join(other)}" for other in list_differences(part, read_arm_means(folder, experiment))[1:]
        )
        conditional = row["verdict"] == verdict.CONDITIONAL
        where = summarise_condition(str(row["condition"]), condition_parameters(experiment)) if conditional else ""
        lines.append(
            f"| [{row['claim']}](#claim-{row['claim']}) | {part.statement} | **{row['verdict']}** | {where} "
            f"| {format_interval(row, part)}{also} | {format_percent(row['share_holds'])} "
            f"| {format_percent(row['share_matters'])} |"
        )
    for number in sorted(set(claims["claim"])):
        lines += claim_remark(experiments[number], read_arm_means(folder, experiments[number]))
    return "\n".join([*lines, "", ""])


def is_small_but_certain(row: Row) -> bool:
    """Return whether a part fails only the third requirement: the sign holds, but the difference seldom matters."""
    return bool(
        row["verdict"] != verdict.SUPPORTED
        and row["low"] > row["smallest"]
        and row["share_low"] >= verdict.HOLDS
        and row["condition"] != verdict.STAYS
    )


def find_part(experiment: ClaimTest, name: str) -> ClaimPart:
    """Return a part of an experiment by name."""
    return next(part for part in experiment.parts if part.name == name)


def format_difference(value: float, factor: float) -> str:
    """Return a difference as text: to a tenth, small ones to a hundredth."""
    scaled = factor * value
    if abs(scaled) < MIN_SHOWN_DIFFERENCE:
        return "0.0"
    return f"{scaled:+.1f}" if abs(scaled) >= 20.0 * MIN_SHOWN_DIFFERENCE else f"{scaled:+.2f}"


def format_interval(row: Row, part: ClaimPart, prefix: str = "") -> str:
    """Return a difference with its interval and unit."""
    factor, unit = quantity_unit(part.quantity)
    value, low, high = (
        format_difference(float(row[f"{prefix}{name}"]), factor) for name in ("difference", "low", "high")
    )
    return f"{value} {unit} ({low} to {high})"


def list_differences(part: ClaimPart, means: Means) -> list[tuple[str, str]]:
    """Return the differences of a part that requires several, each with its description, the smallest first; or none.

    They are computed from means by arm, so that a difference is known if the table of arms has each of its arms.
    """
    factor, unit = quantity_unit(part.quantity)
    contrasts = [
        contrast
        for contrast in part.contrasts
        if contrast.label and all(value in means for value in contrast.required_values)
    ]
    if len(contrasts) < max(2, len(part.contrasts)):
        return []
    values = [
        math.fsum((contrast.constant, *(weight * means[arm, quantity] for weight, arm, quantity in contrast.terms)))
        for contrast in contrasts
    ]
    ranked = sorted(zip(values, contrasts, strict=True), key=lambda pair: pair[0])
    return [(f"{format_difference(value, factor)} {unit}", contrast.label) for value, contrast in ranked]


def describe_difference(part: ClaimPart, means: Means) -> str:
    """Return the description of a difference that is not simply the one between two arms."""
    differences = list_differences(part, means)
    if differences:
        listed = ", and ".join(f"{value} {label}" for value, label in differences)
        smallest = "smaller of two" if len(differences) == 2 else f"smallest of {len(differences)}"
        return f", the {smallest} differences that are all required: {listed}"
    return f", {part.interpretation}" if part.interpretation else ""


def describe_trust(row: Row, part: ClaimPart, experiment: ClaimTest) -> str:
    """Return how far to trust a part, in a few sentences."""
    text = (
        f"In {row['models']} plausible models the sign holds in {format_percent(row['share_holds'])} (95% interval "
        f"{format_percent(row['share_low'])} to {format_percent(row['share_high'])}); it is inconclusive in "
        f"{format_percent(row['share_inconclusive'])}, and the difference matters in "
        f"{format_percent(row['share_matters'])}."
    )
    if part.ablation is not None:
        text += f" With {part.ablation.description}, the difference is {format_interval(row, part, 'ablation_')}."
    if is_small_but_certain(row):
        text += (
            " The sign is as claimed, but the effect is often small: without requirement 3 the part would be supported."
        )
    condition, known = str(row["condition"]), condition_parameters(experiment)
    if condition:
        defaults = describe_defaults(condition, known)
        text += f" {condition[0].upper()}{explain_condition(condition[1:], known)}."
        text += f" The defaults {defaults}." if defaults else ""
    return text


def claim_section(experiment: ClaimTest, claims: pd.DataFrame, caption: str, means: Means) -> str:
    """Return the section of one claim."""
    results = []
    for row in named_rows(claims[claims["claim"] == experiment.number]):
        part = find_part(experiment, row["part"])
        results.append(
            f"- {part.statement}: **{row['verdict']}**. "
            f"At the defaults {format_interval(row, part)}{describe_difference(part, means)}. "
            f"{describe_trust(row, part, experiment)}"
        )
    lines = [
        f'<a id="claim-{experiment.number}"></a>',
        "",
        f"## {experiment.number}. {experiment.claim}",
        "",
        f"**Test.** {experiment.design} (Sources of the claim: {experiment.source}.)",
        "",
        "**Result.**",
        "",
        *results,
        *claim_remark(experiment, means),
        "",
        f"**Limits.** {experiment.caution}",
        "",
        f"![{caption}]({experiment.name}.svg)",
        "",
        caption,
        "",
        f"Arms: {'; '.join(f'**{arm}**, {meaning}' for arm, meaning in experiment.arms.items())}.",
        "",
        f"Secondary measures of the arms: [{experiment.name}.csv]({experiment.name}.csv).",
        "",
        "",
    ]
    return "\n".join(lines)


def claim_remark(experiment: ClaimTest, means: Means) -> list[str]:
    """Return the lines of the remark on an experiment's table of arms, beside the verdicts."""
    remark = experiment.remark(means) if experiment.remark else ""
    return ["", f"**Claim {experiment.number}, beside the verdicts.** {remark}"] if remark else []


def verdict_rule_text() -> str:
    """Return the verdict rule from the code, and the meanings of columns and measures."""
    rule = (verdict.__doc__ or "").split("\n", 2)[2].strip()
    columns = "\n".join(f"- `{name}`: {meaning}" for name, meaning in COLUMNS.items())
    measures = "\n".join(f"- `{name}`: {quantity.meaning}" for name, quantity in DERIVED.items())
    return (
        "## The verdict rule\n\nThe rule is the same for all claims, and was decided before any of them was "
        f"run.\n\n{rule}\n\n## The table of claims\n\n[claims.csv](claims.csv) has a row for each "
        f"part.\n\n{columns}\n\nMeasures beside those of `qispread describe`:\n\n{measures}\n"
    )


def write_page(folder: Path, claims: pd.DataFrame, experiments: Mapping[int, ClaimTest], size: RunSize) -> None:
    """Write README.md from a table of claims; claims that have not been run are left out."""
    tested = [experiment for number, experiment in experiments.items() if number in set(claims["claim"])]
    reading = READING.format(replicates=size.replicates, models=size.models, model_replicates=size.model_replicates)
    trial = TRIAL.format(models=size.models) if size.models < MIN_MODELS else ""
    text = (
        HEAD.format(count=format_count(len(experiments)))
        + trial
        + brief_verdicts_table(claims, experiments, folder)
        + reading
    )
    captions = read_captions(folder)
    sections = (
        claim_section(experiment, claims, captions[experiment.number], read_arm_means(folder, experiment))
        for experiment in tested
    )
    text += "".join(sections) + verdict_rule_text() + OTHERS
    (folder / "README.md").write_text(text, encoding="utf-8")
