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

LEAST_TOLD = 0.005
"""Below this, in the unit told, a difference is told as 0."""

HEAD = """# Published results

What the model says of {count} claims about the spread of improvement. Made by `python -m experiments` (all {count}) or
`python -m experiments.e08_act_like_a_sector` (one), which write every number, figure and word of this page. Nothing
here is evidence about health care: it is evidence about what follows from the model's rules, most of whose numbers
nobody has measured. A claim counts for as much as it survives when these numbers are varied over all that is plausible.

The table has the difference that stands for each part at the model's defaults, with its 95 % interval, and the shares
of plausible models in which it has the sign that the claim says, and in which it is large enough to matter. Where a
part asks for several differences the smallest stands for it, and the others are told after it. A part that is supported
under a condition has the condition beside the verdict: what the parameter is, its path, and how often the part holds in
plausible models that meet it.

"""

TRIAL = """**A trial run in {models} plausible models: too few for any verdict. It shows that it runs, and no more.**

"""
"""Above what was found in fewer models than the rule asks for."""

READING = """## How to read it

Each experiment runs arms that differ in one thing, in the same {worlds} worlds with the same chances, at the model's
defaults: that gives the difference with its 95 % interval. Then all is done again in {models} plausible models, whose
parameters are spread over every declared plausible range at once ({model_worlds} worlds each): the share in which the
sign holds tells how far the answer hangs on numbers that nobody knows. Last the mechanism that the claim names is
switched off: if the effect stays, something else made it.

**Population effect**, the measure of most claims, is the mean result over all organisations that did not start the
intervention, as a share of the largest possible benefit; those that do not use it count as 0. A difference of 2
percentage points is the smallest that is said to matter: one harmful event in a hundred, or about 55 births a year in
the 152 English maternity units. Averages over users alone would reward policies that scare off the unready.

In the figures, circles are the defaults, squares the plausible models (median, half of them, nine in ten of them) and
diamonds the model with the mechanism off; the dashed line is the smallest difference that matters.

"""


OTHERS = """
## Known limits, facts and diffusions

[docs/validation.md](../../docs/validation.md) tells whether the model equals what is known exactly, and comes near what
was measured; [docs/diffusion.md](../../docs/diffusion.md) whether two diffusions that were observed need contagion by
ties. Their tables and pictures are here, by the first word of their names:

| files | made by | minutes |
| - | - | - |
| `validation...`: limits, exact values, ours, verdicts | `python -m experiments.validation --write` | 5 |
| `facts...`: facts with their counterparts, the calibration, its check | `python -m experiments.facts --write` | 3 |
| `diffusion...`: models fitted, held-out scores, shuffles, checks | `python -m experiments.diffusion` | 5 |

`python -m experiments.run_all` makes all of it, the claims too.
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
    for number_of in sorted(set(claims["claim"])):
        lines += claim_remark(experiments[number_of], read_arm_means(folder, experiments[number_of]))
    return "\n".join([*lines, "", ""])


def is_small_but_certain(row: Row) -> bool:
    """Return whether a part fails by the third requirement alone: the sign holds, and seldom matters."""
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
    """Return a difference as it is told: to a tenth, small ones to a hundredth."""
    scaled = factor * value
    if abs(scaled) < LEAST_TOLD:
        return "0.0"
    return f"{scaled:+.1f}" if abs(scaled) >= 20.0 * LEAST_TOLD else f"{scaled:+.2f}"


def format_interval(row: Row, part: ClaimPart, prefix: str = "") -> str:
    """Return a difference with its interval and unit."""
    factor, unit = quantity_unit(part.quantity)
    value, low, high = (
        format_difference(float(row[f"{prefix}{name}"]), factor) for name in ("difference", "low", "high")
    )
    return f"{value} {unit} ({low} to {high})"


def list_differences(part: ClaimPart, means: Means) -> list[tuple[str, str]]:
    """Return the differences of a part that asks for several, each with what it is, the smallest first; or none.

    From means by arm, so that a difference is known where each of its arms stands in the table of arms.
    """
    factor, unit = quantity_unit(part.quantity)
    named = [one for one in part.contrasts if one.label and all(need in means for need in one.required_values)]
    if len(named) < max(2, len(part.contrasts)):
        return []
    values = [
        math.fsum((one.constant, *(weight * means[arm, quantity] for weight, arm, quantity in one.terms)))
        for one in named
    ]
    ranked = sorted(zip(values, named, strict=True), key=lambda one: one[0])
    return [(f"{format_difference(value, factor)} {unit}", one.label) for value, one in ranked]


def describe_difference(part: ClaimPart, means: Means) -> str:
    """Return what a difference is that is not simply that between two arms."""
    several = list_differences(part, means)
    if several:
        each = ", and ".join(f"{value} {words}" for value, words in several)
        return f", the {'smaller of two' if len(several) == 2 else 'smallest of those'} that must all be there: {each}"
    return f", {part.interpretation}" if part.interpretation else ""


def describe_trust(row: Row, part: ClaimPart, experiment: ClaimTest) -> str:
    """Return how far to trust a part, in a sentence or two."""
    words = (
        f"In {row['models']} plausible models the sign holds in {format_percent(row['share_holds'])} (95 % interval "
        f"{format_percent(row['share_low'])} to {format_percent(row['share_high'])}); it cannot be told from chance in "
        f"{format_percent(row['share_untold'])}, and the difference matters in {format_percent(row['share_matters'])}."
    )
    if part.ablation is not None:
        words += f" With {part.ablation.description}, the difference is {format_interval(row, part, 'ablation_')}."
    if is_small_but_certain(row):
        words += " The sign is as claimed and the effect often small: without requirement 3 it would be supported."
    condition, known = str(row["condition"]), condition_parameters(experiment)
    if condition:
        defaults = describe_defaults(condition, known)
        words += f" {condition[0].upper()}{explain_condition(condition[1:], known)}."
        words += f" The defaults {defaults}." if defaults else ""
    return words


def claim_section(experiment: ClaimTest, claims: pd.DataFrame, caption: str, means: Means) -> str:
    """Return the section of one claim."""
    found = []
    for row in named_rows(claims[claims["claim"] == experiment.number]):
        part = find_part(experiment, row["part"])
        found.append(
            f"- {part.statement}: **{row['verdict']}**. "
            f"At the defaults {format_interval(row, part)}{describe_difference(part, means)}. "
            f"{describe_trust(row, part, experiment)}"
        )
    lines = [
        f'<a id="claim-{experiment.number}"></a>',
        "",
        f"## {experiment.number}. {experiment.claim}",
        "",
        f"**What was asked.** {experiment.design} (Sources of the claim: {experiment.source}.)",
        "",
        "**What was found.**",
        "",
        *found,
        *claim_remark(experiment, means),
        "",
        f"**How far to trust it.** {experiment.caution}",
        "",
        f"![{caption}]({experiment.name}.svg)",
        "",
        caption,
        "",
        f"Arms: {'; '.join(f'**{arm}**, {words}' for arm, words in experiment.arms.items())}.",
        "",
        f"Their secondary measures: [{experiment.name}.csv]({experiment.name}.csv).",
        "",
        "",
    ]
    return "\n".join(lines)


def claim_remark(experiment: ClaimTest, means: Means) -> list[str]:
    """Return the lines of what an experiment has to say of its table of arms beside the verdicts."""
    words = experiment.remark(means) if experiment.remark else ""
    return ["", f"**Claim {experiment.number}, beside the verdicts.** {words}"] if words else []


def verdict_rule_text() -> str:
    """Return the verdict rule as it stands in the code, and what columns and measures mean."""
    rule = (verdict.__doc__ or "").split("\n", 2)[2].strip()
    columns = "\n".join(f"- `{name}`: {meaning}" for name, meaning in COLUMNS.items())
    measures = "\n".join(f"- `{name}`: {one.meaning}" for name, one in DERIVED.items())
    return (
        f"## The verdict rule\n\nThe same for all claims, and decided before any of them was run.\n\n{rule}\n\n"
        f"## The table of claims\n\n[claims.csv](claims.csv) has a row for each part.\n\n{columns}\n\n"
        f"Measures that are not among those of `qispread describe`:\n\n{measures}\n"
    )


def write_page(folder: Path, claims: pd.DataFrame, experiments: Mapping[int, ClaimTest], size: RunSize) -> None:
    """Write README.md from a table of claims; claims that have not been run are left out."""
    present = [one for number_of, one in experiments.items() if number_of in set(claims["claim"])]
    reading = READING.format(worlds=size.worlds, models=size.models, model_worlds=size.model_worlds)
    trial = TRIAL.format(models=size.models) if size.models < MIN_MODELS else ""
    text = (
        HEAD.format(count=format_count(len(experiments)))
        + trial
        + brief_verdicts_table(claims, experiments, folder)
        + reading
    )
    captions = read_captions(folder)
    sections = (claim_section(one, claims, captions[one.number], read_arm_means(folder, one)) for one in present)
    text += "".join(sections) + verdict_rule_text() + OTHERS
    (folder / "README.md").write_text(text, encoding="utf-8")
